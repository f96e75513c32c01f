"""Which aisle of a block of mobile shelving stands open, in SQL: one lock for everybody who walks in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from inventory.domain.picking import AislePurpose, OpenAisle


def open_aisle_of(connection: psycopg.Connection[Any], room_id: int, block: str) -> OpenAisle | None:
    """The aisle that stands open in a block."""
    row = connection.execute(
        "SELECT block, aisle, purpose, held_by, account.name, since FROM aisle_state JOIN account ON account.id = held_by "
        "WHERE aisle_state.room_id = %s AND block = %s AND released_at IS NULL",
        (room_id, block),
    ).fetchone()
    return None if row is None else OpenAisle(row[0], row[1], AislePurpose(row[2]), row[3], row[4], row[5])


def open_aisles(connection: psycopg.Connection[Any]) -> list[tuple[str, OpenAisle]]:
    """Every open aisle with its room's code."""
    rows = connection.execute(
        "SELECT place.code, aisle_state.block, aisle_state.aisle, purpose, held_by, account.name, since FROM aisle_state "
        "JOIN account ON account.id = held_by JOIN place ON place.id = aisle_state.room_id "
        "WHERE released_at IS NULL ORDER BY place.code, aisle_state.block"
    ).fetchall()
    return [(row[0], OpenAisle(row[1], row[2], AislePurpose(row[3]), row[4], row[5], row[6])) for row in rows]


def try_open_aisle(
    connection: psycopg.Connection[Any],
    room_id: int,
    block: str,
    aisle: str,
    purpose: AislePurpose,
    holder_id: int,
    now: datetime,
) -> bool:
    """Open an aisle where none stands open in its block; waits for whoever is opening one at this moment."""
    query = """
        INSERT INTO aisle_state (room_id, block, aisle, purpose, held_by, since) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (room_id, block) WHERE released_at IS NULL DO NOTHING
    """
    return connection.execute(query, (room_id, block, aisle, purpose.value, holder_id, now)).rowcount == 1


def release_aisle(connection: psycopg.Connection[Any], room_id: int, block: str, by: int, now: datetime) -> bool:
    """Close the aisle that stands open in a block; False where none does."""
    query = "UPDATE aisle_state SET released_at = %s, released_by = %s WHERE room_id = %s AND block = %s AND released_at IS NULL"
    return connection.execute(query, (now, by, room_id, block)).rowcount == 1


def release_picking_aisles(connection: psycopg.Connection[Any], holder_id: int, by: int, now: datetime) -> int:
    """Close every aisle a keeper had open to pick."""
    query = """
        UPDATE aisle_state SET released_at = %s, released_by = %s
        WHERE held_by = %s AND purpose = 'pick' AND released_at IS NULL
    """
    return connection.execute(query, (now, by, holder_id)).rowcount


@dataclass(frozen=True, slots=True)
class AislePlace:
    """Where an aisle is, told by any place in it."""

    code: str
    room_id: int | None
    block: str | None
    aisle: str | None


def aisle_place(connection: psycopg.Connection[Any], code: str) -> AislePlace | None:
    """The place of that code, as far as aisles go."""
    with connection.cursor(row_factory=class_row(AislePlace)) as cursor:
        return cursor.execute("SELECT code, room_id, block, aisle FROM place WHERE code = %s", (code,)).fetchone()
