"""`guiwei jobs`: what Guiwei does on its own. One process is active, any number stand by.

APScheduler says when; a lease in the database says who. Every job is safe to run late, twice, or after a crash: it looks
at what is there and does what is due.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from devices.replay import EARLY
from inventory.domain.refusals import BadInput, LeaseLost, Unavailable
from inventory.operations import audit_plans, auditing
from inventory.operations.believing import step_beliefs
from inventory.operations.checkpointing import sign_heads, signed_since
from inventory.operations.closing import close_day, last_close
from inventory.operations.discrepancies import follow_facts
from inventory.operations.reading_log import seal_and_expire
from inventory.operations.reminding import remind
from inventory.store import audit_rows, evidence, leases
from inventory.store.database import Database
from inventory.store.leases import Lease
from inventory.store.signing import LedgerFiles

log = logging.getLogger(__name__)

JOBS_LEASE = timedelta(seconds=30)  # after this long, another process takes over from a dead one
BELIEF_SECONDS = 2
FOLLOW_SECONDS = 10
CLOSE_SECONDS = 60
AUDIT_SECONDS = 3
AUDIT_LEASE = timedelta(minutes=10)
PARTITION_SECONDS = 3600
REMIND_SECONDS = 900  # its clocks run by days; this is how soon after midnight people are told
PARTITION_DAYS_AHEAD = 3
LOG_SECONDS = 3600
LOG_DAYS = 400
CHECKPOINT_SECONDS = 60


class Jobs:
    """The jobs of one site. Each runs on a connection of its own, never two of one kind at once."""

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
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._lease: Lease | None = None
        self._taking = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Work, or stand by, until stopped."""
        scheduler = BackgroundScheduler(timezone=UTC)
        for job, seconds in (
            (self.draw_beliefs, BELIEF_SECONDS),
            (self.follow_discrepancies, FOLLOW_SECONDS),
            (self.work_audits, AUDIT_SECONDS),
            (self.close_days, CLOSE_SECONDS),
            (self.make_partitions, PARTITION_SECONDS),
            (self.remind_people, REMIND_SECONDS),
            (self.seal_log, LOG_SECONDS),
            (self.sign_ledger, CHECKPOINT_SECONDS),
        ):
            scheduler.add_job(
                self._guarded,
                IntervalTrigger(seconds=seconds),
                args=(job,),
                id=job.__name__,
                max_instances=1,
                coalesce=True,
                next_run_time=datetime.now(UTC),
            )
        scheduler.start()
        try:
            stop.wait()
        finally:
            scheduler.shutdown(wait=True)
            self._give_back()

    # ── The jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def draw_beliefs(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """Whatever was seen since the last step becomes belief."""
        now = datetime.now(UTC)
        if changed := step_beliefs(connection, now + EARLY, lease, now):
            log.debug("%d beliefs changed", changed)

    def follow_discrepancies(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """What an act, a tag or a reader has settled since is over."""
        if over := follow_facts(connection, datetime.now(UTC), lease):
            log.info("%d discrepancies are over by the facts", over)

    def close_days(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """Close the last local day, if that hasn't been done: at midnight, or whenever we are back after it."""
        midnight = datetime.now(self._timezone).replace(hour=0, minute=0, second=0, microsecond=0)
        closed = last_close(connection)
        # What began to be judged by yesterday's model is judged by it, also where it was cut short.
        waits = audit_rows.under_way(connection)
        connection.commit()
        if not waits and (closed is None or closed < midnight):
            done = close_day(connection, midnight.astimezone(UTC), lease, datetime.now(UTC))
            log.info(
                "the day before %s is closed: model %d, %s, %s",
                midnight.date(),
                done.version,
                done.outcomes,
                done.cases,
            )

    def work_audits(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """Ask for the audits whose plans are due; judge those that wait, and those that were cut short."""
        with connection.transaction():
            leases.hold(connection, lease, datetime.now(UTC), JOBS_LEASE)
            audit_plans.work(connection, datetime.now(UTC))

        def still_ours(keeping: psycopg.Connection[Any]) -> None:
            leases.hold(keeping, lease, datetime.now(UTC), AUDIT_LEASE)

        for done in auditing.run_waiting(self._database, lambda: datetime.now(UTC), still_ours):
            log.info(
                "audit %s of %s: %d findings, %.1f %% covered",
                done.number,
                done.scope,
                len(done.findings),
                100 * done.coverage,
            )

    def make_partitions(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """Evidence of the next days finds its partitions there."""
        today = datetime.now(UTC).date()
        with connection.transaction():
            leases.hold(connection, lease, datetime.now(UTC), JOBS_LEASE)
            evidence.ensure_days(
                connection, [today + timedelta(days=ahead) for ahead in range(PARTITION_DAYS_AHEAD + 1)]
            )

    def remind_people(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """Mark what is overdue, chase receipts, suspect losses. Each once, whoever runs it, so it needs no fence."""
        told = remind(self._database, datetime.now(UTC))
        if told.overdue or told.chased or told.escalated:
            log.info("overdue %d, receipts chased %d, losses suspected %d", told.overdue, told.chased, told.escalated)

    def seal_log(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """Seal the access log's finished days and let its oldest go. Days are sealed once, so it needs no fence."""
        kept = seal_and_expire(self._database, self._log_days)
        if kept.sealed or kept.removed:
            log.info("access log: %d days sealed, %d entries past their time removed", kept.sealed, kept.removed)

    def sign_ledger(self, connection: psycopg.Connection[Any], lease: Lease) -> None:
        """Sign the ledger's roots once a local day. Checkpoints follow one another whoever makes them: it needs no fence."""
        midnight = datetime.now(self._timezone).replace(hour=0, minute=0, second=0, microsecond=0)
        if self._ledger_files is None or signed_since(self._database, midnight):
            return
        for signed in sign_heads(self._database, self._ledger_files, datetime.now(UTC)):
            log.info("checkpoint %s #%d is signed", signed.checkpoint.warehouse, signed.checkpoint.number)

    # ── Who works ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _guarded(self, job: Callable[[psycopg.Connection[Any], Lease], None]) -> None:
        """Run a job if the lease is ours; a database that is away is tried again at the next turn."""
        try:
            with self._database.unpooled() as connection:
                lease = self._leased(connection)
                if lease is not None:
                    job(connection, lease)
        except LeaseLost:
            self._lease = None
        # BadInput: a key file that is missing or wrong.
        except (Unavailable, BadInput, psycopg.OperationalError) as away:
            log.warning("%s waits: %s", job.__name__, str(away).strip())

    def _leased(self, connection: psycopg.Connection[Any]) -> Lease | None:
        with self._taking:
            if self._lease is None:
                self._lease = leases.take(connection, "jobs", self._owner, datetime.now(UTC), JOBS_LEASE)
                connection.commit()
                if self._lease is not None:
                    log.info("the jobs are ours (fencing %d)", self._lease.fencing)
            return self._lease

    def _give_back(self) -> None:
        if self._lease is None:
            return
        try:
            with self._database.unpooled() as connection:
                leases.give_back(connection, self._lease, datetime.now(UTC))
        except (Unavailable, psycopg.OperationalError):
            log.warning("the lease of the jobs runs out by itself")
