"""Tags: bind a label that reads back as it should, replace one by two, say what is wrong with one."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request
from starlette.responses import Response

from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import Refusal
from inventory.domain.tagging import IDENTIFICATION_NAMES
from inventory.operations import tagging
from inventory.operations.tagging import Printed, Tagged
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
Proposed = Annotated[str, Query(max_length=124)]


@dataclass(frozen=True, slots=True)
class TagsContext:
    """The form of a binding, and what went wrong with the last one."""

    volume: str = ""
    epc: str = ""
    problem: Refusal | None = None


@dataclass(frozen=True, slots=True)
class VolumeTagsContext:
    """One volume's tags, what they make of it, and what went wrong."""

    tagged: Tagged
    name: tuple[str, str]
    sent: Form
    may_tag: bool
    problem: Refusal | None = None


@router.get("/tags", include_in_schema=False)
@permitted(Permission.TAG)
def tags(request: Request, viewer: SignedIn, volume: Proposed = "", epc: Proposed = "") -> Response:
    """Scan the dossier, the label, and the label read back; a tag that was read and nobody's is proposed."""
    return render(request, "tags.html", TagsContext(volume, epc), viewer)


@router.post("/tags", include_in_schema=False)
@permitted(Permission.TAG)
def bind(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Bind the label, or say loudly why not."""
    try:
        volume = VolumeName.parse(form.text("volume"))
        if form.text("look"):
            return redirect_to(volume)
        printed = _printed(volume, form)
        written = tagging.bind(site_of(request).database, viewer, form.command_id(), [printed], read_clock())
    except Refusal as refusal:
        # The next try takes a new label, so only the dossier stays.
        context = TagsContext(form.text("volume"), problem=refusal)
        return render(request, "tags.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/tags", "tags.bound" if written else "tags.bound.before", volume=str(volume))


@router.get("/tags/{volume:path}", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
def volume_tags(request: Request, viewer: SignedIn, volume: str) -> Response:
    """Every tag a volume has or had."""
    return _page(request, viewer, VolumeName.parse(volume))


@router.post("/tags/{volume:path}", include_in_schema=False)
@permitted(Permission.TAG)
def change(request: Request, viewer: SignedIn, volume: str, form: SentForm) -> Response:
    """Replace the tag, report a fault, or do with the printed code."""
    name, database, now = VolumeName.parse(volume), site_of(request).database, read_clock()
    what = form.text("what")
    try:
        if what == "replace":
            witness = second_person(request, viewer, form)
            printed = _printed(name, form)
            tagging.replace_tag(database, viewer, form.command_id(), printed, form.text("reason"), witness, now)
        elif what == "fault":
            tagging.report_fault(database, viewer, name, form.told("fault"))
        else:
            tagging.mark_barcode_only(database, viewer, name, barcode_only=what == "barcode")
    except Refusal as refusal:
        return _page(request, viewer, name, form, refusal)
    address = f"/tags/{quote(str(name), safe='')}"
    if what == "replace":
        return redirect(request, address, "tags.replaced", volume=str(name))
    return redirect(request, address, "tags.fault.done" if what == "fault" else "tags.barcode.done", volume=str(name))


def _printed(volume: VolumeName, form: Form) -> Printed:
    return Printed(volume, form.text("epc"), form.text("read_back"), form.told("tid"), form.text("code"))


def redirect_to(volume: VolumeName) -> Response:
    """Lead to a volume's own page."""
    return Response(status_code=303, headers={"Location": f"/tags/{quote(str(volume), safe='')}"})


def _page(
    request: Request, viewer: Viewer, name: VolumeName, sent: Form | None = None, problem: Refusal | None = None
) -> Response:
    known = tagging.tagged(site_of(request).database, viewer, name)
    context = VolumeTagsContext(
        known, IDENTIFICATION_NAMES[known.identification], sent or Form(()), permits(viewer, Permission.TAG), problem
    )
    return render(request, "volume_tags.html", context, viewer, status=200 if problem is None else status_of(problem))
