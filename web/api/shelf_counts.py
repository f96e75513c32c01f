"""`/api/v1/shelf-counts`: shelves counted by code, by a telephone that was out of reach; sent twice, kept once."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.permissions import Permission
from inventory.operations import shelf_counting
from inventory.operations.scanning import CODE_CHARACTERS_MAX
from inventory.operations.shelf_counting import SCANS_AT_ONCE_MAX, SCOPE_PLACES_MAX, Counting, Scan
from web.api.models import Moment
from web.api.work import REFUSALS, PlaceCode, Sent
from web.doors import Doors, permitted
from web.form_tokens import token_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)

_NUMBER_MAX = 2_000_000_000
AuditNumber = Annotated[int, Field(ge=1, le=_NUMBER_MAX)]


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ScanSent(Sent):
    """One scan, by a name and a clock of the telephone's own."""

    id: UUID
    code: str = Field(min_length=1, max_length=CODE_CHARACTERS_MAX)
    at: Moment


class CountSent(Sent):
    """A count of one shelf: scans not sent before, and whether that is the whole shelf."""

    count: UUID = Field(description="Made by the caller when the count begins.")
    shelf: PlaceCode
    audit: AuditNumber | None = Field(default=None, description="A blind count it goes into.")
    begun_at: Moment
    sent_at: Moment = Field(description="What the caller's clock says now; all its times are set right by it.")
    scans: list[ScanSent] = Field(default_factory=list, max_length=SCANS_AT_ONCE_MAX)
    finished_at: Moment | None = Field(default=None, description="When the whole shelf had been counted.")
    made: int | None = Field(default=None, ge=0, le=1_000_000, description="By so many scans, all told.")


class ElsewhereAnswer(_Answer):
    """A volume that the ledger has at another place, and since when."""

    name: str
    place: str
    moved_at: datetime


class CountAnswer(_Answer):
    """What came of it."""

    finished: bool
    kept: int = Field(description="Scans of the count that are here now.")
    unknown: list[str] = Field(description="Codes among those sent that are nobody's.")
    also_by: list[str] = Field(description="Who else counted this shelf for the same audit.")
    moved: list[ElsewhereAnswer] = Field(description="Moved after they were scanned: the ledger says it better.")
    elsewhere: list[ElsewhereAnswer] = Field(description="Belong at another place. Never told of a blind count.")


class ShelfAnswer(_Answer):
    """A shelf to be counted."""

    code: str
    name: str
    expected: list[str] | None = Field(description="What the ledger has there; null in a blind count.")
    counted: bool


class ScopeAnswer(_Answer):
    """What is taken along to be counted."""

    scope: str
    audit: int | None
    blind: bool
    shelves: list[ShelfAnswer]


class BlindAnswer(_Answer):
    """A blind count that waits to be counted."""

    audit: int = Field(validation_alias="number")
    scope: str
    until: datetime
    shelves: int | None = Field(validation_alias="sample_shelves")


class CounterAnswer(BaseModel):
    """Who counts, and what may be counted blind. form_token: what a browser's session sends along."""

    counter: str
    form_token: str | None = Field(repr=False)
    blind: list[BlindAnswer]


@router.get("/shelf-counts")
@permitted(Permission.COUNT_SHELVES)
def counter(request: Request, viewer: SignedIn) -> CounterAnswer:
    """Who counts, and which blind counts wait."""
    rows = shelf_counting.blind_counts(site_of(request).database, viewer)
    blind = [BlindAnswer.model_validate(row) for row in rows]
    return CounterAnswer(counter=viewer.login, form_token=token_of(request), blind=blind)


@router.get("/shelf-counts/scope")
@permitted(Permission.COUNT_SHELVES)
def scope(
    request: Request,
    viewer: SignedIn,
    place: Annotated[list[PlaceCode] | None, Query(max_length=SCOPE_PLACES_MAX)] = None,
    audit: Annotated[int | None, Query(ge=1, le=_NUMBER_MAX)] = None,
) -> ScopeAnswer:
    """The shelves of places, or those a blind count draws."""
    taken = shelf_counting.scope_to_count(site_of(request).database, viewer, place or [], audit)
    return ScopeAnswer.model_validate(taken)


@router.post("/shelf-counts")
@permitted(Permission.COUNT_SHELVES)
def count(request: Request, viewer: SignedIn, sent: CountSent) -> CountAnswer:
    """Keep what was counted; the same again changes nothing."""
    counting = Counting(
        sent.count,
        sent.shelf,
        sent.audit,
        sent.begun_at,
        sent.sent_at,
        tuple(Scan(scan.id, scan.code, scan.at) for scan in sent.scans),
        sent.finished_at,
        sent.made,
    )
    told = shelf_counting.take_count(site_of(request).database, viewer, counting, read_clock())
    return CountAnswer.model_validate(told)
