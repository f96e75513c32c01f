"""Delegations in SQL: given, taken back, in force. Whose may be seen is the database's policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation with the names it speaks of; delegate None: whoever is the city's manager."""

    delegation_id: int
    agency_id: int
    agency_code: str
    agency: str
    delegate_login: str | None
    delegate: str | None
    document: str
    valid_from: date
    valid_until: date
    given_by: str
    given_at: datetime
    revoked_by: str | None
    revoked_at: datetime | None
    revoked_reason: str | None
    decisions: int


_DELEGATION = """
    SELECT delegation.id AS delegation_id, delegation.agency_id, agency.code AS agency_code, agency.name AS agency,
           delegate.login AS delegate_login, delegate.name AS delegate, document,
           delegation.valid_from, valid_until, giver.name AS given_by, given_at,
           revoker.name AS revoked_by, revoked_at, revoked_reason,
           (SELECT count(*)::int FROM request WHERE decided_under = delegation.id) AS decisions
    FROM delegation JOIN agency ON agency.id = delegation.agency_id JOIN account AS giver ON giver.id = given_by
    LEFT JOIN account AS delegate ON delegate.id = delegate_id LEFT JOIN account AS revoker ON revoker.id = revoked_by
"""


def add(
    connection: psycopg.Connection[Any],
    agency_id: int,
    delegate_id: int | None,
    document: str,
    days: tuple[date, date],
    given_by: int,
) -> None:
    """Keep a delegation; when it was given the database says itself."""
    connection.execute(
        "INSERT INTO delegation (agency_id, delegate_id, document, valid_from, valid_until, given_by) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (agency_id, delegate_id, document, *days, given_by),
    )


def revoke(connection: psycopg.Connection[Any], delegation_id: int, revoked_by: int, reason: str) -> None:
    """Take a delegation back, from this moment on."""
    connection.execute(
        "UPDATE delegation SET revoked_by = %s, revoked_reason = %s WHERE id = %s", (revoked_by, reason, delegation_id)
    )


def one(connection: psycopg.Connection[Any], delegation_id: int) -> DelegationRow | None:
    """A delegation by its row id."""
    with connection.cursor(row_factory=class_row(DelegationRow)) as cursor:
        return cursor.execute(_DELEGATION + " WHERE delegation.id = %s", (delegation_id,)).fetchone()


def told(connection: psycopg.Connection[Any], agency_id: int, document: str, first: date) -> DelegationRow | None:
    """The newest that an agency gave by that letter from that day on."""
    query = _DELEGATION + (
        " WHERE delegation.agency_id = %s AND document = %s AND delegation.valid_from = %s ORDER BY delegation.id DESC LIMIT 1"
    )
    with connection.cursor(row_factory=class_row(DelegationRow)) as cursor:
        return cursor.execute(query, (agency_id, document, first)).fetchone()


def listed(connection: psycopg.Connection[Any], agency_id: int | None, rows_max: int) -> list[DelegationRow]:
    """An agency's delegations (None: everybody's), those that still stand first, then the newest."""
    query = _DELEGATION + (
        " WHERE (%(agency)s::int IS NULL OR delegation.agency_id = %(agency)s) "
        "ORDER BY revoked_at IS NOT NULL OR valid_until < (now() AT TIME ZONE 'Asia/Shanghai')::date, delegation.id DESC "
        "LIMIT %(rows_max)s"
    )
    with connection.cursor(row_factory=class_row(DelegationRow)) as cursor:
        return cursor.execute(query, {"agency": agency_id, "rows_max": rows_max}).fetchall()


def in_force(connection: psycopg.Connection[Any], agency_id: int, account_id: int) -> DelegationRow | None:
    """Under which delegation the account decides for the agency today; the same that the database asks for."""
    query = _DELEGATION + " WHERE delegation.id = delegation_in_force(%s, %s)"
    with connection.cursor(row_factory=class_row(DelegationRow)) as cursor:
        return cursor.execute(query, (agency_id, account_id)).fetchone()


def agencies_delegating(connection: psycopg.Connection[Any], account_id: int) -> Sequence[int]:
    """The agencies for which the account may decide today."""
    query = "SELECT id FROM agency WHERE delegation_in_force(id, %s) IS NOT NULL ORDER BY id"
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (account_id,)).fetchall()


def managers(connection: psycopg.Connection[Any], rows_max: int) -> list[tuple[int, str, str]]:
    """Row id, login and name of whoever may be delegated to."""
    query = "SELECT id, login, name FROM account WHERE role = 'city_manager' ORDER BY login LIMIT %s"
    return connection.execute(query, (rows_max,)).fetchall()
