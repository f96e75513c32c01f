"""Who answers for a volume that isn't on its shelf: every dossier out has a name against it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from inventory.domain.details import Detail
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role
from inventory.domain.places import PlaceKind

_OUTSIDE = frozenset({PlaceKind.BAG, PlaceKind.COURIER})
# Whoever is worst to miss comes first on the sheet.
_ORDER = (
    PlaceKind.LOST,
    PlaceKind.NOT_FOUND,
    PlaceKind.BORROWER,
    PlaceKind.COURIER,
    PlaceKind.BAG,
    PlaceKind.READING_ROOM,
    PlaceKind.DIGITISATION,
    PlaceKind.WINDOW,
    PlaceKind.QUARANTINE,
    PlaceKind.ARRIVALS,
    PlaceKind.CART,
    PlaceKind.DESK,
)


@dataclass(frozen=True, slots=True)
class OffShelf:
    """A volume off its shelf, and the act that brought it where it is.

    actor, witness: names of the people of that act. told: its details. due: of the request it is out for, as renewed. case:
    number of the search; searcher: who opened it.
    """

    volume: VolumeName
    subject: str = field(repr=False)
    place: str
    place_name: str
    place_kind: PlaceKind
    since: datetime
    actor: str
    actor_role: Role
    witness: str | None
    told: Mapping[str, object]
    due: date | None = None
    case: str | None = None
    searcher: str | None = None


def holder(one: OffShelf) -> str | None:
    """The people or the institution that answer for it; None where nobody's name stands against it."""
    # A register that was imported says where something is, not who has it.
    people = () if one.actor_role is Role.SERVICE else (one.actor, *(() if one.witness is None else (one.witness,)))
    if one.place_kind is PlaceKind.BORROWER:
        return "：".join(part for part in (one.place_name, _names(one, Detail.CARRIERS)) if part)
    if one.place_kind is PlaceKind.READING_ROOM:
        return _names(one, Detail.VISITORS) or "、".join(people) or None
    if one.place_kind in _OUTSIDE:
        return _names(one, Detail.CARRIERS) or "、".join(people) or None
    if one.place_kind is PlaceKind.NOT_FOUND:
        return one.searcher or "、".join(people) or None
    return "、".join(people) or None


def _names(one: OffShelf, detail: Detail) -> str:
    told = one.told.get(detail.value)
    return "、".join(str(name) for name in told) if isinstance(told, list) else ""


def reference(one: OffShelf) -> str | None:
    """What it is out for: the search, the request, the notice, the manifest, the batch; the first there is."""
    if one.case is not None:
        return one.case
    for detail in (Detail.NOTICE, Detail.REQUEST, Detail.CONSIGNMENT, Detail.BATCH):
        told = one.told.get(detail.value)
        if isinstance(told, str) and told:
            return told
    return None


def due_on(one: OffShelf) -> date | None:
    """When it is due back: as the request stands now, else as told when it went out. Only what is lent has such a day."""
    if one.place_kind is not PlaceKind.BORROWER:
        return None
    told = one.told.get(Detail.DUE_ON.value)
    return one.due or (date.fromisoformat(told) if isinstance(told, str) else None)


def rank(kind: PlaceKind) -> int:
    """Where on the sheet a kind of place stands."""
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
