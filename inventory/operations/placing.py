"""Reading arrivals, and planning where they are to stand: what goes where, how full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.arrivals import Reached, plan_space, progress
from inventory.domain.batches import Batch
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, BatchNotFound, PlaceNotFound
from inventory.store import arrivals, people, space_plans
from inventory.store.arrivals import ArrivalRow, BoxNow, LineNow
from inventory.store.database import Database, raw
from inventory.store.space_plans import PlannedShelf

ARRIVALS_SHOWN_MAX = 100
LINES_SHOWN_MAX = 500


@dataclass(frozen=True, slots=True)
class ArrivalView:
    """An arrival with how far its lines have come, its boxes, some of its lines and the shelves it is planned to."""

    number: str
    arrival: ArrivalRow
    progress: dict[Reached, int]
    tagged: int
    boxes: tuple[BoxNow, ...]
    lines: tuple[LineNow, ...]
    plan: tuple[PlannedShelf, ...]


@dataclass(frozen=True, slots=True)
class ArrivalSummary:
    """One row of the list of arrivals."""

    number: str
    arrival: ArrivalRow
    progress: dict[Reached, int]


def newest_arrivals(database: Database, viewer: Viewer) -> list[ArrivalSummary]:
    """The newest arrivals a viewer sees, each with how far its lines have come."""
    check_permitted(viewer, Permission.ANNOUNCE_ARRIVALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        rows = arrivals.newest(connection, viewer.agency_seen(), ARRIVALS_SHOWN_MAX)
        counts = arrivals.reached_counts(connection, [row.arrival_id for row in rows])
    return [ArrivalSummary(Batch.ARRIVAL.number(row.arrival_id), row, progress(counts[row.arrival_id])) for row in rows]


def agencies(database: Database, viewer: Viewer) -> list[tuple[str, str]]:
    """(code, name) of the agencies a viewer may announce for."""
    check_permitted(viewer, Permission.ANNOUNCE_ARRIVALS)
    with database.transaction(viewer) as session:
        return arrivals.agencies(raw(session), viewer.agency_seen())


def open_arrival(
    database: Database,
    viewer: Viewer,
    number: str,
    now: datetime,
    *,
    box: str | None = None,
    reached: Sequence[Reached] | None = None,
) -> ArrivalView:
    """An arrival, its lines of one box or of some steps only; raises `BatchNotFound`. A look at whoever stands in them."""
    check_permitted(viewer, Permission.ANNOUNCE_ARRIVALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        view = _view(connection, viewer, number, box, reached)
        people.log_access(connection, viewer.account_id, "arrival", now)
        return view


def open_line(database: Database, viewer: Viewer, number: str, line_id: int, now: datetime) -> LineNow | None:
    """One line of an arrival, None where it has no such line; raises `BatchNotFound`."""
    check_permitted(viewer, Permission.ANNOUNCE_ARRIVALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = arrivals.by_id(connection, Batch.ARRIVAL.parse(number), viewer.agency_seen())
        if found is None:
            raise BatchNotFound(number=number)
        people.log_access(connection, viewer.account_id, "arrival", now)
        return arrivals.line_now(connection, found.arrival_id, line_id, viewer.agency_seen())


def plan_places(
    database: Database, viewer: Viewer, number: str, under: str, fill_percent: int
) -> tuple[ArrivalView, int]:
    """Plan what is still to be shelved onto the shelves below a place, in walking order; returns also how many don't fit.

    Planning again forgets the plan before. Raises `BatchNotFound`, `PlaceNotFound`, `BadInput`.
    """
    check_permitted(viewer, Permission.PLAN_PLACES)
    if not 1 <= fill_percent <= 100:  # noqa: PLR2004 - percent
        raise BadInput(problem_zh="装满比例应为1至100", problem_en="shelves are filled to between 1 and 100 percent")
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = arrivals.by_id(connection, Batch.ARRIVAL.parse(number), viewer.agency_seen(), lock=True)
        if found is None:
            raise BatchNotFound(number=number)
        if not connection.execute("SELECT FROM place WHERE code = %s", (under,)).rowcount:
            raise PlaceNotFound(place=under)
        # Two plans at once would both take the same room.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('guiwei space plan'))")
        spaces = [space for space, _ in space_plans.spaces(connection, found.arrival_id, under)]
        waiting = space_plans.count_to_plan(connection, found.arrival_id)
        takes = plan_space(waiting, spaces, fill_percent)
        space_plans.write_plan(connection, found.arrival_id, takes)
        return _view(connection, viewer, number, None, None), waiting - (takes[-1].last if takes else 0)


def _view(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    number: str,
    box: str | None,
    reached: Sequence[Reached] | None,
) -> ArrivalView:
    found = arrivals.by_id(connection, Batch.ARRIVAL.parse(number), viewer.agency_seen())
    if found is None:
        raise BatchNotFound(number=number)
    counts = arrivals.reached_counts(connection, [found.arrival_id])[found.arrival_id]
    steps = None if reached is None else [step.value for step in reached]
    return ArrivalView(
        Batch.ARRIVAL.number(found.arrival_id),
        found,
        progress(counts),
        counts["is_tagged"],
        tuple(arrivals.boxes(connection, found.arrival_id)),
        tuple(arrivals.lines(connection, found.arrival_id, box, steps, viewer.agency_seen(), LINES_SHOWN_MAX)),
        tuple(space_plans.plan(connection, found.arrival_id)),
    )
