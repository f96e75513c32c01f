"""The jobs in SQL: their rows, a short history, and the processes that could do them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from inventory.domain.jobs import HISTORY_ROWS_MAX, JobName
from inventory.store.leases import Lease

RUNS_SHOWN_MAX = 60
PROCESS_GONE_AFTER = timedelta(seconds=30)  # a process says every few seconds that it is there
PROCESS_FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as it stands; numbers: of the last turn that had something to do; asked_by: the name of who wants it now."""

    name: JobName
    started_at: datetime | None
    finished_at: datetime | None
    next_due: datetime | None
    numbers: Mapping[str, int] | None
    result_at: datetime | None
    problem_zh: str | None
    problem_en: str | None
    problem_at: datetime | None
    asked_by: str | None
    asked_at: datetime | None

    def __post_init__(self) -> None:
        """The database tells the name as text."""
        object.__setattr__(self, "name", JobName(self.name))

    @property
    def is_failing(self) -> bool:
        """Whether its last turn ended with a problem."""
        return self.problem_at is not None and (self.finished_at is None or self.problem_at >= self.finished_at)

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not ended: it runs, or its process was killed in it."""
        return self.started_at is not None and (self.finished_at is None or self.started_at > self.finished_at)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the history; numbers None: it failed, with the problem told."""

    job: JobName
    owner: str
    started_at: datetime
    finished_at: datetime
    asked_by: str | None
    numbers: Mapping[str, int] | None
    problem_zh: str | None
    problem_en: str | None

    def __post_init__(self) -> None:
        """The database tells the name as text."""
        object.__setattr__(self, "job", JobName(self.job))


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process that could do the jobs; is_active: it holds the lease and does them."""

    owner: str
    started_at: datetime
    seen_at: datetime
    is_active: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a turn failed, as a sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody (an account) wants a job run now."""

    by: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn, or some quick ones together, came to; numbers: empty where there was nothing to do.

    in_history: whether it is a row of the history; row: the one that it goes on with.
    """

    name: JobName
    started_at: datetime
    finished_at: datetime
    next_due: datetime
    numbers: Mapping[str, int] = field(default_factory=dict)
    problem: Problem | None = None
    wish: Wish | None = None
    in_history: bool = False
    row: int | None = None


_SELECT = """
    SELECT job.name, started_at, finished_at, next_due, numbers, result_at, problem_zh, problem_en, problem_at,
           account.name AS asked_by, asked_at
    FROM job LEFT JOIN account ON account.id = asked_by
"""


def every(connection: psycopg.Connection[Any]) -> list[JobRow]:
    """All jobs."""
    with connection.cursor(row_factory=class_row(JobRow)) as cursor:
        return cursor.execute(_SELECT).fetchall()


def history(connection: psycopg.Connection[Any]) -> list[RunRow]:
    """What was done and what went wrong, the newest first."""
    query = f"""
        SELECT job, owner, started_at, finished_at, account.name AS asked_by, numbers, problem_zh, problem_en
        FROM job_run LEFT JOIN account ON account.id = asked_by ORDER BY finished_at DESC, job_run.id DESC LIMIT {RUNS_SHOWN_MAX}
    """
    with connection.cursor(row_factory=class_row(RunRow)) as cursor:
        return cursor.execute(query).fetchall()


def processes(connection: psycopg.Connection[Any], lease: str, now: datetime) -> list[ProcessRow]:
    """The processes that are there, the active one first."""
    query = """
        SELECT job_process.owner, started_at, seen_at, coalesce(expires_at > %(now)s, false) AS is_active
        FROM job_process LEFT JOIN lease ON lease.name = %(lease)s AND lease.owner = job_process.owner
        WHERE seen_at > %(since)s ORDER BY is_active DESC, owner
    """
    facts = {"lease": lease, "now": now, "since": now - PROCESS_GONE_AFTER}
    with connection.cursor(row_factory=class_row(ProcessRow)) as cursor:
        return cursor.execute(query, facts).fetchall()


def ask(connection: psycopg.Connection[Any], name: JobName) -> None:
    """Somebody wants it run now; the database looks whether that session may."""
    connection.execute("SELECT job_ask(%s)", (name.value,))


# ── For the process that does them ───────────────────────────────────────────────────────────────────────────────────


def wish(connection: psycopg.Connection[Any], name: JobName) -> Wish | None:
    """Who wants it run now."""
    query = "SELECT asked_by, asked_at FROM job WHERE name = %s AND asked_at IS NOT NULL"
    row = connection.execute(query, (name.value,)).fetchone()
    return None if row is None else Wish(*row)


def wished(connection: psycopg.Connection[Any]) -> list[JobName]:
    """The jobs somebody wants run now."""
    return [JobName(name) for (name,) in connection.execute("SELECT name FROM job WHERE asked_at IS NOT NULL")]


def due(connection: psycopg.Connection[Any]) -> dict[JobName, datetime | None]:
    """When each job is due; None: at once, it never ran."""
    return {JobName(name): moment for name, moment in connection.execute("SELECT name, next_due FROM job")}


def begin(connection: psycopg.Connection[Any], name: JobName, now: datetime) -> None:
    """It runs, for whoever looks."""
    connection.execute("UPDATE job SET started_at = %s WHERE name = %s", (now, name.value))


def finish(connection: psycopg.Connection[Any], lease: Lease, turn: Turn) -> int | None:
    """Note what a turn came to; gives its row of the history. The wish it was for is fulfilled, a later one stays."""
    problem = turn.problem
    connection.execute(
        """
        UPDATE job SET started_at = %(started)s, finished_at = %(finished)s, next_due = %(due)s,
            numbers = coalesce(%(numbers)s, numbers),
            result_at = CASE WHEN %(numbers)s IS NULL THEN result_at ELSE %(finished)s END,
            problem_zh = coalesce(%(zh)s, problem_zh), problem_en = coalesce(%(en)s, problem_en),
            problem_at = CASE WHEN %(zh)s IS NULL THEN problem_at ELSE %(finished)s END,
            asked_by = CASE WHEN asked_at > %(wish)s::timestamptz OR %(wish)s IS NULL THEN asked_by END,
            asked_at = CASE WHEN asked_at > %(wish)s::timestamptz OR %(wish)s IS NULL THEN asked_at END
        WHERE name = %(name)s
        """,
        {
            "name": turn.name.value,
            "started": turn.started_at,
            "finished": turn.finished_at,
            "due": turn.next_due,
            "numbers": Jsonb(turn.numbers) if turn.numbers else None,
            "wish": turn.wish and turn.wish.at,
            "zh": problem and problem.zh,
            "en": problem and problem.en,
        },
    )
    return _in_history(connection, lease, turn) if turn.in_history else turn.row


def _in_history(connection: psycopg.Connection[Any], lease: Lease, turn: Turn) -> int | None:
    numbers = None if turn.problem else Jsonb(turn.numbers)
    if turn.row is not None:
        statement = "UPDATE job_run SET finished_at = %s, numbers = %s WHERE id = %s RETURNING id"
        row = connection.execute(statement, (turn.finished_at, numbers, turn.row)).fetchone()
        if row is not None:
            return int(row[0])
    row = connection.execute(
        "INSERT INTO job_run (job, owner, fencing, started_at, finished_at, asked_by, numbers, problem_zh, problem_en) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            turn.name.value,
            lease.owner,
            lease.fencing,
            turn.started_at,
            turn.finished_at,
            turn.wish and turn.wish.by,
            numbers,
            turn.problem and turn.problem.zh,
            turn.problem and turn.problem.en,
        ),
    ).fetchone()
    connection.execute(
        "DELETE FROM job_run WHERE job = %(job)s AND id <= (SELECT id FROM job_run WHERE job = %(job)s ORDER BY id DESC "
        "OFFSET %(kept)s LIMIT 1)",
        {"job": turn.name.value, "kept": HISTORY_ROWS_MAX},
    )
    return None if row is None else int(row[0])


def note_process(connection: psycopg.Connection[Any], owner: str, now: datetime) -> None:
    """The process is there; those not seen for a day are forgotten."""
    connection.execute(
        "INSERT INTO job_process (owner, started_at, seen_at) VALUES (%(owner)s, %(now)s, %(now)s) "
        "ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at",
        {"owner": owner, "now": now},
    )
    connection.execute("DELETE FROM job_process WHERE seen_at < %s", (now - PROCESS_FORGOTTEN_AFTER,))


def forget_process(connection: psycopg.Connection[Any], owner: str) -> None:
    """The process ends in order."""
    connection.execute("DELETE FROM job_process WHERE owner = %s", (owner,))


def renew_statistics(connection: psycopg.Connection[Any]) -> int:
    """Analyse the tables that have grown by a tenth since they were; how many."""
    row = connection.execute("SELECT statistics_renew()").fetchone()
    return 0 if row is None else int(row[0])
