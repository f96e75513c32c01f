"""What waits for whom today: the kinds of work, and which role sees which."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from inventory.domain.people import Role


class WorkKind(StrEnum):
    """One kind of work that waits."""

    TO_APPROVE = "to_approve"
    TO_PICK = "to_pick"
    TO_PACK = "to_pack"
    TO_SHELVE = "to_shelve"
    TO_SEAL = "to_seal"
    TO_ACCEPT = "to_accept"
    IN_QUARANTINE = "in_quarantine"
    TO_SEARCH = "to_search"
    DISCREPANCIES = "discrepancies"
    COMING_HOME = "coming_home"
    ARRIVING = "arriving"
    INCOMING = "incoming"
    AT_WINDOW = "at_window"
    MINE = "mine"
    OVERDUE = "overdue"
    RECEIPT_MISSING = "receipt_missing"
    TOLD = "told"
    UNRESOLVED = "unresolved"


_K = WorkKind
# In the order in which it is best done.
WORK_OF: dict[Role, tuple[WorkKind, ...]] = {
    Role.KEEPER: (
        _K.TO_PICK, _K.TO_PACK, _K.COMING_HOME, _K.ARRIVING, _K.TO_ACCEPT, _K.TO_SEAL, _K.TO_SHELVE, _K.TO_SEARCH,
        _K.DISCREPANCIES, _K.IN_QUARANTINE,
    ),
    Role.WINDOW_CLERK: (_K.INCOMING, _K.AT_WINDOW, _K.TOLD, _K.OVERDUE, _K.RECEIPT_MISSING, _K.MINE, _K.TO_SEARCH),
    Role.AGENCY_HEAD: (_K.TO_APPROVE, _K.OVERDUE, _K.RECEIPT_MISSING, _K.TO_SEARCH),
    Role.CITY_MANAGER: (
        _K.UNRESOLVED, _K.TO_APPROVE, _K.TO_PICK, _K.OVERDUE, _K.RECEIPT_MISSING, _K.TO_SEARCH, _K.DISCREPANCIES, _K.TO_SHELVE,
    ),
}  # fmt: skip

# What is late by itself: it stands out as soon as there is any.
PRESSING = frozenset({_K.OVERDUE, _K.RECEIPT_MISSING, _K.TO_SEARCH, _K.UNRESOLVED})


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One thing to do, by its number (of a request, a dossier, a place ...); where it is, by when, of how many volumes."""

    number: str
    about: str | None = None
    place: str | None = None
    day: date | None = None
    volumes: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """All that waits of one kind: how many, and the first of them."""

    kind: WorkKind
    count: int
    lines: tuple[WorkLine, ...]

    @property
    def is_pressing(self) -> bool:
        """Whether it should stand out."""
        return self.kind in PRESSING and self.count > 0
