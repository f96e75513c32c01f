"""Requests in SQL: one row each, their events, and their order in a dossier's queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from inventory.domain.identifiers import read_id_number
from inventory.domain.names import folded
from inventory.domain.refusals import BadInput
from inventory.domain.requests import OPEN, SERVED, QueuePlace, RequestState
from inventory.store.keys import KeyRing

_SERVED = [state.value for state in sorted(SERVED)]
_OPEN = [state.value for state in sorted(OPEN)]
# A transfer that is back: the clocks of its receipt stop.
UNSENT: Mapping[str, object] = {"sent_on": None, "chased_on": None, "escalated_on": None, "out_at": None}


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with the names it speaks of."""

    request_id: int
    kind: str
    occasion: str | None
    initiator: str
    initiator_name: str
    purpose: str
    purpose_note: str | None
    paper_reason: str | None
    asked_by_id: int
    asked_by: str
    asked_at: datetime
    accepting_agency_id: int
    accepting_agency: str
    routed: bool
    sought_cipher: bytes | None = field(repr=False)
    holding_agency_id: int | None
    holding_agency_code: str | None
    holding_agency: str | None
    dossier_id: int | None
    dossier: str | None
    subject_name: str | None = field(repr=False)
    institution_code: str | None
    institution: str | None
    institution_class: str | None
    window: str | None
    letter_id: int | None
    move_rule: str | None
    nearest_reason: str | None
    channel: str | None
    priority: int
    promised_on: date
    due_on: date
    assumed_years: list[int]
    renewals: int
    state: str
    decided_by_id: int | None
    decided_by: str | None
    decided_under: str | None  # the letter of the delegation
    decided_at: datetime | None
    decision_reason: str | None
    out_at: datetime | None
    done_at: datetime | None
    closed_at: datetime | None
    overdue_on: date | None
    sent_on: date | None
    tracking: str | None
    chased_on: date | None
    escalated_on: date | None
    receipt_number: str | None
    receipt_on: date | None
    undelivered_on: date | None
    notice: str | None


SELECT_REQUEST = """
    SELECT request.id AS request_id, request.kind, occasion, initiator, initiator_name, purpose, purpose_note, paper_reason,
           asked_by AS asked_by_id, asker.name AS asked_by, asked_at, accepting_agency_id, accepting.name AS accepting_agency,
           routed, sought_cipher, request.holding_agency_id, holding.code AS holding_agency_code, holding.name AS holding_agency,
           dossier_id, dossier.number AS dossier, subject.name AS subject_name, institution.code AS institution_code,
           institution.name AS institution, institution_class, place.code AS window, letter_id, move_rule,
           nearest_reason, channel, priority,
           promised_on, due_on, assumed_years, renewals, state, decided_by AS decided_by_id, decider.name AS decided_by,
           delegation.document AS decided_under,
           decided_at, decision_reason, out_at, done_at, closed_at, overdue_on, sent_on, tracking, chased_on, escalated_on,
           receipt_number, receipt_on, undelivered_on, transfer_notice.number AS notice
    FROM request JOIN account AS asker ON asker.id = asked_by JOIN agency AS accepting ON accepting.id = accepting_agency_id
    LEFT JOIN agency AS holding ON holding.id = request.holding_agency_id
    LEFT JOIN dossier ON dossier.id = dossier_id LEFT JOIN subject ON subject.id = subject_id
    LEFT JOIN institution ON institution.id = institution_id LEFT JOIN place ON place.id = window_place_id
    LEFT JOIN account AS decider ON decider.id = decided_by LEFT JOIN delegation ON delegation.id = decided_under
    LEFT JOIN transfer_notice ON transfer_notice.request_id = request.id
"""


def add(connection: psycopg.Connection[Any], facts: Mapping[str, object]) -> int:
    """Insert a request from its columns; returns its row id.

    The id is taken first: a window that accepts for another agency doesn't see the row it has just written.
    """
    columns = ", ".join(facts)
    values = ", ".join(f"%({column})s" for column in facts)
    with connection.cursor(row_factory=scalar_row) as cursor:
        request_id = cursor.execute("SELECT nextval('request_id_seq')").fetchone()
    connection.execute(f"INSERT INTO request (id, {columns}) VALUES (%(id)s, {values})", {**facts, "id": request_id})
    assert request_id is not None
    return int(request_id)


def route(connection: psycopg.Connection[Any], keys: KeyRing, request_id: int, sought: str) -> None:
    """Hand a request to whoever holds the one dossier a text names: by number, former number or ID number, never by name.

    Whether there is one isn't told (`request_route`).
    """
    try:
        id_hashes = keys.number_hashes(read_id_number(sought, historic=True).normalised)
    except BadInput:
        id_hashes = []
    connection.execute(
        "SELECT request_route(%s, %s, %s, %s::bytea[])",
        (request_id, sought, folded(sought), id_hashes),
    )


@dataclass(frozen=True, slots=True)
class AcceptedRow:
    """A request for another agency's dossier, as far as the window that accepted it may know (`requests_accepted`)."""

    request_id: int
    asked_at: datetime
    is_answered: bool


_ACCEPTED = "SELECT request_id, asked_at, is_answered FROM requests_accepted()"


def accepted(connection: psycopg.Connection[Any], request_id: int) -> AcceptedRow | None:
    """What the session's window accepted for another agency under that id."""
    with connection.cursor(row_factory=class_row(AcceptedRow)) as cursor:
        return cursor.execute(_ACCEPTED + " WHERE request_id = %s", (request_id,)).fetchone()


def accepted_by_command(connection: psycopg.Connection[Any], command_id: UUID) -> AcceptedRow | None:
    """The same, by the command it came with."""
    with connection.cursor(row_factory=class_row(AcceptedRow)) as cursor:
        return cursor.execute(_ACCEPTED + " WHERE command_id = %s", (command_id,)).fetchone()


def accepted_before(
    connection: psycopg.Connection[Any], before: int | None, *, open_only: bool, rows_max: int
) -> list[AcceptedRow]:
    """All of them, newest first, from before a request's id on; with `open_only` those nobody has answered yet."""
    query = f"""
        {_ACCEPTED} WHERE (%(before)s::bigint IS NULL OR request_id < %(before)s) AND NOT (%(open)s AND is_answered)
        ORDER BY request_id DESC LIMIT %(rows_max)s
    """
    with connection.cursor(row_factory=class_row(AcceptedRow)) as cursor:
        return cursor.execute(query, {"before": before, "open": open_only, "rows_max": rows_max}).fetchall()


def take_back(connection: psycopg.Connection[Any], request_id: int, reason: str, now: datetime) -> bool:
    """Withdraw what was accepted for another agency; False where it was answered meanwhile."""
    row = connection.execute("SELECT request_taken_back(%s, %s, %s)", (request_id, reason, now)).fetchone()
    assert row is not None
    return bool(row[0])


def change(connection: psycopg.Connection[Any], request_id: int, facts: Mapping[str, object]) -> None:
    """Change columns of a request whose row the caller has locked."""
    columns = ", ".join(f"{column} = %({column})s" for column in facts)
    connection.execute(f"UPDATE request SET {columns} WHERE id = %(the_request)s", {**facts, "the_request": request_id})


def one(connection: psycopg.Connection[Any], request_id: int, *, lock: bool = False) -> RequestRow | None:
    """A request; with `lock`, nobody else moves it until the transaction ends."""
    query = SELECT_REQUEST + " WHERE request.id = %s" + (" FOR NO KEY UPDATE OF request" if lock else "")
    with connection.cursor(row_factory=class_row(RequestRow)) as cursor:
        return cursor.execute(query, (request_id,)).fetchone()


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> RequestRow | None:
    """The request a command asked for."""
    with connection.cursor(row_factory=class_row(RequestRow)) as cursor:
        return cursor.execute(SELECT_REQUEST + " WHERE request.command_id = %s", (command_id,)).fetchone()


def advance(
    connection: psycopg.Connection[Any],
    request_ids: Sequence[int],
    from_states: Sequence[str],
    to_state: str,
    account_id: int | None,
    now: datetime,
    note: str | None = None,
) -> list[int]:
    """Move those of these requests that are in one of `from_states`, and write it down; returns their ids in order.

    Raises `AnotherIsServed` (by `request_one_served`) where one of them would be the second to have its dossier. Whatever
    becomes 'closed' is told as done, whatever becomes 'out' since when.
    """
    query = """
        WITH before AS (SELECT id, state FROM request WHERE id = ANY(%(requests)s) AND state = ANY(%(from)s)
                        ORDER BY id FOR NO KEY UPDATE),
        moved AS (
            UPDATE request SET state = %(to)s,
                out_at = CASE WHEN %(to)s = 'out' THEN %(now)s ELSE out_at END,
                done_at = CASE WHEN %(to)s = 'closed' THEN coalesce(done_at, %(now)s) ELSE done_at END,
                closed_at = CASE WHEN %(to)s = 'closed' THEN %(now)s ELSE closed_at END
            FROM before WHERE request.id = before.id RETURNING request.id, before.state AS was),
        told AS (
            INSERT INTO request_event (request_id, at, account_id, event, from_state, to_state, note)
            SELECT id, %(now)s, %(account)s, 'state', was, %(to)s, %(note)s FROM moved)
        SELECT id FROM moved ORDER BY id
    """
    facts = {
        "requests": list(request_ids),
        "from": [str(state) for state in from_states],
        "to": str(to_state),
        "account": account_id,
        "now": now,
        "note": note,
    }
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, facts).fetchall()


def tell(
    connection: psycopg.Connection[Any],
    request_id: int,
    event: str,
    account_id: int | None,
    now: datetime,
    note: str | None = None,
) -> None:
    """Write down something about a request that doesn't move it."""
    connection.execute(
        "INSERT INTO request_event (request_id, at, account_id, event, note) VALUES (%s, %s, %s, %s, %s)",
        (request_id, now, account_id, event, note),
    )


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of a request's timeline; account None: a clock of ours."""

    at: datetime
    account: str | None
    event: str
    from_state: str | None
    to_state: str | None
    note: str | None


def events(connection: psycopg.Connection[Any], request_id: int, events_max: int) -> list[EventRow]:
    """A request's timeline, oldest first."""
    query = """
        SELECT at, account.name AS account, event, from_state, to_state, note
        FROM request_event LEFT JOIN account ON account.id = account_id WHERE request_id = %s ORDER BY request_event.id LIMIT %s
    """
    with connection.cursor(row_factory=class_row(EventRow)) as cursor:
        return cursor.execute(query, (request_id, events_max)).fetchall()


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """What fills a slot: a letter, or a remark in its place."""

    slot: str
    told: str | None
    letter_id: int | None
    kind: str | None
    number: str | None
    issuer: str | None
    dated: date | None
    has_scan: bool


def evidence(connection: psycopg.Connection[Any], request_id: int) -> list[EvidenceRow]:
    """The papers of a request."""
    query = """
        SELECT slot, told, letter_id, kind, number, issuer, dated, scan_sha256 IS NOT NULL AS has_scan
        FROM request_evidence LEFT JOIN letter ON letter.id = letter_id WHERE request_id = %s ORDER BY slot
    """
    with connection.cursor(row_factory=class_row(EvidenceRow)) as cursor:
        return cursor.execute(query, (request_id,)).fetchall()


def add_evidence(
    connection: psycopg.Connection[Any], request_id: int, letters: Mapping[str, int], told: Mapping[str, str]
) -> None:
    """Keep what fills the slots of a request; a slot filled before stays as it is."""
    slots = [{"slot": slot, "letter_id": letters.get(slot), "told": told.get(slot)} for slot in {**letters, **told}]
    connection.execute(
        "INSERT INTO request_evidence (request_id, slot, letter_id, told) SELECT %s, slot, letter_id, told "
        "FROM jsonb_to_recordset(%s) AS given (slot text, letter_id integer, told text) ON CONFLICT DO NOTHING",
        (request_id, Jsonb(slots)),
    )


# ── The queue of a dossier ───────────────────────────────────────────────────────────────────────────────────────────

# Who has the dossier is first; then by priority, then by who asked first. Whatever picks requests takes them in this order.
QUEUE_ORDER = f"(state = ANY(ARRAY{_SERVED!r})) DESC, priority DESC, request.id"


def queue_places(connection: psycopg.Connection[Any], dossier_ids: Sequence[int]) -> dict[int, QueuePlace]:
    """Where each open request for these dossiers stands, by request."""
    query = f"""
        SELECT request.id, row_number() OVER (PARTITION BY dossier_id ORDER BY {QUEUE_ORDER}),
               count(*) OVER (PARTITION BY dossier_id)
        FROM request WHERE dossier_id = ANY(%s) AND state = ANY(%s)
    """
    rows = connection.execute(query, (list(dossier_ids), _OPEN)).fetchall()
    return {request_id: QueuePlace(position, waiting) for request_id, position, waiting in rows}


def queue(connection: psycopg.Connection[Any], dossier_id: int) -> list[RequestRow]:
    """The open requests for a dossier in the order in which they are served."""
    query = SELECT_REQUEST + f" WHERE dossier_id = %s AND state = ANY(%s) ORDER BY {QUEUE_ORDER}"
    with connection.cursor(row_factory=class_row(RequestRow)) as cursor:
        return cursor.execute(query, (dossier_id, _OPEN)).fetchall()


def next_to_serve(connection: psycopg.Connection[Any], request_ids: Sequence[int]) -> list[int]:
    """Those of these requests that are approved and first in their dossier's queue."""
    query = f"""
        SELECT id FROM (
            SELECT request.id, state, row_number() OVER (PARTITION BY dossier_id ORDER BY {QUEUE_ORDER}) AS position
            FROM request WHERE state = ANY(%s) AND state <> 'asked'
                AND dossier_id IN (SELECT dossier_id FROM request WHERE id = ANY(%s))) AS standing
        WHERE position = 1 AND state = %s AND id = ANY(%s) ORDER BY id
    """
    wanted = list(request_ids)
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (_OPEN, wanted, RequestState.APPROVED.value, wanted)).fetchall()
