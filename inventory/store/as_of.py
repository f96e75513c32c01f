"""One dossier, or one place's contents, at a moment, as the ledger was known at another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.store.counts import Instant


@dataclass(frozen=True, slots=True)
class VolumeAsOf:
    """How a volume stood; `version`: how many acts it had."""

    volume: str
    place: str
    place_name: str
    place_kind: str
    legal: str
    seal: str
    seal_number: str | None
    pieces: int | None
    marks: list[str]
    since: datetime
    acted_at: datetime
    version: int


_STOOD = """
    SELECT volume_name(dossier.number, volume.ordinal) AS volume, place.code AS place, place.name AS place_name,
           place.kind AS place_kind, stood.legal, stood.seal, stood.seal_number, stood.pieces, stood.marks,
           stood.moved_at AS since, stood.acted_at, stood.version
    FROM holding_as_of(%(moment)s, %(known_at)s) AS stood JOIN place ON place.id = stood.place_id
    JOIN volume ON volume.id = stood.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    WHERE stood.volume_id = ANY(%(volumes)s)
"""


def volumes(connection: psycopg.Connection[Any], dossier_id: int, instant: Instant) -> list[VolumeAsOf]:
    """Every volume of a dossier that had an act by then, in order."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        ids = cursor.execute("SELECT id FROM volume WHERE dossier_id = %s", (dossier_id,)).fetchall()
    facts = {"moment": instant.moment, "known_at": instant.known_at, "volumes": ids}
    with connection.cursor(row_factory=class_row(VolumeAsOf)) as cursor:
        return cursor.execute(_STOOD + " ORDER BY volume.ordinal", facts).fetchall()


def agency(connection: psycopg.Connection[Any], dossier_id: int, instant: Instant) -> tuple[str, str]:
    """Code and name of the agency that held a dossier then."""
    query = """
        SELECT agency.code, agency.name
        FROM (SELECT code, 0 AS rank, happened_at, version FROM (
                  SELECT act.details::jsonb ->> 'from_agency' AS code, happened_at, version
                  FROM act JOIN volume ON volume.id = act.volume_id
                  WHERE volume.dossier_id = %(dossier)s AND act.kind = 'agency_changed'
                      AND NOT (happened_at <= %(moment)s AND recorded_at <= %(known_at)s)
                  UNION ALL
                  SELECT agency.code, happened_at, 0 FROM dossier_agency_past JOIN agency ON agency.id = agency_id
                  WHERE dossier_id = %(dossier)s AND NOT (happened_at <= %(moment)s AND recorded_at <= %(known_at)s)) AS later
              UNION ALL
              SELECT agency.code, 1, NULL, NULL FROM dossier JOIN agency ON agency.id = holding_agency_id
              WHERE dossier.id = %(dossier)s) AS told
        JOIN agency USING (code) ORDER BY rank, happened_at, version LIMIT 1
    """
    facts = {"dossier": dossier_id, "moment": instant.moment, "known_at": instant.known_at}
    row = connection.execute(query, facts).fetchone()
    assert row is not None, "a dossier has a holding agency"
    return row[0], row[1]


def contents(
    connection: psycopg.Connection[Any], place_path: str, instant: Instant, agency_id: int | None, volumes_max: int
) -> tuple[list[VolumeAsOf], int]:
    """The volumes at a place, or in anything within it, then: at most `volumes_max` of them by name, and how many in all.

    agency_id: only dossiers this agency holds today (None: of any).
    """
    # Whatever ever came there is looked at; of that, what had not gone on.
    there = """
        WITH inside AS (SELECT id FROM place WHERE path >= %(path)s AND path < %(path)s || '~'),
        came AS (SELECT DISTINCT volume_id FROM act WHERE to_place_id IN (SELECT id FROM inside)
                 AND happened_at <= %(moment)s AND recorded_at <= %(known_at)s)
        SELECT volume_id FROM came JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
        WHERE (%(agency)s::int IS NULL OR holding_agency_id = %(agency)s)
            AND (SELECT to_place_id FROM act WHERE act.volume_id = came.volume_id AND to_place_id IS NOT NULL
                 AND happened_at <= %(moment)s AND recorded_at <= %(known_at)s ORDER BY version DESC LIMIT 1)
                IN (SELECT id FROM inside)
        ORDER BY number, ordinal
    """
    facts = {
        "path": place_path,
        "moment": instant.moment,
        "known_at": instant.known_at,
        "agency": agency_id,
    }
    with connection.cursor(row_factory=scalar_row) as scalars:
        ids = scalars.execute(there, facts).fetchall()
    with connection.cursor(row_factory=class_row(VolumeAsOf)) as cursor:
        shown = cursor.execute(_STOOD + " ORDER BY number, ordinal", {**facts, "volumes": ids[:volumes_max]}).fetchall()
    return shown, len(ids)


def place_path(connection: psycopg.Connection[Any], code: str) -> str | None:
    """Where a place stands in the tree, None where there is none of that code."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT path FROM place WHERE code = %s", (code,)).fetchone()
