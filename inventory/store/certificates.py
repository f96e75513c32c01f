"""Certificates of counts in SQL: written once, never changed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from inventory.domain.counting import Certified


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate as stored, with its names; roots are [warehouse, sequence, hexadecimal hash]."""

    certificate_id: int
    agency_id: int
    agency: str
    agency_name: str
    day: date
    known_at: datetime
    held: int
    query_hash: bytes
    ledger_roots: list[tuple[str, int, str]]
    exceptions: dict[str, int]
    coverage: dict[str, Any] | None
    issued_by: str
    issued_by_login: str
    issued_at: datetime
    certificate_hash: bytes


_SELECT = """
    SELECT certificate.id AS certificate_id, certificate.agency_id, agency.code AS agency, agency.name AS agency_name, day,
           known_at, held, query_hash, ledger_roots, exceptions, coverage, account.name AS issued_by,
           account.login AS issued_by_login, issued_at, certificate_hash
    FROM count_certificate AS certificate JOIN agency ON agency.id = certificate.agency_id
    JOIN account ON account.id = issued_by
"""


def next_id(connection: psycopg.Connection[Any]) -> int:
    """The id of the certificate about to be written: its own number is part of what it certifies."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        certificate_id = cursor.execute("SELECT nextval('count_certificate_id_seq')").fetchone()
    assert certificate_id is not None
    return int(certificate_id)


def add(
    connection: psycopg.Connection[Any],
    certificate_id: int,
    agency_id: int,
    account_id: int,
    command_id: UUID,
    told: Certified,
) -> None:
    """Write a certificate."""
    roots = [[warehouse, sequence, root.hex()] for warehouse, sequence, root in told.roots]
    connection.execute(
        "INSERT INTO count_certificate (id, agency_id, day, known_at, held, query_hash, ledger_roots, exceptions, coverage, "
        "issued_by, issued_at, certificate_hash, command_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            certificate_id,
            agency_id,
            told.day,
            told.known_at,
            told.held,
            told.query_hash,
            Jsonb(roots),
            Jsonb(dict(told.exceptions)),
            None if told.coverage is None else Jsonb(dict(told.coverage)),
            account_id,
            told.issued_at,
            told.hash(),
            command_id,
        ),
    )


def one(connection: psycopg.Connection[Any], certificate_id: int, agency_id: int | None) -> CertificateRow | None:
    """The certificate of that id, if it is about this agency (None: about any)."""
    query = _SELECT + " WHERE certificate.id = %s AND (%s::int IS NULL OR certificate.agency_id = %s)"
    with connection.cursor(row_factory=class_row(CertificateRow)) as cursor:
        return cursor.execute(query, (certificate_id, agency_id, agency_id)).fetchone()


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> CertificateRow | None:
    """The certificate a command issued."""
    with connection.cursor(row_factory=class_row(CertificateRow)) as cursor:
        return cursor.execute(_SELECT + " WHERE command_id = %s", (command_id,)).fetchone()


def newest(connection: psycopg.Connection[Any], agency_id: int | None, certificates_max: int) -> list[CertificateRow]:
    """The newest certificates about this agency (None: about all), newest first."""
    query = _SELECT + " WHERE %s::int IS NULL OR certificate.agency_id = %s ORDER BY certificate.id DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(CertificateRow)) as cursor:
        return cursor.execute(query, (agency_id, agency_id, certificates_max)).fetchall()
