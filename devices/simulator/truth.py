"""What really stands where: the register with some dossiers misplaced, forgotten, gone, and some tags dead.

The register is never told; that radio and ledger disagree about exactly these is what a keeper should come to see.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from devices.simulator import floor
from devices.simulator.city import City
from devices.simulator.floor import NO_SHELF, SHELF_METRES, Indexes
from devices.simulator.subjects import Bytes

NOWHERE = -1
DEAD_SHARE = 0.003  # radio.md: 0.1 to 1 %, not published
MISPLACED_SHARE_MAX = 0.1
TRIES_PER_DIFFERENCE_MAX = 10_000


class DifferenceKind(StrEnum):
    """In which way a dossier isn't where the register says."""

    NEXT_LEVEL = "next_level"
    NEXT_BAY = "next_bay"
    FACING = "facing"
    FAR = "far"
    LEFT_ON_DESK = "left_on_desk"
    REMOVED = "removed"


MISPLACEMENTS = (DifferenceKind.NEXT_LEVEL, DifferenceKind.NEXT_BAY, DifferenceKind.FACING, DifferenceKind.FAR)


@dataclass(frozen=True, slots=True)
class Difference:
    """One dossier that isn't where the register says; `truly` is None where it has left the building."""

    dossier: int
    number: str
    kind: DifferenceKind
    register: str
    truly: str | None


@dataclass(frozen=True, slots=True)
class Truth:
    """Per dossier: index of the place where it really stands (`NOWHERE`: removed), and whether its tag is dead."""

    place: Indexes
    dead: NDArray[np.bool_]
    differences: tuple[Difference, ...]


def make_truth(
    city: City,
    seed: int,
    *,
    misplaced: int = 12,
    left_on_desk: int = 2,
    removed: int = 4,
    dead_share: float = DEAD_SHARE,
) -> Truth:
    """Draw what went wrong. Misplacements are next level, next bay, facing bay and far away in turn, as far as the city has such.

    No dossier that was moved or removed has a dead tag. Raises ValueError for more than a tenth of the dossiers.
    """
    chance = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    count = len(city.dossiers)
    if misplaced + left_on_desk + removed > count * MISPLACED_SHARE_MAX:
        message = f"of {count:,} dossiers at most a tenth can stand elsewhere"
        raise ValueError(message)
    draw = _Draw(city, chance)
    possible = [kind for kind in MISPLACEMENTS if draw.has(kind)]
    kinds = [possible[turn % len(possible)] for turn in range(misplaced)]
    kinds += [DifferenceKind.LEFT_ON_DESK] * left_on_desk + [DifferenceKind.REMOVED] * removed
    place = city.dossiers.place.copy()
    dead = chance.random(count) < dead_share
    differences = []
    for kind in kinds:
        dossier, place[dossier] = draw.one(kind)
        dead[dossier] = False
        was = city.places[city.dossiers.place[dossier]].code
        truly = None if place[dossier] == NOWHERE else city.places[place[dossier]].code
        differences.append(Difference(dossier, city.dossiers.number[dossier].decode(), kind, was, truly))
    return Truth(place, dead, tuple(differences))


class _Draw:
    """Draws dossiers of the mobile shelving, each at most once, and where they went."""

    def __init__(self, city: City, chance: np.random.Generator) -> None:
        self._city, self._chance = city, chance
        self._shelf_of_place = np.full(len(city.places), NO_SHELF, np.int32)
        mobile = np.flatnonzero(city.shelves.mobile)
        self._shelf_of_place[city.shelves.place[mobile]] = mobile
        self._in_use = np.zeros(len(city.places), bool)
        self._in_use[city.dossiers.place] = True
        self._used_shelves = mobile[self._in_use[city.shelves.place[mobile]]]
        self._desk = city.place_index(floor.DESKS[0])
        self._drawn: set[int] = set()

    def has(self, kind: DifferenceKind) -> bool:
        """Whether a dossier can go astray in that way at all: a small city uses one bay of a range."""
        used = self._used_shelves
        sides = self._sides_of(kind)
        return not sides or any(bool(np.isin(side[used], used).any()) for side in sides)

    def one(self, kind: DifferenceKind) -> tuple[int, int]:
        """A dossier and the index of the place where it went; misplaced ones only go to shelves in use."""
        for _ in range(TRIES_PER_DIFFERENCE_MAX):
            dossier = int(self._chance.integers(len(self._city.dossiers)))
            shelf = int(self._shelf_of_place[self._city.dossiers.place[dossier]])
            if shelf == NO_SHELF or dossier in self._drawn:
                continue
            place = self._destination(kind, shelf)
            if place is not None:
                self._drawn.add(dossier)
                return dossier, place
        message = f"the warehouse is too small for a dossier {kind.replace('_', ' ')}"
        raise ValueError(message)

    def _destination(self, kind: DifferenceKind, shelf: int) -> int | None:
        shelves = self._city.shelves
        match kind:
            case DifferenceKind.REMOVED:
                return NOWHERE
            case DifferenceKind.LEFT_ON_DESK:
                return self._desk
            case DifferenceKind.FAR:
                near = (shelf, *(int(side[shelf]) for side in _sides(self._city)))
                choice = [there for there in self._chance.choice(self._used_shelves, 1) if there not in near]
            case _:
                choice = [side[shelf] for side in self._sides_of(kind)]
        places = [int(shelves.place[there]) for there in choice if there != NO_SHELF]
        places = [place for place in places if self._in_use[place]]
        return int(self._chance.choice(places)) if places else None

    def _sides_of(self, kind: DifferenceKind) -> tuple[Indexes, ...]:
        """Where a dossier goes that strays to a neighbour of its shelf."""
        shelves = self._city.shelves
        neighbours = {
            DifferenceKind.NEXT_LEVEL: (shelves.above, shelves.below),
            DifferenceKind.NEXT_BAY: (shelves.left, shelves.right),
            DifferenceKind.FACING: (shelves.facing,),
        }
        return neighbours.get(kind, ())


def _sides(city: City) -> tuple[Indexes, ...]:
    shelves = city.shelves
    return shelves.above, shelves.below, shelves.left, shelves.right, shelves.facing, shelves.behind


class Standing:
    """Every living tag at its place: the dossiers', numbered as in the city, then the shelf labels'.

    epc: shape (tags, 12). along: metres from the shelf's lower end; tags elsewhere than on a shelf are spread likewise.
    occasion: no two of them sound alike.
    """

    def __init__(self, city: City, truth: Truth, occasion: int = 0) -> None:
        """Sort the tags by place once."""
        self.occasion = occasion
        count = len(city.dossiers)
        self.labels_from = count
        self.epc: Bytes = np.concatenate([city.dossiers.epc, _label_epcs(city)])
        place = np.concatenate([np.where(truth.dead, NOWHERE, truth.place), city.shelves.place])
        self._order = np.argsort(place, kind="stable").astype(np.int32)
        self._starts = np.searchsorted(place[self._order], np.arange(len(city.places) + 1))
        rank = np.empty(len(place), np.int64)
        rank[self._order] = np.arange(len(place))
        size = np.diff(self._starts)
        first = np.where(place == NOWHERE, 0, self._starts[place])
        self.along = (rank - first + 0.5) / np.maximum(size[place], 1) * SHELF_METRES
        self.along[count:] = SHELF_METRES / 2  # A label is stuck to the middle of its shelf.

    def at(self, place: int) -> Indexes:
        """The living tags at the place of this index, in their order along it."""
        return self._order[self._starts[place] : self._starts[place + 1]]


def _label_epcs(city: City) -> Bytes:
    epcs = [city.places[index].epc for index in city.shelves.place]
    return np.frombuffer(b"".join(epc for epc in epcs if epc), np.uint8).reshape(-1, 12)
