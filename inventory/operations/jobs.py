"""What people see of the jobs, and that they may want one run now."""

from dataclasses import dataclass
from datetime import datetime

from inventory.domain.jobs import JobName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.store import job_rows
from inventory.store.database import Database, raw
from inventory.store.job_rows import JobRow, ProcessRow, RunRow

LEASE = "jobs"


@dataclass(frozen=True, slots=True)
class JobsView:
    """The jobs in the order of their table, what they did lately, and the processes, the active one first."""

    jobs: tuple[JobRow, ...]
    history: tuple[RunRow, ...]
    processes: tuple[ProcessRow, ...]

    @property
    def active(self) -> ProcessRow | None:
        """The process that does them."""
        return next((one for one in self.processes if one.is_active), None)

    @property
    def standing_by(self) -> tuple[ProcessRow, ...]:
        """Those that would take over."""
        return tuple(one for one in self.processes if not one.is_active)


def look(database: Database, viewer: Viewer, now: datetime) -> JobsView:
    """The jobs as they stand; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_JOBS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        order = list(JobName)
        rows = sorted(job_rows.every(connection), key=lambda row: order.index(row.name))
        return JobsView(
            tuple(rows), tuple(job_rows.history(connection)), tuple(job_rows.processes(connection, LEASE, now))
        )


def run_now(database: Database, viewer: Viewer, name: JobName) -> None:
    """Want a job run now: the active process does it as soon as it hears of it. Raises `NotAllowed`."""
    check_permitted(viewer, Permission.RUN_JOBS)
    with database.transaction(viewer) as session:
        job_rows.ask(raw(session), name)
