"""Evidence in SQL: one batch of reduced reads goes in set-wise, whole or not at all.

Rows arrive in a temporary staging table by COPY (which row-level security wouldn't allow into the table itself) and are
resolved and added by single statements. Times are microseconds since 1970-01-01 UTC until they reach a column.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import psycopg

from inventory.store import quarantine
from inventory.store.batch import Quarantined, ScannedCode, SliceReads, moment
from inventory.store.database import copy_in

DAY_MICROSECONDS = 86_400_000_000
ANCHOR_REACH = timedelta(seconds=21)  # a label may also say where a moving reader was so long before it: twice the ten
# seconds of the model (it may make another label a stray), and a slice


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

ADD_ANTENNA_HOURS = f"""
    INSERT INTO antenna_hour AS kept (antenna_id, hour, reads)
    SELECT antenna_id, {MOMENT.format("hour")}, sum(reads)::bigint
    FROM (SELECT antenna_id, slice_start - slice_start % 3600000000 AS hour, reads FROM staged_slice) AS read
    GROUP BY antenna_id, hour ORDER BY antenna_id, hour
    ON CONFLICT (antenna_id, hour) DO UPDATE SET reads = kept.reads + excluded.reads
"""

# What one antenna of a moving reader hears, a label tag perhaps, says where all of them were.
MARK_BELIEF_DUE = f"""
    INSERT INTO belief_due (antenna_id, from_slice)
    SELECT antenna.id, {MOMENT.format("min(since)")} - %s
    FROM (SELECT antenna_id, min(slice_start) AS since FROM staged_slice GROUP BY antenna_id) AS staged
    JOIN antenna AS heard ON heard.id = staged.antenna_id
    JOIN antenna ON antenna.id = heard.id OR (antenna.reader_id = heard.reader_id AND heard.role IN ('handheld', 'cart'))
    GROUP BY antenna.id ORDER BY antenna.id
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
    connection.execute(ADD_ANTENNA_HOURS)
    connection.execute(MARK_BELIEF_DUE, (ANCHOR_REACH,))


def add_codes(connection: psycopg.Connection[Any], codes: list[ScannedCode], registry: int = 0) -> None:
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
            nobodys = Quarantined(code.scanned_at, "", code.reader_id, code.code.encode(), quarantine.NO_PLACES)
            quarantine.add(connection, [nobodys], registry)


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
