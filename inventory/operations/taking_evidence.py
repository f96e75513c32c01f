"""Taking in evidence: one batch of reduced reads, one transaction, one owner."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from inventory.store import evidence, find_mode, leases
from inventory.store.evidence import EvidenceBatch
from inventory.store.leases import Lease

SLOT_LEASE = timedelta(seconds=30)  # a crashed ingest is replaced after this long


@dataclass(frozen=True)
class Packets:
    """The broker's packets behind a batch, packed, so that a redelivery is known after a crash; see `devices.redelivery`."""

    slot: int
    batch: int
    packed: bytes
    keep_from: int


def take_evidence(
    connection: psycopg.Connection[Any],
    batch: EvidenceBatch,
    days: Iterable[date],
    *,
    lease: Lease | None = None,
    packets: Packets | None = None,
    now: datetime,
) -> None:
    """Commit a batch whole; only after this returns may its messages be acknowledged.

    Raises `LeaseLost` where another process owns the slot by now: nothing was written, and nothing may be acknowledged.
    """
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now, SLOT_LEASE)
        evidence.ensure_days(connection, days)
        evidence.add_slices(connection, batch.slices)
        find_mode.tell_reads(connection, now)
        evidence.add_codes(connection, batch.codes)
        evidence.add_news(connection, batch.news)
        evidence.add_quarantined(connection, batch.quarantined)
        evidence.add_pulses(connection, batch.pulses)
        if packets is not None:
            evidence.note_packets(connection, packets.slot, packets.batch, packets.packed, packets.keep_from)
