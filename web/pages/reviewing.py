"""Reviewing a dossier that came: its materials list, gaps promised, taken in by two, or refused on coded grounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from inventory.domain.arrivals import Channel
from inventory.domain.identifiers import VolumeName
from inventory.domain.materials import CATEGORIES, Material, material
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission
from inventory.domain.refusal_grounds import GROUNDS, Ground
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import accepting
from inventory.operations.accepting import Acceptance, RefusalsCounted, Reviewed, Turning
from inventory.store.materials import MaterialRow
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.pages.arrivals import NUMBER_DIGITS_MAX, named_options
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

REFUSALS_COUNTED_DAYS = 365
_COLUMNS = 5  # category, title, date, pieces, pages
_CHANNELS_BACK = (Channel.CONFIDENTIAL, Channel.STAFF, Channel.EMS)


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """A volume under review: its list so far, and the forms as they were sent."""

    volume: str
    materials: tuple[MaterialRow, ...]
    channel_options: tuple[tuple[str, str], ...]
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    grounds: tuple[Ground, ...] = tuple(GROUNDS.values())
    categories: Mapping[int, tuple[str, str]] = field(default_factory=lambda: CATEGORIES)


@dataclass(frozen=True, slots=True)
class RefusalsContext:
    """Refusals counted."""

    counted: RefusalsCounted


@router.get("/review/{volume:path}", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def review(request: Request, viewer: SignedIn, volume: str) -> Response:
    """The materials list, and the two ways on."""
    return _page(request, viewer, VolumeName.parse(volume))


@router.post("/review/{volume:path}", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def reviewed(request: Request, viewer: SignedIn, volume: str, form: SentForm) -> Response:
    """Take it in, or refuse it."""
    name, database, now = VolumeName.parse(volume), site_of(request).database, read_clock()
    try:
        if form.text("what") == "refuse":
            turning = Turning(
                form.command_id(),
                [name],
                form.texts("ground"),
                form.text("letter"),
                form.text("channel"),
                form.told("tracking"),
                form.told("note"),
            )
            accepting.refuse(database, viewer, turning, now)
            return redirect(request, _address(name), "review.refused", good=False, volume=str(name))
        witness = second_person(request, viewer, form)
        one = Reviewed(
            name, whole(form.text("pieces")), materials_in(form.text("materials")), lines_in(form.text("gaps"))
        )
        accepting.accept(database, viewer, Acceptance(form.command_id(), [one], witness, form.told("reason")), now)
    except Refusal as refusal:
        return _page(request, viewer, name, form, refusal)
    return redirect(request, _address(name), "review.accepted", volume=str(name))


@router.get("/refusals", include_in_schema=False)
@permitted(Permission.SEE_REFUSALS)
def refusals(request: Request, viewer: SignedIn) -> Response:
    """How often which ground was told in the last twelve months, and how often it was stopped."""
    now = read_clock()
    since = now - timedelta(days=REFUSALS_COUNTED_DAYS)
    counted = accepting.count_refusals(site_of(request).database, viewer, since, now + timedelta(minutes=1))
    return render(request, "refusals.html", RefusalsContext(counted), viewer)


def materials_in(text: str) -> list[Material]:
    """One material a line: category,title,date,pieces,pages; a comma of either width. Raises `BadInput` with the line."""
    found = []
    for number, line in enumerate(lines_in(text), 1):
        cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
        cells += [""] * (_COLUMNS - len(cells))
        try:
            found.append(material_of(cells))
        except BadInput as refusal:
            raise BadInput(
                problem_zh=f"目录第{number}行：{refusal.facts['problem_zh']}",
                problem_en=f"line {number} of the list: {refusal.facts['problem_en']}",
            ) from refusal
    return found


def material_of(cells: list[str]) -> Material:
    """A material of five cells: category, title, date, pieces (1 where empty), pages; raises `BadInput`."""
    category, title, dated, pieces, pages = cells[:_COLUMNS]
    if any(cells[_COLUMNS:]):
        raise BadInput(problem_zh=f"最多{_COLUMNS}项", problem_en=f"at most {_COLUMNS} columns")
    return material(
        category, title, pieces=whole(pieces) if pieces else 1, pages=whole(pages) if pages else None, dated=dated
    )


def whole(text: str) -> int:
    """A whole number; raises `BadInput`."""
    if not (text.isascii() and text.isdigit() and len(text) <= NUMBER_DIGITS_MAX):
        raise BadInput(problem_zh="份数和页数应为整数", problem_en="pieces and pages are whole numbers")
    return int(text)


def lines_in(text: str) -> list[str]:
    """The lines of a text area that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _address(name: VolumeName) -> str:
    return f"/review/{quote(str(name), safe='')}"


def _page(
    request: Request, viewer: Viewer, name: VolumeName, sent: Form | None = None, problem: Refusal | None = None
) -> Response:
    rows = tuple(accepting.materials_list(site_of(request).database, viewer, name))
    context = ReviewContext(str(name), rows, named_options(request, _CHANNELS_BACK), sent or Form(()), problem)
    return render(request, "review.html", context, viewer, status=200 if problem is None else status_of(problem))
