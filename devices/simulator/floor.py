"""The floor plan: blocks of mobile shelving, smart cabinets, packing room and windows, as rows of the places register.

Distances in metres. x, y and z are taken with all carriages of a block pushed together, aisles closed: a carriage rolls
when an aisle opens, a register can't.
"""

from dataclasses import dataclass, replace
from itertools import count
from math import ceil, sqrt
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from inventory.domain.epcs import gid96
from inventory.domain.places import PlaceKind
from inventory.domain.registers import PlaceRow

Indexes: TypeAlias = NDArray[np.int32]
Metres: TypeAlias = NDArray[np.float64]

WAREHOUSE = "W1"
MOBILE_ROOM, CABINET_ROOM, PACKING_ROOM = "W1-R1", "W1-R2", "W1-P"
QUARANTINE = "W1-QUARANTINE"
ARRIVALS, READING_ROOM, DIGITISATION = "W1-ARRIVALS", "W1-READING", "W1-SCAN"
TUNNEL = "W1-TUNNEL"
GATES = ("W1-GATE-1", "W1-GATE-2")
DESKS = ("W1-DESK-1", "W1-DESK-2")
CARTS = ("W1-CART-1", "W1-CART-2")

SHELF_METRES, LEVEL_METRES, DEPTH_METRES = 0.90, 0.35, 0.35
AISLE_METRES = 0.90
PLINTH_METRES = 0.10
CORRIDOR_METRES = 1.50
LEVELS = 6
SHELF_CAPACITY_VOLUMES = 45  # 0.9 m at 2 cm a dossier
SHELF_FILL_VOLUMES_MIN = 40

BLOCKS_MIN = 3
BLOCKS_ABREAST = 6
CABINETS_ABREAST = 20
CABINET_GAP_METRES = 0.10
CARRIAGES_MIN = 2  # fewer have no aisle between them
CARRIAGES_MAX = 12
BAYS_MAX = 12
SHELVES_PER_BLOCK_MAX = CARRIAGES_MAX * 2 * BAYS_MAX * LEVELS

# The general manager number of the examples in GS1's Tag Data Standard (annex E.3): a site without a GS1 prefix uses
# GID-96, and a warehouse that doesn't exist must not use a number that is somebody's.
EPC_MANAGER = 952_056
EPC_CLASS_DOSSIER, EPC_CLASS_SHELF = 1, 2

NO_SHELF = -1
NO_CABINET = -1


@dataclass(frozen=True, slots=True)
class Shelves:
    """All shelves as arrays of equal length: first the mobile shelving, block by block, then the cabinets.

    place: index into the places. block, carriage, face (0 or 1), bay, level: from 0, level 0 lowest; meaningless in a
    cabinet, whose number stands in `cabinet`. above to behind: the shelf next to this one, `NO_SHELF` where there is
    none; `left` has the lower bay number, `facing` lies across the aisle, `behind` is back to back on its carriage.
    """

    place: Indexes
    block: Indexes
    carriage: Indexes
    face: Indexes
    bay: Indexes
    level: Indexes
    cabinet: Indexes
    above: Indexes
    below: Indexes
    left: Indexes
    right: Indexes
    facing: Indexes
    behind: Indexes

    @property
    def mobile(self) -> NDArray[np.bool_]:
        """Which of them stand on carriages."""
        return np.equal(self.cabinet, NO_CABINET)


class Floor(NamedTuple):
    """Every place of the warehouse, and its shelves again as arrays."""

    places: tuple[PlaceRow, ...]
    shelves: Shelves


class BlockSize(NamedTuple):
    """How a block is built: carriages on its rails, bays on each of their two faces."""

    carriages: int
    bays: int

    @property
    def shelves(self) -> int:
        """Shelves on both faces of all its carriages."""
        return self.carriages * 2 * self.bays * LEVELS


def plan_blocks(volumes: int) -> tuple[int, BlockSize]:
    """How many blocks, and how large, hold `volumes` with some shelves to spare."""
    shelves = ceil(volumes / SHELF_FILL_VOLUMES_MIN)
    blocks = max(BLOCKS_MIN, ceil(shelves / SHELVES_PER_BLOCK_MAX))
    faces = max(1, ceil(shelves / blocks / LEVELS))
    carriages = min(max(ceil(sqrt(faces / 2)), CARRIAGES_MIN), CARRIAGES_MAX)
    return blocks, BlockSize(carriages, ceil(faces / 2 / carriages))


def block_name(block: int) -> str:
    """A, B, C ... Z, AA, AB ..."""
    letter = chr(ord("A") + block % 26)
    return letter if block < 26 else block_name(block // 26 - 1) + letter  # noqa: PLR2004 - letters of the alphabet


def plan_floor(volumes_mobile: int, volumes_cabinets: int, windows: tuple[tuple[str, str], ...]) -> Floor:
    """The floor plan for so many volumes; `windows` are code and name of the counties' windows."""
    blocks, size = plan_blocks(volumes_mobile)
    cabinets = max(1, ceil(volumes_cabinets / SHELF_FILL_VOLUMES_MIN / LEVELS))
    rooms = _rooms(windows)
    mobile = [row for block in range(blocks) for row in _block_rows(block, size)]
    smart = [row for cabinet in range(cabinets) for row in _cabinet_rows(cabinet)]
    places = _labelled([*rooms, *mobile, *smart])
    return Floor(places, _shelves(places, blocks, size))


def _row(code: str, kind: PlaceKind, name: str, parent: str | None) -> PlaceRow:
    return PlaceRow(code, kind, name, parent, *[None] * 11)


def _rooms(windows: tuple[tuple[str, str], ...]) -> list[PlaceRow]:
    kind = PlaceKind
    return [
        _row(WAREHOUSE, kind.WAREHOUSE, "济南市流动人员人事档案中心库", None),
        _row(MOBILE_ROOM, kind.ROOM, "密集架库室", WAREHOUSE),
        _row(CABINET_ROOM, kind.ROOM, "智能柜库室", WAREHOUSE),
        _row(PACKING_ROOM, kind.ROOM, "整理打包室", WAREHOUSE),
        _row(TUNNEL, kind.TUNNEL, "通道机", PACKING_ROOM),
        _row(GATES[0], kind.GATE, "库室通道门", WAREHOUSE),
        _row(GATES[1], kind.GATE, "出库通道门", WAREHOUSE),
        _row(DESKS[0], kind.DESK, "整理台", PACKING_ROOM),
        _row(DESKS[1], kind.DESK, "打包台", PACKING_ROOM),
        _row(CARTS[0], kind.CART, "盘点车", WAREHOUSE),
        _row(CARTS[1], kind.CART, "运送车", WAREHOUSE),
        _row(QUARANTINE, kind.QUARANTINE, "待查区", WAREHOUSE),
        _row(ARRIVALS, kind.ARRIVALS, "到件区", PACKING_ROOM),
        _row(READING_ROOM, kind.READING_ROOM, "阅览室", WAREHOUSE),
        _row(DIGITISATION, kind.DIGITISATION, "数字化加工区", WAREHOUSE),
        *(_row(code, kind.WINDOW, name, WAREHOUSE) for code, name in windows),
    ]


def _block_rows(block: int, size: BlockSize) -> list[PlaceRow]:
    letter = block_name(block)
    code = f"{WAREHOUSE}-{letter}"
    corner_x = block // BLOCKS_ABREAST * (size.carriages * 2 * DEPTH_METRES + AISLE_METRES + CORRIDOR_METRES)
    corner_y = block % BLOCKS_ABREAST * (size.bays * SHELF_METRES + CORRIDOR_METRES)
    rows = [replace(_row(code, PlaceKind.BLOCK, f"{letter}区", MOBILE_ROOM), block=letter)]
    for carriage in range(size.carriages):
        range_code = f"{code}-{carriage + 1:02d}"
        rows.append(replace(_row(range_code, PlaceKind.RANGE, f"{carriage + 1}列", code), block=letter))
        for face in range(2):
            # Aisle k lies before carriage k; the last one behind the last carriage.
            aisle = f"{letter}-{carriage + face + 1:02d}"
            x = corner_x + (2 * carriage + face + 0.5) * DEPTH_METRES
            for bay in range(size.bays):
                bay_code = f"{range_code}-{face + 1}-{bay + 1:02d}"
                row = _row(bay_code, PlaceKind.BAY, f"{face + 1}面{bay + 1}节", range_code)
                row = replace(row, block=letter, face=str(face + 1), aisle=aisle)
                rows += [row, *_level_rows(row, x, corner_y + (bay + 0.5) * SHELF_METRES)]
    return rows


def _cabinet_rows(cabinet: int) -> list[PlaceRow]:
    code = f"{CABINET_ROOM}-K{cabinet + 1:02d}"
    row, column = divmod(cabinet, CABINETS_ABREAST)
    x, y = row * (DEPTH_METRES + CORRIDOR_METRES), (column + 0.5) * (SHELF_METRES + CABINET_GAP_METRES)
    place = _row(code, PlaceKind.CABINET, f"智能柜{cabinet + 1}", CABINET_ROOM)
    return [place, *_level_rows(place, x, y)]


def _level_rows(stack: PlaceRow, x: float, y: float) -> list[PlaceRow]:
    """The shelves of a bay or cabinet, lowest first; x and y are the middle of its floor."""
    return [
        replace(
            stack,
            code=f"{stack.code}-{level + 1}",
            kind=PlaceKind.SHELF,
            name=f"{level + 1}层",
            parent=stack.code,
            x=round(x, 3),
            y=round(y, 3),
            z=round(PLINTH_METRES + (level + 0.5) * LEVEL_METRES, 3),
            width=SHELF_METRES,
            height=LEVEL_METRES,
            depth=DEPTH_METRES,
            capacity=SHELF_CAPACITY_VOLUMES,
        )
        for level in range(LEVELS)
    ]


def _labelled(places: list[PlaceRow]) -> tuple[PlaceRow, ...]:
    """The same with a label tag on each shelf, numbered from 1."""
    serials = count(int.from_bytes(gid96(EPC_MANAGER, EPC_CLASS_SHELF, 1)))
    return tuple(replace(row, epc=next(serials).to_bytes(12)) if row.kind is PlaceKind.SHELF else row for row in places)


def _shelves(places: tuple[PlaceRow, ...], blocks: int, size: BlockSize) -> Shelves:
    place = np.array([index for index, row in enumerate(places) if row.kind is PlaceKind.SHELF], np.int32)
    shape = (blocks, size.carriages, 2, size.bays, LEVELS)
    in_blocks = np.prod(shape, dtype=np.int64)
    number = np.arange(len(place), dtype=np.int32)
    mobile = number < in_blocks
    block, carriage, face, bay, level = (
        axis.astype(np.int32) for axis in np.unravel_index(np.minimum(number, in_blocks - 1), shape)
    )
    in_cabinets = number - in_blocks
    level = np.where(mobile, level, in_cabinets % LEVELS).astype(np.int32)
    # Strides of the shape: the next bay is one stack of levels on, the other face one row of bays.
    to_bay, to_face = LEVELS, size.bays * LEVELS

    def neighbour(there: NDArray[np.bool_], step: int) -> Indexes:
        return np.where(there, number + step, NO_SHELF).astype(np.int32)

    front, back = mobile & (face == 0), mobile & (face == 1)
    across_back = neighbour(back & (carriage < size.carriages - 1), to_face)
    across_front = neighbour(front & (carriage > 0), -to_face)
    return Shelves(
        place,
        block,
        carriage,
        face,
        bay,
        level,
        cabinet=np.where(mobile, NO_CABINET, in_cabinets // LEVELS).astype(np.int32),
        above=neighbour(level < LEVELS - 1, 1),
        below=neighbour(level > 0, -1),
        left=neighbour(mobile & (bay > 0), -to_bay),
        right=neighbour(mobile & (bay < size.bays - 1), to_bay),
        facing=np.maximum(across_back, across_front),
        behind=np.maximum(neighbour(front, to_face), neighbour(back, -to_face)),
    )
