"""Plans of audits in SQL."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.audits import PlanKind

PLANS_MAX = 200


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan that stands; days and shelves as in its table."""

    plan_id: int
    kind: PlanKind
    scope: str
    place_id: int
    every_days: int
    busy_days: int | None
    sample_shelves: int | None
    next_due: date
    made_by: str

    def __post_init__(self) -> None:
        """The database tells the kind as text."""
        object.__setattr__(self, "kind", PlanKind(self.kind))


_SELECT = f"""
    SELECT plan.id AS plan_id, plan.kind, place.code AS scope, plan.place_id, every_days, busy_days, sample_shelves, next_due,
           account.name AS made_by
    FROM audit_plan AS plan JOIN place ON place.id = plan.place_id JOIN account ON account.id = made_by
    WHERE ended_at IS NULL {{more}} ORDER BY next_due, plan.id LIMIT {PLANS_MAX}
"""


def standing(connection: psycopg.Connection[Any]) -> list[PlanRow]:
    """Those that aren't ended, those due first."""
    with connection.cursor(row_factory=class_row(PlanRow)) as cursor:
        return cursor.execute(_SELECT.format(more="")).fetchall()


def due(connection: psycopg.Connection[Any], today: date) -> list[PlanRow]:
    """Those to be worked, locked until the transaction ends."""
    with connection.cursor(row_factory=class_row(PlanRow)) as cursor:
        query = _SELECT.format(more="AND next_due <= %s") + " FOR UPDATE OF plan"
        return cursor.execute(query, (today,)).fetchall()


def add(
    connection: psycopg.Connection[Any],
    kind: PlanKind,
    place_id: int,
    every_days: int,
    busy_days: int | None,
    sample_shelves: int | None,
    next_due: date,
    made_by: int,
    now: datetime,
    command_id: UUID,
) -> None:
    """A new plan."""
    connection.execute(
        "INSERT INTO audit_plan (kind, place_id, every_days, busy_days, sample_shelves, next_due, made_by, made_at, command_id) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (kind.value, place_id, every_days, busy_days, sample_shelves, next_due, made_by, now, command_id),
    )


def end(connection: psycopg.Connection[Any], plan_id: int, now: datetime) -> None:
    """It is worked no more."""
    connection.execute("UPDATE audit_plan SET ended_at = %s WHERE id = %s AND ended_at IS NULL", (now, plan_id))


def move_on(connection: psycopg.Connection[Any], plan_id: int, next_due: date) -> None:
    """When it is due next."""
    connection.execute("UPDATE audit_plan SET next_due = %s WHERE id = %s", (next_due, plan_id))


def reshelved(connection: psycopg.Connection[Any], place_id: int, since: datetime, until: datetime) -> bool:
    """Whether anything was re-shelved in bulk to or from the place between two instants."""
    query = """
        SELECT FROM reshelving_line JOIN act ON act.volume_id = reshelving_line.volume_id
            AND act.to_place_id = reshelving_line.to_place_id AND act.from_place_id = reshelving_line.from_place_id
        JOIN place ON place.id IN (reshelving_line.from_place_id, reshelving_line.to_place_id)
        JOIN place AS scope ON place.path LIKE scope.path || '%%'
        WHERE scope.id = %s AND act.happened_at >= %s AND act.happened_at < %s LIMIT 1
    """
    return bool(connection.execute(query, (place_id, since, until)).rowcount)
