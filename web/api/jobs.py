"""`/api/v1/jobs`: what Guiwei does on its own, what came of it lately, and wanting one run now."""

from collections.abc import Mapping
from datetime import datetime

from fastapi import Request
from pydantic import BaseModel, Field

from inventory.domain.jobs import JobName, says
from inventory.domain.permissions import Permission
from inventory.operations import jobs
from inventory.operations.jobs import JobsView
from web.api.work import REFUSALS
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)


class JobAnswer(BaseModel):
    """A job as it stands; what hasn't happened yet is null."""

    job: str
    running: bool = Field(description="It has begun and not ended.")
    failing: bool = Field(description="Its last turn ended with the problem told.")
    started_at: datetime | None
    finished_at: datetime | None
    next_due: datetime | None
    numbers: Mapping[str, int] | None = Field(description="Of the last turn that had something to do.")
    result: str | None = Field(description="The same as a sentence.")
    result_zh: str | None
    result_at: datetime | None
    problem: str | None = Field(description="The last one, of whenever.")
    problem_zh: str | None
    problem_at: datetime | None
    asked_by: str | None = Field(description="Who wants it run now.")
    asked_at: datetime | None


class RunAnswer(BaseModel):
    """A row of the short history: real work, or a problem. What comes round every few seconds has a row an hour."""

    job: str
    process: str
    started_at: datetime
    finished_at: datetime
    asked_by: str | None
    numbers: Mapping[str, int] | None
    problem: str | None
    problem_zh: str | None


class ProcessAnswer(BaseModel):
    """A process that could do the jobs."""

    process: str
    active: bool = Field(description="It holds the lease and does them; the others stand by.")
    started_at: datetime
    seen_at: datetime


class JobsAnswer(BaseModel):
    """The jobs, what they did lately (newest first), and the processes."""

    jobs: list[JobAnswer]
    history: list[RunAnswer]
    processes: list[ProcessAnswer]


@router.get("/jobs", summary="What Guiwei does on its own")
@permitted(Permission.SEE_JOBS)
def show_jobs(request: Request, viewer: SignedIn) -> JobsAnswer:
    """Each job's last result and next due time, the newest history, and which process is active."""
    return _answer(jobs.look(site_of(request).database, viewer, read_clock()))


@router.post("/jobs/{job}/run", status_code=202, summary="Want a job run now")
@permitted(Permission.RUN_JOBS)
def run_job(request: Request, viewer: SignedIn, job: JobName) -> JobsAnswer:
    """The active process does it as soon as it hears of it; where none is, the first that comes."""
    database = site_of(request).database
    jobs.run_now(database, viewer, job)
    return _answer(jobs.look(database, viewer, read_clock()))


def _answer(view: JobsView) -> JobsAnswer:
    return JobsAnswer(
        jobs=[
            JobAnswer(
                job=row.name.value,
                running=row.is_running,
                failing=row.is_failing,
                started_at=row.started_at,
                finished_at=row.finished_at,
                next_due=row.next_due,
                numbers=row.numbers,
                result=None if row.numbers is None else says(row.name, row.numbers, "en"),
                result_zh=None if row.numbers is None else says(row.name, row.numbers, "zh"),
                result_at=row.result_at,
                problem=row.problem_en,
                problem_zh=row.problem_zh,
                problem_at=row.problem_at,
                asked_by=row.asked_by,
                asked_at=row.asked_at,
            )
            for row in view.jobs
        ],
        history=[
            RunAnswer(
                job=run.job.value,
                process=run.owner,
                started_at=run.started_at,
                finished_at=run.finished_at,
                asked_by=run.asked_by,
                numbers=run.numbers,
                problem=run.problem_en,
                problem_zh=run.problem_zh,
            )
            for run in view.history
        ],
        processes=[
            ProcessAnswer(process=one.owner, active=one.is_active, started_at=one.started_at, seen_at=one.seen_at)
            for one in view.processes
        ],
    )
