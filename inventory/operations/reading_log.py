"""The access log: noting requests, reading it as the audit administrator, exporting it, keeping it for its time."""

from dataclasses import dataclass
from datetime import datetime

from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.store import access_log, people
from inventory.store.access_log import LogEntry, LogFilter, Noted
from inventory.store.database import Database, raw, shown

LOG_ENTRIES_SHOWN_MAX = 100
LOG_ENTRIES_EXPORTED_MAX = 100_000


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some entries, the newest first, and whether older ones follow."""

    entries: tuple[LogEntry, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class LogKeeping:
    """Days sealed just now, and entries removed because their time was over."""

    sealed: int
    removed: int


def note_request(database: Database, viewer: Viewer | None, noted: Noted) -> None:
    """Enter a request and how it ended, in the name of whoever's session was presented."""
    database.at_once(lambda connection: access_log.note_request(connection, shown(viewer), noted))


def read_log(database: Database, viewer: Viewer, wanted: LogFilter, now: datetime) -> LogPage:
    """A page of the log; raises `NotAllowed` for everybody but the audit administrator, as the database does."""
    return _read(database, viewer, wanted, LOG_ENTRIES_SHOWN_MAX, "access_log", now)


def export_log(database: Database, viewer: Viewer, wanted: LogFilter, now: datetime) -> LogPage:
    """What an export holds, at most `LOG_ENTRIES_EXPORTED_MAX` entries; raises `NotAllowed`. That it was made is logged."""
    return _read(database, viewer, wanted, LOG_ENTRIES_EXPORTED_MAX, "access_log_export", now)


def seal_and_expire(database: Database, keep_days: int) -> LogKeeping:
    """Seal the days that ended, then let go what is older than `keep_days`; raises `LogKept` for fewer than 190."""
    with database.transaction() as session:
        connection = raw(session)
        return LogKeeping(access_log.seal(connection), access_log.expire(connection, keep_days))


def verify_log(database: Database) -> list[str]:
    """The sealed days whose entries are no longer what they were; none where all is well. For the jobs' role."""
    with database.transaction() as session:
        return access_log.broken_days(raw(session))


def _read(database: Database, viewer: Viewer, wanted: LogFilter, entries_max: int, act: str, now: datetime) -> LogPage:
    check_permitted(viewer, Permission.READ_ACCESS_LOG)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = access_log.entries(connection, wanted, entries_max + 1)
        people.log_access(connection, viewer.account_id, act, now)
    return LogPage(tuple(found[:entries_max]), len(found) > entries_max)
