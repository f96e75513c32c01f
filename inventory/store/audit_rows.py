"""Stored audits in SQL: the row that says how far one is, and what it found.

Results come by COPY into temporary tables (which row-level security wouldn't allow into the tables themselves) and from there
by one statement each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from inventory.domain.audits import AuditState, Part
from inventory.store.beliefs import Roots
from inventory.store.database import copy_in

LOCK = 0x61756469  # the class of advisory locks that say which audits somebody is working on
AUDITS_MAX = 200


class FindingRow(NamedTuple):
    """One finding, with the database's ids."""

    kind: str
    volume_id: int | None
    tag_id: int | None
    ledger_place_id: int | None
    place_id: int | None
    probability: float
    reason_zh: str
    reason_en: str


class UndecidedRow(NamedTuple):
    """One volume that can't be decided on."""

    volume_id: int
    ledger_place_id: int | None
    reason_zh: str
    reason_en: str


class GapRow(NamedTuple):
    """A place nobody listened at, or a blind reader's."""

    place_id: int
    from_at: datetime
    to_at: datetime | None
    reason_zh: str
    reason_en: str


class ShelfRow(NamedTuple):
    """Of a shelf: volumes expected, of them listened at for, and how often somebody was there."""

    place_id: int
    expected: int
    covered: int
    visits: int


@dataclass(frozen=True, slots=True)
class AuditRows:
    """Everything that comes of an audit, in the order in which it is kept."""

    findings: Sequence[FindingRow] = ()
    undecided: Sequence[UndecidedRow] = ()
    gaps: Sequence[GapRow] = ()
    shelves: Sequence[ShelfRow] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """An audit that is asked for; asked_by: None for a plan's and the command line's."""

    place_id: int
    since: datetime
    until: datetime
    asked_at: datetime
    asked_by: int | None = None
    plan_id: int | None = None
    sample_shelves: int | None = None
    seed: str | None = None
    command_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An audit as it stands; what isn't known yet is None."""

    number: int
    scope: str
    place_id: int
    plan_id: int | None
    plan_kind: str | None
    since: datetime
    until: datetime
    state: AuditState
    asked_by: str | None
    asked_at: datetime
    sample_shelves: int | None
    seed: str | None
    started_at: datetime | None
    model_version: int | None
    ledger_roots: list[tuple[str, int, str]] | None
    step: str | None
    progress: int
    attempts: int
    problem: str | None
    judged_at: datetime | None
    expected: int | None
    covered: int | None
    passes: int | None
    findings: int | None
    undecided: int | None
    wrong_max: float | None
    missing_wrong_max: float | None
    closed_at: datetime | None
    closed_by: str | None
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The database tells the state as text."""
        object.__setattr__(self, "state", AuditState(self.state))

    @property
    def coverage(self) -> float | None:
        """Share of the expected volumes whose shelf was listened at; 1 where none is expected."""
        if self.expected is None or self.covered is None:
            return None
        return self.covered / self.expected if self.expected else 1.0


SELECT = """
    SELECT audit.id AS number, place.code AS scope, audit.place_id, plan_id, audit_plan.kind AS plan_kind, judged_from AS since,
           judged_until AS until, audit.state, asker.name AS asked_by, asked_at, audit.sample_shelves, seed, started_at,
           model_version, ledger_roots, step, progress, attempts, problem, judged_at, expected, covered, passes, findings,
           undecided, wrong_max, missing_wrong_max, closed_at, closer.name AS closed_by,
           ARRAY(SELECT part FROM audit_signature WHERE audit_id = audit.id ORDER BY part) AS parts
    FROM audit JOIN place ON place.id = audit.place_id LEFT JOIN audit_plan ON audit_plan.id = plan_id
    LEFT JOIN account AS asker ON asker.id = asked_by LEFT JOIN account AS closer ON closer.id = closed_by
"""


def add(connection: psycopg.Connection[Any], asked: Asked) -> int:
    """A new audit that waits; returns its number."""
    columns = {
        "place_id": asked.place_id,
        "judged_from": asked.since,
        "judged_until": asked.until,
        "state": AuditState.WAITING.value,
        "asked_by": asked.asked_by,
        "asked_at": asked.asked_at,
        "sample_shelves": asked.sample_shelves,
        "seed": asked.seed,
        "command_id": asked.command_id,
    }
    if asked.plan_id is not None:  # plans are worked by the jobs, who alone may write it
        columns["plan_id"] = asked.plan_id
    values = ", ".join(f"%({name})s" for name in columns)
    statement = f"INSERT INTO audit ({', '.join(columns)}) VALUES ({values}) RETURNING id"
    row = connection.execute(statement, columns).fetchone()
    assert row is not None
    return int(row[0])


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The audit a command asked for."""
    row = connection.execute("SELECT id FROM audit WHERE command_id = %s", (command_id,)).fetchone()
    return None if row is None else int(row[0])


def one(connection: psycopg.Connection[Any], number: int) -> AuditRow | None:
    """An audit as it stands."""
    with connection.cursor(row_factory=class_row(AuditRow)) as cursor:
        return cursor.execute(SELECT + " WHERE audit.id = %s", (number,)).fetchone()


def newest(connection: psycopg.Connection[Any]) -> list[AuditRow]:
    """The newest audits, at most `AUDITS_MAX`, newest first."""
    with connection.cursor(row_factory=class_row(AuditRow)) as cursor:
        return cursor.execute(f"{SELECT} ORDER BY audit.id DESC LIMIT {AUDITS_MAX}").fetchall()


def unfinished(connection: psycopg.Connection[Any], now: datetime) -> list[int]:
    """Audits that wait and whose interval is over, and those that run or whose runner died, oldest first."""
    query = "SELECT id FROM audit WHERE state IN ('waiting', 'running') AND judged_until <= %s ORDER BY id"
    return [number for (number,) in connection.execute(query, (now,))]


def under_way(connection: psycopg.Connection[Any]) -> bool:
    """Whether an audit has begun and isn't done: the model and the profiles it is judged by must stay until then."""
    return bool(connection.execute("SELECT FROM audit WHERE state = 'running' LIMIT 1").rowcount)


def take(connection: psycopg.Connection[Any], number: int) -> bool:
    """Become the one who works on it, as long as this connection lasts; False where somebody is."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCK, number)).fetchone()
    return bool(row and row[0])


def let_go(connection: psycopg.Connection[Any], number: int) -> None:
    """Leave it to others."""
    connection.execute("SELECT pg_advisory_unlock(%s, %s)", (LOCK, number))


def chain_ends(connection: psycopg.Connection[Any]) -> Roots:
    """Where every warehouse's chain ends just now."""
    query = """
        SELECT place.code, sequence, encode(hash, 'hex') FROM ledger_chain AS chain JOIN place ON place.id = chain.warehouse_id
        ORDER BY 1
    """
    return connection.execute(query).fetchall()


def begin(connection: psycopg.Connection[Any], number: int, now: datetime) -> AuditRow:
    """It runs; the ledger's ends stay those of the first time it did."""
    connection.execute(
        """
        UPDATE audit SET state = 'running', started_at = coalesce(started_at, %(now)s),
            ledger_roots = coalesce(ledger_roots, %(roots)s), attempts = attempts + 1, step = NULL, progress = 0, problem = NULL
        WHERE id = %(number)s
        """,
        {"number": number, "now": now, "roots": Jsonb(chain_ends(connection))},
    )
    row = one(connection, number)
    assert row is not None
    return row


def note_progress(connection: psycopg.Connection[Any], number: int, step: str, progress: int) -> None:
    """How far a running audit is, in per cent."""
    connection.execute("UPDATE audit SET step = %s, progress = %s WHERE id = %s", (step, progress, number))


def fail(connection: psycopg.Connection[Any], number: int, problem: str) -> None:
    """It can't be done."""
    connection.execute("UPDATE audit SET state = 'failed', problem = %s WHERE id = %s", (problem, number))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a judged audit comes to in numbers."""

    expected: int
    covered: int
    passes: int
    wrong_max: float
    missing_wrong_max: float
    model_version: int | None


_KEPT: tuple[tuple[str, type[Any], tuple[str, ...], str], ...] = (
    ("finding", FindingRow, ("text", "int4", "int4", "int4", "int4", "float8", "text", "text"), "findings"),
    ("undecided", UndecidedRow, ("int4", "int4", "text", "text"), "undecided"),
    ("gap", GapRow, ("int4", "timestamptz", "timestamptz", "text", "text"), "gaps"),
    ("shelf", ShelfRow, ("int4", "int4", "int4", "int4"), "shelves"),
)


def keep(connection: psycopg.Connection[Any], number: int, now: datetime, summary: Summary, rows: AuditRows) -> None:
    """Store what an audit found and that it is judged; all in the caller's transaction."""
    for name, kind, types, part in _KEPT:
        found: Sequence[Any] = getattr(rows, part)
        numbered = name != "shelf"
        columns = (("number",) if numbered else ()) + kind._fields
        listed = ", ".join(columns)
        connection.execute(
            f"CREATE TEMPORARY TABLE staged_{name} ON COMMIT DROP AS SELECT {listed} FROM audit_{name} WITH NO DATA"
        )
        staged = _numbered(found) if numbered else found
        copy_in(connection, f"staged_{name}", columns, (("int4",) if numbered else ()) + types, iter(staged))
        connection.execute(
            f"INSERT INTO audit_{name} (audit_id, {listed}) SELECT %s, {listed} FROM staged_{name}", (number,)
        )
    connection.execute(
        """
        UPDATE audit SET state = 'judged', judged_at = %s, expected = %s, covered = %s, passes = %s, findings = %s,
            undecided = %s, wrong_max = %s, missing_wrong_max = %s, model_version = %s, step = NULL, progress = 100 WHERE id = %s
        """,
        (
            *(now, summary.expected, summary.covered, summary.passes, len(rows.findings), len(rows.undecided)),
            *(summary.wrong_max, summary.missing_wrong_max, summary.model_version, number),
        ),
    )


def _numbered(rows: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    return ((number, *row) for number, row in enumerate(rows, 1))


# ── Signing and closing ──────────────────────────────────────────────────────────────────────────────────────────────


class SignatureRow(NamedTuple):
    """Who signed an audit, as what, and when."""

    part: Part
    name: str
    account_id: int
    signed_at: datetime


def signatures(connection: psycopg.Connection[Any], number: int) -> list[SignatureRow]:
    """The signatures under an audit."""
    query = """
        SELECT part, account.name, account_id, signed_at FROM audit_signature JOIN account ON account.id = account_id
        WHERE audit_id = %s ORDER BY signed_at, part
    """
    return [SignatureRow(Part(part), *row) for part, *row in connection.execute(query, (number,))]


def sign(
    connection: psycopg.Connection[Any], number: int, account_id: int, part: Part, now: datetime, command_id: UUID
) -> None:
    """Put a name under it; with the second it is signed."""
    connection.execute(
        "INSERT INTO audit_signature (audit_id, account_id, part, signed_at, command_id) VALUES (%s, %s, %s, %s, %s)",
        (number, account_id, part.value, now, command_id),
    )
    connection.execute(
        "UPDATE audit SET state = 'signed' WHERE id = %(audit)s AND state = 'judged' "
        "AND (SELECT count(*) FROM audit_signature WHERE audit_id = %(audit)s) = 2",
        {"audit": number},
    )


def close(connection: psycopg.Connection[Any], number: int, account_id: int, now: datetime) -> None:
    """Nothing of it changes any more."""
    connection.execute(
        "UPDATE audit SET state = 'closed', closed_at = %s, closed_by = %s WHERE id = %s", (now, account_id, number)
    )
