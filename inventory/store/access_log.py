"""The access log in SQL: what was asked of the site, and what the audit administrator reads. Functions of the owner do both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from inventory.domain.copies import CopyNumber


@dataclass(frozen=True, slots=True)
class Noted:
    """One request: method and route template, a dossier's number and another's as the address has them, how it ended."""

    act: str
    number: str | None
    named: str | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """What the door refused, so many times alike: whose session or token it showed (by hash; None: none), from where."""

    act: str
    refusal: str
    times: int
    shown_hash: bytes | None
    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to read of the log; None filters nothing. `act` is the beginning of an act, `before` an entry's id.

    copy: that copy's entry, and whatever was looked at for it.
    """

    since: datetime | None = None
    until: datetime | None = None
    login: str | None = None
    act: str | None = None
    dossier: str | None = None
    only_refused: bool = False
    before: int | None = None
    copy: CopyNumber | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry. Without a login nobody was signed in; without a refusal it was done; times: so many alike in a minute."""

    id: int
    at: datetime
    login: str | None
    name: str | None
    role: str | None
    agency: str | None
    act: str
    dossier: str | None
    object: str | None
    reason: str | None
    refusal: str | None
    times: int
    address: str | None
    browser: str | None
    request_id: UUID | None


# It waits for no disk: what a request did has waited already, and its looks stand by themselves.
_NOTE = sql.SQL("{}; SET LOCAL synchronous_commit = off; SELECT request_logged({}, {}, {}, {})")


def note_request(connection: psycopg.Connection[Any], shown: sql.Composed, noted: Noted) -> None:
    """Enter a request, in one message; `shown`: whose it is (`inventory.store.database.shown`)."""
    facts = (noted.act, noted.number, noted.named, noted.refusal)
    connection.execute(_NOTE.format(shown, *facts), prepare=False)


def note_turned_away(connection: psycopg.Connection[Any], turned_away: Sequence[TurnedAway]) -> None:
    """Enter what the door refused in the last minute."""
    statement = "SELECT turned_away_logged(%s, %s, %s, %s, %s, %s)"
    facts = [(one.act, one.refusal, one.times, one.shown_hash, one.address, one.browser) for one in turned_away]
    with connection.cursor() as cursor:
        cursor.executemany(statement, facts)


def take_copy(connection: psycopg.Connection[Any], act: str, what: str) -> CopyNumber:
    """Enter as `copy_<act>` that the session takes a paper or a list out of the house; returns the number it carries."""
    row = connection.execute("SELECT * FROM copy_logged(%s, %s)", (act, what)).fetchone()
    assert row is not None
    return CopyNumber.of(*row)


_READ = "access_log_read(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def entries(connection: psycopg.Connection[Any], wanted: LogFilter, entries_max: int) -> list[LogEntry]:
    """Entries, the newest first; the database refuses whoever isn't the audit administrator."""
    with connection.cursor(row_factory=class_row(LogEntry)) as cursor:
        return cursor.execute(f"SELECT * FROM {_READ}", (*_facts(wanted), entries_max)).fetchall()


def moment_of_last_within(connection: psycopg.Connection[Any], wanted: LogFilter, entries_max: int) -> datetime | None:
    """When the oldest of the newest `entries_max` entries was; None where there are no more than that."""
    query = f"SELECT at FROM {_READ} OFFSET %s"
    found = connection.execute(query, (*_facts(wanted), entries_max + 1, entries_max - 1)).fetchall()
    return found[0][0] if len(found) > 1 else None


def _facts(wanted: LogFilter) -> tuple[object, ...]:
    copy = wanted.copy
    number = (None, None) if copy is None else (copy.entry, copy.check)
    return (
        wanted.since,
        wanted.until,
        wanted.login,
        wanted.act,
        wanted.dossier,
        wanted.only_refused,
        *number,
        wanted.before,
    )


def seal(connection: psycopg.Connection[Any]) -> int:
    """Seal the days that ended; returns how many."""
    row = connection.execute("SELECT access_log_seal()").fetchone()
    assert row is not None
    return int(row[0])


def expire(connection: psycopg.Connection[Any], keep_days: int) -> int:
    """Remove sealed days older than that; returns how many entries went."""
    row = connection.execute("SELECT access_log_expire(%s)", (keep_days,)).fetchone()
    assert row is not None
    return int(row[0])


def broken_days(connection: psycopg.Connection[Any]) -> list[str]:
    """The sealed days that are no longer what they were."""
    return [str(day) for (day,) in connection.execute("SELECT access_log_verify()")]
