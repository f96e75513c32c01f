"""My PIN: what somebody signs with as the second person."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from inventory.domain.people import PASSWORD_CHARACTERS_MAX, PIN_DIGITS
from inventory.domain.refusals import Refusal
from inventory.operations.countersigning import change_pin, has_pin
from web.doors import Doors, for_everybody_signed_in
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render, words_of
from web.signed_in import SignedIn
from web.site import site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class PinContext:
    """Whether there is one already, and why the form is shown again. Nothing secret comes back."""

    has_pin: bool
    problem: str | None = None
    digits: int = PIN_DIGITS
    password_characters_max: int = PASSWORD_CHARACTERS_MAX


@router.get("/me/pin", include_in_schema=False)
@for_everybody_signed_in
def pin_page(request: Request, viewer: SignedIn) -> Response:
    """The form."""
    return render(request, "pin.html", PinContext(has_pin(site_of(request).database, viewer)), viewer)


@router.post("/me/pin", include_in_schema=False)
@for_everybody_signed_in
def pin_form(
    request: Request,
    viewer: SignedIn,
    password: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    pin: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
    again: Annotated[str, Form(max_length=PASSWORD_CHARACTERS_MAX)] = "",
) -> Response:
    """Keep a new PIN, once the password proves whose it is."""
    database, words = site_of(request).database, words_of(request)
    if pin != again:
        context = PinContext(has_pin(database, viewer), words("pin.differs"))
        return render(request, "pin.html", context, viewer, status=422)
    try:
        change_pin(database, viewer, password, pin)
    except Refusal as refusal:
        context = PinContext(has_pin(database, viewer), refusal.sentence("zh" if words.chinese else "en"))
        return render(request, "pin.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/me/pin", "pin.done")
