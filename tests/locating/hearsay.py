"""A room of shelves in a row and what readers hear there, as the arrays of `locating`."""

from collections.abc import Sequence

import numpy as np

from inventory.locating.arrays import NONE, Anchors, Places, Sightings, Trail

SECOND = 1_000_000
SHELVES = 12  # 1 m apart in room 0; the last two stand in room 1


def shelves(count: int = SHELVES) -> Places:
    x = np.arange(count, dtype=np.float64)
    return Places(x, np.zeros(count), np.zeros(count), np.where(np.arange(count) < count - 2, 0, 1))


Heard = tuple[int, int, int, float, float]  # volume, reader, place, at (seconds), dBm


def heard(*rows: Heard, reads: int = 4) -> Sightings:
    """One row for each slice; a strength of 0 dBm means none was told."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    volume, reader, place = (np.array(columns[i], np.int64) for i in range(3))
    at = np.array([round(seconds * SECOND) for seconds in columns[3]], np.int64)
    told = np.array([0 if dbm == 0 else reads for dbm in columns[4]], np.int64)
    total = np.array([round(dbm * 100) * reads for dbm in columns[4]], np.int64)
    return Sightings(volume, reader, place, at, np.full(len(at), reads, np.int64), told, total, at + SECOND)


def anchors(*rows: tuple[int, float, int] | tuple[int, float, int, float]) -> Anchors:
    """(reader, at in seconds, place, dBm of the label, 0 for a printed code)."""
    full = sorted(
        (reader, round(at * SECOND), place, round((rest or [0])[0] * 100)) for reader, at, place, *rest in rows
    )
    table = np.array(full, np.int64).reshape(-1, 4)
    return Anchors(*(np.ascontiguousarray(table[:, column]) for column in range(4)))


def trail(codes: Sequence[tuple[int, float, int]] = (), labels: Sequence[tuple[int, float, int, float]] = ()) -> Trail:
    return Trail(anchors(*codes), anchors(*labels))


def ledger(*places: int) -> np.ndarray:
    return np.array(places, np.int64)


NOWHERE = NONE
