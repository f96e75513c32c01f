"""Who asks: a browser by its session cookie, a program by its bearer token."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from inventory.domain.people import Viewer
from inventory.domain.refusals import NotSignedIn
from inventory.operations.signing_in import SESSION_HOURS, session_of, viewer_of_session, viewer_of_token
from inventory.store import people
from inventory.store.people import Origin
from web.site import WebSettings, site_of

SECRET_CHARACTERS_MAX = 200
_READING_METHODS = frozenset({"GET", "HEAD"})
_READING_POSTS = frozenset({"/api/v1/dossiers/search"})  # Names and ID numbers never stand in a URL.


def _cookie_name(settings: WebSettings) -> str:
    # Browsers hold __Host- cookies to Secure, this host and path / only.
    return "__Host-guiwei" if settings.https else "guiwei"


def session_secret(request: Request) -> str | None:
    """The secret of the browser's session, if it sent one of a possible length."""
    secret = request.cookies.get(_cookie_name(site_of(request).settings))
    return secret if secret and len(secret) <= SECRET_CHARACTERS_MAX else None


def set_session(request: Request, response: Response, secret: str) -> None:
    """Give the browser its session; scripts can't read it, other sites can't send it along."""
    settings = site_of(request).settings
    response.set_cookie(
        _cookie_name(settings),
        secret,
        max_age=SESSION_HOURS * 3600,
        httponly=True,
        samesite="lax",
        secure=settings.https,
    )


def clear_session(request: Request, response: Response) -> None:
    """Take the session away."""
    settings = site_of(request).settings
    response.delete_cookie(_cookie_name(settings), httponly=True, samesite="lax", secure=settings.https)


def origin_of(request: Request) -> Origin:
    """From what address and browser somebody signs in, as the list of sessions shows it."""
    return Origin(request.client.host if request.client else "", request.headers.get("user-agent", ""))


def bearer_of(request: Request) -> str | None:
    """The token a program sent along, if it is of a possible length."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and 0 < len(token) <= SECRET_CHARACTERS_MAX else None


def viewer_of(request: Request) -> Viewer:
    """Who asks; raises `NotSignedIn`, and `TooManyRequests` where they ask too often.

    A bearer token, where there is one, counts and not the cookie.
    """
    viewer = _viewer_of(request)
    site_of(request).accounts.take(viewer.account_id)
    request.state.viewer = viewer  # A refusal later on is shown to the same person.
    return viewer


def session_known(request: Request) -> people.SignedIn:
    """Whose session it is, also while it owes its second factor; raises `NotSignedIn` and `TooManyRequests`."""
    secret = session_secret(request)
    if secret is None:
        raise NotSignedIn
    known = session_of(site_of(request).database, secret)
    # One that owes counts by itself: whoever has a password and no more takes nothing from its owner.
    account_id = known.viewer.account_id
    site_of(request).accounts.take(account_id if known.owes is None else (account_id, known.owes))
    if known.owes is None:
        request.state.viewer = known.viewer
    return known


def _only_reads(request: Request) -> bool:
    return request.method in _READING_METHODS or request.url.path in _READING_POSTS


def _viewer_of(request: Request) -> Viewer:
    database = site_of(request).database
    token = bearer_of(request)
    if token is not None:
        return viewer_of_token(database, token, writing=not _only_reads(request))
    secret = session_secret(request)
    if secret is None:
        raise NotSignedIn
    return viewer_of_session(database, secret)


SignedIn = Annotated[Viewer, Depends(viewer_of)]
Known = Annotated[people.SignedIn, Depends(session_known)]
