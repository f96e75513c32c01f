"""A borrowing institution's own page: its requests, and what it says of its loans."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.borrowing import NOTE_CHARACTERS_MAX, BorrowerState, Message
from inventory.domain.permissions import Permission
from inventory.domain.refusals import BadInput
from inventory.operations import borrowing
from inventory.operations.borrowing import Borrowed
from web.doors import Doors, permitted
from web.forms import SentForm
from web.outcomes import redirect
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
TONES = {
    BorrowerState.OUT: "good",
    BorrowerState.ASKED: "doubt",
    BorrowerState.APPROVED: "doubt",
    BorrowerState.REFUSED: "bad",
}


@dataclass(frozen=True, slots=True)
class BorrowedContext:
    """The institution's requests: those that are open, or all."""

    requests: list[Borrowed]
    shows_all: bool
    note_characters_max: int = NOTE_CHARACTERS_MAX

    @staticmethod
    def tone(state: BorrowerState) -> str:
        """How loud a state is told."""
        return TONES.get(state, "quiet")


@router.get("/loans", include_in_schema=False)
@permitted(Permission.BORROW)
def loans(request: Request, viewer: SignedIn, list: str = "open") -> Response:  # noqa: A002 - it stands in the address
    """What the institution asked for."""
    shows_all = list == "all"
    found = borrowing.own_requests(site_of(request).database, viewer, read_clock(), open_only=not shows_all)
    return render(request, "loans.html", BorrowedContext(found, shows_all), viewer)


@router.post("/loans/{number}", include_in_schema=False)
@permitted(Permission.BORROW)
def tell(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Say something of a loan."""
    message = next((one for one in Message if one.value == form.text("message")), None)
    if message is None:
        raise BadInput(problem_zh="请选择要告知的事项", problem_en="choose what to say")
    borrowing.tell(site_of(request).database, viewer, form.command_id(), number, message, form.text("note"))
    return redirect(request, "/loans", f"loans.told.{message}", number=number)
