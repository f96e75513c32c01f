"""A gate live: looked at with every message, told once, the same after late messages as if they had come in time."""

import itertools
from dataclasses import replace
from uuid import UUID

import numpy as np

from inventory.locating.gate_model import GateModel
from inventory.locating.gate_watch import GateWatch, Sighting
from inventory.locating.passages import Direction
from inventory.locating.reads import INNER, OUTER, SECOND, Reads, gate_antenna, no_reads
from tests.locating.gatesay import all_of, in_, instant, out, parked, passing

STEP = SECOND // 2
LOOKED_FROM, ENDED = 325.0, 420.0
EVENING = all_of(
    parked(range(50, 80), 0, ENDED),
    out(range(3), 330),
    in_(range(10, 14), 345, seed=3),
    out(range(20, 25), 375, seed=4),
)
LATER = 80 * SECOND


def fresh() -> GateWatch:
    numbers = itertools.count(1)
    return GateWatch(GateModel(), lambda: UUID(int=next(numbers)))


def live(watch: GateWatch, reads: Reads, until: float, since: float = LOOKED_FROM) -> list[Sighting]:
    """Everything told, looking twice a second; reads come as they were received."""
    told = []
    came = instant(0)
    for moment in range(instant(since), instant(until), STEP):
        watch.add(reads.chosen((reads.received_at > came) & (reads.received_at <= moment)), moment)
        came = moment
        told += watch.look(moment)
    return told


def last(told: list[Sighting]) -> set[tuple[Direction, frozenset[int], bool]]:
    """How each passage was told last."""
    return {(one.direction, frozenset(one.tags), one.settled) for one in {one.passage: one for one in told}.values()}


EXPECTED = {
    (Direction.OUT, frozenset(range(3)), True),
    (Direction.IN, frozenset(range(10, 14)), True),
    (Direction.OUT, frozenset(range(20, 25)), True),
}


def test_every_passage_is_told_while_it_happens_and_settled_later_under_one_name() -> None:
    told = live(fresh(), EVENING, ENDED)
    assert last(told) == EXPECTED
    assert len({one.passage for one in told}) == len(EXPECTED)
    first = next(one for one in told if 0 in one.tags)
    assert (first.direction, first.settled) == (Direction.OUT, False)
    assert first.until < instant(334), "told while the person is still within reach"


def test_who_came_first_and_goes_again_after_a_minute_did_not_lie_there() -> None:
    """Whether the first ones to be heard only lie there nobody can say at once; what was silent since then surely doesn't."""
    alone = all_of(in_(range(5), 8), out(range(5), 100, seed=3))
    told = live(fresh(), alone, 160, since=1)
    assert last(told) == {(Direction.OUT, frozenset(range(5)), True)}
    lying = parked(range(50, 80), 0, 160)
    assert not last(live(fresh(), lying, 160, since=1))


def test_an_antenna_that_hears_nothing_stays_named_through_a_quiet_hour_until_it_is_heard_again() -> None:
    watch, second = fresh(), gate_antenna(INNER, 1)
    watch.antennas = (INNER, second, OUTER)
    walks = all_of(*(out(range(10 * one, 10 * one + 3), 330 + 20 * one, seed=one) for one in range(1, 5)))
    live(watch, walks, ENDED)
    assert (watch.health.deaf, watch.health.silent) == ((second,), ())
    watch.look(instant(ENDED + 3_600))
    assert watch.health.deaf == (second,)
    again = out(range(80, 83), ENDED + 3_700)
    again = replace(again, antenna=np.where(again.antenna == INNER, second, again.antenna))
    live(watch, again, ENDED + 3_720, since=ENDED + 3_695)
    assert not watch.health.deaf


def test_whoever_turns_back_in_front_of_the_gate_is_told_only_as_that() -> None:
    told = live(fresh(), all_of(EVENING, passing(range(30, 34), 395, [(-4, -4), (0, -0.6), (4, -4)], seed=8)), ENDED)
    assert [(one.direction, one.settled) for one in told if 30 in one.tags] in ([(Direction.TURNED_BACK, True)], [])


def test_what_comes_minutes_late_is_told_late_and_nothing_twice() -> None:
    """The messages of the second passage come more than a minute late, as from a reader whose network was away."""
    late = np.isin(EVENING.tag, range(10, 14))
    delayed = replace(EVENING, received_at=EVENING.received_at + np.where(late, LATER, 0))
    told = live(fresh(), delayed, ENDED + 30)
    assert last(told) == EXPECTED
    assert len({one.passage for one in told}) == len(EXPECTED)
    assert [one.settled for one in told if 10 in one.tags] == [True]


def test_the_same_messages_again_tell_nothing() -> None:
    watch = fresh()
    live(watch, EVENING, ENDED)
    watch.add(EVENING.chosen(EVENING.at > instant(320)), instant(ENDED))
    assert live(watch, no_reads(), ENDED + 10, since=ENDED) == []


def test_a_process_that_starts_again_knows_what_it_told() -> None:
    before, after = fresh(), fresh()
    cut = 333.5
    early = EVENING.chosen(EVENING.received_at < instant(cut))
    told = live(before, early, cut)
    assert told
    after.recall(told)
    after.add(early, instant(cut))
    later = live(after, EVENING.chosen(EVENING.received_at >= instant(cut)), ENDED, since=cut)
    assert last([*told, *later]) == EXPECTED
    assert len({one.passage for one in [*told, *later] if 0 in one.tags}) == 1


def test_what_lies_there_when_a_gate_begins_to_listen_goes_nowhere() -> None:
    assert live(fresh(), EVENING.chosen(EVENING.tag >= 50), 200, since=0) == []
