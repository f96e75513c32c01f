"""Zebra handhelds (RFD40, RFD90) speaking MQTT: tags and barcodes of one trigger pull share a message.

Source: Zebra's MQTT API reference. A sled has one antenna and does not name it.
"""

from typing import Any

import msgspec

from devices.dialects.payloads import parse, quoted
from devices.dialects.printed_codes import printed_code
from devices.dialects.quantities import Count, Dbm, centidbm
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.times import microseconds_of_text
from devices.readings import Barcode, Decoded, ReaderEvent, Reading, Undecodable


class Tag(msgspec.Struct, rename="camel", gc=False):
    """A tag since its previous report; firmware calls its EPC `EPCid` or `EPC`."""

    epc_id: str | None = msgspec.field(default=None, name="EPCid")
    epc: str | None = msgspec.field(default=None, name="EPC")
    tid: str | None = msgspec.field(default=None, name="TID")
    peak_rssi: Dbm | None = None
    seen_count: Count = 1


class Scan(msgspec.Struct, rename="camel", gc=False):
    """A code the imager read."""

    decoded_barcode: str


class Data(msgspec.Struct, rename="camel"):
    """What was read since the last message; one of the two may be absent."""

    tag_data: list[Tag] | None = None
    barcode_data: list[Scan] | None = None


class Message(msgspec.Struct, rename="camel"):
    """Data, a change of connection, a heartbeat (`eventName`) or an alert (`priority`): the members tell which."""

    timestamp: str | None = None
    data: Data | None = None
    connection_state: str | None = None
    event_name: str | None = None
    priority: Any = None


PAYLOAD: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(payload: bytes, timezone: str) -> Decoded:
    """Decode one message of a handheld; a time of day without a date leaves the times None."""
    said = parse(payload, PAYLOAD)
    at = microseconds_of_text(said.timestamp, timezone)
    if said.connection_state is not None:
        return Decoded(events=[connection(said.connection_state, at)])
    if said.data is not None and not (said.data.tag_data is None and said.data.barcode_data is None):
        return Decoded(
            readings=[reading(tag, at) for tag in said.data.tag_data or ()],
            barcodes=[Barcode(printed_code(scan.decoded_barcode), at) for scan in said.data.barcode_data or ()],
        )
    if said.event_name is None and said.priority is None:
        message = "The message has neither tags nor barcodes and is of no kind known of a Zebra handheld."
        raise Undecodable(message)
    return Decoded()


def reading(tag: Tag, at: int | None) -> Reading:
    """Read one tag."""
    epc = tag.epc_id or tag.epc
    if epc is None:
        message = "A tag has neither EPCid nor EPC."
        raise Undecodable(message)
    tid = words_from_hex(tag.tid, "TID") if tag.tid else None
    return Reading(words_from_hex(epc), 0, centidbm(tag.peak_rssi), tag.seen_count, at, tid)


def connection(state: str, at: int | None) -> ReaderEvent:
    """Read a change of connection; the broker sends DISCONNECTED as a last will, so its time is of the connecting."""
    match state:
        case "CONNECTED":
            return ReaderEvent("online", at, reason="connected")
        case "DISCONNECTED":
            return ReaderEvent("offline", None, reason="connection lost")
    message = f"The connection state {quoted(state)} is neither CONNECTED nor DISCONNECTED."
    raise Undecodable(message)
