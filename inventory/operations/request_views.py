"""What people see of requests: everything where they answer for the dossier, nothing but "accepted" and "answered" elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import psycopg

from inventory.domain.evidence_slots import EvidenceSlot
from inventory.domain.institutions import InstitutionClass
from inventory.domain.people import Reach, Viewer
from inventory.domain.refusals import NotAllowed, RequestNotFound
from inventory.domain.requests import (
    Initiator,
    LetterKind,
    Occasion,
    Purpose,
    QueuePlace,
    RequestKind,
    RequestState,
    parse_request_number,
    request_number,
)
from inventory.domain.travelling import Channel
from inventory.store import delegations, people, request_facts, requests
from inventory.store.database import Database, raw
from inventory.store.requests import AcceptedRow, EventRow, RequestRow

EVENTS_SHOWN_MAX = 200
LOCAL = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class AcceptedView:
    """A request for another agency's dossier as the window that accepted it sees it: the same whether there is one or not."""

    number: str
    accepted_at: datetime
    answered: bool


@dataclass(frozen=True, slots=True)
class PaperView:
    """What fills a slot: a letter, or a remark in its place."""

    slot: EvidenceSlot
    told: str | None
    letter_id: int | None
    kind: LetterKind | None
    number: str | None
    issuer: str | None
    dated: date | None
    has_scan: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as those see it who answer for its dossier. place: where it stands in the dossier's queue, while open."""

    request_id: int
    number: str
    kind: RequestKind
    occasion: Occasion | None
    initiator: Initiator
    initiator_name: str
    purpose: Purpose
    purpose_note: str | None
    paper_reason: str | None
    asked_by: str
    asked_by_me: bool
    asked_at: datetime
    accepting_agency: str
    routed: bool
    holding_agency: str | None
    dossier_id: int | None
    dossier: str | None
    subject_name: str | None
    institution_code: str | None
    institution: str | None
    institution_class: InstitutionClass | None
    window: str | None
    move_rule: str | None
    nearest_reason: str | None
    channel: Channel | None
    priority: int
    promised_on: date
    due_on: date
    assumed_years: tuple[int, ...]
    renewals: int
    state: RequestState
    decided_by: str | None
    decided_under: str | None
    decided_at: datetime | None
    decision_reason: str | None
    out_at: datetime | None
    done_at: datetime | None
    closed_at: datetime | None
    overdue: bool
    sent_on: date | None
    tracking: str | None
    chased_on: date | None
    escalated_on: date | None
    receipt_number: str | None
    receipt_on: date | None
    undelivered_on: date | None
    notice: str | None
    place: QueuePlace | None = None


SeenRequest: TypeAlias = RequestView | AcceptedView


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request with its papers, its timeline, and where a scan of the dossier is, if there is one.

    delegation: the letter under which the viewer would decide it for another agency.
    """

    request: RequestView
    papers: tuple[PaperView, ...]
    events: tuple[EventRow, ...]
    scan_link: str | None
    delegation: str | None = None


def local_day(moment: datetime) -> date:
    """The day of a moment where the warehouse is."""
    return moment.astimezone(LOCAL).date()


def is_answered(row: RequestRow) -> bool:
    """Whether the window that accepted a request knows that it was answered: decided, or taken back."""
    return row.decided_at is not None or row.state == RequestState.WITHDRAWN


def sees_whole(viewer: Viewer, row: RequestRow) -> bool:
    """Whether the viewer answers for the request's dossier; raises `RequestNotFound` where it isn't theirs in any way."""
    reach = viewer.rights.dossiers
    if reach is Reach.NONE:
        raise NotAllowed
    if reach is Reach.ALL or (row.holding_agency_id is not None and row.holding_agency_id == viewer.agency_id):
        return True
    if row.accepting_agency_id != viewer.agency_id:
        raise RequestNotFound(request=request_number(row.request_id))
    return False


def seen_by(viewer: Viewer, row: RequestRow, today: date, place: QueuePlace | None = None) -> SeenRequest:
    """A request as the viewer sees it; raises `RequestNotFound`."""
    if not sees_whole(viewer, row):
        return AcceptedView(request_number(row.request_id), row.asked_at, is_answered(row))
    return RequestView(
        row.request_id,
        request_number(row.request_id),
        RequestKind(row.kind),
        None if row.occasion is None else Occasion(row.occasion),
        Initiator(row.initiator),
        row.initiator_name,
        Purpose(row.purpose),
        row.purpose_note,
        row.paper_reason,
        row.asked_by,
        row.asked_by_id == viewer.account_id,
        row.asked_at,
        row.accepting_agency,
        row.routed,
        row.holding_agency,
        row.dossier_id,
        row.dossier,
        None if row.subject_name is None else viewer.name_seen(row.subject_name),
        row.institution_code,
        row.institution,
        None if row.institution_class is None else InstitutionClass(row.institution_class),
        row.window,
        row.move_rule,
        row.nearest_reason,
        None if row.channel is None else Channel(row.channel),
        row.priority,
        row.promised_on,
        row.due_on,
        tuple(row.assumed_years),
        row.renewals,
        RequestState(row.state),
        row.decided_by,
        row.decided_under,
        row.decided_at,
        row.decision_reason,
        row.out_at,
        row.done_at,
        row.closed_at,
        is_overdue(row, today),
        row.sent_on,
        row.tracking,
        row.chased_on,
        row.escalated_on,
        row.receipt_number,
        row.receipt_on,
        row.undelivered_on,
        row.notice,
        place,
    )


def is_overdue(row: RequestRow, today: date) -> bool:
    """Whether what should be back, or should have gone out, isn't."""
    if row.kind == RequestKind.TRANSFER:
        return row.sent_on is None and row.state not in _ENDED and row.due_on < today
    return row.state in {RequestState.OUT, RequestState.AT_WINDOW} and row.done_at is None and row.due_on < today


_ENDED = frozenset({RequestState.REFUSED, RequestState.WITHDRAWN, RequestState.CLOSED})


def with_places(
    connection: psycopg.Connection[Any], viewer: Viewer, rows: Sequence[RequestRow], today: date
) -> list[SeenRequest]:
    """Requests as the viewer sees them, each with its place in its dossier's queue."""
    dossiers = {row.dossier_id for row in rows if row.dossier_id is not None}
    places = requests.queue_places(connection, sorted(dossiers)) if dossiers else {}
    return [seen_by(viewer, row, today, places.get(row.request_id)) for row in rows]


def found(connection: psycopg.Connection[Any], number: str, *, lock: bool = False) -> RequestRow:
    """The row of a request's number; raises `RequestNotFound`."""
    row = requests.one(connection, parse_request_number(number), lock=lock)
    if row is None:
        raise RequestNotFound(request=number)
    return row


def found_here(connection: psycopg.Connection[Any], number: str, *, lock: bool = False) -> RequestRow | AcceptedRow:
    """The row of a request's number, or what a window may know of one it accepted; raises `RequestNotFound`."""
    request_id = parse_request_number(number)
    row = requests.one(connection, request_id, lock=lock) or requests.accepted(connection, request_id)
    if row is None:
        raise RequestNotFound(request=number)
    return row


def accepted_view(row: AcceptedRow) -> AcceptedView:
    """What the window that accepted a request for another agency sees of it."""
    return AcceptedView(request_number(row.request_id), row.asked_at, row.is_answered)


def seen_again(connection: psycopg.Connection[Any], viewer: Viewer, request_id: int, now: datetime) -> SeenRequest:
    """A request as it stands after what was just done."""
    row = found_here(connection, request_number(request_id))
    if isinstance(row, AcceptedRow):
        return accepted_view(row)
    (seen,) = with_places(connection, viewer, [row], local_day(now))
    return seen


def authority_of(connection: psycopg.Connection[Any], row: RequestRow) -> str:
    """What an act of this request cites: its own number, and its letter."""
    papers = requests.evidence(connection, row.request_id)
    letter = next((paper for paper in papers if paper.letter_id is not None and paper.letter_id == row.letter_id), None)
    name = request_number(row.request_id)
    return name if letter is None else f"{name} {letter.issuer} {letter.number}"


def open_request(database: Database, viewer: Viewer, number: str, now: datetime) -> RequestFile | AcceptedView:
    """A request with its papers and timeline, or what the window that accepted it for another agency may know."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = found_here(connection, number)
        if isinstance(row, AcceptedRow):
            return accepted_view(row)
        (seen,) = with_places(connection, viewer, [row], local_day(now))
        if isinstance(seen, AcceptedView):
            return seen
        people.log_access(connection, viewer.account_id, "request", now, row.dossier_id)
        papers = tuple(
            PaperView(
                EvidenceSlot(paper.slot),
                paper.told,
                paper.letter_id,
                None if paper.kind is None else LetterKind(paper.kind),
                paper.number,
                paper.issuer,
                paper.dated,
                paper.has_scan,
            )
            for paper in requests.evidence(connection, row.request_id)
        )
        events = tuple(requests.events(connection, row.request_id, EVENTS_SHOWN_MAX))
        link = None if row.dossier_id is None else request_facts.scan_link(connection, row.dossier_id)
        under = None
        if row.state == RequestState.ASKED and row.holding_agency_id is not None:
            under = delegations.in_force(connection, row.holding_agency_id, viewer.account_id)
    return RequestFile(seen, papers, events, link, None if under is None else under.document)


def volume_names(database: Database, viewer: Viewer, number: str) -> list[str]:
    """The volumes a request is about, for those who see it whole; none for others."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = found_here(connection, number)
        if isinstance(row, AcceptedRow) or row.dossier_id is None or not sees_whole(viewer, row):
            return []
        covered = request_facts.dossiers_covered(connection, row.kind, row.dossier_id)
        return [volume.name for volume in request_facts.volumes(connection, covered)]
