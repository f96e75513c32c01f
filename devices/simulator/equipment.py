"""Which readers the warehouse has, in which dialect, on which topic: rows of the readers register."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from devices.simulator.floor import CARTS, DESKS, GATES, TUNNEL, WAREHOUSE, Floor
from inventory.domain.places import PlaceKind
from inventory.domain.registers import AntennaRole, Dialect, ReaderRow

TIMEZONE = "Asia/Shanghai"
CABINETS_PER_READER = 4  # 24 antennas, one a shelf, on a hub
GATE_ANTENNA_INNER, GATE_ANTENNA_OUTER = 1, 2
SOLE_ANTENNA = 1  # of a reader that names it
UNNAMED_ANTENNA = 0  # of a handheld, pad or tunnel

HANDHELDS = ("H1", "H2")
CART_READER = "C1"
CABINET_READER = "S"  # S1, S2 ...
ZONE_READER = "Z"  # ZA, ZB ...
TUNNEL_READER = "T1"
GATE_READERS = ("G1", "G2")


class Seat(NamedTuple):
    """One antenna: its number, the code of its place, its role."""

    antenna: int
    place: str
    role: AntennaRole


def reader_rows(plan: Floor, windows: Sequence[str]) -> tuple[ReaderRow, ...]:
    """Every antenna of every reader."""
    rows: list[ReaderRow] = []
    # A sweep has no place of its own; printed codes and label tags say where it is.
    for handheld in HANDHELDS:
        rows += _reader(handheld, Dialect.ZEBRA_HANDHELD, [Seat(UNNAMED_ANTENNA, WAREHOUSE, AntennaRole.HANDHELD)])
    rows += _reader(CART_READER, Dialect.IMPINJ, [Seat(SOLE_ANTENNA, CARTS[0], AntennaRole.CART)])
    for number, place in enumerate((*DESKS, *windows), 1):
        rows += _reader(f"D{number}", Dialect.NATIVE, [Seat(UNNAMED_ANTENNA, place, AntennaRole.DESK)])
    for reader, gate in zip(GATE_READERS, GATES, strict=True):
        inner = Seat(GATE_ANTENNA_INNER, gate, AntennaRole.GATE_INNER)
        outer = Seat(GATE_ANTENNA_OUTER, gate, AntennaRole.GATE_OUTER)
        rows += _reader(reader, Dialect.ZEBRA, [inner, outer])
    rows += _reader(TUNNEL_READER, Dialect.NATIVE, [Seat(UNNAMED_ANTENNA, TUNNEL, AntennaRole.TUNNEL)])
    rows += _cabinet_readers(plan)
    return tuple(rows)


def zone_rows(plan: Floor) -> tuple[ReaderRow, ...]:
    """A reader for each block of the mobile shelving with an antenna at the end of each aisle, over its first bay."""
    first: dict[str, dict[str, str]] = {}
    for row in plan.places:
        if row.kind is PlaceKind.BAY and row.block and row.aisle:
            first.setdefault(row.block, {}).setdefault(row.aisle, row.code)
    rows: list[ReaderRow] = []
    for block, aisles in first.items():
        seats = [Seat(antenna, place, AntennaRole.ZONE) for antenna, place in enumerate(aisles.values(), 1)]
        rows += _reader(f"{ZONE_READER}{block}", Dialect.IMPINJ, seats)
    return tuple(rows)


def _cabinet_readers(plan: Floor) -> Iterable[ReaderRow]:
    shelves = plan.shelves
    in_cabinets = np.flatnonzero(~shelves.mobile)
    group = shelves.cabinet[in_cabinets] // CABINETS_PER_READER
    for number in range(int(group.max()) + 1):
        places = [plan.places[index].code for index in shelves.place[in_cabinets[group == number]]]
        seats = [Seat(antenna, place, AntennaRole.SHELF) for antenna, place in enumerate(places, 1)]
        yield from _reader(f"{CABINET_READER}{number + 1}", Dialect.IMPINJ, seats, commanded=True)


def _reader(reader: str, dialect: Dialect, seats: Iterable[Seat], *, commanded: bool = False) -> list[ReaderRow]:
    """The rows of one reader; commanded: a box beside it takes native commands for it."""
    topic = f"guiwei/{WAREHOUSE}/{reader}"
    return [
        ReaderRow(
            reader,
            dialect,
            f"{topic}/reads",
            seat.antenna,
            seat.place,
            seat.role,
            f"{topic}/status",
            TIMEZONE,
            mapping=None,
            control_url=f"mqtt:{topic}/commands?answers={topic}/answers" if commanded else None,
            slot=None,
        )
        for seat in seats
    ]
