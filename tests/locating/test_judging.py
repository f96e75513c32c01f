"""Whole days of a simulated hall, judged with and without history, and the same to the bit however it is divided."""

import dataclasses
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from devices.simulator.days import UNDISTURBED, Day, Disturbance, listen
from devices.simulator.halls import Hall, Plant, Profile, make_hall, plant, reshelve_run
from inventory.locating.arrays import Beliefs, Sightings
from inventory.locating.believing import believe
from inventory.locating.following import stays_of
from inventory.locating.judging import Judgement, Outcome, judge
from inventory.locating.listening import hear
from inventory.locating.model import Model
from inventory.locating.nightly import close_night
from inventory.locating.profiling import NIGHTS_MAX, Profiles, no_profiles
from inventory.locating.tracing import company_of, places_of

VOLUMES = 6_000
SEED = 11
NIGHTS = 3
BY_SHELF = (Profile.SWEEP, Profile.CABINET)  # an antenna that looks into an aisle tells no shelf


def ledger_of(hall: Hall) -> np.ndarray:
    return hall.ledger.astype(np.int64)


@cache
def learned(profile: Profile) -> tuple[Hall, Model, Profiles]:
    """A hall whose ledger is right, and what three nights taught."""
    hall, model, profiles = make_hall(VOLUMES, profile, SEED), Model(), no_profiles(VOLUMES)
    for number in range(NIGHTS):
        day = listen(hall, number)
        model, profiles, _ = close_night(day.sightings, day.trail, hall.places, ledger_of(hall), model, profiles)
    return hall, model, profiles


def judged(hall: Hall, day: Day, model: Model, profiles: Profiles) -> Judgement:
    return judge(day.sightings, day.trail, hall.places, ledger_of(hall), model, profiles)


@cache
def after_the_plants(profile: Profile) -> tuple[Hall, Day, Judgement]:
    hall, model, profiles = learned(profile)
    hall = plant(hall, 120, 30, SEED)
    day = listen(hall, NIGHTS)
    return hall, day, judged(hall, day, model, profiles)


def found(hall: Hall, judgement: Judgement, kinds: Sequence[Plant], listened: np.ndarray) -> float:
    """The share of plants of these kinds, on swept shelves, that are found on the very shelf."""
    believed = np.full(len(hall), -1)
    believed[judgement.beliefs.volume] = judgement.beliefs.place
    here = np.isin(hall.planted, [kind.value for kind in kinds]) & listened[hall.stands] & listened[hall.ledger]
    right = (judgement.outcome == Outcome.ELSEWHERE) & (believed == hall.stands)
    return float(right[here].mean())


@pytest.mark.parametrize("profile", BY_SHELF)
def test_after_three_nights_what_strayed_is_found_where_it_stands(profile: Profile) -> None:
    hall, day, judgement = after_the_plants(profile)
    moved = [kind for kind in Plant if kind is not Plant.REMOVED]
    assert found(hall, judgement, moved, day.listened) > 0.9
    believed = np.full(len(hall), -1)
    believed[judgement.beliefs.volume] = judgement.beliefs.place
    said = judgement.outcome == Outcome.ELSEWHERE
    assert (believed == hall.stands)[said].mean() > 0.93


@pytest.mark.parametrize("profile", BY_SHELF)
def test_what_was_taken_away_is_missing_and_little_else_is(profile: Profile) -> None:
    hall, day, judgement = after_the_plants(profile)
    gone = (hall.planted == Plant.REMOVED.value) & day.listened[hall.ledger]
    missing = judgement.outcome == Outcome.MISSING
    assert missing[gone].mean() > 0.5, "the others are undecided: they were read so seldom before"
    assert not (judgement.outcome[gone] == Outcome.AT_HOME).any()
    standing = (hall.stands == hall.ledger) | (hall.stands >= 0) & day.listened[hall.stands]
    assert (missing & standing).sum() <= 0.25 * missing.sum()


def test_a_shelf_nobody_swept_is_not_covered_and_none_of_its_volumes_is_missing() -> None:
    hall, model, profiles = learned(Profile.SWEEP)
    number = next(number for number in range(NIGHTS, NIGHTS + 20) if not _listened_everywhere(hall, number))
    day = listen(hall, number)
    closed = ~day.listened[hall.ledger]
    outcome = judged(hall, day, model, profiles).outcome
    assert closed.sum() > 20
    assert not (outcome[closed] == Outcome.MISSING).any()
    assert (outcome[closed] == Outcome.UNCOVERED).mean() > 0.95


def _listened_everywhere(hall: Hall, number: int) -> bool:
    return bool(listen(hall, number).listened[np.unique(hall.ledger)].all())


@pytest.mark.parametrize("profile", BY_SHELF)
def test_the_first_day_is_judged_without_history(profile: Profile) -> None:
    hall = plant(make_hall(VOLUMES, profile, SEED), round(VOLUMES * 0.03), 0, SEED)
    day = listen(hall, 0)
    first = judged(hall, day, Model(), no_profiles(VOLUMES))
    moved = [kind for kind in Plant if kind is not Plant.REMOVED]
    assert found(hall, first, moved, day.listened) > 0.85
    assert not (first.outcome == Outcome.MISSING).any(), "a tag never read is a weak tag"
    dead = hall.dead & day.listened[hall.ledger]
    assert (first.outcome[dead] == Outcome.WEAK_TAG).all()


def test_a_stated_probability_is_what_it_says() -> None:
    hall, _, judgement = after_the_plants(Profile.SWEEP)
    beliefs = judgement.beliefs
    unsure = (beliefs.probability < 0.99) | (beliefs.place != hall.ledger[beliefs.volume])
    right = (beliefs.place == hall.stands[beliefs.volume])[unsure]
    assert abs(right.mean() - beliefs.probability[unsure].mean()) < 0.08


# ── What goes wrong with readers ─────────────────────────────────────────────────────────────────────────────────────


def test_a_dead_antenna_is_named_and_its_shelf_is_not_missing() -> None:
    hall, model, profiles = learned(Profile.CABINET)
    antenna = int(hall.ledger[VOLUMES // 2])
    night = listen(hall, NIGHTS, Disturbance(dead_antennas=(antenna,)))
    judgement = judged(hall, night, model, profiles)
    assert judgement.silent.tolist() == [antenna]
    its_own = hall.ledger == antenna
    assert not (judgement.outcome[its_own] == Outcome.MISSING).any()
    assert (judgement.outcome[its_own] == Outcome.ELSEWHERE).mean() < 0.05


def test_an_antenna_that_serves_two_boards_covers_both_and_tells_what_stands_on_neither() -> None:
    hall, model, profiles = make_hall(VOLUMES, Profile.CABINET, SEED), Model(), no_profiles(VOLUMES)
    shelves = np.arange(len(hall.places.x))
    below = shelves - 1
    stacked = (hall.places.x[below] == hall.places.x) & (hall.places.y[below] == hall.places.y) & (shelves % 2 == 1)
    ear = np.where(stacked, below, shelves)
    for number in range(NIGHTS + 1):
        if number == NIGHTS:
            hall = plant(hall, 120, 30, SEED)
        day = listen(hall, number)
        day = dataclasses.replace(day, sightings=dataclasses.replace(day.sightings, place=ear[day.sightings.place]))
        model, profiles, judgement = close_night(
            day.sightings, day.trail, hall.places, ledger_of(hall), model, profiles
        )
    without = stacked[hall.ledger]
    assert without.sum() > VOLUMES / 3
    assert (judgement.outcome[without] == Outcome.UNCOVERED).mean() < 0.02
    believed = np.full(len(hall), -1)
    believed[judgement.beliefs.volume] = judgement.beliefs.place
    far = np.isin(hall.planted, [Plant.FAR.value, Plant.FACING.value]) & without
    bay_right = hall.bay_of(believed) == hall.bay_of(hall.stands)
    assert ((judgement.outcome == Outcome.ELSEWHERE) & bay_right)[far].mean() > 0.9
    gone = (hall.planted == Plant.REMOVED.value) & without
    assert (judgement.outcome == Outcome.MISSING)[gone].mean() > 0.8


def test_exchanged_cables_are_named_and_nothing_moves_for_it() -> None:
    hall, model, profiles = learned(Profile.CABINET)
    here, there = int(hall.ledger[500]), int(hall.ledger[4_000])
    night = listen(hall, NIGHTS, Disturbance(swapped=(here, there)))
    judgement = judged(hall, night, model, profiles)
    assert judgement.swapped == ((here, there),)
    assert (judgement.outcome == Outcome.ELSEWHERE).sum() <= 2
    assert judged(hall, listen(hall, NIGHTS), model, profiles).swapped == ()


def test_a_reader_turned_down_is_named_and_calls_next_to_nothing_missing() -> None:
    hall, model, profiles = learned(Profile.CABINET)
    night = listen(hall, NIGHTS, Disturbance(loss_db=6.0))
    judgement = judged(hall, night, model, profiles)
    assert judgement.louder_db < -3
    assert (judgement.outcome == Outcome.MISSING).sum() <= VOLUMES * 0.002


@pytest.mark.parametrize("profile", BY_SHELF)
def test_a_run_that_somebody_reshelved_is_named_and_found(profile: Profile) -> None:
    hall, model, profiles = learned(profile)
    hall = reshelve_run(hall, 120, SEED)
    day = listen(hall, NIGHTS)
    judgement = judged(hall, day, model, profiles)
    assert found(hall, judgement, [Plant.FAR], day.listened) > 0.85
    assert sum(many for _, _, many in judgement.runs) > 60
    for one, other, _ in judgement.runs:
        assert ((hall.ledger == one) & (hall.stands == other)).sum() >= 8


def test_a_volume_that_moved_by_the_ledger_is_learned_anew() -> None:
    hall, model, profiles = learned(Profile.CABINET)
    ledger = ledger_of(hall)
    volume = int(np.flatnonzero(~hall.dead)[7])
    ledger[volume] = ledger[VOLUMES - 1]
    day = listen(hall, NIGHTS)
    _, after, _ = close_night(day.sightings, day.trail, hall.places, ledger, model, profiles)
    assert profiles.nights[volume] == NIGHTS
    assert after.nights[volume] == 0, "it isn't where the ledger says now, so nothing is learned of it"
    assert not (after.volume == volume).any()


# ── The same to the bit ──────────────────────────────────────────────────────────────────────────────────────────────


def chosen(sightings: Sightings, which: np.ndarray) -> Sightings:
    return Sightings(**{f.name: getattr(sightings, f.name)[which] for f in dataclasses.fields(Sightings)})


@pytest.mark.parametrize("profile", BY_SHELF)
def test_the_order_of_evidence_changes_no_bit_of_a_judgement(profile: Profile) -> None:
    hall, day, judgement = after_the_plants(profile)
    _, model, profiles = learned(profile)
    order = np.random.default_rng(3).permutation(len(day.sightings.at))
    again = judge(chosen(day.sightings, order), day.trail, hall.places, ledger_of(hall), model, profiles)
    assert again.outcome.tobytes() == judgement.outcome.tobytes()
    for field in dataclasses.fields(Beliefs):
        assert getattr(again.beliefs, field.name).tobytes() == getattr(judgement.beliefs, field.name).tobytes()


@pytest.mark.parametrize("profile", BY_SHELF)
def test_a_taught_belief_step_does_not_care_which_volumes_come_together(profile: Profile) -> None:
    """As long as the same places were listened at: those of two thirds of the volumes are all."""
    hall, day, _ = after_the_plants(profile)
    _, model, _ = learned(profile)
    assert model.sensor is not None
    ledger = ledger_of(hall)
    together = believe(day.sightings, day.trail, hall.places, ledger, model)
    some = day.sightings.volume % 3 != 1
    alone = believe(chosen(day.sightings, some), day.trail, hall.places, ledger, model)
    same = together.volume % 3 != 1
    for field in dataclasses.fields(Beliefs):
        assert getattr(together, field.name)[same].tobytes() == getattr(alone, field.name).tobytes()


@pytest.mark.parametrize("profile", BY_SHELF)
def test_a_taught_belief_step_finds_more_than_one_that_knows_strengths_only(profile: Profile) -> None:
    hall, day, _ = after_the_plants(profile)
    _, model, _ = learned(profile)
    untaught = dataclasses.replace(model, sensor=None)
    strayed = (hall.planted != "") & (hall.stands >= 0)
    found = []
    for one in (model, untaught):
        drawn = believe(day.sightings, day.trail, hall.places, ledger_of(hall), one)
        right = (drawn.place == hall.stands[drawn.volume])[drawn.probability > 0.9]
        assert right.mean() > 0.97
        found.append(((drawn.place == hall.stands[drawn.volume]) & strayed[drawn.volume]).sum())
    assert found[0] > found[1] + 10


def test_a_taught_model_comes_out_of_the_database_as_it_went_in() -> None:
    _, model, _ = learned(Profile.SWEEP)
    assert Model.of(model.parameters()) == model


# ── Where moving readers were ────────────────────────────────────────────────────────────────────────────────────────


def test_the_volumes_heard_together_tell_where_a_reader_was_better_than_codes_and_labels_alone() -> None:
    hall = make_hall(VOLUMES, Profile.SWEEP, SEED)
    day = listen(hall, 0, UNDISTURBED)
    ledger, model = ledger_of(hall), Model()
    trail = dataclasses.replace(day.trail, company=company_of(day.sightings, ledger))
    held = np.bincount(ledger, minlength=len(hall.places.x))
    at_home = [
        (
            places_of(day.sightings, one, model, stays_of(one, hall.places, held, model))
            == ledger[day.sightings.volume]
        ).mean()
        for one in (trail, day.trail)
    ]
    assert at_home[0] > at_home[1] + 0.02


def test_visits_are_counted_as_they_were_made() -> None:
    hall = make_hall(VOLUMES, Profile.SWEEP, SEED)
    day = listen(hall, 0)
    night = hear(day.sightings, day.trail, hall.places, ledger_of(hall), Model())
    used = np.unique(hall.ledger)
    assert ((night.posts.effort[used] > 0) == day.listened[used]).mean() > 0.99
    assert np.isin(night.posts.effort[used], (0, 1, 2)).mean() > 0.95


def test_a_handheld_that_reports_every_six_seconds_is_placed_as_well() -> None:
    """All reads of a message carry its time, so a visit to a shelf is a few crowded moments."""
    hall = plant(make_hall(VOLUMES, Profile.SWEEP, SEED), 120, 0, SEED)
    day = listen(hall, 0)
    six = 6_000_000
    at = (day.sightings.at // six + 1) * six
    late = dataclasses.replace(day, sightings=dataclasses.replace(day.sightings, at=at, last_at=at))
    first = judged(hall, late, Model(), no_profiles(VOLUMES))
    moved = [kind for kind in Plant if kind is not Plant.REMOVED]
    assert found(hall, first, moved, day.listened) > 0.75
    assert (first.night.posts.effort[np.unique(hall.ledger)] > 0).mean() > 0.9


def test_readers_that_tell_no_strength_and_places_nobody_measured_still_find_most() -> None:
    hall = plant(make_hall(VOLUMES, Profile.SWEEP, SEED), 120, 0, SEED)
    day = listen(hall, 0)
    nothing = np.zeros_like(day.sightings.reads)
    mute = dataclasses.replace(day, sightings=dataclasses.replace(day.sightings, rssi_reads=nothing, rssi_sum=nothing))
    nowhere = np.full(len(hall.places.x), np.nan)
    unmeasured = dataclasses.replace(hall, places=dataclasses.replace(hall.places, x=nowhere, y=nowhere, z=nowhere))
    moved = [kind for kind in Plant if kind is not Plant.REMOVED]
    for there, heard in ((hall, mute), (unmeasured, day)):
        first = judged(there, heard, Model(), no_profiles(VOLUMES))
        assert found(hall, first, moved, day.listened) > 0.5
        said = first.outcome == Outcome.ELSEWHERE
        believed = np.full(len(hall), -1)
        believed[first.beliefs.volume] = first.beliefs.place
        assert (believed == hall.stands)[said].mean() > 0.9


def test_after_many_nights_a_volume_is_still_taken_to_be_read_as_often_as_it_is() -> None:
    """Old nights fade: what is remembered of forty nights alike is what is remembered of thirty."""
    hall = make_hall(600, Profile.CABINET, SEED)
    model, profiles = Model(), no_profiles(len(hall))
    day = listen(hall, 0)
    means = []
    for _ in range(40):
        model, profiles, _ = close_night(day.sightings, day.trail, hall.places, ledger_of(hall), model, profiles)
        means.append(profiles.reads.sum() / profiles.seen.sum())
    assert profiles.nights.max() == profiles.seen.max() == NIGHTS_MAX
    assert means[-1] == pytest.approx(means[5], rel=0.02)


@pytest.mark.parametrize("profile", BY_SHELF)
def test_what_a_step_says_of_a_volume_does_not_depend_on_what_else_is_new(profile: Profile) -> None:
    """Evidence comes late, and a step looks at whatever came: at one site more at once than at another."""
    hall, day, _ = after_the_plants(profile)
    _, model, _ = learned(profile)
    assert model.sensor is not None
    together = believe(day.sightings, day.trail, hall.places, ledger_of(hall), model)
    for some in (range(0, VOLUMES, 7), range(3, 40)):
        rows = np.flatnonzero(np.isin(day.sightings.volume, some))
        mine = Sightings(*(getattr(day.sightings, field.name)[rows] for field in dataclasses.fields(Sightings)))
        alone = believe(mine, day.trail, hall.places, ledger_of(hall), model)
        assert len(alone.volume) > len(some) // 2
        which = np.isin(together.volume, some)
        for field in dataclasses.fields(Beliefs):
            assert getattr(alone, field.name).tobytes() == getattr(together, field.name)[which].tobytes(), field.name
