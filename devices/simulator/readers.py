"""Simulated readers: what each does all day, and the messages that come of it.

A reader plays in *bursts*: one shelf of a sweep, one antenna's turn, one bag through the tunnel. It never runs out, and
it draws from its own seed, so what one reader says does not depend on the others.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from devices.simulator import equipment, payloads, radio
from devices.simulator.city import City
from devices.simulator.floor import DESKS, LEVELS, NO_SHELF, SHELF_METRES, Indexes, Shelves
from devices.simulator.payloads import Report
from devices.simulator.radio import Heard, Side
from devices.simulator.truth import Standing
from inventory.domain.commands import Topics, control_of
from inventory.domain.registers import Dialect, ReaderRow

SHELF_SECONDS = (25.0, 45.0)  # a keeper's sweep of one shelf
STEP_SECONDS = (1.5, 4.0)  # to the next one
SCANS_SKIPPED_SHARE = 0.05  # shelf labels a keeper forgets to scan
HANDHELD_REPORT_SECONDS = 6.0  # between two messages of tags
CABINET_ROUND_SECONDS = 60.0  # a reader-side cache reports a tag that stays once in so long
# Block A is swept by the first handheld, B by the cart, C by the second handheld, D by the first again.
SWEEPS = (equipment.HANDHELDS[0], equipment.CART_READER, equipment.HANDHELDS[1])
PAD_SECONDS = (20.0, 60.0)
PAD_METRES = (0.3, 0.8)
TUNNEL_SECONDS = (90.0, 240.0)
BAG_VOLUMES_MAX = 20


class Message(NamedTuple):
    """What a reader publishes, so many seconds after its burst began."""

    due_seconds: float
    topic: str
    payload: bytes


class Burst(NamedTuple):
    """At least one message, in order of time, and how long until the reader goes on."""

    seconds: float
    messages: list[Message]


class SimulatedReader(ABC):
    """A reader with its connection's first and last word."""

    def __init__(self, city: City, standing: Standing, rows: list[ReaderRow]) -> None:
        """`rows` are the reader's rows of the readers register, one an antenna."""
        self.code, self.topic = rows[0].reader, rows[0].topic
        self.status_topic = rows[0].status_topic or self.topic
        control = control_of(rows[0].dialect, self.topic, rows[0].control_url)
        self.control = control if isinstance(control, Topics) else None
        self._dialect = rows[0].dialect
        self._city, self._standing = city, standing
        self._number = crc32(self.code.encode())
        self._chance = np.random.default_rng(np.random.SeedSequence([city.seed, 3, self._number, standing.occasion]))
        self._events = 0

    @abstractmethod
    def burst(self, began: datetime) -> Burst:
        """What happens from `began` on, device time."""

    def whole_round(self, now: datetime) -> list[Message]:
        """Everything it hears, said at once, as a reader does that was told to read."""
        return self.burst(now).messages

    def online(self, at: datetime) -> bytes:
        """What the reader says of itself when it has connected."""
        match self._dialect:
            case Dialect.IMPINJ:
                return payloads.IMPINJ_CONNECTED
            case Dialect.ZEBRA:
                return payloads.zebra_heartbeat(at)
            case Dialect.ZEBRA_HANDHELD:
                return payloads.handheld_connection("CONNECTED", self.code, at)
        return payloads.native_status("online", at)

    def last_will(self, at: datetime) -> bytes | None:
        """What the broker says when the connection, made at `at`, is lost; a fixed Zebra reader leaves no will."""
        match self._dialect:
            case Dialect.IMPINJ:
                return payloads.IMPINJ_LOST
            case Dialect.ZEBRA:
                return None
            case Dialect.ZEBRA_HANDHELD:
                return payloads.handheld_connection("DISCONNECTED", self.code, at)
        return payloads.native_status("offline")

    def _between(self, seconds: tuple[float, float]) -> float:
        return float(self._chance.uniform(*seconds))

    def _shadowed(self, tags: Indexes, mean_rssi: radio.Values, place: int, antenna: int) -> radio.Values:
        seed = self._city.seed
        hangs = radio.placement_db(seed, tags, place, self._standing.labels_from)
        return mean_rssi + hangs + radio.shadowing(seed, tags, place, antenna)

    def _hear(self, tags: Indexes, rssi: radio.Values, moment: radio.Values, seconds: float) -> Heard:
        return radio.hear(
            tags, rssi, moment, seconds, self._city.seed, self._chance, labels_from=self._standing.labels_from
        )

    def _hear_loose(self, place: int, metres: tuple[float, float], power_dbm: float, seconds: float) -> Heard:
        """What lies or passes in the open, each at its own distance, during `seconds`."""
        tags = self._standing.at(place)
        rssi = radio.rssi_at(self._chance.uniform(*metres, len(tags)), power_dbm)
        return self._hear(
            tags, self._shadowed(tags, rssi, place, self._number), self._chance.random(len(tags)), seconds
        )

    def _reports(self, heard: Heard, began: datetime, scale: float = 1.0) -> list[Report]:
        """Reads summed up by tag: peak, count and time of the last, in order of the first."""
        peaks: dict[int, tuple[float, int, float]] = {}
        for tag, seconds, rssi in zip(heard.tag.tolist(), heard.seconds.tolist(), heard.rssi_dbm.tolist(), strict=True):
            peak, count, _ = peaks.get(tag, (rssi, 0, seconds))
            peaks[tag] = (max(peak, rssi), count + 1, seconds)
        return [
            Report(self._standing.epc[tag].tobytes(), peak, count, began + timedelta(seconds=last * scale))
            for tag, (peak, count, last) in peaks.items()
        ]


# ── Sweeps ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Sweep(SimulatedReader):
    """Someone walks aisle after aisle of some blocks, shelf by shelf, and starts again at the end."""

    def __init__(
        self,
        city: City,
        standing: Standing,
        rows: list[ReaderRow],
        blocks: Indexes,
        speed: float,
        closed: Collection[int] = (),
    ) -> None:
        """`speed` shortens the walking: 20 sweeps in two seconds what takes a keeper forty. `closed`: shelves nobody gets at."""
        super().__init__(city, standing, rows)
        route = sweep_route(city, blocks)
        self.route = route[~np.isin(route, list(closed))]
        self._speed = speed
        self._next = 0

    def burst(self, began: datetime) -> Burst:
        """Sweep the next shelf."""
        shelf = int(self.route[self._next])
        self._next = (self._next + 1) % len(self.route)
        seconds = self._between(SHELF_SECONDS)
        messages = self._sweep(shelf, self.hear_shelf(shelf, seconds), began, seconds)
        return Burst((seconds + self._between(STEP_SECONDS)) / self._speed, messages)

    def hear_shelf(self, shelf: int, seconds: float) -> Heard:
        """Every read while the antenna passes along one shelf: its own tags, and strays of the six around it."""
        shelves = self._city.shelves
        neighbours = (shelves.above, shelves.below, shelves.left, shelves.right, shelves.facing, shelves.behind)
        around = (shelf, *(int(neighbour[shelf]) for neighbour in neighbours))
        tags, sides, shadows = [], [], []
        for where, there in zip(Side, around, strict=True):
            if there == NO_SHELF:
                continue
            place = int(shelves.place[there])
            standing = self._standing.at(place)
            tags.append(standing)
            sides.append(np.full(len(standing), where, np.int8))
            shadows.append(self._shadowed(standing, np.zeros(len(standing)), place, shelf))
        tag, side = np.concatenate(tags), np.concatenate(sides)
        along = self._standing.along[tag]
        moment = np.select([side == Side.LEFT, side == Side.RIGHT], [0.0, 1.0], along / SHELF_METRES)
        return self._hear(tag, radio.sweep_rssi(side, along) + np.concatenate(shadows), moment, seconds)

    @abstractmethod
    def _sweep(self, shelf: int, heard: Heard, began: datetime, seconds: float) -> list[Message]:
        """Say it in the reader's dialect; `seconds` and times in `heard` are a keeper's, not yet shortened."""


def blocks_of_sweeps(city: City) -> dict[str, Indexes]:
    """The blocks divided among the sweeping readers."""
    blocks = np.unique(city.shelves.block[city.shelves.mobile])
    return {reader: blocks[turn :: len(SWEEPS)] for turn, reader in enumerate(SWEEPS)}


def shelves_of_a_round(city: City) -> int:
    """How many shelves whoever sweeps most passes until the next round."""
    return max(len(sweep_route(city, blocks)) for blocks in blocks_of_sweeps(city).values())


def sweep_route(city: City, blocks: Indexes) -> Indexes:
    """The route past the shelves of `blocks`; bays where the register has nothing are not walked."""
    shelves = city.shelves
    used = np.isin(shelves.place, city.dossiers.place) & shelves.mobile & np.isin(shelves.block, blocks)
    return walking_order(shelves, np.flatnonzero(used))


def walking_order(shelves: Shelves, number: NDArray[np.intp]) -> Indexes:
    """Shelves in walking order: aisle by aisle, up one face and back along the other, levels from the top."""
    aisle = shelves.carriage[number] + shelves.face[number]
    # In an aisle the face of the carriage before it (face 1) comes first; the other is walked backwards.
    first = shelves.face[number]
    bay = np.where(first == 1, shelves.bay[number], -shelves.bay[number])
    order = np.lexsort((LEVELS - shelves.level[number], bay, 1 - first, aisle, shelves.block[number]))
    return number[order].astype(np.int32)


class HandheldSweep(Sweep):
    """A keeper with a handheld: scans the shelf's printed code (mostly), pulls the trigger, walks along the shelf."""

    def _sweep(self, shelf: int, heard: Heard, began: datetime, seconds: float) -> list[Message]:
        messages = []
        if self._chance.random() >= SCANS_SKIPPED_SHARE:
            code = self._city.places[self._city.shelves.place[shelf]].code
            messages.append(Message(0.0, self.topic, payloads.handheld_scan(code, began)))
        for end in np.arange(HANDHELD_REPORT_SECONDS, seconds + HANDHELD_REPORT_SECONDS, HANDHELD_REPORT_SECONDS):
            within = (heard.seconds > end - HANDHELD_REPORT_SECONDS) & (heard.seconds <= end)
            part = Heard(heard.tag[within], heard.seconds[within], heard.rssi_dbm[within])
            due = min(float(end), seconds) / self._speed
            messages += self._messages(self._reports(part, began), began + timedelta(seconds=due), due)
        return messages

    def _messages(self, reports: list[Report], at: datetime, due: float) -> Iterator[Message]:
        for part in _batches(reports, payloads.HANDHELD_TAGS_MAX):
            yield Message(due, self.topic, payloads.handheld_tags(part, at, self._events))
            self._events += len(part)


class CartSweep(Sweep):
    """A cart with one antenna on an arm, set to a level and wheeled along the bay; label tags say where it is."""

    def _sweep(self, shelf: int, heard: Heard, began: datetime, seconds: float) -> list[Message]:
        del shelf, seconds  # Nobody tells the reader where it is; the labels do.
        messages = []
        for tag, moment, rssi in zip(heard.tag.tolist(), heard.seconds.tolist(), heard.rssi_dbm.tolist(), strict=True):
            due = moment / self._speed
            at = began + timedelta(seconds=due)
            report = Report(self._standing.epc[tag].tobytes(), rssi, 1, at)
            event = payloads.impinj_full_event(report, equipment.SOLE_ANTENNA, f"impinj-{self.code}", queued_at=at)
            messages.append(Message(due, self.topic, event))
        return messages


# ── Fixed readers ────────────────────────────────────────────────────────────────────────────────────────────────────


class CabinetReader(SimulatedReader):
    """A reader with an antenna in each shelf of some cabinets; its cache reports a tag that stays once a round.

    round_seconds: how long a round takes; a shorter one says the same more often.
    """

    def __init__(self, city: City, standing: Standing, rows: list[ReaderRow]) -> None:
        """One row per antenna, each with the shelf's place."""
        super().__init__(city, standing, rows)
        shelf_of = {city.places[index].code: shelf for shelf, index in enumerate(city.shelves.place)}
        self._antennas = [(row.antenna, shelf_of[row.place]) for row in rows]
        self._turn = 0
        self.round_seconds = CABINET_ROUND_SECONDS

    def burst(self, began: datetime) -> Burst:
        """Report what one antenna hears: its own shelf, the one above and the one below."""
        antenna, shelf = self._antennas[self._turn]
        self._turn = (self._turn + 1) % len(self._antennas)
        seconds = self.round_seconds / len(self._antennas)
        heard = self.hear_shelf(antenna, shelf)
        reports = self._reports(heard, began, seconds / CABINET_ROUND_SECONDS)
        messages = []
        for number, report in enumerate(reports):
            due = seconds * number / len(reports)
            queued_at = began + timedelta(seconds=due)
            messages.append(Message(due, self.topic, self._event(report, antenna, queued_at)))
        if not messages:
            messages.append(Message(0.0, self.topic, payloads.native_reads([])))  # An empty array: its keep-alive.
        return Burst(seconds, messages)

    def _event(self, report: Report, antenna: int, queued_at: datetime) -> bytes:
        if self._dialect is not Dialect.ZEBRA:
            return payloads.impinj_event(report, antenna, queued_at=queued_at)
        self._events += 1
        return payloads.zebra_events([report._replace(at=queued_at)], antenna, self._events)

    def whole_round(self, now: datetime) -> list[Message]:
        """Every antenna's turn, an array each; what is heard is said as of a moment ago."""
        ago = timedelta(seconds=self.round_seconds / len(self._antennas))
        turns = [[message.payload for message in self.burst(now - ago).messages] for _ in self._antennas]
        return [Message(0.0, self.topic, payloads.impinj_array(turn)) for turn in turns]

    def hear_shelf(self, antenna: int, shelf: int) -> Heard:
        """Every read of one antenna in one round."""
        shelves = self._city.shelves
        tags, rssi = [], []
        for apart, there in ((0, shelf), (1, int(shelves.above[shelf])), (-1, int(shelves.below[shelf]))):
            if there == NO_SHELF:
                continue
            place = int(shelves.place[there])
            standing = self._standing.at(place)
            mean = radio.cabinet_rssi(np.full(len(standing), apart, np.int8))
            tags.append(standing)
            rssi.append(self._shadowed(standing, mean, place, self._number + antenna))
        tag = np.concatenate(tags)
        return self._hear(tag, np.concatenate(rssi), self._chance.random(len(tag)), CABINET_ROUND_SECONDS)


class DeskPad(SimulatedReader):
    """A pad reads what lies on it, now and then; an empty array where that is nothing."""

    def __init__(self, city: City, standing: Standing, rows: list[ReaderRow]) -> None:
        """One row, whose place is where the dossiers lie."""
        super().__init__(city, standing, rows)
        self._place = city.place_index(rows[0].place)

    def burst(self, began: datetime) -> Burst:
        """Read the pad once."""
        heard = self._hear_loose(self._place, PAD_METRES, radio.DESK_POWER_DBM, seconds=1.0)
        message = Message(1.0, self.topic, payloads.native_reads(self._reports(heard, began)))
        return Burst(self._between(PAD_SECONDS), [message])


class Tunnel(SimulatedReader):
    """What waits on the packing desk goes through the tunnel, a bag at a time, and back on the desk."""

    def __init__(self, city: City, standing: Standing, rows: list[ReaderRow], speed: float) -> None:
        """`speed` shortens the time between two bags."""
        super().__init__(city, standing, rows)
        self._desk = city.place_index(DESKS[1])
        self._speed = speed

    def burst(self, began: datetime) -> Burst:
        """Send one bag through."""
        heard = self._hear_loose(self._desk, PAD_METRES, radio.FULL_POWER_DBM, seconds=1.0)
        bag = self._reports(heard, began)[:BAG_VOLUMES_MAX]
        wait = max(self._between(TUNNEL_SECONDS) / self._speed, 1.0)
        return Burst(wait, [Message(1.0, self.topic, payloads.native_reads(bag))])


# ── All of them ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _batches(reports: list[Report], most: int) -> Iterator[list[Report]]:
    for start in range(0, len(reports), most):
        yield reports[start : start + most]
