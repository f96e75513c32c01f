"""What was heard in an interval: placed, with exchanged antennas put right, and summed up by volume and place."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Company, Integers, Packed, Places, Sightings, Trail, distinct
from inventory.locating.following import stays_of
from inventory.locating.model import Model
from inventory.locating.sensing import Hearings, nearby
from inventory.locating.tracing import Posts, company_of, phases_of, places_of, posts_of, together
from inventory.locating.working import in_turn

MOST_HEARD = 0.5  # of a shelf's volumes


@dataclass(frozen=True)
class Night:
    """What was heard, placed and summed up. fixed: places with an antenna that doesn't move, and heard something.

    served: pairs (place of a fixed antenna, shelf without one that it hears most volumes of), ascending.
    """

    hearings: Hearings
    posts: Posts
    pairs_near: tuple[Integers, Integers]
    reads: Integers
    last_seen: Integers
    swapped: tuple[tuple[int, int], ...]
    fixed: Integers
    served: tuple[Integers, Integers]

    @property
    def covers(self) -> NDArray[np.bool_]:
        """Of each place whether it was listened at, from itself or by an antenna that serves it; the last answers for NONE."""
        covered = np.append(self.posts.effort > 0, False)
        covered[self.served[1]] = True
        return covered


def hear(sightings: Sightings | Packed, trail: Trail, places: Places, ledger_place: Integers, model: Model) -> Night:
    """Place everything that was heard and sum it up by volume and place; swapped antennas speak for each other.

    What is packed is looked at part by part, twice: for the company, which tells where readers were, and by where they were;
    then it is let go of.
    """
    count = len(places.x)
    company = trail.company
    if company is None:
        company = together([company_of(part, ledger_place) for part in sightings.parts()])
    swapped = swapped_antennas(company, count)
    meant = _exchange(count, swapped)
    if swapped:
        company = replace(company, place=meant[company.place])
    trail = replace(trail, company=company)
    held = np.bincount(ledger_place[ledger_place != NONE], minlength=count)
    stays = stays_of(trail, places, held, model)
    posts = posts_of(company, stays, count)

    def heard(part: Sightings) -> tuple[Hearings, Integers, Integers]:
        if swapped:
            part = replace(part, place=meant[part.place])
        seen_at = places_of(part, trail, model, stays)
        return hearings_of(part, seen_at, phases_of(part, stays), posts), *_reads_and_last(part, len(ledger_place))

    parts = in_turn(heard, sightings.parts())
    hearings, reads, last_seen = next(parts)
    found = [hearings]
    for hearings, more, last in parts:
        found.append(hearings)
        reads += more
        np.maximum(last_seen, last, out=last_seen)
    sightings.let_go()
    hearings = _sorted(found)
    near = _near_pairs(places, posts, ledger_place, hearings)
    fixed = distinct(company.place[company.place != NONE])
    nothing = np.zeros(0, np.int64)
    return Night(hearings, posts, near, reads, last_seen, swapped, fixed, (nothing, nothing))


def _sorted(found: list[Hearings]) -> Hearings:
    """Hearings of different volumes as one, ascending."""
    if len(found) == 1:
        return found[0]
    order = np.lexsort([np.concatenate([getattr(one, key) for one in found]) for key in ("place", "volume")])
    return Hearings(*(np.concatenate([getattr(one, f.name) for one in found])[order] for f in fields(Hearings)))


def hear_alone(sightings: Sightings, seen_at: Integers, places: Places, volumes: int, level_dbm: float) -> Night:
    """The same of each volume by itself: every place counts as visited once, and as loud as usual.

    Who listened where in vain would have to be known from what was heard of other volumes, and then it mattered which ones are
    looked at together. How often somebody was there isn't known either, so the reads count only where no strength is told.
    """
    count = len(places.x)
    posts = Posts(np.ones(count, np.int64), np.full(count, level_dbm), np.full(count, NONE))
    hearings = hearings_of(sightings, seen_at, np.full(len(seen_at), NONE), posts)
    untold = np.isnan(hearings.strength)
    hearings = replace(hearings, reads=np.where(untold, hearings.reads, np.nan))
    nowhere = np.zeros(0, np.int64)
    return Night(
        hearings, posts, (nowhere, nowhere), *_reads_and_last(sightings, volumes), (), nowhere, (nowhere, nowhere)
    )


def heard_by_others(night: Night, ledger_place: Integers, antennas: Integers) -> Night:
    """The same, with shelves that have no antenna of their own listened at by those fixed ones that hear most of their volumes.

    One antenna may serve several boards. antennas: places that have one, or heard something on earlier nights: a shelf whose own
    is silent tonight isn't listened at by its neighbours'.
    """
    hearings, posts, count = night.hearings, night.posts, len(night.posts.effort)
    own = posts.effort > 0
    own[antennas] = True
    home = ledger_place[hearings.volume]
    rows = np.flatnonzero((home != NONE) & ~own[home] & np.isin(hearings.place, night.fixed))
    if not len(rows):
        return night
    key, heard = np.unique(hearings.place[rows] * count + home[rows], return_counts=True)
    here, there = key // count, key % count
    held = np.bincount(ledger_place[ledger_place != NONE], minlength=count)
    most = heard > MOST_HEARD * held[there]
    here, there = here[most], there[most]
    last = posts.last.copy()
    np.maximum.at(last, there, posts.last[here])
    return replace(night, posts=posts._replace(last=last), served=(here, there))


def _near_pairs(places: Places, posts: Posts, ledger_place: Integers, hearings: Hearings) -> tuple[Integers, Integers]:
    """Pairs of a place listened at and a place some volume may stand at, near each other; ascending."""
    count = len(places.x)
    listened = np.flatnonzero(posts.effort > 0)
    standing = np.unique(np.concatenate([ledger_place[ledger_place != NONE], hearings.place]))
    one, other = nearby(places, listened, standing)
    near = distinct(one * count + other)
    return near // count, near % count


def _reads_and_last(sightings: Sightings, volumes: int) -> tuple[Integers, Integers]:
    reads = np.bincount(sightings.volume, sightings.reads, volumes).astype(np.int64)
    last_seen = np.full(volumes, NONE)
    np.maximum.at(last_seen, sightings.volume, sightings.last_at)
    return reads, last_seen


def hearings_of(sightings: Sightings, seen_at: Integers, phases: Integers, posts: Posts) -> Hearings:
    """Sums by volume and place, in integers until the last; a place counts only if somebody really was there."""
    count = len(posts.level)
    placed = np.flatnonzero((seen_at != NONE) & (posts.effort[np.maximum(seen_at, 0)] > 0))
    key, row = np.unique(sightings.volume[placed] * count + seen_at[placed], return_inverse=True)
    reads = np.bincount(row, sightings.reads[placed], len(key))
    told = np.bincount(row, sightings.rssi_reads[placed], len(key))
    total = np.bincount(row, sightings.rssi_sum[placed], len(key))
    place = key % count
    strength = np.full(len(key), np.nan)
    np.divide(total, told * 100.0, out=strength, where=told > 0)
    phased = np.where(phases[placed] == NONE, 0, sightings.reads[placed])
    times, in_all = np.bincount(row, phased, len(key)), np.bincount(row, phased * phases[placed], len(key))
    phase = np.full(len(key), np.nan)
    np.divide(in_all, times * 1000.0, out=phase, where=times > 0)
    return Hearings(
        volume=key // count,
        place=place,
        reads=np.log(reads / posts.effort[place]),
        strength=strength - posts.level[place],
        phase=phase,
        count=reads.astype(np.int64),
    )


def swapped_antennas(company: Company, places: int) -> tuple[tuple[int, int], ...]:
    """Pairs of fixed antennas each of which hears the other's volumes most and loudest: their cables are exchanged."""
    rows = np.flatnonzero((company.place != NONE) & (company.home != NONE))
    if not len(rows):
        return ()
    dbm = np.where(
        company.rssi_reads[rows] > 0, company.rssi_sum[rows] / np.maximum(company.rssi_reads[rows], 1) / 100, -60
    )
    key, row = np.unique(company.place[rows] * places + company.home[rows], return_inverse=True)
    weight = np.bincount(row, company.reads[rows] * 10.0 ** (dbm / 20), len(key))
    antenna, home = key // places, key % places
    fixed = np.unique(antenna)
    order = np.lexsort((home, -weight, antenna))
    _, first = np.unique(antenna[order], return_index=True)
    loudest = np.full(places, NONE)
    loudest[fixed] = home[order[first]]
    back = np.where(loudest[fixed] != NONE, loudest[np.maximum(loudest[fixed], 0)], NONE)
    mutual = (loudest[fixed] != fixed) & (back == fixed) & (fixed < loudest[fixed])
    return tuple((int(one), int(loudest[one])) for one in fixed[mutual])


def _exchange(places: int, swapped: tuple[tuple[int, int], ...]) -> Integers:
    """Which place an antenna's number stands for; the last entry answers for NONE."""
    meant = np.append(np.arange(places), NONE)
    for one, other in swapped:
        meant[[one, other]] = other, one
    return meant


def usual_level(posts: Posts) -> float:
    """How loud shelves' own volumes sound, in the middle of all that were listened at; 0 where none was."""
    levels = posts.level[posts.effort > 0]
    return float(np.median(levels)) if len(levels) else 0.0
