"""What goes where, how full: the shelves an arrival is planned to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.arrivals import Space, Take

# Shelves below a place in walking order, each with what stands there and what others plan to put there.
_SPACES = """
    SELECT place.id, place.capacity,
           (SELECT count(*) FROM holding WHERE holding.place_id = place.id)
           + (SELECT count(*) FROM arrival_line AS line LEFT JOIN holding ON holding.volume_id = line.volume_id
              WHERE line.planned_place_id = place.id AND line.arrival_id <> %(arrival)s
                AND holding.place_id IS DISTINCT FROM place.id
                AND line.state IN ('listed', 'counted')) AS taken, place.code
    FROM place JOIN place AS above ON place.path LIKE above.path || '%%'
    WHERE above.code = %(under)s AND place.kind IN ('shelf', 'cabinet') AND place.capacity IS NOT NULL
    ORDER BY place.block NULLS FIRST, place.aisle NULLS FIRST, place.face NULLS FIRST, place.x, place.y, place.code
"""
# What is still to be shelved, in the order of the boxes.
_TO_PLAN = "arrival_id = %s AND volume_id IS NOT NULL AND reached NOT IN ('missing', 'shelved', 'refused')"


def spaces(connection: psycopg.Connection[Any], arrival_id: int, under: str) -> list[tuple[Space, str]]:
    """Shelves below the place `under` with their codes, in walking order."""
    rows = connection.execute(_SPACES, {"arrival": arrival_id, "under": under})
    return [(Space(place_id, capacity, taken), code) for place_id, capacity, taken, code in rows]


def count_to_plan(connection: psycopg.Connection[Any], arrival_id: int) -> int:
    """How many volumes of an arrival have yet to be shelved."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return int(
            cursor.execute(f"SELECT count(*) FROM arrival_line_now WHERE {_TO_PLAN}", (arrival_id,)).fetchone() or 0
        )


def write_plan(connection: psycopg.Connection[Any], arrival_id: int, takes: Sequence[Take]) -> None:
    """Where each volume is to stand; those in no take have no plan."""
    connection.execute(
        f"""
        WITH waiting AS (SELECT id, row_number() OVER (ORDER BY length(box), box, position) AS nth
                         FROM arrival_line_now WHERE {_TO_PLAN}),
        taken AS (SELECT * FROM unnest(%s::int[], %s::int[], %s::int[]) AS take (place_id, first, last))
        UPDATE arrival_line AS line SET planned_place_id = taken.place_id
        FROM waiting LEFT JOIN taken ON nth BETWEEN first AND last WHERE line.id = waiting.id
        """,
        (arrival_id, [t.place_id for t in takes], [t.first for t in takes], [t.last for t in takes]),
    )


@dataclass(frozen=True, slots=True)
class PlannedShelf:
    """A shelf of a plan: how many fit, how many stand there, how many of this arrival are still to come."""

    place: str
    capacity: int | None
    standing: int
    coming: int


def plan(connection: psycopg.Connection[Any], arrival_id: int) -> list[PlannedShelf]:
    """The shelves an arrival is planned to, with how full they are."""
    query = """
        SELECT place.code AS place, place.capacity,
               (SELECT count(*) FROM holding WHERE holding.place_id = place.id) AS standing,
               count(*) FILTER (WHERE line.reached NOT IN ('shelved', 'missing', 'refused')) AS coming
        FROM arrival_line_now AS line JOIN place ON place.id = line.planned_place_id WHERE arrival_id = %s
        GROUP BY place.id
        ORDER BY place.block NULLS FIRST, place.aisle NULLS FIRST, place.face NULLS FIRST, place.x, place.y, place.code
    """
    with connection.cursor(row_factory=class_row(PlannedShelf)) as cursor:
        return cursor.execute(query, (arrival_id,)).fetchall()
