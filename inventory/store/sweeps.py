"""Sweeps in SQL: what one moving reader hears just now, what stands in the bays it passes, and which bays wait for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg
from numpy.typing import NDArray
from psycopg.rows import class_row

from inventory.domain.sweeping import ReaderSweeping
from inventory.store.beliefs import MICROSECONDS, SEEN, UNRETIRED
from inventory.store.columns import columns

TO_SWEEP_MAX = 200
READERS_MAX = 200

READERS = f"""
    SELECT reader.code AS reader, heard.at, coalesce(heard.reads, 0) AS reads
    FROM reader LEFT JOIN LATERAL (
        SELECT max(last_at) AS at, sum(reads)::bigint AS reads FROM evidence JOIN antenna ON antenna.id = antenna_id
        WHERE antenna.reader_id = reader.id AND slice_start >= %s) AS heard ON true
    WHERE EXISTS (SELECT FROM antenna WHERE antenna.reader_id = reader.id AND role IN ('handheld', 'cart'))
    ORDER BY heard.at DESC NULLS LAST, reader.code LIMIT {READERS_MAX}
"""

HEARD = f"""
    SELECT {SEEN} FROM evidence JOIN antenna ON antenna.id = evidence.antenna_id
    JOIN (SELECT tag.id AS tag_id, tag.volume_id, retired_at, moved_at FROM tag LEFT JOIN holding USING (volume_id)) AS seen
        ON seen.tag_id = evidence.tag_id
    WHERE antenna.reader_id = %(reader)s AND antenna.role IN ('handheld', 'cart') AND slice_start >= %(since)s
        AND slice_start < %(until)s AND seen.volume_id IS NOT NULL AND {UNRETIRED}
        AND evidence.last_at >= coalesce(moved_at, '-infinity')
    ORDER BY 1, 2, 3, 4
"""

# Where the ledger has each volume just now.
HELD = f"""
    SELECT volume_id::bigint, place_id::bigint, {MICROSECONDS.format("moved_at")} FROM holding
    WHERE volume_id = ANY(%(volumes)s::int[]) OR place_id = ANY(%(places)s::int[]) ORDER BY volume_id
"""

SHELVES_BESIDE = """
    SELECT DISTINCT beside.id FROM place JOIN place AS beside ON beside.parent_id = place.parent_id
    WHERE place.id = ANY(%s::int[]) AND beside.kind = place.kind
"""

SHELVES = """
    SELECT place.id, place.code, place.name, bay.id, coalesce(place.z, 0) FROM place JOIN place AS bay ON bay.id = place.parent_id
    WHERE place.id = ANY(%s::int[]) ORDER BY bay.id, place.z DESC NULLS LAST, place.id
"""

SEARCHED = """
    SELECT volume_id, id FROM search_case WHERE volume_id = ANY(%s::int[]) AND state IN ('suspected', 'open', 'lost')
"""

# Bays by how many of their volumes the last judgements left undecided, then by how long nobody has listened there.
TO_SWEEP = f"""
    SELECT place.parent_id, count(judgement.volume_id)::int AS undecided, count(*)::int AS volumes,
           CASE WHEN count(listened_at) = count(*) THEN min(listened_at) END AS listened_at
    FROM holding JOIN place ON place.id = holding.place_id AND place.kind = 'shelf'
    LEFT JOIN judgement ON judgement.volume_id = holding.volume_id AND outcome = 'undecided' AND judged_until > holding.moved_at
    LEFT JOIN shelf_coverage ON shelf_coverage.place_id = place.id
    WHERE place.parent_id IS NOT NULL
    GROUP BY place.parent_id ORDER BY undecided DESC, listened_at NULLS FIRST, place.parent_id LIMIT {TO_SWEEP_MAX}
"""


def moving_readers(connection: psycopg.Connection[Any], since: datetime) -> list[ReaderSweeping]:
    """Handhelds and carts, those heard last first, with what they read since then."""
    with connection.cursor(row_factory=class_row(ReaderSweeping)) as cursor:
        return cursor.execute(READERS, (since,)).fetchall()


def moving_reader(connection: psycopg.Connection[Any], code: str) -> int | None:
    """The id of a handheld or cart; None where there is none of that code."""
    query = """
        SELECT DISTINCT reader.id FROM reader JOIN antenna ON antenna.reader_id = reader.id
        WHERE reader.code = %s AND role IN ('handheld', 'cart')
    """
    row = connection.execute(query, (code,)).fetchone()
    return None if row is None else int(row[0])


def heard(connection: psycopg.Connection[Any], reader_id: int, since: datetime, until: datetime) -> list[NDArray[Any]]:
    """What the reader heard of volumes between two instants: the columns of `beliefs.newest_sightings`."""
    return columns(connection, HEARD, {"reader": reader_id, "since": since, "until": until}, "iiiiiiii")


def held(
    connection: psycopg.Connection[Any], volume_ids: Sequence[int], place_ids: Sequence[int]
) -> list[NDArray[Any]]:
    """(volume, place, moved at) of these volumes and of whatever stands at these places, by volume."""
    return columns(connection, HELD, {"volumes": list(volume_ids), "places": list(place_ids)}, "iii")


def shelves_beside(connection: psycopg.Connection[Any], place_ids: Sequence[int]) -> list[int]:
    """All shelves of the bays these shelves are in."""
    return [place for (place,) in connection.execute(SHELVES_BESIDE, (list(place_ids),))]


def shelves(connection: psycopg.Connection[Any], place_ids: Sequence[int]) -> list[tuple[int, str, str, int, float]]:
    """(id, code, name, bay, height), bay by bay, from the top down."""
    return connection.execute(SHELVES, (list(place_ids),)).fetchall()


def searched(connection: psycopg.Connection[Any], volume_ids: Sequence[int]) -> dict[int, int]:
    """Ids of open searches by volume."""
    return dict(connection.execute(SEARCHED, (list(volume_ids),)).fetchall())


def to_sweep(connection: psycopg.Connection[Any]) -> list[tuple[int, int, int, datetime | None]]:
    """(bay, undecided volumes, volumes, when it was listened at), those first that wait most."""
    return connection.execute(TO_SWEEP).fetchall()
