"""Impinj R700, IoT device interface: one event a message, sometimes an array, sometimes plain text.

Source: Impinj's reader-event schema and payloads of public clients. Handhelds that imitate it put hex where Impinj
puts base64 and give the strength as a float; both are read by content (`chainway` reads hex alone).
"""

from datetime import datetime
from typing import Any

import msgspec

from devices.dialects.gaps import gap
from devices.dialects.payloads import parse
from devices.dialects.quantities import Antenna, Centidbm, Tally
from devices.dialects.tag_memory import Memory, words_from_hex, words_from_hex_or_base64
from devices.dialects.times import microseconds
from devices.readings import Condition, Decoded, ReaderEvent, Reading, Undecodable


class TagInventory(msgspec.Struct, rename="camel", gc=False):
    """A read; by factory settings `epc` alone names the tag, in base64."""

    epc: str | None = None
    epc_hex: str | None = None
    tid: str | None = None
    tid_hex: str | None = None
    antenna_port: Antenna = 0
    peak_rssi_cdbm: Centidbm | None = None
    last_seen_time: datetime | None = None


class Overflow(msgspec.Struct, rename="camel"):
    """The reader could not deliver in time and threw events away."""

    first_event_timestamp: datetime | None = None
    last_event_timestamp: datetime | None = None
    events_purged: Tally | None = None


class Port(msgspec.Struct, rename="camel", gc=False):
    """The antenna that was plugged in or came off."""

    antenna_port: Antenna | None = None


class Silent(msgspec.Struct, rename="camel", gc=False):
    """Events that say nothing about tags or blindness; every one an object of its own."""

    antenna_connected_event: Port | None = None
    antenna_disconnected_event: Port | None = None
    diagnostic_event: dict[str, Any] | None = None
    gpi_transition_event: dict[str, Any] | None = None
    hub_connected_event: dict[str, Any] | None = None
    hub_disconnected_event: dict[str, Any] | None = None
    inventory_status_event: dict[str, Any] | None = None
    inventory_terminated_event: dict[str, Any] | None = None


class Event(Silent, kw_only=True, gc=False):
    """One event. `eventType` may be absent: the member that is there tells."""

    timestamp: datetime
    tag_inventory_event: TagInventory | None = None
    overflow_event: Overflow | None = None


PAYLOAD: msgspec.json.Decoder[Event | list[Event]] = msgspec.json.Decoder(Event | list[Event])

# The site writes these texts into the reader's MQTT settings; the empty message is what a bare disconnect leaves.
STATUS_TEXTS = {
    b"connected": ReaderEvent("online", None, reason="connected"),
    b"connection lost": ReaderEvent("offline", None, reason="connection lost"),
    b"": ReaderEvent("offline", None, reason="disconnected"),
}


def decode(payload: bytes, timezone: str, memory: Memory = words_from_hex_or_base64) -> Decoded:
    """Decode one message of an R700; an empty array is its keep-alive. memory: how `epc` and `tid` are written."""
    if payload in STATUS_TEXTS:
        return Decoded(events=[STATUS_TEXTS[payload]])
    said = parse(payload, PAYLOAD)
    decoded = Decoded()
    for event in said if isinstance(said, list) else [said]:
        if event.tag_inventory_event is not None:
            decoded.readings.append(reading(event.tag_inventory_event, event.timestamp, timezone, memory))
        elif event.overflow_event is not None:
            decoded.events.append(overflow(event.overflow_event, event.timestamp, timezone))
        elif all(getattr(event, name) is None for name in Silent.__struct_fields__):
            message = "The event is of no kind known of an R700."
            raise Undecodable(message)
        else:
            decoded.conditions.extend(antennas(event, timezone))
    return decoded


def antennas(event: Event, timezone: str) -> list[Condition]:
    """Read which antenna was plugged in or came off."""
    told = ((event.antenna_connected_event, True), (event.antenna_disconnected_event, False))
    at = microseconds(event.timestamp, timezone)
    return [
        Condition(at, antennas={port.antenna_port: connected})
        for port, connected in told
        if port is not None and port.antenna_port is not None
    ]


def reading(read: TagInventory, queued: datetime, timezone: str, memory: Memory) -> Reading:
    """Read a tag report; the queueing time stands in where the reader was not told to send the read time."""
    if read.epc_hex:
        epc = words_from_hex(read.epc_hex)
    elif read.epc:
        epc = memory(read.epc, "EPC")
    else:
        message = "A tag report has neither epcHex nor epc."
        raise Undecodable(message)
    tid = None
    if read.tid_hex:
        tid = words_from_hex(read.tid_hex, "TID")
    elif read.tid:
        tid = memory(read.tid, "TID")
    strength = read.peak_rssi_cdbm
    read_at = microseconds(read.last_seen_time or queued, timezone)
    return Reading(epc, read.antenna_port, None if strength is None else round(strength), 1, read_at, tid)


def overflow(told: Overflow, queued: datetime, timezone: str) -> ReaderEvent:
    """Read an overflow: between its first and its last event the reader was blind."""
    return gap(
        microseconds(queued, timezone),
        microseconds(told.first_event_timestamp, timezone),
        microseconds(told.last_event_timestamp, timezone),
        "overflow" if told.events_purged is None else f"overflow, {told.events_purged} events purged",
    )
