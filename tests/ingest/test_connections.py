"""The broker restarts, the database goes away, another machine takes over: ingest goes on, and nothing is lost or doubled."""

import itertools
import json
import logging
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import make_url

from inventory.domain.refusals import LeaseLost
from inventory.store import leases
from inventory.store.database import connect
from tests.conftest import Archive
from tests.ingest.conftest import ONE_ENGINE
from tests.ingest.equipment import (
    Publisher,
    Working,
    evidence,
    import_rows,
    keep_alive,
    publisher,
    quarantined,
    reads_of,
    register_readers,
    until,
    working,
)
from tests.servers import Mosquitto, iotcore, mosquitto

READER = "R,native,r/reads,0,A-01,shelf,"
SEED = 20260311

Listening = Callable[..., Working]
pytestmark = ONE_ENGINE


def read(number: int) -> str:
    """A read of a tag of its own, without a time."""
    return json.dumps({"epc": f"{number:024X}", "rssi_dbm": -50})


def counts(archive: Archive) -> Counter[int]:
    """How often each of these tags was read."""
    return Counter({int(epc, 16): reads for (_, _, epc), (reads, _) in evidence(archive).items()})


@contextmanager
def speaking(readers: Publisher, turn: AbstractContextManager[object] | None = None) -> Iterator[list[int]]:
    """A reader that says a read every few milliseconds; the list is the tags it has said.

    Whoever holds `turn` may be sure that the broker has all of it, and that nothing comes meanwhile.
    """
    said: list[int] = []
    done = threading.Event()

    def speak() -> None:
        for number in itertools.count(1):
            if done.wait(0.002):
                break
            with turn or nullcontext():
                readers.say("r/reads", read(number))
            said.append(number)

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield said
    finally:
        done.set()
        thread.join()


def wait_for_more(said: list[int], reads: int) -> None:
    seen = len(said)
    until(lambda: len(said) > seen + reads, "readers say more")


def wait_for_reads(archive: Archive) -> None:
    before = counts(archive).total()
    until(lambda: counts(archive).total() > before, "reads come in again")


# ── The broker ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_mosquitto_is_spoken_to_in_mqtt_5_and_keeps_the_session_of_an_ingest_that_is_away(
    archive: Archive, folder: Path
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    with mosquitto(folder, log_type="all") as broker, publisher(broker.url) as readers:
        with working(archive, broker.url):
            keep_alive(archive, readers)
        readers.say("r/reads", read(1), read(2))
        with working(archive, broker.url):
            keep_alive(archive, readers)
        log = (folder / "mosquitto.log").read_text("utf-8")
    assert counts(archive) == {1: 1, 2: 1}
    connections = [line for line in log.splitlines() if "as guiwei-ingest-0 (" in line]
    assert len(connections) == 2
    assert all("(p5, c0, k" in line for line in connections)


def test_a_broker_that_hangs_up_on_mqtt_5_is_spoken_to_in_mqtt_3_1_1(
    archive: Archive, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    caplog.set_level(logging.INFO, "devices.mqtt")
    with iotcore(folder) as broker, publisher(broker.url) as readers:
        with working(archive, broker.url):
            keep_alive(archive, readers)
        readers.say("r/reads", read(1), read(2))
        with working(archive, broker.url):
            keep_alive(archive, readers)
    assert counts(archive) == {1: 1, 2: 1}
    assert "by MQTTv311" in caplog.text
    assert "by MQTTv5" not in caplog.text


def test_a_broker_that_says_nothing_to_mqtt_5_is_spoken_to_in_mqtt_3_1_1(archive: Archive, folder: Path) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    with (
        mosquitto(folder) as broker,
        Relay(broker.port, holds_back=b"MQTT\x05") as relay,
        publisher(broker.url) as readers,
        working(archive, f"mqtt://127.0.0.1:{relay.port}"),
    ):
        keep_alive(archive, readers)
        readers.say("r/reads", read(1))
        until(lambda: counts(archive) == {1: 1}, "the read is in")


def test_a_broker_that_restarts_again_and_again_is_found_again(
    archive: Archive, broker: Mosquitto, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening(READER)
    turn = threading.Lock()
    with speaking(readers, turn) as said:
        for _ in range(3):
            wait_for_more(said, 20)
            # A reader whose message wasn't confirmed repeats it, and nobody can know it for the same.
            with turn:
                broker.stop()
                broker.start()
    keep_alive(archive, readers)
    assert counts(archive) == Counter(said)
    assert quarantined(archive) == []


def test_a_full_queue_is_kept_through_restarts_of_the_broker(
    archive: Archive, broker: Mosquitto, readers: Publisher, listening: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    """The database stands still, the queue fills, the broker restarts and repeats all of it."""
    caplog.set_level(logging.INFO, "devices.mqtt")
    archive.shelf("A-01")
    listening(READER)
    numbers = range(1, 26_001)
    with archive.jobs.unpooled() as stopper:
        stopper.execute("SELECT FROM lease FOR UPDATE")
        readers.say("r/reads", *(read(number) for number in numbers))
        broker.stop()
        broker.start()
        until(lambda: caplog.text.count("connected to") > 1, "ingest is back")
        broker.stop()
        broker.start()
        stopper.rollback()
    keep_alive(archive, readers)
    assert counts(archive) == Counter(numbers)


def test_a_read_the_broker_retains_is_counted_once_however_often_ingest_comes_back(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    readers.say("r/reads", read(1), retain=True)
    for _ in range(3):
        with working(archive, broker.url):
            keep_alive(archive, readers)
    assert counts(archive) == {1: 1}


# ── The database ─────────────────────────────────────────────────────────────────────────────────────────────────────


def end_connections(archive: Archive) -> int:
    """End all of the application's connections, as a restart of the database does."""
    return archive.root.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'guiwei_jobs'",
        (archive.name,),
    ).rowcount


@contextmanager
def database_away(archive: Archive) -> Iterator[None]:
    """A database that ends its connections and accepts no new ones."""
    archive.root.execute("UPDATE pg_database SET datallowconn = false WHERE datname = %s", (archive.name,))
    end_connections(archive)
    try:
        yield
    finally:
        archive.root.execute("UPDATE pg_database SET datallowconn = true WHERE datname = %s", (archive.name,))


def test_a_database_that_ends_connections_at_any_moment_loses_and_doubles_nothing(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    archive.shelf("A-01")
    listening(READER)
    ended = 0
    with speaking(readers) as said:
        for _ in range(8):
            wait_for_reads(archive)
            time.sleep(chance.uniform(0, 0.1))  # Not waiting for anything: any moment is as good to end at.
            ended += end_connections(archive)
    keep_alive(archive, readers)
    assert ended >= 8
    assert counts(archive) == Counter(said)
    assert quarantined(archive) == []


def test_while_the_database_is_away_nothing_is_acknowledged_and_all_of_it_comes_in_later(
    archive: Archive, readers: Publisher, listening: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    archive.shelf("A-01")
    listening(READER)
    with speaking(readers) as said, database_away(archive):
        until(lambda: caplog.text.count("the database is away") >= 2, "ingest tries again")
        wait_for_more(said, 200)
    keep_alive(archive, readers)
    assert counts(archive) == Counter(said)


def test_an_ingest_may_be_stopped_while_the_database_is_away(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    ingest = Working(archive, broker.url)
    keep_alive(archive, readers)
    with database_away(archive):
        readers.say("r/reads", read(1))
        until(lambda: "the database is away" in caplog.text, "ingest tries again")
        ingest.end()
    assert ingest.error is None
    with working(archive, broker.url):
        keep_alive(archive, readers)
    assert counts(archive) == {1: 1}


def test_after_a_night_without_reads_and_a_restart_of_the_database_a_new_reader_is_listened_to(
    archive: Archive, folder: Path, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening()
    until(lambda: end_connections(archive), "ingest is connected")
    import_rows(archive, "readers", folder, "reader,dialect,topic,antenna,place,role,status_topic", READER)

    def heard() -> bool:
        readers.say("r/reads", read(1))
        return reads_of(archive, f"{1:024X}") > 0

    until(heard, "the new reader is listened to")


def test_an_answer_to_commit_that_never_arrives_counts_nothing_twice(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    with Relay(archive.server.port, cuts_answer_to=b"COMMIT") as relay:
        through = make_url(archive.server.url("jobs", archive.name)).set(host="127.0.0.1", port=relay.port)
        database = connect(through.render_as_string(hide_password=False), archive.keys)
        with working(archive, broker.url, database=database):
            keep_alive(archive, readers)
            for number in range(1, 4):
                relay.armed.set()
                readers.say("r/reads", read(number))
                until(relay.has_cut, "an answer was lost")
            keep_alive(archive, readers)
        database.engine.dispose()
    assert counts(archive) == {1: 1, 2: 1, 3: 1}


class Relay:
    """A stretch of cable between ingest and a server, on which answers can be lost."""

    def __init__(self, port: int, *, cuts_answer_to: bytes | None = None, holds_back: bytes | None = None) -> None:
        """Lead to a port. cuts_answer_to: when armed, the line breaks as the answer to this comes back, once.

        holds_back: a connection that says this never gets an answer.
        """
        self._target, self._cuts, self._holds = port, cuts_answer_to, holds_back
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.armed, self._cut = threading.Event(), threading.Event()
        self._lines: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for line in (self._listener, *self._lines):
            line.close()

    def has_cut(self) -> bool:
        """Whether an answer was lost since this was last asked."""
        was_cut = self._cut.is_set()
        self._cut.clear()
        return was_cut

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._lines += [client, server]
                due, mute = threading.Event(), threading.Event()
                for end in ((client, server, True), (server, client, False)):
                    self._threads.append(threading.Thread(target=self._carry, args=(*end, due, mute)))
                    self._threads[-1].start()

    def _carry(
        self, source: socket.socket, target: socket.socket, asks: bool, due: threading.Event, mute: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if asks and self._holds is not None and self._holds in data:
                    mute.set()
                if asks and self._cuts is not None and self._cuts in data and self.armed.is_set():
                    self.armed.clear()
                    due.set()
                if not asks and due.is_set():
                    self._cut.set()
                    break
                if not mute.is_set():
                    target.sendall(data)
        for line in (source, target):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


# ── The registers, and who works ─────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_registered_while_ingest_works_is_listened_to_within_seconds(
    archive: Archive, folder: Path, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening()
    import_rows(archive, "readers", folder, "reader,dialect,topic,antenna,place,role,status_topic", READER)

    def heard() -> bool:
        readers.say("r/reads", read(1))
        return reads_of(archive, f"{1:024X}") > 0

    until(heard, "the new reader is listened to", seconds_max=10)


def test_an_ingest_whose_lease_another_machine_took_stops_and_writes_nothing_more(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    old = Working(archive, broker.url, owner="old-machine")
    keep_alive(archive, readers)
    now = datetime.now(UTC)
    with archive.jobs.unpooled() as connection:
        assert leases.take(connection, "ingest slot 0", "new-machine", now, timedelta(seconds=30)) is None
        taken = leases.take(
            connection, "ingest slot 0", "new-machine", now + timedelta(minutes=1), timedelta(seconds=30)
        )
        assert taken is not None
    readers.say("r/reads", read(1))
    old.thread.join(30)
    assert isinstance(old.error, LeaseLost)
    assert counts(archive) == {}
    with working(archive, broker.url, owner="new-machine"):
        keep_alive(archive, readers)
    assert counts(archive) == {1: 1}


def test_an_ingest_waits_until_another_machines_lease_is_given_back(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, READER)
    first = Working(archive, broker.url, owner="first-machine")
    keep_alive(archive, readers)
    with working(archive, broker.url, owner="second-machine"):
        readers.say("r/reads", read(1))
        keep_alive(archive, readers)
        assert first.thread.is_alive()
        first.end()
        assert first.error is None
        readers.say("r/reads", read(2))
        keep_alive(archive, readers)
    row = archive.root.execute("SELECT owner FROM lease WHERE name = 'ingest slot 0'").fetchone()
    assert row == ("second-machine",)
    assert counts(archive) == {1: 1, 2: 1}
