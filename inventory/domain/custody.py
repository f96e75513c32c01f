"""What may be done with a volume, from where to where. Pure: fetch, ask here, then write."""

from inventory.domain.acts import ACT_NAMES, ActKind
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import AlreadyHeld, NotHeldYet, WrongKindOfPlace

_HOLDING = frozenset(kind for kind in PlaceKind if kind.holds_volumes)

# Where an act may lead. What comes in is opened on a desk, or waits in quarantine; only shelving leads to a shelf
# without a reason, and what has gone wrong anywhere is corrected by an act of its own.
LEADS_TO: dict[ActKind, frozenset[PlaceKind]] = {
    ActKind.RECEIVED: frozenset({PlaceKind.DESK, PlaceKind.QUARANTINE}),
    ActKind.SHELVED: frozenset({PlaceKind.SHELF, PlaceKind.CABINET}),
    ActKind.MOVED: _HOLDING,
    ActKind.CORRECTED: _HOLDING,
}

# The first act brings a volume in; every other needs one that is here.
BEGINS = frozenset({ActKind.RECEIVED})


def check_target(act: ActKind, place: str, kind: PlaceKind) -> None:
    """Raises `WrongKindOfPlace` where this act doesn't lead to a place of that kind."""
    if kind not in LEADS_TO[act]:
        act_zh, act_en = ACT_NAMES[act]
        raise WrongKindOfPlace(act=act_zh, act_en=act_en, place=place, kind=kind.zh, kind_en=kind.en)


def check_presence(act: ActKind, volume: str, version: int) -> None:
    """Raises `AlreadyHeld` or `NotHeldYet` where a volume of this version (0: never received) isn't one for the act."""
    if act in BEGINS and version > 0:
        raise AlreadyHeld(volume=volume)
    if act not in BEGINS and version == 0:
        raise NotHeldYet(volume=volume)
