"""How far a keeper walks in a hall of mobile shelving: rectilinearly, along the corridors, around the blocks.

The model [choice]. A block is a rectangle nobody walks through. Its aisles lead straight from one end face of the block to
the other; the one that stands open is entered and left at its ends, the *heads*, and is no short cut for other ways. Outside,
every step is along x or y, half a metre away from shelves. Coordinates are the register's: all carriages pushed together, so
the width of the open aisle itself (some 0.9 m a block) isn't counted. Where a register's coordinates leave no way between two
heads (blocks drawn over each other), the way is as long as if nothing stood in between.

Each room is a plane of its own: the keeper enters and leaves it at its door, and ways between rooms aren't counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Metres: TypeAlias = NDArray[np.float64]

BAY_HALF_METRES = 0.45  # from the centre of the last bay to the end face of its block
CARRIAGE_HALF_METRES = 0.175  # from the centre of a face to its front
CLEARANCE_METRES = 0.50  # people with a cart keep away from shelves
LOW, HIGH = 0, 1  # an aisle's two ends, by the coordinate along it


class Spot(NamedTuple):
    """A point of a room's floor, in metres."""

    x: float
    y: float


class AisleName(NamedTuple):
    """An aisle: the room's id, and what is written on block and aisle."""

    room: int
    block: str
    aisle: str


@dataclass(frozen=True, slots=True)
class Aisle:
    """An aisle between two faces: the box around the centres of its bays, and at which ends it can be entered."""

    name: AisleName
    x_min: float
    x_max: float
    y_min: float
    y_max: float
    low_end_open: bool = True
    high_end_open: bool = True

    def __post_init__(self) -> None:
        if not (self.low_end_open or self.high_end_open):
            message = f"aisle {self.name.aisle} of block {self.name.block} has no open end"
            raise ValueError(message)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x_min, y_min, x_max, y_max."""
        return self.x_min, self.y_min, self.x_max, self.y_max


@dataclass(frozen=True)
class Hall:
    """The aisles of a warehouse, and the door of each room; a room without one is entered at its lowest corner."""

    aisles: tuple[Aisle, ...] = ()
    doors: Mapping[int, Spot] = field(default_factory=dict)

    def completed(self, bays: Iterable[tuple[AisleName, Spot]]) -> "Hall":
        """The hall with the aisles of `bays` it doesn't know yet, each as long as the bays tell."""
        known = {aisle.name for aisle in self.aisles}
        found = survey(bay for bay in bays if bay[0] not in known)
        return Hall(self.aisles + found, self.doors) if found else self


def survey(bays: Iterable[tuple[AisleName, Spot]]) -> tuple[Aisle, ...]:
    """The aisles that bays belong to, each with the box around their centres."""
    by_aisle: defaultdict[AisleName, list[Spot]] = defaultdict(list)
    for name, spot in bays:
        by_aisle[name].append(spot)
    return tuple(
        Aisle(name, min(s.x for s in spots), max(s.x for s in spots), min(s.y for s in spots), max(s.y for s in spots))
        for name, spots in sorted(by_aisle.items())
    )


@dataclass(frozen=True)
class Block:
    """A block as an obstacle, and the direction its aisles run in.

    footprint: x_min, y_min, x_max, y_max of its shelves. along: 0 where aisles run along x, 1 along y.
    """

    footprint: tuple[float, float, float, float]
    along: int

    def head(self, aisle: Aisle, end: int) -> Spot:
        """Where an aisle is entered: in the corridor, before the end face."""
        middle = [(aisle.x_min + aisle.x_max) / 2, (aisle.y_min + aisle.y_max) / 2]
        outside = self.footprint[self.along + 2 * end]
        middle[self.along] = outside + CLEARANCE_METRES * (1 if end == HIGH else -1)
        return Spot(*middle)


def blocks_of(aisles: Iterable[Aisle]) -> dict[str, Block]:
    """The blocks of one room by their label."""
    by_block: defaultdict[str, list[Aisle]] = defaultdict(list)
    for aisle in aisles:
        by_block[aisle.name.block].append(aisle)
    return {label: _block(members) for label, members in by_block.items()}


def _block(aisles: list[Aisle]) -> Block:
    boxes = np.array([aisle.box for aisle in aisles])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    # Aisles lie side by side: they run across the direction in which their middles differ.
    spread = centres.max(0) - centres.min(0)
    if spread[0] == spread[1]:
        spread = -(boxes[:, 2:] - boxes[:, :2]).max(0)
    along = 1 if spread[0] >= spread[1] else 0
    grown = np.full(2, CARRIAGE_HALF_METRES)
    grown[along] = BAY_HALF_METRES
    low, high = boxes[:, :2].min(0) - grown, boxes[:, 2:].max(0) + grown
    return Block((float(low[0]), float(low[1]), float(high[0]), float(high[1])), along)


class Room:
    """One room of a hall: its blocks, the heads of its aisles, its door."""

    def __init__(self, hall: Hall, room: int) -> None:
        self.aisles = {aisle.name: aisle for aisle in hall.aisles if aisle.name.room == room}
        self.blocks = blocks_of(self.aisles.values())
        self._door = hall.doors.get(room)

    def heads(self, name: AisleName) -> tuple[Spot, Spot]:
        """Where an aisle is entered: at its low end and at its high end."""
        block, aisle = self.blocks[name.block], self.aisles[name]
        return block.head(aisle, LOW), block.head(aisle, HIGH)

    def reach(self, name: AisleName, spot: Spot) -> tuple[float, float]:
        """Metres inside an aisle from its low and from its high head to a spot; infinite from a closed end."""
        along, aisle = self.blocks[name.block].along, self.aisles[name]
        low, high = (abs(spot[along] - head[along]) for head in self.heads(name))
        return (low if aisle.low_end_open else inf), (high if aisle.high_end_open else inf)

    def length(self, name: AisleName) -> float:
        """Metres from head to head; infinite for an aisle with a closed end."""
        low, high = self.heads(name)
        aisle = self.aisles[name]
        return abs(high.x - low.x) + abs(high.y - low.y) if aisle.low_end_open and aisle.high_end_open else inf

    def door(self, spots: Metres) -> Spot:
        """Where the room is entered: as the hall says, else the lowest corner of its blocks and of `spots`."""
        if self._door is not None:
            return self._door
        footprints = np.array([block.footprint for block in self.blocks.values()]).reshape(-1, 4)
        x, y = np.vstack([spots, footprints[:, :2] - CLEARANCE_METRES]).min(0).tolist()
        return Spot(x, y)

    def distances(self, spots: Metres) -> Metres:
        """Metres on foot between all pairs of `spots`."""
        return walking_distances(spots, self.blocks.values())


def walking_distances(spots: Metres, blocks: Iterable[Block]) -> Metres:
    """Metres on foot between all pairs of `spots`, around the blocks; shape (spots, 2) gives (spots, spots).

    A way is an L, or several around corners of blocks: shortest rectilinear ways around rectangles have that form.
    """
    obstacles = np.array([block.footprint for block in blocks]).reshape(-1, 4)
    straight = _rectilinear(spots, spots)
    ways = np.where(_clear(spots, spots, obstacles), straight, np.inf)
    if np.isinf(ways).any():
        corners = _corners(obstacles)
        between = np.where(_clear(corners, corners, obstacles), _rectilinear(corners, corners), np.inf)
        for middle in range(len(corners)):  # Floyd and Warshall
            np.minimum(between, between[:, middle, None] + between[None, middle, :], out=between)
        to_corner = np.where(_clear(spots, corners, obstacles), _rectilinear(spots, corners), np.inf)
        by_corner = _shortest_joined(to_corner, between)
        np.minimum(ways, _shortest_joined(by_corner, to_corner.T), out=ways)
    return np.where(np.isinf(ways), straight, ways)


def _rectilinear(here: Metres, there: Metres) -> Metres:
    return np.asarray(np.abs(here[:, None, :] - there[None, :, :]).sum(2))


def _corners(obstacles: Metres) -> Metres:
    """The corners of all obstacles at the distance people keep; shape (4 x obstacles, 2)."""
    low, high = obstacles[:, :2] - CLEARANCE_METRES, obstacles[:, 2:] + CLEARANCE_METRES
    mixed = [np.column_stack([x, y]) for x in (low[:, 0], high[:, 0]) for y in (low[:, 1], high[:, 1])]
    return np.vstack(mixed)


def _clear(here: Metres, there: Metres, obstacles: Metres) -> NDArray[np.bool_]:
    """Whether one of the two Ls from here to there meets no obstacle; shape (here, there)."""
    x_first = np.ones((len(here), len(there)), bool)
    y_first = x_first.copy()
    (x, y), (to_x, to_y) = here.T[:, :, None], there.T[:, None, :]
    left, right, below, above = np.minimum(x, to_x), np.maximum(x, to_x), np.minimum(y, to_y), np.maximum(y, to_y)
    for x_min, y_min, x_max, y_max in obstacles:
        crosses_x, crosses_y = (left < x_max) & (right > x_min), (below < y_max) & (above > y_min)
        x_first &= ~(crosses_x & (y > y_min) & (y < y_max)) & ~(crosses_y & (to_x > x_min) & (to_x < x_max))
        y_first &= ~(crosses_y & (x > x_min) & (x < x_max)) & ~(crosses_x & (to_y > y_min) & (to_y < y_max))
    return x_first | y_first


def _shortest_joined(first: Metres, then: Metres) -> Metres:
    """Shortest sum over the point in between: (a, b) and (b, c) give (a, c)."""
    joined = np.full((len(first), then.shape[1]), np.inf)
    for middle in range(len(then)):
        np.minimum(joined, first[:, middle, None] + then[None, middle, :], out=joined)
    return joined
