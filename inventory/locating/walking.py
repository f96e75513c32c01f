"""Which way something went between the two antennas of a gate: seven steps from inside to outside, a quarter second at a time.

A hidden Markov chain. Strengths count against the tag's own loudest at each antenna, against the antenna's own level, and reads
against the air time that others take, all of which the gate teaches; so shadows, cables and carts beside it don't matter.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import Integers, Reals
from inventory.locating.reads import SECOND

STEPS = 7  # 0 far inside, 3 in the middle, 6 far outside
MIDDLE = STEPS // 2
BIN = SECOND // 4
BINS_MAX = 4 * 240  # nobody takes four minutes
READS_PER_BIN_MAX = 4.0  # more reads of an antenna in a quarter second say the same again
STRENGTH_SPREAD_DB = 6.0
DB_BELOW_MAX = 20.0  # what is softer still is far, on either side

# Whoever is there came from a side and goes to a side, a little before it is heard first and after it is heard last.
ENDS = np.array([0.40, 0.09, 0.008, 0.004, 0.008, 0.09, 0.40])
UNHEARD_BINS = 4
UNHEARD = np.array([1.0, 0.7, 0.12, 0.02, 0.12, 0.7, 1.0])  # nobody goes through unheard
_STAYS, _ONE, _TWO = 0.46, 0.23, 0.04


# What either antenna hears of each step. How often a read is the inner antenna's, had both the same air time; and how far
# below its own loudest a tag is heard. A rough shape on purpose: each antenna hears best what is on its side.
INNER_CHANCE = np.array([0.88, 0.88, 0.75, 0.5, 0.25, 0.12, 0.12])
BELOW_INNER = np.array([-17.0, -8.0, -4.0, -9.0, -16.0, -19.0, -20.0])
BELOW_OUTER = BELOW_INNER[::-1].copy()


class Ways(NamedTuple):
    """Of each group: chances (from, to) over inside, middle, outside, and by bin the mean step and its distribution."""

    from_to: Reals
    first_bin: Integers
    bins: Integers
    posterior: Reals  # group, bin, step; rows behind `bins` mean nothing
    ended: NDArray[np.bool_]


def _moves() -> Reals:
    """Chances to go from step to step in a quarter second."""
    table = np.zeros((STEPS, STEPS))
    for apart, chance in ((0, _STAYS), (1, _ONE), (2, _TWO)):
        for step in range(STEPS):
            for there in {step - apart, step + apart}:
                table[step, min(max(there, 0), STEPS - 1)] += chance
    return np.asarray(table / table.sum(axis=1, keepdims=True))


def ways(
    group: Integers,
    at: Integers,
    outer: Integers,
    below: Reals,
    groups: int,
    outer_share: float,
    ended: NDArray[np.bool_],
) -> Ways:
    """The way of each of `groups` groups by its reads. outer: 1 for reads of the outer antenna. below: dB, NaN where untold.

    outer_share: what part of the reads the outer antenna has anyway. ended: whether the group has left, or may still be
    there.
    """
    first = np.full(groups, np.iinfo(np.int64).max)
    np.minimum.at(first, group, at)
    first_bin = first // BIN - UNHEARD_BINS
    number = np.minimum(at // BIN - first_bin[group], BINS_MAX - 1)
    bins = np.zeros(groups, np.int64)
    np.maximum.at(bins, group, number + 1)
    bins = bins + np.where(ended, UNHEARD_BINS, 0)
    posterior = np.zeros((groups, int(bins.max(initial=1)), STEPS))
    from_to = np.zeros((groups, 3, 3))
    by_length = np.argsort(bins, kind="stable")
    row_order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[row_order], np.arange(groups + 1))
    likely = _log_likely(outer, below, outer_share)
    for chunk in np.array_split(by_length, max(1, groups // 64)):
        if not len(chunk):
            continue
        rows = np.concatenate([row_order[starts[one] : starts[one + 1]] for one in chunk])
        place = np.zeros(groups, np.int64)
        place[chunk] = np.arange(len(chunk))
        seen = _seen(place[group[rows]], number[rows], outer[rows], likely[rows], len(chunk), int(bins[chunk].max()))
        seen[:, :UNHEARD_BINS] = UNHEARD
        for behind in range(1, UNHEARD_BINS + 1):
            left = np.flatnonzero(ended[chunk])
            seen[left, bins[chunk][left] - behind] = UNHEARD
        from_to[chunk], smooth = _passed(seen, bins[chunk], ended[chunk])
        posterior[chunk, : smooth.shape[1]] = smooth
    return Ways(from_to, first_bin, bins, posterior, ended)


def _log_likely(outer: Integers, below: Reals, outer_share: float) -> Reals:
    """Log likelihood of each read at each step."""
    inner = INNER_CHANCE * (1 - outer_share)
    inner = inner / (inner + (1 - INNER_CHANCE) * outer_share)
    chance = np.where(outer[:, None] == 1, np.log(1 - inner), np.log(inner))
    mean = np.where(outer[:, None] == 1, BELOW_OUTER, BELOW_INNER)
    apart = np.clip(np.nan_to_num(below), -DB_BELOW_MAX, 0.0)[:, None] - mean
    strength = np.where(np.isnan(below)[:, None], 0.0, -0.5 * (apart / STRENGTH_SPREAD_DB) ** 2)
    return np.asarray(chance + strength)


def _seen(place: Integers, number: Integers, outer: Integers, likely: Reals, groups: int, bins: int) -> Reals:
    """Likelihood of each bin of each group at each step, the most likely step 1; nothing heard says nothing."""
    key = (place * bins + number) * 2 + outer
    count = np.bincount(key, minlength=groups * bins * 2)
    order = np.lexsort((*likely.T, key))  # sums of reals in an order that is theirs, not the evidence's
    total = np.stack([np.bincount(key[order], likely[order, step], len(count)) for step in range(STEPS)], axis=1)
    total *= np.minimum(1.0, READS_PER_BIN_MAX / np.maximum(count, 1))[:, None]
    both = total.reshape(groups, bins, 2, STEPS).sum(axis=2)
    return np.asarray(np.exp(both - both.max(axis=2, keepdims=True)))


def _passed(seen: Reals, bins: Integers, ended: NDArray[np.bool_]) -> tuple[Reals, Reals]:
    """Chances of (from, to) and the smoothed steps, for groups of at most so many bins."""
    groups, most, _ = seen.shape
    moves = _moves()
    side = np.zeros((3, STEPS))
    side[0, :MIDDLE], side[1, MIDDLE], side[2, MIDDLE + 1 :] = 1, 1, 1
    last = np.where(ended[:, None], ENDS, 1.0 / STEPS)
    forward = (side * ENDS)[None] * seen[:, 0][:, None, :]
    forward = forward / forward.sum(axis=(1, 2), keepdims=True)
    kept = np.zeros((groups, most, STEPS))
    final = forward.copy()
    kept[:, 0] = forward.sum(axis=1)
    for number in range(1, most):
        forward = (forward @ moves) * seen[:, number][:, None, :]
        forward = forward / forward.sum(axis=(1, 2), keepdims=True)
        kept[:, number] = forward.sum(axis=1)
        going = number < bins
        final[going] = forward[going]
    from_to = np.einsum("gas,bs->gab", final * last[:, None, :], side)
    from_to = from_to / from_to.sum(axis=(1, 2), keepdims=True)
    backward = np.ones((groups, STEPS))
    smooth = np.zeros_like(kept)
    for number in range(most - 1, -1, -1):
        ends = number == bins - 1
        backward[ends] = last[ends]
        smooth[:, number] = kept[:, number] * backward
        smooth[:, number] /= np.maximum(smooth[:, number].sum(axis=1, keepdims=True), 1e-300)
        backward = (backward * seen[:, number]) @ moves.T
        backward /= np.maximum(backward.sum(axis=1, keepdims=True), 1e-300)
    return from_to, smooth
