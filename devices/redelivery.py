"""Telling a message delivered again from a new one: delivered at least once, counted once.

When a session resumes, a broker sends again, before anything new on that topic, every QoS 1 message whose
acknowledgement it hasn't seen. Whether it has seen it we can't know, so each commit also stores (packet id, hash of topic
and payload) of its messages. In a later connection of the same session the messages of a topic are compared with these
until the first one that is new; from there on everything is.

Mosquitto and its like repeat a message under its own packet id, and then id and hash must both agree. rumqttd (inside the
embedded broker) counts anew from 1 on every connection, and then the hash must do. The DUP flag would be simpler, but
rumqttd never sets it.
"""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct

from devices.mqtt import UNACKNOWLEDGED_MESSAGES_MAX, Message
from inventory.operations.taking_evidence import Packets

PACKET = Struct(">H8s")  # packet id, first 8 bytes of BLAKE2b over topic and payload
FIRST_PACKET_ID = 1
NO_PACKET_ID = 0  # MQTT has no packet 0: between packets it says that a new connection began
SAME_SESSION, NEW_SESSION = bytes(8), b"\xff" * 8  # and in place of a hash, whether the broker still had our session


def message_hash(message: Message) -> bytes:
    """8 bytes of topic and payload."""
    return blake2b(message.topic.encode() + b"\0" + message.payload, digest_size=8).digest()


class Redelivery:
    """What one slot has committed and the broker may still send again. Not for use by two threads."""

    def __init__(self, committed: Iterable[tuple[int, bytes]]) -> None:
        """`committed`: (batch, packed packets) as the database kept them, oldest first."""
        self._kept: deque[tuple[int, bytes]] = deque(committed)
        self._next_batch = self._kept[-1][0] + 1 if self._kept else 1
        self._new: list[bytes] = []
        self._generation = 0
        self._expected: dict[bytes, list[int]] = {}
        self._settled: set[str] = set()
        self._renumbered = False

    def is_repeated(self, message: Message) -> bool:
        """Whether this message's reads were taken in before; remembers it either way."""
        if not message.qos:
            return False
        own_hash = message_hash(message)
        if message.generation != self._generation:
            self._begin(message)
        repeated = False
        if self._expected and message.topic not in self._settled:
            repeated = _taken(self._expected.get(own_hash), message.packet_id, renumbered=self._renumbered)
            if not repeated:
                self._settled.add(message.topic)
        self._new.append(PACKET.pack(message.packet_id, own_hash))
        return repeated

    def _begin(self, first: Message) -> None:
        """A new connection: expect again what was committed, unless the broker has forgotten our session."""
        self._generation = first.generation
        self._renumbered = first.packet_id == FIRST_PACKET_ID
        self._settled = set()
        self._expected = {} if first.is_new_session else self._unproven()
        self._new.append(PACKET.pack(NO_PACKET_ID, NEW_SESSION if first.is_new_session else SAME_SESSION))

    def _unproven(self) -> dict[bytes, list[int]]:
        """The committed packets whose acknowledgement the broker may not have had: hash -> packet ids.

        A packet id used again within one connection proves that the broker had our acknowledgement before; a packet that
        came again in the next connection stands there under its new id.
        """
        earlier: dict[bytes, list[int]] = {}
        newest: dict[int, bytes] = {}
        for packed in (*(packets for _, packets in self._kept), *self._new):
            for packet_id, packet_hash in PACKET.iter_unpack(packed):
                if packet_id != NO_PACKET_ID:
                    _taken(earlier.get(packet_hash), packet_id, renumbered=True)
                    newest[packet_id] = packet_hash
                    continue
                if packet_hash == NEW_SESSION:
                    earlier, newest = {}, {}
                _add(earlier, newest)
                newest = {}
        _add(earlier, newest)
        return earlier

    def batch(self, slot: int) -> Packets:
        """The packets since the last batch, numbered and packed, and from which batch on the database must keep them."""
        packed = b"".join(self._new)
        self._kept.append((self._next_batch, packed))
        later = sum(len(packets) for _, packets in self._kept) // PACKET.size
        while (later := later - len(self._kept[0][1]) // PACKET.size) >= UNACKNOWLEDGED_MESSAGES_MAX:
            self._kept.popleft()
        packets = Packets(slot, self._next_batch, packed, self._kept[0][0])
        self._next_batch += 1
        self._new = []
        return packets


def _taken(packet_ids: list[int] | None, packet_id: int, *, renumbered: bool) -> bool:
    """Whether one of these committed packets comes again under this id; it is struck off, for it comes only once."""
    if not packet_ids:
        return False
    if packet_id in packet_ids:
        packet_ids.remove(packet_id)
        return True
    if renumbered:
        packet_ids.pop()
    return renumbered


def _add(earlier: dict[bytes, list[int]], newest: dict[int, bytes]) -> None:
    for packet_id, packet_hash in newest.items():
        earlier.setdefault(packet_hash, []).append(packet_id)
