"""Badges: laid on the desk beside a browser to sign in, to sign beside somebody, or to be given out.

A page waits for a tap with a piece of itself that is asked for again every second: `/taps` begins, `/taps/{wish}` goes on.
What is laid down opens nothing yet; the form it stands in does, with a PIN.
"""

import secrets
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import Form, Path, Request
from starlette.responses import RedirectResponse, Response

from inventory.domain.badges import CHALLENGE_BYTES, TapState, ending
from inventory.domain.people import LOGIN_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX
from inventory.domain.permissions import Permission
from inventory.domain.refusals import Conflict, NotFound, NotSignedIn, Refusal, TooManyRequests
from inventory.operations import badges
from inventory.operations.badges import TapSeen
from inventory.store.people import SignedIn as SignedInKnown
from inventory.store.taps import BadgeRow, Desk
from web.at_desk import DESK_CHARACTERS_MAX, OwnDesk, keep_desk
from web.doors import Doors, for_everybody_signed_in, permitted, while_signing_in
from web.outcomes import redirect
from web.pages.sign_in import ADDRESS_CHARACTERS_MAX, after, new_secret, own_address
from web.refusing import status_of, waiting
from web.rendering import render, words_of
from web.signed_in import Known, SignedIn, set_session
from web.site import read_clock, site_of

router = Doors()
HEARD_SECONDS = 24 * 3600.0  # a desk that has said nothing for so long is shown as away
REASON_CHARACTERS_MAX = 100

WishId = Annotated[int, Path(ge=0, le=2**63 - 1)]
Tap = Annotated[int, Form(ge=0, le=2**63 - 1)]
# What a tap is waited for: to sign in, to sign beside somebody, to be given out.
Purpose = Literal["sign_in", "beside", "issue"]


@dataclass(frozen=True, slots=True)
class TapContext:
    """A tap that is waited for, or why it can't be."""

    purpose: Purpose
    tap: TapSeen | None = None
    problem: Refusal | None = None

    @property
    def done(self) -> bool:
        """Whether what was wanted lies there: somebody's badge, or, to be given out, a card of nobody's yet."""
        wanted = {TapState.NOBODYS} if self.purpose == "issue" else {TapState.LAID}
        return self.tap is not None and self.tap.state in wanted

    @property
    def waits(self) -> bool:
        """Whether the page goes on asking; a wrong card may be taken away and the right one laid down."""
        return self.tap is not None and self.tap.state is not TapState.OVER and not self.done

    @property
    def tone(self) -> str:
        """How the state looks."""
        if self.tap is None or self.tap.state in {TapState.WAITING, TapState.OVER}:
            return ""
        return "good" if self.done else "bad"

    @property
    def mark(self) -> str:
        """The sign before it."""
        return {"good": "✓", "bad": "!"}.get(self.tone, "…")


@dataclass(frozen=True, slots=True)
class BadgeSignInContext:
    """Whose badge is asked for, the desks there are, and why again."""

    login: str
    then: str
    desks: list[tuple[Desk, bool]]
    desk: str | None
    may_type: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BadgesContext:
    """Everybody's badges, and whom one is given."""

    badges: list[BadgeRow]
    login: str
    desks: list[tuple[Desk, bool]]
    desk: str | None
    problem: Refusal | None = None
    reason_characters_max: int = REASON_CHARACTERS_MAX
    login_characters_max: int = LOGIN_CHARACTERS_MAX

    @staticmethod
    def ending(badge: BadgeRow) -> str:
        """What tells a card from another."""
        return ending(badge.uid)


@dataclass(frozen=True, slots=True)
class DeskContext:
    """The desks, and the one beside this browser."""

    desks: list[tuple[Desk, bool]] = field(default_factory=list)
    desk: str | None = None


# ── Waiting for a tap ────────────────────────────────────────────────────────────────────────────────────────────────


@router.post("/taps", include_in_schema=False)
@while_signing_in
def ask(
    request: Request,
    known: Known,
    own: OwnDesk,
    purpose: Annotated[Purpose, Form()],
    desk: Annotated[str, Form(max_length=DESK_CHARACTERS_MAX)] = "",
) -> Response:
    """Wait at a desk, from now on this browser's."""
    desk = desk.strip() or own or ""
    challenge, account_id = secrets.token_bytes(CHALLENGE_BYTES), known.viewer.account_id
    try:
        site_of(request).taps.take((account_id, known.owes))
        context = TapContext(purpose, badges.ask(site_of(request).database, known.viewer, desk, challenge))
    except (NotFound, Conflict, TooManyRequests) as refusal:
        return render(request, "tap.html", TapContext(purpose, problem=refusal), block="tap", status=status_of(refusal))
    answer = render(request, "tap.html", context, block="tap")
    keep_desk(request, answer, desk)
    return answer


@router.get("/taps/{wish_id}", include_in_schema=False)
@while_signing_in
def look(request: Request, known: Known, wish_id: WishId, purpose: Purpose) -> Response:
    """How it stands."""
    tap = badges.look(site_of(request).database, known.viewer, wish_id)
    return render(request, "tap.html", TapContext(purpose, tap), block="tap")


@router.get("/desk", include_in_schema=False)
@for_everybody_signed_in
def desk_page(request: Request, viewer: SignedIn, own: OwnDesk) -> Response:
    """Which desk this browser stands at."""
    return render(request, "desk.html", DeskContext(_desks(request, viewer), own), viewer)


@router.post("/desk", include_in_schema=False)
@for_everybody_signed_in
def choose_desk(
    request: Request, viewer: SignedIn, desk: Annotated[str, Form(max_length=DESK_CHARACTERS_MAX)] = ""
) -> Response:
    """Remember it in this browser; empty: at none."""
    known = desk in {one.reader for one, _ in _desks(request, viewer)}
    response = redirect(request, "/desk", "desk.chosen" if known else "desk.left", desk=desk)
    keep_desk(request, response, desk if known else "")
    return response


# ── Signing in ───────────────────────────────────────────────────────────────────────────────────────────────────────


@router.get("/sign-in/badge", include_in_schema=False)
@while_signing_in
def sign_in_page(request: Request, known: Known, own: OwnDesk) -> Response:
    """Ask for the badge."""
    return _ask_badge(request, known, own, own_address(request.query_params.get("next", "/")))


@router.post("/sign-in/badge", include_in_schema=False)
@while_signing_in
def sign_in_form(
    request: Request,
    known: Known,
    own: OwnDesk,
    pin: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    tap: Tap = 0,
    then: Annotated[str, Form(max_length=ADDRESS_CHARACTERS_MAX)] = "/",
) -> Response:
    """The badge that was laid down and its PIN: go on, under a new secret."""
    then, secret = own_address(then), new_secret()
    if known.owes != "code":
        return RedirectResponse(after(request, known, then), 303)
    try:
        badges.prove(site_of(request).database, known.viewer, tap, pin, secret)
    except (NotSignedIn, Conflict) as refusal:
        answer = _ask_badge(request, known, own, then, refusal)
        answer.headers.update(waiting(refusal) if isinstance(refusal, NotSignedIn) else {})
        return answer
    response = RedirectResponse(after(request, SignedInKnown(known.viewer, None), then), 303)
    set_session(request, response, secret)
    return response


def _ask_badge(
    request: Request, known: SignedInKnown, own: str | None, then: str, refusal: Refusal | None = None
) -> Response:
    if known.owes != "code":
        return RedirectResponse(after(request, known, then), 303)
    context = BadgeSignInContext(
        known.viewer.login,
        then,
        _desks(request, known.viewer),
        own,
        badges.may_type_code(site_of(request).database, known.viewer),
        None if refusal is None else refusal.sentence("zh" if words_of(request).chinese else "en"),
    )
    return render(request, "sign_in_badge.html", context, status=200 if refusal is None else status_of(refusal))


# ── Giving out, ending ───────────────────────────────────────────────────────────────────────────────────────────────


@router.get("/badges", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def badges_page(request: Request, viewer: SignedIn, own: OwnDesk) -> Response:
    """Everybody's badges, and a card to give out."""
    return _badges(request, viewer, own, "")


@router.post("/badges", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def issue(
    request: Request,
    viewer: SignedIn,
    own: OwnDesk,
    login: Annotated[str, Form(max_length=LOGIN_CHARACTERS_MAX)] = "",
    tap: Tap = 0,
) -> Response:
    """The card that was laid down becomes somebody's."""
    try:
        badges.issue(site_of(request).database, viewer, tap, login)
    except Refusal as refusal:
        return _badges(request, viewer, own, login, refusal)
    return redirect(request, "/badges", "badges.issued", login=login.strip().lower())


@router.post("/badges/end", include_in_schema=False)
@permitted(Permission.MANAGE_ACCOUNTS)
def end(
    request: Request,
    viewer: SignedIn,
    own: OwnDesk,
    login: Annotated[str, Form(max_length=LOGIN_CHARACTERS_MAX)] = "",
    reason: Annotated[str, Form(max_length=REASON_CHARACTERS_MAX)] = "",
) -> Response:
    """End somebody's badge."""
    try:
        badges.end(site_of(request).database, viewer, login, reason)
    except Refusal as refusal:
        return _badges(request, viewer, own, "", refusal)
    return redirect(request, "/badges", "badges.ended", login=login.strip().lower())


@router.post("/me/badge/lost", include_in_schema=False)
@for_everybody_signed_in
def lost(request: Request, viewer: SignedIn) -> Response:
    """Mine is gone: it opens nothing from now on."""
    badges.end(site_of(request).database, viewer, viewer.login, "lost")
    return redirect(request, "/me", "badges.lost")


def _badges(
    request: Request, viewer: SignedIn, own: str | None, login: str, problem: Refusal | None = None
) -> Response:
    rows = badges.badges(site_of(request).database, viewer)
    context = BadgesContext(rows, login, _desks(request, viewer), own, problem)
    return render(request, "badges.html", context, viewer, status=200 if problem is None else status_of(problem))


def _desks(request: Request, viewer: SignedIn) -> list[tuple[Desk, bool]]:
    """The desks there are, and whether each was heard lately."""
    now = read_clock()
    found = badges.desks(site_of(request).database, viewer)
    return [(desk, badges.heard_lately(desk, now, HEARD_SECONDS)) for desk in found]
