"""What a gate's process must know to decide by itself, in SQL: gates, manifests under way, every tag's volume and place."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import namedtuple_row

ROWS_AT_ONCE = 50_000


class ListedGate(NamedTuple):
    """A gate: its place, and whose gate it is (the warehouse's place)."""

    place_id: int
    code: str
    warehouse_id: int | None


class PaperRow(NamedTuple):
    """A volume that may pass: on a manifest out of a warehouse (from) or into one (to), or lent and coming back.

    to_place_id None: it doesn't come in on this paper now; from_place_id None: it doesn't leave on it.
    """

    paper: str
    from_place_id: int | None
    to_place_id: int | None
    volume_id: int
    number: str
    ordinal: int


class TagRow(NamedTuple):
    """A tag in use, its volume, and where the ledger has that; place_id and since None before its arrival."""

    epc: bytes
    volume_id: int
    number: str
    ordinal: int
    place_id: int | None
    since: datetime | None


GATES = """
    SELECT DISTINCT place.id, place.code, place.warehouse_id FROM antenna JOIN place ON place.id = place_id
    WHERE role IN ('gate_inner', 'gate_outer') ORDER BY place.id
"""
# A bag leaves sealed, and may be written down as dispatched only at the kerb. What is lent comes back by any gate, any day.
PAPERS = """
    SELECT 'C-' || lpad(consignment.id::text, 6, '0'), from_place_id,
           CASE WHEN consignment.state = 'underway' THEN to_place_id END, volume_id, dossier.number, volume.ordinal
    FROM consignment JOIN consignment_volume ON consignment_id = consignment.id AND consignment_volume.state = 'packed'
    JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
    WHERE consignment.state IN ('sealed', 'underway')
    UNION ALL
    SELECT 'R-' || lpad(request.id::text, 6, '0'), NULL, holding.warehouse_id, volume.id, dossier.number, volume.ordinal
    FROM request JOIN dossier ON dossier.id = request.dossier_id JOIN volume ON volume.dossier_id = dossier.id
    JOIN holding ON holding.volume_id = volume.id JOIN place ON place.id = holding.place_id AND place.kind = 'borrower'
    WHERE request.kind = 'loan' AND request.state = 'out'
"""
TAGS = """
    SELECT epc, volume.id, dossier.number, volume.ordinal, holding.place_id, holding.moved_at
    FROM tag JOIN volume ON volume.id = tag.volume_id JOIN dossier ON dossier.id = dossier_id
    LEFT JOIN holding ON holding.volume_id = volume.id WHERE retired_at IS NULL
"""


def gates(connection: psycopg.Connection[Any]) -> list[ListedGate]:
    """Every gate of the site."""
    return [ListedGate(*row) for row in connection.execute(GATES)]


def papers(connection: psycopg.Connection[Any]) -> list[PaperRow]:
    """Every volume that is on its way with a paper."""
    return [PaperRow(*row) for row in connection.execute(PAPERS)]


def places(connection: psycopg.Connection[Any]) -> list[tuple[int, str, str]]:
    """(id, code, kind) of every place."""
    return connection.execute("SELECT id, code, kind FROM place").fetchall()


def tags(connection: psycopg.Connection[Any]) -> Iterator[list[TagRow]]:
    """Every tag on a volume, some ten thousand at a time."""
    with connection.cursor(name="gate_tags", row_factory=namedtuple_row) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(TAGS)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield [TagRow(*row) for row in rows]


def tags_of(connection: psycopg.Connection[Any], volume_ids: Sequence[int]) -> list[TagRow]:
    """The tags of these volumes."""
    return [TagRow(*row) for row in connection.execute(TAGS + " AND volume.id = ANY(%s)", (list(volume_ids),))]
