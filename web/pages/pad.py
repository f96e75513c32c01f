"""`POST /pad`: the stack on the pad of the desk beside a browser, read at once."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.consignments import SetPicture
from inventory.domain.identifiers import VolumeName
from inventory.domain.permissions import Permission
from inventory.domain.read_sets import ReadSet
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import pads
from web.at_desk import OwnDesk
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.refusing import status_of
from web.rendering import render, words_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
TURNS_MAX = 15  # so many seconds a page goes on asking; whoever waits longer presses again
_DIGITS_MAX = 3
NOTHING = ReadSet(SetPicture((), (), ()), (), settled=False)


@dataclass(frozen=True, slots=True)
class PadContext:
    """What lies on the pad; turn: how often it was asked for. is_held_against: whether a list or a count says what to expect."""

    seen: ReadSet = NOTHING
    turn: int = 0
    title: str = ""
    is_held_against: bool = False
    problem: Refusal | None = None

    @property
    def codes(self) -> list[str]:
        """What lies there, by name: each becomes a line of the batch."""
        strangers = [name for name, line in self.seen.lines if line.value == "unexpected"]
        return [*map(str, self.seen.picture.read), *strangers]

    @property
    def expected(self) -> int:
        """How many should lie there."""
        return self.seen.picture.expected if self.seen.counted is None else self.seen.counted

    @property
    def waits(self) -> bool:
        """Whether more is to be expected."""
        return self.problem is None and not self.seen.settled and self.turn < TURNS_MAX


@router.post("/pad", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
def read_pad(request: Request, viewer: SignedIn, form: SentForm, own: OwnDesk) -> Response:
    """Read it, against the list the form carries or the count somebody typed."""
    words, turn = words_of(request), _number(form, "turn") or 0
    try:
        expected = [VolumeName.parse(name) for name in form.texts("expected")] if form.text("listed") else None
        counted = _number(form, "counted") if expected is None else None
        seen = pads.read_pad(site_of(request).database, viewer, own or "", expected, counted, read_clock())
    except Refusal as refusal:
        return render(
            request, "pad.html", PadContext(problem=refusal), viewer, block="stack", status=status_of(refusal)
        )
    held = expected is not None or counted is not None
    if held:
        title = seen.sentence[0 if words.chinese else 1]
    elif seen.picture.read:
        title = words("pad.lies.settled" if seen.settled else "pad.lies", read=len(seen.picture.read))
    else:
        title = words("pad.nothing")
    return render(request, "pad.html", PadContext(seen, turn, title, held), viewer, block="stack")


def _number(form: Form, name: str) -> int | None:
    text = form.text(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise BadInput(problem_zh="份数应为数字", problem_en="a count is a number")
    return int(text)
