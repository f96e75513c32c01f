"""`python -m bench.gate_alarm`: from the message that decides an alarm to the siren's command and to the page, everything real.

People carry dossiers that nobody expects out through a simulated gate, beside 1,000 reads a second of dossiers parked there; the
reader's messages go through Mosquitto to `guiwei gate` as a process of its own, PostgreSQL and the web server. Measured of
each alarm, from the publication of the newest message the gate had when it decided (a direction out, held for a quarter of a
second): until a client of the broker has the command to the siren's output, until the row is stored, until a page that
follows by server-sent events has fetched the alarm. And from the person's crossing of the middle of the gate until the siren's
command. Promised: under a second at p99 for siren and page. `--quick`: a minute of people.
"""

import argparse
import json
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import sqlalchemy
from rich.console import Console

from devices.broker import BrokerAddress, new_client
from devices.simulator.gates import Scene, Walk, read
from devices.simulator.passers import QUIET_SECONDS, Traffic, make_scene
from inventory.domain.people import Role
from inventory.locating.reads import SECOND, Reads, together
from inventory.operations.signing_in import add_account, add_token
from inventory.store import migrating
from inventory.store.keys import new_key_ring
from tests import servers
from tests.conftest import Archive
from tests.ingest.equipment import IngestProcess, Publisher, until
from tests.locating.gatesay import MORNING, parked
from tests.site import serving
from web.app import WebSettings

TOPIC, COMMANDS = "guiwei/W1/G1/reads", "guiwei/W1/G1/commands"
BACKGROUND_PER_SECOND, PARKED = 1_000, 100
HISTORY_SECONDS = 600.0
SEED = 4_001
APART_SECONDS = (5.0, 9.0)
EPC = "3500E86F8000A9E0{:08X}"
REPORT = SECOND // 4
BEGINS_IN = 40 * SECOND
PROMISED_SECONDS = 1.0

screen = Console()


@contextmanager
def site(directory: Path, tags: int) -> Iterator[tuple[Archive, str]]:
    """A warehouse with a gate, a dossier for each tag, a keeper's token and the web server; its address."""
    engine_directory = directory / "engine"
    engine_directory.mkdir(mode=0o711)
    with servers.embedded_18(engine_directory) as server:
        server.provision("bench")
        engine = sqlalchemy.create_engine(server.url("owner", "bench").replace("postgresql:", "postgresql+psycopg:"))
        migrating.upgrade(engine)
        engine.dispose()
        archive = Archive(server, "bench", new_key_ring())
        archive.shelf("A-01")
        archive.place("G-1", "gate", parent="W1-R1")
        archive.dossier("D-0", on="A-01")
        for statement in (
            "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('G1', 'native', 'guiwei/W1/G1/reads', 'UTC')",
            (
                "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, number, role, place.id "
                "FROM reader, place, (VALUES (1, 'gate_inner'), (2, 'gate_outer')) AS seat (number, role) WHERE place.code = 'G-1'"
            ),
            (
                "INSERT INTO dossier (number, subject_id, holding_agency_id) SELECT 'B-' || one, subject_id, holding_agency_id "
                f"FROM dossier, generate_series(1, {tags}) AS one WHERE number = 'D-0'"
            ),
            "INSERT INTO volume (dossier_id) SELECT id FROM dossier WHERE number <> 'D-0'",
            (
                "INSERT INTO tag (epc, volume_id) SELECT decode('3500E86F8000A9E0' || lpad(to_hex(substr(number, 3)::int - 1), 8, '0'), "
                "'hex'), volume.id FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number LIKE 'B-%'"
            ),
            (
                "INSERT INTO holding (volume_id, place_id, version, moved_at, warehouse_id, acted_at, legal, seal, marks) "
                "SELECT volume.id, held.place_id, 1, held.moved_at, held.warehouse_id, held.acted_at, held.legal, held.seal, held.marks "
                "FROM volume, holding AS held WHERE volume.id <> held.volume_id"
            ),
        ):
            archive.root.execute(statement)
        add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, None)
        now = datetime.now(UTC)
        add_token(archive.owner, "zhao", "bench", now, now + timedelta(hours=2), "the-token")
        try:
            with serving(archive, WebSettings()) as address:
                yield archive, address
        finally:
            archive.close()


class Page:
    """A page that follows the gates: when it had fetched each alarm."""

    def __init__(self, address: str) -> None:
        """Open it."""
        self.seen: dict[str, float] = {}
        self._address, self._stop, self._opened = address, threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        self._opened.wait(20)

    def _follow(self) -> None:
        headers = {"Authorization": "Bearer the-token"}
        with (
            httpx.Client(base_url=self._address, headers=headers, timeout=60) as client,
            client.stream("GET", "/live/gates") as stream,
        ):
            for line in stream.iter_lines():
                self._opened.set()
                if line.startswith("event: changed"):
                    told = client.get("/api/v1/gates").json()
                    at = time.time()
                    for alarm in told["passages"]:
                        if alarm["alarmed_at"]:
                            self.seen.setdefault(alarm["passage"], at)


class Siren:
    """The reader's end of the wire: when each command to sound came."""

    def __init__(self, url: str) -> None:
        """Listen."""
        self.heard: list[float] = []
        address, subscribed = BrokerAddress.parse(url), threading.Event()
        self._client = new_client(address, uuid4().hex)
        self._client.on_message = lambda _client, _data, message: (
            self.heard.append(time.time()) if json.loads(message.payload)["on"] else None
        )
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect(address.host, address.port)
        self._client.loop_start()
        self._client.subscribe(COMMANDS, 1)
        subscribed.wait(20)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


def scene_of(seconds: float) -> tuple[Scene, Reads]:
    """People who all carry something out, after ten minutes of nothing but parked dossiers; times in microseconds from 0."""
    traffic = Traffic(seconds + QUIET_SECONDS, shares=((Walk.OUT, 1.0),), apart_seconds=APART_SECONDS)
    scene = make_scene(traffic, SEED)
    people = read(scene)
    people = replace(people, at=people.at - round(QUIET_SECONDS * SECOND))
    first = scene.tags
    rounds = BACKGROUND_PER_SECOND // PARKED
    until_ = HISTORY_SECONDS + seconds
    lying = together(
        *(parked(range(first, first + PARKED), 0, until_, metres=-1.5, seed=SEED + number) for number in range(rounds))
    )
    lying = replace(lying, at=lying.at - MORNING - round(HISTORY_SECONDS * SECOND))
    return scene, together(people, lying)


def messages(reads: Reads) -> Iterator[tuple[int, bytes]]:
    """(when it is sent, payload without its times filled in) every quarter of a second; times as `@<microseconds>`."""
    order = np.argsort(reads.at, kind="stable")
    number = reads.at[order] // REPORT
    edges = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    for low, high in zip(edges, [*edges[1:], len(order)], strict=True):
        rows = order[low:high]
        entries = [
            f'{{"epc":"{EPC.format(tag)}","antenna":{side + 1},"rssi_dbm":{cdbm / 100},"at":{{{at}}}}}'
            for tag, side, cdbm, at in zip(
                reads.tag[rows].tolist(),
                reads.antenna[rows].tolist(),
                reads.rssi_sum[rows].tolist(),
                reads.at[rows].tolist(),
                strict=True,
            )
        ]
        yield int((number[low] + 1) * REPORT), ("[" + ",".join(entries) + "]").encode()


def timed(payload: bytes, shift: int) -> bytes:
    """The payload with its times as epoch seconds."""
    parts = payload.split(b"{")
    for place, part in enumerate(parts):
        head, closed, rest = part.partition(b"}")
        if closed and head.lstrip(b"-").isdigit():
            parts[place] = f"{(int(head) + shift) / 1e6:.6f}".encode() + rest
        elif place:
            parts[place] = b"{" + part
    return b"".join(parts)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=900.0, help="of people")
    parser.add_argument("--quick", action="store_true", help="a minute of people")
    asked = parser.parse_args()
    seconds = 60.0 if asked.quick else asked.seconds
    scene, reads = scene_of(seconds)
    said = list(messages(reads))
    with ExitStack() as stack:
        directory = stack.enter_context(servers.server_directory())
        archive, address = stack.enter_context(site(directory, scene.tags + PARKED))
        broker = stack.enter_context(servers.mosquitto(directory))
        readers = Publisher(broker.url)
        stack.callback(readers.close)
        siren, page = Siren(broker.url), Page(address)
        stack.callback(siren.close)
        process = stack.enter_context(IngestProcess(archive, broker.url, directory, "gate"))
        process.start()
        _listens(archive, readers)
        # What is past comes at once, the rest when it happens.
        began = round(time.time() * SECOND) + BEGINS_IN
        published = _play(said, began, readers)
        time.sleep(20)
        process.end()
        _tell(archive, scene, began, published, siren.heard, page.seen, len(reads) / (seconds + HISTORY_SECONDS))


def _listens(archive: Archive, readers: Publisher) -> None:
    def heard() -> bool:
        readers.say(TOPIC, json.dumps({"status": "online"}))
        return archive.root.execute("SELECT FROM gate_pulse WHERE heard_at IS NOT NULL").rowcount > 0

    until(heard, "the gate is listened to")
    readers.say(
        TOPIC, json.dumps({"epc": "3500E86F8000BBBB00000000", "antenna": 1, "rssi_dbm": -75, "at": time.time()})
    )


def _play(said: list[tuple[int, bytes]], began: int, readers: Publisher) -> list[float]:
    published = []
    for at, payload in said:
        ready = timed(payload, began)
        time.sleep(max(0.0, (began + at) / SECOND - time.time()))
        published.append(time.time())
        readers.publish(TOPIC, ready)
    readers.settle()
    return published


def _tell(
    archive: Archive,
    scene: Scene,
    began: int,
    published: list[float],
    sirens: list[float],
    seen: dict[str, float],
    rate: float,
) -> None:
    rows = archive.root.execute(
        "SELECT passage.id::text, extract(epoch FROM heard_at)::float8, extract(epoch FROM siren_at)::float8, "
        "extract(epoch FROM stored_at)::float8, array_agg(number) FROM passage JOIN passage_volume ON passage_id = passage.id "
        "JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id WHERE alarmed_at IS NOT NULL GROUP BY passage.id"
    ).fetchall()
    walker_of = {f"B-{tag + 1}": walker for walker in scene.walkers for tag in walker.tags.tolist()}
    told: dict[str, list[float]] = {"siren": [], "row": [], "page": [], "crossing to siren": []}
    for passage, heard_at, siren_at, stored_at, numbers in rows:
        if siren_at is None:
            continue
        decided = published[max(bisect_right(published, heard_at) - 1, 0)]
        came = next((at for at in sirens if at >= siren_at), None)
        told["row"].append(stored_at - decided)
        if came is not None:
            told["siren"].append(came - decided)
        if passage in seen:
            told["page"].append(seen[passage] - decided)
        walker = next((walker_of[number] for number in numbers if number in walker_of), None)
        if walker is not None and came is not None:
            told["crossing to siren"].append(came - began / SECOND - walker.crosses + QUIET_SECONDS)
    living = sum(bool((~scene.dead[walker.tags]).any()) for walker in scene.walkers)
    screen.print(f"{living} people carried something out beside {rate:,.0f} reads/s; {len(rows)} alarms")
    for what, values in told.items():
        figures = np.quantile(values, [0.5, 0.99]) if values else (float("nan"),) * 2
        promise = "" if what in {"row", "crossing to siren"} else f" (promised {PROMISED_SECONDS:.0f} s)"
        screen.print(f"{what}: p50 {figures[0]:.3f} s, p99 {figures[1]:.3f} s of {len(values)}{promise}")


if __name__ == "__main__":
    main()
