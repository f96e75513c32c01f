"""The simulated gate, tunnel and pad: what they read comes of what is there."""

import dataclasses

import numpy as np
import pytest

from devices.simulator.gates import Fault, Hold, Scene, Walk, Walker, read
from devices.simulator.passers import Traffic, make_scene
from devices.simulator.tunnels import Kind, run_settings
from inventory.locating.reads import INNER, OUTER, SECOND, Reads


@pytest.fixture(scope="module")
def scene() -> Scene:
    return make_scene(Traffic(900.0), seed=4)


@pytest.fixture(scope="module")
def reads(scene: Scene) -> Reads:
    return read(scene)


def test_the_same_hour_is_read_in_the_same_bits(scene: Scene, reads: Reads) -> None:
    assert all(np.array_equal(*pair) for pair in zip(reads.columns(), read(scene).columns(), strict=True))


def test_nothing_dead_speaks_and_nothing_speaks_before_it_comes(scene: Scene, reads: Reads) -> None:
    assert not scene.dead[reads.tag].any()
    first = np.full(scene.tags, np.inf)
    for walker in scene.walkers:
        first[walker.tags] = np.minimum(first[walker.tags], walker.seconds[0])
    first[scene.parked] = 0
    assert (reads.at / SECOND >= first[reads.tag]).all()


def carried(hold: Hold = Hold.IN_FRONT, walk: Walk = Walk.OUT) -> Scene:
    way = np.array([-5.0, 5.0]) * (1 if walk is Walk.OUT else -1)
    walker = Walker(walk, hold, np.array([10.0, 20.0]), way, np.zeros(2), np.arange(5), 15.0)
    return Scene(7, 30.0, (walker,), np.zeros(0, np.int64), np.zeros((2, 0)), 5, np.zeros(5, bool))


@pytest.mark.parametrize("hold", list(Hold))
@pytest.mark.parametrize(("walk", "first"), [(Walk.OUT, INNER), (Walk.IN, OUTER)])
def test_the_antenna_one_comes_to_first_is_loudest_first(hold: Hold, walk: Walk, first: int) -> None:
    heard = read(carried(hold, walk))
    loudest = [np.average(heard.at[mine], weights=10 ** (heard.dbm()[mine] / 10)) for mine in (heard.antenna == 0, heard.antenna == 1)]  # fmt: skip
    assert int(np.argmin(loudest)) == first


def test_a_dead_antenna_is_silent_and_lost_decibels_are_lost() -> None:
    assert set(read(carried(), Fault(dead=(OUTER,))).antenna.tolist()) == {INNER}
    sound, weak = read(carried()), read(carried(), Fault(loss_db=(6.0, 6.0)))
    assert len(weak) < len(sound)
    assert weak.dbm().max() < sound.dbm().max() - 3


def test_messages_come_late_and_twice_but_say_the_same(scene: Scene, reads: Reads) -> None:
    disturbed = read(scene, Fault(repeated=0.2, late=0.1))
    assert len(disturbed) > len(reads) * 1.1
    assert (np.diff(disturbed.received_at) >= 0).all()
    assert (disturbed.received_at - disturbed.at > 600 * SECOND).mean() > 0.05
    rows = {tuple(row) for row in np.column_stack([disturbed.tag, disturbed.antenna, disturbed.at, disturbed.rssi_sum])}
    assert len(rows) == len(reads)


def test_a_clock_ahead_makes_two_readers_of_one_gate() -> None:
    heard = read(carried(), Fault(clock_seconds=2.0))
    assert set(heard.reader.tolist()) == {0, 1}
    late = heard.received_at - heard.at
    assert late[heard.antenna == OUTER].min() < -SECOND < 0 < late[heard.antenna == INNER].min()


def test_an_hour_has_everything_that_happens_at_a_gate() -> None:
    hour = make_scene(Traffic(), seed=4)
    assert {walker.walk for walker in hour.walkers} == set(Walk)
    assert {walker.hold for walker in hour.walkers} == set(Hold)
    assert any(len(walker.tags) > 20 for walker in hour.walkers)
    assert np.hypot(*hour.parked_at).mean() == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("kind", list(Kind))
def test_stacks_are_heard_while_they_lie_there(kind: Kind) -> None:
    bench = run_settings(kind, 10, 12, seed=3)
    assert not bench.dead[bench.reads.tag].any()
    for setting in bench.settings:
        at = bench.reads.at[np.isin(bench.reads.tag, setting.tags)] / SECOND
        assert setting.began <= at.min()
        assert at.max() <= setting.ended
    loud = dataclasses.asdict(run_settings(kind, 10, 12, seed=3, loss_db=6.0).reads)["rssi_sum"].mean()
    assert loud < bench.reads.rssi_sum.mean()
