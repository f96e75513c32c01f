"""Discrepancies one by one in SQL: the list, one case, and what people write on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with what it is about by name; places by code. go: where somebody has to go, and the bay that is in.

    was_*: what was said when it was opened. mover: who moved the volume last.
    """

    case_id: int
    kind: str
    state: str
    volume_id: int | None
    dossier_id: int | None
    dossier: str | None
    ordinal: int | None
    epc: bytes | None
    reader: str | None
    place: str | None
    opened_at: datetime
    seen_at: datetime
    times_seen: int
    ledger: str | None
    ledger_since: datetime | None
    radio: str | None
    probability: float | None
    numbers: dict[str, Any]
    was_ledger: str | None
    was_ledger_since: datetime | None
    was_radio: str | None
    was_probability: float | None
    was_numbers: dict[str, Any]
    now_at: str | None
    now_since: datetime | None
    go: str | None
    bay: str | None
    bay_id: int | None
    assigned_login: str | None
    assigned: str | None
    outcome: str | None
    found: str | None
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cases: open or closed, of which kinds (none: all), in which place and all that is in it, assigned to whom."""

    is_open: bool = True
    kinds: tuple[str, ...] = ()
    place: str | None = None
    assigned_to: int | None = None


_SHOWN = """
    SELECT one.id AS case_id, one.kind, one.state, one.volume_id, volume.dossier_id, dossier.number AS dossier, volume.ordinal,
           tag.epc, reader.code AS reader, place.code AS place, one.opened_at, one.seen_at, one.times_seen,
           ledger.code AS ledger, one.ledger_since, radio.code AS radio, one.probability, one.numbers,
           was_ledger.code AS was_ledger, one.opened_ledger_since AS was_ledger_since, was_radio.code AS was_radio,
           one.opened_probability AS was_probability, one.opened_numbers AS was_numbers,
           now_place.code AS now_at, holding.moved_at AS now_since,
           go.code AS go, coalesce(bay.code, go.code) AS bay, coalesce(bay.id, go.id) AS bay_id,
           assigned.login AS assigned_login, assigned.name AS assigned, one.outcome, found.code AS found, one.closed_at,
           closer.name AS closed_by
    FROM {page} AS one LEFT JOIN volume ON volume.id = one.volume_id LEFT JOIN dossier ON dossier.id = volume.dossier_id
    LEFT JOIN tag ON tag.id = one.tag_id LEFT JOIN reader ON reader.id = one.reader_id LEFT JOIN place ON place.id = one.place_id
    LEFT JOIN place AS ledger ON ledger.id = one.ledger_place_id LEFT JOIN place AS radio ON radio.id = one.radio_place_id
    LEFT JOIN place AS was_ledger ON was_ledger.id = one.opened_ledger_place_id
    LEFT JOIN place AS was_radio ON was_radio.id = one.opened_radio_place_id
    LEFT JOIN holding ON holding.volume_id = one.volume_id LEFT JOIN place AS now_place ON now_place.id = holding.place_id
    LEFT JOIN place AS go ON go.id = coalesce(one.radio_place_id, one.ledger_place_id, one.place_id)
    LEFT JOIN place AS bay ON bay.id = go.parent_id AND go.kind = 'shelf' AND bay.kind IN ('bay', 'cabinet')
    LEFT JOIN place AS found ON found.id = one.found_place_id
    LEFT JOIN account AS assigned ON assigned.id = one.assigned_to LEFT JOIN account AS closer ON closer.id = one.closed_by
"""

# Nobody is shown the own dossier or a declared relative's, nor that there is a case about it.
_ASKED = """
    (one.state = 'open') = %(is_open)s AND (%(assigned_to)s::integer IS NULL OR one.assigned_to = %(assigned_to)s)
    AND (one.volume_id IS NULL AND %(agency)s::integer IS NULL OR EXISTS (
        SELECT FROM volume WHERE volume.id = one.volume_id AND (%(agency)s::integer IS NULL OR volume.agency_id = %(agency)s)
            AND volume.dossier_id <> ALL ((SELECT ids FROM kept)::integer[])))
    AND (%(place)s::text IS NULL OR EXISTS (
        SELECT FROM place AS scope JOIN place AS inside ON starts_with(inside.path, scope.path) WHERE scope.code = %(place)s
            AND inside.id = coalesce(one.radio_place_id, one.ledger_place_id, one.place_id)))
"""
_KEPT = "WITH kept AS MATERIALIZED (SELECT ARRAY(SELECT dossiers_kept_from_me()) AS ids)"

# Open ones in the order of the walk, the places' codes; closed ones the newest first.
CASES = f"""
    {_KEPT}, page AS (
        SELECT one.* FROM discrepancy AS one
        LEFT JOIN place AS go ON go.id = coalesce(one.radio_place_id, one.ledger_place_id, one.place_id)
        WHERE {_ASKED} AND (cardinality(%(kinds)s::text[]) = 0 OR one.kind = ANY(%(kinds)s))
        ORDER BY one.closed_at DESC NULLS LAST, go.code, one.id LIMIT %(shown)s OFFSET %(skipped)s)
    {_SHOWN.format(page="page")} ORDER BY one.closed_at DESC NULLS LAST, go.code, one.id
"""
COUNTS = f"{_KEPT} SELECT one.kind, count(*) FROM discrepancy AS one WHERE {_ASKED} GROUP BY one.kind"


def _facts(asked: Asked, agency_id: int | None) -> dict[str, object]:
    return {
        "is_open": asked.is_open,
        "assigned_to": asked.assigned_to,
        "place": asked.place,
        "kinds": list(asked.kinds),
        "agency": agency_id,
    }


def cases(
    connection: psycopg.Connection[Any], asked: Asked, agency_id: int | None, shown: int, skipped: int
) -> list[CaseRow]:
    """One page of the cases asked for, of an agency's dossiers (None: all, and of tags, readers and places)."""
    with connection.cursor(row_factory=class_row(CaseRow)) as cursor:
        facts = _facts(asked, agency_id) | {"shown": shown, "skipped": skipped}
        return cursor.execute(CASES, facts).fetchall()


def counts(connection: psycopg.Connection[Any], asked: Asked, agency_id: int | None) -> dict[str, int]:
    """How many cases there are of each kind, whatever kinds are asked for."""
    return dict(connection.execute(COUNTS, _facts(asked, agency_id)).fetchall())


def case_by_id(connection: psycopg.Connection[Any], case_id: int, agency_id: int | None) -> CaseRow | None:
    """One case, if it is about a dossier of this agency (None: of any, and about tags, readers and places)."""
    query = _SHOWN.format(page="discrepancy") + " WHERE one.id = %s AND (%s::integer IS NULL OR volume.agency_id = %s)"
    with connection.cursor(row_factory=class_row(CaseRow)) as cursor:
        return cursor.execute(query, (case_id, agency_id, agency_id)).fetchone()


def open_on(connection: psycopg.Connection[Any], dossier_id: int) -> list[CaseRow]:
    """The open cases about a dossier's volumes, the longest open first."""
    query = _SHOWN.format(page="discrepancy") + " WHERE volume.dossier_id = %s AND one.state = 'open' ORDER BY one.id"
    with connection.cursor(row_factory=class_row(CaseRow)) as cursor:
        return cursor.execute(query, (dossier_id,)).fetchall()


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What was said or done, or where the radio had it before; name: None for the radio; person: to whom it was assigned."""

    at: datetime
    name: str | None
    event: str
    note: str | None
    person: str | None
    place: str | None


def notes(connection: psycopg.Connection[Any], case_id: int) -> list[NoteRow]:
    """The newest first."""
    query = """
        SELECT at, account.name, event, note, person.name AS person, place.code AS place FROM discrepancy_note
        LEFT JOIN account ON account.id = account_id LEFT JOIN account AS person ON person.id = person_id
        LEFT JOIN place ON place.id = discrepancy_note.place_id WHERE discrepancy_id = %s ORDER BY discrepancy_note.id DESC
    """
    with connection.cursor(row_factory=class_row(NoteRow)) as cursor:
        return cursor.execute(query, (case_id,)).fetchall()


@dataclass(frozen=True, slots=True)
class Note:
    """What is written down: who, what; to whom a case is assigned."""

    account_id: int
    event: str
    note: str | None = None
    person_id: int | None = None


def add_note(connection: psycopg.Connection[Any], case_id: int, note: Note, now: datetime) -> None:
    """Write it down, for ever."""
    connection.execute(
        "INSERT INTO discrepancy_note (discrepancy_id, at, account_id, event, note, person_id) VALUES (%s, %s, %s, %s, %s, %s)",
        (case_id, now, note.account_id, note.event, note.note, note.person_id),
    )


def assign(connection: psycopg.Connection[Any], case_id: int, account_id: int | None) -> None:
    """Let somebody look after a case; None: nobody in particular."""
    connection.execute("UPDATE discrepancy SET assigned_to = %s WHERE id = %s", (account_id, case_id))


def resolve(
    connection: psycopg.Connection[Any],
    case_id: int,
    outcome: str,
    account_id: int,
    found_place_id: int | None,
    now: datetime,
) -> None:
    """Close a case by what a person found."""
    connection.execute(
        "UPDATE discrepancy SET state = 'resolved', outcome = %s, closed_by = %s, closed_at = %s, found_place_id = %s "
        "WHERE id = %s",
        (outcome, account_id, now, found_place_id, case_id),
    )


def place_id(connection: psycopg.Connection[Any], code: str) -> int | None:
    """The place of this code."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT id FROM place WHERE code = %s", (code,)).fetchone()


def account_of(connection: psycopg.Connection[Any], login: str, roles: Sequence[str]) -> int | None:
    """The account of this login, if it has one of these roles."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            "SELECT id FROM account WHERE login = %s AND role = ANY(%s)", (login, list(roles))
        ).fetchone()


def people(connection: psycopg.Connection[Any], roles: Sequence[str]) -> list[tuple[str, str]]:
    """(login, name) of everybody with one of these roles who may sign in, by name."""
    query = "SELECT login, name FROM account WHERE role = ANY(%s) ORDER BY name, login LIMIT 200"
    return connection.execute(query, (list(roles),)).fetchall()
