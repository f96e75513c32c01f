"""Searches (查找): what is being searched for, and one case with its protocol and everything that may help."""

from dataclasses import dataclass, field
from typing import TypeVar

from fastapi import Request
from starlette.responses import Response

from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal, TooManyAttempts, WrongPin
from inventory.domain.requests import request_number
from inventory.domain.searching import CaseState, Step, StepResult
from inventory.operations import searching
from inventory.operations.search_cases import UNSETTLED, CaseLine, CaseView, search_case, search_cases
from inventory.operations.searching import Finding, Looking, Loss, Rebuilding
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render, words_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.telling import ToldAct, told

router = Doors()

_Choice = TypeVar("_Choice", Step, StepResult)
_OVER = (CaseState.FOUND, CaseState.REBUILT, CaseState.DISMISSED)
TONES = {
    CaseState.SUSPECTED: "doubt",
    CaseState.OPEN: "bad",
    CaseState.LOST: "bad",
    CaseState.FOUND: "good",
    CaseState.REBUILT: "doubt",
    CaseState.DISMISSED: "quiet",
}


@dataclass(frozen=True, slots=True)
class SearchesContext:
    """The cases; over: those that are settled. problem: why the last form was refused."""

    cases: tuple[CaseLine, ...]
    over: bool
    may_begin: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    tones: dict[CaseState, str] = field(default_factory=lambda: TONES)


@dataclass(frozen=True, slots=True)
class CaseContext:
    """One case, what the viewer may do with it, and the last form where it was refused."""

    view: CaseView
    acts: tuple[ToldAct, ...]
    request: str | None
    may_look: bool
    may_find: bool
    may_lose: bool
    may_rebuild: bool
    may_begin: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    witness_problem: Refusal | None = None
    steps: type[Step] = Step
    results: type[StepResult] = StepResult
    tones: dict[CaseState, str] = field(default_factory=lambda: TONES)


@router.get("/searches", include_in_schema=False)
@permitted(Permission.SEE_SEARCHES)
def searches_page(request: Request, viewer: SignedIn, over: bool = False) -> Response:
    """What is being searched for, the longest missing first; or what is over."""
    return render(request, "searches.html", _searches(request, viewer, over=over), viewer)


@router.post("/searches", include_in_schema=False)
@permitted(Permission.BEGIN_SEARCHES)
def begin(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Something isn't where the ledger says: begin its search, or take up a suspicion."""
    try:
        volume = VolumeName.parse(form.text("volume"))
        number = searching.begin_search(
            site_of(request).database,
            viewer,
            volume,
            command_id=form.command_id(),
            now=read_clock(),
            reason=form.text("reason"),
        )
    except Refusal as refusal:
        context = _searches(request, viewer, sent=form, problem=refusal)
        return render(request, "searches.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/searches/{number}", "searches.begun", good=False, search=number, volume=str(volume))


@router.get("/searches/{number}", include_in_schema=False)
@permitted(Permission.SEE_SEARCHES)
def case_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """One case."""
    return render(request, "search.html", _case(request, viewer, number), viewer)


@router.post("/searches/{number}/steps", include_in_schema=False)
@permitted(Permission.SEARCH)
def look(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Somebody looked somewhere."""
    try:
        looking = Looking(
            form.command_id(),
            _one_of(Step, form.text("step")),
            _one_of(StepResult, form.text("result")),
            form.told("note"),
        )
        searching.look(site_of(request).database, viewer, number, looking, read_clock())
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    return redirect(request, f"/searches/{number}#protocol", "searches.looked")


@router.post("/searches/{number}/found", include_in_schema=False)
@permitted(Permission.BEGIN_SEARCHES)
def found(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """It turned up."""
    database, now = site_of(request).database, read_clock()
    try:
        step = form.told("found_step")
        place = form.text("place")
        finding = Finding(form.command_id(), place, form.text("how"), None if step is None else _one_of(Step, step))
        searching.found(database, viewer, number, finding, now)
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    volume = search_case(database, viewer, number, now).line.volume
    return redirect(request, f"/searches/{number}", "searches.found.done", volume=volume)


@router.post("/searches/{number}/lost", include_in_schema=False)
@permitted(Permission.DECLARE_LOST)
def lost(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """The agency head declares it lost."""
    database, now = site_of(request).database, read_clock()
    try:
        witness = second_person(request, viewer, form)
        loss = Loss(form.command_id(), form.text("authority"), form.text("report"), witness)
        searching.declare_lost(database, viewer, number, loss, now)
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    volume = search_case(database, viewer, number, now).line.volume
    return redirect(request, f"/searches/{number}", "searches.lost.done", good=False, volume=volume)


@router.post("/searches/{number}/rebuilt", include_in_schema=False)
@permitted(Permission.REBUILD)
def rebuilt(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """It was brought together again."""
    database, now = site_of(request).database, read_clock()
    try:
        witness = second_person(request, viewer, form)
        rebuilding = Rebuilding(form.command_id(), form.text("desk"), form.text("authority"), witness)
        searching.rebuild(database, viewer, number, rebuilding, now)
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    volume = search_case(database, viewer, number, now).line.volume
    return redirect(request, f"/searches/{number}", "searches.rebuilt.done", volume=volume)


@router.post("/searches/{number}/dismissed", include_in_schema=False)
@permitted(Permission.BEGIN_SEARCHES)
def dismissed(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """It is where the ledger says after all."""
    try:
        searching.dismiss(
            site_of(request).database,
            viewer,
            number,
            command_id=form.command_id(),
            now=read_clock(),
            outcome=form.text("outcome"),
        )
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    return redirect(request, f"/searches/{number}", "searches.dismissed", search=number)


def _searches(request: Request, viewer: Viewer, *, over: bool = False, **more: object) -> SearchesContext:
    cases = search_cases(site_of(request).database, viewer, _OVER if over else UNSETTLED)
    return SearchesContext(tuple(cases), over, permits(viewer, Permission.BEGIN_SEARCHES), **more)  # type: ignore[arg-type]


def _case(request: Request, viewer: Viewer, number: str, **more: object) -> CaseContext:
    view = search_case(site_of(request).database, viewer, number, read_clock())
    state, words = view.line.state, words_of(request)
    return CaseContext(
        view,
        tuple(told(act, words) for act in view.acts),
        None if view.line.request_id is None else request_number(view.line.request_id),
        may_look=state in (CaseState.SUSPECTED, CaseState.OPEN) and permits(viewer, Permission.SEARCH),
        may_find=state in (CaseState.OPEN, CaseState.LOST) and permits(viewer, Permission.BEGIN_SEARCHES),
        may_lose=state is CaseState.OPEN and permits(viewer, Permission.DECLARE_LOST),
        may_rebuild=state is CaseState.LOST and permits(viewer, Permission.REBUILD),
        may_begin=state is CaseState.SUSPECTED and permits(viewer, Permission.BEGIN_SEARCHES),
        **more,  # type: ignore[arg-type]
    )


def _again(request: Request, viewer: Viewer, number: str, form: Form, refusal: Refusal) -> Response:
    """The case with what was typed and why it was refused."""
    witness_problem = refusal if isinstance(refusal, WrongPin | TooManyAttempts) else None
    context = _case(request, viewer, number, sent=form, problem=refusal, witness_problem=witness_problem)
    return render(request, "search.html", context, viewer, status=status_of(refusal))


def _one_of(kinds: type[_Choice], text: str) -> _Choice:
    try:
        return kinds(text)
    except ValueError:
        raise BadInput(problem_zh="没有这个选项", problem_en="there is no such choice") from None
