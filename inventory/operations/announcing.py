"""Announcing what is to come: the dossiers of a list, or of one envelope, are registered and expected; no act yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.arrivals import (
    BOXES_MAX,
    LINES_MAX,
    MOVE_IN,
    ListRow,
    new_material_errors,
    series_of,
)
from inventory.domain.batches import Batch
from inventory.domain.cells import parse_text
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import AgencyNotFound, BadInput, NotAllowed, PersonKnown, RegisterInvalid
from inventory.domain.registers import RowErrors
from inventory.operations.importing import ImportReport, RowError
from inventory.operations.register_files import read_register
from inventory.store import announced, arrivals, ledger, people
from inventory.store.announced import Duplicate
from inventory.store.database import Database, raw

FORM = "表单 form"


@dataclass(frozen=True, slots=True)
class Announcement:
    """Who sends how many boxes of whose dossiers.

    agency: code of the holding agency. historic: old stock, whose odd ID numbers warn. confirmed: why a person with a
    dossier gets another one (new material only).
    """

    command_id: UUID
    agency: str
    sender: str
    boxes: int = 1
    historic: bool = True
    confirmed: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """The arrival's number, its lines' dossier numbers in the list's order, and how many warnings its lines carry."""

    number: str
    dossiers: tuple[str, ...]
    warnings: int


def announce_file(
    database: Database, viewer: Viewer, announcement: Announcement, path: Path, now: datetime
) -> Announced:
    """Announce what a CSV or .xlsx list says (columns `box,number,name,id_number,volume,note`).

    Raises `FileUnreadable`, and what `announce` raises.
    """
    rows: list[tuple[int, ListRow | RowErrors]] = [*read_register(path, MOVE_IN)]
    return announce(database, viewer, announcement, rows, now, file=path.name)


def announce(
    database: Database,
    viewer: Viewer,
    announcement: Announcement,
    rows: Iterable[tuple[int, ListRow | RowErrors]],
    now: datetime,
    *,
    file: str = FORM,
) -> Announced:
    """Register the dossiers of a list and expect them.

    Raises `NotAllowed`, `AgencyNotFound`, `BadInput`, `RegisterInvalid` with all errors at once (its fact `report`), and
    for one new person with a dossier already `PersonKnown`.
    """
    check_permitted(viewer, Permission.ANNOUNCE_ARRIVALS)
    sender = parse_text(announcement.sender.strip())
    if not 1 <= announcement.boxes <= BOXES_MAX:
        raise BadInput(problem_zh=f"箱数应为1至{BOXES_MAX}", problem_en=f"an arrival has 1 to {BOXES_MAX} boxes")
    right, report = _checked(rows, historic=announcement.historic)
    with database.transaction(viewer) as session:
        connection = raw(session)
        agency_id = _agency(connection, viewer, announcement.agency)
        told = [(row.box, row.number, row.name, row.volume, row.note) for _, row in right]
        if not ledger.once(connection, announcement.command_id, ("announce", announcement, told)):
            return _again(connection, viewer, announcement.command_id)
        named, nameless = _numbered(connection, announcement.agency, right)
        announced.stage(connection, database.keys, announcement.agency, named)
        for check in (*announced.CHECKS, announced.AWAITED):
            for (row,) in connection.execute(check.query):
                report.wrong(RowError(row, check.column, check.problem_zh, check.problem_en))
        _refuse(file, report)
        announced.register(connection)
        doubles = announced.duplicates(connection)
        _check_doubles(viewer, announcement, doubles, file, report, len(right))
        arrival_id = arrivals.add(
            connection,
            announcement.command_id,
            agency_id,
            sender,
            announcement.boxes,
            viewer.account_id,
            now,
            is_historic=announcement.historic,
            note=announcement.note or announcement.confirmed,
        )
        announced.add_lines(connection, arrival_id)
        arrivals.add_unidentified(connection, arrival_id, [(number, row.box, row.note) for number, row in nameless])
        return _again(connection, viewer, announcement.command_id)


def register_one(
    connection: psycopg.Connection[Any],
    database: Database,
    viewer: Viewer,
    agency: str,
    row: ListRow,
    *,
    historic: bool,
    confirmed: str | None,
) -> tuple[int, VolumeName]:
    """Register one volume inside a larger piece of work, or meet the expected one; returns its row id and name.

    Raises `RegisterInvalid` and `PersonKnown` as `announce` does.
    """
    right, report = _checked([(1, row)], historic=historic)
    named, _ = _numbered(connection, agency, right)
    if not named:
        raise BadInput(problem_zh="请填写编号或姓名", problem_en="say its number or the person's name")
    announced.stage(connection, database.keys, agency, named)
    for check in announced.CHECKS:  # What is awaited elsewhere may well be what has turned up here.
        for (position,) in connection.execute(check.query):
            report.wrong(RowError(position, check.column, check.problem_zh, check.problem_en))
    _refuse(FORM, report)
    announced.register(connection)
    wanted = Announcement(UUID(int=0), agency, "", historic=historic, confirmed=confirmed)
    _check_doubles(viewer, wanted, announced.duplicates(connection), FORM, report, 1)
    return announced.registered_volume(connection)


def _checked(
    rows: Iterable[tuple[int, ListRow | RowErrors]], *, historic: bool
) -> tuple[list[tuple[int, ListRow]], ImportReport]:
    """The rows that are right by themselves, and a report of those that aren't."""
    right: list[tuple[int, ListRow]] = []
    report = ImportReport()
    for number, row in rows:
        report.rows += 1
        if report.rows > LINES_MAX:
            raise BadInput(
                problem_zh=f"一份清单最多{LINES_MAX}行，请分成几个批次",
                problem_en=f"a list has at most {LINES_MAX} rows; make several arrivals",
            )
        errors = row if isinstance(row, tuple) else tuple(MOVE_IN.check(row))
        if isinstance(row, ListRow) and not historic:
            errors += tuple(new_material_errors(row))
        for error in errors:
            report.wrong(RowError(number, error.column, error.problem_zh, error.problem_en))
        if not errors and isinstance(row, ListRow):
            right.append((number, row))
    if not report.rows:
        raise BadInput(problem_zh="清单是空的", problem_en="the list is empty")
    return right, report


def _numbered(
    connection: psycopg.Connection[Any], agency: str, rows: Sequence[tuple[int, ListRow]]
) -> tuple[list[tuple[int, ListRow]], list[tuple[int, ListRow]]]:
    """Rows that are somebody's, each with a number; and those that name nobody."""
    nameless = [(position, row) for position, row in rows if row.is_unidentified]
    named = [(position, row) for position, row in rows if not row.is_unidentified]
    without = sum(row.number is None for _, row in named)
    fresh = iter(announced.allocate_numbers(connection, *series_of(agency), without) if without else ())
    return [
        (position, row if row.number is not None else replace(row, number=next(fresh))) for position, row in named
    ], nameless


def _check_doubles(
    viewer: Viewer,
    announcement: Announcement,
    doubles: Sequence[Duplicate],
    file: str,
    report: ImportReport,
    rows: int,
) -> None:
    """Historic material only carries a warning; new material stops, unless somebody said why.

    Whoever sees one agency's dossiers isn't stopped by another's: nobody learns that way whether a dossier exists.
    """
    if announcement.historic or (announcement.confirmed or "").strip():
        return
    agency_id = viewer.agency_seen()
    seen = [one for one in doubles if agency_id in {None, one.agency_id}]
    if seen and rows == 1:
        raise PersonKnown(dossier=seen[0].number)
    for one in seen:
        report.wrong(
            RowError(
                one.row,
                "id_number",
                f"已有相同身份证号的档案 {one.number}",
                f"there is a dossier with that ID number: {one.number}",
            )
        )
    _refuse(file, report)


def _refuse(file: str, report: ImportReport) -> None:
    report.errors.sort(key=lambda error: (error.row, error.column))
    if report.error_count:
        raise RegisterInvalid(file=file, count=report.error_count, report=report)


def _agency(connection: psycopg.Connection[Any], viewer: Viewer, code: str) -> int:
    """The holding agency; whoever belongs to one announces for that one only."""
    agency_id = people.agency_id(connection, code)
    if agency_id is None:
        raise AgencyNotFound(agency=code)
    if viewer.agency_seen() not in {None, agency_id}:
        raise NotAllowed
    return agency_id


def _again(connection: psycopg.Connection[Any], viewer: Viewer, command_id: UUID) -> Announced:
    """What a command announced, from the database."""
    arrival_id = arrivals.of_command(connection, command_id)
    assert arrival_id is not None
    rows = connection.execute(
        "SELECT dossier.number, double.id FROM arrival_line LEFT JOIN volume ON volume.id = volume_id "
        "LEFT JOIN dossier ON dossier.id = volume.dossier_id LEFT JOIN arrival_double ON line_id = arrival_line.id "
        "LEFT JOIN dossier AS double ON double.id = arrival_double.dossier_id "
        "AND (%s::int IS NULL OR double.holding_agency_id = %s) WHERE arrival_id = %s AND is_listed ORDER BY position",
        (viewer.agency_seen(), viewer.agency_seen(), arrival_id),
    ).fetchall()
    numbers = tuple(dict.fromkeys(number for number, _ in rows if number is not None))
    return Announced(Batch.ARRIVAL.number(arrival_id), numbers, sum(double is not None for _, double in rows))
