"""Loose materials (散材料): batches, matching, and putting in: opened by order, counted, sealed by two."""

from dataclasses import dataclass, field
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from inventory.domain.arrivals import Channel
from inventory.domain.identifiers import VolumeName
from inventory.domain.materials import CATEGORIES, MatchProof
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import loose_materials
from inventory.operations.loose_materials import Insertion, Loose, LooseView
from inventory.store.loose_materials import LooseBatch
from web.at_desk import second_person
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.pages.arrivals import named_options, whole_number
from web.pages.reviewing import lines_in, material_of, whole
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

_COLUMNS = 7  # name, dossier number, category, title, date, pieces, pages
_CHANNELS = (Channel.CONFIDENTIAL, Channel.STAFF, Channel.EMS)


@dataclass(frozen=True, slots=True)
class LooseContext:
    """The batches, and the form of a new one as it was sent."""

    batches: tuple[LooseBatch, ...]
    channel_options: tuple[tuple[str, str], ...]
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None


@dataclass(frozen=True, slots=True)
class LooseBatchContext:
    """One batch in the order of the work, and its forms as they were sent."""

    view: LooseView
    may_insert: bool
    proof_options: tuple[tuple[str, str], ...]
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    categories: dict[int, tuple[str, str]] = field(default_factory=lambda: CATEGORIES)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The volumes that materials wait for, shelf by shelf."""
        return tuple(dict.fromkeys(row.volume for row in self.view.materials if row.state == "matched" and row.volume))


@router.get("/loose-materials", include_in_schema=False)
@permitted(Permission.INSERT_MATERIALS)
def batches(request: Request, viewer: SignedIn) -> Response:
    """The newest batches and the form of a new one."""
    return _list(request, viewer)


@router.post("/loose-materials", include_in_schema=False)
@permitted(Permission.INSERT_MATERIALS)
def receive(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Take in a batch."""
    try:
        number = loose_materials.receive(
            site_of(request).database,
            viewer,
            form.command_id(),
            form.text("sender"),
            form.text("channel"),
            form.told("tracking"),
            [_loose(number, line) for number, line in enumerate(lines_in(form.text("rows")), 1)],
            read_clock(),
        )
    except BadInput as refusal:
        return _list(request, viewer, form, refusal)
    return redirect(request, f"/loose-materials/{number}", "loose.done", number=number)


@router.get("/loose-materials/{number}", include_in_schema=False)
@permitted(Permission.INSERT_MATERIALS)
def batch(request: Request, viewer: SignedIn, number: str) -> Response:
    """One batch."""
    return _page(request, viewer, number)


@router.post("/loose-materials/{number}", include_in_schema=False)
@permitted(Permission.INSERT_MATERIALS)
def work(request: Request, viewer: SignedIn, number: str, form: SentForm) -> Response:
    """Match one, send some back, or put in what waits for the volumes at the desk."""
    database, now, address = site_of(request).database, read_clock(), f"/loose-materials/{quote(number)}"
    what = form.text("what")
    try:
        if what == "match":
            volume = VolumeName.parse(form.text("volume"))
            loose_id = whole_number(form.text("material"))
            loose_materials.match(database, viewer, number, loose_id, volume, form.text("proof"), form.text("note"))
            return redirect(request, address, "loose.match.done", number=number)
        if what == "back":
            ids = [whole_number(form.text("material"))]
            count = loose_materials.send_back(database, viewer, number, ids, form.text("note"))
            return redirect(request, address, "loose.back.done", number=number, count=count)
        witness = second_person(request, viewer, form)
        count = loose_materials.insert(
            database,
            viewer,
            form.command_id(),
            number,
            form.text("order"),
            _insertions(form),
            witness,
            now,
            form.told("reason"),
        )
    except Refusal as refusal:
        return _page(request, viewer, number, form, refusal)
    return redirect(request, address, "loose.insert.done", number=number, count=count)


def _insertions(form: Form) -> list[Insertion]:
    """The volumes whose pieces were counted; those left empty aren't at the desk yet."""
    volumes, pieces, seals = form.texts("volume"), form.texts("pieces"), form.texts("seal")
    rows = zip(volumes, pieces, seals, strict=False)
    return [
        Insertion(VolumeName.parse(volume), whole(counted), seal.strip() or None)
        for volume, counted, seal in rows
        if counted.strip()
    ]


def _loose(number: int, line: str) -> Loose:
    """One line: name,dossier number,category,title,date,pieces,pages; raises `BadInput` with the line's number."""
    cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
    cells += [""] * (_COLUMNS - len(cells))
    try:
        return Loose(cells[0], material_of(cells[2:]), cells[1] or None)
    except BadInput as refusal:
        raise BadInput(
            problem_zh=f"第{number}行：{refusal.facts['problem_zh']}",
            problem_en=f"line {number}: {refusal.facts['problem_en']}",
        ) from refusal


def _list(request: Request, viewer: Viewer, sent: Form | None = None, problem: Refusal | None = None) -> Response:
    found = tuple(loose_materials.batches(site_of(request).database, viewer))
    context = LooseContext(found, named_options(request, _CHANNELS), sent or Form(()), problem)
    return render(request, "loose.html", context, viewer, status=200 if problem is None else status_of(problem))


def _page(
    request: Request, viewer: Viewer, number: str, sent: Form | None = None, problem: Refusal | None = None
) -> Response:
    view = loose_materials.open_batch(site_of(request).database, viewer, number)
    context = LooseBatchContext(
        view,
        permits(viewer, Permission.INSERT_MATERIALS),
        named_options(request, MatchProof),
        sent or Form(()),
        problem,
    )
    return render(request, "loose_batch.html", context, viewer, status=200 if problem is None else status_of(problem))
