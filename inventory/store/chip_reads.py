"""What the antennas of desk pads read of chips' own numbers just now: EPC and TID together, kept no longer than needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

from inventory.store.batch import ChipRead, moment

KEPT = timedelta(hours=1)
_HEARD_MAX = 100


def add(connection: psycopg.Connection[Any], reads: Sequence[ChipRead]) -> None:
    """Note what was read; what is older than `KEPT` by the newest of them goes."""
    if not reads:
        return
    newest: dict[tuple[int, bytes, bytes], int] = {}
    for one in reads:
        key = (one.antenna_id, one.epc, one.tid)
        newest[key] = max(newest.get(key, one.read_at), one.read_at)
    rows = sorted((*key, at) for key, at in newest.items())
    connection.execute(
        """
        INSERT INTO chip_read AS kept (antenna_id, epc, tid, last_at)
        SELECT * FROM unnest(%s::int[], %s::bytea[], %s::bytea[], %s::timestamptz[])
        ON CONFLICT (antenna_id, epc, tid) DO UPDATE SET last_at = greatest(kept.last_at, excluded.last_at)
        """,
        (
            [antenna_id for antenna_id, _, _, _ in rows],
            [epc for _, epc, _, _ in rows],
            [tid for _, _, tid, _ in rows],
            [moment(at) for _, _, _, at in rows],
        ),
    )
    connection.execute("DELETE FROM chip_read WHERE last_at < %s", (moment(max(newest.values())) - KEPT,))


@dataclass(frozen=True, slots=True)
class HeardChip:
    """A tag that lies on a pad: its EPC, its TID, and when it was read last."""

    epc: bytes
    tid: bytes
    last_at: datetime


def heard(connection: psycopg.Connection[Any], place: str, since: datetime) -> list[HeardChip]:
    """What the desk antennas of a place have read since then, the newest first."""
    query = """
        SELECT epc, tid, max(last_at) AS last_at FROM chip_read
        JOIN antenna ON antenna.id = antenna_id JOIN place ON place.id = antenna.place_id
        WHERE place.code = %s AND role = 'desk' AND last_at >= %s
        GROUP BY epc, tid ORDER BY last_at DESC, epc, tid LIMIT %s
    """
    with connection.cursor(row_factory=class_row(HeardChip)) as cursor:
        return cursor.execute(query, (place, since, _HEARD_MAX)).fetchall()


def pads(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Code and name of the places where a desk reader lies."""
    query = """
        SELECT DISTINCT place.code, place.name FROM antenna JOIN place ON place.id = place_id
        WHERE role = 'desk' ORDER BY place.code
    """
    return connection.execute(query).fetchall()
