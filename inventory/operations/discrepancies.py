"""Discrepancies opened, told again and closed by the facts, in the transaction of whoever knows something new."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from inventory.locating.sensing import Hearings
from inventory.operations.gathering import Gathered
from inventory.store import discrepancies, leases
from inventory.store.leases import Lease

FOLLOW_LEASE = timedelta(seconds=60)
NOTIFIED_VOLUMES_MAX = 500  # a notification holds 8,000 bytes; above this, pages look for themselves ("*")


@dataclass(frozen=True, slots=True)
class Cases:
    """How many cases were opened, told again, and closed by the facts."""

    opened: int = 0
    refreshed: int = 0
    closed: int = 0


def tell_night(
    connection: psycopg.Connection[Any],
    since: datetime,
    until: datetime,
    now: datetime,
    two_rooms: Sequence[int],
) -> Cases:
    """What a close found becomes cases, and what it found at home again closes them; in the caller's transaction.

    two_rooms: volumes (ids) heard in more than one room, of which a tag may have been copied.
    """
    kept = discrepancies.tell_night(connection, since, until, two_rooms)
    over = discrepancies.close(connection, now, until)
    if kept.opened or kept.refreshed or over:
        notify(connection, kept.volumes | {volume for volume in over if volume is not None})
    return Cases(kept.opened, kept.refreshed, len(over))


def tell_live(connection: psycopg.Connection[Any], volume_ids: Sequence[int]) -> Cases:
    """Beliefs that have just changed open what needs no night; in the caller's transaction."""
    kept = discrepancies.tell_live(connection, volume_ids)
    if kept.opened or kept.refreshed:
        notify(connection, kept.volumes)
    return Cases(kept.opened, kept.refreshed)


def follow_facts(connection: psycopg.Connection[Any], now: datetime, lease: Lease | None = None) -> int:
    """Between nights: close what the ledger, a tag or a reader has settled; returns how many cases that were."""
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now, FOLLOW_LEASE)
        over = discrepancies.close(connection, now)
        if over:
            discrepancies.mark_silent(connection)
            notify(connection, {volume for volume in over if volume is not None})
    return len(over)


def follow_readers(connection: psycopg.Connection[Any], now: datetime, lease: Lease | None = None) -> int:
    """Between nights: open cases of readers that are silent or whose clock is off; returns how many are new."""
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now, FOLLOW_LEASE)
        kept = discrepancies.tell_readers(connection, now)
        discrepancies.mark_silent(connection)
        if kept.opened or kept.refreshed:
            notify(connection, ())
    return kept.opened


def notify(connection: psycopg.Connection[Any], volume_ids: Collection[int]) -> None:
    """Tell open pages, in the caller's transaction, that something changed about these volumes' cases, or about others."""
    payload = json.dumps(sorted(volume_ids)) if len(volume_ids) <= NOTIFIED_VOLUMES_MAX else "*"
    connection.execute("SELECT pg_notify('discrepancy', %s)", (payload,))


def in_two_rooms(gathered: Gathered, hearings: Hearings) -> list[int]:
    """The ids of volumes heard in more than one room."""
    room = gathered.places.room[hearings.place]
    one = np.full(len(gathered.volume_ids), -1, np.int64)
    one[hearings.volume] = room
    elsewhere = np.unique(hearings.volume[one[hearings.volume] != room])
    return [int(volume) for volume in gathered.volume_ids[elsewhere].tolist()]
