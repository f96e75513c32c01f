"""The same news in the words of each reader family: payloads as the real devices send them.

Times are the device's own, to the millisecond, as the real ones write them: UTC, or local time with an offset.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from devices.simulator.equipment import TIMEZONE

HANDHELD_MESSAGE_BYTES_MAX = 6_144
HANDHELD_TAGS_MAX = 32  # so many of a 96-bit EPC fit
CHANNELS_MHZ = (920.625, 921.375, 922.125, 922.875, 923.625, 924.375)  # of the sixteen China allows
_LOCAL = ZoneInfo(TIMEZONE)
_encode = msgspec.json.encode


class Report(NamedTuple):
    """What a reader says of one tag: EPC in bytes, peak strength, how many reads it stands for, the last one's time."""

    epc: bytes
    rssi_dbm: float
    reads: int
    at: datetime


def rfc3339(at: datetime) -> str:
    """UTC with a Z, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ── Zebra handheld ───────────────────────────────────────────────────────────────────────────────────────────────────


def handheld_tags(reports: Sequence[Report], at: datetime, first_event: int) -> bytes:
    """One trigger pull's tags, at most `HANDHELD_TAGS_MAX`; the message has one time for all of them."""
    tags = [
        {
            "EPC": (epc := report.epc.hex().upper()),
            "EPCid": epc,
            "channel": CHANNELS_MHZ[(first_event + number) % len(CHANNELS_MHZ)],
            "eventNum": first_event + number,
            "peakRssi": round(report.rssi_dbm),
            "phase": 0,
            "seenCount": report.reads,
        }
        for number, report in enumerate(reports)
    ]
    return _encode({"type": "BALANCED_PERFORMANCE", "timestamp": rfc3339(at), "data": {"tagData": tags}})


def handheld_scan(code: str, at: datetime) -> bytes:
    """A printed code the imager read."""
    scan = {"symbology": "CODE_128", "decodedBarcode": code}
    return _encode({"type": "BALANCED_PERFORMANCE", "timestamp": rfc3339(at), "data": {"barcodeData": [scan]}})


def handheld_connection(state: str, serial: str, at: datetime) -> bytes:
    """CONNECTED or DISCONNECTED; the second is also its last will."""
    told = {"connectionState": state, "timestamp": rfc3339(at), "deviceModel": "RFD40", "deviceSerialNo": serial}
    return _encode(told)


# ── Impinj R700 ──────────────────────────────────────────────────────────────────────────────────────────────────────

IMPINJ_CONNECTED, IMPINJ_LOST = b"connected", b"connection lost"


def impinj_event(report: Report, antenna: int, *, queued_at: datetime) -> bytes:
    """A tag report of factory settings: base64 EPC, and no time but that of queueing."""
    seen = {"epc": base64.urlsafe_b64encode(report.epc).decode(), "antennaPort": antenna, **_impinj_radio(report)}
    return _encode({"timestamp": rfc3339(queued_at), "eventType": "tagInventory", "tagInventoryEvent": seen})


def impinj_array(events: Sequence[bytes]) -> bytes:
    """Some events in one message; an empty array, which is among them where nothing was heard, adds nothing."""
    return b"[" + b",".join(event for event in events if event != b"[]") + b"]"


def impinj_full_event(report: Report, antenna: int, hostname: str, *, queued_at: datetime) -> bytes:
    """A tag report with the fields a careful site switches on: hexadecimal EPC, last read, host name."""
    seen = {
        "epc": base64.urlsafe_b64encode(report.epc).decode(),
        "epcHex": report.epc.hex().upper(),
        "antennaPort": antenna,
        **_impinj_radio(report),
        "lastSeenTime": rfc3339(report.at),
    }
    event = {
        "timestamp": rfc3339(queued_at),
        "hostname": hostname,
        "eventType": "tagInventory",
        "tagInventoryEvent": seen,
    }
    return _encode(event)


def _impinj_radio(report: Report) -> dict[str, int]:
    return {"peakRssiCdbm": round(report.rssi_dbm * 100), "frequency": 920_625, "transmitPowerCdbm": 1_600}


# ── Zebra fixed ──────────────────────────────────────────────────────────────────────────────────────────────────────


def zebra_events(reports: Sequence[Report], antenna: int, first_event: int) -> bytes:
    """An array of tag events; local time, its offset without a colon."""
    events = [
        {
            "data": {
                "antenna": antenna,
                "eventNum": first_event + number,
                "format": "epc",
                "idHex": report.epc.hex(),
                "peakRssi": round(report.rssi_dbm),
                "reads": report.reads,
            },
            "timestamp": _zebra_time(report.at),
            "type": "INVENTORY",
        }
        for number, report in enumerate(reports)
    ]
    return _encode(events)


def zebra_heartbeat(at: datetime) -> bytes:
    """That the reader lives; it has no other word for being online."""
    health = {"system": {"temperature": {"ambient": 31.0}}, "radio_control": {"numTagReads": 0}}
    return _encode({**health, "timestamp": _zebra_time(at), "type": "heartbeat"})


def _zebra_time(at: datetime) -> str:
    local = at.astimezone(_LOCAL)
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


# ── Native ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def native_reads(reports: Sequence[Report]) -> bytes:
    """An array of reads; empty where nothing lies on the pad."""
    return _encode(
        [
            {
                "epc": report.epc.hex().upper(),
                "rssi_dbm": round(report.rssi_dbm, 1),
                "count": report.reads,
                "at": rfc3339(report.at),
            }
            for report in reports
        ]
    )


def native_status(status: str, at: datetime | None = None) -> bytes:
    """Online or offline; a last will has no time."""
    told: dict[str, Any] = {"status": status} if at is None else {"status": status, "at": rfc3339(at)}
    return _encode(told)
