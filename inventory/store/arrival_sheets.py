"""Discrepancy sheets in SQL: what differs between a list and what came, and who has signed that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.arrivals import DifferenceKind, SheetDifference


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the discrepancy sheet says: lines listed, envelopes counted, lines nobody has counted yet, and what differs."""

    listed: int
    counted: int
    waiting: int
    differences: tuple[SheetDifference, ...]


def sheet(connection: psycopg.Connection[Any], arrival_id: int) -> Sheet:
    """Where what came differs from what was listed, in the order of the list."""
    query = """
        SELECT CASE WHEN state = 'missing' THEN 'missing' WHEN state = 'unidentified' THEN 'unidentified'
                    WHEN NOT is_listed THEN 'extra' WHEN seal_broken THEN 'seal_broken' ELSE 'other_box' END,
               coalesce(volume_name(dossier.number, volume.ordinal), line.number), coalesce(line.name, subject.name),
               box, found_box, note
        FROM arrival_line AS line LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id
        LEFT JOIN subject ON subject.id = subject_id
        WHERE arrival_id = %s AND state NOT IN ('listed', 'resolved')
          AND (state <> 'counted' OR NOT is_listed OR seal_broken OR found_box <> box)
          AND (state <> 'unidentified' OR counted_at IS NOT NULL) ORDER BY position
    """
    counts = connection.execute(
        "SELECT count(*) FILTER (WHERE is_listed), "
        "count(*) FILTER (WHERE counted_at IS NOT NULL AND state <> 'resolved'), "
        "count(*) FILTER (WHERE counted_at IS NULL AND state <> 'missing') FROM arrival_line WHERE arrival_id = %s",
        (arrival_id,),
    ).fetchone()
    assert counts is not None
    differences = [
        SheetDifference(DifferenceKind(kind), *rest) for kind, *rest in connection.execute(query, (arrival_id,))
    ]
    listed, counted, waiting = counts
    return Sheet(listed, counted, waiting, tuple(differences))


def sign(
    connection: psycopg.Connection[Any],
    arrival_id: int,
    side: str,
    hash_: bytes,
    signed_by: str,
    paper: str | None,
    account_id: int,
    now: datetime,
) -> set[str]:
    """One side signs the sheet of that hash; returns the sides that have signed it."""
    connection.execute(
        "INSERT INTO arrival_signature VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (arrival_id, side, hash_, signed_by, paper, account_id, now),
    )
    return {signed[0] for signed in signatures(connection, arrival_id, hash_)}


def signatures(
    connection: psycopg.Connection[Any], arrival_id: int, hash_: bytes
) -> list[tuple[str, str, str | None, datetime]]:
    """(side, name, paper, when) under the sheet of that hash."""
    return connection.execute(
        "SELECT side, signed_by, paper, signed_at FROM arrival_signature WHERE arrival_id = %s AND sheet_hash = %s "
        "ORDER BY side",
        (arrival_id, hash_),
    ).fetchall()
