"""Signing in and out."""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from inventory.domain.people import LOGIN_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX, Viewer
from inventory.domain.refusals import NotSignedIn
from inventory.operations.signing_in import sign_in, sign_out
from web.navigation import entries_for
from web.refusing import status_of
from web.rendering import render, words_of
from web.signed_in import clear_session, origin_of, session_secret, set_session
from web.site import site_of

router = APIRouter()
_SECRET_BYTES = 32
_ADDRESS_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class SignInContext:
    """The form, and why it is shown again. The password never comes back."""

    login: str = ""
    then: str = "/"
    problem: str | None = None
    login_characters_max: int = LOGIN_CHARACTERS_MAX
    password_characters_max: int = PASSWORD_CHARACTERS_MAX


@router.get("/sign-in", include_in_schema=False)
def sign_in_page(request: Request) -> Response:
    """The form."""
    return render(request, "sign_in.html", SignInContext(then=own_address(request.query_params.get("next", "/"))))


@router.post("/sign-in", include_in_schema=False)
def sign_in_form(
    request: Request,
    login: Annotated[str, Form(max_length=LOGIN_CHARACTERS_MAX)] = "",
    password: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    then: Annotated[str, Form(max_length=_ADDRESS_CHARACTERS_MAX)] = "/",
) -> Response:
    """Check and go on to what was wanted."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    try:
        viewer = sign_in(site_of(request).database, login, password, secret, origin_of(request)).viewer
    except NotSignedIn as refusal:
        problem = refusal.sentence("zh" if words_of(request).chinese else "en")
        context = SignInContext(login, own_address(then), problem)
        return render(request, "sign_in.html", context, status=status_of(refusal))
    then = own_address(then)
    response = RedirectResponse(_first_page(request, viewer) if then == "/" else then, 303)
    set_session(request, response, secret)
    return response


@router.post("/sign-out", include_in_schema=False)
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
    return address if ours and len(address) <= _ADDRESS_CHARACTERS_MAX else "/"


def _first_page(request: Request, viewer: Viewer) -> str:
    """The first of the navigation: what there is to do today, for those who have that page."""
    return next((entry.address for entry in entries_for(viewer, site_of(request).pages)), "/")
