"""The kinds of place, what may stand in what, and how a place is called."""

import re
from dataclasses import dataclass
from enum import StrEnum

from inventory.domain.identifiers import folded_width
from inventory.domain.refusals import BadInput

PLACE_CODE_CHARACTERS_MAX = 40
_PLACE_CODE = re.compile(rf"[\w.\-]{{1,{PLACE_CODE_CHARACTERS_MAX}}}")  # \w: letters and digits of all scripts, and _


class PlaceKind(StrEnum):
    """What a place is; the value is what stands in the places file."""

    WAREHOUSE = "warehouse"
    ROOM = "room"
    BLOCK = "block"
    RANGE = "range"
    BAY = "bay"
    SHELF = "shelf"
    CABINET = "cabinet"
    DESK = "desk"
    TUNNEL = "tunnel"
    GATE = "gate"
    WINDOW = "window"
    CART = "cart"
    QUARANTINE = "quarantine"
    ARRIVALS = "arrivals"
    READING_ROOM = "reading_room"
    DIGITISATION = "digitisation"
    BAG = "bag"
    COURIER = "courier"
    BORROWER = "borrower"
    RECIPIENT = "recipient"
    NOT_FOUND = "not_found"
    LOST = "lost"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _NATURE[self].zh

    @property
    def en(self) -> str:
        """Its name in English."""
        return _NATURE[self].en

    @property
    def holds_volumes(self) -> bool:
        """Whether a volume can be there; the others only contain places or read what passes."""
        return _NATURE[self].holds_volumes

    @property
    def may_stand_alone(self) -> bool:
        """Whether it may have no parent."""
        return None in _NATURE[self].parents

    @property
    def is_registered(self) -> bool:
        """Whether a site registers such places in its places file; the others are made as they are needed."""
        return _NATURE[self].registered

    def may_stand_in(self, parent: "PlaceKind | None") -> bool:
        """Whether it may be a child of `parent`; None asks whether it may stand alone."""
        return parent in _NATURE[self].parents


@dataclass(frozen=True, slots=True)
class _Nature:
    zh: str
    en: str
    parents: frozenset[PlaceKind | None]
    holds_volumes: bool = False
    registered: bool = True


def _in(*parents: PlaceKind | None) -> frozenset[PlaceKind | None]:
    return frozenset(parents)


_K = PlaceKind
# Lenient on purpose: a small site has a room of bays and no blocks, a window may stand in a county far away.
_NATURE: dict[PlaceKind, _Nature] = {
    _K.WAREHOUSE: _Nature("库房", "warehouse", _in(None)),
    _K.ROOM: _Nature("库室", "room", _in(_K.WAREHOUSE)),
    _K.BLOCK: _Nature("密集架区", "block", _in(_K.ROOM)),
    _K.RANGE: _Nature("列", "range", _in(_K.ROOM, _K.BLOCK)),
    _K.BAY: _Nature("节", "bay", _in(_K.ROOM, _K.BLOCK, _K.RANGE)),
    _K.SHELF: _Nature("库位", "shelf", _in(_K.ROOM, _K.RANGE, _K.BAY, _K.CABINET, _K.QUARANTINE), holds_volumes=True),
    _K.CABINET: _Nature("智能柜", "cabinet", _in(_K.WAREHOUSE, _K.ROOM, _K.BLOCK), holds_volumes=True),
    _K.DESK: _Nature("工作台", "desk", _in(_K.WAREHOUSE, _K.ROOM, _K.WINDOW), holds_volumes=True),
    _K.TUNNEL: _Nature("通道机", "tunnel", _in(_K.WAREHOUSE, _K.ROOM)),
    _K.GATE: _Nature("通道门", "gate", _in(_K.WAREHOUSE, _K.ROOM)),
    _K.WINDOW: _Nature("窗口", "window", _in(None, _K.WAREHOUSE), holds_volumes=True),
    _K.CART: _Nature("推车", "cart", _in(_K.WAREHOUSE, _K.ROOM), holds_volumes=True),
    _K.QUARANTINE: _Nature("待查区", "quarantine", _in(_K.WAREHOUSE, _K.ROOM), holds_volumes=True),
    _K.ARRIVALS: _Nature("到件区", "arrivals", _in(_K.WAREHOUSE, _K.ROOM), holds_volumes=True),
    _K.READING_ROOM: _Nature("阅览室", "reading room", _in(_K.WAREHOUSE, _K.ROOM, _K.WINDOW), holds_volumes=True),
    _K.DIGITISATION: _Nature("数字化加工区", "digitisation", _in(None, _K.WAREHOUSE, _K.ROOM), holds_volumes=True),
    # What has no shelves still holds paper: whoever has a volume is its place, so that none is ever nowhere.
    _K.BAG: _Nature("转运袋", "transfer bag", _in(None, _K.WAREHOUSE), holds_volumes=True, registered=False),
    _K.COURIER: _Nature("递送途中", "courier", _in(None), holds_volumes=True, registered=False),
    _K.BORROWER: _Nature("查借阅单位", "borrower", _in(None), holds_volumes=True, registered=False),
    _K.RECIPIENT: _Nature("接收单位", "recipient", _in(None), holds_volumes=True, registered=False),
    _K.NOT_FOUND: _Nature("查找中", "not found", _in(None), holds_volumes=True, registered=False),
    _K.LOST: _Nature("遗失", "lost", _in(None), holds_volumes=True, registered=False),
}

_KIND_BY_NAME = {name: kind for kind in PlaceKind if kind.is_registered for name in (kind.value, kind.zh)}


def parse_place_kind(text: str) -> PlaceKind:
    """The kind by its English value or its Chinese name."""
    kind = _KIND_BY_NAME.get(text.strip().lower())
    if kind is None:
        kinds = [kind for kind in PlaceKind if kind.is_registered]
        known = "、".join(f"{kind}（{kind.zh}）" for kind in kinds)
        raise BadInput(
            problem_zh=f"所在种类应为：{known}", problem_en=f"the kind of a place is one of {', '.join(kinds)}"
        )
    return kind


def parse_place_code(text: str) -> str:
    """A place's code: letters, digits, CJK and `- _ .`; full-width characters become plain, as scanners send them."""
    code = folded_width(text)
    if not _PLACE_CODE.fullmatch(code):
        raise BadInput(
            problem_zh=f"代码应为1至{PLACE_CODE_CHARACTERS_MAX}个字母、数字、汉字或 - _ .",
            problem_en=f"a code has 1 to {PLACE_CODE_CHARACTERS_MAX} letters, digits, Chinese characters or - _ .",
        )
    return code
