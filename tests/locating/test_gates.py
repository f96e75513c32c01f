"""One passage for each person and passage, with its direction; nothing for what lies there; the same bits whatever came when."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulator.gates import Fault, Walk, read
from devices.simulator.passers import Traffic, make_scene
from inventory.domain.gate_passages import Passing, PassingDoubt
from inventory.locating.gate_model import GateModel
from inventory.locating.passages import SURE, Direction, Doubt, Passages, learn_gate, watch
from inventory.locating.reads import (
    INNER,
    OUTER,
    SECOND,
    SIDES,
    Reads,
    by_side,
    gate_antenna,
    in_order,
    no_reads,
    slices,
    within_their_second,
)
from inventory.locating.visiting import Visits, groups_of
from inventory.locating.walking import Stretches, Usual, order_of, ways
from tests.locating.gatesay import all_of, as_reads, in_, instant, out, parked, passing

UNTAUGHT = GateModel()
CART = range(100, 120)


def passages(*parts: Reads, until: float = 10_000) -> Passages:
    return watch(all_of(*parts), UNTAUGHT, instant(until)).passages


def told(found: Passages) -> list[tuple[str, list[int]]]:
    """Each passage: its direction, and what was carried."""
    return [
        (Direction(int(direction)).name, found.tag[found.member == number].tolist())
        for number, direction in enumerate(found.direction)
    ]


def told_at(reads: Reads, second: float) -> list[tuple[str, list[int], int]]:
    """The same with the instants, of what was heard until a second."""
    found = watch(reads, UNTAUGHT, instant(second)).passages
    return [(*one, int(at)) for one, at in zip(told(found), found.at, strict=True)]


@pytest.mark.parametrize("many", [1, 7, 60])
def test_whoever_carries_dossiers_out_is_told_once_with_all_of_them(many: int) -> None:
    found = passages(out(range(many), 500))
    assert told(found) == [("OUT", list(range(many)))]
    assert abs(int(found.at[0]) - instant(500)) < 0.8 * SECOND
    assert found.outwards[0] > 0.9
    assert found.settled[0]


@pytest.mark.parametrize("many", [1, 7, 60])
def test_whoever_brings_dossiers_in_is_told_as_coming_in(many: int) -> None:
    assert told(passages(in_(range(many), 500))) == [("IN", list(range(many)))]


@pytest.mark.parametrize("side", [-1, 1])
def test_whoever_turns_back_in_the_gate_has_not_passed(side: int) -> None:
    way = [(-4.0, 4.0 * side), (0.0, 0.6 * side), (1.0, 0.6 * side), (5.0, 4.0 * side)]
    assert told(passages(passing(range(6), 500, way))) == [("TURNED_BACK", list(range(6)))]


def test_whoever_stands_in_the_gate_for_a_while_passes_once_and_the_stay_is_told() -> None:
    way = [(-4.0, -4.0), (0.0, 0.0), (40.0, 0.0), (44.0, 4.0)]
    found = passages(passing(range(6), 500, way))
    assert told(found) == [("OUT", list(range(6)))]
    assert 30 * SECOND < found.dwell[0] < 50 * SECOND


def test_somebody_still_in_the_gate_is_not_settled_and_not_said_to_have_passed() -> None:
    whole = passing(range(6), 500, [(-4.0, -4.0), (0.0, 0.0), (40.0, 0.0), (44.0, 4.0)])
    so_far = whole.chosen(whole.at <= instant(510))
    found = passages(so_far, until=510)
    assert not found.settled.any()
    assert not np.isin(found.direction, (Direction.IN, Direction.OUT)).any()


def test_whoever_is_heard_softly_but_first_inside_and_first_no_longer_there_went_out() -> None:
    """Weak tags under an arm: far softer than what passes otherwise at one antenna, and still in one order."""
    others = [out(range(10 * n, 10 * n + 5), 100 + 30 * n, seed=n) for n in range(10)]
    weak = passing(range(200, 203), 500, [(-3.3, -4), (3.3, 4)], softer=6.0)
    assert told(passages(*others, weak))[-1] == ("OUT", [200, 201, 202])


def test_whoever_walks_by_inside_is_not_said_to_pass_however_many_times() -> None:
    """Heard by both antennas, softly, for some seconds, and never by one before the other for long."""
    others = [out(range(10 * n, 10 * n + 5), 100 + 30 * n, seed=n) for n in range(10)]
    by = [
        passing(range(200 + 5 * n, 205 + 5 * n), 500 + 20 * n, [(-3, -2.6), (0, -1.7), (3, -2.6)], seed=n)
        for n in range(20)
    ]
    found = passages(*others, *by)
    assert (found.direction[found.at > instant(450)] != Direction.IN).all()
    assert (found.direction[found.at > instant(450)] != Direction.OUT).all()


def test_what_is_read_once_or_twice_goes_with_the_only_one_who_was_there() -> None:
    group = out(range(12), 500)
    hardly = out(range(12, 14), 500, seed=9)
    few = np.flatnonzero((hardly.antenna == OUTER) & (np.abs(hardly.at - instant(500)) < SECOND))[::6]
    assert 2 <= len(few) < 8
    assert told(passages(group, hardly.chosen(few))) == [("OUT", list(range(14)))]


def test_what_is_settled_stays_as_it_was_said() -> None:
    """Heard later: others, what was parked and only seemed to move, what came in and stays."""
    comes = passing(range(40, 46), 1_300, [(-4.0, 4.0), (1.5, -2.0), (1.6, -2.0)])
    whole = all_of(
        parked(CART, 0, 2_000), out(range(5), 1_200), comes, parked(range(40, 46), 1_301.6, 2_000, seed=8),
        in_(range(5), 1_220, seed=3), in_(range(10, 13), 1_224, seed=6), out(range(10, 13), 1_400, seed=7),
    )  # fmt: skip
    last, settled = told_at(whole, 2_000), 0
    for second in range(1_195, 1_700, 5):
        so_far = whole.chosen(whole.at <= instant(second))
        found = watch(so_far, UNTAUGHT, instant(second)).passages
        now = [(*one, int(at)) for one, at, known in zip(told(found), found.at, found.settled, strict=True) if known]
        assert set(map(str, now)) <= set(map(str, last)), second
        settled = max(settled, len(now))
    assert settled == len(last) == 5


def test_a_passage_is_told_at_once_and_settled_when_nothing_can_take_it_back() -> None:
    """What seemed to move may be heard where it lay for so long."""
    reads = out(range(5), 500)
    last = (int(reads.at.max()) - instant(0)) / SECOND
    at_once, later = (watch(reads, UNTAUGHT, instant(last + after)).passages for after in (1, 15))
    assert told(at_once) == told(later) == [("OUT", list(range(5)))]
    assert not at_once.settled.any()
    assert later.settled.all()


def test_a_tag_silent_for_a_while_in_the_gate_is_carried_once() -> None:
    way = [(-4.0, -4.0), (0.0, 0.0), (24.0, 0.0), (28.0, 4.0)]
    whole = passing(range(6), 500, way)
    quiet = (whole.tag == 2) & (np.abs(whole.at - instant(512)) < 5 * SECOND)
    found = passages(whole.chosen(~quiet))
    assert told(found) == [("OUT", list(range(6)))]
    assert found.reads[2] == (whole.tag == 2).sum() - quiet.sum()


def test_two_people_after_each_other_are_two_passages() -> None:
    found = passages(out(range(8), 500), out(range(8, 20), 503, seed=5))
    assert told(found) == [("OUT", list(range(8))), ("OUT", list(range(8, 20)))]


def test_two_people_who_meet_in_the_gate_go_each_their_way() -> None:
    found = passages(out(range(8), 500), in_(range(8, 20), 500.5, seed=5))
    assert sorted(told(found)) == [("IN", list(range(8, 20))), ("OUT", list(range(8)))]


@pytest.mark.parametrize("way", [1, -1])
def test_one_dossier_that_meets_many_goes_its_own_way(way: int) -> None:
    """As `bench.other_gates` has it, where dossiers of one person differ as much."""
    chance = np.random.default_rng(5)
    lag = way * np.append(chance.normal(-0.9, 0.42, 26), 0.92)
    middle = 20 + chance.normal(0, 0.2, 27)
    begun, ended = np.full(27, 18 * SECOND), np.full(27, 22 * SECOND)
    often = np.append(chance.integers(10, 80, 26), 141)
    beside = np.stack([middle - lag / 2, middle + lag / 2], axis=1)
    rows = np.arange(27)
    group = groups_of(Visits(rows, rows, rows, begun, ended, often, np.full((27, 2), -50.0), beside, np.full(27, 0.7)))
    assert len(np.unique(group[:26])) == 1
    assert group[26] != group[0]


def test_a_weak_tag_carried_by_one_of_two_who_meet_makes_them_no_one_person() -> None:
    hardly = out(range(20, 21), 500.2, seed=9)
    few = np.flatnonzero(np.abs(hardly.at - instant(500)) < SECOND)[::8]
    found = told(passages(out(range(8), 500), in_(range(8, 20), 500.5, seed=5), hardly.chosen(few)))
    ways = {direction: tags for direction, tags in found if direction in {"IN", "OUT"}}
    assert set(range(8, 20)) <= set(ways["IN"])
    assert set(range(8)) <= set(ways["OUT"])


@pytest.mark.parametrize("way", [1, -1])
def test_what_is_carried_nearer_to_one_antenna_passes_though_that_hears_it_first_and_last(way: int) -> None:
    """As `bench.other_gates` has it where the antennas hang on either post and a dossier is under the arm beside one of them."""
    walk = [(-4.0, -4.0 * way), (4.0, 4.0 * way)]
    beside_the_outer = passing(range(3), 500, walk, louder=(-9.0, 12.0))
    outer, inner = (beside_the_outer.at[beside_the_outer.antenna == one] for one in (OUTER, INNER))
    assert outer.min() < inner.min() < inner.max() < outer.max()
    assert told(passages(beside_the_outer)) == [("OUT" if way > 0 else "IN", [0, 1, 2])]


@pytest.mark.parametrize("louder", [(0.0, 0.0), (-9.0, 12.0)])
def test_who_turns_in_front_of_the_nearer_antenna_has_turned_back(louder: tuple[float, float]) -> None:
    turns = [(-4.0, 4.0), (-0.5, 0.5), (0.5, 0.5), (4.0, 4.0)]
    assert told(passages(passing(range(3), 500, turns, louder=louder))) == [("TURNED_BACK", [0, 1, 2])]


@pytest.mark.parametrize("speed", [0.6, 1.2, 2.4])
def test_the_first_ever_to_pass_a_new_gate_may_walk_or_run(speed: float) -> None:
    assert told(passages(in_(range(4), 500, speed=speed))) == [("IN", list(range(4)))]


def test_a_dossier_that_goes_out_and_comes_back_passes_twice() -> None:
    found = passages(out(range(3), 500), in_(range(3), 560, seed=4))
    assert told(found) == [("OUT", [0, 1, 2]), ("IN", [0, 1, 2])]


# ── What lies there ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("metres", [-2.0, 2.0])
def test_what_is_parked_beside_the_gate_never_passes(metres: float) -> None:
    assert told(passages(parked(CART, 0, 3_000, metres))) == []


def test_what_is_parked_is_not_carried_along_by_whoever_passes() -> None:
    assert told(passages(parked(CART, 0, 3_000), out(range(5), 1_500))) == [("OUT", list(range(5)))]


def test_what_comes_in_and_stays_beside_the_gate_is_told_once() -> None:
    comes = passing(CART, 500, [(-4.0, 4.0), (1.5, -2.0), (1.6, -2.0)])
    ((direction, tags),) = told(passages(comes, parked(CART, 501.6, 2_500)))
    assert direction == "IN"
    assert len(tags) >= len(CART) - 1, "one may have passed no louder than it lies"


def test_what_was_parked_and_is_carried_out_passes() -> None:
    leaves = passing(CART, 1_500, [(0.0, -2.0), (5.0, 4.0)])
    found = passages(parked(CART, 0, 1_500), leaves)
    assert told(found) == [("OUT", list(CART))]


def test_what_two_antennas_of_one_side_hear_20_db_apart_lies_still_and_is_missed_when_it_is_carried_out() -> None:
    """Antennas take turns: for a second the nearer one hears it twice as often, for four the other one does."""
    near = all_of(parked(CART, 0, 1_500, seed=20), parked(CART, 0, 1_500, seed=21))
    near = near.chosen(near.at // SECOND % 5 == 0)
    far = parked(CART, 0, 1_500, seed=9)
    far = dataclasses.replace(far, antenna=far.antenna + SIDES, rssi_sum=far.rssi_sum - 2_000)
    leaves = passing(CART, 1_500, [(0.0, -2.0), (5.0, 4.0)])
    people = [out(range(5), 900), in_(range(5), 1_200, seed=3), leaves]
    expected = [("OUT", list(range(5))), ("IN", list(range(5))), ("OUT", list(CART))]
    assert told(passages(near, far, *people)) == expected
    assert told(passages(by_side(near), by_side(far), *people)) != expected, "as one antenna they waver too much"


def test_an_hour_of_people_with_nothing_beside_a_full_cart_invents_nothing() -> None:
    quiet = Traffic(900.0, shares=((Walk.EMPTY_HANDED, 1.0),), apart_seconds=(5.0, 15.0))
    scene = make_scene(quiet, seed=3)
    assert len(scene.walkers) > 30
    found = watch(read(scene), UNTAUGHT, int(scene.seconds * SECOND)).passages
    assert len(found.at) == 0


def test_softly_and_not_for_long_is_a_weak_tag_that_passes_and_softly_all_the_while_is_somebody_along_the_wall() -> (
    None
):
    """As loud as in two simulated cases, in spreads; microseconds after the first."""
    begun, ended = np.array([[1_720_000, 0], [900_000, 0]]), np.array([[2_690_000, 1_420_000], [4_520_000, 2_600_000]])
    loudness, count = np.array([[-2.5, -3.2], [-1.8, -3.9]]), np.array([[22, 7], [22, 7]])
    lags = np.array([-1.4, -1.4])
    half = np.array([-0.5, -0.5])
    inwards = ways(Stretches(begun, ended), lags, half, Usual(1.09, 1.07, 0.475), loudness, count).inwards
    assert inwards[0] > SURE
    assert inwards[1] < SURE


def test_what_one_antenna_heard_softly_before_the_other_has_passed_and_what_they_heard_in_turns_has_not() -> None:
    """A weak tag alone: seven reads outside, a second's silence, seven inside; and the same seven and seven in turns."""
    seconds = np.concatenate([np.linspace(-2.0, -0.9, 7), np.linspace(0.3, 0.9, 7)])
    outside_first, in_turns = np.repeat([OUTER, INNER], 7), np.tile([OUTER, INNER], 7)
    before = [out(range(20 * one, 20 * one + 5), 60.0 * one, seed=one) for one in range(1, 13)]
    gate = learn_gate(all_of(*before), UNTAUGHT)
    assert gate.levels is not None
    softly = gate.levels.dbm - 3.4 * gate.levels.spread
    for antenna, expected in ((outside_first, [("IN", [7])]), (in_turns, [])):
        weak = as_reads(np.full(14, 7), antenna, 900 + seconds, softly[antenna])
        assert told(watch(weak, gate, instant(1_000)).passages) == expected


def test_reads_of_one_instant_tell_no_order() -> None:
    """As slices have them: all in the middle of theirs."""
    at = np.array([5, 5, 5, 1, 1, 9, 1, 2, 3], np.int64)
    antenna = np.array([INNER, OUTER, OUTER, INNER, OUTER, OUTER, OUTER, INNER, INNER])
    group = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert order_of(at, antenna, np.zeros(9), group, 4)[:3].tolist() == [0.0, 0.5, -1.0]
    assert np.isnan(order_of(at, antenna, np.zeros(9), group, 4)[3])


def test_all_that_is_read_of_a_full_cart_that_stands_in_the_gate_goes_with_it_however_seldom() -> None:
    """A simulated cart of 56 that stands there for twelve seconds: some of them are read a few times by one antenna."""
    scene = make_scene(Traffic(), seed=62)
    walker = next(one for one in scene.walkers if len(one.tags) == 56)
    since, until = round(walker.seconds[0]), round(walker.seconds[-1])
    reads = read(scene, span=(since - 240.0, until + 20.0))
    theirs = np.intersect1d(reads.tag[reads.at >= since * SECOND], walker.tags).tolist()
    assert len(theirs) > 50
    found = told(watch(reads, UNTAUGHT, (until + 20) * SECOND).passages)
    (went,) = [one for one in found if not set(theirs).isdisjoint(one[1])]
    assert went[0] == "OUT"
    assert set(went[1]) <= set(theirs)
    assert len(went[1]) >= len(theirs) - 2, "two were read a few times long after the others"


# ── What is wrong with a gate ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def taught() -> GateModel:
    scene = make_scene(Traffic(1_200.0), seed=701)
    return learn_gate(read(scene), UNTAUGHT)


@pytest.mark.parametrize("dead", [INNER, OUTER])
def test_a_dead_antenna_is_named_and_passages_are_unclear_rather_than_wrong(taught: GateModel, dead: int) -> None:
    scene = make_scene(Traffic(1_200.0), seed=801)
    watched = watch(read(scene, Fault(dead=(dead,))), taught, int(scene.seconds * SECOND))
    assert watched.health.silent == (dead,)
    assert len(watched.passages.at) > 5
    assert (watched.passages.direction == Direction.UNCLEAR).all()
    assert (watched.passages.doubt & Doubt.ONE_ANTENNA).astype(bool).all()


@pytest.mark.parametrize("dead", [INNER, gate_antenna(INNER, 1)])
def test_one_of_two_antennas_on_a_side_that_hears_nothing_is_named_and_passages_keep_their_direction(
    taught: GateModel, dead: int
) -> None:
    scene = make_scene(Traffic(1_200.0), seed=801)
    until, reads = int(scene.seconds * SECOND), read(scene)
    other = (reads.antenna == INNER) & (np.arange(len(reads)) % 2 == 1)
    reads = dataclasses.replace(reads, antenna=np.where(other, gate_antenna(INNER, 1), reads.antenna))
    antennas = (INNER, gate_antenna(INNER, 1), OUTER)
    assert watch(reads, taught, until, antennas).health.deaf == ()
    watched = watch(reads.chosen(reads.antenna != dead), taught, until, antennas)
    assert (watched.health.deaf, watched.health.silent) == ((dead,), ())
    assert np.isin(watched.passages.direction, (Direction.IN, Direction.OUT)).mean() > 0.8


def test_a_weak_antenna_is_named_and_a_sound_one_is_not(taught: GateModel) -> None:
    scene = make_scene(Traffic(1_200.0), seed=801)
    until = int(scene.seconds * SECOND)
    assert watch(read(scene, Fault(loss_db=(6.0, 0.0))), taught, until).health.weaker == (INNER,)
    assert watch(read(scene), taught, until).health.weaker == ()


def test_two_readers_of_one_gate_may_differ_by_seconds() -> None:
    """Reads carry both times; what was received soonest after it was read tells the clocks apart."""
    sound = all_of(*(out(range(3 * n, 3 * n + 3), 500 + 40 * n, seed=n) for n in range(10)))
    ahead = np.where(sound.antenna == OUTER, 3 * SECOND, 0)
    wrong = dataclasses.replace(sound, reader=sound.antenna, at=sound.at + ahead)
    assert [direction for direction, _ in told(passages(wrong))] == ["OUT"] * 10


def test_a_reader_that_stamps_whole_seconds_still_tells_the_way() -> None:
    """From one antenna to the other it is less than that; when each read was received tells the rest."""
    people = [(out if n % 2 else in_)(range(3 * n, 3 * n + 3), 500.1 * n + 500, seed=n) for n in range(12)]
    sound = all_of(*people)
    coarse = dataclasses.replace(sound, at=sound.at // SECOND * SECOND)
    ways = [direction for direction, _ in told(watch(coarse, UNTAUGHT, instant(8_000)).passages)]
    assert ways == ["IN", "OUT"] * 6


def test_whole_seconds_of_a_message_kept_back_on_its_way_are_left_at_that() -> None:
    sound = out(range(3), 500)
    coarse = dataclasses.replace(sound, at=sound.at // SECOND * SECOND)
    late = np.arange(len(coarse)) == 5
    kept_back = dataclasses.replace(coarse, received_at=coarse.received_at + np.where(late, 600 * SECOND, 0))
    finer = within_their_second(kept_back)
    assert (finer.at // SECOND * SECOND == coarse.at).all()
    assert np.abs(finer.at - sound.at)[~late].max() < SECOND // 4
    assert within_their_second(sound) is sound


def test_a_reader_that_tells_no_strength_still_tells_the_way() -> None:
    whole = out(range(10), 500)
    nothing = np.zeros_like(whole.at)
    mute = dataclasses.replace(whole, rssi_reads=nothing, rssi_sum=nothing)
    assert told(passages(mute)) == [("OUT", list(range(10)))]


def test_nothing_heard_is_nothing_told() -> None:
    watched = watch(no_reads(), UNTAUGHT, instant(1))
    assert told(watched.passages) == []
    assert watched.health.silent == ()


def test_the_domain_has_a_word_for_every_direction_and_every_doubt() -> None:
    assert {direction.name for direction in Direction} == {word.name for word in Passing}
    assert {doubt.name for doubt in Doubt} == {word.name for word in PassingDoubt}


# ── The same to the bit ──────────────────────────────────────────────────────────────────────────────────────────────


EVENING = all_of(
    parked(CART, 0, 700), out(range(5), 520), in_(range(5, 8), 523, seed=6), passing(range(8, 9), 600, [(-4, -4), (0, -0.6), (4, -4)])
)  # fmt: skip


def bits(found: Passages) -> list[bytes]:
    return [getattr(found, field.name).tobytes() for field in dataclasses.fields(found)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 400))
def test_late_and_repeated_reads_give_the_same_passages_to_the_bit(shuffled: int, repeated: int) -> None:
    order = np.random.default_rng(shuffled).permutation(len(EVENING))
    again = EVENING.chosen(np.concatenate([order, order[:repeated]]))
    late = again.received_at.copy()
    late[len(order) :] += 600 * SECOND
    once = watch(EVENING, UNTAUGHT, instant(800)).passages
    assert bits(watch(dataclasses.replace(again, received_at=late), UNTAUGHT, instant(800)).passages) == bits(once)
    assert len(once.at) == 3


def test_slices_keep_every_read_and_every_decibel() -> None:
    short = slices(EVENING, 10 * SECOND)
    assert len(short) < len(EVENING) / 3
    assert short.reads.sum() == EVENING.reads.sum()
    assert short.rssi_sum.sum() == EVENING.rssi_sum.sum()
    assert (short.at // (10 * SECOND) * 10 * SECOND <= short.at).all()


def test_what_lies_there_may_come_in_slices() -> None:
    """Whoever decides live keeps the last minute read by read; what is older tells only what lies there."""
    old = EVENING.at < instant(500)
    short = all_of(slices(EVENING.chosen(old), SECOND), EVENING.chosen(~old))
    assert told(watch(short, UNTAUGHT, instant(800)).passages) == told(watch(EVENING, UNTAUGHT, instant(800)).passages)


def test_what_a_gate_teaches_does_not_depend_on_the_order_either() -> None:
    scene = make_scene(Traffic(900.0), seed=21)
    reads = read(scene)
    mixed = reads.chosen(np.random.default_rng(1).permutation(len(reads)))
    one, other = (learn_gate(each, UNTAUGHT) for each in (reads, mixed))
    assert one.levels is not None
    assert other.levels is not None
    assert one.levels.dbm.tobytes() == other.levels.dbm.tobytes()
    assert one.levels.usual == other.levels.usual


def test_reads_in_order_are_each_there_once() -> None:
    twice = all_of(EVENING, EVENING)
    assert len(in_order(twice)) == len(in_order(EVENING))
