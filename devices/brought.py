"""What people bring (a docked handheld's file, a burst it typed) becomes evidence in the one way evidence goes.

It is messages in the native dialect that wait in the database instead of at a broker: decoded, reduced and committed as
any other. Its times are the handheld's own, and old; they say nothing of its clock.
"""

from datetime import datetime
from typing import Any

import psycopg

from devices.dialects import native
from devices.pipeline import antennas_of, days_of, known_readers
from devices.readings import Decoded, Reading, Undecodable
from devices.reduce import Reducer
from inventory.operations.taking_evidence import take_evidence
from inventory.store import brought, evidence
from inventory.store.batch import EvidenceBatch, Quarantined, ReaderPulse, ScannedCode
from inventory.store.brought import Waiting
from inventory.store.quarantine import BROUGHT
from inventory.store.readers import registered_antennas


def take_brought(connection: psycopg.Connection[Any], now: datetime) -> int:
    """Take in everything that waits, each in a transaction of its own; returns how many reads were new.

    A read that the same reader brought before (same tag, antenna and instant) isn't counted again: handhelds export what
    they exported yesterday.
    """
    evidence.prepare(connection)
    taken = 0
    while (new := _take_next(connection, now)) is not None:
        taken += new
    return taken


def _take_next(connection: psycopg.Connection[Any], now: datetime) -> int | None:
    with connection.transaction():
        waiting = brought.next_waiting(connection)
        if waiting is None:
            return None
        batch, reads = _batch(connection, waiting)
        take_evidence(connection, batch, days_of(batch), now=now)
        brought.taken(connection, waiting.number, reads, now)
    return reads


def _batch(connection: psycopg.Connection[Any], waiting: Waiting) -> tuple[EvidenceBatch, int]:
    """The evidence that something brought comes to, and how many of its reads are new."""
    batch, reducer, received_at = EvidenceBatch(), Reducer(), round(waiting.brought_at.timestamp() * 1_000_000)
    antennas = [one for one in registered_antennas(connection, None) if one.reader_id == waiting.reader_id]
    reader = known_readers(antennas)[antennas[0].topic]
    try:
        decoded = _decoded(waiting.payload)
        known = {
            _key(one) for payload in brought.taken_payloads(connection, waiting) for one in _decoded(payload).readings
        }
        readings = [one for one in decoded.readings if _key(one) not in known]
        # Its antennas may have been registered otherwise while it waited.
        reads = reducer.add(readings, antennas_of(readings, reader), received_at)
    except Undecodable as undecodable:
        batch.quarantined.append(
            Quarantined(received_at, "", waiting.reader_id, waiting.payload, f"{BROUGHT}: {undecodable}")
        )
        return batch, 0
    batch.slices.extend(reducer.drain())
    batch.codes.extend(_codes(decoded, waiting, received_at))
    batch.pulses.append(ReaderPulse(waiting.reader_id, received_at, 1, reads, 0, None))
    return batch, reads


def _codes(decoded: Decoded, waiting: Waiting, received_at: int) -> list[ScannedCode]:
    return [
        ScannedCode(waiting.reader_id, one.code, received_at if one.scanned_at is None else one.scanned_at)
        for one in decoded.barcodes
    ]


def _decoded(payload: bytes) -> Decoded:
    """All that the messages of one payload say, a line each; their times have their offsets."""
    decoded = Decoded()
    for message in payload.split(b"\n"):
        said = native.decode(message, "UTC")
        decoded.readings.extend(said.readings)
        decoded.barcodes.extend(said.barcodes)
    return decoded


def _key(reading: Reading) -> tuple[bytes, int, int | None]:
    return reading.epc, reading.antenna, reading.read_at
