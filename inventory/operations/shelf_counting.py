"""Counting shelves by code, from a telephone that may be out of reach: a scope is taken along, scans come back later.

Counts and scans carry names that the telephone made: what is sent twice is kept once, and what was never sent says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.audits import AuditState, PlanKind, drawn
from inventory.domain.identifiers import UNPRINTABLE, folded_width
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    AuditNotFound,
    BadInput,
    BlindCountByKeeper,
    PlaceNotFound,
    ShelfCountLate,
    ShelfCountStays,
)
from inventory.operations.scanning import CODE_CHARACTERS_MAX, as_meant
from inventory.store import audit_rows, people, scans, shelf_counts
from inventory.store.audit_rows import AuditRow
from inventory.store.database import Database, raw
from inventory.store.shelf_counts import EXPECTED_MAX, SHELVES_MAX, MovedRow, ScanRow

SCANS_AT_ONCE_MAX = 2_000
SCOPE_PLACES_MAX = 50
OLDEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class ShelfToCount:
    """A shelf to be counted; expected: names of the volumes the ledger has there, None where the counter mustn't see them."""

    code: str
    name: str
    expected: tuple[str, ...] | None
    counted: bool


@dataclass(frozen=True, slots=True)
class CountScope:
    """What somebody takes along to count. blind: without a word of what is expected."""

    scope: str
    audit: int | None
    blind: bool
    shelves: tuple[ShelfToCount, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan, by the telephone's own name and clock."""

    scan_id: UUID
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Counting:
    """A count as it is sent: scans not sent before; finished_at, made: when the whole shelf was counted, by how many scans.

    sent_at: what the telephone's clock says now, by which all its times are set right.
    """

    count_id: UUID
    shelf: str
    audit: int | None
    begun_at: datetime
    sent_at: datetime
    scans: tuple[Scan, ...] = ()
    finished_at: datetime | None = None
    made: int | None = None


@dataclass(frozen=True, slots=True)
class CountTold:
    """What came of it. kept: all its scans that are here now; unknown: codes that are nobody's; also_by: who else counted it.

    moved: volumes that the ledger has moved since they were scanned, which it says better; elsewhere: those that belong at
    another place. Of a blind count neither is told.
    """

    finished: bool
    kept: int
    unknown: tuple[str, ...]
    also_by: tuple[str, ...]
    moved: tuple[MovedRow, ...] = ()
    elsewhere: tuple[MovedRow, ...] = ()


def blind_counts(database: Database, viewer: Viewer) -> list[AuditRow]:
    """The blind counts that may be counted for; none for a keeper. Raises `NotAllowed`."""
    check_permitted(viewer, Permission.COUNT_SHELVES)
    with database.transaction(viewer) as session:
        rows = audit_rows.newest(raw(session))
    return [row for row in rows if _is_open(row)] if viewer.role is not Role.KEEPER else []


def blind_progress(database: Database, viewer: Viewer, number: int) -> tuple[int, int] | None:
    """(shelves counted, shelves drawn) of a blind count that waits; None of any other audit. Raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = audit_rows.one(connection, number)
        if row is None or not _is_open(row):
            return None
        shelves = _drawn(connection, row)
        return len(shelf_counts.finished_of(connection, number) & {code for _, code, _ in shelves}), len(shelves)


def scope_to_count(database: Database, viewer: Viewer, places: Sequence[str], audit: int | None) -> CountScope:
    """The shelves of some places, or those a blind count draws, to be taken along.

    Raises `NotAllowed`, `PlaceNotFound`, `AuditNotFound`, `BadInput` for too much, `ShelfCountLate` where the audit waits no
    more, `BlindCountByKeeper`.
    """
    check_permitted(viewer, Permission.COUNT_SHELVES)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if audit is not None:
            row = _blind(connection, viewer, audit)
            done = shelf_counts.finished_of(connection, audit)
            shelves = [ShelfToCount(code, name, None, code in done) for _, code, name in _drawn(connection, row)]
            return CountScope(row.scope, audit, blind=True, shelves=tuple(shelves))
        found: dict[int, tuple[str, str]] = {}
        if not 0 < len(places) <= SCOPE_PLACES_MAX:
            raise BadInput(
                problem_zh=f"应为1至{SCOPE_PLACES_MAX}个所在", problem_en=f"there are 1 to {SCOPE_PLACES_MAX} places"
            )
        for place in places:
            rows = shelf_counts.shelves(connection, place)
            if not rows:
                raise PlaceNotFound(place=place)
            found |= {shelf: (code, name) for shelf, code, name in rows}
        if len(found) > SHELVES_MAX:
            raise BadInput(
                problem_zh=f"一次最多清点{SHELVES_MAX}个库位",
                problem_en=f"at most {SHELVES_MAX} shelves are counted at once",
            )
        expected = shelf_counts.expected(connection, list(found))
        if sum(map(len, expected.values())) > EXPECTED_MAX:
            raise BadInput(
                problem_zh=f"一次最多清点{EXPECTED_MAX}册",
                problem_en=f"at most {EXPECTED_MAX} volumes are counted at once",
            )
    listed = [ShelfToCount(code, name, tuple(expected.get(shelf, ())), False) for shelf, (code, name) in found.items()]
    return CountScope(" ".join(places), None, blind=False, shelves=tuple(sorted(listed, key=lambda one: one.code)))


def take_count(database: Database, viewer: Viewer, sent: Counting, now: datetime) -> CountTold:
    """Keep what a telephone sends of a count; the same again changes nothing.

    Raises `NotAllowed`, `PlaceNotFound`, `BadInput`, `ShelfCountLate`, `BlindCountByKeeper`, `ShelfCountUnfinished` where it
    is told finished and scans are missing, `ShelfCountStays` where it was finished, or is somebody else's.
    """
    check_permitted(viewer, Permission.COUNT_SHELVES)
    sent = _by_our_clock(sent, now)
    with database.transaction(viewer) as session:
        connection = raw(session)
        shelf = next(
            (place for place, code, _ in shelf_counts.shelves(connection, sent.shelf) if code == sent.shelf), None
        )
        if shelf is None:
            raise PlaceNotFound(place=sent.shelf)
        known = shelf_counts.one(connection, sent.count_id)
        if known is not None and (known.place_id, known.audit_id, known.counter_id) != (
            shelf,
            sent.audit,
            viewer.account_id,
        ):
            raise ShelfCountStays
        if known is None:
            _check_shelf(connection, viewer, sent)
            shelf_counts.begin(connection, sent.count_id, sent.audit, shelf, viewer.account_id, sent.begun_at, now)
        before = shelf_counts.known_scans(connection, sent.count_id)
        fresh = [scan for scan in sent.scans if scan.scan_id not in before]
        volumes, unknown = _add(connection, viewer, sent.count_id, fresh, now)
        finished = known is not None and known.finished_at is not None
        if sent.finished_at is not None and sent.made is not None and not finished:
            shelf_counts.finish(connection, sent.count_id, sent.finished_at, sent.made)
            finished = True
        told = CountTold(
            finished,
            len(before | {scan.scan_id for scan in fresh}),
            tuple(unknown),
            tuple(shelf_counts.others(connection, sent.count_id)) if sent.audit is not None else (),
        )
        if sent.audit is not None:
            return told
        rows = shelf_counts.elsewhere(connection, shelf, list(volumes))
    moved = tuple(row for row in rows if row.moved_at > volumes[row.volume_id])
    return replace(told, moved=moved, elsewhere=tuple(row for row in rows if row not in moved))


def _add(
    connection: psycopg.Connection[Any], viewer: Viewer, count_id: UUID, fresh: Sequence[Scan], now: datetime
) -> tuple[dict[int, datetime], list[str]]:
    """Keep scans; when each volume among them was scanned, and the codes that are nobody's."""
    if not fresh:
        return {}, []
    met = scans.met(connection, [as_meant(scan.code) for scan in fresh], None)
    by_scan: dict[int, list[int | None]] = {}
    for row in met:
        by_scan.setdefault(row.position - 1, []).append(row.volume_id)
    meant = [by_scan.get(position, []) for position in range(len(fresh))]
    volume_of = [found[0] if len(found) == 1 else None for found in meant]
    rows = [ScanRow(s.scan_id, s.code, volume, s.at) for s, volume in zip(fresh, volume_of, strict=True)]
    shelf_counts.add_scans(connection, count_id, rows, now)
    looked_at = list(dict.fromkeys(row.dossier_id for row in met if row.dossier_id is not None))
    people.log_looks(connection, viewer.account_id, "scan", now, looked_at)
    unknown = [row.code for row in rows if row.volume_id is None]
    return {row.volume_id: row.scanned_at for row in rows if row.volume_id is not None}, unknown


def _blind(connection: psycopg.Connection[Any], viewer: Viewer, audit: int) -> AuditRow:
    """The blind count, where it may still be counted for."""
    row = audit_rows.one(connection, audit)
    if row is None or row.plan_kind != PlanKind.BLIND_COUNT:
        raise AuditNotFound(audit=audit)
    if viewer.role is Role.KEEPER:
        raise BlindCountByKeeper
    if not _is_open(row):
        raise ShelfCountLate
    return row


def _is_open(row: AuditRow) -> bool:
    return row.plan_kind == PlanKind.BLIND_COUNT and row.state is AuditState.WAITING


def _drawn(connection: psycopg.Connection[Any], row: AuditRow) -> list[tuple[int, str, str]]:
    """The shelves it draws, as judging it does."""
    shelves = shelf_counts.shelves(connection, row.scope)
    kept = drawn((code for _, code, _ in shelves), row.sample_shelves or 0, row.seed or "")
    return [shelf for shelf in shelves if shelf[1] in kept]


def _check_shelf(connection: psycopg.Connection[Any], viewer: Viewer, sent: Counting) -> None:
    if sent.audit is None:
        return
    row = _blind(connection, viewer, sent.audit)
    if sent.shelf not in {code for _, code, _ in _drawn(connection, row)}:
        raise BadInput(problem_zh="该库位未被抽中", problem_en="that shelf wasn't drawn")


def _by_our_clock(sent: Counting, now: datetime) -> Counting:
    """The count with its times set right by what the telephone's clock says now; raises `BadInput`."""
    if len(sent.scans) > SCANS_AT_ONCE_MAX:
        raise BadInput(
            problem_zh=f"一次最多{SCANS_AT_ONCE_MAX}次扫描", problem_en=f"at most {SCANS_AT_ONCE_MAX} scans at once"
        )
    if (sent.finished_at is None) != (sent.made is None):
        raise BadInput(problem_zh="结束时应说明扫描次数", problem_en="a finished count says how many scans it has")

    def right(moment: datetime) -> datetime:
        # How long ago it was, by one clock: any two moments have a distance, a moment moved by it need not be one.
        ago = max(sent.sent_at - moment, timedelta())
        if ago > OLDEST:
            raise BadInput(
                problem_zh=f"清点早于{OLDEST.days}天前", problem_en=f"it was counted more than {OLDEST.days} days ago"
            )
        return now - ago

    codes = [folded_width(scan.code) for scan in sent.scans]
    if any(not 0 < len(code) <= CODE_CHARACTERS_MAX or UNPRINTABLE.search(code) for code in codes):
        raise BadInput(
            problem_zh=f"条码应为1至{CODE_CHARACTERS_MAX}个可见字符",
            problem_en=f"a code has 1 to {CODE_CHARACTERS_MAX} visible characters",
        )
    times = [right(scan.at) for scan in sent.scans]
    begun = min([right(sent.begun_at), *times])
    finished = None if sent.finished_at is None else max([right(sent.finished_at), begun])
    told = tuple(Scan(scan.scan_id, code, at) for scan, code, at in zip(sent.scans, codes, times, strict=True))
    return replace(sent, begun_at=begun, finished_at=finished, scans=told)
