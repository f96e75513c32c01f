"""Evidence in SQL: one batch of reduced reads goes in set-wise, whole or not at all.

Rows arrive in a temporary staging table by COPY (which row-level security wouldn't allow into the table itself) and are
resolved and added by single statements. Times are microseconds since 1970-01-01 UTC until they reach a column.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg

from inventory.store.database import copy_in

DAY_MICROSECONDS = 86_400_000_000
ANCHOR_REACH = timedelta(seconds=21)  # a label may also say where a moving reader was so long before it: twice the ten
# seconds of the model (it may make another label a stray), and a slice


class SliceReads(NamedTuple):
    """The reads of one tag by one antenna in one time slice; strengths in centi-dBm, -32768 where none was told."""

    antenna_id: int
    epc: bytes
    slice_start: int
    reads: int
    rssi_reads: int
    rssi_sum: int
    rssi_peak: int
    first_at: int
    last_at: int


class ScannedCode(NamedTuple):
    """A printed code a reader scanned."""

    reader_id: int
    code: str
    scanned_at: int


class ReaderNews(NamedTuple):
    """A reader was blind ("gap", from and to may be unknown), or went "offline", or came back "online"."""

    reader_id: int
    kind: str
    at: int
    from_at: int | None
    to_at: int | None
    reason: str


class Quarantined(NamedTuple):
    """A message that can't be understood, with its bytes and the reason."""

    received_at: int
    topic: str
    reader_id: int | None
    payload: bytes
    reason: str


class ReaderPulse(NamedTuple):
    """What a batch says of a reader's health; the clock offset in milliseconds, None where no message told its time."""

    reader_id: int
    last_message_at: int
    messages: int
    reads: int
    quarantined: int
    clock_offset_ms: int | None


@dataclass(frozen=True)
class EvidenceBatch:
    """All that a run of messages comes to; committed whole."""

    slices: list[SliceReads] = field(default_factory=list)
    codes: list[ScannedCode] = field(default_factory=list)
    news: list[ReaderNews] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    pulses: list[ReaderPulse] = field(default_factory=list)


def moment(microseconds: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Make the connection's staging table; once for each connection, outside any transaction that may be rolled back."""
    connection.execute(
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS staged_slice (
            antenna_id integer, epc bytea, slice_start bigint, reads bigint, rssi_reads bigint, rssi_sum bigint,
            rssi_peak smallint, first_at bigint, last_at bigint
        ) ON COMMIT DELETE ROWS
        """
    )
    # The planner never sees statistics of this table; without the hint it merges where it should hash.
    connection.execute("SET enable_mergejoin = off")
    connection.commit()


CAPPED = f"least({{}}, {2**31 - 1})::integer"  # no antenna reads so much; one that boasts mustn't stop the others
MOMENT = "'epoch'::timestamptz + {} * interval '1 microsecond'"  # exact: whole microseconds below 2^53

ADD_UNKNOWN_TAGS = """
    INSERT INTO tag (epc, first_seen_at)
    SELECT epc, 'epoch'::timestamptz + min(first_at) * interval '1 microsecond' FROM staged_slice
    WHERE NOT EXISTS (SELECT FROM tag WHERE tag.epc = staged_slice.epc) GROUP BY epc ORDER BY epc
    ON CONFLICT (epc) DO NOTHING
"""

ADD_EVIDENCE = f"""
    INSERT INTO evidence AS kept (antenna_id, tag_id, slice_start, reads, rssi_reads, rssi_sum_cdbm, rssi_peak_cdbm,
                                  first_at, last_at)
    SELECT antenna_id, tag.id, {MOMENT.format("slice_start")}, {CAPPED.format("reads")}, {CAPPED.format("rssi_reads")},
           rssi_sum, nullif(rssi_peak, -32768), {MOMENT.format("first_at")}, {MOMENT.format("last_at")}
    FROM staged_slice JOIN tag USING (epc)
    ON CONFLICT (antenna_id, slice_start, tag_id) DO UPDATE SET
        reads = {CAPPED.format("kept.reads::bigint + excluded.reads")},
        rssi_reads = {CAPPED.format("kept.rssi_reads::bigint + excluded.rssi_reads")},
        rssi_sum_cdbm = kept.rssi_sum_cdbm + excluded.rssi_sum_cdbm,
        rssi_peak_cdbm = greatest(kept.rssi_peak_cdbm, excluded.rssi_peak_cdbm),
        first_at = least(kept.first_at, excluded.first_at), last_at = greatest(kept.last_at, excluded.last_at)
"""

MARK_BELIEF_DUE = f"""
    INSERT INTO belief_due (antenna_id, from_slice)
    SELECT antenna_id, {MOMENT.format("min(slice_start)")} - %s FROM staged_slice GROUP BY antenna_id
"""


def days_missing(connection: psycopg.Connection[Any], days: Iterable[date]) -> list[date]:
    """Those of these UTC days that have no evidence partition yet."""
    query = (
        "SELECT day FROM unnest(%s::date[]) AS day WHERE to_regclass('evidence_' || to_char(day, 'YYYYMMDD')) IS NULL"
    )
    return [day for (day,) in connection.execute(query, (list(days),))]


def ensure_days(connection: psycopg.Connection[Any], days: Iterable[date]) -> None:
    """Make the evidence partitions of these UTC days where they are missing."""
    for day in sorted(days):
        connection.execute("SELECT evidence_day_ensure(%s)", (day,))


def add_slices(connection: psycopg.Connection[Any], slices: list[SliceReads]) -> None:
    """Add reduced reads to the evidence; a slice that is there already grows. EPCs nobody registered are kept as unknown tags."""
    if not slices:
        return
    # In the order of the primary key, neighbours share index pages and two writers never wait for each other.
    slices.sort()
    copy_in(
        connection,
        "staged_slice",
        SliceReads._fields,
        ("int4", "bytea", "int8", "int8", "int8", "int8", "int2", "int8", "int8"),
        iter(slices),
    )
    connection.execute(ADD_UNKNOWN_TAGS)
    connection.execute(ADD_EVIDENCE)
    connection.execute(MARK_BELIEF_DUE, (ANCHOR_REACH,))


def add_codes(connection: psycopg.Connection[Any], codes: list[ScannedCode]) -> None:
    """Keep scanned shelf labels as anchors; a code that is no place's is quarantined, so that somebody sees it.

    What the reader read since then may have come before the code did, so its beliefs are due again.
    """
    for code in codes:
        at = moment(code.scanned_at)
        known = connection.execute(
            "INSERT INTO anchor SELECT %s, %s, id FROM place WHERE code = %s ON CONFLICT DO NOTHING",
            (code.reader_id, at, code.code),
        )
        if known.rowcount:
            connection.execute(
                "INSERT INTO belief_due (antenna_id, from_slice) SELECT id, %s FROM antenna WHERE reader_id = %s",
                (at - ANCHOR_REACH, code.reader_id),
            )
        elif not connection.execute("SELECT FROM place WHERE code = %s", (code.code,)).rowcount:
            add_quarantined(
                connection,
                [
                    Quarantined(
                        code.scanned_at, "", code.reader_id, code.code.encode(), "the scanned code is no place's"
                    )
                ],
            )


def add_news(connection: psycopg.Connection[Any], news: list[ReaderNews]) -> None:
    """Turn what readers say of themselves into coverage gaps: blind intervals, and offline until online again."""
    for item in news:
        if item.kind == "online":
            connection.execute(
                "UPDATE coverage_gap SET to_at = greatest(from_at, %s) WHERE reader_id = %s AND to_at IS NULL",
                (moment(item.at), item.reader_id),
            )
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
            # A counter of dropped messages is told again with every heartbeat: one gap for each value is enough.
            connection.execute(
                """
                INSERT INTO coverage_gap (reader_id, from_at, to_at, reason)
                SELECT %(reader)s, %(from)s, %(to)s, %(reason)s WHERE NOT EXISTS (
                    SELECT FROM coverage_gap WHERE reader_id = %(reader)s AND reason = %(reason)s
                    AND (%(untimed)s OR (from_at, to_at) IS NOT DISTINCT FROM (%(from)s, %(to)s)))
                """,
                {
                    "reader": item.reader_id,
                    "from": moment(since),
                    "to": moment(until),
                    "reason": item.reason or "gap",
                    "untimed": item.from_at is None,
                },
            )
        if item.kind != "gap":
            connection.execute(
                """
                INSERT INTO reader_health (reader_id, last_message_at, online) VALUES (%(reader)s, %(at)s, %(online)s)
                ON CONFLICT (reader_id) DO UPDATE SET online = excluded.online
                """,
                {"reader": item.reader_id, "at": moment(item.at), "online": item.kind == "online"},
            )


def add_quarantined(connection: psycopg.Connection[Any], messages: list[Quarantined]) -> None:
    """Keep messages nobody understood, with bytes and reason."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO quarantine (received_at, topic, reader_id, payload, reason) VALUES (%s, %s, %s, %s, %s)",
            [(moment(m.received_at), m.topic.replace("\0", "�"), m.reader_id, m.payload, m.reason) for m in messages],
        )


def add_pulses(connection: psycopg.Connection[Any], pulses: list[ReaderPulse]) -> None:
    """Note when each reader was last heard, how much it said, and how far its clock is off."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO reader_health AS health
                (reader_id, last_message_at, online, messages, reads, quarantined, clock_offset_ms)
            VALUES (%s, %s, true, %s, %s, %s, %s)
            ON CONFLICT (reader_id) DO UPDATE SET
                last_message_at = greatest(health.last_message_at, excluded.last_message_at),
                messages = health.messages + excluded.messages, reads = health.reads + excluded.reads,
                quarantined = health.quarantined + excluded.quarantined,
                clock_offset_ms = coalesce(excluded.clock_offset_ms, health.clock_offset_ms)
            """,
            [
                (p.reader_id, moment(p.last_message_at), p.messages, p.reads, p.quarantined, p.clock_offset_ms)
                for p in pulses
            ],
        )


def committed_packets(connection: psycopg.Connection[Any], slot: int) -> list[tuple[int, bytes]]:
    """(batch, packed packets) of a slot's last committed batches, oldest first."""
    return connection.execute(
        "SELECT batch, packets FROM ingest_commit WHERE slot = %s ORDER BY batch", (slot,)
    ).fetchall()


def note_packets(connection: psycopg.Connection[Any], slot: int, batch: int, packets: bytes, keep_from: int) -> None:
    """Remember the packets committed with this batch; forget batches before `keep_from`, whose packets can't come again."""
    connection.execute("INSERT INTO ingest_commit (slot, batch, packets) VALUES (%s, %s, %s)", (slot, batch, packets))
    connection.execute("DELETE FROM ingest_commit WHERE slot = %s AND batch < %s", (slot, keep_from))


def last_batch(connection: psycopg.Connection[Any], slot: int) -> int:
    """The number of the slot's last committed batch; 0 before the first."""
    row = connection.execute("SELECT coalesce(max(batch), 0) FROM ingest_commit WHERE slot = %s", (slot,)).fetchone()
    return int(row[0]) if row else 0
