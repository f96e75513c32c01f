"""Counts of shelves in SQL: kept as they come in from telephones, and read for a judgement."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.custody_rules import STORED
from inventory.domain.shelf_counts import Held, ShelfCount
from inventory.store.beliefs import LEDGER_KNOWN, Roots, known_until

SHELVES_MAX = 2_000  # of one scope; a telephone holds no more
EXPECTED_MAX = 50_000  # volumes; likewise


class ScanRow(NamedTuple):
    """One scan, by the telephone's own name for it."""

    scan_id: UUID
    code: str
    volume_id: int | None
    scanned_at: datetime


@dataclass(frozen=True, slots=True)
class CountRow:
    """A count as it stands."""

    count_id: UUID
    place_id: int
    audit_id: int | None
    counter_id: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A volume that the ledger has elsewhere than on the shelf it was scanned on; since: when it came there."""

    volume_id: int
    name: str
    place: str
    moved_at: datetime


def one(connection: psycopg.Connection[Any], count_id: UUID) -> CountRow | None:
    """A count. Until the transaction ends its other messages wait: one may be sent again while it is still being kept."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (str(count_id),))
    with connection.cursor(row_factory=class_row(CountRow)) as cursor:
        return cursor.execute(
            "SELECT id AS count_id, place_id, audit_id, counter_id, finished_at FROM shelf_count WHERE id = %s",
            (count_id,),
        ).fetchone()


def begin(
    connection: psycopg.Connection[Any],
    count_id: UUID,
    audit_id: int | None,
    place_id: int,
    counter_id: int,
    begun_at: datetime,
    now: datetime,
) -> None:
    """A count that begins; nothing where it is there."""
    connection.execute(
        "INSERT INTO shelf_count (id, audit_id, place_id, counter_id, begun_at, received_at) VALUES (%s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (id) DO NOTHING",
        (count_id, audit_id, place_id, counter_id, begun_at, now),
    )


def known_scans(connection: psycopg.Connection[Any], count_id: UUID) -> set[UUID]:
    """The scans of a count that have come already."""
    return {scan for (scan,) in connection.execute("SELECT id FROM shelf_count_scan WHERE count_id = %s", (count_id,))}


def add_scans(connection: psycopg.Connection[Any], count_id: UUID, scans: Sequence[ScanRow], now: datetime) -> None:
    """More scans of a count."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO shelf_count_scan (id, count_id, code, volume_id, scanned_at, received_at) "
            "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            [(scan.scan_id, count_id, scan.code, scan.volume_id, scan.scanned_at, now) for scan in scans],
        )


def finish(connection: psycopg.Connection[Any], count_id: UUID, finished_at: datetime, scans: int) -> None:
    """It is the whole shelf."""
    connection.execute(
        "UPDATE shelf_count SET finished_at = %s, scans = %s WHERE id = %s", (finished_at, scans, count_id)
    )


def others(connection: psycopg.Connection[Any], count_id: UUID) -> list[str]:
    """Who else counted that shelf for the same audit."""
    query = """
        SELECT DISTINCT account.name FROM shelf_count AS mine JOIN shelf_count AS other
            ON other.place_id = mine.place_id AND other.audit_id = mine.audit_id AND other.counter_id <> mine.counter_id
        JOIN account ON account.id = other.counter_id WHERE mine.id = %s ORDER BY 1
    """
    return [name for (name,) in connection.execute(query, (count_id,))]


def elsewhere(connection: psycopg.Connection[Any], place_id: int, volume_ids: Sequence[int]) -> list[MovedRow]:
    """Those of the volumes that the ledger has at another place, by name."""
    query = """
        SELECT volume_id, volume_name(number, ordinal) AS name, place.code AS place, moved_at
        FROM holding JOIN place ON place.id = place_id JOIN volume ON volume.id = volume_id
        JOIN dossier ON dossier.id = dossier_id
        WHERE volume_id = ANY(%s::int[]) AND place_id <> %s ORDER BY 2
    """
    with connection.cursor(row_factory=class_row(MovedRow)) as cursor:
        return cursor.execute(query, (list(volume_ids), place_id)).fetchall()


def shelves(connection: psycopg.Connection[Any], scope: str) -> list[tuple[int, str, str]]:
    """(id, code, name) of the shelves of a place, by code; itself where it is one."""
    query = f"""
        SELECT place.id, place.code, place.name FROM place JOIN place AS scope ON place.path LIKE scope.path || '%%'
        WHERE scope.code = %s AND place.kind = ANY(%s) ORDER BY place.code LIMIT {SHELVES_MAX + 1}
    """
    return connection.execute(query, (scope, [kind.value for kind in STORED])).fetchall()


def expected(connection: psycopg.Connection[Any], place_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of the volumes that the ledger has on shelves, by shelf."""
    query = f"""
        SELECT place_id, volume_name(number, ordinal) FROM holding JOIN volume ON volume.id = volume_id
        JOIN dossier ON dossier.id = dossier_id WHERE place_id = ANY(%s::int[]) ORDER BY 1, 2 LIMIT {EXPECTED_MAX + 1}
    """
    found: dict[int, list[str]] = defaultdict(list)
    for place, name in connection.execute(query, (list(place_ids),)):
        found[place].append(name)
    return found


def finished_of(connection: psycopg.Connection[Any], audit_id: int) -> set[str]:
    """Codes of the shelves that somebody has counted whole for an audit."""
    query = """
        SELECT place.code FROM shelf_count JOIN place ON place.id = place_id
        WHERE audit_id = %s AND finished_at IS NOT NULL
    """
    return {code for (code,) in connection.execute(query, (audit_id,))}


# ── For a judgement ──────────────────────────────────────────────────────────────────────────────────────────────────


def between(
    connection: psycopg.Connection[Any],
    place_ids: Sequence[int],
    since: datetime,
    until: datetime,
    audit_id: int | None,
) -> list[ShelfCount]:
    """The counts of these shelves that began in an interval, as they stood at its end, in order; audit_id: that one's alone."""
    query = """
        SELECT shelf_count.id, place_id, begun_at, CASE WHEN finished_at < %(until)s THEN finished_at END, volume_id,
               max(scanned_at)
        FROM shelf_count LEFT JOIN shelf_count_scan
            ON count_id = shelf_count.id AND volume_id IS NOT NULL AND scanned_at < %(until)s
        WHERE place_id = ANY(%(places)s::int[]) AND begun_at >= %(since)s AND begun_at < %(until)s
            AND (%(audit)s::int IS NULL OR audit_id = %(audit)s)
        GROUP BY shelf_count.id, volume_id ORDER BY begun_at, shelf_count.id, volume_id
    """
    asked = {"places": list(place_ids), "since": since, "until": until, "audit": audit_id}
    found: dict[UUID, tuple[int, datetime, datetime | None, dict[int, datetime]]] = {}
    for count, place, begun, finished, volume, at in connection.execute(query, asked):
        volumes = found.setdefault(count, (place, begun, finished, {}))[3]
        if volume is not None:
            volumes[volume] = at
    return [ShelfCount(*one) for one in found.values()]


def ledger_of(
    connection: psycopg.Connection[Any],
    until: datetime,
    roots: Roots | None,
    place_ids: Sequence[int],
    volume_ids: Sequence[int],
) -> dict[int, Held]:
    """Where the ledger had everything on these shelves, and these volumes, as of `until`; tagged or not."""
    query = f"""
        {LEDGER_KNOWN} SELECT volume_id, place_id, moved_at FROM placed
        WHERE place_id = ANY(%(places)s::int[]) OR volume_id = ANY(%(volumes)s::int[])
    """
    known = known_until(until, roots) | {"places": list(place_ids), "volumes": list(volume_ids)}
    return {volume: Held(place, moved_at) for volume, place, moved_at in connection.execute(query, known)}
