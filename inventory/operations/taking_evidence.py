"""Taking in evidence: one batch of reduced reads, one transaction, one owner."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from inventory.store import chip_reads, evidence, find_mode, leases, quarantine, reader_health, taps
from inventory.store.batch import EvidenceBatch
from inventory.store.leases import Lease

SLOT_LEASE = timedelta(seconds=30)  # a crashed ingest is replaced after this long


@dataclass(frozen=True)
class Packets:
    """The broker's packets behind a batch, packed, so that a redelivery is known after a crash; see `devices.redelivery`."""

    slot: int
    batch: int
    packed: bytes
    keep_from: int


@dataclass(frozen=True)
class Retried:
    """Quarantined messages tried again with a version of the registry: (id, reader, why not or None) of each."""

    version: int
    outcomes: list[tuple[int, int | None, str | None]]


def take_evidence(
    connection: psycopg.Connection[Any],
    batch: EvidenceBatch,
    days: Iterable[date],
    *,
    lease: Lease | None = None,
    packets: Packets | None = None,
    retried: Retried | None = None,
    now: datetime,
) -> None:
    """Commit a batch whole; only after this returns may its messages be acknowledged. retried: the batch comes of quarantine.

    Raises `LeaseLost` where another process owns the slot by now: nothing was written, and nothing may be acknowledged.
    """
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now, SLOT_LEASE)
        evidence.ensure_days(connection, days)
        evidence.add_slices(connection, batch.slices)
        find_mode.tell_reads(connection, now)
        evidence.add_codes(connection, batch.codes, batch.registry)
        chip_reads.add(connection, batch.chips)
        reader_health.add_news(connection, batch.news)
        taps.add(connection, batch.taps)
        quarantine.add(connection, batch.quarantined, batch.registry)
        reader_health.add_pulses(connection, batch.pulses)
        reader_health.follow_numbers(connection, batch.numbers)
        reader_health.note_conditions(connection, batch.conditions)
        if retried is not None:
            quarantine.settle(connection, retried.outcomes, retried.version, now)
        if packets is not None:
            evidence.note_packets(connection, packets.slot, packets.batch, packets.packed, packets.keep_from)
