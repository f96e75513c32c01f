"""Making a wave in SQL: which approved requests can be fetched, from which shelves, and the wave written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.hall import Aisle, AisleName


@dataclass(frozen=True, slots=True)
class Fetched:
    """A volume to fetch and the shelf it stands on; coordinates in metres, 0 where the register has none."""

    request_id: int
    volume_id: int
    place_id: int
    room_id: int
    block: str | None
    aisle: str | None
    x: float
    y: float
    z: float


# Every volume a request is about is fetched or none: what has one on loan or in a bag waits. The dossiers that several requests
# wait for go to the first of its queue (`requests.QUEUE_ORDER`); the others stay there where everybody sees them. Nobody
# fetches a dossier for a scan that was made already: the window gives it (`lending.give_scan`).
_FETCHES = """
    request.state = 'approved' AND (request.kind <> 'scan' OR NOT EXISTS (
        SELECT FROM volume JOIN act ON act.volume_id = volume.id
        WHERE volume.dossier_id = request.dossier_id AND act.kind = 'scanned'))
"""
_WAITING = f"""
    WITH waiting AS (
        SELECT DISTINCT ON (dossier_id) id, dossier_id, priority, promised_on FROM request
        WHERE {_FETCHES} AND dossier_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM request AS served WHERE served.dossier_id = request.dossier_id
            AND served.state IN ('picking', 'searching', 'ready', 'underway', 'at_window', 'out'))
        ORDER BY dossier_id, priority DESC, id),
    standing AS (
        SELECT waiting.*, place.kind IN ('shelf', 'cabinet') AS is_stored,
               place.kind IN ('shelf', 'cabinet', 'desk', 'cart') AND place.warehouse_id = %(warehouse)s
               AND (%(room)s::int IS NULL OR place.room_id = %(room)s OR place.kind IN ('desk', 'cart'))
               AND legal IN ('held', 'deceased_retained', 'transfer_pending') AS in_reach
        FROM waiting JOIN request_volume ON request_id = waiting.id JOIN holding USING (volume_id)
        JOIN place ON place.id = holding.place_id),
    whole AS (
        SELECT id, count(*) FILTER (WHERE is_stored) AS picks FROM standing GROUP BY id HAVING bool_and(in_reach)),
    counted AS (
        SELECT waiting.id, picks,
               sum(picks) OVER (ORDER BY priority DESC, promised_on, waiting.id) AS picks_so_far
        FROM whole JOIN waiting USING (id))
"""


def take_requests(
    connection: psycopg.Connection[Any], warehouse_id: int, room_id: int | None, picks_max: int
) -> tuple[list[int], list[int], int]:
    """Requests to fetch for (highest priority and earliest promise first), those already at hand, and how many more wait.

    Takes the warehouse's wave lock first, so that two waves made at once never want the same requests.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('wave'), %s)", (warehouse_id,))
    facts = {"warehouse": warehouse_id, "room": room_id, "most": picks_max}
    rows = connection.execute(
        _WAITING + "SELECT id, picks FROM counted WHERE picks_so_far <= %(most)s ORDER BY picks_so_far, id", facts
    ).fetchall()
    with connection.cursor(row_factory=scalar_row) as cursor:
        approved = cursor.execute(f"SELECT count(*) FROM request WHERE {_FETCHES}").fetchone()
    return [row[0] for row in rows if row[1]], [row[0] for row in rows if not row[1]], int(approved or 0) - len(rows)


def fetched(connection: psycopg.Connection[Any], request_ids: Sequence[int]) -> list[Fetched]:
    """The volumes on shelves that these requests are for."""
    query = """
        SELECT request_id, volume_id, place.id AS place_id,
               coalesce(place.room_id, place.warehouse_id) AS room_id, block, aisle,
               coalesce(x, 0) AS x, coalesce(y, 0) AS y, coalesce(z, 0) AS z
        FROM request_volume JOIN holding USING (volume_id) JOIN place ON place.id = holding.place_id
        WHERE request_id = ANY(%s) AND place.kind IN ('shelf', 'cabinet') ORDER BY place.id, volume_id
    """
    with connection.cursor(row_factory=class_row(Fetched)) as cursor:
        return cursor.execute(query, (list(request_ids),)).fetchall()


def aisles_open(connection: psycopg.Connection[Any], room_ids: Sequence[int]) -> list[AisleName]:
    """The aisles of these rooms that stand open now, one a block at most."""
    rows = connection.execute(
        "SELECT room_id, block, aisle FROM aisle_state WHERE released_at IS NULL AND room_id = ANY(%s) ORDER BY 1, 2",
        (list(room_ids),),
    )
    return [AisleName(*row) for row in rows]


def surveyed_aisles(connection: psycopg.Connection[Any], room_ids: Sequence[int]) -> list[Aisle]:
    """The aisles of these rooms, each with the box around the centres of its shelves."""
    query = """
        SELECT room_id, block, aisle, min(x), max(x), min(y), max(y) FROM place
        WHERE room_id = ANY(%s) AND kind IN ('shelf', 'cabinet') AND block IS NOT NULL AND aisle IS NOT NULL
          AND x IS NOT NULL AND y IS NOT NULL
        GROUP BY room_id, block, aisle ORDER BY 1, 2, 3
    """
    rows = connection.execute(query, (list(room_ids),))
    return [Aisle(AisleName(room, block, aisle), *box) for room, block, aisle, *box in rows]


@dataclass(frozen=True, slots=True)
class NewWave:
    """What is written of a wave when it is made."""

    warehouse_id: int
    room_id: int | None
    made_by: int
    made_at: datetime
    command_id: UUID
    at_hand: int
    aisles: int
    metres: float


def add_wave(
    connection: psycopg.Connection[Any], wave: NewWave, places: Sequence[int], picks: Sequence[Fetched]
) -> int:
    """Write a wave with its stops in the order of `places` and a pick for each volume; without any, it is finished at once."""
    done = None if picks else wave.made_at
    with connection.cursor(row_factory=scalar_row) as cursor:
        wave_id = cursor.execute(
            """
            INSERT INTO wave (warehouse_id, room_id, made_by, made_at, command_id, at_hand, aisles, metres, state,
                              finished_by, finished_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
            """,
            (
                wave.warehouse_id,
                wave.room_id,
                wave.made_by,
                wave.made_at,
                wave.command_id,
                wave.at_hand,
                wave.aisles,
                wave.metres,
                "open" if picks else "finished",
                None if picks else wave.made_by,
                done,
            ),
        ).fetchone()
    assert wave_id is not None
    connection.execute(
        "INSERT INTO wave_stop (wave_id, ordinal, place_id) SELECT %s, ordinal, place_id "
        "FROM unnest(%s::int[]) WITH ORDINALITY AS walked (place_id, ordinal)",
        (wave_id, list(places)),
    )
    connection.execute(
        """
        INSERT INTO pick (stop_id, request_id, volume_id, state)
        SELECT wave_stop.id, request_id, volume_id, 'open'
        FROM unnest(%s::int[], %s::bigint[], %s::int[]) AS due (place_id, request_id, volume_id)
        JOIN wave_stop ON wave_id = %s AND wave_stop.place_id = due.place_id ORDER BY ordinal, volume_id
        """,
        ([p.place_id for p in picks], [p.request_id for p in picks], [p.volume_id for p in picks], wave_id),
    )
    return int(wave_id)


def warehouses(connection: psycopg.Connection[Any]) -> list[tuple[str, str, int]]:
    """Code and name of every warehouse, and how many approved requests wait for a dossier on its shelves."""
    query = f"""
        SELECT place.code, place.name, count(DISTINCT waiting.id) FROM place
        LEFT JOIN (
            SELECT request.id, shelf.warehouse_id FROM request JOIN volume USING (dossier_id)
            JOIN holding ON holding.volume_id = volume.id JOIN place AS shelf ON shelf.id = holding.place_id
            WHERE {_FETCHES}) AS waiting ON waiting.warehouse_id = place.id
        WHERE place.kind = 'warehouse' GROUP BY place.id ORDER BY place.code
    """
    return connection.execute(query).fetchall()
