"""A recorded day, fed in again, ends in the same evidence and the same beliefs, bit for bit."""

import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from devices.recording import line_of, read_recording
from devices.replay import replay
from devices.simulator.city import City, make_city, write_registers
from devices.simulator.run import write_recording
from devices.simulator.truth import make_truth
from guiwei.recording import record_messages
from guiwei.settings import Settings
from guiwei.site import Site
from inventory.domain.refusals import FileUnreadable
from inventory.operations.believing import step_beliefs
from inventory.operations.importing import ImportOptions, import_register
from tests.conftest import Archive
from tests.ingest.conftest import ONE_ENGINE
from tests.ingest.equipment import (
    Publisher,
    keep_alive,
    now_us,
    quarantined,
    register_readers,
    rfc3339,
    until,
    working,
)
from tests.servers import Mosquitto

SEED = 20260312
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MORNING_US = int(MORNING.timestamp()) * 1_000_000
SECOND, MINUTE = 1_000_000, 60_000_000
SHANGHAI = ZoneInfo("Asia/Shanghai")

Another = Callable[[], Archive]
Line = tuple[int, str, bytes]

# Tags by their EPC: nobody promises in which order unknown ones get their numbers.
EVIDENCE = """
    SELECT evidence.antenna_id, encode(epc, 'hex'), slice_start, reads, rssi_reads, rssi_sum_cdbm, rssi_peak_cdbm, first_at,
           last_at
    FROM evidence JOIN tag ON tag.id = tag_id ORDER BY 1, 3, 2
"""
BELIEFS = "SELECT * FROM belief ORDER BY volume_id"
OTHER = {
    "anchors": "SELECT * FROM anchor ORDER BY 1, 2, 3",
    "gaps": "SELECT reader_id, from_at, to_at, reason FROM coverage_gap ORDER BY id",
    "quarantine": "SELECT received_at, topic, reader_id, payload, reason FROM quarantine ORDER BY id",
    "health": "SELECT * FROM reader_health ORDER BY reader_id",
    "models": "SELECT * FROM model ORDER BY version",
}


def rows(archive: Archive, query: str) -> list[tuple[Any, ...]]:
    return archive.root.execute(query).fetchall()


def everything(archive: Archive) -> dict[str, list[tuple[Any, ...]]]:
    """All that a replay comes to."""
    return {name: rows(archive, query) for name, query in {"evidence": EVIDENCE, "beliefs": BELIEFS, **OTHER}.items()}


# ── The simulated city's morning ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def small_city() -> City:
    return make_city(6_000, seed=SEED)


@pytest.fixture(scope="module")
def morning(small_city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the city's readers say in three minutes, at twenty times the pace."""
    print(f"seed {SEED}")
    path = tmp_path_factory.mktemp("recording") / "morning.jsonl"
    assert write_recording(small_city, make_truth(small_city, SEED), path, MORNING, 3, speed=20) > 1_000
    return path


def fill(archive: Archive, city: City, folder: Path) -> Archive:
    """The city's registers, true since the day before."""
    write_registers(city, folder)
    options = ImportOptions(as_of=MORNING - timedelta(days=1))
    for number, register in enumerate(("agencies", "places", "readers", "dossiers"), 1):
        import_register(
            archive.owner, register, folder / f"{register}.csv", UUID(int=number), datetime.now(UTC), options
        )
    return archive


def test_a_recording_replayed_into_two_warehouses_gives_the_same_rows_packed_or_not(
    archive: Archive, another_archive: Another, small_city: City, morning: Path, folder: Path
) -> None:
    packed = folder / "packed-without-saying-so.jsonl"
    packed.write_bytes(gzip.compress(morning.read_bytes()))
    other = another_archive()
    done = replay(fill(archive, small_city, folder).jobs, morning, SHANGHAI)
    assert done == replay(fill(other, small_city, folder).jobs, packed, SHANGHAI)
    assert done.messages == len(morning.read_text("utf-8").splitlines())
    ours, theirs = everything(archive), everything(other)
    assert ours == theirs
    assert len(ours["evidence"]) > 1_000
    assert len(ours["beliefs"]) > 300
    assert len(ours["anchors"]) > 0
    assert ours["quarantine"] == []


def test_a_morning_heard_live_and_its_recording_come_to_the_same(
    archive: Archive,
    another_archive: Another,
    small_city: City,
    folder: Path,
    broker: Mosquitto,
    readers: Publisher,
) -> None:
    """The first warehouse hears the readers over the broker while `record` writes down; the second gets the recording."""
    morning, path = folder / "morning.jsonl", folder / "recorded.jsonl.gz"
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=20)
    write_recording(small_city, make_truth(small_city, SEED), morning, start, 1.5, speed=20)
    said = list(read_recording(morning))
    for warehouse in (archive, other := another_archive()):
        fill(warehouse, small_city, folder)
        register_readers(warehouse, folder)
    with working(archive, broker.url):
        keep_alive(archive, readers)
        with recording(archive, broker, path, messages_max=len(said)):
            until(lambda: record_listens(broker), "record listens")
            for message in said:
                readers.publish(message.topic, message.payload)
            readers.settle()
        keep_alive(archive, readers)
    with archive.jobs.unpooled() as jobs:
        step_beliefs(jobs, datetime.now(UTC) + timedelta(minutes=5))
    replay(other.jobs, path, SHANGHAI)
    archive.root.execute("DELETE FROM anchor WHERE place_id = (SELECT id FROM place WHERE code = 'W1-PULSE')")
    for query in (EVIDENCE, BELIEFS, OTHER["anchors"], OTHER["gaps"]):
        ours = rows(archive, query)
        assert ours == rows(other, query)
    assert len(rows(archive, BELIEFS)) > 100
    assert quarantined(archive) == quarantined(other) == []


# ── Recording ────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def recording(archive: Archive, broker: Mosquitto, path: Path, messages_max: int | None = None) -> Iterator[list[int]]:
    """`guiwei record` at work; the list gets how many messages it wrote. It is ended with the block, unless it has."""
    site = Site(
        Settings(data_dir=path.parent), {"jobs": archive.server.url("jobs", archive.name)}, archive.keys, broker.url
    )
    stop, written = threading.Event(), list[int]()
    thread = threading.Thread(
        target=lambda: written.append(record_messages(site, path, stop, None, messages_max, print)), name="record"
    )
    thread.start()
    try:
        yield written
        if messages_max is not None:
            thread.join(30)
    finally:
        stop.set()
        thread.join(30)
    assert written, "record failed"


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
@ONE_ENGINE
def test_what_is_recorded_is_read_again_byte_for_byte(
    archive: Archive, folder: Path, broker: Mosquitto, readers: Publisher, name: str
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, "R,native,r/reads,0,A-01,shelf,r/状态")
    told = [
        ("r/reads", b"not to be understood \xff\x00"),
        ("r/状态", '{"status":"线"}'.encode()),
        ("r/reads", b""),
        ("r/reads", b'{"epc":\n"2C76451FD46072000000162E"}\r\n'),
        ("r/reads", bytes(range(256)) * 100),
    ]
    path = folder / name
    begun = now_us()
    with recording(archive, broker, path, messages_max=len(told)) as written:
        until(lambda: record_listens(broker), "record listens")
        for topic, payload in told:
            readers.say(topic, payload)
    recorded = list(read_recording(path))
    assert written == [len(recorded)] == [len(told)]
    assert [(message.topic, message.payload) for message in recorded] == told
    times = [message.received_at for message in recorded]
    assert times == sorted(times)
    assert begun < times[0] <= times[-1] < now_us()


def record_listens(broker: Mosquitto) -> bool:
    """Whether `record` has subscribed, by the broker's log."""
    return "guiwei-record-" in (broker.directory / "mosquitto.log").read_text("utf-8", "replace")


LINE = line_of(MORNING_US, "r/reads", b'{"epc":"2C76451FD46072000000162E","at":1772413200}')

LATER = line_of(MORNING_US + 2 * MINUTE, "r/reads", b"[]")  # by now, what came before would have been committed


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (LINE + LATER + LINE[:40] + b"\n" + LINE, "line 3"),
        (LINE + b"\n\n" + LINE.replace(b"2026", b"1026"), "line 4"),
        (LINE + LINE.replace(b"2026", b"9999"), "line 2"),
        (LINE.replace(b"+00:00", b""), "line 1"),
        (LINE.replace(b'"payload"', b'"load"'), "line 1"),
        (LINE.replace(b'"payload"', b'"payload_base64"'), "line 1"),
        (LINE + b"[" * 100_000, "line 2"),
        (LINE + b"\xff\xfe", "line 2"),
        (gzip.compress(LINE * 10_000)[:-300], "ended before"),
        (gzip.compress(LINE * 1_000)[:60] + bytes(200), "Error -3"),
    ],
    ids=[
        "half a line",
        "another age",
        "the end of time",
        "no zone",
        "no payload",
        "no base64",
        "too deep",
        "no UTF-8",
        "half a file",
        "wrong bits",
    ],
)
@ONE_ENGINE
def test_a_broken_recording_is_refused_naming_the_line_and_nothing_of_it_is_fed_in(
    archive: Archive, folder: Path, content: bytes, problem: str
) -> None:
    archive.shelf("A-01")
    register_readers(archive, folder, "R,native,r/reads,0,A-01,shelf,")
    path = folder / "broken.jsonl"
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match=problem) as refused:
        replay(archive.jobs, path, SHANGHAI)
    assert "broken.jsonl" in refused.value.sentence("en")
    found = everything(archive)
    assert all(not found[name] for name in found), found


@ONE_ENGINE
def test_a_recording_that_is_not_there_is_refused(archive: Archive, folder: Path) -> None:
    with pytest.raises(FileUnreadable, match="nowhere"):
        replay(archive.jobs, folder / "nowhere.jsonl", SHANGHAI)


# ── Midnights, and messages that come late ───────────────────────────────────────────────────────────────────────────


def write(path: Path, lines: list[Line]) -> Path:
    path.write_bytes(b"".join(line_of(*line) for line in lines))
    return path


def read_line(at: datetime, epc: int = 1) -> Line:
    microseconds = int(at.timestamp() * SECOND)
    said = {"epc": f"{epc:024X}", "rssi_dbm": -50, "at": rfc3339(microseconds)}
    return microseconds, "r/reads", json.dumps(said).encode()


@ONE_ENGINE
@pytest.mark.parametrize("close", [True, False])
def test_a_recording_that_passes_local_midnights_closes_each_day(archive: Archive, folder: Path, close: bool) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", epc=f"{1:024X}")
    register_readers(archive, folder, "R,native,r/reads,0,A-01,shelf,")
    before = datetime(2026, 3, 2, 15, 59, 50, tzinfo=UTC)  # 23:59:50 in Shanghai
    lines = [read_line(before), read_line(before + timedelta(seconds=20)), read_line(before + timedelta(days=2))]
    done = replay(archive.jobs, write(folder / "days.jsonl", lines), SHANGHAI, close=close)
    midnights = [datetime(2026, 3, day, 16, tzinfo=UTC) for day in (2, 3)]
    learned = rows(archive, "SELECT learned_until FROM model WHERE learned_until IS NOT NULL ORDER BY version")
    assert [until for (until,) in learned] == (midnights if close else [])
    assert done.closes == len(learned)
    assert done.messages == 3
    ((version,),) = rows(archive, "SELECT model_version FROM belief")
    assert version == len(rows(archive, "SELECT FROM model")) == (3 if close else 1)


@ONE_ENGINE
@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_messages_that_come_late_and_in_any_order_end_in_the_same_beliefs(
    archive: Archive, another_archive: Another, folder: Path, seed: int
) -> None:
    """A cabinet and a handheld for ten minutes; in the second warehouse every message is up to eight minutes late."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    lines = cabinet(chance) + sweep(chance)
    in_order = sorted(lines)
    late = sorted((at + chance.randrange(8 * MINUTE), topic, payload) for at, topic, payload in lines)
    assert [payload for _, _, payload in late] != [payload for _, _, payload in in_order]
    for warehouse, told in ((archive, in_order), (other := another_archive(), late)):
        for number in range(1, 5):
            shelf = warehouse.shelf(f"A-0{number}", x=float(number))
            label = bytes.fromhex(f"3500AAAA{number:016X}")
            warehouse.root.execute(
                "INSERT INTO tag (epc, place_id) SELECT %s, id FROM place WHERE code = %s", (label, shelf)
            )
        for number in range(60):
            warehouse.dossier(f"D-{number}", epc=f"{number:024X}")
        register_readers(
            warehouse,
            folder,
            *(f"cabinet,native,r/cabinet,{number},A-0{number},shelf," for number in range(1, 5)),
            "handheld,native,r/handheld,0,W1-R1,handheld,",
        )
        replay(warehouse.jobs, write(folder / "told.jsonl", told), SHANGHAI)
    assert len(rows(archive, BELIEFS)) == 60
    for query in (EVIDENCE, OTHER["anchors"], BELIEFS):
        assert rows(archive, query) == rows(other, query)


def line(topic: str, at: int, **said: object) -> Line:
    return at, topic, json.dumps(said | {"at": rfc3339(at)}).encode()


def cabinet(chance: random.Random) -> list[Line]:
    """Thirty tags in a cabinet of four shelves, each read best by the antenna of its own."""
    lines = []
    for _ in range(600):
        tag, antenna = chance.randrange(30), chance.randrange(1, 5)
        strength = -45 - 6 * abs(antenna - 1 - tag % 4) - chance.randrange(400) / 100
        at = MORNING_US + chance.randrange(10 * MINUTE)
        lines.append(line("r/cabinet", at, epc=f"{tag:024X}", antenna=antenna, rssi_dbm=strength))
    return lines


def sweep(chance: random.Random) -> list[Line]:
    """A keeper sweeps four shelves, two minutes each: scans the code, hears the label and thirty other tags."""
    lines = []
    for shelf in range(1, 5):
        since = MORNING_US + (shelf - 1) * 2 * MINUTE
        lines.append(line("r/handheld", since, barcode=f"A-0{shelf}"))
        for _ in range(25):
            at = since + SECOND + chance.randrange(2 * MINUTE - 2 * SECOND)
            lines.append(
                line("r/handheld", at, epc=f"3500AAAA{shelf:016X}", rssi_dbm=-50 - chance.randrange(300) / 100)
            )
        for _ in range(100):
            tag = 30 + (shelf - 1) * 7 + chance.randrange(9)
            at = since + SECOND + chance.randrange(2 * MINUTE - 2 * SECOND)
            lines.append(line("r/handheld", at, epc=f"{tag:024X}", rssi_dbm=-50 - chance.randrange(2000) / 100))
    return lines
