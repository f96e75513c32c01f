"""Impinj Speedway with Speedway Connect, and what imitates it: `tag_reads[]`, every value a text, local time.

Source: payloads of public clients. The time is the reader's own, unpadded: `22/5/2020 22:4:0:111`; some versions tell
`firstSeenTimestamp` instead, microseconds since 1970.
"""

import msgspec

from devices.dialects.payloads import parse, quoted
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.times import microseconds
from devices.dialects.written_numbers import Written, antenna, count, epoch, strength
from devices.readings import Decoded, Reading, Undecodable
from inventory.domain.time_patterns import TimePattern

LOCAL_TIME = TimePattern.compile("d/M/yyyy H:m:s:S")


class Tag(msgspec.Struct, rename="camel", gc=False):
    """A read, or the reader's heartbeat in the place of one."""

    epc: str | None = None
    antenna_port: Written = None
    peak_rssi: Written = None
    seen_count: Written = None
    time_stamp: str | None = None
    first_seen_timestamp: Written = None
    tid: str | None = None
    is_heart_beat: str | bool = False


class Message(msgspec.Struct):
    """The reads since the last message."""

    tag_reads: list[Tag]


PAYLOAD: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(payload: bytes, timezone: str) -> Decoded:
    """Decode one message of Speedway Connect."""
    tags = parse(payload, PAYLOAD).tag_reads
    return Decoded([reading(tag, timezone) for tag in tags if str(tag.is_heart_beat).lower() != "true"])


def reading(tag: Tag, timezone: str) -> Reading:
    """Read one tag."""
    if not tag.epc:
        message = "A tag has no epc."
        raise Undecodable(message)
    return Reading(
        words_from_hex(tag.epc),
        antenna(tag.antenna_port),
        strength(tag.peak_rssi),
        count(tag.seen_count),
        read_at(tag, timezone),
        words_from_hex(tag.tid, "TID") if tag.tid else None,
    )


def read_at(tag: Tag, timezone: str) -> int | None:
    """When a tag was read, by whichever of its two times there is."""
    if not tag.time_stamp:
        return epoch(tag.first_seen_timestamp, 1)
    moment = LOCAL_TIME.parse(tag.time_stamp)
    if moment is None:
        message = f"The time {quoted(tag.time_stamp)} is not written as 22/5/2020 22:4:0:111."
        raise Undecodable(message)
    return microseconds(moment, timezone)
