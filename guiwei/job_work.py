"""What each job does. Every one is safe to run late, twice, or after a crash: it looks at what is there and does what is due."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import psycopg

from devices.brought import take_brought
from devices.replay import EARLY
from inventory.domain.jobs import NOTHING, RETRY_AFTER, Done, JobName
from inventory.operations import audit_plans, auditing
from inventory.operations.believing import step_beliefs
from inventory.operations.checkpointing import sign_heads, signed_since
from inventory.operations.closing import close_day, last_close
from inventory.operations.discrepancies import follow_facts, follow_readers
from inventory.operations.reading_log import seal_and_expire
from inventory.operations.reminding import remind
from inventory.store import audit_rows, evidence, job_rows, leases, reader_commands
from inventory.store.database import Database
from inventory.store.leases import Lease
from inventory.store.signing import LedgerFiles

JOBS_LEASE = timedelta(seconds=30)  # after this long, another process takes over from a dead one
AUDIT_LEASE = timedelta(minutes=10)
PARTITION_DAYS_AHEAD = 3
LOG_DAYS = 400

Work: TypeAlias = Callable[[psycopg.Connection[Any], Lease], Done]


class JobWork:
    """The jobs of one site, by name. Each is given a connection of its own and the lease that is held."""

    def __init__(
        self, database: Database, timezone: ZoneInfo, log_days: int = LOG_DAYS, ledger_files: LedgerFiles | None = None
    ) -> None:
        """`timezone`: whose midnight ends a day; `log_days`: how long the access log is kept.

        `ledger_files`: what signs the ledger each day; without them it isn't signed.
        """
        self._ledger_files = ledger_files
        self._log_days = log_days
        self._database = database
        self._timezone = timezone
        self.by_name: dict[JobName, Work] = {
            JobName.BELIEFS: self.draw_beliefs,
            JobName.BROUGHT: self.take_brought_evidence,
            JobName.DISCREPANCIES: self.follow_discrepancies,
            JobName.AUDITS: self.work_audits,
            JobName.READERS: self.look_after_readers,
            JobName.CLOSE: self.close_days,
            JobName.CHECKPOINT: self.sign_ledger,
            JobName.REMINDERS: self.remind_people,
            JobName.PARTITIONS: self.make_partitions,
            JobName.STATISTICS: self.renew_statistics,
            JobName.ACCESS_LOG: self.seal_log,
        }

    def draw_beliefs(self, connection: psycopg.Connection[Any], lease: Lease) -> Done:
        """Whatever was seen since the last step becomes belief."""
        now = datetime.now(UTC)
        return _counted(changed=step_beliefs(connection, now + EARLY, lease, now))

    def take_brought_evidence(self, connection: psycopg.Connection[Any], _lease: Lease) -> Done:
        """What people brought becomes evidence. Each once, whoever takes it, so it needs no fence."""
        return _counted(reads=take_brought(connection, datetime.now(UTC)))

    def follow_discrepancies(self, connection: psycopg.Connection[Any], lease: Lease) -> Done:
        """What an act, a tag or a reader has settled since is over."""
        return _counted(over=follow_facts(connection, datetime.now(UTC), lease))

    def look_after_readers(self, connection: psycopg.Connection[Any], lease: Lease) -> Done:
        """A reader that is silent or whose clock is off is told at once, and not only by the night.

        Commands end in time also where no process is there to send them.
        """
        reader_commands.time_out(connection, datetime.now(UTC))
        connection.commit()
        return _counted(opened=follow_readers(connection, datetime.now(UTC), lease))

    def close_days(self, connection: psycopg.Connection[Any], lease: Lease) -> Done:
        """Close the last local day, if that hasn't been done: at midnight, or whenever we are back after it."""
        midnight = self._midnight()
        closed = last_close(connection)
        # What began to be judged by yesterday's model is judged by it, also where it was cut short.
        waits = audit_rows.under_way(connection)
        connection.commit()
        if closed is not None and closed >= midnight:
            return NOTHING
        if waits:
            return Done({}, again=RETRY_AFTER)
        done = close_day(connection, midnight.astimezone(UTC), lease, datetime.now(UTC))
        cases = {"opened": done.cases.opened, "closed": done.cases.closed}
        return Done({"model": done.version, **done.outcomes, **cases})

    def work_audits(self, connection: psycopg.Connection[Any], lease: Lease) -> Done:
        """Ask for the audits whose plans are due; judge those that wait, and those that were cut short."""
        with connection.transaction():
            leases.hold(connection, lease, datetime.now(UTC), JOBS_LEASE)
            asked = audit_plans.work(connection, datetime.now(UTC))

        def still_ours(keeping: psycopg.Connection[Any]) -> None:
            leases.hold(keeping, lease, datetime.now(UTC), AUDIT_LEASE)

        judged = auditing.run_waiting(self._database, lambda: datetime.now(UTC), still_ours)
        return _counted(asked=len(asked), judged=len(judged), findings=sum(len(audit.findings) for audit in judged))

    def make_partitions(self, connection: psycopg.Connection[Any], lease: Lease) -> Done:
        """Evidence of the next days finds its partitions there."""
        today = datetime.now(UTC).date()
        with connection.transaction():
            leases.hold(connection, lease, datetime.now(UTC), JOBS_LEASE)
            days = [today + timedelta(days=ahead) for ahead in range(PARTITION_DAYS_AHEAD + 1)]
            missing = evidence.days_missing(connection, days)
            evidence.ensure_days(connection, missing)
        return _counted(made=len(missing))

    def renew_statistics(self, connection: psycopg.Connection[Any], lease: Lease) -> Done:
        """The planner learns of what has grown."""
        with connection.transaction():
            leases.hold(connection, lease, datetime.now(UTC), JOBS_LEASE)
        # Looking through a city's tables takes a while, and the lease is others' to hold meanwhile.
        with connection.transaction():
            return _counted(tables=job_rows.renew_statistics(connection))

    def remind_people(self, _connection: psycopg.Connection[Any], _lease: Lease) -> Done:
        """Mark what is overdue, chase receipts, suspect losses. Each once, whoever runs it, so it needs no fence."""
        told = remind(self._database, datetime.now(UTC))
        return _counted(overdue=told.overdue, chased=told.chased, escalated=told.escalated)

    def seal_log(self, _connection: psycopg.Connection[Any], _lease: Lease) -> Done:
        """Seal the access log's finished days and let its oldest go. Days are sealed once, so it needs no fence."""
        kept = seal_and_expire(self._database, self._log_days)
        return _counted(sealed=kept.sealed, removed=kept.removed)

    def sign_ledger(self, _connection: psycopg.Connection[Any], _lease: Lease) -> Done:
        """Sign the ledger's roots once a local day. Checkpoints follow one another whoever makes them: it needs no fence."""
        if self._ledger_files is None or signed_since(self._database, self._midnight()):
            return NOTHING
        return _counted(signed=len(sign_heads(self._database, self._ledger_files, datetime.now(UTC))))

    def _midnight(self) -> datetime:
        return datetime.now(self._timezone).replace(hour=0, minute=0, second=0, microsecond=0)


def _counted(**numbers: int) -> Done:
    """What was done in numbers; nothing, where all are zero."""
    return Done(numbers) if any(numbers.values()) else NOTHING
