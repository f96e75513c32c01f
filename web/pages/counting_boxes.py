"""Counting a box by scanning, and saying whose an envelope is that nobody listed or that names nobody."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request
from starlette.responses import Response

from inventory.domain.arrivals import Reached
from inventory.domain.permissions import Permission
from inventory.domain.refusals import BatchNotFound
from inventory.operations import arriving, placing
from inventory.operations.arriving import BoxCount, BoxState, Finding
from inventory.operations.box_scanning import scanned_in_box
from inventory.operations.scanning import CODE_CHARACTERS_MAX
from inventory.store.arrivals import LineNow
from web.doors import Doors, permitted
from web.forms import SentForm
from web.outcomes import redirect
from web.pages.arrivals import row_in
from web.pages.scan import ScanContext
from web.rendering import render
from web.scanning import Line, codes_in
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class BoxContext:
    """A box as it is counted: what was met, what wasn't yet, what doesn't belong."""

    number: str
    state: BoxState
    unidentified: Reached = Reached.UNIDENTIFIED


@dataclass(frozen=True, slots=True)
class IdentifyContext:
    """One envelope to find out about."""

    number: str
    line: LineNow


@router.get("/arrivals/{number}/boxes/{box}", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def box(request: Request, viewer: SignedIn, number: str, box: str) -> Response:
    """The counting screen: scan, and see the whole set."""
    state = arriving.box_state(site_of(request).database, viewer, number, box)
    return render(request, "arrival_box.html", BoxContext(number, state), viewer)


@router.post("/arrivals/{number}/boxes/{box}/scan", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def scan(
    request: Request,
    viewer: SignedIn,
    number: str,
    box: str,
    code: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)],
) -> Response:
    """One scan against the list; nothing is counted yet."""
    one, odd = scanned_in_box(site_of(request).database, viewer, number, box, code, read_clock())
    return render(request, "scan_line.html", ScanContext(Line(one, odd)), viewer)


@router.post("/arrivals/{number}/boxes/{box}", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def count(request: Request, viewer: SignedIn, number: str, box: str, form: SentForm) -> Response:
    """Take the scans to the list, and say at once what is missing, extra or from another box."""
    counting = BoxCount(
        form.command_id(),
        number,
        box,
        codes_in(form.texts("code")),
        codes_in([form.text("broken")]),
        [line.strip() for line in form.text("nameless").splitlines() if line.strip()],
        [int(line) for line in form.texts("nameless_listed") if line.isascii() and line.isdigit()],
        form.text("done") == "yes",
    )
    state = arriving.count_box(site_of(request).database, viewer, counting, read_clock())
    address = f"/arrivals/{quote(number)}"
    address = address if counting.done else f"{address}/boxes/{quote(box, safe='')}"
    differs = state.extra or state.other_box or (counting.done and state.missing)
    if not differs:
        return redirect(request, address, "arrivals.count.recorded", box=box, counted=state.counted)
    return redirect(
        request,
        address,
        "arrivals.count.differs",
        good=False,
        box=box,
        counted=state.counted,
        missing=len(state.missing),
        extra=len(state.extra),
        other=len(state.other_box),
    )


@router.get("/arrivals/{number}/lines/{line_id}", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def unknown_line(request: Request, viewer: SignedIn, number: str, line_id: int) -> Response:
    """One envelope that nobody listed, or that names nobody."""
    line = placing.open_line(site_of(request).database, viewer, number, line_id, read_clock())
    if line is None:
        raise BatchNotFound(number=f"{number}/{line_id}")
    return render(request, "arrival_line.html", IdentifyContext(number, line), viewer)


@router.post("/arrivals/{number}/lines/{line_id}", include_in_schema=False)
@permitted(Permission.RECEIVE_ARRIVALS)
def identify(request: Request, viewer: SignedIn, number: str, line_id: int, form: SentForm) -> Response:
    """Say whose it is."""
    finding = Finding(form.command_id(), number, line_id, row_in(form), form.told("confirmed"))
    arriving.identify(site_of(request).database, viewer, finding, read_clock())
    return redirect(request, f"/arrivals/{quote(number)}", "arrivals.identified", number=number)
