"""Labels (标签): batches of them for whatever has no tag, printed, sent, spoiled, made anew; how far each has come."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from inventory.domain.label_printers import LabelPrinter, printer_named
from inventory.domain.labels import LABELS_PER_BATCH_MAX, LabelState
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import label_printing, labelling, numbering_labels
from inventory.operations.labelling import LabelsView, Wanted
from inventory.papers.printing import tag_labels_pdf
from inventory.store.labels import LabelBatch, NumberingRow, Untagged
from web.api.labels import zpl_answer
from web.api.work import pdf_answer
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.scanning import codes_in
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class LabelsContext:
    """The batches, how labels are numbered (None: not yet), and what has no tag where somebody looked; problem: why not."""

    numbering: NumberingRow | None
    batches: tuple[tuple[str, LabelBatch], ...]
    may_tag: bool
    where: str = ""
    untagged: tuple[Untagged, ...] | None = None
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    labels_max: int = LABELS_PER_BATCH_MAX


@dataclass(frozen=True, slots=True)
class LabelBatchContext:
    """One batch; printers: those the site has."""

    view: LabelsView
    printers: tuple[LabelPrinter, ...]
    may_tag: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    states: type[LabelState] = LabelState


@router.get("/labels", include_in_schema=False)
@permitted(Permission.SEE_LABELS)
def labels_page(request: Request, viewer: SignedIn, where: Annotated[str, Query(max_length=120)] = "") -> Response:
    """The batches, and what has no tag at a place that is asked about."""
    untagged, problem = None, None
    if where.strip():
        try:
            untagged = tuple(labelling.untagged(site_of(request).database, viewer, where))
        except Refusal as refusal:
            problem = refusal
    context = _labels(request, viewer, where=where.strip(), untagged=untagged, problem=problem)
    return render(request, "labels.html", context, viewer, status=200 if problem is None else status_of(problem))


@router.post("/labels", include_in_schema=False)
@permitted(Permission.TAG)
def make(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Make a batch, for a place or for what was scanned, and lead on to it."""
    try:
        wanted = Wanted(
            form.command_id(),
            form.text("where"),
            tuple(codes_in(form.texts("code"))),
            form.text("replacing") == "yes",
            form.text("with_names") == "yes",
        )
        number = labelling.make_batch(site_of(request).database, viewer, wanted, read_clock())
    except Refusal as refusal:
        context = _labels(request, viewer, where=form.text("where"), sent=form, problem=refusal)
        return render(request, "labels.html", context, viewer, status=status_of(refusal))
    return redirect(request, f"/labels/{number}", "labels.made", number=number)


@router.get("/labels/{number}", include_in_schema=False)
@permitted(Permission.SEE_LABELS)
def batch_page(request: Request, viewer: SignedIn, number: str) -> Response:
    """One batch: how far it is, and what can be done with it."""
    return _batch(request, viewer, number)


@router.get("/labels/{number}/labels.pdf", include_in_schema=False)
@permitted(Permission.TAG)
def pdf(request: Request, viewer: SignedIn, number: str) -> Response:
    """The labels that wait, to be printed on stock whose chips are written otherwise."""
    sheets, printed = label_printing.label_sheets(site_of(request).database, viewer, number, read_clock())
    return pdf_answer(tag_labels_pdf(sheets, printed), f"{sheets[0].batch}.pdf")


@router.post("/labels/{number}/zpl", include_in_schema=False)
@permitted(Permission.TAG)
def zpl(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """The labels that wait, as a file for a printer that encodes."""
    dpi = form.text("dpi")
    known = {str(value): dots for value, dots in label_printing.DOTS_BY_DPI.items()}
    if dpi not in known:
        raise BadInput(problem_zh="分辨率应为 203 或 300 dpi", problem_en="the resolution is 203 or 300 dpi")
    content = label_printing.zpl_file(site_of(request).database, viewer, number, known[dpi], read_clock())
    return zpl_answer(content, number)


@router.post("/labels/{number}/send", include_in_schema=False)
@permitted(Permission.TAG)
def send(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """The labels no printer was given yet, straight to one of the site's."""
    site = site_of(request)
    try:
        printer = printer_named(site.settings.label_printers, form.text("printer"))
        count = label_printing.send_to_printer(site.database, viewer, form.command_id(), number, printer, read_clock())
    except Refusal as refusal:
        return _batch(request, viewer, number, form, refusal)
    return redirect(request, f"/labels/{number}", "labels.sent", count=count, printer=printer.name)


@router.post("/labels/{number}/spoil", include_in_schema=False)
@permitted(Permission.TAG)
def spoil(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """These labels serve no more."""
    database, now = site_of(request).database, read_clock()
    try:
        count = labelling.spoil(
            database, viewer, form.command_id(), number, form.texts("epc"), form.text("reason"), now
        )
    except Refusal as refusal:
        return _batch(request, viewer, number, form, refusal)
    return redirect(request, f"/labels/{number}", "labels.spoiled", count=count)


@router.post("/labels/{number}/anew", include_in_schema=False)
@permitted(Permission.TAG)
def print_anew(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """New labels in place of the spoiled ones."""
    try:
        count = labelling.print_anew(site_of(request).database, viewer, form.command_id(), number, read_clock())
    except Refusal as refusal:
        return _batch(request, viewer, number, form, refusal)
    return redirect(request, f"/labels/{number}", "labels.anew.done", count=count)


def _labels(request: Request, viewer: Viewer, **more: object) -> LabelsContext:
    database = site_of(request).database
    return LabelsContext(
        numbering_labels.numbering(database, viewer),
        tuple(labelling.label_batches(database, viewer)),
        permits(viewer, Permission.TAG),
        **more,  # type: ignore[arg-type]
    )


def _batch(
    request: Request, viewer: Viewer, number: str, sent: Form | None = None, problem: Refusal | None = None
) -> Response:
    site = site_of(request)
    view = labelling.open_batch(site.database, viewer, number, read_clock())
    may_tag = permits(viewer, Permission.TAG)
    context = LabelBatchContext(view, site.settings.label_printers, may_tag, sent or Form(()), problem)
    status = 200 if problem is None else status_of(problem)
    return render(request, "label_batch.html", context, viewer, status=status)
