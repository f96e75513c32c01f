"""The jobs (后台作业): what each did last, when it is due, which process does them, and a button that wants one now."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from inventory.domain.jobs import JOBS, JobName, says
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import NoSuchAddress
from inventory.operations import jobs
from inventory.operations.jobs import JobsView
from inventory.store.job_rows import JobRow, RunRow
from web.doors import Doors, permitted
from web.outcomes import redirect
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
Name = Annotated[str, Path(max_length=40)]


@dataclass(frozen=True, slots=True)
class JobsContext:
    """The jobs as they stand."""

    view: JobsView
    may_run: bool

    @staticmethod
    def is_steady(row: JobRow) -> bool:
        """Whether it comes round every few seconds."""
        return JOBS[row.name].schedule.is_steady

    @staticmethod
    def did(row: JobRow, language: str) -> str | None:
        """What it did last, as a sentence in `zh` or `en`."""
        return None if row.numbers is None else says(row.name, row.numbers, language)

    @staticmethod
    def told(run: RunRow, language: str) -> str:
        """A row of the history as a sentence."""
        if run.numbers is None:
            return (run.problem_zh if language == "zh" else run.problem_en) or ""
        return says(run.job, run.numbers, language)


@router.get("/jobs", include_in_schema=False)
@permitted(Permission.SEE_JOBS)
def jobs_page(request: Request, viewer: SignedIn) -> Response:
    """The list; asked for again whenever a job has begun or ended."""
    return render(request, "jobs.html", _context(request, viewer), viewer, block="jobs")


@router.post("/jobs/{job}/run", include_in_schema=False)
@permitted(Permission.RUN_JOBS)
def run_now(request: Request, viewer: SignedIn, job: Name) -> Response:
    """Want a job run now."""
    jobs.run_now(site_of(request).database, viewer, job_named(job))
    return redirect(request, "/jobs", "jobs.asked")


def _context(request: Request, viewer: Viewer) -> JobsContext:
    view = jobs.look(site_of(request).database, viewer, read_clock())
    return JobsContext(view, permits(viewer, Permission.RUN_JOBS))


def job_named(text: str) -> JobName:
    """A job by its name in an address; raises `NoSuchAddress`."""
    try:
        return JobName(text)
    except ValueError:
        raise NoSuchAddress from None
