"""Looking at consignments, and the first steps all work on them shares: who may see it, is it time, what was scanned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, overload
from uuid import UUID

import psycopg

from inventory.domain.consignments import ConsignmentState, SetPicture, Step, check_end, check_step, compare
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.picking import parse_work_number, work_number
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, CodeAmbiguous, CodeUnknown, ConsignmentNotFound
from inventory.operations.scanning import ScannedKind, scanned
from inventory.store import consignment_sets, consignments, ledger, people
from inventory.store.consignment_sets import Discrepancy, Event, SetRow
from inventory.store.consignments import Consignment
from inventory.store.database import Database, raw

CONSIGNMENTS_SHOWN_MAX = 100
EVENTS_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class ConsignmentView:
    """A consignment with everything on it, as its viewer may see it."""

    number: str
    consignment: Consignment
    volumes: tuple[SetRow, ...]
    discrepancies: tuple[Discrepancy, ...]
    events: tuple[Event, ...]

    @property
    def state(self) -> ConsignmentState:
        """Where it is on its way."""
        return ConsignmentState(self.consignment.state)

    @property
    def picture(self) -> SetPicture:
        """The set as it was last read, before sealing or on arrival; strangers on arrival stand among the discrepancies."""
        arrived = self.consignment.received_at is not None
        read = [one.volume for one in self.volumes if (one.read_in if arrived else one.read_out)]
        strangers = [one.found or "?" for one in self.discrepancies if one.kind == "unexpected"]
        return compare([one.volume for one in self.volumes], read, strangers if arrived else [])

    @property
    def is_checked(self) -> bool:
        """Whether its set was read since it was last touched."""
        return self.consignment.checked_at is not None


def consignment_list(database: Database, viewer: Viewer, state: ConsignmentState | None = None) -> list[Consignment]:
    """The newest consignments, those on their way first; a window's people see their own agency's."""
    with database.transaction(viewer) as session:
        told = None if state is None else state.value
        return consignments.consignments(raw(session), viewer.agency_seen(), told, CONSIGNMENTS_SHOWN_MAX)


@dataclass(frozen=True, slots=True)
class Ends:
    """Between what a consignment may go: code and name of each warehouse and window, and the places that read whole bags."""

    warehouses: tuple[tuple[str, str], ...]
    windows: tuple[tuple[str, str], ...]
    listening: tuple[tuple[str, str], ...]


def ends(database: Database, viewer: Viewer) -> Ends:
    """What a form of a consignment offers; raises `NotAllowed` for whoever sees no dossiers."""
    viewer.agency_seen()
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = consignment_sets.ends(connection)
        return Ends(
            tuple((code, name) for code, name, kind in found if kind == "warehouse"),
            tuple((code, name) for code, name, kind in found if kind == "window"),
            tuple(consignment_sets.listening(connection)),
        )


def view(database: Database, viewer: Viewer, number: str, now: datetime) -> ConsignmentView:
    """One consignment by its number, or by the code of the bag it travels in just now; raises `ConsignmentNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        try:
            row_id: int | None = parse_work_number("C", number)
        except BadInput:
            row_id = consignments.consignment_in_bag(connection, number)
        if row_id is None:
            raise ConsignmentNotFound(consignment=number)
        return view_of(connection, viewer, row_id, now)


def view_of(connection: psycopg.Connection[Any], viewer: Viewer, row_id: int, now: datetime) -> ConsignmentView:
    """One consignment in the caller's transaction; each dossier on it is a look."""
    row = consignments.consignment_by_id(connection, row_id)
    number = work_number("C", row_id)
    if row is None or viewer.agency_seen() not in {None, row.agency_id}:
        raise ConsignmentNotFound(consignment=number)
    volumes = consignment_sets.volumes(connection, row_id)
    people.log_looks(connection, viewer.account_id, "consignment", now, sorted({one.dossier_id for one in volumes}))
    return ConsignmentView(
        number,
        row,
        tuple(volumes),
        tuple(consignment_sets.discrepancies(connection, [row_id])),
        tuple(consignment_sets.events(connection, row_id, EVENTS_SHOWN_MAX)),
    )


def for_step(
    connection: psycopg.Connection[Any], viewer: Viewer, number: str, step: Step, again: UUID | None = None
) -> Consignment:
    """The consignment, locked, if the viewer may take this step now.

    again: a command sent again finds the consignment where its first sending put it, so then the time isn't asked.
    Raises `ConsignmentNotFound`, `NotYourEnd`, `ConsignmentNotReady`.
    """
    row = consignments.consignment_by_id(connection, parse_work_number("C", number), lock=True)
    if row is None or viewer.agency_seen() not in {None, row.agency_id}:
        raise ConsignmentNotFound(consignment=number)
    at_target = step is Step.ARRIVE
    place, kind = (row.target, row.target_kind) if at_target else (row.origin, row.origin_kind)
    check_end(viewer.role, place, PlaceKind(kind))
    if again is None or not ledger.is_known(connection, again):
        check_step(step, number, ConsignmentState(row.state))
    return row


@overload
def volumes_scanned(
    database: Database, viewer: Viewer, codes: Sequence[str], now: datetime, *, keep_unknown: Literal[True]
) -> list[VolumeName | str]: ...


@overload
def volumes_scanned(
    database: Database, viewer: Viewer, codes: Sequence[str], now: datetime, *, keep_unknown: Literal[False] = False
) -> list[VolumeName]: ...


def volumes_scanned(
    database: Database, viewer: Viewer, codes: Sequence[str], now: datetime, *, keep_unknown: bool = False
) -> list[VolumeName] | list[VolumeName | str]:
    """The volumes these codes stand for, each once, in the order they came.

    A code that stands for none comes out as it was read where `keep_unknown`, else raises `CodeUnknown` or `CodeAmbiguous`.
    """
    found: dict[VolumeName | str, None] = {}
    for one in scanned(database, viewer, codes, now):
        if one.volume is None and not keep_unknown:
            raise CodeAmbiguous(code=one.code) if one.kind is ScannedKind.AMBIGUOUS else CodeUnknown(code=one.code)
        found[one.code if one.volume is None else one.volume] = None
    return list(found)
