"""Read profiles in SQL: how volumes sound where they stand, a row a volume; from their shelves and, apart, from their aisles."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray

from inventory.store.columns import columns
from inventory.store.database import copy_in

ASKED = "(%(volumes)s::int[] IS NULL OR volume_id = ANY (%(volumes)s::int[]))"


class Kept(StrEnum):
    """Where profiles are kept: those of shelves' own readers, and those of the antennas that look into aisles."""

    SHELVES = "read_profile"
    ZONES = "zone_profile"


VOLUMES = f"""
    SELECT volume_id::bigint, place_id::bigint, nights::bigint, seen::bigint, reads, unseen::bigint
    FROM {{}} WHERE {ASKED} ORDER BY volume_id
"""

HEARD = f"""
    SELECT volume_id, unnest(heard_at), unnest(heard), unnest(told), unnest(strength), unnest(log_reads), unnest(phased),
           unnest(phase)
    FROM {{}} WHERE {ASKED}
"""

STAGE = """
    CREATE TEMPORARY TABLE staged_{0} ON COMMIT DROP AS SELECT * FROM {0} WITH NO DATA
"""

KEEP = """
    INSERT INTO {0} SELECT * FROM staged_{0}
    ON CONFLICT (volume_id) DO UPDATE SET place_id = excluded.place_id, nights = excluded.nights, seen = excluded.seen,
        reads = excluded.reads, unseen = excluded.unseen, heard_at = excluded.heard_at, heard = excluded.heard,
        told = excluded.told, strength = excluded.strength, log_reads = excluded.log_reads, phased = excluded.phased,
        phase = excluded.phase, model_version = excluded.model_version
"""


class ProfileRow(NamedTuple):
    """One volume's profile (`profiling.Profiles`), with the database's ids; lists of equal length by place."""

    volume_id: int
    place_id: int
    nights: int
    seen: int
    reads: int
    unseen: int
    heard_at: list[int]
    heard: list[float]
    told: list[float]
    strength: list[float]
    log_reads: list[float]
    phased: list[float]
    phase: list[float]
    model_version: int


def volumes(
    connection: psycopg.Connection[Any], volume_ids: list[int] | None, kept: Kept = Kept.SHELVES
) -> list[NDArray[Any]]:
    """(volume, place learned at, nights, seen, reads, unseen) of those that have a profile, by volume; None: of all."""
    return columns(connection, VOLUMES.format(kept), {"volumes": volume_ids}, "iiiiii")


def heard(
    connection: psycopg.Connection[Any], volume_ids: list[int] | None, kept: Kept = Kept.SHELVES
) -> list[NDArray[Any]]:
    """(volume, place heard at, heard, told, strength, log_reads, phased, phase), by volume and place; None: of all."""
    volume, *rest = columns(connection, HEARD.format(kept), {"volumes": volume_ids}, "jjffffff")
    order = np.argsort(volume, kind="stable")  # a volume's own places come in their order
    rest.insert(0, volume)
    sums = [rest.pop(0)[order] for _ in range(len(rest))]
    return [sums[0].astype(np.int64), sums[1].astype(np.int64), *sums[2:]]


def keep(
    connection: psycopg.Connection[Any], rows: Iterator[ProfileRow], forgotten: list[int], kept: Kept = Kept.SHELVES
) -> None:
    """Store the profiles that changed and drop those of volumes that moved."""
    connection.execute(f"DELETE FROM {kept} WHERE volume_id = ANY(%s::int[])".encode(), (forgotten,))
    connection.execute(STAGE.format(kept).encode())
    real = ("float8[]",) * 6
    types = ("int4", "int4", "int2", "int2", "int8", "int2", "int4[]", *real, "int4")
    copy_in(connection, f"staged_{kept}", ProfileRow._fields, types, rows)
    connection.execute(KEEP.format(kept).encode())


class HeardAt(NamedTuple):
    """A place where a volume is usually heard: on so many of its nights, and how much louder than volumes at home there."""

    place: str
    nights: float
    strength_db: float | None


def of_volume(connection: psycopg.Connection[Any], volume_id: int) -> tuple[int, int, tuple[HeardAt, ...]] | None:
    """(nights its shelf was listened at, nights it was heard, where it is heard: most often first); None without a profile."""
    query = """
        SELECT nights, seen, coalesce(array_agg(place.code ORDER BY one.heard DESC, place.code), '{}'),
               coalesce(array_agg(one.heard ORDER BY one.heard DESC, place.code), '{}'),
               coalesce(array_agg(one.strength / nullif(one.told, 0) ORDER BY one.heard DESC, place.code), '{}')
        FROM read_profile LEFT JOIN unnest(heard_at, heard, told, strength) AS one (place_id, heard, told, strength) ON true
        LEFT JOIN place ON place.id = one.place_id
        WHERE volume_id = %s GROUP BY volume_id
    """
    row = connection.execute(query, (volume_id,)).fetchone()
    if row is None:
        return None
    nights, seen, *columns = row
    heard_at = (HeardAt(*at) for at in zip(*columns, strict=True) if at[0] is not None)
    return nights, seen, tuple(heard_at)
