"""What readers say of themselves in SQL: gaps, clocks, numbers and antennas; and what a process goes on from when it starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.store.batch import NumbersChanged, ReaderCondition, ReaderNews, ReaderPulse, micros, moment

HOURS_KEPT = timedelta(days=60)  # of readers' and antennas' history
NUMBERS_WAITED_FOR = timedelta(days=31)  # what is missing longer never comes; as long as a read may be late


@dataclass(frozen=True, slots=True)
class ReaderState:
    """What is stored of a reader that its next message is held against; times in microseconds, 0 before the first.

    missing: numbers that haven't come and may still, as (first, last, from, to).
    """

    last_message_at: int = 0
    offline: bool = False
    last_number: int | None = None
    last_number_at: int = 0
    dropped: int | None = None
    dropped_at: int | None = None
    missing: Sequence[tuple[int, int, int, int]] = ()


def reader_states(connection: psycopg.Connection[Any], now: datetime) -> dict[int, ReaderState]:
    """All readers that were ever heard, by id."""
    missing: dict[int, list[tuple[int, int, int, int]]] = {}
    for reader_id, first, last, since, until in connection.execute(
        "SELECT reader_id, first_number, last_number, from_at, to_at FROM coverage_gap "
        "WHERE first_number IS NOT NULL AND from_at >= %s ORDER BY reader_id, first_number",
        (now - NUMBERS_WAITED_FOR,),
    ):
        missing.setdefault(reader_id, []).append((first, last, micros(since), micros(until)))
    rows = connection.execute(
        "SELECT reader_id, last_message_at, EXISTS (SELECT FROM coverage_gap AS gap WHERE gap.reader_id = health.reader_id "
        "AND to_at IS NULL), last_number, last_number_at, dropped, dropped_at FROM reader_health AS health"
    )
    return {
        reader_id: ReaderState(
            last_message_at=micros(heard),
            offline=offline,
            last_number=number,
            last_number_at=0 if number_at is None else micros(number_at),
            dropped=dropped,
            dropped_at=None if dropped_at is None else micros(dropped_at),
            missing=missing.get(reader_id, ()),
        )
        for reader_id, heard, offline, number, number_at, dropped, dropped_at in rows
    }


def heard_within(connection: psycopg.Connection[Any], hours: int) -> dict[str, bool]:
    """Of every registered reader, by code, whether a message of it came within so many hours."""
    rows = connection.execute(
        "SELECT code, coalesce(last_message_at > now() - %s * interval '1 hour', false) "
        "FROM reader LEFT JOIN reader_health ON reader_id = reader.id ORDER BY code",
        (hours,),
    )
    return dict(rows.fetchall())


def add_news(connection: psycopg.Connection[Any], news: list[ReaderNews]) -> None:
    """Turn what readers say of themselves into coverage gaps: blind intervals, and offline until online again."""
    for item in news:
        if item.kind == "online":
            _came_back(connection, item)
        elif item.kind == "offline":
            connection.execute(
                """
                INSERT INTO coverage_gap (reader_id, from_at, reason) SELECT %(reader)s, %(at)s, %(reason)s
                WHERE NOT EXISTS (SELECT FROM coverage_gap WHERE reader_id = %(reader)s AND to_at IS NULL)
                """,
                {"reader": item.reader_id, "at": moment(item.at), "reason": item.reason or "offline"},
            )
        else:
            since, until = sorted(item.at if at is None else at for at in (item.from_at, item.to_at))
            _add_gap(connection, item.reader_id, since, until, item.reason or "gap", untimed=item.from_at is None)
        if item.kind != "gap":
            connection.execute(
                """
                INSERT INTO reader_health (reader_id, last_message_at, online) VALUES (%(reader)s, %(at)s, %(online)s)
                ON CONFLICT (reader_id) DO UPDATE SET online = excluded.online
                """,
                {"reader": item.reader_id, "at": moment(item.at), "online": item.kind == "online"},
            )


def _came_back(connection: psycopg.Connection[Any], item: ReaderNews) -> None:
    closed = connection.execute(
        "UPDATE coverage_gap SET to_at = greatest(from_at, %s) WHERE reader_id = %s AND to_at IS NULL",
        (moment(item.at), item.reader_id),
    )
    if closed.rowcount == 0 and item.from_at is not None:
        _add_gap(connection, item.reader_id, item.from_at, item.at, "the connection was lost", untimed=False)


def _add_gap(
    connection: psycopg.Connection[Any], reader_id: int, since: int, until: int, reason: str, *, untimed: bool
) -> None:
    """What was told already is told once; a gap without times is the same while its reason is."""
    connection.execute(
        """
        INSERT INTO coverage_gap (reader_id, from_at, to_at, reason)
        SELECT %(reader)s, %(from)s, %(to)s, %(reason)s WHERE NOT EXISTS (
            SELECT FROM coverage_gap WHERE reader_id = %(reader)s AND reason = %(reason)s
            AND (%(untimed)s OR (from_at, to_at) IS NOT DISTINCT FROM (%(from)s, %(to)s)))
        """,
        {"reader": reader_id, "from": moment(since), "to": moment(until), "reason": reason, "untimed": untimed},
    )


def add_pulses(connection: psycopg.Connection[Any], pulses: list[ReaderPulse]) -> None:
    """Note when each reader was last heard, how much it said, and how far its clock is off; and the same by the hour."""
    rows = [
        {
            **pulse._asdict(),
            "last_message_at": moment(pulse.last_message_at),
            "hour": moment(pulse.last_message_at).replace(minute=0, second=0, microsecond=0),
            "dropped_at": None if pulse.dropped_at is None else moment(pulse.dropped_at),
        }
        for pulse in pulses
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO reader_health AS health
                (reader_id, last_message_at, online, messages, reads, quarantined, clock_offset_ms, dropped, dropped_at)
            VALUES (%(reader_id)s, %(last_message_at)s, true, %(messages)s, %(reads)s, %(quarantined)s, %(clock_offset_ms)s,
                    %(dropped)s, %(dropped_at)s)
            ON CONFLICT (reader_id) DO UPDATE SET
                last_message_at = greatest(health.last_message_at, excluded.last_message_at),
                messages = health.messages + excluded.messages, reads = health.reads + excluded.reads,
                quarantined = health.quarantined + excluded.quarantined,
                clock_offset_ms = coalesce(excluded.clock_offset_ms, health.clock_offset_ms),
                dropped = coalesce(excluded.dropped, health.dropped),
                dropped_at = coalesce(excluded.dropped_at, health.dropped_at)
            """,
            rows,
        )
        cursor.executemany(
            """
            INSERT INTO reader_hour AS kept (reader_id, hour, messages, reads, quarantined, clock_offset_ms)
            VALUES (%(reader_id)s, %(hour)s, %(messages)s, %(reads)s, %(quarantined)s, %(clock_offset_ms)s)
            ON CONFLICT (reader_id, hour) DO UPDATE SET
                messages = kept.messages + excluded.messages, reads = kept.reads + excluded.reads,
                quarantined = kept.quarantined + excluded.quarantined,
                clock_offset_ms = coalesce(excluded.clock_offset_ms, kept.clock_offset_ms)
            """,
            rows,
        )


def follow_numbers(connection: psycopg.Connection[Any], changed: list[NumbersChanged]) -> None:
    """Store what readers' numbers came to: gaps opened where some are missing, shrunk or taken away where they came late."""
    for one in changed:
        connection.execute(
            "UPDATE reader_health SET last_number = %s, last_number_at = %s WHERE reader_id = %s",
            (one.last_number, moment(one.last_number_at), one.reader_id),
        )
        if one.closed:
            connection.execute(
                "DELETE FROM coverage_gap WHERE reader_id = %s AND first_number = ANY(%s)", (one.reader_id, one.closed)
            )
        if one.begun_anew:
            connection.execute(
                "UPDATE coverage_gap SET first_number = NULL, last_number = NULL "
                "WHERE reader_id = %s AND first_number IS NOT NULL",
                (one.reader_id,),
            )
        gaps = [(gap, False) for gap in one.settled] + [(gap, True) for gap in one.opened]
        if gaps:
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO coverage_gap (reader_id, from_at, to_at, reason, first_number, last_number) "
                    "VALUES (%s, %s, %s, %s, %s, %s)",
                    [
                        (one.reader_id, moment(since), moment(until), f"{last - first + 1} numbers missing: {first} to {last}",
                         first if may_come else None, last if may_come else None)
                        for (first, last, since, until), may_come in gaps
                    ],
                )  # fmt: skip


def note_conditions(connection: psycopg.Connection[Any], conditions: list[ReaderCondition]) -> None:
    """Note what readers said of their firmware, their clock and their antennas; the last word counts."""
    for one in conditions:
        if one.firmware is not None or one.ntp_offset_ms is not None:
            connection.execute(
                "UPDATE reader_health SET firmware = coalesce(%s, firmware), ntp_offset_ms = coalesce(%s, ntp_offset_ms), "
                "told_at = %s WHERE reader_id = %s",
                (one.firmware, one.ntp_offset_ms, moment(one.at), one.reader_id),
            )
        if one.antennas:
            connection.execute(
                """
                INSERT INTO antenna_health AS kept (antenna_id, connected, connected_at)
                SELECT antenna.id, told.connected, %s FROM unnest(%s::integer[], %s::boolean[]) AS told (number, connected)
                JOIN antenna ON antenna.reader_id = %s AND antenna.number = told.number ORDER BY antenna.id
                ON CONFLICT (antenna_id) DO UPDATE SET connected = excluded.connected, connected_at = excluded.connected_at
                WHERE kept.connected_at IS NULL OR kept.connected_at <= excluded.connected_at
                """,
                (moment(one.at), list(one.antennas), list(one.antennas.values()), one.reader_id),
            )


def keep_swapped(connection: psycopg.Connection[Any], place_ids: Sequence[tuple[int, int]], at: datetime) -> None:
    """Note which fixed antennas a night heard hearing each other's volumes, by the places (ids) they look at; others aren't."""
    connection.execute(
        "UPDATE antenna_health SET swapped_with = NULL, swapped_at = NULL WHERE swapped_with IS NOT NULL"
    )
    connection.execute(
        """
        INSERT INTO antenna_health AS kept (antenna_id, swapped_with, swapped_at)
        SELECT DISTINCT ON (one.id) one.id, other.id, %(at)s
        FROM unnest(%(one)s::integer[], %(other)s::integer[]) AS pair (one, other)
        JOIN antenna AS one ON one.place_id IN (pair.one, pair.other) AND one.role IN ('shelf', 'zone')
        JOIN antenna AS other ON other.place_id IN (pair.one, pair.other) AND other.place_id <> one.place_id
            AND other.role IN ('shelf', 'zone')
        ORDER BY one.id, other.id
        ON CONFLICT (antenna_id) DO UPDATE SET swapped_with = excluded.swapped_with, swapped_at = excluded.swapped_at
        """,
        {"one": [one for one, _ in place_ids], "other": [other for _, other in place_ids], "at": at},
    )


def forget_hours(connection: psycopg.Connection[Any], now: datetime) -> None:
    """Let the oldest hours go."""
    for table in ("reader_hour", "antenna_hour"):
        connection.execute(f"DELETE FROM {table} WHERE hour < %s", (now - HOURS_KEPT,))
