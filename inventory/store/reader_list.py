"""The readers of a site with their health, as one list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class ReaderView:
    """One reader: when it last spoke, what it said since the beginning, and its gaps.

    online: None where it never told. clock_offset_ms: median of received minus sent. gaps: those that touch the asked
    interval; gap_since: the start of one that lasts.
    """

    code: str
    dialect: str
    topic: str
    online: bool | None
    last_message_at: datetime | None
    clock_offset_ms: int | None
    messages: int
    reads: int
    quarantined: int
    gaps: int
    gap_since: datetime | None


@dataclass(frozen=True, slots=True)
class IngestTotals:
    """What all readers sent since the beginning."""

    messages: int
    reads: int
    quarantined: int
    online: int


def readers(connection: psycopg.Connection[Any], gaps_from: datetime, readers_max: int) -> list[ReaderView]:
    """All readers by code, those in trouble first; gaps are counted from `gaps_from` on."""
    query = """
        SELECT code, dialect, topic, online, last_message_at, clock_offset_ms, coalesce(messages, 0) AS messages,
               coalesce(reads, 0) AS reads, coalesce(quarantined, 0) AS quarantined, gap.count AS gaps, gap.since AS gap_since
        FROM reader LEFT JOIN reader_health ON reader_id = reader.id
        CROSS JOIN LATERAL (
            SELECT count(*), min(from_at) FILTER (WHERE to_at IS NULL) AS since FROM coverage_gap
            WHERE coverage_gap.reader_id = reader.id AND (to_at IS NULL OR to_at >= %s)) AS gap
        ORDER BY (online IS NOT FALSE AND gap.since IS NULL), code LIMIT %s
    """
    with connection.cursor(row_factory=class_row(ReaderView)) as cursor:
        return cursor.execute(query, (gaps_from, readers_max)).fetchall()


def ingest_totals(connection: psycopg.Connection[Any]) -> IngestTotals:
    """The sums over all readers."""
    query = """
        SELECT coalesce(sum(messages), 0)::bigint AS messages, coalesce(sum(reads), 0)::bigint AS reads,
               coalesce(sum(quarantined), 0)::bigint AS quarantined, count(*) FILTER (WHERE online) AS online
        FROM reader_health
    """
    with connection.cursor(row_factory=class_row(IngestTotals)) as cursor:
        totals = cursor.execute(query).fetchone()
    assert totals is not None
    return totals
