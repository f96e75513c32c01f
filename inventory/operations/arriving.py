"""Arrivals at the warehouse: boxes come, are counted by scanning, differ from their list, and both sides sign.

Every step can stop and go on days later: its state stands in the rows of the arrival.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.arrivals import (
    ArrivalState,
    BoxFindings,
    Channel,
    Line,
    LineState,
    ListRow,
    check_state,
    compare_box,
    sheet_hash,
)
from inventory.domain.batches import Batch
from inventory.domain.cells import parse_label, parse_text
from inventory.domain.custody import check_target
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, BatchNotFound, BatchStateForbids, PlaceNotFound, SheetChanged
from inventory.operations import custody, scanning
from inventory.operations.announcing import register_one
from inventory.operations.custody import Asked, Seen, part_of
from inventory.operations.scanning import ScannedKind
from inventory.operations.taking_in import take_in
from inventory.store import arrival_sheets, arrivals, ledger
from inventory.store.arrival_sheets import Sheet
from inventory.store.arrivals import ArrivalRow, LineNow
from inventory.store.database import Database, raw

LINES_SHOWN_MAX = 500
_OPEN = frozenset({ArrivalState.RECEIVED, ArrivalState.SETTLED})
_COUNTING = ("清点", "counted")


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an arrival's boxes came: channel, tracking number, seal as found, how many boxes, and where they stand."""

    command_id: UUID
    number: str
    channel: Channel
    seal_intact: bool
    boxes: int
    place: str
    tracking: str | None = None


@dataclass(frozen=True, slots=True)
class BoxCount:
    """One batch of scans of a box.

    broken: codes of envelopes whose seal is. nameless: a description of each envelope that names nobody; nameless_listed:
    such lines of the list that are there. done: the box is at its end.
    """

    command_id: UUID
    number: str
    box: str
    codes: Sequence[str] = ()
    broken: Sequence[str] = ()
    nameless: Sequence[str] = ()
    nameless_listed: Sequence[int] = ()
    done: bool = False


@dataclass(frozen=True, slots=True)
class BoxState:
    """A box after a batch of scans: what of it was met, what is missing from it, what doesn't belong, all at once."""

    box: str
    counted: int
    missing: tuple[LineNow, ...]
    extra: tuple[LineNow, ...]
    other_box: tuple[LineNow, ...]
    closed: bool


def take_delivery(database: Database, viewer: Viewer, delivery: Delivery, now: datetime) -> None:
    """An arrival's boxes are here. What the person himself carried stands in quarantine and nowhere else.

    Raises `BatchNotFound`, `BatchStateForbids` where they came before, `PlaceNotFound`, `WrongKindOfPlace`, `BadInput`.
    """
    check_permitted(viewer, Permission.RECEIVE_ARRIVALS)
    tracking = None if not (delivery.tracking or "").strip() else parse_text((delivery.tracking or "").strip())
    if delivery.boxes < 1:
        raise BadInput(problem_zh="请填写箱数", problem_en="say how many boxes came")
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, delivery.command_id, ("take delivery", delivery)):
            return
        arrival = _arrival(connection, viewer, delivery.number, lock=True)
        check_state(
            delivery.number,
            ArrivalState(arrival.state),
            frozenset({ArrivalState.ANNOUNCED}),
            ("再次签收", "received again"),
        )
        place = ledger.place_by_code(connection, delivery.place)
        if place is None:
            raise PlaceNotFound(place=delivery.place)
        kind = ActKind.SELF_CARRIED if delivery.channel is Channel.SELF else ActKind.RECEIVED
        check_target(kind, delivery.place, PlaceKind(place.kind))
        arrivals.receive(
            connection,
            arrival.arrival_id,
            delivery.channel.value,
            tracking,
            "intact" if delivery.seal_intact else "broken",
            delivery.boxes,
            place.place_id,
            viewer.account_id,
            now,
        )


def count_box(database: Database, viewer: Viewer, count: BoxCount, now: datetime) -> BoxState:
    """Take what was scanned in a box to the list; each envelope met is received by an act of its own.

    What is missing, too many or in another box comes back as a set. Raises `BatchNotFound`, `BatchStateForbids`, `TooManyCodes`.
    """
    check_permitted(viewer, Permission.RECEIVE_ARRIVALS)
    box = parse_label(count.box)
    nameless = [parse_text(note.strip()) for note in count.nameless]
    known = scanning.scanned(database, viewer, list(count.codes), now)
    # The label of a shelf or a box that the scanner caught isn't a dossier too many.
    codes = [(one.code, one.volume) for one in known if one.kind is not ScannedKind.PLACE]
    broken = {one.volume for code, one in zip(count.codes, known, strict=True) if code in count.broken}
    with database.transaction(viewer) as session:
        connection = raw(session)
        arrival = _arrival(connection, viewer, count.number, lock=True)
        check_state(count.number, ArrivalState(arrival.state), _OPEN, _COUNTING)
        if ledger.once(connection, count.command_id, ("count box", count)):
            findings = compare_box(box, codes, arrivals.lines_for_counting(connection, arrival.arrival_id, codes))
            opened = [line for line in findings.counted if line.volume in broken]
            _receive(connection, viewer, arrival, count.command_id, findings, opened, now)
            arrivals.write_findings(
                connection,
                arrival.arrival_id,
                box,
                findings,
                [line.line_id for line in opened],
                nameless,
                viewer.account_id,
                now,
            )
            arrivals.meet_nameless(connection, arrival.arrival_id, box, count.nameless_listed, viewer.account_id, now)
            if count.done:
                arrivals.close_box(connection, arrival.arrival_id, box, viewer.account_id, now)
            if findings.counted or findings.extra or nameless or count.nameless_listed or count.done:
                arrivals.set_state(connection, arrival.arrival_id, ArrivalState.RECEIVED)
        return _box_state(connection, viewer, arrival.arrival_id, box)


def box_state(database: Database, viewer: Viewer, number: str, box: str) -> BoxState:
    """A box as it stands; raises `BatchNotFound`."""
    check_permitted(viewer, Permission.RECEIVE_ARRIVALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        return _box_state(connection, viewer, _arrival(connection, viewer, number).arrival_id, parse_label(box))


def _receive(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    arrival: ArrivalRow,
    command_id: UUID,
    findings: BoxFindings,
    opened: Sequence[Line],
    now: datetime,
) -> None:
    """The acts of one batch: received (again, or self-carried) at the place of the boxes, and seals found broken."""
    met = [line.volume for line in findings.counted if line.volume is not None]
    take_in(connection, viewer, arrival, command_id, met, now)
    if opened:
        custody.write(
            connection,
            viewer,
            Asked(
                part_of(command_id, "broken"),
                ActKind.SEAL_BROKEN,
                [Seen(line.volume) for line in opened if line.volume is not None],
                None,
                now,
                reason=f"到件时封条破损 found broken on arrival {Batch.ARRIVAL.number(arrival.arrival_id)}",
            ),
        )


def _box_state(connection: psycopg.Connection[Any], viewer: Viewer, arrival_id: int, box: str) -> BoxState:
    lines = arrivals.lines(connection, arrival_id, box, None, viewer.agency_seen(), LINES_SHOWN_MAX)
    here = [box_now for box_now in arrivals.boxes(connection, arrival_id) if box_now.box == box]
    beyond = {LineState.EXTRA, LineState.UNIDENTIFIED}
    return BoxState(
        box,
        sum(line.state == LineState.COUNTED and line.found_box == box for line in lines),
        tuple(line for line in lines if line.box == box and line.state in {LineState.LISTED, LineState.MISSING}),
        tuple(line for line in lines if line.found_box == box and line.state in beyond),
        tuple(line for line in lines if line.found_box is not None and line.found_box != line.box),
        bool(here and here[0].closed),
    )


# ── What nobody listed or knew ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Finding:
    """What an extra or a nameless envelope turned out to be: a volume of the register, or a person to be registered."""

    command_id: UUID
    number: str
    line_id: int
    row: ListRow
    confirmed: str | None = None


def identify(database: Database, viewer: Viewer, finding: Finding, now: datetime) -> None:
    """Somebody found out what it is: it is registered where it wasn't, and received where the boxes stand.

    Raises `BatchNotFound`, `BatchStateForbids` for a line that is known already, and what `announce` raises.
    """
    check_permitted(viewer, Permission.RECEIVE_ARRIVALS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        told = (finding.number, finding.line_id, finding.row.number, finding.row.name, finding.row.volume)
        if not ledger.once(connection, finding.command_id, ("identify", told)):
            return
        arrival = _arrival(connection, viewer, finding.number, lock=True)
        check_state(finding.number, ArrivalState(arrival.state), _OPEN, ("查明", "identified"))
        line = arrivals.line_by_id(connection, arrival.arrival_id, finding.line_id)
        if line is None:
            raise BatchNotFound(number=f"{finding.number}/{finding.line_id}")
        if line.state not in {LineState.EXTRA, LineState.UNIDENTIFIED}:
            raise BatchStateForbids(
                number=f"{finding.number}/{finding.line_id}",
                state_zh="已查明",
                state_en="is known already",
                step_zh="再次查明",
                step_en="identified again",
            )
        volume_id, volume = register_one(
            connection,
            database,
            viewer,
            arrival.agency_code,
            finding.row,
            historic=arrival.is_historic,
            confirmed=finding.confirmed,
        )
        take_in(connection, viewer, arrival, finding.command_id, [volume], now)
        arrivals.resolve_line(connection, line, volume_id, viewer.account_id, now)
        arrivals.set_state(connection, arrival.arrival_id, ArrivalState.RECEIVED)


# ── The discrepancy sheet ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SheetView:
    """The discrepancy sheet as it is now, its hash in hexadecimal, and who has signed it (side, name, paper, when)."""

    number: str
    arrival: ArrivalRow
    sheet: Sheet
    hash: str
    signatures: tuple[tuple[str, str, str | None, datetime], ...]


@dataclass(frozen=True, slots=True)
class Signing:
    """One side signs the sheet it saw. paper: number of the signed paper, where the sender's person has no account."""

    command_id: UUID
    number: str
    sheet_hash: str
    signed_by: str | None = None
    paper: str | None = None


def discrepancies(database: Database, viewer: Viewer, number: str) -> SheetView:
    """The discrepancy sheet of an arrival; raises `BatchNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        return _sheet(connection, _arrival(connection, viewer, number))


def sign(database: Database, viewer: Viewer, signing: Signing, now: datetime) -> SheetView:
    """Sign a discrepancy sheet: a keeper for the warehouse, the agency's clerk for the sender.

    A keeper also enters the sender's signature from a signed paper (`signed_by`, `paper`). Raises `BatchStateForbids` while
    boxes are still to be counted, `SheetChanged` where the sheet isn't the one that was shown.
    """
    check_permitted(viewer, Permission.RECEIVE_ARRIVALS)
    for_sender = viewer.role is Role.WINDOW_CLERK or bool(signing.paper)
    name = parse_text((signing.signed_by or viewer.name).strip()) if signing.paper else viewer.name
    with database.transaction(viewer) as session:
        connection = raw(session)
        arrival = _arrival(connection, viewer, signing.number, lock=True)
        if ledger.once(connection, signing.command_id, ("sign", signing)):
            check_state(signing.number, ArrivalState(arrival.state), _OPEN, ("签字", "signed"))
            view = _sheet(connection, arrival)
            if view.sheet.waiting:
                raise BatchStateForbids(
                    number=signing.number,
                    state_zh=f"还有 {view.sheet.waiting} 册待清点",
                    state_en=f"has {view.sheet.waiting} lines still to be counted",
                    step_zh="签字",
                    step_en="signed",
                )
            if view.hash != signing.sheet_hash:
                raise SheetChanged(number=signing.number)
            side = "sender" if for_sender else "receiver"
            paper = None if not signing.paper else parse_text(signing.paper.strip())
            hash_ = bytes.fromhex(view.hash)
            signed = arrival_sheets.sign(
                connection, arrival.arrival_id, side, hash_, name, paper, viewer.account_id, now
            )
            if signed == {"sender", "receiver"}:
                arrivals.set_state(connection, arrival.arrival_id, ArrivalState.SETTLED)
        return _sheet(connection, _arrival(connection, viewer, signing.number))


def _sheet(connection: psycopg.Connection[Any], arrival: ArrivalRow) -> SheetView:
    number = Batch.ARRIVAL.number(arrival.arrival_id)
    sheet = arrival_sheets.sheet(connection, arrival.arrival_id)
    hash_ = sheet_hash(number, sheet.listed, sheet.counted, sheet.differences)
    return SheetView(
        number, arrival, sheet, hash_.hex(), tuple(arrival_sheets.signatures(connection, arrival.arrival_id, hash_))
    )


def _arrival(connection: psycopg.Connection[Any], viewer: Viewer, number: str, *, lock: bool = False) -> ArrivalRow:
    found = arrivals.by_id(connection, Batch.ARRIVAL.parse(number), viewer.agency_seen(), lock=lock)
    if found is None:
        raise BatchNotFound(number=number)
    return found
