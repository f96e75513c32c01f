"""`guiwei gate` with a real broker, a real database, and neither for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from devices.broker import BrokerAddress, new_client
from inventory.operations import gates
from tests.conftest import Archive
from tests.gates.telling import Gate
from tests.gates.walking import COMMANDS, READS, begin, walk
from tests.ingest.equipment import IngestProcess, Publisher, publisher, until
from tests.servers import Mosquitto
from tests.site import ONE_ENGINE

pytestmark = ONE_ENGINE


@pytest.fixture
def readers(broker: Mosquitto) -> Iterator[Publisher]:
    with publisher(broker.url) as connection:
        yield connection


@pytest.fixture
def siren(broker: Mosquitto) -> Iterator[list[bool]]:
    """What the gate's reader is told of its output, as it comes."""
    told: list[bool] = []
    client = new_client(BrokerAddress.parse(broker.url), uuid4().hex)
    subscribed: list[int] = []
    client.on_message = lambda _client, _data, message: told.append(json.loads(message.payload)["on"])
    client.on_subscribe = lambda *_: subscribed.append(1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.subscribe(COMMANDS, 1)
    until(lambda: subscribed, "the reader listens")
    yield told
    client.disconnect()
    client.loop_stop()


@contextmanager
def at_work(archive: Archive, broker: Mosquitto, folder: Path, readers: Publisher) -> Iterator[IngestProcess]:
    """The process, listening."""
    with IngestProcess(archive, broker.url, folder, "gate") as process:
        process.start()
        listens(archive, readers)
        yield process


def listens(archive: Archive, readers: Publisher) -> None:
    def heard() -> bool:
        readers.say(READS, json.dumps({"status": "online"}))
        return archive.root.execute("SELECT FROM gate_pulse WHERE heard_at > now() - interval '1 minute'").rowcount > 0

    until(heard, "the gate is listened to")
    begin(readers)


def carry(readers: Publisher, way: str, *dossiers: int, ago: float = 20, seed: int = 1) -> None:
    for message in walk(way, dossiers, ago, seed):
        readers.publish(READS, message)
    readers.settle()


def settled(gate: Gate, count: int) -> list[tuple[str, str, bool]]:
    def told() -> list[tuple[str, str, bool]]:
        seen = gate.passages()
        return seen if len(seen) >= count and all(one[2] for one in seen) else []

    return until(told, f"{count} settled", 60)


def test_red_rings_amber_waits_green_passes_and_what_comes_in_unasked_is_a_case(
    gate: Gate, archive: Archive, broker: Mosquitto, folder: Path, readers: Publisher, siren: list[bool]
) -> None:
    gate.put_in_bag("D-2", "D-3")
    with at_work(archive, broker, folder, readers) as process:
        carry(readers, "out", 1)
        until(lambda: siren == [True], "the siren sounds")
        assert settled(gate, 1) == [("out", "red", True)]
        assert until(gate.cases, "a case is opened") == [("left_without_order", "D-1", "open")]
        (alarm,) = gates.look(archive.app, archive.keeper, datetime.now(UTC)).alarms
        assert [(str(line.name), line.shelf) for line in alarm.lines] == [("D-1", "A-01")]
        gates.acknowledge(
            archive.app, archive.keeper, alarm.row.passage, uuid4(), datetime.now(UTC), is_false=False, reason="追回"
        )
        until(lambda: siren == [True, False], "and is silent when somebody has answered")
        carry(readers, "out", 2, 3, seed=2)
        carry(readers, "in", 4, ago=35, seed=3)
        assert {(way, colour) for way, colour, _ in settled(gate, 3)} == {
            ("out", "red"),
            ("out", "green"),
            ("in", "amber"),
        }
        assert siren == [True, False]
        until(lambda: len(gate.cases()) > 1, "another case")
        assert ("entered_without_order", "D-4", "open") in gate.cases()
        assert process.end() == 0


def test_killed_in_mid_stream_and_told_everything_twice_each_passage_is_there_once(
    gate: Gate, archive: Archive, broker: Mosquitto, folder: Path, readers: Publisher
) -> None:
    with at_work(archive, broker, folder, readers) as process:
        said = [*walk("out", [1], 50, 5), *walk("in", [4], 38, 6), *walk("out", [2, 3], 25, 7)]
        for number, message in enumerate(said):
            readers.say(READS, message)
            if number in {len(said) // 4, len(said) // 2, 3 * len(said) // 4}:
                process.kill()
                readers.say(READS, *said[: number + 1])
                process.start()
        readers.say(READS, *said)
        told = settled(gate, 3)
        process.kill()
        process.start()
        readers.say(READS, *said)
        listens(archive, readers)
        assert [way for way, _, _ in told] == ["out", "in", "out"]
        assert gate.passages() == told
        assert {(kind, number) for kind, number, _ in gate.cases()} == {
            ("left_without_order", "D-1"), ("entered_without_order", "D-4"), ("left_without_order", "D-2"),
            ("left_without_order", "D-3"),
        }  # fmt: skip
        assert len(gate.cases()) == 4


def test_with_the_database_away_it_decides_also_after_a_restart_and_catches_up(
    gate: Gate, archive: Archive, broker: Mosquitto, folder: Path, readers: Publisher, siren: list[bool]
) -> None:
    gate.put_in_bag("D-3")
    with (
        at_work(archive, broker, folder, readers) as process,
        psycopg.connect(archive.server.superuser_url, autocommit=True) as superuser,
    ):
        superuser.execute(f"ALTER DATABASE {archive.name} WITH ALLOW_CONNECTIONS false")
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'guiwei_jobs'",
            (archive.name,),
        )
        carry(readers, "out", 1, seed=8)
        until(lambda: siren == [True], "the siren sounds without a database")
        process.kill()
        process.start()
        carry(readers, "out", 3, ago=18, seed=9)
        carry(readers, "out", 2, ago=4, seed=10)
        until(lambda: siren.count(True) > 1, "and by the list it had saved, only for what isn't on it")
        assert gate.passages() == []
        superuser.execute(f"ALTER DATABASE {archive.name} WITH ALLOW_CONNECTIONS true")
        assert sorted(settled(gate, 3)) == [("out", "green", True), ("out", "red", True), ("out", "red", True)]
        until(lambda: len(gate.cases()) == 2, "two cases")
        assert process.end() == 0
