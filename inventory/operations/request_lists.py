"""What to do about requests: mine, to be decided, overdue, without receipt, nobody's; and the queue of a dossier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.identifiers import folded_width, parse_dossier_number
from inventory.domain.masking import mask_id
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import BadInput, DossierNotFound
from inventory.domain.requests import parse_request_number, request_number
from inventory.operations.request_views import RequestView, SeenRequest, accepted_view, local_day, with_places
from inventory.store import delegations, people, request_facts, request_lists, requests
from inventory.store.database import Database, raw
from inventory.store.requests import AcceptedRow, RequestRow

REQUESTS_SHOWN_MAX = 200
ID_NUMBER_DIGITS_MIN = 14  # as many digits are an ID number, or too nearly one


@dataclass(frozen=True, slots=True)
class Listed:
    """Requests as the viewer sees them, at most `REQUESTS_SHOWN_MAX`, and whether there are more."""

    requests: tuple[SeenRequest, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A request nobody could be found for; sought: what was typed, an ID number masked."""

    number: str
    asked_at: datetime
    accepting_agency: str
    sought: str


def my_requests(
    database: Database, viewer: Viewer, now: datetime, *, before: str | None = None, open_only: bool = False
) -> Listed:
    """What the viewer's agency accepted or answers for (all, for those who see all), newest first, before a number."""
    agency_id = viewer.agency_seen()
    before_id = None if before is None else parse_request_number(before)
    with database.transaction(viewer) as session:
        connection = raw(session)
        rows = request_lists.of_agency(
            connection, agency_id, before_id, open_only=open_only, rows_max=REQUESTS_SHOWN_MAX + 1
        )
        elsewhere = requests.accepted_before(
            connection, before_id, open_only=open_only, rows_max=REQUESTS_SHOWN_MAX + 1
        )
        newest: list[RequestRow | AcceptedRow] = sorted([*rows, *elsewhere], key=lambda row: -row.request_id)
        whole = [row for row in newest[:REQUESTS_SHOWN_MAX] if isinstance(row, RequestRow)]
        views = iter(with_places(connection, viewer, whole, local_day(now)))
        shown = [
            accepted_view(row) if isinstance(row, AcceptedRow) else next(views) for row in newest[:REQUESTS_SHOWN_MAX]
        ]
        _log(connection, viewer, now, shown)
    return Listed(tuple(shown), len(newest) > REQUESTS_SHOWN_MAX)


def to_decide(database: Database, viewer: Viewer, now: datetime) -> Listed:
    """What the head of an agency has to decide; one's own requests stand among them, for another to decide.

    For the city's manager, what agencies have delegated to them today.
    """
    check_permitted(viewer, Permission.APPROVE_REQUESTS)
    agency_id = viewer.agency_seen()
    with database.transaction(viewer) as session:
        connection = raw(session)
        agencies = delegations.agencies_delegating(connection, viewer.account_id) if agency_id is None else [agency_id]
        rows = request_lists.to_decide(connection, agencies, REQUESTS_SHOWN_MAX + 1)
        return _whole(connection, viewer, rows, now)


def overdue(database: Database, viewer: Viewer, now: datetime) -> Listed:
    """What should be back, or should have gone out, and isn't."""
    agency_id = viewer.agency_seen()
    with database.transaction(viewer) as session:
        connection = raw(session)
        rows = request_lists.overdue(connection, agency_id, local_day(now), REQUESTS_SHOWN_MAX + 1)
        return _whole(connection, viewer, rows, now)


def receipts_missing(database: Database, viewer: Viewer, now: datetime) -> Listed:
    """Transfers under way without their receipt."""
    agency_id = viewer.agency_seen()
    with database.transaction(viewer) as session:
        connection = raw(session)
        rows = request_lists.receipts_missing(connection, agency_id, REQUESTS_SHOWN_MAX + 1)
        return _whole(connection, viewer, rows, now)


def unresolved(database: Database, viewer: Viewer, now: datetime) -> list[Unresolved]:
    """The city manager's list: what windows accepted for other agencies and nobody could be found to hold.

    An ID number that was typed is shown masked; whatever else was typed is shown as it is.
    """
    check_permitted(viewer, Permission.SETTLE_UNRESOLVED)
    with database.transaction(viewer) as session:
        connection = raw(session)
        rows = request_lists.unresolved(connection, REQUESTS_SHOWN_MAX)
        people.log_access(connection, viewer.account_id, "unresolved", now)
    return [
        Unresolved(
            request_number(row.request_id),
            row.asked_at,
            row.accepting_agency,
            _masked(database, viewer, row.sought_cipher or b""),
        )
        for row in rows
    ]


def _masked(database: Database, viewer: Viewer, sought_cipher: bytes) -> str:
    sought = database.keys.decrypt(sought_cipher)
    is_number = sum(map(str.isdigit, sought)) >= ID_NUMBER_DIGITS_MIN
    return mask_id(sought, viewer.rights.id_mask) if is_number else sought


def queue(database: Database, viewer: Viewer, dossier_number: str, now: datetime) -> Listed:
    """Who asks for a dossier, in the order in which they are served; for those who see the dossier alone."""
    agency_id = viewer.agency_seen()
    try:
        number = parse_dossier_number(dossier_number)
    except BadInput:
        raise DossierNotFound(dossier=dossier_number[:40]) from None
    with database.transaction(viewer) as session:
        connection = raw(session)
        dossier = request_facts.dossier(connection, number, agency_id)
        if dossier is None:
            raise DossierNotFound(dossier=number)
        return _whole(connection, viewer, requests.queue(connection, dossier.dossier_id), now)


def _whole(connection: psycopg.Connection[Any], viewer: Viewer, rows: Sequence[RequestRow], now: datetime) -> Listed:
    shown = with_places(connection, viewer, rows[:REQUESTS_SHOWN_MAX], local_day(now))
    _log(connection, viewer, now, shown)
    return Listed(tuple(shown), len(rows) > REQUESTS_SHOWN_MAX)


def _log(connection: psycopg.Connection[Any], viewer: Viewer, now: datetime, shown: Sequence[SeenRequest]) -> None:
    """A list names persons: every one of them was looked at."""
    dossiers = sorted(
        {seen.dossier_id for seen in shown if isinstance(seen, RequestView) and seen.dossier_id is not None}
    )
    people.log_looks(connection, viewer.account_id, "requests", now, dossiers)


def number_of_code(database: Database, viewer: Viewer, code: str, now: datetime) -> str:
    """The request a scanned code leads to: its own number, its notice's, or the first in the queue of a dossier.

    Only of what the viewer answers for; raises `RequestNotFound`.
    """
    wanted = folded_width(code)
    agency_id = viewer.agency_seen()
    with database.transaction(viewer) as session:
        connection = raw(session)
        request_id = request_lists.request_of_code(connection, wanted, agency_id)
        people.log_access(connection, viewer.account_id, "requests", now)
    return request_number(parse_request_number(wanted) if request_id is None else request_id)
