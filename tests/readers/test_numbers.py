"""The numbers readers count by: what is missing is told exactly, whatever comes late, twice, or from the start again."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sequence import Missing, Sequence
from tests.conftest import Archive
from tests.ingest.equipment import Publisher, Working, keep_alive, now_us, rfc3339, working
from tests.servers import Mosquitto

EPC = "2C76451FD46072000000162E"
SECOND = 1_000_000

Listening = Callable[..., Working]


def numbers(missing: list[Missing]) -> set[int]:
    return {number for gap in missing for number in range(gap.first, gap.last + 1)}


class Stored:
    """What the database would hold of the gaps, by what a sequence says has changed."""

    def __init__(self) -> None:
        self.gaps: dict[int, Missing] = {}
        self.for_good: list[Missing] = []

    def follow(self, sequence: Sequence) -> None:
        changes = sequence.take_changes()
        for first in changes.closed:
            del self.gaps[first]
        if changes.begun_anew:
            self.for_good += self.gaps.values()
            self.gaps = {}
        self.for_good += changes.settled
        for gap in changes.opened:
            assert gap.first not in self.gaps
            self.gaps[gap.first] = gap


def test_a_hundred_and_fifty_thousand_events_kept_through_an_outage_close_their_gap_in_any_order() -> None:
    count = 150_000
    sequence = Sequence(0, 0)
    sequence.came(count + 1, count + 1)
    for number in random.Random(count).sample(range(1, count + 1), count):
        sequence.came(number, number)
    assert sequence.missing == []
    assert sequence.take_changes().opened == []


@given(
    lost=st.sets(st.integers(1, 60)),
    seed=st.integers(0, 2**32),
    late=st.integers(0, 60),
    commits=st.sets(st.integers(0, 120)),
    restarts=st.sets(st.integers(0, 120), max_size=3),
)
def test_what_is_missing_is_what_was_lost_and_nothing_else(
    lost: set[int], seed: int, late: int, commits: set[int], restarts: set[int]
) -> None:
    """Whatever order they come in, some twice, with commits and restarts of ingest in between."""
    chance = random.Random(seed)
    came = [number for number in range(61) if number not in lost]
    order = sorted(came, key=lambda number: number + chance.uniform(0, late))
    order += chance.sample(came, k=min(5, len(came)))
    stored, sequence = Stored(), Sequence()
    highest = lowest = order[0]
    for step, number in enumerate(order):
        sequence.came(number, number * SECOND)
        highest = max(highest, number)
        expected = set(range(lowest, highest)) - set(order[: step + 1])
        assert numbers(sequence.missing) == expected
        if step in commits | restarts:
            stored.follow(sequence)
            assert sorted(stored.gaps.values()) == sequence.missing
        if step in restarts:
            sequence = Sequence(sequence.last, sequence.last_at, list(stored.gaps.values()))
    stored.follow(sequence)
    assert sorted(stored.gaps.values()) == sequence.missing
    assert stored.for_good == []
    for gap in sequence.missing:
        assert gap.from_at <= gap.to_at
        assert gap.from_at <= gap.first * SECOND
        assert gap.last * SECOND <= gap.to_at


def test_a_reader_that_counts_anew_leaves_what_was_missing_for_good() -> None:
    stored, sequence = Stored(), Sequence()
    for number, second in ((100, 0), (103, 3)):
        sequence.came(number, second * SECOND)
    stored.follow(sequence)
    for number, second in ((1, 9), (2, 10), (5, 13), (101, 1), (3, 11)):
        sequence.came(number, second * SECOND)
    stored.follow(sequence)
    assert stored.for_good == [Missing(101, 102, 0, 3 * SECOND)]
    assert numbers(sequence.missing) == {4}, "101 came late, from before it counted anew"


@pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)
def test_numbers_left_out_are_a_gap_until_they_come(
    archive: Archive,
    listening: Listening,
    readers: Publisher,
    broker: Mosquitto,
) -> None:
    """Also where ingest was started anew meanwhile; beliefs aside, nothing else of the late ones is late."""
    archive.shelf("A-01")
    ingest = listening("R,native,r/reads,0,A-01,shelf,")
    start = now_us() // SECOND * SECOND - 600 * SECOND

    def say(*told: int) -> None:
        for number in told:
            at = rfc3339(start + number * SECOND)
            readers.say("r/reads", json.dumps({"epc": EPC, "at": at, "seq": number}))
        keep_alive(archive, readers)

    def gaps() -> list[tuple[int, int, int, int]]:
        rows = archive.root.execute(
            "SELECT first_number, last_number, from_at, to_at FROM coverage_gap ORDER BY first_number"
        ).fetchall()
        return [(first, last, *(offset(at) for at in times)) for first, last, *times in rows]

    def offset(at: datetime) -> int:
        return round((at - datetime.fromtimestamp(start / SECOND, UTC)).total_seconds())

    say(10, 11, 20)
    assert gaps() == [(12, 19, 11, 20)]
    say(15)
    assert gaps() == [(12, 14, 11, 15), (16, 19, 15, 20)]
    ingest.end()
    with working(archive, broker.url):
        say(22, 16, 17, 18, 19, 13)
        assert gaps() == [(12, 12, 11, 13), (14, 14, 13, 15), (21, 21, 20, 22)]
        say(21, 12, 14, 14)
        assert gaps() == []
