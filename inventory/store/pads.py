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


def rows_at(connection: psycopg.Connection[Any], place: str, since: datetime, until: datetime) -> list[PadRow]:
    """What the antennas of a tunnel or pad have read in an interval, in order of time; another agency's show their EPC alone.

    Tags of places (the bag's own, a shelf's label) and tags nobody registered are no dossiers and don't come out.
    """
    query = f"""
        SELECT epc, number, ordinal, reader_id, antenna_id, (extract(epoch FROM first_at) * 1000000)::bigint AS first_at,
               (extract(epoch FROM last_at) * 1000000)::bigint AS last_at, reads, rssi_reads, rssi_sum
        FROM pad_rows(%s, %s, %s) AS read LEFT JOIN volume ON volume.id = read.volume_id
        LEFT JOIN dossier ON dossier.id = volume.dossier_id ORDER BY read.last_at DESC LIMIT {ROWS_MAX}
    """
    with connection.cursor(row_factory=class_row(PadRow)) as cursor:
        return cursor.execute(query, (place, since, until)).fetchall()[::-1]


def tapped_at(connection: psycopg.Connection[Any], place: str, since: datetime) -> list[Tapped]:
    """The HF tags laid on the card readers of a place since then: those whose number is a volume's EPC or TID."""
    query = """
        SELECT epc, number, ordinal FROM desk_taps(%s, %s) AS laid LEFT JOIN volume ON volume.id = laid.volume_id
        LEFT JOIN dossier ON dossier.id = volume.dossier_id ORDER BY epc
    """
    with connection.cursor(row_factory=class_row(Tapped)) as cursor:
        return cursor.execute(query, (place, since)).fetchall()


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
