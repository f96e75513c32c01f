"""Roles as they were given: the database's doors (0005_grants.sql). Each asks the session shown who is asking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class HolderRow:
    """An account with what it was given last; granted_by None: by the command line."""

    login: str
    name: str
    role: str
    agency: str | None
    institution: str | None
    place: str | None
    locked: bool
    since: datetime | None
    reason: str | None
    granted_by: str | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One change of somebody's role."""

    login: str
    name: str
    role: str
    agency: str | None
    institution: str | None
    place: str | None
    reason: str
    granted_by: str | None
    granted_at: datetime


def give(
    connection: psycopg.Connection[Any],
    login: str,
    role: str,
    belongs: tuple[int | None, int | None, int | None],
    reason: str,
) -> bool:
    """Give a role with the rows of its agency, institution and window; what was open ends. False where there is no account."""
    query = "SELECT role_given(%s, %s, %s, %s, %s, %s)"
    return connection.execute(query, (login, role, *belongs, reason)).fetchone() == (True,)


def holders(connection: psycopg.Connection[Any]) -> list[HolderRow]:
    """Everybody and their role, for a security administrator or the owner's role; at most 2,000."""
    with connection.cursor(row_factory=class_row(HolderRow)) as cursor:
        return cursor.execute("SELECT * FROM role_holders()").fetchall()


def grants(connection: psycopg.Connection[Any], rows_max: int) -> list[GrantRow]:
    """What was given and withdrawn, newest first, for the same."""
    with connection.cursor(row_factory=class_row(GrantRow)) as cursor:
        return cursor.execute("SELECT * FROM role_grants(%s)", (rows_max,)).fetchall()


def choices(connection: psycopg.Connection[Any], rows_max: int) -> tuple[list[tuple[str, str]], ...]:
    """Code and name of agencies, institutions and windows, as a form offers them."""
    queries = (
        "SELECT code, name FROM agency WHERE successor_id IS NULL ORDER BY code LIMIT %s",
        "SELECT code, name FROM institution ORDER BY name, code LIMIT %s",
        "SELECT code, name FROM place WHERE kind = 'window' ORDER BY code LIMIT %s",
    )
    return tuple(connection.execute(query, (rows_max,)).fetchall() for query in queries)
