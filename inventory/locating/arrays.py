"""What goes into `believe` and what comes out, as columns of equal length.

Volumes, places and readers are numbered 0..n-1 by the caller, in ascending order of their database ids, so that the same
evidence always means the same arrays. Times are int64 microseconds since 1970-01-01 UTC; -1 stands for "none".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]
Reals: TypeAlias = NDArray[np.float64]

NONE = -1


@dataclass(frozen=True)
class Sightings:
    """Evidence rows: one volume seen by one antenna in one time slice.

    place: where the antenna is fixed, NONE for one that moves. at: the middle of the slice's reads. rssi_sum: centi-dBm,
    over `rssi_reads` of the `reads`.
    """

    volume: Integers
    reader: Integers
    place: Integers
    at: Integers
    reads: Integers
    rssi_reads: Integers
    rssi_sum: Integers
    last_at: Integers

    def parts(self) -> Iterator["Sightings"]:
        """The same, as `Packed` gives them."""
        yield self

    def whole(self) -> "Sightings":
        """The same, as `Packed` gives it."""
        return self

    def let_go(self) -> None:
        """The same, as `Packed` does it; these are kept."""

    def __len__(self) -> int:
        return len(self.volume)


SIGHTINGS_AT_ONCE = 500_000  # bounds memory: each is eight columns of int64, and as much again while they are looked at


@dataclass(frozen=True)
class Packed:
    """The sightings of a whole site: each column in the smallest integers that hold it, sorted by the volumes' ledger place.

    What comes of them is summed up by volume or by ledger place, so parts that part neither can be looked at one by one.
    """

    columns: list[NDArray[np.signedinteger[Any]]]
    starts: tuple[int, ...]

    @staticmethod
    def of(columns: list[NDArray[Any]], ledger_place: Integers) -> "Packed":
        """Pack the columns of `Sightings`; the list is emptied, so that each is let go of in turn."""
        home = narrow(ledger_place + 1)[columns[0]]
        order = np.argsort(home, kind="stable")
        home = home[order]
        packed = []
        columns.reverse()
        while columns:
            packed.append(narrow(columns.pop())[order])
        begins = np.flatnonzero(np.append(True, home[1:] != home[:-1])) if len(home) else np.zeros(0, np.int64)
        part = begins // SIGHTINGS_AT_ONCE
        starts = begins[np.flatnonzero(np.append(True, np.diff(part) != 0))] if len(begins) else begins
        return Packed(packed, (*(starts.tolist() or [0]), len(home)))

    def __len__(self) -> int:
        return self.starts[-1]

    def let_go(self) -> None:
        """Once everything that comes of them is summed up, they are a third of all the memory a night takes."""
        self.columns.clear()

    def parts(self) -> Iterator[Sightings]:
        """All of them, some hundred thousand at a time; a volume's come together, and so do those of a ledger place's volumes."""
        for start, end in pairwise(self.starts):
            yield self._rows(slice(start, end))

    def whole(self) -> Sightings:
        """All of them at once."""
        return self._rows(slice(None))

    def _rows(self, rows: slice) -> Sightings:
        return Sightings(*(column[rows].astype(np.int64) for column in self.columns))


def narrow(values: NDArray[Any]) -> NDArray[np.signedinteger[Any]]:
    """The same numbers in the smallest integers that hold them."""
    if not len(values):
        return values
    least, most = int(values.min()), int(values.max())
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= least and most <= np.iinfo(kind).max:
            return values.astype(kind, copy=False)
    return values.astype(np.int64, copy=False)


@dataclass(frozen=True)
class Anchors:
    """Where moving readers were, of one kind: printed codes they scanned, or label tags they read best in a slice.

    strength: centi-dBm of a label's loudest read; 0 for codes. Sorted by (reader, at).
    """

    reader: Integers
    at: Integers
    place: Integers
    strength: Integers


@dataclass(frozen=True)
class Company:
    """What each antenna heard in each window of time, by where the ledger has it: the neighbours read together.

    place: where the antenna is fixed, NONE for one that moves. window: number of the window since 1970, of
    `tracing.WINDOW` microseconds for moving antennas and `tracing.FIXED_WINDOW` for fixed ones. home: the volumes' ledger
    place. rssi_sum: centi-dBm over `rssi_reads` of the `reads`. Sorted by (reader, place, window, home).
    """

    reader: Integers
    place: Integers
    window: Integers
    home: Integers
    reads: Integers
    rssi_reads: Integers
    rssi_sum: Integers


@dataclass(frozen=True)
class Trail:
    """How moving readers went. A code is scanned on arriving at a shelf; a label tag is heard while being there.

    company: everything all readers heard in that time; without it only codes and labels say where a reader was.
    """

    codes: Anchors
    labels: Anchors
    company: Company | None = None


@dataclass(frozen=True)
class Places:
    """Centres of the places in metres, and the room each belongs to; distances count only within one room.

    listening: where an antenna is fixed that listens there all the time; None: nowhere.
    """

    x: Reals
    y: Reals
    z: Reals
    room: Integers
    listening: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Beliefs:
    """One row for each volume that was placed by at least one sighting, in ascending order of `volume`."""

    volume: Integers
    place: Integers
    probability: Reals
    runner_up: Integers  # NONE where there is no other candidate
    runner_up_probability: Reals
    reads: Integers
    last_seen: Integers


def summed(row: NDArray[np.signedinteger[Any]], values: NDArray[Any], rows: int) -> Reals:
    """Sums of values by row."""
    return np.asarray(np.bincount(row, np.asarray(values, np.float64), rows), np.float64)


def rows_of(sorted_volumes: Integers, wanted: Integers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All rows of each wanted volume among rows that ascend by volume: which of the wanted, and which row."""
    first = np.searchsorted(sorted_volumes, wanted)
    size = np.searchsorted(sorted_volumes, wanted, side="right") - first
    which = np.repeat(np.arange(len(wanted)), size)
    within = np.arange(len(which)) - np.repeat(np.cumsum(size) - size, size)
    return which, first[which] + within


def distinct(keys: Integers) -> Integers:
    """The different ones among millions of keys, ascending; `np.unique` looks them up in a table that no cache holds."""
    ordered = np.sort(keys)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def distinct_rows(keys: Integers) -> tuple[Integers, NDArray[np.intp]]:
    """The different keys, ascending, and which of them each is; at once where they are that already."""
    if np.all(keys[1:] > keys[:-1]):
        return keys, np.arange(len(keys))
    return np.unique(keys, return_inverse=True)


ROWS_AT_ONCE = 50_000  # rows of volumes' candidates; each comes with all hearings of its volume


def some_at_once(rows: int) -> Iterator[slice]:
    """Rows that have nothing to do with one another, in parts: they bound the memory of what is made on the way."""
    for start in range(0, rows, ROWS_AT_ONCE):
        yield slice(start, min(start + ROWS_AT_ONCE, rows))


def in_parts(volume: Integers) -> Iterator[slice]:
    """Rows in parts, each volume's together: they bound the memory, a volume doesn't ask for another's. `volume` ascends."""
    begin = 0
    while begin < len(volume):
        end = len(volume)
        if begin + ROWS_AT_ONCE < end:
            end = int(np.searchsorted(volume, volume[begin + ROWS_AT_ONCE]))
        end = max(end, int(np.searchsorted(volume, volume[begin], side="right")))
        yield slice(begin, end)
        begin = end
