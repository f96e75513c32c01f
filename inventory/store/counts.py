"""Time travel in SQL: how every volume stood at a moment, as the ledger was known at another, counted.

The ledger is folded in one pass: of each volume's acts up to the moment, the newest that says something about an axis counts.
`max(version << 32 | what it says)` is that newest one, so nothing is sorted. `holding_as_of` gives the same, and more, in
order of versions; it is for a few volumes, this for a city. A test compares the two.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.standing import Legal, Seal

# What counts as legally held; a merged duplicate counts with its survivor.
COUNTED = (Legal.HELD, Legal.TRANSFER_PENDING, Legal.DECEASED_RETAINED)

_RULES = """
    SELECT kind, array_position(%(legal)s::text[], legal_after) AS legal, array_position(%(seals)s::text[], seal_after) AS seal,
           'merged' = ANY(adds) AS merges,
           CASE WHEN 'gap' = ANY(adds) THEN 1 WHEN 'gap' = ANY(removes) THEN 0 END AS gap,
           CASE WHEN 'damaged' = ANY(adds) THEN 1 WHEN 'damaged' = ANY(removes) THEN 0 END AS damaged,
           CASE WHEN 'rebuilt' = ANY(adds) THEN 1 END AS rebuilt
    FROM act_rule
"""
_KNOWN = "happened_at <= %(moment)s AND recorded_at <= %(known_at)s"

# Every volume with an act by then: legal and seal as positions in the lists given (NULL: as at first), place, marks.
_STOOD = f"""
    rule AS ({_RULES}),
    stood AS (
        SELECT act.volume_id, coalesce(bool_or(merges), false) AS merged,
               max(version::bigint << 32 | legal) FILTER (WHERE legal IS NOT NULL) & 65535 AS legal,
               max(version::bigint << 32 | seal) FILTER (WHERE seal IS NOT NULL) & 65535 AS seal,
               max(version::bigint << 32 | to_place_id) FILTER (WHERE to_place_id IS NOT NULL) & 4294967295 AS place_id,
               max(version::bigint << 32 | gap) FILTER (WHERE gap IS NOT NULL) & 1 = 1 AS gap,
               max(version::bigint << 32 | damaged) FILTER (WHERE damaged IS NOT NULL) & 1 = 1 AS damaged,
               coalesce(bool_or(rebuilt = 1), false) AS rebuilt
        FROM act JOIN rule USING (kind) WHERE {_KNOWN} GROUP BY act.volume_id)"""

# Whose a dossier was then: before the first change of agency that hadn't happened, or wasn't known.
_AGENCIES = f"""
    changed AS (
        SELECT DISTINCT ON (dossier_id) dossier_id, agency_id
        FROM (SELECT volume.dossier_id, agency.id AS agency_id, act.happened_at, act.version
              FROM act JOIN volume ON volume.id = act.volume_id
              JOIN agency ON agency.code = act.details::jsonb ->> 'from_agency'
              WHERE act.kind = 'agency_changed' AND NOT ({_KNOWN})
              UNION ALL SELECT dossier_id, agency_id, happened_at, 0 FROM dossier_agency_past WHERE NOT ({_KNOWN})) AS later
        ORDER BY dossier_id, happened_at, version)"""

HELD = f"""
    WITH {_STOOD}, {_AGENCIES},
    counted AS (
        SELECT volume.dossier_id, coalesce(changed.agency_id, dossier.holding_agency_id) AS agency_id
        FROM stood JOIN volume ON volume.id = stood.volume_id JOIN dossier ON dossier.id = volume.dossier_id
        LEFT JOIN changed ON changed.dossier_id = dossier.id
        WHERE NOT merged AND coalesce(legal, %(held)s) = ANY(%(counted)s)
        GROUP BY 1, 2)
    SELECT agency.id AS agency_id, agency.code, agency.name, count(counted.dossier_id) AS dossiers
    FROM agency LEFT JOIN counted ON counted.agency_id = agency.id
    WHERE %(agency)s::int IS NULL OR agency.id = %(agency)s GROUP BY agency.id ORDER BY agency.code
"""

# Of the same dossiers, those under a cloud; one may be under several.
EXCEPTIONS = f"""
    WITH {_STOOD}, {_AGENCIES}
    SELECT count(DISTINCT dossier_id) FILTER (WHERE place.kind = 'not_found') AS not_found,
           count(DISTINCT dossier_id) FILTER (WHERE place.kind = 'lost') AS lost,
           count(DISTINCT dossier_id) FILTER (WHERE seal = %(broken)s) AS seal_broken,
           count(DISTINCT dossier_id) FILTER (WHERE gap) AS gap,
           count(DISTINCT dossier_id) FILTER (WHERE damaged) AS damaged,
           count(DISTINCT dossier_id) FILTER (WHERE rebuilt) AS rebuilt,
           count(DISTINCT dossier_id) FILTER (WHERE searched AND place.kind NOT IN ('not_found', 'lost')) AS suspected
    FROM (
        SELECT stood.*, volume.dossier_id, EXISTS (
                   SELECT FROM search_case WHERE search_case.volume_id = stood.volume_id
                   AND opened_at <= %(known_at)s AND coalesce(closed_at, 'infinity') > %(known_at)s) AS searched
        FROM stood JOIN volume ON volume.id = stood.volume_id JOIN dossier ON dossier.id = volume.dossier_id
        LEFT JOIN changed ON changed.dossier_id = dossier.id
        WHERE NOT merged AND coalesce(legal, %(held)s) = ANY(%(counted)s)
            AND coalesce(changed.agency_id, dossier.holding_agency_id) = %(agency)s) AS held
    JOIN place ON place.id = held.place_id
"""


@dataclass(frozen=True, slots=True)
class Instant:
    """The two times a question about the past has: of which moment, and as the ledger was known when."""

    moment: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """How many dossiers an agency held."""

    agency_id: int
    code: str
    name: str
    dossiers: int


def _facts(instant: Instant, agency_id: int | None) -> dict[str, object]:
    legal, seals = [state.value for state in Legal], [seal.value for seal in Seal]
    return {
        "moment": instant.moment,
        "known_at": instant.known_at,
        "agency": agency_id,
        "legal": legal,
        "seals": seals,
        "held": legal.index(Legal.HELD.value) + 1,
        "counted": [legal.index(state.value) + 1 for state in COUNTED],
        "broken": seals.index(Seal.BROKEN.value) + 1,
    }


def held(connection: psycopg.Connection[Any], instant: Instant, agency_id: int | None) -> list[Held]:
    """How many dossiers one agency (None: every one) legally held, merged ones once; in order of their codes."""
    with connection.cursor(row_factory=class_row(Held)) as cursor:
        return cursor.execute(HELD, _facts(instant, agency_id)).fetchall()


def query_hash(instant: Instant, agency_code: str) -> bytes:
    """SHA-256 of the question as it is put to the database: its text, the agency, both times; 32 bytes.

    The same question gives the same hash; a release that counts in another way gives another.
    """
    facts = _facts(instant, None)
    told = [
        HELD,
        agency_code,
        *(moment.astimezone(UTC).isoformat() for moment in (instant.moment, instant.known_at)),
        facts["legal"],
        facts["counted"],
    ]
    return sha256(repr(told).encode()).digest()


def exceptions(connection: psycopg.Connection[Any], instant: Instant, agency_id: int) -> dict[str, int]:
    """Of the dossiers an agency held, how many were under which cloud; kinds without any are left out."""
    with connection.cursor() as cursor:
        cursor.execute(EXCEPTIONS, _facts(instant, agency_id))
        row = cursor.fetchone()
        assert row is not None and cursor.description is not None  # noqa: PT018 - counts give one row
        return {column.name: count for column, count in zip(cursor.description, row, strict=True) if count}


@dataclass(frozen=True, slots=True)
class PlaceKindCount:
    """How many volumes were at places of one kind."""

    kind: str
    volumes: int
    dossiers: int


def by_place_kind(connection: psycopg.Connection[Any], instant: Instant, agency_id: int | None) -> list[PlaceKindCount]:
    """How many volumes were at each kind of place, of one agency's dossiers (None: of all)."""
    query = f"""
        WITH {_STOOD}, {_AGENCIES}
        SELECT place.kind, count(*) AS volumes, count(DISTINCT volume.dossier_id) AS dossiers
        FROM stood JOIN place ON place.id = stood.place_id JOIN volume ON volume.id = stood.volume_id
        JOIN dossier ON dossier.id = volume.dossier_id LEFT JOIN changed ON changed.dossier_id = dossier.id
        WHERE %(agency)s::int IS NULL OR coalesce(changed.agency_id, dossier.holding_agency_id) = %(agency)s
        GROUP BY 1 ORDER BY 2 DESC, 1
    """
    with connection.cursor(row_factory=class_row(PlaceKindCount)) as cursor:
        return cursor.execute(query, _facts(instant, agency_id)).fetchall()


# ── What is known, and since when ────────────────────────────────────────────────────────────────────────────────────


def known_now(connection: psycopg.Connection[Any]) -> datetime:
    """An instant up to which the ledger is complete: acts under way are waited for, new ones wait until this transaction ends.

    An act is recorded before it is committed. Without the wait a count could miss one that was recorded before it.
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        moment = cursor.execute("SELECT ledger_known_now()").fetchone()
    assert isinstance(moment, datetime)
    return moment


@dataclass(frozen=True, slots=True)
class Root:
    """The newest act of a warehouse's chain that was known: its sequence and hash."""

    warehouse: str
    sequence: int
    hash: bytes


def roots(connection: psycopg.Connection[Any], known_at: datetime) -> list[Root]:
    """Where every chain ended at an instant, in order of the warehouses' codes."""
    query = """
        SELECT place.code AS warehouse, newest.sequence, newest.hash
        FROM ledger_chain AS chain JOIN place ON place.id = chain.warehouse_id
        CROSS JOIN LATERAL (
            SELECT sequence, hash FROM act WHERE act.warehouse_id = chain.warehouse_id AND recorded_at <= %s
            ORDER BY sequence DESC LIMIT 1) AS newest
        ORDER BY 1
    """
    with connection.cursor(row_factory=class_row(Root)) as cursor:
        return cursor.execute(query, (known_at,)).fetchall()
