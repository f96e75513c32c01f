"""Keonn AdvanNet: what the template that comes with the reader publishes; every number may be text.

Source: AdvanNet's MQTT publisher as public clients show it. A site that writes a template of its own registers its reader
with the mapping dialect.
"""

import msgspec

from devices.dialects.payloads import parse
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.written_numbers import Written, antenna, count, epoch, strength
from devices.readings import Decoded, Reading

MICROSECONDS_A_MILLISECOND = 1_000


class Tag(msgspec.Struct, gc=False):
    """A read; `ts` is milliseconds since 1970."""

    epc: str
    rssi: Written = None
    ts: Written = None
    antenna: Written = None
    count: Written = None
    tid: str | None = None


class Message(msgspec.Struct):
    """The reads since the last message; empty ones are keep-alives."""

    reads: list[Tag]


PAYLOAD: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(payload: bytes, _timezone: str) -> Decoded:
    """Decode one message of an AdvanReader."""
    return Decoded(
        [
            Reading(
                words_from_hex(tag.epc),
                antenna(tag.antenna),
                strength(tag.rssi),
                count(tag.count),
                epoch(tag.ts, MICROSECONDS_A_MILLISECOND),
                words_from_hex(tag.tid, "TID") if tag.tid else None,
            )
            for tag in parse(payload, PAYLOAD).reads
        ]
    )
