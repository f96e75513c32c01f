"""The sweep assistant: what a handheld or cart has heard so far, judged on the spot, and which bays wait for a sweep."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import ReaderNotFound
from inventory.domain.searching import case_number
from inventory.domain.sweeping import BaySwept, ReaderSweeping, ShelfSwept, Stranger, SweepView, ToSweep
from inventory.locating.arrays import NONE, Integers
from inventory.locating.judging import Judgement, Outcome, judge
from inventory.locating.listening import hear
from inventory.operations.gathering import Gathered, gathered_of, model_now
from inventory.operations.judging import interval_of
from inventory.store import audits, brought, sweeps
from inventory.store.batch import moment
from inventory.store.brought import BroughtRow
from inventory.store.database import Database, raw
from inventory.store.dossiers import named_places

SWEEP = timedelta(minutes=30)  # what a keeper looks back on while sweeping
CLOCK_AHEAD = timedelta(minutes=1)  # of a reader's clock
THROUGH_METRES = 3.0  # tags are heard through boards and across an aisle, from farther away they hardly are
BAYS_SHOWN_MAX = 12
BROUGHT_SHOWN_MAX = 8
STRANGERS_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Sweeps:
    """Readers that sweep or could, the bays that wait, and what was brought of docked handhelds lately, newest first."""

    readers: tuple[ReaderSweeping, ...]
    waiting: tuple[ToSweep, ...]
    brought: tuple[BroughtRow, ...]


def look_at_sweeps(database: Database, viewer: Viewer, now: datetime) -> Sweeps:
    """Who sweeps just now, and what is to be swept next; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SWEEP)
    with database.transaction(viewer) as session:
        connection = raw(session)
        readers = sweeps.moving_readers(connection, now - timedelta(hours=12))
        rows = sweeps.to_sweep(connection)
        docked = brought.newest(connection)[:BROUGHT_SHOWN_MAX]
        places = named_places(connection, [bay for bay, *_ in rows])
    waiting = [
        ToSweep(places[bay].code, places[bay].path, undecided, volumes, at) for bay, undecided, volumes, at in rows
    ]
    return Sweeps(tuple(readers), tuple(waiting), tuple(docked))


def watch_sweep(database: Database, viewer: Viewer, reader: str, now: datetime) -> SweepView:
    """What the reader heard in the half hour before `now`, judged; raises `NotAllowed`, `ReaderNotFound`.

    A function of that evidence, of the ledger just now and of the newest model: whoever looks, and whenever, sees the same.
    """
    check_permitted(viewer, Permission.SWEEP)
    since = now - SWEEP
    with database.transaction(viewer) as session:
        connection = raw(session)
        reader_id = sweeps.moving_reader(connection, reader)
        if reader_id is None:
            raise ReaderNotFound(reader=reader)
        rows = sweeps.heard(connection, reader_id, since, now + CLOCK_AHEAD)
        if not len(rows[0]):
            return SweepView(reader, since, None, 0, (), (), ())
        return _view(connection, reader, rows, since, now)


def _view(
    connection: psycopg.Connection[Any], reader: str, rows: list[Any], since: datetime, now: datetime
) -> SweepView:
    _, model = model_now(connection)
    heard_ids = np.unique(rows[0]).tolist()
    first = gathered_of(connection, np.array(heard_ids, np.int64), rows, sweeps.held(connection, heard_ids, []), now)
    night = hear(first.sightings, first.trail, first.places, first.ledger_place, model)
    visited = first.place_ids[np.flatnonzero(night.posts.effort > 0)].tolist()
    around = sweeps.shelves_beside(connection, visited)
    held = sweeps.held(connection, heard_ids, around)
    gathered = gathered_of(connection, np.union1d(rows[0], held[0]), rows, held, now)
    interval = interval_of(connection, gathered, since, now)
    judged = judge(
        gathered.sightings,
        gathered.trail,
        gathered.places,
        gathered.ledger_place,
        model,
        interval.profiles,
        interval.past,
    )
    never_heard = (interval.profiles.nights > 0) & (interval.profiles.seen == 0) & ~interval.past.read_before
    strangers = _strangers(connection, gathered, judged)
    return SweepView(
        reader=reader,
        since=since,
        at=moment(int(rows[7].max())),
        reads=int(rows[4].sum()),
        bays=tuple(_bays(connection, gathered, judged, never_heard, around)),
        strangers=tuple(strangers[:STRANGERS_SHOWN_MAX]),
        hunted=tuple(one for one in strangers if one.searched is not None),
    )


def _bays(
    connection: psycopg.Connection[Any],
    gathered: Gathered,
    judged: Judgement,
    never_heard: NDArray[np.bool_],
    around: Sequence[int],
) -> list[BaySwept]:
    """Every bay the reader was at, the newest first; `never_heard`: volumes that earlier nights listened for in vain."""
    posts, position = judged.night.posts, {place: row for row, place in enumerate(gathered.place_ids.tolist())}
    home = judged.beliefs.place == gathered.ledger_place[judged.beliefs.volume]
    heard_home = np.bincount(judged.beliefs.place[home], minlength=len(position))
    expected = _by_shelf(gathered.ledger_place, len(position))
    unsure = _by_shelf(gathered.ledger_place[_unsure(gathered, judged, never_heard)], len(position))
    bays: dict[int, list[tuple[int, ShelfSwept]]] = defaultdict(list)
    for place, code, name, bay, _ in sweeps.shelves(connection, around):
        row = position[place]
        counts = (int(column[row]) for column in (expected, heard_home, unsure, posts.effort))
        bays[bay].append((row, ShelfSwept(code, name, *counts)))
    names = named_places(connection, bays)
    newest = sorted(bays, key=lambda bay: -max(int(posts.last[row]) for row, _ in bays[bay]))
    return [
        BaySwept(names[bay].code, names[bay].path, tuple(shelf for _, shelf in bays[bay]))
        for bay in newest[:BAYS_SHOWN_MAX]
    ]


def _by_shelf(places: Integers, count: int) -> Integers:
    return np.bincount(places[places != NONE], minlength=count)


def _unsure(gathered: Gathered, judged: Judgement, never_heard: NDArray[np.bool_]) -> Integers:
    """Volumes of bays passed that another pass could tell more of: undecided, or not heard at all so far; no weak tags."""
    unheard = (judged.night.reads == 0) & ~never_heard
    return np.flatnonzero(((judged.outcome == Outcome.UNDECIDED) | unheard) & (gathered.ledger_place != NONE))


def _heard_through(gathered: Gathered, judged: Judgement) -> NDArray[np.bool_]:
    """Of each belief, whether the volume's own shelf is close by and the reader hasn't been there: it may sound through."""
    beliefs, places = judged.beliefs, gathered.places
    home = gathered.ledger_place[beliefs.volume]
    with np.errstate(invalid="ignore"):
        apart = np.hypot(places.x[home] - places.x[beliefs.place], places.y[home] - places.y[beliefs.place])
    close = (apart <= THROUGH_METRES) & (places.room[home] == places.room[beliefs.place]) & (home != NONE)
    return np.asarray(close & ~judged.listened[beliefs.volume])


def _strangers(connection: psycopg.Connection[Any], gathered: Gathered, judged: Judgement) -> list[Stranger]:
    """What was found elsewhere than the ledger has it, and whatever was being searched for, wherever it was heard."""
    beliefs = judged.beliefs
    elsewhere = (judged.outcome[beliefs.volume] == Outcome.ELSEWHERE) & ~_heard_through(gathered, judged)
    ids = gathered.volume_ids[beliefs.volume]
    searched = sweeps.searched(connection, ids.tolist())
    rows = np.flatnonzero(elsewhere | np.isin(ids, list(searched)))
    names = audits.volume_names(connection, ids[rows].tolist())
    at = np.append(gathered.place_ids, NONE)
    here, home = at[beliefs.place[rows]].tolist(), at[gathered.ledger_place[beliefs.volume[rows]]].tolist()
    codes = audits.codes_and_kinds(connection, {*here, *home} - {NONE})
    found = [
        Stranger(
            volume=names[volume],
            here=codes[there][0],
            belongs=None if belongs == NONE else codes[belongs][0],
            probability=probability,
            section_only=section,
            searched=case_number(searched[volume]) if volume in searched else None,
        )
        for volume, there, belongs, probability, section in zip(
            ids[rows].tolist(),
            here,
            home,
            judged.certainty[rows].tolist(),
            judged.section[beliefs.volume[rows]].tolist(),
            strict=True,
        )
    ]
    return sorted(found, key=lambda one: (one.searched is None, one.here, one.volume))
