"""What lies near an antenna all the time: dossiers on a cart beside the gate, a stack beside the tunnel.

Nobody measures how loud that may be. Each tag's own last ten minutes say how it sounds where it lies, and all such tags
together how much that wavers, also while people walk by.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import Integers, Reals
from inventory.locating.reads import SECOND, Reads

LOOKED_BACK = 600 * SECOND  # so far back counts
JUST_NOW = 10 * SECOND  # what was heard since may be what happens now
PARKED_AFTER = 180 * SECOND  # somebody who stands in the gate doesn't stay so long
PERIOD = 60 * SECOND
COMES_AND_GOES = 4 * SECOND  # so long somebody is heard on the way to the gate or from it
LIES_ON = 14 * SECOND  # heard as ever within that time, a tag hasn't gone anywhere
PERIODS_MIN = 4  # heard in so many of the last ten minutes: who passes twice isn't
SMOOTHED_READS = 5
WAVERS_DB_MIN = 1.2  # nothing lies so still that five times this would be a movement
LOUDER_TIMES = 5.0  # so many times louder than it wavers is a movement: people who walk by make long tails
STILL_READS_MIN = 200  # fewer don't tell how much parked tags waver
WAVERS_DB_UNTOLD = 1.5


class Still(NamedTuple):
    """Of each read: whether its tag lay there already (parked), and how much louder it is now (NaN if it didn't).

    louder: dB above the antenna that hears it loudest where it lies; apart: from how this antenna hears it there, both of a few
    reads around. wavers: dB by which parked tags here come and go, at any one antenna.
    """

    parked: NDArray[np.bool_]
    louder: Reals
    apart: Reals
    wavers: float


def lying_still(reads: Reads) -> Still:
    """How each read compares with its tag's past; reads as `in_order` gives them."""
    if not len(reads):
        return Still(np.zeros(0, bool), np.zeros(0), np.zeros(0), WAVERS_DB_UNTOLD)
    start = _starts(reads)
    low = _reached(reads, start, LOOKED_BACK)
    high = _reached(reads, start, JUST_NOW)
    period = reads.at // PERIOD
    fresh = np.ones(len(reads), bool)
    fresh[1:] = (period[1:] != period[:-1]) | (reads.tag[1:] != reads.tag[:-1])
    periods = np.concatenate([[0], np.cumsum(fresh)])
    since = reads.at - reads.at[low]
    parked = (high > low) & (since >= PARKED_AFTER) & (periods[high] - periods[low] >= PERIODS_MIN)
    dbm = np.where(parked, reads.dbm(), np.nan)
    loudest, own = _levels(reads, low, high)
    louder, apart = (_smoothed(dbm - level, reads.tag) for level in (loudest, own))
    return Still(parked, louder, apart, _wavering(apart))


def lying_on(reads: Reads) -> Still:
    """The same against each tag's future: what will lie there for long has just been put down, or lay there all along."""
    order = np.lexsort((-reads.at, reads.tag))
    backwards = reads.chosen(order)
    still = lying_still(replace(backwards, at=-backwards.at))
    there = np.argsort(order)
    return Still(still.parked[there], still.louder[there], still.apart[there], still.wavers)


def moves(reads: Reads, still: Still) -> NDArray[np.bool_]:
    """The reads that lying there doesn't explain: of what didn't lie there, and around those far louder than it lay."""
    loud = still.parked & (still.louder > LOUDER_TIMES * still.wavers)
    key, _ = _keys(reads)
    louds = key[loud]
    near = np.searchsorted(louds, key + COMES_AND_GOES, side="right") > np.searchsorted(louds, key - COMES_AND_GOES)
    return ~still.parked | near


def _keys(reads: Reads) -> tuple[Integers, np.int64]:
    """One ascending number for tag and time, tags further apart than anything looks."""
    origin = int(reads.at.min(initial=0)) if len(reads) else 0
    width = np.int64(int(reads.at.max(initial=origin)) - origin + 2 * LOOKED_BACK)
    return reads.tag * width + (reads.at - origin), width


def _starts(reads: Reads) -> Integers:
    """Of each read the first row of its tag."""
    new = np.ones(len(reads), bool)
    new[1:] = reads.tag[1:] != reads.tag[:-1]
    first = np.flatnonzero(new)
    return np.repeat(first, np.diff(np.append(first, len(reads)))).astype(np.int64)


def _reached(reads: Reads, start: Integers, back: int) -> Integers:
    """The first row of the same tag that is at most `back` microseconds older, for each row."""
    key, _ = _keys(reads)
    return np.maximum(np.searchsorted(key, key - back), start).astype(np.int64)


def _levels(reads: Reads, low: Integers, high: Integers) -> tuple[Reals, Reals]:
    """Mean strength in the rows low to high at the antenna that hears the tag loudest, and at the read's own.

    Where that hardly hears it, at the former. Integer sums, so order doesn't count.
    """
    best, own = np.full((2, len(reads)), np.nan)
    for antenna in np.unique(reads.antenna):
        mine = reads.antenna == antenna
        told = np.concatenate([[0], np.cumsum(np.where(mine, reads.rssi_reads, 0))])
        total = np.concatenate([[0], np.cumsum(np.where(mine, reads.rssi_sum, 0))])
        count = told[high] - told[low]
        mean = np.full(len(reads), np.nan)
        np.divide(total[high] - total[low], count * 100.0, out=mean, where=count >= SMOOTHED_READS)
        best = np.fmax(best, mean)
        own[mine] = mean[mine]
    return best, np.where(np.isnan(own), best, own)


def _smoothed(values: Reals, tag: Integers) -> Reals:
    """Median of the values of the reads just before and after, of the same tag; one loud read moves nothing."""
    half = SMOOTHED_READS // 2
    padded = np.full((SMOOTHED_READS, len(values)), np.nan)
    for row, step in enumerate(range(-half, half + 1)):
        here = slice(max(-step, 0), len(values) - max(step, 0))
        there = slice(max(step, 0), len(values) + min(step, 0))
        same = tag[here] == tag[there]
        padded[row, here] = np.where(same, values[there], np.nan)
    ordered = np.sort(padded, axis=0)  # NaN comes last
    known = np.sum(~np.isnan(padded), axis=0)
    middle = np.maximum(known - 1, 0) // 2
    return np.asarray(ordered[middle, np.arange(len(values))])


def _wavering(apart: Reals) -> float:
    """How much parked tags come and go, in dB: half the width of the middle two thirds, which passages don't touch."""
    told = apart[~np.isnan(apart)]
    if len(told) < STILL_READS_MIN:
        return WAVERS_DB_UNTOLD
    low, high = np.quantile(told, [1 / 6, 5 / 6], method="nearest")
    return max(float(high - low) / 2, WAVERS_DB_MIN)


def lies_on(reads: Reads, still: Still, tag: Integers, after: Integers) -> NDArray[np.bool_]:
    """Of each tag whether it was heard as ever soon after an instant: then it lies there still and only seemed to move."""
    as_ever = still.parked & (np.abs(still.apart) <= LOUDER_TIMES * still.wavers)
    key, width = _keys(reads)
    wanted = tag * width + (after - int(reads.at.min(initial=0)))
    first = np.searchsorted(key[as_ever], wanted + COMES_AND_GOES, side="right")
    return np.asarray(np.searchsorted(key[as_ever], wanted + LIES_ON, side="right") > first)
