"""Digitisation batches in SQL: what went to be scanned, what the contractor reports of it, what is back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.batches import Batch


@dataclass(frozen=True, slots=True)
class ScanBatch:
    """A batch and how far it has come."""

    batch_id: int
    order_number: str
    place: str
    contractor_id: int | None
    contractor: str | None
    opened_at: datetime
    volumes: int
    reported: int
    back: int

    @property
    def number(self) -> str:
        """What people call it."""
        return Batch.SCAN.number(self.batch_id)


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One volume of a batch: pieces it went with, pages its list says, and what the scan says."""

    volume_id: int
    number: str
    ordinal: int
    volume: str
    pieces_out: int
    pages_listed: int | None
    pages: int | None
    sha256: bytes | None
    link: str | None
    reported_at: datetime | None
    back_at: datetime | None
    note: str | None


_BATCH = """
    SELECT batch.id AS batch_id, order_number, place.code AS place, contractor_id, contractor.name AS contractor, opened_at,
           (SELECT count(*) FROM scan WHERE batch_id = batch.id) AS volumes,
           (SELECT count(*) FROM scan WHERE batch_id = batch.id AND reported_at IS NOT NULL) AS reported,
           (SELECT count(*) FROM scan WHERE batch_id = batch.id AND back_at IS NOT NULL) AS back
    FROM scan_batch AS batch JOIN place ON place.id = place_id LEFT JOIN account AS contractor ON contractor.id = contractor_id
"""


def add_batch(
    connection: psycopg.Connection[Any],
    command_id: UUID,
    order_number: str,
    contractor_id: int | None,
    place_id: int,
    account_id: int,
    now: datetime,
) -> int:
    """A new batch."""
    row = connection.execute(
        "INSERT INTO scan_batch (command_id, order_number, contractor_id, place_id, opened_by, opened_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        (command_id, order_number, contractor_id, place_id, account_id, now),
    ).fetchone()
    assert row is not None
    return int(row[0])


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The batch a command sent."""
    row = connection.execute("SELECT id FROM scan_batch WHERE command_id = %s", (command_id,)).fetchone()
    return row[0] if row else None


def add_volumes(
    connection: psycopg.Connection[Any], batch_id: int, sent: Sequence[tuple[int, int, int | None]]
) -> None:
    """Volumes of a batch: (volume id, pieces counted, pages listed)."""
    connection.execute(
        "INSERT INTO scan (batch_id, volume_id, pieces_out, pages_listed) "
        "SELECT %s, volume_id, pieces, pages FROM unnest(%s::int[], %s::int[], %s::int[]) AS sent (volume_id, pieces, pages)",
        (batch_id, [one[0] for one in sent], [one[1] for one in sent], [one[2] for one in sent]),
    )


def batch(connection: psycopg.Connection[Any], batch_id: int) -> ScanBatch | None:
    """One batch."""
    with connection.cursor(row_factory=class_row(ScanBatch)) as cursor:
        return cursor.execute(_BATCH + " WHERE batch.id = %s", (batch_id,)).fetchone()


def batches(connection: psycopg.Connection[Any], contractor_id: int | None, batches_max: int) -> list[ScanBatch]:
    """The newest batches, of one contractor only or (None) all, newest first."""
    query = _BATCH + " WHERE %s::int IS NULL OR contractor_id = %s ORDER BY batch.id DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(ScanBatch)) as cursor:
        return cursor.execute(query, (contractor_id, contractor_id, batches_max)).fetchall()


def volumes(connection: psycopg.Connection[Any], batch_id: int) -> list[ScanRow]:
    """The volumes of a batch, by number, locked."""
    query = """
        SELECT volume_id, number, ordinal, volume_name(number, ordinal) AS volume, pieces_out, pages_listed, pages, sha256,
               link, reported_at, back_at, note
        FROM scan JOIN scan_volumes(%s) USING (volume_id)
        WHERE batch_id = %s ORDER BY number, ordinal FOR UPDATE OF scan
    """
    with connection.cursor(row_factory=class_row(ScanRow)) as cursor:
        return cursor.execute(query, (batch_id, batch_id)).fetchall()


def report(
    connection: psycopg.Connection[Any],
    batch_id: int,
    scans: Sequence[tuple[int, int, bytes, str, str | None]],
    account_id: int,
    now: datetime,
) -> int:
    """Scans of (volume id, pages, SHA-256, link, note) of volumes not yet back; returns how many were written."""
    return connection.execute(
        "UPDATE scan SET pages = told.pages, sha256 = told.sha256, link = told.link, note = told.note, reported_by = %s, "
        "reported_at = %s FROM unnest(%s::int[], %s::int[], %s::bytea[], %s::text[], %s::text[]) "
        "AS told (volume_id, pages, sha256, link, note) "
        "WHERE batch_id = %s AND scan.volume_id = told.volume_id AND back_at IS NULL",
        (
            account_id,
            now,
            [one[0] for one in scans],
            [one[1] for one in scans],
            [one[2] for one in scans],
            [one[3] for one in scans],
            [one[4] for one in scans],
            batch_id,
        ),
    ).rowcount


def mark_back(
    connection: psycopg.Connection[Any], batch_id: int, volume_ids: Sequence[int], note: str | None, now: datetime
) -> None:
    """These volumes are back."""
    connection.execute(
        "UPDATE scan SET back_at = %s, note = coalesce(%s, note) WHERE batch_id = %s AND volume_id = ANY(%s)",
        (now, note, batch_id, list(volume_ids)),
    )


def latest(connection: psycopg.Connection[Any], volume_id: int) -> ScanRow | None:
    """The newest scan of a volume that came back, to be offered instead of the paper."""
    query = """
        SELECT volume_id, number, ordinal, volume_name(number, ordinal) AS volume, pieces_out, pages_listed, pages, sha256,
               link, reported_at, back_at, note
        FROM scan JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
        WHERE volume_id = %s AND back_at IS NOT NULL ORDER BY back_at DESC LIMIT 1
    """
    with connection.cursor(row_factory=class_row(ScanRow)) as cursor:
        return cursor.execute(query, (volume_id,)).fetchone()
