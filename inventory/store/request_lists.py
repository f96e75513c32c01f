"""Lists of requests, each bounded, and what the clocks of requests find; all set-based."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.store.requests import QUEUE_ORDER, SELECT_REQUEST, RequestRow

_LATE = """
    ((request.kind = 'transfer' AND sent_on IS NULL AND state NOT IN ('asked', 'refused', 'withdrawn', 'closed'))
     OR (request.kind <> 'transfer' AND state IN ('out', 'at_window') AND done_at IS NULL))
    AND due_on < %(today)s
"""


def _listed(
    connection: psycopg.Connection[Any], where: str, facts: dict[str, object], order: str, rows_max: int
) -> list[RequestRow]:
    query = f"{SELECT_REQUEST} WHERE {where} ORDER BY {order} LIMIT %(rows_max)s"
    with connection.cursor(row_factory=class_row(RequestRow)) as cursor:
        return cursor.execute(query, {**facts, "rows_max": rows_max}).fetchall()


def of_agency(
    connection: psycopg.Connection[Any], agency_id: int | None, before: int | None, *, open_only: bool, rows_max: int
) -> list[RequestRow]:
    """Requests an agency (None: any) accepted or has to answer for, newest first, from before a request's id on."""
    where = """
        (%(agency)s::int IS NULL OR accepting_agency_id = %(agency)s OR request.holding_agency_id = %(agency)s)
        AND (%(before)s::bigint IS NULL OR request.id < %(before)s)
    """
    if open_only:
        where += " AND state NOT IN ('refused', 'withdrawn', 'closed')"
    return _listed(connection, where, {"agency": agency_id, "before": before}, "request.id DESC", rows_max)


def to_decide(connection: psycopg.Connection[Any], agency_ids: Sequence[int], rows_max: int) -> list[RequestRow]:
    """What there is to decide for these agencies: the most urgent and the oldest first."""
    where = "request.holding_agency_id = ANY(%(agencies)s) AND state = 'asked'"
    return _listed(connection, where, {"agencies": list(agency_ids)}, "priority DESC, request.id", rows_max)


def overdue(connection: psycopg.Connection[Any], agency_id: int | None, today: date, rows_max: int) -> list[RequestRow]:
    """What should be back, or should have gone out, and isn't: the longest overdue first."""
    where = f"(%(agency)s::int IS NULL OR request.holding_agency_id = %(agency)s) AND {_LATE}"
    return _listed(connection, where, {"agency": agency_id, "today": today}, "due_on, request.id", rows_max)


def receipts_missing(connection: psycopg.Connection[Any], agency_id: int | None, rows_max: int) -> list[RequestRow]:
    """Transfers under way without their receipt, the longest first."""
    where = """
        (%(agency)s::int IS NULL OR request.holding_agency_id = %(agency)s)
        AND request.kind = 'transfer' AND state = 'out' AND receipt_on IS NULL
    """
    return _listed(connection, where, {"agency": agency_id}, "sent_on, request.id", rows_max)


def unresolved(connection: psycopg.Connection[Any], rows_max: int) -> list[RequestRow]:
    """Requests accepted elsewhere for which nobody could be found to hold the dossier, the oldest first."""
    return _listed(connection, "dossier_id IS NULL AND state = 'asked'", {}, "request.id", rows_max)


def request_of_code(connection: psycopg.Connection[Any], code: str, agency_id: int | None) -> int | None:
    """The request a transfer notice's serial or number names, else the first in the queue of the dossier of that number."""
    query = f"""
        SELECT id FROM (
            SELECT request.id, 0 AS rank, issued_on, 0 AS place FROM transfer_notice JOIN request ON request.id = request_id
            WHERE (transfer_notice.number = %(code)s OR year || lpad(serial::text, 4, '0') = %(code)s)
                AND (%(agency)s::int IS NULL OR transfer_notice.agency_id = %(agency)s)
            UNION ALL
            SELECT request.id, 1, NULL, row_number() OVER (ORDER BY {QUEUE_ORDER})
            FROM request JOIN dossier ON dossier.id = dossier_id
            WHERE dossier.number = %(code)s AND (%(agency)s::int IS NULL OR request.holding_agency_id = %(agency)s)
                AND state NOT IN ('refused', 'withdrawn', 'closed')) AS met
        ORDER BY rank, issued_on DESC, place LIMIT 1
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, {"code": code, "agency": agency_id}).fetchone()


def mark_overdue(connection: psycopg.Connection[Any], today: date, now: datetime) -> int:
    """Write down, once for each, what has become overdue; returns how many."""
    query = f"""
        WITH late AS (UPDATE request SET overdue_on = %(today)s WHERE {_LATE} AND overdue_on IS NULL RETURNING id, due_on)
        INSERT INTO request_event (request_id, at, event, note) SELECT id, %(now)s, 'overdue', due_on::text FROM late
    """
    return connection.execute(query, {"today": today, "now": now}).rowcount


def chase(connection: psycopg.Connection[Any], sent_until: date, today: date, now: datetime) -> int:
    """Chase, once for each, the receipts of what was sent until a day; returns how many."""
    query = """
        WITH chased AS (
            UPDATE request SET chased_on = %(today)s
            WHERE kind = 'transfer' AND state = 'out' AND receipt_on IS NULL AND chased_on IS NULL AND sent_on <= %(until)s
            RETURNING id)
        INSERT INTO request_event (request_id, at, event) SELECT id, %(now)s, 'chased' FROM chased
    """
    return connection.execute(query, {"until": sent_until, "today": today, "now": now}).rowcount


def escalate(
    connection: psycopg.Connection[Any], sent_until: date, today: date, now: datetime, rows_max: int
) -> list[tuple[int, str, int]]:
    """Escalate, once for each, what was sent until a day, chased, and has no receipt: (request, dossier number, volume) each.

    At most `rows_max` requests at once; the next step takes the next.
    """
    query = """
        WITH due AS (
            SELECT id FROM request
            WHERE kind = 'transfer' AND state = 'out' AND receipt_on IS NULL AND escalated_on IS NULL
                AND chased_on < %(today)s AND sent_on <= %(until)s
            ORDER BY id LIMIT %(rows_max)s FOR NO KEY UPDATE SKIP LOCKED),
        escalated AS (UPDATE request SET escalated_on = %(today)s FROM due WHERE request.id = due.id
                      RETURNING request.id),
        told AS (INSERT INTO request_event (request_id, at, event) SELECT id, %(now)s, 'escalated' FROM escalated)
        SELECT escalated.id, number, ordinal FROM escalated JOIN request_volume ON request_id = escalated.id
        JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id ORDER BY 1, 2, 3
    """
    facts = {"until": sent_until, "today": today, "now": now, "rows_max": rows_max}
    return connection.execute(query, facts).fetchall()
