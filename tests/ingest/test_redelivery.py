"""What a broker repeats after a broken connection is told from what is new: counted once, and never taken for a repeat."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import pytest

from devices.mqtt import UNACKNOWLEDGED_MESSAGES_MAX, Message
from devices.redelivery import Redelivery
from inventory.operations.taking_evidence import Packets

SEED = 20260310
PACKET_IDS = 65_535


@dataclass
class Broker:
    """A broker's side of a session: what it holds unacknowledged, and which packet ids it gives.

    renumbers: counts from 1 on every connection, as rumqttd does; else it repeats a message under its id, as Mosquitto
    does. in_flight_max: how many it sends ahead of acknowledgements.
    """

    renumbers: bool
    in_flight_max: int
    generation: int = 0
    is_new_session: bool = True
    waiting: list[tuple[str, bytes]] = field(default_factory=list)
    in_flight: list[Message] = field(default_factory=list)
    last_id: int = 0

    def connect(self, *, forgetting: bool = False) -> list[Message]:
        """A new connection: everything unacknowledged comes again."""
        self.generation += 1
        self.is_new_session = forgetting or self.generation == 1
        held = [] if forgetting else self.in_flight
        if self.renumbers or forgetting:
            self.last_id = 0
        self.in_flight = []
        return [self._send(message.topic, message.payload, message.packet_id) for message in held]

    def publish(self, topic: str, payload: bytes) -> list[Message]:
        """A reader says something; what the broker sends now because of it."""
        self.waiting.append((topic, payload))
        return self.flow()

    def flow(self) -> list[Message]:
        """What may be sent now."""
        sent = []
        while self.waiting and len(self.in_flight) < self.in_flight_max:
            sent.append(self._send(*self.waiting.pop(0), None))
        return sent

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Acknowledgements arrive; those of another connection are nobody's."""
        for message in messages:
            if message.generation == self.generation:
                assert self.in_flight.pop(0) is message, "acknowledged out of order"

    def _send(self, topic: str, payload: bytes, packet_id: int | None) -> Message:
        if packet_id is None or self.renumbers:
            packet_id = self.last_id = self.last_id % (self.in_flight_max if self.renumbers else PACKET_IDS) + 1
        message = Message(topic, payload, packet_id, 1, self.generation, self.is_new_session, 0)
        self.in_flight.append(message)
        return message


Kind: TypeAlias = "partial[Broker]"
MOSQUITTO: Kind = partial(Broker, renumbers=False, in_flight_max=20_000)
RUMQTTD: Kind = partial(Broker, renumbers=True, in_flight_max=100)
KINDS = pytest.mark.parametrize("kind", [MOSQUITTO, RUMQTTD], ids=["keeps ids", "renumbers"])


class Slot:
    """An ingest's side: it counts, commits and acknowledges; a crash forgets all that wasn't committed."""

    def __init__(self) -> None:
        """Nothing is committed yet."""
        self.counted: list[bytes] = []
        self.kept: dict[int, bytes] = {}
        self._uncommitted: list[bytes] = []
        self.redelivery = Redelivery([])

    def take(self, messages: Iterable[Message]) -> None:
        self._uncommitted += [message.payload for message in messages if not self.redelivery.is_repeated(message)]

    def commit(self) -> None:
        packets: Packets = self.redelivery.batch(0)
        self.kept = {batch: packed for batch, packed in self.kept.items() if batch >= packets.keep_from}
        self.kept[packets.batch] = packets.packed
        self.counted += self._uncommitted
        self._uncommitted = []

    def crash(self) -> None:
        self._uncommitted = []
        self.redelivery = Redelivery(sorted(self.kept.items()))


@KINDS
def test_what_was_committed_and_comes_again_is_not_counted_again(kind: Kind) -> None:
    broker, slot = kind(), Slot()
    broker.connect()
    for number in range(10):
        slot.take(broker.publish("a", b"%d" % number))
    slot.commit()
    slot.crash()
    slot.take(broker.connect())
    slot.take(broker.publish("a", b"new"))
    slot.commit()
    assert slot.counted == [b"%d" % number for number in range(10)] + [b"new"]


@KINDS
def test_what_was_not_committed_is_counted_when_it_comes_again(kind: Kind) -> None:
    broker, slot = kind(), Slot()
    broker.connect()
    slot.take(broker.publish("a", b"1"))
    slot.commit()
    slot.take(broker.publish("a", b"2"))
    slot.crash()
    slot.take(broker.connect())
    slot.commit()
    assert slot.counted == [b"1", b"2"]


@KINDS
def test_a_batch_that_gathers_through_a_broken_connection_is_counted_once(kind: Kind) -> None:
    broker, slot = kind(), Slot()
    broker.connect()
    slot.take(broker.publish("a", b"1"))
    slot.take(broker.connect())
    slot.commit()
    assert slot.counted == [b"1"]


@KINDS
def test_a_broker_that_forgot_the_session_repeats_nothing_so_an_equal_message_is_a_new_read(kind: Kind) -> None:
    broker, slot = kind(), Slot()
    broker.connect()
    slot.take(broker.publish("a", b"the same"))
    slot.commit()
    broker.connect(forgetting=True)
    slot.take(broker.publish("a", b"the same"))
    slot.commit()
    assert slot.counted == [b"the same", b"the same"]


@KINDS
def test_what_an_earlier_session_said_is_no_repetition_in_a_later_connection(kind: Kind) -> None:
    broker, slot = kind(), Slot()
    broker.connect()
    slot.take(sent := broker.publish("a", b"the same"))
    slot.commit()
    broker.acknowledge(sent)
    broker.connect(forgetting=True)
    slot.take(sent := broker.publish("a", b"first of the new session"))
    slot.commit()
    broker.acknowledge(sent)
    slot.crash()
    broker.connect()
    slot.take(broker.publish("a", b"the same"))
    slot.commit()
    assert slot.counted == [b"the same", b"first of the new session", b"the same"]


def test_a_broker_that_keeps_ids_may_send_equal_messages_under_new_ids() -> None:
    """A reader without a clock says the same of the same tag; each is a read of its own."""
    broker, slot = MOSQUITTO(), Slot()
    broker.connect()
    for _ in range(5):
        slot.take(sent := broker.publish("a", b"the same"))
        broker.acknowledge(sent)
    slot.commit()
    broker.connect()
    slot.take(broker.publish("a", b"the same"))
    slot.commit()
    assert slot.counted == [b"the same"] * 6


@KINDS
def test_topics_are_told_apart(kind: Kind) -> None:
    """Two readers say the same bytes; one reader's news doesn't end the other's repetitions."""
    broker, slot = kind(), Slot()
    broker.connect()
    slot.take(broker.publish("a", b"1") + broker.publish("b", b"1") + broker.publish("b", b"2"))
    slot.commit()
    slot.take(broker.publish("a", b"not committed"))
    slot.crash()
    again = broker.connect()
    by_topic = [message for message in again if message.topic == "a"] + [
        message for message in again if message.topic == "b"
    ]
    slot.take(by_topic if kind is RUMQTTD else again)
    slot.commit()
    assert sorted(slot.counted) == [b"1", b"1", b"2", b"not committed"]


def test_messages_that_are_never_repeated_are_never_taken_for_repeated() -> None:
    redelivery = Redelivery([])
    message = Message("a", b"the same", 0, 0, 1, True, 0)
    assert not redelivery.is_repeated(message)
    assert not redelivery.is_repeated(message._replace(generation=2, is_new_session=False))


def test_as_many_packets_are_remembered_as_the_broker_may_hold_and_not_many_more() -> None:
    broker, slot = MOSQUITTO(), Slot()
    broker.connect()
    batch = 1_000
    for start in range(0, 3 * UNACKNOWLEDGED_MESSAGES_MAX, batch):
        sent = [message for number in range(batch) for message in broker.publish("a", b"%d" % (start + number))]
        slot.take(sent)
        slot.commit()
        if start < 2 * UNACKNOWLEDGED_MESSAGES_MAX:
            broker.acknowledge(sent)
    assert len(broker.in_flight) == UNACKNOWLEDGED_MESSAGES_MAX
    remembered = sum(len(packed) for packed in slot.kept.values()) // 10
    assert UNACKNOWLEDGED_MESSAGES_MAX <= remembered <= UNACKNOWLEDGED_MESSAGES_MAX + 2 * batch
    slot.crash()
    slot.take(broker.connect())
    slot.commit()
    assert len(slot.counted) == 3 * UNACKNOWLEDGED_MESSAGES_MAX


def test_batches_are_numbered_on_after_a_crash() -> None:
    slot = Slot()
    slot.commit()
    slot.commit()
    slot.crash()
    slot.commit()
    assert sorted(slot.kept) == [1, 2, 3]


@KINDS
@pytest.mark.parametrize("seed", range(SEED, SEED + 30))
def test_whatever_breaks_whenever_every_message_is_counted_once(kind: Kind, seed: int) -> None:
    """A session of three readers through crashes at any moment, lost acknowledgements and broken connections."""
    print(f"seed {seed}")
    chance = random.Random(seed)
    broker, slot = kind(in_flight_max=40), Slot()
    published = []
    inbox = broker.connect()
    unacknowledged: list[Message] = []
    for number in range(1_500):
        payload = b"%d" % number
        published.append(payload)
        inbox += broker.publish(chance.choice("abc"), payload)
        match chance.random():
            case luck if luck < 0.4:
                taken, inbox = inbox, []
                slot.take(taken)
                unacknowledged += taken
                if luck < 0.3:
                    slot.commit()
                    told = unacknowledged[: chance.randrange(len(unacknowledged) + 1)] if luck < 0.1 else unacknowledged
                    broker.acknowledge(told)
                    if luck < 0.02:
                        slot.crash()
                    if luck < 0.1:
                        unacknowledged, inbox = [], broker.connect()
                    else:
                        unacknowledged = []
                    inbox += broker.flow()
            case luck if luck < 0.42:
                slot.crash()
                unacknowledged, inbox = [], broker.connect()
            case luck if luck < 0.44:
                inbox += broker.connect()
    while inbox or unacknowledged:
        slot.take(inbox)
        slot.commit()
        broker.acknowledge([*unacknowledged, *inbox])
        unacknowledged, inbox = [], broker.flow()
    assert sorted(slot.counted) == sorted(published)
