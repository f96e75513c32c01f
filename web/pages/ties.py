"""Ties of people to dossiers, for the security administrator: all that were declared, and those declared by mistake withdrawn."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.granting import REASON_CHARACTERS_MAX
from inventory.domain.permissions import Permission
from inventory.domain.refusals import Refusal
from inventory.operations import declaring
from inventory.store.request_facts import TieRow
from web.doors import Doors, permitted
from web.forms import SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class TiesContext:
    """Every tie, those that stand first; to whom it ties is told to nobody."""

    ties: list[TieRow]
    own: str
    problem: Refusal | None = None
    reason_characters_max: int = REASON_CHARACTERS_MAX


@router.get("/ties", include_in_schema=False)
@permitted(Permission.WITHDRAW_TIES)
def ties_page(request: Request, viewer: SignedIn) -> Response:
    """The list."""
    ties = declaring.ties(site_of(request).database, viewer)
    return render(request, "ties.html", TiesContext(ties, viewer.login), viewer)


@router.post("/ties/{tie}/withdraw", include_in_schema=False)
@permitted(Permission.WITHDRAW_TIES)
def withdraw(request: Request, viewer: SignedIn, tie: int, form: SentForm) -> Response:
    """Withdraw one that was declared by mistake."""
    database = site_of(request).database
    try:
        declaring.withdraw_tie(database, viewer, form.command_id(), tie, form.text("reason"))
    except Refusal as refusal:
        context = TiesContext(declaring.ties(database, viewer), viewer.login, refusal)
        return render(request, "ties.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/ties", "ties.done")
