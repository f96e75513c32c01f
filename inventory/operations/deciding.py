"""What happens to a request before and after its paper moves: routed, decided, withdrawn, renewed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.delegations import cited
from inventory.domain.details import Detail
from inventory.domain.evidence_slots import EvidenceSlot
from inventory.domain.identifiers import VolumeName, parse_dossier_number
from inventory.domain.people import Reach, Viewer
from inventory.domain.permissions import Permission, check_permitted, permits
from inventory.domain.refusals import (
    ApproverIsRequester,
    DossierNotFound,
    NotAllowed,
    NotOwnOrRelative,
    ReasonMissing,
    RequestElsewhere,
    RequestNotFound,
    RequestsAhead,
)
from inventory.domain.request_rules import Form, check_form, renewed
from inventory.domain.requests import (
    Initiator,
    LetterKind,
    Occasion,
    Purpose,
    RequestKind,
    RequestState,
    check_free_text,
    check_state,
    request_number,
)
from inventory.domain.standing import Legal, Mark
from inventory.domain.travelling import Channel, notice_number
from inventory.operations import custody
from inventory.operations.asking import check_asked_dossier, institution_of
from inventory.operations.custody import Asked, Seen, part_of
from inventory.operations.delegating import delegation_of
from inventory.operations.request_views import (
    SeenRequest,
    authority_of,
    found,
    found_here,
    local_day,
    seen_again,
    sees_whole,
)
from inventory.operations.rule_numbers import numbers_on
from inventory.store import ledger, request_facts, requests
from inventory.store.database import Database, raw
from inventory.store.delegations import DelegationRow
from inventory.store.requests import RequestRow

THROUGH = "request"
_DECIDING = ("审批", "deciding")
_WITHDRAWING = ("撤回", "withdrawing")
_RENEWING = ("续借", "renewing")


@dataclass(frozen=True, slots=True)
class Decision:
    """What an agency's head says to a request. channel: another than was asked for, where that one may not be taken."""

    command_id: UUID
    number: str
    approve: bool
    reason: str = ""
    channel: Channel | None = None


def decide(database: Database, viewer: Viewer, decision: Decision, now: datetime) -> SeenRequest:
    """Approve or refuse a request to the viewer's agency; an approved transfer starts with it, and gets its notice.

    The city manager refuses what nobody could be found to hold, and decides for an agency under its delegation in writing,
    which the decision names. Raises `ApproverIsRequester`, `DelegationMissing`, `RequestElsewhere`, and whatever the form or
    the dossier forbids by now.
    """
    reason = check_free_text(decision.reason, "审批意见", "reason of the decision")
    if not decision.approve and not reason:
        raise ReasonMissing(act="不予批准", act_en="refusing a request")
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = found(connection, decision.number, lock=True)
        if ledger.once(
            connection, decision.command_id, ("decide", viewer.account_id, decision.number, decision.approve, reason)
        ):
            under = _checked_decider(connection, viewer, row, approve=decision.approve)
            check_state(row.request_id, RequestState(row.state), frozenset({RequestState.ASKED}), _DECIDING)
            facts: dict[str, object] = {
                "decided_by": viewer.account_id,
                "decided_under": None if under is None else under.delegation_id,
                "decided_at": now,
                "decision_reason": reason or None,
            }
            if decision.approve:
                facts["channel"] = _approve(connection, viewer, row, decision, under, now)
            requests.change(connection, row.request_id, facts)
            to_state = RequestState.APPROVED if decision.approve else RequestState.REFUSED
            note = cited(reason, None if under is None else under.document).removeprefix("；") or None
            requests.advance(connection, [row.request_id], [RequestState.ASKED], to_state, viewer.account_id, now, note)
        return seen_again(connection, viewer, row.request_id, now)


def _checked_decider(
    connection: psycopg.Connection[Any], viewer: Viewer, row: RequestRow, *, approve: bool
) -> DelegationRow | None:
    """The delegation the viewer decides under, None for the agency's own head; raises where the viewer may not decide."""
    check_permitted(viewer, Permission.APPROVE_REQUESTS)
    if row.dossier_id is None and not approve and permits(viewer, Permission.SETTLE_UNRESOLVED):
        return None
    under = None
    of_all = viewer.rights.dossiers is Reach.ALL
    if row.holding_agency_id is None or not (of_all or row.holding_agency_id == viewer.agency_id):
        # The head of the accepting window's agency learns no more than the window did.
        raise RequestNotFound(request=request_number(row.request_id))
    if of_all:
        under = delegation_of(connection, viewer, row.holding_agency_id)
    if row.asked_by_id == viewer.account_id:
        raise ApproverIsRequester
    if row.dossier_id is not None and request_facts.is_tied(connection, viewer.account_id, row.dossier_id):
        raise NotOwnOrRelative
    return under


def _approve(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    row: RequestRow,
    decision: Decision,
    under: DelegationRow | None,
    now: datetime,
) -> str | None:
    """Check everything once more, as it is now; returns the channel a transfer takes."""
    assert row.dossier_id is not None, "only the agency that holds a dossier approves"
    today = local_day(now)
    dossier = request_facts.lock_dossier(connection, row.dossier_id)
    form = _form_again(connection, row, decision.channel, today)
    check_form(form)
    channel = check_asked_dossier(connection, viewer, form, dossier, today, numbers_on(connection, today))
    if form.kind is RequestKind.TRANSFER:
        _check_nobody_ahead(connection, row)
        _start_transfer(connection, viewer, row, decision.command_id, under, now)
    return None if channel is None else channel.value


def _form_again(connection: psycopg.Connection[Any], row: RequestRow, channel: Channel | None, today: date) -> Form:
    """The form a request was asked by, with its institution as it stands today."""
    papers = requests.evidence(connection, row.request_id)
    institution = institution_of(connection, row.institution_code, today)
    asked = None if row.channel is None else Channel(row.channel)
    return Form(
        RequestKind(row.kind),
        Initiator(row.initiator),
        Purpose(row.purpose),
        None if row.occasion is None else Occasion(row.occasion),
        row.paper_reason or "",
        None if institution is None else institution.facts,
        row.window is not None,
        {EvidenceSlot(paper.slot): LetterKind(paper.kind) for paper in papers if paper.kind is not None},
        {EvidenceSlot(paper.slot): paper.told for paper in papers if paper.told is not None},
        channel or asked,
    )


def _check_nobody_ahead(connection: psycopg.Connection[Any], row: RequestRow) -> None:
    """A transfer ends all other work: what was approved before it is done first, or withdrawn."""
    assert row.dossier_id is not None
    before = [
        other
        for dossier_id in request_facts.dossiers_covered(connection, row.kind, row.dossier_id)
        for other in requests.queue(connection, dossier_id)
        if other.request_id != row.request_id and other.state != RequestState.ASKED
    ]
    if before:
        raise RequestsAhead(count=len(before), request=request_number(row.request_id), position=len(before) + 1)


def _start_transfer(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    row: RequestRow,
    command_id: UUID,
    under: DelegationRow | None,
    now: datetime,
) -> None:
    """The notice's number, and the acts on the legal axis: a retirement is recorded on the way, a death was before."""
    assert row.dossier_id is not None
    assert row.holding_agency_id is not None
    assert row.holding_agency_code is not None
    today = local_day(now)
    serial = request_facts.next_notice(connection, row.holding_agency_id, today.year)
    number = str(notice_number(row.holding_agency_code, today.year, serial))
    request_facts.add_notice(connection, row.request_id, row.holding_agency_id, today, serial, number)
    volumes = request_facts.volumes(connection, request_facts.dossiers_covered(connection, row.kind, row.dossier_id))
    name = request_number(row.request_id)
    authority, delegated = authority_of(connection, row), under is not None
    authority = cited(authority, None if under is None else under.document)
    unmarked = [v for v in volumes if v.standing is not None and Mark.RETIRED not in v.standing.marks]
    if row.occasion == Occasion.RETIREMENT and unmarked:
        retired = Asked(
            part_of(command_id, "retired"),
            ActKind.RETIRED,
            [Seen(VolumeName.parse(volume.name)) for volume in unmarked],
            None,
            now,
            authority,
            details={Detail.REQUEST: name},
        )
        custody.write(connection, viewer, retired, delegated=delegated)
    if row.occasion != Occasion.DEATH:
        started = Asked(
            part_of(command_id, "transfer started"),
            ActKind.TRANSFER_STARTED,
            [Seen(VolumeName.parse(volume.name)) for volume in volumes],
            None,
            now,
            authority,
            details={Detail.REQUEST: name, Detail.RECIPIENT: row.institution or "", Detail.NOTICE: number},
        )
        custody.write(connection, viewer, started, through=THROUGH, delegated=delegated)


def withdraw(
    database: Database, viewer: Viewer, command_id: UUID, number: str, reason: str, now: datetime
) -> SeenRequest:
    """Take a request back: by the window that accepted it until it is answered, by the holding agency until the paper leaves.

    A started transfer is cancelled with it. At a window the paper still has to come home: the request is done, and is
    closed when it arrives. Raises `RequestElsewhere` once somebody has it, or while it is being picked.
    """
    reason = check_free_text(reason, "撤回原因", "reason for withdrawing")
    if not reason:
        raise ReasonMissing(act="撤回", act_en="withdrawing a request")
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = found_here(connection, number, lock=True)
        check_permitted(viewer, Permission.FOLLOW_UP_REQUESTS)
        if ledger.once(connection, command_id, ("withdraw", viewer.account_id, number, reason)):
            if isinstance(row, RequestRow):
                _withdraw(connection, viewer, row, command_id, reason, now)
            elif not requests.take_back(connection, row.request_id, reason, now):
                raise _answered(number)
        return seen_again(connection, viewer, row.request_id, now)


def _answered(number: str) -> RequestElsewhere:
    """To the accepting window, every request that was answered is the same."""
    return RequestElsewhere(
        request=number,
        state="已答复",
        state_en="answered",
        step=_WITHDRAWING[0],
        step_en=_WITHDRAWING[1],
    )


def _withdraw(
    connection: psycopg.Connection[Any], viewer: Viewer, row: RequestRow, command_id: UUID, reason: str, now: datetime
) -> None:
    state = RequestState(row.state)
    waiting = frozenset({RequestState.ASKED, RequestState.APPROVED, RequestState.READY})
    check_state(row.request_id, state, waiting | {RequestState.AT_WINDOW}, _WITHDRAWING)
    if row.dossier_id is not None:
        _cancel_transfer(connection, viewer, row, command_id, reason, now)
    if state in waiting:
        requests.advance(connection, [row.request_id], [state], RequestState.WITHDRAWN, viewer.account_id, now, reason)
    else:
        requests.change(connection, row.request_id, {"done_at": now})
        requests.tell(connection, row.request_id, "done", viewer.account_id, now, reason)


def _cancel_transfer(
    connection: psycopg.Connection[Any], viewer: Viewer, row: RequestRow, command_id: UUID, reason: str, now: datetime
) -> None:
    """End a started transfer on the legal axis, and take a retirement back that its approval had recorded."""
    assert row.dossier_id is not None
    if row.kind != RequestKind.TRANSFER or row.state == RequestState.ASKED:
        return
    covered = request_facts.dossiers_covered(connection, row.kind, row.dossier_id)
    volumes = request_facts.volumes(connection, covered)
    pending = [v.name for v in volumes if v.standing is not None and v.standing.legal is Legal.TRANSFER_PENDING]
    ours = request_facts.retired_by(connection, request_number(row.request_id), covered)
    retired = [
        v.name for v in volumes if v.name in ours and v.standing is not None and Mark.RETIRED in v.standing.marks
    ]
    authority = authority_of(connection, row)
    for kind, names, through in (
        (ActKind.TRANSFER_CANCELLED, pending, THROUGH),
        (ActKind.RETIREMENT_WITHDRAWN, retired, None),
    ):
        if names:
            seen = [Seen(VolumeName.parse(name)) for name in names]
            asked = Asked(part_of(command_id, kind), kind, seen, None, now, authority, reason)
            custody.write(connection, viewer, asked, through=through)


def renew(database: Database, viewer: Viewer, command_id: UUID, number: str, reason: str, now: datetime) -> SeenRequest:
    """Renew a loan: before it is due, so many times, while nobody waits; raises `NoMoreRenewals`. `reason`: on what letter."""
    reason = check_free_text(reason, "续借依据", "grounds of the renewal")
    if not reason:
        raise ReasonMissing(act="续借", act_en="renewing a loan")
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = found(connection, number, lock=True)
        if not sees_whole(viewer, row):
            raise RequestNotFound(request=number)
        check_permitted(viewer, Permission.FOLLOW_UP_REQUESTS)
        if ledger.once(connection, command_id, ("renew", viewer.account_id, number, reason)):
            check_state(row.request_id, RequestState(row.state), frozenset({RequestState.OUT}), _RENEWING)
            if row.kind != RequestKind.LOAN:
                raise NotAllowed
            today = local_day(now)
            numbers = numbers_on(connection, today)
            assert row.dossier_id is not None
            request_facts.lock_dossier(connection, row.dossier_id)
            waiting = len(requests.queue(connection, row.dossier_id)) - 1
            due = renewed(
                row.due_on, numbers.loan_days(Purpose(row.purpose)), today, row.renewals, numbers.renewals_max, waiting
            )
            requests.change(connection, row.request_id, {"due_on": due, "renewals": row.renewals + 1})
            requests.tell(connection, row.request_id, "renewed", viewer.account_id, now, f"{due.isoformat()} {reason}")
        return seen_again(connection, viewer, row.request_id, now)


def route(
    database: Database, viewer: Viewer, command_id: UUID, number: str, dossier_number: str, now: datetime
) -> SeenRequest:
    """The city manager names the dossier a request accepted elsewhere is about; it goes to the agency that holds it."""
    check_permitted(viewer, Permission.SETTLE_UNRESOLVED)
    wanted = parse_dossier_number(dossier_number)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = found(connection, number, lock=True)
        if ledger.once(connection, command_id, ("route", viewer.account_id, number, wanted)):
            check_state(row.request_id, RequestState(row.state), frozenset({RequestState.ASKED}), ("分派", "routing"))
            dossier = request_facts.dossier(connection, wanted, None)
            if dossier is None:
                raise DossierNotFound(dossier=wanted)
            if row.dossier_id is not None:
                raise RequestElsewhere(
                    request=number, state="已分派", state_en="routed", step="分派", step_en="routing"
                )
            facts = {"dossier_id": dossier.dossier_id, "holding_agency_id": dossier.agency_id}
            requests.change(connection, row.request_id, facts)
            requests.tell(connection, row.request_id, "routed", viewer.account_id, now, dossier.number)
        return seen_again(connection, viewer, row.request_id, now)
