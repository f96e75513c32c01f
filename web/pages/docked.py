"""Docked handhelds (手持机文件): a file is looked at, its columns and clock are shown, and then it is taken."""

from dataclasses import dataclass, field

from fastapi import Request
from starlette.responses import Response

from inventory.domain.permissions import Permission
from inventory.domain.read_files import ReadColumn
from inventory.domain.refusals import BadInput, Refusal, RegisterInvalid
from inventory.operations.docking import (
    FileAsked,
    FileSeen,
    bring_file,
    docked_readers,
    look_at_file,
    newest_brought,
)
from inventory.operations.importing import ImportReport, RowError
from inventory.store.brought import BroughtRow, BroughtTo
from web.doors import Doors, permitted
from web.forms import Form
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.uploads import SentUpload, Upload

router = Doors()
ERRORS_SHOWN_MAX = 100
ZONES = ("Asia/Shanghai", "UTC")  # beside the reader's own


@dataclass(frozen=True, slots=True)
class DockedContext:
    """The form and what was brought lately; seen: the file that was looked at, problem: why not."""

    readers: tuple[BroughtTo, ...]
    brought: tuple[BroughtRow, ...]
    sent: Form = field(default_factory=lambda: Form(()))
    seen: FileSeen | None = None
    problem: Refusal | None = None
    errors: tuple[RowError, ...] = ()
    columns: type[ReadColumn] = ReadColumn

    @property
    def reader(self) -> BroughtTo | None:
        """The reader chosen, or the only one there is."""
        chosen = self.sent.text("reader")
        first = self.readers[0] if len(self.readers) == 1 else None
        return next((one for one in self.readers if one.reader == chosen), first)

    @property
    def zones(self) -> tuple[str, ...]:
        """The clocks to choose from."""
        own = (self.reader.timezone,) if self.reader else ()
        return tuple(dict.fromkeys((*own, *ZONES)))


@router.get("/docked", include_in_schema=False)
@permitted(Permission.SWEEP)
def docked_page(request: Request, viewer: SignedIn) -> Response:
    """The form, and what was brought lately."""
    return render(request, "docked.html", _context(request, viewer), viewer)


@router.post("/docked/look", include_in_schema=False)
@permitted(Permission.SWEEP)
def look(request: Request, viewer: SignedIn, upload: SentUpload) -> Response:
    """What the file's columns are taken for, its first rows, and everything wrong with it; nothing is taken."""
    form, seen, problem = upload.form, None, None
    try:
        with _chosen(upload).on_disk() as path:
            seen = look_at_file(site_of(request).database, viewer, path, _asked(form), read_clock())
    except Refusal as refusal:
        problem = refusal
    errors = () if seen is None else tuple(seen.report.errors[:ERRORS_SHOWN_MAX])
    context = _context(request, viewer, sent=form, seen=seen, problem=problem, errors=errors)
    return render(request, "docked.html", context, viewer, block="seen")


@router.post("/docked", include_in_schema=False)
@permitted(Permission.SWEEP)
def take(request: Request, viewer: SignedIn, upload: SentUpload) -> Response:
    """Take the file, or only its right rows; the jobs make evidence of it."""
    form = upload.form
    try:
        with _chosen(upload).on_disk() as path:
            done = bring_file(site_of(request).database, viewer, path, _asked(form), read_clock())
    except Refusal as refusal:
        report = refusal.facts.get("report") if isinstance(refusal, RegisterInvalid) else None
        errors = tuple(report.errors[:ERRORS_SHOWN_MAX]) if isinstance(report, ImportReport) else ()
        context = _context(request, viewer, sent=form, problem=refusal, errors=errors)
        return render(request, "docked.html", context, viewer, status=status_of(refusal))
    row = done.row
    if done.again:
        by = row.brought_by or "guiwei import reads"
        return redirect(request, "/docked", "docked.again", good=False, file=row.name, by=by)
    left = done.report.rows - done.report.imported
    return redirect(request, "/docked", "docked.taken", reader=row.reader, reads=row.reads, left=left)


def _chosen(upload: Upload) -> Upload:
    if not upload.content:
        raise BadInput(problem_zh="请选择文件", problem_en="choose a file")
    return upload


def _asked(form: Form) -> FileAsked:
    """As the form has it; columns only where they were shown."""
    columns = {column: name for column in ReadColumn if (name := form.text(f"column.{column}"))}
    accept_valid = form.text("rows") == "valid"
    return FileAsked(form.text("reader"), columns or None, form.told("timezone"), accept_valid)


def _context(request: Request, viewer: SignedIn, **more: object) -> DockedContext:
    database = site_of(request).database
    return DockedContext(
        tuple(docked_readers(database, viewer)),
        tuple(newest_brought(database, viewer)),
        **more,  # type: ignore[arg-type]
    )
