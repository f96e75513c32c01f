"""Discrepancies (差异): what is open, in the order of the walk, and one case with both sides and what people did about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import Response

from inventory.domain.discrepancies import COMMENT_CHARACTERS_MAX, KINDS, DiscrepancyKind, Gravity, Outcome
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import discrepancy_cases
from inventory.operations.discrepancy_cases import Case, CaseList, CaseView, Resolution, discrepancies, discrepancy
from web import speaking
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import Frame, render
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.words import Words

router = Doors()

TONES = {Gravity.GRAVE: "bad", Gravity.PLAIN: "doubt", Gravity.LIGHT: "quiet"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the list shows; every link of the page changes one of these and keeps the rest."""

    kind: DiscrepancyKind | None = None
    place: str | None = None
    mine: bool = False
    closed: bool = False
    page: int = 1

    def address(self, **changed: object) -> str:
        """The list with one choice changed, from its first page on."""
        told = {name: getattr(self, name) for name in ("kind", "place", "mine", "closed")} | changed
        query = {name: "1" if value is True else str(value) for name, value in told.items() if value}
        return f"/discrepancies?{urlencode(query)}" if query else "/discrepancies"

    @property
    def is_narrowed(self) -> bool:
        """Whether something is left out."""
        return self.kind is not None or self.place is not None or self.mine


@dataclass(frozen=True, slots=True)
class Bay:
    """What is to be seen to at one bay; code: None where no place is known."""

    code: str | None
    path: tuple[str, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """How many there are of a kind, and their share of the most there are of any, 0 to 100."""

    kind: DiscrepancyKind
    count: int
    share: float
    tone: str


@dataclass(frozen=True, slots=True)
class ListContext:
    """One page of the list by bays, the picture of the counts, and what was chosen."""

    chosen: Chosen
    bays: tuple[Bay, ...]
    bars: tuple[Bar, ...]
    more: bool
    problem: Refusal | None = None
    tones: dict[Gravity, str] = field(default_factory=lambda: TONES)

    @property
    def count(self) -> int:
        """How many there are of all kinds."""
        return sum(bar.count for bar in self.bars)


@dataclass(frozen=True, slots=True)
class CaseContext:
    """One case, and the last form where it was refused."""

    view: CaseView
    acts: tuple[Role, ...]
    may_see_readers: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    tones: dict[Gravity, str] = field(default_factory=lambda: TONES)
    note_characters_max: int = COMMENT_CHARACTERS_MAX

    def evidence(self, words: Words, frame: Frame) -> list[str]:
        """What else the radio said, as far as it counts for the kind."""
        numbers = self.view.case.row.numbers
        told: list[str | None] = [
            _told(words, "case.radio.nights", nights=numbers.get("nights")) if self.view.case.row.radio is None else None,
            words("case.radio.section") if numbers.get("section") else None,
            _told(words, "case.radio.reads", reads=numbers.get("reads")),
            _told(words, "case.radio.times", times=numbers.get("times")),
            _told(words, "case.radio.last_message", time=_clock(frame, numbers.get("last_message_at"))),
            _told(words, "case.radio.clock", offset=_offset(numbers)),
            _told(words, "case.radio.listened", time=_clock(frame, numbers.get("listened_at")), shelves=numbers.get("shelves")),
        ]  # fmt: skip
        return [one for one in told if one is not None]


@router.get("/discrepancies", include_in_schema=False)
@permitted(Permission.SEE_DISCREPANCIES)
def discrepancies_page(
    request: Request,
    viewer: SignedIn,
    kind: Annotated[str, Query(max_length=PLACE_CODE_CHARACTERS_MAX)] = "",
    place: Annotated[str, Query(max_length=PLACE_CODE_CHARACTERS_MAX)] = "",
    mine: bool = False,
    closed: bool = False,
    page: Annotated[int, Query(ge=1, le=discrepancy_cases.PAGES_MAX)] = 1,
) -> Response:
    """The list, or after a live event its moving part."""
    chosen = Chosen(_kind(kind), place.strip() or None, mine, closed, page)
    try:
        context = _listed(request, viewer, chosen)
    except Refusal as refusal:
        context = ListContext(chosen, (), (), more=False, problem=refusal)
        return render(request, "discrepancies.html", context, viewer, block="cases", status=status_of(refusal))
    return render(request, "discrepancies.html", context, viewer, block="cases")


@router.get("/discrepancies/{number}", include_in_schema=False)
@permitted(Permission.SEE_DISCREPANCIES)
def discrepancy_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """One case."""
    return render(request, "discrepancy.html", _case(request, viewer, number), viewer)


@router.post("/discrepancies/{number}/assignment", include_in_schema=False)
@permitted(Permission.RESOLVE_DISCREPANCIES)
def assign(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Somebody looks after it."""
    try:
        database, login = site_of(request).database, form.told("login")
        discrepancy_cases.assign(database, viewer, number, form.command_id(), login, read_clock())
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    return redirect(request, f"/discrepancies/{number}", "case.assign.done", number=number)


@router.post("/discrepancies/{number}/comments", include_in_schema=False)
@permitted(Permission.COMMENT_DISCREPANCIES)
def comment(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Somebody saw something."""
    try:
        database, text = site_of(request).database, form.text("text")
        discrepancy_cases.comment(database, viewer, number, form.command_id(), text, read_clock())
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    return redirect(request, f"/discrepancies/{number}", "case.comment.done")


@router.post("/discrepancies/{number}/resolution", include_in_schema=False)
@permitted(Permission.RESOLVE_DISCREPANCIES)
def resolve(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Somebody knows what it was."""
    try:
        resolution = Resolution(
            form.command_id(), _outcome(form.text("outcome")), form.told("note"), form.told("place")
        )
        discrepancy_cases.resolve(site_of(request).database, viewer, number, resolution, read_clock())
    except Refusal as refusal:
        return _again(request, viewer, number, form, refusal)
    return redirect(request, f"/discrepancies/{number}", "case.resolved", number=number)


def _listed(request: Request, viewer: Viewer, chosen: Chosen) -> ListContext:
    found = discrepancies(
        site_of(request).database,
        viewer,
        is_open=not chosen.closed,
        kinds=() if chosen.kind is None else (chosen.kind,),
        place=chosen.place,
        mine=chosen.mine,
        page=chosen.page,
    )
    return ListContext(chosen, _by_bay(found), _bars(found), found.more)


def _by_bay(found: CaseList) -> tuple[Bay, ...]:
    """One after another, as the list has them: closed ones stay in the order of time."""
    groups = ((code, tuple(cases)) for code, cases in groupby(found.cases, key=lambda case: case.row.bay))
    return tuple(Bay(code, cases[0].bay_path, cases) for code, cases in groups)


def _bars(found: CaseList) -> tuple[Bar, ...]:
    most = max(found.counts.values(), default=1)
    return tuple(
        Bar(kind, count, 100 * count / most, TONES[nature.gravity])
        for kind, nature in KINDS.items()
        if (count := found.counts.get(kind, 0))
    )


def _case(request: Request, viewer: Viewer, number: str, **more: object) -> CaseContext:
    view = discrepancy(site_of(request).database, viewer, number, read_clock())
    acts = tuple(sorted(view.case.nature.acts))
    may_see_readers = viewer.role in Permission.SEE_READERS.roles
    return CaseContext(view, acts, may_see_readers, **more)  # type: ignore[arg-type]


def _again(request: Request, viewer: Viewer, number: str, form: Form, refusal: Refusal) -> Response:
    """The case with what was typed and why it was refused."""
    context = _case(request, viewer, number, sent=form, problem=refusal)
    return render(request, "discrepancy.html", context, viewer, status=status_of(refusal))


def _told(words: Words, key: str, **facts: object) -> str | None:
    """The text, unless a fact is missing."""
    return words(key, **facts) if all(facts.values()) else None


def _clock(frame: Frame, moment: str | None) -> str | None:
    return None if moment is None else frame.clock(datetime.fromisoformat(moment))


def _offset(numbers: Mapping[str, Any]) -> str | None:
    offset = numbers.get("clock_offset_ms")
    return speaking.clock_offset(offset) if offset else None


def _kind(text: str) -> DiscrepancyKind | None:
    try:
        return DiscrepancyKind(text) if text else None
    except ValueError:
        raise BadInput(problem_zh="没有这种差异", problem_en="there is no such kind of discrepancy") from None


def _outcome(text: str) -> Outcome:
    try:
        return Outcome(text)
    except ValueError:
        raise BadInput(problem_zh="请选择原因", problem_en="choose a reason") from None
