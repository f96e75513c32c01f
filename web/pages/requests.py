"""Requests (用档申请): the lists, the form that asks, and one request with its promise, its papers and its timeline."""

from dataclasses import dataclass, field
from datetime import date

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from inventory.domain.evidence_slots import EvidenceSlot, slots_needed
from inventory.domain.institutions import InstitutionClass
from inventory.domain.jurisdiction import Circumstance, Depositor, Employer, RegisteredAt
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, NoSuchAddress, Refusal
from inventory.domain.requests import Initiator, LetterKind, Occasion, Purpose, RequestKind, RequestState
from inventory.domain.travelling import Channel, parse_channel
from inventory.operations import asking, institutions, request_lists, transfer_papers
from inventory.operations.asking import Asking
from inventory.operations.request_lists import Listed, Unresolved
from inventory.operations.request_views import AcceptedView, RequestFile, SeenRequest, open_request
from inventory.papers.printing import address_labels_pdf, transfer_notice_pdf
from inventory.store.database import Database
from inventory.store.institutions import InstitutionRow, LetterRow
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.pages.request_steps import Step, steps_for
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
# In the order of their tabs: who sees each.
LISTS: dict[str, Permission] = {
    "open": Permission.SEE_REQUESTS,
    "to_decide": Permission.APPROVE_REQUESTS,
    "overdue": Permission.SEE_REQUESTS,
    "receipts_missing": Permission.SEE_REQUESTS,
    "unresolved": Permission.SETTLE_UNRESOLVED,
    "all": Permission.SEE_REQUESTS,
}
# Who may want a transfer for which occasion; the rest follows from what is asked for.
_ENDS = frozenset({Occasion.RETIREMENT, Occasion.DEATH})


@dataclass(frozen=True, slots=True)
class RequestsContext:
    """One of the lists. unresolved: the city manager's own kind of line."""

    which: str
    lists: tuple[str, ...]
    requests: tuple[SeenRequest, ...]
    more: bool
    may_ask: bool
    may_see_delegations: bool
    unresolved: tuple[Unresolved, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """What may be asked for: its address is the form's."""

    kind: RequestKind
    initiator: Initiator
    occasion: Occasion | None = None

    @property
    def query(self) -> str:
        """The part of the form's address after the question mark."""
        occasion = f"&occasion={self.occasion}" if self.occasion else ""
        return f"kind={self.kind}&initiator={self.initiator}{occasion}"


def _cases() -> tuple[Case, ...]:
    """Everything that may be asked for; what isn't here can't be."""
    institution = Initiator.INSTITUTION
    read = [Case(kind, institution) for kind in (RequestKind.SCAN, RequestKind.CONSULTATION, RequestKind.LOAN)]
    brought = [Case(RequestKind.DISPATCH, initiator) for initiator in (Initiator.PERSON, Initiator.EMPLOYER)]
    leaving = [
        Case(RequestKind.TRANSFER, initiator, occasion)
        for occasion in Occasion
        for initiator in Initiator
        if initiator is not institution or occasion in _ENDS
    ]
    return (*read, *brought, *leaving)


CASES = _cases()


@dataclass(frozen=True, slots=True)
class CasesContext:
    """What to ask for; dossier: for which, where that is known already."""

    cases: tuple[Case, ...]
    dossier: str


@dataclass(frozen=True, slots=True)
class AskContext:
    """The form of one case, with what was sent and refused."""

    case: Case
    slots: tuple[EvidenceSlot, ...]
    letters: dict[EvidenceSlot, tuple[tuple[str, str], ...]]
    institutions: tuple[InstitutionRow, ...]
    windows: tuple[tuple[str, str], ...]
    sent: Form = field(default_factory=lambda: Form(()))
    dossier: str = ""
    problem: Refusal | None = None
    purposes: tuple[Purpose, ...] = tuple(Purpose)
    channels: tuple[Channel, ...] = tuple(Channel)
    circumstances: tuple[Circumstance, ...] = tuple(Circumstance)
    levels: tuple[RegisteredAt, ...] = tuple(RegisteredAt)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request as its viewer sees it, and what may be done with it now."""

    accepted: AcceptedView | None
    file: RequestFile | None
    steps: tuple[Step, ...] = ()
    states: type[RequestState] = RequestState


@router.get("/requests", include_in_schema=False)
@permitted(Permission.SEE_REQUESTS)
def requests_page(request: Request, viewer: SignedIn, list: str = "open", before: str | None = None) -> Response:  # noqa: A002 - it stands in the address
    """One of the lists; who has to decide begins with that."""
    lists = tuple(name for name, permission in LISTS.items() if permits(viewer, permission))
    if list not in lists:
        raise NoSuchAddress
    database, now = site_of(request).database, read_clock()
    may = permits(viewer, Permission.ASK), permits(viewer, Permission.SEE_DELEGATIONS)
    if list == "unresolved":
        lines = tuple(request_lists.unresolved(database, viewer, now))
        context = RequestsContext(list, lists, (), False, *may, lines)
    else:
        found = _listed(database, viewer, list, before)
        context = RequestsContext(list, lists, found.requests, found.more, *may)
    return render(request, "requests.html", context, viewer)


def _listed(database: Database, viewer: Viewer, which: str, before: str | None) -> Listed:
    now = read_clock()
    if which == "to_decide":
        return request_lists.to_decide(database, viewer, now)
    if which == "overdue":
        return request_lists.overdue(database, viewer, now)
    if which == "receipts_missing":
        return request_lists.receipts_missing(database, viewer, now)
    return request_lists.my_requests(database, viewer, now, before=before, open_only=which == "open")


@router.post("/requests/find", include_in_schema=False)
@permitted(Permission.SEE_REQUESTS)
def find(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """A scanned request, transfer notice (on its receipt that came back) or dossier leads to the request."""
    number = request_lists.number_of_code(site_of(request).database, viewer, form.text("code"), read_clock())
    return RedirectResponse(f"/requests/{number}", 303)


@router.get("/requests/new", include_in_schema=False)
@permitted(Permission.ASK)
def new_request(
    request: Request, viewer: SignedIn, kind: str = "", initiator: str = "", occasion: str = "", dossier: str = ""
) -> Response:
    """The cases to choose from, then the form of one."""
    if not kind:
        return render(request, "request_cases.html", CasesContext(CASES, dossier[:40]), viewer)
    context = _ask_context(request, viewer, _case(kind, initiator, occasion), dossier=dossier[:40])
    return render(request, "request_form.html", context, viewer)


@router.post("/requests/new", include_in_schema=False)
@permitted(Permission.ASK)
def ask(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Ask, and lead on to the request with its promise and its place in the queue."""
    case = _case(form.text("kind"), form.text("initiator"), form.text("occasion"))
    try:
        seen = asking.ask(site_of(request).database, viewer, _asking(case, form), read_clock())
    except Refusal as refusal:
        context = _ask_context(request, viewer, case, sent=form, problem=refusal)
        return render(request, "request_form.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/requests/{seen.number}", "requests.asked", number=seen.number)


def _case(kind: str, initiator: str, occasion: str) -> Case:
    """The case an address names; raises `NoSuchAddress` for what can't be asked for."""
    for case in CASES:
        if (case.kind, case.initiator, case.occasion or "") == (kind, initiator, occasion):
            return case
    raise NoSuchAddress


def _ask_context(request: Request, viewer: Viewer, case: Case, **more: object) -> AskContext:
    database, now = site_of(request).database, read_clock()
    slots = slots_needed(case.kind, case.occasion, case.initiator)
    letters = institutions.my_letters(database, viewer)
    fitting = {
        slot: tuple((str(one.letter_id), _called(one)) for one in letters if LetterKind(one.kind) in slot.letters)
        for slot in slots
    }
    registered = tuple(
        one
        for one in institutions.find_institutions(database, viewer, "", now)
        if _may_receive(case, InstitutionClass(one.kind))
    )
    windows = tuple(institutions.windows(database, viewer))
    return AskContext(case, slots, fitting, registered, windows, **more)  # type: ignore[arg-type]


def _called(letter: LetterRow) -> str:
    return f"{letter.number} · {letter.issuer} · {letter.dated.isoformat()}"


def _may_receive(case: Case, kind: InstitutionClass) -> bool:
    if case.occasion is Occasion.RETIREMENT:
        return kind is InstitutionClass.TOWNSHIP_CENTRE
    if case.occasion is Occasion.DEATH:
        return kind is InstitutionClass.ARCHIVES
    return case.occasion is not Occasion.AGENCY_MOVE or kind is InstitutionClass.AGENCY


def _asking(case: Case, form: Form) -> Asking:
    """The form as the operation takes it; raises `BadInput`, `NeverSelfCarry`."""
    letters = {slot: form.text(f"letter.{slot}") for slot in EvidenceSlot}
    return Asking(
        form.command_id(),
        case.kind,
        form.text("sought"),
        case.initiator,
        _chosen(Purpose, form.text("purpose")) if case.kind is not RequestKind.TRANSFER else Purpose.TRANSFER,
        elsewhere=form.text("elsewhere") == "yes",
        initiator_name=form.text("initiator_name"),
        purpose_note=form.text("purpose_note"),
        paper_reason=form.text("paper_reason"),
        occasion=case.occasion,
        institution=form.told("institution"),
        window=form.told("window"),
        channel=parse_channel(form.text("channel")) if form.text("channel") else None,
        due_on=_day(form.text("due_on")),
        priority=_priority(form.text("priority")),
        letters={slot: int(told) for slot, told in letters.items() if told.isascii() and told.isdigit()},
        told={slot: form.text(f"told.{slot}") for slot in EvidenceSlot if form.text(f"told.{slot}")},
        depositor=_depositor(form),
        nearest_reason=form.text("nearest_reason"),
    )


def _chosen(words: type[Purpose], text: str) -> Purpose:
    try:
        return words(text)
    except ValueError:
        raise BadInput(problem_zh="请选择用途", problem_en="choose a purpose") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(problem_zh="日期的形式不对", problem_en="the day has the wrong form") from None


def _priority(text: str) -> int:
    return int(text) if text in {"0", "1", "2"} else 0


def _depositor(form: Form) -> Depositor | None:
    told = form.text("circumstance")
    if told not in set(Circumstance):
        return None
    level = (
        RegisteredAt.CITY_OR_ABOVE if form.text("registered_at") == RegisteredAt.CITY_OR_ABOVE else RegisteredAt.COUNTY
    )
    employer, former = form.text("employer_division"), form.text("former_employer_division")
    return Depositor(
        Circumstance(told),
        Employer(level, employer) if employer else None,
        Employer(RegisteredAt.COUNTY, former) if former else None,
        form.told("hukou"),
        form.told("hukou_before_enrolment"),
        form.told("workplace"),
        form.told("start_up"),
    )


@router.get("/requests/{number}", include_in_schema=False)
@permitted(Permission.SEE_REQUESTS)
def request_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """One request; the window that accepted it for another agency sees "accepted" and "answered"."""
    file = open_request(site_of(request).database, viewer, number, read_clock())
    if isinstance(file, AcceptedView):
        return render(request, "request.html", RequestContext(file, None), viewer)
    context = RequestContext(None, file, steps_for(viewer, file))
    return render(request, "request.html", context, viewer)


@router.get("/requests/{number}/notice.pdf", include_in_schema=False)
@permitted(Permission.SEE_REQUESTS)
def notice(request: Request, viewer: SignedIn, number: str) -> Response:
    """The transfer notice in three parts."""
    paper, printed = transfer_papers.transfer_notice(site_of(request).database, viewer, number, read_clock())
    return Response(transfer_notice_pdf(paper, printed), media_type="application/pdf")


@router.get("/requests/{number}/address.pdf", include_in_schema=False)
@permitted(Permission.SEE_REQUESTS)
def address(request: Request, viewer: SignedIn, number: str) -> Response:
    """The address for the envelope."""
    label, printed = transfer_papers.address_label(site_of(request).database, viewer, number, read_clock())
    return Response(address_labels_pdf([label], printed), media_type="application/pdf")
