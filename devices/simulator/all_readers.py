"""Every reader of a city's register as the simulator plays it."""

from collections.abc import Collection

from devices.simulator.city import City
from devices.simulator.gate_readers import GateReader
from devices.simulator.readers import (
    CabinetReader,
    CartSweep,
    DeskPad,
    HandheldSweep,
    SimulatedReader,
    Tunnel,
    blocks_of_sweeps,
)
from devices.simulator.truth import Standing
from devices.simulator.zone_readers import ZoneReader
from inventory.domain.registers import AntennaRole, ReaderRow


def make_readers(city: City, standing: Standing, speed: float, closed: Collection[int] = ()) -> list[SimulatedReader]:
    """Every reader of the register, in its order; the blocks are divided among the sweeps.

    closed: shelves, by their number in `city.shelves`, whose aisle nobody opens.
    """
    antennas: dict[str, list[ReaderRow]] = {}
    for row in city.readers:
        antennas.setdefault(row.reader, []).append(row)
    share = blocks_of_sweeps(city)
    readers: list[SimulatedReader] = []
    for code, rows in antennas.items():
        match rows[0].role:
            case AntennaRole.HANDHELD:
                readers.append(HandheldSweep(city, standing, rows, share[code], speed, closed))
            case AntennaRole.CART:
                readers.append(CartSweep(city, standing, rows, share[code], speed, closed))
            case AntennaRole.SHELF:
                readers.append(CabinetReader(city, standing, rows))
            case AntennaRole.ZONE:
                readers.append(ZoneReader(city, standing, rows, speed, closed))
            case AntennaRole.DESK:
                readers.append(DeskPad(city, standing, rows))
            case AntennaRole.TUNNEL:
                readers.append(Tunnel(city, standing, rows, speed))
            case _:
                readers.append(GateReader(city, standing, rows, speed))
    return readers
