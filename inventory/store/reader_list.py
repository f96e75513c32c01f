"""The readers of a site with their health: the list, one reader whole, and the sums for the metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

CLOCK_HISTORY = timedelta(days=7)
CLOCK_HOURS_MIN = 6  # fewer hours say nothing of how a clock runs
STRIP_HOURS = 48  # of the antennas' hours in the list
ANTENNA_DAYS = 14
GAPS_DRAWN_MAX = 20_000


@dataclass(frozen=True, slots=True)
class ReaderView:
    """One reader: when it last spoke, what it said since the beginning, and its gaps.

    online: None where it never told. clock_offset_ms: median of received minus sent; drift_ms_a_day: how that moves, None where a
    week is too little to tell. waiting: messages in quarantine. gaps: those that touch the asked interval; gap_since: start of
    one that lasts. numbers_missing: of those it counts by, so many haven't come in that time. dropped: what it says it threw away
    since it started. silent_since: its last message, while the case is open.
    """

    code: str
    dialect: str
    topic: str
    online: bool | None
    last_message_at: datetime | None
    clock_offset_ms: int | None
    drift_ms_a_day: float | None
    messages: int
    reads: int
    quarantined: int
    waiting: int
    gaps: int
    gap_since: datetime | None
    numbers_missing: int
    dropped: int | None
    firmware: str | None
    ntp_offset_ms: float | None
    silent_since: datetime | None


@dataclass(frozen=True, slots=True)
class AntennaView:
    """One antenna and its reads: days of each 24 hours before now, the newest first; hours of the last ones, the oldest first."""

    antenna_id: int
    reader: str
    number: int
    role: str
    place: str | None
    connected: bool | None
    swapped_with: str | None
    days: Sequence[int]
    hours: Sequence[int]


@dataclass(frozen=True, slots=True)
class GapView:
    """One coverage gap; to_at None: it lasts. may_come: its numbers may still come."""

    from_at: datetime
    to_at: datetime | None
    reason: str
    may_come: bool


@dataclass(frozen=True, slots=True)
class Registration:
    """A reader's registration, as it is and who changed it last on a page (None: it is as it was imported)."""

    code: str
    dialect: str
    topic: str
    status_topic: str | None
    timezone: str
    mapping: dict[str, Any] | None
    control_url: str | None
    slot: int
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True, slots=True)
class IngestTotals:
    """What all readers sent since the beginning."""

    messages: int
    reads: int
    quarantined: int
    online: int


READERS = """
    SELECT code, dialect, topic, online, last_message_at, clock_offset_ms, drift.ms_a_day AS drift_ms_a_day,
           coalesce(messages, 0) AS messages, coalesce(reads, 0) AS reads, coalesce(quarantined, 0) AS quarantined,
           waiting.count AS waiting, gap.count AS gaps, gap.since AS gap_since, gap.numbers AS numbers_missing, dropped, firmware,
           ntp_offset_ms, CASE WHEN silent THEN last_message_at END AS silent_since
    FROM reader LEFT JOIN reader_health ON reader_id = reader.id
    CROSS JOIN LATERAL (
        SELECT count(*), min(from_at) FILTER (WHERE to_at IS NULL) AS since,
               least(coalesce(sum(last_number - first_number + 1), 0), 2 ^ 53)::bigint AS numbers FROM coverage_gap
        WHERE coverage_gap.reader_id = reader.id AND (to_at IS NULL OR to_at >= %(gaps_from)s)) AS gap
    CROSS JOIN LATERAL (
        SELECT count(*) FROM quarantine WHERE quarantine.reader_id = reader.id AND understood_at IS NULL) AS waiting
    CROSS JOIN LATERAL (
        SELECT CASE WHEN count(*) >= %(hours)s
               THEN regr_slope(reader_hour.clock_offset_ms, extract(epoch FROM hour)::float8 / 86400) END AS ms_a_day
        FROM reader_hour WHERE reader_hour.reader_id = reader.id AND hour >= %(now)s::timestamptz - %(history)s
            AND reader_hour.clock_offset_ms IS NOT NULL) AS drift
    WHERE %(code)s::text IS NULL OR code = %(code)s
    ORDER BY (online IS NOT FALSE AND gap.since IS NULL), code LIMIT %(max)s
"""

ANTENNAS = """
    WITH read AS (
        SELECT antenna_id, floor(extract(epoch FROM %(now)s::timestamptz - hour) / 3600)::integer AS ago, reads
        FROM antenna_hour WHERE hour > %(now)s::timestamptz - make_interval(days => %(days)s::integer + 1)),
    by_day AS (
        SELECT antenna_id, array_agg(reads ORDER BY day) AS days FROM (
            SELECT antenna.id AS antenna_id, day, coalesce(sum(read.reads), 0)::bigint AS reads
            FROM antenna CROSS JOIN generate_series(0, %(days)s::integer) AS day
            LEFT JOIN read ON read.antenna_id = antenna.id AND ago / 24 = day GROUP BY 1, 2) AS summed GROUP BY 1),
    by_hour AS (
        SELECT antenna_id, array_agg(reads ORDER BY ago DESC) AS hours FROM (
            SELECT antenna.id AS antenna_id, back AS ago, coalesce(sum(read.reads), 0)::bigint AS reads
            FROM antenna CROSS JOIN generate_series(0, %(strip)s::integer - 1) AS back
            LEFT JOIN read ON read.antenna_id = antenna.id AND read.ago = back GROUP BY 1, 2) AS summed GROUP BY 1)
    SELECT antenna.id AS antenna_id, reader.code AS reader, antenna.number, antenna.role, place.code AS place, connected,
           other_reader.code || '/' || other.number AS swapped_with, days, hours
    FROM antenna JOIN reader ON reader.id = antenna.reader_id JOIN by_day ON by_day.antenna_id = antenna.id
    JOIN by_hour ON by_hour.antenna_id = antenna.id LEFT JOIN place ON place.id = antenna.place_id
    LEFT JOIN antenna_health ON antenna_health.antenna_id = antenna.id
    LEFT JOIN antenna AS other ON other.id = swapped_with LEFT JOIN reader AS other_reader ON other_reader.id = other.reader_id
    WHERE %(code)s::text IS NULL OR reader.code = %(code)s
    ORDER BY reader.code, antenna.number LIMIT %(max)s
"""


def readers(
    connection: psycopg.Connection[Any], gaps_from: datetime, now: datetime, readers_max: int, code: str | None = None
) -> list[ReaderView]:
    """All readers by code (or one), those in trouble first; gaps are counted from `gaps_from` on."""
    facts = {"gaps_from": gaps_from, "now": now, "history": CLOCK_HISTORY, "hours": CLOCK_HOURS_MIN}
    with connection.cursor(row_factory=class_row(ReaderView)) as cursor:
        return cursor.execute(READERS, facts | {"max": readers_max, "code": code}).fetchall()


def antennas(
    connection: psycopg.Connection[Any],
    now: datetime,
    antennas_max: int,
    code: str | None = None,
    hours: int = STRIP_HOURS,
) -> list[AntennaView]:
    """All antennas (or one reader's), by reader and number, with their own history."""
    facts = {"now": now, "days": ANTENNA_DAYS, "strip": hours, "code": code, "max": antennas_max}
    with connection.cursor(row_factory=class_row(AntennaView)) as cursor:
        return cursor.execute(ANTENNAS, facts).fetchall()


def registration(connection: psycopg.Connection[Any], code: str) -> Registration | None:
    """One reader's registration; None where there is no such reader."""
    query = """
        SELECT code, dialect, topic, status_topic, timezone, mapping, control_url, slot, changed_at, account.name AS changed_by
        FROM reader LEFT JOIN account ON account.id = changed_by WHERE code = %s
    """
    with connection.cursor(row_factory=class_row(Registration)) as cursor:
        return cursor.execute(query, (code,)).fetchone()


def gaps(connection: psycopg.Connection[Any], code: str, since: datetime, gaps_max: int) -> list[GapView]:
    """A reader's coverage gaps that touch the time since then, the newest first."""
    query = """
        SELECT from_at, to_at, reason, first_number IS NOT NULL AS may_come
        FROM coverage_gap JOIN reader ON reader.id = reader_id
        WHERE code = %s AND (to_at IS NULL OR to_at >= %s) ORDER BY from_at DESC, coverage_gap.id DESC LIMIT %s
    """
    with connection.cursor(row_factory=class_row(GapView)) as cursor:
        return cursor.execute(query, (code, since, gaps_max)).fetchall()


def recent_gaps(
    connection: psycopg.Connection[Any], since: datetime, code: str | None = None
) -> dict[str, list[tuple[datetime, datetime | None]]]:
    """(from, to) of the gaps that touch the time since then, by reader."""
    gaps: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for reader, from_at, to_at in connection.execute(
        "SELECT code, from_at, to_at FROM coverage_gap JOIN reader ON reader.id = reader_id "
        "WHERE (to_at IS NULL OR to_at >= %s) AND (%s::text IS NULL OR code = %s) ORDER BY code, from_at LIMIT %s",
        (since, code, code, GAPS_DRAWN_MAX),
    ):
        gaps.setdefault(reader, []).append((from_at, to_at))
    return gaps


def clock_hours(connection: psycopg.Connection[Any], code: str, since: datetime) -> list[tuple[datetime, int]]:
    """(hour, median offset in milliseconds) of a reader's clock, the oldest first."""
    return connection.execute(
        "SELECT hour, reader_hour.clock_offset_ms FROM reader_hour JOIN reader ON reader.id = reader_id "
        "WHERE code = %s AND hour >= %s AND reader_hour.clock_offset_ms IS NOT NULL ORDER BY hour",
        (code, since),
    ).fetchall()


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
