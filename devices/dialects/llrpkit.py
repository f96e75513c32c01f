"""The MQTT bridge of llrpkit (PyPI): any LLRP reader; tags, arrivals and departures, a retained status.

Source: llrpkit 0.3, module `mqtt`. Its `at` is the bridge's clock when publishing, not the reader's when reading.
"""

import msgspec

from devices.dialects.payloads import parse, quoted
from devices.dialects.quantities import Antenna, Dbm, centidbm
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.times import microseconds
from devices.readings import Decoded, ReaderEvent, Reading, Undecodable


class Message(msgspec.Struct, gc=False):
    """A tag (`epc`), an arrival or departure (`event`, which has an `epc` too) or a status; all name their reader."""

    reader: str
    at: float
    epc: str | None = None
    antenna: Antenna | None = None
    rssi_dbm: Dbm | None = None
    tid: str | None = None
    event: str | None = None
    status: str | None = None


PAYLOAD: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode(payload: bytes, timezone: str) -> Decoded:
    """Decode one message of the bridge. Arrivals and departures are its own opinion of the same reads: left alone."""
    said = parse(payload, PAYLOAD)
    at = microseconds(said.at, timezone)
    if said.status is not None:
        return Decoded(events=[status(said.status, at)])
    if said.event is not None:
        if said.event in ("arrived", "departed"):
            return Decoded()
        message = f"The event {quoted(said.event)} is neither arrived nor departed."
        raise Undecodable(message)
    if said.epc is None:
        message = "The message has neither epc nor event nor status."
        raise Undecodable(message)
    tid = words_from_hex(said.tid, "TID") if said.tid else None
    return Decoded([Reading(words_from_hex(said.epc), said.antenna or 0, centidbm(said.rssi_dbm), 1, at, tid)])


def status(word: str, at: int | None) -> ReaderEvent:
    """Read a status; the last will was written when the bridge connected, so an offline's time tells nothing."""
    match word:
        case "online":
            return ReaderEvent("online", at, reason="connected")
        case "offline":
            return ReaderEvent("offline", None)
    message = f"The status {quoted(word)} is neither online nor offline."
    raise Undecodable(message)
