"""`guiwei gate`: decides passages through all gates of a site, live, whether or not there is a database.

    take messages -> spool them -> acknowledge -> look at each gate -> siren -> spool what is told -> (database, when it is there)

Every message lies on local disk before the broker hears that it was taken, and what was told of passages too. A process that
starts again reads the spool first: it knows the last minutes as if it had never been away, and what it told by its names.
"""

import logging
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec

from devices import gate_knowledge
from devices.broker import BrokerAddress
from devices.broker_access import GATE
from devices.gate_books import Books, Pulse
from devices.gate_deciding import Moment, Stand, decide
from devices.gate_knowledge import Knowledge
from devices.gate_reading import GateReading, Heard
from devices.gate_sirens import Sirens
from devices.mqtt import Message, SlotConnection
from devices.recording import line_of, recorded_of
from devices.spool import Spool
from inventory.locating.gate_watch import GateWatch, Sighting
from inventory.locating.lingering import LOOKED_BACK
from inventory.locating.passages import Direction, Doubt, learn_gate
from inventory.locating.reads import INNER, OUTER, SECOND
from inventory.store.database import Database
from inventory.store.gate_lists import ListedGate
from inventory.store.passages import Telling

log = logging.getLogger(__name__)

MESSAGES_AT_ONCE_MAX = 2_000
LOOK_SECONDS = 0.1  # without a message, so long until silence is looked at
LOOK_AGAIN = SECOND // 4
UPKEEP_SECONDS = 2.0
MESSAGE_SEGMENT = 60 * SECOND
TELLING_SEGMENT = 600 * SECOND
REMEMBERED = LOOKED_BACK + 120 * SECOND
ANTENNAS = {INNER: "inner", OUTER: "outer"}


class Spooled(NamedTuple):
    """What was told, with what is needed to go on telling after a restart; tags: by EPC, with their reads."""

    telling: Telling
    direction: int
    doubt: int
    at: int
    since: int
    until: int
    tags: dict[str, int]
    stand: Stand


SPOOLED: msgspec.json.Decoder[Spooled] = msgspec.json.Decoder(Spooled)


class Gates:
    """All gates of a site. `run` returns when `stop` is set."""

    _known: Knowledge
    _messages: Spool
    _tellings: Spool

    def __init__(self, database: Database, address: BrokerAddress, directory: Path, zone: ZoneInfo) -> None:
        """`directory`: where the spool lies; nothing is opened before `run`."""
        self._address, self._directory, self._zone = address, directory, zone
        self._broker = SlotConnection(address, GATE, ())
        self._sirens = Sirens(self._broker.publish)
        self._books = Books(database, directory, self._sirens.silence)
        self._reading = GateReading()
        self._watches: dict[int, GateWatch] = {}
        self._stands: dict[UUID, Stand] = {}
        self._heard_at: dict[int, int] = {}
        self._told_until: dict[UUID, int] = {}
        self._looked_at: dict[int, tuple[int, int]] = {}
        self._day = datetime.now(zone).date()

    def run(self, stop: threading.Event) -> None:
        """Work until stopped."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._messages = Spool(self._directory, "messages")
        self._tellings = Spool(self._directory, "tellings")
        self._books.known = gate_knowledge.load(self._directory)
        over = threading.Event()
        books = threading.Thread(target=self._books.run, args=(over,), name="gate books")
        books.start()
        try:
            while self._books.known is None and not stop.is_set():
                self._books.ready.wait(LOOK_SECONDS)
            if self._books.known is not None:
                self._use(self._books.known)
                self._recall(time.time_ns() // 1000)
                self._serve(stop)
        finally:
            over.set()
            books.join()
            self._messages.close()
            self._tellings.close()

    def _serve(self, stop: threading.Event) -> None:
        self._broker.start()
        upkeep_at = 0.0
        try:
            while not stop.is_set():
                messages = self._broker.take(MESSAGES_AT_ONCE_MAX, LOOK_SECONDS)
                if messages:
                    self._spool(messages)
                    self._broker.acknowledge(messages)
                    for message in messages:
                        self._hear(Heard(message.topic, message.payload, message.received_at), message.received_at)
                self._look(time.time_ns() // 1000)
                if time.monotonic() >= upkeep_at:
                    self._upkeep(time.time_ns() // 1000)
                    upkeep_at = time.monotonic() + UPKEEP_SECONDS
        finally:
            self._broker.close()

    # ── In ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _spool(self, messages: list[Message]) -> None:
        lines = [line_of(message.received_at, message.topic, message.payload) for message in messages]
        self._messages.append(lines, messages[-1].received_at, MESSAGE_SEGMENT)

    def _hear(self, heard: Heard, now: int) -> None:
        for gate, reads in self._reading.read(heard):
            self._watch(gate).add(reads, now)
            self._heard_at[gate] = max(self._heard_at.get(gate, 0), heard.received_at)

    def _watch(self, gate: int) -> GateWatch:
        if gate not in self._watches:
            code = self._known.gates[gate].code
            model, antennas = gate_knowledge.load_model(self._directory, code), self._reading.antennas_of(gate)
            self._watches[gate] = GateWatch(model, uuid4, antennas.keys())
        return self._watches[gate]

    def _recall(self, now: int) -> None:
        """The last minutes as they were spooled, and what was told; what the database may not have is told it again."""
        for segment, line in self._messages.read():
            recorded = recorded_of(line)
            self._messages.known_at(segment, recorded.received_at)
            if recorded.received_at > now - REMEMBERED:
                # As something late: it may hold a passage that was over before anybody was told of it.
                self._hear(Heard(recorded.topic, recorded.payload, recorded.received_at), now)
        told: dict[UUID, Spooled] = {}
        for segment, line in self._tellings.read():
            spooled = SPOOLED.decode(line)
            self._tellings.known_at(segment, spooled.until)
            self._books.waiting.append((segment, spooled.telling))
            told[spooled.telling.id] = spooled
        for spooled in told.values():
            self._stands[spooled.telling.id] = spooled.stand
            self._told_until[spooled.telling.id] = spooled.until
            if spooled.telling.gate_place_id in self._known.gates:
                tags = {self._reading.number_of(bytes.fromhex(epc)): reads for epc, reads in spooled.tags.items()}
                self._watch(spooled.telling.gate_place_id).recall([_sighting(spooled, tags)])

    # ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self, now: int) -> None:
        self._known = self._books.known or self._known
        self._sirens.tick(now)
        for gate_id, watch in self._watches.items():
            heard_at = self._heard_at.get(gate_id, 0)
            heard, looked = self._looked_at.get(gate_id, (0, 0))
            if heard_at <= heard and (not watch.waits or now < looked + LOOK_AGAIN):
                continue
            self._looked_at[gate_id] = heard_at, now
            sightings = watch.look(now)
            if sightings and (gate := self._known.gates.get(gate_id)) is not None:
                self._tell(gate, sightings, Moment(time.time_ns() // 1000, heard_at))

    def _tell(self, gate: ListedGate, sightings: list[Sighting], at: Moment) -> None:
        told = []
        for one in sightings:
            decided = decide(self._known, gate, one, self._reading.epcs, self._stands.get(one.passage), at)
            if decided is None:
                continue
            if decided.rings:
                # Before anything else: whoever leaves is not waiting for the disk.
                self._sirens.sound(gate.place_id, at.now)
            self._stands[one.passage] = decided.stand
            self._told_until[one.passage] = one.until
            tags = {self._reading.epcs[tag].hex(): reads for tag, reads in one.tags.items()}
            told.append(
                Spooled(
                    decided.telling,
                    int(one.direction),
                    int(one.doubt),
                    one.at,
                    one.since,
                    one.until,
                    tags,
                    decided.stand,
                )
            )
        if told:
            lines = [msgspec.json.encode(one) + b"\n" for one in told]
            self._tellings.append(lines, at.now, TELLING_SEGMENT)
            self._books.waiting.extend((self._tellings.segment, one.telling) for one in told)

    # ── Upkeep ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _use(self, known: Knowledge) -> None:
        """Listen to the readers registered now."""
        self._known = known
        if self._reading.use(known.antennas):
            self._broker.want(self._reading.topics)
            self._sirens.use(known)
            for gate, watch in self._watches.items():
                watch.antennas = self._reading.antennas_of(gate).keys()

    def _upkeep(self, now: int) -> None:
        self._use(self._known)
        self._messages.forget(now - REMEMBERED)
        self._tellings.forget(now - REMEMBERED, self._books.waits_in())
        for passage in [one for one, until in self._told_until.items() if until < now - REMEMBERED]:
            del self._told_until[passage], self._stands[passage]
        self._reading.forget(set().union(*(watch.tags() for watch in self._watches.values())))
        for gate in self._known.gates:
            pulse, watch = Pulse(self._heard_at.get(gate)), self._watches.get(gate)
            if watch is not None:
                antennas = self._reading.antennas_of(gate)
                pulse.silent = tuple(ANTENNAS[side] for side in watch.health.silent)
                pulse.deaf = tuple(antennas[one] for one in watch.health.deaf if one in antennas)
            self._books.pulses[gate] = pulse
        if (today := datetime.now(self._zone).date()) != self._day:
            self._day = today
            self._learn()

    def _learn(self) -> None:
        """At midnight: how the day's passages sounded is what the next day's are held against."""
        for gate, watch in self._watches.items():
            if watch.passages_learned_from and gate in self._known.gates:
                watch.teach(learn_gate(watch.lessons, watch.gate))
                gate_knowledge.save_model(self._directory, self._known.gates[gate].code, watch.gate)


def _sighting(spooled: Spooled, tags: dict[int, int]) -> Sighting:
    return Sighting(
        spooled.telling.id,
        Direction(spooled.direction),
        spooled.telling.probability,
        Doubt(spooled.doubt),
        spooled.at,
        spooled.since,
        spooled.until,
        spooled.telling.settled,
        tags,
    )
