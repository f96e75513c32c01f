"""Which shelves stand next to one: a dossier put back wrongly mostly stands beside, above, below or across the aisle."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inventory.domain.words import Word

SAME_METRES = 0.05  # registers round
ADJACENT_METRES_MAX = 2.5  # farther along a face it is no neighbour any more: a pillar or a door stands between


class Side(Word):
    """On which side of a shelf another one is, seen from its aisle."""

    LEFT = "left", "左邻", "left"
    RIGHT = "right", "右邻", "right"
    ABOVE = "above", "上层", "above"
    BELOW = "below", "下层", "below"
    FACING = "facing", "对面", "facing"


@dataclass(frozen=True, slots=True)
class ShelfAt:
    """A shelf and where its middle is: metres, the room's own axes; z upwards. aisle, face: as the register writes them."""

    code: str
    x: float
    y: float
    z: float
    aisle: str | None = None
    face: str | None = None


def neighbours(shelf: ShelfAt, others: Iterable[ShelfAt]) -> dict[Side, str]:
    """The code of the nearest shelf on each side, where there is one; `others`: the shelves of its room, or of its aisle.

    Left is where x (then y) is smaller: which hand that is depends on where one stands, so pages show the code.
    """
    rest = [other for other in others if other.code != shelf.code]
    same_face = [other for other in rest if (other.aisle, other.face) == (shelf.aisle, shelf.face)]
    stack = [other for other in same_face if _along(shelf, other) <= SAME_METRES]
    level = [other for other in same_face if abs(other.z - shelf.z) <= SAME_METRES and other not in stack]
    across = [
        other
        for other in rest
        if shelf.aisle is not None
        and other.aisle == shelf.aisle
        and other.face != shelf.face
        and abs(other.z - shelf.z) <= SAME_METRES
    ]
    found = {
        Side.LEFT: _nearest(shelf, (other for other in level if (other.x, other.y) < (shelf.x, shelf.y)), _along),
        Side.RIGHT: _nearest(shelf, (other for other in level if (other.x, other.y) > (shelf.x, shelf.y)), _along),
        Side.ABOVE: _nearest(shelf, (other for other in stack if other.z > shelf.z), _upwards),
        Side.BELOW: _nearest(shelf, (other for other in stack if other.z < shelf.z), _upwards),
        Side.FACING: _nearest(shelf, across, _along),
    }
    return {side: code for side, code in found.items() if code is not None}


def _along(shelf: ShelfAt, other: ShelfAt) -> float:
    return abs(other.x - shelf.x) + abs(other.y - shelf.y)


def _upwards(shelf: ShelfAt, other: ShelfAt) -> float:
    return abs(other.z - shelf.z)


def _nearest(shelf: ShelfAt, others: Iterable[ShelfAt], distance: Callable[[ShelfAt, ShelfAt], float]) -> str | None:
    ordered = sorted((distance(shelf, other), other.code) for other in others)
    return ordered[0][1] if ordered and ordered[0][0] <= ADJACENT_METRES_MAX else None
