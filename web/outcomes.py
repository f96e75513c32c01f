"""What came of a form, told on the page it leads to.

It travels in a cookie of one minute that the next page takes away: an address stays in the browser's history, and what was
done to whom is nobody's to read there. Facts are numbers and codes, never persons.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from web.site import site_of
from web.texts import TEXTS
from web.words import Words

COOKIE = "outcome"
_SECONDS = 60
_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A sentence, and whether it is good news."""

    good: bool
    text: str


def redirect(request: Request, address: str, key: str, *, good: bool = True, **facts: str | int) -> Response:
    """Lead to a page of ours and tell there the text `key`, filled with `facts`."""
    assert address.startswith("/"), "an address of ours"
    assert key in TEXTS, key
    response = RedirectResponse(address, 303)
    told = json.dumps({"key": key, "good": good, "facts": facts}, ensure_ascii=False)
    response.set_cookie(
        COOKIE,
        urlsafe_b64encode(told.encode()).decode(),
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=site_of(request).settings.https,
    )
    return response


def outcome_of(request: Request, words: Words) -> Outcome | None:
    """What the page before has to tell; None where there is nothing, or nothing we understand."""
    cookie = request.cookies.get(COOKIE)
    if not cookie or len(cookie) > _CHARACTERS_MAX:
        return None
    try:
        told = json.loads(urlsafe_b64decode(cookie))
        return Outcome(told["good"] is True, words(told["key"], **told["facts"]))
    except (ValueError, TypeError, KeyError, LookupError):
        return None  # Made by somebody else; a page shows without it.
