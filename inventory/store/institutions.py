"""Institutions and letters in SQL."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.institutions import Institution, InstitutionClass

BORROWER_PREFIX, RECIPIENT_PREFIX = "BOR-", "RCP-"


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """An institution of the register, with how many of its loans are overdue."""

    institution_id: int
    code: str
    name: str
    kind: str
    address: str
    agency_code: str | None
    borrower_place: str
    recipient_place: str
    blocked_reason: str | None
    overdue: int

    @property
    def facts(self) -> Institution:
        """As rules ask for it."""
        return Institution(self.code, self.name, InstitutionClass(self.kind), self.blocked_reason, self.overdue)


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter with what is known of its scan."""

    letter_id: int
    agency_id: int
    kind: str
    number: str
    issuer: str
    dated: date
    scan_sha256: bytes | None
    scan_media: str | None
    scan_bytes: int | None


_INSTITUTION = """
    SELECT institution.id AS institution_id, institution.code, institution.name, class AS kind, address,
           agency.code AS agency_code, borrower.code AS borrower_place, recipient.code AS recipient_place, blocked_reason,
           (SELECT count(*) FROM request WHERE institution_id = institution.id AND state = 'out'
                AND kind IN ('loan', 'consultation') AND due_on < %s)::int AS overdue
    FROM institution JOIN place AS borrower ON borrower.id = borrower_place_id
    JOIN place AS recipient ON recipient.id = recipient_place_id LEFT JOIN agency ON agency.id = agency_id
"""
_LETTER = (
    "SELECT id AS letter_id, agency_id, kind, number, issuer, dated, scan_sha256, scan_media, scan_bytes FROM letter"
)


def institution(connection: psycopg.Connection[Any], code: str, today: date) -> InstitutionRow | None:
    """The institution of that code; `today` decides what is overdue."""
    with connection.cursor(row_factory=class_row(InstitutionRow)) as cursor:
        return cursor.execute(_INSTITUTION + " WHERE institution.code = %s", (today, code)).fetchone()


def institutions(
    connection: psycopg.Connection[Any], text: str, today: date, institutions_max: int
) -> list[InstitutionRow]:
    """Institutions whose name holds `text` or whose code begins so, by name."""
    query = _INSTITUTION + (
        " WHERE strpos(institution.name, %(text)s) > 0 OR starts_with(institution.code, upper(%(text)s)) "
        "ORDER BY institution.name, institution.code LIMIT %(most)s"
    )
    with connection.cursor(row_factory=class_row(InstitutionRow)) as cursor:
        facts = {"text": text, "most": institutions_max, "today": today}
        return cursor.execute(query.replace("< %s", "< %(today)s"), facts).fetchall()


def add_institution(
    connection: psycopg.Connection[Any],
    code: str,
    name: str,
    kind: str,
    address: str,
    agency_id: int | None,
    account_id: int,
    now: datetime,
) -> None:
    """Register an institution with its two places: what it has on loan, and what it received for good."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        places = cursor.execute(
            "INSERT INTO place (code, kind, name) VALUES (%s, 'borrower', %s), (%s, 'recipient', %s) RETURNING id",
            (BORROWER_PREFIX + code, name, RECIPIENT_PREFIX + code, name),
        ).fetchall()
        cursor.execute("UPDATE place SET path = '/' || id || '/' WHERE id = ANY(%s)", (places,))
        cursor.execute(
            "INSERT INTO institution (code, name, class, address, agency_id, borrower_place_id, recipient_place_id, "
            "registered_by, registered_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (code, name, kind, address, agency_id, *places, account_id, now),
        )


def block(connection: psycopg.Connection[Any], code: str, reason: str | None) -> None:
    """Block an institution from borrowing, or (None) unblock it."""
    connection.execute("UPDATE institution SET blocked_reason = %s WHERE code = %s", (reason, code))


def add_letter(
    connection: psycopg.Connection[Any],
    agency_id: int,
    kind: str,
    number: str,
    issuer: str,
    dated: date,
    account_id: int,
    now: datetime,
) -> int:
    """Register a letter; returns its row id."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        letter_id = cursor.execute(
            "INSERT INTO letter (agency_id, kind, number, issuer, dated, registered_by, registered_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (agency_id, kind, number, issuer, dated, account_id, now),
        ).fetchone()
    assert letter_id is not None
    return int(letter_id)


def add_scan(connection: psycopg.Connection[Any], letter_id: int, media: str, sha256: bytes, scan: bytes) -> bool:
    """Keep the scan of a letter; False where it has one already."""
    added = connection.execute(
        "INSERT INTO letter_scan (letter_id, bytes) VALUES (%s, %s) ON CONFLICT DO NOTHING", (letter_id, scan)
    ).rowcount
    if added:
        connection.execute(
            "UPDATE letter SET scan_sha256 = %s, scan_media = %s, scan_bytes = %s WHERE id = %s",
            (sha256, media, len(scan), letter_id),
        )
    return bool(added)


def letters(connection: psycopg.Connection[Any], letter_ids: list[int]) -> dict[int, LetterRow]:
    """Letters by row id."""
    with connection.cursor(row_factory=class_row(LetterRow)) as cursor:
        rows = cursor.execute(_LETTER + " WHERE id = ANY(%s)", (letter_ids,)).fetchall()
    return {row.letter_id: row for row in rows}


def letter_told(
    connection: psycopg.Connection[Any], agency_id: int, kind: str, issuer: str, number: str
) -> LetterRow | None:
    """The letter an agency took in under these."""
    with connection.cursor(row_factory=class_row(LetterRow)) as cursor:
        return cursor.execute(
            _LETTER + " WHERE agency_id = %s AND kind = %s AND issuer = %s AND number = %s",
            (agency_id, kind, issuer, number),
        ).fetchone()


def letters_of_agency(connection: psycopg.Connection[Any], agency_id: int, letters_max: int) -> list[LetterRow]:
    """The newest letters an agency's window took in."""
    with connection.cursor(row_factory=class_row(LetterRow)) as cursor:
        return cursor.execute(
            _LETTER + " WHERE agency_id = %s ORDER BY id DESC LIMIT %s", (agency_id, letters_max)
        ).fetchall()


def is_evidence_for(connection: psycopg.Connection[Any], letter_id: int, agency_id: int | None) -> bool:
    """Whether a request to that agency rests on the letter."""
    query = (
        "SELECT FROM request_evidence JOIN request ON request.id = request_id "
        "WHERE request_evidence.letter_id = %s AND holding_agency_id = %s LIMIT 1"
    )
    return bool(connection.execute(query, (letter_id, agency_id)).rowcount)


def scan_of(connection: psycopg.Connection[Any], letter_id: int) -> bytes | None:
    """The bytes of a letter's scan."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute("SELECT bytes FROM letter_scan WHERE letter_id = %s", (letter_id,)).fetchone()
    return None if found is None else bytes(found)


def windows(connection: psycopg.Connection[Any], windows_max: int) -> list[tuple[str, str]]:
    """Codes and names of all windows."""
    query = "SELECT code, name FROM place WHERE kind = 'window' ORDER BY code LIMIT %s"
    return connection.execute(query, (windows_max,)).fetchall()
