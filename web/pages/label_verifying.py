"""Verifying labels (核验标签): one after another by scanner or desk pad, or a whole shelf's as a handheld brings them."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from inventory.domain.identifiers import folded_width
from inventory.domain.labels import Told
from inventory.domain.permissions import Permission
from inventory.domain.refusals import Refusal
from inventory.operations import labelling, verifying_labels
from inventory.operations.label_files import scans_in_file
from inventory.operations.verifying_labels import Verified, VerifiedBatch
from inventory.store.labels import LabelBatch
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.uploads import SentUpload

router = Doors()


@dataclass(frozen=True, slots=True)
class VerifyContext:
    """The form, and what came of the label before; place: the desk pad labels are laid on, empty where all is scanned.

    batch: the one the label is of, and how far it has come.
    """

    pads: tuple[tuple[str, str], ...]
    place: str = ""
    done: Verified | None = None
    code: str = ""
    problem: Refusal | None = None
    batch: tuple[str, LabelBatch] | None = None


@dataclass(frozen=True, slots=True)
class ShelfContext:
    """The form, and what came of what was read last; scans: as typed, where it was refused as a whole."""

    done: VerifiedBatch | None = None
    scans: str = ""
    problem: Refusal | None = None
    command_id: UUID | None = None


@router.get("/labels/verify", include_in_schema=False)
@permitted(Permission.TAG)
def verify_page(request: Request, viewer: SignedIn, place: str = "") -> Response:
    """Scan a label's printed code, its EPC and its TID; or its printed code alone, on a pad."""
    pads = verifying_labels.pads(site_of(request).database, viewer).places
    known = place if place in {code for code, _ in pads} else ""
    return render(request, "label_verify.html", VerifyContext(pads, known), viewer)


@router.post("/labels/verify", include_in_schema=False)
@permitted(Permission.TAG)
def verify(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Bind it, or say loudly why not; the next one may be scanned at once."""
    database, now, place = site_of(request).database, read_clock(), form.text("place")
    pads = verifying_labels.pads(database, viewer).places
    code = folded_width(form.text("code"))
    try:
        if place:
            done = verifying_labels.verify_on_pad(database, viewer, form.command_id(), code, place, now)
        else:
            told = Told(code, folded_width(form.text("epc")), folded_width(form.text("tid")))
            done = verifying_labels.verify(database, viewer, form.command_id(), told, now)
    except Refusal as refusal:
        context = VerifyContext(pads, place, code=code, problem=refusal)
        return render(request, "label_verify.html", context, viewer, status=status_of(refusal))
    batch = None if done.volume is None else labelling.batch_of(database, viewer, done.volume)
    return render(request, "label_verify.html", VerifyContext(pads, place, done, batch=batch), viewer)


@router.get("/labels/shelf", include_in_schema=False)
@permitted(Permission.TAG)
def shelf_page(request: Request, viewer: SignedIn) -> Response:
    """Where a handheld's scans along a shelf are typed or brought."""
    return render(request, "label_shelf.html", ShelfContext(), viewer)


@router.post("/labels/shelf", include_in_schema=False)
@permitted(Permission.TAG)
def verify_shelf(request: Request, viewer: SignedIn, upload: SentUpload) -> Response:
    """Bind whatever agrees, and tell each of the others with its fault."""
    form, database = upload.form, site_of(request).database
    scans = _scans(form)
    try:
        if upload.content:
            with upload.on_disk() as path:
                scans = scans_in_file(Path(path))
        done = verifying_labels.verify_scans(database, viewer, form.command_id(), scans, read_clock())
    except Refusal as refusal:
        context = ShelfContext(scans="\n".join(_scans(form)), problem=refusal)
        return render(request, "label_shelf.html", context, viewer, status=status_of(refusal))
    return render(request, "label_shelf.html", ShelfContext(done), viewer)


def _scans(form: Form) -> list[str]:
    lines = (folded_width(line) for line in form.text("code").splitlines())
    return [line for line in lines if line]
