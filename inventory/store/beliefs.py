"""Belief in SQL: the evidence, anchors and ledger that decide where volumes are, and the beliefs that changed."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

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
    FROM unnest(%(volumes)s::int[]) AS asked (volume_id) JOIN act USING (volume_id)
    WHERE act.to_place_id IS NOT NULL AND act.happened_at < %(until)s
    ORDER BY act.volume_id, act.version DESC
"""

# A volume's evidence counts from its last movement on, and back from its last sighting for some hours. Handhelds and carts
# move: their anchors say where they were. A gate tells passages and a zone only presence; neither tells a shelf.
SIGHTINGS = f"""
    WITH ledger AS MATERIALIZED ({LEDGER}), seen AS (
        SELECT tag.volume_id, tag.id AS tag_id, ledger.moved_at, (
            SELECT max(slice_start) FROM evidence WHERE evidence.tag_id = tag.id AND slice_start < %(until)s) AS last_slice
        FROM tag LEFT JOIN ledger ON ledger.volume_id = tag.volume_id WHERE tag.volume_id = ANY(%(volumes)s::int[]))
    SELECT seen.volume_id, antenna.reader_id, CASE WHEN antenna.role IN ('handheld', 'cart') THEN -1 ELSE antenna.place_id END,
           (extract(epoch FROM evidence.first_at + (evidence.last_at - evidence.first_at) / 2) * 1000000)::bigint,
           evidence.reads, evidence.rssi_reads, evidence.rssi_sum_cdbm,
           (extract(epoch FROM evidence.last_at) * 1000000)::bigint
    FROM seen JOIN evidence ON evidence.tag_id = seen.tag_id AND evidence.slice_start <= seen.last_slice
        AND evidence.slice_start > seen.last_slice - %(hours)s
        AND evidence.last_at >= coalesce(seen.moved_at, '-infinity')
    JOIN antenna ON antenna.id = evidence.antenna_id AND antenna.role NOT IN ('gate_inner', 'gate_outer', 'zone')
    ORDER BY 1, 2, 3, 4
"""

SCANNED_CODES = """
    SELECT reader_id, (extract(epoch FROM scanned_at) * 1000000)::bigint, place_id, 0 FROM anchor
    WHERE scanned_at >= %(from)s AND scanned_at < %(until)s ORDER BY 1, 2, 3
"""

# Of the label tags a moving reader heard in one slice, the loudest.
HEARD_LABELS = """
    SELECT DISTINCT ON (antenna.reader_id, evidence.slice_start)
        antenna.reader_id,
        (extract(epoch FROM evidence.first_at + (evidence.last_at - evidence.first_at) / 2) * 1000000)::bigint,
        tag.place_id, coalesce(evidence.rssi_peak_cdbm, 0)
    FROM tag JOIN evidence ON evidence.tag_id = tag.id JOIN antenna ON antenna.id = evidence.antenna_id
    WHERE tag.place_id IS NOT NULL AND antenna.role IN ('handheld', 'cart')
        AND evidence.slice_start >= %(from)s AND evidence.slice_start < %(until)s
    ORDER BY antenna.reader_id, evidence.slice_start, evidence.rssi_peak_cdbm DESC NULLS LAST, tag.place_id
"""


def sightings(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> list[tuple[int, ...]]:
    """(volume, reader, place or -1 if it moves, middle of the reads, reads, rssi_reads, rssi_sum, last_at), so ordered.

    Times in microseconds since 1970, strengths in centi-dBm.
    """
    known = {"volumes": volume_ids, "until": until, "hours": timedelta(hours=EVIDENCE_HOURS)}
    return connection.execute(SIGHTINGS, known).fetchall()


def scanned_codes(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[tuple[int, ...]]:
    """(reader, at in microseconds since 1970, place, 0) of printed codes, ordered; from a little before `since` on."""
    return connection.execute(SCANNED_CODES, {"from": since - ANCHOR_MARGIN, "until": until}).fetchall()


def heard_labels(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> list[tuple[int, ...]]:
    """(reader, at in microseconds since 1970, place, centi-dBm) of the loudest label tag in each slice, ordered."""
    return connection.execute(HEARD_LABELS, {"from": since - ANCHOR_MARGIN, "until": until}).fetchall()


def ledger_places(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> dict[int, int]:
    """The place of each volume by the ledger as of `until`; volumes not held then are left out."""
    rows = connection.execute(LEDGER, {"volumes": volume_ids, "until": until})
    return {volume_id: place_id for volume_id, place_id, _ in rows}


def place_centres(
    connection: psycopg.Connection[Any],
) -> list[tuple[int, float | None, float | None, float | None, int]]:
    """(id, x, y, z in metres, room or itself) of every place, by id."""
    return connection.execute("SELECT id, x, y, z, coalesce(room_id, id) FROM place ORDER BY id").fetchall()


class BeliefColumns(NamedTuple):
    """Beliefs as lists of equal length; runner_up is -1 where there is none, last_seen microseconds since 1970."""

    volume_ids: list[int]
    place_ids: list[int]
    probabilities: list[float]
    runner_up_ids: list[int]
    runner_up_probabilities: list[float]
    reads: list[int]
    last_seen: list[int]


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
    WHERE (kept.place_id, kept.probability, kept.runner_up_place_id, kept.runner_up_probability, kept.reads,
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


def volumes_seen(connection: psycopg.Connection[Any], since: datetime, until: datetime, volumes_max: int) -> list[int]:
    """Volumes with evidence in an interval, ascending; the first `volumes_max` of them."""
    query = """
        SELECT DISTINCT tag.volume_id FROM evidence JOIN tag ON tag.id = evidence.tag_id
        WHERE slice_start >= %s AND slice_start < %s AND tag.volume_id IS NOT NULL ORDER BY 1 LIMIT %s
    """
    return [volume_id for (volume_id,) in connection.execute(query, (since, until, volumes_max))]


def last_learned(connection: psycopg.Connection[Any]) -> datetime | None:
    """Until when the newest model that learned anything has learned."""
    row = connection.execute("SELECT max(learned_until) FROM model").fetchone()
    return row[0] if row else None
