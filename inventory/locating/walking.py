"""Which way something went between the two antennas of a gate, by the order in which it was beside them.

Each antenna has a *stretch* of time in which it heard a group about as loud as ever. Whoever passes comes to one antenna first
and leaves it first; whoever turns back comes to one first and leaves it last. Strengths count against each tag's own loudest at
each antenna, and time against what the gate's passages usually take, so shadows, cables and the size of the gate don't matter.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals
from inventory.locating.reads import INNER, OUTER, SECOND

BESIDE_DB = 25.0  # so much softer than its own loudest a tag isn't beside the antenna at all; the louder, the more a read counts
EDGE = 0.05  # of what counts, at either end of a stretch: reflections

# Log odds that somebody passed, fitted to simulated people whose way was known. Wholly in order is who takes from antenna
# to antenna as long as is usual; or, of whoever hurries, so much of their time as is usual. Stretches that begin and end in that
# order tell more, ones within each other less: what is carried nearer to one antenna is heard there earlier and longer.
ENDS_TELL = 0.2
ORDER_TELLS, TOSS_UP = 12.0, 0.6
READS_TELL, CHANCE = 5, 0.3  # the middle of fewer reads at either antenna tells no more than their ends and so much
# And for each spread by which both antennas heard it softer than even a weak tag is heard that passes: it was somewhere else.
SOFT_TELLS, SOFT = 6.0, 2.0
# Whoever is heard as wholly in order as the gate's passages are has passed, however softly and however long the one antenna
# heard it while the other did too. Fitted beside that to people of two generators whose way was known.
WHOLLY_TELLS, WHOLLY = 30.0, 0.87
WHOLLY_SOFT_TELLS, WHOLLY_READS = 3.0, 3
WHOLLY_MOST = 1.1


class Stretches(NamedTuple):
    """When each group was beside each antenna (group, antenna): microseconds, NONE where that antenna didn't hear it."""

    begun: Integers
    ended: Integers

    @property
    def both(self) -> NDArray[np.bool_]:
        """Groups that both antennas heard."""
        return np.asarray((self.begun != NONE).all(axis=1))

    @property
    def took(self) -> Integers:
        """From being beside either antenna to being beside neither."""
        first = np.where(self.both, self.begun.min(axis=1, initial=1 << 62), self.begun.max(axis=1, initial=NONE))
        return np.asarray(self.ended.max(axis=1, initial=NONE) - first)

    def lags(self) -> Reals:
        """Seconds by which the outer antenna's stretch begins and ends after the inner one's (group, end); NaN unless both."""
        apart = np.stack([one[:, OUTER] - one[:, INNER] for one in (self.begun, self.ended)], axis=1) / SECOND
        return np.where(self.both[:, None], apart, np.nan)


class Usual(NamedTuple):
    """What the gate's passages take.

    lag, loudest: seconds from the middle of one stretch to that of the other, and from loudest to loudest. share: of the time
    beside either antenna, the first of these. order: as `order_of`, without its sign.
    """

    lag: float
    loudest: float
    share: float
    order: float = 1.0


class Ways(NamedTuple):
    """Chances of each group's ways: they add up to one. All alike where only one antenna heard it."""

    inwards: Reals
    outwards: Reals
    back: Reals


def stretches(at: Integers, antenna: Integers, below: Reals, group: Integers, groups: int) -> Stretches:
    """The stretches of `groups` groups, by their reads. below: dB against the tag's own loudest there, NaN where untold."""
    begun, ended = np.full((2, groups, 2), NONE)
    counts = _counting(below)
    for one in (INNER, OUTER):
        rows = np.flatnonzero((antenna == one) & (counts > 0))
        order = rows[np.lexsort((at[rows], group[rows]))]
        number, first = np.unique(group[order], return_index=True)
        last = np.append(first[1:], len(order))[: len(first)] - 1
        so_far = np.cumsum(counts[order])
        before, after = so_far[first] - counts[order[first]], so_far[last]
        edge = ((after - before) * EDGE).astype(np.int64)
        begun[number, one] = at[order[np.searchsorted(so_far, before + edge, side="right")]]
        ended[number, one] = at[order[np.searchsorted(so_far, after - edge)]]
    return Stretches(begun, ended)


def _counting(below: Reals) -> Integers:
    """How much each read counts, the more the louder; whole numbers, so that their sums are the same in any order."""
    return np.asarray(np.rint(np.maximum(np.nan_to_num(below) + BESIDE_DB, 0.0) * 100).astype(np.int64))


def order_of(at: Integers, antenna: Integers, below: Reals, group: Integers, groups: int) -> Reals:
    """How wholly each group was at the outer antenna after the inner one: 1 always, -1 always before; NaN unless both heard it.

    Of all pairs of a read here and one there, those in this order less those in the other (Somers, 1962), as much as the reads
    count; those of one instant, as slices are, tell neither. Arguments as of `stretches`.
    """
    order = np.lexsort((antenna, at, group))
    of, counts = group[order], _counting(below)[order]
    inner, outer = (np.where(antenna[order] == one, counts, 0.0) for one in (INNER, OUTER))
    whole = np.bincount(of, inner, groups)
    so_far = np.concatenate([[0.0], np.cumsum(inner)])
    new = np.ones(len(order), bool)
    new[1:] = (of[1:] != of[:-1]) | (at[order][1:] != at[order][:-1])
    first = np.flatnonzero(new)
    instant = np.cumsum(new) - 1
    # Twice what was read inside before each read: until its instant, and with it.
    twice = (so_far[first] + so_far[np.append(first[1:], len(order))[: len(first)]])[instant]
    twice -= 2 * (np.cumsum(whole) - whole)[of]
    pairs = whole * np.bincount(of, outer, groups)
    told = np.full(groups, np.nan)
    np.divide(np.bincount(of, outer * (twice - whole[of]), groups), pairs, out=told, where=pairs > 0)
    return told


def ways(beside: Stretches, loudest: Reals, order: Reals, usual: Usual, loudness: Reals, count: Integers) -> Ways:
    """The chances of each way.

    loudest: seconds by which each group was loudest at the outer antenna after the inner one, NaN where untold. order:
    as `order_of`. loudness (group, antenna): spreads louder than passages are, NaN where untold. count (group, antenna): reads.
    """
    lags = beside.lags()
    took = beside.took / SECOND
    softer = np.minimum(np.nan_to_num(loudness.mean(axis=1)) + SOFT, 0.0)
    middle = lags.mean(axis=1)
    loudest = np.where(np.isnan(loudest), middle, loudest * usual.lag / usual.loudest)

    # A weak tag that passes is heard softly and not for long; along the wall somebody is heard softly all the while.
    theirs = np.maximum(usual.share * took, usual.lag / 4)
    whole = np.where(softer < 0, theirs, np.minimum(theirs, usual.lag))

    def in_order(apart: Reals) -> Reals:
        return np.asarray(apart / whole)

    def chance(way: int) -> Reals:
        between = in_order(np.minimum(way * middle, way * loudest))
        ends = in_order((way * lags).min(axis=1))
        # The middle of a read or two is wherever chance puts it.
        between = np.where(
            count.min(axis=1, initial=READS_TELL) < READS_TELL, np.minimum(between, ends + CHANCE), between
        )
        ordered = np.clip(between, -1.0, 1.0) + ENDS_TELL * np.clip(ends, -1.0, 1.0)
        odds = ORDER_TELLS * (ordered - TOSS_UP) + SOFT_TELLS * softer
        wholly = np.clip(way * np.nan_to_num(order) / usual.order, -WHOLLY_MOST, WHOLLY_MOST)
        by_order = WHOLLY_TELLS * (wholly - WHOLLY) + WHOLLY_SOFT_TELLS * softer
        odds = np.where(count.min(axis=1, initial=WHOLLY_READS) < WHOLLY_READS, odds, np.maximum(odds, by_order))
        return np.asarray(np.where(beside.both, 1 / (1 + np.exp(-odds)), 1 / 3))

    inwards, outwards = chance(-1), chance(1)
    both = np.maximum(inwards + outwards, 1.0)  # where the stretches say one and the order the other
    inwards, outwards = inwards / both, outwards / both
    return Ways(inwards, outwards, 1 - inwards - outwards)
