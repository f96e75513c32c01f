"""An antenna looks into an aisle and hears it only while it is open; one aisle of a block is open at a time."""

from itertools import pairwise

import numpy as np
import pytest

from devices.reduce import SLICE_MICROSECONDS
from devices.simulator.days import DAY_MICROSECONDS, SECOND, Day, Disturbance, day_s_chance, listen, looks_of
from devices.simulator.floor import NO_SHELF
from devices.simulator.halls import Hall, Profile, make_hall
from devices.simulator.radio import Way
from devices.simulator.truth import NOWHERE
from devices.simulator.zones import (
    AISLES_CLOSED_SHARE,
    OPEN_MINUTES,
    OPENINGS_LEAST,
    OPENINGS_MOST,
    Openings,
    block_of_aisles,
    plan_openings,
)

VOLUMES, DAY = 12_000, 2


@pytest.fixture(scope="module")
def hall() -> Hall:
    return make_hall(VOLUMES, Profile.ZONE, 5)


@pytest.fixture(scope="module")
def openings(hall: Hall) -> Openings:
    return plan_openings(hall, day_s_chance(hall, DAY))


@pytest.fixture(scope="module")
def day(hall: Hall) -> Day:
    return listen(hall, DAY)


@pytest.mark.parametrize("profile", [Profile.SWEEP, Profile.ZONE])
def test_faces_that_look_at_each_other_share_an_aisle_and_back_to_back_the_next_begins(profile: Profile) -> None:
    hall = make_hall(3_000, profile, 5)
    facing, behind = hall.shelves.facing, hall.shelves.behind
    across = np.flatnonzero(facing != NO_SHELF)
    assert (hall.aisle[across] == hall.aisle[facing[across]]).all()
    assert (np.abs(hall.aisle - hall.aisle[behind]) == 1).all()
    assert np.unique(hall.aisle).tolist() == list(range(len(hall.aisles_as_places.x)))
    for aisle in np.unique(hall.aisle):
        assert len(np.unique(hall.shelves.block[hall.aisle == aisle])) == 1


def test_an_aisle_as_a_place_is_the_middle_of_its_shelves(hall: Hall) -> None:
    aisles = hall.aisles_as_places
    own = hall.aisle == 1
    assert aisles.x[1] == pytest.approx(hall.places.x[own].mean())
    assert aisles.y[1] == pytest.approx((hall.places.y[own].min() + hall.places.y[own].max()) / 2)
    assert np.allclose(aisles.z, 0.1 + 3 * 0.35)
    assert not aisles.room.any()


def test_a_row_of_cabinets_is_one_aisle() -> None:
    hall = make_hall(12_000, Profile.CABINET, 5)
    assert np.unique(hall.places.x[hall.aisle == 0]).tolist() == [hall.places.x[0]]
    assert len(np.unique(hall.places.x)) == len(np.unique(hall.aisle))


def test_a_block_opens_one_aisle_at_a_time_and_each_a_few_times_a_day(hall: Hall, openings: Openings) -> None:
    block = block_of_aisles(hall)[openings.aisle]
    for one in np.unique(block):
        order = np.flatnonzero(block == one)[np.argsort(openings.start[block == one])]
        for before, after in pairwise(order):
            assert openings.start[after] >= openings.start[before] + openings.seconds[before] + 60
    assert (openings.seconds >= 60 * OPEN_MINUTES[0]).all()
    assert (openings.seconds <= 60 * OPEN_MINUTES[1]).all()
    times = np.bincount(openings.aisle)
    assert set(times[times > 0].tolist()) <= set(range(OPENINGS_LEAST, OPENINGS_MOST + 1))


def test_some_aisles_stay_closed_all_day_and_another_day_others(hall: Hall) -> None:
    used = np.unique(hall.ledger)
    closed = np.array([~listen(hall, number).listened[used] for number in range(12)])
    assert 0 < closed.mean() < 3 * AISLES_CLOSED_SHARE
    assert not closed.all(axis=0).any()


def test_listened_says_the_shelves_of_the_aisles_that_were_open(hall: Hall, day: Day, openings: Openings) -> None:
    assert (day.listened == np.isin(hall.aisle, openings.aisle)).all()


def test_reads_carry_the_aisle_and_its_block_and_come_only_while_it_is_open(
    hall: Hall, day: Day, openings: Openings
) -> None:
    seen = day.sightings
    assert (seen.reader == block_of_aisles(hall)[seen.place]).all()
    assert len(day.trail.codes.at) == len(day.trail.labels.at) == 0
    start, end = openings.start * SECOND, (openings.start + openings.seconds) * SECOND
    at = (seen.last_at - DAY * DAY_MICROSECONDS)[:, None]
    is_open = (seen.place[:, None] == openings.aisle) & (at >= start - 1) & (at <= end + 1)
    assert is_open.any(axis=1).all()
    assert (seen.last_at - seen.at < SLICE_MICROSECONDS["zone"]).all()


def test_most_of_an_open_aisle_is_read_and_each_tag_keeps_its_habit(hall: Hall, day: Day) -> None:
    own = hall.aisle[hall.stands]

    def reads_of(heard: Day) -> np.ndarray:
        seen = heard.sightings
        home = seen.place == own[seen.volume]
        return np.bincount(seen.volume[home], seen.reads[home], len(hall))

    other = listen(hall, DAY + 1)
    there = ~hall.dead & day.listened[hall.stands] & other.listened[hall.stands]
    one, two = reads_of(day)[there], reads_of(other)[there]
    assert 0.85 < (one > 0).mean() < 0.97
    assert np.median(one) > 3 * np.quantile(one[one > 0], 0.1), "some often, others seldom"
    assert ((one == 0) & (two == 0)).mean() > 5 * (one == 0).mean() * (two == 0).mean(), "the same ones are missed"


def test_the_near_are_read_more_than_the_far_and_the_low_less_than_the_high() -> None:
    big = make_hall(20_000, Profile.ZONE, 5)
    heard = listen(big, DAY)
    reads = np.bincount(heard.sightings.volume, heard.sightings.reads, len(big))
    there = ~big.dead & heard.listened[big.stands]
    bay, level = big.shelves.bay[big.stands], big.shelves.level[big.stands]
    assert reads[there & (bay == 1)].mean() > reads[there & (bay == bay.max())].mean()
    assert reads[there & (bay == 0) & (level == 5)].mean() > reads[there & (bay == 0) & (level == 0)].mean()


def test_strays_are_the_shelves_back_to_back_and_faintly_another_block_s_open_aisle(hall: Hall, day: Day) -> None:
    seen, own = day.sightings, hall.aisle[hall.stands]
    stray = seen.place != own[seen.volume]
    assert 0.01 < seen.reads[stray].sum() / seen.reads.sum() < 0.10
    beside = stray & (np.abs(seen.place - own[seen.volume]) == 1)
    beside &= block_of_aisles(hall)[own[seen.volume]] == seen.reader
    elsewhere = stray & ~beside
    assert elsewhere.sum() < beside.sum() / 5
    assert (block_of_aisles(hall)[own[seen.volume[elsewhere]]] != seen.reader[elsewhere]).all()
    strength = seen.rssi_sum / seen.reads / 100
    assert strength[stray].mean() < strength[~stray].mean() - 3


def test_what_no_open_antenna_hears_is_silent(hall: Hall, day: Day) -> None:
    closed = np.unique(hall.aisle[~day.listened])
    assert not np.isin(day.sightings.place, closed).any()
    looks = looks_of(hall, Disturbance(), day_s_chance(hall, DAY))
    reached = np.unique(np.column_stack([looks.aisle, looks.shelf]), axis=0)
    heard = np.column_stack([day.sightings.place, hall.stands[day.sightings.volume]])
    size = len(hall.places.x)
    assert np.isin(heard @ (size, 1), reached @ (size, 1)).all()
    assert (hall.stands[day.sightings.volume] != NOWHERE).all()
    other_aisles = hall.aisle[looks.shelf[looks.way == Way.ACROSS]]
    assert not np.isin(other_aisles, closed).any(), "from another block only what is open is heard"


def test_a_dead_antenna_leaves_its_aisle_unlistened_and_swapped_ones_say_each_others(hall: Hall, day: Day) -> None:
    here, there = np.unique(hall.aisle[day.listened])[:2].tolist()
    dead = listen(hall, DAY, Disturbance(dead_antennas=(here,)))
    assert not dead.listened[hall.aisle == here].any()
    assert not (dead.sightings.place == here).any()
    swapped = listen(hall, DAY, Disturbance(swapped=(here, there))).sightings
    said_here = swapped.place == here
    standing_there = hall.aisle[hall.stands[swapped.volume[said_here]]] == there
    assert swapped.reads[said_here][standing_there].sum() > swapped.reads[said_here].sum() / 2
    weaker = listen(hall, DAY, Disturbance(loss_db=6.0)).sightings
    assert weaker.reads.sum() < 0.8 * day.sightings.reads.sum()
