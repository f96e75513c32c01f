"""What lies in the tunnel or on the pad, what lies beside, and whether more is to be expected."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulator.tunnels import Bench, Kind, run_settings
from inventory.locating.reads import SECOND, Reads, no_reads
from inventory.locating.sets import SetModel, Sets, learn_sets, sets_of
from tests.locating.gatesay import all_of, as_reads, instant

UNTAUGHT = SetModel()
STACK = range(20)


def lying(tags: range, since: float, until: float, dbm: float = -50.0, times: int = 12, seed: int = 1) -> Reads:
    """Tags that are each read so often, evenly, about so loud."""
    chance = np.random.default_rng(seed)
    tag = np.repeat(np.array(tags), times)
    seconds = chance.uniform(since, until, len(tag))
    loud = dbm + chance.normal(0, 4, len(tags))[tag - tags.start] + chance.normal(0, 2, len(tag))
    return as_reads(tag, chance.integers(0, 4, len(tag)), seconds, loud)


def made(reads: Reads, expected: range = STACK, until: float = 1_000) -> Sets:
    named = np.zeros(200, bool)
    named[np.array(expected)] = True
    return sets_of(reads, named, UNTAUGHT, instant(until))


def inside(found: Sets, stack: int = 0) -> list[int]:
    here = (found.member == stack) & (found.inside > 0.5)
    return [int(tag) for tag in found.tag[here]]


def test_a_whole_stack_is_there_at_once_and_settled() -> None:
    found = made(lying(STACK, 100, 105))
    assert inside(found) == list(STACK)
    assert found.settled.all()
    assert found.unseen[0] < 0.5


def test_a_tag_nobody_heard_is_in_no_set() -> None:
    found = made(lying(range(19), 100, 105))
    assert inside(found) == list(range(19))


def test_two_bags_after_each_other_are_two_sets() -> None:
    found = made(all_of(lying(range(10), 100, 105), lying(range(10, 20), 109, 114, seed=2)))
    assert [inside(found, stack) for stack in range(len(found.since))] == [list(range(10)), list(range(10, 20))]


def test_what_lies_beside_before_and_after_is_not_inside() -> None:
    beside = lying(range(50, 55), 80, 130, dbm=-62.0, times=60, seed=3)
    found = made(all_of(lying(STACK, 100, 105), beside))
    assert inside(found) == list(STACK)
    assert (found.before_or_after[found.tag >= 50] > 0.5).all()


def test_what_is_on_the_manifest_but_was_left_beside_is_not_inside() -> None:
    beside = lying(range(50, 51), 80, 130, dbm=-70.0, times=60, seed=3)
    assert inside(made(all_of(lying(STACK, 100, 105), beside), range(51))) == list(STACK)


def test_what_somebody_carries_past_is_not_inside() -> None:
    past = lying(range(60, 63), 101, 103, dbm=-69.0, times=2, seed=4)
    assert inside(made(all_of(lying(STACK, 100, 105), past))) == list(STACK)


def test_a_shielded_dossier_of_the_manifest_is_inside_though_it_is_hardly_heard() -> None:
    shielded = lying(range(19, 20), 101, 104, dbm=-66.0, times=2, seed=4)
    assert 19 in inside(made(all_of(lying(range(19), 100, 105), shielded)))


def test_a_stranger_as_loud_as_the_others_is_inside() -> None:
    assert 20 in inside(made(lying(range(21), 100, 105)))


def test_a_stack_still_being_read_is_not_settled_until_nothing_new_comes() -> None:
    first, later = lying(range(15), 100, 102), lying(STACK, 102, 107, seed=5)
    assert not made(all_of(first, later.chosen(later.at < instant(102.4))), until=102.4).settled[0]
    assert made(all_of(first, later), until=107).settled[0]


def test_tags_heard_only_once_say_that_more_will_come() -> None:
    once = lying(range(10, 20), 104.0, 104.4, times=1, seed=6)
    found = made(all_of(lying(range(10), 100, 104.4), once), until=104.4)
    assert found.unseen[0] > 3
    assert not found.settled[0]


def test_nothing_heard_is_no_set() -> None:
    assert len(made(no_reads()).since) == 0


def expected_in(bench: Bench) -> np.ndarray:
    named = np.zeros(len(bench.dead), bool)
    for setting in bench.settings:
        named[setting.expected] = True
    return named


@pytest.mark.parametrize("kind", list(Kind))
def test_earlier_sets_teach_how_inside_and_beside_sound(kind: Kind) -> None:
    bench = run_settings(kind, 20, 40, seed=8)
    model = learn_sets(bench.reads, expected_in(bench), UNTAUGHT)
    assert model.level_dbm is not None
    assert model.inside_db[0] - model.beside_db[0] > 10
    mixed = bench.reads.chosen(np.random.default_rng(1).permutation(len(bench.reads)))
    assert learn_sets(mixed, expected_in(bench), UNTAUGHT) == model


@pytest.mark.parametrize("kind", list(Kind))
def test_simulated_stacks_are_read_whole_and_without_strays(kind: Kind) -> None:
    bench = run_settings(kind, (1, 25), 30, seed=9)
    found = sets_of(bench.reads, expected_in(bench), UNTAUGHT, int(bench.reads.at.max()) + 10 * SECOND)
    assert len(found.since) == 30
    whole = [
        set(setting.tags[~bench.dead[setting.tags]].tolist()) == set(inside(found, number))
        for number, setting in enumerate(bench.settings)
    ]
    assert sum(whole) >= 27


EVENING = all_of(
    lying(range(10), 100, 105), lying(range(10, 20), 109, 114, seed=2), lying(range(50, 55), 80, 130, -62.0, 60, 3)
)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 300))
def test_late_and_repeated_reads_give_the_same_sets_to_the_bit(shuffled: int, repeated: int) -> None:
    order = np.random.default_rng(shuffled).permutation(len(EVENING))
    again = EVENING.chosen(np.concatenate([order, order[:repeated]]))
    one, other = made(EVENING), made(again)
    for field in dataclasses.fields(Sets):
        assert getattr(one, field.name).tobytes() == getattr(other, field.name).tobytes()
