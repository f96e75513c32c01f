"""Weighing places against each other: how likely what was heard of a volume is, were it here or there."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Beliefs, Integers, Places, Reals, distinct, in_parts, rows_of, summed
from inventory.locating.model import Model
from inventory.locating.remembering import Memory
from inventory.locating.sensing import (
    LOUDER_STEP_DB,
    LOUDER_STEPS,
    LOUDER_UNKNOWN,
    Expected,
    Hearings,
    Shelves,
    heard_if,
    nearby,
)
from inventory.locating.working import in_turn

CANDIDATE_DB = 14.0  # a place that hears a volume so much fainter than the loudest isn't its own
OUTLIER_SIGMAS = 4.5  # beyond, one hearing tells no more
PHASE_SIGMAS = 3.0
TAIL_LEAST = 1e-6  # so little is none: a normal distribution
STACK_METRES = 0.2  # places straight above one another are one section
SHARED_AT_HOME = 1.0  # dB squared that a volume's hearings share from night to night, its profile known
WIDER_BELOW = 0.99  # whoever is less surely at home may be where nobody heard it
NEAR_METRES = 1.4  # shelves so close are where most strays end up


@dataclass(frozen=True)
class Candidates:
    """Places that come into question, ascending by (volume, place), with the logarithm of their likelihood."""

    volume: Integers
    place: Integers
    likelihood: Reals
    near: NDArray[np.bool_]


def candidates_of(
    hearings: Hearings, ledger_place: Integers, places: int, served: tuple[Integers, Integers]
) -> tuple[Integers, Integers]:
    """(volume, place): wherever a volume was heard about as loud as anywhere, whatever that antenna serves, its ledger place.

    served: pairs (place of an antenna, shelf without one that it hears as well), ascending.
    """
    keys = [_candidates_among(hearings, part, ledger_place, places, served) for part in in_parts(hearings.volume)]
    key = np.concatenate([np.zeros(0, np.int64), *keys])
    return key // places, key % places


def _candidates_among(
    hearings: Hearings, part: slice, ledger_place: Integers, places: int, served: tuple[Integers, Integers]
) -> Integers:
    volume, strength = hearings.volume[part], hearings.strength[part]
    rank = np.where(np.isnan(strength), 3.0 * hearings.reads[part], strength)
    first = np.flatnonzero(np.append(True, np.diff(volume) != 0))
    loudest = np.repeat(np.maximum.reduceat(rank, first), np.diff(np.append(first, len(rank))))
    kept = rank >= loudest - CANDIDATE_DB
    home = ledger_place[volume[first]]
    by_ledger = (volume[first] * places + home)[home != NONE]
    loud, at = volume[kept], hearings.place[part][kept]
    begin, end = (np.searchsorted(served[0], at, side=side) for side in ("left", "right"))
    row = np.repeat(np.arange(len(at)), end - begin)
    line = np.arange(len(row)) - np.repeat(np.cumsum(end - begin) - end, end - begin)
    return distinct(np.concatenate([loud * places + at, loud[row] * places + served[1][line], by_ledger]))


def weigh(
    hearings: Hearings,
    shelves: Shelves,
    near: tuple[Integers, Integers] | None,
    memory: Memory,
    served: tuple[Integers, Integers],
) -> Candidates:
    """The likelihood of every candidate place of every volume heard; served: as `candidates_of` has them.

    near: pairs (listening place, standing place) where silence means something; None: nowhere, for nobody knows who listened.
    """
    volume, place = candidates_of(hearings, memory.ledger_place, len(shelves.places.x), served)
    parts = list(in_parts(volume))
    louder = np.concatenate(
        [np.zeros(0, np.int64), *(_louder_there(volume[part], place[part], hearings, shelves)[0] for part in parts)]
    )
    silent = near is not None
    likelihood = np.zeros(len(volume)) if near is None else memory.silence(volume, place, shelves, near, louder)

    def of(part: slice) -> Reals:
        return _likelihood(volume[part], place[part], hearings, shelves, memory, silent=silent)

    for part, more in zip(parts, in_turn(of, parts), strict=True):
        likelihood[part] += more
    return Candidates(volume, place, likelihood, _near(shelves.places, place, memory.ledger_place[volume]))


def wider(
    candidates: Candidates,
    hearings: Hearings,
    shelves: Shelves,
    near: tuple[Integers, Integers],
    memory: Memory,
    served: tuple[Integers, Integers],
    at_home: Reals,
) -> Candidates:
    """The candidates, of volumes that aren't surely `at_home` also those places that are near where they were heard.

    Tags are missed where they stand, too, and read from the next bay.
    """
    unsure = at_home < WIDER_BELOW
    rows = unsure[hearings.volume]
    if not rows.any():
        return candidates
    some = Hearings(*(getattr(hearings, field.name)[rows] for field in fields(Hearings)))
    more = weigh(some, shelves, near, memory, _with_those_around(served, shelves, memory.model.near_places))
    kept = ~unsure[candidates.volume]
    columns = [
        np.concatenate([getattr(candidates, field.name)[kept], getattr(more, field.name)])
        for field in fields(Candidates)
    ]
    order = np.lexsort((columns[1], columns[0]))
    return Candidates(*(column[order] for column in columns))


def _with_those_around(served: tuple[Integers, Integers], shelves: Shelves, most: int) -> tuple[Integers, Integers]:
    """Pairs (place, place that comes into question where it hears a volume): those served, the nearest that were listened at."""
    listened = np.flatnonzero(shelves.posts.effort > 0)
    here, there, _ = nearest(shelves.places, listened, listened, most)
    count = len(shelves.places.x)
    key = distinct(np.concatenate([served[0] * count + served[1], there * count + here]))
    return key // count, key % count


def nearest(places: Places, taken: Integers, wanted: Integers, most: int) -> tuple[Integers, Integers, Reals]:
    """The nearest of the `taken` places around each wanted one, at most so many: (taken, wanted, square of the metres)."""
    here, there = nearby(places, taken, wanted)
    with np.errstate(invalid="ignore"):
        squared = np.asarray(sum((axis[here] - axis[there]) ** 2 for axis in (places.x, places.y, places.z)))
        close = (here != there) & (squared <= NEAR_METRES**2) & (places.room[here] == places.room[there])
    here, there, squared = here[close], there[close], squared[close]
    order = np.lexsort((here, squared, there))
    here, there, squared = here[order], there[order], squared[order]
    first = np.arange(len(there)) - np.searchsorted(there, there) < most
    return here[first], there[first], squared[first]


def _louder_there(volume: Integers, place: Integers, hearings: Hearings, shelves: Shelves) -> tuple[Integers, Reals]:
    """By how many `LOUDER_STEP_DB` each volume is heard louder at `place` than those who stand there; and how these vary."""
    count = len(shelves.places.x)
    keys = hearings.volume * count + hearings.place
    wanted = volume * count + place
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    there = shelves.expect(place, place)
    by = np.where(keys[at] == wanted, hearings.strength[at] - there.strength, np.nan) / LOUDER_STEP_DB
    steps = np.clip(np.rint(np.nan_to_num(by)), -LOUDER_STEPS, LOUDER_STEPS).astype(np.int64)
    return np.where(np.isnan(by), LOUDER_UNKNOWN, steps), there.strength_variance


def _likelihood(
    volume: Integers, place: Integers, hearings: Hearings, shelves: Shelves, memory: Memory, *, silent: bool
) -> Reals:
    """Logarithm of how likely what was heard of these volumes is, were they at these places.

    silent: over hearing nothing, as what their silence says is counted for every place that listened.
    """
    row, heard = rows_of(hearings.volume, volume)
    known = memory.knows(volume, place)[row]
    expected = shelves.expect(hearings.place[heard], place[row])
    # A weak tag is heard elsewhere more seldom than its shelf's others, a loud one more often.
    steps, variance = _louder_there(volume, place, hearings, shelves)
    steps, variance = steps[row], variance[row]
    beside = (steps != LOUDER_UNKNOWN) & (hearings.place[heard] != place[row]) & ~known
    if_so = heard_if(expected.detection, expected.louder, np.asarray(steps * LOUDER_STEP_DB), variance)
    expected = replace(expected, detection=np.where(beside, if_so, expected.detection))
    expected, told = memory.instead(expected, known, hearings, heard, shelves.posts.effort)
    likelihood = summed(row, _reads_and_detection(hearings, heard, expected, silent=silent), len(volume))
    shared = shelves.sensor.shared_variance
    steady = memory.model.strength_steady
    own = hearings.place[heard] == place[row]
    tail = np.where(known, np.where(own, steady.own.tail, steady.beside.tail), 0.0)
    return likelihood + _strength(hearings, heard, row, len(volume), expected, told, shared, known, tail)


def _reads_and_detection(hearings: Hearings, heard: NDArray[np.intp], expected: Expected, *, silent: bool) -> Reals:
    """Logarithm of: heard at all (`silent`: instead of not); and so often, given how strongly."""
    strength = hearings.strength[heard]
    off = np.where(np.isnan(strength), 0.0, strength - expected.strength)
    apart = hearings.reads[heard] - expected.reads - expected.slope * np.clip(off, -15, 15)
    variance = expected.reads_variance
    apart2 = np.minimum(apart**2 / variance, OUTLIER_SIGMAS**2)
    often = -0.5 * (apart2 + np.log(2 * np.pi * variance))
    term = np.log(expected.detection) + np.where(np.isnan(often), 0.0, often)
    if silent:
        term -= np.log1p(-expected.detection)
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
    tail: Reals,
) -> Reals:
    """Logarithm of the strengths' density, with what all hearings of a volume share (a weak tag) integrated out.

    tail: of each row (`Steady.tail`); what is far off where tails are long counts less, also in what is shared.
    """
    strength = hearings.strength[heard]
    told = ~np.isnan(strength)
    variance = np.maximum(expected.strength_variance - np.where(within, 0.0, 0.5 * shared_variance), 1.0)
    sigma = np.sqrt(variance)
    limit = OUTLIER_SIGMAS * sigma
    apart = np.where(told, np.clip(strength - expected.strength, -limit, limit), 0.0)
    precision = np.where(told, 1 / variance, 0.0)
    off = np.maximum(tail, TAIL_LEAST) * apart**2 * precision
    squares = summed(row, (1 + 1 / np.maximum(tail, TAIL_LEAST)) * np.log1p(off), rows)
    precision *= (1 + tail) / (1 + off)
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
    posterior = np.empty(len(candidates.volume))
    for part in in_parts(candidates.volume):
        some = Candidates(*(getattr(candidates, field.name)[part] for field in fields(Candidates)))
        posterior[part] = _posterior_of(some, ledger_place, places, ledger_right, model)
    return posterior


def _posterior_of(
    candidates: Candidates, ledger_place: Integers, places: int, ledger_right: float, model: Model
) -> Reals:
    home = candidates.place == ledger_place[candidates.volume]
    wrong = 1.0 - ledger_right
    elsewhere = np.where(candidates.near, model.near_share / model.near_places, (1 - model.near_share) / max(places, 1))
    prior = np.where(home, ledger_right, wrong * elsewhere)
    logarithm = np.log(np.maximum(prior, 1e-300)) + candidates.likelihood
    first = np.flatnonzero(np.append(True, np.diff(candidates.volume) != 0))
    size = np.diff(np.append(first, len(logarithm)))
    weight = np.exp(logarithm - np.repeat(np.maximum.reduceat(logarithm, first), size))
    return np.asarray(weight / np.repeat(np.add.reduceat(weight, first), size))


def at_home_of(candidates: Candidates, posterior: Reals, ledger_place: Integers) -> Reals:
    """Of each volume, the probability that it stands where the ledger says; 1 for those that weren't heard."""
    home = candidates.place == ledger_place[candidates.volume]
    at_home = np.ones(len(ledger_place))
    at_home[candidates.volume] = 0.0
    at_home[candidates.volume[home]] = posterior[home]
    return at_home


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
