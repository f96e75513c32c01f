"""Messages of gates' readers to reads: decoded by their dialects, by our clock, tags and readers numbered."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import NamedTuple

import numpy as np

from devices.health import time_problem
from devices.pipeline import KnownReader, known_readers
from devices.readings import Undecodable
from inventory.locating.reads import INNER, OUTER, SECOND, Reads, gate_antenna
from inventory.store.readers import RegisteredAntenna

SIDES = {"gate_inner": INNER, "gate_outer": OUTER}
CLOCK_MINUTES = 20  # the message least late of so many minutes tells a reader's clock: a burst after an outage doesn't
CLOCK_OFF_MIN = 2 * SECOND  # less is left to what knows more of it: the order at the gate
MINUTE = 60 * SECOND


class Heard(NamedTuple):
    """A message and when it came, microseconds."""

    topic: str
    payload: bytes
    received_at: int


class _Seat(NamedTuple):
    gate: int
    antenna: int  # as `gate_antenna` numbers them
    reader: int


class ReaderClock:
    """How far a reader's clock is behind ours, in whole seconds, by its messages least late."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._least: dict[int, int] = {}
        self.behind = 0

    def hear(self, received_at: int, newest: int) -> int:
        """A message with its newest device time; returns what to add to its times."""
        minute, late = received_at // MINUTE, received_at - newest
        self._least[minute] = min(late, self._least.get(minute, late))
        if len(self._least) > CLOCK_MINUTES:
            self._least = {one: least for one, least in self._least.items() if one > minute - CLOCK_MINUTES}
        least = min(self._least.values())
        if abs(least - self.behind) > CLOCK_OFF_MIN:
            self.behind = least // SECOND * SECOND
        return self.behind


class GateReading:
    """The readers at gates, their clocks, and the numbers of tags. Not for use by two threads."""

    def __init__(self) -> None:
        """Nobody is registered yet."""
        self.epcs: dict[int, bytes] = {}
        self._numbers: dict[bytes, int] = {}
        self._next = 0
        self._by_topic: dict[str, KnownReader] = {}
        self._seats: dict[int, _Seat] = {}  # by antenna
        self._gates_of: dict[int, set[int]] = {}  # by reader
        self._clocks: dict[int, ReaderClock] = {}
        self._antennas: list[RegisteredAntenna] = []

    @property
    def topics(self) -> set[str]:
        """What to listen to: reads alone, a gate has no use for a reader's status."""
        return {one.topic for one in self._antennas}

    def use(self, antennas: list[RegisteredAntenna]) -> bool:
        """Work with these from now on; whether anything is new about them."""
        if antennas == self._antennas:
            return False
        self._antennas = list(antennas)
        self._by_topic = known_readers(antennas)
        self._seats = {}
        counted: Counter[tuple[int, int]] = Counter()
        # By their ids, so that one registered later leaves the others' numbers as they are.
        for one in sorted(antennas, key=lambda antenna: antenna.antenna_id):
            if one.place_id is not None:
                side = SIDES[one.role]
                antenna = gate_antenna(side, counted[one.place_id, side])
                self._seats[one.antenna_id] = _Seat(one.place_id, antenna, one.reader_id)
                counted[one.place_id, side] += 1
        self._gates_of = {}
        for seat in self._seats.values():
            self._gates_of.setdefault(seat.reader, set()).add(seat.gate)
        return True

    def antennas_of(self, gate: int) -> dict[int, int]:
        """The registered antennas of a gate, by id, by the numbers they have in its reads."""
        return {seat.antenna: antenna for antenna, seat in self._seats.items() if seat.gate == gate}

    def read(self, heard: Heard) -> Iterator[tuple[int, Reads]]:
        """(gate, its reads) of a message, maybe none; nothing of one that can't be understood: ingest keeps it for people."""
        reader = self._by_topic.get(heard.topic)
        if reader is None:
            return
        try:
            decoded = reader.decode(heard.payload, reader.timezone)
        except Undecodable:
            return
        times = [one.read_at for one in decoded.readings if one.read_at is not None]
        if times and any(time_problem(one, heard.received_at) for one in (min(times), max(times))):
            return
        behind = (
            self._clocks.setdefault(reader.reader_id, ReaderClock()).hear(heard.received_at, max(times)) if times else 0
        )
        rows: dict[int, list[tuple[int, ...]]] = {gate: [] for gate in self._gates_of.get(reader.reader_id, ())}
        for one in decoded.readings:
            antenna = reader.antennas.get(one.antenna)
            seat = None if antenna is None else self._seats.get(antenna.antenna_id)
            if seat is None:
                continue
            at = heard.received_at if one.read_at is None else one.read_at + behind
            told = 0 if one.rssi_cdbm is None else one.count
            strength = 0 if one.rssi_cdbm is None else one.rssi_cdbm * one.count
            tag = self.number_of(one.epc)
            rows[seat.gate].append((tag, seat.reader, seat.antenna, at, heard.received_at, one.count, told, strength))
        for gate, found in rows.items():
            yield gate, Reads(*np.array(found, np.int64).reshape(-1, len(fields(Reads))).T)

    def number_of(self, epc: bytes) -> int:
        """The number of a tag."""
        number = self._numbers.get(epc)
        if number is None:
            number = self._numbers[epc] = self._next
            self.epcs[number] = epc
            self._next += 1
        return number

    def forget(self, kept: Iterable[int]) -> None:
        """Forget the numbers of tags that nobody has in mind any more."""
        wanted = set(kept)
        for number in [one for one in self.epcs if one not in wanted]:
            del self._numbers[self.epcs.pop(number)]
