"""Antennas that look into aisles: they tell the aisle, only while it stands open, and only where nobody heard more."""

from dataclasses import replace

import numpy as np
import pytest

from devices.simulator.days import Day, Disturbance, listen
from devices.simulator.halls import Hall, Plant, Profile, make_hall, plant
from devices.simulator.zones import places_of, zones_of
from inventory.locating.arrays import NONE, Integers, Sightings
from inventory.locating.judging import Judgement, Outcome, judge
from inventory.locating.model import Model
from inventory.locating.nightly import close_night
from inventory.locating.profiling import Profiles, no_profiles
from inventory.locating.zones import NO_TRAIL, close_zones, judge_zones, with_zones

VOLUMES, SEED, NIGHTS = 6_000, 11, 3
LONG_AGO = np.zeros(VOLUMES, np.int64)


def ledger_of(hall: Hall) -> Integers:
    return hall.ledger.astype(np.int64)


@pytest.fixture(scope="module", name="known")
def _known() -> tuple[Hall, Model, Profiles]:
    """A hall after some nights of which its aisles tell."""
    hall, model, profiles = make_hall(VOLUMES, Profile.ZONE, SEED), Model(), no_profiles(VOLUMES)
    for number in range(NIGHTS):
        zones = zones_of(hall, listen(hall, number).sightings)
        model, profiles, _ = close_zones(zones, ledger_of(hall), LONG_AGO, model, profiles)
    return hall, model, profiles


@pytest.fixture(scope="module", name="morrow")
def _morrow(known: tuple[Hall, Model, Profiles]) -> tuple[Hall, Day, Judgement]:
    """The day after, on which some were moved and taken away; nobody swept anything."""
    hall, model, profiles = known
    hall = plant(hall, 240, 60, SEED)
    day = listen(hall, NIGHTS)
    nothing = Sightings(*[np.zeros(0, np.int64)] * 8)
    by_shelf = judge(nothing, NO_TRAIL, places_of(hall), ledger_of(hall), Model(), no_profiles(VOLUMES))
    assert (by_shelf.outcome == Outcome.UNCOVERED).all()
    zones = zones_of(hall, day.sightings)
    by_aisle = judge_zones(zones, ledger_of(hall), LONG_AGO, model, profiles)
    judged, decided = with_zones(by_shelf, by_aisle, zones, ledger_of(hall))
    assert decided.any()
    return hall, day, judged


def aisles_of(hall: Hall) -> tuple[Integers, Integers]:
    """Of each volume its aisle by the ledger and in truth, NONE for what was taken away."""
    aisle = np.append(hall.aisle, NONE).astype(np.int64)
    return aisle[hall.ledger], aisle[hall.stands]


def believed(judged: Judgement) -> Integers:
    place = np.full(VOLUMES, NONE)
    place[judged.beliefs.volume] = judged.beliefs.place
    return place


def test_who_went_to_another_aisle_is_found_there_and_nobody_else(morrow: tuple[Hall, Day, Judgement]) -> None:
    hall, day, judged = morrow
    home, stands = aisles_of(hall)
    was_open = np.append(np.isin(np.arange(hall.aisle.max() + 1), hall.aisle[day.listened]), False)
    crossed = (home != stands) & was_open[home] & was_open[stands]
    found = judged.outcome == Outcome.ELSEWHERE
    assert crossed.sum() > 60
    assert (found & crossed).sum() > 0.9 * crossed.sum()
    assert (found & (home == stands)).sum() <= 2
    right = believed(judged) == len(hall.places.x) + stands
    assert (found & (home != stands) & ~right).sum() <= 2


def test_what_stays_in_its_aisle_is_believed_on_its_shelf_and_not_quite_surely(
    morrow: tuple[Hall, Day, Judgement],
) -> None:
    hall, _, judged = morrow
    home, stands = aisles_of(hall)
    at_home = judged.outcome == Outcome.AT_HOME
    assert (believed(judged)[at_home] == hall.ledger[at_home]).all()
    assert (home == stands)[at_home].mean() > 0.995
    within = np.isin(hall.planted, [Plant.NEXT_LEVEL, Plant.FACING])
    assert at_home[within].sum() > 0.8 * (within & (judged.outcome != Outcome.UNCOVERED)).sum(), (
        "its aisle is all it tells"
    )
    assert judged.certainty.max() < 1


def test_what_left_an_open_aisle_is_asked_for_and_a_closed_aisle_is_not_covered(
    morrow: tuple[Hall, Day, Judgement],
) -> None:
    hall, day, judged = morrow
    asked = (judged.outcome == Outcome.UNDECIDED) & (believed(judged) == NONE)
    open_at_home, gone = day.listened[hall.ledger], hall.planted == Plant.REMOVED
    assert not (judged.outcome == Outcome.MISSING).any(), "an antenna at an aisle's end calls nothing missing"
    assert (asked & gone & open_at_home).sum() > 0.7 * (gone & open_at_home).sum()
    home, stands = aisles_of(hall)
    assert (asked & (home == stands)).sum() <= 0.4 * asked.sum()
    assert (~open_at_home).sum() > 100
    assert (judged.outcome == Outcome.UNCOVERED)[~open_at_home & (believed(judged) == NONE)].all()
    assert (judged.listened == open_at_home).all()
    assert (judged.night.posts.effort[: len(hall.places.x)] > 0).tolist() == (day.listened).tolist()


def test_where_somebody_swept_the_shelf_decides(known: tuple[Hall, Model, Profiles]) -> None:
    """What went to the next level stays in its aisle, and only who passes the shelves can tell."""
    hall, model, profiles = known
    swept, by_hand, notes = replace(hall, profile=Profile.SWEEP), Model(), no_profiles(VOLUMES)
    for number in range(2):
        day = listen(swept, number)
        by_hand, notes, _ = close_night(day.sightings, day.trail, hall.places, ledger_of(hall), by_hand, notes)
    moved = plant(hall, 240, 0, SEED)
    day = listen(replace(moved, profile=Profile.SWEEP), NIGHTS)
    by_shelf = judge(day.sightings, day.trail, places_of(hall), ledger_of(hall), by_hand, notes)
    zones = zones_of(moved, listen(moved, NIGHTS).sightings)
    by_aisle = judge_zones(zones, ledger_of(hall), LONG_AGO, model, profiles)
    judged, decided = with_zones(by_shelf, by_aisle, zones, ledger_of(hall))
    heard = by_shelf.beliefs.volume
    assert not decided[heard].any()
    assert (judged.outcome[heard] == by_shelf.outcome[heard]).all()
    assert (judged.outcome == Outcome.ELSEWHERE)[moved.planted == Plant.NEXT_LEVEL].mean() > 0.8
    assert decided.any(), "what no sweep heard"
    assert (judged.listened | ~by_shelf.listened).all()


def test_no_antenna_looks_into_an_aisle_no_word_about_it(known: tuple[Hall, Model, Profiles]) -> None:
    """Read in passing from the aisle beside, a volume whose own aisle nobody looks into went nowhere."""
    hall, model, profiles = known
    zones = zones_of(hall, listen(hall, NIGHTS).sightings)
    unwatched = int(hall.aisle[hall.ledger[0]])
    kept = zones.sightings.whole().place != unwatched
    columns = {name: getattr(zones.sightings, name)[kept] for name in Sightings.__dataclass_fields__}
    zones = replace(
        zones, sightings=Sightings(**columns), aisle_of=np.where(zones.aisle_of == unwatched, NONE, zones.aisle_of)
    )
    nothing = Sightings(*[np.zeros(0, np.int64)] * 8)
    by_shelf = judge(nothing, NO_TRAIL, places_of(hall), ledger_of(hall), Model(), no_profiles(VOLUMES))
    by_aisle = judge_zones(zones, ledger_of(hall), LONG_AGO, model, profiles)
    judged, _ = with_zones(by_shelf, by_aisle, zones, ledger_of(hall))
    ours = hall.aisle[hall.ledger] == unwatched
    assert (by_aisle.outcome[ours] != Outcome.UNCOVERED).any(), "some are heard through the shelves"
    assert (judged.outcome[ours] == Outcome.UNCOVERED).all()


def test_heard_in_passing_while_its_own_aisle_is_closed_is_no_night_at_home(
    known: tuple[Hall, Model, Profiles],
) -> None:
    """Else a night would teach that home is silent, and silence there would mean nothing, or too much."""
    hall, model, profiles = known
    zones = zones_of(hall, listen(hall, NIGHTS).sightings)
    _, after, judged = close_zones(zones, ledger_of(hall), LONG_AGO, model, profiles)
    passing = ~judged.listened & (judged.night.reads > 0)
    assert passing.sum() > 10
    for counted in ("nights", "seen", "reads"):
        assert (getattr(after, counted)[passing] == getattr(profiles, counted)[passing]).all()
    assert (after.home[passing] == profiles.home[passing]).all(), "nor is what it knew forgotten"


def test_exchanged_cables_of_two_aisles_are_named_and_put_right(known: tuple[Hall, Model, Profiles]) -> None:
    hall, model, profiles = known
    was_open = np.unique(hall.aisle[listen(hall, NIGHTS).listened & np.isin(np.arange(len(hall.aisle)), hall.ledger)])
    one, other = int(was_open[0]), int(was_open[-1])
    zones = zones_of(hall, listen(hall, NIGHTS, Disturbance(swapped=(one, other))).sightings)
    nothing = Sightings(*[np.zeros(0, np.int64)] * 8)
    by_shelf = judge(nothing, NO_TRAIL, places_of(hall), ledger_of(hall), Model(), no_profiles(VOLUMES))
    by_aisle = judge_zones(zones, ledger_of(hall), LONG_AGO, model, profiles)
    judged, _ = with_zones(by_shelf, by_aisle, zones, ledger_of(hall))
    assert judged.swapped == ((int(zones.place_of[one]), int(zones.place_of[other])),)
    assert (judged.outcome == Outcome.ELSEWHERE).sum() <= 5
