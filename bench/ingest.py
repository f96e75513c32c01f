"""`make bench`: one ingest slot from a real mosquitto to committed evidence, beside the least anybody could do.

Both consumers get the very same messages: two persistent sessions are made, the stream is published once into both queues,
then each session is drained alone. So the publisher takes no part of the two cores while a consumer is timed.

- single reads: a bare paho consumer (QoS 1, acknowledging at once, keeping nothing) against ingest.
- arrays of 100 reads: decoding and reducing the same payloads in memory against ingest.

PostgreSQL is the embedded one with full durability, holding 1,000,000 known tags.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from rich.console import Console
from rich.table import Table

from devices.broker_access import INGEST
from devices.dialects import DIALECTS
from devices.mqtt import SESSION_EXPIRY_SECONDS, UNACKNOWLEDGED_MESSAGES_MAX
from devices.reduce import SLICE_MICROSECONDS, KnownAntenna, Reducer
from guiwei.embedded import embedded_postgres
from guiwei.ingesting import spare_the_collector
from guiwei.site import upgrade
from tests.servers import mosquitto, server_directory

BARE = "bare-paho-consumer"
WAIT_SECONDS_MAX = 600
PUBLISHED_AT_ONCE = 10_000  # paho queues at most 65,535
SINGLE_RATIO_PROMISED = 0.5
ARRAY_READS_PER_SECOND_PROMISED = 250_000
MEMORY_MB_PROMISED = 400

screen = Console()


@dataclass(frozen=True)
class Load:
    """A stream: its messages in order, each for one of the readers, and how many reads are in them."""

    name: str
    payloads: list[tuple[str, bytes]]
    reads: int


def single_reads(messages: int, tags: int, readers: int, chance: random.Random) -> Load:
    """One read a message; tags drawn from all there are, so that nearly every message is a row of its own."""
    began = time.time() - messages / 10_000
    payloads = [
        (
            f"bench/{number % readers}",
            b'{"epc":"%024X","antenna":1,"rssi_dbm":%.1f,"at":%.3f}'
            % (chance.randrange(tags), chance.uniform(-70, -40), began + number / 10_000),
        )
        for number in range(messages)
    ]
    return Load("single reads", payloads, messages)


def arrays(messages: int, tags: int, readers: int, chance: random.Random) -> Load:
    """100 reads a message: a reader's field of 500 tags, each read 10 times or more within a slice (5 minutes)."""
    began = time.time() - 250
    field = 500
    payloads = []
    for number in range(messages):
        reader = number % readers
        first = (number // readers // 60) * field * readers + reader * field
        at = began + 240 * number / messages
        reads = [
            {
                "antenna": 1,
                "epc": f"{(first + chance.randrange(field)) % tags:024X}",
                "rssi_dbm": round(chance.uniform(-70, -40), 1),
                "at": round(at, 3),
            }
            for _ in range(100)
        ]
        payloads.append((f"bench/{reader}", json.dumps(reads, separators=(",", ":")).encode()))
    return Load("arrays of 100", payloads, messages * 100)


# ── Servers and sessions ─────────────────────────────────────────────────────────────────────────────────────────────


def fill(superuser_url: str, tags: int, readers: int) -> None:
    """A city's tags, each on a volume, and the readers."""
    with psycopg.connect(superuser_url, autocommit=True) as root:
        root.execute("INSERT INTO place (code, kind, name) VALUES ('W1', 'warehouse', 'W1')")
        root.execute("INSERT INTO agency (code, name, level) VALUES ('A', 'A', 'county')")
        root.execute("INSERT INTO subject (name) VALUES ('x')")
        root.execute(
            "INSERT INTO dossier (number, subject_id, holding_agency_id) SELECT n, 1, 1 FROM generate_series(1, %s) AS n",
            (tags,),
        )
        root.execute("INSERT INTO volume (dossier_id) SELECT id FROM dossier ORDER BY id")
        root.execute(
            "INSERT INTO tag (epc, volume_id) SELECT decode(lpad(to_hex(n - 1), 24, '0'), 'hex'), n "
            "FROM generate_series(1, %s) AS n",
            (tags,),
        )
        for number in range(readers):
            root.execute(
                "INSERT INTO reader (code, dialect, topic, timezone) VALUES (%s, 'native', %s, 'UTC')",
                (f"R{number}", f"bench/{number}"),
            )
        root.execute("INSERT INTO antenna (reader_id, number, place_id, role) SELECT id, 1, 1, 'shelf' FROM reader")
        root.execute("VACUUM ANALYZE")


def session_client(client_id: str) -> paho.Client:
    """A client of a persistent MQTT 5 session, as ingest has one."""
    return paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)


def properties() -> Properties:
    """What ingest asks for: a lasting session, as many messages ahead."""
    asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    asked.SessionExpiryInterval = SESSION_EXPIRY_SECONDS
    asked.ReceiveMaximum = UNACKNOWLEDGED_MESSAGES_MAX
    return asked


def make_sessions(port: int, readers: int) -> None:
    """Both consumers subscribe once and go away; the broker queues for them from now on."""
    for client_id in (BARE, INGEST.format(slot=0)):
        client, subscribed = session_client(client_id), threading.Event()
        client.on_subscribe = lambda *_, done=subscribed: done.set()
        client.connect("127.0.0.1", port, clean_start=False, properties=properties())
        client.loop_start()
        client.subscribe([(f"bench/{number}", 1) for number in range(readers)])
        assert subscribed.wait(10)
        client.disconnect()
        client.loop_stop()


def publish(port: int, load: Load) -> None:
    """Put the stream into both queues; returns when the broker has all of it."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="publisher")
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for number, (topic, payload) in enumerate(load.payloads, start=1):
        last = client.publish(topic, payload, qos=1)
        if number % PUBLISHED_AT_ONCE == 0:
            last.wait_for_publish(WAIT_SECONDS_MAX)
    last.wait_for_publish(WAIT_SECONDS_MAX)
    client.disconnect()
    client.loop_stop()


# ── The consumers ────────────────────────────────────────────────────────────────────────────────────────────────────

BARE_CONSUMER = """
import sys, time
from bench.ingest import BARE, properties, session_client
port, messages = int(sys.argv[1]), int(sys.argv[2])
client, times = session_client(BARE), []
def on_message(client, data, message):
    times.append(time.perf_counter())
    if len(times) == messages:
        client.disconnect()
client.on_message = on_message
client.connect("127.0.0.1", port, clean_start=False, properties=properties())
client.loop_forever()
print(times[-1] - times[0])
"""


def drain_bare(port: int, load: Load) -> float:
    """Seconds the bare paho consumer needs, in a process of its own."""
    command = [sys.executable, "-c", BARE_CONSUMER, str(port), str(len(load.payloads))]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT_SECONDS_MAX).stdout)


@dataclass(frozen=True)
class Drained:
    """Seconds from connecting to the last commit, and the process's peak memory."""

    seconds: float
    peak_mb: float


def count_of(root: psycopg.Connection, query: str) -> int:
    """The one number a query answers with."""
    row = root.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def drain_ingest(environment: dict[str, str], root: psycopg.Connection, reads: int) -> Drained:
    """What `guiwei ingest` needs until the last read is committed."""
    heard = "SELECT coalesce(sum(reads), 0) FROM reader_health"
    before = count_of(root, heard)
    process = subprocess.Popen(
        [sys.executable, "-m", "guiwei", "ingest"], env=os.environ | environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        while "connected to" not in (line := process.stderr.readline()):
            assert line, "ingest ended before it was connected"
        began = time.perf_counter()
        threading.Thread(target=process.stderr.read, daemon=True).start()
        while count_of(root, heard) < before + reads:
            assert process.poll() is None, "ingest ended early"
            assert time.perf_counter() - began < WAIT_SECONDS_MAX
            time.sleep(0.01)
        seconds = time.perf_counter() - began
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    finally:
        process.terminate()
        process.wait(30)
    return Drained(seconds, peak)


def in_memory(load: Load) -> float:
    """Seconds to decode and reduce the payloads, with nothing around it."""
    decode, reducer, antennas = DIALECTS["native"], Reducer(), {1: KnownAntenna(1, SLICE_MICROSECONDS["shelf"])}
    spare_the_collector()
    began = time.perf_counter()
    for _, payload in load.payloads:
        reducer.add(decode(payload, "UTC").readings, antennas, 0)
    return time.perf_counter() - began


@contextmanager
def environment_of_a_site(tags: int, readers: int) -> Iterator[tuple[dict[str, str], int, psycopg.Connection]]:
    """PostgreSQL with a city's tags and an empty mosquitto: the ingest's environment, the broker's port, a superuser."""
    with ExitStack() as stack:
        directory = stack.enter_context(server_directory())
        postgres = stack.enter_context(embedded_postgres(directory / "data", lambda _: None))
        upgrade(postgres.url("owner"))
        fill(postgres.url("superuser"), tags, readers)
        options = {"max_inflight_messages": "0", "max_queued_messages": "0", "set_tcp_nodelay": "true"}
        broker = stack.enter_context(mosquitto(directory, **options))
        port = int(broker.url.rsplit(":", 1)[1])
        make_sessions(port, readers)
        environment = {
            "GUIWEI_DATABASE_URL": postgres.url("app"),
            "GUIWEI_JOBS_DATABASE_URL": postgres.url("jobs"),
            "GUIWEI_OWNER_DATABASE_URL": postgres.url("owner"),
            "GUIWEI_MQTT_URL": broker.url,
            "GUIWEI_DATA_DIR": stack.enter_context(tempfile.TemporaryDirectory()),
        }
        environment["GUIWEI_KEY_FILE"] = str(directory / "data" / "guiwei.key")
        subprocess.run(
            [sys.executable, "-m", "guiwei", "db", "upgrade"],
            env=os.environ | environment,
            check=True,
            capture_output=True,
        )
        yield environment, port, stack.enter_context(psycopg.connect(postgres.url("superuser"), autocommit=True))


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000, help="single-read messages a round")
    parser.add_argument("--array-messages", type=int, default=10_000, help="messages of 100 reads a round")
    parser.add_argument("--tags", type=int, default=1_000_000)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    chance = random.Random(20260301)
    screen.print(f"filling PostgreSQL with {asked.tags:,} tags ...")
    table = Table(title="one ingest slot, mosquitto to committed evidence")
    for column in ("stream", "beside", "its rate /s", "ingest /s", "ratio", "promised", "peak MB"):
        table.add_column(column, justify="right")
    with environment_of_a_site(asked.tags, asked.readers) as (environment, port, root):

        def measure(load: Load, beside: Callable[[Load], float]) -> tuple[float, float, float, float]:
            rates = []
            for number in range(asked.rounds):
                screen.print(f"{load.name}: round {number + 1} of {asked.rounds} ...")
                publish(port, load)
                beside_seconds = beside(load)
                drained = drain_ingest(environment, root, load.reads)
                rates.append((load.reads / beside_seconds, load.reads / drained.seconds, drained.peak_mb))
                root.execute("TRUNCATE evidence")
                screen.print("  {:,.0f}/s beside, {:,.0f}/s ingest, {:.0f} MB".format(*rates[-1]))
            ratio = median(ours / theirs for theirs, ours, _ in rates)
            theirs, ours, peak = (median(column) for column in zip(*rates, strict=True))
            return theirs, ours, ratio, peak

        load = single_reads(asked.messages, asked.tags, asked.readers, chance)
        theirs, ours, ratio, peak = measure(load, lambda load: drain_bare(port, load))
        table.add_row(
            load.name,
            "bare paho",
            f"{theirs:,.0f}",
            f"{ours:,.0f}",
            f"{ratio:.2f}",
            f">= {SINGLE_RATIO_PROMISED}",
            f"{peak:.0f}",
        )
        load = arrays(asked.array_messages, asked.tags, asked.readers, chance)

        def beside(load: Load) -> float:
            drain_bare(port, load)  # keeps its queue from growing through the rounds
            return in_memory(load)

        theirs, ours, ratio, peak = measure(load, beside)
        promised = f">= {ARRAY_READS_PER_SECOND_PROMISED:,}/s"
        table.add_row(load.name, "in memory", f"{theirs:,.0f}", f"{ours:,.0f}", f"{ratio:.2f}", promised, f"{peak:.0f}")
    screen.print(table)
    screen.print(
        f"peak memory of the ingest process, promised: < {MEMORY_MB_PROMISED} MB with {asked.tags:,} known tags"
    )


if __name__ == "__main__":
    main()
