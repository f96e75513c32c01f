"""Accounts, for the system administrator: who there is, shut and opened again, a lost second factor taken away."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Form, Request
from starlette.responses import Response

from inventory.domain.people import LOGIN_CHARACTERS_MAX, Role
from inventory.domain.permissions import Permission
from inventory.operations import accounts, second_factor
from inventory.store.access import AccountSeen
from web.doors import Doors, permitted
from web.outcomes import redirect
from web.rendering import render
from web.signed_in import SignedIn
from web.site import site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class AccountsContext:
    """Every account, with the role as the page names it."""

    accounts: list[tuple[AccountSeen, Role]]
    own: str


@router.get("/accounts", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def accounts_page(request: Request, viewer: SignedIn) -> Response:
    """The list."""
    seen = [(account, Role(account.role)) for account in accounts.accounts(site_of(request).database, viewer)]
    return render(request, "accounts.html", AccountsContext(seen, viewer.login), viewer)


@router.post("/accounts/act", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def account_form(
    request: Request,
    viewer: SignedIn,
    act: Annotated[Literal["lock", "unlock", "factor"], Form()],
    login: Annotated[str, Form(max_length=LOGIN_CHARACTERS_MAX)],
) -> Response:
    """Shut, open again, or take the second factor away; the database looks who asks."""
    database = site_of(request).database
    if act == "factor":
        second_factor.reset(database, login, viewer)
    else:
        accounts.lock(database, login, viewer, shut=act == "lock")
    return redirect(request, "/accounts", f"accounts.done.{act}", login=login)
