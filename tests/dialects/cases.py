"""Golden cases: a message as published, and what must come of it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from devices.dialects import decoder_of
from devices.readings import Decode, Decoded

GOLDEN = Path(__file__).parent / "golden"
WAREHOUSE_ZONE = "Asia/Shanghai"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Case(NamedTuple):
    """A message and its expectation: readings, or None where it belongs into quarantine.

    A field that a reading of `expect` does not name is not checked; None for `barcodes`, `events` and `taps` checks nothing.
    mapping: of the reader's registration, where it isn't the folder's own. numbers: those the reader counts by; conditions: how
    it says it is.
    """

    note: str
    payload: bytes
    expect: list[dict[str, Any]] | None
    barcodes: list[str] | None
    events: list[dict[str, Any]] | None
    mapping: dict[str, Any] | None = None
    numbers: list[int] | None = None
    conditions: list[dict[str, Any]] | None = None
    taps: list[dict[str, str]] | None = None


def cases_of(dialect: str) -> list[Case]:
    """The golden cases of a dialect."""
    return read_cases(GOLDEN / dialect / "cases.jsonl")


def mapping_of(dialect: str) -> dict[str, Any] | None:
    """The mapping that the readers of a dialect are registered with, where the dialect reads one."""
    file = GOLDEN / dialect / "mapping.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else None


def decode_of(dialect: str, case: Case | None = None) -> Decode:
    """How a reader of the warehouse is understood that is registered with the case's mapping, or the folder's."""
    return decoder_of(dialect, mapping_of(dialect) if case is None or case.mapping is None else case.mapping)


def said_at(dialect: str, epc: str, microseconds: int) -> str:
    """What a reader of a dialect says that reads a tag at a time."""
    told = {
        "EPC": epc,
        "RFC3339": (EPOCH + timedelta(microseconds=microseconds)).isoformat(),
        "SECONDS": str(microseconds / 1_000_000),
        "MILLISECONDS": str(microseconds // 1_000),
        "MICROSECONDS": str(microseconds),
    }
    said = (GOLDEN / dialect / "now.json").read_text("utf-8").strip()
    for name, text in told.items():
        said = said.replace(f"@{name}@", text)
    return said


def read_cases(file: Path) -> list[Case]:
    """Read a file of cases, one JSON object a line."""
    return [read_case(json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def read_case(line: dict[str, Any]) -> Case:
    """Read one case; a payload that is no text stands in base64."""
    binary = line.get("payload_base64")
    payload = line["payload"].encode() if binary is None else base64.b64decode(binary)
    expect = None if line["expect"] == "quarantine" else line["expect"]
    told = (line.get(name) for name in ("barcodes", "events", "mapping", "numbers", "conditions", "taps"))
    return Case(line["note"], payload, expect, *told)


def assert_says(decoded: Decoded, case: Case) -> None:
    """Compare what a dialect understood with what the case expects."""
    assert case.expect is not None
    assert len(decoded.readings) == len(case.expect)
    for reading, expected in zip(decoded.readings, case.expect, strict=True):
        known = {
            "epc": reading.epc.hex().upper(),
            "tid": None if reading.tid is None else reading.tid.hex().upper(),
            "antenna": reading.antenna,
            "rssi_dbm": None if reading.rssi_cdbm is None else reading.rssi_cdbm / 100,
            "count": reading.count,
            "read_at": reading.read_at,
            "read_local": reading.read_at,
        }
        assert {name: known[name] for name in expected} == {
            name: in_micros(name, told) for name, told in expected.items()
        }
    if case.barcodes is not None:
        assert [barcode.code for barcode in decoded.barcodes] == case.barcodes
    if case.taps is not None:
        told = [{name: getattr(tap, name) for name in ("uid", "challenge", "signature", "key")} for tap in decoded.taps]
        assert [{name: value.hex() for name, value in tap.items() if value is not None} for tap in told] == case.taps
    assert_counts(decoded, case)
    if case.events is not None:
        said = [
            {"kind": event.kind, "at": event.at, "from": event.from_at, "to": event.to_at, "reason": event.reason}
            for event in decoded.events
        ]
        wanted = [{name: in_micros(name, told) for name, told in event.items()} for event in case.events]
        assert [{name: event[name] for name in want} for event, want in zip(said, wanted, strict=True)] == wanted


def assert_counts(decoded: Decoded, case: Case) -> None:
    """Compare numbers and conditions with what the case expects of them, if it does."""
    if case.numbers is not None:
        assert [number for number, _ in decoded.numbers] == case.numbers
    if case.conditions is not None:
        assert len(decoded.conditions) == len(case.conditions)
        for said, wanted in zip(decoded.conditions, case.conditions, strict=True):
            told = {"antennas": {str(number): plugged for number, plugged in said.antennas.items()}}
            for name, value in wanted.items():
                assert told.get(name, getattr(said, name)) == in_micros(name, value)


def in_micros(name: str, told: object) -> object:
    """Turn the times of an expectation into microseconds; leave its other fields as they are."""
    if name not in {"read_at", "read_local", "at", "from", "to"} or not isinstance(told, str):
        return told
    moment = datetime.fromisoformat(told)
    if name == "read_local":
        moment = moment.replace(tzinfo=ZoneInfo(WAREHOUSE_ZONE))
    return (moment - EPOCH) // timedelta(microseconds=1)
