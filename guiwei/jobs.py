"""`guiwei jobs`: what Guiwei does on its own. One process is active, any number stand by.

APScheduler says when; a lease in the database says who; a row for each job says when it is due, so that whoever takes over, or
comes back after days, makes up once for what was missed. What they do stands in `guiwei.job_work`.
"""

import logging
import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from guiwei.job_notes import Notes
from guiwei.job_work import JOBS_LEASE, LOG_DAYS, JobWork
from inventory.domain.jobs import JOBS, NOTHING, RETRY_AFTER, Done, JobName, Schedule, says
from inventory.domain.refusals import LeaseLost, Refusal, Unavailable
from inventory.operations.jobs import LEASE
from inventory.store import job_rows, leases
from inventory.store.database import Database
from inventory.store.job_rows import Problem
from inventory.store.leases import Lease
from inventory.store.signing import LedgerFiles

log = logging.getLogger(__name__)

LISTEN_SECONDS = 0.5  # how soon we hear that we are to stop
PROCESS_SECONDS = 10
RETRY_SECONDS = 1
AWAY = (Unavailable, psycopg.OperationalError, psycopg.InterfaceError)
BROKEN = Problem("运行时系统出错，见日志。", "Something broke; the log says what.")


class _Trigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """APScheduler asks a job's schedule. However late it asks, it is one turn."""

    def __init__(self, schedule: Schedule, zone: ZoneInfo) -> None:
        self._schedule, self._zone = schedule, zone

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """The next one after now."""
        return self._schedule.after(now, self._zone)


class Jobs:
    """The jobs of one site. Each runs on a connection of its own, never two of one kind at once."""

    def __init__(
        self, database: Database, timezone: ZoneInfo, log_days: int = LOG_DAYS, ledger_files: LedgerFiles | None = None
    ) -> None:
        """As `JobWork` has them."""
        self._work = JobWork(database, timezone, log_days, ledger_files).by_name
        self._database = database
        self._timezone = timezone
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._lease: Lease | None = None
        self._taking = threading.Lock()
        self._notes = _nothing_noted()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        for name, rule in JOBS.items():
            self._scheduler.add_job(
                self.turn,
                _Trigger(rule.schedule, timezone),
                args=(name,),
                id=name.value,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                # Whoever takes the lease asks the rows what is due.
                next_run_time=rule.schedule.after(datetime.now(UTC), timezone),
            )

    def run(self, stop: threading.Event) -> None:
        """Work, or stand by, until stopped."""
        self._scheduler.start()
        self._soon(JobName.BELIEFS, timedelta())  # any of them: it takes the lease if it can
        try:
            self._listen(stop)
        finally:
            self._scheduler.shutdown(wait=True)
            self._give_back()

    def turn(self, name: JobName) -> None:
        """Run a job if the lease is ours; a database that is away is tried again at the next turn."""
        try:
            with self._database.unpooled() as connection:
                lease = self._leased(connection)
                if lease is not None:
                    self._run(connection, lease, name)
        except LeaseLost:
            self._lease = None
        except AWAY as away:
            log.warning("%s waits: %s", name.value, str(away).strip())
            if not JOBS[name].schedule.is_steady:
                self._soon(name, RETRY_AFTER)

    # ── One turn ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, connection: psycopg.Connection[Any], lease: Lease, name: JobName) -> None:
        started, schedule = datetime.now(UTC), JOBS[name].schedule
        wish = job_rows.wish(connection, name)
        if not schedule.is_steady:
            job_rows.begin(connection, name, started)
        connection.commit()
        done, problem = self._done(connection, lease, name)
        again = RETRY_AFTER if problem is not None else done.again
        now = datetime.now(UTC)
        due = schedule.after(now, self._timezone) if again is None else now + again
        notes = self._notes[name]
        turn = notes.turned(started, now, due, done.numbers, problem, wish)
        if turn is not None:
            with connection.transaction():
                leases.hold(connection, lease, now, JOBS_LEASE)
                notes.row = job_rows.finish(connection, lease, turn)
                wish = job_rows.wish(connection, name)
        if wish is not None:  # a second wish, while it ran
            again = timedelta()
        if again is not None:
            self._soon(name, again)

    def _done(self, connection: psycopg.Connection[Any], lease: Lease, name: JobName) -> tuple[Done, Problem | None]:
        """Do it; what it can't do is a problem to be told, and no reason to stop."""
        try:
            done = self._work[name](connection, lease)
        except (LeaseLost, *AWAY):
            raise
        except Refusal as refusal:  # a key file that is missing or wrong
            log.warning("%s: %s", name.value, refusal.sentence("en"))
            return NOTHING, Problem(refusal.sentence("zh"), refusal.sentence("en"))
        except Exception:
            log.exception("%s", name.value)
            connection.rollback()
            return NOTHING, BROKEN
        if done.numbers:
            level = logging.DEBUG if JOBS[name].schedule.is_steady else logging.INFO
            log.log(level, "%s: %s", name.value, says(name, done.numbers, "en"))
        return done, None

    def _soon(self, name: JobName, wait: timedelta) -> None:
        self._scheduler.modify_job(name.value, next_run_time=datetime.now(UTC) + wait)

    # ── Who works ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _listen(self, stop: threading.Event) -> None:
        """Say that we are there, and hear whom people want run now."""
        while not stop.is_set():
            try:
                with self._database.unpooled() as connection:
                    connection.autocommit = True
                    connection.execute("LISTEN job_asked")
                    self._grant_wishes(connection)
                    self._hear(connection, stop)
                    job_rows.forget_process(connection, self._owner)
            except AWAY as away:
                log.warning("the jobs wait for the database: %s", str(away).strip())
                stop.wait(RETRY_SECONDS)

    def _hear(self, connection: psycopg.Connection[Any], stop: threading.Event) -> None:
        seen_at = -float("inf")
        while not stop.is_set():
            if time.monotonic() - seen_at >= PROCESS_SECONDS:
                job_rows.note_process(connection, self._owner, datetime.now(UTC))
                seen_at = time.monotonic()
            # What it says is nothing: anybody with a connection can say anything here.
            if list(connection.notifies(timeout=LISTEN_SECONDS, stop_after=1)):
                self._grant_wishes(connection)

    def _grant_wishes(self, connection: psycopg.Connection[Any]) -> None:
        for name in job_rows.wished(connection):
            self._soon(name, timedelta())

    def _leased(self, connection: psycopg.Connection[Any]) -> Lease | None:
        with self._taking:
            if self._lease is None:
                self._lease = leases.take(connection, LEASE, self._owner, datetime.now(UTC), JOBS_LEASE)
                connection.commit()
                if self._lease is not None:
                    log.info("the jobs are ours (fencing %d)", self._lease.fencing)
                    self._resume(connection)
            return self._lease

    def _resume(self, connection: psycopg.Connection[Any]) -> None:
        """Go on where whoever did the jobs before has left them: what is due by now, once."""
        self._notes = _nothing_noted()
        now, wished = datetime.now(UTC), job_rows.wished(connection)
        for name, due in job_rows.due(connection).items():
            if JOBS[name].schedule.is_steady:  # it comes round by itself
                continue
            wait = timedelta() if due is None or name in wished else max(due - now, timedelta())
            self._soon(name, wait)
        connection.commit()

    def _give_back(self) -> None:
        if self._lease is None:
            return
        try:
            with self._database.unpooled() as connection:
                leases.give_back(connection, self._lease, datetime.now(UTC))
        except AWAY:
            log.warning("the lease of the jobs runs out by itself")


def _nothing_noted() -> dict[JobName, Notes]:
    return {name: Notes(name, rule.schedule.is_steady) for name, rule in JOBS.items()}
