"""The registered readers as ingest needs them."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row


@dataclass(frozen=True, slots=True)
class RegisteredAntenna:
    """One antenna with its reader. `place_id` is None for what moves (a handheld, a cart)."""

    antenna_id: int
    number: int
    role: str
    place_id: int | None
    reader_id: int
    reader: str
    dialect: str
    topic: str
    status_topic: str | None
    timezone: str
    mapping: dict[str, Any] | None
    control_url: str | None
    slot: int


def registered_antennas(connection: psycopg.Connection[Any], slot: int | None) -> list[RegisteredAntenna]:
    """Every antenna of the readers of one ingest slot (None: of all)."""
    with connection.cursor(row_factory=class_row(RegisteredAntenna)) as cursor:
        return cursor.execute(
            """
            SELECT antenna.id AS antenna_id, antenna.number, antenna.role, antenna.place_id, reader.id AS reader_id,
                   reader.code AS reader, reader.dialect, reader.topic, reader.status_topic, reader.timezone,
                   reader.mapping, reader.control_url, reader.slot
            FROM reader JOIN antenna ON antenna.reader_id = reader.id
            WHERE %(slot)s::int IS NULL OR slot = %(slot)s ORDER BY reader.id, antenna.number
            """,
            {"slot": slot},
        ).fetchall()


def registry_version(connection: psycopg.Connection[Any]) -> int:
    """Rises whenever readers, antennas or places change."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(cursor.execute("SELECT version FROM registry_version").fetchone() or 0)
