"""Signing in and out."""

import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from inventory.domain.people import LOGIN_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, Viewer
from inventory.domain.refusals import NotSignedIn, Refusal
from inventory.operations import accounts, badges, second_factor
from inventory.operations.signing_in import session_of, sign_in, sign_out
from inventory.store import people
from web.doors import Doors, open_to_all, while_signing_in
from web.navigation import entries_for
from web.refusing import status_of, waiting
from web.rendering import render, words_of
from web.signed_in import Known, clear_session, origin_of, session_secret, set_session
from web.site import read_clock, site_of

router = Doors()
_SECRET_BYTES = 32
ADDRESS_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 40  # a recovery code with blanks


@dataclass(frozen=True, slots=True)
class SignInContext:
    """The form, and why it is shown again. The password never comes back."""

    login: str = ""
    then: str = "/"
    problem: str | None = None
    login_characters_max: int = LOGIN_CHARACTERS_MAX
    password_characters_max: int = PASSWORD_CHARACTERS_MAX


@dataclass(frozen=True, slots=True)
class CodeContext:
    """Whose code is asked for, whether a badge would do, and why again."""

    login: str
    then: str
    has_badge: bool
    problem: str | None = None
    code_characters_max: int = CODE_CHARACTERS_MAX


@dataclass(frozen=True, slots=True)
class PasswordContext:
    """Why the form is shown again; given: the password there is was somebody else's to give. Nothing secret comes back."""

    problem: str | None = None
    given: bool = False
    characters_min: int = PASSWORD_CHARACTERS_MIN
    characters_max: int = PASSWORD_CHARACTERS_MAX


@router.get("/sign-in", include_in_schema=False)
@open_to_all
def sign_in_page(request: Request) -> Response:
    """The form."""
    return render(request, "sign_in.html", SignInContext(then=own_address(request.query_params.get("next", "/"))))


@router.post("/sign-in", include_in_schema=False)
@open_to_all
def sign_in_form(
    request: Request,
    login: Annotated[str, Form(max_length=LOGIN_CHARACTERS_MAX)] = "",
    password: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    then: Annotated[str, Form(max_length=ADDRESS_CHARACTERS_MAX)] = "/",
) -> Response:
    """Check and go on to what was wanted."""
    site, secret, before = site_of(request), new_secret(), session_secret(request)
    try:
        opened = sign_in(site.database, login, password, secret, origin_of(request), site.settings.idle)
    except NotSignedIn as refusal:
        problem = refusal.sentence("zh" if words_of(request).chinese else "en")
        context = SignInContext(login, own_address(then), problem)
        answer = render(request, "sign_in.html", context, status=status_of(refusal))
        answer.headers.update(waiting(refusal))
        return answer
    if before is not None:  # What this browser had is no longer good for anything: nobody planted it for later.
        sign_out(site.database, before)
    response = RedirectResponse(after(request, opened, own_address(then)), 303)
    set_session(request, response, secret)
    return response


def after(request: Request, opened: people.SignedIn, then: str) -> str:
    """Where a session goes on: to what it owes, else to what was wanted."""
    if opened.owes == "password":
        return "/sign-in/password"
    if opened.owes == "factor":
        return "/me/factor"
    if opened.owes == "code":
        way = "code" if badges.may_type_code(site_of(request).database, opened.viewer) else "badge"
        return f"/sign-in/{way}" if then == "/" else f"/sign-in/{way}?next={quote(then)}"
    return first_page(request, opened.viewer) if then == "/" else then


@router.get("/sign-in/code", include_in_schema=False)
@while_signing_in
def code_page(request: Request, known: Known) -> Response:
    """Ask for the second factor."""
    then = own_address(request.query_params.get("next", "/"))
    return _ask_code(request, known, then)


@router.post("/sign-in/code", include_in_schema=False)
@while_signing_in
def code_form(
    request: Request,
    known: Known,
    code: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)] = "",
    then: Annotated[str, Form(max_length=ADDRESS_CHARACTERS_MAX)] = "/",
) -> Response:
    """Check the code and go on, under a new secret."""
    then, secret = own_address(then), new_secret()
    if known.owes == "code":
        try:
            second_factor.prove(site_of(request).database, known.viewer, code, read_clock(), secret)
        except NotSignedIn as refusal:
            problem = refusal.sentence("zh" if words_of(request).chinese else "en")
            return _ask_code(request, known, then, problem, status_of(refusal))
        known = people.SignedIn(known.viewer, None)
    else:
        secret = known.viewer.secret
    response = RedirectResponse(after(request, known, then), 303)
    set_session(request, response, secret)
    return response


def _ask_code(
    request: Request, known: people.SignedIn, then: str, problem: str | None = None, status: int = 200
) -> Response:
    if known.owes != "code" and problem is None:
        return RedirectResponse(after(request, known, then), 303)
    database = site_of(request).database
    if not badges.may_type_code(database, known.viewer):
        return RedirectResponse(after(request, known, then), 303)
    has_badge = badges.badge_of(database, known.viewer) is not None
    context = CodeContext(known.viewer.login, then, has_badge, problem)
    return render(request, "sign_in_code.html", context, status=status)


@router.get("/sign-in/password", include_in_schema=False)
@while_signing_in
def first_password_page(request: Request, known: Known) -> Response:
    """Ask for a password of one's own, in the place of one that somebody else gave."""
    if known.owes != "password":
        return RedirectResponse(after(request, known, "/"), 303)
    return render(request, "password.html", PasswordContext(given=True))


@router.post("/sign-in/password", include_in_schema=False)
@while_signing_in
def first_password_form(
    request: Request,
    known: Known,
    password: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    new: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    again: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
) -> Response:
    """Keep it, and go on under a new secret to whatever the session owes beside, or to the first page."""
    words, secret, database = words_of(request), new_secret(), site_of(request).database
    if new != again:
        return render(request, "password.html", PasswordContext(words("pin.differs"), given=True), status=422)
    try:
        accounts.change_password(database, known.viewer, password, new, secret)
    except Refusal as refusal:
        context = PasswordContext(refusal.sentence("zh" if words.chinese else "en"), given=True)
        return render(request, "password.html", context, status=status_of(refusal))
    response = RedirectResponse(after(request, session_of(database, secret), "/"), 303)
    set_session(request, response, secret)
    return response


def new_secret() -> str:
    """What a session will show."""
    return secrets.token_urlsafe(_SECRET_BYTES)


@router.post("/sign-out", include_in_schema=False)
@open_to_all
def sign_out_form(request: Request) -> Response:
    """End the session here and in the database."""
    secret = session_secret(request)
    if secret is not None:
        sign_out(site_of(request).database, secret)
    response = RedirectResponse("/sign-in", 303)
    clear_session(request, response)
    return response


def own_address(address: str) -> str:
    """The address if it is a path of ours, else `/`: a link must not use our sign-in to lead elsewhere."""
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if ours and len(address) <= ADDRESS_CHARACTERS_MAX else "/"


def first_page(request: Request, viewer: Viewer) -> str:
    """The first of the navigation: what there is to do today, for those who have that page; without any, one's own."""
    return next((entry.address for entry in entries_for(viewer, site_of(request).pages)), "/me")
