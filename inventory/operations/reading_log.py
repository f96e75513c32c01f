"""The access log: noting requests, reading it as the audit administrator, exporting it, keeping it for its time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inventory.domain.copies import CopyNumber
from inventory.domain.counting import LOCAL
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import ExportTooLong
from inventory.store import access_log, people
from inventory.store.access_log import LogEntry, LogFilter, Noted, TurnedAway
from inventory.store.database import Database, raw, shown

LOG_ENTRIES_SHOWN_MAX = 100
LOG_ENTRIES_AT_ONCE = 5_000  # of an export, which has no bound of its own


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some entries, the newest first, and whether older ones follow."""

    entries: tuple[LogEntry, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class LogExport:
    """Entries to be taken home, the newest first, read as they are asked for; and the number the list carries."""

    copy: CopyNumber
    entries: Iterator[LogEntry]


@dataclass(frozen=True, slots=True)
class LogKeeping:
    """Days sealed just now, and entries removed because their time was over."""

    sealed: int
    removed: int


def note_request(database: Database, viewer: Viewer | None, noted: Noted) -> None:
    """Enter a request and how it ended, in the name of whoever's session was presented."""
    database.at_once(lambda connection: access_log.note_request(connection, shown(viewer), noted))


def note_turned_away(database: Database, turned_away: Sequence[TurnedAway]) -> None:
    """Enter what the door refused before it was anybody's request."""
    with database.transaction() as session:
        access_log.note_turned_away(raw(session), turned_away)


def read_log(database: Database, viewer: Viewer, wanted: LogFilter, now: datetime) -> LogPage:
    """A page of the log; raises `NotAllowed` for everybody but the audit administrator, as the database does."""
    check_permitted(viewer, Permission.READ_ACCESS_LOG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = access_log.entries(connection, wanted, LOG_ENTRIES_SHOWN_MAX + 1)
        people.log_access(connection, viewer.account_id, "access_log", now)
    return LogPage(tuple(found[:LOG_ENTRIES_SHOWN_MAX]), len(found) > LOG_ENTRIES_SHOWN_MAX)


def export_log(database: Database, viewer: Viewer, wanted: LogFilter, *, entries_max: int | None = None) -> LogExport:
    """All entries of a range, as they were when it began; raises `NotAllowed`, and `ExportTooLong` beyond `entries_max`.

    That it was made is entered, with the range. The entries come in pieces, each in a transaction of its own: no connection
    waits for whoever takes the list slowly.
    """
    check_permitted(viewer, Permission.READ_ACCESS_LOG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if entries_max is not None:
            oldest = access_log.moment_of_last_within(connection, wanted, entries_max)
            if oldest is not None:
                # A whole minute, as the form has it, in which no more than fit can lie.
                since = (oldest + timedelta(minutes=1)).astimezone(LOCAL)
                raise ExportTooLong(entries=entries_max, since=f"{since:%Y-%m-%d %H:%M}")
        first = access_log.entries(connection, wanted, LOG_ENTRIES_AT_ONCE)
        copy = access_log.take_copy(connection, "access_log", _range(wanted))
    return LogExport(copy, _all(database, viewer, wanted, first))


def _all(database: Database, viewer: Viewer, wanted: LogFilter, first: list[LogEntry]) -> Iterator[LogEntry]:
    found = first
    while found:
        yield from found
        if len(found) < LOG_ENTRIES_AT_ONCE:
            return
        with database.transaction(viewer) as session:
            found = access_log.entries(raw(session), replace(wanted, before=found[-1].id), LOG_ENTRIES_AT_ONCE)


def _range(wanted: LogFilter) -> str:
    """What an export is from, by its times alone: a person, an act or a number that was typed stays out of the log."""
    ends = ("…" if one is None else f"{one.astimezone(LOCAL):%Y-%m-%d %H:%M}" for one in (wanted.since, wanted.until))
    return " – ".join(ends)


def seal_and_expire(database: Database, keep_days: int) -> LogKeeping:
    """Seal the days that ended, then let go what is older than `keep_days`; raises `LogKept` for fewer than 190."""
    with database.transaction() as session:
        connection = raw(session)
        return LogKeeping(access_log.seal(connection), access_log.expire(connection, keep_days))


def verify_log(database: Database) -> list[str]:
    """The sealed days whose entries are no longer what they were; none where all is well. For the jobs' role."""
    with database.transaction() as session:
        return access_log.broken_days(raw(session))
