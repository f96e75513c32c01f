"""Reads to slices: one row for each antenna, tag and time slice, however often the radio says the same.

One row stored per raw read is what kills systems like this; a tag on a smart shelf is read a million times a day and has
moved on none of them. Counts and sums are integers, so the order in which reads arrive can't change the result.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from devices.readings import Reading
from inventory.store.batch import SliceReads

SECOND = 1_000_000  # microseconds

# How long a slice is, by what the antenna does. A sweep must tell one shelf from the next; a cabinet only morning from noon.
SLICE_MICROSECONDS: dict[str, int] = {
    "handheld": SECOND // 2,
    "cart": SECOND // 2,
    "gate_inner": SECOND,
    "gate_outer": SECOND,
    "tunnel": SECOND,
    "desk": SECOND,
    "zone": 60 * SECOND,
    "shelf": 300 * SECOND,
}

NO_STRENGTH = -32768  # smallest int16: no reader hears -327 dBm


class KnownAntenna(NamedTuple):
    """What a read needs to know of its antenna: its id, and how long its slices are in microseconds."""

    antenna_id: int
    slice_microseconds: int


class Reducer:
    """Sums up reads until they are drained. Not for use by two threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._slices: dict[tuple[int, bytes, int], list[int]] = {}

    def __len__(self) -> int:
        """How many slices are waiting."""
        return len(self._slices)

    def add(self, readings: Iterable[Reading], antennas: Mapping[int, KnownAntenna], received_at: int) -> int:
        """Add the readings of one message; returns how many reads they stand for.

        `antennas` has every antenna the readings name. A reading without a time counts as read when it was received
        (microseconds). This loop sees every read of the city: local names, no calls.
        """
        slices, reads, number = self._slices, 0, None
        for reading in readings:
            read_at = reading.read_at
            if read_at is None:
                read_at = received_at
            count, strength = reading.count, reading.rssi_cdbm
            reads += count
            if reading.antenna != number:
                number = reading.antenna
                antenna_id, width = antennas[number]
            key = (antenna_id, reading.epc, read_at - read_at % width)
            found = slices.get(key)
            if found is None:
                if strength is None:
                    slices[key] = [count, 0, 0, NO_STRENGTH, read_at, read_at]
                else:
                    slices[key] = [count, count, count * strength, strength, read_at, read_at]
                continue
            found[0] += count
            if strength is not None:
                found[1] += count
                found[2] += count * strength
                found[3] = max(found[3], strength)
            if read_at < found[4]:
                found[4] = read_at
            elif read_at > found[5]:
                found[5] = read_at
        return reads

    def drain(self) -> list[SliceReads]:
        """All slices so far, in no particular order; the reducer is empty afterwards."""
        slices = [SliceReads(*key, *sums) for key, sums in self._slices.items()]
        self._slices = {}
        return slices
