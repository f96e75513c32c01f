"""Waves (出库批次): in which order a keeper picks, so that the fewest aisles are opened and the walk is short.

In a block of mobile shelving one aisle is open at a time, and opening another takes some twenty seconds during which nobody
may stand in the block. Therefore each aisle is visited once:

    Every aisle of the wave that doesn't stand open at the start has to be opened at least once. Visiting each aisle once, and
    in every block the one that stands open before the others, opens each of them exactly once and that one not at all. So no
    order opens fewer, and the lower bound is reached: the number of different aisles less those that stand open.

The metres are made small under that condition (`inventory.domain.aisle_order`, on the ways of `inventory.domain.hall`). Blocks
may alternate, for each has its own open aisle. Should the order asked for open as few aisles and be shorter, which takes an
aisle entered twice while it stays open, that order is kept: a wave is never worse than no wave.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np

from inventory.domain.aisle_order import Metres, Task, Visit, short_order
from inventory.domain.hall import HIGH, LOW, AisleName, Hall, Room, Spot

# All [choice]; a site measures its own.
OPENING_SECONDS = 20
WALKING_METRES_PER_SECOND = 1.0  # with a cart
STOP_SECONDS = 5  # the scan of the shelf
PICK_SECONDS = 10  # to find a dossier, take it and scan it

CENTIMETRES_PER_METRE = 100

BlockName: TypeAlias = tuple[int, str]  # room and block


@dataclass(frozen=True, slots=True)
class PickPoint:
    """One volume to fetch. Metres as in the places register; block and aisle are None on fixed shelving, always open."""

    key: int
    room: int
    block: str | None
    aisle: str | None
    x: float
    y: float
    z: float

    @property
    def aisle_name(self) -> AisleName | None:
        """The aisle it is reached through."""
        return None if self.block is None or self.aisle is None else AisleName(self.room, self.block, self.aisle)

    @property
    def bay(self) -> "BayName":
        """What picks share that are fetched without a step."""
        return BayName(self.aisle_name, round(self.x * CENTIMETRES_PER_METRE), round(self.y * CENTIMETRES_PER_METRE))


class BayName(NamedTuple):
    """A bay within a room: its aisle, and its middle in centimetres."""

    aisle: AisleName | None
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the keeper stands still: the picks of one bay, lowest level first; `opens`: the aisle has to be opened before."""

    keys: tuple[int, ...]
    room: int
    block: str | None
    aisle: str | None
    x: float
    y: float
    opens: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """A wave in order; metres from the door of each room and back to it."""

    stops: tuple[Stop, ...]
    aisles_opened: int
    metres: float

    @property
    def minutes(self) -> float:
        """About how long it takes one keeper."""
        walking = self.metres / WALKING_METRES_PER_SECOND
        picks = sum(len(stop.keys) for stop in self.stops)
        return (
            walking + self.aisles_opened * OPENING_SECONDS + len(self.stops) * STOP_SECONDS + picks * PICK_SECONDS
        ) / 60


def plan_wave(picks: Sequence[PickPoint], hall: Hall | None = None, open_aisles: Collection[AisleName] = ()) -> Walk:
    """The order in which to pick, room by room.

    hall: lengths of aisles and doors; an aisle it doesn't know is as long as the picks in it tell. open_aisles: which stand open
    now, at most one a block.
    """
    return _joined(
        [min(rounds.planned(), rounds.asked(), key=_cost) for rounds in rounds_by_room(picks, hall, open_aisles)]
    )


def walk_as_asked(
    picks: Sequence[PickPoint], hall: Hall | None = None, open_aisles: Collection[AisleName] = ()
) -> Walk:
    """The same picks in the order they are given, for comparison; several rooms one after the other."""
    return _joined([rounds.walk(rounds.runs()) for rounds in rounds_by_room(picks, hall, open_aisles)])


def openings_min(picks: Sequence[PickPoint], open_aisles: Collection[AisleName] = ()) -> int:
    """How many aisles have to be opened in any order."""
    return len({pick.aisle_name for pick in picks} - {None, *open_aisles})


def _cost(walk: Walk) -> tuple[int, float]:
    return walk.aisles_opened, walk.metres


def _joined(walks: Sequence[Walk]) -> Walk:
    stops = tuple(stop for walk in walks for stop in walk.stops)
    return Walk(stops, sum(walk.aisles_opened for walk in walks), sum((walk.metres for walk in walks), 0.0))


def rounds_by_room(picks: Sequence[PickPoint], hall: Hall | None, open_aisles: Collection[AisleName]) -> "list[Rounds]":
    """The picks of each room by themselves."""
    opened = {(name.room, name.block): name for name in open_aisles}
    if len(opened) < len(set(open_aisles)):
        message = "in a block one aisle is open at a time"
        raise ValueError(message)
    whole = (hall or Hall()).completed((name, Spot(pick.x, pick.y)) for pick in picks if (name := pick.aisle_name))
    by_room: defaultdict[int, list[PickPoint]] = defaultdict(list)
    for pick in picks:
        by_room[pick.room].append(pick)
    return [Rounds(by_room[room], Room(whole, room), opened) for room in sorted(by_room)]


class _Bay(NamedTuple):
    """Picks fetched without a step between them; reach: metres to head 0 and to head 1 of their cluster."""

    picks: Sequence[PickPoint]
    cluster: int
    reach: tuple[float, float]

    @property
    def aisle(self) -> AisleName | None:
        return self.picks[0].aisle_name


class Rounds:
    """A keeper's possible rounds through one room.

    A cluster is an aisle, or a single bay of fixed shelving, whose two heads are the bay itself. Clusters are numbered in the
    order asked for; head e of cluster c has row 2c + e of `distances`, the door has the last.
    """

    def __init__(self, picks: Sequence[PickPoint], room: Room, opened: Mapping[BlockName, AisleName]) -> None:
        self.picks, self.room, self.opened = picks, room, opened
        self.clusters: dict[AisleName | BayName, int] = {}
        heads: list[tuple[Spot, Spot]] = []
        for pick in picks:
            name = pick.aisle_name or pick.bay
            if name not in self.clusters:
                self.clusters[name] = len(heads)
                spot = Spot(pick.x, pick.y)
                heads.append(room.heads(name) if isinstance(name, AisleName) else (spot, spot))
        spots = np.array(heads).reshape(-1, 2)
        self.distances: Metres = room.distances(np.vstack([spots, room.door(spots)]))

    def runs(self) -> list[_Bay]:
        """The picks in their order; only those that follow each other in one bay are together."""
        return [self._bay(list(same)) for _, same in groupby(self.picks, key=lambda pick: pick.bay)]

    def bays(self) -> list[_Bay]:
        """Every bay once, where it is first asked for."""
        by_bay: defaultdict[BayName, list[PickPoint]] = defaultdict(list)
        for pick in self.picks:
            by_bay[pick.bay].append(pick)
        return [self._bay(picks) for picks in by_bay.values()]

    def asked(self) -> Walk:
        """The order asked for, every bay once."""
        return self.walk(self.bays())

    def planned(self) -> Walk:
        """Every aisle once, in a short order."""
        by_cluster = self._by_cluster()
        _, visits = short_order(self.task())
        return self.walk([bay for visit in visits for bay in _in_order(by_cluster[visit.aisle], visit)])

    def walk(self, bays: Sequence[_Bay]) -> Walk:
        """What it takes to go from bay to bay in this order, from the door and back."""
        opened, stops = dict(self.opened), []
        for bay in bays:
            aisle = bay.aisle
            opens = aisle is not None and opened.get((aisle.room, aisle.block)) != aisle
            if aisle is not None:
                opened[aisle.room, aisle.block] = aisle
            stops.append(_stop(bay, opens=opens))
        door = len(self.distances) - 1
        ends = [self._to(bays[0], door), self._to(bays[-1], door)]
        metres = sum(ends) + sum(self._between(bay, following) for bay, following in pairwise(bays))
        return Walk(tuple(stops), sum(stop.opens for stop in stops), metres)

    def _by_cluster(self) -> dict[int, list[_Bay]]:
        by_cluster: defaultdict[int, list[_Bay]] = defaultdict(list)
        for bay in self.bays():
            by_cluster[bay.cluster].append(bay)
        return by_cluster

    def _bay(self, picks: Sequence[PickPoint]) -> _Bay:
        first = picks[0]
        name, spot = first.aisle_name, Spot(first.x, first.y)
        reach = (0.0, 0.0) if name is None else self.room.reach(name, spot)
        return _Bay(picks, self.clusters[name or first.bay], reach)

    def task(self) -> Task:
        """The clusters to be brought into an order."""
        by_cluster = self._by_cluster()
        through = np.zeros((len(self.clusters), 2, 2))
        members: defaultdict[BlockName, set[int]] = defaultdict(set)
        for name, cluster in self.clusters.items():
            if isinstance(name, AisleName):
                low, high = (2 * max(bay.reach[end] for bay in by_cluster[cluster]) for end in (LOW, HIGH))
                length = self.room.length(name)
                through[cluster] = [[low, length], [length, high]]
                members[name.room, name.block].add(cluster)
        leaders = {block: self.clusters[name] for block, name in self.opened.items() if name in self.clusters}
        before = {leader: frozenset(members[block] - {leader}) for block, leader in leaders.items()}
        return Task(self.distances, through, before)

    def _to(self, bay: _Bay, head: int) -> float:
        """Metres from a bay to a head outside its aisle."""
        return float(min(bay.reach[end] + self.distances[2 * bay.cluster + end, head] for end in (LOW, HIGH)))

    def _between(self, bay: _Bay, following: _Bay) -> float:
        if bay.cluster == following.cluster:
            end = LOW if bay.reach[LOW] < inf else HIGH
            return abs(bay.reach[end] - following.reach[end])
        heads = ((end, 2 * following.cluster + end) for end in (LOW, HIGH))
        return min(self._to(bay, head) + following.reach[end] for end, head in heads)


def _in_order(bays: Sequence[_Bay], visit: Visit) -> list[_Bay]:
    """The bays of an aisle as one comes to them."""
    return sorted(bays, key=lambda bay: bay.reach[visit.enter])


def _stop(bay: _Bay, *, opens: bool) -> Stop:
    keys = tuple(pick.key for pick in sorted(bay.picks, key=lambda pick: (pick.z, pick.key)))
    first = bay.picks[0]
    return Stop(keys, first.room, first.block, first.aisle, first.x, first.y, opens)
