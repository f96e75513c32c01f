"""What Guiwei does on its own: written down, made up for once when it was missed, taken over, wanted now."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from guiwei.job_notes import Notes
from guiwei.jobs import Jobs
from inventory.domain.jobs import HISTORY_SPAN, JOBS, NOTED_EVERY, JobName, says
from inventory.domain.people import Role
from inventory.domain.refusals import NotAllowed
from inventory.operations import jobs as seen_jobs
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from inventory.store.job_rows import Problem, Wish
from inventory.store.signing import LedgerFiles
from tests.commands.running import ONE_ENGINE, Guiwei, Running
from tests.conftest import Archive
from tests.jobs.breaks import BREAKS, PREPARE
from tests.jobs.conftest import at_work, until

CHINA = ZoneInfo("Asia/Shanghai")
DAYS_AWAY = timedelta(days=3)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def value(archive: Archive, query: str) -> object:
    row = archive.root.execute(query).fetchone()
    assert row is not None
    return row[0]


def runs_of(archive: Archive, name: str) -> int:
    count = value(archive, f"SELECT count(*) FROM job_run WHERE job = '{name}'")
    assert isinstance(count, int)
    return count


def all_have_run(archive: Archive) -> bool:
    """Those that are due at once; what comes round every few seconds begins a few seconds later."""
    return value(archive, "SELECT count(*) FROM job WHERE finished_at IS NULL AND started_at IS NOT NULL OR next_due IS NULL "
                 "AND name IN ('close', 'checkpoint', 'reminders', 'partitions', 'statistics', 'access_log', 'readers')") == 0  # fmt: skip


# ── When they are due ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_daily_job_is_due_at_its_local_time_however_long_we_were_away() -> None:
    close = JOBS[JobName.CLOSE].schedule
    assert close.after(NOW, CHINA) == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert close.after(datetime(2026, 11, 20, 16, 0, tzinfo=UTC), CHINA) == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    assert JOBS[JobName.REMINDERS].schedule.after(NOW, CHINA) == NOW + timedelta(minutes=15)


def test_missed_runs_are_made_up_for_once(archive: Archive, tmp_path: Path) -> None:
    """The process was away over three midnights: one close, one look at the statistics, one signature, and on as before."""
    files = LedgerFiles.of(tmp_path, tmp_path / "ledger.key")
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    with at_work(archive, files):
        until(lambda: all_have_run(archive))
    before = {name: runs_of(archive, name) for name in ("close", "checkpoint", "statistics")}
    assert (before["close"], before["checkpoint"]) == (1, 1)
    assert value(archive, "SELECT count(*) FROM job_process") == 0, "it ended in order"
    models = value(archive, "SELECT count(*) FROM model")
    assert isinstance(models, int)
    for statement in (
        "UPDATE job SET started_at = started_at - %(away)s, finished_at = finished_at - %(away)s, next_due = next_due - %(away)s",
        "UPDATE model SET learned_until = learned_until - %(away)s, made_at = made_at - %(away)s",
        "ALTER TABLE checkpoint DISABLE TRIGGER USER",
        "UPDATE checkpoint SET made_at = made_at - interval '3 days'",
    ):
        archive.root.execute(statement, {"away": DAYS_AWAY} if "%" in statement else None)
    archive.root.execute("CREATE TABLE grown AS SELECT number FROM generate_series(1, 500) AS number")
    archive.root.execute("ALTER TABLE grown OWNER TO guiwei_owner")
    archive.root.execute("SELECT pg_stat_force_next_flush()")
    with at_work(archive, files):
        until(lambda: value(archive, "SELECT count(*) FROM job WHERE next_due <= now() AND name IN ('close', 'checkpoint', 'statistics')") == 0)  # fmt: skip
    assert {name: runs_of(archive, name) for name in before} == {name: count + 1 for name, count in before.items()}
    assert value(archive, "SELECT count(*) FROM model") == models + 1
    assert value(archive, "SELECT count(*) FROM checkpoint") == 2
    assert value(archive, "SELECT reltuples FROM pg_class WHERE relname = 'grown'") == 500
    due = archive.root.execute("SELECT next_due FROM job WHERE name = 'close'").fetchone()
    assert due is not None
    assert due[0].astimezone(CHINA).strftime("%H:%M") == "00:00"


# ── What is written down ─────────────────────────────────────────────────────────────────────────────────────────────


def test_two_hours_of_a_step_every_two_seconds_are_three_rows(archive: Archive) -> None:
    """And a row of the table every half minute; what found nothing to do is none at all."""
    notes, rows, noted, sums = Notes(JobName.BELIEFS, is_steady=True), 0, 0, []
    for step in range(2 * 3600 // 2):
        at = NOW + timedelta(seconds=2 * step)
        told = notes.turned(at, at, at, {"changed": 2}, None, None)
        if told is None:
            continue
        noted += 1
        if told.row is None:
            rows += 1
            notes.row = rows
            sums.append(0)
        assert told.in_history
        sums[-1] = told.numbers["changed"]
        assert told.finished_at - told.started_at <= HISTORY_SPAN + NOTED_EVERY
    assert rows == 2
    assert noted == 2 * 3600 // 30
    assert sum(sums) >= 2 * (3600 - 30)
    idle = Notes(JobName.BELIEFS, is_steady=True)
    told_idle = [idle.turned(at, at, at, {}, None, None) for at in (NOW, NOW + timedelta(seconds=31))]
    assert [one is not None and one.in_history for one in told_idle] == [False, False]
    assert archive


def test_a_problem_is_told_once_an_hour_and_when_it_is_over() -> None:
    notes, broken = Notes(JobName.REMINDERS, is_steady=False), Problem("坏", "broken")

    def turn(minutes: int, problem: Problem | None, wish: Wish | None = None) -> bool:
        at = NOW + timedelta(minutes=minutes)
        told = notes.turned(at, at, at, {}, problem, wish)
        assert told is not None
        assert told.problem == problem
        return told.in_history

    assert [turn(minute, broken) for minute in (0, 1, 2, 62)] == [True, False, False, True]
    assert [turn(63, None), turn(64, broken), turn(65, None, Wish(1, NOW))] == [False, True, True]


def test_a_job_that_cannot_do_its_work_says_why_and_the_others_go_on(archive: Archive, tmp_path: Path) -> None:
    files = LedgerFiles.of(tmp_path, tmp_path / "ledger.key")
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    jobs = Jobs(archive.jobs, CHINA, ledger_files=files)
    jobs.turn(JobName.CHECKPOINT)
    archive.root.execute("ALTER TABLE checkpoint DISABLE TRIGGER USER")
    archive.root.execute("UPDATE checkpoint SET made_at = made_at - interval '1 day'")
    (tmp_path / "ledger.key").rename(tmp_path / "elsewhere.key")
    jobs.turn(JobName.CHECKPOINT)
    jobs.turn(JobName.CHECKPOINT)
    jobs.turn(JobName.PARTITIONS)
    view = seen_jobs.look(archive.app, archive.keeper, datetime.now(UTC))
    rows = {row.name: row for row in view.jobs}
    failing = rows[JobName.CHECKPOINT]
    assert failing.is_failing
    assert failing.problem_en
    assert failing.problem_zh != failing.problem_en
    assert failing.next_due is not None
    assert failing.next_due < datetime.now(UTC) + timedelta(minutes=2), "tried again soon"
    assert failing.numbers == {"signed": 1}, "what it did before is still told"
    assert [run.numbers for run in view.history if run.job is JobName.CHECKPOINT] == [None, {"signed": 1}]
    assert rows[JobName.PARTITIONS].numbers == {"made": 4}
    (tmp_path / "elsewhere.key").rename(tmp_path / "ledger.key")
    jobs.turn(JobName.CHECKPOINT)
    again = next(
        row for row in seen_jobs.look(archive.app, archive.keeper, datetime.now(UTC)).jobs if row.name is failing.name
    )
    assert (again.is_failing, again.problem_en) == (False, failing.problem_en), "over, and still told"


def test_the_history_stays_short(archive: Archive) -> None:
    archive.root.execute(
        "INSERT INTO job_run (job, owner, fencing, started_at, finished_at, numbers) "
        "SELECT 'partitions', 'x', 1, now(), now(), '{}' FROM generate_series(1, 150)"
    )
    Jobs(archive.jobs, CHINA).turn(JobName.PARTITIONS)
    assert runs_of(archive, "partitions") == 100


@pytest.mark.parametrize("name", JobName)
def test_every_job_has_a_row_and_a_sentence(archive: Archive, name: JobName) -> None:
    assert value(archive, f"SELECT count(*) FROM job WHERE name = '{name}'") == 1
    for language in ("zh", "en"):
        assert "0" in says(name, {"an earlier version's": 1}, language)
        assert "{" not in says(name, {"x": 1}, language)


# ── Who does them ────────────────────────────────────────────────────────────────────────────────────────────────────


@ONE_ENGINE
def test_the_other_process_takes_over_from_a_killed_one_and_does_what_is_wanted(
    guiwei: Guiwei, archive: Archive
) -> None:
    manager = archive.person("manager", Role.CITY_MANAGER)
    first = guiwei.start("jobs")
    second: Running | None = None
    try:
        first.wait_for(lambda: all_have_run(archive))
        second = guiwei.start("jobs")
        second.wait_for(lambda: value(archive, "SELECT count(*) FROM job_process") == 2)
        view = seen_jobs.look(archive.app, manager, datetime.now(UTC))
        assert view.active is not None
        assert view.active.owner.endswith(f":{first.process.pid}")
        assert [one.owner.endswith(f":{second.process.pid}") for one in view.standing_by] == [True]
        assert second.said.count("the jobs are ours") == 0
        archive.root.execute("NOTIFY job_asked, 'no such job'")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(30)
        seen_jobs.run_now(archive.app, manager, JobName.PARTITIONS)
        archive.root.execute("UPDATE lease SET expires_at = now()")  # instead of waiting for half a minute
        second.wait_for(lambda: value(archive, "SELECT asked_at IS NULL FROM job WHERE name = 'partitions'"))
        (last, *_) = (run for run in seen_jobs.look(archive.app, manager, datetime.now(UTC)).history if run.asked_by)
        assert (last.job, last.asked_by, last.numbers) == (JobName.PARTITIONS, "manager", {})
        assert last.owner.endswith(f":{second.process.pid}")
        fencing = "SELECT array_agg(DISTINCT fencing ORDER BY fencing) FROM job_run"
        assert value(archive, fencing) == [1, 2], "each row says under which lease it was done"
        assert second.end() == 0
    finally:
        first.abandon()
        if second is not None:
            second.abandon()


def test_only_who_may_has_a_job_run_also_by_raw_sql(archive: Archive) -> None:
    manager = archive.person("manager", Role.CITY_MANAGER)
    with pytest.raises(NotAllowed):
        seen_jobs.run_now(archive.app, archive.keeper, JobName.CLOSE)
    with archive.sql_of(archive.keeper) as broken_in, pytest.raises(psycopg.Error) as refused:
        broken_in.execute("SELECT job_ask('close')")
    assert refusal_for(refused.value) == NotAllowed() or type(refusal_for(refused.value)) is NotAllowed
    with archive.sql_of(manager) as broken_in, pytest.raises(psycopg.errors.InsufficientPrivilege):
        broken_in.execute("UPDATE job SET asked_by = 1, asked_at = now()")
    assert value(archive, "SELECT count(*) FROM job WHERE asked_at IS NOT NULL") == 0


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    told: dict[str, str | None] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert told == {constraint: constraint for constraint in BREAKS}
