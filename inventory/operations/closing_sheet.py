"""The end-of-day closing sheet (日终清单): every volume that isn't on its shelf, by who answers for it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from inventory.domain.answering import OffShelf, due_on, holder, rank, reference
from inventory.domain.counting import LOCAL
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import PlaceNotFound
from inventory.operations.count_papers import printed
from inventory.papers.sheets import ClosingSheet, OutGroup, OutVolume, Printed, Term
from inventory.store import closing_sheet as store
from inventory.store import people
from inventory.store.database import Database, raw

VOLUMES_MAX = 20_000  # ten days' movements of a city


@dataclass(frozen=True, slots=True)
class Closing:
    """The sheet and what adds up: volumes out, of these with a name, overdue; more: how many the sheet has no room for."""

    sheet: ClosingSheet
    out: int
    named: int
    overdue: int
    more: int

    @property
    def in_order(self) -> bool:
        """Whether every volume that is out has a name against it."""
        return self.named == self.out


def warehouses(database: Database, viewer: Viewer) -> list[tuple[str, str]]:
    """Code and name of every warehouse a sheet can be made of; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_CLOSING_SHEET)
    with database.transaction(viewer) as session:
        return store.warehouses(raw(session))


def closing_sheet(database: Database, viewer: Viewer, warehouse: str | None, now: datetime) -> Closing:
    """Every volume off its shelf just now, of one warehouse (None: of all), grouped by who answers for it.

    Nameless ones come first, then by kind of place. Every dossier named is a look. Raises `NotAllowed`, `PlaceNotFound`.
    """
    with database.transaction(viewer) as session:
        return _closing(raw(session), viewer, warehouse, now)


def closing_paper(database: Database, viewer: Viewer, warehouse: str | None, now: datetime) -> tuple[Closing, Printed]:
    """The same with what its foot says, for printing."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        closing = _closing(connection, viewer, warehouse, now)
        return closing, printed(connection, viewer, warehouse, now, f"closing sheet {warehouse or ''}".strip())


def _closing(connection: psycopg.Connection[Any], viewer: Viewer, warehouse: str | None, now: datetime) -> Closing:
    check_permitted(viewer, Permission.SEE_CLOSING_SHEET)
    if warehouse is not None and not store.is_warehouse(connection, warehouse):
        raise PlaceNotFound(place=warehouse)
    volumes, dossiers = store.off_shelf(connection, warehouse, VOLUMES_MAX)
    out = store.count_off_shelf(connection, warehouse)
    people.log_looks(connection, viewer.account_id, "closing_sheet", now, dossiers)
    today = now.astimezone(LOCAL).date()
    groups = _groups(volumes, viewer, today)
    named = sum(len(group.volumes) for group in groups if group.holder is not None)
    overdue = sum(volume.overdue for group in groups for volume in group.volumes)
    sheet = ClosingSheet(warehouse or "全部库房", now.astimezone(LOCAL), groups)
    return Closing(sheet, out, named, overdue, out - len(volumes))


def _groups(volumes: list[OffShelf], viewer: Viewer, today: date) -> tuple[OutGroup, ...]:
    together: defaultdict[tuple[bool, int, str, str], list[OffShelf]] = defaultdict(list)
    for one in volumes:
        name = holder(one)
        together[name is not None, rank(one.place_kind), one.place, name or ""].append(one)
    return tuple(
        OutGroup(
            name or None,
            group[0].place_name,
            Term(group[0].place_kind.zh, group[0].place_kind.en),
            tuple(_line(one, viewer, today) for one in group),
        )
        for (_, _, _, name), group in sorted(together.items())
    )


def _line(one: OffShelf, viewer: Viewer, today: date) -> OutVolume:
    due = due_on(one)
    return OutVolume(
        one.volume,
        viewer.name_seen(one.subject),
        one.since.astimezone(LOCAL),
        due,
        reference(one),
        overdue=due is not None and due < today,
    )
