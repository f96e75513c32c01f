"""The nightly close: the day is judged, the models learn from it, and a new version begins."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from inventory.locating.judging import Outcome
from inventory.locating.learning import learn
from inventory.locating.nightly import close_night
from inventory.operations.gathering import columns_of, newest_model
from inventory.operations.judging import gather_interval, keep_judgement, keep_profiles
from inventory.store import beliefs, leases
from inventory.store.leases import Lease

DAY = timedelta(days=1)
CLOSE_LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Closed:
    """A day that was closed: the new model's version, and how many volumes were found how."""

    version: int
    outcomes: dict[str, int]


def last_close(connection: psycopg.Connection[Any]) -> datetime | None:
    """The end of the last day that was closed."""
    return beliefs.last_learned(connection)


def close_day(
    connection: psycopg.Connection[Any], at: datetime, lease: Lease | None = None, now: datetime | None = None
) -> Closed:
    """Judge the day before `at`, learn from it, and keep judgements, beliefs, read profiles and a new model version.

    A day without evidence still gets its version, so that every day has one close.
    """
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now or at, CLOSE_LEASE)
        _, model = newest_model(connection, at)
        interval = gather_interval(connection, at - DAY, at)
        gathered = interval.gathered
        if not len(gathered.sightings.volume):
            return Closed(beliefs.add_model(connection, model.parameters(), made_at=at, learned_until=at), {})
        heard = (gathered.sightings, gathered.trail, gathered.places, gathered.ledger_place)
        learned, profiles, judged = close_night(*heard, learn(*heard, model), interval.profiles, interval.past)
        version = beliefs.add_model(connection, learned.parameters(), made_at=at, learned_until=at)
        keep_profiles(connection, gathered, interval.profiles, profiles, version)
        keep_judgement(connection, interval, judged, profiles.unseen, version)
        beliefs.keep(connection, columns_of(gathered, judged.beliefs), version)
    counts = np.bincount(judged.outcome, minlength=len(Outcome))
    return Closed(version, {outcome.name.lower(): int(counts[outcome]) for outcome in Outcome})
