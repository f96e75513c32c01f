"""How far a night is to be trusted: strays rehearsed, and what they say of volumes that sound odd."""

from dataclasses import replace
from functools import cache

import numpy as np

from devices.simulator.days import Day, listen
from devices.simulator.halls import Hall, Profile, make_hall, plant
from inventory.locating.arrays import NONE
from inventory.locating.judging import Judgement, Outcome, judge
from inventory.locating.model import Model
from inventory.locating.profiling import no_profiles
from inventory.locating.rehearsing import rehearse
from inventory.locating.remembering import Memory
from inventory.locating.sensing import Shelves
from inventory.locating.trusting import Odds, Rehearsal, trusted
from inventory.locating.weighing import Candidates, candidates_of

VOLUMES = 3_000
SEED = 5


@cache
def first_day(profile: Profile, boards: int = 1) -> tuple[Hall, Day, Judgement]:
    """boards: of two or more an antenna hears so many, and is taken to be on the lowest of them."""
    hall = plant(make_hall(VOLUMES, profile, SEED), 90, 0, SEED)
    day = listen(hall, 0)
    if boards > 1:
        level = np.searchsorted(np.unique(hall.places.z), hall.places.z)
        ear = np.arange(len(level)) - level % boards
        day = replace(day, sightings=replace(day.sightings, place=ear[day.sightings.place]))
    ledger = hall.ledger.astype(np.int64)
    return hall, day, judge(day.sightings, day.trail, hall.places, ledger, Model(), no_profiles(VOLUMES))


def rehearsed(profile: Profile, heard: float = 1.0, boards: int = 1) -> Rehearsal | None:
    """A rehearsal of the hall's first day, of so much of what was heard."""
    hall, _, judged = first_day(profile, boards)
    night = judged.night
    rows = night.hearings.volume < heard * VOLUMES
    columns = {name: values[rows] for name, values in vars(night.hearings).items()}
    night = type(night)(**{**vars(night), "hearings": type(night.hearings)(**columns)})
    shelves = Shelves(hall.places, night.posts, judged.weighed.sensor, None)
    ledger, effort = hall.ledger.astype(np.int64), night.posts.effort.astype(np.float64)
    memory = Memory(no_profiles(VOLUMES), ledger, Model(), effort, night.posts.level)
    return rehearse(night, shelves, memory, 0.97)


def two_places(count: int) -> tuple[Candidates, np.ndarray]:
    """So many volumes with two candidates each: place 0, where the ledger has it, and place 1."""
    volume = np.repeat(np.arange(count), 2)
    place = np.tile([0, 1], count)
    return Candidates(volume, place, np.zeros(2 * count), np.ones(2 * count, bool)), np.zeros(count, np.int64)


def test_rehearsed_strays_sound_odd_and_their_true_places_come_into_question() -> None:
    for profile in (Profile.SWEEP, Profile.CABINET):
        rehearsal = rehearsed(profile)
        assert rehearsal is not None
        assert len(rehearsal.odds.volume) > 0.9 * VOLUMES
        assert np.mean(rehearsal.odds.odds > 0) > 0.95
        assert 0.9 < rehearsal.told <= 1
        assert rehearsal.blunt < 0.1


def test_boards_that_another_s_antenna_serves_are_rehearsed_too() -> None:
    hall, _, judged = first_day(Profile.CABINET, boards=2)
    without = judged.night.posts.effort[hall.ledger] == 0
    assert 0.4 < without.mean() < 0.6
    assert judged.night.covers[hall.ledger].mean() > 0.95
    rehearsal = rehearsed(Profile.CABINET, boards=2)
    assert rehearsal is not None
    assert len(rehearsal.odds.volume) > 0.8 * VOLUMES


def test_too_few_volumes_rehearse_nothing() -> None:
    assert rehearsed(Profile.CABINET, heard=0.02) is None


def test_the_same_night_rehearses_the_same() -> None:
    one, other = rehearsed(Profile.SWEEP), rehearsed(Profile.SWEEP)
    assert one is not None
    assert other is not None
    assert one.odds.odds.tobytes() == other.odds.odds.tobytes()
    assert (one.power, one.blunt, one.told) == (other.power, other.blunt, other.told)


def said_of(sureness: float) -> tuple[np.ndarray, np.ndarray]:
    """Which of 20,000 volumes are strays, and how probable that is told: by sound odds, made surer than they are."""
    chance, count, places = np.random.default_rng(SEED), 20_000, first_day(Profile.CABINET)[0].places
    is_stray = np.arange(count) < 0.02 * count
    apart = 5.0  # standard deviations between volumes at home and strays; the odds of that are known
    sign = chance.normal(np.where(is_stray, apart, 0.0))
    like = apart * chance.normal(apart, size=4_000) - apart**2 / 2
    odds = sureness * (apart * sign - apart**2 / 2)
    candidates, ledger = two_places(count)
    right = 0.98
    elsewhere = 1 / (1 + np.exp(-(odds + np.log(1 - right) - np.log(right))))
    posterior = np.column_stack([1 - elsewhere, elsewhere]).ravel()
    scenes = Odds(np.arange(len(like)), sureness * like, np.zeros(len(like), bool))
    rehearsal = Rehearsal(scenes, 1.0, 0.0, 1.0)
    places = type(places)(np.array([0.0, 5.0]), np.zeros(2), np.zeros(2), np.zeros(2, np.int64))
    after = trusted(candidates, posterior, ledger, places, right, np.ones(count, bool), rehearsal)
    return is_stray, after[1::2]


def test_what_is_told_is_as_often_right_as_said_however_sure_likelihoods_are_of_themselves() -> None:
    """Odds four times as sure as they should be, as of hearings that say the same four times over."""
    for sureness in (1.0, 4.0):
        is_stray, told = said_of(sureness)
        assert abs(told.sum() - is_stray.sum()) < 0.1 * is_stray.sum()
        called = told > 0.5
        assert is_stray[called].mean() > 0.9
        assert (called & is_stray).sum() > 0.85 * is_stray.sum()
        between = (told > 0.2) & (told < 0.8)
        assert abs(is_stray[between].mean() - told[between].mean()) < 0.25


def test_a_first_day_finds_what_is_wrong_and_little_else() -> None:
    for profile in (Profile.SWEEP, Profile.CABINET):
        hall, day, judged = first_day(profile)
        place = np.full(VOLUMES, NONE)
        place[judged.beliefs.volume] = judged.beliefs.place
        found = judged.outcome == Outcome.ELSEWHERE
        wrong = (hall.stands != hall.ledger) & day.listened[hall.stands] & day.listened[hall.ledger]
        assert (found & wrong).sum() > 0.8 * wrong.sum()
        assert (place == hall.stands)[found].mean() > 0.85
        whole = np.bincount(judged.weighed.candidates.volume, judged.weighed.posterior, VOLUMES)
        assert whole.max() < 1 + 1e-9


def test_places_around_come_into_question_once_each() -> None:
    hall, _, judged = first_day(Profile.SWEEP)
    candidates, count = judged.weighed.candidates, len(hall.places.x)
    key = candidates.volume * count + candidates.place
    assert (np.diff(key) > 0).all()
    narrow = candidates_of(judged.night.hearings, hall.ledger.astype(np.int64), count, judged.night.served)
    assert np.isin(narrow[0] * count + narrow[1], key).all()
