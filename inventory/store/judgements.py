"""Judgements in SQL: how the last close or audit found each volume, and where was listened at all."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from numpy.typing import NDArray

from inventory.store.columns import columns
from inventory.store.database import copy_in
from inventory.store.read_profiles import ASKED

STAGE = """
    CREATE TEMPORARY TABLE staged_judgement ON COMMIT DROP AS
    SELECT volume_id, outcome, ledger_place_id, place_id, probability, section_only, missing_probability, nights_unseen
    FROM judgement WITH NO DATA
"""

# A close that is run again for an earlier day doesn't replace what a later one found.
KEEP = """
    INSERT INTO judgement AS kept (judged_from, judged_until, model_version, volume_id, outcome, ledger_place_id, place_id,
                                   probability, section_only, missing_probability, nights_unseen)
    SELECT %(since)s, %(until)s, %(version)s, staged_judgement.* FROM staged_judgement
    ON CONFLICT (volume_id) DO UPDATE SET judged_from = excluded.judged_from, judged_until = excluded.judged_until,
        model_version = excluded.model_version, outcome = excluded.outcome, ledger_place_id = excluded.ledger_place_id,
        place_id = excluded.place_id, probability = excluded.probability, section_only = excluded.section_only,
        missing_probability = excluded.missing_probability, nights_unseen = excluded.nights_unseen
    WHERE kept.judged_until <= excluded.judged_until
"""

COVERED = """
    INSERT INTO shelf_coverage AS kept (place_id, listened_at, visits)
    SELECT place_id, 'epoch'::timestamptz + last * interval '1 microsecond', visits
    FROM unnest(%s::int[], %s::bigint[], %s::int[]) AS listened (place_id, last, visits)
    ON CONFLICT (place_id) DO UPDATE SET listened_at = excluded.listened_at, visits = excluded.visits
    WHERE kept.listened_at <= excluded.listened_at
"""

# Whose tag was ever read: a belief remains of it. Where that is of a later day, the evidence says whether it was before.
READ_BEFORE = f"""
    SELECT volume_id::bigint FROM belief WHERE {ASKED} AND (last_seen_at < %(until)s OR EXISTS (
        SELECT FROM tag JOIN evidence ON tag_id = tag.id
        WHERE tag.volume_id = belief.volume_id AND slice_start < %(until)s))
    ORDER BY volume_id
"""


class JudgedVolume(NamedTuple):
    """How one volume was found, with the database's ids; place and probability None where it wasn't heard."""

    volume_id: int
    outcome: str
    ledger_place_id: int | None
    place_id: int | None
    probability: float | None
    section_only: bool
    missing_probability: float
    nights_unseen: int


def keep(
    connection: psycopg.Connection[Any],
    since: datetime,
    until: datetime,
    model_version: int,
    volumes: Iterator[JudgedVolume],
) -> None:
    """Store the judgements of an interval where they are the newest."""
    connection.execute(STAGE)
    types = ("int4", "text", "int4", "int4", "float8", "bool", "float8", "int2")
    copy_in(connection, "staged_judgement", JudgedVolume._fields, types, volumes)
    connection.execute(KEEP, {"since": since, "until": until, "version": model_version})


def keep_coverage(
    connection: psycopg.Connection[Any], place_ids: list[int], last: list[int], visits: list[int]
) -> None:
    """Note when (microseconds since 1970) and how often readers were at shelves."""
    connection.execute(COVERED, (place_ids, last, visits))


def read_before(connection: psycopg.Connection[Any], volume_ids: list[int] | None, until: datetime) -> NDArray[Any]:
    """Those of these volumes (None: of all) whose tag was ever read before `until`, ascending."""
    return columns(connection, READ_BEFORE, {"volumes": volume_ids, "until": until}, "i")[0]
