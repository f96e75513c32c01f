"""Roles, for the security administrator: who may do what, given and withdrawn with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from starlette.responses import Response

from inventory.domain.granting import GRANTABLE, REASON_CHARACTERS_MAX, Belonging
from inventory.domain.people import Role, parse_role
from inventory.domain.permissions import Permission
from inventory.domain.refusals import Refusal
from inventory.operations import granting
from inventory.operations.granting import Choices, Granting
from inventory.store.role_grants import GrantRow, HolderRow
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class RolesContext:
    """Everybody's role, the form that changes one, and what was changed last."""

    holders: list[HolderRow]
    grants: list[GrantRow]
    choices: Choices
    own: str
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    roles: Sequence[Role] = GRANTABLE
    role_of: type[Role] = Role
    reason_characters_max: int = REASON_CHARACTERS_MAX


@router.get("/roles", include_in_schema=False)
@permitted(Permission.GRANT_ROLES)
def roles_page(request: Request, viewer: SignedIn) -> Response:
    """The list and the form."""
    return render(request, "roles.html", _context(request, viewer), viewer)


@router.post("/roles", include_in_schema=False)
@permitted(Permission.GRANT_ROLES)
def grant(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Give a role, or take it away."""
    try:
        belonging = Belonging(form.told("agency"), form.told("institution"), form.told("window"))
        asked = Granting(
            form.command_id(), form.text("login"), parse_role(form.text("role")), form.text("reason"), belonging
        )
        granting.grant(site_of(request).database, asked, read_clock(), viewer)
    except Refusal as refusal:
        context = _context(request, viewer, sent=form, problem=refusal)
        return render(request, "roles.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/roles", "roles.given", login=asked.login)


def _context(request: Request, viewer: SignedIn, **more: object) -> RolesContext:
    database = site_of(request).database
    return RolesContext(
        granting.holders(database, viewer),
        granting.grants(database, viewer),
        granting.choices(database, viewer),
        viewer.login,
        **more,  # type: ignore[arg-type]
    )
