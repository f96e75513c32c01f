"""Which aisles of a hall are open when, and which shelves the antenna of each looks at meanwhile.

An antenna looks into an aisle and sees anything only while that aisle is open; in a block one is open at a time.
"""

from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator import radio
from devices.simulator.floor import AISLE_METRES, DEPTH_METRES, NO_SHELF, SHELF_METRES
from devices.simulator.halls import Hall
from devices.simulator.radio import Values, Way
from devices.simulator.standing import Standing
from inventory.locating.arrays import NONE, Integers, Places, Sightings
from inventory.locating.zones import Zones

AISLES_CLOSED_SHARE = 0.10  # of the used aisles: nobody opens them all day
OPENINGS_LEAST, OPENINGS_MOST = 2, 4  # of each other aisle in a day
OPEN_MINUTES = (3.0, 30.0)  # evenly in the logarithm: most are short
SHUT_MINUTES = (1.0, 10.0)  # between two openings of a block; at least a slice, so that no slice has two of them
WORK_BEGINS_SECONDS = 7 * 3_600.0
ROOM_METRES = 10.0  # from an antenna to the middle of another block's aisle: from further off nothing is tried


class Openings(NamedTuple):
    """One row for each time an aisle is open; seconds of the day."""

    aisle: Integers
    start: Values
    seconds: Values


class Looks(NamedTuple):
    """One row for each shelf an antenna may hear while its aisle is open: how, from when on and for how long."""

    aisle: Integers
    shelf: Integers
    way: NDArray[np.int8]
    start: Values
    seconds: Values

    def rows(self, which: NDArray[np.bool_] | slice) -> "Looks":
        """Some of them."""
        return Looks(self.aisle[which], self.shelf[which], self.way[which], self.start[which], self.seconds[which])


def block_of_aisles(hall: Hall) -> Integers:
    """Which block each aisle is in."""
    blocks = np.zeros(int(hall.aisle.max()) + 1, np.int64)
    blocks[hall.aisle] = hall.shelves.block
    return blocks


def plan_openings(hall: Hall, chance: np.random.Generator) -> Openings:
    """Which aisles are open when, block by block: each several times in any order, some not at all."""
    used = np.unique(hall.aisle[hall.ledger]).astype(np.int64)
    used = used[chance.random(len(used)) >= AISLES_CLOSED_SHARE]
    opened = np.repeat(used, chance.integers(OPENINGS_LEAST, OPENINGS_MOST + 1, len(used)))
    block = block_of_aisles(hall)[opened]
    order = np.lexsort((chance.random(len(opened)), block))
    opened, block = opened[order], block[order]
    seconds = 60 * np.exp(chance.uniform(log(OPEN_MINUTES[0]), log(OPEN_MINUTES[1]), len(opened)))
    ends = np.cumsum(seconds + 60 * chance.uniform(*SHUT_MINUTES, len(opened)))
    first = np.searchsorted(block, block)  # of the same block
    before = np.concatenate([[0.0], ends])[first]
    return Openings(opened, WORK_BEGINS_SECONDS + ends - before - seconds, seconds)


def plan_looks(hall: Hall, openings: Openings) -> Looks:
    """What every opening lets an antenna hear: both faces, what stands back to back with them, and other blocks' open aisles."""
    order = np.argsort(hall.aisle, kind="stable")
    starts = np.searchsorted(hall.aisle[order], np.arange(int(hall.aisle.max()) + 2))

    def shelves_of(aisle: Integers) -> tuple[Integers, Integers]:
        size = starts[aisle + 1] - starts[aisle]
        row = np.repeat(np.arange(len(aisle)), size)
        within = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        return row, order[starts[aisle][row] + within]

    row, own = shelves_of(openings.aisle)
    behind = hall.shelves.behind[own].astype(np.int64)
    there = behind != NO_SHELF
    one, other = _open_together(hall, openings)
    start = np.maximum(openings.start[one], openings.start[other])
    seconds = np.minimum((openings.start + openings.seconds)[one], (openings.start + openings.seconds)[other]) - start
    pair, across = shelves_of(openings.aisle[other])
    ways = ((Way.WITHIN, len(own)), (Way.BEHIND, int(there.sum())), (Way.ACROSS, len(across)))
    return Looks(
        aisle=np.concatenate([openings.aisle[row], openings.aisle[row[there]], openings.aisle[one[pair]]]),
        shelf=np.concatenate([own, behind[there], across]),
        way=np.concatenate([np.full(many, way, np.int8) for way, many in ways]),
        start=np.concatenate([openings.start[row], openings.start[row[there]], start[pair]]),
        seconds=np.concatenate([openings.seconds[row], openings.seconds[row[there]], seconds[pair]]),
    )


def tries_of(looks: Looks) -> Values:
    """How often each look tries a tag, in passes of a sweep."""
    return np.asarray(looks.seconds / 60 * radio.ZONE_TRIES_PER_MINUTE / radio.READS_PER_PASS)


def around_looks(
    hall: Hall, day: int, looks: Looks, standing: Standing, loss_db: float = 0.0
) -> tuple[Integers, Integers, Values]:
    """Every tag that could be read: row of `looks`, tag, and how strongly but for fading."""
    row, tag = standing.on(looks.shelf)
    tag32, placed, aisle = tag.astype(np.int32), standing.place[tag], looks.aisle[row]
    rssi = _mean_rssi(hall, looks, row, standing.along[tag]) - radio.sheaves_db(hall.seed, tag32, placed)
    rssi += radio.placement_db(hall.seed, tag32, placed) + radio.shadowing(hall.seed, tag32, placed, aisle)
    reader = block_of_aisles(hall)[looks.aisle]
    rssi += radio.drift_db(hall.seed, day, reader, looks.aisle)[row] - loss_db
    return row, tag, rssi


def _mean_rssi(hall: Hall, looks: Looks, row: Integers, along: Values) -> Values:
    """Mean strength, before anything a tag has of its own, of tags `along` metres on the shelves of these rows of `looks`.

    The carriages of an open aisle stand apart; those of other blocks are taken where the register has them.
    """
    aisles, shelves = hall.aisles_as_places, hall.places
    aisle, shelf, way = looks.aisle[row], looks.shelf[row], looks.way[row]
    length = SHELF_METRES * (int(hall.shelves.bay.max()) + 1)
    depth = np.where(way == Way.BEHIND, DEPTH_METRES, 0.0)
    across = np.where(way == Way.ACROSS, np.abs(shelves.x[shelf] - aisles.x[aisle]), AISLE_METRES / 2 + depth)
    entrance = aisles.y[aisle] - length / 2 - radio.ZONE_BEFORE_METRES
    ahead = shelves.y[shelf] - SHELF_METRES / 2 + along - entrance
    down = radio.ZONE_HEIGHT_METRES - shelves.z[shelf]
    return radio.zone_rssi(way, across, ahead, down, np.full(len(row), length))


def _open_together(hall: Hall, openings: Openings) -> tuple[Integers, Integers]:
    """Pairs of openings, both ways round, of blocks so near each other that one antenna may hear into the other's aisle."""
    middle, block = hall.aisles_as_places, block_of_aisles(hall)[openings.aisle]
    x, y, end = middle.x[openings.aisle], middle.y[openings.aisle], openings.start + openings.seconds
    entrance = y - SHELF_METRES * (int(hall.shelves.bay.max()) + 1) / 2
    ones, others = [], []
    for number in range(len(openings.aisle)):
        near = np.hypot(x - x[number], y - entrance[number]) < ROOM_METRES
        together = (openings.start < end[number]) & (openings.start[number] < end)
        found = np.flatnonzero(near & together & (block != block[number]))
        ones.append(np.full(len(found), number, np.int64))
        others.append(found.astype(np.int64))
    return np.concatenate([np.zeros(0, np.int64), *ones]), np.concatenate([np.zeros(0, np.int64), *others])


# ── As a night gathers it ────────────────────────────────────────────────────────────────────────────────────────────


def places_of(hall: Hall) -> Places:
    """The hall's shelves, and behind them for each aisle the place at which its antenna is registered."""
    both = (hall.places, hall.aisles_as_places)
    return Places(*(np.concatenate([getattr(one, axis) for one in both]) for axis in ("x", "y", "z", "room")))


def zones_of(hall: Hall, sightings: Sightings) -> Zones:
    """What a hall's antennas heard; places are numbered as in `places_of`."""
    shelves, aisles = len(hall.places.x), len(hall.aisles_as_places.x)
    aisle_of = np.concatenate([hall.aisle.astype(np.int64), np.full(aisles, NONE)])
    return Zones(sightings, aisle_of, shelves + np.arange(aisles), hall.aisles_as_places)
