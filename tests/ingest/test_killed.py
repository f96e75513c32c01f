"""Ingest killed in mid-stream, again and again: every read published is in the evidence exactly once."""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Archive
from tests.ingest.conftest import ONE_ENGINE
from tests.ingest.equipment import (
    IngestProcess,
    Publisher,
    evidence,
    keep_alive,
    now_us,
    publisher,
    quarantined,
    register_readers,
    rfc3339,
    until,
)
from tests.servers import iotcore, mosquitto

EXTENDED = os.environ.get("GUIWEI_EXTENDED") == "1"
KILLS = 60 if EXTENDED else 10
SEEDS = range(3) if EXTENDED else [int(os.environ.get("GUIWEI_SEED", "20260309"))]
BURST_MESSAGES = 25
BURSTS_PER_SECOND = 16
COMMIT_GATE = 4711  # the advisory lock at which the database can be made to stand still inside COMMIT

pytestmark = ONE_ENGINE


class Stream:
    """What the readers publish, and what must come of it: reads and strength for each (reader, antenna, EPC)."""

    def __init__(self, seed: int) -> None:
        """`seed` decides which reader speaks when and how loud tags are."""
        self.expected: Counter[tuple[str, int, str]] = Counter()
        self.strength: Counter[tuple[str, int, str]] = Counter()
        self.last: set[tuple[str, int, str]] = set()
        self._chance = random.Random(seed)
        self._number = 0

    def message(self) -> tuple[str, str]:
        """The next message: (topic, payload)."""
        self._number += 1
        return self._chance.choice((self._timed, self._untimed, self._array, self._impinj))()

    def last_words(self) -> Iterator[tuple[str, str]]:
        """A last message on each topic, of a tag nobody saw before: once it is in, all before it was delivered."""
        for reader, antenna in (("timed", 0), ("untimed", 0), ("array", 0), ("impinj", 1)):
            epc = f"3500FFFF{antenna:016X}"
            strength = self._read(reader, antenna, epc)
            self.last.add((reader, antenna, epc))
            if reader == "impinj":
                read = {"epcHex": epc, "antennaPort": antenna, "peakRssiCdbm": round(strength * 100)}
                yield f"r/{reader}", json.dumps({"timestamp": rfc3339(now_us()), "tagInventoryEvent": read})
            else:
                yield f"r/{reader}", json.dumps({"epc": epc, "rssi_dbm": strength})

    def _read(self, reader: str, antenna: int, epc: str) -> float:
        """Expect one read; returns its strength in dBm."""
        centidbm = -self._chance.randrange(3000, 7500)
        self.expected[reader, antenna, epc] += 1
        self.strength[reader, antenna, epc] += centidbm
        return centidbm / 100

    def _timed(self) -> tuple[str, str]:
        epc = f"35000000{self._number % 40:016X}"
        antenna = self._chance.randrange(2)
        strength = self._read("timed", antenna, epc)
        said = {"epc": epc, "antenna": antenna, "rssi_dbm": strength, "at": rfc3339(now_us()), "seq": self._number}
        return "r/timed", json.dumps(said)

    def _untimed(self) -> tuple[str, str]:
        """Nothing in it tells when: only its EPC makes it another message."""
        epc = f"35000001{self._number:016X}"
        return "r/untimed", json.dumps({"epc": epc, "rssi_dbm": self._read("untimed", 0, epc)})

    def _array(self) -> tuple[str, str]:
        epcs = [f"35000002{(self._number + tag) % 97:016X}" for tag in range(10)]
        at = now_us()
        return "r/array", json.dumps(
            [
                {"epc": epc, "rssi_dbm": self._read("array", 0, epc), "at": rfc3339(at + number), "seq": self._number}
                for number, epc in enumerate(epcs)
            ]
        )

    def _impinj(self) -> tuple[str, str]:
        epc = f"35000003{self._number % 40:016X}"
        cdbm = round(self._read("impinj", 1, epc) * 100)
        read = {"epcHex": epc, "antennaPort": 1, "peakRssiCdbm": cdbm}
        return "r/impinj", json.dumps({"timestamp": rfc3339(now_us()), "tagInventoryEvent": read})


@contextmanager
def speaking(readers: Publisher, stream: Stream) -> Iterator[None]:
    """Readers that go on speaking for as long as the block, and say their last words at its end."""
    done = threading.Event()

    def speak() -> None:
        while not done.wait(1 / BURSTS_PER_SECOND):
            for _ in range(BURST_MESSAGES):
                readers.publish(*stream.message())
        for words in stream.last_words():
            readers.publish(*words)
        readers.settle()

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def make_commit_gate(archive: Archive) -> None:
    """Let a commit of ingest wait, inside COMMIT, while somebody holds the gate."""
    archive.root.execute(
        f"CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS "
        f"'BEGIN PERFORM pg_advisory_xact_lock_shared({COMMIT_GATE}); RETURN NULL; END'"
    )
    archive.root.execute(
        "CREATE CONSTRAINT TRIGGER wait_at_gate AFTER INSERT ON ingest_commit DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION wait_at_gate()"
    )


def last_batch(archive: Archive) -> int:
    row = archive.root.execute("SELECT coalesce(max(batch), 0) FROM ingest_commit").fetchone()
    assert row is not None
    return int(row[0])


def wait_for_a_batch(archive: Archive) -> None:
    before = last_batch(archive)
    until(lambda: last_batch(archive) > before, "ingest commits again")


def kill_between_commit_and_acknowledgement(archive: Archive, ingest: IngestProcess) -> None:
    """Kill it while the database commits: the batch stands, and nobody is left to acknowledge it."""
    with psycopg.connect(archive.server.superuser_url, dbname=archive.name, autocommit=True) as gate:
        gate.execute("SELECT pg_advisory_lock(%s)", (COMMIT_GATE,))
        waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        until(lambda: archive.root.execute(waiting, (COMMIT_GATE,)).rowcount, "a commit stands at the gate")
        before = last_batch(archive)
        ingest.kill()
    until(lambda: last_batch(archive) > before, "the database commits for the dead")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("serve", [mosquitto, iotcore])
def test_every_read_is_counted_once_however_often_ingest_is_killed(
    archive: Archive, folder: Path, serve: object, seed: int
) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    archive.shelf("A-01")
    register_readers(
        archive,
        folder,
        "timed,native,r/timed,0,A-01,shelf,",
        "timed,native,r/timed,1,A-01,handheld,",
        "untimed,native,r/untimed,0,A-01,desk,",
        "array,native,r/array,0,A-01,shelf,",
        "impinj,impinj,r/impinj,1,A-01,shelf,",
    )
    make_commit_gate(archive)
    stream = Stream(seed)
    with (
        serve(folder) as broker,  # type: ignore[operator]
        publisher(broker.url) as readers,
        IngestProcess(archive, broker.url, folder) as ingest,
    ):
        ingest.start()
        keep_alive(archive, readers)
        with speaking(readers, stream):
            for number in range(KILLS):
                wait_for_a_batch(archive)
                if number % 2:
                    kill_between_commit_and_acknowledgement(archive, ingest)
                else:
                    time.sleep(chance.uniform(0, 0.4))  # Not waiting for anything: any instant is as good to die at.
                    ingest.kill()
                ingest.start()
        until(lambda: stream.last <= evidence(archive).keys(), "the last words are in")
        assert ingest.end() == 0
    found = evidence(archive)
    assert {key: reads for key, (reads, _) in found.items()} == stream.expected
    assert {key: strength for key, (_, strength) in found.items()} == stream.strength
    assert quarantined(archive) == []
