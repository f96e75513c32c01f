"""`python -m bench.late`: a reader that was cut off delivers 150,000 events, late and shuffled, at 500 a second, everything real.

Two sites hear one simulated hall over a Mosquitto each: `guiwei ingest` and `guiwei jobs` as processes of their own, an embedded
PostgreSQL with full durability. To the first, everything comes in time. At the second, a Zebra reader in the smart cabinets is cut
off; it keeps what it reads and delivers it afterwards in any order, while all readers, itself too, go on live.

Compared at the end, row for row: evidence, beliefs, open discrepancies, coverage gaps, and an audit of the whole warehouse. Measured:
how long a read of a volume that is looked for takes from its publication until it is committed (find mode's word) and until it is
belief; before the delivery, meanwhile, and meanwhile at the site that heard everything in time. Promised: no more than two seconds
later. `--quick`: 3,000 events.
"""

import argparse
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import sqlalchemy
from rich.console import Console
from rich.table import Table

from devices.replay import next_midnight, replay
from devices.simulator.city import City
from devices.simulator.readers import SimulatedReader
from devices.simulator.run import Publication, publications, write_recording
from devices.simulator.truth import Truth
from inventory.operations.believing import step_beliefs
from inventory.operations.closing import close_day
from inventory.operations.discrepancies import follow_facts
from inventory.store import find_mode, migrating
from inventory.store.keys import new_key_ring
from tests import servers
from tests.conftest import Archive
from tests.ingest.equipment import IngestProcess, Publisher, keep_alive, quarantined, register_readers, until
from tests.ingest.late_hall import fill, make_late_hall, make_late_readers, outcome

ZONE = ZoneInfo("Asia/Shanghai")
EARLY = timedelta(minutes=5)
LEARNED_DAYS, LEARNED_MINUTES, LEARNED_SPEED = 2, 5.0, 20.0
SPEED = 4.0  # of those who sweep
AFTERWARDS_PER_SECOND = 50.0  # what the reader reads on, once it is back
PROBE_TOPIC, PROBES_PER_SECOND = "guiwei/W1/PROBE/reads", 10
SETTLED_SECONDS = 10.0
DRAINED_SECONDS_MAX = 600.0
LATER_PROMISED_SECONDS = 2.0

screen = Console(width=140)


class Delays:
    """How long single reads of one volume take at a site: until they are committed, and until they are belief."""

    def __init__(self, archive: Archive, volume_id: int) -> None:
        """Listen."""
        self.committed: list[tuple[float, float]] = []  # (published, seconds), epoch seconds
        self.believed: list[tuple[float, float]] = []
        self._volume = volume_id
        self._waiting: dict[str, deque[float]] = {"found": deque(), "belief": deque()}
        self._stop = threading.Event()
        url = archive.server.url("jobs", archive.name)
        self._hears, self._looks = (psycopg.connect(url, autocommit=True) for _ in range(2))
        for channel in self._waiting:
            self._hears.execute(f"LISTEN {channel}".encode())
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def published(self, at: float) -> None:
        """A read of that device time (epoch seconds, whole milliseconds) is on its way."""
        for waiting in self._waiting.values():
            waiting.append(at)

    def close(self) -> None:
        """Hear no more."""
        self._stop.set()
        self._thread.join()
        self._hears.close()
        self._looks.close()

    def _follow(self) -> None:
        while not self._stop.is_set():
            for notice in self._hears.notifies(timeout=0.2, stop_after=1):
                now = time.time()
                told = json.loads(notice.payload) if notice.payload != "*" else [self._volume]
                if isinstance(told, dict):
                    if told["volume"] == self._volume:
                        self._came("found", told["at"] / 1000, now, self.committed)
                elif self._volume in told:
                    row = self._looks.execute(
                        "SELECT extract(epoch FROM last_seen_at)::float8 FROM belief WHERE volume_id = %s",
                        (self._volume,),
                    ).fetchone()
                    assert row is not None
                    self._came("belief", row[0], now, self.believed)

    def _came(self, channel: str, newest: float, now: float, delays: list[tuple[float, float]]) -> None:
        waiting = self._waiting[channel]
        while waiting and waiting[0] <= newest + 0.0005:
            at = waiting.popleft()
            delays.append((at, now - at))


class Warehouse:
    """One site at work: its broker, its processes, and the delays of its reads."""

    def __init__(
        self, archive: Archive, broker: servers.Mosquitto, probe: str, directory: Path, stack: ExitStack
    ) -> None:
        """Start it; probe: the EPC of the volume whose reads are timed."""
        self.archive, self.probe = archive, probe
        self.live, self.behind = Publisher(broker.url), Publisher(broker.url)
        stack.callback(self.live.close)
        stack.callback(self.behind.close)
        self.processes = [
            stack.enter_context(IngestProcess(archive, broker.url, directory, command))
            for command in ("ingest", "jobs")
        ]
        for process in self.processes:
            process.start()
        row = archive.root.execute("SELECT volume_id FROM tag WHERE epc = %s", (bytes.fromhex(probe),)).fetchone()
        assert row is not None
        find_mode.listen_for(archive.root, row[0], datetime.now(UTC) + timedelta(hours=3))
        keep_alive(archive, self.live)
        self.delays = Delays(archive, row[0])
        stack.callback(self.delays.close)

    def end(self, now: datetime) -> float:
        """Wait until everything said is evidence and belief, and stop; how many seconds that took."""
        began = time.monotonic()
        self.live.settle()
        self.behind.settle()
        keep_alive(self.archive, self.live)
        due = "SELECT FROM belief_due LIMIT 1"
        until(lambda: not self.archive.root.execute(due).rowcount, "belief follows", DRAINED_SECONDS_MAX)
        for process in self.processes:
            process.end()
        with self.archive.jobs.unpooled() as jobs:
            step_beliefs(jobs, now + EARLY)
            follow_facts(jobs, datetime.now(UTC))
        return time.monotonic() - began


# ── The sites ────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def sites(directory: Path, city: City, truth: Truth) -> Iterator[tuple[Warehouse, Warehouse]]:
    """Two warehouses of the same past: registered, heard and closed for some days."""
    # Nobody else reads a tag that is dead.
    probe = city.dossiers.epc[np.flatnonzero(truth.dead)[0]].tobytes().hex().upper()
    with ExitStack() as stack:
        (directory / "engine").mkdir(mode=0o711)
        server = stack.enter_context(servers.embedded_18(directory / "engine", durable=True))
        names = ("in_time", "late")
        server.provision(names[0])
        engine = sqlalchemy.create_engine(server.url("owner", names[0]).replace("postgresql:", "postgresql+psycopg:"))
        migrating.upgrade(engine)
        engine.dispose()
        keys = new_key_ring()
        archive = Archive(server, names[0], keys)
        _fill(archive, city, truth, directory)
        archive.close()
        with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
            superuser.execute(f"CREATE DATABASE {names[1]} OWNER guiwei_owner TEMPLATE {names[0]}".encode())
            superuser.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {names[1]} TO guiwei_app, guiwei_jobs".encode())
        warehouses = []
        for name in names:
            place = directory / name
            place.mkdir(mode=0o711)
            archive = Archive(server, name, keys, furnished=True)
            stack.callback(archive.close)
            broker = stack.enter_context(servers.mosquitto(place))
            warehouses.append(Warehouse(archive, broker, probe, place, stack))
        yield warehouses[0], warehouses[1]


def _fill(archive: Archive, city: City, truth: Truth, directory: Path) -> None:
    midnight = next_midnight(datetime.now(UTC), ZONE) - timedelta(days=1)
    screen.print(f"registering {len(city.dossiers):,} dossiers, and hearing {LEARNED_DAYS} days of them ...")
    fill(archive, city, directory, midnight - timedelta(days=LEARNED_DAYS + 1))
    register_readers(archive, directory, f"PROBE,native,{PROBE_TOPIC},0,W1-DESK-2,desk,,")
    for day in range(LEARNED_DAYS, 0, -1):
        end = midnight - timedelta(days=day - 1)
        recording = directory / "day.jsonl.gz"
        write_recording(city, truth, recording, end - timedelta(hours=8), LEARNED_MINUTES, speed=LEARNED_SPEED)
        replay(archive.jobs, recording, ZONE, close=False)
        with archive.jobs.unpooled() as connection:
            close_day(connection, end)


# ── The day ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def play(
    said: Iterator[Publication],
    late: SimulatedReader,
    warehouses: tuple[Warehouse, Warehouse],
    kept: list[Publication] | None,
    is_over: Callable[[datetime], bool],
) -> int:
    """Say each at its time at both sites, and the probe; what the late reader says to the second is `kept` where that is a list."""
    here, there = warehouses
    messages, next_probe = 0, time.time()
    for one in said:
        at = one.at.timestamp()
        while next_probe < at:
            _wait(next_probe)
            _probe(here, there)
            next_probe += 1 / PROBES_PER_SECOND
        _wait(at)
        here.live.publish(one.topic, one.payload)
        if kept is not None and one.topic == late.topic:
            kept.append(one)
        else:
            there.live.publish(one.topic, one.payload)
        messages += 1
        if is_over(one.at):
            break
    return messages


def _wait(at: float) -> None:
    if (rest := at - time.time()) > 0.001:
        time.sleep(rest)


def _probe(*warehouses: Warehouse) -> None:
    at = round(time.time(), 3)
    for one in warehouses:
        payload = json.dumps({"epc": one.probe, "rssi_dbm": -50, "at": at})
        one.delays.published(at)
        one.live.publish(PROBE_TOPIC, payload)


def deliver(kept: list[Publication], rate: float, there: Warehouse, over: threading.Event) -> None:
    """What the reader kept, in any order, so many a second."""
    began = time.time()
    for number, one in enumerate(random.Random(len(kept)).sample(kept, len(kept))):
        _wait(began + number / rate)
        there.behind.publish(one.topic, one.payload)
    there.behind.settle()
    over.set()


def run(dossiers: int, events: int, rate: float, seed: int, directory: Path) -> None:
    """An outage, a delivery, and what came of them."""
    city, truth = make_late_hall(dossiers, seed)
    with sites(directory, city, truth) as (here, there):
        began = datetime.now(UTC) + timedelta(seconds=1)
        readers, late = make_late_readers(city, truth, began, SPEED)
        a_round = sum(
            len(late.burst(began).messages) for _ in {row.antenna for row in city.readers if row.reader == late.code}
        )
        late.round_seconds = a_round / rate
        said = publications(readers, began, lambda: began)
        cut_off = began + timedelta(seconds=SETTLED_SECONDS)
        play(said, late, (here, there), None, lambda at: at >= cut_off)
        kept: list[Publication] = []
        screen.print(f"{late.code} is cut off for {events / rate:,.0f} s ...")
        play(said, late, (here, there), kept, lambda _: len(kept) >= events)
        late.round_seconds = a_round / AFTERWARDS_PER_SECOND
        screen.print(f"{late.code} delivers {len(kept):,} events, shuffled, at {rate:,.0f} a second, {_load()} ...")
        over = threading.Event()
        thread = threading.Thread(target=deliver, args=(kept, rate, there, over))
        delivery = time.time()
        thread.start()
        live = play(said, late, (here, there), None, lambda _: over.is_set())
        thread.join()
        delivered = time.time()
        end = datetime.now(UTC) + timedelta(seconds=SETTLED_SECONDS)
        play(said, late, (here, there), None, lambda at: at >= end)
        now = datetime.now(UTC)
        drained = [one.end(now) for one in (here, there)]
        screen.print(
            f"{late.code} delivered {len(kept):,} events in {delivered - delivery:,.0f} s; after the last message everything was "
            f"belief within {drained[1]:.1f} s ({drained[0]:.1f} s at the site that heard all in time); {_load()}"
        )
        _tell_delays(here, there, cut_off.timestamp(), delivery, delivered)
        per_second = live / (delivered - delivery)
        screen.print(
            f"live meanwhile: {per_second:,.0f} messages/s beside the delivery's {len(kept) / (delivered - delivery):,.0f}"
        )
        _compare(here.archive, there.archive, began, now + EARLY)


def _load() -> str:
    return f"load average {Path('/proc/loadavg').read_text().split()[0]}"


def _tell_delays(here: Warehouse, there: Warehouse, cut_off: float, delivery: float, delivered: float) -> None:
    table = Table("a live read", "when", "reads", "p50 s", "p99 s", "max s", title="from its publication")
    worst = {}
    for what in ("committed", "believed"):
        for when, site, since, end in (
            ("before the delivery", there, cut_off, delivery),
            ("meanwhile", there, delivery, delivered),
            ("meanwhile, all in time", here, delivery, delivered),
        ):
            values = [seconds for at, seconds in getattr(site.delays, what) if since <= at < end]
            figures = [float(one) for one in np.quantile(values, [0.5, 0.99, 1.0])] if values else [float("nan")] * 3
            worst[what, when] = figures
            table.add_row(what, when, f"{len(values):,}", *(f"{one:.3f}" for one in figures))
    screen.print(table)
    for what in ("committed", "believed"):
        later = [worst[what, "meanwhile"][n] - worst[what, "before the delivery"][n] for n in range(3)]
        screen.print(
            f"{what} later than before: p50 {later[0]:+.3f} s, p99 {later[1]:+.3f} s, max {later[2]:+.3f} s "
            f"(promised at most {LATER_PROMISED_SECONDS:.0f} s)"
        )


def _compare(here: Archive, there: Archive, since: datetime, end: datetime) -> None:
    table = Table("compared", "in time", "late", "differ", title="row for row")
    ours, theirs = outcome(here, since - EARLY, end), outcome(there, since - EARLY, end)
    different = 0
    for what, rows in ours.items():
        mine, other = set(map(repr, rows)), set(map(repr, theirs[what]))
        apart = len(mine ^ other)
        different += apart
        table.add_row(what, f"{len(rows):,}", f"{len(theirs[what]):,}", str(apart))
        for side, some in (("in time", mine - other), ("late", other - mine)):
            for one in sorted(some)[:3]:
                screen.print(f"{what}, only {side}: {one[:300]}")
    screen.print(table)
    screen.print(f"quarantined: {len(quarantined(here))} and {len(quarantined(there))}")
    screen.print("[bold]the same[/bold]" if not different else f"[bold red]{different} rows differ[/bold red]")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=150_000, help="that the reader kept")
    parser.add_argument(
        "--rate", type=float, default=500.0, help="at which it reads, and delivers afterwards, a second"
    )
    parser.add_argument("--dossiers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=4_100)
    parser.add_argument("--quick", action="store_true", help="3,000 events of 4,000 dossiers")
    asked = parser.parse_args()
    events, dossiers = (3_000, 4_000) if asked.quick else (asked.events, asked.dossiers)
    with servers.server_directory() as directory:
        run(dossiers, events, asked.rate, asked.seed, directory)


if __name__ == "__main__":
    main()
