"""The desk beside a browser, kept in a cookie; and the second person of a form, who signs by badge or by name."""

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from starlette.responses import Response

from inventory.domain.people import Viewer
from inventory.domain.refusals import TapMissing
from inventory.operations import badges
from inventory.operations.countersigning import countersign
from web.forms import Form
from web.site import site_of

COOKIE = "desk"
DESK_CHARACTERS_MAX = 100
_YEAR_SECONDS = 365 * 24 * 3600
_DIGITS_MAX = 18  # of a bigint


def own_desk(request: Request) -> str | None:
    """The reader of the desk beside this browser, as somebody chose it; whether there is one the database says."""
    desk = unquote(request.cookies.get(COOKIE, ""))
    return desk if desk and len(desk) <= DESK_CHARACTERS_MAX and desk.isprintable() else None


def keep_desk(request: Request, response: Response, desk: str) -> None:
    """Remember the desk beside this browser; an empty one is forgotten."""
    https = site_of(request).settings.https
    if desk:
        # Readers may be called in Chinese, cookies may not.
        response.set_cookie(COOKIE, quote(desk), max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=https)
    else:
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=https)


def second_person(request: Request, viewer: Viewer, form: Form) -> Viewer:
    """Whoever signs beside `viewer`: by the badge laid down for this form, else by the name typed; either with a PIN.

    Raises `WrongPin`, `TapMissing`, `TooManyAttempts`.
    """
    database, wish_id = site_of(request).database, form.text("witness_tap")
    secret = form.text("witness_secret")
    if wish_id.isascii() and wish_id.isdigit() and len(wish_id) <= _DIGITS_MAX:
        try:
            return badges.countersign(database, viewer, int(wish_id), secret)
        except TapMissing:
            # A form sent twice tells what its first sending did; one tap signs one act, whoever is named.
            return badges.countersigned_before(database, viewer, int(wish_id), secret)
    return countersign(database, viewer, form.text("witness_login"), secret)


OwnDesk = Annotated[str | None, Depends(own_desk)]
