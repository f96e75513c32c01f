"""An audit's readers are told to read before it is judged: smart cabinets room by room, powered shelving aisle by aisle.

All commands are written down when the audit is asked for, each with the moment at which it is due; whoever tells readers works
them off. So nobody has to stay alive in between: the audit's interval ends when the reading does, and it is judged then.
"""

from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.domain.commanded_reading import READ_FOR, Step, lasts, reading_steps
from inventory.domain.commands import ANSWER_WITHIN, CommandKind, is_told_natively
from inventory.store import reader_commands
from inventory.store.reader_commands import Asked


def steps_in(
    connection: psycopg.Connection[Any], place_id: int, now: datetime, read_for: timedelta = READ_FOR
) -> list[Step]:
    """Who reads, in which order, for an audit of this place; nobody where no reader there takes commands."""
    return reading_steps(reader_commands.listeners_in(connection, place_id, now), read_for)


def read_until(steps: list[Step], now: datetime, read_for: timedelta = READ_FOR) -> datetime:
    """When the reading that begins now is over, and its reads are in."""
    return now + lasts(steps, read_for)


def tell(
    connection: psycopg.Connection[Any],
    audit: int,
    steps: list[Step],
    now: datetime,
    asked_by: int | None,
    read_for: timedelta = READ_FOR,
) -> int:
    """Tell the readers, in the caller's transaction; returns how many commands that are."""
    commands = [command for step in steps for command in _of_step(audit, step, now, asked_by, read_for)]
    for command in commands:
        reader_commands.add(connection, command)
    return len(commands)


def _of_step(audit: int, step: Step, now: datetime, asked_by: int | None, read_for: timedelta) -> list[Asked]:
    begins, ends = now + step.begins, now + step.begins + read_for
    arguments: dict[str, object] = {"seconds": max(1, int(read_for.total_seconds()))}
    if step.aisle is not None:
        arguments |= {"room": step.room, "block": step.block, "aisle": step.aisle}
    told = []
    for one in step.listeners:
        start = Asked(one.reader_id, CommandKind.START, now, begins, begins + ANSWER_WITHIN, arguments, asked_by, audit)
        told.append(start)
        if not (is_told_natively(one.dialect, one.control_url) or one.is_reading):
            told.append(Asked(one.reader_id, CommandKind.STOP, now, ends, ends + ANSWER_WITHIN, {}, asked_by, audit))
    return told
