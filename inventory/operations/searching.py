"""Searching: a volume that isn't where it should be is looked for by the protocol, until it is found or declared lost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.details import Detail
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import (
    DossierNotFound,
    NotHeldYet,
    ReasonMissing,
    SearchClosed,
    SearchNotFound,
)
from inventory.domain.requests import RequestKind, RequestState
from inventory.domain.searching import (
    CaseState,
    Looked,
    Step,
    StepResult,
    case_number,
    check_lost,
    check_step,
    parse_case_number,
    protocol,
    state_after_finding,
)
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen, part_of
from inventory.store import ledger, requests, searches
from inventory.store.database import Database, raw
from inventory.store.ledger import Held
from inventory.store.searches import Case, Ending, Opening

THROUGH = "search"
NOT_FOUND_PLACE, LOST_PLACE = "NOT-FOUND", "LOST"


def begin(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    volume: VolumeName,
    *,
    command_id: UUID,
    now: datetime,
    reason: str,
    request_id: int | None = None,
) -> int:
    """Record, in the caller's transaction, that a volume isn't where the ledger says; returns the id of the search opened.

    request_id: for which it was to be fetched; None: the one that has it just now, if any. The same command sent again
    returns the same search. Raises what `custody.write` raises.
    """
    found = _held(connection, volume, viewer.agency_seen())
    if request_id is None:
        request_id = searches.request_served(connection, found.volume_id)
    written = custody.write(
        connection,
        viewer,
        Asked(part_of(command_id, "not found"), ActKind.NOT_FOUND, [Seen(volume)], NOT_FOUND_PLACE, now, reason=reason),
        through=THROUGH,
    )
    if not written:
        known = searches.case_of_command(connection, command_id)
        assert known is not None, "an act of not finding opens a case in the same transaction"
        return known
    return searches.open_case(
        connection, _opening(found, CaseState.OPEN, viewer.account_id, command_id, reason, request_id), now
    )


def suspect(
    connection: psycopg.Connection[Any],
    account_id: int,
    volume: VolumeName,
    *,
    command_id: UUID,
    now: datetime,
    reason: str,
    request_id: int | None = None,
) -> int:
    """Open, in the caller's transaction, a case on a volume that may be lost where it was sent or lent.

    The ledger still names who has it until a person takes the case up; where the volume moves on first, the suspicion is
    answered by that (`search_suspicion_answered` in the migration). Returns the id of the case, also of one that stands already.
    """
    found = _held(connection, volume, None)
    known = searches.active_case(connection, found.volume_id)
    if known is not None:
        return known
    opening = _opening(found, CaseState.SUSPECTED, account_id, command_id, reason, request_id)
    return searches.open_case(connection, opening, now)


def begin_search(
    database: Database, viewer: Viewer, volume: VolumeName, *, command_id: UUID, now: datetime, reason: str
) -> str:
    """Somebody looked for a volume and it wasn't there; returns the number of the search. Also takes a suspicion up."""
    with database.transaction(viewer) as session:
        return case_number(begin(raw(session), viewer, volume, command_id=command_id, now=now, reason=reason))


def dismiss(database: Database, viewer: Viewer, number: str, *, command_id: UUID, now: datetime, outcome: str) -> None:
    """A suspicion was cleared up: the volume is where the ledger says."""
    check_permitted(viewer, Permission.BEGIN_SEARCHES)
    _check_told("排除疑似遗失", "dismissing a suspicion", outcome)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("dismiss", viewer.account_id, number, outcome)):
            return
        case = _case(connection, viewer, number, CaseState.SUSPECTED)
        ending = Ending(CaseState.DISMISSED, viewer.account_id, outcome)
        searches.close_case(connection, case.case_id, ending, now)


@dataclass(frozen=True, slots=True)
class Looking:
    """A step as told: which, what came of it; searcher: who looked, None for whoever records it."""

    command_id: UUID
    step: Step
    result: StepResult
    note: str | None = None
    searcher: Viewer | None = None


def look(database: Database, viewer: Viewer, number: str, looking: Looking, now: datetime) -> None:
    """Write down that somebody searched somewhere; raises `SearchNotFound`, `SearchClosed`, `NotAllowed`, `BadInput`."""
    searcher = looking.searcher or viewer
    for one in (viewer, searcher):
        check_permitted(one, Permission.SEARCH)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("look", viewer.account_id, number, looking.step, looking.result, looking.note, searcher.account_id)
        if not ledger.once(connection, looking.command_id, content):
            return
        case = _case(connection, viewer, number)
        check_step(looking.step, looking.result, looking.note, CaseState(case.state), number)
        looked = Looked(looking.step, searcher.account_id, looking.result)
        searches.add_step(connection, case.case_id, looked, looking.note, now)


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a volume turned up; step: the one of the protocol that led there, None where it turned up by itself."""

    command_id: UUID
    place: str
    reason: str
    step: Step | None = None


def found(database: Database, viewer: Viewer, number: str, finding: Finding, now: datetime) -> None:
    """The volume is there again, also one that was declared lost; raises what `custody.write` raises."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("found", viewer.account_id, number, finding.place, finding.reason, finding.step)
        if not ledger.once(connection, finding.command_id, content):
            return
        case = _case(connection, viewer, number, CaseState.OPEN, CaseState.LOST)
        asked = Asked(
            part_of(finding.command_id, "found"),
            ActKind.FOUND,
            [Seen(VolumeName(case.number, case.ordinal))],
            finding.place,
            now,
            reason=finding.reason,
        )
        custody.write(connection, viewer, asked, through=THROUGH)
        if finding.step is not None and case.state == CaseState.OPEN:
            looked = Looked(finding.step, viewer.account_id, StepResult.FOUND)
            searches.add_step(connection, case.case_id, looked, finding.place, now)
        ending = Ending(CaseState.FOUND, viewer.account_id, finding.reason, found_place=finding.place)
        searches.close_case(connection, case.case_id, ending, now)
        _after_finding(connection, viewer, case, "已找到 found", now)


@dataclass(frozen=True, slots=True)
class Loss:
    """A decision that a volume is lost: its document, the number of the report to the archives authority, the witness."""

    command_id: UUID
    authority: str
    report: str
    witness: Viewer
    reason: str | None = None


def declare_lost(database: Database, viewer: Viewer, number: str, loss: Loss, now: datetime) -> None:
    """The agency head declares the volume lost, a second person beside him, after the whole protocol by two searchers.

    Raises `SearchUnfinished`, `SearchByTwo`, and what `custody.write` raises.
    """
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("lost", viewer.account_id, number, loss.authority, loss.report, loss.witness.account_id, loss.reason)
        if not ledger.once(connection, loss.command_id, content):
            return
        case = _case(connection, viewer, number, CaseState.OPEN)
        volume = VolumeName(case.number, case.ordinal)
        done = searches.steps_done(connection, case.case_id)
        searchers = check_lost(str(volume), [Step(step) for step in case.steps], [step.looked for step in done])
        logins = searches.logins(connection, searchers)
        details = {Detail.SEARCHERS.value: logins, Detail.REPORT.value: loss.report}
        asked = Asked(
            part_of(loss.command_id, "lost"),
            ActKind.LOST,
            [Seen(volume, details=details)],
            LOST_PLACE,
            now,
            authority=loss.authority,
            reason=loss.reason,
            witness=loss.witness,
        )
        custody.write(connection, viewer, asked, through=THROUGH)
        ending = Ending(CaseState.LOST, viewer.account_id, loss.authority, report=loss.report)
        searches.close_case(connection, case.case_id, ending, now)
        if case.request_id is not None and not searches.is_searched(connection, case.request_id):
            note = f"{number} 认定遗失 declared lost"
            requests.advance(
                connection,
                [case.request_id],
                [RequestState.SEARCHING],
                RequestState.CLOSED,
                viewer.account_id,
                now,
                note,
            )


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """A lost volume made anew: on which desk, on what authority, beside whom."""

    command_id: UUID
    desk: str
    authority: str
    witness: Viewer


def rebuild(database: Database, viewer: Viewer, number: str, rebuilding: Rebuilding, now: datetime) -> None:
    """A lost volume's contents were brought together again: it lies open on a desk and is marked for ever."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        told = rebuilding
        content = ("rebuilt", viewer.account_id, number, told.desk, told.authority, told.witness.account_id)
        if not ledger.once(connection, told.command_id, content):
            return
        case = _case(connection, viewer, number, CaseState.LOST)
        asked = Asked(
            part_of(told.command_id, "rebuilt"),
            ActKind.REBUILT,
            [Seen(VolumeName(case.number, case.ordinal))],
            told.desk,
            now,
            authority=told.authority,
            witness=told.witness,
        )
        custody.write(connection, viewer, asked, through=THROUGH)
        ending = Ending(CaseState.REBUILT, viewer.account_id, told.authority)
        searches.close_case(connection, case.case_id, ending, now)
        _after_finding(connection, viewer, case, "已重建 rebuilt", now)


def received_after_all(
    connection: psycopg.Connection[Any], viewer: Viewer, request_id: int, place: str, outcome: str, now: datetime
) -> None:
    """End, in the caller's transaction, the searches for what a transfer's recipient has had all along."""
    searches.found_all(connection, request_id, Ending(CaseState.FOUND, viewer.account_id, outcome, place), now)


def _after_finding(connection: psycopg.Connection[Any], viewer: Viewer, case: Case, came: str, now: datetime) -> None:
    """The request a volume was looked for goes on, once nothing of it is searched for any more; a loan may be home by that."""
    if case.request_id is None or searches.is_searched(connection, case.request_id):
        return
    row = requests.one(connection, case.request_id, lock=True)
    assert row is not None, "nobody deletes a request"
    kind, state = RequestKind(row.kind), RequestState(row.state)
    goes_on = state_after_finding(kind, state, searches.kinds_of_place(connection, row.request_id))
    if goes_on is None:
        return
    if state is RequestState.OUT and kind is RequestKind.TRANSFER:
        requests.change(connection, row.request_id, requests.UNSENT)
    elif goes_on is RequestState.AT_WINDOW:
        requests.change(connection, row.request_id, {"done_at": now})
    note = f"{case_number(case.case_id)} {came}"
    requests.advance(connection, [row.request_id], [state], goes_on, viewer.account_id, now, note)


def _held(connection: psycopg.Connection[Any], volume: VolumeName, agency_id: int | None) -> Held:
    key = (volume.number, volume.volume)
    held = ledger.held(connection, [key]).get(key)
    if held is None or agency_id not in {None, held.agency_id}:
        raise DossierNotFound(dossier=str(volume))
    if held.standing is None:
        raise NotHeldYet(volume=str(volume))
    return held


def _opening(
    held: Held, state: CaseState, account_id: int, command_id: UUID, reason: str, request_id: int | None
) -> Opening:
    assert held.standing is not None and held.place_code is not None, "looked up by `_held`"  # noqa: PT018
    steps = protocol(held.standing.place_kind)
    return Opening(held.volume_id, state, held.place_code, steps, reason, account_id, command_id, request_id)


def _case(connection: psycopg.Connection[Any], viewer: Viewer, number: str, *states: CaseState) -> Case:
    """The case, locked, if it is in one of these states (none given: in any); raises `SearchNotFound`, `SearchClosed`."""
    case = searches.case_by_id(connection, parse_case_number(number), viewer.agency_seen(), locked=True)
    if case is None:
        raise SearchNotFound(case=number)
    state = CaseState(case.state)
    if states and state not in states:
        raise SearchClosed(case=number, state=state.zh, state_en=state.en)
    return case


def _check_told(act_zh: str, act_en: str, reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(act=act_zh, act_en=act_en)
