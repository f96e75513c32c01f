"""Gates in people's hands: who passed with what, which alarms wait for somebody, answering them, and arming a gate again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.discrepancies import case_number
from inventory.domain.gate_passages import Passing, PassingDoubt
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.places import parse_place_code
from inventory.domain.refusals import AlarmAnswered, AlarmNotFound, BadInput, GateNotFound
from inventory.domain.requests import check_free_text
from inventory.store import ledger, passages
from inventory.store.database import Database, raw
from inventory.store.passages import GateRow, LineRow, PassageRow

PASSAGES_SHOWN_MAX = 60
ALARMS_SHOWN_MAX = 50
REASON_CHARACTERS_MAX = 200
WEEK = timedelta(days=7)
FALSE_SIRENS_MAX = 3  # a week; above it keepers switch a gate off
SILENT_AFTER = timedelta(seconds=45)  # a gate's process says every ten seconds that it is there


@dataclass(frozen=True, slots=True)
class CarriedVolume:
    """A volume of a passage; case: the number of the discrepancy about it."""

    row: LineRow
    name: VolumeName
    case: str | None

    @property
    def shelf(self) -> str | None:
        """Where the ledger had it."""
        return self.row.shelf


@dataclass(frozen=True, slots=True)
class PassageSeen:
    """A passage with what was carried."""

    row: PassageRow
    lines: tuple[CarriedVolume, ...]

    @property
    def passing(self) -> Passing:
        """Which way."""
        return Passing(self.row.direction)

    @property
    def doubts(self) -> tuple[PassingDoubt, ...]:
        """Why a direction is unclear."""
        return tuple(map(PassingDoubt, self.row.doubts))

    @property
    def unexpected(self) -> tuple[CarriedVolume, ...]:
        """What nobody expected."""
        return tuple(line for line in self.lines if line.row.unexpected)

    @property
    def unread(self) -> int:
        """How many of its manifests weren't read."""
        return sum(line.row.reads == 0 for line in self.lines)

    @property
    def read(self) -> int:
        """How many volumes were read."""
        return len(self.lines) - self.unread

    @property
    def papers(self) -> tuple[str, ...]:
        """The manifests it went by."""
        return tuple(dict.fromkeys(line.row.paper for line in self.lines if line.row.paper))


@dataclass(frozen=True, slots=True)
class GatesView:
    """The gates as they stand; week: alarms and false ones among them, of seven days."""

    gates: tuple[GateRow, ...]
    alarms: tuple[PassageSeen, ...]
    passages: tuple[PassageSeen, ...]
    more: bool
    week: tuple[int, int]
    now: datetime

    @property
    def too_many_false(self) -> bool:
        """Whether keepers will soon switch a gate off."""
        return self.week[1] > FALSE_SIRENS_MAX

    def is_watched(self, gate: GateRow) -> bool:
        """Whether a process decides there just now."""
        return gate.pulse_at is not None and self.now - gate.pulse_at < SILENT_AFTER


def look(
    database: Database, viewer: Viewer, now: datetime, gate: str | None = None, before: datetime | None = None
) -> GatesView:
    """Gates, alarms that wait, and the newest passages (of one gate, before an instant). Raises `GateNotFound`."""
    check_permitted(viewer, Permission.SEE_GATES)
    code = None if gate is None else parse_place_code(gate)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if code is not None and passages.gate_id(connection, code) is None:
            raise GateNotFound(gate=code)
        rows = passages.passages(connection, code, before, PASSAGES_SHOWN_MAX + 1)
        alarms = passages.alarms_waiting(connection, ALARMS_SHOWN_MAX)
        return GatesView(
            tuple(passages.gates(connection)),
            _seen(connection, alarms),
            _seen(connection, rows[:PASSAGES_SHOWN_MAX]),
            len(rows) > PASSAGES_SHOWN_MAX,
            passages.sirens(connection, now - WEEK),
            now,
        )


def passage(database: Database, viewer: Viewer, passage_id: UUID) -> PassageSeen:
    """One passage; raises `AlarmNotFound`."""
    check_permitted(viewer, Permission.SEE_GATES)
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = passages.passage_by_id(connection, passage_id)
        if row is None:
            raise AlarmNotFound
        return _seen(connection, [row])[0]


def acknowledge(
    database: Database,
    viewer: Viewer,
    passage_id: UUID,
    command_id: UUID,
    now: datetime,
    *,
    is_false: bool,
    reason: str,
) -> None:
    """Answer an alarm, which silences its gate when it was the last; raises `AlarmNotFound`, `AlarmAnswered`, `BadInput`."""
    check_permitted(viewer, Permission.ANSWER_ALARMS)
    told = check_free_text(reason, "原因", "reason", REASON_CHARACTERS_MAX)
    if not told:
        raise BadInput(problem_zh="请写明原因", problem_en="say what it was")
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("acknowledge alarm", viewer.account_id, str(passage_id), is_false, told)
        if not ledger.once(connection, command_id, content):
            return
        row = passages.passage_by_id(connection, passage_id)
        if row is None or row.alarmed_at is None:
            raise AlarmNotFound
        if not passages.acknowledge(connection, passage_id, viewer.account_id, now, is_false=is_false, reason=told):
            answered = passages.passage_by_id(connection, passage_id)
            raise AlarmAnswered(name=(answered and answered.acknowledged_by) or "—")


def rearm(database: Database, viewer: Viewer, gate: str, command_id: UUID, now: datetime) -> None:
    """Silence a gate's siren at once; its alarms still wait to be answered, and the next one rings. Raises `GateNotFound`."""
    check_permitted(viewer, Permission.ANSWER_ALARMS)
    code = parse_place_code(gate)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, command_id, ("rearm gate", viewer.account_id, code)):
            place = passages.gate_id(connection, code)
            if place is None:
                raise GateNotFound(gate=code)
            passages.rearm(connection, place, viewer.account_id, now)


def _seen(connection: psycopg.Connection[Any], rows: Sequence[PassageRow]) -> tuple[PassageSeen, ...]:
    lines: dict[UUID, list[CarriedVolume]] = {row.passage: [] for row in rows}
    for line in passages.lines(connection, list(lines)):
        case = None if line.case_id is None else case_number(line.case_id)
        lines[line.passage].append(CarriedVolume(line, VolumeName(line.number, line.ordinal), case))
    return tuple(PassageSeen(row, tuple(lines[row.passage])) for row in rows)
