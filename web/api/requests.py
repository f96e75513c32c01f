"""`/api/v1/requests`: asking for dossiers, and every step until they are back or gone for good."""

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Query, Request

from inventory.domain.people import Role
from inventory.domain.permissions import Permission
from inventory.domain.travelling import parse_channel
from inventory.operations import asking, deciding, lending, request_lists, transferring
from inventory.operations.deciding import Decision
from inventory.operations.lending import ComingBack, HandingOut, Visit
from inventory.operations.request_views import open_request
from inventory.operations.transferring import Receipt, Sending, Undelivered
from web.api.models import RefusalAnswer
from web.api.request_models import (
    AcceptedAnswer,
    CommandSent,
    ConsultationSent,
    DecisionSent,
    HandOutSent,
    PlaceSent,
    ReasonSent,
    ReceiptSent,
    RequestAnswer,
    RequestFileAnswer,
    RequestsAnswer,
    RequestSent,
    ReturnSent,
    RouteSent,
    TransferSent,
    file_answer,
    request_answer,
    requests_answer,
    witness_of,
)
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

RequestList = Literal["mine", "open", "to_decide", "overdue", "receipts_missing"]
Answer: TypeAlias = RequestAnswer | AcceptedAnswer

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't cover this, or the second person's PIN is wrong."},
    404: {"model": RefusalAnswer, "description": "No such request, dossier, institution or letter, or not for you."},
    409: {"model": RefusalAnswer, "description": "It isn't that far, others come first, or a rule forbids it."},
    422: {"model": RefusalAnswer, "description": "Something is missing or has the wrong form."},
}
router = Doors(prefix="/api/v1/requests", responses=_REFUSALS)


@router.post("", summary="Ask for a dossier", status_code=201)
@permitted(Permission.ASK)
def ask(request: Request, viewer: SignedIn, sent: RequestSent) -> Answer:
    """Ask for a dossier of one's own agency, or (elsewhere) of whichever holds it, learning no more than "accepted"."""
    return request_answer(asking.ask(site_of(request).database, viewer, sent.asking(), read_clock()))


@router.get("", summary="Lists of requests")
@permitted(Permission.SEE_REQUESTS)
def listed(
    request: Request,
    viewer: SignedIn,
    which: Annotated[RequestList, Query(alias="list")] = "mine",
    before: str | None = None,
    dossier: str | None = None,
) -> RequestsAnswer:
    """One of the lists, at most 200; `before` goes on in `mine` and `open`; `dossier`: the queue of that one instead."""
    database, now = site_of(request).database, read_clock()
    if dossier is not None:
        return requests_answer(request_lists.queue(database, viewer, dossier, now))
    if which == "to_decide":
        return requests_answer(request_lists.to_decide(database, viewer, now))
    if which == "overdue":
        return requests_answer(request_lists.overdue(database, viewer, now))
    if which == "receipts_missing":
        return requests_answer(request_lists.receipts_missing(database, viewer, now))
    mine = request_lists.my_requests(database, viewer, now, before=before, open_only=which == "open")
    return requests_answer(mine)


@router.get("/{number}", summary="A request with its papers and timeline")
@permitted(Permission.SEE_REQUESTS)
def show(request: Request, viewer: SignedIn, number: str) -> RequestFileAnswer | AcceptedAnswer:
    """A request; the window that accepted it for another agency reads "accepted" and "answered"."""
    return file_answer(open_request(site_of(request).database, viewer, number, read_clock()))


@router.post("/{number}/decision", summary="Approve or refuse")
@permitted(Permission.APPROVE_REQUESTS)
def decide(request: Request, viewer: SignedIn, number: str, sent: DecisionSent) -> Answer:
    """The head of the holding agency decides, or the city's manager under its delegation; never who asked.

    An approved transfer starts with it.
    """
    channel = None if sent.channel is None else parse_channel(sent.channel)
    decision = Decision(sent.command_id, number, sent.approve, sent.reason, channel)
    return request_answer(deciding.decide(site_of(request).database, viewer, decision, read_clock()))


@router.post("/{number}/withdrawal", summary="Take a request back")
@permitted(Permission.FOLLOW_UP_REQUESTS)
def withdraw(request: Request, viewer: SignedIn, number: str, sent: ReasonSent) -> Answer:
    """Take a request back; a started transfer is cancelled with it."""
    database = site_of(request).database
    return request_answer(deciding.withdraw(database, viewer, sent.command_id, number, sent.reason, read_clock()))


@router.post("/{number}/renewal", summary="Renew a loan")
@permitted(Permission.FOLLOW_UP_REQUESTS)
def renew(request: Request, viewer: SignedIn, number: str, sent: ReasonSent) -> Answer:
    """Renew a loan before it is due, while nobody waits."""
    database = site_of(request).database
    return request_answer(deciding.renew(database, viewer, sent.command_id, number, sent.reason, read_clock()))


@router.post("/{number}/route", summary="Say which dossier a request is about")
@permitted(Permission.SETTLE_UNRESOLVED)
def route(request: Request, viewer: SignedIn, number: str, sent: RouteSent) -> Answer:
    """The city manager routes what nobody could be found to hold."""
    database = site_of(request).database
    return request_answer(deciding.route(database, viewer, sent.command_id, number, sent.dossier, read_clock()))


@router.post("/{number}/hand-out", summary="Lend, or hand over at the window")
@permitted(Permission.HAND_OVER)
def hand_out(request: Request, viewer: SignedIn, number: str, sent: HandOutSent) -> Answer:
    """A keeper lends at the desk, a clerk hands over at the window; two sign, two carry, the due date begins today."""
    database, now = site_of(request).database, read_clock()
    handing = HandingOut(sent.command_id, number, tuple(sent.carriers), sent.seals)
    act = lending.lend if viewer.role is Role.KEEPER else lending.hand_over
    return request_answer(act(database, viewer, handing, witness_of(database, viewer, sent.witness), now))


@router.post("/{number}/return", summary="Take a loan back")
@permitted(Permission.HAND_OVER)
def take_back(request: Request, viewer: SignedIn, number: str, sent: ReturnSent) -> Answer:
    """A keeper takes it back at the desk, a clerk at the window; seal and pieces are checked by two."""
    database, now = site_of(request).database, read_clock()
    back = ComingBack(sent.command_id, number, sent.place, sent.found())
    act = lending.loan_return if viewer.role is Role.KEEPER else lending.take_back
    return request_answer(act(database, viewer, back, witness_of(database, viewer, sent.witness), now))


@router.post("/{number}/consultation", summary="Bring it to the reading room")
@permitted(Permission.CONSULT)
def consult(request: Request, viewer: SignedIn, number: str, sent: ConsultationSent) -> Answer:
    """Two or more visitors read on the spot; nobody reads their own."""
    visitors = [(visitor.name, visitor.id_number) for visitor in sent.visitors]
    visit = Visit(sent.command_id, number, sent.place, visitors)
    return request_answer(lending.consult(site_of(request).database, viewer, visit, read_clock()))


@router.post("/{number}/consultation/end", summary="The visitors are gone")
@permitted(Permission.CONSULT)
def end_consultation(request: Request, viewer: SignedIn, number: str, sent: PlaceSent) -> Answer:
    """The dossier goes back to a desk or cart."""
    database, now = site_of(request).database, read_clock()
    return request_answer(lending.end_consultation(database, viewer, sent.command_id, number, sent.place, now))


@router.post("/{number}/scan-given", summary="Give the scan")
@permitted(Permission.GIVE_SCANS)
def give_scan(request: Request, viewer: SignedIn, number: str, sent: CommandSent) -> Answer:
    """The scan is given, the paper stays."""
    return request_answer(lending.give_scan(site_of(request).database, viewer, sent.command_id, number, read_clock()))


@router.post("/{number}/finish", summary="The window is done with it")
@permitted(Permission.FOLLOW_UP_REQUESTS)
def finish(request: Request, viewer: SignedIn, number: str, sent: CommandSent) -> Answer:
    """What was dispatched to a window may come home."""
    return request_answer(lending.finish(site_of(request).database, viewer, sent.command_id, number, read_clock()))


@router.post("/{number}/transfer", summary="Send a transfer")
@permitted(Permission.HAND_OVER)
def send(request: Request, viewer: SignedIn, number: str, sent: TransferSent) -> Answer:
    """All volumes together, sealed, by the channel computed; the receipt's clock begins."""
    database, now = site_of(request).database, read_clock()
    sending = Sending(sent.command_id, number, sent.seals, sent.pieces, sent.tracking)
    return request_answer(transferring.send(database, viewer, sending, witness_of(database, viewer, sent.witness), now))


@router.post("/{number}/receipt", summary="Confirm a transfer by its receipt")
@permitted(Permission.FOLLOW_UP_REQUESTS)
def confirm_receipt(request: Request, viewer: SignedIn, number: str, sent: ReceiptSent) -> Answer:
    """The signed receipt closes the transfer."""
    day: date = sent.received_on
    receipt = Receipt(sent.command_id, number, sent.receipt_number, day)
    return request_answer(transferring.confirm_receipt(site_of(request).database, viewer, receipt, read_clock()))


@router.post("/{number}/undelivered", summary="A transfer came back undelivered")
@permitted(Permission.HAND_OVER)
def undelivered(request: Request, viewer: SignedIn, number: str, sent: ReturnSent) -> Answer:
    """It stands ready again, to be sent anew or withdrawn; the receipt's clock stops."""
    database, now = site_of(request).database, read_clock()
    back = Undelivered(sent.command_id, number, sent.place, sent.reason, sent.found())
    witness = witness_of(database, viewer, sent.witness)
    return request_answer(transferring.undelivered(database, viewer, back, witness, now))
