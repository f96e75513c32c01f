"""One's own access: sessions and tokens, password, second factor. The PIN has a page of its own."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Form, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from inventory.domain.badges import ending
from inventory.domain.people import PASSWORD_CHARACTERS_MAX
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import Refusal
from inventory.domain.second_factor import CODE_DIGITS, RECOVERY_BYTES, RECOVERY_CODES, SECRET_BYTES
from inventory.operations import accounts, badges, second_factor
from inventory.operations.second_factor import FactorState
from inventory.papers.codes import qr
from inventory.store.access import SessionSeen, TokenSeen
from inventory.store.people import SignedIn as SignedInKnown
from inventory.store.taps import BadgeRow
from web.doors import Doors, for_everybody_signed_in, while_signing_in
from web.outcomes import redirect
from web.pages.sign_in import PasswordContext, first_page, new_secret
from web.refusing import status_of
from web.rendering import render, words_of
from web.signed_in import Known, SignedIn, set_session
from web.site import read_clock, site_of

router = Doors()
# The first that fits counts: Edge says it is Chrome too, and Android that it is Linux.
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class AccessContext:
    """Everything open in the viewer's name, or in anybody's."""

    sessions: list[SessionSeen]
    tokens: list[TokenSeen]
    factor: FactorState
    badge: BadgeRow | None
    everybody: bool
    may_see_everybody: bool

    @property
    def badge_ending(self) -> str:
        """What tells my badge from another."""
        return "" if self.badge is None else ending(self.badge.uid)

    @staticmethod
    def browser(told: str) -> str:
        """What a browser says of itself, as far as its owner would: `Edge · Windows`."""
        firsts = (next((name for mark, name in names if mark in told), "") for names in (_BROWSERS, _SYSTEMS))
        return " · ".join(filter(None, firsts)) or told[:40]


@dataclass(frozen=True, slots=True)
class FactorContext:
    """The secret as a code to scan and a text to type, whether the session can't go on without, and why again."""

    code: Markup = field(repr=False)
    written: str = field(repr=False)
    owed: bool
    replaces: bool
    problem: str | None = None
    digits: int = CODE_DIGITS


@dataclass(frozen=True, slots=True)
class RecoveryContext:
    """Recovery codes, shown this once, and where to go on."""

    codes: list[str] = field(repr=False)
    then: str = "/me"


@router.get("/me", include_in_schema=False)
@for_everybody_signed_in
def access_page(request: Request, viewer: SignedIn) -> Response:
    """What is open in my name; a system administrator sees everybody's as well."""
    database, admin = site_of(request).database, permits(viewer, Permission.MANAGE_ACCOUNTS)
    everybody = admin and request.query_params.get("all") == "1"
    context = AccessContext(
        accounts.sessions(database, viewer, everybody=everybody),
        accounts.tokens(database, viewer, everybody=everybody),
        second_factor.state(database, viewer),
        badges.badge_of(database, viewer),
        everybody,
        admin,
    )
    return render(request, "me.html", context, viewer)


@router.post("/me/sessions/{session_id}/end", include_in_schema=False)
@for_everybody_signed_in
def end_session_form(request: Request, viewer: SignedIn, session_id: int) -> Response:
    """End a session of mine."""
    accounts.end_session(site_of(request).database, viewer, session_id)
    return redirect(request, "/me", "me.ended")


@router.post("/me/tokens/{token_id}/revoke", include_in_schema=False)
@for_everybody_signed_in
def revoke_token_form(request: Request, viewer: SignedIn, token_id: int) -> Response:
    """Revoke a token of mine."""
    accounts.revoke_token(site_of(request).database, token_id, viewer)
    return redirect(request, "/me", "me.revoked")


@router.get("/me/password", include_in_schema=False)
@for_everybody_signed_in
def password_page(request: Request, viewer: SignedIn) -> Response:
    """The form."""
    return render(request, "password.html", PasswordContext(), viewer)


@router.post("/me/password", include_in_schema=False)
@for_everybody_signed_in
def password_form(
    request: Request,
    viewer: SignedIn,
    password: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    new: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    again: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
) -> Response:
    """Keep a new password; other sessions end, and this one goes on under a new secret."""
    words, secret = words_of(request), new_secret()
    if new != again:
        return render(request, "password.html", PasswordContext(words("pin.differs")), viewer, status=422)
    try:
        accounts.change_password(site_of(request).database, viewer, password, new, secret)
    except Refusal as refusal:
        problem = refusal.sentence("zh" if words.chinese else "en")
        return render(request, "password.html", PasswordContext(problem), viewer, status=status_of(refusal))
    response = redirect(request, "/me", "password.done")
    set_session(request, response, secret)
    return response


@router.get("/me/factor", include_in_schema=False)
@while_signing_in
def factor_page(request: Request, known: Known) -> Response:
    """The secret of a new second factor."""
    if known.owes in {"code", "password"}:
        return RedirectResponse(f"/sign-in/{known.owes}", 303)
    return _offer(request, known)


@router.post("/me/factor", include_in_schema=False)
@while_signing_in
def factor_form(
    request: Request, known: Known, code: Annotated[str, Form(max_length=CODE_DIGITS * 3)] = ""
) -> Response:
    """A first code proves it; recovery codes are shown this once, and the session goes on under a new secret."""
    site, secret, words = site_of(request), new_secret(), words_of(request)
    chances = [secrets.token_bytes(RECOVERY_BYTES) for _ in range(RECOVERY_CODES)]
    try:
        codes = second_factor.enrol(site.database, known.viewer, code, read_clock(), secret, chances)
    except Refusal as refusal:
        return _offer(request, known, refusal.sentence("zh" if words.chinese else "en"), status_of(refusal))
    then = first_page(request, known.viewer) if known.owes else "/me"
    response = render(request, "recovery.html", RecoveryContext(codes, then), known.viewer)
    set_session(request, response, secret)
    return response


def _drawn(svg: str) -> str:
    """The drawing without its prologue, scaling to the room it gets."""
    return re.sub(r'<svg width="(\d+)" height="(\d+)"', r'<svg viewBox="0 0 \1 \2"', svg[svg.index("<svg") :], count=1)


def _offer(request: Request, known: SignedInKnown, problem: str | None = None, status: int = 200) -> Response:
    database = site_of(request).database
    offer = second_factor.offer(database, known.viewer, secrets.token_bytes(SECRET_BYTES))
    svg = qr(offer.address).svg
    context = FactorContext(
        Markup(_drawn(svg)),  # noqa: S704 - made by our own code from letters and digits
        offer.written,
        known.owes is not None,
        second_factor.state(database, known.viewer).enrolled,
        problem,
    )
    return render(request, "factor.html", context, None if known.owes else known.viewer, status=status)
