"""`/api/v1/delegations`: which agency lets the city's manager decide its requests, by which letter, until when."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, Field

from inventory.domain.delegations import DOCUMENT_CHARACTERS_MAX, DelegationState
from inventory.domain.people import LOGIN_CHARACTERS_MAX
from inventory.domain.permissions import Permission
from inventory.operations import delegating
from inventory.operations.delegating import DelegationView, Giving
from web.api.models import Day, RefusalAnswer
from web.api.request_models import CommandSent, ReasonSent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

ROW_MAX = 2**31 - 1
_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't cover this."},
    404: {"model": RefusalAnswer, "description": "No such delegation or account, or not for you."},
    409: {"model": RefusalAnswer, "description": "There is one for those days already, or it is over."},
    422: {"model": RefusalAnswer, "description": "Something is missing or has the wrong form."},
}
router = Doors(prefix="/api/v1/delegations", responses=_REFUSALS)


class DelegationSent(CommandSent):
    """What an agency's head delegates, in writing and for a time."""

    document: Annotated[str, Field(max_length=DOCUMENT_CHARACTERS_MAX, description="Number of the letter.")]
    valid_from: Day
    valid_until: Day = Field(description="Its last day; a year after the first at most.")
    delegate: Annotated[str, Field(max_length=LOGIN_CHARACTERS_MAX)] | None = Field(
        default=None, description="Login of one manager; null: whoever is the city's manager."
    )


class DelegationAnswer(BaseModel):
    """A delegation, and how it stands today."""

    id: int
    agency: str
    delegate: str | None
    document: str
    valid_from: date
    valid_until: date
    state: DelegationState
    given_by: str
    given_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    revoked_reason: str | None
    decisions: int = Field(description="Requests decided under it.")


@router.get("", summary="Delegations")
@permitted(Permission.SEE_DELEGATIONS)
def listed(request: Request, viewer: SignedIn) -> list[DelegationAnswer]:
    """Those of one's own agency, or all; what still stands first, at most 300."""
    return [_answer(seen) for seen in delegating.listed(site_of(request).database, viewer, read_clock())]


@router.post("", summary="Delegate an agency's decisions", status_code=201)
@permitted(Permission.GIVE_DELEGATIONS)
def give(request: Request, viewer: SignedIn, sent: DelegationSent) -> DelegationAnswer:
    """The head of the agency lets the city's manager decide requests in its place; never two for the same days."""
    giving = Giving(sent.command_id, sent.document, sent.valid_from, sent.valid_until, sent.delegate)
    return _answer(delegating.give(site_of(request).database, viewer, giving, read_clock()))


@router.post("/{delegation}/revocation", summary="Revoke a delegation")
@permitted(Permission.GIVE_DELEGATIONS)
def revoke(
    request: Request, viewer: SignedIn, delegation: Annotated[int, Field(ge=1, le=ROW_MAX)], sent: ReasonSent
) -> DelegationAnswer:
    """From now on the agency's head decides alone again; what was decided stays."""
    database = site_of(request).database
    return _answer(delegating.revoke(database, viewer, sent.command_id, delegation, sent.reason, read_clock()))


def _answer(seen: DelegationView) -> DelegationAnswer:
    row = seen.row
    return DelegationAnswer(
        id=row.delegation_id,
        agency=row.agency_code,
        delegate=row.delegate_login,
        document=row.document,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        state=seen.state,
        given_by=row.given_by,
        given_at=row.given_at,
        revoked_by=row.revoked_by,
        revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
        decisions=row.decisions,
    )
