"""Telling readers what to do: by people, one reader at a time; what came of it is theirs to see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from inventory.domain.commands import ANSWER_WITHIN, CommandKind, check_command, check_commandable
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, NoSuchReader
from inventory.store import ledger, reader_commands
from inventory.store.database import Database, raw
from inventory.store.reader_commands import Asked, CommandRow

PULSE_SECONDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Telling:
    """What somebody tells a reader; pulse: an output goes back after so many seconds."""

    command_id: UUID
    reader: str
    kind: CommandKind
    arguments: Mapping[str, Any] = field(default_factory=dict)
    pulse: int | None = None


def tell(database: Database, viewer: Viewer, telling: Telling, now: datetime) -> CommandRow:
    """Tell a reader; the process that owns its slot sends it at once. Sent again it is the same command.

    Raises `NotAllowed`, `BadInput`, `NoSuchReader`, `NotCommandable`, `CommandReused`.
    """
    check_permitted(viewer, Permission.COMMAND_READERS)
    check_command(telling.kind, telling.arguments)
    if telling.pulse is not None and not (
        telling.kind is CommandKind.OUTPUT and 1 <= telling.pulse <= PULSE_SECONDS_MAX
    ):
        raise BadInput(
            problem_zh=f"只有输出口可定时复位，1至{PULSE_SECONDS_MAX}秒",
            problem_en=f"only an output goes back by itself, after 1 to {PULSE_SECONDS_MAX} seconds",
        )
    with database.transaction(viewer) as session:
        connection = raw(session)
        reader = reader_commands.reader(connection, telling.reader)
        if reader is None:
            raise NoSuchReader(reader=telling.reader)
        check_commandable(reader.code, reader.dialect, reader.topic, reader.control_url)
        if ledger.once(connection, telling.command_id, ("reader command", telling)):
            asked = Asked(
                reader.reader_id,
                telling.kind,
                now,
                now,
                now + ANSWER_WITHIN,
                telling.arguments,
                asked_by=viewer.account_id,
                command_id=telling.command_id,
            )
            reader_commands.add(connection, asked)
            if telling.pulse is not None:
                reader_commands.add(connection, _back(asked, timedelta(seconds=telling.pulse)))
        number = reader_commands.of_command(connection, telling.command_id)
        row = None if number is None else reader_commands.one(connection, number)
        assert row is not None
        return row


def newest(database: Database, viewer: Viewer) -> list[CommandRow]:
    """What readers were told lately, newest first; raises `NotAllowed`."""
    check_permitted(viewer, Permission.SEE_READERS)
    with database.transaction(viewer) as session:
        return reader_commands.newest(raw(session))


def _back(asked: Asked, after: timedelta) -> Asked:
    """The output as it was."""
    due = asked.due_at + after
    return Asked(
        asked.reader_id,
        asked.kind,
        asked.asked_at,
        due,
        due + ANSWER_WITHIN,
        {**asked.arguments, "on": not asked.arguments["on"]},
        asked_by=asked.asked_by,
    )
