"""Materials lists and refusals in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.materials import Material


def add(
    connection: psycopg.Connection[Any], volume_ids: Sequence[int], materials: Sequence[Material], command_id: UUID
) -> list[int]:
    """Add materials to the lists of volumes, pair by pair; returns their row ids in the same order."""
    rows = connection.execute(
        """
        INSERT INTO material (volume_id, category, title, dated, pages, pieces, command_id)
        SELECT volume_id, category, title, dated, pages, pieces, %s
        FROM unnest(%s::int[], %s::smallint[], %s::text[], %s::text[], %s::int[], %s::int[]) WITH ORDINALITY
            AS added (volume_id, category, title, dated, pages, pieces, position) ORDER BY position RETURNING id
        """,
        (
            command_id,
            list(volume_ids),
            [one.category for one in materials],
            [one.title for one in materials],
            [one.dated for one in materials],
            [one.pages for one in materials],
            [one.pieces for one in materials],
        ),
    )
    return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class Listed:
    """What a volume's list and its holding say of it, None where they say nothing."""

    volume_id: int
    pieces: int | None
    listed_pieces: int | None
    listed_pages: int | None


def listed(connection: psycopg.Connection[Any], volume_ids: Sequence[int]) -> dict[int, Listed]:
    """Pieces last counted, and the pieces and pages of the materials list (pages only where every material tells them)."""
    query = """
        SELECT asked.volume_id, holding.pieces, sum(material.pieces)::int AS listed_pieces,
               CASE WHEN count(*) = count(material.pages) THEN sum(material.pages)::int END AS listed_pages
        FROM unnest(%s::int[]) AS asked (volume_id) LEFT JOIN holding ON holding.volume_id = asked.volume_id
        LEFT JOIN material ON material.volume_id = asked.volume_id GROUP BY 1, 2
    """
    with connection.cursor(row_factory=class_row(Listed)) as cursor:
        return {row.volume_id: row for row in cursor.execute(query, (list(volume_ids),))}


@dataclass(frozen=True, slots=True)
class MaterialRow:
    """One line of a materials list, with the act that added it."""

    category: int
    title: str
    dated: str | None
    pages: int | None
    pieces: int
    added_by: str | None
    added_at: datetime | None


def of_volume(connection: psycopg.Connection[Any], volume_id: int, materials_max: int) -> list[MaterialRow]:
    """A volume's materials list by category and date."""
    query = """
        SELECT category, title, dated, material.pages, pieces, account.name AS added_by, act.happened_at AS added_at
        FROM material LEFT JOIN act ON act.command_id = material.command_id AND act.volume_id = material.volume_id
        LEFT JOIN account ON account.id = act.actor_id
        WHERE material.volume_id = %s ORDER BY category, dated NULLS LAST, material.id LIMIT %s
    """
    with connection.cursor(row_factory=class_row(MaterialRow)) as cursor:
        return cursor.execute(query, (volume_id, materials_max)).fetchall()


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_refusal(
    connection: psycopg.Connection[Any],
    command_id: UUID,
    volumes: Sequence[tuple[int, int]],
    grounds: Sequence[str],
    account_id: int,
    now: datetime,
    *,
    is_blocked: bool,
) -> None:
    """A refusal of (volume id, agency id) on these grounds, done or blocked; written once."""
    connection.execute(
        "INSERT INTO refusal SELECT %s, volume_id, agency_id, %s, %s, %s, %s "
        "FROM unnest(%s::int[], %s::int[]) AS refused (volume_id, agency_id) ON CONFLICT DO NOTHING",
        (
            command_id,
            list(grounds),
            is_blocked,
            account_id,
            now,
            [volume_id for volume_id, _ in volumes],
            [agency_id for _, agency_id in volumes],
        ),
    )


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often a ground was told for dossiers of one agency, and how often the refusal was blocked."""

    agency: str
    ground: str
    done: int
    blocked: int


def refusal_counts(
    connection: psycopg.Connection[Any], since: datetime, until: datetime, agency_id: int | None
) -> list[RefusalCount]:
    """Refusals by agency and ground, from `since` until before `until`."""
    query = """
        SELECT agency.name AS agency, ground, count(*) FILTER (WHERE NOT is_blocked) AS done,
               count(*) FILTER (WHERE is_blocked) AS blocked
        FROM refusal CROSS JOIN unnest(grounds) AS ground JOIN agency ON agency.id = agency_id
        WHERE refused_at >= %s AND refused_at < %s AND (%s::int IS NULL OR agency_id = %s)
        GROUP BY agency.code, agency.name, ground ORDER BY agency.code, ground
    """
    with connection.cursor(row_factory=class_row(RefusalCount)) as cursor:
        return cursor.execute(query, (since, until, agency_id, agency_id)).fetchall()
