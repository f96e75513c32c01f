"""How a volume stands: the axes of its state that the ledger's acts change, besides its place."""

from dataclasses import dataclass
from enum import StrEnum

from inventory.domain.places import PlaceKind


class Legal(StrEnum):
    """Who legally answers for the dossier (first axis)."""

    EXPECTED = "expected"
    HELD = "held"
    TRANSFER_PENDING = "transfer_pending"
    TRANSFERRED = "transferred"
    RETIRED_TRANSFERRED = "retired_transferred"
    DECEASED_RETAINED = "deceased_retained"
    ARCHIVES_HANDED = "archives_handed"
    REFUSED_RETURNED = "refused_returned"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _LEGAL[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return _LEGAL[self][1]


_LEGAL: dict[Legal, tuple[str, str]] = {
    Legal.EXPECTED: ("待接收", "expected"),
    Legal.HELD: ("在管", "held"),
    Legal.TRANSFER_PENDING: ("转递中", "transfer pending"),
    Legal.TRANSFERRED: ("已转出", "transferred"),
    Legal.RETIRED_TRANSFERRED: ("退休移交", "transferred on retirement"),
    Legal.DECEASED_RETAINED: ("死亡保留", "retained after death"),
    Legal.ARCHIVES_HANDED: ("移交档案馆", "handed to the archives"),
    Legal.REFUSED_RETURNED: ("不予接收退回", "refused and returned"),
}


class Seal(StrEnum):
    """Whether the envelope is whole (third axis); its strip's number stands beside it."""

    SEALED = "sealed"
    OPENED = "opened"
    BROKEN = "broken"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _SEALS[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return _SEALS[self][1]


_SEALS: dict[Seal, tuple[str, str]] = {
    Seal.SEALED: ("已封", "sealed"),
    Seal.OPENED: ("已按令启封", "opened by order"),
    Seal.BROKEN: ("封条破损", "seal broken"),
}


class Mark(StrEnum):
    """What else sticks to a volume until an act takes it away. REBUILT stays for ever, SELF_CARRIED until it comes properly."""

    SELF_CARRIED = "self_carried"
    GAP = "gap"
    DAMAGED = "damaged"
    REBUILT = "rebuilt"
    RETIRED = "retired"
    MERGED = "merged"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _MARKS[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return _MARKS[self][1]


_MARKS: dict[Mark, tuple[str, str]] = {
    Mark.SELF_CARRIED: ("个人自带", "carried by the person"),
    Mark.GAP: ("材料缺失", "material gap"),
    Mark.DAMAGED: ("破损", "damaged"),
    Mark.REBUILT: ("重建", "rebuilt"),
    Mark.RETIRED: ("已退休", "retired"),
    Mark.MERGED: ("已合并", "merged"),
}


class Identification(StrEnum):
    """How a volume is identified (fourth axis): what its tags say."""

    UNTAGGED = "untagged"
    TAGGED = "tagged"
    FAULT = "fault"
    REPLACED = "replaced"
    BARCODE_ONLY = "barcode_only"


@dataclass(frozen=True, slots=True)
class Standing:
    """A volume's state as far as acts ask for it; None in place of it: there has been no act yet."""

    place_kind: PlaceKind
    legal: Legal = Legal.HELD
    seal: Seal = Seal.SEALED
    marks: frozenset[Mark] = frozenset()
