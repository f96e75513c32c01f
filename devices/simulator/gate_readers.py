"""Readers at gates: people go through, few of them with dossiers, and now and then with one that nobody ordered."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle

import numpy as np

from devices.simulator import payloads
from devices.simulator.city import City
from devices.simulator.equipment import GATE_ANTENNA_INNER, GATE_ANTENNA_OUTER, GATE_READERS
from devices.simulator.floor import CARTS
from devices.simulator.gates import Scene, Walk, read
from devices.simulator.passers import make_walker
from devices.simulator.radio import Heard
from devices.simulator.readers import Burst, Message, SimulatedReader
from devices.simulator.truth import Standing
from inventory.domain.registers import ReaderRow
from inventory.locating.arrays import Integers
from inventory.locating.reads import INNER, OUTER, SECOND, Reads

APART_SECONDS = (120.0, 360.0)  # from one person to the next
TAKEN_VOLUMES = 1
BROUGHT_SHARE = 0.3  # of those who come on an errand of the house bring a part of the load in
STROLLS = 60  # from one dossier that is taken out and brought back to the next
STROLLS_BEFORE = 12  # the first one: a gate that just began takes minutes to know what lies beside it
ANTENNAS = {INNER: GATE_ANTENNA_INNER, OUTER: GATE_ANTENNA_OUTER}


class GateReader(SimulatedReader):
    """One person goes through after another; whoever takes a dossier out is called back and brings it in again.

    What is carried is of the carrying cart's load, the gates' shares apart. Each passage ends with a heartbeat.
    """

    def __init__(self, city: City, standing: Standing, rows: list[ReaderRow], speed: float) -> None:
        """`speed` shortens the time between two people, not their way."""
        super().__init__(city, standing, rows)
        load = standing.at(city.place_index(CARTS[1])).astype(np.int64)
        self._load = load[GATE_READERS.index(self.code) :: len(GATE_READERS)]
        self._speed = speed
        self._errands = self._plan()

    def burst(self, began: datetime) -> Burst:
        """Let one person go through."""
        walk, carried = next(self._errands)
        walker = make_walker(walk, np.arange(len(carried)), 0.0, self._chance, stops=False)
        passed = float(walker.seconds[-1]) + 1.0
        messages: list[Message] = []
        if len(carried):
            nothing_parked, alive = (np.zeros(0, np.int64), np.zeros((2, 0))), np.zeros(len(carried), bool)
            scene = Scene(int(self._chance.integers(1 << 31)), passed, (walker,), *nothing_parked, len(carried), alive)
            messages += self._told(read(scene), carried, began)
        over = max([passed, *(message.due_seconds for message in messages)])
        messages.append(Message(over, self.status_topic, payloads.zebra_heartbeat(began + timedelta(seconds=over))))
        return Burst(over + self._between(APART_SECONDS) / self._speed, messages)

    def _plan(self) -> Iterator[tuple[Walk, Integers]]:
        """Who comes, and with what: indexes of tags."""
        for turn in cycle(range(STROLLS)):
            if turn == STROLLS_BEFORE and len(self._load):
                taken = self._chance.choice(self._load, TAKEN_VOLUMES, replace=False)
                yield Walk.OUT, taken
                yield Walk.IN, taken
            elif self._chance.random() < BROUGHT_SHARE:
                yield Walk.IN, self._chance.permutation(self._load)[: int(self._chance.integers(len(self._load) + 1))]
            else:
                yield Walk.EMPTY_HANDED, self._load[:0]

    def _told(self, reads: Reads, carried: Integers, began: datetime) -> Iterator[Message]:
        """A message for each report of an antenna."""
        for received_at in np.unique(reads.received_at).tolist():
            for side, antenna in ANTENNAS.items():
                mine = reads.chosen(np.flatnonzero((reads.received_at == received_at) & (reads.antenna == side)))
                heard = Heard(carried[mine.tag].astype(np.int32), mine.at / SECOND, mine.dbm())
                if reports := self._reports(heard, began):
                    yield Message(
                        received_at / SECOND, self.topic, payloads.zebra_events(reports, antenna, self._events)
                    )
                    self._events += len(reports)
