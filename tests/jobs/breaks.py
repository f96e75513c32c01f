"""Every constraint of jobs, broken by the superuser's own SQL."""

from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """A row of the history."""
    archive.root.execute(RUN.format(finished="now()", numbers="'{\"made\": 1}'", zh="NULL"))


RUN = (
    "INSERT INTO job_run (job, owner, fencing, started_at, finished_at, numbers, problem_zh) "
    "VALUES ('partitions', 'here:1', 1, now(), {finished}, {numbers}, {zh})"
)
BREAKS = {
    "job_known": "INSERT INTO job (name) VALUES ('sweeping the floor')",
    "job_is_told": "UPDATE job SET problem_en = 'x' WHERE name = 'close'",
    "job_asked_by_somebody": "UPDATE job SET asked_at = now() WHERE name = 'close'",
    "job_asked_by_its_roles": "SELECT job_ask('close')",
    "job_run_ends_after_it_began": RUN.format(finished="now() - interval '1 second'", numbers="'{}'", zh="NULL"),
    "job_run_is_told": RUN.format(finished="now()", numbers="NULL", zh="NULL"),
}
