"""What isn't on a shelf at closing time, each volume with the act that brought it where it is; one query."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from inventory.domain.answering import OffShelf
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role
from inventory.domain.places import PlaceKind
from inventory.domain.searching import case_number
from inventory.store.register_work import ALIVE

# Few places hold what is out, and what they hold is few: from them to the volumes, never through the warehouse.
_OFF_SHELF = """
    FROM place JOIN holding ON holding.place_id = place.id
    WHERE place.kind NOT IN ('shelf', 'cabinet', 'recipient') AND legal = ANY(%(alive)s)
        AND (%(warehouse)s::text IS NULL OR holding.warehouse_id = (SELECT id FROM place WHERE code = %(warehouse)s))
"""
_LAST_MOVES = f"""
    SELECT dossier.id AS dossier_id, dossier.number, volume.ordinal, subject.name AS subject, off.code AS place,
           off.name AS place_name, off.kind AS place_kind, act.happened_at AS since, act.details::jsonb AS told,
           actor.name AS actor, actor.role AS actor_role, witness.name AS witness, request.due_on AS due,
           search_case.id AS case_id, searcher.name AS searcher
    FROM (SELECT holding.volume_id, place.code, place.name, place.kind {_OFF_SHELF}
          ORDER BY holding.volume_id LIMIT %(volumes_max)s) AS off
    JOIN volume ON volume.id = off.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    JOIN subject ON subject.id = dossier.subject_id
    JOIN LATERAL (SELECT * FROM act WHERE act.volume_id = off.volume_id AND to_place_id IS NOT NULL
                  ORDER BY version DESC LIMIT 1) AS act ON true
    JOIN account AS actor ON actor.id = act.actor_id LEFT JOIN account AS witness ON witness.id = act.witness_id
    LEFT JOIN request ON request.id = substring(act.details::jsonb ->> 'request' FROM '^R-([0-9]+)$')::bigint
    LEFT JOIN search_case ON search_case.volume_id = off.volume_id AND search_case.state IN ('suspected', 'open', 'lost')
    LEFT JOIN account AS searcher ON searcher.id = search_case.opened_by
    ORDER BY dossier.number, volume.ordinal
"""


def off_shelf(
    connection: psycopg.Connection[Any], warehouse: str | None, volumes_max: int
) -> tuple[list[OffShelf], list[int]]:
    """Up to `volumes_max` volumes off their shelves, of one warehouse (None: of all), and the row ids of their dossiers."""
    facts = {"alive": ALIVE, "warehouse": warehouse, "volumes_max": volumes_max}
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = cursor.execute(_LAST_MOVES, facts).fetchall()
    return [_volume(row) for row in rows], sorted({row.dossier_id for row in rows})


def _volume(row: Any) -> OffShelf:
    told: Mapping[str, object] = row.told or {}
    since: datetime = row.since
    due: date | None = row.due
    return OffShelf(
        VolumeName(row.number, row.ordinal),
        row.subject,
        row.place,
        row.place_name,
        PlaceKind(row.place_kind),
        since,
        row.actor,
        Role(row.actor_role),
        row.witness,
        told,
        due,
        None if row.case_id is None else case_number(row.case_id),
        row.searcher,
    )


def count_off_shelf(connection: psycopg.Connection[Any], warehouse: str | None) -> int:
    """How many volumes are off their shelves."""
    row = connection.execute(f"SELECT count(*) {_OFF_SHELF}", {"alive": ALIVE, "warehouse": warehouse}).fetchone()
    assert row is not None
    return int(row[0])


def is_warehouse(connection: psycopg.Connection[Any], code: str) -> bool:
    """Whether there is a warehouse of that code."""
    return bool(connection.execute("SELECT FROM place WHERE code = %s AND kind = 'warehouse'", (code,)).rowcount)


def warehouses(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Code and name of every warehouse."""
    return connection.execute("SELECT code, name FROM place WHERE kind = 'warehouse' ORDER BY code").fetchall()
