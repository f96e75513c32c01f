"""What the readers of a hall hear in a day, as the arrays of `inventory.locating`: vectorised, no loop over tags.

The same radio as the speaking readers', without payloads in between; 100,000 tags swept twice take seconds.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.reduce import SLICE_MICROSECONDS
from devices.simulator import floor, radio, zones
from devices.simulator.floor import LEVELS, NO_SHELF, SHELF_METRES
from devices.simulator.halls import Hall, Plant, Profile, neighbours_of
from devices.simulator.radio import Side, Values
from devices.simulator.readers import SCANS_SKIPPED_SHARE, SHELF_SECONDS, STEP_SECONDS, walking_order
from devices.simulator.standing import Standing
from devices.simulator.zones import Looks
from inventory.locating.arrays import NONE, Anchors, Integers, Sightings, Trail

SHELVES_PER_READER = 400  # what a keeper sweeps in a shift
PASSES = 2
CLOSED_SHARE = 0.03  # of the faces: their aisle is not opened all day
INTERRUPTED_SHARE = 0.03  # of the faces in a pass: the sweep breaks off on its way
DISORDER_SHARE = 0.02  # of the shelves in a pass: swept before the one before them
NIGHT_SLICES = 4  # five minutes each: how long cabinets are listened to
BREAK_SECONDS = 3_600.0  # between two passes
EVENING_SECONDS, EVENING_READER = 70_000.0, 1_000  # when and by whom is swept again what was undecided
SECOND = 1_000_000
DAY_MICROSECONDS = 86_400 * SECOND
INAUDIBLE_DB = 12.0  # so far below the sensitivity nothing is tried
CABINET_TRIES = NIGHT_SLICES * radio.CABINET_READS_PER_SLICE / radio.READS_PER_PASS  # in a night, by those of a pass
SHELVES_AT_ONCE = 4_000  # bounds the memory of single reads


@dataclass(frozen=True, slots=True)
class Day:
    """The evidence of one day, and on which shelves anybody listened at all."""

    sightings: Sightings
    trail: Trail
    listened: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is wrong with fixed readers: antennas that hear nothing, two swapped cables, a common loss in dB.

    Antennas are numbered as the shelves of a cabinet hall, or as the aisles of one with zone antennas.
    """

    dead_antennas: tuple[int, ...] = ()
    swapped: tuple[int, int] | None = None
    loss_db: float = 0.0


UNDISTURBED = Disturbance()


class Visits(NamedTuple):
    """One row for each time somebody sweeps a shelf; `said`: its code was scanned."""

    reader: Integers
    shelf: Integers
    start: Values
    seconds: Values
    said: NDArray[np.bool_]


class Reads(NamedTuple):
    """Single reads; `at` in microseconds of the day."""

    reader: Integers
    place: Integers
    tag: Integers
    at: Integers
    cdbm: Integers


def listen(hall: Hall, day: int, disturbance: Disturbance = UNDISTURBED) -> Day:
    """One day of a hall by its profile; the same hall and day give the same evidence."""
    chance = day_s_chance(hall, day)
    if hall.profile is Profile.SWEEP:
        return _sweep(hall, day, chance)
    if hall.profile is Profile.ZONE:
        return _open_aisles(hall, day, disturbance, chance)
    return _night(hall, day, disturbance, chance)


def day_s_chance(hall: Hall, day: int) -> np.random.Generator:
    """What a day of a hall is drawn with, from its beginning: first the visits."""
    return np.random.default_rng(np.random.SeedSequence([hall.seed, day, 31]))


# ── Sweeps ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def plan_visits(hall: Hall, chance: np.random.Generator) -> Visits:
    """Who sweeps which shelf when: two passes, some faces closed, some broken off, some shelves out of order."""
    route = walking_order(hall.shelves, np.unique(hall.ledger)).astype(np.int64)
    face = route // (LEVELS * (int(hall.shelves.bay.max()) + 1))
    is_open = chance.random(int(face.max()) + 1) >= CLOSED_SHARE
    route, face = route[is_open[face]], face[is_open[face]]
    parts = []
    readers = max(1, round(len(route) / SHELVES_PER_READER))
    for reader, part in enumerate(np.array_split(np.arange(len(route)), readers)):
        began = 0.0
        for _ in range(PASSES):
            order = _as_walked(route[part], face[part], chance)
            seconds = chance.uniform(*SHELF_SECONDS, len(order))
            start = began + np.cumsum(seconds + chance.uniform(*STEP_SECONDS, len(order))) - seconds
            said = chance.random(len(order)) >= SCANS_SKIPPED_SHARE
            parts.append(Visits(np.full(len(order), reader), order, start, seconds, said))
            began = float(start[-1] + seconds[-1] if len(order) else began) + BREAK_SECONDS
    return Visits(
        reader=np.concatenate([part.reader for part in parts]),
        shelf=np.concatenate([part.shelf for part in parts]),
        start=np.concatenate([part.start for part in parts]),
        seconds=np.concatenate([part.seconds for part in parts]),
        said=np.concatenate([part.said for part in parts]),
    )


def _as_walked(route: Integers, face: Integers, chance: np.random.Generator) -> Integers:
    """The route of one pass: some faces are left midway, some shelves taken before the one before them."""
    _, first, number, size = np.unique(face, return_index=True, return_inverse=True, return_counts=True)
    within = (np.arange(len(route)) - first[number]) / size[number]
    left_at = np.where(chance.random(len(first)) < INTERRUPTED_SHARE, chance.random(len(first)), 1.0)
    order = route[within < left_at[number]]
    for step in np.flatnonzero(chance.random(max(len(order) - 1, 0)) < DISORDER_SHARE):
        order[[step, step + 1]] = order[[step + 1, step]]
    return order


def sweep_again(hall: Hall, day: int, shelves: Integers) -> Day:
    """One more pass over some shelves in the evening of that day, by one handheld that scans every code."""
    chance = np.random.default_rng(np.random.SeedSequence([hall.seed, day, 32]))
    order = walking_order(hall.shelves, np.unique(shelves)).astype(np.int64)
    seconds = chance.uniform(*SHELF_SECONDS, len(order))
    start = EVENING_SECONDS + np.cumsum(seconds + chance.uniform(*STEP_SECONDS, len(order))) - seconds
    reader = np.full(len(order), EVENING_READER)
    return _heard_on(hall, day, Visits(reader, order, start, seconds, np.ones(len(order), bool)), chance)


def together(one: Day, other: Day) -> Day:
    """The evidence of both."""
    sightings = Sightings(*map(np.concatenate, zip(_columns(one.sightings), _columns(other.sightings), strict=True)))
    codes, labels = (_merged(getattr(one.trail, kind), getattr(other.trail, kind)) for kind in ("codes", "labels"))
    return Day(sightings, Trail(codes, labels), one.listened | other.listened)


def _merged(one: Anchors, other: Anchors) -> Anchors:
    reader, at = np.concatenate([one.reader, other.reader]), np.concatenate([one.at, other.at])
    place, strength = np.concatenate([one.place, other.place]), np.concatenate([one.strength, other.strength])
    order = np.lexsort((at, reader))
    return Anchors(reader[order], at[order], place[order], strength[order])


def _sweep(hall: Hall, day: int, chance: np.random.Generator) -> Day:
    return _heard_on(hall, day, plan_visits(hall, chance), chance)


def _heard_on(hall: Hall, day: int, visits: Visits, chance: np.random.Generator) -> Day:
    standing = Standing(hall)
    rows, labels = [], []
    for start in range(0, len(visits.shelf), SHELVES_AT_ONCE):
        now = slice(start, start + SHELVES_AT_ONCE)
        part = Visits(visits.reader[now], visits.shelf[now], visits.start[now], visits.seconds[now], visits.said[now])
        reads = _reads_of_visits(hall, day, part, standing, chance)
        is_label = reads.tag >= len(hall)
        rows.append(_reduced(_chosen(reads, ~is_label), SLICE_MICROSECONDS["handheld"], day))
        # Every other reader is a cart, which hears the labels and scans nothing; handhelds scan codes.
        labels.append(_chosen(reads, is_label & (reads.reader % 2 == 1)))
    sightings = Sightings(*(np.concatenate(columns) for columns in zip(*map(_columns, rows), strict=True)))
    heard = Reads(*(np.concatenate(columns) for columns in zip(*labels, strict=True)))
    listened = np.zeros(len(hall.places.x), bool)
    listened[visits.shelf] = True
    return Day(sightings, Trail(_codes(visits, day), _labels(heard, len(hall), day)), listened)


class Audible(NamedTuple):
    """One row for each tag around each visit or antenna (`row`): its side, and how strongly it would be read but for fading."""

    row: Integers
    tag: Integers
    side: NDArray[np.int8]
    rssi: Values


def around_visits(hall: Hall, day: int, visits: Visits, standing: Standing) -> Audible:
    """What could be read on visits of one day."""
    visit, tag, side = _around(hall, visits.shelf, standing)
    placed, tag32 = standing.place[tag], tag.astype(np.int32)
    rssi = radio.sweep_rssi(side, standing.along[tag])
    rssi += radio.placement_db(hall.seed, tag32, placed, len(hall))
    rssi += radio.shadowing(hall.seed, tag32, placed, visits.shelf[visit])
    rssi += radio.drift_db(hall.seed, day, visits.reader, visits.shelf)[visit]
    return Audible(visit, tag, side, rssi)


def _reads_of_visits(hall: Hall, day: int, visits: Visits, standing: Standing, chance: np.random.Generator) -> Reads:
    visit, tag, side, rssi = around_visits(hall, day, visits, standing)
    moment = np.select([side == Side.LEFT, side == Side.RIGHT], [0.0, 1.0], standing.along[tag] / SHELF_METRES)
    tries = radio.attempts_expected(tag.astype(np.int32), hall.seed, chance, len(hall))
    which, strength = _tried(rssi, tries, tag, standing, chance)
    moment = np.clip(moment[which] + radio.BEAM_SHARE * chance.standard_normal(len(which)), 0, 1)
    of = visit[which]
    at = np.rint((visits.start[of] + moment * visits.seconds[of]) * SECOND).astype(np.int64)
    return Reads(visits.reader[of], np.full(len(of), NONE), tag[which], at, np.rint(strength * 100).astype(np.int64))


def _around(hall: Hall, shelf: Integers, standing: Standing) -> tuple[Integers, Integers, NDArray[np.int8]]:
    """Every tag on each shelf and on those around it: row of `shelf`, tag, side."""
    sides = neighbours_of(hall)
    around = (None, *sides[Plant.NEXT_LEVEL], *sides[Plant.NEXT_BAY], *sides[Plant.FACING], *sides[Plant.BEHIND])
    rows, tags, where = [], [], []
    for side, neighbour in zip(Side, around, strict=True):
        there = shelf if neighbour is None else neighbour[shelf].astype(np.int64)
        known = np.flatnonzero(there != NO_SHELF)
        row, tag = standing.on(there[known])
        rows.append(known[row])
        tags.append(tag)
        where.append(np.full(len(tag), side, np.int8))
    return np.concatenate(rows), np.concatenate(tags), np.concatenate(where)


def _tried(
    rssi: Values, expected: Values, tag: Integers, standing: Standing, chance: np.random.Generator
) -> tuple[NDArray[np.intp], Values]:
    """Which of the rows are read, once for each read, and how strongly."""
    audible = np.flatnonzero(rssi > radio.SENSITIVITY_DBM - INAUDIBLE_DB)
    tries = chance.poisson(expected[audible] * (1 + standing.doubled[tag[audible]]))
    which = np.repeat(audible, tries)
    strength = rssi[which] + radio.FADING_DB * chance.standard_normal(len(which))
    read = chance.random(len(which)) < radio.detection_probability(strength)
    return which[read], strength[read]


def _codes(visits: Visits, day: int) -> Anchors:
    scanned = np.flatnonzero(visits.said & (visits.reader % 2 == 0))
    at = np.rint(visits.start[scanned] * SECOND).astype(np.int64) + day * DAY_MICROSECONDS
    order = np.lexsort((at, visits.reader[scanned]))
    scanned, at = scanned[order], at[order]
    return Anchors(visits.reader[scanned], at, visits.shelf[scanned], np.zeros(len(at), np.int64))


def _labels(reads: Reads, labels_from: int, day: int) -> Anchors:
    """Of the labels each reader heard in a slice, the loudest."""
    piece = reads.at // SLICE_MICROSECONDS["cart"]
    order = np.lexsort((reads.tag, -reads.cdbm, piece, reads.reader))
    reader, piece = reads.reader[order], piece[order]
    first = np.ones(len(order), bool)
    first[1:] = (reader[1:] != reader[:-1]) | (piece[1:] != piece[:-1])
    kept = order[first]
    at = reads.at[kept] + day * DAY_MICROSECONDS
    return Anchors(reads.reader[kept], at, reads.tag[kept] - labels_from, reads.cdbm[kept])


# ── Cabinets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _night(hall: Hall, day: int, disturbance: Disturbance, chance: np.random.Generator) -> Day:
    standing = Standing(hall)
    antennas = np.unique(hall.ledger).astype(np.int64)
    hearing = antennas[~np.isin(antennas, disturbance.dead_antennas)]
    parts = []
    for start in range(0, len(hearing), SHELVES_AT_ONCE):
        shelf = hearing[start : start + SHELVES_AT_ONCE]
        reads = _reads_of_antennas(hall, day, shelf, standing, disturbance, chance)
        parts.append(_reduced(reads, SLICE_MICROSECONDS["shelf"], day))
    listened = np.zeros(len(hall.places.x), bool)
    listened[hearing] = True
    return _of_fixed_antennas(parts, listened)


def _of_fixed_antennas(parts: list[Sightings], listened: NDArray[np.bool_]) -> Day:
    columns = [np.concatenate(column) for column in zip(*map(_columns, parts), strict=True)]
    nothing = Anchors(*(np.zeros(0, np.int64) for _ in range(4)))
    return Day(Sightings(*columns), Trail(nothing, nothing), listened)


def _reads_of_antennas(
    hall: Hall,
    day: int,
    shelf: Integers,
    standing: Standing,
    disturbance: Disturbance,
    chance: np.random.Generator,
) -> Reads:
    row, tag, _, rssi = around_antennas(hall, day, shelf, standing, disturbance)
    tries = radio.attempts_expected(tag.astype(np.int32), hall.seed, chance) * CABINET_TRIES
    which, strength = _tried(rssi, tries, tag, standing, chance)
    at = chance.integers(0, NIGHT_SLICES * SLICE_MICROSECONDS["shelf"], len(which))
    heard_by = _by_cable(shelf[row[which]], disturbance)
    return Reads(heard_by // (4 * LEVELS), heard_by, tag[which], at, np.rint(strength * 100).astype(np.int64))


def _by_cable(antenna: Integers, disturbance: Disturbance) -> Integers:
    """The antennas the readers take these for."""
    if not disturbance.swapped:
        return antenna
    one, other = disturbance.swapped
    return np.select([antenna == one, antenna == other], [other, one], antenna)


def around_antennas(hall: Hall, day: int, shelf: Integers, standing: Standing, disturbance: Disturbance) -> Audible:
    """What the antennas of these shelves could read in one night."""
    row, tag, side = _around(hall, shelf, standing)
    near = side <= Side.RIGHT
    row, tag, side = row[near], tag[near], side[near]
    tag32, placed, along = tag.astype(np.int32), standing.place[tag], standing.along[tag]
    levels = np.isin(side, (Side.ABOVE, Side.BELOW)).astype(np.int8)
    beside = np.select([side == Side.LEFT, side == Side.RIGHT], [SHELF_METRES - along, along], 0.0)
    aside = np.isin(side, (Side.LEFT, Side.RIGHT))
    next_cabinet = radio.rssi_at(beside + floor.CABINET_GAP_METRES, radio.CABINET_POWER_DBM) - radio.CABINET_WALL_DB
    rssi = np.where(aside, next_cabinet, radio.cabinet_rssi(levels))
    rssi += radio.placement_db(hall.seed, tag32, placed) + radio.shadowing(hall.seed, tag32, placed, shelf[row])
    reader = shelf // (4 * LEVELS)
    rssi += radio.drift_db(hall.seed, day, reader, shelf)[row] - disturbance.loss_db
    return Audible(row, tag, side, rssi)


# ── Zones ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def looks_of(hall: Hall, disturbance: Disturbance, chance: np.random.Generator) -> Looks:
    """What the living antennas look at in a day: its openings, and which shelves each lets them hear."""
    openings = zones.plan_openings(hall, chance)
    looks = zones.plan_looks(hall, openings)
    hearing = ~np.isin(looks.aisle, disturbance.dead_antennas)
    return looks.rows(hearing)


def _open_aisles(hall: Hall, day: int, disturbance: Disturbance, chance: np.random.Generator) -> Day:
    standing, looks = Standing(hall), looks_of(hall, disturbance, chance)
    parts = []
    for start in range(0, max(len(looks.shelf), 1), SHELVES_AT_ONCE):
        now = looks.rows(slice(start, start + SHELVES_AT_ONCE))
        reads = _reads_of_looks(hall, day, now, standing, disturbance, chance)
        parts.append(_reduced(reads, SLICE_MICROSECONDS["zone"], day))
    return _of_fixed_antennas(parts, np.isin(hall.aisle, looks.aisle))


def _reads_of_looks(
    hall: Hall, day: int, looks: Looks, standing: Standing, disturbance: Disturbance, chance: np.random.Generator
) -> Reads:
    row, tag, rssi = zones.around_looks(hall, day, looks, standing, disturbance.loss_db)
    tries = radio.attempts_expected(tag.astype(np.int32), hall.seed, chance) * zones.tries_of(looks)[row]
    which, strength = _tried(rssi, tries, tag, standing, chance)
    of = row[which]
    at = np.rint((looks.start[of] + chance.random(len(of)) * looks.seconds[of]) * SECOND).astype(np.int64)
    heard_by = _by_cable(looks.aisle[of], disturbance)
    reader = zones.block_of_aisles(hall)[heard_by]
    return Reads(reader, heard_by, tag[which], at, np.rint(strength * 100).astype(np.int64))


# ── Reduction ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _chosen(reads: Reads, which: NDArray[np.bool_]) -> Reads:
    return Reads(*(column[which] for column in reads))


def _columns(sightings: Sightings) -> list[Integers]:
    return [getattr(sightings, name) for name in Sightings.__dataclass_fields__]


def _reduced(reads: Reads, slice_microseconds: int, day: int) -> Sightings:
    """One row for each antenna, tag and slice, as `devices.reduce` makes them of messages."""
    order = np.lexsort((reads.at, reads.tag, reads.place, reads.at // slice_microseconds, reads.reader))
    columns = [column[order] for column in (reads.reader, reads.at // slice_microseconds, reads.place, reads.tag)]
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(order))[: len(first)] - 1
    counts = last - first + 1
    at = reads.at[order] + day * DAY_MICROSECONDS
    total = np.add.reduceat(reads.cdbm[order], first) if len(first) else np.zeros(0, np.int64)
    reader, _, place, tag = (column[first] for column in columns)
    middle = (at[first] + at[last]) // 2
    return Sightings(tag, reader, place, middle, counts, counts, total, at[last])
