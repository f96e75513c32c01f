"""What nobody understood, in SQL: kept with bytes and reason, grouped by cause, tried again when the registry has changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import class_row

from inventory.store.batch import Quarantined, micros, moment

ASKED_FOR = -1  # a version that every registry is newer than
NO_PLACES = "the scanned code is no place's"
BROUGHT = "brought by hand"  # what people bring, they bring again: no topic leads to it


class Waiting(NamedTuple):
    """One message to try again; received_at in microseconds. Without a topic it is a code that a reader scanned."""

    id: int
    received_at: int
    topic: str
    reader_id: int | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class QuarantineGroup:
    """Messages of one reader (None: of a topic nobody has) for one cause.

    sample: the newest one's beginning; size: its bytes. tried: whether all were tried with the present registry.
    """

    reader: str | None
    topic: str
    cause: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    sample: bytes
    size: int
    tried: bool

    @property
    def by_hand(self) -> bool:
        """Whether people brought it, and nothing tries it again."""
        return self.reason.startswith(BROUGHT)


def come_lately(connection: psycopg.Connection[Any]) -> tuple[int, datetime | None]:
    """How many messages nobody understood came within a day, and when the last did."""
    query = "SELECT count(*), max(received_at) FROM quarantine WHERE received_at > now() - interval '1 day'"
    count, last_at = connection.execute(query).fetchone() or (0, None)
    return count, last_at


def add(connection: psycopg.Connection[Any], messages: list[Quarantined], registry: int) -> None:
    """Keep messages nobody understood by that version of the registry, with bytes and reason."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO quarantine (received_at, topic, reader_id, payload, reason, tried_version) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (moment(m.received_at), m.topic.replace("\0", "�"), m.reader_id, m.payload, m.reason, registry)
                for m in messages
            ],
        )


def to_try(
    connection: psycopg.Connection[Any], topics: Sequence[str], readers: Sequence[int], version: int, messages_max: int
) -> list[Waiting]:
    """Messages on these topics that weren't tried with this version of the registry yet, and codes that are a place's by now.

    readers: ids of those that scanned them.
    """
    rows = connection.execute(
        "SELECT id, received_at, topic, reader_id, payload FROM quarantine WHERE understood_at IS NULL AND tried_version < %s "
        "AND (topic = ANY(%s) OR CASE WHEN topic = '' AND reader_id = ANY(%s) AND reason = %s THEN EXISTS (SELECT FROM place "
        "WHERE code = convert_from(payload, 'UTF8')) END) ORDER BY tried_version, id LIMIT %s",
        (version, list(topics), list(readers), NO_PLACES, messages_max),
    )
    return [Waiting(key, micros(at), topic, reader, bytes(payload)) for key, at, topic, reader, payload in rows]


def settle(
    connection: psycopg.Connection[Any],
    tried: Iterable[tuple[int, int | None, str | None]],
    version: int,
    now: datetime,
) -> None:
    """Note of each message tried (its id, the reader it belongs to, why not or None) what came of it."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE quarantine SET tried_version = %(version)s, reader_id = coalesce(%(reader)s, reader_id), "
            "understood_at = CASE WHEN %(reason)s::text IS NULL THEN %(now)s::timestamptz END, "
            "reason = coalesce(%(reason)s, reason) WHERE id = %(id)s",
            [
                {"id": key, "reader": reader, "reason": why, "version": version, "now": now}
                for key, reader, why in tried
            ],
        )


def ask_again(connection: psycopg.Connection[Any], reader: str | None, cause: str | None) -> int:
    """Have messages tried again: of a reader by code (None: of topics nobody has), for a cause (None: for any); how many."""
    return connection.execute(
        """
        UPDATE quarantine SET tried_version = %(asked)s
        WHERE understood_at IS NULL AND (%(cause)s::text IS NULL OR cause = %(cause)s)
            AND reader_id IS NOT DISTINCT FROM (SELECT id FROM reader WHERE code = %(reader)s)
        """,
        {"asked": ASKED_FOR, "cause": cause, "reader": reader},
    ).rowcount


def groups(
    connection: psycopg.Connection[Any], reader: str | None, groups_max: int, sample_bytes: int
) -> list[QuarantineGroup]:
    """What waits, the most first; of one reader, or of all (None)."""
    query = """
        SELECT reader.code AS reader, newest.topic, kinds.cause, newest.reason, count, first_at, last_at,
               substring(newest.payload FROM 1 FOR %(bytes)s) AS sample, length(newest.payload) AS size, tried
        FROM (SELECT reader_id, cause, count(*) AS count, min(received_at) AS first_at, max(received_at) AS last_at,
                     max(id) AS newest_id, min(tried_version) >= (SELECT version FROM registry_version) AS tried
              FROM quarantine WHERE understood_at IS NULL
                  AND (%(reader)s::text IS NULL OR reader_id = (SELECT id FROM reader WHERE code = %(reader)s))
              GROUP BY reader_id, cause ORDER BY count DESC, cause LIMIT %(max)s) AS kinds
        JOIN quarantine AS newest ON newest.id = newest_id LEFT JOIN reader ON reader.id = kinds.reader_id
        ORDER BY count DESC, reader, kinds.cause
    """
    with connection.cursor(row_factory=class_row(QuarantineGroup)) as cursor:
        return cursor.execute(query, {"reader": reader, "max": groups_max, "bytes": sample_bytes}).fetchall()
