"""Digitisation (数字化): batches out with their pieces counted, scans reported, batches back."""

from dataclasses import dataclass, field
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import digitising
from inventory.operations.digitising import Return, Scan, ScanView, Sending
from inventory.store.digitisation import ScanBatch
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.pages.reviewing import lines_in, whole
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class BatchesContext:
    """The batches, and the form of a new one as it was sent."""

    batches: tuple[ScanBatch, ...]
    may_send: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None


@dataclass(frozen=True, slots=True)
class BatchContext:
    """One batch, and its forms as they were sent."""

    view: ScanView
    may_report: bool
    may_take_back: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None


@router.get("/digitisation", include_in_schema=False)
@permitted(Permission.SEE_SCANS)
def batches(request: Request, viewer: SignedIn) -> Response:
    """The newest batches; a contractor's own only."""
    return _list(request, viewer)


@router.post("/digitisation", include_in_schema=False)
@permitted(Permission.SEND_TO_SCAN)
def send(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Send a batch."""
    try:
        rows = [cells_in(line, 2) for line in lines_in(form.text("rows"))]
        sending = Sending(
            form.command_id(),
            form.text("order"),
            form.text("place"),
            [(VolumeName.parse(volume), whole(pieces)) for volume, pieces in rows],
            form.told("contractor"),
        )
        number = digitising.send(site_of(request).database, viewer, sending, read_clock())
    except Refusal as refusal:
        return _list(request, viewer, form, refusal)
    return redirect(request, f"/digitisation/{number}", "scans.sent", number=number)


@router.get("/digitisation/{number}", include_in_schema=False)
@permitted(Permission.SEE_SCANS)
def batch(request: Request, viewer: SignedIn, number: str) -> Response:
    """One batch."""
    return _page(request, viewer, number)


@router.post("/digitisation/{number}", include_in_schema=False)
@permitted(Permission.REPORT_SCANS)
def work(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Report a scan, or take volumes back."""
    database, now, address = site_of(request).database, read_clock(), f"/digitisation/{quote(number)}"
    try:
        if form.text("what") == "report":
            scan = Scan(
                VolumeName.parse(form.text("volume")),
                whole(form.text("pages")),
                form.text("sha256").lower(),
                form.text("link"),
                form.told("note"),
            )
            digitising.report(database, viewer, number, [scan], now)
            return redirect(request, address, "scans.report.done", number=number)
        returns = [
            Return(VolumeName.parse(volume), whole(pieces), seal or None)
            for volume, pieces, seal in (cells_in(line, 3) for line in lines_in(form.text("rows")))
        ]
        beside = form.text("witness_login") or form.text("witness_tap")
        witness = second_person(request, viewer, form) if beside else None
        count = digitising.take_back(
            database, viewer, form.command_id(), number, form.text("place"), returns, witness, now, form.told("reason")
        )
    except Refusal as refusal:
        return _page(request, viewer, number, form, refusal)
    return redirect(request, address, "scans.return.done", number=number, count=count)


def cells_in(line: str, columns: int) -> tuple[str, ...]:
    """The cells of a typed line, commas of either width; raises `BadInput` for too many."""
    cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
    if len(cells) > columns:
        raise BadInput(problem_zh=f"每行最多{columns}项", problem_en=f"a line has at most {columns} parts")
    return tuple(cells + [""] * (columns - len(cells)))


def _list(request: Request, viewer: Viewer, sent: Form | None = None, problem: Refusal | None = None) -> Response:
    found = tuple(digitising.batches(site_of(request).database, viewer))
    context = BatchesContext(found, permits(viewer, Permission.SEND_TO_SCAN), sent or Form(()), problem)
    return render(request, "digitisation.html", context, viewer, status=200 if problem is None else status_of(problem))


def _page(
    request: Request, viewer: Viewer, number: str, sent: Form | None = None, problem: Refusal | None = None
) -> Response:
    context = BatchContext(
        digitising.open_batch(site_of(request).database, viewer, number),
        permits(viewer, Permission.REPORT_SCANS),
        permits(viewer, Permission.SEND_TO_SCAN),
        sent or Form(()),
        problem,
    )
    status = 200 if problem is None else status_of(problem)
    return render(request, "digitisation_batch.html", context, viewer, status=status)
