"""Unpacking: a bag that hasn't left is emptied in part or whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.consignments import Step
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.picking import work_number
from inventory.domain.refusals import NothingScanned, NotInThisBag
from inventory.operations import custody
from inventory.operations.consigning import THROUGH, touched
from inventory.operations.consignment_views import ConsignmentView, for_step, view_of, volumes_scanned
from inventory.operations.custody import Asked, Seen, part_of
from inventory.store import consignment_sets, consignments, ledger
from inventory.store.consignments import Consignment
from inventory.store.database import Database, raw


def unpack(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    consignment: str,
    codes: Sequence[str],
    to_place: str,
    reason: str,
    now: datetime,
) -> ConsignmentView:
    """Take dossiers out of a bag that hasn't left; a sealed one is opened by it and has to be checked and sealed again.

    Raises `NothingScanned`, `NotInThisBag`, `ConsignmentNotReady`, and what the act of unpacking refuses.
    """
    volumes = volumes_scanned(database, viewer, codes, now)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = for_step(connection, viewer, consignment, Step.UNPACK, again=command_id)
        content = ("unpack", viewer.account_id, row.consignment_id, list(codes), to_place, reason)
        if ledger.once(connection, command_id, content):
            if not volumes:
                raise NothingScanned
            _unpacked(connection, viewer, command_id, row, volumes, to_place, reason, now)
        return view_of(connection, viewer, row.consignment_id, now)


def cancel(
    database: Database,
    viewer: Viewer,
    command_id: UUID,
    consignment: str,
    to_place: str | None,
    reason: str,
    now: datetime,
) -> ConsignmentView:
    """Give up a journey that hasn't begun: everything comes out of the bag to `to_place`, and the bag is free."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = for_step(connection, viewer, consignment, Step.CANCEL, again=command_id)
        content = ("cancel consignment", viewer.account_id, row.consignment_id, to_place, reason)
        if ledger.once(connection, command_id, content):
            held = [one.volume for one in consignment_sets.volumes(connection, row.consignment_id)]
            if held:
                _unpacked(connection, viewer, command_id, row, held, to_place, reason, now)
            consignments.change(connection, row.consignment_id, {"state": "cancelled"})
            consignments.add_event(connection, row.consignment_id, "cancelled", viewer.account_id, now, note=reason)
        return view_of(connection, viewer, row.consignment_id, now)


def _unpacked(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    command_id: UUID,
    row: Consignment,
    volumes: Sequence[VolumeName],
    to_place: str | None,
    reason: str,
    now: datetime,
) -> None:
    held = {one.volume for one in consignment_sets.volumes(connection, row.consignment_id)}
    number = work_number("C", row.consignment_id)
    for volume in volumes:
        if volume not in held:
            raise NotInThisBag(volume=str(volume), consignment=number)
    act = Asked(
        part_of(command_id, "unpacked"),
        ActKind.UNPACKED,
        [Seen(volume) for volume in volumes],
        to_place,
        now,
        authority=number,
        reason=reason,
        details={"consignment": number},
    )
    custody.write(connection, viewer, act, through=THROUGH)
    consignments.set_volumes(connection, row.consignment_id, volumes, "unpacked")
    touched(connection, row, row.agency_id)
    if row.state == "sealed":
        opened = {"state": "open", "sealed_by": None, "sealed_with": None, "sealed_at": None, "bag_seal_out": None}
        consignments.change(connection, row.consignment_id, opened)
        consignments.add_event(
            connection, row.consignment_id, "unsealed", viewer.account_id, now, note=row.bag_seal_out
        )
    note = f"{len(volumes)}；{reason}"
    consignments.add_event(connection, row.consignment_id, "unpacked", viewer.account_id, now, note=note)
