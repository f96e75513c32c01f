"""What readers publish becomes evidence, anchors and coverage gaps, or is kept with the reason why not."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from devices.dialects import DIALECTS
from inventory.operations.believing import step_beliefs
from inventory.store import find_mode
from tests.conftest import Archive
from tests.dialects.cases import GOLDEN, cases_of, mapping_of, read_cases, said_at
from tests.ingest.equipment import (
    Publisher,
    Working,
    evidence,
    keep_alive,
    now_us,
    quarantined,
    reads_of,
    rfc3339,
)

EPC = "2C76451FD46072000000162E"
SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 86_400_000_000

Listening = Callable[..., Working]


def read(epc: str = EPC, **more: object) -> str:
    return json.dumps({"epc": epc, "rssi_dbm": -50, "at": rfc3339(now_us())} | more)


def say(archive: Archive, readers: Publisher, topic: str, *payloads: bytes | str) -> None:
    """Publish, and wait until ingest has taken all of it in."""
    readers.say(topic, *payloads)
    keep_alive(archive, readers)


def registered(dialect: str) -> str:
    """The row of a reader of this dialect, with a mapping where it reads one."""
    mapping = "" if mapping_of(dialect) is None else json.dumps(mapping_of(dialect)).replace('"', '""')
    return f'R,{dialect},r/reads,0,A-01,shelf,,"{mapping}"'


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_broken_message_is_kept_with_its_bytes_and_a_reason_and_stops_nothing(
    archive: Archive, readers: Publisher, listening: Listening, dialect: str
) -> None:
    archive.shelf("A-01")
    listening(registered(dialect))
    cases = read_cases(GOLDEN / "broken.jsonl") + cases_of(dialect)
    broken = [case.payload for case in cases if case.expect is None and case.mapping is None]
    assert len(broken) > 20
    for payload in broken:
        readers.say("r/reads", said_at(dialect, EPC, now_us()), payload)
    say(archive, readers, "r/reads", said_at(dialect, EPC, now_us()))
    kept = quarantined(archive)
    assert [(topic, payload) for topic, payload, _ in kept] == [("r/reads", payload) for payload in broken]
    assert all(reason and reason.isprintable() for _, _, reason in kept)
    assert evidence(archive)["R", 0, EPC][0] == len(broken) + 1
    row = archive.root.execute(
        "SELECT reads, quarantined FROM reader_health JOIN reader ON reader.id = reader_id WHERE code = 'R'"
    ).fetchone()
    assert row == (len(broken) + 1, len(broken))


def test_the_reads_of_a_tag_at_a_shelf_add_up_in_one_row(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    archive.dossier("D-17", on="A-01", epc=EPC)
    listening("R,native,r/reads,1,A-01,shelf,")
    slice_start = now_us() // (5 * MINUTE) * 5 * MINUTE - 10 * MINUTE
    for second, strength, count in ((200, -50.5, 2), (10, -47.25, 1), (299, -60, 3)):
        at = rfc3339(slice_start + second * SECOND)
        say(archive, readers, "r/reads", read(antenna=1, at=at, rssi_dbm=strength, count=count))
    say(archive, readers, "r/reads", read(antenna=1, at=rfc3339(slice_start + 20 * SECOND), rssi_dbm=None))
    rows = archive.root.execute(
        "SELECT number, reads, rssi_reads, rssi_sum_cdbm, rssi_peak_cdbm, slice_start, first_at, last_at FROM evidence "
        "JOIN tag ON tag.id = tag_id JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id"
    ).fetchall()
    start = datetime.fromtimestamp(slice_start / 1e6, UTC)
    ten, last = start + timedelta(seconds=10), start + timedelta(seconds=299)
    assert rows == [("D-17", 7, 6, -2 * 5050 - 4725 - 3 * 6000, -4725, start, ten, last)]


def test_a_reader_is_known_by_its_topic_whatever_its_payload_says(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R-1,native,r/1,0,A-01,shelf,", "R-2,native,r/2,0,A-01,shelf,")
    say(archive, readers, "r/1", read(reader="R-2"))
    assert evidence(archive) == {("R-1", 0, EPC): (1, -5000)}


def test_a_tag_nobody_registered_is_kept_and_counted_without_a_volume(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,shelf,")
    at = now_us()
    say(archive, readers, "r/reads", read(at=rfc3339(at)), read(at=rfc3339(at + 1)))
    assert reads_of(archive, EPC) == 2
    tags = archive.root.execute(
        "SELECT upper(encode(epc, 'hex')), volume_id, place_id, first_seen_at FROM tag"
    ).fetchall()
    assert tags == [(EPC, None, None, datetime.fromisoformat(rfc3339(at)))]
    with archive.jobs.unpooled() as jobs:
        assert step_beliefs(jobs, datetime.now(UTC) + timedelta(minutes=5)) == 0


def test_an_antenna_nobody_registered_is_kept_apart_with_its_whole_message(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,1,A-01,shelf,", "R,native,r/reads,2,A-01,shelf,")
    message = f"[{read(antenna=1)}, {read(antenna=7)}]"
    say(archive, readers, "r/reads", message, read(antenna=2))
    assert quarantined(archive) == [("r/reads", message.encode(), "antenna 7 of reader R is not registered")]
    assert evidence(archive) == {("R", 2, EPC): (1, -5000)}


def test_a_reader_registered_as_one_place_is_that_place_by_any_of_its_antennas(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,cart,")
    say(archive, readers, "r/reads", read(antenna=1), read(antenna=4))
    assert evidence(archive) == {("R", 0, EPC): (2, -10000)}


@pytest.mark.parametrize("dialect", ["native", "mapping"])
def test_a_read_of_the_future_or_of_last_year_is_kept_apart(
    archive: Archive, readers: Publisher, listening: Listening, dialect: str
) -> None:
    archive.shelf("A-01")
    listening(registered(dialect))
    now = now_us()
    wrong = [said_at(dialect, EPC, at) for at in (now + 20 * MINUTE, now - 365 * DAY)]
    right = [said_at(dialect, EPC, at) for at in (now + 2 * MINUTE, now - 30 * DAY)]
    say(archive, readers, "r/reads", *wrong, *right)
    kept = quarantined(archive)
    assert [payload for _, payload, _ in kept] == [payload.encode() for payload in wrong]
    assert "seconds in the future" in kept[0][2]
    assert "365 days in the past" in kept[1][2]
    assert reads_of(archive, EPC) == 2


@pytest.mark.parametrize(
    "said",
    [
        {"barcode": "A-01"},
        {"status": "offline"},
        {"status": "online"},
        {"status": "gap"},
    ],
    ids=["a scanned code", "offline", "online", "a gap"],
)
def test_whatever_is_told_of_the_future_is_kept_apart(
    archive: Archive, readers: Publisher, listening: Listening, said: dict[str, str]
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,handheld,")
    message = json.dumps(said | {"at": rfc3339(now_us() + DAY)})
    say(archive, readers, "r/reads", message)
    ((_, payload, reason),) = quarantined(archive)
    assert payload == message.encode()
    assert "in the future" in reason
    assert (
        archive.root.execute("SELECT FROM anchor JOIN reader ON reader.id = reader_id WHERE code = 'R'").rowcount == 0
    )
    assert archive.root.execute("SELECT FROM coverage_gap").rowcount == 0
    assert archive.root.execute("SELECT FROM reader_health WHERE last_message_at > now()").rowcount == 0


def test_a_gap_that_lasts_into_the_future_is_kept_apart(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,handheld,")
    now = now_us()
    message = json.dumps({"status": "gap", "at": rfc3339(now), "from": rfc3339(now), "to": rfc3339(now + DAY)})
    say(archive, readers, "r/reads", message)
    assert [payload for _, payload, _ in quarantined(archive)] == [message.encode()]


def test_a_reader_that_counts_beyond_all_bounds_stops_nothing(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,shelf,")
    at = rfc3339(now_us() // (5 * MINUTE) * 5 * MINUTE)
    boast = json.dumps([{"epc": EPC, "rssi_dbm": -50, "count": 1_000_000, "at": at}] * 3_000)
    say(archive, readers, "r/reads", boast)
    say(archive, readers, "r/reads", boast)
    say(archive, readers, "r/reads", read("2C76451FD460720000001630"))
    assert reads_of(archive, EPC) >= 2_000_000_000
    assert reads_of(archive, "2C76451FD460720000001630") == 1


def test_a_scanned_shelf_label_anchors_the_reader_there(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("H,zebra_handheld,r/h,0,W1-R1,handheld,")
    at = rfc3339(now_us())
    scan = {"timestamp": at, "data": {"barcodeData": [{"decodedBarcode": code} for code in ("A-01\r", "A-99")]}}
    say(archive, readers, "r/h", json.dumps(scan))
    anchors = "SELECT reader.code, place.code, scanned_at FROM anchor JOIN place ON place.id = place_id "
    anchors += "JOIN reader ON reader.id = reader_id WHERE reader.code = 'H'"
    assert archive.root.execute(anchors).fetchall() == [("H", "A-01", datetime.fromisoformat(at))]
    ((_, payload, reason),) = quarantined(archive)
    assert (payload, reason) == (b"A-99", "the scanned code is no place's")


def test_a_code_that_comes_later_than_the_reads_it_anchors_still_decides_where_they_were(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02", x=5.0)
    archive.dossier("D-17", epc=EPC)
    listening("H,native,r/h,0,W1-R1,handheld,")
    now = now_us()
    with archive.jobs.unpooled() as jobs:
        say(archive, readers, "r/h", read(at=rfc3339(now - 10 * SECOND)))
        assert step_beliefs(jobs, datetime.now(UTC)) == 0
        say(archive, readers, "r/h", json.dumps({"barcode": "A-02", "at": rfc3339(now - 20 * SECOND)}))
        assert step_beliefs(jobs, datetime.now(UTC)) == 1
    places = archive.root.execute("SELECT code FROM belief JOIN place ON place.id = place_id").fetchall()
    assert places == [("A-02",)]


def test_a_label_that_another_antenna_of_the_cart_heard_decides_where_the_reads_before_it_were(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-02", x=5.0)
    archive.dossier("D-17", epc=EPC)
    label = "3500AAAA0000000000000002"
    archive.root.execute(
        "INSERT INTO tag (epc, place_id) SELECT %s, id FROM place WHERE code = 'A-02'", (bytes.fromhex(label),)
    )
    listening("C,native,r/c,1,W1-R1,cart,", "C,native,r/c,2,W1-R1,cart,")
    now = now_us()
    with archive.jobs.unpooled() as jobs:
        say(archive, readers, "r/c", read(antenna=2, at=rfc3339(now - 10 * SECOND)))
        assert step_beliefs(jobs, datetime.now(UTC)) == 0
        say(archive, readers, "r/c", read(label, antenna=1, at=rfc3339(now - 9 * SECOND)))
        assert step_beliefs(jobs, datetime.now(UTC)) == 1
    places = archive.root.execute("SELECT code FROM belief JOIN place ON place.id = place_id").fetchall()
    assert places == [("A-02",)]


def test_who_looks_for_a_volume_hears_what_is_read_now_and_nothing_that_a_reader_kept(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    archive.dossier("D-17", on="A-01", epc=EPC)
    listening("R,native,r/reads,0,A-01,shelf,")
    (volume,) = archive.root.execute("SELECT id FROM volume").fetchone() or (0,)
    find_mode.listen_for(archive.root, volume, datetime.now(UTC) + timedelta(hours=1))
    with archive.jobs.unpooled() as jobs:
        jobs.autocommit = True
        jobs.execute("LISTEN found")
        now = now_us()
        say(archive, readers, "r/reads", read(at=rfc3339(now), seq=2))
        say(archive, readers, "r/reads", read(at=rfc3339(now - 10 * MINUTE), seq=1), read(at=rfc3339(now_us()), seq=3))
        told = [json.loads(notice.payload)["at"] for notice in jobs.notifies(timeout=30, stop_after=2)]
    assert len(told) == 2
    assert all(at >= now // 1000 for at in told)
    assert reads_of(archive, EPC) == 3


# ── Coverage gaps ────────────────────────────────────────────────────────────────────────────────────────────────────


def gaps(archive: Archive) -> list[tuple[str, float | None, float | None, str]]:
    """(reader, from, to, reason), times in epoch seconds."""
    rows = archive.root.execute(
        "SELECT code, extract(epoch FROM from_at), extract(epoch FROM to_at), reason FROM coverage_gap "
        "JOIN reader ON reader.id = reader_id ORDER BY coverage_gap.id"
    )
    return [(code, *(None if at is None else float(at) for at in times), reason) for code, *times, reason in rows]


def test_a_reader_is_blind_from_its_offline_to_its_online(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,shelf,r/status")
    start = now_us() // SECOND - 600

    def status(word: str, second: int) -> str:
        return json.dumps({"status": word, "at": start + second})

    say(archive, readers, "r/status", status("offline", 0), status("offline", 5))
    assert gaps(archive) == [("R", start, None, "offline")]
    online = "SELECT online FROM reader_health JOIN reader ON reader.id = reader_id WHERE code = 'R'"
    assert archive.root.execute(online).fetchone() == (False,)
    say(archive, readers, "r/status", status("online", 60), status("offline", 100), status("online", 160))
    assert gaps(archive) == [("R", start, start + 60, "offline"), ("R", start + 100, start + 160, "offline")]
    assert archive.root.execute(online).fetchone() == (True,)


def test_dropped_messages_are_a_gap_between_the_heartbeats_that_count_them(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,zebra,r/reads,0,A-01,shelf,")

    def heartbeat(second: int, dropped: int) -> str:
        gateway = {"numDataMessagesDropped": dropped}
        at = rfc3339(start + second * SECOND)
        return json.dumps({"type": "heartbeat", "timestamp": at, "data": {"reader_gateway": gateway}})

    start = now_us() // SECOND * SECOND - 100 * SECOND
    say(archive, readers, "r/reads", heartbeat(0, 0), heartbeat(1, 7), heartbeat(2, 7))
    say(archive, readers, "r/reads", heartbeat(3, 7), heartbeat(4, 9))
    say(archive, readers, "r/reads", heartbeat(5, 1), heartbeat(4, 9))
    second = start / SECOND
    assert gaps(archive) == [
        ("R", second, second + 1, "7 messages dropped"),
        ("R", second + 3, second + 4, "2 messages dropped"),
        ("R", second + 4, second + 5, "1 messages dropped"),  # it started anew
    ]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"at": 100, "from": 20, "to": 80}, (20, 80)),
        ({"at": 100, "from": 20}, (20, 100)),
        ({"at": 100, "to": 80}, (80, 100)),
        ({"at": 100, "from": 120}, (100, 120)),
        ({"at": 100}, (100, 100)),
    ],
)
def test_a_gap_never_ends_before_it_begins(
    archive: Archive, readers: Publisher, listening: Listening, told: dict[str, int], kept: tuple[int, int]
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,shelf,")
    start = now_us() // SECOND - 600
    times = {name: start + second for name, second in told.items()}
    say(archive, readers, "r/reads", json.dumps({"status": "gap"} | times), json.dumps({"status": "gap"} | times))
    assert gaps(archive) == [("R", start + kept[0], start + kept[1], "told by the device")]


def test_a_reader_whose_clock_is_off_shows_by_how_much(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,shelf,")
    late = read(at=rfc3339(now_us() - 5 * DAY))
    say(archive, readers, "r/reads", *(read(at=rfc3339(now_us() - 40 * SECOND)) for _ in range(5)), late, late)
    query = "SELECT clock_offset_ms FROM reader_health JOIN reader ON reader.id = reader_id WHERE code = 'R'"
    row = archive.root.execute(query).fetchone()
    assert row is not None
    assert 40_000 <= row[0] < 45_000


def test_what_a_reader_kept_says_nothing_of_its_clock(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,shelf,")
    now = now_us()
    say(archive, readers, "r/reads", read(at=rfc3339(now), seq=1), read(at=rfc3339(now_us()), seq=200))
    kept = [read(at=rfc3339(now - 60 * MINUTE + number * SECOND), seq=number) for number in range(2, 200)]
    say(archive, readers, "r/reads", *kept)
    row = archive.root.execute(
        "SELECT clock_offset_ms, reads FROM reader_health JOIN reader ON reader.id = reader_id WHERE code = 'R'"
    ).fetchone()
    assert row is not None
    assert row[0] < 60_000
    assert row[1] == 200
    gaps_left = archive.root.execute("SELECT FROM coverage_gap WHERE first_number IS NOT NULL").rowcount
    assert gaps_left == 0


def test_a_reader_that_delivers_what_it_kept_for_a_month_stops_nothing(
    archive: Archive, readers: Publisher, listening: Listening
) -> None:
    archive.shelf("A-01")
    listening("R,native,r/reads,0,A-01,shelf,")
    say(archive, readers, "r/reads", *(read(at=rfc3339(now_us() - 30 * DAY)) for _ in range(5)))
    assert reads_of(archive, EPC) == 5


@pytest.mark.parametrize("dialect", ["native", "llrpkit"])
def test_a_status_the_broker_retained_for_months_is_understood(
    archive: Archive, readers: Publisher, listening: Listening, dialect: str
) -> None:
    archive.shelf("A-01")
    said = {"status": "online", "reader": "R", "at": (now_us() - 60 * DAY) / SECOND}
    readers.say("r/status", json.dumps(said), retain=True)
    listening(f"R,{dialect},r/reads,0,A-01,shelf,r/status")
    keep_alive(archive, readers)
    assert quarantined(archive) == []
    query = "SELECT online FROM reader_health JOIN reader ON reader.id = reader_id WHERE code = 'R'"
    assert archive.root.execute(query).fetchone() == (True,)
