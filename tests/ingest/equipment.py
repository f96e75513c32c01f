"""What stands in the warehouse for these tests: registered readers, a publisher in their place, and ingest itself.

Readers are registered by importing their register; messages go through a real broker; what came of them is read from the
database. Nothing here knows how ingest works inside.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import uuid4

from devices.broker import BrokerAddress, new_client
from devices.ingest import Ingest, Slot
from inventory.operations.importing import ImportOptions, import_register
from inventory.store.database import Database
from inventory.store.keys import load_key_ring
from tests.conftest import Archive

SECONDS_MAX = 30.0
LOOK_SECONDS = 0.02
PULSE = "pulse"  # a handheld of every register: the codes it scans say whether ingest listens
PULSES_MAX = 1_000
ROOT = Path(__file__).parents[2]

Found = TypeVar("Found")


def until(condition: Callable[[], Found], what: str, seconds_max: float = SECONDS_MAX) -> Found:
    """Wait for a condition, at most so long; returns what it was satisfied with."""
    deadline = time.monotonic() + seconds_max
    while not (found := condition()):
        assert time.monotonic() < deadline, f"after {seconds_max} s still waiting: {what}"
        time.sleep(LOOK_SECONDS)
    return found


def now_us() -> int:
    return time.time_ns() // 1000


def rfc3339(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat(timespec="microseconds")


# ── The registers ────────────────────────────────────────────────────────────────────────────────────────────────────


def import_rows(archive: Archive, kind: str, folder: Path, *lines: str) -> None:
    """Import a register given as lines of CSV, the header first."""
    path = folder / f"{kind}.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    import_register(archive.owner, kind, path, uuid4(), datetime.now(UTC), ImportOptions())


def register_readers(archive: Archive, folder: Path, *rows: str) -> None:
    """Register readers (reader,dialect,topic,antenna,place,role,status_topic,mapping), and the one whose pulse we look for."""
    if not archive.root.execute("SELECT FROM place WHERE code = 'W1-PULSE'").rowcount:
        archive.desk("W1-PULSE")
    import_rows(
        archive,
        "readers",
        folder,
        "reader,dialect,topic,antenna,place,role,status_topic,mapping",
        f"{PULSE},native,{PULSE},0,W1-PULSE,desk,",
        *rows,
    )


# ── The readers' side ────────────────────────────────────────────────────────────────────────────────────────────────


class Publisher:
    """A reader's connection to the broker, QoS 1; one for all readers of a test."""

    def __init__(self, url: str) -> None:
        """Connect, and connect again by itself."""
        address = BrokerAddress.parse(url)
        self._client = new_client(address, uuid4().hex)
        self._client.max_inflight_messages_set(1_000)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._on_publish
        self._published = self._taken = 0  # by the test, by the broker
        self._client.connect(address.host, address.port)
        self._client.loop_start()

    def _on_publish(self, *_: object) -> None:
        self._taken += 1

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Hand a message over; it goes out when the broker is there."""
        self._published += 1
        self._client.publish(topic, payload, qos=1, retain=retain)

    def settle(self) -> None:
        """Wait until the broker has all that was published."""
        until(lambda: self._taken >= self._published, "the broker takes messages")

    def say(self, topic: str, *payloads: bytes | str, retain: bool = False) -> None:
        """Publish and wait until the broker has it."""
        for payload in payloads:
            self.publish(topic, payload, retain=retain)
        self.settle()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def publisher(url: str) -> Iterator[Publisher]:
    client = Publisher(url)
    try:
        yield client
    finally:
        client.close()


def keep_alive(archive: Archive, readers: Publisher) -> None:
    """Scan a code until ingest has it: then it listens, and has taken in all that was said before."""
    anchored = "SELECT FROM anchor JOIN place ON place.id = place_id WHERE code = 'W1-PULSE' AND scanned_at = ANY(%s)"
    scanned: list[datetime] = []

    def answered() -> bool:
        if len(scanned) < PULSES_MAX:
            at = rfc3339(now_us())
            scanned.append(datetime.fromisoformat(at))
            readers.say(PULSE, json.dumps({"barcode": "W1-PULSE", "at": at}))
        return archive.root.execute(anchored, (scanned,)).rowcount > 0

    until(answered, "ingest listens")


# ── Ingest ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Working:
    """An ingest in a thread of this process; `error` is what it ended with."""

    def __init__(
        self, archive: Archive, url: str, owner: str = "this-machine", database: Database | None = None
    ) -> None:
        """Start it."""
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self._ingest = Ingest(database or archive.jobs, BrokerAddress.parse(url), Slot(0, owner, "guiwei-ingest-0"))
        self.thread = threading.Thread(target=self._work, name=f"ingest of {owner}")
        self.thread.start()

    def _work(self) -> None:
        try:
            self._ingest.run(self.stop)
        except BaseException as error:
            self.error = error

    def end(self) -> None:
        """Stop it in order."""
        self.stop.set()
        self.thread.join(SECONDS_MAX)
        assert not self.thread.is_alive(), "ingest doesn't stop"


@contextmanager
def working(
    archive: Archive, url: str, owner: str = "this-machine", database: Database | None = None
) -> Iterator[Working]:
    """Ingest at work for as long as the block; it must not have failed."""
    ingest = Working(archive, url, owner, database)
    try:
        yield ingest
    finally:
        ingest.end()
    assert ingest.error is None, f"ingest ended with {ingest.error!r}"


class IngestProcess:
    """`python -m guiwei ingest` as a process of its own, with nothing of ours in its environment but settings."""

    def __init__(self, archive: Archive, url: str, data_dir: Path, command: str = "ingest") -> None:
        """Say where everything is; `start` starts it. command: another process of a site's."""
        self._command = command
        key_file = data_dir / "guiwei.key"
        load_key_ring(key_file, make=True)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GUIWEI_")},
            "PYTHONPATH": str(ROOT),
            "GUIWEI_DATA_DIR": str(data_dir),
            "GUIWEI_KEY_FILE": str(key_file),
            "GUIWEI_DATABASE_URL": archive.app_url,
            "GUIWEI_JOBS_DATABASE_URL": archive.server.url("jobs", archive.name),
            "GUIWEI_OWNER_DATABASE_URL": archive.owner_url,
            "GUIWEI_MQTT_URL": url,
        }
        self.log = data_dir / f"{command}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "guiwei", self._command],
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """As a power cut would end it."""
        assert self._process is not None
        assert self._process.poll() is None, "it ended by itself"
        self._process.kill()
        self._process.wait(SECONDS_MAX)

    def end(self) -> int:
        """As a service manager would; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(SECONDS_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            print(self.log.read_text("utf-8", "replace")[-4000:])
        if self._process is not None and self._process.poll() is None:
            self.kill()


# ── What came of it ──────────────────────────────────────────────────────────────────────────────────────────────────


def evidence(archive: Archive) -> dict[tuple[str, int, str], tuple[int, int]]:
    """(reader, antenna, EPC) -> (reads, sum of their strengths in centi-dBm)."""
    rows = archive.root.execute(
        "SELECT reader.code, antenna.number, upper(encode(epc, 'hex')), sum(reads)::bigint, sum(rssi_sum_cdbm)::bigint "
        "FROM evidence JOIN antenna ON antenna.id = antenna_id JOIN reader ON reader.id = reader_id "
        "JOIN tag ON tag.id = tag_id GROUP BY 1, 2, 3"
    )
    return {(reader, number, epc): (reads, strength) for reader, number, epc, reads, strength in rows}


def reads_of(archive: Archive, epc: str) -> int:
    """How often a tag was read, by whatever antenna."""
    return sum(reads for (_, _, seen), (reads, _) in evidence(archive).items() if seen == epc)


def quarantined(archive: Archive) -> list[tuple[str, bytes, str]]:
    """(topic, bytes, reason) of what nobody understood, in the order it came."""
    rows: list[Any] = archive.root.execute("SELECT topic, payload, reason FROM quarantine ORDER BY id").fetchall()
    return [(topic, bytes(payload), reason) for topic, payload, reason in rows]
