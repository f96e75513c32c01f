"""Evidence that somebody brings, in SQL: it waits as one message of the native dialect until the jobs take it in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

SHOWN_MAX = 50
READERS_MAX = 500


@dataclass(frozen=True, slots=True)
class BroughtTo:
    """The reader something is brought for: its clock's zone and the numbers of its antennas."""

    reader_id: int
    reader: str
    timezone: str
    antennas: list[int]


@dataclass(frozen=True, slots=True)
class NewBrought:
    """What somebody brings; way: "file" or "burst". columns, timezone: how a file was read."""

    reader_id: int
    way: str
    name: str
    content_hash: bytes
    payload: bytes
    columns: Mapping[str, str] | None
    timezone: str | None
    reads: int
    codes: int
    first_at: datetime
    last_at: datetime
    brought_by: int | None
    brought_at: datetime


@dataclass(frozen=True, slots=True)
class BroughtRow:
    """What was brought, as a list shows it; new_reads: None until it is taken in. brought_by: None at the command line."""

    number: int
    reader: str
    way: str
    name: str
    reads: int
    codes: int
    first_at: datetime
    last_at: datetime
    brought_by: str | None
    brought_at: datetime
    new_reads: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits to be taken in."""

    number: int
    reader_id: int
    payload: bytes
    first_at: datetime
    last_at: datetime
    brought_at: datetime


_SHOWN = """
    SELECT brought.id AS number, reader.code AS reader, way, brought.name, reads, codes, first_at, last_at,
           account.name AS brought_by, brought_at, new_reads
    FROM brought_evidence AS brought JOIN reader ON reader.id = reader_id LEFT JOIN account ON account.id = brought_by
"""


def moving_readers(connection: psycopg.Connection[Any]) -> list[BroughtTo]:
    """Handhelds and carts, by code: those that are docked."""
    with connection.cursor(row_factory=class_row(BroughtTo)) as cursor:
        return cursor.execute(
            f"""
            SELECT reader.id AS reader_id, reader.code AS reader, timezone, array_agg(number ORDER BY number) AS antennas
            FROM reader JOIN antenna ON antenna.reader_id = reader.id WHERE role IN ('handheld', 'cart')
            GROUP BY reader.id ORDER BY reader.code LIMIT {READERS_MAX}
            """
        ).fetchall()


def columns_before(connection: psycopg.Connection[Any], reader_id: int) -> dict[str, str] | None:
    """What the columns of the reader's last file were taken for."""
    row = connection.execute(
        "SELECT columns FROM brought_evidence WHERE reader_id = %s AND way = 'file' ORDER BY id DESC LIMIT 1",
        (reader_id,),
    ).fetchone()
    return None if row is None else row[0]


def tags_of(connection: psycopg.Connection[Any], volume_ids: Sequence[int]) -> dict[int, bytes]:
    """The EPC that each of these volumes carries; one without a tag isn't among them."""
    query = "SELECT volume_id, epc FROM tag WHERE volume_id = ANY(%s::int[]) AND retired_at IS NULL"
    return dict(connection.execute(query, (list(volume_ids),)).fetchall())


def same(connection: psycopg.Connection[Any], reader_id: int, content_hash: bytes) -> BroughtRow | None:
    """What this reader brought before that says the very same."""
    with connection.cursor(row_factory=class_row(BroughtRow)) as cursor:
        query = f"{_SHOWN} WHERE reader_id = %s AND content_hash = %s"
        return cursor.execute(query, (reader_id, content_hash)).fetchone()


def newest(connection: psycopg.Connection[Any]) -> list[BroughtRow]:
    """What was brought last, newest first, at most `SHOWN_MAX`."""
    with connection.cursor(row_factory=class_row(BroughtRow)) as cursor:
        return cursor.execute(f"{_SHOWN} ORDER BY brought.id DESC LIMIT {SHOWN_MAX}").fetchall()


def add(connection: psycopg.Connection[Any], new: NewBrought) -> BroughtRow | None:
    """Keep it until it is taken in; None where the same was there already."""
    row = connection.execute(
        """
        INSERT INTO brought_evidence (reader_id, way, name, content_hash, payload, columns, timezone, reads, codes, first_at,
                                      last_at, brought_by, brought_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT ON CONSTRAINT brought_once DO NOTHING
        RETURNING id
        """,
        (
            *(new.reader_id, new.way, new.name, new.content_hash, new.payload),
            *(None if new.columns is None else Jsonb(dict(new.columns)), new.timezone, new.reads, new.codes),
            *(new.first_at, new.last_at, new.brought_by, new.brought_at),
        ),
    ).fetchone()
    return None if row is None else one(connection, row[0])


def one(connection: psycopg.Connection[Any], number: int) -> BroughtRow:
    """What was brought under a number."""
    with connection.cursor(row_factory=class_row(BroughtRow)) as cursor:
        row = cursor.execute(f"{_SHOWN} WHERE brought.id = %s", (number,)).fetchone()
    assert row is not None
    return row


# ── Taking in ────────────────────────────────────────────────────────────────────────────────────────────────────────


def next_waiting(connection: psycopg.Connection[Any]) -> Waiting | None:
    """The first that waits, locked until the transaction ends; one after another, since each is held against those before."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('guiwei brought evidence'))")
    with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            """
            SELECT id AS number, reader_id, payload, first_at, last_at, brought_at
            FROM brought_evidence WHERE taken_at IS NULL ORDER BY id LIMIT 1
            """
        ).fetchone()


def taken_payloads(connection: psycopg.Connection[Any], one: Waiting) -> list[bytes]:
    """What the reader brought before of the same time."""
    query = """
        SELECT payload FROM brought_evidence
        WHERE reader_id = %s AND taken_at IS NOT NULL AND first_at <= %s AND last_at >= %s ORDER BY id
    """
    return [payload for (payload,) in connection.execute(query, (one.reader_id, one.last_at, one.first_at))]


def taken(connection: psycopg.Connection[Any], number: int, new_reads: int, now: datetime) -> None:
    """It is evidence now."""
    connection.execute(
        "UPDATE brought_evidence SET taken_at = %s, new_reads = %s WHERE id = %s", (now, new_reads, number)
    )
