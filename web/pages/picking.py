"""Picking (出库): waves, and the keeper's stop, where a scanner does everything."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.picking import WAVE_PICKS_MAX, OpenAisle, work_number
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.domain.refusals import AisleHeld, NotOfThisStop, Refusal, WrongShelf
from inventory.operations import aisles, picking, wave_views, work_papers
from inventory.operations.picking import PickAsked, StopInHand, WaveAsked
from inventory.operations.scanning import CODE_CHARACTERS_MAX, Scanned
from inventory.operations.wave_views import WaveView
from inventory.papers.printing import pick_sheet_pdf
from inventory.store.waves import Wave
from web.doors import Doors, permitted
from web.forms import SentForm
from web.outcomes import redirect
from web.pages.scan import ScanContext
from web.refusing import status_of
from web.rendering import render
from web.scanning import Line, codes_in, lines_of, place_in
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class WavesContext:
    """All waves, the warehouses a new one can be made in, and the aisles that stand open."""

    waves: tuple[Wave, ...]
    warehouses: tuple[tuple[str, str, int], ...]
    open_aisles: tuple[tuple[str, OpenAisle], ...]
    in_hand: StopInHand | None
    problem: Refusal | None = None
    picks_max: int = WAVE_PICKS_MAX

    @property
    def numbered(self) -> list[tuple[str, Wave]]:
        """Each wave with its number."""
        return [(work_number("W", wave.wave_id), wave) for wave in self.waves]


@dataclass(frozen=True, slots=True)
class WaveContext:
    """One wave with its walk."""

    view: WaveView
    may_pick: bool


@dataclass(frozen=True, slots=True)
class StopContext:
    """The stop in hand, and the batch as it was sent where something of it was wrong."""

    hand: StopInHand
    lines: tuple[Line, ...] = ()
    target: Scanned | None = None
    shelf: str = ""
    command_id: UUID | None = None
    problem: Refusal | None = None

    @property
    def expected(self) -> list[str]:
        """What is to be taken here yet: what should lie on a pad."""
        return [str(pick.volume) for pick in self.hand.picks if pick.state == "open"]


@dataclass(frozen=True, slots=True)
class ShelfContext:
    """Whether the label scanned is the stop's."""

    shelf: str
    problem: Refusal | None


@router.get("/picking", include_in_schema=False)
@permitted(Permission.PLAN_WAVES)
def waves_page(request: Request, viewer: SignedIn) -> Response:
    """The waves."""
    return render(request, "waves.html", _waves(request, viewer), viewer)


@router.post("/picking", include_in_schema=False)
@permitted(Permission.PLAN_WAVES)
def make_wave(
    request: Request,
    viewer: SignedIn,
    command_id: Annotated[UUID, Form()],
    warehouse: Annotated[str, Form(max_length=PLACE_CODE_CHARACTERS_MAX)],
    picks_max: Annotated[int, Form(ge=1, le=WAVE_PICKS_MAX)] = WAVE_PICKS_MAX,
) -> Response:
    """Make a wave, or say why there is none to make."""
    asked = WaveAsked(command_id, warehouse, picks_max=picks_max)
    try:
        wave = picking.make_wave(site_of(request).database, viewer, asked, read_clock())
    except Refusal as refusal:
        context = _waves(request, viewer, problem=refusal)
        return render(request, "waves.html", context, viewer, status=status_of(refusal))
    number = work_number("W", wave.wave_id)
    if not wave.picks:
        return redirect(request, f"/picking/{number}", "picking.made.at_hand", count=wave.at_hand)
    return redirect(request, f"/picking/{number}", "picking.made", wave=number, picks=wave.picks, stops=wave.stops)


@router.get("/picking/stop", include_in_schema=False)
@permitted(Permission.PICK)
def stop_page(request: Request, viewer: SignedIn) -> Response:
    """The keeper's stop."""
    database, now = site_of(request).database, read_clock()
    hand = picking.stop_in_hand(database, viewer, now)
    if hand is None:
        return render(request, "no_stop.html", None, viewer)
    target = None if hand.target is None else place_in(database, viewer, hand.target, now)
    return render(request, "stop.html", StopContext(hand, target=target), viewer)


@router.post("/picking/stop", include_in_schema=False)
@permitted(Permission.PICK)
def pick(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Record what was taken, and lead on: the rest of this stop, the next one, or the wave."""
    database, now = site_of(request).database, read_clock()
    hand = picking.stop_in_hand(database, viewer, now)
    codes = codes_in(form.texts("code"))
    try:
        asked = PickAsked(form.command_id(), form.text("shelf"), codes, form.text("to_place"))
        done = picking.pick(database, viewer, asked, now)
    except Refusal as refusal:
        if hand is None:
            raise
        target = place_in(database, viewer, form.text("to_place"), now)
        lines = tuple(_of_this_stop(hand, line) for line in lines_of(database, viewer, codes, now))
        context = StopContext(hand, lines, target, form.text("shelf"), form.command_id(), refusal)
        return render(request, "stop.html", context, viewer, status=status_of(refusal))
    if done.left is not None or hand is None:
        return redirect(request, "/picking/stop", "picking.picked", count=done.count)
    return _onward(request, viewer, hand.wave, done.count)


def _onward(request: Request, viewer: Viewer, wave: str, count: int | None = None) -> Response:
    """To the wave's next stop; count: how many were picked just before."""
    try:
        following = picking.next_stop(site_of(request).database, viewer, wave, read_clock())
    except AisleHeld:
        return redirect(request, f"/picking/{wave}", "picking.blocked", good=False)
    if following is None:
        if count is not None:
            return redirect(request, f"/picking/{wave}", "picking.picked", count=count)
        return redirect(request, f"/picking/{wave}", "picking.nothing_left", wave=wave)
    if count is None:
        return RedirectResponse("/picking/stop", 303)
    return redirect(request, "/picking/stop", "picking.picked.next", count=count, shelf=following.stop.shelf)


@router.post("/picking/shelf", include_in_schema=False)
@permitted(Permission.PICK)
def shelf_scanned(
    request: Request, viewer: SignedIn, shelf: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)] = ""
) -> Response:
    """Whether the shelf's label is the right one, told before anything is taken."""
    database, now = site_of(request).database, read_clock()
    hand = picking.stop_in_hand(database, viewer, now)
    wanted = "" if hand is None else hand.stop.shelf
    one = place_in(database, viewer, shelf, now)
    is_right = one is not None and one.place_code == wanted
    problem = None if is_right or not shelf.strip() else WrongShelf(scanned=shelf.strip(), shelf=wanted)
    return render(request, "shelf_told.html", ShelfContext(wanted if shelf.strip() else "", problem), viewer)


@router.post("/picking/scan", include_in_schema=False)
@permitted(Permission.PICK)
def scan(
    request: Request,
    viewer: SignedIn,
    code: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)],
    place: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)] = "",
) -> Response:
    """One scanned code: to be taken here, not of this stop, or the cart."""
    database, now = site_of(request).database, read_clock()
    hand = picking.stop_in_hand(database, viewer, now)
    target = place_in(database, viewer, place, now)
    (line,) = lines_of(database, viewer, codes_in([code])[:1] or [""], now, ActKind.PICKED, target)
    if hand is not None:
        line = _of_this_stop(hand, line)
    return render(request, "scan_line.html", ScanContext(line), viewer)


def _of_this_stop(hand: StopInHand, line: Line) -> Line:
    if line.is_place or line.scanned.volume in {one.volume for one in hand.open}:
        return line
    return Line(line.scanned, NotOfThisStop(code=line.name))


@router.post("/picking/not-found", include_in_schema=False)
@permitted(Permission.PICK)
def not_found(
    request: Request,
    viewer: SignedIn,
    command_id: Annotated[UUID, Form()],
    volume: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)],
) -> Response:
    """The dossier isn't there: the search begins and the walk goes on."""
    database, now = site_of(request).database, read_clock()
    hand = picking.stop_in_hand(database, viewer, now)
    name = VolumeName.parse(volume)
    case_id = picking.not_found(database, viewer, command_id, name, now)
    is_done = hand is not None and picking.stop_in_hand(database, viewer, now) is None
    address = f"/picking/{hand.wave}" if is_done and hand is not None else "/picking/stop"
    return redirect(request, address, "picking.missing.done", volume=str(name), search=work_number("S", case_id))


@router.post("/picking/give-back", include_in_schema=False)
@permitted(Permission.PICK)
def give_back(request: Request, viewer: SignedIn) -> Response:
    """Leave the stop to whoever comes next."""
    picking.give_back_stop(site_of(request).database, viewer, read_clock())
    return redirect(request, "/picking", "picking.given_back")


@router.post("/picking/aisles/close", include_in_schema=False)
@permitted(Permission.PLAN_WAVES)
def close_aisle(
    request: Request,
    viewer: SignedIn,
    room: Annotated[str, Form(max_length=PLACE_CODE_CHARACTERS_MAX)],
    block: Annotated[str, Form(max_length=PLACE_CODE_CHARACTERS_MAX)],
) -> Response:
    """Close the aisle that stands open in a block."""
    aisles.close_aisle_of(site_of(request).database, viewer, room, block, read_clock())
    return redirect(request, "/picking", "picking.closed")


@router.get("/picking/{wave}", include_in_schema=False)
@permitted(Permission.PLAN_WAVES)
def wave_page(request: Request, viewer: SignedIn, wave: str) -> Response:
    """One wave."""
    view = wave_views.wave_view(site_of(request).database, viewer, wave)
    return render(request, "wave.html", WaveContext(view, permits(viewer, Permission.PICK)), viewer)


@router.get("/picking/{wave}/pick-sheet.pdf", include_in_schema=False)
@permitted(Permission.PLAN_WAVES)
def pick_sheet(request: Request, viewer: SignedIn, wave: str) -> Response:
    """What is still to be picked, to be carried along."""
    sheet, printed = work_papers.pick_sheet(site_of(request).database, viewer, wave, read_clock())
    named = {"Content-Disposition": f'inline; filename="{sheet.wave}.pdf"'}
    return Response(pick_sheet_pdf(sheet, printed), media_type="application/pdf", headers=named)


@router.post("/picking/{wave}/next", include_in_schema=False)
@permitted(Permission.PICK)
def take_next(request: Request, viewer: SignedIn, wave: str) -> Response:
    """Take the next stop."""
    return _onward(request, viewer, wave)


@router.post("/picking/{wave}/finish", include_in_schema=False)
@permitted(Permission.PLAN_WAVES)
def finish(request: Request, viewer: SignedIn, wave: str, command_id: Annotated[UUID, Form()]) -> Response:
    """End the wave."""
    picking.finish_wave(site_of(request).database, viewer, command_id, wave, read_clock())
    return redirect(request, f"/picking/{wave}", "picking.finished", wave=wave)


def _waves(request: Request, viewer: Viewer, problem: Refusal | None = None) -> WavesContext:
    database = site_of(request).database
    in_hand = picking.stop_in_hand(database, viewer, read_clock()) if permits(viewer, Permission.PICK) else None
    return WavesContext(
        tuple(wave_views.wave_list(database, viewer)),
        tuple(wave_views.warehouses(database, viewer)),
        tuple(aisles.open_aisles(database, viewer)),
        in_hand,
        problem,
    )
