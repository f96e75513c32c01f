"""Belief in SQL: the evidence, anchors and ledger that decide where volumes are, and the beliefs that changed."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from inventory.store.columns import columns

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
ASKED_ALL = "SELECT DISTINCT volume_id FROM tag WHERE volume_id IS NOT NULL"

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

# For a judgement: everything between two instants, of every volume, from its last movement on.
SIGHTINGS_BETWEEN = f"""
    WITH asked AS ({ASKED_ALL}), ledger AS MATERIALIZED ({LEDGER}), seen AS (
        SELECT tag.volume_id, tag.id AS tag_id, tag.retired_at, ledger.moved_at
        FROM tag LEFT JOIN ledger ON ledger.volume_id = tag.volume_id WHERE tag.volume_id IS NOT NULL)
    SELECT {SEEN} FROM seen JOIN evidence ON evidence.tag_id = seen.tag_id
        AND evidence.slice_start >= %(since)s AND evidence.slice_start < %(until)s
        AND evidence.last_at >= coalesce(seen.moved_at, '-infinity') AND {UNRETIRED}
    JOIN antenna ON {OF_SHELVES}
    ORDER BY 1, 2, 3, 4
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


def sightings_between(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[NDArray[Any]]:
    """The same of all volumes, from `since` on."""
    return columns(connection, SIGHTINGS_BETWEEN, {"since": since, "until": until}, "iiiiiiii")


def scanned_codes(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[NDArray[Any]]:
    """(reader, at in microseconds since 1970, place, 0) of printed codes, ordered; from a little before `since` on."""
    return columns(connection, SCANNED_CODES, {"from": since - ANCHOR_MARGIN, "until": until}, "iiii")


def heard_labels(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[NDArray[Any]]:
    """(reader, at in microseconds since 1970, place, centi-dBm) of the loudest label tag in each slice, ordered."""
    return columns(connection, HEARD_LABELS, {"from": since - ANCHOR_MARGIN, "until": until}, "iiii")


def ledger_places(
    connection: psycopg.Connection[Any], volume_ids: list[int] | None, until: datetime
) -> list[NDArray[Any]]:
    """(volume, place, moved at in microseconds since 1970) by the ledger as of `until`, by volume; None: of every tagged one.

    Volumes not held then are left out.
    """
    asked = ASKED_ALL if volume_ids is None else ASKED
    query = f"""
        WITH asked AS ({asked}), ledger AS ({LEDGER})
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
