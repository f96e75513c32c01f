"""The nightly close: the models learn from the day, and a new version begins."""

from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.locating.learning import learn
from inventory.locating.nightly import close_night
from inventory.locating.profiling import no_profiles
from inventory.operations.gathering import gather, newest_model
from inventory.store import beliefs, leases
from inventory.store.leases import Lease

LEARNED_VOLUMES_MAX = 100_000  # the day's newest sightings; one scale is learned from them, more would not sharpen it
DAY = timedelta(days=1)
CLOSE_LEASE = timedelta(minutes=10)


def last_close(connection: psycopg.Connection[Any]) -> datetime | None:
    """The end of the last day that was closed."""
    return beliefs.last_learned(connection)


def close_day(
    connection: psycopg.Connection[Any], at: datetime, lease: Lease | None = None, now: datetime | None = None
) -> int:
    """Learn from the volumes seen in the day before `at` and keep a new model version; returns the version.

    A day without evidence still gets its version, so that every day has one close.
    """
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now or at, CLOSE_LEASE)
        _, model = newest_model(connection, at)
        volume_ids = beliefs.volumes_seen(connection, at - DAY, at, LEARNED_VOLUMES_MAX)
        if volume_ids:
            gathered = gather(connection, volume_ids, at)
            heard = (gathered.sightings, gathered.trail, gathered.places, gathered.ledger_place)
            model = learn(*heard, model)
            model, _, _ = close_night(*heard, model, no_profiles(len(volume_ids)))
        return beliefs.add_model(connection, model.parameters(), made_at=at, learned_until=at)
