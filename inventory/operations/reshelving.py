"""Bulk re-shelving (倒架): thousands of volumes from shelves to shelves by a plan, batch after batch, over days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.batches import Batch
from inventory.domain.cells import parse_text
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, BatchNotFound, DossierNotFound, NotMatched, PlaceNotFound
from inventory.operations import custody
from inventory.operations.custody import VOLUMES_PER_ACT_MAX, Asked, Seen, part_of
from inventory.store import ledger, reshelvings
from inventory.store.database import Database, raw
from inventory.store.reshelvings import Leg, Reshelving

MOVES_MAX = 20_000
PLANS_SHOWN_MAX = 100
LEGS_SHOWN_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Whole shelves (from, to), and single volumes each with its shelf."""

    command_id: UUID
    reason: str
    shelves: Sequence[tuple[str, str]] = ()
    volumes: Sequence[tuple[VolumeName, str]] = ()


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan, its number, and its legs from shelf to shelf."""

    number: str
    plan: Reshelving
    legs: tuple[Leg, ...]


def plan(database: Database, viewer: Viewer, wanted: Plan, now: datetime) -> str:
    """Plan a re-shelving; returns its number.

    Raises `PlaceNotFound` for what is no shelf, `DossierNotFound` for a volume that isn't on one, `AlreadyThere`, and
    `SameVolumeTwice` for a volume that another plan still has to carry.
    """
    check_permitted(viewer, Permission.PLAN_PLACES)
    reason = parse_text(wanted.reason.strip())
    if not 1 <= len(wanted.shelves) + len(wanted.volumes) <= MOVES_MAX:
        raise BadInput(
            problem_zh=f"倒架计划 1 至 {MOVES_MAX} 行", problem_en=f"a plan of re-shelving has 1 to {MOVES_MAX} rows"
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, wanted.command_id, ("plan re-shelving", wanted)):
            again = reshelvings.of_command(connection, wanted.command_id)
            assert again is not None
            return Batch.RESHELVING.number(again)
        codes = {code for move in wanted.shelves for code in move} | {to_place for _, to_place in wanted.volumes}
        if unknown := reshelvings.not_shelves(connection, sorted(codes)):
            raise PlaceNotFound(place=unknown[0])
        plan_id = reshelvings.add(connection, wanted.command_id, reason, viewer.account_id, now)
        moves = [(name.number, name.volume, to_place) for name, to_place in wanted.volumes]
        if moves and reshelvings.add_volumes(connection, plan_id, moves) != len(moves):
            _refuse_missing(connection, [name for name, _ in wanted.volumes])
        if wanted.shelves:
            reshelvings.add_shelves(connection, plan_id, wanted.shelves)
        return Batch.RESHELVING.number(plan_id)


def carry_out(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    number: str,
    to_place: str,
    now: datetime,
    volumes: Sequence[VolumeName] | None = None,
) -> int:
    """One shelf scan, many dossiers: these volumes (None: all that are left for it) now stand on that shelf.

    Returns how many were carried, 0 where the command was done before or nothing is left. A volume that somebody took away
    meanwhile stays out and shows in the plan. Raises `BatchNotFound`, `NotMatched` for a volume the plan sends elsewhere.
    """
    check_permitted(viewer, Permission.RESHELVE)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("carry out", number, to_place, volumes)):
            return 0
        plan_id = _plan(connection, number).plan_id
        left = {
            VolumeName(dossier, ordinal): volume_id
            for volume_id, dossier, ordinal in reshelvings.waiting(connection, plan_id, to_place, VOLUMES_PER_ACT_MAX)
        }
        wanted = list(left) if volumes is None else list(volumes)
        for name in wanted:
            if name not in left:
                raise NotMatched(number=number, volume=str(name))
        if not wanted:
            return 0
        asked = Asked(
            part_of(command_id, "reshelved"),
            ActKind.RESHELVED,
            [Seen(name) for name in wanted],
            to_place,
            now,
            authority=Batch.RESHELVING.number(plan_id),
        )
        written = custody.write(connection, viewer, asked)
        reshelvings.mark_done(connection, plan_id, [left[name] for name in wanted], viewer.account_id, now)
        return written


def plans(database: Database, viewer: Viewer) -> list[Reshelving]:
    """The newest plans."""
    check_permitted(viewer, Permission.PLAN_PLACES)
    with database.transaction(viewer) as session:
        return reshelvings.plans(raw(session), PLANS_SHOWN_MAX)


def open_plan(database: Database, viewer: Viewer, number: str) -> PlanView:
    """A plan with its legs; raises `BatchNotFound`."""
    check_permitted(viewer, Permission.PLAN_PLACES)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = _plan(connection, number)
        legs = reshelvings.legs(connection, found.plan_id, LEGS_SHOWN_MAX)
        return PlanView(Batch.RESHELVING.number(found.plan_id), found, tuple(legs))


def _plan(connection: psycopg.Connection[Any], number: str) -> Reshelving:
    found = reshelvings.plan(connection, Batch.RESHELVING.parse(number))
    if found is None:
        raise BatchNotFound(number=number)
    return found


def _refuse_missing(connection: psycopg.Connection[Any], names: Sequence[VolumeName]) -> None:
    held = ledger.held(connection, [(name.number, name.volume) for name in names])
    for name in names:
        found = held.get((name.number, name.volume))
        if found is None or found.standing is None or found.standing.place_kind not in {"shelf", "cabinet"}:
            raise DossierNotFound(dossier=str(name))
    raise DossierNotFound(dossier=str(names[0]))
