"""Tomorrow's sweep list: on a page and on paper."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

import psycopg

from inventory.domain.counting import LOCAL
from inventory.domain.hall import Hall
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.sweep_list import BayState, Why, chosen, minutes
from inventory.domain.waves import PickPoint, plan_wave
from inventory.operations.count_papers import printed
from inventory.papers.sheets import Printed, Term
from inventory.papers.sweep_sheets import SweepAisle, SweepBay, SweepSheet
from inventory.store import sweep_lists, wave_making
from inventory.store.database import Database, raw
from inventory.store.dossiers import named_places

BUSY_DAYS = 30  # how far back an aisle's movements are counted


@dataclass(frozen=True, slots=True)
class ListedBay:
    """A bay of the list; path: names from the room down."""

    bay: str
    path: tuple[str, ...]
    volumes: int
    undecided: int
    listened_at: datetime | None
    why: Why


@dataclass(frozen=True, slots=True)
class ListedAisle:
    """The bays that are swept from one aisle, in the order of the walk; aisle: None where shelving doesn't move."""

    room: str
    block: str | None
    aisle: str | None
    opens: bool
    bays: tuple[ListedBay, ...]


@dataclass(frozen=True, slots=True)
class SweepList:
    """What to sweep on a day."""

    day: date
    aisles: tuple[ListedAisle, ...]
    volumes: int
    undecided: int
    aisles_opened: int
    metres: float
    minutes: int

    @property
    def bays(self) -> int:
        """How many there are on it."""
        return sum(len(aisle.bays) for aisle in self.aisles)


def tomorrows_list(database: Database, viewer: Viewer, now: datetime) -> SweepList:
    """What to sweep tomorrow, in the order that opens the fewest aisles; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SWEEP)
    with database.transaction(viewer) as session:
        return _list(raw(session), now)


def sweep_paper(database: Database, viewer: Viewer, now: datetime) -> tuple[SweepSheet, Printed]:
    """The same on paper; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SWEEP)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = _list(connection, now)
        foot = printed(connection, viewer, None, now, f"sweep list {found.day}")
    sheet = SweepSheet(
        found.day,
        viewer.name,
        found.minutes,
        tuple(
            SweepAisle(aisle.room, aisle.block, aisle.aisle, aisle.opens, tuple(map(_printed, aisle.bays)))
            for aisle in found.aisles
        ),
    )
    return sheet, foot


def _printed(bay: ListedBay) -> SweepBay:
    place = " · ".join(bay.path[1:])
    return SweepBay(bay.bay, place, bay.volumes, bay.undecided, bay.listened_at, Term(bay.why.zh, bay.why.en))


def _list(connection: psycopg.Connection[Any], now: datetime) -> SweepList:
    day = now.astimezone(LOCAL).date() + timedelta(days=1)
    ends = datetime.combine(day + timedelta(days=1), time(), LOCAL)
    busy = sweep_lists.busy_aisles(connection, now - timedelta(days=BUSY_DAYS))
    listed = chosen(sweep_lists.bays(connection, now), busy, ends)
    rooms = sorted({bay.room for bay, _ in listed})
    points = [PickPoint(at, bay.room, bay.block, bay.aisle, bay.x, bay.y, 0.0) for at, (bay, _) in enumerate(listed)]
    hall = Hall(tuple(wave_making.surveyed_aisles(connection, rooms)))
    walk = plan_wave(points, hall, wave_making.aisles_open(connection, rooms))
    names = named_places(connection, {*rooms, *(bay.bay_id for bay, _ in listed)})

    def told(bay: BayState, why: Why) -> ListedBay:
        place = names[bay.bay_id]
        return ListedBay(place.code, place.path, bay.volumes, bay.undecided, bay.listened_at, why)

    aisles = []
    for (room, block, aisle), stops in groupby(walk.stops, lambda stop: (stop.room, stop.block, stop.aisle)):
        walked = list(stops)
        bays = tuple(told(*listed[key]) for stop in walked for key in stop.keys)
        aisles.append(ListedAisle(names[room].path[-1], block, aisle, any(stop.opens for stop in walked), bays))
    volumes = sum(bay.volumes for bay, _ in listed)
    return SweepList(
        day,
        tuple(aisles),
        volumes,
        sum(bay.undecided for bay, _ in listed),
        walk.aisles_opened,
        walk.metres,
        minutes(volumes, walk.aisles_opened, walk.metres),
    )
