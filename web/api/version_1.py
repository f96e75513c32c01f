"""`/api/v1`: a bearer token or a session, JSON in and out."""

from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, Field

from inventory.domain.permissions import Permission
from inventory.domain.unmasking import WHY_CHARACTERS_MAX, UnmaskReason
from inventory.operations.finding import find_dossiers, history, open_dossier, readers
from inventory.operations.unmasking import unmask
from web.api.models import (
    DossierAnswer,
    FoundAnswer,
    HistoryAnswer,
    ReadersAnswer,
    RefusalAnswer,
    SearchQuestion,
    dossier_answer,
    found_answer,
    history_answer,
    readers_answer,
)
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't cover this."},
    422: {"model": RefusalAnswer, "description": "What was sent can't be understood."},
    503: {"model": RefusalAnswer, "description": "The database is away."},
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": RefusalAnswer, "description": "No such dossier, or another agency's."}
}

router = Doors(prefix="/api/v1", responses=_REFUSALS)


@router.post("/dossiers/search", summary="Find dossiers")
@permitted(Permission.FIND_DOSSIERS)
def search_dossiers(request: Request, viewer: SignedIn, question: SearchQuestion) -> FoundAnswer:
    """Find dossiers by number, alias, name, pinyin, ID number or its last six, or EPC; at most 50, best first."""
    return found_answer(find_dossiers(site_of(request).database, viewer, question.text, read_clock()))


@router.get("/dossiers/{number}", summary="Where a dossier is", responses=_NOT_FOUND)
@permitted(Permission.FIND_DOSSIERS)
def show_dossier(request: Request, viewer: SignedIn, number: str) -> DossierAnswer:
    """One dossier: each volume's holding (people) and belief (radio) side by side."""
    return dossier_answer(open_dossier(site_of(request).database, viewer, number, read_clock()))


@router.get("/dossiers/{number}/history", summary="What was done with a dossier", responses=_NOT_FOUND)
@permitted(Permission.FIND_DOSSIERS)
def show_history(request: Request, viewer: SignedIn, number: str) -> HistoryAnswer:
    """The newest 200 acts on a dossier's volumes, newest first."""
    return history_answer(history(site_of(request).database, viewer, number, read_clock()))


class UnmaskSent(BaseModel):
    """Why an ID number is asked for whole; `why` goes into a log and names nobody."""

    model_config = {"extra": "forbid"}
    reason: UnmaskReason
    why: Annotated[str, Field(min_length=1, max_length=WHY_CHARACTERS_MAX)]


class UnmaskedAnswer(BaseModel):
    """The ID number whole, null where none is known."""

    number: str
    id_number: str | None = Field(repr=False)


@router.post("/dossiers/{number}/unmask", summary="See an ID number whole", responses=_NOT_FOUND)
@permitted(Permission.UNMASK)
def show_unmasked(request: Request, viewer: SignedIn, number: str, sent: UnmaskSent) -> UnmaskedAnswer:
    """For window clerks and agency heads, of their own agency's dossiers; logged with its reason, 20 in 24 hours."""
    told = unmask(site_of(request).database, viewer, number, sent.reason.value, sent.why)
    return UnmaskedAnswer(number=told.number, id_number=told.id_number)


@router.get("/readers", summary="Readers and their health")
@permitted(Permission.SEE_READERS)
def show_readers(request: Request, viewer: SignedIn) -> ReadersAnswer:
    """All readers, those in trouble first."""
    return readers_answer(readers(site_of(request).database, viewer, read_clock()))
