"""What the antennas of a tunnel or a desk pad have read just now, and what was laid on the desk's card reader, in SQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

ROWS_MAX = 200_000  # three minutes of a pad with 300 reads a second fill a quarter


@dataclass(frozen=True, slots=True)
class PadRow:
    """The reads of one tag by one antenna in a short slice; the volume it is on, as far as the agency may know it.

    first_at and last_at in microseconds since 1970, strengths in centi-dBm.
    """

    tag_id: int
    epc: bytes
    number: str | None
    ordinal: int | None
    reader_id: int
    antenna_id: int
    first_at: int
    last_at: int
    reads: int
    rssi_reads: int
    rssi_sum: int


@dataclass(frozen=True, slots=True)
class Tapped:
    """An HF tag laid on a desk's card reader, and the volume it is on."""

    epc: bytes
    number: str | None
    ordinal: int | None


def place_of_desk(connection: psycopg.Connection[Any], reader: str) -> str | None:
    """The code of the place where a desk's reader stands; whatever else listens there is its pad."""
    row = connection.execute(
        "SELECT place.code FROM reader JOIN antenna ON antenna.reader_id = reader.id JOIN place ON place.id = place_id "
        "WHERE reader.code = %s AND role = 'desk' ORDER BY antenna.number LIMIT 1",
        (reader,),
    ).fetchone()
    return None if row is None else str(row[0])


def rows_at(
    connection: psycopg.Connection[Any], place: str, since: datetime, until: datetime, agency_id: int | None
) -> list[PadRow]:
    """What the antennas of a place have read in an interval, in order of time; another agency's show their EPC alone.

    Tags of places (the bag's own, a shelf's label) and tags nobody registered are no dossiers and don't come out.
    """
    query = f"""
        SELECT tag.id AS tag_id, epc, CASE WHEN may_see THEN dossier.number END AS number,
               CASE WHEN may_see THEN volume.ordinal END AS ordinal, antenna.reader_id, antenna.id AS antenna_id,
               (extract(epoch FROM evidence.first_at) * 1000000)::bigint AS first_at,
               (extract(epoch FROM evidence.last_at) * 1000000)::bigint AS last_at,
               reads, rssi_reads, rssi_sum_cdbm::bigint AS rssi_sum
        FROM antenna JOIN place ON place.id = antenna.place_id
        JOIN evidence ON evidence.antenna_id = antenna.id AND slice_start >= %(since)s - interval '1 minute'
                     AND evidence.last_at >= %(since)s AND evidence.first_at < %(until)s
        JOIN tag ON tag.id = evidence.tag_id JOIN volume ON volume.id = tag.volume_id
        JOIN dossier ON dossier.id = volume.dossier_id
        CROSS JOIN LATERAL (SELECT %(agency)s::int IS NULL OR holding_agency_id = %(agency)s AS may_see) AS known
        WHERE place.code = %(place)s ORDER BY evidence.last_at DESC LIMIT {ROWS_MAX}
    """
    facts = {"place": place, "since": since, "until": until, "agency": agency_id}
    with connection.cursor(row_factory=class_row(PadRow)) as cursor:
        return cursor.execute(query, facts).fetchall()[::-1]


def tapped_at(connection: psycopg.Connection[Any], place: str, since: datetime, agency_id: int | None) -> list[Tapped]:
    """The HF tags laid on the card readers of a place since then: those whose number is a volume's EPC or TID."""
    query = """
        SELECT DISTINCT epc, CASE WHEN may_see THEN dossier.number END AS number,
               CASE WHEN may_see THEN volume.ordinal END AS ordinal
        FROM desk_taps(%(place)s, %(since)s) AS laid(uid)
        CROSS JOIN LATERAL (SELECT CASE WHEN octet_length(uid) %% 2 = 1 THEN '\\x00'::bytea || uid ELSE uid END AS words) AS whole
        JOIN tag ON (epc = words OR tid = words) AND retired_at IS NULL JOIN volume ON volume.id = tag.volume_id
        JOIN dossier ON dossier.id = volume.dossier_id
        CROSS JOIN LATERAL (SELECT %(agency)s::int IS NULL OR holding_agency_id = %(agency)s AS may_see) AS known
        ORDER BY epc
    """
    facts = {"place": place, "since": since, "agency": agency_id}
    with connection.cursor(row_factory=class_row(Tapped)) as cursor:
        return cursor.execute(query, facts).fetchall()


def never_read(connection: psycopg.Connection[Any], volumes: list[tuple[str, int]]) -> set[tuple[str, int]]:
    """Of these volumes (number, ordinal), those whose tag no antenna has ever read, or that have none."""
    query = """
        SELECT number, ordinal FROM unnest(%s::text[], %s::integer[]) AS wanted(number, ordinal)
        WHERE NOT EXISTS (
            SELECT FROM dossier JOIN volume ON volume.dossier_id = dossier.id JOIN tag ON tag.volume_id = volume.id
            JOIN evidence ON evidence.tag_id = tag.id
            WHERE dossier.number = wanted.number AND volume.ordinal = wanted.ordinal AND retired_at IS NULL)
    """
    numbers, ordinals = [number for number, _ in volumes], [ordinal for _, ordinal in volumes]
    return {(str(number), int(ordinal)) for number, ordinal in connection.execute(query, (numbers, ordinals))}
