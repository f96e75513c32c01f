"""`/api/v1/loans`: a borrowing institution's own requests, and what it says of its loans."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.borrowing import NOTE_CHARACTERS_MAX, BorrowerState, Message
from inventory.domain.permissions import Permission
from inventory.domain.requests import Purpose, RequestKind
from inventory.operations import borrowing
from web.api.letters import Done
from web.api.models import RefusalAnswer
from web.api.request_models import CommandSent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't cover this."},
    404: {"model": RefusalAnswer, "description": "No such loan of the institution's that is out."},
    409: {"model": RefusalAnswer, "description": "It was said already."},
    422: {"model": RefusalAnswer, "description": "Something is missing or has the wrong form."},
}
router = Doors(prefix="/api/v1/loans", responses=_REFUSALS)


class MessageSent(CommandSent):
    """What the institution says of a loan that is out."""

    message: Message
    note: Annotated[str, Field(max_length=NOTE_CHARACTERS_MAX)] = ""


class LoanAnswer(BaseModel):
    """One of the institution's requests."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
    number: str
    kind: RequestKind
    purpose: Purpose
    letter: str | None = Field(description="Number of the institution's letter.")
    agency: str = Field(description="Whose window took it in.")
    asked_at: datetime
    state: BorrowerState
    promised_on: date
    out_at: datetime | None
    due_on: date | None = Field(description="Once it was handed out.")
    overdue: bool
    renewals: int
    dossier: str | None = Field(description="Once it was handed out.")
    told: list[Message] = Field(description="What was said since it was last renewed.")


@router.get("", summary="The institution's own requests")
@permitted(Permission.BORROW)
def listed(request: Request, viewer: SignedIn, *, open_only: bool = False) -> list[LoanAnswer]:
    """Newest first, at most 200."""
    found = borrowing.own_requests(site_of(request).database, viewer, read_clock(), open_only=open_only)
    return [LoanAnswer.model_validate(one) for one in found]


@router.post("/{number}/messages", summary="Say something of a loan")
@permitted(Permission.BORROW)
def tell(request: Request, viewer: SignedIn, number: str, sent: MessageSent) -> Done:
    """Ask to renew, acknowledge, or announce the return; the window renews and takes back."""
    borrowing.tell(site_of(request).database, viewer, sent.command_id, number, sent.message, sent.note)
    return Done()
