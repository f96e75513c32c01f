"""Tags nobody has bound, as they are read: where and when, and which volumes there have none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

NEWEST_MAX = 500  # of those not bound, so many are looked at: the newest


@dataclass(frozen=True, slots=True)
class UnknownTag:
    """A tag read and not bound: where it was read most, by which reader, how often, when first and last.

    untagged: volumes that the ledger has at that place and that have no tag, at most `candidates_max`; more: how many there are.
    """

    epc: bytes
    place: str | None
    reader: str
    reads: int
    first_at: datetime
    last_at: datetime
    untagged: Sequence[str]
    untagged_count: int


UNKNOWN_TAGS = """
    WITH newest AS (
        SELECT id, epc, first_seen_at FROM tag WHERE volume_id IS NULL AND place_id IS NULL AND retired_at IS NULL
        ORDER BY id DESC LIMIT %(newest)s),
    heard AS (
        SELECT DISTINCT ON (newest.id) newest.id, epc, least(first_seen_at, min(min(first_at)) OVER tag) AS first_at,
               antenna.place_id, min(reader.code) AS reader,
               (sum(sum(reads)) OVER tag)::bigint AS reads, max(max(last_at)) OVER tag AS last_at
        FROM newest JOIN evidence ON evidence.tag_id = newest.id AND slice_start >= %(since)s
        JOIN antenna ON antenna.id = antenna_id JOIN reader ON reader.id = antenna.reader_id
        WHERE role NOT IN ('gate_inner', 'gate_outer')
        GROUP BY newest.id, epc, first_seen_at, antenna.place_id
        WINDOW tag AS (PARTITION BY newest.id)
        ORDER BY newest.id, sum(reads) DESC, antenna.place_id),
    shown AS (SELECT * FROM heard WHERE reads >= %(reads)s ORDER BY last_at DESC, id LIMIT %(max)s)
    SELECT epc, place.code AS place, reader, reads, first_at, last_at, bare.names AS untagged, bare.count AS untagged_count
    FROM shown LEFT JOIN place ON place.id = shown.place_id
    CROSS JOIN LATERAL (
        SELECT coalesce((array_agg(volume_name(number, ordinal) ORDER BY number, ordinal))[:%(candidates)s], '{}') AS names,
               count(*) AS count
        FROM holding JOIN volume ON volume.id = holding.volume_id JOIN dossier ON dossier.id = volume.dossier_id
        WHERE holding.place_id = shown.place_id
            AND NOT EXISTS (SELECT FROM tag WHERE tag.volume_id = volume.id AND retired_at IS NULL)) AS bare
    ORDER BY last_at DESC, epc
"""


def unknown_tags(
    connection: psycopg.Connection[Any], since: datetime, reads_min: int, tags_max: int, candidates_max: int
) -> list[UnknownTag]:
    """Tags nobody has bound that were read at least so often since then, those read last first; gates don't count."""
    facts = {"since": since, "reads": reads_min, "max": tags_max, "candidates": candidates_max, "newest": NEWEST_MAX}
    with connection.cursor(row_factory=class_row(UnknownTag)) as cursor:
        return cursor.execute(UNKNOWN_TAGS, facts).fetchall()
