"""A sweep while it goes on: how far each bay is covered, what doesn't belong there, what was being searched for."""

from dataclasses import dataclass
from datetime import datetime

UNSURE_SHARE_MAX = 0.02  # of a bay's volumes; above it, the bay is worth another pass
EXPECTED_MIN = 5  # of fewer volumes a share says nothing


@dataclass(frozen=True, slots=True)
class ShelfSwept:
    """One shelf: of `expected` volumes by the ledger `heard` were heard there; `visits` of the reader so far."""

    code: str
    name: str
    expected: int
    heard: int
    unsure: int
    visits: int

    @property
    def heard_share(self) -> float:
        """0 to 1; 1 for an empty shelf."""
        return self.heard / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True)
class BaySwept:
    """One bay, its shelves from the top down; names from the room down."""

    code: str
    path: tuple[str, ...]
    shelves: tuple[ShelfSwept, ...]

    @property
    def expected(self) -> int:
        """Volumes the ledger has on it."""
        return sum(shelf.expected for shelf in self.shelves)

    @property
    def heard(self) -> int:
        """Of them, heard where they belong."""
        return sum(shelf.heard for shelf in self.shelves)

    @property
    def unsure_share(self) -> float:
        """Of its volumes, how many could be missed still, or stand elsewhere; 0 to 1."""
        return sum(shelf.unsure for shelf in self.shelves) / self.expected if self.expected else 0.0

    @property
    def again(self) -> bool:
        """Whether it is worth another pass."""
        return self.expected >= EXPECTED_MIN and self.unsure_share > UNSURE_SHARE_MAX


@dataclass(frozen=True, slots=True)
class Stranger:
    """A volume heard where it doesn't belong.

    section_only: which level is unsure. searched: number of an open search for it.
    """

    volume: str
    here: str
    belongs: str | None
    probability: float
    section_only: bool
    searched: str | None


@dataclass(frozen=True, slots=True)
class SweepView:
    """What a moving reader heard since `since`, the newest bay first; `at`: when it was heard last."""

    reader: str
    since: datetime
    at: datetime | None
    reads: int
    bays: tuple[BaySwept, ...]
    strangers: tuple[Stranger, ...]
    hunted: tuple[Stranger, ...]


@dataclass(frozen=True, slots=True)
class ReaderSweeping:
    """A handheld or cart, when it was heard last, and how many reads that were today."""

    reader: str
    at: datetime | None
    reads: int


@dataclass(frozen=True, slots=True)
class ToSweep:
    """A bay that waits for a sweep: so many undecided volumes, and when it was listened at last (None: never)."""

    bay: str
    path: tuple[str, ...]
    undecided: int
    volumes: int
    listened_at: datetime | None
