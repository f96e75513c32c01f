"""What an audit asks beside the evidence: names of places and volumes, tags that are nobody's, readers that were blind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

UNKNOWN_TAGS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class StrangeTag:
    """A tag that is no volume's now, and where it was read most; epc in hexadecimal digits; former: whose it was."""

    epc: str
    tag_id: int
    place: str
    place_id: int
    former: str | None
    volume_id: int | None
    reads: int


PLACES_IN = """
    SELECT place.id, place.code, place.kind, string_to_array(trim('/' FROM place.path), '/')::int[]
    FROM place, place AS scope WHERE scope.code = %s AND place.path LIKE scope.path || '%%' ORDER BY place.id
"""

# Tags read in the interval by antennas in the scope that are no volume's now, each where it was read most; `former` names
# the volume a replaced one was on.
STRANGE_TAGS = f"""
    SELECT DISTINCT ON (read_at.epc)
        encode(read_at.epc, 'hex') AS epc, tag_id, code AS place, place_id, former, volume_id, reads
    FROM (
        SELECT tag.epc, tag.id AS tag_id, place.code, place.id AS place_id, tag.volume_id,
               volume_name(dossier.number, volume.ordinal) AS former, sum(heard.reads)::bigint AS reads
        FROM tag CROSS JOIN LATERAL (
            -- One by one: they are few, and all the evidence needn't be read once more for them.
            SELECT antenna_id, reads FROM evidence
            WHERE evidence.tag_id = tag.id AND slice_start >= %(since)s AND slice_start < %(until)s
                AND (tag.volume_id IS NULL OR tag.retired_at <= slice_start) OFFSET 0) AS heard
        JOIN antenna ON antenna.id = heard.antenna_id JOIN place ON place.id = antenna.place_id
        LEFT JOIN volume ON volume.id = tag.volume_id LEFT JOIN dossier ON dossier.id = volume.dossier_id
        WHERE antenna.place_id = ANY(%(places)s::int[]) AND tag.place_id IS NULL
            AND (tag.volume_id IS NULL OR tag.retired_at < %(until)s)
        GROUP BY tag.epc, tag.id, place.code, place.id, dossier.number, volume.ordinal) AS read_at
    ORDER BY read_at.epc, reads DESC, code LIMIT {UNKNOWN_TAGS_MAX}
"""

BLIND = """
    SELECT DISTINCT place.code, place.id, greatest(from_at, %(since)s), least(to_at, %(until)s), reason
    FROM coverage_gap JOIN antenna ON antenna.reader_id = coverage_gap.reader_id JOIN place ON place.id = antenna.place_id
    WHERE from_at < %(until)s AND coalesce(to_at, 'infinity') > %(since)s AND antenna.place_id = ANY(%(places)s::int[])
    ORDER BY 1, 3, 5
"""

NAMES = """
    SELECT volume.id, volume_name(number, ordinal) FROM volume JOIN dossier ON dossier.id = dossier_id
    WHERE volume.id = ANY(%s::int[])
"""


def places_in(connection: psycopg.Connection[Any], scope: str) -> list[tuple[int, str, str, list[int]]]:
    """(id, code, kind, ids from the warehouse down to itself) of a place and everything in it, by id; empty: no such place."""
    return connection.execute(PLACES_IN, (scope,)).fetchall()


def strange_tags(
    connection: psycopg.Connection[Any], place_ids: Sequence[int], since: datetime, until: datetime
) -> list[StrangeTag]:
    """Tags read there that are nobody's, by EPC, at most `UNKNOWN_TAGS_MAX`."""
    known = {"places": list(place_ids), "since": since, "until": until}
    with connection.cursor(row_factory=class_row(StrangeTag)) as cursor:
        return cursor.execute(STRANGE_TAGS, known).fetchall()


def blind_readers(
    connection: psycopg.Connection[Any], place_ids: Sequence[int], since: datetime, until: datetime
) -> list[tuple[str, int, datetime, datetime | None, str]]:
    """(place, its id, from, to, reason) of coverage gaps that touch the interval."""
    return connection.execute(BLIND, {"places": list(place_ids), "since": since, "until": until}).fetchall()


def volume_names(connection: psycopg.Connection[Any], volume_ids: Sequence[int]) -> dict[int, str]:
    """Volumes' names by id."""
    return dict(connection.execute(NAMES, (list(volume_ids),)).fetchall())


def codes_and_kinds(connection: psycopg.Connection[Any], place_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Places' codes and kinds by id."""
    query = "SELECT id, code, kind FROM place WHERE id = ANY(%s::int[])"
    return {place: (code, kind) for place, code, kind in connection.execute(query, (list(place_ids),))}


def parents(connection: psycopg.Connection[Any], place_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Id and code of what each place stands in, or its own where it stands alone."""
    query = """
        SELECT place.id, coalesce(above.id, place.id), coalesce(above.code, place.code)
        FROM place LEFT JOIN place AS above ON above.id = place.parent_id WHERE place.id = ANY(%s::int[])
    """
    return {place: (above, code) for place, above, code in connection.execute(query, (list(place_ids),))}


def place_id(connection: psycopg.Connection[Any], code: str) -> int | None:
    """The id of the place of that code."""
    row = connection.execute("SELECT id FROM place WHERE code = %s", (code,)).fetchone()
    return None if row is None else int(row[0])
