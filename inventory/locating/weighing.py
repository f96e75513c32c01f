"""Weighing places against each other: how likely what was heard of a volume is, were it here or there."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Beliefs, Integers, Places, Reals, summed
from inventory.locating.model import Model
from inventory.locating.profiling import Profiles, habit_of, row_in
from inventory.locating.sensing import DETECTION_MIN, Expected, Hearings, Pairs, Sensor, expect, sharpen
from inventory.locating.tracing import Posts

CANDIDATE_DB = 14.0  # a place that hears a volume so much fainter than the loudest isn't its own
OUTLIER_SIGMAS = 4.5  # beyond, one hearing tells no more
PHASE_SIGMAS = 3.0
HABIT_MAX = 0.99997
SHARED_AT_HOME = 1.0  # dB squared that a volume's hearings share from night to night, its profile known
PROFILE_NIGHTS = 1.0  # what the shelf's chance to hear it counts against the volume's own, in nights
CANDIDATES_AT_ONCE = 100_000  # bounds memory: each comes with all hearings of its volume
NEAR_METRES = 1.4  # shelves so close are where most strays end up


@dataclass(frozen=True)
class Candidates:
    """Places that come into question, ascending by (volume, place), with the logarithm of their likelihood."""

    volume: Integers
    place: Integers
    likelihood: Reals
    near: NDArray[np.bool_]


def candidates_of(hearings: Hearings, ledger_place: Integers, places: int) -> tuple[Integers, Integers]:
    """(volume, place): wherever a volume was heard about as loud as anywhere, and its ledger place."""
    rank = np.where(np.isnan(hearings.strength), 3.0 * hearings.reads, hearings.strength)
    first = np.flatnonzero(np.append(True, np.diff(hearings.volume) != 0)) if len(rank) else np.zeros(0, np.int64)
    size = np.diff(np.append(first, len(rank)))
    loudest = np.repeat(np.maximum.reduceat(rank, first), size) if len(rank) else rank
    kept = rank >= loudest - CANDIDATE_DB
    volumes = hearings.volume[first]
    home = ledger_place[volumes]
    keys = [hearings.volume[kept] * places + hearings.place[kept], (volumes * places + home)[home != NONE]]
    key = np.unique(np.concatenate(keys))
    return key // places, key % places


def weigh(
    hearings: Hearings,
    places: Places,
    posts: Posts,
    ledger_place: Integers,
    sensor: Sensor,
    pairs: Pairs | None,
    company: tuple[Integers, Integers],
    profiles: Profiles,
    model: Model,
) -> Candidates:
    """The likelihood of every candidate place of every volume heard.

    company: pairs (listening place, ledger place) by which volumes were heard at all: where silence means something.
    """
    count = len(places.x)
    volume, place = candidates_of(hearings, ledger_place, count)
    likelihood = _silence(company, count, places, posts, sensor, pairs)[place]
    for begin, end in _parts(volume):
        likelihood[begin:end] += _likelihood(
            volume[begin:end], place[begin:end], hearings, places, posts, ledger_place, sensor, pairs, profiles, model
        )
    return Candidates(volume, place, likelihood, _near(places, place, ledger_place[volume]))


def _parts(volume: Integers) -> Iterator[tuple[int, int]]:
    """Candidates in parts, each volume's together: they bound the memory, a volume doesn't ask for another's."""
    begin = 0
    while begin < len(volume):
        end = len(volume)
        if begin + CANDIDATES_AT_ONCE < end:
            end = int(np.searchsorted(volume, volume[begin + CANDIDATES_AT_ONCE]))
        end = max(end, int(np.searchsorted(volume, volume[begin], side="right")))
        yield begin, end
        begin = end


def _likelihood(
    volume: Integers,
    place: Integers,
    hearings: Hearings,
    places: Places,
    posts: Posts,
    ledger_place: Integers,
    sensor: Sensor,
    pairs: Pairs | None,
    profiles: Profiles,
    model: Model,
) -> Reals:
    """Logarithm of how likely what was heard of these volumes is, were they at these places; without the silence of others."""
    count = len(places.x)
    row, heard = _joined(volume, hearings)
    here, there = hearings.place[heard], place[row]
    expected = _expected(here, there, count, places, posts, sensor, pairs)
    home = (there == ledger_place[volume[row]]) & (profiles.home[volume[row]] == there)
    expected, within = _as_remembered(expected, home, hearings, heard, profiles, posts, model)
    likelihood = _forgotten_silence(
        volume, place, hearings, ledger_place, profiles, count, places, posts, sensor, pairs, model
    )
    likelihood += summed(row, _reads_and_detection(hearings, heard, expected), len(volume))
    likelihood += _strength(hearings, heard, row, len(volume), expected, within, sensor.shared_variance, home)
    return likelihood


def _joined(volume: Integers, hearings: Hearings) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Every candidate with every hearing of its volume: row of the candidate, row of the hearing."""
    first = np.searchsorted(hearings.volume, volume)
    size = np.searchsorted(hearings.volume, volume, side="right") - first
    row = np.repeat(np.arange(len(volume)), size)
    within = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
    return row, first[row] + within


def _expected(
    here: Integers, there: Integers, count: int, places: Places, posts: Posts, sensor: Sensor, pairs: Pairs | None
) -> Expected:
    """Expectations for many rows, worked out once for each pair of places."""
    key, row = np.unique(here * count + there, return_inverse=True)
    found = expect(sensor, places, key // count, key % count, posts)
    if pairs is not None:
        at = np.minimum(np.searchsorted(pairs.key, key), max(len(pairs.key) - 1, 0))
        found = sharpen(
            found, pairs, np.where(pairs.key[at] == key, at, NONE) if len(pairs.key) else np.full(len(key), NONE)
        )
    return Expected(*(getattr(found, name)[row] for name in Expected.__dataclass_fields__))


def _silence(
    company: tuple[Integers, Integers], count: int, places: Places, posts: Posts, sensor: Sensor, pairs: Pairs | None
) -> Reals:
    """Of each place: how likely a volume there is heard nowhere. Where it was heard, that is taken back."""
    here, there = company
    expected = _expected(here, there, count, places, posts, sensor, pairs)
    return summed(there, np.log1p(-expected.detection), count)


def _as_remembered(
    expected: Expected,
    home: NDArray[np.bool_],
    hearings: Hearings,
    heard: NDArray[np.intp],
    profiles: Profiles,
    posts: Posts,
    model: Model,
) -> tuple[Expected, NDArray[np.bool_]]:
    """At home, what the volume's own profile leads to expect; second, in which rows it does."""
    rows = np.flatnonzero(home)
    volume, here = hearings.volume[heard[rows]], hearings.place[heard[rows]]
    found = row_in(profiles, volume, here, len(posts.effort))
    nights = profiles.nights[volume].astype(np.float64)
    known, at = found != NONE, np.maximum(found, 0)
    if not len(profiles.volume):
        return expected, np.zeros(len(home), bool)
    times = np.where(known, profiles.heard[at], 0.0)
    detection = expected.detection.copy()
    unheard = PROFILE_NIGHTS * detection[rows] / (nights + PROFILE_NIGHTS)
    detection[rows] = np.where(known, habits(model)[habit_of(profiles, at, posts.effort)], unheard)
    told = np.where(known, profiles.told[at], 0.0)
    fading = model.night_variance + model.read_variance / np.maximum(hearings.count[heard[rows]], 1)
    between = np.maximum(expected.strength_variance[rows] - fading, 1.0)
    shrunk = told * between / (told * between + fading)
    mean = np.where(told > 0, profiles.strength[at] / np.maximum(told, 1e-9), 0.0)
    strength, variance = expected.strength.copy(), expected.strength_variance.copy()
    strength[rows] += shrunk * np.where(told > 0, mean - strength[rows], 0.0)
    variance[rows] = np.where(told > 0, fading + between * fading / (told * between + fading), variance[rows])
    reads, reads_variance, slope = expected.reads.copy(), expected.reads_variance.copy(), expected.slope.copy()
    log_reads = np.where(times > 0, profiles.log_reads[at] / np.maximum(times, 1e-9), 0.0)
    share = times / (times + 2.0)
    by_shelf = reads[rows] + slope[rows] * (strength[rows] - expected.strength[rows])
    reads[rows] = np.where(times > 0, (1 - share) * by_shelf + share * log_reads, by_shelf)
    phase, phase_variance = expected.phase.copy(), expected.phase_variance.copy()
    phased = np.where(known, profiles.phased[at], 0.0)
    usual = np.where(phased > 0, profiles.phase[at] / np.maximum(phased, 1e-9), 0.0)
    phase[rows] = np.where(phased > 0, usual, phase[rows])
    phase_variance[rows] = np.where(
        phased > 0, model.phase_variance * (1 + 1 / np.maximum(phased, 1e-9)), phase_variance[rows]
    )
    within = np.zeros(len(home), bool)
    within[rows] = told > 0
    detection = np.clip(detection, DETECTION_MIN, HABIT_MAX)
    return Expected(detection, strength, variance, reads, reads_variance, slope, phase, phase_variance), within


def habits(model: Model) -> Reals:
    """Chance to be heard again at a place of the profile, by its row of the model's counts."""
    counts = np.array(model.habits)
    return np.asarray((counts[:, 0] + 0.1) / (counts[:, 1] + 0.2))


def _forgotten_silence(
    volume: Integers,
    place: Integers,
    hearings: Hearings,
    ledger_place: Integers,
    profiles: Profiles,
    count: int,
    places: Places,
    posts: Posts,
    sensor: Sensor,
    pairs: Pairs | None,
    model: Model,
) -> Reals:
    """At home: silence where the volume used to be heard counts by its own profile, not by the shelf's."""
    rows = np.flatnonzero((place == ledger_place[volume]) & (profiles.home[volume] == place))
    first = np.searchsorted(profiles.volume, volume[rows])
    size = np.searchsorted(profiles.volume, volume[rows], side="right") - first
    owner = np.repeat(rows, size)
    line = np.repeat(first - (np.cumsum(size) - size), size) + np.arange(len(owner))
    here = profiles.place[line]
    listened = posts.effort[here] > 0
    owner, line, here = owner[listened], line[listened], here[listened]
    keys = hearings.volume * count + hearings.place
    wanted = volume[owner] * count + here
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    expected = _expected(here, place[owner], count, places, posts, sensor, pairs)
    own = np.clip(habits(model)[habit_of(profiles, line, posts.effort)], DETECTION_MIN, HABIT_MAX)
    silent = keys[at] != wanted if len(keys) else np.zeros(0, bool)
    term = np.where(silent, np.log1p(-own) - np.log1p(-expected.detection), 0.0)
    return summed(owner, term, len(volume))


def _reads_and_detection(hearings: Hearings, heard: NDArray[np.intp], expected: Expected) -> Reals:
    """Logarithm of: heard at all, instead of not; and so often, given how strongly."""
    strength = hearings.strength[heard]
    off = np.where(np.isnan(strength), 0.0, strength - expected.strength)
    apart = hearings.reads[heard] - expected.reads - expected.slope * np.clip(off, -15, 15)
    variance = expected.reads_variance
    apart2 = np.minimum(apart**2 / variance, OUTLIER_SIGMAS**2)
    often = -0.5 * (apart2 + np.log(2 * np.pi * variance))
    term = np.log(expected.detection) - np.log1p(-expected.detection) + np.where(np.isnan(often), 0.0, often)
    phase = hearings.phase[heard]
    phased = ~np.isnan(phase)
    off = np.minimum((phase - expected.phase) ** 2 / expected.phase_variance, PHASE_SIGMAS**2)
    return np.asarray(term + np.where(phased, -0.5 * (off + np.log(2 * np.pi * expected.phase_variance)), 0.0))


def _strength(
    hearings: Hearings,
    heard: NDArray[np.intp],
    row: NDArray[np.intp],
    rows: int,
    expected: Expected,
    within: NDArray[np.bool_],
    shared_variance: float,
    home: NDArray[np.bool_],
) -> Reals:
    """Logarithm of the strengths' density, with what all hearings of a volume share (a weak tag) integrated out."""
    strength = hearings.strength[heard]
    told = ~np.isnan(strength)
    variance = np.maximum(expected.strength_variance - np.where(within, 0.0, 0.5 * shared_variance), 1.0)
    sigma = np.sqrt(variance)
    limit = OUTLIER_SIGMAS * sigma
    apart = np.where(told, np.clip(strength - expected.strength, -limit, limit), 0.0)
    precision = np.where(told, 1 / variance, 0.0)
    squares = summed(row, apart**2 * precision, rows)
    pull = summed(row, apart * precision, rows)
    weight = summed(row, precision, rows)
    density = summed(row, np.where(told, np.log(2 * np.pi * variance), 0.0), rows)
    at_home = np.bincount(row, within & home, rows) > 0
    shared = np.where(at_home, SHARED_AT_HOME, shared_variance)
    squares -= pull**2 / (1 / shared + weight)
    return np.asarray(-0.5 * (squares + density + np.log1p(shared * weight)))


def _near(places: Places, one: Integers, other: Integers) -> NDArray[np.bool_]:
    other_known = np.maximum(other, 0)
    with np.errstate(invalid="ignore"):
        squared = sum((axis[one] - axis[other_known]) ** 2 for axis in (places.x, places.y, places.z))
    near = (squared <= NEAR_METRES**2) & (places.room[one] == places.room[other_known]) & (other != NONE)
    return np.asarray(near)


def posterior_of(
    candidates: Candidates, ledger_place: Integers, places: int, ledger_right: float, model: Model
) -> Reals:
    """Probability of each candidate: what was heard, held against the ledger; strays are mostly near their shelf."""
    if not len(candidates.volume):
        return candidates.likelihood
    home = candidates.place == ledger_place[candidates.volume]
    wrong = 1.0 - ledger_right
    elsewhere = np.where(candidates.near, model.near_share / model.near_places, (1 - model.near_share) / max(places, 1))
    prior = np.where(home, ledger_right, wrong * elsewhere)
    logarithm = np.log(np.maximum(prior, 1e-300)) + candidates.likelihood
    first = np.flatnonzero(np.append(True, np.diff(candidates.volume) != 0))
    size = np.diff(np.append(first, len(logarithm)))
    weight = np.exp(logarithm - np.repeat(np.maximum.reduceat(logarithm, first), size))
    return np.asarray(weight / np.repeat(np.add.reduceat(weight, first), size))


def best_two(candidates: Candidates, posterior: Reals, reads: Integers, last_seen: Integers) -> Beliefs:
    """The likeliest place and its runner-up of each volume; reads and last_seen by volume; ties go to the lower place."""
    order = np.lexsort((candidates.place, -posterior, candidates.volume))
    volumes, first, size = np.unique(candidates.volume[order], return_index=True, return_counts=True)
    best, has_second = order[first], size > 1
    second = order[np.where(has_second, np.minimum(first + 1, len(order) - 1), first)] if len(order) else order
    return Beliefs(
        volume=volumes,
        place=candidates.place[best],
        probability=posterior[best],
        runner_up=np.where(has_second, candidates.place[second], NONE),
        runner_up_probability=np.where(has_second, posterior[second], 0.0),
        reads=reads[volumes],
        last_seen=last_seen[volumes],
    )
