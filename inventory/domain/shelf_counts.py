"""Counting a shelf by code (清点): what counts say of volumes, beside the ledger. Pure.

A person who scans a volume on a shelf has it in hand, so that decides where it was. That something was not there follows only
from a count of the whole shelf, begun after the volume came to it, all of whose scans have arrived.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

COUNTED_RIGHT = 0.99  # somebody scanned it there; codes are scanned through to the next envelope now and then
OVERLOOKED = 0.02  # of what stands on a shelf, by one person who counts it; two counts of it make it rarer


@dataclass(frozen=True, slots=True)
class ShelfCount:
    """One count of a shelf. finished_at: None where it isn't the whole shelf; volumes: when each was scanned, last."""

    place_id: int
    begun_at: datetime
    finished_at: datetime | None
    volumes: Mapping[int, datetime]


@dataclass(frozen=True, slots=True)
class Held:
    """Where the ledger has a volume, and since when."""

    place_id: int
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class CountSays:
    """What counts come to.

    counted: where each volume was scanned after its last movement. absent: volumes that the ledger has on a shelf counted
    whole, and that nobody scanned anywhere; by how many counts. whole: shelves counted whole.
    """

    counted: Mapping[int, int]
    absent: Mapping[int, int]
    whole: frozenset[int]


def said(counts: Iterable[ShelfCount], ledger: Mapping[int, Held]) -> CountSays:
    """What counts say of what the ledger has: `ledger` holds at least all volumes they name and all of their shelves.

    Two counters of one shelf are taken together: what either scanned is there.
    """
    counts = list(counts)
    newest: dict[int, tuple[datetime, int]] = {}
    for count in counts:
        for volume, at in count.volumes.items():
            held = ledger.get(volume)
            # What was moved after it was scanned stands where the ledger says; the scan is of another day.
            if held is not None and held.moved_at > at:
                continue
            newest[volume] = max(newest.get(volume, (at, count.place_id)), (at, count.place_id))
    counted = {volume: place for volume, (_, place) in newest.items()}
    whole = [count for count in counts if count.finished_at is not None]
    absent: dict[int, int] = {}
    for volume, held in ledger.items():
        times = sum(count.place_id == held.place_id and count.begun_at >= held.moved_at for count in whole)
        if times and volume not in counted:
            absent[volume] = times
    return CountSays(counted, absent, frozenset(count.place_id for count in whole))


def missing_probability(times: int) -> float:
    """How sure it is that a volume isn't on its shelf, when so many counts of the whole shelf didn't have it."""
    return 1.0 - float(OVERLOOKED**times)
