"""SmartReader, an application on the R700: `tag_reads[]`, microseconds since 1970, strength as a float of dBm.

Source: its published source's shapes and payloads of public clients.
"""

import msgspec

from devices.dialects.payloads import parse, quoted
from devices.dialects.quantities import Antenna, Count, Dbm, Tally, centidbm
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.written_numbers import epoch
from devices.readings import Decoded, ReaderEvent, Reading, Undecodable


class Tag(msgspec.Struct, rename="camel", gc=False):
    """A read, or the application's heartbeat in the place of one."""

    epc: str | None = None
    antenna_port: Antenna = 0
    peak_rssi: Dbm | None = None
    seen_count: Count = 1
    first_seen_timestamp: Tally | None = None
    tid: str | None = None
    is_heart_beat: bool = False


class Message(msgspec.Struct):
    """Reads, or how the application or its connection is."""

    tag_reads: list[Tag] | None = None
    connection: str | None = msgspec.field(default=None, name="smartreader-mqtt-status")
    application: str | None = msgspec.field(default=None, name="smartreader-status")


PAYLOAD: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(payload: bytes, _timezone: str) -> Decoded:
    """Decode one message of SmartReader."""
    said = parse(payload, PAYLOAD)
    if said.tag_reads is not None:
        return Decoded([reading(tag) for tag in said.tag_reads if not tag.is_heart_beat])
    if said.connection is not None:
        return Decoded(events=[connection(said.connection)])
    if said.application is not None:
        return Decoded()
    message = "The message has neither tag_reads nor a status."
    raise Undecodable(message)


def reading(tag: Tag) -> Reading:
    """Read one tag."""
    if not tag.epc:
        message = "A tag has no epc."
        raise Undecodable(message)
    return Reading(
        words_from_hex(tag.epc),
        tag.antenna_port,
        centidbm(tag.peak_rssi),
        tag.seen_count,
        epoch(tag.first_seen_timestamp, 1),
        words_from_hex(tag.tid, "TID") if tag.tid else None,
    )


def connection(state: str) -> ReaderEvent:
    """Read a change of connection; the last will was written at connecting, so neither has a time to be believed."""
    match state:
        case "connected":
            return ReaderEvent("online", None, reason="connected")
        case "disconnected":
            return ReaderEvent("offline", None, reason="connection lost")
    message = f"The connection state {quoted(state)} is neither connected nor disconnected."
    raise Undecodable(message)
