"""What goes into `believe` and what comes out, as columns of equal length.

Volumes, places and readers are numbered 0..n-1 by the caller, in ascending order of their database ids, so that the same
evidence always means the same arrays. Times are int64 microseconds since 1970-01-01 UTC; -1 stands for "none".
"""

from dataclasses import dataclass
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
    """Centres of the places in metres, and the room each belongs to; distances count only within one room."""

    x: Reals
    y: Reals
    z: Reals
    room: Integers


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
