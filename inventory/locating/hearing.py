"""From sightings to strengths: at which places each volume was heard, and how loud."""

import numpy as np

from inventory.locating.arrays import NONE, Anchors, Integers, Reals, Sightings
from inventory.locating.model import Model

SECOND = 1_000_000
STRENGTH_UNTOLD_DBM = -60.0  # for readers that tell no strength: in the middle of what readers hear


def places_of(sightings: Sightings, anchors: Anchors, model: Model) -> Integers:
    """The place each sighting speaks for: the antenna's own, or that of the moving reader's last anchor."""
    places = sightings.place.copy()
    moving = np.flatnonzero(places == NONE)
    if not len(moving) or not len(anchors.at):
        return places
    # One search for all readers: reader and time folded into one ascending key.
    origin = anchors.at.min()
    span = max(anchors.at.max(), sightings.slice_start[moving].max()) - origin + 2
    anchor_keys = anchors.reader * span + (anchors.at - origin)
    slice_keys = sightings.reader[moving] * span + np.maximum(sightings.slice_start[moving] - origin, -1)
    latest = np.searchsorted(anchor_keys, slice_keys, side="right") - 1
    found = latest >= 0
    found[found] &= anchors.reader[latest[found]] == sightings.reader[moving[found]]
    found[found] &= (
        sightings.slice_start[moving[found]] - anchors.at[latest[found]] <= model.anchor_seconds_max * SECOND
    )
    places[moving[found]] = anchors.place[latest[found]]
    return places


def mean_strengths(sightings: Sightings, seen_at: Integers, place_count: int) -> tuple[Integers, Integers, Reals]:
    """Mean strength in dBm of each volume at each place it was heard; rows ascend by (volume, place)."""
    placed = seen_at != NONE
    keys, row = np.unique(sightings.volume[placed] * place_count + seen_at[placed], return_inverse=True)
    told = np.zeros(len(keys), np.int64)
    total = np.zeros(len(keys), np.int64)
    np.add.at(told, row, sightings.rssi_reads[placed])
    np.add.at(total, row, sightings.rssi_sum[placed])
    strength = np.full(len(keys), STRENGTH_UNTOLD_DBM)
    np.divide(total, told * 100.0, out=strength, where=told > 0)
    return keys // place_count, keys % place_count, strength
