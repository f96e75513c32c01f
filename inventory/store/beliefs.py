"""Belief in SQL: the evidence, anchors and ledger that decide where volumes are, and the beliefs that changed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from inventory.domain.custody_rules import STORED
from inventory.store.columns import column_parts, columns

Roots = Sequence[
    tuple[str, int, str]
]  # where chains of the ledger end: warehouse, sequence and hexadecimal hash of its last act

EVIDENCE_HOURS = 12  # a belief speaks for a volume's last sighting and the hours before it
ANCHOR_MARGIN = timedelta(minutes=10)  # anchors are looked for so long before the first sighting


def take_due(connection: psycopg.Connection[Any]) -> list[tuple[int, datetime]]:
    """Take the antennas that have news, each with the slice since when; they are due again with their next evidence."""
    return connection.execute(
        """
        WITH taken AS (DELETE FROM belief_due RETURNING antenna_id, from_slice)
        SELECT antenna_id, min(from_slice) FROM taken GROUP BY antenna_id ORDER BY antenna_id
        """
    ).fetchall()


def volumes_with_news(
    connection: psycopg.Connection[Any], due: list[tuple[int, datetime]], until: datetime
) -> list[int]:
    """The volumes that these antennas saw since then, ascending."""
    query = """
        SELECT DISTINCT tag.volume_id FROM unnest(%s::int[], %s::timestamptz[]) AS due (antenna_id, from_slice)
        JOIN evidence ON evidence.antenna_id = due.antenna_id AND evidence.slice_start >= due.from_slice
            AND evidence.slice_start < %s
        JOIN tag ON tag.id = evidence.tag_id
        WHERE tag.volume_id IS NOT NULL ORDER BY 1
    """
    rows = connection.execute(query, ([antenna for antenna, _ in due], [since for _, since in due], until))
    return [volume_id for (volume_id,) in rows]


# Where the ledger had each volume at an instant, and since when: its last act that moved it before then.
LEDGER = """
    SELECT DISTINCT ON (act.volume_id) act.volume_id, act.to_place_id AS place_id, act.happened_at AS moved_at
    FROM asked JOIN act USING (volume_id)
    WHERE act.to_place_id IS NOT NULL AND act.happened_at < %(until)s
    ORDER BY act.volume_id, act.version DESC
"""
ASKED = "SELECT unnest(%(volumes)s::int[]) AS volume_id"

MICROSECONDS = "(extract(epoch FROM {}) * 1000000)::bigint"

# Handhelds and carts move: their anchors say where they were. A gate tells passages and a zone only presence; neither
# tells a shelf.
SEEN = f"""
    seen.volume_id::bigint, antenna.reader_id::bigint,
    CASE WHEN antenna.role IN ('handheld', 'cart') THEN -1 ELSE antenna.place_id END::bigint,
    {MICROSECONDS.format("evidence.first_at + (evidence.last_at - evidence.first_at) / 2")},
    evidence.reads::bigint, evidence.rssi_reads::bigint, evidence.rssi_sum_cdbm, {MICROSECONDS.format("evidence.last_at")}
"""
UNRETIRED = (
    "(seen.retired_at IS NULL OR evidence.slice_start < seen.retired_at)"  # a tag that was replaced tells nothing
)
OF_SHELVES = "antenna.id = evidence.antenna_id AND antenna.role NOT IN ('gate_inner', 'gate_outer', 'zone')"

# For the belief step: a volume's evidence counts from its last movement on, and back from its last sighting for some hours.
NEWEST_SIGHTINGS = f"""
    WITH asked AS ({ASKED}), ledger AS MATERIALIZED ({LEDGER}), seen AS (
        SELECT tag.volume_id, tag.id AS tag_id, tag.retired_at, ledger.moved_at, (
            SELECT max(slice_start) FROM evidence WHERE evidence.tag_id = tag.id AND slice_start < %(until)s) AS last_slice
        FROM tag LEFT JOIN ledger ON ledger.volume_id = tag.volume_id WHERE tag.volume_id = ANY(%(volumes)s::int[]))
    SELECT {SEEN} FROM seen JOIN evidence ON evidence.tag_id = seen.tag_id AND evidence.slice_start <= seen.last_slice
        AND evidence.slice_start > seen.last_slice - %(hours)s
        AND evidence.last_at >= coalesce(seen.moved_at, '-infinity') AND {UNRETIRED}
    JOIN antenna ON {OF_SHELVES}
    ORDER BY 1, 2, 3, 4
"""

# For a judgement: everything between two instants. What a row is about, and whether it counts, whoever asks knows already; a
# join in here would cost more than reading the rows.
ROWS_BETWEEN = """
    SELECT tag_id, antenna_id, first_at, last_at, reads, rssi_reads, rssi_sum_cdbm FROM evidence
    WHERE slice_start >= %(since)s AND slice_start < %(until)s
"""

# Of tags that were replaced meanwhile: each until then.
ROWS_UNTIL_REPLACED = """
    SELECT tag_id, antenna_id, first_at, last_at, reads, rssi_reads, rssi_sum_cdbm
    FROM tag JOIN evidence ON evidence.tag_id = tag.id AND slice_start < retired_at
    WHERE volume_id IS NOT NULL AND retired_at > %(since)s AND retired_at < %(until)s
        AND slice_start >= %(since)s AND slice_start < %(until)s
"""

# Whose tags they were; one that was replaced before tells nothing, of one replaced meanwhile only a part counts.
TAGS = """
    SELECT id, volume_id, coalesce(retired_at < %(until)s, false)::int FROM tag
    WHERE volume_id IS NOT NULL AND coalesce(retired_at, 'infinity') > %(since)s
"""

ANTENNAS = """
    SELECT id, reader_id, CASE WHEN role IN ('handheld', 'cart') THEN -1 ELSE coalesce(place_id, -1) END,
           (role IN ('handheld', 'cart') OR role NOT IN ('gate_inner', 'gate_outer', 'zone') AND place_id IS NOT NULL)::int
    FROM antenna
"""

# An aisle is known by the place of the first antenna that looks into it.
ZONE_ANTENNAS = """
    SELECT antenna.id, reader_id, min(place.id) OVER (PARTITION BY room_id, block, aisle)
    FROM antenna JOIN place ON place.id = place_id
    WHERE role = 'zone' AND room_id IS NOT NULL AND block IS NOT NULL AND aisle IS NOT NULL
"""
PLACES_OF_AISLES = """
    SELECT place.id, looked_into.zone_id FROM place JOIN (
        SELECT room_id, block, aisle, min(place.id) AS zone_id FROM antenna JOIN place ON place.id = place_id
        WHERE role = 'zone' GROUP BY room_id, block, aisle) AS looked_into USING (room_id, block, aisle)
    WHERE place.kind = ANY(%(stored)s) ORDER BY place.id
"""

SCANNED_CODES = f"""
    SELECT reader_id::bigint, {MICROSECONDS.format("scanned_at")}, place_id::bigint, 0::bigint FROM anchor
    WHERE scanned_at >= %(from)s AND scanned_at < %(until)s ORDER BY 1, 2, 3
"""

# Of the label tags a moving reader heard in one slice, the loudest.
HEARD_LABELS = f"""
    SELECT reader_id::bigint, {MICROSECONDS.format("heard_at")}, place_id::bigint, strength::bigint FROM (
        SELECT DISTINCT ON (antenna.reader_id, evidence.slice_start)
            antenna.reader_id, evidence.slice_start,
            evidence.first_at + (evidence.last_at - evidence.first_at) / 2 AS heard_at, tag.place_id,
            coalesce(evidence.rssi_peak_cdbm, 0) AS strength
        FROM tag JOIN evidence ON evidence.tag_id = tag.id JOIN antenna ON antenna.id = evidence.antenna_id
        WHERE tag.place_id IS NOT NULL AND antenna.role IN ('handheld', 'cart')
            AND evidence.slice_start >= %(from)s AND evidence.slice_start < %(until)s
        ORDER BY antenna.reader_id, evidence.slice_start, evidence.rssi_peak_cdbm DESC NULLS LAST, tag.place_id) AS loudest
    ORDER BY reader_id, slice_start
"""


def newest_sightings(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> list[NDArray[Any]]:
    """Of some volumes (volume, reader, place or -1 if it moves, middle of the reads, reads, rssi_reads, rssi_sum, last_at).

    So ordered, a column each. Times in microseconds since 1970, strengths in centi-dBm.
    """
    known = {"volumes": volume_ids, "until": until, "hours": timedelta(hours=EVIDENCE_HOURS)}
    return columns(connection, NEWEST_SIGHTINGS, known, "iiiiiiii")


def rows_between(
    connection: psycopg.Connection[Any], since: datetime, until: datetime
) -> Iterator[tuple[bool, list[NDArray[Any]]]]:
    """All evidence between two instants in parts: (tag, antenna, first_at, last_at, reads, rssi_reads, rssi_sum).

    Each part comes with whether it is of tags replaced meanwhile, which are to be taken from nowhere else. Times in microseconds
    since 1970, strengths in centi-dBm.
    """
    known = {"since": since, "until": until}
    for query, replaced in ((ROWS_BETWEEN, False), (ROWS_UNTIL_REPLACED, True)):
        for part in column_parts(connection, query, known, "jjttjji"):
            yield replaced, part


def tags_of_volumes(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[NDArray[Any]]:
    """(tag, volume, 1 where it was replaced between the two instants) of all tags that told anything of a volume then."""
    return columns(connection, TAGS, {"since": since, "until": until}, "jjj")


def antennas(connection: psycopg.Connection[Any]) -> list[NDArray[Any]]:
    """(antenna, reader, place or -1 if it moves, 1 where it tells a shelf)."""
    return columns(connection, ANTENNAS, {}, "jjjj")


def zone_antennas(connection: psycopg.Connection[Any]) -> list[NDArray[Any]]:
    """(antenna, reader, aisle) of the antennas that look into an aisle; an aisle is the id of such an antenna's place."""
    return columns(connection, ZONE_ANTENNAS, {}, "jjj")


def places_of_aisles(connection: psycopg.Connection[Any]) -> list[NDArray[Any]]:
    """(place, aisle) of the shelves reached from aisles that antennas look into, by place."""
    return columns(connection, PLACES_OF_AISLES, {"stored": [kind.value for kind in STORED]}, "jj")


def scanned_codes(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[NDArray[Any]]:
    """(reader, at in microseconds since 1970, place, 0) of printed codes, ordered; from a little before `since` on."""
    return columns(connection, SCANNED_CODES, {"from": since - ANCHOR_MARGIN, "until": until}, "iiii")


def heard_labels(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[NDArray[Any]]:
    """(reader, at in microseconds since 1970, place, centi-dBm) of the loudest label tag in each slice, ordered."""
    return columns(connection, HEARD_LABELS, {"from": since - ANCHOR_MARGIN, "until": until}, "iiii")


# The projection says it for all but those that moved since, or by acts that weren't known yet.
LEDGER_KNOWN = """
    WITH known AS (
        SELECT chain.warehouse_id, CASE WHEN %(roots)s THEN coalesce(root.sequence, 0) ELSE chain.sequence END AS sequence
        FROM ledger_chain AS chain JOIN place ON place.id = chain.warehouse_id
        LEFT JOIN unnest(%(warehouses)s::text[], %(sequences)s::bigint[]) AS root (code, sequence) USING (code)),
    asked AS (
        SELECT volume_id FROM holding WHERE moved_at >= %(until)s
        UNION SELECT act.volume_id FROM known JOIN act USING (warehouse_id)
              WHERE act.sequence > known.sequence AND to_place_id IS NOT NULL),
    ledger AS (
        SELECT DISTINCT ON (act.volume_id) act.volume_id, act.to_place_id AS place_id, act.happened_at AS moved_at
        FROM asked JOIN act USING (volume_id) JOIN known USING (warehouse_id)
        WHERE act.to_place_id IS NOT NULL AND act.happened_at < %(until)s AND act.sequence <= known.sequence
        ORDER BY act.volume_id, act.version DESC),
    placed AS (
        SELECT volume_id, place_id, moved_at FROM holding
        WHERE NOT EXISTS (SELECT FROM asked WHERE asked.volume_id = holding.volume_id)
        UNION ALL SELECT volume_id, place_id, moved_at FROM ledger)
"""
LEDGER_OF_ALL = f"""
    {LEDGER_KNOWN} SELECT volume_id, place_id, moved_at FROM placed
    WHERE EXISTS (SELECT FROM tag WHERE tag.volume_id = placed.volume_id)
"""


def known_until(until: datetime, roots: Roots | None) -> dict[str, object]:
    """What `LEDGER_KNOWN` asks for."""
    ends = roots or ()
    return {
        "until": until,
        "roots": roots is not None,
        "warehouses": [warehouse for warehouse, _, _ in ends],
        "sequences": [sequence for _, sequence, _ in ends],
    }


def ledger_of_all(connection: psycopg.Connection[Any], until: datetime, roots: Roots | None) -> list[NDArray[Any]]:
    """(volume, place, moved at in microseconds since 1970) of every tagged volume by the ledger as of `until`, by volume.

    roots: later acts than these aren't known; None: all are. Volumes not held then are left out.
    """
    volume, place, moved_at = columns(connection, LEDGER_OF_ALL, known_until(until, roots), "jjt")
    order = np.argsort(volume, kind="stable")
    return [volume[order].astype(np.int64), place[order].astype(np.int64), moved_at[order]]


def ledger_places(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> list[NDArray[Any]]:
    """(volume, place, moved at in microseconds since 1970) by the ledger as of `until`, by volume.

    Volumes not held then are left out.
    """
    query = f"""
        WITH asked AS ({ASKED}), ledger AS ({LEDGER})
        SELECT volume_id::bigint, place_id::bigint, {MICROSECONDS.format("moved_at")} FROM ledger ORDER BY volume_id
    """
    return columns(connection, query, {"volumes": volume_ids, "until": until}, "iii")


def place_centres(connection: psycopg.Connection[Any]) -> list[NDArray[Any]]:
    """(id, x, y, z in metres or NaN, room or itself) of every place, by id."""
    query = """
        SELECT id::bigint, coalesce(x, 'NaN')::float8, coalesce(y, 'NaN')::float8, coalesce(z, 'NaN')::float8,
               coalesce(room_id, id)::bigint
        FROM place ORDER BY id
    """
    return columns(connection, query, {}, "ifffi")


def listening_places(connection: psycopg.Connection[Any]) -> list[int]:
    """The ids of the places where an antenna is fixed that listens there all the time."""
    query = "SELECT DISTINCT place_id FROM antenna WHERE role = 'shelf' AND place_id IS NOT NULL"
    return [row for (row,) in connection.execute(query)]


class BeliefColumns(NamedTuple):
    """Beliefs as lists of equal length; runner_up is -1 where there is none, last_seen microseconds since 1970."""

    volume_ids: list[int]
    place_ids: list[int]
    probabilities: list[float]
    runner_up_ids: list[int]
    runner_up_probabilities: list[float]
    reads: list[int]
    last_seen: list[int]


# What was drawn from older evidence (a close of an earlier day) doesn't replace what newer evidence says.
KEEP = """
    INSERT INTO belief AS kept (volume_id, place_id, probability, runner_up_place_id, runner_up_probability, reads,
                                last_seen_at, model_version)
    SELECT volume_id, place_id, probability, nullif(runner_up, -1), CASE WHEN runner_up >= 0 THEN runner_up_probability END,
           reads, 'epoch'::timestamptz + last_seen * interval '1 microsecond', %s
    FROM unnest(%s::int[], %s::int[], %s::float8[], %s::int[], %s::float8[], %s::int[], %s::bigint[])
        AS believed (volume_id, place_id, probability, runner_up, runner_up_probability, reads, last_seen)
    ON CONFLICT (volume_id) DO UPDATE SET place_id = excluded.place_id, probability = excluded.probability,
        runner_up_place_id = excluded.runner_up_place_id, runner_up_probability = excluded.runner_up_probability,
        reads = excluded.reads, last_seen_at = excluded.last_seen_at, model_version = excluded.model_version
    WHERE kept.last_seen_at <= excluded.last_seen_at
        AND (kept.place_id, kept.probability, kept.runner_up_place_id, kept.runner_up_probability, kept.reads,
           kept.last_seen_at, kept.model_version)
        IS DISTINCT FROM (excluded.place_id, excluded.probability, excluded.runner_up_place_id,
           excluded.runner_up_probability, excluded.reads, excluded.last_seen_at, excluded.model_version)
    RETURNING volume_id
"""


def keep(connection: psycopg.Connection[Any], beliefs: BeliefColumns, model_version: int) -> list[int]:
    """Store the beliefs that changed; returns the ids of their volumes."""
    return [volume_id for (volume_id,) in connection.execute(KEEP, (model_version, *beliefs))]


def newest_model(connection: psycopg.Connection[Any]) -> tuple[int, dict[str, Any]] | None:
    """Version and parameters of the model beliefs are drawn with now; None before the first."""
    row = connection.execute("SELECT version, parameters FROM model ORDER BY version DESC LIMIT 1").fetchone()
    return (row[0], row[1]) if row else None


def add_model(
    connection: psycopg.Connection[Any], parameters: dict[str, Any], made_at: datetime, learned_until: datetime | None
) -> int:
    """Keep a new model; returns its version."""
    row = connection.execute(
        "INSERT INTO model (made_at, learned_until, parameters) VALUES (%s, %s, %s) RETURNING version",
        (made_at, learned_until, Jsonb(parameters)),
    ).fetchone()
    assert row is not None
    return int(row[0])


def last_learned(connection: psycopg.Connection[Any]) -> datetime | None:
    """Until when the newest model that learned anything has learned."""
    row = connection.execute("SELECT max(learned_until) FROM model").fetchone()
    return row[0] if row else None
