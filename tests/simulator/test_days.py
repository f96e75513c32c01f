"""A hall's days: what is planted is what the ledger doesn't know, and the radio is that of the speaking readers."""

from collections import Counter

import numpy as np
import pytest

from devices.simulator.days import CLOSED_SHARE, Day, Disturbance, listen, sweep_again, together
from devices.simulator.floor import LEVELS
from devices.simulator.halls import NOT_PLANTED, PLANT_SHARES, Hall, Plant, Profile, make_hall, plant, reshelve_run
from devices.simulator.truth import NOWHERE
from inventory.locating.arrays import NONE, Sightings

VOLUMES = 12_000


@pytest.fixture(scope="module", params=list(Profile))
def hall(request: pytest.FixtureRequest) -> Hall:
    return plant(make_hall(VOLUMES, request.param, 5), 200, 40, 5)


@pytest.fixture(scope="module")
def day(hall: Hall) -> Day:
    return listen(hall, 2)


def columns(sightings: Sightings) -> list[np.ndarray]:
    return [getattr(sightings, name) for name in Sightings.__dataclass_fields__]


def test_shelves_hold_one_to_three_centimetres_a_volume(hall: Hall) -> None:
    fill = np.bincount(hall.ledger)
    full = fill[fill > 0][:-1]
    assert 28 <= full.min() < 32
    assert 70 < full.max() <= 86
    assert (hall.along > 0).all()
    assert (hall.along < 0.9).all()


def test_what_is_planted_stands_elsewhere_and_nothing_else_does(hall: Hall) -> None:
    assert ((hall.stands != hall.ledger) == (hall.planted != NOT_PLANTED)).all()
    assert not hall.dead[hall.planted != NOT_PLANTED].any()
    counted = Counter(hall.planted[hall.planted != NOT_PLANTED].tolist())
    assert counted == {kind.value: round(200 * share) for kind, share in PLANT_SHARES.items()} | {Plant.REMOVED.value: 40}  # fmt: skip


def test_each_plant_is_what_it_is_called(hall: Hall) -> None:
    def apart(kind: Plant) -> list[np.ndarray]:
        these = hall.planted == kind.value
        here, there = hall.ledger[these], hall.stands[these]
        return [np.abs(axis[here] - axis[there]) for axis in (hall.places.x, hall.places.y, hall.places.z)]

    assert np.allclose(np.array(apart(Plant.NEXT_LEVEL)).T, (0, 0, 0.35))
    across, along, up = apart(Plant.NEXT_BAY)
    assert np.allclose(across, 0)
    assert np.allclose(up, 0)
    assert np.allclose(along, 0.9 if hall.profile.mobile else 1.0)
    far = hall.planted == Plant.FAR.value
    assert (hall.ledger[far] // LEVELS != hall.stands[far] // LEVELS).all()
    assert (hall.stands[hall.planted == Plant.REMOVED.value] == NOWHERE).all()


def test_the_same_day_is_heard_in_the_same_bits_and_another_day_differs(hall: Hall, day: Day) -> None:
    again, next_day = listen(hall, 2), listen(hall, 3)
    assert all(np.array_equal(*pair) for pair in zip(columns(day.sightings), columns(again.sightings), strict=True))
    assert len(next_day.sightings.at) != len(day.sightings.at)


def test_nearly_everything_that_lives_is_heard_and_nothing_that_is_dead_or_gone(hall: Hall, day: Day) -> None:
    heard = np.zeros(len(hall), bool)
    heard[day.sightings.volume] = True
    assert not heard[hall.dead | (hall.stands == NOWHERE)].any()
    there = ~hall.dead & (hall.stands != NOWHERE) & day.listened[hall.stands]
    # Into an aisle an antenna looks along the shelves, from further away.
    least, most = (0.90, 0.99) if hall.profile is Profile.ZONE else (0.99, 1)
    assert least < heard[there].mean() < most


def test_evidence_is_reduced_as_ingest_reduces_it(hall: Hall, day: Day) -> None:
    seen = day.sightings
    width = {Profile.SWEEP: 500_000, Profile.CABINET: 300_000_000, Profile.ZONE: 60_000_000}[hall.profile]
    keys = np.column_stack([seen.reader, seen.place, seen.volume, seen.last_at // width])
    assert len(np.unique(keys, axis=0)) == len(keys)
    assert (seen.reads >= 1).all()
    assert (seen.rssi_sum < -2_500 * seen.reads).all()
    assert (seen.at <= seen.last_at).all()
    assert ((seen.place == NONE) == (hall.profile is Profile.SWEEP)).all()


def test_a_closed_aisle_is_heard_at_most_from_outside(hall: Hall, day: Day) -> None:
    if hall.profile is not Profile.SWEEP:  # what a zone antenna hears of a closed aisle: test_zones
        assert hall.profile is Profile.ZONE or day.listened[np.unique(hall.ledger)].all()
        return
    big = make_hall(40_000, Profile.SWEEP, 5)
    used = np.unique(big.ledger)
    unswept = np.array([~listen(big, number).listened[used] for number in range(4)])
    assert 0 < unswept.mean() < 3 * CLOSED_SHARE
    assert not unswept.all(axis=0).any(), "another day another aisle is closed"


def test_a_dead_antenna_says_nothing_and_swapped_cables_say_each_others() -> None:
    hall = make_hall(3_000, Profile.CABINET, 5)
    here, there = int(hall.ledger[1_000]), int(hall.ledger[2_000])
    dead = listen(hall, 0, Disturbance(dead_antennas=(here,)))
    assert not dead.listened[here]
    assert not (dead.sightings.place == here).any()
    swapped = listen(hall, 0, Disturbance(swapped=(here, there))).sightings
    loud = swapped.place == here
    standing_there = hall.stands[swapped.volume[loud]] == there
    assert swapped.reads[loud][standing_there].sum() > swapped.reads[loud].sum() / 2


def test_a_run_moves_together(hall: Hall) -> None:
    moved = reshelve_run(hall, 120, 5)
    run = np.flatnonzero(moved.stands != hall.stands)
    assert 100 < len(run) <= 120
    assert run.max() - run.min() < 120
    assert (moved.stands[run] // LEVELS != hall.stands[run] // LEVELS).all()


def test_what_is_swept_again_is_heard_in_the_evening_too(hall: Hall, day: Day) -> None:
    if hall.profile is not Profile.SWEEP:
        return
    shelves = np.unique(hall.ledger)[:3].astype(np.int64)
    evening = sweep_again(hall, 2, shelves)
    assert np.flatnonzero(evening.listened).tolist() == shelves.tolist()
    assert evening.trail.codes.place.tolist() in (shelves.tolist(), shelves[::-1].tolist())
    both = together(day, evening)
    assert len(both.sightings.at) == len(day.sightings.at) + len(evening.sightings.at)
    assert evening.sightings.at.min() > day.sightings.at.max()
    assert (np.diff(both.trail.codes.reader) >= 0).all()
