"""Accounts, for the system administrator: made, shut and opened again, a lost second factor taken away."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import Form as Field
from fastapi import Request
from starlette.responses import Response

from inventory.domain.people import LOGIN_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, PERSON_NAME_CHARACTERS_MAX, Role
from inventory.domain.permissions import Permission
from inventory.domain.refusals import Refusal
from inventory.operations import accounts, second_factor
from inventory.store.access import AccountSeen
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class AccountsContext:
    """Every account, with the role as the page names it, and the form of a new one."""

    accounts: list[tuple[AccountSeen, Role]]
    own: str
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    login_characters_max: int = LOGIN_CHARACTERS_MAX
    name_characters_max: int = PERSON_NAME_CHARACTERS_MAX
    password_characters_min: int = PASSWORD_CHARACTERS_MIN


@router.get("/accounts", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def accounts_page(request: Request, viewer: SignedIn) -> Response:
    """The list and the form."""
    return render(request, "accounts.html", _context(request, viewer), viewer)


@router.post("/accounts", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def make_account(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Make an account that may do nothing yet; its first password never comes back in a page."""
    password = next((value for name, value in form.fields if name == "password"), "")
    try:
        login = accounts.make(site_of(request).database, viewer, form.text("login"), form.text("name"), password)
    except Refusal as refusal:
        context = _context(request, viewer, sent=form, problem=refusal)
        return render(request, "accounts.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/accounts", "accounts.made", login=login)


def _context(request: Request, viewer: SignedIn, **more: object) -> AccountsContext:
    seen = [(account, Role(account.role)) for account in accounts.accounts(site_of(request).database, viewer)]
    return AccountsContext(seen, viewer.login, **more)  # type: ignore[arg-type]


@router.post("/accounts/act", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def account_form(
    request: Request,
    viewer: SignedIn,
    act: Annotated[Literal["lock", "unlock", "factor"], Field()],
    login: Annotated[str, Field(max_length=LOGIN_CHARACTERS_MAX)],
) -> Response:
    """Shut, open again, or take the second factor away; the database looks who asks."""
    database = site_of(request).database
    if act == "factor":
        second_factor.reset(database, login, viewer)
    else:
        accounts.lock(database, login, viewer, shut=act == "lock")
    return redirect(request, "/accounts", f"accounts.done.{act}", login=login)
