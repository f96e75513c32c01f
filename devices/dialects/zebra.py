"""Zebra fixed readers (FX7500, FX9600, FXR90, ATR7000), IoT Connector: an event or an array of them.

Source: Zebra's IoT Connector schemas and payloads captured by others. Tag data, inputs and health share one stream.
"""

from datetime import datetime
from typing import Any

import msgspec

from devices.dialects.gaps import gap
from devices.dialects.payloads import parse
from devices.dialects.quantities import Antenna, Count, Dbm, Tally, centidbm
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.times import microseconds
from devices.readings import Decoded, ReaderEvent, Reading, Undecodable

# Where a tag did not answer the read of a memory bank, the bank's field holds a sentence that begins so.
FAILED_ACCESS = "Error"

# Kinds without tag data; firmware writes them in capitals and in small letters. A tag event's type is its mode.
SILENT_TYPES = {"heartbeat", "gpi", "gpo", "error", "warning", "firmwareupdateprogress", "userapp"}


class DataPath(msgspec.Struct, rename="camel"):
    """Counters of one way out of the reader."""

    num_data_messages_dropped: Tally = 0


class Gateway(DataPath):
    """The publishing half of the reader; newer firmware keeps its counters per data path."""

    data_path_statistics: list[DataPath] | None = None


class Health(msgspec.Struct, gc=False):
    """A heartbeat's sections, at top level or under `data`."""

    system: dict[str, Any] | None = None
    radio_control: dict[str, Any] | None = None
    reader_gateway: Gateway | None = None


class Data(Health, gc=False):
    """What an event is about: a tag, an input, health. Without metadata flags a tag has nothing but its EPC."""

    id_hex: str | None = msgspec.field(default=None, name="idHex")
    peak_rssi: Dbm | None = msgspec.field(default=None, name="peakRssi")
    rssi: Dbm | None = None
    antenna: Antenna = 0
    reads: Count = 1
    tid: str | None = msgspec.field(default=None, name="TID")


class Event(Health, gc=False):
    """One event."""

    data: Data | None = None
    timestamp: datetime | None = None
    type: str | None = None


PAYLOAD: msgspec.json.Decoder[Event | list[Event]] = msgspec.json.Decoder(Event | list[Event])


def decode(payload: bytes, timezone: str) -> Decoded:
    """Decode one message of a fixed Zebra reader."""
    said = parse(payload, PAYLOAD)
    decoded = Decoded()
    add_reading = decoded.readings.append
    for event in said if isinstance(said, list) else [said]:
        data = event.data
        if data is not None and data.id_hex is not None:
            add_reading(
                Reading(
                    words_from_hex(data.id_hex),
                    data.antenna,
                    centidbm(data.rssi if data.peak_rssi is None else data.peak_rssi),
                    data.reads,
                    microseconds(event.timestamp, timezone),
                    words_from_hex(data.tid, "TID") if data.tid and not data.tid.startswith(FAILED_ACCESS) else None,
                )
            )
        else:
            decoded.events.extend(dropped(event, timezone))
    return decoded


def dropped(event: Event, timezone: str) -> list[ReaderEvent]:
    """Look for lost messages in an event without a tag; refuse one that is of no known kind.

    The counter runs since the reader started and names no times, so the gap has no bounds.
    """
    known = event.type is not None and event.type.lower() in SILENT_TYPES
    messages_dropped = 0
    for health in (event, event.data):
        if health is None:
            continue
        known = known or any(getattr(health, section) is not None for section in Health.__struct_fields__)
        if (gateway := health.reader_gateway) is not None:
            paths = [gateway, *(gateway.data_path_statistics or ())]
            messages_dropped += sum(path.num_data_messages_dropped for path in paths)
    if not known:
        message = "The event has no tag and is of no kind known of a Zebra reader."
        raise Undecodable(message)
    if messages_dropped == 0:
        return []
    return [gap(microseconds(event.timestamp, timezone), None, None, f"{messages_dropped} data messages dropped")]
