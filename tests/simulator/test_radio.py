"""The radio behaves as published measurements say, within what they leave open."""

import numpy as np
import pytest

from devices.simulator import radio
from devices.simulator.radio import Side

TAGS = np.arange(20_000, dtype=np.int32)
ALONG = (TAGS % 90) / 100
A_LONG_PASS_SECONDS = 1e6  # The reader's speed is not what is asked.


def reads_of_one_pass(side: Side, chance: np.random.Generator) -> np.ndarray:
    """How often each of 20,000 tags is read while the antenna passes the shelf they stand beside in this way."""
    rssi = radio.sweep_rssi(np.full(len(TAGS), side, np.int8), ALONG) + radio.shadowing(5, TAGS, 1, int(side))
    heard = radio.hear(TAGS, rssi, ALONG / 0.9, A_LONG_PASS_SECONDS, 5, chance)
    return np.bincount(heard.tag, minlength=len(TAGS))


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(11)


def test_a_tag_at_one_metre_and_full_power_is_heard_at_the_fitted_strength() -> None:
    near, far = radio.rssi_at(np.array([1.0, 10.0]), radio.FULL_POWER_DBM)
    assert near == pytest.approx(-54.1)
    assert far == pytest.approx(-83.3)


def test_one_pass_reads_as_many_tags_as_often_as_the_published_one(chance: np.random.Generator) -> None:
    reads = reads_of_one_pass(Side.HERE, chance)
    seen = reads > 0
    assert 0.928 < seen.mean() < 0.973
    assert np.median(reads[seen]) == 4
    assert (reads[seen] == 1).mean() == pytest.approx(0.11, abs=0.015)


def test_a_second_pass_finds_most_of_the_rest_but_fewer_than_if_passes_were_unrelated(
    chance: np.random.Generator,
) -> None:
    first, second = (reads_of_one_pass(Side.HERE, chance) == 0 for _ in range(2))
    missed_twice = (first & second).mean()
    assert 0.990 < 1 - missed_twice < 0.999
    assert missed_twice > 1.3 * first.mean() * second.mean()


@pytest.mark.parametrize("side", [Side.ABOVE, Side.BELOW, Side.LEFT, Side.RIGHT, Side.BEHIND])
def test_tags_of_the_neighbouring_shelves_stray_in(side: Side, chance: np.random.Generator) -> None:
    assert 0.05 < (reads_of_one_pass(side, chance) > 0).mean() < 0.60


def test_the_facing_bay_strays_in_seldom_but_it_does(chance: np.random.Generator) -> None:
    assert 0.001 < (reads_of_one_pass(Side.FACING, chance) > 0).mean() < 0.05


def test_shadowing_belongs_to_a_tag_where_it_stands() -> None:
    here = radio.shadowing(1, TAGS, placement=3, antenna=4)
    assert np.array_equal(here, radio.shadowing(1, TAGS, placement=3, antenna=4))
    assert here.std() == pytest.approx(3.7, abs=0.1)
    assert here.mean() == pytest.approx(0, abs=0.1)
    for elsewhere in (radio.shadowing(1, TAGS, 5, 4), radio.shadowing(1, TAGS, 3, 5), radio.shadowing(2, TAGS, 3, 4)):
        assert abs(np.corrcoef(here, elsewhere)[0, 1]) < 0.05


def test_no_reader_reads_faster_than_its_kind(chance: np.random.Generator) -> None:
    heard = radio.hear(TAGS, np.full(len(TAGS), -50.0), ALONG, 2.0, 5, chance)
    assert len(heard.tag) == 2 * radio.READS_PER_SECOND_MAX
    assert (np.diff(heard.seconds) >= 0).all()
    assert 0 <= heard.seconds.min() <= heard.seconds.max() <= 2


def test_detection_rises_with_strength_through_one_half_at_the_sensitivity() -> None:
    chances = radio.detection_probability(np.array([-90.0, radio.SENSITIVITY_DBM, -50.0]))
    assert chances == pytest.approx([0, 0.5, 1], abs=1e-4)
