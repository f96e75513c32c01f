"""How a shelf's antenna hears volumes that stand on it, beside it and elsewhere: learned from what stands where the ledger says.

Nothing here knows any physics. A *relation* is how far apart the listening place and the standing place are, in three
directions; volumes whose ledger place is right teach for each relation how often one is heard at all, how often it is read,
how strongly, and how much that varies. Where a pair of places has volumes enough of its own, they say it better.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, ROWS_AT_ONCE, Integers, Places, Reals, distinct, distinct_rows, summed
from inventory.locating.tracing import Posts

GRID_METRES = 0.1  # offsets closer than this are the same relation
OFFSET_MAX = 30  # grid steps; beyond these two places have nothing to do with each other
COARSE_METRES = 0.4
ELSEWHERE = -1  # the relation of places that are far apart, in different rooms, or not measured
EFFORT_MAX = 3
VOLUMES_MIN = 40  # fewer teach a relation nothing; then its distance alone counts
HEARINGS_MIN = 8
PAIR_WEIGHT = 12.0  # what a relation's mean counts against a pair's own, in volumes
REACH_METRES = 1.6  # along and across: so far apart, hearing nothing is still counted as hearing nothing
DETECTION_MIN, DETECTION_MAX = 1e-8, 0.999
VARIANCE_MIN = 1.0  # dB squared
LOUDER_MAX = 1.0  # log-odds a dB
LOUDER_STEP_DB, LOUDER_STEPS = 2.0, 6  # how finely and how far up and down that is told apart
LOUDER_UNKNOWN = LOUDER_STEPS + 1
PHASE_VARIANCE_MIN, PHASE_VARIANCE_MAX = 0.01, 0.1
READS_VARIANCE_MIN = 0.05  # of the logarithm


@dataclass(frozen=True)
class Hearings:
    """One row for each volume and place it was heard at, ascending by (volume, place).

    reads: logarithm of the reads for each visit; NaN where the visits aren't known. strength: dB above what the place's own
    volumes sound like; NaN untold.
    phase: how far from the middle of a visit they came, 0 to 1 at its ends; NaN for antennas that don't move. Somebody who
    walks along a shelf hears the next bay's volumes as he comes and goes, whichever way he walks. count: the reads.
    """

    volume: Integers
    place: Integers
    reads: Reals
    strength: Reals
    phase: Reals
    count: Integers


@dataclass(frozen=True)
class Expected:
    """What to expect at one place of a volume standing at another, as columns of equal length.

    detection: chance to be heard at all. strength and reads: means and variances over those heard; reads' mean and variance
    are those given the strength, `slope` to the dB. louder: how much the log-odds of detection rise with each dB by which the
    volume is louder at its own place than the others there.
    """

    detection: Reals
    strength: Reals
    strength_variance: Reals
    reads: Reals
    reads_variance: Reals
    slope: Reals
    phase: Reals
    phase_variance: Reals
    louder: Reals


@dataclass(frozen=True)
class Sensor:
    """Expectations by relation (ascending), and how much of the strength's variance all of a volume's hearings share."""

    relation: Integers
    expected: Expected
    shared_variance: float

    def parameters(self) -> dict[str, Any]:
        """As kept in the database, to six significant figures."""
        columns = {f.name: [float(f"{x:.6g}") for x in getattr(self.expected, f.name)] for f in fields(Expected)}
        return {"relation": self.relation.tolist(), "shared_variance": self.shared_variance, **columns}

    @staticmethod
    def of(parameters: dict[str, Any]) -> "Sensor":
        """As read from the database."""
        relation = np.array(parameters["relation"], np.int64)
        # What an earlier Guiwei didn't learn tells nothing.
        columns = {
            f.name: np.array(parameters.get(f.name, [0.0] * len(relation)), np.float64) for f in fields(Expected)
        }
        return Sensor(relation, Expected(**columns), float(parameters["shared_variance"]))


def heard_if(detection: Reals, louder: Reals, by_db: NDArray[np.floating[Any]] | float, variance: Reals) -> Reals:
    """Chance to be heard of a volume that is `by_db` louder at its own place than the others there, whose strengths vary so.

    The mean over those others is `detection`, as nearly as the logistic mean of a normal distribution can be written down.
    """
    odds = (np.log(detection) - np.log1p(-detection)) * np.sqrt(1 + np.pi / 8 * louder**2 * variance)
    chance = 1 / (1 + np.exp(-np.clip(odds + louder * by_db, -30.0, 30.0)))
    return np.asarray(np.clip(chance, DETECTION_MIN, DETECTION_MAX))


# What a site is taken to be like before it has taught anything: heard on the spot, seldom from elsewhere.
UNTAUGHT = Expected(*(np.array([value]) for value in (1e-4, -12.0, 60.0, 0.0, 1.0, 0.0, 0.5, 0.1, 0.0)))


def relations(places: Places, here: Integers, there: Integers, effort: Integers) -> tuple[Integers, Integers]:
    """The relation of each pair of places by offset, and by distance alone (both with the effort of listening)."""
    steps = np.minimum(np.maximum(effort, 1), EFFORT_MAX)
    apart = [np.abs(axis[there] - axis[here]) for axis in (places.x, places.y, places.z)]
    with np.errstate(invalid="ignore"):
        grid = [np.nan_to_num(np.rint(metres / GRID_METRES), nan=OFFSET_MAX + 1).astype(np.int64) for metres in apart]
        distance = np.sqrt(sum(metres**2 for metres in apart))
        coarse = np.nan_to_num(np.ceil(distance / COARSE_METRES), nan=99).astype(np.int64)
    same = here == there
    far = (places.room[here] != places.room[there]) | (np.maximum.reduce(grid) > OFFSET_MAX)
    far &= ~same
    base = OFFSET_MAX + 1
    fine = ((grid[0] * base + grid[1]) * base + grid[2]) * 10 + steps
    fine = np.where(same, steps, fine)
    return np.where(far, ELSEWHERE, fine), np.where(far, ELSEWHERE, -(coarse * 10 + steps) - 10)


def expect(sensor: Sensor, places: Places, here: Integers, there: Integers, posts: Posts) -> Expected:
    """What to expect at `here` of a volume standing at `there`, by relation: by offset, else by distance, else hardly."""
    row = np.full(len(here), NONE)
    # Where so many visits never taught the relation, fewer or more of them tell it best.
    by_effort = [relations(places, here, there, np.maximum(posts.effort[here] + step, 1)) for step in (0, 1, -1, 2, -2)]
    for relation in (*(fine for fine, _ in by_effort), *(coarse for _, coarse in by_effort)):
        if (row != NONE).all():
            break
        row = np.where(row == NONE, _found(sensor.relation, relation), row)
    row = np.where(row == NONE, _found(sensor.relation, np.full(len(row), ELSEWHERE)), row)
    return Expected(
        *(
            np.append(getattr(sensor.expected, f.name), getattr(UNTAUGHT, f.name))[row]  # NONE takes the last: untaught
            for f in fields(Expected)
        )
    )


def _found(sorted_keys: Integers, wanted: Integers) -> Integers:
    """Where each wanted key stands among sorted ones, NONE where it doesn't."""
    if not len(sorted_keys):
        return np.full(len(wanted), NONE)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == wanted, at, NONE)


def nearby(places: Places, here: Integers, there: Integers) -> tuple[Integers, Integers]:
    """All pairs of a listening place of `here` and a standing place of `there` within reach, at any height."""
    # A place that nobody measured has a cell of its own and is near itself alone.
    unmeasured = np.isnan(places.x) | np.isnan(places.y)
    alone = -1000.0 - 10.0 * np.arange(len(places.x))
    cells = [
        np.where(unmeasured, alone, np.floor(np.where(unmeasured, 0.0, axis) / REACH_METRES)).astype(np.int64)
        for axis in (places.x, places.y)
    ]
    room = np.unique(places.room, return_inverse=True)[1].astype(np.int64)
    span = np.int64(1) << 26

    def key_of(place: Integers, step_x: int, step_y: int) -> Integers:
        across = cells[0][place] + step_x + span // 2
        return np.asarray((room[place] * span + across) * span + cells[1][place] + step_y + span // 2)

    order = np.argsort(key_of(here, 0, 0), kind="stable")
    sorted_keys = key_of(here, 0, 0)[order]
    found: list[tuple[Integers, Integers]] = []
    for step_x in (-1, 0, 1):
        for step_y in (-1, 0, 1):
            wanted = key_of(there, step_x, step_y)
            first = np.searchsorted(sorted_keys, wanted)
            size = np.searchsorted(sorted_keys, wanted, side="right") - first
            row = np.repeat(np.arange(len(there)), size)
            line = np.repeat(first - (np.cumsum(size) - size), size) + np.arange(len(row))
            one, other = here[order[line]], there[row]
            with np.errstate(invalid="ignore"):
                near = np.abs(places.x[one] - places.x[other]) <= REACH_METRES
                near &= np.abs(places.y[one] - places.y[other]) <= REACH_METRES
            found.append((one[near | (one == other)], other[near | (one == other)]))
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])


# ── Learning ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Pairs:
    """Pairs of a listening place and a ledger place near it, or one of whose volumes was heard there, ascending.

    key: here * number of places + there. standing: volumes whose ledger place is `there`. heard: so many of them (weighted).
    The rest are weighted sums over those heard; those of `own` over those heard at home, by how loud they were there.
    """

    key: Integers
    here: Integers
    there: Integers
    standing: Reals
    heard: Reals
    told: Reals
    strength: Reals
    strength_squared: Reals
    reads: Reals
    reads_squared: Reals
    both: Reals
    phased: Reals
    phase: Reals
    phase_squared: Reals
    own: Reals
    own_strength: Reals
    own_squared: Reals
    own_heard: Reals
    own_heard_strength: Reals


def pairs_of(
    hearings: Hearings, ledger_place: Integers, weight: Reals, places: int, near: tuple[Integers, Integers]
) -> Pairs:
    """Sums over all pairs, those of `near` also where nothing was heard.

    weight: of each volume, how far it is believed to stand where the ledger says.
    """
    near_key = near[0] * places + near[1]
    # What a volume sounds like from far away is only learned of those that were heard where they belong, too.
    seen_home = np.zeros(len(ledger_place), bool)
    own = np.full(len(ledger_place), np.nan)
    keys = [near_key]
    parts = [slice(start, start + ROWS_AT_ONCE) for start in range(0, len(hearings.volume), ROWS_AT_ONCE)]
    for part in parts:
        volume, place = hearings.volume[part], hearings.place[part]
        home = ledger_place[volume]
        seen_home[volume[place == home]] = True
        own[volume[place == home]] = hearings.strength[part][place == home]
        keys.append(distinct((place * places + home)[home != NONE]))
    key = distinct(np.concatenate(keys))
    is_near = np.zeros(len(key), bool)
    is_near[np.searchsorted(key, near_key)] = True
    sums = [np.zeros(len(key)) for _ in range(12)]
    for part in parts:
        known = part.start + np.flatnonzero(ledger_place[hearings.volume[part]] != NONE)
        volume = hearings.volume[known]
        row = np.searchsorted(key, hearings.place[known] * places + ledger_place[volume])
        sure = weight[volume] * (is_near[row] | seen_home[volume])
        # One after another into the same sums, as if they all came at once.
        for total, values in zip(sums, _squares_and_products(hearings, known, own), strict=True):
            np.add.at(total, row, values * sure)
    held = ledger_place != NONE
    standing = summed(ledger_place[held], weight[held], places)
    loud = held & ~np.isnan(own)
    at, own_weight = ledger_place[loud], weight[loud]
    by_place = (summed(at, own_weight * own[loud] ** power, places) for power in (0, 1, 2))
    there = key % places
    return Pairs(key, key // places, there, standing[there], *sums[:10], *(of[there] for of in by_place), *sums[10:])


def _squares_and_products(hearings: Hearings, rows: NDArray[np.intp], own: Reals) -> Iterator[Reals]:
    """What `Pairs` sums up of each hearing, in its order."""
    strength, reads, phase = hearings.strength[rows], hearings.reads[rows], hearings.phase[rows]
    told, phased = ~np.isnan(strength), ~np.isnan(phase)
    strength, phase = np.where(told, strength, 0.0), np.where(phased, phase, 0.0)
    yield np.ones(len(rows))
    yield told.astype(np.float64)
    yield strength
    yield strength**2
    yield reads
    yield reads**2
    yield reads * strength
    yield phased.astype(np.float64)
    yield phase
    yield phase**2
    at_home = own[hearings.volume[rows]]
    yield (~np.isnan(at_home)).astype(np.float64)
    yield np.nan_to_num(at_home)


def learn_sensor(pairs: Pairs, places: Places, posts: Posts, shared_variance: float) -> Sensor:
    """Expectations by relation, by distance for the rare ones, and for whatever is heard from elsewhere."""
    fine, coarse = relations(places, pairs.here, pairs.there, posts.effort[pairs.here])
    keys, columns = [], []
    for relation in (fine, coarse):
        key, row = np.unique(relation, return_inverse=True)
        sums = Pairs(
            key,
            key,
            key,
            *(summed(row, getattr(pairs, f.name), len(key)) for f in fields(Pairs)[3:]),
        )
        enough = (sums.standing >= VOLUMES_MIN) & (sums.heard >= HEARINGS_MIN) & (key != ELSEWHERE)
        keys.append(key[enough])
        found = _moments(sums)
        columns.append([getattr(found, f.name)[enough] for f in fields(Expected)])
    elsewhere = _elsewhere(pairs, fine == ELSEWHERE, posts)
    keys.append(np.array([ELSEWHERE]))
    columns.append([getattr(elsewhere, f.name) for f in fields(Expected)])
    key = np.concatenate(keys)
    order = np.argsort(key)
    merged = Expected(*(np.concatenate(column)[order] for column in zip(*columns, strict=True)))
    return Sensor(key[order], merged, shared_variance)


def _elsewhere(pairs: Pairs, far: NDArray[np.bool_], posts: Posts) -> Expected:
    """What is heard of volumes that stand where they belong at places that have nothing to do with theirs: hardly anything."""
    zero = np.zeros(1, np.int64)
    sums = Pairs(zero, zero, zero, *(np.array([getattr(pairs, f.name)[far].sum()]) for f in fields(Pairs)[3:]))
    standing = np.zeros(len(posts.effort))
    standing[pairs.there] = pairs.standing
    asked = standing.sum() * max(int((posts.effort > 0).sum()), 1)
    found = _moments(sums)
    few = sums.heard < HEARINGS_MIN
    detection = np.clip((sums.heard + 0.5) / (asked + 1.0), DETECTION_MIN, DETECTION_MAX)
    columns = {f.name: np.where(few, getattr(UNTAUGHT, f.name), getattr(found, f.name)) for f in fields(Expected)}
    return Expected(**{**columns, "detection": detection})


def _moments(sums: Pairs) -> Expected:
    """Means and variances; a few imagined hearings keep the rare from being sure."""
    told, heard = np.maximum(sums.told, 1e-9), np.maximum(sums.heard, 1e-9)
    strength, reads = sums.strength / told, sums.reads / heard
    variance = np.maximum(sums.strength_squared / told - strength**2, VARIANCE_MIN)
    reads_variance = np.maximum(sums.reads_squared / heard - reads**2, READS_VARIANCE_MIN)
    common = np.where(sums.told > 0, sums.both / told - strength * sums.reads / heard, 0.0)
    slope = common / variance
    given = np.maximum(reads_variance - slope * common, READS_VARIANCE_MIN)
    detection = np.clip((sums.heard + 0.5) / (sums.standing + 1.0), DETECTION_MIN, DETECTION_MAX)
    phased = np.maximum(sums.phased, 1e-9)
    phase = np.where(sums.phased > 0, sums.phase / phased, 0.5)
    phase_variance = np.where(sums.phased > 0, sums.phase_squared / phased - phase**2, PHASE_VARIANCE_MAX)
    phase_variance = np.clip(phase_variance, PHASE_VARIANCE_MIN, PHASE_VARIANCE_MAX)
    return Expected(detection, strength, variance, reads, given, slope, phase, phase_variance, _louder(sums))


def _louder(sums: Pairs) -> Reals:
    """By how much being a dB louder at home raises the log-odds to be heard: what parts two normal distributions (Fisher)."""
    unheard = sums.own - sums.own_heard
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = sums.own_heard_strength / sums.own_heard - (sums.own_strength - sums.own_heard_strength) / unheard
        variance = sums.own_squared / sums.own - (sums.own_strength / sums.own) ** 2
        variance -= sums.own_heard * unheard / sums.own**2 * apart**2
        louder = apart / np.maximum(variance, VARIANCE_MIN)
    enough = (sums.own_heard >= HEARINGS_MIN) & (unheard >= HEARINGS_MIN)
    return np.where(enough, np.clip(louder, 0.0, LOUDER_MAX), 0.0)


def sharpen(expected: Expected, pairs: Pairs, row: Integers) -> Expected:
    """The same with the pairs' own means where there are volumes enough; row: which pair, NONE for none."""
    there = np.maximum(row, 0)
    own = row != NONE
    if not len(pairs.key):
        return expected
    heard, told = np.where(own, pairs.heard[there], 0.0), np.where(own, pairs.told[there], 0.0)
    standing = np.where(own, pairs.standing[there], 0.0)
    strength = (pairs.strength[there] * own + PAIR_WEIGHT * expected.strength) / (told + PAIR_WEIGHT)
    reads = (pairs.reads[there] * own + PAIR_WEIGHT * expected.reads) / (heard + PAIR_WEIGHT)
    detection = (heard + PAIR_WEIGHT * expected.detection) / (standing + PAIR_WEIGHT)
    return Expected(
        np.clip(detection, DETECTION_MIN, DETECTION_MAX),
        strength,
        expected.strength_variance,
        reads,
        expected.reads_variance,
        expected.slope,
        expected.phase,
        expected.phase_variance,
        expected.louder,
    )


@dataclass(frozen=True)
class Shelves:
    """What to expect tonight, by relation and, unless `pairs` is None, sharpened by pairs of places."""

    places: Places
    posts: Posts
    sensor: Sensor
    pairs: Pairs | None

    def expect(self, here: Integers, there: Integers) -> Expected:
        """At `here` of volumes standing at `there`; many rows, worked out once for each pair of places."""
        count = len(self.places.x)
        key, row = distinct_rows(here * count + there)
        found = expect(self.sensor, self.places, key // count, key % count, self.posts)
        if self.pairs is not None:
            found = sharpen(found, self.pairs, _found(self.pairs.key, key))
        return Expected(*(getattr(found, field.name)[row] for field in fields(Expected)))
