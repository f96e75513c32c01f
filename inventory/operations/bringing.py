"""What people bring, as messages in the native dialect that wait for the jobs.

They take it in the one way evidence goes (`devices.brought`). So the application writes no evidence, and who brought what
stays on record.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg

from inventory.domain.people import Viewer
from inventory.domain.read_files import Columns, ReadColumn, ReadRow
from inventory.domain.refusals import ReaderNotFound
from inventory.operations.importing import ImportReport, RowError
from inventory.operations.scanning import as_meant
from inventory.store import brought, scans
from inventory.store.brought import BroughtRow, BroughtTo, NewBrought
from inventory.store.scans import Met

CODES_MET_AT_ONCE = 1_000
ENTRIES_A_MESSAGE = 5_000  # well within what a reader's message may hold


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of bringing something; again: the very same had been brought before, and nothing was counted anew."""

    row: BroughtRow
    again: bool
    report: ImportReport = field(default_factory=ImportReport)


@dataclass(frozen=True, slots=True)
class Message:
    """What is brought, in the native dialect."""

    entries: list[dict[str, object]]
    first_at: datetime
    last_at: datetime
    content_hash: bytes

    @property
    def payload(self) -> bytes:
        """Messages in the native dialect, one a line."""
        parts = range(0, len(self.entries), ENTRIES_A_MESSAGE)
        return b"\n".join(json.dumps(self.entries[at : at + ENTRIES_A_MESSAGE]).encode() for at in parts)

    @property
    def reads(self) -> int:
        """How many reads it stands for."""
        return sum(int(str(entry["count"])) for entry in self.entries if "epc" in entry)

    @property
    def codes(self) -> int:
        """How many shelf labels were scanned."""
        return sum("barcode" in entry for entry in self.entries)


def reader_of(connection: psycopg.Connection[Any], code: str) -> BroughtTo:
    """The handheld or cart of that code; raises `ReaderNotFound`."""
    found = next((one for one in brought.moving_readers(connection) if one.reader == code), None)
    if found is None:
        raise ReaderNotFound(reader=code)
    return found


def meant_by(
    connection: psycopg.Connection[Any],
    rows: list[tuple[int, ReadRow]],
    found: Mapping[str, Met | None],
    columns: Columns,
    report: ImportReport,
) -> list[ReadRow]:
    """The rows with each printed code told as what it stands for: a place's is an anchor, a dossier's is its tag read."""
    volumes = [one.volume_id for one in found.values() if one is not None and one.volume_id is not None]
    tags = brought.tags_of(connection, volumes)
    meant = []
    for number, row in rows:
        code = row.code
        if not code:
            meant.append(row)
            continue
        thing = found.get(code)
        problem = _problem(thing, tags)
        if problem is not None:
            report.wrong(RowError(number, columns[ReadColumn.BARCODE], *problem))
            continue
        assert thing is not None
        if row.epc is not None:
            meant.append(ReadRow(row.at, row.epc, row.tid, row.antenna, row.rssi_dbm, row.count))
        if thing.volume_id is not None:
            meant.append(ReadRow(row.at, tags[thing.volume_id], antenna=row.antenna))
        else:
            meant.append(ReadRow(row.at, code=thing.place_code))
    return meant


def _problem(thing: Met | None, tags: Mapping[int, bytes]) -> tuple[str, str] | None:
    if thing is None:
        return "没有这个库位或档案，或不止一卷", "no shelf or dossier has this code, or several have"
    if thing.volume_id is not None and thing.volume_id not in tags:
        return "该档案没有标签，不能作为读取", "the dossier has no tag, so this can't count as a read"
    return None


def met_by(connection: psycopg.Connection[Any], codes: Sequence[str]) -> dict[str, Met | None]:
    """What each code stands for; None where it is nothing or several things."""
    found: dict[str, Met | None] = {}
    for start in range(0, len(codes), CODES_MET_AT_ONCE):
        part = codes[start : start + CODES_MET_AT_ONCE]
        rows = scans.met(connection, [as_meant(code) for code in part], None)
        for row in rows:
            code = part[row.position - 1]
            found[code] = None if code in found else row
    return found


def hash_of(entries: Iterable[dict[str, object]]) -> bytes:
    """The same for the same rows, whatever order and kind of file they come in."""
    return sha256("\n".join(sorted(json.dumps(entry, sort_keys=True) for entry in entries)).encode()).digest()


def entries_of(rows: Iterable[ReadRow], antenna: int) -> Iterable[dict[str, object]]:
    """The rows as the native dialect tells them; `antenna` where none is told."""
    for row in rows:
        at = row.at.isoformat()
        if row.epc is None:
            yield {"barcode": row.code, "at": at}
            continue
        entry: dict[str, object] = {"epc": row.epc.hex(), "at": at, "count": row.count}
        entry["antenna"] = antenna if row.antenna is None else row.antenna
        if row.rssi_dbm is not None:
            entry["rssi_dbm"] = row.rssi_dbm
        if row.tid is not None:
            entry["tid"] = row.tid.hex()
        yield entry


def keep(
    connection: psycopg.Connection[Any],
    viewer: Viewer | None,
    reader: BroughtTo,
    way: str,
    name: str,
    message: Message,
    now: datetime,
    report: ImportReport,
    columns: Mapping[str, str] | None,
    timezone: str | None,
) -> Brought:
    """Keep what is brought until the jobs take it in; way, name, columns, timezone: as in `NewBrought`."""
    new = NewBrought(
        reader.reader_id,
        way,
        name.encode("utf-8", "replace").decode(),
        message.content_hash,
        message.payload,
        columns,
        timezone,
        message.reads,
        message.codes,
        message.first_at,
        message.last_at,
        None if viewer is None else viewer.account_id,
        now,
    )
    kept = brought.add(connection, new)
    if kept is not None:
        return Brought(kept, again=False, report=report)
    before = brought.same(connection, reader.reader_id, message.content_hash)
    assert before is not None
    return Brought(before, again=True, report=report)
