"""`guiwei up`, `guiwei demo` and a short command, with nothing but a directory: what they start they also end."""

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from guiwei.demo import PASSWORD, PEOPLE
from tests.commands.running import Guiwei, Running, command_line, database_runs
from tests.imports.files import AGENCIES, DOSSIERS, EPCS, PLACES, csv_file

FILES = {
    "agencies": AGENCIES,
    "places": PLACES,
    "readers": ("S-1,native,shelf/1,1,W2-A-01-1,shelf", "H-1,native,hand/1,0,W2-R1,handheld"),
    "dossiers": DOSSIERS,
}


@contextmanager
def running(guiwei: Guiwei, *arguments: str) -> Iterator[Running]:
    """The command while it runs; a test that fails leaves nothing behind either."""
    command = guiwei.start(*arguments)
    try:
        yield command
    finally:
        command.abandon()


def answers(command: Running, path: str) -> bool:
    try:
        return httpx.get(command.address + path, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def database(guiwei: Guiwei) -> psycopg.Connection[tuple[object, ...]]:
    """The embedded database as its superuser; open only while a command runs."""
    state = json.loads((guiwei.data / "postgres.json").read_text("utf-8"))
    password = state["passwords"]["superuser"]
    return psycopg.connect(f"postgresql://postgres:{password}@127.0.0.1:{state['port']}/guiwei", autocommit=True)


def child(command: Running, name: str) -> int | None:
    return next((pid for pid, line in command.children().items() if line.strip().endswith(f"guiwei {name}")), None)


def publish(guiwei: Guiwei, topic: str, payload: object) -> None:
    port = json.loads((guiwei.data / "broker.json").read_text("utf-8"))["port"]
    speaker = paho.Client(CallbackAPIVersion.VERSION2)
    speaker.connect("127.0.0.1", port)
    speaker.loop_start()
    speaker.publish(topic, json.dumps(payload), qos=1).wait_for_publish(5)
    speaker.disconnect()
    speaker.loop_stop()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_site_comes_up_reads_believes_heals_and_ends(directory: Path, tmp_path: Path) -> None:
    guiwei = Guiwei(directory / "data")
    for kind, lines in FILES.items():
        done = guiwei("import", kind, csv_file(tmp_path, kind, *lines))
        assert done.code == 0, done.err
        assert not database_runs(guiwei.data), "the last one out stops the server"

    with running(guiwei, "up") as up:
        up.wait_for(lambda: answers(up, "/health") and answers(up, "/ready"))
        up.wait_for(lambda: child(up, "ingest") and child(up, "jobs"))
        with database(guiwei) as watched:
            # Ingest subscribes some moment after it has started; until then nobody listens.
            def evidence() -> object:
                publish(guiwei, "shelf/1", {"antenna": 1, "epc": EPCS[1], "rssi_dbm": -45})
                return watched.execute("SELECT FROM evidence").rowcount

            up.wait_for(evidence, 60)
            up.wait_for(lambda: watched.execute("SELECT FROM belief").rowcount, 60)
            told = watched.execute("SELECT code, probability FROM belief JOIN place ON place.id = place_id").fetchall()
            assert told == [("W2-A-01-1", 1.0)]

        before = child(up, "web")
        assert before is not None
        os.kill(before, signal.SIGKILL)
        up.wait_for(lambda: child(up, "web") not in (None, before) and answers(up, "/ready"))
        assert "web 已退出" in up.said

        assert guiwei("ledger", "verify", "--json").result["acts"] == 3, "other commands share the server"
        docked = tmp_path / "docked.csv"
        docked.write_text(f"标签,When,RSSI\n{EPCS[2]},{int(time.time()) - 60},-50\n{EPCS[9]},never,-50\n", "gb18030")
        bring = (
            "import",
            "reads",
            str(docked),
            "--reader",
            "H-1",
            "--column",
            "epc=标签",
            "--column",
            "at=When",
            "--json",
        )
        wrong = guiwei(*bring)
        assert (wrong.code, wrong.result["errors"][0]["row"], wrong.result["errors"][0]["column"]) == (2, 3, "When")
        brought = [guiwei(*bring, "--accept-valid").result for _ in range(2)]
        assert [(one["new_reads"], one["again"]) for one in brought] == [(1, False), (1, True)]
        assert up.process.poll() is None
        assert up.end(signal.SIGTERM) == 0, up.said
        assert is_free(up.port)
        assert "Traceback" not in up.said

    with running(guiwei, "up") as again:
        again.wait_for(lambda: answers(again, "/ready"))
        with database(guiwei) as watched:
            assert watched.execute("SELECT count(*) FROM belief").fetchone() == (1,)
            assert watched.execute("SELECT count(*) FROM dossier").fetchone() == (3,)
        assert again.end(signal.SIGINT) == 0, again.said


@pytest.fixture
def _no_nohup() -> Iterator[None]:
    """Where the tests run under nohup, the commands they start don't."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_no_nohup")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_told_to_end_in_its_work_stops_the_server_it_started(
    directory: Path, tmp_path: Path, how: signal.Signals
) -> None:
    guiwei = Guiwei(directory / "data")
    path = csv_file(tmp_path, "dossiers", *(f"N-{number},张三,,370112,,," for number in range(150_000)))
    with running(guiwei, "import", "dossiers", str(path), "--create-agencies") as command:

        def is_importing() -> bool:
            try:
                with database(guiwei) as watched:
                    return bool(watched.execute(
                        "SELECT FROM pg_stat_activity WHERE usename = 'guiwei_owner' AND query LIKE '%staged%'"
                    ).rowcount)  # fmt: skip
            except (OSError, psycopg.Error):
                return False

        command.wait_for(is_importing)
        assert command.end(how) == 128 + how
        assert "Traceback" not in command.said


def test_a_web_server_of_its_own_ends_in_order(directory: Path) -> None:
    guiwei = Guiwei(directory / "data")
    with running(guiwei, "web") as web:
        web.wait_for(lambda: answers(web, "/ready"))
        assert web.end(signal.SIGTERM) == 0, web.said


def test_the_demo_is_there_and_the_second_time_it_is_the_same_also_a_day_later(directory: Path) -> None:
    guiwei = Guiwei(directory / "demo")
    with running(guiwei, "demo", "--dossiers", "1000", "--speed", "100") as demo:
        demo.wait_for(lambda: "Ctrl-C" in demo.said, 240)
        assert demo.address in demo.said
        for person in PEOPLE:
            assert re.search(rf"{person.login}\s+{PASSWORD}", demo.said)
        number = re.search(r"例如 (\S+)", demo.said)
        assert number is not None
        keeper = httpx.Client(base_url=demo.address, headers={"Accept-Language": "en"})
        with keeper:
            signed_in = keeper.post("/sign-in", data={"login": "keeper", "password": PASSWORD})
            assert signed_in.status_code == 303
            found = keeper.get(f"/dossiers/{number[1]}")
            assert found.status_code == 200
            assert number[1] in found.text
            with database(guiwei) as watched:
                demo.wait_for(lambda: watched.execute("SELECT FROM belief").rowcount, 60)
                demo.wait_for(lambda: "前四天已盘完" in demo.said, 120)
                assert watched.execute("SELECT FROM audit WHERE state = 'judged'").rowcount == 1
                assert watched.execute("SELECT FROM judgement").rowcount
                acts = watched.execute("SELECT count(*), max(sequence) FROM act").fetchone()
                # As it is when the second start comes a day later: the letters of that day would bear another date.
                watched.execute("SET session_replication_role = replica")
                assert watched.execute("UPDATE command SET content_hash = sha256(content_hash)").rowcount
        assert demo.end(signal.SIGINT) == 0, demo.said
        assert "Traceback" not in demo.said

    with running(guiwei, "demo", "--dossiers", "5000") as again:
        again.wait_for(lambda: "Ctrl-C" in again.said, 60)
        assert "正在建立模拟城市" not in again.said
        assert "前四天" not in again.said
        with database(guiwei) as watched:
            assert watched.execute("SELECT count(*), max(sequence) FROM act").fetchone() == acts
            assert watched.execute("SELECT count(*) FROM dossier").fetchone() == (
                1010,
            )  # ten more are announced and expected
        assert again.end(signal.SIGTERM) == 0, again.said


def test_a_demo_ended_before_its_city_is_there_begins_anew(directory: Path) -> None:
    guiwei = Guiwei(directory / "demo")
    with running(guiwei, "demo", "--dossiers", "20000") as demo:
        demo.wait_for(lambda: "正在建立模拟城市" in demo.said, 60)
        assert demo.end(signal.SIGINT) == 0, demo.said
        assert "Traceback" not in demo.said
    assert guiwei("ledger", "verify", "--json").result["sound"] is True


def test_a_site_whose_starter_is_killed_is_found_again(directory: Path) -> None:
    """After kill -9 the server stands; the next command uses it and, being the last one out, stops it."""
    guiwei = Guiwei(directory / "data")
    with running(guiwei, "web") as web:
        web.wait_for(lambda: answers(web, "/ready"))
        web.process.kill()
        web.process.wait()
        assert database_runs(guiwei.data)
    assert guiwei("ledger", "verify").code == 0
    assert not database_runs(guiwei.data)
    assert command_line(web.process.pid) is None
