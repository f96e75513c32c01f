"""Gates (通道门): alarms that wait for somebody, who passed with what, and whether anybody watches."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from inventory.domain.consignments import Colour
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import gates
from inventory.operations.gates import FALSE_SIRENS_MAX, REASON_CHARACTERS_MAX, GatesView
from web.api.models import Moment
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

TONES = {Colour.GREEN.value: "good", Colour.AMBER.value: "doubt", Colour.RED.value: "bad"}


@dataclass(frozen=True, slots=True)
class GatesContext:
    """The gates as they stand, and the last form where it was refused."""

    view: GatesView
    gate: str | None
    before: datetime | None
    may_answer: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    tones: dict[str, str] = field(default_factory=lambda: TONES)
    false_max: int = FALSE_SIRENS_MAX
    reason_characters_max: int = REASON_CHARACTERS_MAX


@router.get("/gates", include_in_schema=False)
@permitted(Permission.SEE_GATES)
def gates_page(
    request: Request,
    viewer: SignedIn,
    gate: Annotated[str, Query(max_length=PLACE_CODE_CHARACTERS_MAX)] = "",
    before: Moment | None = None,
) -> Response:
    """Everything, or after a live event its moving part."""
    return render(request, "gates.html", _context(request, viewer, gate or None, before), viewer, block="gates")


@router.post("/passages/{passage}/acknowledgement", include_in_schema=False)
@permitted(Permission.ANSWER_ALARMS)
def acknowledge(request: Request, viewer: SignedIn, passage: UUID, form: SentForm) -> Response:
    """Somebody has looked, and says what it was."""
    try:
        is_false = {"true": False, "false": True}.get(form.text("alarm"))
        if is_false is None:
            raise BadInput(problem_zh="请选择真报警或误报", problem_en="say whether it was a true alarm or a false one")
        gates.acknowledge(
            site_of(request).database,
            viewer,
            passage,
            form.command_id(),
            read_clock(),
            is_false=is_false,
            reason=form.text("reason"),
        )
    except Refusal as refusal:
        return _again(request, viewer, form, refusal)
    return redirect(request, "/gates", "gates.acknowledged")


@router.post("/gates/{gate}/rearming", include_in_schema=False)
@permitted(Permission.ANSWER_ALARMS)
def rearm(request: Request, viewer: SignedIn, gate: str, form: SentForm) -> Response:
    """The noise ends at once; the alarms still wait."""
    try:
        gates.rearm(site_of(request).database, viewer, gate, form.command_id(), read_clock())
    except Refusal as refusal:
        return _again(request, viewer, form, refusal)
    return redirect(request, "/gates", "gates.rearmed", gate=gate)


def _context(
    request: Request, viewer: Viewer, gate: str | None = None, before: datetime | None = None, **more: object
) -> GatesContext:
    view = gates.look(site_of(request).database, viewer, read_clock(), gate, before)
    return GatesContext(view, gate, before, permits(viewer, Permission.ANSWER_ALARMS), **more)  # type: ignore[arg-type]


def _again(request: Request, viewer: Viewer, form: Form, refusal: Refusal) -> Response:
    context = _context(request, viewer, sent=form, problem=refusal)
    return render(request, "gates.html", context, viewer, status=status_of(refusal))
