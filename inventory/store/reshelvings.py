"""Bulk re-shelving (倒架) in SQL: a plan of what goes where, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.batches import Batch


@dataclass(frozen=True, slots=True)
class Reshelving:
    """A plan and its progress. elsewhere: lines whose volume left its shelf by another act before its turn."""

    plan_id: int
    reason: str
    planned_by: str
    planned_at: datetime
    volumes: int
    done: int
    elsewhere: int

    @property
    def number(self) -> str:
        """What people call it."""
        return Batch.RESHELVING.number(self.plan_id)


@dataclass(frozen=True, slots=True)
class Leg:
    """What goes from one shelf to another: how many volumes, how many of them stand there already, when the last did."""

    from_place: str
    to_place: str
    volumes: int
    done: int
    last_done_at: datetime | None


def add(connection: psycopg.Connection[Any], command_id: UUID, reason: str, account_id: int, now: datetime) -> int:
    """A new plan, still empty."""
    row = connection.execute(
        "INSERT INTO reshelving (command_id, reason, planned_by, planned_at) VALUES (%s, %s, %s, %s) RETURNING id",
        (command_id, reason, account_id, now),
    ).fetchone()
    assert row is not None
    return int(row[0])


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The plan a command made."""
    row = connection.execute("SELECT id FROM reshelving WHERE command_id = %s", (command_id,)).fetchone()
    return row[0] if row else None


def add_shelves(connection: psycopg.Connection[Any], plan_id: int, moves: Sequence[tuple[str, str]]) -> int:
    """Everything that stands on these shelves goes to those: (from, to) by code; returns how many volumes.

    Shelf by shelf in the order told, on each by number.
    """
    return connection.execute(
        """
        INSERT INTO reshelving_line (reshelving_id, volume_id, from_place_id, to_place_id, position)
        SELECT %s, holding.volume_id, origin.id, target.id, row_number() OVER (ORDER BY move.position, number, ordinal)
        FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS move (from_code, to_code, position)
        JOIN place AS origin ON origin.code = from_code JOIN place AS target ON target.code = to_code
        JOIN holding ON holding.place_id = origin.id JOIN volume ON volume.id = holding.volume_id
        JOIN dossier ON dossier.id = dossier_id
        """,
        (plan_id, [move[0] for move in moves], [move[1] for move in moves]),
    ).rowcount


def add_volumes(connection: psycopg.Connection[Any], plan_id: int, moves: Sequence[tuple[str, int, str]]) -> int:
    """Each of these volumes (number, ordinal) goes from where it stands to that shelf; returns how many do."""
    return connection.execute(
        """
        INSERT INTO reshelving_line (reshelving_id, volume_id, from_place_id, to_place_id, position)
        SELECT %s, volume.id, holding.place_id, target.id, move.position
        FROM unnest(%s::text[], %s::smallint[], %s::text[]) WITH ORDINALITY AS move (number, ordinal, to_code, position)
        JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = move.ordinal
        JOIN holding ON holding.volume_id = volume.id JOIN place AS origin ON origin.id = holding.place_id
            AND origin.kind IN ('shelf', 'cabinet')
        JOIN place AS target ON target.code = to_code
        """,
        (plan_id, [move[0] for move in moves], [move[1] for move in moves], [move[2] for move in moves]),
    ).rowcount


def waiting(
    connection: psycopg.Connection[Any], plan_id: int, to_place: str, volumes_max: int
) -> list[tuple[int, str, int]]:
    """(volume id, number, ordinal) still to go to that shelf and standing where the plan found them, in its order, locked."""
    return connection.execute(
        """
        SELECT line.volume_id, number, ordinal FROM reshelving_line AS line JOIN place ON place.id = to_place_id
        JOIN holding ON holding.volume_id = line.volume_id AND holding.place_id = line.from_place_id
        JOIN volume ON volume.id = line.volume_id JOIN dossier ON dossier.id = dossier_id
        WHERE reshelving_id = %s AND place.code = %s AND done_at IS NULL ORDER BY position LIMIT %s FOR UPDATE OF line
        """,
        (plan_id, to_place, volumes_max),
    ).fetchall()


def mark_done(
    connection: psycopg.Connection[Any], plan_id: int, volume_ids: Sequence[int], account_id: int, now: datetime
) -> None:
    """These volumes stand where the plan wants them."""
    connection.execute(
        "UPDATE reshelving_line SET done_at = %s, done_by = %s WHERE reshelving_id = %s AND volume_id = ANY(%s)",
        (now, account_id, plan_id, list(volume_ids)),
    )


_PLAN = """
    SELECT plan.id AS plan_id, reason, account.name AS planned_by, planned_at,
           (SELECT count(*) FROM reshelving_line AS line WHERE reshelving_id = plan.id) AS volumes,
           (SELECT count(*) FROM reshelving_line AS line WHERE reshelving_id = plan.id AND done_at IS NOT NULL) AS done,
           (SELECT count(*) FROM reshelving_line AS line JOIN holding USING (volume_id)
            WHERE reshelving_id = plan.id AND done_at IS NULL AND holding.place_id <> line.from_place_id) AS elsewhere
    FROM reshelving AS plan JOIN account ON account.id = planned_by
"""


def plan(connection: psycopg.Connection[Any], plan_id: int) -> Reshelving | None:
    """One plan."""
    with connection.cursor(row_factory=class_row(Reshelving)) as cursor:
        return cursor.execute(_PLAN + " WHERE plan.id = %s", (plan_id,)).fetchone()


def plans(connection: psycopg.Connection[Any], plans_max: int) -> list[Reshelving]:
    """The newest plans, newest first."""
    with connection.cursor(row_factory=class_row(Reshelving)) as cursor:
        return cursor.execute(_PLAN + " ORDER BY plan.id DESC LIMIT %s", (plans_max,)).fetchall()


def legs(connection: psycopg.Connection[Any], plan_id: int, legs_max: int) -> list[Leg]:
    """Shelf by shelf in the plan's order, what is done and what is left."""
    query = """
        SELECT origin.code AS from_place, target.code AS to_place, count(*) AS volumes, count(done_at) AS done,
               max(done_at) AS last_done_at
        FROM reshelving_line JOIN place AS origin ON origin.id = from_place_id JOIN place AS target ON target.id = to_place_id
        WHERE reshelving_id = %s GROUP BY origin.code, target.code ORDER BY min(position) LIMIT %s
    """
    with connection.cursor(row_factory=class_row(Leg)) as cursor:
        return cursor.execute(query, (plan_id, legs_max)).fetchall()


def not_shelves(connection: psycopg.Connection[Any], codes: Sequence[str]) -> list[str]:
    """Those of the codes that are no shelf's."""
    rows = connection.execute(
        "SELECT code FROM unnest(%s::text[]) AS asked (code) WHERE NOT EXISTS (SELECT FROM place "
        "WHERE place.code = asked.code AND kind IN ('shelf', 'cabinet')) ORDER BY 1",
        (list(codes),),
    )
    return [row[0] for row in rows]
