"""Cases about tags, readers and bays: from evidence and readers' health, on a real database."""

from datetime import UTC, datetime, timedelta

import pytest

from inventory.operations.discrepancies import follow_readers
from inventory.store import evidence
from inventory.store.batch import SliceReads
from tests.conftest import Archive
from tests.discrepancies.nights import DAY, Nights

STRANGE, SPARE = "3500E86F8000A9E0000FFFF1", "3500E86F8000A9E0000FFFF2"
HERE, THERE, DOOR = 1, 2, 3


@pytest.fixture
def listening(nights: Nights, archive: Archive) -> Nights:
    """Two cabinets' antennas in two rooms, a gate's, and a handheld that is put away."""
    archive.place("W1-R2", "room", parent="W1")
    archive.place("C-2", "shelf", parent="W1-R2")
    archive.place("G-1", "gate", parent="W1-R1")
    archive.root.execute(
        "INSERT INTO reader (id, code, dialect, topic, timezone) OVERRIDING SYSTEM VALUE VALUES "
        "(1, 'C-R1', 'native', 'c/1', 'UTC'), (2, 'G-R1', 'native', 'g/1', 'UTC'), (3, 'H-R1', 'native', 'h/1', 'UTC')"
    )
    archive.root.execute(
        "INSERT INTO antenna (id, reader_id, number, place_id, role) OVERRIDING SYSTEM VALUE SELECT told.*, place.id, role FROM "
        "(VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 3, 0)) AS told (id, reader_id, number) "
        "JOIN (VALUES (1, 'B-1-1', 'shelf'), (2, 'C-2', 'shelf'), (3, 'G-1', 'gate_inner'), (4, 'W1-R1', 'handheld')) "
        "AS stands (antenna, code, role) ON stands.antenna = told.id JOIN place USING (code)"
    )
    return nights


def hear(archive: Archive, epc: str, antenna: int, at: datetime, reads: int = 9, cdbm: int = -5_000) -> None:
    start = round(at.timestamp()) * 1_000_000
    with archive.jobs.unpooled() as connection:
        evidence.prepare(connection)
        evidence.ensure_days(connection, [at.date()])
        evidence.add_slices(
            connection,
            [
                SliceReads(
                    antenna, bytes.fromhex(epc), start, reads, reads, cdbm * reads, cdbm, start, start + 1_000_000
                )
            ],
        )


def test_a_tag_that_is_nobodys_is_one_case_until_it_is_somebodys(listening: Nights, archive: Archive) -> None:
    at = listening.until - timedelta(hours=2)
    hear(archive, STRANGE, HERE, at, reads=2)
    hear(archive, SPARE, DOOR, at)
    listening.pass_by()
    assert listening.open() == [], "two reads may be garbled, and what passes a gate lies nowhere"
    hear(archive, STRANGE, HERE, at + DAY)
    hear(archive, STRANGE, THERE, at + DAY, reads=4)
    listening.pass_by()
    (case,) = listening.cases()
    assert (case.kind, case.radio, case.numbers) == ("unknown_tag", "B-1-1", {"reads": 13})
    archive.root.execute("UPDATE tag SET volume_id = NULL, place_id = (SELECT id FROM place WHERE code = 'B-2-1') WHERE epc = decode(%s, 'hex')", (STRANGE,))  # fmt: skip
    assert listening.follow() == 1
    assert listening.closed() == [("unknown_tag", None, "tag_changed")]


def test_a_strange_tag_that_is_not_read_for_a_month_is_gone(listening: Nights, archive: Archive) -> None:
    hear(archive, STRANGE, HERE, listening.until - timedelta(hours=2))
    listening.pass_by()
    until = listening.until - DAY
    assert listening.follow(until + timedelta(days=30)) == 0
    assert listening.follow(until + timedelta(days=30, seconds=1)) == 1
    assert listening.closed() == [("unknown_tag", None, "silent_since")]


def test_a_tag_that_was_replaced_and_is_still_read_is_taken_off(listening: Nights, archive: Archive) -> None:
    archive.root.execute(
        "INSERT INTO tag (epc, volume_id, retired_at) VALUES (decode(%s, 'hex'), %s, %s)",
        (SPARE, listening.id_of("D-1"), listening.until - timedelta(hours=5)),
    )
    hear(archive, SPARE, HERE, listening.until - timedelta(hours=7))
    listening.judged("D-1", "at_home", "B-1-1")
    listening.pass_by()
    assert listening.open() == [], "it was read before it was replaced"
    hear(archive, SPARE, HERE, listening.until - timedelta(hours=2))
    listening.judged("D-1", "at_home", "B-1-1")
    listening.pass_by()
    assert listening.open() == [("two_tags", "D-1")]
    listening.judged("D-1", "at_home", "B-1-1")
    listening.pass_by()
    assert listening.closed() == [("two_tags", "D-1", "silent_since")]


def test_one_code_in_two_rooms_at_once_is_on_two_things(listening: Nights, archive: Archive) -> None:
    """Three times at once and about as loud; one that is carried over, or faintly heard through the wall, is none."""
    epcs = {number: f"3500E86F8000A9E00000{number[2:]:0>4}" for number in ("D-1", "D-2", "D-3")}
    for times in range(3):
        at = listening.until - timedelta(hours=3, minutes=times)
        for number, (later, cdbm) in {"D-1": (0, -5_500), "D-2": (30, -5_500), "D-3": (0, -7_000)}.items():
            hear(archive, epcs[number], HERE, at)
            hear(archive, epcs[number], THERE, at + timedelta(seconds=later), cdbm=cdbm)
    listening.pass_by(two_rooms=[listening.id_of(number) for number in epcs])
    assert listening.open() == [("two_dossiers", "D-1")]
    assert listening.cases()[0].numbers == {"times": 3}


def pulse(archive: Archive, reader: int, at: datetime, offset_ms: int | None = 0) -> None:
    archive.root.execute(
        "INSERT INTO reader_health (reader_id, last_message_at, online, clock_offset_ms) VALUES (%s, %s, true, %s) "
        "ON CONFLICT (reader_id) DO UPDATE SET last_message_at = excluded.last_message_at, clock_offset_ms = excluded.clock_offset_ms",
        (reader, at, offset_ms),
    )


def test_a_reader_that_says_nothing_for_a_day_is_silent_until_it_speaks(listening: Nights, archive: Archive) -> None:
    """The handheld lies in its dock: that is no silence. A reader that never spoke isn't there yet."""
    pulse(archive, 1, listening.until - timedelta(hours=25))
    pulse(archive, 3, listening.until - timedelta(days=9))
    listening.pass_by()
    assert [(one.kind, one.radio) for one in listening.cases()] == [("reader_silent", "B-1-1")]
    assert listening.follow() == 0
    pulse(archive, 1, listening.until)
    assert listening.follow() == 1
    assert listening.closed() == [("reader_silent", None, "speaks_again")]


def test_a_clock_that_is_off_is_told_until_it_is_right(listening: Nights, archive: Archive) -> None:
    pulse(archive, 1, listening.until, offset_ms=-2_001)
    pulse(archive, 2, listening.until, offset_ms=2_000)
    listening.pass_by()
    assert [(one.kind, one.numbers["clock_offset_ms"]) for one in listening.cases()] == [("clock_off", -2_001)]
    pulse(archive, 1, listening.until, offset_ms=-2_001)
    assert listening.follow() == 0
    pulse(archive, 1, listening.until, offset_ms=15)
    assert listening.follow() == 1
    assert listening.closed() == [("clock_off", None, "clock_right")]


def test_between_nights_a_reader_in_trouble_is_told_at_once_and_once(listening: Nights, archive: Archive) -> None:
    """What a person has just answered isn't told again the minute after; a day later it is."""
    now = listening.until
    pulse(archive, 1, now - timedelta(hours=25))
    pulse(archive, 2, now, offset_ms=7_000)

    def look(later: timedelta) -> int:
        with archive.jobs.unpooled() as connection:
            return follow_readers(connection, now + later)

    assert [look(timedelta()), look(timedelta(minutes=1))] == [2, 0]
    assert {one.kind for one in listening.cases()} == {"reader_silent", "clock_off"}
    archive.root.execute(
        "UPDATE discrepancy SET state = 'resolved', outcome = 'repaired', closed_at = %s, closed_by = %s",
        (now, archive.keeper.account_id),
    )
    assert look(timedelta(minutes=2)) == 0
    pulse(archive, 2, now + timedelta(hours=25), offset_ms=7_000)
    assert look(timedelta(hours=25)) == 2


def test_a_bay_nobody_listened_at_for_half_a_year_is_told_once_as_a_bay(nights: Nights, archive: Archive) -> None:
    listen(archive, "B-1-1", nights.until - timedelta(days=181))
    listen(archive, "B-2-1", nights.until - timedelta(days=400))
    nights.pass_by()
    assert [(one.kind, one.numbers["shelves"]) for one in nights.cases()] == [("stale_belief", 1)], (
        "nothing stands on B-2-1"
    )
    listen(archive, "B-1-1", datetime.now(UTC))
    assert nights.follow() == 1
    assert nights.closed() == [("stale_belief", None, "listened_again")]


def listen(archive: Archive, shelf: str, at: datetime) -> None:
    archive.root.execute(
        "INSERT INTO shelf_coverage SELECT id, %s, 1 FROM place WHERE code = %s "
        "ON CONFLICT (place_id) DO UPDATE SET listened_at = excluded.listened_at",
        (at, shelf),
    )
