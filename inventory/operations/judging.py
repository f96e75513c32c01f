"""Judging an interval: all that was heard between two instants, held against the ledger at its end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers
from inventory.locating.judging import Judgement, Outcome, Past, judge
from inventory.locating.model import Model
from inventory.locating.profiling import Profiles
from inventory.locating.tracing import Posts
from inventory.locating.zones import judge_zones, with_zones
from inventory.operations.gathering import Gathered, gather_between, positions
from inventory.store import judgements, read_profiles
from inventory.store.beliefs import Roots
from inventory.store.judgements import JudgedVolume
from inventory.store.read_profiles import Kept, ProfileRow


@dataclass(frozen=True)
class Interval:
    """Everything a judgement takes: evidence and ledger, the volumes' profiles, and what else is known of them.

    zone_profiles: how they sound from their aisles; None where no antenna looks into any.
    """

    since: datetime
    until: datetime
    gathered: Gathered
    profiles: Profiles
    past: Past
    zone_profiles: Profiles | None = None


def judged_interval(interval: Interval, model: Model) -> tuple[Judgement, Integers]:
    """The judgement of an interval; second, of each volume how many nights it was covered and not heard, this one among them."""
    heard, zones = interval.gathered, interval.gathered.zones
    judged = judge(
        heard.sightings, heard.trail, heard.places, heard.ledger_place, model, interval.profiles, interval.past
    )
    if zones is None or interval.zone_profiles is None:
        return judged, interval.profiles.unseen + (judged.listened & (judged.night.reads == 0))
    by_aisle = judge_zones(zones, heard.ledger_place, heard.moved_at, model, interval.zone_profiles)
    judged, decided = with_zones(judged, by_aisle, zones, heard.ledger_place)
    unseen = np.where(decided, interval.zone_profiles.unseen, interval.profiles.unseen)
    return judged, unseen + (judged.listened & (judged.night.reads == 0))


def gather_interval(
    connection: psycopg.Connection[Any], since: datetime, until: datetime, roots: Roots | None = None
) -> Interval:
    """Read it all, as of `until`; roots: the ledger's ends, later acts unknown; None: all that it has now."""
    return _interval(connection, gather_between(connection, since, until, roots), since, until, None)


def interval_of(connection: psycopg.Connection[Any], gathered: Gathered, since: datetime, until: datetime) -> Interval:
    """What was gathered of some volumes, with their profiles and what else is known of them."""
    return _interval(connection, gathered, since, until, gathered.volume_ids.tolist())


def _interval(
    connection: psycopg.Connection[Any],
    gathered: Gathered,
    since: datetime,
    until: datetime,
    volume_ids: list[int] | None,
) -> Interval:
    """volume_ids: whose past to read; None where it is the whole site's, whose ids needn't be named."""
    before = judgements.read_before(connection, volume_ids, until)
    read = np.isin(gathered.volume_ids, before, assume_unique=True)
    profiles = _profiles(connection, gathered, volume_ids, Kept.SHELVES)
    zones = None if gathered.zones is None else _profiles(connection, gathered, volume_ids, Kept.ZONES)
    return Interval(since, until, gathered, profiles, Past(moved_at=gathered.moved_at, read_before=read), zones)


def _profiles(
    connection: psycopg.Connection[Any], gathered: Gathered, volume_ids: list[int] | None, kept: Kept
) -> Profiles:
    """Of the volumes gathered; one that lost its tag has none any more."""
    place_ids = _places_of(gathered, kept)
    volume, home, nights, seen, reads, unseen = read_profiles.volumes(connection, volume_ids, kept)
    known = np.isin(volume, gathered.volume_ids)
    row = np.searchsorted(gathered.volume_ids, volume[known])
    size = len(gathered.volume_ids)

    def spread(values: Integers, empty: int) -> Integers:
        whole = np.full(size, empty, np.int64)
        whole[row] = values[known]
        return whole

    of, at, *sums = read_profiles.heard(connection, volume_ids, kept)
    owner = np.searchsorted(gathered.volume_ids, of)
    here = gathered.volume_ids[np.minimum(owner, max(size - 1, 0))] == of if size else np.zeros(len(of), bool)
    here &= np.isin(at, place_ids)  # an aisle nobody looks into any more
    if not here.all():
        owner, at, *sums = (column[here] for column in (owner, at, *sums))
    heard, told, strength, log_reads, phased, phase = sums
    return Profiles(
        home=positions(place_ids, spread(np.where(np.isin(home, place_ids), home, NONE), NONE)),
        nights=spread(nights, 0),
        seen=spread(seen, 0),
        reads=spread(reads, 0),
        unseen=spread(unseen, 0),
        volume=owner,
        place=np.searchsorted(place_ids, at),
        heard=heard,
        told=told,
        strength=strength,
        log_reads=log_reads,
        phased=phased,
        phase=phase,
    )


def _places_of(gathered: Gathered, kept: Kept) -> Integers:
    """The ids of what profiles of that kind number: all places, or the aisles."""
    return gathered.place_ids if kept is Kept.SHELVES else gathered.zone_ids


SUMS = ("heard", "told", "strength", "log_reads", "phased", "phase")


def keep_profiles(
    connection: psycopg.Connection[Any],
    gathered: Gathered,
    before: Profiles,
    after: Profiles,
    version: int,
    kept: Kept = Kept.SHELVES,
) -> None:
    """Store the profiles that a close changed."""
    per_volume = ("home", "nights", "seen", "reads", "unseen")
    changed = np.any([getattr(before, name) != getattr(after, name) for name in per_volume], axis=0)
    # Old nights fade, so a volume's counts may stay as they were while its sums move on.
    size = len(changed)
    for name in SUMS:
        sums = (np.bincount(of.volume, getattr(of, name), size) for of in (before, after))
        changed |= np.not_equal(*sums)
    forgotten = changed & (after.home == NONE)
    place_ids = _places_of(gathered, kept)
    rows = _profile_rows(gathered.volume_ids, place_ids, after, np.flatnonzero(changed & ~forgotten), version)
    read_profiles.keep(connection, rows, gathered.volume_ids[forgotten].tolist(), kept)


def _profile_rows(
    volume_ids: Integers, place_ids: Integers, after: Profiles, volumes: Integers, version: int
) -> Iterator[ProfileRow]:
    first = np.searchsorted(after.volume, volumes).tolist()
    end = np.searchsorted(after.volume, volumes, side="right").tolist()
    ids, home = volume_ids[volumes].tolist(), place_ids[after.home[volumes]].tolist()
    nights, seen, reads, unseen = (
        getattr(after, name)[volumes].tolist() for name in ("nights", "seen", "reads", "unseen")
    )
    places, sums = place_ids[after.place].tolist(), [getattr(after, name).tolist() for name in SUMS]
    for row, (begin, stop) in enumerate(zip(first, end, strict=True)):
        heard, told, strength, log_reads, phased, phase = (column[begin:stop] for column in sums)
        yield ProfileRow(
            volume_id=ids[row],
            place_id=home[row],
            nights=nights[row],
            seen=seen[row],
            reads=reads[row],
            unseen=unseen[row],
            heard_at=places[begin:stop],
            heard=heard,
            told=told,
            strength=strength,
            log_reads=log_reads,
            phased=phased,
            phase=phase,
            model_version=version,
        )


def judged_volumes(
    interval: Interval, judged: Judgement, unseen: Integers, wanted: NDArray[np.bool_] | None = None
) -> Iterator[JudgedVolume]:
    """How each volume was found that was covered or heard, with the database's ids.

    unseen: of each volume, how many nights it was covered and not heard, this one among them. wanted: of which volumes.
    """
    gathered, beliefs = interval.gathered, judged.beliefs
    told = judged.outcome != Outcome.UNCOVERED
    volumes = np.flatnonzero(told if wanted is None else told & wanted)
    place, probability = np.full(len(judged.outcome), NONE), np.zeros(len(judged.outcome))
    place[beliefs.volume], probability[beliefs.volume] = beliefs.place, judged.certainty
    names = [outcome.name.lower() for outcome in Outcome]
    ids = np.append(gathered.place_ids, NONE)
    columns = (
        gathered.volume_ids[volumes],
        judged.outcome[volumes],
        ids[gathered.ledger_place[volumes]],
        ids[place[volumes]],
        probability[volumes],
        judged.section[volumes],
        judged.missing[volumes],
        unseen[volumes],
    )
    for volume, outcome, ledger, at, likely, section, missing, nights in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        heard = at != NONE
        yield JudgedVolume(
            volume_id=volume,
            outcome=names[outcome],
            ledger_place_id=None if ledger == NONE else ledger,
            place_id=at if heard else None,
            probability=min(likely, 1.0) if heard else None,
            section_only=section,
            missing_probability=missing,
            nights_unseen=nights,
        )


def keep_judgement(
    connection: psycopg.Connection[Any], interval: Interval, judged: Judgement, unseen: Integers, version: int
) -> None:
    """Store how each volume was found; what wasn't covered keeps the judgement it has."""
    judgements.keep(connection, interval.since, interval.until, version, judged_volumes(interval, judged, unseen))


def keep_coverage(connection: psycopg.Connection[Any], gathered: Gathered, posts: Posts) -> None:
    """Store where readers were that tell the shelf: from an aisle's end nobody sees whether all stand where they belong."""
    place_ids = gathered.place_ids
    there = np.flatnonzero(posts.last != NONE)
    visits = np.maximum(posts.effort[there], 1)  # a shelf that another's antenna serves has none of its own
    judgements.keep_coverage(connection, place_ids[there].tolist(), posts.last[there].tolist(), visits.tolist())
