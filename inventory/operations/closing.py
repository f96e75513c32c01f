"""The nightly close: the day is judged, the models learn from it, and a new version begins."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from inventory.domain.discrepancies import DiscrepancyKind
from inventory.locating.judging import Outcome
from inventory.locating.learning import learn
from inventory.locating.nightly import Answers, close_night, with_answers
from inventory.locating.zones import close_zones, with_zones
from inventory.operations.discrepancies import Cases, in_two_rooms, tell_night
from inventory.operations.gathering import Gathered, columns_of, newest_model
from inventory.operations.judging import gather_interval, keep_coverage, keep_judgement, keep_profiles
from inventory.store import beliefs, discrepancies, leases, reader_health
from inventory.store.leases import Lease
from inventory.store.read_profiles import Kept

DAY = timedelta(days=1)
CLOSE_LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Closed:
    """A day that was closed: the new model's version, how many volumes were found how, and what became of discrepancies."""

    version: int
    outcomes: dict[str, int]
    cases: Cases


def last_close(connection: psycopg.Connection[Any]) -> datetime | None:
    """The end of the last day that was closed."""
    return beliefs.last_learned(connection)


def close_day(
    connection: psycopg.Connection[Any], at: datetime, lease: Lease | None = None, now: datetime | None = None
) -> Closed:
    """Judge the day before `at`, learn from it, and keep judgements, beliefs, read profiles and a new model version.

    Discrepancies are opened, told again and closed in the same transaction. A day without evidence still gets its version, so
    that every day has one close.
    """
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now or at, CLOSE_LEASE)
        reader_health.forget_hours(connection, at)
        _, model = newest_model(connection, at)
        interval = gather_interval(connection, at - DAY, at)
        gathered = interval.gathered
        answers = _answers(connection, gathered, at)
        if not len(gathered.sightings) and not (gathered.zones and len(gathered.zones.sightings)):
            counted = with_answers(model, answers).parameters()
            version = beliefs.add_model(connection, counted, made_at=at, learned_until=at)
            return Closed(version, {}, tell_night(connection, at - DAY, at, now or at, []))
        heard = (gathered.trail, gathered.places, gathered.ledger_place)
        model = learn(gathered.sightings.whole(), *heard, model)
        learned, profiles, judged = close_night(
            gathered.sightings, *heard, model, interval.profiles, interval.past, answers
        )
        keep_coverage(connection, gathered, judged.night.posts)
        unseen, zone_profiles = profiles.unseen, None
        if gathered.zones is not None and interval.zone_profiles is not None:
            learned, zone_profiles, by_aisle = close_zones(
                gathered.zones, gathered.ledger_place, gathered.moved_at, learned, interval.zone_profiles
            )
            judged, decided = with_zones(judged, by_aisle, gathered.zones, gathered.ledger_place)
            unseen = np.where(decided, zone_profiles.unseen, unseen)
        version = beliefs.add_model(connection, learned.parameters(), made_at=at, learned_until=at)
        keep_profiles(connection, gathered, interval.profiles, profiles, version)
        if interval.zone_profiles is not None and zone_profiles is not None:
            keep_profiles(connection, gathered, interval.zone_profiles, zone_profiles, version, Kept.ZONES)
        keep_judgement(connection, interval, judged, unseen, version)
        place_ids = gathered.place_ids
        swapped = [(int(place_ids[one]), int(place_ids[other])) for one, other in judged.swapped]
        reader_health.keep_swapped(connection, swapped, at)
        beliefs.keep(connection, columns_of(gathered, judged.beliefs), version)
        cases = tell_night(connection, at - DAY, at, now or at, in_two_rooms(gathered, judged.night.hearings))
    counts = np.bincount(judged.outcome, minlength=len(Outcome))
    return Closed(version, {outcome.name.lower(): int(counts[outcome]) for outcome in Outcome}, cases)


def _answers(connection: psycopg.Connection[Any], gathered: Gathered, at: datetime) -> Answers:
    """What people answered to discrepancies until then; of volumes the ledger has moved since, nothing.

    Each answer is counted by one close: a day closed again, or days that were not closed in time, change no count.
    """
    volume, place, since = discrepancies.stood_there(connection, at)
    known = np.isin(volume, gathered.volume_ids)
    row = np.searchsorted(gathered.volume_ids, volume[known])
    stays = gathered.moved_at[row] == since[known]
    counted = discrepancies.answered(connection, last_close(connection) or at - DAY, at)
    nothing = (0.0, 0.0)
    return Answers(
        row[stays],
        np.searchsorted(gathered.place_ids, place[known][stays]),
        counted.get(DiscrepancyKind.MISPLACED, nothing),
        counted.get(DiscrepancyKind.MISSING, nothing),
    )
