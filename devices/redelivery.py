"""Telling a packet delivered again from a new one: delivered at least once, counted once.

A broker repeats, under the same packet id, every QoS 1 message whose acknowledgement it hasn't seen when a session
resumes. Whether it has seen it we can't know, so each commit also stores (packet id, payload hash) of its messages. In a
later connection of the same session, the first packet with a remembered id *and* hash is a repetition; a packet id that
comes again within one connection proves that the broker had our acknowledgement. (The DUP flag would be simpler, but
not every broker sets it.)
"""

from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct

from devices.mqtt import UNACKNOWLEDGED_MESSAGES_MAX, Message
from inventory.operations.taking_evidence import Packets

PACKET = Struct(">H8s")  # packet id, first 8 bytes of BLAKE2b over topic and payload
BEFORE_THIS_PROCESS = 0  # as a generation: connections are counted from 1
SAME_SESSION = 0


def message_hash(message: Message) -> bytes:
    """8 bytes of topic and payload."""
    return blake2b(message.topic.encode() + b"\0" + message.payload, digest_size=8).digest()


class Redelivery:
    """What one slot has committed and the broker may still send again."""

    def __init__(self, committed: Iterable[tuple[int, bytes]]) -> None:
        """`committed`: (batch, packed packets) as the database kept them, oldest first."""
        self._last: dict[int, tuple[bytes, int, int]] = {}
        self._sizes: deque[tuple[int, int]] = deque()  # (batch, packets), oldest first
        self._new: list[bytes] = []
        self._next_batch = 1
        for batch, packed in committed:
            self._next_batch = batch + 1
            self._sizes.append((batch, len(packed) // PACKET.size))
            for packet_id, packet_hash in PACKET.iter_unpack(packed):
                self._last[packet_id] = (packet_hash, BEFORE_THIS_PROCESS, SAME_SESSION)

    def is_repeated(self, message: Message) -> bool:
        """Whether this message's reads were taken in before; remembers it either way."""
        if not message.qos:
            return False
        own_hash = message_hash(message)
        known = self._last.get(message.packet_id)
        self._last[message.packet_id] = (own_hash, message.generation, message.session)
        self._new.append(PACKET.pack(message.packet_id, own_hash))
        return known is not None and known[0] == own_hash and known[1] < message.generation and known[2] == message.session

    def batch(self, slot: int) -> Packets:
        """The packets since the last batch, numbered and packed, and from which batch on the database must keep them."""
        self._sizes.append((self._next_batch, len(self._new)))
        later = sum(size for _, size in self._sizes)
        while later - self._sizes[0][1] >= UNACKNOWLEDGED_MESSAGES_MAX:
            later -= self._sizes.popleft()[1]
        packets = Packets(slot, self._next_batch, b"".join(self._new), self._sizes[0][0])
        self._next_batch += 1
        self._new = []
        return packets
