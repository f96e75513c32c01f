"""Bursts (连发): a handheld in keyboard mode types what it read at a shelf, and that becomes evidence."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Form as FormField
from fastapi import Request
from starlette.responses import Response

from inventory.domain.permissions import Permission
from inventory.domain.refusals import Refusal, RegisterInvalid
from inventory.operations.bursts import bring_burst
from inventory.operations.docking import docked_readers
from inventory.operations.importing import ImportReport, RowError
from inventory.operations.scanning import CODE_CHARACTERS_MAX, Scanned, as_meant, scanned
from inventory.store.brought import BroughtTo
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.refusing import status_of
from web.rendering import render
from web.scanning import Line, codes_in, place_in, problem_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class WedgeContext:
    """The form and the burst as it stands; reads, shelf: of the burst that was taken last."""

    readers: tuple[BroughtTo, ...]
    sent: Form = field(default_factory=lambda: Form(()))
    lines: tuple[Line, ...] = ()
    target: Scanned | None = None
    command_id: UUID | None = None
    problem: Refusal | None = None
    errors: tuple[RowError, ...] = ()
    reads: int | None = None
    shelf: str = ""

    @property
    def reader(self) -> str:
        """The reader chosen, or the only one there is."""
        return self.sent.text("reader") or (self.readers[0].reader if len(self.readers) == 1 else "")


@dataclass(frozen=True, slots=True)
class LineContext:
    """One line."""

    line: Line


@router.get("/wedge", include_in_schema=False)
@permitted(Permission.SWEEP)
def wedge_page(request: Request, viewer: SignedIn) -> Response:
    """The form, empty."""
    return render(request, "wedge.html", _context(request, viewer), viewer, block="wedge")


@router.post("/wedge/scan", include_in_schema=False)
@permitted(Permission.SWEEP)
def scan(
    request: Request,
    viewer: SignedIn,
    code: Annotated[str, FormField(max_length=CODE_CHARACTERS_MAX)],
) -> Response:
    """What one code of the burst is; a tag nobody registered is as good as any."""
    (line,) = _lines(request, viewer, codes_in([code])[:1] or [""])
    return render(request, "scan_line.html", LineContext(line), viewer)


@router.post("/wedge", include_in_schema=False)
@permitted(Permission.SWEEP)
def take(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Take the burst; the jobs make evidence of it."""
    database, now = site_of(request).database, read_clock()
    codes = codes_in(form.texts("code"))
    try:
        shelf = form.text("shelf")
        done = bring_burst(database, viewer, form.command_id(), form.text("reader"), shelf, codes, now)
    except Refusal as refusal:
        report = refusal.facts.get("report") if isinstance(refusal, RegisterInvalid) else None
        context = _context(
            request,
            viewer,
            sent=form,
            lines=_lines(request, viewer, codes),
            target=place_in(database, viewer, form.text("shelf"), now),
            problem=refusal,
            errors=tuple(report.errors) if isinstance(report, ImportReport) else (),
        )
        return render(request, "wedge.html", context, viewer, block="wedge", status=status_of(refusal))
    context = _context(request, viewer, sent=form, reads=done.row.reads, shelf=done.row.name)
    return render(request, "wedge.html", context, viewer, block="wedge")


def _lines(request: Request, viewer: SignedIn, codes: list[str]) -> tuple[Line, ...]:
    found = scanned(site_of(request).database, viewer, codes, read_clock())
    return tuple(Line(one, None if as_meant(one.code).epc else problem_of(None, one, None)) for one in found)


def _context(request: Request, viewer: SignedIn, **more: object) -> WedgeContext:
    return WedgeContext(tuple(docked_readers(site_of(request).database, viewer)), **more)  # type: ignore[arg-type]
