"""Find mode in SQL: who is listened for, and every read of them told as it comes in."""

from datetime import datetime, timedelta
from typing import Any

import psycopg

FRESH = timedelta(seconds=30)  # what a reader kept through an outage says nothing of where somebody walks now
# One row for each antenna that read a wanted tag in the batch just staged: nearly single reads, since a batch holds what came in
# within some hundredths of a second. A clock that is off is no age. Where nobody looks for anything, this reads one empty table.
TELL = """
    SELECT pg_notify('found', json_build_object(
        'volume', wanted.volume_id, 'reader', reader.code, 'place', place.code, 'reads', sum(staged.reads),
        'dbm', round(sum(staged.rssi_sum) / nullif(sum(staged.rssi_reads), 0) / 100.0, 1),
        'at', max(staged.last_at) / 1000)::text)
    FROM find_mode AS wanted JOIN tag ON tag.volume_id = wanted.volume_id AND tag.retired_at IS NULL
    JOIN staged_slice AS staged ON staged.epc = tag.epc
    JOIN antenna ON antenna.id = staged.antenna_id JOIN reader ON reader.id = antenna.reader_id
    LEFT JOIN place ON place.id = antenna.place_id LEFT JOIN reader_health ON reader_health.reader_id = reader.id
    WHERE wanted.until > %(now)s AND 'epoch'::timestamptz + staged.last_at * interval '1 microsecond'
        >= %(now)s - %(fresh)s - coalesce(clock_offset_ms, 0) * interval '1 millisecond'
    GROUP BY wanted.volume_id, reader.code, place.code
"""


def listen_for(connection: psycopg.Connection[Any], volume_id: int, until: datetime) -> None:
    """Have every read of a volume told until then."""
    connection.execute("DELETE FROM find_mode WHERE until < now() - interval '1 hour'")
    connection.execute(
        "INSERT INTO find_mode AS kept VALUES (%s, %s) "
        "ON CONFLICT (volume_id) DO UPDATE SET until = greatest(kept.until, excluded.until)",
        (volume_id, until),
    )


def tell_reads(connection: psycopg.Connection[Any], now: datetime) -> None:
    """Tell whoever listens what the staged batch has of the volumes wanted, read just now.

    They hear it when the batch commits.
    """
    connection.execute(TELL, {"now": now, "fresh": FRESH})
