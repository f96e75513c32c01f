"""Plans of audits (盘点计划): made and ended by people, worked by the jobs."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.audits import SAMPLE_SHELVES_MAX, PlanKind
from inventory.domain.commanded_reading import READ_FOR
from inventory.domain.counting import LOCAL
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, PlaceNotFound
from inventory.domain.working_days import CalendarDay, DayKind, WorkingCalendar, load_calendar
from inventory.operations import commanded_reading
from inventory.store import audit_plans, audit_rows, audits, ledger, request_facts
from inventory.store.audit_plans import PlanRow
from inventory.store.database import Database, raw

ROLLING_DAYS, BUSY_DAYS = 180, 30
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Planning:
    """A plan somebody makes; days: within how many every volume is read (rolling), else how often it is due."""

    command_id: UUID
    kind: PlanKind
    scope: str
    days: int = ROLLING_DAYS
    busy_days: int = BUSY_DAYS
    sample_shelves: int | None = None


def plans(database: Database, viewer: Viewer) -> list[PlanRow]:
    """The plans that aren't ended, those due first; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        return audit_plans.standing(raw(session))


def make(database: Database, viewer: Viewer, planning: Planning, now: datetime) -> None:
    """Make a plan, due from tomorrow on; raises `NotAllowed`, `BadInput`, `PlaceNotFound`, `CommandReused`."""
    check_permitted(viewer, Permission.PLAN_AUDITS)
    if not 1 <= planning.days <= 366 or not 1 <= planning.busy_days <= 366:  # noqa: PLR2004 - a year
        raise BadInput(problem_zh="天数应为1至366", problem_en="there are 1 to 366 days")
    if planning.kind.draws and not 1 <= (planning.sample_shelves or 0) <= SAMPLE_SHELVES_MAX:
        raise BadInput(
            problem_zh=f"抽查应为1至{SAMPLE_SHELVES_MAX}个库位",
            problem_en=f"a sample has 1 to {SAMPLE_SHELVES_MAX} shelves",
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        place = audits.place_id(connection, planning.scope)
        if place is None:
            raise PlaceNotFound(place=planning.scope)
        if not ledger.once(connection, planning.command_id, ("audit plan", planning)):
            return
        rolling = planning.kind is PlanKind.ROLLING
        audit_plans.add(
            connection,
            planning.kind,
            place,
            planning.days,
            min(planning.busy_days, planning.days) if rolling else None,
            planning.sample_shelves if planning.kind.draws else None,
            now.astimezone(LOCAL).date() + DAY,
            viewer.account_id,
            now,
            planning.command_id,
        )


def end(database: Database, viewer: Viewer, plan: int, now: datetime) -> None:
    """End a plan; its audits stay. Raises `NotAllowed`."""
    check_permitted(viewer, Permission.PLAN_AUDITS)
    with database.transaction(viewer) as session:
        audit_plans.end(raw(session), plan, now)


def work(connection: psycopg.Connection[Any], now: datetime, read_for: timedelta = READ_FOR) -> list[int]:
    """Ask for the audits that are due today and move their plans on; returns their numbers. Missed days are made up for once.

    In the caller's transaction, whose fence keeps two from doing it.
    """
    today = now.astimezone(LOCAL).date()
    until = datetime.combine(today, time(), LOCAL)
    asked = []
    for plan in audit_plans.due(connection, today):
        kind = plan.kind
        seed = None
        wanted = True
        if kind is PlanKind.AFTER_RESHELVING:
            wanted = audit_plans.reshelved(connection, plan.place_id, until - DAY, until)
        if kind.draws:
            # Nobody knows it before, everybody can look it up after.
            seed = " ".join(f"{warehouse} #{at} {root}" for warehouse, at, root in audit_rows.chain_ends(connection))
        if kind is PlanKind.BEFORE_HOLIDAYS:
            wanted = is_eve(_calendar(connection), today)
        if wanted:
            days = kind.interval_days * DAY
            since, ends = (until, until + days) if kind.begins else (until - days, until)
            # Smart cabinets and powered shelving read first, and the interval ends with that; what people count isn't read.
            steps = [] if kind.begins else commanded_reading.steps_in(connection, plan.place_id, now, read_for)
            number = audit_rows.add(
                connection,
                audit_rows.Asked(
                    plan.place_id,
                    since,
                    commanded_reading.read_until(steps, now, read_for) if steps else ends,
                    now,
                    plan_id=plan.plan_id,
                    sample_shelves=plan.sample_shelves,
                    seed=seed and seed[:100],
                ),
            )
            commanded_reading.tell(connection, number, steps, now, None, read_for)
            asked.append(number)
        audit_plans.move_on(connection, plan.plan_id, today + next_in(kind, plan.every_days))
    return asked


def next_in(kind: PlanKind, every_days: int) -> timedelta:
    """How long after it was worked a plan is looked at again."""
    return every_days * DAY if kind in (PlanKind.YEARLY, PlanKind.SAMPLE, PlanKind.BLIND_COUNT) else DAY


HOLIDAY_DAYS_MIN = 3  # a weekend isn't one


def is_eve(calendar: WorkingCalendar, day: date) -> bool:
    """Whether it is the last day worked before a public holiday of some days."""
    free = (not calendar.is_working_day(day + step * DAY) for step in range(1, HOLIDAY_DAYS_MIN + 1))
    return calendar.is_working_day(day) and all(free)


def _calendar(connection: psycopg.Connection[Any]) -> WorkingCalendar:
    days = request_facts.calendar_days(connection)
    return load_calendar().with_days(CalendarDay(day, DayKind(kind), source) for day, kind, source in days)
