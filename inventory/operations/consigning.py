"""Consigning: bags between warehouse and window. Packed by scanning, read as a set, sealed by two, dispatched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.consignments import (
    VOLUMES_PER_BAG_MAX,
    Direction,
    Journey,
    Packing,
    SetPicture,
    Step,
    bag_code,
    check_channel,
    check_end,
    check_left_behind,
    check_packing,
    check_sealing,
    compare,
    direction,
)
from inventory.domain.custody import check_person
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.picking import work_number
from inventory.domain.places import PlaceKind
from inventory.domain.read_sets import ReadSet
from inventory.domain.refusals import (
    BadInput,
    BagNotFound,
    EpcTaken,
    NothingScanned,
    PlaceNotFound,
    TooManyCodes,
)
from inventory.domain.requests import request_number
from inventory.domain.travelling import Career
from inventory.operations import custody, pads
from inventory.operations.consignment_views import ConsignmentView, for_step, view_of, volumes_scanned
from inventory.operations.custody import Asked, Seen, part_of
from inventory.operations.pads import LOOK_BACK
from inventory.store import consignment_sets, consignments, ledger, requests
from inventory.store.consignments import Consignment, NewConsignment, Packable
from inventory.store.database import Database, raw
from inventory.store.ledger import Target

HEARD_MINUTES_MAX = 30  # what a tunnel read before that was another bag
THROUGH = "consignment"
_TEXT_CHARACTERS_MAX = 60


@dataclass(frozen=True, slots=True)
class Opening:
    """A journey somebody begins: the bag, and the warehouse or window it goes from and to, by their codes."""

    command_id: UUID
    bag: str
    origin: str
    target: str


@dataclass(frozen=True, slots=True)
class Sealing:
    """A bag about to be sealed, by two; reason: why it is sealed though some of its set wasn't read."""

    command_id: UUID
    consignment: str
    bag_seal: str
    witness: Viewer | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Dispatching:
    """A bag about to be handed out: how it travels, and the names of the two who carry it or hand it to the courier."""

    command_id: UUID
    consignment: str
    channel: str
    carriers: Sequence[str]
    witness: Viewer | None
    tracking: str | None = None


def register_bag(database: Database, viewer: Viewer, code: str, now: datetime) -> str:
    """Register a transfer bag by its printed number or its GRAI tag; returns its code. One registered before stays as it is.

    Raises `BadInput`, `NameTaken` where another place has that code, `EpcTaken` where something else has that tag.
    """
    check_permitted(viewer, Permission.REGISTER_BAGS)
    number, epc = bag_code(code)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if consignments.bag_id(connection, number) is None:
            consignments.add_bag(connection, number, epc, viewer.account_id, now)
            if epc is not None and not consignments.epc_is_of(connection, epc, number):
                raise EpcTaken
    return number


def open_consignment(database: Database, viewer: Viewer, opening: Opening, now: datetime) -> ConsignmentView:
    """Begin a bag's journey.

    Raises `PlaceNotFound`, `BagNotFound`, `BadInput` for ends that can't be, `NotYourEnd`, `BagInUse`.
    """
    bag, _ = bag_code(opening.bag)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("open consignment", viewer.account_id, bag, opening.origin, opening.target)
        if not ledger.once(connection, opening.command_id, content):
            known = consignments.consignment_of_command(connection, opening.command_id)
            assert known is not None, "a consignment and its command are written together"
            return view_of(connection, viewer, known, now)
        origin, target = _place(connection, opening.origin), _place(connection, opening.target)
        way = direction(opening.origin, PlaceKind(origin.kind), opening.target, PlaceKind(target.kind))
        check_end(viewer.role, opening.origin, PlaceKind(origin.kind))
        bag_id = consignments.bag_id(connection, bag)
        if bag_id is None:
            raise BagNotFound(bag=bag)
        row_id = consignments.add_consignment(
            connection,
            NewConsignment(
                bag_id,
                origin.place_id,
                target.place_id,
                way.value,
                viewer.agency_seen(),
                viewer.account_id,
                now,
                opening.command_id,
            ),
        )
        consignments.add_event(connection, row_id, "opened", viewer.account_id, now)
        return view_of(connection, viewer, row_id, now)


def pack(
    database: Database, viewer: Viewer, command_id: UUID, consignment: str, codes: Sequence[str], now: datetime
) -> ConsignmentView:
    """Put dossiers into the bag, all or none, by scanning them.

    Out of the warehouse goes only what a picked request wants at that window. Raises `NothingScanned`, `CodeUnknown`,
    `NotAtThisEnd`, `NotAskedFor`, `OtherAgencysDossier`, `ConsignmentNotReady`, and what the act of packing refuses.
    """
    volumes = volumes_scanned(database, viewer, codes, now)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = for_step(connection, viewer, consignment, Step.PACK, again=command_id)
        if ledger.once(connection, command_id, ("pack", viewer.account_id, row.consignment_id, list(codes))):
            _packed(connection, viewer, command_id, row, volumes, now)
        return view_of(connection, viewer, row.consignment_id, now)


def _packed(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    command_id: UUID,
    row: Consignment,
    volumes: Sequence[VolumeName],
    now: datetime,
) -> None:
    if not volumes:
        raise NothingScanned
    if row.volumes + len(volumes) > VOLUMES_PER_BAG_MAX:
        raise TooManyCodes(most=VOLUMES_PER_BAG_MAX)
    way = Direction(row.direction)
    found = consignments.packable(connection, volumes, row.origin, "ready" if way is Direction.OUT else "at_window")
    of_one_agency = PlaceKind.WINDOW in {PlaceKind(row.origin_kind), PlaceKind(row.target_kind)}
    journey = Journey(row.origin, row.target, way, of_one_agency)
    agency_id = check_packing(journey, row.agency_id, [_packing(one) for one in found])
    number = work_number("C", row.consignment_id)
    packed = {VolumeName(one.number, one.ordinal): one.request_id for one in found}
    served = dict.fromkeys(request_number(one.request_id) for one in found if one.request_id is not None)
    authority = "、".join(served) if None not in packed.values() else "、".join([number, *served])
    seen = [
        Seen(volume, details={} if request is None else {"request": request_number(request)})
        for volume, request in packed.items()
    ]
    act = Asked(
        part_of(command_id, "packed"),
        ActKind.PACKED,
        seen,
        row.bag,
        now,
        authority=authority,
        details={"consignment": number},
    )
    custody.write(connection, viewer, act, through=THROUGH)
    consignments.add_volumes(connection, row.consignment_id, packed, now)
    touched(connection, row, agency_id)
    consignments.add_event(connection, row.consignment_id, "packed", viewer.account_id, now, note=str(len(packed)))


def check_set(database: Database, viewer: Viewer, consignment: str, codes: Sequence[str], now: datetime) -> SetPicture:
    """Compare the bag's whole set with everything scanned from it; what was read is kept until the bag is touched again."""
    found = volumes_scanned(database, viewer, codes, now, keep_unknown=True)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = for_step(connection, viewer, consignment, Step.CHECK)
        expected = [one.volume for one in consignment_sets.volumes(connection, row.consignment_id)]
        unknown = [one for one in found if isinstance(one, str)]
        picture = compare(expected, [one for one in found if not isinstance(one, str)], unknown)
        _note(connection, row.consignment_id, picture, now)
        return picture


def check_heard(
    database: Database, viewer: Viewer, consignment: str, place: str, minutes: int, now: datetime
) -> ReadSet:
    """Compare the bag's whole set with the stack that a tunnel or desk pad read last, at most `minutes` ago.

    What is only heard from beside it is no part of it. Another agency's dossier shows as the tag's EPC. Raises
    `PlaceNotFound` where no antenna listens there.
    """
    if not 1 <= minutes <= HEARD_MINUTES_MAX:
        raise BadInput(
            problem_zh=f"读取时段应为 1 至 {HEARD_MINUTES_MAX} 分钟",
            problem_en=f"reads are taken from the last 1 to {HEARD_MINUTES_MAX} minutes",
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not consignment_sets.has_antenna(connection, place):
            raise PlaceNotFound(place=place)
        row = for_step(connection, viewer, consignment, Step.CHECK)
        expected = [one.volume for one in consignment_sets.volumes(connection, row.consignment_id)]
        lately = timedelta(minutes=minutes)
        stack = pads.newest_stack(connection, place, expected, now, max(lately, LOOK_BACK), lately)
        read_set = pads.judged(connection, expected, stack)
        _note(connection, row.consignment_id, read_set.picture, now)
        return read_set


def _note(connection: psycopg.Connection[Any], consignment_id: int, picture: SetPicture, now: datetime) -> None:
    consignments.note_read(connection, consignment_id, picture.read, "read_out")
    consignments.change(connection, consignment_id, {"checked_at": now, "strangers": len(picture.strangers)})


def seal(database: Database, viewer: Viewer, sealing: Sealing, now: datetime) -> ConsignmentView:
    """Close the bag with its seal, by two, after its whole set was read (or counted by both, with a reason).

    Raises `SecondPersonMissing`, `SecondPersonIsFirst`, `ConsignmentEmpty`, `SetHasStrangers`, `SetNotChecked`,
    `VolumeLeftBehind`, `BadInput`.
    """
    witness = sealing.witness
    beside = None if witness is None else (witness.account_id, witness.role)
    check_person(ActKind.SEALED, viewer.account_id, viewer.role, beside)
    assert witness is not None, "sealing takes two"
    bag_seal = _text(sealing.bag_seal, "封签号", "the bag seal's number")
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = for_step(connection, viewer, sealing.consignment, Step.SEAL, again=sealing.command_id)
        content = ("seal", viewer.account_id, witness.account_id, row.consignment_id, bag_seal, sealing.reason)
        if ledger.once(connection, sealing.command_id, content):
            held = consignment_sets.volumes(connection, row.consignment_id)
            read = sum(one.read_out for one in held)
            check_sealing(sealing.consignment, len(held), read, row.strangers, sealing.reason)
            left = consignment_sets.left_behind(connection, row.consignment_id, row.origin)
            check_left_behind(sealing.consignment, left, sealing.reason)
            facts = {
                "state": "sealed",
                "sealed_by": viewer.account_id,
                "sealed_with": witness.account_id,
                "sealed_at": now,
                "bag_seal_out": bag_seal,
            }
            consignments.change(connection, row.consignment_id, facts)
            note = bag_seal if sealing.reason is None else f"{bag_seal}；{read}/{len(held)}；{sealing.reason}"
            consignments.add_event(
                connection,
                row.consignment_id,
                "sealed",
                viewer.account_id,
                now,
                witness_id=witness.account_id,
                note=note,
            )
        return view_of(connection, viewer, row.consignment_id, now)


def dispatch(database: Database, viewer: Viewer, asked: Dispatching, now: datetime) -> ConsignmentView:
    """Hand the sealed bag to those who carry it: from now on it is against their names.

    Raises `NeverSelfCarry`, `TrackingMissing`, `NeverByEms`, `BadDetail` for fewer than two carriers, and what the act refuses.
    """
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = for_step(connection, viewer, asked.consignment, Step.DISPATCH, again=asked.command_id)
        carriers = [name.strip() for name in asked.carriers if name.strip()]
        witness_id = None if asked.witness is None else asked.witness.account_id
        content = (
            "dispatch",
            viewer.account_id,
            witness_id,
            row.consignment_id,
            asked.channel,
            carriers,
            asked.tracking,
        )
        if ledger.once(connection, asked.command_id, content):
            _dispatched(connection, viewer, asked, row, carriers, now)
        return view_of(connection, viewer, row.consignment_id, now)


def _dispatched(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    asked: Dispatching,
    row: Consignment,
    carriers: list[str],
    now: datetime,
) -> None:
    careers = consignment_sets.careers(connection, row.consignment_id)
    channel = check_channel(asked.channel, asked.tracking, [[Career(one) for one in known] for known in careers])
    held = consignment_sets.volumes(connection, row.consignment_id)
    number = work_number("C", row.consignment_id)
    tracking = (asked.tracking or "").strip() or None
    told: dict[str, object] = {
        "consignment": number,
        "carriers": carriers,
        "bag_seal": row.bag_seal_out,
        "channel": channel.value,
    }
    act = Asked(
        part_of(asked.command_id, "dispatched"),
        ActKind.DISPATCHED,
        [Seen(one.volume) for one in held],
        channel.place,
        now,
        authority=number,
        witness=asked.witness,
        details=told if tracking is None else told | {"tracking": tracking},
    )
    custody.write(connection, viewer, act, through=THROUGH)
    facts = {
        "state": "underway",
        "channel": channel.value,
        "carriers": carriers,
        "tracking": tracking,
        "handed_by": viewer.account_id,
        "handed_at": now,
    }
    consignments.change(connection, row.consignment_id, facts)
    served = sorted({one.request_id for one in held if one.request_id is not None})
    requests.advance(connection, served, ["ready", "at_window"], "underway", viewer.account_id, now, note=number)
    consignments.add_event(
        connection,
        row.consignment_id,
        "dispatched",
        viewer.account_id,
        now,
        witness_id=None if asked.witness is None else asked.witness.account_id,
        note="、".join([channel.zh, *carriers, *([tracking] if tracking else [])]),
    )


def touched(connection: psycopg.Connection[Any], row: Consignment, agency_id: int | None) -> None:
    """What was put in or taken out makes the last look at the set void."""
    consignments.change(connection, row.consignment_id, {"agency_id": agency_id, "checked_at": None, "strangers": None})


def _packing(one: Packable) -> Packing:
    return Packing(VolumeName(one.number, one.ordinal), one.agency_id, one.is_here, one.request_id, one.window)


def _place(connection: psycopg.Connection[Any], code: str) -> Target:
    place = ledger.place_by_code(connection, code)
    if place is None:
        raise PlaceNotFound(place=code)
    return place


def _text(text: str, zh: str, en: str) -> str:
    told = text.strip()
    if not told or len(told) > _TEXT_CHARACTERS_MAX or not told.isprintable():
        raise BadInput(
            problem_zh=f"{zh}应为 1 至 {_TEXT_CHARACTERS_MAX} 个字符",
            problem_en=f"{en} has 1 to {_TEXT_CHARACTERS_MAX} characters",
        )
    return told
