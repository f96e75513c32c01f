"""Readers whose antennas look into the aisles of a block: they hear what stands in the one that is open."""

from collections.abc import Collection
from datetime import datetime, timedelta

import numpy as np

from devices.simulator import payloads, radio
from devices.simulator.city import City
from devices.simulator.floor import AISLE_METRES, DEPTH_METRES, NO_SHELF, SHELF_METRES
from devices.simulator.radio import Heard, Way
from devices.simulator.readers import Burst, Message, SimulatedReader
from devices.simulator.truth import Standing
from devices.simulator.zones import OPEN_MINUTES
from inventory.domain.registers import ReaderRow

LOOK_SECONDS = 60 * radio.READS_PER_PASS / radio.ZONE_TRIES_PER_MINUTE  # in which as much is tried as in a sweep's pass


class ZoneReader(SimulatedReader):
    """One block's: its aisles are opened one after another in any order, for minutes to half an hour each.

    closed: shelves, by their number in `city.shelves`, whose aisle nobody opens. speed: how much shorter all that takes.
    """

    def __init__(
        self, city: City, standing: Standing, rows: list[ReaderRow], speed: float, closed: Collection[int] = ()
    ) -> None:
        """One row per antenna, each with a place of its aisle."""
        super().__init__(city, standing, rows)
        aisle_of = {row.code: row.aisle for row in city.places}
        shelves = np.flatnonzero(city.shelves.mobile)
        reached = [aisle_of[city.places[index].code] for index in city.shelves.place[shelves]]
        self._speed = speed
        self._aisles = {
            row.antenna: shelves[[aisle == aisle_of[row.place] for aisle in reached]] for row in rows if row.place
        }
        shut = set(closed)
        self._opened = [antenna for antenna, some in self._aisles.items() if not shut.issuperset(some.tolist())]
        self._open: list[int] = []  # the antenna of the open aisle, once for each look that is left; then the next ones

    def burst(self, began: datetime) -> Burst:
        """One look into the aisle that is open."""
        if not self._open:
            for antenna in self._chance.permutation(self._opened).tolist():
                minutes = np.exp(self._chance.uniform(*np.log(OPEN_MINUTES)))
                self._open += [antenna] * max(round(60 * minutes / LOOK_SECONDS), 1)
        seconds = LOOK_SECONDS / self._speed
        if not self._open:
            return Burst(seconds, [Message(0.0, self.topic, payloads.impinj_array([]))])
        antenna = self._open.pop(0)
        reports = self._reports(self.look(antenna), began, 1 / self._speed)
        messages = []
        for number, report in enumerate(reports):
            due = seconds * number / len(reports)
            event = payloads.impinj_event(report, antenna, queued_at=began + timedelta(seconds=due))
            messages.append(Message(due, self.topic, event))
        return Burst(seconds, messages or [Message(0.0, self.topic, payloads.impinj_array([]))])

    def look(self, antenna: int) -> Heard:
        """What an antenna hears of its aisle's two faces and of what stands back to back with them."""
        shelves = self._city.shelves
        own = self._aisles[antenna]
        behind = shelves.behind[own]
        tags, rssi = [], []
        for way, some in ((Way.WITHIN, own), (Way.BEHIND, behind[behind != NO_SHELF])):
            for shelf in some.tolist():
                place = int(shelves.place[shelf])
                standing = self._standing.at(place)
                tags.append(standing)
                rssi.append(self._shadowed(standing, self._mean(standing, shelf, way), place, self._number + antenna))
        tag = np.concatenate(tags)
        return self._hear(tag, np.concatenate(rssi), self._chance.random(len(tag)), LOOK_SECONDS)

    def _mean(self, tags: np.ndarray[tuple[int], np.dtype[np.int32]], shelf: int, way: Way) -> radio.Values:
        shelves, many = self._city.shelves, len(tags)
        bays = int(shelves.bay[shelves.block == shelves.block[shelf]].max()) + 1
        row = self._city.places[int(shelves.place[shelf])]
        across = AISLE_METRES / 2 + (DEPTH_METRES if way is Way.BEHIND else 0.0)
        ahead = radio.ZONE_BEFORE_METRES + int(shelves.bay[shelf]) * SHELF_METRES + self._standing.along[tags]
        down = radio.ZONE_HEIGHT_METRES - (row.z or 0.0)
        length = np.full(many, bays * SHELF_METRES)
        mean = radio.zone_rssi(np.full(many, way, np.int8), np.full(many, across), ahead, np.full(many, down), length)
        return mean - radio.sheaves_db(self._city.seed, tags, int(shelves.place[shelf]))
