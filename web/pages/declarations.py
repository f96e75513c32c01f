"""Declarations: what a dossier's person was, and whose dossiers somebody of ours may not touch."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from starlette.responses import Response

from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, NoSuchAddress, Refusal
from inventory.domain.travelling import Career
from inventory.operations import declaring
from inventory.operations.declaring import Tie
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
TIES: tuple[Tie, ...] = ("own", "relative")


@dataclass(frozen=True, slots=True)
class DeclarationsContext:
    """The two forms; problem: why the last one was refused."""

    may_tell_careers: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    dossier: str = ""
    careers: Sequence[Career] = tuple(Career)
    ties: Sequence[Tie] = TIES


@router.get("/requests/declarations", include_in_schema=False)
@permitted(Permission.DECLARE_OWN_TIES)
def declarations(request: Request, viewer: SignedIn, dossier: str = "") -> Response:
    """The forms, empty."""
    context = DeclarationsContext(permits(viewer, Permission.DECLARE_CAREERS), dossier=dossier[:40])
    return render(request, "declarations.html", context, viewer)


@router.post("/requests/declarations/{what}", include_in_schema=False)
@permitted(Permission.DECLARE_OWN_TIES)
def declare(request: Request, viewer: SignedIn, what: str, form: SentForm) -> Response:
    """Keep a declaration; whose ID number it was is told nowhere again."""
    if what not in {"career", "tie"}:
        raise NoSuchAddress
    try:
        if what == "career":
            _career(request, viewer, form)
        else:
            _tie(request, viewer, form)
    except Refusal as refusal:
        context = DeclarationsContext(permits(viewer, Permission.DECLARE_CAREERS), form, refusal, form.text("dossier"))
        return render(request, "declarations.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/requests/declarations", "declarations.kept")


def _career(request: Request, viewer: Viewer, form: Form) -> None:
    told = form.text("career")
    if told not in set(Career):
        raise BadInput(problem_zh="请选择身份类别", problem_en="choose what the person was")
    database, dossier, document = site_of(request).database, form.text("dossier"), form.text("document")
    declaring.declare_career(database, viewer, form.command_id(), dossier, Career(told), document, read_clock())


def _tie(request: Request, viewer: Viewer, form: Form) -> None:
    tie = next((tie for tie in TIES if tie == form.text("tie")), None)
    if tie is None:
        raise BadInput(problem_zh="请选择本人或亲属", problem_en="choose own or relative")
    database = site_of(request).database
    declaring.declare_tie(database, viewer, form.command_id(), viewer.login, tie, form.text("id_number"), read_clock())
