"""`/api/v1/discrepancies`: discrepancies for programs, through the same operations as the pages."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, Field

from inventory.domain.discrepancies import COMMENT_CHARACTERS_MAX, CaseState, DiscrepancyKind, Gravity, Outcome
from inventory.domain.people import LOGIN_CHARACTERS_MAX, Role
from inventory.domain.permissions import Permission
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.operations import discrepancy_cases
from inventory.operations.discrepancy_cases import PAGES_MAX, Case, CaseView, Resolution, discrepancies, discrepancy
from web.api.work import REFUSALS, Command, PlaceCode, Sent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1")

_Note = Annotated[str, Field(max_length=COMMENT_CHARACTERS_MAX)]


class AssignmentSent(Sent):
    """Who looks after a case."""

    command_id: Command
    login: str | None = Field(max_length=LOGIN_CHARACTERS_MAX, description="None: nobody in particular.")


class CommentSent(Sent):
    """Something to say."""

    command_id: Command
    text: Annotated[str, Field(min_length=1, max_length=COMMENT_CHARACTERS_MAX)]


class ResolutionSent(Sent):
    """What came of a case; custody moves by acts alone, so this moves nothing."""

    command_id: Command
    outcome: Outcome = Field(description="One of the case's `reasons`.")
    note: _Note | None = None
    place: PlaceCode | None = Field(default=None, description="Where it was found, with `found_at`.")


class SaidAnswer(BaseModel):
    """What ledger and radio said, side by side, as of one instant."""

    at: datetime
    place_ledger: str | None
    ledger_since: datetime | None
    place_belief: str | None = Field(description="None where it wasn't heard.")
    probability: float | None = Field(description="Of that place; of being gone, where it wasn't heard.")
    numbers: dict[str, Any] = Field(description="What else counts for the kind: reads, nights, clock_offset_ms.")


class CaseAnswer(BaseModel):
    """A case in the list."""

    discrepancy: str
    kind: DiscrepancyKind
    gravity: Gravity
    state: CaseState
    about: str = Field(description="Volume, EPC, reader or place, by the kind.")
    dossier: str | None
    opened: SaidAnswer
    latest: SaidAnswer
    times_seen: int
    assigned_to: str | None = Field(description="A login.")
    outcome: Outcome | None
    closed_at: datetime | None
    closed_by: str | None = Field(description="A name; None while open, or where the facts closed it.")


class CasesAnswer(BaseModel):
    """One page of cases, and how many there are of each kind."""

    discrepancies: list[CaseAnswer]
    counts: dict[str, int]
    more: bool = Field(description="Another page follows.")


class NoteAnswer(BaseModel):
    """What was said or done; by None: the radio had it at `place` before."""

    at: datetime
    by: str | None
    event: str
    note: str | None
    person: str | None
    place: str | None


class WholeCaseAnswer(CaseAnswer):
    """A case with what people said and did."""

    acts: list[Role] = Field(description="Who has to act.")
    reasons: list[Outcome] = Field(description="What a person may close it by.")
    todo_zh: str
    todo: str
    found_place: str | None
    notes: list[NoteAnswer]


@router.get("/discrepancies", summary="Discrepancies", responses=REFUSALS)
@permitted(Permission.SEE_DISCREPANCIES)
def list_discrepancies(
    request: Request,
    viewer: SignedIn,
    kind: Annotated[list[DiscrepancyKind] | None, Query()] = None,
    place: Annotated[str | None, Query(max_length=PLACE_CODE_CHARACTERS_MAX)] = None,
    mine: bool = False,
    closed: bool = False,
    page: Annotated[int, Query(ge=1, le=PAGES_MAX)] = 1,
) -> CasesAnswer:
    """Open ones in the order of the walk, or closed ones, newest first; an agency's people see their own dossiers'."""
    found = discrepancies(
        site_of(request).database, viewer, is_open=not closed, kinds=kind or (), place=place, mine=mine, page=page
    )
    told = [CaseAnswer(**_case(one)) for one in found.cases]
    return CasesAnswer(
        discrepancies=told, counts={one.value: many for one, many in found.counts.items()}, more=found.more
    )


@router.get("/discrepancies/{number}", summary="A discrepancy", responses=REFUSALS)
@permitted(Permission.SEE_DISCREPANCIES)
def one_discrepancy(request: Request, viewer: SignedIn, number: str) -> WholeCaseAnswer:
    """Both sides, as it was opened and as it was told last, and what people did about it."""
    return _shown(request, viewer, number)


@router.post("/discrepancies/{number}/assignment", summary="Assign a discrepancy", responses=REFUSALS)
@permitted(Permission.RESOLVE_DISCREPANCIES)
def assign(request: Request, viewer: SignedIn, number: str, sent: AssignmentSent) -> WholeCaseAnswer:
    """To a keeper or the manager."""
    discrepancy_cases.assign(site_of(request).database, viewer, number, sent.command_id, sent.login, read_clock())
    return _shown(request, viewer, number)


@router.post("/discrepancies/{number}/comments", summary="Comment on a discrepancy", responses=REFUSALS)
@permitted(Permission.COMMENT_DISCREPANCIES)
def comment(request: Request, viewer: SignedIn, number: str, sent: CommentSent) -> WholeCaseAnswer:
    """Nobody takes it back."""
    discrepancy_cases.comment(site_of(request).database, viewer, number, sent.command_id, sent.text, read_clock())
    return _shown(request, viewer, number)


@router.post("/discrepancies/{number}/resolution", summary="Resolve a discrepancy", responses=REFUSALS)
@permitted(Permission.RESOLVE_DISCREPANCIES)
def resolve(request: Request, viewer: SignedIn, number: str, sent: ResolutionSent) -> WholeCaseAnswer:
    """By a reason of its kind; a grave one not by whoever moved the volume last."""
    resolution = Resolution(sent.command_id, sent.outcome, sent.note, sent.place)
    discrepancy_cases.resolve(site_of(request).database, viewer, number, resolution, read_clock())
    return _shown(request, viewer, number)


def _shown(request: Request, viewer: SignedIn, number: str) -> WholeCaseAnswer:
    return _answer(discrepancy(site_of(request).database, viewer, number, read_clock()))


def _case(case: Case) -> dict[str, Any]:
    row = case.row
    return {
        "discrepancy": case.number,
        "kind": case.kind,
        "gravity": case.nature.gravity,
        "state": case.state,
        "about": case.about,
        "dossier": row.dossier,
        "opened": SaidAnswer(
            at=row.opened_at,
            place_ledger=row.was_ledger,
            ledger_since=row.was_ledger_since,
            place_belief=row.was_radio,
            probability=row.was_probability,
            numbers=row.was_numbers,
        ),
        "latest": SaidAnswer(
            at=row.seen_at,
            place_ledger=row.ledger,
            ledger_since=row.ledger_since,
            place_belief=row.radio,
            probability=row.probability,
            numbers=row.numbers,
        ),
        "times_seen": row.times_seen,
        "assigned_to": row.assigned_login,
        "outcome": case.outcome,
        "closed_at": row.closed_at,
        "closed_by": row.closed_by,
    }


def _answer(view: CaseView) -> WholeCaseAnswer:
    nature = view.case.nature
    return WholeCaseAnswer(
        **_case(view.case),
        acts=sorted(nature.acts),
        reasons=list(nature.reasons),
        todo_zh=nature.todo_zh,
        todo=nature.todo_en,
        found_place=view.case.row.found,
        notes=[
            NoteAnswer(at=one.at, by=one.name, event=one.event, note=one.note, person=one.person, place=one.place)
            for one in view.notes
        ],
    )
