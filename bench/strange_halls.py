"""Warehouses that have nothing to do with `devices.simulator`: other shelves, other tags, other hands that misplace.

Fixed shelving with every aisle open; rows stand back to back in pairs and face each other across aisles. A shelf's number
is (row * bays + bay) * levels + level; x runs along the row, y across the aisles, z up.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from devices.simulator.halls import NOT_PLANTED, Plant, Profile
from devices.simulator.truth import NOWHERE
from inventory.locating.arrays import Integers, Places, Reals

ROWS = 8
SHELF_DEPTH, BACKS_APART = 0.35, 0.06  # metres
SPINE_DEPTH, EDGE_DEPTH, EDGE_SHARE = 0.04, 0.26, 0.08  # metres from the front; so many tags sit at the far edge
HANGING_SHARE, DEAD_SHARE = 0.1, 0.003
WAVES = 3  # scattered waves that reach each tag where it stands
KINDS = {
    Plant.NEXT_LEVEL: 0.30,
    Plant.NEXT_BAY: 0.20,
    Plant.FACING: 0.15,
    Plant.BEHIND: 0.15,
    Plant.FAR: 0.20,
}  # the shares issue 5 asks for


@dataclass(frozen=True)
class Shelving:
    """Metres, but for levels; fill: least and greatest share of a shelf that is full."""

    levels: int = 6
    bay: float = 1.0
    level: float = 0.36
    aisle: float = 1.3
    pitch: float = 0.02
    fill: tuple[float, float] = (0.5, 1.0)


@dataclass(frozen=True)
class Tags:
    """How tags differ. weak_mean_db: of the exponential spread of sensitivity; tail: share and most dB of the really weak."""

    weak_mean_db: float = 2.0
    tail: tuple[float, float] = (0.05, 12.0)
    edge_loss_db: float = 7.0


@dataclass(frozen=True)
class StrangeHall:
    """A hall as `bench.scoring` wants it, with where every tag hangs and what it takes to read it.

    x, y, z: of the tag, in metres. along: unit vector of its dipole. needs_db: above what the best tag needs. wave and
    phase: direction and phase of each scattered wave at its place.
    """

    seed: int
    profile: Profile
    shelving: Shelving
    bays: int
    places: Places
    ledger: Integers
    stands: Integers
    dead: NDArray[np.bool_]
    planted: NDArray[np.str_]
    x: Reals
    y: Reals
    z: Reals
    dipole: Reals
    needs_db: Reals
    wave: Reals
    phase: Reals

    def __len__(self) -> int:
        return len(self.ledger)

    def bay_of(self, shelf: Integers) -> Integers:
        """The bay of each shelf, NOWHERE where there is none."""
        return shelf // self.shelving.levels

    def row_of(self, shelf: Integers) -> Integers:
        """The row of each shelf."""
        return shelf // (self.shelving.levels * self.bays)


def front_of(row: Integers, shelving: Shelving) -> tuple[Reals, Reals]:
    """Where the front of each row is, and which way is in (+1: towards greater y)."""
    pair = 2 * SHELF_DEPTH + BACKS_APART
    begin = (row // 2) * (pair + shelving.aisle)
    even = row % 2 == 0
    return np.where(even, begin, begin + pair).astype(np.float64), np.where(even, 1.0, -1.0)


def across(row: Integers) -> tuple[Integers, Integers]:
    """The row that each one faces (NOWHERE at the ends of the hall), and the one back to back with it."""
    facing = np.where(row % 2 == 0, row - 1, row + 1)
    return np.where(facing < ROWS, facing, NOWHERE), row ^ 1


def make_strange_hall(volumes: int, profile: Profile, shelving: Shelving, tags: Tags, seed: int) -> StrangeHall:
    """A hall whose ledger is right, its shelves filled from one side, each as far as it happens to be."""
    chance = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    holds = shelving.bay / shelving.pitch
    mean = holds * sum(shelving.fill) / 2
    bays = int(np.ceil(volumes / mean / ROWS / shelving.levels))
    shelves = np.arange(ROWS * bays * shelving.levels)
    level, bay, row = shelves % shelving.levels, shelves // shelving.levels % bays, shelves // shelving.levels // bays
    front, inwards = front_of(row, shelving)
    places = Places(
        x=np.asarray((bay + 0.5) * shelving.bay, np.float64),
        y=front + inwards * SHELF_DEPTH / 2,
        z=np.asarray((level + 0.5) * shelving.level, np.float64),
        room=np.zeros(len(shelves), np.int64),
    )
    full = chance.uniform(*shelving.fill, len(shelves))
    cumulative = np.cumsum(full) / full.sum() * volumes
    ledger = np.searchsorted(cumulative, np.arange(volumes) + 0.5).astype(np.int64)
    first = np.searchsorted(ledger, ledger)
    slot = np.minimum((np.arange(volumes) - first + 0.5) * shelving.pitch, shelving.bay - 0.01)
    hangs = np.where(chance.random(volumes) < HANGING_SHARE, chance.uniform(0.5, 1.5, volumes), 0.15)
    turn = chance.uniform(0, 2 * np.pi, volumes)
    dipole = np.stack([np.sin(hangs) * np.cos(turn), np.sin(hangs) * np.sin(turn), np.cos(hangs)])
    weak = chance.exponential(tags.weak_mean_db, volumes)
    weak += np.where(chance.random(volumes) < tags.tail[0], chance.uniform(3.0, tags.tail[1], volumes), 0.0)
    edge = chance.random(volumes) < EDGE_SHARE
    hall = StrangeHall(
        seed=seed,
        profile=profile,
        shelving=shelving,
        bays=bays,
        places=places,
        ledger=ledger,
        stands=ledger.copy(),
        dead=chance.random(volumes) < DEAD_SHARE,
        planted=np.full(volumes, NOT_PLANTED, "U12"),
        x=np.zeros(volumes),
        y=np.where(edge, EDGE_DEPTH, SPINE_DEPTH) + chance.uniform(-0.03, 0.03, volumes),
        z=chance.uniform(0.05, 0.2, volumes),
        dipole=dipole,
        needs_db=weak + np.where(edge, tags.edge_loss_db, 0.0),
        wave=np.zeros((WAVES, 3, volumes)),
        phase=np.zeros((WAVES, volumes)),
    )
    depth, above = hall.y.copy(), hall.z.copy()
    _put(hall, np.arange(volumes), slot, depth, above, chance)
    return hall


def _put(
    hall: StrangeHall, volumes: Integers, slot: Reals, depth: Reals, above: Reals, chance: np.random.Generator
) -> None:
    """Place tags on the shelves where they stand; waves are scattered differently at every place."""
    shelf, shelving = hall.stands[volumes], hall.shelving
    front, inwards = front_of(hall.row_of(shelf), shelving)
    hall.x[volumes] = hall.places.x[shelf] - shelving.bay / 2 + slot
    hall.y[volumes] = front + inwards * depth
    hall.z[volumes] = shelf % shelving.levels * shelving.level + above
    wave = chance.normal(size=(WAVES, 3, len(volumes)))
    hall.wave[:, :, volumes] = wave / np.sqrt((wave**2).sum(1, keepdims=True))
    hall.phase[:, volumes] = chance.uniform(0, 2 * np.pi, (WAVES, len(volumes)))


def misplace(hall: StrangeHall, moved: int, removed: int, seed: int) -> StrangeHall:
    """So many living volumes moved in the shares of issue 5, and so many taken away; the ledger doesn't know."""
    chance = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    some = chance.permutation(np.flatnonzero(~hall.dead))[: moved + removed].astype(np.int64)
    kinds = chance.choice(list(KINDS), moved, p=list(KINDS.values()))
    stands, planted = hall.stands.copy(), hall.planted.copy()
    for kind in KINDS:
        volumes = some[:moved][kinds == kind.value]
        target = _target(hall, kind, hall.ledger[volumes], chance)
        there = target != NOWHERE
        stands[volumes[there]], planted[volumes[there]] = target[there], kind.value
    stands[some[moved:]], planted[some[moved:]] = NOWHERE, Plant.REMOVED.value
    arrays = {name: getattr(hall, name).copy() for name in ("x", "y", "z", "wave", "phase")}
    after = replace(hall, stands=stands, planted=planted, **arrays)
    volumes = np.flatnonzero((stands != hall.ledger) & (stands != NOWHERE))
    depth = np.abs(hall.y[volumes] - front_of(hall.row_of(hall.ledger[volumes]), hall.shelving)[0])
    above = hall.z[volumes] - hall.ledger[volumes] % hall.shelving.levels * hall.shelving.level
    _put(after, volumes, chance.uniform(0.01, hall.shelving.bay - 0.01, len(volumes)), depth, above, chance)
    return after


def _target(hall: StrangeHall, kind: Plant, shelf: Integers, chance: np.random.Generator) -> Integers:
    levels, bays = hall.shelving.levels, hall.bays
    level, bay, row = shelf % levels, shelf // levels % bays, shelf // levels // bays
    step = chance.choice([-1, 1], len(shelf))
    facing, behind = across(row)
    match kind:
        case Plant.NEXT_LEVEL:
            level = np.where((level + step < 0) | (level + step >= levels), level - step, level + step)
        case Plant.NEXT_BAY:
            bay = np.where((bay + step < 0) | (bay + step >= bays), bay - step, bay + step)
        case Plant.FACING:
            row = facing
        case Plant.BEHIND:
            row = behind
        case _:
            other = chance.integers(0, len(hall.places.x), len(shelf))
            row = (row + chance.integers(3, ROWS - 2, len(shelf))) % ROWS
            bay, level = other // levels % bays, other % levels
    return np.where(row == NOWHERE, NOWHERE, (row * bays + bay) * levels + level)
