"""`python -m bench.gate_alarm`: from the message that decides an alarm to the siren's command and to the page, everything real.

People carry dossiers that nobody expects out through simulated gates, beside 1,000 reads a second of dossiers parked there; the
readers' messages go through Mosquitto to `guiwei gate` as a process of its own, PostgreSQL and the web server. A keeper answers
each alarm, so that the next one is a new one. Measured of each, from the publication of the newest message its gate had when it
decided (a direction out, held for a quarter of a second): until a client of the broker has the command to the siren's output, until
the row is stored, until Chromium, on the gates' page, shows the alarm. And from the person's crossing of the middle of the
gate until the siren's command. Promised: under a second at p99 for siren and page. `--quick`: a minute of people.

`--outage SECONDS`: PostgreSQL is stopped for so long in the middle of it. Sirens go on; afterwards whatever the spool was told of is
in the database once, and every dossier is in one passage.
"""

import argparse
import json
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
import psycopg
import sqlalchemy
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from devices.broker import BrokerAddress, new_client
from devices.gate import SPOOLED
from devices.simulator.gates import Scene, Walk, read
from devices.simulator.passers import QUIET_SECONDS, Traffic, make_scene
from devices.spool import Spool
from inventory.domain.people import Role
from inventory.locating.reads import SECOND, Reads, together
from inventory.operations.signing_in import add_account, add_token
from inventory.store import migrating
from inventory.store.keys import new_key_ring
from tests import servers
from tests.conftest import Archive
from tests.ingest.equipment import IngestProcess, Publisher, until
from tests.locating.gatesay import MORNING, parked
from tests.site import CHROMIUM, serving
from web.app import WebSettings

BACKGROUND_PER_SECOND = 1_000
HISTORY_SECONDS = 600.0
LAST_SECONDS = 60.0  # of a simulated hour, in which nobody sets out any more
SEED = 4_001
APART_SECONDS = (4.0, 8.0)
EPC = "3500E86F8000A9E0{:08X}"
REPORT = SECOND // 4
BEGINS_IN = 60 * SECOND
PROMISED_SECONDS = 1.0
ANSWERED_AFTER_SECONDS = 1.0
AFTERWARDS_SECONDS = 30.0  # a passage is settled, and what waited is stored

screen = Console(width=140)


@dataclass(frozen=True)
class Gate:
    """One gate: what goes on there, and what its reader says; tags are numbered from `first` on in the site."""

    number: int
    scene: Scene
    reads: Reads
    first: int

    @property
    def reader(self) -> str:
        """Its reader's code; the place has a hyphen."""
        return f"G{self.number}"

    @property
    def topic(self) -> str:
        """Where its reader publishes."""
        return f"guiwei/W1/{self.reader}/reads"

    @property
    def commands(self) -> str:
        """Where its reader takes commands."""
        return f"guiwei/W1/{self.reader}/commands"


@dataclass
class Heard:
    """What was noticed while people went out: epoch seconds."""

    published: dict[str, list[float]] = field(default_factory=dict)  # by gate's place
    sirens: dict[str, list[float]] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)  # by passage
    answered: int = 0
    away: tuple[float, float] | None = None
    spooled: dict[str, int] = field(
        default_factory=dict
    )  # by passage told while the database was away, the last telling


@contextmanager
def site(directory: Path, gates: list[Gate], tags: int) -> Iterator[tuple[Archive, str]]:
    """A warehouse with gates, a dossier for each tag, a keeper's token and the web server; its address."""
    engine_directory = directory / "engine"
    engine_directory.mkdir(mode=0o711)
    with servers.embedded_18(engine_directory, durable=True) as server:
        server.provision("bench")
        engine = sqlalchemy.create_engine(server.url("owner", "bench").replace("postgresql:", "postgresql+psycopg:"))
        migrating.upgrade(engine)
        engine.dispose()
        archive = Archive(server, "bench", new_key_ring())
        archive.shelf("A-01")
        archive.dossier("D-0", on="A-01")
        for gate in gates:
            archive.place(f"G-{gate.number}", "gate", parent="W1-R1")
            archive.root.execute(
                "INSERT INTO reader (code, dialect, topic, timezone) VALUES (%s, 'native', %s, 'UTC')",
                (gate.reader, gate.topic),
            )
            archive.root.execute(
                "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, number, role, place.id "
                "FROM reader, place, (VALUES (1, 'gate_inner'), (2, 'gate_outer')) AS seat (number, role) "
                "WHERE place.code = %s AND reader.code = %s",
                (f"G-{gate.number}", gate.reader),
            )
        for statement in (
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


# ── Who notices ──────────────────────────────────────────────────────────────────────────────────────────────────────

# Every alarm that comes onto the page, and when it did by the browser's clock.
WATCH = """
() => {
  if (window.alarmsShown) return window.alarmsShown;
  const shown = window.alarmsShown = {};
  const look = () => document.querySelectorAll('article.alarm').forEach(
    (alarm) => { shown[alarm.id] = shown[alarm.id] || Date.now() / 1000; });
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
  look();
  return shown;
}
"""


class Page:
    """Chromium with the page *Gates* open, in a thread of its own: when it showed each alarm."""

    def __init__(self, address: str, secret: str, shown: dict[str, float]) -> None:
        """Open it."""
        self._address, self._secret, self._shown = address, secret, shown
        self._stop, self._opened = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()
        self._opened.wait(60)

    def close(self) -> None:
        """Close the browser."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            context = browser.new_context(locale="zh-CN")
            context.add_cookies([{"name": "guiwei", "value": self._secret, "url": self._address}])
            page = context.new_page()
            page.goto(f"{self._address}/gates")
            while not self._stop.wait(1):
                # A page that is being replaced is asked again.
                with suppress(BrowserError):
                    for alarm, at in page.evaluate(WATCH).items():
                        self._shown.setdefault(alarm.removeprefix("alarm-"), at)
                self._opened.set()
            browser.close()


class Keeper:
    """Answers every alarm, a moment after it is there; while nobody can be asked, later."""

    def __init__(self, address: str, heard: Heard) -> None:
        """Begin."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._answer, args=(address, heard))
        self._thread.start()

    def close(self) -> None:
        """Go home."""
        self._stop.set()
        self._thread.join()

    def _answer(self, address: str, heard: Heard) -> None:
        with httpx.Client(base_url=address, headers={"Authorization": "Bearer the-token"}, timeout=10) as client:
            waiting: set[str] = set()
            while not self._stop.wait(ANSWERED_AFTER_SECONDS):
                with suppress(httpx.HTTPError):
                    answer = client.get("/api/v1/gates")
                    if answer.is_error:
                        continue
                    there = {alarm["passage"] for alarm in answer.json()["alarms"]}
                    for passage in there & waiting:
                        said = {"command_id": str(uuid4()), "false_alarm": False, "reason": "已追回"}
                        told = client.post(f"/api/v1/passages/{passage}/acknowledgement", json=said)
                        heard.answered += told.is_success
                    waiting = there


class Sirens:
    """The readers' end of the wire: when each command to sound came."""

    def __init__(self, url: str, gates: list[Gate], heard: dict[str, list[float]]) -> None:
        """Listen."""
        address, subscribed = BrokerAddress.parse(url), threading.Event()
        place_of = {gate.commands: f"G-{gate.number}" for gate in gates}
        self._client = new_client(address, uuid4().hex)
        self._client.on_message = lambda _client, _data, message: (
            heard.setdefault(place_of[message.topic], []).append(time.time())
            if json.loads(message.payload)["on"]
            else None
        )
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect(address.host, address.port)
        self._client.loop_start()
        self._client.subscribe([(topic, 1) for topic in place_of])
        subscribed.wait(20)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


# ── What the readers say ─────────────────────────────────────────────────────────────────────────────────────────────


def gates_of(count: int, seconds: float) -> list[Gate]:
    """Gates through which people go out, who all carry something, after ten minutes of nothing but parked dossiers.

    Times in microseconds from 0.
    """
    gates: list[Gate] = []
    first = 0
    for number in range(1, count + 1):
        traffic = Traffic(
            QUIET_SECONDS + seconds + LAST_SECONDS, shares=((Walk.OUT, 1.0),), apart_seconds=APART_SECONDS
        )
        scene = make_scene(traffic, SEED + number)
        people = read(scene)
        people = replace(people, at=people.at - round(QUIET_SECONDS * SECOND))
        # Beside those of the scene, whose reads leave a reader so much time.
        per_second = len(people) / traffic.seconds
        lying = range(scene.tags, scene.tags + max(round(BACKGROUND_PER_SECOND / count - per_second), 1))
        more = parked(lying, 0, HISTORY_SECONDS + seconds + LAST_SECONDS, metres=-1.5, seed=SEED + number)
        more = replace(more, at=more.at - MORNING - round(HISTORY_SECONDS * SECOND))
        reads = together(people, more)
        gates.append(Gate(number, scene, replace(reads, tag=reads.tag + first), first))
        first += lying.stop
    return gates


def messages(gate: Gate) -> Iterator[tuple[int, Gate, bytes]]:
    """(when it is sent, whose, payload without its times filled in) every quarter of a second; times as `@<microseconds>`."""
    reads = gate.reads
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
        yield int((number[low] + 1) * REPORT), gate, ("[" + ",".join(entries) + "]").encode()


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


# ── The run ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def run(count: int, seconds: float, outage: float) -> None:
    """Let people go out, and say what was noticed."""
    gates = gates_of(count, seconds)
    said = sorted((one for gate in gates for one in messages(gate)), key=lambda one: one[0])
    heard = Heard()
    with ExitStack() as stack:
        directory = stack.enter_context(servers.server_directory())
        archive, address = stack.enter_context(
            site(directory, gates, gates[-1].first + int(gates[-1].scene.tags) + BACKGROUND_PER_SECOND)
        )
        broker = stack.enter_context(servers.mosquitto(directory))
        readers = Publisher(broker.url)
        stack.callback(readers.close)
        for one in (
            Sirens(broker.url, gates, heard.sirens),
            Page(address, archive.keeper.secret, heard.shown),
            Keeper(address, heard),
        ):
            stack.callback(one.close)
        process = stack.enter_context(IngestProcess(archive, broker.url, directory, "gate"))
        process.start()
        _listens(archive, readers, gates)
        # What is past comes at once, the rest when it happens.
        began = round(time.time() * SECOND) + BEGINS_IN
        away = threading.Thread(target=_go_away, args=(archive, directory, began / SECOND, seconds, outage, heard))
        if outage:
            away.start()
        screen.print(f"{count} gates, {seconds:,.0f} s of people, {_load()} ...")
        _play(said, began, readers, heard)
        if outage:
            away.join()
        time.sleep(AFTERWARDS_SECONDS)
        process.end()
        with psycopg.connect(archive.server.superuser_url, dbname=archive.name, autocommit=True) as root:
            _tell(root, gates, began / SECOND, heard, seconds)
            if outage:
                _tell_outage(root, gates, began / SECOND, heard)


def _listens(archive: Archive, readers: Publisher, gates: list[Gate]) -> None:
    def heard() -> bool:
        for gate in gates:
            readers.say(gate.topic, json.dumps({"status": "online"}))
        pulses = archive.root.execute("SELECT FROM gate_pulse WHERE heard_at IS NOT NULL")
        return pulses.rowcount == len(gates)

    for gate in gates:
        strange = {"epc": "3500E86F8000BBBB00000000", "antenna": 1, "rssi_dbm": -75, "at": time.time()}
        readers.say(gate.topic, json.dumps(strange))
    until(heard, "the gates are listened to")


def _play(said: list[tuple[int, Gate, bytes]], began: int, readers: Publisher, heard: Heard) -> None:
    for at, gate, payload in said:
        ready = timed(payload, began)
        time.sleep(max(0.0, (began + at) / SECOND - time.time()))
        heard.published.setdefault(f"G-{gate.number}", []).append(time.time())
        readers.publish(gate.topic, ready)
    readers.settle()


def _go_away(archive: Archive, directory: Path, began: float, seconds: float, outage: float, heard: Heard) -> None:
    """Stop PostgreSQL in the middle of the run, and start it again."""
    time.sleep(max(0.0, began + (seconds - outage) / 2 - time.time()))
    archive.server.stop()
    stopped = time.time()
    screen.print(f"PostgreSQL is away for {outage:,.0f} s, {_load()} ...")
    time.sleep(outage)
    for _, line in Spool(directory / "gate", "tellings").read():
        spooled = SPOOLED.decode(line)
        if datetime.fromisoformat(spooled.telling.decided_at).timestamp() >= stopped:
            told = str(spooled.telling.id)
            heard.spooled[told] = max(heard.spooled.get(told, 0), spooled.telling.telling)
    archive.server.start()
    heard.away = stopped, time.time()
    screen.print(f"PostgreSQL is there again; {len(heard.spooled)} passages were told meanwhile")


def _load() -> str:
    return f"load average {Path('/proc/loadavg').read_text().split()[0]}"


# ── What came of it ──────────────────────────────────────────────────────────────────────────────────────────────────

ALARMS = """
    SELECT passage.id::text, place.code, extract(epoch FROM heard_at)::float8, extract(epoch FROM siren_at)::float8,
           extract(epoch FROM passage.stored_at)::float8, array_agg(number), extract(epoch FROM alarmed_at)::float8
    FROM passage JOIN place ON place.id = gate_place_id JOIN passage_volume ON passage_id = passage.id
    JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
    WHERE alarmed_at IS NOT NULL GROUP BY passage.id, place.code
"""


def _tell(root: psycopg.Connection, gates: list[Gate], began: float, heard: Heard, seconds: float) -> None:
    rows = root.execute(ALARMS).fetchall()
    crosses = {
        f"B-{gate.first + tag + 1}": walker.crosses
        for gate in gates
        for walker in gate.scene.walkers
        for tag in walker.tags.tolist()
    }
    told: dict[str, list[float]] = {"siren": [], "row": [], "page": [], "crossing to siren": []}
    without = told | {"siren, database away": []}
    silent = 0
    for passage, place, heard_at, siren_at, stored_at, numbers, alarmed_at in rows:
        if siren_at is None:
            silent += 1
            continue
        published = heard.published[place]
        decided = published[max(bisect_right(published, heard_at) - 1, 0)]
        came = next((at for at in heard.sirens.get(place, []) if at >= siren_at), None)
        if heard.away is not None and heard.away[0] <= alarmed_at <= heard.away[1]:
            if came is not None:
                without["siren, database away"].append(came - decided)
            continue
        told["row"].append(stored_at - decided)
        if came is not None:
            told["siren"].append(came - decided)
        if passage in heard.shown:
            told["page"].append(heard.shown[passage] - decided)
        crossed = next((crosses[number] for number in numbers if number in crosses), None)
        if crossed is not None and came is not None:
            told["crossing to siren"].append(came - began - crossed + QUIET_SECONDS)
    living = sum(bool((~gate.scene.dead[one.tags]).any()) for gate in gates for one in gate.scene.walkers)
    rate = sum(int((gate.reads.at >= 0).sum()) for gate in gates) / (seconds + LAST_SECONDS)
    screen.print(
        f"{living} people carried something out in {seconds:,.0f} s beside {rate:,.0f} reads/s; {len(rows)} alarms, {silent} of them "
        f"too late for a siren; {heard.answered} answered meanwhile; {_load()}"
    )
    table = Table("from the deciding message to", "alarms", "p50 s", "p99 s", "max s", "promised p99")
    for what, values in (told if heard.away is None else without).items():
        figures = np.quantile(values, [0.5, 0.99, 1.0]) if values else (float("nan"),) * 3
        promise = "" if what in {"row", "crossing to siren"} else f"{PROMISED_SECONDS:.0f} s"
        table.add_row(what, str(len(values)), *(f"{one:.3f}" for one in figures), promise)
    screen.print(table)


def _tell_outage(root: psycopg.Connection, gates: list[Gate], began: float, heard: Heard) -> None:
    """Whatever was told while the database was away, against what it has now; and every dossier's passages."""
    assert heard.away is not None
    kept: dict[str, int] = dict(root.execute("SELECT id::text, telling FROM passage").fetchall())
    lost = [passage for passage in heard.spooled if passage not in kept]
    behind = [passage for passage, telling in heard.spooled.items() if kept.get(passage, telling) < telling]
    screen.print(
        f"of {len(heard.spooled)} passages told to the spool meanwhile, {len(lost)} are not in the database, {len(behind)} with less "
        f"than was told; each is one row ({len(kept):,} in all)"
    )
    times = {
        number: (passages, cases)
        for number, passages, cases in root.execute(
            "SELECT number, count(DISTINCT passage_id) FILTER (WHERE direction = 'out'), "
            "(SELECT count(*) FROM discrepancy WHERE discrepancy.volume_id = volume.id AND kind = 'left_without_order') "
            "FROM passage_volume JOIN passage ON passage.id = passage_id JOIN volume ON volume.id = volume_id "
            "JOIN dossier ON dossier.id = dossier_id GROUP BY number, volume.id"
        ).fetchall()
    }
    table = Table(
        "dossiers carried out", "in one passage", "in two or more", "in none", "with one case", "with two or more"
    )
    for when, since, end in (
        ("database there", 0.0, heard.away[0]),
        ("database away", *heard.away),
        ("database there again", heard.away[1], float("inf")),
    ):
        found = [
            times.get(f"B-{gate.first + tag + 1}", (0, 0))
            for gate in gates
            for walker in gate.scene.walkers
            if since <= began + walker.crosses - QUIET_SECONDS < end
            for tag in walker.tags[~gate.scene.dead[walker.tags]].tolist()
        ]
        table.add_row(
            f"{when}: {len(found):,}",
            *(f"{sum(fits(*one) for one in found):,}" for fits in (
                lambda passages, _: passages == 1, lambda passages, _: passages > 1, lambda passages, _: passages == 0,
                lambda _, cases: cases == 1, lambda _, cases: cases > 1,
            )),
        )  # fmt: skip
    screen.print(table)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=360.0, help="of people, beside the outage")
    parser.add_argument("--gates", type=int, default=4)
    parser.add_argument("--outage", type=float, default=0.0, help="seconds for which PostgreSQL is stopped in between")
    parser.add_argument("--quick", action="store_true", help="a minute of people")
    asked = parser.parse_args()
    run(asked.gates, (60.0 if asked.quick else asked.seconds) + asked.outage, asked.outage)


if __name__ == "__main__":
    main()
