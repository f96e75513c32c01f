"""Through which hands a dossier goes and comes back: lent, handed over at a window, read on the spot, taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.details import Detail
from inventory.domain.identifiers import VolumeName, read_id_number
from inventory.domain.institutions import check_borrower
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import (
    BadInput,
    NoRelending,
    NotOwnOrRelative,
    RequestElsewhere,
    RequestNotFound,
    RequestsAhead,
)
from inventory.domain.request_rules import ComesBack, check_seal_numbers, discrepancies, due_on
from inventory.domain.requests import Purpose, RequestKind, RequestState, check_state, request_number
from inventory.operations import custody
from inventory.operations.asking import institution_of
from inventory.operations.custody import Asked, Seen, part_of
from inventory.operations.request_views import (
    SeenRequest,
    authority_of,
    found,
    local_day,
    seen_again,
    sees_whole,
)
from inventory.operations.rule_numbers import numbers_on
from inventory.store import ledger, request_facts, requests
from inventory.store.database import Database, raw
from inventory.store.request_facts import VolumeRow
from inventory.store.requests import RequestRow

THROUGH = "request"
VISITORS_MIN = 2
VISITORS_MAX = 6
# Paper that a keeper fetched without a wave is handed out as well; the ledger says whether it is at the desk.
_AT_HAND = frozenset({RequestState.APPROVED, RequestState.READY, RequestState.AT_WINDOW})
_OUT = frozenset({RequestState.OUT})


@dataclass(frozen=True, slots=True)
class HandingOut:
    """A dossier goes out of the house. carriers: the two who take it; seals: the strip's number by volume name."""

    command_id: UUID
    number: str
    carriers: Sequence[str]
    seals: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComingBack:
    """A dossier comes back: to which place, and each volume as it was found (by volume name)."""

    command_id: UUID
    number: str
    place: str
    volumes: Mapping[str, ComesBack]


@dataclass(frozen=True, slots=True)
class Visit:
    """Two or more come to read. visitors: (name, ID number) each; place: the reading room."""

    command_id: UUID
    number: str
    place: str
    visitors: Sequence[tuple[str, str]] = field(repr=False)


def lend(database: Database, viewer: Viewer, handing: HandingOut, witness: Viewer | None, now: datetime) -> SeenRequest:
    """A keeper lends a dossier at the warehouse's desk; the due date begins today. Raises what the rules forbid."""
    return _hand_out(database, viewer, handing, witness, now, ActKind.LENT)


def hand_over(
    database: Database, viewer: Viewer, handing: HandingOut, witness: Viewer | None, now: datetime
) -> SeenRequest:
    """A clerk hands a dossier over at the agency's own window; the due date begins today."""
    return _hand_out(database, viewer, handing, witness, now, ActKind.HANDED_OVER)


def _hand_out(
    database: Database, viewer: Viewer, handing: HandingOut, witness: Viewer | None, now: datetime, kind: ActKind
) -> SeenRequest:
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, handing.number)
        content = (kind, viewer.account_id, handing.number, tuple(handing.carriers), sorted(handing.seals.items()))
        if ledger.once(connection, handing.command_id, content):
            _check_kind(row, RequestKind.LOAN)
            volumes = volumes_of(connection, row)
            _check_not_lent(volumes)
            check_state(row.request_id, RequestState(row.state), _AT_HAND, ("借出", "lending"))
            check_first_in_queue(connection, row)
            check_not_tied(connection, row, viewer, witness)
            check_seal_numbers({volume.name: volume.seal_number for volume in volumes}, handing.seals)
            today = local_day(now)
            days = numbers_on(connection, today).loan_days(Purpose(row.purpose))
            # Whoever asked for fewer days than the rule allows is held to them.
            due = due_on(today, min(days, (row.due_on - row.promised_on).days))
            institution = institution_of(connection, row.institution_code, today)
            assert institution is not None, "a loan has an institution"
            check_borrower(institution.facts)  # once more: it may have been blocked since the approval
            requests.change(connection, row.request_id, {"due_on": due})
            requests.advance(connection, [row.request_id], sorted(_AT_HAND), RequestState.OUT, viewer.account_id, now)
            details: dict[str, object] = {
                Detail.REQUEST: request_number(row.request_id),
                Detail.CARRIERS: list(handing.carriers),
                Detail.DUE_ON: due.isoformat(),
            }
            seen = [
                Seen(VolumeName.parse(volume.name), details={Detail.SEAL_NUMBER: handing.seals[volume.name].strip()})
                for volume in volumes
            ]
            asked = Asked(
                part_of(handing.command_id, "out"), kind, seen, institution.borrower_place, now,
                authority_of(connection, row), witness=witness, details=details,
            )  # fmt: skip
            custody.write(connection, viewer, asked, through=THROUGH)
        return seen_again(connection, viewer, row.request_id, now)


def working_row(connection: psycopg.Connection[Any], viewer: Viewer, number: str) -> RequestRow:
    """The request, locked, for somebody who works on it: the warehouse's keepers and the holding agency's own people."""
    row = found(connection, number, lock=True)
    if not sees_whole(viewer, row):
        raise RequestNotFound(request=number)
    if row.dossier_id is None:
        state = RequestState(row.state)
        raise RequestElsewhere(request=number, state=state.zh, state_en=state.en, step="办理", step_en="working on it")
    return row


def volumes_of(connection: psycopg.Connection[Any], row: RequestRow) -> list[VolumeRow]:
    """The volumes a request is about, as they stand."""
    assert row.dossier_id is not None
    return request_facts.volumes(connection, request_facts.dossiers_covered(connection, row.kind, row.dossier_id))


def check_not_tied(
    connection: psycopg.Connection[Any], row: RequestRow, viewer: Viewer, witness: Viewer | None = None
) -> None:
    """Raises `NotOwnOrRelative` where the dossier is either one's own, or a declared relative's."""
    assert row.dossier_id is not None
    for person in (viewer, witness):
        if person is not None and request_facts.is_tied(connection, person.account_id, row.dossier_id):
            raise NotOwnOrRelative


def _check_kind(row: RequestRow, kind: RequestKind) -> None:
    if row.kind != kind:
        state = RequestKind(row.kind)
        raise RequestElsewhere(
            request=request_number(row.request_id), state=state.zh, state_en=state.en, step=kind.zh, step_en=kind.en
        )


def check_first_in_queue(connection: psycopg.Connection[Any], row: RequestRow) -> None:
    """Raises `RequestsAhead`, with this one's place, where an approved request comes before it."""
    assert row.dossier_id is not None
    approved = [one for one in requests.queue(connection, row.dossier_id) if one.state != RequestState.ASKED]
    ahead = next((count for count, one in enumerate(approved) if one.request_id == row.request_id), 0)
    if ahead:
        raise RequestsAhead(count=ahead, request=request_number(row.request_id), position=ahead + 1)


def _check_not_lent(volumes: Sequence[VolumeRow]) -> None:
    for volume in volumes:
        if volume.standing is not None and volume.standing.place_kind is PlaceKind.BORROWER:
            raise NoRelending(volume=volume.name)


# ── Back ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_back(
    database: Database, viewer: Viewer, back: ComingBack, witness: Viewer | None, now: datetime
) -> SeenRequest:
    """A clerk takes a loan back at the window: seal and pieces are checked by two; the paper still has to come home."""
    return _take_in(database, viewer, back, witness, now, ActKind.TAKEN_BACK)


def loan_return(
    database: Database, viewer: Viewer, back: ComingBack, witness: Viewer | None, now: datetime
) -> SeenRequest:
    """A keeper takes a loan back at the warehouse's desk: seal and pieces are checked by two, and the request is closed."""
    return _take_in(database, viewer, back, witness, now, ActKind.LOAN_RETURNED)


def _take_in(
    database: Database, viewer: Viewer, back: ComingBack, witness: Viewer | None, now: datetime, kind: ActKind
) -> SeenRequest:
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, back.number)
        content = (kind, viewer.account_id, back.number, back.place, sorted(back.volumes.items(), key=_by_name))
        if ledger.once(connection, back.command_id, content):
            _check_kind(row, RequestKind.LOAN)
            check_state(row.request_id, RequestState(row.state), _OUT, ("收回", "taking back"))
            volumes = volumes_of(connection, row)
            at_home = kind is ActKind.LOAN_RETURNED
            if not is_sought(volumes):
                requests.advance(
                    connection, [row.request_id], [RequestState.OUT], RequestState.CLOSED if at_home else RequestState.AT_WINDOW,
                    viewer.account_id, now,
                )  # fmt: skip
                if not at_home:
                    requests.change(connection, row.request_id, {"done_at": now})
            take_in_volumes(connection, viewer, row, standing_at(volumes, PlaceKind.BORROWER), back, witness, now, kind)
        return seen_again(connection, viewer, row.request_id, now)


def is_sought(volumes: Sequence[VolumeRow]) -> bool:
    """Whether one of them is searched for: the request stays open for it until it is found (`searching.found`)."""
    return any(v.standing is not None and v.standing.place_kind is PlaceKind.NOT_FOUND for v in volumes)


def standing_at(volumes: Sequence[VolumeRow], kind: PlaceKind) -> Sequence[VolumeRow]:
    """Those that are still there, without what was found elsewhere meanwhile; where none is, all, for the ledger to refuse."""
    return [v for v in volumes if v.standing is not None and v.standing.place_kind is kind] or volumes


def _by_name(item: tuple[str, ComesBack]) -> str:
    return item[0]


def take_in_volumes(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    row: RequestRow,
    volumes: Sequence[VolumeRow],
    back: ComingBack,
    witness: Viewer | None,
    now: datetime,
    kind: ActKind,
    reason: str = "",
) -> None:
    """Record that volumes came back as they were found; a broken seal is an act of its own, a wrong count a remark."""
    missing = [volume.name for volume in volumes if volume.name not in back.volumes]
    if missing:
        raise BadInput(
            problem_zh=f"请登记 {missing[0]} 的封条状况和材料份数",
            problem_en=f"tell how the seal and the pieces of {missing[0]} were found",
        )
    authority = authority_of(connection, row)
    seen = [
        Seen(
            VolumeName.parse(volume.name),
            details={
                Detail.SEAL_FOUND: "intact" if back.volumes[volume.name].seal_intact else "broken",
                Detail.PIECES: back.volumes[volume.name].pieces,
            },
        )
        for volume in volumes
    ]
    recorded = {volume.name: volume.pieces for volume in volumes}
    wrong = discrepancies(recorded, {name: back.volumes[name] for name in recorded})
    remark = "；".join([*([reason] if reason else []), *(f"{name}：{zh}" for name, zh, _ in wrong)]) or None
    asked = Asked(
        part_of(back.command_id, "back"), kind, seen, back.place, now, authority, remark, witness,
        {Detail.REQUEST: request_number(row.request_id)},
    )  # fmt: skip
    custody.write(connection, viewer, asked, through=THROUGH)
    sealed = [v for v in volumes if v.standing is not None and v.standing.seal == "sealed"]
    broken = [v for v in sealed if not back.volumes[v.name].seal_intact]
    if broken:
        breaking = Asked(
            part_of(back.command_id, "seal broken"), ActKind.SEAL_BROKEN,
            [Seen(VolumeName.parse(volume.name)) for volume in broken], None, now, authority, remark, witness,
        )  # fmt: skip
        custody.write(connection, viewer, breaking)
    if wrong:
        requests.tell(connection, row.request_id, "noted", viewer.account_id, now, remark)


# ── On the spot ──────────────────────────────────────────────────────────────────────────────────────────────────────


def consult(database: Database, viewer: Viewer, visit: Visit, now: datetime) -> SeenRequest:
    """A keeper brings a dossier to the reading room for two or more visitors, whose ID numbers are checked and kept.

    Raises `NotOwnOrRelative` where a visitor is the person, or somebody of ours is tied to them.
    """
    named, keys = [_visitor(name, id_number) for name, id_number in visit.visitors], database.keys
    visitors = [(name, keys.encrypt(number), keys.number_hash(number)) for name, number in named]
    different = len({known for _, _, known in visitors})
    if not VISITORS_MIN <= len(visitors) <= VISITORS_MAX or different < len(visitors):
        raise BadInput(
            problem_zh=f"查阅须有 {VISITORS_MIN} 至 {VISITORS_MAX} 名不同的查阅人",
            problem_en=f"a consultation has {VISITORS_MIN} to {VISITORS_MAX} different visitors",
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, visit.number)
        told = [(name, keys.command_hash(visit.command_id, number)) for name, number in named]
        content = ("consult", viewer.account_id, visit.number, visit.place, told)
        if ledger.once(connection, visit.command_id, content):
            _check_kind(row, RequestKind.CONSULTATION)
            check_state(row.request_id, RequestState(row.state), _AT_HAND, ("送阅", "consulting"))
            check_first_in_queue(connection, row)
            check_not_tied(connection, row, viewer)
            assert row.dossier_id is not None
            own = request_facts.id_hash_of(connection, row.dossier_id)
            if own is not None and own in {known for _, _, known in visitors}:
                raise NotOwnOrRelative
            request_facts.add_visitors(connection, row.request_id, visitors)
            requests.advance(connection, [row.request_id], sorted(_AT_HAND), RequestState.OUT, viewer.account_id, now)
            asked = Asked(
                part_of(visit.command_id, "out"), ActKind.CONSULTED,
                [Seen(VolumeName.parse(volume.name)) for volume in volumes_of(connection, row)], visit.place, now,
                authority_of(connection, row),
                details={
                    Detail.REQUEST: request_number(row.request_id),
                    Detail.VISITORS: [name for name, _, _ in visitors],
                },
            )  # fmt: skip
            custody.write(connection, viewer, asked, through=THROUGH)
        return seen_again(connection, viewer, row.request_id, now)


def _visitor(name: str, id_number: str) -> tuple[str, str]:
    number = read_id_number(id_number, historic=False).normalised
    told = name.strip()
    if not told or not told.isprintable():
        raise BadInput(problem_zh="请填写查阅人姓名", problem_en="tell the visitors' names")
    return told, number


def end_consultation(
    database: Database, viewer: Viewer, command_id: UUID, number: str, place: str, now: datetime
) -> SeenRequest:
    """The visitors are gone; the dossier goes back to a desk or cart, and the request is closed."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, number)
        if ledger.once(connection, command_id, ("end consultation", viewer.account_id, number, place)):
            _check_kind(row, RequestKind.CONSULTATION)
            check_state(row.request_id, RequestState(row.state), _OUT, ("结束查阅", "ending the consultation"))
            requests.advance(
                connection, [row.request_id], [RequestState.OUT], RequestState.CLOSED, viewer.account_id, now
            )
            volumes = [Seen(VolumeName.parse(volume.name)) for volume in volumes_of(connection, row)]
            asked = Asked(
                part_of(command_id, "back"), ActKind.RETURNED, volumes, place, now, authority_of(connection, row)
            )
            custody.write(connection, viewer, asked)
        return seen_again(connection, viewer, row.request_id, now)


def give_scan(database: Database, viewer: Viewer, command_id: UUID, number: str, now: datetime) -> SeenRequest:
    """The window gives the scan that was asked for; the paper stays. Raises `BadInput` where there is no scan yet."""
    check_permitted(viewer, Permission.GIVE_SCANS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, number)
        if ledger.once(connection, command_id, ("give scan", viewer.account_id, number)):
            _check_kind(row, RequestKind.SCAN)
            given_from = frozenset({RequestState.APPROVED, RequestState.READY})
            check_state(row.request_id, RequestState(row.state), given_from, ("提供扫描件", "giving the scan"))
            check_not_tied(connection, row, viewer)
            assert row.dossier_id is not None
            link = request_facts.scan_link(connection, row.dossier_id)
            if link is None:
                raise BadInput(
                    problem_zh="该档案尚无扫描件，请先送数字化", problem_en="there is no scan yet; have it made first"
                )
            requests.advance(
                connection, [row.request_id], sorted(given_from), RequestState.CLOSED, viewer.account_id, now, link
            )
        return seen_again(connection, viewer, row.request_id, now)


def finish(
    database: Database, viewer: Viewer, command_id: UUID, number: str, now: datetime, note: str = ""
) -> SeenRequest:
    """The window is done with a dossier that was dispatched to it: it may come home, and is closed when it arrives."""
    check_permitted(viewer, Permission.FOLLOW_UP_REQUESTS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = working_row(connection, viewer, number)
        if ledger.once(connection, command_id, ("finish", viewer.account_id, number, note)):
            check_state(
                row.request_id, RequestState(row.state), frozenset({RequestState.AT_WINDOW}), ("用毕", "finishing")
            )
            requests.change(connection, row.request_id, {"done_at": now})
            requests.tell(connection, row.request_id, "done", viewer.account_id, now, note or None)
        return seen_again(connection, viewer, row.request_id, now)
