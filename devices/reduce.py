"""Reads to slices: one row for each antenna, tag and time slice, however often the radio says the same.

One row stored per raw read is what kills systems like this; a tag on a smart shelf is read a million times a day and has
moved on none of them. Counts and sums are integers, so the order in which reads arrive can't change the result.
"""

from inventory.store.evidence import SliceReads

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


class Reducer:
    """Sums up reads until they are drained. Not for use by two threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._slices: dict[tuple[int, bytes, int], list[int]] = {}

    def __len__(self) -> int:
        """How many slices are waiting."""
        return len(self._slices)

    def add(
        self, antenna_id: int, epc: bytes, slice_start: int, count: int, rssi_cdbm: int | None, read_at: int
    ) -> None:
        """Add one report of `count` reads, each of the same strength (centi-dBm), at `read_at` (microseconds)."""
        key = (antenna_id, epc, slice_start)
        found = self._slices.get(key)
        if found is None:
            if rssi_cdbm is None:
                self._slices[key] = [count, 0, 0, NO_STRENGTH, read_at, read_at]
            else:
                self._slices[key] = [count, count, count * rssi_cdbm, rssi_cdbm, read_at, read_at]
            return
        found[0] += count
        if rssi_cdbm is not None:
            found[1] += count
            found[2] += count * rssi_cdbm
            found[3] = max(found[3], rssi_cdbm)
        if read_at < found[4]:
            found[4] = read_at
        elif read_at > found[5]:
            found[5] = read_at

    def drain(self) -> list[SliceReads]:
        """All slices so far, in no particular order; the reducer is empty afterwards."""
        slices = [SliceReads(*key, *sums) for key, sums in self._slices.items()]
        self._slices = {}
        return slices
