"""What readers are told, in SQL: asked, taken by whoever sends it, answered, timed out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from inventory.domain.commanded_reading import Listener
from inventory.domain.commands import CommandKind, CommandState

SHOWN_MAX = 100
READING_LATELY = timedelta(minutes=10)  # a reader that read so lately reads by itself
TAKEN_AT_ONCE_MAX = 500


@dataclass(frozen=True, slots=True)
class Commanded:
    """A reader as whoever tells it needs it; antennas: their numbers."""

    reader_id: int
    code: str
    dialect: str
    topic: str
    control_url: str | None
    antennas: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """The database tells the antennas as a list."""
        object.__setattr__(self, "antennas", tuple(self.antennas))


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that is asked for; asked_by: an account, None for a plan's audit or a gate."""

    reader_id: int
    kind: CommandKind
    asked_at: datetime
    due_at: datetime
    answer_by: datetime
    arguments: Mapping[str, Any] = field(default_factory=dict)
    asked_by: int | None = None
    audit_id: int | None = None
    command_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as it stands."""

    id: int
    reader: str
    kind: CommandKind
    arguments: Mapping[str, Any]
    asked_by: str | None
    asked_at: datetime
    audit: int | None
    due_at: datetime
    state: CommandState
    sent_at: datetime | None
    ended_at: datetime | None
    problem_zh: str | None
    problem_en: str | None

    def __post_init__(self) -> None:
        """The database tells kind and state as text."""
        object.__setattr__(self, "kind", CommandKind(self.kind))
        object.__setattr__(self, "state", CommandState(self.state))


@dataclass(frozen=True, slots=True)
class Taken:
    """A command to be sent now; held_by: who stands in the block whose aisle it would open."""

    id: int
    reader_id: int
    kind: CommandKind
    arguments: Mapping[str, Any]
    answer_by: datetime
    held_by: str | None

    def __post_init__(self) -> None:
        """The database tells the kind as text."""
        object.__setattr__(self, "kind", CommandKind(self.kind))


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a command; zh and en: why it failed, None where it is done."""

    id: int
    state: CommandState
    zh: str | None = None
    en: str | None = None


_READER = """
    SELECT reader.id AS reader_id, code, dialect, topic, control_url,
           ARRAY(SELECT number FROM antenna WHERE antenna.reader_id = reader.id ORDER BY number) AS antennas
    FROM reader
"""


def reader(connection: psycopg.Connection[Any], code: str) -> Commanded | None:
    """A reader by its code."""
    with connection.cursor(row_factory=class_row(Commanded)) as cursor:
        return cursor.execute(_READER + " WHERE code = %s", (code,)).fetchone()


def readers_of_slot(connection: psycopg.Connection[Any], slot: int) -> list[Commanded]:
    """The readers of an ingest slot."""
    with connection.cursor(row_factory=class_row(Commanded)) as cursor:
        return cursor.execute(_READER + " WHERE slot = %s ORDER BY code", (slot,)).fetchall()


def listeners_in(connection: psycopg.Connection[Any], place_id: int, now: datetime) -> list[Listener]:
    """The readers of smart cabinets in a place, and those of aisles that the register gives a control address."""
    query = """
        SELECT DISTINCT ON (reader.code, room, block, aisle) reader.id AS reader_id, dialect, topic, control_url,
               coalesce(room.code, place.code) AS room, CASE role WHEN 'zone' THEN place.block END AS block,
               CASE role WHEN 'zone' THEN place.aisle END AS aisle,
               EXISTS (SELECT FROM antenna AS any_of JOIN evidence ON evidence.antenna_id = any_of.id
                       WHERE any_of.reader_id = reader.id AND slice_start > %(lately)s) AS is_reading
        FROM place AS scope JOIN place ON starts_with(place.path, scope.path) JOIN antenna ON antenna.place_id = place.id
        JOIN reader ON reader.id = antenna.reader_id LEFT JOIN place AS room ON room.id = place.room_id
        WHERE scope.id = %(place)s AND (role = 'shelf'
            OR (role = 'zone' AND control_url IS NOT NULL AND place.block IS NOT NULL AND place.aisle IS NOT NULL))
        ORDER BY reader.code, room, block, aisle
    """
    with connection.cursor(row_factory=class_row(Listener)) as cursor:
        return cursor.execute(query, {"place": place_id, "lately": now - READING_LATELY}).fetchall()


def unread(
    connection: psycopg.Connection[Any], audit: int, place_ids: Sequence[int], until: datetime
) -> list[tuple[str, int, datetime, str, str, str]]:
    """(place, its id, due, reader, why in Chinese, in English) where a reader was told to read for an audit and didn't.

    A reader that doesn't answer but goes on reading has read.
    """
    query = """
        SELECT place.code, place.id, due_at, reader.code, coalesce(problem_zh, '未发出。'),
               coalesce(problem_en, 'It wasn''t sent.')
        FROM reader_command JOIN reader ON reader.id = reader_id JOIN antenna ON antenna.reader_id = reader.id
        JOIN place ON place.id = antenna.place_id
        WHERE audit_id = %(audit)s AND reader_command.kind = 'start' AND state <> 'done' AND place.id = ANY(%(places)s::integer[])
            AND (arguments ->> 'aisle' IS NULL OR (role = 'zone' AND arguments ->> 'aisle' = place.aisle))
            AND NOT EXISTS (SELECT FROM evidence
                WHERE evidence.antenna_id = antenna.id AND slice_start >= due_at AND slice_start < %(until)s)
        ORDER BY place.code, due_at
    """
    return connection.execute(query, {"audit": audit, "places": list(place_ids), "until": until}).fetchall()


def add(connection: psycopg.Connection[Any], asked: Asked) -> int:
    """A new command; returns its number."""
    row = connection.execute(
        "INSERT INTO reader_command (reader_id, kind, arguments, asked_by, asked_at, audit_id, command_id, due_at, answer_by) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            asked.reader_id,
            asked.kind.value,
            Jsonb(dict(asked.arguments)),
            asked.asked_by,
            asked.asked_at,
            asked.audit_id,
            asked.command_id,
            asked.due_at,
            asked.answer_by,
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])


_SELECT = """
    SELECT reader_command.id, reader.code AS reader, kind, arguments, account.name AS asked_by, asked_at, audit_id AS audit,
           due_at, state, sent_at, ended_at, problem_zh, problem_en
    FROM reader_command JOIN reader ON reader.id = reader_id LEFT JOIN account ON account.id = asked_by
"""


def newest(connection: psycopg.Connection[Any]) -> list[CommandRow]:
    """The newest commands, newest first; not the challenges to desks, which nobody tells by hand."""
    with connection.cursor(row_factory=class_row(CommandRow)) as cursor:
        return cursor.execute(
            f"{_SELECT} WHERE kind <> 'challenge' ORDER BY reader_command.id DESC LIMIT {SHOWN_MAX}"
        ).fetchall()


def one(connection: psycopg.Connection[Any], number: int) -> CommandRow | None:
    """A command as it stands."""
    with connection.cursor(row_factory=class_row(CommandRow)) as cursor:
        return cursor.execute(f"{_SELECT} WHERE reader_command.id = %s", (number,)).fetchone()


def of_audit(connection: psycopg.Connection[Any], audit: int) -> list[CommandRow]:
    """The commands of an audit, in the order in which they are due."""
    with connection.cursor(row_factory=class_row(CommandRow)) as cursor:
        return cursor.execute(f"{_SELECT} WHERE audit_id = %s ORDER BY due_at, reader_command.id", (audit,)).fetchall()


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The number of a command that was asked for before."""
    row = connection.execute("SELECT id FROM reader_command WHERE command_id = %s", (command_id,)).fetchone()
    return None if row is None else int(row[0])


# ── For the process that sends them ──────────────────────────────────────────────────────────────────────────────────


def take_due(connection: psycopg.Connection[Any], reader_ids: list[int], now: datetime) -> list[Taken]:
    """Mark as sent whatever is due for these readers, in the order asked; whoever commits this sends it, once."""
    query = f"""
        WITH due AS (
            SELECT id FROM reader_command WHERE state = 'asked' AND due_at <= %(now)s AND answer_by > %(now)s
                AND reader_id = ANY(%(readers)s) ORDER BY due_at, id LIMIT {TAKEN_AT_ONCE_MAX} FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE reader_command SET state = 'sent', sent_at = %(now)s FROM due WHERE reader_command.id = due.id
            RETURNING reader_command.*)
        SELECT taken.id, reader_id, kind, arguments, answer_by,
               (SELECT account.name FROM aisle_state JOIN account ON account.id = held_by
                JOIN place ON place.id = aisle_state.room_id WHERE released_at IS NULL AND place.code = arguments ->> 'room'
                    AND aisle_state.block = arguments ->> 'block'
                LIMIT 1) AS held_by
        FROM taken ORDER BY due_at, id
    """
    with connection.cursor(row_factory=class_row(Taken)) as cursor:
        return cursor.execute(query, {"now": now, "readers": reader_ids}).fetchall()


def end(connection: psycopg.Connection[Any], ended: Ended, now: datetime, reader_id: int | None = None) -> bool:
    """Note what came of one that is under way; False where it has ended before, or is another reader's."""
    updated = connection.execute(
        "UPDATE reader_command SET state = %s, ended_at = %s, problem_zh = %s, problem_en = %s "
        "WHERE id = %s AND state = 'sent' AND reader_id = coalesce(%s, reader_id)",
        (ended.state.value, now, ended.zh, ended.en, ended.id, reader_id),
    )
    return updated.rowcount == 1


def fail_of_reader(connection: psycopg.Connection[Any], reader_id: int, zh: str, en: str, now: datetime) -> int:
    """Whatever is under way for a reader failed; how many commands that were."""
    updated = connection.execute(
        "UPDATE reader_command SET state = 'failed', ended_at = %s, problem_zh = %s, problem_en = %s "
        "WHERE state = 'sent' AND reader_id = %s",
        (now, zh, en, reader_id),
    )
    return updated.rowcount


def time_out(connection: psycopg.Connection[Any], now: datetime) -> int:
    """End what has waited for its answer, or for being sent, for too long, of whatever reader; how many."""
    updated = connection.execute(
        """
        UPDATE reader_command SET state = 'timed_out', ended_at = %(now)s,
            problem_zh = CASE WHEN sent_at IS NULL THEN '未能发出：没有进程或消息代理可用。' ELSE '读写器未在限期内应答。' END,
            problem_en = CASE WHEN sent_at IS NULL THEN 'It wasn''t sent: no process or no broker was there.'
                ELSE 'The reader didn''t answer in time.' END
        WHERE state IN ('asked', 'sent') AND answer_by <= %(now)s
        """,
        {"now": now},
    )
    return updated.rowcount
