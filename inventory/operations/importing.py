"""Importing a register: all its errors at once, or all its rows at once, in one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import sql

from inventory.domain.acts import ActKind
from inventory.domain.refusals import AccountNotFound, FileUnreadable, RegisterInvalid
from inventory.domain.registers import REGISTERS
from inventory.operations.register_files import read_register
from inventory.store import ledger
from inventory.store.database import Database, copy_in, raw
from inventory.store.keys import KeyRing
from inventory.store.ledger import Command, Entry
from inventory.store.registers import LANDINGS, dossiers
from inventory.store.registers.landing import Landing

ERRORS_SHOWN_MAX = 1_000  # more are counted, not told
CHECK_ROUNDS_MAX = 20  # with --accept-valid a row left out can make another wrong; deeper chains are refused
VOLUMES_PER_COMMAND = 50_000  # of the ledger, which takes one command's acts as one statement
IMPORTER = "register"  # the service account that acts where no person is named

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one cell of one row, as a person finds it in the spreadsheet."""

    row: int
    column: str
    problem_zh: str
    problem_en: str


@dataclass
class ImportReport:
    """What an import did: rows read, rows imported, and the first errors of `error_count`."""

    rows: int = 0
    imported: int = 0
    error_count: int = 0
    errors: list[RowError] = field(default_factory=list)

    def wrong(self, error: RowError) -> None:
        """Count an error, and keep it while there is room."""
        self.error_count += 1
        if len(self.errors) < ERRORS_SHOWN_MAX:
            self.errors.append(error)


@dataclass(frozen=True)
class ImportOptions:
    """accept_valid: import what is right and report the rest. as_of: since when a register of dossiers is true."""

    accept_valid: bool = False
    create_agencies: bool = False
    as_of: datetime | None = None
    actor: str = IMPORTER


def _nobody_watches(phase: str, done: int, total: int) -> None:
    """No progress is shown."""


def import_register(
    database: Database,
    kind: str,
    path: Path,
    command_id: UUID,
    now: datetime,
    options: ImportOptions | None = None,
    on_progress: Progress = _nobody_watches,
) -> ImportReport:
    """Import agencies, places, readers or dossiers from a CSV or .xlsx file.

    Raises `FileUnreadable` where it is no such file and `RegisterInvalid` (its fact `report` holds the errors) where rows
    are wrong and `accept_valid` isn't set; nothing is imported then. `on_progress(phase, done, total)`.
    """
    options = options or ImportOptions()
    landing, report = LANDINGS[kind], ImportReport()
    with database.transaction() as session:
        connection = raw(session)
        _stage(connection, landing, _rows(path, kind, database.keys.for_one_work(), report, on_progress))
        # One import after another: what the first has brought in, the second's checks find, with row and column.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('guiwei import'))")
        _check(connection, landing, path, report, on_progress, options)
        report.errors.sort(key=lambda error: (error.row, error.column))
        if report.error_count and not options.accept_valid:
            raise RegisterInvalid(file=path.name, count=report.error_count, report=report)
        if kind == "dossiers" and options.create_agencies:
            connection.execute(dossiers.CREATE_AGENCIES)
        for number, (phase, statement) in enumerate(landing.steps):
            on_progress(phase, number, len(landing.steps))
            connection.execute(statement)
        if kind == "dossiers":
            _shelve(connection, command_id, path, now, options, on_progress)
        on_progress("statistics", 0, 1)
        connection.execute("SELECT registry_analyze()")
        row = connection.execute("SELECT count(*) FROM staged").fetchone()
        report.imported = row[0] if row else 0
    on_progress("done", 1, 1)
    return report


def _rows(
    path: Path, kind: str, keys: KeyRing, report: ImportReport, on_progress: Progress
) -> Iterator[tuple[Any, ...]]:
    """The staged form of every right row; wrong ones go to the report."""
    cells = LANDINGS[kind].cells
    for number, row in read_register(path, REGISTERS[kind], lambda done, total: on_progress("reading", done, total)):
        report.rows += 1
        if isinstance(row, tuple):
            for error in row:
                report.wrong(RowError(number, error.column, error.problem_zh, error.problem_en))
        else:
            yield number, *cells(row, keys)


def _stage(connection: psycopg.Connection[Any], landing: Landing, rows: Iterator[tuple[Any, ...]]) -> None:
    columns = {"row": "int4", **landing.columns}
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE staged ({}) ON COMMIT DROP").format(
            sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()
            )
        )
    )
    copy_in(connection, "staged", tuple(columns), tuple(columns.values()), rows)
    connection.execute("ANALYZE staged")


def _check(
    connection: psycopg.Connection[Any],
    landing: Landing,
    path: Path,
    report: ImportReport,
    on_progress: Progress,
    options: ImportOptions,
) -> None:
    """Find every wrong row; with `accept_valid` leave them out, again and again, until what is left is right."""
    checks = [check for check in landing.checks if not (options.create_agencies and check is dossiers.AGENCY_KNOWN)]
    for _ in range(CHECK_ROUNDS_MAX):
        wrong: set[int] = set()
        for number, check in enumerate(checks):
            on_progress("checking", number, len(checks))
            for (row,) in connection.execute(check.query):
                report.wrong(RowError(row, check.column, check.problem_zh, check.problem_en))
                wrong.add(row)
        if not wrong or not options.accept_valid:
            return
        connection.execute("DELETE FROM staged WHERE row = ANY(%s)", (sorted(wrong),))
    raise FileUnreadable(
        file=path.name,
        problem_zh="行与行之间的错误层层相连，请先改正",
        problem_en="its errors hang together; mend the first ones",
    )


def _shelve(
    connection: psycopg.Connection[Any],
    command_id: UUID,
    path: Path,
    now: datetime,
    options: ImportOptions,
    on_progress: Progress,
) -> None:
    """The imported shelving act: where the register says each volume stands, since when it is true."""
    account = connection.execute("SELECT id FROM account WHERE login = %s", (options.actor,)).fetchone()
    if account is None:
        raise AccountNotFound(login=options.actor)
    happened_at = options.as_of or now
    # A file's name may hold bytes that are no text.
    file = path.name.encode("utf-8", "replace").decode()
    shelved = connection.execute(dossiers.SHELVED).fetchall()
    for start in range(0, len(shelved), VOLUMES_PER_COMMAND):
        on_progress("ledger", start, len(shelved))
        command = Command(
            uuid5(command_id, str(start)),
            ActKind.REGISTERED,
            account[0],
            authority=f"登记册 register {file}",
            reason=f"登记册所载时点 register true as of {happened_at:%Y-%m-%d %H:%M:%S} UTC",
            happened_at=happened_at,
        )
        part = shelved[start : start + VOLUMES_PER_COMMAND]
        ledger.append(connection, command, [Entry(volume_id, 0, place_id) for volume_id, place_id in part])
    connection.execute(dossiers.MARK_BELIEF_DUE, (happened_at,))
