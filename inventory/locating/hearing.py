"""From sightings to strengths: at which places each volume was heard, and how loud."""

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Anchors, Integers, Reals, Sightings, Trail
from inventory.locating.model import Model

SECOND = 1_000_000
STRENGTH_UNTOLD_DBM = -60.0  # for readers that tell no strength: in the middle of what readers hear


def places_by_anchors(sightings: Sightings, trail: Trail, model: Model) -> Integers:
    """The place each sighting speaks for: the antenna's own, or where the moving reader was; NONE where nobody knows.

    The label tag heard nearest in time says it best; without one, the reader is still where it last scanned a code.
    """
    places = sightings.place.copy()
    moving = np.flatnonzero(places == NONE)
    for reader in np.unique(sightings.reader[moving]):
        rows = moving[sightings.reader[moving] == reader]
        at = sightings.at[rows]
        by_code, since = _last(_of(trail.codes, reader, model), at)
        by_label, apart = _nearest(_of(trail.labels, reader, model), at)
        there = np.where(since <= model.code_seconds_max * SECOND, by_code, NONE)
        places[rows] = np.where(apart <= model.label_seconds_max * SECOND, by_label, there)
    return places


def _of(anchors: Anchors, reader: int, model: Model) -> tuple[Integers, Integers]:
    """Times and places of one reader's anchors, with one that is infinitely long ago in front.

    A label much weaker than the loudest heard around that time is a stray from another shelf.
    """
    mine = np.arange(*np.searchsorted(anchors.reader, [reader, reader + 1]))
    if len(mine):
        loudest = _loudest_around(anchors.at[mine], anchors.strength[mine], model.label_seconds_max * SECOND)
        mine = mine[anchors.strength[mine] >= loudest - model.label_db_below_max * 100]
    long_ago = np.array([np.iinfo(np.int64).min // 4])
    return np.concatenate([long_ago, anchors.at[mine]]), np.concatenate([[NONE], anchors.place[mine]])


def _loudest_around(at: Integers, strength: Integers, reach: float) -> Integers:
    """The greatest strength within `reach` microseconds of each moment; moments ascend."""
    first = np.searchsorted(at, at - reach)
    end = np.searchsorted(at, at + reach, side="right")
    padded = np.append(strength, strength.min())  # `end` may stand one behind the last
    return np.maximum.reduceat(padded, np.column_stack([first, end]).ravel())[::2]


def _last(anchors: tuple[Integers, Integers], at: Integers) -> tuple[Integers, Integers]:
    """Place of the last anchor at or before each moment, and how long before (microseconds)."""
    times, places = anchors
    last = np.searchsorted(times, at, side="right") - 1
    return places[last], at - times[last]


def _nearest(anchors: tuple[Integers, Integers], at: Integers) -> tuple[Integers, Integers]:
    """Place of the anchor nearest to each moment, and how far in time; of two as near, the earlier."""
    times, places = anchors
    before = np.searchsorted(times, at, side="right") - 1
    after = np.minimum(before + 1, len(times) - 1)
    nearest = np.where(np.abs(times[after] - at) < at - times[before], after, before)
    return places[nearest], np.abs(times[nearest] - at)


def mean_strengths(sightings: Sightings, seen_at: Integers, place_count: int) -> tuple[Integers, Integers, Reals]:
    """Mean strength in dBm of each volume at each place it was heard; rows ascend by (volume, place)."""
    placed = seen_at != NONE
    keys, row = np.unique(sightings.volume[placed] * place_count + seen_at[placed], return_inverse=True)
    told = _summed(sightings.rssi_reads[placed], row, len(keys))
    total = _summed(sightings.rssi_sum[placed], row, len(keys))
    strength = np.full(len(keys), STRENGTH_UNTOLD_DBM)
    np.divide(total, told * 100.0, out=strength, where=told > 0)
    return keys // place_count, keys % place_count, strength


def _summed(values: Integers, row: NDArray[np.intp], rows: int) -> Integers:
    """Integer sums by row: the same to the bit in whatever order the evidence came."""
    sums = np.zeros(rows, np.int64)
    np.add.at(sums, row, values)
    return sums
