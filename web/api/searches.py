"""`/api/v1/searches`: searching by programs, through the same operations as the pages."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field

from inventory.domain.identifiers import VolumeName
from inventory.domain.permissions import Permission
from inventory.domain.requests import request_number
from inventory.domain.searching import NOTE_CHARACTERS_MAX, CaseState, Step, StepResult
from inventory.operations import searching
from inventory.operations.countersigning import countersign
from inventory.operations.search_cases import UNSETTLED, CaseLine, CaseView, StepLine, search_case, search_cases
from inventory.operations.searching import Finding, Looking, Loss, Rebuilding
from web.api.acts import WitnessSent
from web.api.work import REFUSALS, Code, Command, PlaceCode, Sent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1")

Told = Annotated[str, Field(min_length=1, max_length=NOTE_CHARACTERS_MAX)]
_DOCUMENT_CHARACTERS_MAX = 100
Document = Annotated[str, Field(max_length=_DOCUMENT_CHARACTERS_MAX)]


class SearchSent(Sent):
    """A volume that isn't where the ledger says."""

    command_id: Command
    volume: Code
    reason: Told


class StepSent(Sent):
    """Somebody looked somewhere."""

    command_id: Command
    step: Step
    result: StepResult
    note: str | None = Field(default=None, max_length=NOTE_CHARACTERS_MAX)
    searcher: WitnessSent | None = Field(default=None, description="Who looked, if it wasn't whoever sends this.")


class FoundSent(Sent):
    """The volume turned up."""

    command_id: Command
    place: PlaceCode
    reason: Told
    step: Step | None = Field(default=None, description="The step of the protocol that led there.")


class LostSent(Sent):
    """The agency head's decision."""

    command_id: Command
    authority: Document = Field(description="The decision, by its number.")
    report: Document = Field(description="The report to the archives authority, by its number.")
    reason: str | None = Field(default=None, max_length=NOTE_CHARACTERS_MAX)
    witness: WitnessSent


class RebuiltSent(Sent):
    """A lost volume made anew."""

    command_id: Command
    desk: PlaceCode
    authority: Document
    witness: WitnessSent


class DismissedSent(Sent):
    """A suspicion cleared up."""

    command_id: Command
    outcome: Told


class SearchLineAnswer(BaseModel):
    """A search in the list."""

    search: str
    volume: str
    state: CaseState
    from_place: str = Field(description="Where the ledger had it.")
    reason: str
    opened_by: str
    opened_at: datetime
    request: str | None
    steps: int
    steps_left: int


class SearchesAnswer(BaseModel):
    """Searches, the longest open first."""

    searches: list[SearchLineAnswer]


class DoneAnswer(BaseModel):
    """A step somebody did."""

    searcher: str
    result: StepResult
    note: str | None
    done_at: datetime


class MovedAnswer(BaseModel):
    """A volume that left the same shelf or one beside it lately."""

    volume: str
    kind: str
    at: datetime
    actor: str
    now_at: str


class StepAnswer(BaseModel):
    """A step of the protocol, who did it, and where it leads just now."""

    step: Step
    done: list[DoneAnswer]
    neighbours: dict[str, str] = Field(description="Side to shelf.")
    places: dict[str, int] = Field(description="Places to look through, and how many volumes each holds.")
    moved: list[MovedAnswer]
    people: list[str]


class SightingAnswer(BaseModel):
    """Where the radio believes it."""

    place: str
    probability: float
    last_seen_at: datetime
    after_last_move: bool


class LastActAnswer(BaseModel):
    """An act on the volume: who had it."""

    kind: str
    from_place: str | None
    to_place: str | None
    actor: str
    happened_at: datetime


class SearchAnswer(SearchLineAnswer):
    """A search with all that may help."""

    protocol: list[StepAnswer]
    last_acts: list[LastActAnswer]
    sighting: SightingAnswer | None
    found_place: str | None
    report: str | None
    outcome: str | None
    closed_by: str | None
    closed_at: datetime | None


@router.get("/searches", summary="Searches", responses=REFUSALS)
@permitted(Permission.SEE_SEARCHES)
def searches(
    request: Request, viewer: SignedIn, state: Annotated[list[CaseState] | None, Query()] = None
) -> SearchesAnswer:
    """Those suspected, open and lost, or in the states asked for; an agency's people see their own dossiers'."""
    found = search_cases(site_of(request).database, viewer, state or UNSETTLED)
    return SearchesAnswer(searches=[SearchLineAnswer(**_line(one)) for one in found])


@router.post("/searches", summary="Begin a search", responses=REFUSALS)
@permitted(Permission.BEGIN_SEARCHES)
def begin(request: Request, viewer: SignedIn, sent: SearchSent) -> SearchAnswer:
    """The volume isn't where the ledger says; also takes a suspicion up."""
    database, volume = site_of(request).database, VolumeName.parse(sent.volume)
    number = searching.begin_search(
        database, viewer, volume, command_id=sent.command_id, now=read_clock(), reason=sent.reason
    )
    return _shown(request, viewer, number)


@router.get("/searches/{search}", summary="A search", responses=REFUSALS)
@permitted(Permission.SEE_SEARCHES)
def one_search(request: Request, viewer: SignedIn, search: str) -> SearchAnswer:
    """Its protocol, who had the volume last, where the radio saw it."""
    return _shown(request, viewer, search)


@router.post("/searches/{search}/steps", summary="Record a step of a search", responses=REFUSALS)
@permitted(Permission.SEARCH)
def look(request: Request, viewer: SignedIn, search: str, sent: StepSent) -> SearchAnswer:
    """Somebody looked somewhere."""
    database, now = site_of(request).database, read_clock()
    searcher = None if sent.searcher is None else countersign(database, viewer, sent.searcher.login, sent.searcher.pin)
    looking = Looking(sent.command_id, sent.step, sent.result, sent.note, searcher)
    searching.look(database, viewer, search, looking, now)
    return _shown(request, viewer, search)


@router.post("/searches/{search}/found", summary="Found", responses=REFUSALS)
@permitted(Permission.BEGIN_SEARCHES)
def found(request: Request, viewer: SignedIn, search: str, sent: FoundSent) -> SearchAnswer:
    """The volume turned up; also one declared lost. Whom it was looked for gets it."""
    finding = Finding(sent.command_id, sent.place, sent.reason, sent.step)
    searching.found(site_of(request).database, viewer, search, finding, read_clock())
    return _shown(request, viewer, search)


@router.post("/searches/{search}/lost", summary="Declare lost", responses=REFUSALS)
@permitted(Permission.DECLARE_LOST)
def lost(request: Request, viewer: SignedIn, search: str, sent: LostSent) -> SearchAnswer:
    """The agency head decides, beside a witness, after the whole protocol by two searchers."""
    database, now = site_of(request).database, read_clock()
    witness = countersign(database, viewer, sent.witness.login, sent.witness.pin)
    searching.declare_lost(
        database, viewer, search, Loss(sent.command_id, sent.authority, sent.report, witness, sent.reason), now
    )
    return _shown(request, viewer, search)


@router.post("/searches/{search}/rebuilt", summary="Rebuilt", responses=REFUSALS)
@permitted(Permission.REBUILD)
def rebuilt(request: Request, viewer: SignedIn, search: str, sent: RebuiltSent) -> SearchAnswer:
    """A lost volume was brought together again; it is marked for ever."""
    database, now = site_of(request).database, read_clock()
    witness = countersign(database, viewer, sent.witness.login, sent.witness.pin)
    searching.rebuild(database, viewer, search, Rebuilding(sent.command_id, sent.desk, sent.authority, witness), now)
    return _shown(request, viewer, search)


@router.post("/searches/{search}/dismissed", summary="Dismiss a suspicion", responses=REFUSALS)
@permitted(Permission.BEGIN_SEARCHES)
def dismissed(request: Request, viewer: SignedIn, search: str, sent: DismissedSent) -> SearchAnswer:
    """The volume is where the ledger says after all."""
    searching.dismiss(
        site_of(request).database, viewer, search, command_id=sent.command_id, now=read_clock(), outcome=sent.outcome
    )
    return _shown(request, viewer, search)


def _shown(request: Request, viewer: SignedIn, number: str) -> SearchAnswer:
    return _answer(search_case(site_of(request).database, viewer, number, read_clock()))


def _line(one: CaseLine) -> dict[str, object]:
    return {
        "search": one.number,
        "request": None if one.request_id is None else request_number(one.request_id),
        **{name: getattr(one, name) for name in SearchLineAnswer.model_fields if name not in {"search", "request"}},
    }


def _answer(view: CaseView) -> SearchAnswer:
    seen = view.sighting
    return SearchAnswer(
        **_line(view.line),
        protocol=[_step(line) for line in view.steps],
        last_acts=[
            LastActAnswer(**{name: getattr(act, name) for name in LastActAnswer.model_fields}) for act in view.acts
        ],
        sighting=None
        if seen is None
        else SightingAnswer(
            place=seen.place,
            probability=seen.probability,
            last_seen_at=seen.last_seen_at,
            after_last_move=view.seen_after_last_move,
        ),
        found_place=view.case.found_place,
        report=view.case.report,
        outcome=view.case.outcome,
        closed_by=view.case.closed_by,
        closed_at=view.case.closed_at,
    )


def _step(line: StepLine) -> StepAnswer:
    return StepAnswer(
        step=line.step,
        done=[
            DoneAnswer(searcher=one.searcher, result=StepResult(one.result), note=one.note, done_at=one.done_at)
            for one in line.done
        ],
        neighbours={side.value: shelf for side, shelf in (line.sides or {}).items()},
        places={one.place: one.volumes for one in line.places},
        moved=[
            MovedAnswer(volume=one.volume, kind=one.kind, at=one.at, actor=one.actor, now_at=one.now_at)
            for one in line.moved
        ],
        people=list(line.people),
    )
