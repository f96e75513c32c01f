"""The language switch, kept in a cookie."""

from typing import Annotated, Literal

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from web.doors import Doors, open_to_all
from web.pages.sign_in import own_address
from web.site import site_of
from web.words import LANGUAGE_COOKIE

router = Doors()
_YEAR_SECONDS = 365 * 24 * 3600


@router.post("/language", include_in_schema=False)
@open_to_all
def choose(
    request: Request, language: Annotated[Literal["zh-CN", "en"], Form()], then: Annotated[str, Form()] = "/"
) -> Response:
    """Remember the language and go back to the page."""
    response = RedirectResponse(own_address(then), 303)
    https = site_of(request).settings.https
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=https)
    return response
