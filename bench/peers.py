"""The usual ways to say where a tag is, side by side with Guiwei's on the same evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log, sqrt

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals

SMURF_MISSED_SHARE = 0.05  # delta of Jeffery et al., VLDB 2006
SMURF_GROWTH_EPOCHS = 2


@dataclass(frozen=True)
class Answer:
    """What a method says of every volume. place: NONE where it doesn't know. decided: whether it stands by it.

    missing: said not to be there. uncovered: said that nobody could have heard it.
    """

    place: Integers
    probability: Reals
    decided: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    uncovered: NDArray[np.bool_]


@dataclass(frozen=True)
class Heard:
    """Placed evidence rows: volume, place that heard it, when (microseconds), how often, mean dBm."""

    volume: Integers
    place: Integers
    at: Integers
    reads: Integers
    dbm: Reals


Peer = Callable[[Heard, Integers], Integers]


def by_ledger(_heard: Heard, ledger: Integers) -> Integers:
    """The ledger alone."""
    return ledger


def by_last(heard: Heard, ledger: Integers) -> Integers:
    """The antenna, or the sweep's anchor, that heard it last."""
    order = np.lexsort((heard.place, heard.at, heard.volume))
    return _last_of_each(heard.volume[order], heard.place[order], len(ledger))


def by_reads(heard: Heard, ledger: Integers) -> Integers:
    """Where it was read most often."""
    volume, place, reads, _ = _summed(heard)
    order = np.lexsort((-place, reads, volume))
    return _last_of_each(volume[order], place[order], len(ledger))


def by_strength(heard: Heard, ledger: Integers) -> Integers:
    """Where its mean strength is greatest."""
    volume, place, _, dbm = _summed(heard)
    order = np.lexsort((-place, dbm, volume))
    return _last_of_each(volume[order], place[order], len(ledger))


def by_smurf(heard: Heard, ledger: Integers, epoch_microseconds: int) -> Integers:
    """SMURF cleans each tag's stream with its adaptive window; the strongest mean within the last window has it."""
    epoch = heard.at // epoch_microseconds
    most = int(heard.reads.max(initial=1))  # in one epoch: so often it was tried at least
    order = np.lexsort((epoch, heard.volume))
    volume, epoch = heard.volume[order], epoch[order]
    reads = heard.reads[order]
    kept = np.zeros(len(order), bool)
    bounds = np.flatnonzero(np.append(True, volume[1:] != volume[:-1])) if len(order) else np.zeros(0, np.int64)
    for first, end in zip(bounds, np.append(bounds[1:], len(order))[: len(bounds)], strict=True):
        window = _smurf_window(epoch[first:end], reads[first:end], most)
        kept[first:end] = epoch[first:end] > epoch[end - 1] - window
    rows = order[kept]
    return by_strength(
        Heard(heard.volume[rows], heard.place[rows], heard.at[rows], heard.reads[rows], heard.dbm[rows]), ledger
    )


def _smurf_window(epochs: Integers, reads: Integers, cycles: int) -> int:
    """Size in epochs of the window at the stream's end: w* = ceil(ln(1/delta) / p), halved on a significant fall."""
    window = 1
    for end in range(1, len(epochs) + 1):
        inside = epochs[:end] > epochs[end - 1] - window
        p = float(np.minimum(reads[:end][inside] / cycles, 1.0).mean())
        wanted = ceil(log(1 / SMURF_MISSED_SHARE) / p)
        seen = len(np.unique(epochs[:end][inside]))
        if seen < window * p - 2 * sqrt(window * p * (1 - p)):
            window = max(min(window // 2, wanted), 1)
        elif wanted > window:
            window = min(window + SMURF_GROWTH_EPOCHS, wanted)
    return window


def _summed(heard: Heard) -> tuple[Integers, Integers, Integers, Reals]:
    width = int(heard.place.max(initial=0)) + 1
    keys, row = np.unique(heard.volume * width + heard.place, return_inverse=True)
    reads = np.bincount(row, heard.reads, len(keys))
    dbm = np.bincount(row, heard.dbm * heard.reads, len(keys)) / np.maximum(reads, 1)
    return keys // width, keys % width, reads.astype(np.int64), dbm


def _last_of_each(volume: Integers, place: Integers, volumes: int) -> Integers:
    answer = np.full(volumes, NONE)
    answer[volume] = place  # The last of equal indexes wins.
    return answer
