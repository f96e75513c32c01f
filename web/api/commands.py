"""`/api/v1/readers/{reader}/commands`: readers told what to do; `/api/v1/commands`: what came of it."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Request
from pydantic import BaseModel, Field

from inventory.domain.commands import (
    MODE_CHARACTERS_MAX,
    OUTPUT_PORTS_MAX,
    POWER_DBM_MAX,
    READ_SECONDS_MAX,
    CommandKind,
)
from inventory.domain.permissions import Permission
from inventory.operations import commanding
from inventory.operations.commanding import PULSE_SECONDS_MAX, Telling
from inventory.store.reader_commands import CommandRow
from web.api.work import REFUSALS, Command, Sent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)

_ARGUMENTS = ("seconds", "mode", "dbm", "port", "on")


class CommandToReader(Sent):
    """What a reader is told, with what that kind takes and nothing else."""

    command_id: Command
    kind: CommandKind
    seconds: int | None = Field(default=None, ge=1, le=READ_SECONDS_MAX, description="start: how long it reads.")
    mode: str | None = Field(default=None, max_length=MODE_CHARACTERS_MAX)
    dbm: float | None = Field(default=None, ge=0, le=POWER_DBM_MAX)
    port: int | None = Field(default=None, ge=1, le=OUTPUT_PORTS_MAX)
    on: bool | None = None
    pulse: int | None = Field(
        default=None, ge=1, le=PULSE_SECONDS_MAX, description="output: back after so many seconds."
    )


class CommandAnswer(BaseModel):
    """A command as it stands; what hasn't happened yet is null."""

    command: int
    reader: str
    kind: str
    arguments: dict[str, Any]
    state: str = Field(description="asked, sent, done, failed or timed_out.")
    problem: str | None = Field(description="Why it failed or timed out.")
    problem_zh: str | None
    asked_by: str | None = Field(description="null: an audit's plan, a gate.")
    asked_at: datetime
    audit: int | None = Field(description="The audit it reads for.")
    due_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None


class CommandsAnswer(BaseModel):
    """The newest commands, newest first."""

    commands: list[CommandAnswer]


@router.get("/commands", summary="What readers were told")
@permitted(Permission.SEE_READERS)
def show_commands(request: Request, viewer: SignedIn) -> CommandsAnswer:
    """The newest 100, with their states."""
    rows = commanding.newest(site_of(request).database, viewer)
    return CommandsAnswer(commands=[_answer(row) for row in rows])


@router.post("/readers/{reader}/commands", status_code=202, summary="Tell a reader what to do")
@permitted(Permission.COMMAND_READERS)
def tell(
    request: Request, viewer: SignedIn, reader: Annotated[str, Path(max_length=40)], sent: CommandToReader
) -> CommandAnswer:
    """It is sent at once; ask again for its state."""
    arguments = {name: value for name in _ARGUMENTS if (value := getattr(sent, name)) is not None}
    telling = Telling(sent.command_id, reader, sent.kind, arguments, sent.pulse)
    return _answer(commanding.tell(site_of(request).database, viewer, telling, read_clock()))


def _answer(row: CommandRow) -> CommandAnswer:
    return CommandAnswer(
        command=row.id,
        reader=row.reader,
        kind=row.kind.value,
        arguments=dict(row.arguments),
        state=row.state.value,
        problem=row.problem_en,
        problem_zh=row.problem_zh,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        audit=row.audit,
        due_at=row.due_at,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
    )
