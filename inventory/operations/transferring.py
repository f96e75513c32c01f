"""A dossier leaves for good: sent whole, confirmed by its receipt, or back undelivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from inventory.domain.acts import ActKind
from inventory.domain.details import Detail
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import BadInput, HappensInTheFuture, RequestElsewhere, WholeNeverInParts
from inventory.domain.request_rules import ComesBack, check_seal_numbers
from inventory.domain.requests import Occasion, RequestKind, RequestState, check_free_text, check_state, request_number
from inventory.domain.travelling import Channel, confirming_act
from inventory.operations import custody, searching
from inventory.operations.asking import institution_of
from inventory.operations.custody import Asked, Seen, part_of
from inventory.operations.lending import (
    THROUGH,
    ComingBack,
    check_not_tied,
    is_sought,
    standing_at,
    take_in_volumes,
    volumes_of,
    working_row,
)
from inventory.operations.request_views import SeenRequest, authority_of, local_day, seen_again
from inventory.store import ledger, requests
from inventory.store.database import Database, raw
from inventory.store.request_facts import VolumeRow
from inventory.store.requests import RequestRow

TRACKING_CHARACTERS_MAX = 60
RECEIPT_CHARACTERS_MAX = 60
_READY = frozenset({RequestState.APPROVED, RequestState.READY, RequestState.AT_WINDOW})
_OUT = frozenset({RequestState.OUT})
_WINDOW = PlaceKind.WINDOW


@dataclass(frozen=True, slots=True)
class Sending:
    """A transfer goes out. seals, pieces: strip number and count of each volume, by name; channel is the request's."""

    command_id: UUID
    number: str
    seals: Mapping[str, str]
    pieces: Mapping[str, int]
    tracking: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed receipt of a transfer; received_on: the day the recipient signed it."""

    command_id: UUID
    number: str
    receipt_number: str
    received_on: date


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A transfer that came back: why, to which place, and each volume as it was found."""

    command_id: UUID
    number: str
    place: str
    reason: str
    volumes: Mapping[str, ComesBack] = field(default_factory=dict)


def send(database: Database, viewer: Viewer, sending: Sending, witness: Viewer | None, now: datetime) -> SeenRequest:
    """Send a transfer: all volumes together, sealed, by the channel computed for it; the receipt's clock begins."""
    tracking = check_free_text(sending.tracking, "单号", "tracking number", TRACKING_CHARACTERS_MAX)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, sending.number)
        told = sorted(sending.seals.items()), sorted(sending.pieces.items())
        if ledger.once(connection, sending.command_id, ("send", viewer.account_id, sending.number, told, tracking)):
            _check_transfer(row)
            check_state(row.request_id, RequestState(row.state), _READY, ("转递发出", "sending"))
            check_not_tied(connection, row, viewer, witness)
            volumes = volumes_of(connection, row)
            _check_whole(volumes)
            check_seal_numbers({volume.name: volume.seal_number for volume in volumes}, sending.seals)
            assert row.channel is not None, "approval computes it"
            assert row.notice is not None, "approval issues it"
            if row.channel == Channel.EMS and not tracking:
                raise BadInput(problem_zh="EMS 须登记单号", problem_en="EMS needs its tracking number")
            today = local_day(now)
            requests.change(
                connection, row.request_id,
                {"sent_on": today, "tracking": tracking or None, "undelivered_on": None, "overdue_on": None},
            )  # fmt: skip
            requests.advance(connection, [row.request_id], sorted(_READY), RequestState.OUT, viewer.account_id, now)
            asked = Asked(
                part_of(sending.command_id, "sent"),
                ActKind.TRANSFERRED,
                [_sent_volume(volume, sending) for volume in volumes],
                Channel(row.channel).place,
                now,
                authority_of(connection, row),
                witness=witness,
                details={
                    Detail.REQUEST: request_number(row.request_id),
                    Detail.RECIPIENT: row.institution or "",
                    Detail.CHANNEL: row.channel,
                    Detail.NOTICE: row.notice,
                    Detail.TRACKING: tracking or None,
                },
            )
            custody.write(connection, viewer, asked, through=THROUGH)
        return seen_again(connection, viewer, row.request_id, now)


def _sent_volume(volume: VolumeRow, sending: Sending) -> Seen:
    if volume.name not in sending.pieces:
        raise BadInput(
            problem_zh=f"请登记档案 {volume.name} 的材料份数", problem_en=f"tell the number of pieces of {volume.name}"
        )
    details: dict[str, object] = {
        Detail.SEAL_NUMBER: sending.seals[volume.name].strip(),
        Detail.PIECES: sending.pieces[volume.name],
    }
    return Seen(VolumeName.parse(volume.name), details=details)


def _check_transfer(row: RequestRow) -> None:
    if row.kind != RequestKind.TRANSFER:
        kind = RequestKind(row.kind)
        raise RequestElsewhere(
            request=request_number(row.request_id), state=kind.zh, state_en=kind.en, step="转递", step_en="transfer"
        )


def _check_whole(volumes: Sequence[VolumeRow]) -> None:
    """Raises `WholeNeverInParts` for the first volume that isn't where the first one is."""
    for volume in volumes[1:]:
        if volume.place != volumes[0].place:
            raise WholeNeverInParts(volume=volume.name)


def confirm_receipt(database: Database, viewer: Viewer, receipt: Receipt, now: datetime) -> SeenRequest:
    """The signed receipt is back: the dossier is the recipient's, and the request is closed."""
    number = check_free_text(receipt.receipt_number, "回执号", "receipt number", RECEIPT_CHARACTERS_MAX)
    if not number:
        raise BadInput(problem_zh="请填写回执号", problem_en="tell the number of the receipt")
    today = local_day(now)
    if receipt.received_on > today:
        raise HappensInTheFuture
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, receipt.number)
        check_permitted(viewer, Permission.FOLLOW_UP_REQUESTS)
        content = ("receipt", viewer.account_id, receipt.number, number, receipt.received_on)
        if ledger.once(connection, receipt.command_id, content):
            _check_transfer(row)
            check_state(row.request_id, RequestState(row.state), _OUT, ("回执确认", "confirming the receipt"))
            if row.sent_on is not None and receipt.received_on < row.sent_on:
                raise BadInput(problem_zh="签收日期早于发出日期", problem_en="it can't be received before it was sent")
            institution = institution_of(connection, row.institution_code, today)
            assert institution is not None, "a transfer has its recipient"
            assert row.occasion is not None, "a transfer has its occasion"
            requests.change(connection, row.request_id, {"receipt_number": number, "receipt_on": receipt.received_on})
            requests.tell(connection, row.request_id, "receipt", viewer.account_id, now, number)
            requests.advance(
                connection, [row.request_id], [RequestState.OUT], RequestState.CLOSED, viewer.account_id, now
            )
            volumes = volumes_of(connection, row)
            if is_sought(volumes):
                searching.received_after_all(
                    connection, viewer, row.request_id, institution.recipient_place, f"回执 {number}", now
                )
            asked = Asked(
                part_of(receipt.command_id, "confirmed"),
                confirming_act(Occasion(row.occasion)),
                [Seen(VolumeName.parse(volume.name)) for volume in volumes],
                institution.recipient_place,
                now,
                authority_of(connection, row),
                details={Detail.REQUEST: request_number(row.request_id), Detail.RECEIPT: number},
            )
            custody.write(connection, viewer, asked, through=THROUGH)
        return seen_again(connection, viewer, row.request_id, now)


def undelivered(
    database: Database, viewer: Viewer, back: Undelivered, witness: Viewer | None, now: datetime
) -> SeenRequest:
    """A transfer came back undelivered: it stands ready again, to be sent anew or withdrawn; its receipt's clock stops."""
    reason = check_free_text(back.reason, "退回原因", "reason of the return")
    if not reason:
        raise BadInput(problem_zh="请填写退回原因", problem_en="tell why it came back")
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, back.number)
        told = sorted((name, volume.seal_intact, volume.pieces) for name, volume in back.volumes.items())
        content = ("undelivered", viewer.account_id, back.number, back.place, reason, told)
        if ledger.once(connection, back.command_id, content):
            _check_transfer(row)
            check_state(row.request_id, RequestState(row.state), _OUT, ("退回", "returning undelivered"))
            place = ledger.place_by_code(connection, back.place)
            at_window = place is not None and place.kind == _WINDOW
            volumes = volumes_of(connection, row)
            requests.change(connection, row.request_id, {"undelivered_on": local_day(now), **requests.UNSENT})
            requests.tell(connection, row.request_id, "undelivered", viewer.account_id, now, reason)
            if not is_sought(volumes):
                to_state = RequestState.AT_WINDOW if at_window else RequestState.READY
                requests.advance(connection, [row.request_id], [RequestState.OUT], to_state, viewer.account_id, now)
            coming = ComingBack(back.command_id, back.number, back.place, back.volumes)
            returned = standing_at(volumes, PlaceKind.COURIER)
            take_in_volumes(connection, viewer, row, returned, coming, witness, now, ActKind.UNDELIVERED, reason)
        return seen_again(connection, viewer, row.request_id, now)
