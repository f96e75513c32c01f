"""Commands to readers (读写器命令): tell one, and see what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from starlette.responses import Response

from inventory.domain.commands import CommandKind, CommandState
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import commanding
from inventory.operations.commanding import Telling
from inventory.store.reader_commands import CommandRow
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

TONES = {
    CommandState.ASKED: "quiet",
    CommandState.SENT: "doubt",
    CommandState.DONE: "good",
    CommandState.FAILED: "bad",
    CommandState.TIMED_OUT: "bad",
}


@dataclass(frozen=True, slots=True)
class CommandsContext:
    """The newest commands; problem: why the last form was refused."""

    commands: tuple[CommandRow, ...]
    may_tell: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    kinds: type[CommandKind] = CommandKind
    tones: Mapping[CommandState, str] = field(default_factory=lambda: TONES)


@router.get("/commands", include_in_schema=False)
@permitted(Permission.SEE_READERS)
def commands_page(request: Request, viewer: SignedIn) -> Response:
    """The list; asked for again whenever something has come of one."""
    return render(request, "commands.html", _context(request, viewer), viewer, block="commands")


@router.post("/commands", include_in_schema=False)
@permitted(Permission.COMMAND_READERS)
def tell(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Tell a reader."""
    try:
        telling = Telling(
            form.command_id(),
            form.text("reader"),
            _kind(form.text("kind")),
            _arguments(form),
            _whole(form.told("pulse")),
        )
        commanding.tell(site_of(request).database, viewer, telling, read_clock())
    except Refusal as refusal:
        context = _context(request, viewer, sent=form, problem=refusal)
        return render(request, "commands.html", context, viewer, status=status_of(refusal))
    return redirect(request, "/commands", "commands.told", reader=telling.reader)


def _context(request: Request, viewer: Viewer, **more: Any) -> CommandsContext:
    rows = commanding.newest(site_of(request).database, viewer)
    return CommandsContext(tuple(rows), permits(viewer, Permission.COMMAND_READERS), **more)


def _arguments(form: Form) -> dict[str, Any]:
    """What was filled in, as the command takes it."""
    told = {
        "seconds": _whole(form.told("seconds")),
        "mode": form.told("mode"),
        "dbm": _number(form.told("dbm")),
        "port": _whole(form.told("port")),
        "on": {"on": True, "off": False}.get(form.text("on")) if form.told("port") else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _kind(text: str) -> CommandKind:
    try:
        return CommandKind(text)
    except ValueError:
        raise BadInput(problem_zh="没有这个选项", problem_en="there is no such choice") from None


def _whole(text: str | None) -> int | None:
    if text is not None and not (text.isascii() and text.isdigit() and len(text) <= 6):  # noqa: PLR2004 - digits
        raise BadInput(problem_zh="数量应为正整数", problem_en="the number should be a whole one")
    return None if text is None else int(text)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        raise BadInput(problem_zh="应为数字", problem_en="this should be a number") from None
