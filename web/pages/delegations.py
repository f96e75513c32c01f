"""Delegations in writing: which agency lets the city's manager decide, by which letter, until when."""

from dataclasses import dataclass, field
from datetime import date

from fastapi import Request
from starlette.responses import Response

from inventory.domain.delegations import DOCUMENT_CHARACTERS_MAX, REASON_CHARACTERS_MAX, DelegationState
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import delegating
from inventory.operations.delegating import DelegationView, Giving
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
ADDRESS = "/requests/delegations"
TONES = {DelegationState.IN_FORCE: "good", DelegationState.COMING: "doubt"}


@dataclass(frozen=True, slots=True)
class DelegationsContext:
    """The list, and for an agency's head the form; managers: whom they may delegate to."""

    delegations: list[DelegationView]
    may_give: bool
    managers: list[tuple[str, str]]
    today: date
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    document_characters_max: int = DOCUMENT_CHARACTERS_MAX
    reason_characters_max: int = REASON_CHARACTERS_MAX

    @staticmethod
    def tone(state: DelegationState) -> str:
        """How loud a state is told."""
        return TONES.get(state, "quiet")


@router.get(ADDRESS, include_in_schema=False)
@permitted(Permission.SEE_DELEGATIONS)
def delegations_page(request: Request, viewer: SignedIn) -> Response:
    """The list; for an agency's head with the form above it."""
    return render(request, "delegations.html", _context(request, viewer), viewer)


@router.post(ADDRESS, include_in_schema=False)
@permitted(Permission.GIVE_DELEGATIONS)
def give(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Delegate."""
    try:
        days = _day(form.text("valid_from")), _day(form.text("valid_until"))
        giving = Giving(form.command_id(), form.text("document"), *days, form.told("delegate"))
        seen = delegating.give(site_of(request).database, viewer, giving, read_clock())
    except Refusal as refusal:
        context = _context(request, viewer, sent=form, problem=refusal)
        return render(request, "delegations.html", context, viewer, status=status_of(refusal))
    return redirect(request, ADDRESS, "delegations.given", document=seen.row.document)


@router.post(ADDRESS + "/{delegation}/revoke", include_in_schema=False)
@permitted(Permission.GIVE_DELEGATIONS)
def revoke(request: Request, viewer: SignedIn, delegation: int, form: SentForm) -> Response:
    """Take it back."""
    database = site_of(request).database
    try:
        seen = delegating.revoke(database, viewer, form.command_id(), delegation, form.text("reason"), read_clock())
    except Refusal as refusal:
        context = _context(request, viewer, problem=refusal)
        return render(request, "delegations.html", context, viewer, status=status_of(refusal))
    return redirect(request, ADDRESS, "delegations.revoked", document=seen.row.document)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(problem_zh="请填写生效日和终止日", problem_en="tell the first and the last day") from None


def _context(request: Request, viewer: SignedIn, **more: object) -> DelegationsContext:
    database, now = site_of(request).database, read_clock()
    may_give = permits(viewer, Permission.GIVE_DELEGATIONS)
    return DelegationsContext(
        delegating.listed(database, viewer, now),
        may_give,
        delegating.managers(database, viewer) if may_give else [],
        now.astimezone(site_of(request).settings.zone).date(),
        **more,  # type: ignore[arg-type]
    )
