"""Search cases in SQL: opening, recording steps, and what is known that may help to find a volume."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.places import PlaceKind
from inventory.domain.requests import SERVED
from inventory.domain.searching import CaseState, Looked, Step, StepResult


@dataclass(frozen=True, slots=True)
class Opening:
    """What a case begins with; `from_place`: the code of the place where the ledger has the volume."""

    volume_id: int
    state: CaseState
    from_place: str
    steps: Sequence[Step]
    reason: str
    account_id: int
    command_id: UUID
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored, with the dossier and the places it speaks of by their names."""

    case_id: int
    volume_id: int
    dossier_id: int
    number: str
    ordinal: int
    agency_id: int
    state: str
    from_place: str
    from_kind: str
    steps: list[str]
    request_id: int | None
    reason: str
    opened_by: str
    opened_by_id: int
    opened_at: datetime
    closed_by: str | None
    closed_at: datetime | None
    found_place: str | None
    report: str | None
    outcome: str | None


_CASE = """
    SELECT search_case.id AS case_id, volume_id, volume.dossier_id, dossier.number, volume.ordinal,
           holding_agency_id AS agency_id, state, origin.code AS from_place, origin.kind AS from_kind, steps, request_id,
           reason, opener.name AS opened_by,
           opened_by AS opened_by_id, opened_at, closer.name AS closed_by, closed_at, found.code AS found_place, report, outcome
    FROM search_case JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = volume.dossier_id
    JOIN place AS origin ON origin.id = from_place_id JOIN account AS opener ON opener.id = opened_by
    LEFT JOIN place AS found ON found.id = found_place_id LEFT JOIN account AS closer ON closer.id = closed_by
"""


def open_case(connection: psycopg.Connection[Any], opening: Opening, now: datetime) -> int:
    """Open a case and return its id; a suspicion on the same volume becomes this case."""
    taken_up = """
        UPDATE search_case SET state = 'open', opened_by = %s, opened_at = %s, reason = reason || '；' || %s,
                               command_id = %s
        WHERE volume_id = %s AND state = 'suspected' RETURNING id
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        if opening.state is CaseState.OPEN:
            row = cursor.execute(
                taken_up, (opening.account_id, now, opening.reason, opening.command_id, opening.volume_id)
            ).fetchone()
            if row is not None:
                return int(row)
        row = cursor.execute(
            "INSERT INTO search_case (volume_id, state, from_place_id, steps, request_id, reason, opened_by, opened_at, "
            "command_id) SELECT %s, %s, place.id, %s, %s, %s, %s, %s, %s FROM place WHERE code = %s RETURNING id",
            (
                opening.volume_id,
                opening.state.value,
                [step.value for step in opening.steps],
                opening.request_id,
                opening.reason,
                opening.account_id,
                now,
                opening.command_id,
                opening.from_place,
            ),
        ).fetchone()
    assert row is not None, "the ledger's place is a place"
    return int(row)


def case_of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The id of the case a command opened."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT id FROM search_case WHERE command_id = %s", (command_id,)).fetchone()


def case_by_id(
    connection: psycopg.Connection[Any], case_id: int, agency_id: int | None, *, locked: bool = False
) -> Case | None:
    """A case on a dossier of this agency (None: of any); `locked`: nobody else changes it before this act is done."""
    query = _CASE + " WHERE search_case.id = %s AND (%s::int IS NULL OR holding_agency_id = %s)"
    with connection.cursor(row_factory=class_row(Case)) as cursor:
        return cursor.execute(
            query + (" FOR UPDATE OF search_case" if locked else ""), (case_id, agency_id, agency_id)
        ).fetchone()


def cases(
    connection: psycopg.Connection[Any], states: Sequence[CaseState], agency_id: int | None, cases_max: int
) -> list[Case]:
    """Cases in these states, the longest open first; bounded."""
    query = _CASE + (
        " WHERE state = ANY(%s) AND (%s::int IS NULL OR holding_agency_id = %s) ORDER BY opened_at, search_case.id LIMIT %s"
    )
    with connection.cursor(row_factory=class_row(Case)) as cursor:
        return cursor.execute(query, ([state.value for state in states], agency_id, agency_id, cases_max)).fetchall()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a case goes on: its next state, by whom, and what is told of it; None: what was told before stays."""

    state: CaseState
    account_id: int
    outcome: str | None = None
    found_place: str | None = None
    report: str | None = None


def close_case(connection: psycopg.Connection[Any], case_id: int, ending: Ending, now: datetime) -> None:
    """Move a case to its next state."""
    connection.execute(
        "UPDATE search_case SET state = %s, closed_by = %s, closed_at = %s, report = coalesce(%s, report), "
        "outcome = coalesce(%s, outcome), "
        "found_place_id = coalesce((SELECT id FROM place WHERE code = %s), found_place_id) WHERE id = %s",
        (
            ending.state.value,
            ending.account_id,
            now,
            ending.report,
            ending.outcome,
            ending.found_place,
            case_id,
        ),
    )


def active_case(connection: psycopg.Connection[Any], volume_id: int) -> int | None:
    """The id of the case that is suspected or open on a volume, or in which it was declared lost."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "SELECT id FROM search_case WHERE volume_id = %s AND state IN ('suspected', 'open', 'lost')", (volume_id,)
        ).fetchone()


def add_step(
    connection: psycopg.Connection[Any],
    case_id: int,
    looked: Looked,
    note: str | None,
    now: datetime,
) -> None:
    """Write down that somebody looked."""
    connection.execute(
        "INSERT INTO search_step (case_id, step, searcher_id, result, note, done_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (case_id, looked.step.value, looked.searcher_id, looked.result.value, note, now),
    )


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step as shown: by whom, when, and what came of it."""

    step: str
    searcher_id: int
    searcher: str
    result: str
    note: str | None
    done_at: datetime

    @property
    def looked(self) -> Looked:
        """As the rules take it."""
        return Looked(Step(self.step), self.searcher_id, StepResult(self.result))


def steps_done(connection: psycopg.Connection[Any], case_id: int) -> list[StepDone]:
    """Every step of a case in the order in which it was done."""
    with connection.cursor(row_factory=class_row(StepDone)) as cursor:
        return cursor.execute(
            "SELECT step, searcher_id, account.name AS searcher, result, note, done_at FROM search_step "
            "JOIN account ON account.id = searcher_id WHERE case_id = %s ORDER BY search_step.id",
            (case_id,),
        ).fetchall()


def is_searched(connection: psycopg.Connection[Any], request_id: int) -> bool:
    """Whether something of what a request asks for is still being searched."""
    query = "SELECT FROM search_case WHERE request_id = %s AND state = 'open' LIMIT 1"
    return bool(connection.execute(query, (request_id,)).rowcount)


def request_served(connection: psycopg.Connection[Any], volume_id: int) -> int | None:
    """The request that has a volume just now, or has it fetched."""
    query = """
        SELECT request.id FROM request_volume JOIN request ON request.id = request_id
        WHERE volume_id = %s AND state = ANY(%s) ORDER BY state = 'out' DESC LIMIT 1
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (volume_id, [state.value for state in sorted(SERVED)])).fetchone()


def found_all(connection: psycopg.Connection[Any], request_id: int, ending: Ending, now: datetime) -> None:
    """End every open search for what a request is about."""
    connection.execute(
        "UPDATE search_case SET state = %s, closed_by = %s, closed_at = %s, outcome = %s, "
        "found_place_id = (SELECT id FROM place WHERE code = %s) "
        "WHERE state = 'open' AND volume_id IN (SELECT volume_id FROM request_volume WHERE request_id = %s)",
        (ending.state.value, ending.account_id, now, ending.outcome, ending.found_place, request_id),
    )


def kinds_of_place(connection: psycopg.Connection[Any], request_id: int) -> frozenset[PlaceKind]:
    """The kinds of place at which the volumes are that a request is about."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        kinds = cursor.execute(
            "SELECT DISTINCT kind FROM request_volume JOIN holding USING (volume_id) JOIN place ON place.id = place_id "
            "WHERE request_id = %s",
            (request_id,),
        ).fetchall()
    return frozenset(map(PlaceKind, kinds))


def steps_known(connection: psycopg.Connection[Any], case_ids: Sequence[int]) -> dict[int, list[str]]:
    """The steps done so far of each of these cases."""
    rows = connection.execute(
        "SELECT case_id, array_agg(DISTINCT step) FROM search_step WHERE case_id = ANY(%s) GROUP BY 1",
        (list(case_ids),),
    )
    return dict(rows.fetchall())


def logins(connection: psycopg.Connection[Any], account_ids: Sequence[int]) -> list[str]:
    """The logins of these accounts, in order."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "SELECT login FROM account WHERE id = ANY(%s) ORDER BY 1", (list(account_ids),)
        ).fetchall()
