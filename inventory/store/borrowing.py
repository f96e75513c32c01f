"""A borrower's two doors (0005_borrowers.sql): they answer for the institution of the session's account."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class BorrowedRow:
    """A request of the institution. due_on, dossier: once it has been handed out; told: what was said since the last renewal."""

    request_id: int
    kind: str
    purpose: str
    letter: str | None
    agency: str
    asked_at: datetime
    state: str
    promised_on: date
    out_at: datetime | None
    due_on: date | None
    renewals: int
    done_at: datetime | None
    dossier: str | None
    told: list[str]


def requests(connection: psycopg.Connection[Any], *, open_only: bool, rows_max: int) -> list[BorrowedRow]:
    """The institution's own requests, newest first; none for a session of anybody else."""
    with connection.cursor(row_factory=class_row(BorrowedRow)) as cursor:
        return cursor.execute("SELECT * FROM requests_borrowed(%s, %s)", (open_only, rows_max)).fetchall()


def tell(connection: psycopg.Connection[Any], request_id: int, event: str, note: str | None) -> bool:
    """Say something of a loan that is out; False where it isn't one of the institution's."""
    return connection.execute("SELECT borrower_tells(%s, %s, %s)", (request_id, event, note)).fetchone() == (True,)
