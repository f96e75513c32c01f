"""A borrowing institution's own requests (查借阅单位): how far each is, and what the institution says of its loans.

It asks for a dossier with its letter at a window, which registers the request; here it follows what became of it. What it says
is written into the request's timeline; renewing and taking back stay the window's.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from inventory.domain.borrowing import NOTE_CHARACTERS_MAX, BorrowerState, Message
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import RequestNotFound
from inventory.domain.requests import Purpose, RequestKind, check_free_text, parse_request_number, request_number
from inventory.operations.request_views import local_day
from inventory.store import borrowing, ledger
from inventory.store.borrowing import BorrowedRow
from inventory.store.database import Database, raw

REQUESTS_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Borrowed:
    """One of the institution's requests; may_tell: what it may say of it now."""

    number: str
    kind: RequestKind
    purpose: Purpose
    letter: str | None
    agency: str
    asked_at: datetime
    state: BorrowerState
    promised_on: date
    out_at: datetime | None
    due_on: date | None
    overdue: bool
    renewals: int
    dossier: str | None
    told: tuple[Message, ...]
    may_tell: tuple[Message, ...]


def own_requests(database: Database, viewer: Viewer, now: datetime, *, open_only: bool = False) -> list[Borrowed]:
    """The requests of the viewer's institution, newest first, at most `REQUESTS_SHOWN_MAX`."""
    check_permitted(viewer, Permission.BORROW)
    with database.transaction(viewer) as session:
        rows = borrowing.requests(raw(session), open_only=open_only, rows_max=REQUESTS_SHOWN_MAX)
    return [_seen(row, local_day(now)) for row in rows]


def tell(database: Database, viewer: Viewer, command_id: UUID, number: str, message: Message, note: str) -> None:
    """Say something of a loan that is out; raises `RequestNotFound` for any other, and `SaidAlready`."""
    check_permitted(viewer, Permission.BORROW)
    told = check_free_text(note, "说明", "note", NOTE_CHARACTERS_MAX)
    request_id = parse_request_number(number)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if ledger.once(connection, command_id, ("borrower tells", viewer.account_id, number, message, told)) and (
            not borrowing.tell(connection, request_id, message.value, told or None)
        ):
            raise RequestNotFound(request=number)


def _seen(row: BorrowedRow, today: date) -> Borrowed:
    state, kind = BorrowerState(row.state), RequestKind(row.kind)
    told = tuple(map(Message, row.told))
    on_loan = state is BorrowerState.OUT and kind is RequestKind.LOAN
    return Borrowed(
        request_number(row.request_id),
        kind,
        Purpose(row.purpose),
        row.letter,
        row.agency,
        row.asked_at,
        state,
        row.promised_on,
        row.out_at,
        row.due_on,
        on_loan and row.due_on is not None and row.due_on < today,
        row.renewals,
        row.dossier,
        told,
        tuple(message for message in Message if message not in told) if on_loan else (),
    )
