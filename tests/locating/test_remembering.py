"""A volume's own past: what silence and new places mean at home, and how a night's misses are counted."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.simulator.days import Disturbance, listen
from devices.simulator.halls import Hall, Plant, Profile, make_hall, plant
from inventory.locating.arrays import NONE, Reals
from inventory.locating.judging import Judgement, Outcome, judge
from inventory.locating.missing import KEPT, Silence, learned_misses, signs_of
from inventory.locating.model import HABITS_ASSUMED, MISSES, STRENGTH_STEADY, Misses, Model
from inventory.locating.nightly import close_night
from inventory.locating.profiling import Profiles, no_profiles, remember
from inventory.locating.sensing import heard_if

VOLUMES, SEED, NIGHTS = 6_000, 5, 3


@pytest.fixture(scope="module", name="known")
def _known() -> tuple[Hall, Model, Profiles]:
    hall, model, profiles = make_hall(VOLUMES, Profile.CABINET, SEED), Model(), no_profiles(VOLUMES)
    for number in range(NIGHTS):
        day = listen(hall, number)
        model, profiles, _ = close_night(
            day.sightings, day.trail, hall.places, hall.ledger.astype(np.int64), model, profiles
        )
    return hall, model, profiles


def on_the_next_day(hall: Hall, model: Model, profiles: Profiles) -> Judgement:
    day = listen(hall, NIGHTS)
    return judge(day.sightings, day.trail, hall.places, hall.ledger.astype(np.int64), model, profiles)


def odds_of(misses: Misses, expected: Reals, share: float = 1.0, above_db: float = 10.0) -> Reals:
    signs = signs_of(expected, expected / share, np.full(len(expected), above_db))
    return np.asarray(np.array(misses.odds) @ signs)


def test_more_reads_a_shelf_read_better_and_a_louder_tag_are_missed_more_seldom(
    known: tuple[Hall, Model, Profiles],
) -> None:
    reads = np.geomspace(0.3, 2_000, 80)
    for misses in (MISSES, known[1].misses):
        assert (np.diff(odds_of(misses, reads)) < 0).all()
        assert (odds_of(misses, reads, share=0.5) > odds_of(misses, reads)).all()
        assert (odds_of(misses, reads, above_db=3.0) > odds_of(misses, reads)).all()
        assert np.isfinite(odds_of(misses, reads, above_db=np.nan)).all()


def test_nights_teach_what_every_sign_counts_and_never_that_nothing_is_missed(
    known: tuple[Hall, Model, Profiles],
) -> None:
    hall, model, profiles = known
    assert on_the_next_day(plant(hall, 0, 60, SEED), model, profiles).missing.max() < 1
    learned = np.array(model.misses.worth) - KEPT**NIGHTS * np.array(MISSES.worth)
    assert (np.linalg.eigvalsh(learned) > 0).all(), "what every sign counts is known better than before"


def test_a_model_of_a_night_with_many_misses_expects_more(known: tuple[Hall, Model, Profiles]) -> None:
    """Half a shelf unheard: not one of these volumes, each as likely to be gone as any, may teach that all is well."""
    hall, model, profiles = known
    silence = on_the_next_day(hall, model, profiles).silence
    there = silence.alike.group != NONE
    missed = replace_gone(silence, there, 0.2)
    more = learned_misses(model, missed, there)
    fewer = learned_misses(model, replace_gone(silence, there, 0.0), there)
    reads = np.array([2.0, 8.0, 24.0])
    assert (odds_of(more, reads) > odds_of(fewer, reads)).all()


def replace_gone(silence: Silence, there: NDArray[np.bool_], share: float) -> Silence:
    """Of those that were there so many were not heard, each of which is probably there all the same."""
    unheard = there & (np.random.default_rng(SEED).random(len(there)) < share)
    return silence._replace(gone=np.where(unheard, 0.01, 0.0))


def test_a_close_learns_that_nights_are_more_alike_than_volumes_are(known: tuple[Hall, Model, Profiles]) -> None:
    _, model, _ = known
    assert model.sensor is not None
    assert model.strength_steady.own.night < min(model.sensor["strength_variance"])
    assert model.novel.chance < 1
    assert model.novel.strength < 0, "what is heard for the first time is faint"


def test_loud_at_a_place_that_never_heard_it_is_not_at_home(known: tuple[Hall, Model, Profiles]) -> None:
    """A faint volume, missed at home, read a dozen times next door: it went there."""
    hall, model, profiles = known
    moved = plant(hall, 240, 0, SEED)
    judgement = on_the_next_day(moved, model, profiles)
    gone = (moved.stands != moved.ledger) & ~moved.dead & (judgement.night.reads >= 8)
    assert gone.sum() > 150
    assert (judgement.outcome == Outcome.ELSEWHERE)[gone].mean() > 0.97


def test_where_readers_are_turned_down_the_faint_are_missed_and_the_loud_are_gone(
    known: tuple[Hall, Model, Profiles],
) -> None:
    hall, model, profiles = known
    taken = plant(hall, 0, 60, SEED)
    day = listen(taken, NIGHTS, Disturbance(loss_db=6.0))
    judged = judge(day.sightings, day.trail, hall.places, hall.ledger.astype(np.int64), model, profiles)
    called, gone = judged.outcome == Outcome.MISSING, taken.planted == Plant.REMOVED.value
    silent = judged.missing > 0
    assert (silent & ~gone).sum() > gone.sum(), "or there would be nothing to tell apart"
    assert (called & gone).sum() > 0.8 * gone.sum()
    assert (called & gone).sum() > 0.8 * called.sum()


def test_a_volume_loud_at_its_own_place_is_heard_beside_it_more_than_others(
    known: tuple[Hall, Model, Profiles],
) -> None:
    _, model, _ = known
    assert model.sensor is not None
    beside = np.array(model.sensor["detection"]) < 0.9
    assert max(np.array(model.sensor["louder"])[beside]) > 0.05


@pytest.mark.parametrize("chance", [0.1, 0.3, 0.9])
def test_over_all_volumes_of_a_shelf_the_chance_to_be_heard_is_the_shelf_s(chance: float) -> None:
    louder = np.random.default_rng(SEED).normal(0, 5, 20_000)
    many = np.ones(len(louder))
    by_volume = heard_if(chance * many, 0.3 * many, louder, 25.0 * many)
    assert by_volume.mean() == pytest.approx(chance, rel=0.2)
    assert by_volume[louder > 5].mean() > chance > by_volume[louder < -5].mean()


def test_nothing_that_stays_where_it_is_goes_elsewhere(known: tuple[Hall, Model, Profiles]) -> None:
    hall, model, profiles = known
    outcome = on_the_next_day(hall, model, profiles).outcome
    assert (outcome == Outcome.ELSEWHERE).sum() <= 2
    assert (outcome == Outcome.MISSING).sum() <= 2


def test_where_strengths_are_far_off_now_and_then_that_alone_moves_nothing() -> None:
    """Whatever stands still sounds other every night, by Student's t with three degrees of freedom: some by 20 dB and more."""
    hall, model, profiles = make_hall(1_500, Profile.CABINET, SEED), Model(), no_profiles(1_500)
    for number in range(NIGHTS + 1):
        sightings = listen(hall, number).sightings
        one = np.unique(sightings.volume * len(hall.places.x) + sightings.place, return_inverse=True)[1]
        off = np.random.default_rng(number).standard_t(3, one.max() + 1) * 250
        heard = replace(
            sightings, rssi_sum=sightings.rssi_sum + np.rint(off[one]).astype(np.int64) * sightings.rssi_reads
        )
        model, profiles, judged = close_night(
            heard, listen(hall, number).trail, hall.places, hall.ledger.astype(np.int64), model, profiles
        )
    assert model.strength_steady.own.tail > 0.1
    assert (judged.outcome == Outcome.ELSEWHERE).sum() <= 3


def test_where_nights_are_alike_a_model_learns_that_they_are(known: tuple[Hall, Model, Profiles]) -> None:
    assert known[1].strength_steady.own.tail < STRENGTH_STEADY.own.tail * 0.6
    assert known[1].strength_steady.own.told > STRENGTH_STEADY.own.told


def test_a_night_that_leaves_a_volume_unsure_takes_nothing_of_what_is_known_of_it(
    known: tuple[Hall, Model, Profiles],
) -> None:
    hall, model, profiles = known
    ledger, day = hall.ledger.astype(np.int64), listen(hall, NIGHTS)
    judged = on_the_next_day(hall, model, profiles)
    unsure = np.flatnonzero((judged.night.reads > 0) & (profiles.nights == NIGHTS))[:50]
    verified, elsewhere = np.ones(len(hall)), np.zeros(len(hall), bool)
    verified[unsure] = 0
    elsewhere[unsure[:20]] = True
    after = remember(
        profiles, judged.night.hearings, ledger, day.listened[ledger], verified, elsewhere, len(hall.places.x)
    )
    assert (after.nights[unsure[:20]] == 0).all()
    assert (after.nights[unsure[20:]] == NIGHTS).all()
    assert not np.isin(unsure[:20], after.volume).any()
    for volume in unsure[20:].tolist():
        assert (after.heard[after.volume == volume] == profiles.heard[profiles.volume == volume]).all()


def test_a_model_of_an_earlier_guiwei_is_read_without_what_is_counted_otherwise_now() -> None:
    stored = {**Model(ledger_right=0.99).parameters(), "night_variance": 1.5, "misses": [[1.0, 20.0]] * 12}
    read = Model.of(stored)
    assert read == replace(Model(), ledger_right=0.99)
    assert (read.misses, read.habits) == (MISSES, HABITS_ASSUMED)


def test_a_model_is_read_as_it_was_stored(known: tuple[Hall, Model, Profiles]) -> None:
    _, model, _ = known
    assert Model.of(model.parameters()) == model
