"""Docked handhelds: the file of reads that one exports, looked at and brought."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from inventory.domain.cells import parse_timezone
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.read_files import Columns, ReadColumn, ReadRow, check_columns, guessed, read_row
from inventory.domain.refusals import BadInput, FileUnreadable, RegisterInvalid
from inventory.operations.bringing import Brought, Message, entries_of, hash_of, keep, meant_by, met_by, reader_of
from inventory.operations.importing import ImportReport, RowError
from inventory.operations.register_files import Written, rows_of
from inventory.store import brought
from inventory.store.brought import BroughtRow, BroughtTo
from inventory.store.database import Database, raw

ROWS_MAX = 500_000  # of a file; a handheld that reads all day tells half as many
ROWS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class FileAsked:
    """How a file is to be read.

    columns: None to go by the reader's last file, else by their names. timezone: None for the reader's own. accept_valid:
    take what is right and leave the rest.
    """

    reader: str
    columns: Columns | None = None
    timezone: str | None = None
    accept_valid: bool = False


@dataclass(frozen=True, slots=True)
class FileSeen:
    """What a file says, before it is taken: its header, its columns as they are taken, its first rows and all its errors.

    problem: why the columns can't be meant; no row is read then. before: the very same was brought already.
    """

    reader: str
    file: str
    header: tuple[str, ...]
    columns: Columns
    timezone: str
    first_rows: tuple[tuple[str, ...], ...]
    reads: int
    codes: int
    first_at: datetime | None
    last_at: datetime | None
    report: ImportReport
    before: BroughtRow | None = None
    problem: BadInput | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The file's clock."""
        return ZoneInfo(self.timezone)


def docked_readers(database: Database, viewer: Viewer) -> list[BroughtTo]:
    """The readers that files may be of; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SWEEP)
    with database.transaction(viewer) as session:
        return brought.moving_readers(raw(session))


def newest_brought(database: Database, viewer: Viewer) -> list[BroughtRow]:
    """What was brought last, newest first; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SWEEP)
    with database.transaction(viewer) as session:
        return brought.newest(raw(session))


def look_at_file(database: Database, viewer: Viewer | None, path: Path, asked: FileAsked, now: datetime) -> FileSeen:
    """What the file would bring, and everything wrong with it; changes nothing.

    viewer: None at the command line. Raises `NotAllowed`, `ReaderNotFound`, `FileUnreadable`, and `BadInput` for no zone.
    """
    if viewer is not None:
        check_permitted(viewer, Permission.SWEEP)
    with database.transaction(viewer) as session:
        return _read(raw(session), path, asked, now)[0]


def bring_file(database: Database, viewer: Viewer | None, path: Path, asked: FileAsked, now: datetime) -> Brought:
    """Bring what a file says; it waits for the jobs, who take it in within seconds. The same file again counts nothing.

    Raises as `look_at_file` does, `BadInput` where the columns can't be meant, and `RegisterInvalid` (its fact `report`
    holds the errors) where rows are wrong and `accept_valid` isn't set, or none is right; nothing is brought then.
    """
    if viewer is not None:
        check_permitted(viewer, Permission.SWEEP)
    with database.transaction(viewer) as session:
        connection = raw(session)
        seen, reader, message = _read(connection, path, asked, now)
        if seen.problem is not None:
            raise seen.problem
        if message is None or (seen.report.error_count and not asked.accept_valid):
            raise RegisterInvalid(file=path.name, count=seen.report.error_count, report=seen.report)
        columns = {column.value: name for column, name in seen.columns.items()}
        seen.report.imported = seen.report.rows - len({error.row for error in seen.report.errors})
        return keep(connection, viewer, reader, "file", path.name, message, now, seen.report, columns, seen.timezone)


def _read(
    connection: psycopg.Connection[Any], path: Path, asked: FileAsked, now: datetime
) -> tuple[FileSeen, BroughtTo, Message | None]:
    reader = reader_of(connection, asked.reader)
    timezone = parse_timezone(asked.timezone or reader.timezone)
    written = rows_of(path)
    header = tuple(name.strip() for name in next(written, Written([], {})).texts)
    if not any(header):
        raise FileUnreadable(
            file=path.name,
            problem_zh="文件为空或第一行不是表头",
            problem_en="it is empty, or its first row is no header",
        )
    columns = _columns(connection, reader.reader_id, header, asked)
    report = ImportReport()
    first_rows: list[tuple[str, ...]] = []
    try:
        check_columns(columns, header)
    except BadInput as problem:
        first_rows.extend(tuple(row.texts[: len(header)]) for row in islice(written, ROWS_SHOWN))
        facts = (reader.reader, path.name, header, columns, timezone, tuple(first_rows), 0, 0, None, None, report)
        return FileSeen(*facts, problem=problem), reader, None
    rows = _rows(path, written, header, columns, ZoneInfo(timezone), now, report, first_rows)
    _check_antennas(rows, reader, columns, report)
    found = met_by(connection, list(dict.fromkeys(row.code for _, row in rows if row.code)))
    meant = meant_by(connection, rows, found, columns, report)
    report.errors.sort(key=lambda error: error.row)
    message = None
    if meant:
        times, entries = [row.at for row in meant], list(entries_of(meant, reader.antennas[0]))
        message = Message(entries, min(times), max(times), hash_of(entries))
    seen = FileSeen(
        reader.reader,
        path.name,
        header,
        columns,
        timezone,
        tuple(first_rows),
        message.reads if message else 0,
        message.codes if message else 0,
        message.first_at if message else None,
        message.last_at if message else None,
        report,
        brought.same(connection, reader.reader_id, message.content_hash) if message else None,
    )
    return seen, reader, message


def _columns(
    connection: psycopg.Connection[Any], reader_id: int, header: Sequence[str], asked: FileAsked
) -> dict[ReadColumn, str]:
    """As told; else as in the reader's last file, where this one has the same columns; else by their names."""
    if asked.columns is not None:
        return dict(asked.columns)
    before = brought.columns_before(connection, reader_id)
    if before is not None and set(before.values()) <= set(header):
        return {ReadColumn(one): name for one, name in before.items()}
    return guessed(header)


def _rows(
    path: Path,
    written: Iterable[Written],
    header: Sequence[str],
    columns: Columns,
    zone: ZoneInfo,
    now: datetime,
    report: ImportReport,
    first_rows: list[tuple[str, ...]],
) -> list[tuple[int, ReadRow]]:
    """The right rows with their numbers; what is wrong goes to the report."""
    positions = {column: header.index(name) for column, name in columns.items()}
    rows: list[tuple[int, ReadRow]] = []
    for number, (texts, spoilt) in enumerate(islice(written, ROWS_MAX + 1), 2):
        if not any(map(str.strip, texts)):
            continue
        if number > ROWS_MAX + 1:
            raise FileUnreadable(
                file=path.name, problem_zh=f"超过{ROWS_MAX}行", problem_en=f"it has more than {ROWS_MAX} rows"
            )
        report.rows += 1
        if len(first_rows) < ROWS_SHOWN:
            first_rows.append(tuple(texts[: len(header)]))
        lost = {column: spoilt[position] for column, position in positions.items() if position in spoilt}
        for column, problem in lost.items():
            report.wrong(RowError(number, columns[column], *problem))
        told = {column: texts[at].strip() for column, at in positions.items() if at < len(texts)}
        row = read_row(told, columns, zone, now)
        if isinstance(row, tuple):
            for error in row:
                if error.column not in {columns[column] for column in lost}:
                    report.wrong(RowError(number, error.column, error.problem_zh, error.problem_en))
        elif not lost:
            rows.append((number, row))
    return rows


def _check_antennas(rows: list[tuple[int, ReadRow]], reader: BroughtTo, columns: Columns, report: ImportReport) -> None:
    """Leave out rows of an antenna nobody registered; a reader with antenna 0 alone is one place, whatever its rows say."""
    if reader.antennas == [0]:
        return
    wrong = [one for one in rows if one[1].antenna is not None and one[1].antenna not in reader.antennas]
    if wrong:
        rows[:] = [one for one in rows if one[1].antenna is None or one[1].antenna in reader.antennas]
    for number, row in wrong:
        report.wrong(
            RowError(
                number,
                columns[ReadColumn.ANTENNA],
                f"天线 {row.antenna} 未登记",
                f"antenna {row.antenna} isn't registered",
            )
        )
