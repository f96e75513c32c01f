"""A hall of shelves for evaluation: volumes as arrays and nothing else, and what is planted among them.

Places are numbered as the shelves are, so that a hall's arrays are those of `inventory.locating`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from devices.simulator import floor
from devices.simulator.floor import CABINETS_ABREAST, LEVELS, NO_SHELF, SHELF_METRES, Indexes, Shelves
from devices.simulator.truth import DEAD_SHARE, NOWHERE
from inventory.locating.arrays import Places

PITCH_METRES = (0.01, 0.03)  # from one tag to the next; drawn anew for every shelf
FILLED_SHARE = 0.95  # of a shelf's length
CABINETS_PER_ROW = CABINETS_ABREAST * LEVELS


class Profile(StrEnum):
    """How a hall is read."""

    SWEEP = "sweep"
    CABINET = "cabinet"
    ZONE = "zone"

    @property
    def mobile(self) -> bool:
        """Whether its shelves stand on carriages."""
        return self is not Profile.CABINET


class Plant(StrEnum):
    """In which way a volume isn't where the ledger has it."""

    NEXT_LEVEL = "next level"
    NEXT_BAY = "next bay"
    FACING = "facing bay"
    BEHIND = "back to back"
    FAR = "far"
    REMOVED = "removed"


PLANT_SHARES = {
    Plant.NEXT_LEVEL: 0.30,
    Plant.NEXT_BAY: 0.20,
    Plant.FACING: 0.15,
    Plant.BEHIND: 0.15,
    Plant.FAR: 0.20,
}
NOT_PLANTED = ""


@dataclass(frozen=True, slots=True)
class Hall:
    """Volumes 0..n-1. ledger: shelf by the ledger. stands: shelf in truth, `NOWHERE` if removed. along: metres.

    planted: the kind of each plant, "" for the others. dead: tags that never speak. aisle: for each shelf the aisle it is
    reached from, numbered from 0 block by block, those of a block by the carriage behind them; a row of cabinets is one.
    """

    seed: int
    profile: Profile
    shelves: Shelves
    places: Places
    ledger: Indexes
    stands: Indexes
    along: NDArray[np.float64]
    dead: NDArray[np.bool_]
    planted: NDArray[np.str_]
    aisle: Indexes

    def __len__(self) -> int:
        return len(self.ledger)

    def bay_of(self, shelf: NDArray[np.signedinteger]) -> NDArray[np.int64]:
        """Which stack of shelves, bay and face at once, each shelf belongs to; -1 for no shelf."""
        return np.where(shelf < 0, -1, shelf // LEVELS)

    @property
    def aisles_as_places(self) -> Places:
        """Each aisle as if it were one place, in the middle of its shelves; where an antenna can't tell them apart, it is."""
        shelves = np.bincount(self.aisle)
        x, y, z = (np.bincount(self.aisle, axis) / shelves for axis in (self.places.x, self.places.y, self.places.z))
        return Places(x, y, z, np.zeros(len(shelves), np.int64))


def make_hall(volumes: int, profile: Profile, seed: int, dead_share: float = DEAD_SHARE) -> Hall:
    """A hall whose ledger is right, filled shelf by shelf at 1 to 3 cm a volume."""
    chance = np.random.default_rng(np.random.SeedSequence([seed, 21]))
    mobile = profile.mobile
    plan = floor.plan_floor(volumes if mobile else 1, 1 if mobile else volumes, ())
    shelves = _without_the_rest(plan.shelves, mobile=mobile)
    rows = [plan.places[index] for index in shelves.place]
    pitch = chance.uniform(*PITCH_METRES, len(rows))
    fill = np.floor(FILLED_SHARE * SHELF_METRES / pitch).astype(np.int64)
    order = np.arange(len(rows))
    ends = np.cumsum(fill[order])
    rank = np.searchsorted(ends, np.arange(volumes), side="right")
    stands = order[rank].astype(np.int32)
    along = (np.arange(volumes) - (ends - fill[order])[rank] + 0.5) * pitch[stands]
    x, y, z = (np.array([getattr(row, axis) for row in rows], np.float64) for axis in ("x", "y", "z"))
    places = Places(x, y, z, np.zeros(len(rows), np.int64))
    dead = chance.random(volumes) < dead_share
    planted = np.full(volumes, NOT_PLANTED, "<U12")
    return Hall(seed, profile, shelves, places, stands, stands, along, dead, planted, _aisles(shelves, mobile=mobile))


def plant(hall: Hall, misplaced: int, removed: int, seed: int) -> Hall:
    """The same hall with volumes moved or taken away that the ledger knows nothing of; none of them has a dead tag."""
    chance = np.random.default_rng(np.random.SeedSequence([hall.seed, seed, 22]))
    living = chance.permutation(np.flatnonzero(~hall.dead & (hall.stands != NOWHERE)))
    stands, planted, along = hall.stands.copy(), hall.planted.copy(), hall.along.copy()
    used = np.zeros(len(hall.places.x), bool)
    used[hall.ledger] = True
    taken = 0
    for kind, share in PLANT_SHARES.items():
        wanted = round(misplaced * share)
        there = _destinations(hall, living[taken:], kind, chance)
        possible = np.flatnonzero((there != NO_SHELF) & used[there])[:wanted]
        volumes = living[taken:][possible]
        stands[volumes], planted[volumes] = there[possible], kind.value
        along[volumes] = chance.uniform(0, FILLED_SHARE * SHELF_METRES, len(volumes))
        living = np.concatenate([living[:taken], volumes, np.setdiff1d(living[taken:], volumes, assume_unique=True)])
        taken += len(volumes)
        living[taken:] = chance.permutation(living[taken:])
    gone = living[taken : taken + removed]
    stands[gone], planted[gone] = NOWHERE, Plant.REMOVED.value
    return replace(hall, stands=stands, planted=planted, along=along)


def reshelve_run(hall: Hall, volumes: int, seed: int) -> Hall:
    """The same hall with the volumes of neighbouring shelves moved together to shelves of another bay, in their order."""
    chance = np.random.default_rng(np.random.SeedSequence([hall.seed, seed, 23]))
    used = np.unique(hall.ledger)
    start = int(chance.integers(len(hall) - volumes))
    run = np.arange(start, start + volumes)
    run = run[~hall.dead[run] & (hall.planted[run] == NOT_PLANTED)]
    steps = int(chance.integers(LEVELS, len(used) - LEVELS))
    there = used[(np.searchsorted(used, hall.stands[run]) + steps) % len(used)]
    stands, planted = hall.stands.copy(), hall.planted.copy()
    stands[run], planted[run] = there, Plant.FAR.value
    return replace(hall, stands=stands, planted=planted)


def neighbours_of(hall: Hall) -> dict[Plant, tuple[Indexes, ...]]:
    """Where a volume goes that strays in each way; cabinets stand side by side and row behind row."""
    shelves = hall.shelves
    number = np.arange(len(shelves.place), dtype=np.int32)
    if hall.profile.mobile:
        return {
            Plant.NEXT_LEVEL: (shelves.above, shelves.below),
            Plant.NEXT_BAY: (shelves.left, shelves.right),
            Plant.FACING: (shelves.facing,),
            Plant.BEHIND: (shelves.behind,),
        }
    column = shelves.cabinet % CABINETS_ABREAST
    last = len(number)
    left = np.where(column > 0, number - LEVELS, NO_SHELF)
    right = np.where((column < CABINETS_ABREAST - 1) & (number + LEVELS < last), number + LEVELS, NO_SHELF)
    facing = np.where(number + CABINETS_PER_ROW < last, number + CABINETS_PER_ROW, NO_SHELF)
    behind = np.where(number >= CABINETS_PER_ROW, number - CABINETS_PER_ROW, NO_SHELF)
    return {
        Plant.NEXT_LEVEL: (shelves.above, shelves.below),
        Plant.NEXT_BAY: (left.astype(np.int32), right.astype(np.int32)),
        Plant.FACING: (facing.astype(np.int32),),
        Plant.BEHIND: (behind.astype(np.int32),),
    }


def _destinations(hall: Hall, volumes: NDArray[np.int64], kind: Plant, chance: np.random.Generator) -> Indexes:
    """A shelf for each volume to stray to, `NO_SHELF` where there is none of that kind."""
    home = hall.ledger[volumes]
    sides = neighbours_of(hall)
    if kind is not Plant.FAR:
        either = np.stack([side[home] for side in sides[kind]])
        return either[chance.integers(len(either), size=len(home)), np.arange(len(home))]
    there = chance.choice(np.unique(hall.ledger), len(home)).astype(np.int32)
    near = there == home
    for some in sides.values():
        for side in some:
            near |= side[home] == there
    near |= hall.bay_of(there) == hall.bay_of(home)
    return np.where(near, NO_SHELF, there).astype(np.int32)


def _aisles(shelves: Shelves, *, mobile: bool) -> Indexes:
    """The two faces that look at each other share one; so the first and the last of a block have one face only."""
    if not mobile:
        return (shelves.cabinet // CABINETS_ABREAST).astype(np.int32)
    aisles = int(shelves.carriage.max()) + 2
    return (shelves.block * aisles + shelves.carriage + shelves.face).astype(np.int32)


def _without_the_rest(shelves: Shelves, *, mobile: bool) -> Shelves:
    """Only the mobile shelves, or only those in cabinets, numbered from 0; the plan has the mobile ones first."""
    kept = np.flatnonzero(shelves.mobile == mobile)
    first = int(kept[0])
    columns = {name: getattr(shelves, name)[kept] for name in Shelves.__dataclass_fields__}
    for name in ("above", "below", "left", "right", "facing", "behind"):
        columns[name] = np.where(columns[name] == NO_SHELF, NO_SHELF, columns[name] - first).astype(np.int32)
    return Shelves(**columns)
