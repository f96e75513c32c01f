"""Discrepancies in people's hands: looked at, assigned, commented, and resolved with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.discrepancies import (
    COMMENT_CHARACTERS_MAX,
    KINDS,
    CaseState,
    DiscrepancyKind,
    Nature,
    Outcome,
    Subject,
    case_number,
    check_resolved,
    parse_case_number,
)
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted, permits
from inventory.domain.places import parse_place_code
from inventory.domain.refusals import (
    AccountNotFound,
    BadInput,
    CaseNotFound,
    DiscrepancyOver,
    LedgerStands,
    NotOwnOrRelative,
    PlaceNotFound,
)
from inventory.domain.requests import check_free_text
from inventory.operations.discrepancies import notify
from inventory.operations.finding import dossier_seen
from inventory.store import discrepancy_cases as store
from inventory.store import dossiers, ledger, people, request_facts
from inventory.store.database import Database, raw
from inventory.store.discrepancy_cases import Asked, CaseRow, Note, NoteRow

CASES_SHOWN_MAX = 200
PAGES_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Case:
    """A case in words of the domain; about: what it is about, by name; bay_path: names from the warehouse down to its bay."""

    number: str
    kind: DiscrepancyKind
    state: CaseState
    outcome: Outcome | None
    about: str
    row: CaseRow
    bay_path: tuple[str, ...] = ()

    @property
    def nature(self) -> Nature:
        """What its kind is like."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class CaseList:
    """One page of cases, how many there are of each kind, and whether another page follows."""

    cases: tuple[Case, ...]
    counts: dict[DiscrepancyKind, int]
    more: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case, what was said of it (newest first), who may look after it, and what the viewer may do.

    mine_to_resolve: the outcomes the viewer may close it by; none where it isn't the viewer's to close.
    """

    case: Case
    notes: tuple[NoteRow, ...]
    people: tuple[tuple[str, str], ...]
    may_comment: bool
    may_assign: bool
    reasons: tuple[Outcome, ...]


def discrepancies(
    database: Database,
    viewer: Viewer,
    *,
    is_open: bool = True,
    kinds: Sequence[DiscrepancyKind] = (),
    place: str | None = None,
    mine: bool = False,
    page: int = 1,
) -> CaseList:
    """Cases in the order of the walk, `CASES_SHOWN_MAX` a page; an agency's people see those of their own dossiers.

    place: with everything in it. mine: assigned to the viewer.
    """
    check_permitted(viewer, Permission.SEE_DISCREPANCIES)
    scope = None if place is None else parse_place_code(place)
    asked = Asked(is_open, tuple(kind.value for kind in kinds), scope, viewer.account_id if mine else None)
    skipped = (min(max(page, 1), PAGES_MAX) - 1) * CASES_SHOWN_MAX
    with database.transaction(viewer) as session:
        connection = raw(session)
        if scope is not None and store.place_id(connection, scope) is None:
            raise PlaceNotFound(place=scope)
        rows = store.cases(connection, asked, viewer.agency_seen(), CASES_SHOWN_MAX + 1, skipped)
        counts = store.counts(connection, asked, viewer.agency_seen())
        bays = dossiers.named_places(connection, {row.bay_id for row in rows if row.bay_id is not None})
    shown = tuple(_case(row, bays[row.bay_id].path if row.bay_id else ()) for row in rows[:CASES_SHOWN_MAX])
    told = {kind: counts[kind.value] for kind in KINDS if kind.value in counts}
    return CaseList(shown, told, more=len(rows) > CASES_SHOWN_MAX)


def discrepancy(database: Database, viewer: Viewer, number: str, now: datetime) -> CaseView:
    """One case; raises `CaseNotFound`, `NotOwnOrRelative`."""
    check_permitted(viewer, Permission.SEE_DISCREPANCIES)
    resolvers = sorted(Permission.RESOLVE_DISCREPANCIES.roles)
    with database.transaction(viewer) as session:
        connection = raw(session)
        case = _seen(connection, viewer, number)
        if case.row.dossier_id is not None:
            people.log_access(connection, viewer.account_id, "discrepancy", now, case.row.dossier_id)
        notes = store.notes(connection, case.row.case_id)
        may_assign = case.state is CaseState.OPEN and permits(viewer, Permission.RESOLVE_DISCREPANCIES)
        others = store.people(connection, resolvers) if may_assign else []
    return CaseView(
        case,
        tuple(notes),
        tuple(others),
        may_comment=case.state is CaseState.OPEN and permits(viewer, Permission.COMMENT_DISCREPANCIES),
        may_assign=may_assign,
        reasons=case.nature.reasons if may_assign and viewer.role in case.nature.acts else (),
    )


def open_on_dossier(database: Database, viewer: Viewer, number: str) -> tuple[Case, ...]:
    """The open cases about a dossier's volumes; raises `DossierNotFound`, `NotOwnOrRelative`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row = dossier_seen(connection, viewer, number)
        return tuple(_case(one) for one in store.open_on(connection, row.dossier_id))


def assign(database: Database, viewer: Viewer, number: str, command_id: UUID, login: str | None, now: datetime) -> None:
    """Let somebody look after a case (None: nobody in particular); raises `AccountNotFound`, `DiscrepancyOver`."""
    check_permitted(viewer, Permission.RESOLVE_DISCREPANCIES)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if not ledger.once(connection, command_id, ("assign case", viewer.account_id, number, login)):
            return
        case = _open(connection, viewer, number)
        who = None
        if login is not None:
            who = store.account_of(connection, login.strip().lower(), sorted(Permission.RESOLVE_DISCREPANCIES.roles))
            if who is None:
                raise AccountNotFound(login=login)
        store.assign(connection, case.row.case_id, who)
        _note(connection, case, Note(viewer.account_id, "assigned", person_id=who), now)


def comment(database: Database, viewer: Viewer, number: str, command_id: UUID, text: str, now: datetime) -> None:
    """Say something about a case; raises `BadInput`, `DiscrepancyOver`."""
    check_permitted(viewer, Permission.COMMENT_DISCREPANCIES)
    said = check_free_text(text, "说明", "comment", COMMENT_CHARACTERS_MAX)
    if not said:
        raise BadInput(problem_zh="请写下说明", problem_en="say something")
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, command_id, ("comment case", viewer.account_id, number, said)):
            case = _open(connection, viewer, number)
            _note(connection, case, Note(viewer.account_id, "comment", said), now)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What came of a case; found_place: by code, where that is what came of it."""

    command_id: UUID
    outcome: Outcome
    note: str | None = None
    found_place: str | None = None


def resolve(database: Database, viewer: Viewer, number: str, resolution: Resolution, now: datetime) -> None:
    """Close a case by what a person found there; custody moves by acts alone, so this moves nothing.

    Raises `NotAllowed`, `MovedByOneself` (a grave case, by whoever moved the volume last), `OutcomeUnfit`, `LedgerStands`,
    `PlaceNotFound`, `BadInput`, `DiscrepancyOver`.
    """
    check_permitted(viewer, Permission.RESOLVE_DISCREPANCIES)
    note = check_free_text(resolution.note, "说明", "note", COMMENT_CHARACTERS_MAX) or None
    place = None if resolution.found_place is None else parse_place_code(resolution.found_place)
    with database.transaction(viewer) as session:
        connection = raw(session)
        content = ("resolve case", viewer.account_id, number, resolution.outcome, note, place)
        if not ledger.once(connection, resolution.command_id, content):
            return
        case = _open(connection, viewer, number)
        check_resolved(case.kind, resolution.outcome, viewer.role, place)
        row = case.row
        if resolution.outcome is Outcome.MOVED_PROPERLY and row.now_since == row.ledger_since:
            raise LedgerStands(place=row.ledger or "—")
        found = None if place is None else store.place_id(connection, place)
        if place is not None and found is None:
            raise PlaceNotFound(place=place)
        _note(connection, case, Note(viewer.account_id, "resolved", note), now)
        store.resolve(connection, row.case_id, resolution.outcome.value, viewer.account_id, found, now)


def _note(connection: psycopg.Connection[Any], case: Case, note: Note, now: datetime) -> None:
    store.add_note(connection, case.row.case_id, note, now)
    notify(connection, [] if case.row.volume_id is None else [case.row.volume_id])


def _seen(connection: psycopg.Connection[Any], viewer: Viewer, number: str) -> Case:
    row = store.case_by_id(connection, parse_case_number(number), viewer.agency_seen())
    if row is None:
        raise CaseNotFound(case=number)
    if row.dossier_id is not None and request_facts.is_tied(connection, viewer.account_id, row.dossier_id):
        raise NotOwnOrRelative
    bays = dossiers.named_places(connection, [] if row.bay_id is None else [row.bay_id])
    return _case(row, bays[row.bay_id].path if row.bay_id else ())


def _open(connection: psycopg.Connection[Any], viewer: Viewer, number: str) -> Case:
    case = _seen(connection, viewer, number)
    if case.state is not CaseState.OPEN:
        raise DiscrepancyOver
    return case


def _case(row: CaseRow, bay_path: tuple[str, ...] = ()) -> Case:
    kind = DiscrepancyKind(row.kind)
    about = {
        Subject.VOLUME: str(VolumeName(row.dossier or "", row.ordinal or 1)),
        Subject.TAG: "" if row.epc is None else row.epc.hex().upper(),
        Subject.READER: row.reader or "",
        Subject.PLACE: row.place or "",
    }[KINDS[kind].subject]
    outcome = None if row.outcome is None else Outcome(row.outcome)
    return Case(case_number(row.case_id), kind, CaseState(row.state), outcome, about, row, bay_path)
