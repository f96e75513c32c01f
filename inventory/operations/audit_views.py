"""What people do with audits: ask for one, look at what it found, hold it against the one before, sign it, close it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from inventory.domain.audits import SAMPLE_SHELVES_MAX, SEED_CHARACTERS_MAX, AuditState, Part, parts_open
from inventory.domain.cells import parse_text
from inventory.domain.commanded_reading import READ_FOR
from inventory.domain.findings import Finding, Gap, Undecided
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import AuditNotFound, AuditStays, BadInput, CounterIsKeeper, SecondPersonIsFirst
from inventory.operations import commanded_reading
from inventory.operations.auditing import place_to_audit
from inventory.store import audit_results, audit_rows, ledger, reader_commands
from inventory.store.audit_results import BayResult, ShelfResult, TrendPoint
from inventory.store.audit_rows import AuditRow, SignatureRow
from inventory.store.database import Database, Transaction, raw
from inventory.store.reader_commands import CommandRow

FINDINGS_MAX = 10_000  # told at a time
GAPS_MAX = 10_000
BAYS_SHOWN_MAX = 24
COMPARED_MAX = 200


@dataclass(frozen=True, slots=True)
class Asking:
    """An audit somebody asks for; sample_shelves and seed: of so many shelves, drawn by that published seed.

    until: None: now, after the smart cabinets and powered shelving in its scope have read.
    """

    command_id: UUID
    scope: str
    since: datetime
    until: datetime | None
    sample_shelves: int | None = None
    seed: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """An audit held against the one before of the same scope: what is new, what went, how many stayed."""

    number: int
    previous: int
    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    new_count: int
    gone_count: int
    stayed: int


@dataclass(frozen=True, slots=True)
class Results:
    """A part of what an audit found; next_after: what to ask on from, None where that was all."""

    row: AuditRow
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    gaps: tuple[Gap, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class AuditView:
    """An audit with all that its page shows.

    readings: what readers were told for it; may_sign: as what the viewer may still sign.
    """

    row: AuditRow
    by_kind: dict[str, int]
    bays: tuple[BayResult, ...]
    shelves: tuple[ShelfResult, ...]
    trend: tuple[TrendPoint, ...]
    signatures: tuple[SignatureRow, ...]
    comparison: Comparison | None
    readings: tuple[CommandRow, ...]
    may_sign: tuple[Part, ...]


def ask(database: Database, viewer: Viewer, asking: Asking, now: datetime, read_for: timedelta = READ_FOR) -> int:
    """Ask for an audit, which the jobs then judge; returns its number, the same for the same command.

    Raises `NotAllowed`, `BadInput`, `PlaceNotFound`, `CommandReused`.
    """
    check_permitted(viewer, Permission.RUN_AUDITS)
    if asking.until is not None and asking.until > now:
        raise BadInput(problem_zh="盘点区间尚未结束", problem_en="an audit's interval is over before it is judged")
    seed = None if asking.seed is None else parse_text(asking.seed.strip())
    if (seed is None) != (asking.sample_shelves is None) or not 1 <= (asking.sample_shelves or 1) <= SAMPLE_SHELVES_MAX:
        raise BadInput(
            problem_zh=f"抽查应注明种子和1至{SAMPLE_SHELVES_MAX}个库位",
            problem_en=f"a sample has a seed and 1 to {SAMPLE_SHELVES_MAX} shelves",
        )
    if seed is not None and not 1 <= len(seed) <= SEED_CHARACTERS_MAX:
        raise BadInput(
            problem_zh=f"种子应为1至{SEED_CHARACTERS_MAX}个字符",
            problem_en=f"a seed has 1 to {SEED_CHARACTERS_MAX} characters",
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        place = place_to_audit(connection, asking.scope, asking.since, asking.until or now)
        if not ledger.once(connection, asking.command_id, ("audit", asking)):
            number = audit_rows.of_command(connection, asking.command_id)
            assert number is not None
            return number
        steps = commanded_reading.steps_in(connection, place, now, read_for) if asking.until is None else []
        asked = audit_rows.Asked(
            place,
            asking.since,
            asking.until or commanded_reading.read_until(steps, now, read_for),
            now,
            asked_by=viewer.account_id,
            sample_shelves=asking.sample_shelves,
            seed=seed,
            command_id=asking.command_id,
        )
        number = audit_rows.add(connection, asked)
        commanded_reading.tell(connection, number, steps, now, viewer.account_id, read_for)
        return number


def newest(database: Database, viewer: Viewer) -> list[AuditRow]:
    """The newest audits, newest first; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        return audit_rows.newest(raw(session))


def trend_of_newest(database: Database, viewer: Viewer) -> list[TrendPoint]:
    """How the scope that was audited last went; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        whole = (row for row in audit_rows.newest(connection) if row.state.has_results and row.seed is None)
        last = next(whole, None)
        return [] if last is None else audit_results.trend(connection, last.place_id, last.until)


def row_of(database: Database, viewer: Viewer, number: int) -> AuditRow:
    """How far an audit is; raises `NotAllowed`, `AuditNotFound`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        return _row(session, number)


def results(database: Database, viewer: Viewer, number: int, after: int = 0) -> Results:
    """What an audit found, `FINDINGS_MAX` findings and as many undecided at a time; raises `NotAllowed`, `AuditNotFound`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        connection, row = raw(session), _row(session, number)
        found = audit_results.findings(connection, number, after, FINDINGS_MAX)
        unsure = audit_results.undecided(connection, number, after, FINDINGS_MAX)
        gaps = audit_results.gaps(connection, number, GAPS_MAX) if not after else []
    more = max((part[-1][0] for part in (found, unsure) if len(part) == FINDINGS_MAX), default=None)
    return Results(row, tuple(one for _, one in found), tuple(one for _, one in unsure), tuple(gaps), more)


def comparison(database: Database, viewer: Viewer, number: int) -> Comparison | None:
    """What is new and what went since the audit of the scope before; None where there is none before.

    Raises `NotAllowed`, `AuditNotFound`.
    """
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        return _compared(session, _row(session, number))


def look(database: Database, viewer: Viewer, number: int) -> AuditView:
    """An audit as its page shows it; raises `NotAllowed`, `AuditNotFound`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        connection, row = raw(session), _row(session, number)
        signatures = tuple(audit_rows.signatures(connection, number))
        open_parts: tuple[Part, ...] = ()
        if row.state is AuditState.JUDGED and all(one.account_id != viewer.account_id for one in signatures):
            open_parts = parts_open(viewer.role, (one.part for one in signatures))
        bays = tuple(audit_results.bays(connection, number, BAYS_SHOWN_MAX))
        return AuditView(
            row,
            audit_results.by_kind(connection, number),
            bays,
            tuple(audit_results.shelves(connection, number, [bay.bay_id for bay in bays])),
            tuple(audit_results.trend(connection, row.place_id, row.until)),
            signatures,
            _compared(session, row),
            tuple(reader_commands.of_audit(connection, number)),
            open_parts,
        )


def sign(database: Database, viewer: Viewer, number: int, part: Part, command_id: UUID, now: datetime) -> None:
    """Put one's name under an audit: one for the shelves, another for the count of them.

    Raises `NotAllowed`, `AuditNotFound`, `AuditStays` where it isn't judged or that part is signed, `CounterIsKeeper`,
    `SecondPersonIsFirst`.
    """
    check_permitted(viewer, Permission.SIGN_AUDITS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("audit signature", number, part)):
            return
        row = _row(session, number)
        signed = audit_rows.signatures(connection, number)
        if any(one.account_id == viewer.account_id for one in signed):
            raise SecondPersonIsFirst
        if row.state is not AuditState.JUDGED or part in {one.part for one in signed}:
            raise AuditStays
        if part not in parts_open(viewer.role, ()):
            raise CounterIsKeeper
        audit_rows.sign(connection, number, viewer.account_id, part, now, command_id)


def close(database: Database, viewer: Viewer, number: int, now: datetime) -> None:
    """Close an audit that two have signed: it never changes again. Raises `NotAllowed`, `AuditNotFound`, `AuditStays`."""
    check_permitted(viewer, Permission.PLAN_AUDITS)
    with database.transaction(viewer) as session:
        row = _row(session, number)
        if row.state is AuditState.CLOSED:
            return
        audit_rows.close(raw(session), number, viewer.account_id, now)


def _row(session: Transaction, number: int) -> AuditRow:
    row = audit_rows.one(raw(session), number)
    if row is None:
        raise AuditNotFound(audit=number)
    return row


def _compared(session: Transaction, row: AuditRow) -> Comparison | None:
    connection = raw(session)
    before = audit_results.previous(connection, row.number) if row.state.has_results else None
    if before is None:
        return None
    new_count, gone_count, stayed = audit_results.counted_apart(connection, row.number, before)
    return Comparison(
        row.number,
        before,
        tuple(one for _, one in audit_results.only_in(connection, row.number, before, COMPARED_MAX)),
        tuple(one for _, one in audit_results.only_in(connection, before, row.number, COMPARED_MAX)),
        new_count,
        gone_count,
        stayed,
    )
