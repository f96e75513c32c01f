"""What a scanned code stands for: a volume by its tag, its number or an old number, or a place by its label or code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it may be meant: text as it came and folded, its dossier number and volume, its bytes if it is an EPC."""

    text: str
    folded: str
    number: str
    ordinal: int
    epc: bytes | None


@dataclass(frozen=True, slots=True)
class Met:
    """One thing a code can mean; `position` of the code in what was asked, volume columns None where it is a place."""

    position: int
    volume_id: int | None
    dossier_id: int | None
    number: str | None
    ordinal: int | None
    name: str | None = field(repr=False)
    version: int
    place_code: str | None
    place_name: str | None
    place_kind: str | None
    legal: str | None
    seal: str | None
    seal_number: str | None
    pieces: int | None
    marks: list[str] | None


# A code met in several ways means the first of them: a tag is sure, an old number may belong to several dossiers.
_MET = """
    WITH asked AS (
        SELECT * FROM unnest(%(texts)s::text[], %(folded)s::text[], %(numbers)s::text[], %(ordinals)s::smallint[],
                             %(epcs)s::bytea[]) WITH ORDINALITY AS asked (text, folded, number, ordinal, epc, position)),
    met AS (
        SELECT position, 1 AS way, volume_id, place_id FROM asked JOIN tag USING (epc) WHERE retired_at IS NULL
        UNION ALL
        SELECT position, 2, volume.id, NULL FROM asked JOIN dossier USING (number)
        JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = asked.ordinal
        UNION ALL
        SELECT position, 3, NULL, place.id FROM asked JOIN place ON place.code IN (text, folded, upper(folded))
        UNION ALL
        SELECT position, 4, volume.id, NULL FROM asked JOIN dossier_alias ON alias IN (asked.number, asked.text)
        JOIN volume ON volume.dossier_id = dossier_alias.dossier_id AND volume.ordinal = asked.ordinal),
    best AS (
        SELECT DISTINCT position, volume_id, place_id FROM met
        WHERE (volume_id IS NOT NULL OR place_id IS NOT NULL)
          AND way = (SELECT min(way) FROM met AS other WHERE other.position = met.position
                     AND (other.volume_id IS NOT NULL OR other.place_id IS NOT NULL)))
    SELECT position, best.volume_id, dossier.id AS dossier_id, dossier.number, volume.ordinal, subject.name,
           coalesce(holding.version, 0) AS version, place.code AS place_code, place.name AS place_name,
           place.kind AS place_kind, legal, seal, seal_number, pieces, marks
    FROM best
    LEFT JOIN volume ON volume.id = best.volume_id LEFT JOIN dossier ON dossier.id = volume.dossier_id
    LEFT JOIN subject ON subject.id = dossier.subject_id LEFT JOIN holding ON holding.volume_id = volume.id
    LEFT JOIN place ON place.id = coalesce(best.place_id, holding.place_id)
    WHERE best.volume_id IS NULL OR %(agency)s::int IS NULL OR holding_agency_id = %(agency)s
    ORDER BY position, dossier.number, volume.ordinal
"""


def met(connection: psycopg.Connection[Any], codes: Sequence[Code], agency_id: int | None) -> list[Met]:
    """Everything these codes can mean to an agency (None: to all), in their order, in one query."""
    facts = {
        "texts": [code.text for code in codes],
        "folded": [code.folded for code in codes],
        "numbers": [code.number for code in codes],
        "ordinals": [code.ordinal for code in codes],
        "epcs": [code.epc for code in codes],
        "agency": agency_id,
    }
    with connection.cursor(row_factory=class_row(Met)) as cursor:
        return cursor.execute(_MET, facts).fetchall()
