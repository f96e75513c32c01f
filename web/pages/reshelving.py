"""Bulk re-shelving (倒架): plans, and carrying shelf by shelf with a scanner."""

from dataclasses import dataclass, field
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import PlaceMissing, Refusal
from inventory.operations import reshelving
from inventory.operations.reshelving import Plan, PlanView
from inventory.store.reshelvings import Reshelving
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.pages.digitisation import cells_in
from web.pages.reviewing import lines_in
from web.refusing import status_of
from web.rendering import render
from web.scanning import Line, codes_in, lines_of, place_in
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class PlansContext:
    """The plans, and the form of a new one as it was sent."""

    plans: tuple[Reshelving, ...]
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None


@dataclass(frozen=True, slots=True)
class PlanContext:
    """One plan, leg by leg, and the batch carried last if something was wrong with it."""

    view: PlanView
    may_carry: bool
    lines: tuple[Line, ...] = ()
    problem: Refusal | None = None


@router.get("/reshelving", include_in_schema=False)
@permitted(Permission.PLAN_PLACES)
def plans(request: Request, viewer: SignedIn) -> Response:
    """The newest plans and the form of a new one."""
    return _list(request, viewer)


@router.post("/reshelving", include_in_schema=False)
@permitted(Permission.PLAN_PLACES)
def make(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Make a plan."""
    try:
        shelves = [cells_in(line, 2) for line in lines_in(form.text("shelves"))]
        volumes = [cells_in(line, 2) for line in lines_in(form.text("volumes"))]
        wanted = Plan(
            form.command_id(),
            form.text("reason"),
            [(origin, target) for origin, target in shelves],
            [(VolumeName.parse(volume), target) for volume, target in volumes],
        )
        number = reshelving.plan(site_of(request).database, viewer, wanted, read_clock())
    except Refusal as refusal:
        return _list(request, viewer, form, refusal)
    return redirect(request, f"/reshelving/{number}", "reshelving.made", number=number)


@router.get("/reshelving/{number}", include_in_schema=False)
@permitted(Permission.PLAN_PLACES)
def plan(request: Request, viewer: SignedIn, number: str) -> Response:
    """One plan."""
    return _page(request, viewer, number)


@router.post("/reshelving/{number}", include_in_schema=False)
@permitted(Permission.RESHELVE)
def carry(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """What was scanned, or all that is left for a shelf, now stands there."""
    database, now = site_of(request).database, read_clock()
    lines: list[Line] = []
    try:
        target = place_in(database, viewer, form.text("to_place"), now)
        if target is None or target.place_code is None:
            raise PlaceMissing(act="倒架", act_en="re-shelved")
        volumes: list[VolumeName] | None = None
        if form.text("what") != "all":
            codes = codes_in(form.texts("code"))
            lines = lines_of(database, viewer, codes, now, ActKind.RESHELVED, target)
            for line in lines:
                if line.problem is not None:
                    raise line.problem
            volumes = [line.scanned.volume for line in lines if line.scanned.volume is not None]
        count = reshelving.carry_out(database, viewer, form.command_id(), number, target.place_code, now, volumes)
    except Refusal as refusal:
        return _page(request, viewer, number, tuple(lines), refusal)
    address, place = f"/reshelving/{quote(number)}", target.place_code
    if not count:
        return redirect(request, address, "reshelving.nothing", good=False, number=number, place=place)
    return redirect(request, address, "reshelving.carried", number=number, count=count, place=place)


def _list(request: Request, viewer: Viewer, sent: Form | None = None, problem: Refusal | None = None) -> Response:
    context = PlansContext(tuple(reshelving.plans(site_of(request).database, viewer)), sent or Form(()), problem)
    return render(request, "reshelving.html", context, viewer, status=200 if problem is None else status_of(problem))


def _page(
    request: Request, viewer: Viewer, number: str, lines: tuple[Line, ...] = (), problem: Refusal | None = None
) -> Response:
    view = reshelving.open_plan(site_of(request).database, viewer, number)
    context = PlanContext(view, permits(viewer, Permission.RESHELVE), lines, problem)
    status = 200 if problem is None else status_of(problem)
    return render(request, "reshelving_plan.html", context, viewer, status=status)
