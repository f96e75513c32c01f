"""Consignments (交接): the bags, one of them, and what is put into it and read from it by scanning."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import Response

from inventory.domain.acts import ActKind
from inventory.domain.consignments import Colour, ConsignmentState, DiscrepancyKind, SetPicture
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.picking import work_number
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.domain.read_sets import ReadSet
from inventory.domain.refusals import NotInThisBag, Refusal
from inventory.domain.travelling import Channel
from inventory.operations import consigning, consignment_views, unpacking, work_papers
from inventory.operations.consigning import Opening
from inventory.operations.consignment_views import ConsignmentView, Ends
from inventory.operations.scanning import CODE_CHARACTERS_MAX, Scanned
from inventory.papers.printing import discrepancy_sheet_pdf, manifest_pdf
from inventory.store.consignments import Consignment
from web import forms
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

_PLACE = Annotated[str, Form(max_length=PLACE_CODE_CHARACTERS_MAX)]
_CODE = Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)]


@dataclass(frozen=True, slots=True)
class ConsignmentsContext:
    """All consignments the viewer sees, and what a new one is made of; problem: why the last form was refused."""

    consignments: tuple[tuple[str, Consignment], ...]
    ends: Ends
    at_window: bool
    may_open: bool
    sent: forms.Form = field(default_factory=lambda: forms.Form(()))
    problem: Refusal | None = None
    states: type[ConsignmentState] = ConsignmentState


@dataclass(frozen=True, slots=True)
class StepContext:
    """One consignment: looked at, or a step of its way as a form, with whatever was sent and refused."""

    view: ConsignmentView
    at_origin: bool
    at_target: bool
    ends: Ends | None = None
    sent: forms.Form = field(default_factory=lambda: forms.Form(()))
    lines: tuple[Line, ...] = ()
    target: Scanned | None = None
    picture: SetPicture | None = None
    heard: ReadSet | None = None
    command_id: UUID | None = None
    problem: Refusal | None = None
    witness_problem: Refusal | None = None
    colours: type[Colour] = Colour
    kinds: type[DiscrepancyKind] = DiscrepancyKind
    channels: type[Channel] = Channel


@router.get("/consignments", include_in_schema=False)
@permitted(Permission.SEE_CONSIGNMENTS)
def consignments_page(request: Request, viewer: SignedIn) -> Response:
    """The bags on their way first."""
    return render(request, "consignments.html", _consignments(request, viewer), viewer)


@router.post("/consignments", include_in_schema=False)
@permitted(Permission.CONSIGN)
def open_consignment(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Begin a bag's journey and lead on to packing it."""
    try:
        opening = Opening(form.command_id(), form.text("bag"), form.text("origin"), form.text("target"))
        view = consigning.open_consignment(site_of(request).database, viewer, opening, read_clock())
    except Refusal as refusal:
        context = _consignments(request, viewer, form, refusal)
        return render(request, "consignments.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/consignments/{view.number}/pack", "consignments.opened", number=view.number)


@router.post("/consignments/bags", include_in_schema=False)
@permitted(Permission.REGISTER_BAGS)
def register_bag(request: Request, viewer: SignedIn, bag: _CODE = "") -> Response:
    """Register a bag by scanning it."""
    code = consigning.register_bag(site_of(request).database, viewer, bag, read_clock())
    return redirect(request, "/consignments", "consignments.bag.registered", bag=code)


@router.get("/consignments/{number}", include_in_schema=False)
@permitted(Permission.SEE_CONSIGNMENTS)
def consignment_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """One consignment with its set, its sheet and its history."""
    return render(request, "consignment.html", step_context(request, viewer, number), viewer)


@router.get("/consignments/{number}/manifest.pdf", include_in_schema=False)
@permitted(Permission.SEE_CONSIGNMENTS)
def manifest(request: Request, viewer: SignedIn, number: str) -> Response:
    """The manifest, to be signed."""
    paper, printed = work_papers.manifest(site_of(request).database, viewer, number, read_clock())
    return _pdf(manifest_pdf(paper, printed), paper.consignment)


@router.get("/consignments/{number}/discrepancy-sheet.pdf", include_in_schema=False)
@permitted(Permission.SEE_CONSIGNMENTS)
def discrepancy_sheet(request: Request, viewer: SignedIn, number: str) -> Response:
    """The discrepancy sheet, to be signed by both sides."""
    paper, printed = work_papers.discrepancy_sheet(site_of(request).database, viewer, number, read_clock())
    return _pdf(discrepancy_sheet_pdf(paper, printed), paper.number)


@router.post("/consignments/{number}/scan", include_in_schema=False)
@permitted(Permission.CONSIGN)
def scan(request: Request, viewer: SignedIn, number: str, code: _CODE, place: _CODE = "") -> Response:
    """One scanned code: in this bag, or a stranger to it."""
    database, now = site_of(request).database, read_clock()
    view = consignment_views.view(database, viewer, number, now)
    target = place_in(database, viewer, place, now)
    (line,) = lines_of(database, viewer, codes_in([code])[:1] or [""], now, None, target)
    return render(request, "scan_line.html", ScanContext(of_this_bag(view, line)), viewer)


@router.get("/consignments/{number}/pack", include_in_schema=False)
@permitted(Permission.CONSIGN)
def pack_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """Scan what goes in."""
    return render(request, "packing.html", step_context(request, viewer, number), viewer)


@router.post("/consignments/{number}/pack", include_in_schema=False)
@permitted(Permission.CONSIGN)
def pack(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Pack all that was scanned, or nothing."""
    database, now = site_of(request).database, read_clock()
    codes = codes_in(form.texts("code"))
    try:
        consigning.pack(database, viewer, form.command_id(), number, codes, now)
    except Refusal as refusal:
        lines = lines_of(database, viewer, codes, now, ActKind.PACKED)
        context = step_context(request, viewer, number, form, lines=tuple(lines), problem=refusal)
        return render(request, "packing.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/consignments/{number}", "consignments.packed", count=len(codes))


@router.get("/consignments/{number}/check", include_in_schema=False)
@permitted(Permission.CONSIGN)
def check_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """Read the whole set."""
    context = step_context(request, viewer, number, with_ends=True)
    return render(request, "checking.html", context, viewer)


@router.post("/consignments/{number}/check", include_in_schema=False)
@permitted(Permission.CONSIGN)
def check(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """The picture of the set: green, amber, or red."""
    database, now = site_of(request).database, read_clock()
    codes, place, heard = codes_in(form.texts("code")), form.text("heard_at"), None
    try:
        if place:
            minutes = form.text("minutes")
            minutes_heard = int(minutes) if minutes.isascii() and minutes.isdigit() and len(minutes) < 4 else 0  # noqa: PLR2004
            heard = consigning.check_heard(database, viewer, number, place, minutes_heard, now)
            picture = heard.picture
        else:
            picture = consigning.check_set(database, viewer, number, codes, now)
    except Refusal as refusal:
        context = step_context(request, viewer, number, form, with_ends=True, problem=refusal)
        return render(request, "checking.html", context, viewer, status=status_of(refusal))
    view = consignment_views.view(database, viewer, number, now)
    lines = tuple(of_this_bag(view, line) for line in lines_of(database, viewer, codes, now))
    context = step_context(request, viewer, number, form, with_ends=True, lines=lines, picture=picture, heard=heard)
    return render(request, "checking.html", context, viewer)


@router.get("/consignments/{number}/unpack", include_in_schema=False)
@permitted(Permission.CONSIGN)
def unpack_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """Scan what comes out."""
    return render(request, "unpacking.html", step_context(request, viewer, number), viewer)


@router.post("/consignments/{number}/unpack", include_in_schema=False)
@permitted(Permission.CONSIGN)
def unpack(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Take out all that was scanned, or nothing."""
    database, now = site_of(request).database, read_clock()
    codes, place, reason = codes_in(form.texts("code")), form.text("to_place"), form.text("reason")
    try:
        unpacking.unpack(database, viewer, form.command_id(), number, codes, place, reason, now)
    except Refusal as refusal:
        view = consignment_views.view(database, viewer, number, now)
        lines = tuple(of_this_bag(view, line) for line in lines_of(database, viewer, codes, now))
        target = place_in(database, viewer, place, now)
        context = step_context(request, viewer, number, form, lines=lines, target=target, problem=refusal)
        return render(request, "unpacking.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/consignments/{number}", "consignments.taken_out", count=len(codes))


@router.post("/consignments/{number}/cancel", include_in_schema=False)
@permitted(Permission.CONSIGN)
def cancel(
    request: Request,
    viewer: SignedIn,
    number: str,
    command_id: Annotated[UUID, Form()],
    to_place: _PLACE = "",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Give a bag up before it leaves."""
    database, now = site_of(request).database, read_clock()
    place = place_in(database, viewer, to_place, now)
    code = to_place.strip() or None if place is None else place.place_code
    unpacking.cancel(database, viewer, command_id, number, code, reason, now)
    return redirect(request, f"/consignments/{number}", "consignments.given_up", number=number)


def step_context(
    request: Request,
    viewer: Viewer,
    number: str,
    form: forms.Form | None = None,
    *,
    with_ends: bool = False,
    **more: object,
) -> StepContext:
    """A consignment and the form of a step, as it was sent before where something of it was wrong."""
    database = site_of(request).database
    view = consignment_views.view(database, viewer, number, read_clock())
    one = view.consignment
    own_kind = {Role.KEEPER: "warehouse", Role.WINDOW_CLERK: "window"}.get(viewer.role)
    command_id = None
    if form is not None and more.get("problem") is not None:
        try:
            command_id = form.command_id()  # had it been done after all, sending it again does nothing
        except Refusal:
            command_id = None
    return StepContext(
        view,
        at_origin=one.origin_kind == own_kind,
        at_target=one.target_kind == own_kind,
        ends=consignment_views.ends(database, viewer) if with_ends else None,
        sent=form or forms.Form(()),
        command_id=command_id,
        **more,  # type: ignore[arg-type]
    )


def of_this_bag(view: ConsignmentView, line: Line) -> Line:
    """A line of a batch read from a bag: red where it isn't on the manifest."""
    if line.is_place or line.problem is not None or line.scanned.volume in {one.volume for one in view.volumes}:
        return line
    return Line(line.scanned, NotInThisBag(volume=line.name, consignment=view.number))


def _consignments(
    request: Request, viewer: Viewer, form: forms.Form | None = None, problem: Refusal | None = None
) -> ConsignmentsContext:
    database = site_of(request).database
    found = consignment_views.consignment_list(database, viewer)
    return ConsignmentsContext(
        tuple((work_number("C", one.consignment_id), one) for one in found),
        consignment_views.ends(database, viewer),
        at_window=viewer.role is Role.WINDOW_CLERK,
        may_open=permits(viewer, Permission.CONSIGN),
        sent=form or forms.Form(()),
        problem=problem,
    )


def _pdf(content: bytes, name: str) -> Response:
    named = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=named)
