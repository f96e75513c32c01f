"""Judging a day: each volume at its place, elsewhere, missing, undecided, a weak tag, or not covered, with stated error.

Unlike the belief step, a judgement has everything that was heard, so it learns the shelves from this very evidence: a site's
first day is judged without history.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Beliefs, Integers, Packed, Places, Reals, Sightings, Trail, summed
from inventory.locating.listening import Night, hear, heard_by_others, usual_level
from inventory.locating.missing import Silence, silence_of
from inventory.locating.model import Model
from inventory.locating.profiling import Profiles, as_visits
from inventory.locating.rehearsing import rehearse
from inventory.locating.remembering import Memory
from inventory.locating.sensing import Pairs, Sensor, Shelves, expect, learn_sensor, pairs_of
from inventory.locating.trusting import trusted
from inventory.locating.weighing import STACK_METRES, Candidates, at_home_of, best_two, posterior_of, weigh, wider

ROUNDS = 2  # the shelves are learned from volumes believed at home, who is at home is weighed by the shelves
LEDGER_ROUNDS = 6
LEDGER_RIGHT_MIN, LEDGER_RIGHT_MAX = 0.9, 0.9998
SHARED_VARIANCE, SHARED_VARIANCE_MAX = 4.0, 40.0  # dB squared; the first until something is known
LOUD_DB = 3.0  # about as loud
STEP_WEIGHT = 0.75  # what a step that knows neither visits nor company trusts its evidence
ENOUGH = 0.99  # of rehearsed strays, so many must have been heard about as loud as anywhere where they stand
RUN_VOLUMES_MIN = 8  # fewer that went the same way went one by one


class Outcome(IntEnum):
    """What is said of a volume."""

    AT_HOME = 0
    ELSEWHERE = 1
    UNDECIDED = 2
    MISSING = 3
    UNCOVERED = 4
    WEAK_TAG = 5


class Past(NamedTuple):
    """What else is known of each volume: when the ledger moved it last, and whether its tag was ever read.

    moved_at: microseconds since 1970; 0: long ago.
    """

    moved_at: Integers
    read_before: NDArray[np.bool_]


class Weighed(NamedTuple):
    """The candidates of all volumes heard with their probabilities, and the sensor and prior these come from."""

    candidates: Candidates
    posterior: Reals
    sensor: Sensor
    ledger_right: float
    at_home: Reals


@dataclass(frozen=True)
class Judgement:
    """One entry a volume, except `beliefs` (of those heard).

    listened: whether its shelf was listened at since the ledger moved it there. silence: of those that should have been heard
    and weren't, the probability that it is gone. section: whether only the section is sure, not the level. certainty:
    of each belief, the probability of what is said: of its section where only that is sure. swapped: antennas whose
    cables seem exchanged. silent: places that earlier nights heard and this one didn't: a dead antenna, or an aisle nobody
    opened. runs: (from, to, how many) of volumes that moved together. louder_db: by how much readers heard shelves' own
    volumes louder than on earlier nights; 0 while that isn't known. ledger_right: share of volumes that stand where the
    ledger says.
    """

    outcome: Integers
    listened: NDArray[np.bool_]
    beliefs: Beliefs
    silence: Silence
    section: NDArray[np.bool_]
    certainty: Reals
    weighed: Weighed
    night: Night
    swapped: tuple[tuple[int, int], ...]
    silent: Integers
    runs: tuple[tuple[int, int, int], ...]
    louder_db: float
    ledger_right: float

    @property
    def missing(self) -> Reals:
        """Probability that it is gone, of those that should have been heard and weren't; 0 for all others."""
        return self.silence.gone


def weigh_night(
    night: Night, places: Places, ledger_place: Integers, model: Model, profiles: Profiles, *, alone: bool = True
) -> Weighed:
    """Candidates and probabilities; `alone`: this night is everything there is, so it teaches its own shelves."""
    at_home = _loudest_at_home(night, ledger_place) if alone else np.ones(len(ledger_place))
    weighed = _weighed(night, places, ledger_place, model, profiles, at_home, alone=alone)
    for _ in range(1, ROUNDS if alone else 1):
        at_home = weighed.at_home
        del weighed  # what the round before weighed is a fifth of all the memory a city's night takes
        weighed = _weighed(night, places, ledger_place, model, profiles, at_home, alone=alone)
    return weighed


def _weighed(
    night: Night,
    places: Places,
    ledger_place: Integers,
    model: Model,
    profiles: Profiles,
    at_home: Reals,
    *,
    alone: bool,
) -> Weighed:
    """One round: at_home says how far each volume teaches."""
    count = len(places.x)
    pairs = pairs_of(night.hearings, ledger_place, at_home, count, night.pairs_near) if alone else None
    sensor = Sensor.of(model.sensor) if model.sensor else _taught_by(night, pairs, places, ledger_place, at_home)
    shelves = Shelves(places, night.posts, sensor, pairs)
    visits = as_visits(profiles, night.hearings, ledger_place, night.posts.effort)
    memory = Memory(profiles, ledger_place, model, visits, night.posts.level)
    candidates = weigh(night.hearings, shelves, night.pairs_near if alone else None, memory, night.served)
    if not alone:
        candidates = replace(candidates, likelihood=candidates.likelihood * STEP_WEIGHT)
    posterior, ledger_right = _held_against_ledger(candidates, ledger_place, count, model, learn=alone)
    rehearsal = rehearse(night, shelves, memory, ledger_right) if alone else None
    if rehearsal and rehearsal.told < ENOUGH * ledger_right:
        at_home = at_home_of(candidates, posterior, ledger_place)
        candidates = wider(candidates, night.hearings, shelves, night.pairs_near, memory, night.served, at_home)
        posterior, ledger_right = _held_against_ledger(candidates, ledger_place, count, model, learn=alone)
        rehearsal = rehearse(night, shelves, memory, ledger_right, widely=True)
    if rehearsal:
        listened = (ledger_place != NONE) & night.covers[ledger_place]
        posterior = trusted(candidates, posterior, ledger_place, places, ledger_right, listened, rehearsal)
        ledger_right = _ledger_right(posterior[candidates.place == ledger_place[candidates.volume]])
    at_home = at_home_of(candidates, posterior, ledger_place)
    return Weighed(candidates, posterior, sensor, ledger_right, at_home)


def _taught_by(night: Night, pairs: Pairs | None, places: Places, ledger_place: Integers, at_home: Reals) -> Sensor:
    assert pairs is not None, "without a taught sensor a night must teach its own"
    sensor = learn_sensor(pairs, places, night.posts, SHARED_VARIANCE)
    return replace(sensor, shared_variance=shared_variance(night, places, ledger_place, sensor, at_home))


def _held_against_ledger(
    candidates: Candidates, ledger_place: Integers, count: int, model: Model, *, learn: bool
) -> tuple[Reals, float]:
    """Probabilities, and how often the ledger is right: learned from these very volumes where they are all there are."""
    right = model.ledger_right
    home = candidates.place == ledger_place[candidates.volume]
    posterior = posterior_of(candidates, ledger_place, count, right, model)
    for _ in range(LEDGER_ROUNDS if learn else 0):
        if not home.any():
            break
        right = _ledger_right(posterior[home])
        posterior = posterior_of(candidates, ledger_place, count, right, model)
    return posterior, right


def _ledger_right(at_home: Reals) -> float:
    """How often the ledger is right, by the probabilities of volumes to be where it has them."""
    return float(np.clip((at_home.sum() + 1.0) / (len(at_home) + 1.001), LEDGER_RIGHT_MIN, LEDGER_RIGHT_MAX))


def _loudest_at_home(night: Night, ledger_place: Integers) -> Reals:
    """Before anything is known of the shelves, volumes teach that are heard at home about as loud or as often as anywhere.

    Of those at whose home nobody listened, the ledger is all that tells.
    """
    hearings, at_home = night.hearings, np.ones(len(ledger_place))
    if not len(hearings.volume):
        return at_home
    rank = np.where(np.isnan(hearings.strength), 3.0 * hearings.reads, hearings.strength)
    loudest, most = np.full(len(ledger_place), -np.inf), np.full(len(ledger_place), -np.inf)
    np.maximum.at(loudest, hearings.volume, rank)
    np.maximum.at(most, hearings.volume, hearings.reads)
    own = hearings.place == ledger_place[hearings.volume]
    fits = own & ((rank >= loudest[hearings.volume] - LOUD_DB) | (hearings.reads >= most[hearings.volume]))
    at_home[hearings.volume] = 0.0
    at_home[hearings.volume[fits]] = 1.0
    at_home[np.append(night.posts.effort == 0, False)[ledger_place]] = 1.0
    return at_home


def shared_variance(night: Night, places: Places, ledger_place: Integers, sensor: Sensor, at_home: Reals) -> float:
    """How much of the strengths' variance all hearings of a volume share: some tags are weak wherever they are heard."""
    hearings = night.hearings
    home = ledger_place[hearings.volume]
    rows = np.flatnonzero((home != NONE) & ~np.isnan(hearings.strength) & (at_home[hearings.volume] > 0.5))  # noqa: PLR2004 - likelier than not
    expected = expect(sensor, places, hearings.place[rows], home[rows], night.posts)
    apart = np.clip(hearings.strength[rows] - expected.strength, -20, 20)
    volume = hearings.volume[rows]
    size = len(ledger_place)
    total, squares = np.bincount(volume, apart, size), np.bincount(volume, apart**2, size)
    times = np.bincount(volume, minlength=size)
    pairs = float((times * (times - 1)).sum())
    if not pairs:
        return SHARED_VARIANCE
    return float(np.clip((total**2 - squares).sum() / pairs, 0.1, SHARED_VARIANCE_MAX))


# ── Judging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def judge(
    sightings: Sightings | Packed,
    trail: Trail,
    places: Places,
    ledger_place: Integers,
    model: Model,
    profiles: Profiles,
    past: Past | None = None,
) -> Judgement:
    """Judge everything heard in an interval against everything the ledger has; the sightings must be all there are."""
    night = hear(sightings, trail, places, ledger_place, model)
    known = np.unique(profiles.place)
    antennas = known if places.listening is None else np.union1d(known, np.flatnonzero(places.listening))
    night = heard_by_others(night, ledger_place, antennas)
    weighed = weigh_night(night, places, ledger_place, model, profiles)
    beliefs = best_two(weighed.candidates, weighed.posterior, night.reads, night.last_seen)
    past = past or Past(moved_at=np.zeros(len(ledger_place), np.int64), read_before=profiles.seen > 0)
    # A shelf that was listened at before a volume came there says nothing of it.
    listened = np.append(night.posts.last, NONE)[ledger_place] > past.moved_at
    silence = silence_of(night, ledger_place, model, profiles, listened, past.read_before)
    missing = silence.gone
    outcome = np.full(len(ledger_place), int(Outcome.UNDECIDED))
    heard = np.zeros(len(ledger_place), bool)
    heard[beliefs.volume] = True
    gone = _within_error(missing, ~heard & (missing >= model.likely_missing), model.missing_tolerated)
    outcome[gone] = Outcome.MISSING
    outcome[~heard & listened & ~past.read_before] = Outcome.WEAK_TAG
    outcome[~heard & ~listened] = Outcome.UNCOVERED
    section = _section_share(beliefs, weighed, places)
    home = beliefs.place == ledger_place[beliefs.volume]
    outcome[beliefs.volume[home & (beliefs.probability >= model.sure)]] = Outcome.AT_HOME
    outcome[beliefs.volume[home & ~listened[beliefs.volume]]] = Outcome.UNCOVERED
    other = ~home & _in_other_section(beliefs, places, ledger_place)
    worth = np.where(other, section, beliefs.probability)
    # Wrong is a finding whose volume stands at home after all; at which other place it stands is said with its own certainty.
    stray = 1 - weighed.at_home[beliefs.volume]
    found = _within_error(stray, ~home & (worth >= model.likely), model.found_tolerated)
    outcome[beliefs.volume[found]] = Outcome.ELSEWHERE
    section_only = found & other & (beliefs.probability < model.sure)
    only_section = np.zeros(len(ledger_place), bool)
    only_section[beliefs.volume[section_only]] = True
    return Judgement(
        outcome=outcome,
        listened=listened,
        beliefs=beliefs,
        silence=silence,
        section=only_section,
        certainty=np.where(section_only, section, beliefs.probability),
        weighed=weighed,
        night=night,
        swapped=night.swapped,
        silent=known[night.posts.effort[known] == 0],
        runs=_runs(beliefs, found, ledger_place, len(places.x)),
        louder_db=0.0 if model.level_dbm is None else usual_level(night.posts) - model.level_dbm,
        ledger_right=weighed.ledger_right,
    )


def _runs(
    beliefs: Beliefs, found: NDArray[np.bool_], ledger_place: Integers, places: int
) -> tuple[tuple[int, int, int], ...]:
    """Volumes found elsewhere that come from one shelf and went to one: somebody re-shelved a run."""
    rows = found & (ledger_place[beliefs.volume] != NONE)
    key, times = np.unique(ledger_place[beliefs.volume[rows]] * places + beliefs.place[rows], return_counts=True)
    return tuple(
        (int(one) // places, int(one) % places, int(many))
        for one, many in zip(key, times, strict=True)
        if many >= RUN_VOLUMES_MIN
    )


def _within_error(probability: Reals, asked: NDArray[np.bool_], wrong_max: float) -> NDArray[np.bool_]:
    """The most probable of `asked`, as many as keep the share expected to be wrong at `wrong_max`."""
    rows = np.flatnonzero(asked)
    order = rows[np.lexsort((rows, -probability[rows]))]
    wrong = np.cumsum(1 - probability[order]) / (np.arange(len(order)) + 1)
    taken = np.zeros(len(probability), bool)
    taken[order[wrong <= wrong_max]] = True  # `wrong` never falls: they come in order of probability
    return taken


def _section_share(beliefs: Beliefs, weighed: Weighed, places: Places) -> Reals:
    """Of each belief, the probability of its section: its place and those straight above and below."""
    candidates = weighed.candidates
    owner = np.searchsorted(beliefs.volume, candidates.volume)
    best = beliefs.place[owner]
    with np.errstate(invalid="ignore"):
        together = np.abs(places.x[candidates.place] - places.x[best]) < STACK_METRES
        together &= np.abs(places.y[candidates.place] - places.y[best]) < STACK_METRES
    together |= candidates.place == best
    return summed(owner[together], weighed.posterior[together], len(beliefs.volume))


def _in_other_section(beliefs: Beliefs, places: Places, ledger_place: Integers) -> NDArray[np.bool_]:
    home = ledger_place[beliefs.volume]
    with np.errstate(invalid="ignore"):
        apart = np.hypot(places.x[home] - places.x[beliefs.place], places.y[home] - places.y[beliefs.place])
    return np.asarray((apart >= STACK_METRES) | (home == NONE))
