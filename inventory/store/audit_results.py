"""What stored audits found, in SQL: read one by one, counted, and held against the audit before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from inventory.domain.findings import Finding, FindingKind, Gap, Undecided

TREND_MAX = 30  # audits of a scope that a picture shows

_FINDINGS = """
    SELECT found.number, volume_name(dossier.number, ordinal) AS dossier, found.kind, home.code AS place_ledger,
           believed.code AS place_belief, probability, reason_zh, reason_en, upper(encode(tag.epc, 'hex')) AS epc
    FROM audit_finding AS found LEFT JOIN volume ON volume.id = found.volume_id LEFT JOIN dossier ON dossier.id = dossier_id
    LEFT JOIN tag ON tag.id = found.tag_id LEFT JOIN place AS home ON home.id = ledger_place_id
    LEFT JOIN place AS believed ON believed.id = found.place_id
"""


def findings(
    connection: psycopg.Connection[Any], number: int, after: int, findings_max: int, kind: str | None = None
) -> list[tuple[int, Finding]]:
    """An audit's findings in their order, each with its number, from after that of `after`; kind: only those."""
    query = (
        f"{_FINDINGS} WHERE audit_id = %s AND found.number > %s AND (%s::text IS NULL OR found.kind = %s) "
        "ORDER BY found.number LIMIT %s"
    )
    rows = connection.execute(query, (number, after, kind, kind, findings_max))
    return [(line, _finding(*row)) for line, *row in rows]


def _finding(dossier: str | None, kind: str, *rest: Any) -> Finding:
    return Finding(dossier, FindingKind(kind), *rest)


def undecided(
    connection: psycopg.Connection[Any], number: int, after: int, undecided_max: int
) -> list[tuple[int, Undecided]]:
    """The volumes an audit couldn't decide on, in their order."""
    query = """
        SELECT unsure.number, volume_name(dossier.number, ordinal), place.code, reason_zh, reason_en
        FROM audit_undecided AS unsure JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
        LEFT JOIN place ON place.id = ledger_place_id
        WHERE audit_id = %s AND unsure.number > %s ORDER BY 1 LIMIT %s
    """
    return [(line, Undecided(*row)) for line, *row in connection.execute(query, (number, after, undecided_max))]


def gaps(connection: psycopg.Connection[Any], number: int, gaps_max: int) -> list[Gap]:
    """Where an audit says nobody listened, in their order."""
    query = """
        SELECT place.code, from_at, to_at, reason_zh, reason_en FROM audit_gap JOIN place ON place.id = place_id
        WHERE audit_id = %s ORDER BY number LIMIT %s
    """
    return [Gap(*row) for row in connection.execute(query, (number, gaps_max))]


def by_kind(connection: psycopg.Connection[Any], number: int) -> dict[str, int]:
    """How many findings of each kind."""
    query = "SELECT kind, count(*)::int FROM audit_finding WHERE audit_id = %s GROUP BY kind ORDER BY kind"
    return dict(connection.execute(query, (number,)).fetchall())


@dataclass(frozen=True, slots=True)
class BayResult:
    """A bay (or whatever shelves stand in): volumes expected, covered, findings at or of its shelves, undecided."""

    bay: str
    bay_id: int
    expected: int
    covered: int
    findings: int
    undecided: int


@dataclass(frozen=True, slots=True)
class ShelfResult:
    """A shelf of a bay: `z` is its height in metres."""

    bay_id: int
    shelf: str
    name: str
    z: float
    expected: int
    covered: int
    visits: int
    findings: int
    undecided: int


# Findings count where the ledger has the volume; what is nobody's counts where it was heard.
_PER_SHELF = """
    WITH found AS (
        SELECT coalesce(ledger_place_id, place_id) AS place_id, count(*)::int AS findings FROM audit_finding
        WHERE audit_id = %(audit)s GROUP BY 1),
    unsure AS (
        SELECT ledger_place_id AS place_id, count(*)::int AS undecided FROM audit_undecided
        WHERE audit_id = %(audit)s GROUP BY 1),
    shelf AS (
        SELECT place.id, place.code, place.name, coalesce(place.parent_id, place.id) AS bay_id, coalesce(place.z, 0) AS z,
               coalesce(audit_shelf.expected, 0) AS expected, coalesce(covered, 0) AS covered, coalesce(visits, 0) AS visits,
               coalesce(findings, 0) AS findings, coalesce(undecided, 0) AS undecided
        FROM (SELECT place_id FROM audit_shelf WHERE audit_id = %(audit)s UNION SELECT place_id FROM found
              UNION SELECT place_id FROM unsure) AS meant
        JOIN place ON place.id = meant.place_id
        LEFT JOIN audit_shelf ON audit_shelf.audit_id = %(audit)s AND audit_shelf.place_id = place.id
        LEFT JOIN found ON found.place_id = place.id LEFT JOIN unsure ON unsure.place_id = place.id)
"""


def bays(connection: psycopg.Connection[Any], number: int, bays_max: int) -> list[BayResult]:
    """Bays of an audit, those with most findings first, then those that are least covered."""
    query = f"""
        {_PER_SHELF}
        SELECT bay.code AS bay, bay.id AS bay_id, sum(expected)::int AS expected, sum(covered)::int AS covered,
               sum(findings)::int AS findings, sum(undecided)::int AS undecided
        FROM shelf JOIN place AS bay ON bay.id = bay_id GROUP BY bay.id
        ORDER BY findings DESC, undecided DESC, sum(expected) - sum(covered) DESC, bay.code LIMIT %(most)s
    """
    with connection.cursor(row_factory=class_row(BayResult)) as cursor:
        return cursor.execute(query, {"audit": number, "most": bays_max}).fetchall()


def shelves(connection: psycopg.Connection[Any], number: int, bay_ids: list[int]) -> list[ShelfResult]:
    """The shelves of some bays as the audit found them, each bay's from the lowest up."""
    query = f"""
        {_PER_SHELF}
        SELECT bay_id, code AS shelf, name, z, expected, covered, visits, findings, undecided FROM shelf
        WHERE bay_id = ANY(%(bays)s::int[]) ORDER BY bay_id, z, code
    """
    with connection.cursor(row_factory=class_row(ShelfResult)) as cursor:
        return cursor.execute(query, {"audit": number, "bays": bay_ids}).fetchall()


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One audit of a scope in the row of them."""

    number: int
    until: datetime
    expected: int
    covered: int
    findings: int
    undecided: int


def trend(connection: psycopg.Connection[Any], place_id: int, until: datetime) -> list[TrendPoint]:
    """The last judged audits of a whole scope up to an instant, at most `TREND_MAX`, oldest first."""
    query = f"""
        SELECT * FROM (
            SELECT id AS number, judged_until AS until, expected, covered, findings, undecided FROM audit
            WHERE place_id = %s AND judged_until <= %s AND judged_at IS NOT NULL AND sample_shelves IS NULL
            ORDER BY judged_until DESC, id DESC LIMIT {TREND_MAX}) AS last ORDER BY until, number
    """
    with connection.cursor(row_factory=class_row(TrendPoint)) as cursor:
        return cursor.execute(query, (place_id, until)).fetchall()


def previous(connection: psycopg.Connection[Any], number: int) -> int | None:
    """The audit of the same scope that was judged as of the last instant before this one's."""
    query = """
        SELECT earlier.id FROM audit JOIN audit AS earlier ON earlier.place_id = audit.place_id
        WHERE audit.id = %s AND earlier.judged_at IS NOT NULL AND earlier.sample_shelves IS NULL
            AND earlier.judged_until < audit.judged_until
        ORDER BY earlier.judged_until DESC, earlier.id DESC LIMIT 1
    """
    row = connection.execute(query, (number,)).fetchone()
    return None if row is None else int(row[0])


_SAME = "kind, coalesce(volume_id, 0), coalesce(tag_id, 0)"


def only_in(
    connection: psycopg.Connection[Any], number: int, other: int, findings_max: int
) -> list[tuple[int, Finding]]:
    """Findings of an audit that another doesn't have: the same kind of the same volume or tag is the same finding."""
    query = f"""
        {_FINDINGS} WHERE audit_id = %s AND ({
        _SAME.replace("kind", "found.kind").replace("volume_id", "found.volume_id").replace("tag_id", "found.tag_id")
    }) NOT IN (SELECT {_SAME} FROM audit_finding WHERE audit_id = %s)
        ORDER BY found.number LIMIT %s
    """
    return [(line, _finding(*row)) for line, *row in connection.execute(query, (number, other, findings_max))]


def counted_apart(connection: psycopg.Connection[Any], number: int, other: int) -> tuple[int, int, int]:
    """How many findings are only in the first, only in the second, and in both."""
    query = f"""
        SELECT count(*) FILTER (WHERE there IS NULL)::int, count(*) FILTER (WHERE here IS NULL)::int,
               count(*) FILTER (WHERE here AND there)::int
        FROM (SELECT {_SAME}, true AS here FROM audit_finding WHERE audit_id = %s) AS one (kind, volume_id, tag_id, here)
        FULL JOIN (SELECT {_SAME}, true AS there FROM audit_finding WHERE audit_id = %s) AS other (kind, volume_id, tag_id, there)
        USING (kind, volume_id, tag_id)
    """
    row = connection.execute(query, (number, other)).fetchone()
    assert row is not None
    return row[0], row[1], row[2]
