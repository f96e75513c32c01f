"""Zebra fixed readers (FX7500, FX9600, FXR90, ATR7000), IoT Connector: an event or an array of them.

Source: Zebra's IoT Connector schemas and payloads captured by others. Tag data, inputs and health share one stream.
"""

import re
from datetime import datetime
from typing import Any

import msgspec

from devices.dialects.payloads import parse
from devices.dialects.quantities import TALLY_MAX, Antenna, Count, Dbm, Tally, centidbm
from devices.dialects.tag_memory import words_from_hex
from devices.dialects.times import microseconds
from devices.readings import Condition, Decoded, Numbered, Reading, Undecodable

# Where a tag did not answer the read of a memory bank, the bank's field holds a sentence that begins so.
FAILED_ACCESS = "Error"

NTP_MILLISECONDS_MAX = 1e12
ANTENNA_NUMBER = re.compile("[0-9]{1,3}")

# Kinds without tag data; firmware writes them in capitals and in small letters. A tag event's type is its mode.
SILENT_TYPES = {"heartbeat", "gpi", "gpo", "error", "warning", "firmwareupdateprogress", "userapp"}


class DataPath(msgspec.Struct, rename="camel"):
    """Counters of one way out of the reader."""

    num_data_messages_dropped: Tally = 0


class Gateway(DataPath):
    """The publishing half of the reader; newer firmware keeps its counters per data path."""

    data_path_statistics: list[DataPath] | None = None


class Ntp(msgspec.Struct, gc=False):
    """How the reader's clock agrees with its time server, in milliseconds."""

    offset: float | None = None


class System(msgspec.Struct, gc=False):
    """The machine itself."""

    ntp: Ntp | None = None


class Radio(msgspec.Struct, gc=False):
    """The radio: which antennas are connected, by their numbers."""

    antennas: dict[str, Any] | None = None


class Health(msgspec.Struct, gc=False):
    """A heartbeat's sections, at top level or under `data`."""

    system: System | None = None
    radio_control: Radio | None = None
    reader_gateway: Gateway | None = None


class Data(Health, gc=False):
    """What an event is about: a tag, an input, health. Without metadata flags a tag has nothing but its EPC."""

    id_hex: str | None = msgspec.field(default=None, name="idHex")
    peak_rssi: Dbm | None = msgspec.field(default=None, name="peakRssi")
    rssi: Dbm | None = None
    antenna: Antenna = 0
    reads: Count = 1
    event_num: Tally | None = msgspec.field(default=None, name="eventNum")
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
            read_at = microseconds(event.timestamp, timezone)
            if data.event_num is not None:
                decoded.numbers.append(Numbered(data.event_num, read_at))
            add_reading(
                Reading(
                    words_from_hex(data.id_hex),
                    data.antenna,
                    centidbm(data.rssi if data.peak_rssi is None else data.peak_rssi),
                    data.reads,
                    read_at,
                    words_from_hex(data.tid, "TID") if data.tid and not data.tid.startswith(FAILED_ACCESS) else None,
                )
            )
        else:
            decoded.conditions.extend(conditions(event, timezone))
    return decoded


def conditions(event: Event, timezone: str) -> list[Condition]:
    """What an event without a tag says of the reader; refuses one that is of no known kind."""
    at = microseconds(event.timestamp, timezone)
    sections = [health for health in (event, event.data) if health is not None]
    found = [
        condition(health, at)
        for health in sections
        if any(getattr(health, section) is not None for section in Health.__struct_fields__)
    ]
    if not found and (event.type is None or event.type.lower() not in SILENT_TYPES):
        message = "The event has no tag and is of no kind known of a Zebra reader."
        raise Undecodable(message)
    return found


def condition(health: Health, at: int | None) -> Condition:
    """Read a heartbeat's sections; newer firmware counts what it dropped by data path."""
    dropped = None
    if (gateway := health.reader_gateway) is not None:
        paths = [gateway, *(gateway.data_path_statistics or ())]
        dropped = min(sum(path.num_data_messages_dropped for path in paths), TALLY_MAX)
    ntp = health.system.ntp.offset if health.system is not None and health.system.ntp is not None else None
    if ntp is not None and abs(ntp) > NTP_MILLISECONDS_MAX:
        ntp = None  # what it says before it has asked
    told = health.radio_control.antennas or {} if health.radio_control is not None else {}
    antennas = {int(number): told[number] == "connected" for number in told if ANTENNA_NUMBER.fullmatch(number)}
    return Condition(at, ntp_offset_ms=ntp, dropped=dropped, antennas=antennas)
