"""Receiving a consignment: the seal as found, the set as read, the pieces as counted; what differs is settled by two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.consignments import (
    BagFound,
    Difference,
    Direction,
    DiscrepancyKind,
    SetPicture,
    Step,
    check_end,
    compare,
    differences,
)
from inventory.domain.custody import check_person
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.picking import work_number
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import (
    BadInput,
    ConsignmentNotFound,
    DiscrepancyNotFound,
    DiscrepancySettled,
    MissingNeedsOutcome,
    NothingScanned,
    NotInThisBag,
    NotOfTheTarget,
    ReasonMissing,
)
from inventory.operations import custody, searching
from inventory.operations.consigning import THROUGH
from inventory.operations.consignment_views import ConsignmentView, for_step, view_of, volumes_scanned
from inventory.operations.custody import Asked, Seen, part_of
from inventory.store import consignment_sets, consignments, ledger, requests
from inventory.store.consignment_sets import Discrepancy, SetRow
from inventory.store.consignments import Consignment
from inventory.store.database import Database, raw


@dataclass(frozen=True, slots=True)
class Arriving:
    """A bag that came: its seal as found, everything read in it, and where its dossiers go.

    place: a window's counter or a desk, None where it goes to the target itself. broken: codes of dossiers whose own strip
    was found broken. pieces: what was counted, by code.
    """

    command_id: UUID
    consignment: str
    bag_seal: str
    bag_seal_whole: bool
    codes: Sequence[str]
    place: str | None = None
    broken: Sequence[str] = ()
    pieces: Mapping[str, int] = field(default_factory=dict)


class Outcome(StrEnum):
    """How a difference is settled: in words, or for a missing dossier by its coming after all or by a search."""

    EXPLAINED = "explained"
    ARRIVED = "arrived"
    SEARCHED = "searched"


@dataclass(frozen=True, slots=True)
class Settling:
    """A row of a discrepancy sheet about to be closed, by two; place: where a dossier that came after all is put."""

    command_id: UUID
    discrepancy_id: int
    outcome: Outcome
    reason: str
    witness: Viewer | None
    place: str | None = None
    seal_whole: bool = True


def arrive(database: Database, viewer: Viewer, asked: Arriving, now: datetime) -> ConsignmentView:
    """Receive a bag: what is there arrives, what isn't stays against its carriers' names on the discrepancy sheet.

    Raises `NothingScanned`, `NotInThisBag` for a strip or a count of a dossier that isn't there, `NotOfTheTarget`,
    `ConsignmentNotReady`, and what the act of arriving refuses.
    """
    found = volumes_scanned(database, viewer, asked.codes, now, keep_unknown=True)
    broken = volumes_scanned(database, viewer, asked.broken, now)
    counted = volumes_scanned(database, viewer, list(asked.pieces), now)
    if not found:
        raise NothingScanned
    if len(counted) != len(asked.pieces):
        raise BadInput(problem_zh="同一册清点了两次", problem_en="one volume was counted twice")
    pieces = dict(zip(counted, asked.pieces.values(), strict=True))
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = for_step(connection, viewer, asked.consignment, Step.ARRIVE, again=asked.command_id)
        content = (
            "arrive",
            viewer.account_id,
            row.consignment_id,
            asked.bag_seal,
            asked.bag_seal_whole,
            list(asked.codes),
            asked.place,
            list(asked.broken),
            list(asked.pieces.items()),
        )
        if ledger.once(connection, asked.command_id, content):
            held = consignment_sets.volumes(connection, row.consignment_id)
            volumes = [one for one in found if not isinstance(one, str)]
            unknown = [one for one in found if isinstance(one, str)]
            picture = compare([one.volume for one in held], volumes, unknown)
            for volume in (*broken, *pieces):
                if volume not in picture.read:
                    raise NotInThisBag(volume=str(volume), consignment=asked.consignment)
            _arrived(connection, viewer, asked, row, held, picture, frozenset(broken), pieces, now)
        return view_of(connection, viewer, row.consignment_id, now)


def _arrived(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    asked: Arriving,
    row: Consignment,
    held: Sequence[SetRow],
    picture: SetPicture,
    broken: frozenset[VolumeName],
    pieces: Mapping[VolumeName, int],
    now: datetime,
) -> None:
    bag = BagFound(asked.bag_seal.strip(), asked.bag_seal_whole)
    sheet = list(differences([one.sent() for one in held], picture, row.bag_seal_out or "", bag, broken, pieces))
    place = _landing(connection, row, asked.place)
    if picture.read:
        _write_arrival(connection, viewer, asked.command_id, row, place, picture.read, broken, pieces, now)
    consignments.note_arrival(connection, row.consignment_id, picture.read, pieces)
    consignments.add_discrepancies(connection, row.consignment_id, sheet, viewer.account_id, now)
    state = "received" if sheet else "settled"
    consignments.note_bag(connection, row.consignment_id, bag, viewer.account_id, now, state)
    _requests_home(connection, viewer, row, now)
    note = f"{len(picture.read)}/{picture.expected}；{bag.seal}{'' if bag.whole else '（破损）'}"
    consignments.add_event(connection, row.consignment_id, "received", viewer.account_id, now, note=note)


def _write_arrival(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    command_id: UUID,
    row: Consignment,
    place: str,
    volumes: Sequence[VolumeName],
    broken: frozenset[VolumeName],
    pieces: Mapping[VolumeName, int],
    now: datetime,
) -> None:
    """The acts of arriving, and of finding a strip broken where one was."""
    number = work_number("C", row.consignment_id)
    seen = []
    for volume in volumes:
        told: dict[str, object] = {"seal_found": "broken" if volume in broken else "intact"}
        if volume in pieces:
            told["pieces"] = pieces[volume]
        seen.append(Seen(volume, details=told))
    arrival = Asked(
        part_of(command_id, "arrived"),
        ActKind.ARRIVED,
        seen,
        place,
        now,
        authority=number,
        details={"consignment": number},
    )
    custody.write(connection, viewer, arrival, through=THROUGH)
    if broken:
        found_broken = Asked(
            part_of(command_id, "broken"),
            ActKind.SEAL_BROKEN,
            [Seen(volume) for volume in sorted(broken)],
            None,
            now,
            authority=number,
            reason=f"{number} 签收时发现封条破损",
        )
        custody.write(connection, viewer, found_broken)


def settle(database: Database, viewer: Viewer, settling: Settling, now: datetime) -> ConsignmentView:
    """Close one row of a discrepancy sheet with a reason, by two; after the last one the consignment is settled.

    Raises `DiscrepancyNotFound`, `DiscrepancySettled`, `MissingNeedsOutcome`, `ReasonMissing`, and what the acts refuse.
    """
    witness = settling.witness
    beside = None if witness is None else (witness.account_id, witness.role)
    check_person(ActKind.SEALED, viewer.account_id, viewer.role, beside)
    assert witness is not None, "settling takes two"
    reason = settling.reason.strip()
    if not reason:
        raise ReasonMissing(act="处理差异", act_en="settling a discrepancy")
    with database.transaction(viewer) as session:
        connection = raw(session)
        sheet_row = consignment_sets.discrepancy_by_id(connection, settling.discrepancy_id)
        if sheet_row is None:
            raise DiscrepancyNotFound
        row = _seen_at_target(connection, viewer, sheet_row.consignment_id)
        content = ("settle", viewer.account_id, witness.account_id, settling.discrepancy_id, settling.outcome, reason)
        if ledger.once(connection, settling.command_id, content):
            if sheet_row.settled_at is not None:
                raise DiscrepancySettled
            _resolve(connection, viewer, settling, row, sheet_row, now)
            consignment_sets.settle(
                connection, settling.discrepancy_id, viewer.account_id, witness.account_id, reason, now
            )
            consignments.add_event(
                connection,
                row.consignment_id,
                "settled",
                viewer.account_id,
                now,
                witness_id=witness.account_id,
                note="；".join([DiscrepancyKind(sheet_row.kind).zh, str(sheet_row.volume or ""), reason]),
            )
            now_open = consignments.consignment_by_id(connection, row.consignment_id)
            if now_open is not None and now_open.open_discrepancies == 0:
                consignments.change(connection, row.consignment_id, {"state": "settled"})
        return view_of(connection, viewer, row.consignment_id, now)


def _resolve(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    settling: Settling,
    row: Consignment,
    sheet_row: Discrepancy,
    now: datetime,
) -> None:
    """What settling does beside closing the row: only a missing dossier is more than words."""
    volume = sheet_row.volume
    if sheet_row.kind != DiscrepancyKind.MISSING or volume is None:
        return
    if settling.outcome is Outcome.EXPLAINED:
        raise MissingNeedsOutcome(volume=str(volume))
    if settling.outcome is Outcome.ARRIVED:
        place = _landing(connection, row, settling.place)
        broken = frozenset() if settling.seal_whole else frozenset({volume})
        _write_arrival(connection, viewer, settling.command_id, row, place, [volume], broken, {}, now)
        if broken:
            late = [Difference(DiscrepancyKind.SEAL_BROKEN, volume, None, None)]
            consignments.add_discrepancies(connection, row.consignment_id, late, viewer.account_id, now)
        consignments.set_volumes(connection, row.consignment_id, [volume], "arrived")
        _requests_home(connection, viewer, row, now)
        return
    held = consignment_sets.volumes(connection, row.consignment_id)
    request_id = next((one.request_id for one in held if one.volume == volume), None)
    searching.begin(
        connection,
        viewer,
        volume,
        command_id=part_of(settling.command_id, "search"),
        now=now,
        reason=f"{work_number('C', row.consignment_id)}：{settling.reason}",
        request_id=request_id,
    )
    consignments.set_volumes(connection, row.consignment_id, [volume], "searched")
    if request_id is not None:
        requests.advance(connection, [request_id], ["underway"], "searching", viewer.account_id, now, note=str(volume))


def _requests_home(connection: psycopg.Connection[Any], viewer: Viewer, row: Consignment, now: datetime) -> None:
    """Requests whose dossiers are all there go on: at the window, or home again, where those that are done are closed."""
    done, waiting = consignments.requests_arrived(connection, row.consignment_id)
    note = work_number("C", row.consignment_id)
    if Direction(row.direction) is Direction.OUT:
        requests.advance(connection, done + waiting, ["underway"], "at_window", viewer.account_id, now, note=note)
        return
    requests.advance(connection, done, ["underway"], "closed", viewer.account_id, now, note=note)
    requests.advance(connection, waiting, ["underway"], "ready", viewer.account_id, now, note=note)


def _landing(connection: psycopg.Connection[Any], row: Consignment, place: str | None) -> str:
    landing = place or row.target
    if not consignment_sets.lies_in(connection, landing, row.target):
        raise NotOfTheTarget(place=landing, target=row.target)
    return landing


def _seen_at_target(connection: psycopg.Connection[Any], viewer: Viewer, consignment_id: int) -> Consignment:
    row = consignments.consignment_by_id(connection, consignment_id, lock=True)
    if row is None or viewer.agency_seen() not in {None, row.agency_id}:
        raise ConsignmentNotFound(consignment=work_number("C", consignment_id))
    check_end(viewer.role, row.target, PlaceKind(row.target_kind))
    return row
