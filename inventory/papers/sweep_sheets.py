"""What a day's sweep list (盘点单) says, before it is set in type."""

from dataclasses import dataclass
from datetime import date, datetime

from inventory.papers.sheets import Term


@dataclass(frozen=True, slots=True)
class SweepBay:
    """One bay to sweep; place: where it stands; listened_at: when a reader was there last, None: never."""

    bay: str
    place: str
    volumes: int
    undecided: int
    listened_at: datetime | None
    why: Term


@dataclass(frozen=True, slots=True)
class SweepAisle:
    """The bays swept from one aisle, in walking order; `aisle` is None where shelving doesn't move."""

    room: str
    block: str | None
    aisle: str | None
    opens: bool
    bays: tuple[SweepBay, ...]


@dataclass(frozen=True, slots=True)
class SweepSheet:
    """What is swept on a day, and about how long it takes one keeper."""

    day: date
    keeper: str
    minutes: int
    aisles: tuple[SweepAisle, ...]
