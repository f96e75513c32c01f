"""An audit is stored, and one that was cut short is run again and finds the same."""

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from devices.simulator.halls import Hall
from guiwei.job_work import JobWork
from guiwei.jobs import Jobs
from guiwei.site import upgrade
from inventory.domain.acts import ActKind
from inventory.domain.audits import drawn
from inventory.domain.refusals import AuditUnderWay, PlaceNotFound, Unavailable
from inventory.operations import auditing
from inventory.operations.audit_views import row_of
from inventory.store import audit_results
from inventory.store.keys import new_key_ring
from tests import servers
from tests.audits.conftest import make_wrong
from tests.audits.nights import INTERVAL, ask, halted, run, state_of, stored
from tests.commands.running import command_line, descendants
from tests.conftest import Archive
from tests.ingest.equipment import IngestProcess, evidence, keep_alive, publisher, register_readers, until
from tests.locating.halls import NIGHTS, evening_of, shelf_of

Wrong = tuple[Archive, Hall]


def test_what_an_audit_finds_is_stored_as_it_was_found(wrong: Wrong) -> None:
    archive, _ = wrong
    with archive.jobs.unpooled() as connection:
        only_looked = auditing.audit(connection, "W1", *INTERVAL)
    found = run(archive, ask(archive))
    assert replace(found, number=None) == only_looked
    assert found.findings
    assert found.number is not None
    with archive.jobs.unpooled() as connection:
        told = audit_results.findings(connection, found.number, 0, 10_000)
        assert tuple(one for _, one in told) == found.findings
        assert [line for line, _ in told] == list(range(1, len(found.findings) + 1))
        assert tuple(one for _, one in audit_results.undecided(connection, found.number, 0, 10_000)) == found.undecided
        assert tuple(audit_results.gaps(connection, found.number, 100)) == found.gaps
    row = row_of(archive.app, archive.keeper, found.number)
    assert (row.state, row.expected, row.covered, row.findings) == (
        "judged",
        found.expected,
        found.covered,
        len(found.findings),
    )
    assert (row.coverage, row.progress) == (found.coverage, 100)
    assert row.model_version == found.model_version
    shelves = archive.root.execute("SELECT sum(expected), sum(covered) FROM audit_shelf").fetchone()
    assert shelves == (found.expected, found.covered)


def test_run_again_it_finds_the_same_row_for_row(wrong: Wrong) -> None:
    archive, _ = wrong
    first, second = ask(archive), ask(archive)
    run(archive, first)
    run(archive, second)
    assert stored(archive, first) == stored(archive, second)
    assert stored(archive, first)["audit_finding"]


@pytest.mark.parametrize("step", ["gathering", "judging", "keeping"])
def test_one_that_is_killed_leaves_nothing_and_is_finished_by_the_jobs(wrong: Wrong, step: str) -> None:
    archive, _ = wrong
    whole, cut = ask(archive), ask(archive)
    run(archive, whole)
    with halted(archive, cut, step) as process:
        with pytest.raises(AuditUnderWay):
            run(archive, cut)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert state_of(archive, cut) == "running"
    assert not any(stored(archive, cut).values())
    finish(archive, cut)
    assert stored(archive, cut) == stored(archive, whole)


def test_what_happens_after_it_began_does_not_come_into_it(wrong: Wrong) -> None:
    """Between the kill and the second run, an act is entered that is said to have happened in the interval."""
    archive, _ = wrong
    desk = archive.desk()
    whole, cut = ask(archive), ask(archive)
    found = run(archive, whole)
    missing = next(one.dossier for one in found.findings if one.kind == "missing")
    with halted(archive, cut, "judging") as process:
        process.kill()
        process.wait(60)
    late = evening_of(NIGHTS) - timedelta(hours=2)
    archive.act(ActKind.PICKED, str(missing), desk, authority="R-1", happened_at=late, reason="补登")
    finish(archive, cut)
    assert stored(archive, cut) == stored(archive, whole)
    assert missing not in {one.dossier for one in run(archive, ask(archive)).findings}, "a new audit knows it"


def test_a_killed_postgresql_loses_no_audit(tmp_path: Path) -> None:
    with servers.server_directory() as directory, servers.embedded_18(directory) as server:
        server.provision("audited")
        upgrade(server.url("owner", "audited"))
        archive = Archive(server, "audited", new_key_ring())
        make_wrong(archive, tmp_path)
        whole, cut = ask(archive), ask(archive)
        run(archive, whole)
        archive.root.execute("CHECKPOINT")
        with halted(archive, cut, "keeping") as process:
            postmaster = int((server.cluster.data / "postmaster.pid").read_text("utf-8").split()[0])
            backends = descendants(postmaster)
            for pid in (postmaster, *backends):  # a backend that outlives it for a moment would still commit
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            until(lambda: not any(command_line(pid) for pid in backends), "the server's processes are gone")
            assert process.stdin is not None
            process.stdin.write("go on\n")
            process.stdin.flush()
            assert process.wait(60) != 0
        start_again(server)
        archive.root.close()
        archive.root = psycopg.connect(server.superuser_url, dbname="audited", autocommit=True)
        # The tests' server doesn't wait for the disk, so the last commit before the kill may be gone with it.
        assert state_of(archive, cut) in {"waiting", "running"}
        finish(archive, cut)
        assert stored(archive, cut) == stored(archive, whole)
        archive.close()


def test_ingest_killed_meanwhile_changes_nothing_of_it(wrong: Wrong) -> None:
    archive, _ = wrong
    with servers.server_directory() as folder:
        register_readers(archive, folder, "late,native,r/late,0,W1,handheld,")
        whole, cut = ask(archive), ask(archive)
        run(archive, whole)
        with (
            servers.mosquitto(folder) as broker,
            publisher(broker.url) as readers,
            IngestProcess(archive, broker.url, folder) as ingest,
        ):
            ingest.start()
            keep_alive(archive, readers)
            with halted(archive, cut, "judging") as process:
                readers.publish("r/late", '{"epc": "3500000000000000000000AA", "rssi_dbm": -50}')
                ingest.kill()
                assert process.stdin is not None
                process.stdin.write("go on\n")
                process.stdin.flush()
                assert process.wait(60) == 0
            ingest.start()
            until(lambda: any("AA" in epc for _, _, epc in evidence(archive)), "what it hadn't taken comes again")
    assert stored(archive, cut) == stored(archive, whole)


def test_a_day_is_not_closed_while_an_audit_of_it_is_unfinished(wrong: Wrong) -> None:
    """The close changes what volumes sound like; an audit that was cut short is judged by what it began with."""
    archive, _ = wrong
    cut = ask(archive)
    with halted(archive, cut, "judging") as process:
        jobs = JobWork(archive.jobs, ZoneInfo("Asia/Shanghai"))
        with archive.jobs.unpooled() as connection:
            models = archive.root.execute("SELECT count(*) FROM model").fetchone()
            jobs.close_days(connection, None)  # type: ignore[arg-type]
            assert archive.root.execute("SELECT count(*) FROM model").fetchone() == models
        process.kill()
        process.wait(60)
    finish(archive, cut)


def test_a_sample_is_what_its_seed_draws(wrong: Wrong) -> None:
    archive, hall = wrong
    number = ask(archive)
    archive.root.execute(
        "INSERT INTO audit (place_id, judged_from, judged_until, state, asked_at, sample_shelves, seed) "
        "SELECT place_id, judged_from, judged_until, 'waiting', asked_at, 4, 'W1 #7' FROM audit WHERE id = %s",
        (number,),
    )
    found = run(archive, number + 1)
    shelves = [shelf_of(shelf) for shelf in range(len(hall.places.x))]
    asked = drawn(shelves, 4, "W1 #7")
    query = "SELECT code FROM audit_shelf JOIN place ON place.id = place_id WHERE audit_id = %s"
    assert {code for (code,) in archive.root.execute(query, (found.number,))} <= asked
    assert all({one.place_ledger, one.place_belief} & asked for one in found.findings)
    whole = run(archive, number)
    theirs = [one for one in whole.findings if {one.place_ledger, one.place_belief} & asked]
    assert list(found.findings) == theirs


def test_an_unknown_place_is_refused_before_anything_is_written(archive: Archive) -> None:
    with pytest.raises(PlaceNotFound):
        ask(archive, "W9")
    assert archive.root.execute("SELECT count(*) FROM audit").fetchone() == (0,)


def test_one_that_cannot_be_judged_fails_after_some_tries_and_says_so(wrong: Wrong) -> None:
    archive, _ = wrong
    number = ask(archive)
    archive.root.execute('UPDATE model SET parameters = \'{"sensor": {"relation": 5}}\'')
    for _ in range(auditing.ATTEMPTS_MAX):
        assert state_of(archive, number) != "failed"
        assert auditing.run_waiting(archive.jobs, lambda: datetime.now(UTC)) == []
    assert state_of(archive, number) == "failed"
    assert auditing.run_waiting(archive.jobs, lambda: datetime.now(UTC)) == []


def start_again(server: servers.PostgresForTests) -> None:
    """The server after a kill: its orphans let go of the memory within moments."""
    deadline = time.monotonic() + 60
    while True:
        try:
            server.cluster.start(server.port, {}, print)
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def finish(archive: Archive, number: int) -> None:
    """The jobs find it and finish it."""
    stop = threading.Event()
    jobs = threading.Thread(target=Jobs(archive.jobs, ZoneInfo("Asia/Shanghai")).run, args=(stop,))
    jobs.start()
    try:
        deadline = time.monotonic() + 120
        while state_of(archive, number) != "judged":
            assert time.monotonic() < deadline, state_of(archive, number)
            time.sleep(0.1)
    finally:
        stop.set()
        jobs.join(60)
