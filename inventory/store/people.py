"""Accounts, sessions, tokens and the access log in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from inventory.domain.people import Role, Viewer

_VIEWER = """
    SELECT account.id AS account_id, login, account.name, role, agency_id, agency.name AS agency_name
    FROM account LEFT JOIN agency ON agency.id = agency_id
"""


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """An account as it stands once this attempt is counted; `locked_until` is set where it may not go on."""

    account_id: int
    password_hash: str | None = field(repr=False)
    pin_hash: str | None = field(repr=False)
    locked_until: datetime | None


def _viewer(row: Mapping[str, Any] | None) -> Viewer | None:
    return None if row is None else Viewer(**{**row, "role": Role(row["role"])})


def count_attempt(
    connection: psycopg.Connection[Any], login: str, now: datetime, failures_max: int, lock: timedelta
) -> SignInAttempt | None:
    """Count a sign-in before its password is looked at; None for an unknown login.

    Counted first, a hundred attempts at once get as many guesses as a hundred in a row. An attempt on a locked account isn't
    counted and comes back with `locked_until`; the one that reaches `failures_max` is still looked at, and locks.
    """
    query = """
        WITH asked AS (SELECT id, locked_until > %(now)s AS locked FROM account WHERE login = %(login)s FOR UPDATE)
        UPDATE account SET
            failed_sign_ins = CASE WHEN locked THEN failed_sign_ins
                WHEN locked_until IS NOT NULL THEN 1 ELSE failed_sign_ins + 1 END,
            locked_until = CASE WHEN locked THEN locked_until
                WHEN locked_until IS NULL AND failed_sign_ins + 1 >= %(failures_max)s THEN %(now)s + %(lock)s END
        FROM asked WHERE account.id = asked.id
        RETURNING account.id AS account_id, password_hash, pin_hash, CASE WHEN locked THEN locked_until END AS locked_until
    """
    facts = {"login": login, "now": now, "failures_max": failures_max, "lock": lock}
    with connection.cursor(row_factory=class_row(SignInAttempt)) as cursor:
        return cursor.execute(query, facts).fetchone()


def forgive_attempts(connection: psycopg.Connection[Any], account_id: int, new_password_hash: str | None) -> None:
    """The password was right: forget the failures; a hash with today's parameters replaces an older one."""
    connection.execute(
        "UPDATE account SET failed_sign_ins = 0, locked_until = NULL, password_hash = coalesce(%s, password_hash) WHERE id = %s",
        (new_password_hash, account_id),
    )


def set_pin(connection: psycopg.Connection[Any], login: str, pin_hash: str) -> int | None:
    """Keep a PIN's hash; returns whose it is, None where no account has that login."""
    row = connection.execute(
        "UPDATE account SET pin_hash = %s WHERE login = %s RETURNING id", (pin_hash, login)
    ).fetchone()
    return row[0] if row else None


def has_pin(connection: psycopg.Connection[Any], account_id: int) -> bool:
    """Whether the account has a PIN of its own."""
    query = "SELECT FROM account WHERE id = %s AND pin_hash IS NOT NULL"
    return connection.execute(query, (account_id,)).fetchone() is not None


def viewer(connection: psycopg.Connection[Any], account_id: int) -> Viewer | None:
    """An account as a viewer."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return _viewer(cursor.execute(_VIEWER + " WHERE account.id = %s", (account_id,)).fetchone())


def viewer_of_login(connection: psycopg.Connection[Any], login: str) -> Viewer | None:
    """An account as a viewer, by its login."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return _viewer(cursor.execute(_VIEWER + " WHERE login = %s", (login,)).fetchone())


def viewer_of_session(connection: psycopg.Connection[Any], secret_hash: bytes, now: datetime) -> Viewer | None:
    """Whose browser session it is; None where it ended."""
    query = _VIEWER + " JOIN web_session ON account_id = account.id WHERE secret_hash = %s AND expires_at > %s"
    with connection.cursor(row_factory=dict_row) as cursor:
        return _viewer(cursor.execute(query, (secret_hash, now)).fetchone())


def viewer_of_token(connection: psycopg.Connection[Any], secret_hash: bytes, now: datetime) -> Viewer | None:
    """Whose API token it is; None where it ended."""
    query = _VIEWER + " JOIN api_token ON account_id = account.id WHERE secret_hash = %s AND expires_at > %s"
    with connection.cursor(row_factory=dict_row) as cursor:
        return _viewer(cursor.execute(query, (secret_hash, now)).fetchone())


def open_session(
    connection: psycopg.Connection[Any], secret_hash: bytes, account_id: int, now: datetime, expires_at: datetime
) -> None:
    """Begin a session; those that ended go, so the table never outgrows a day's people."""
    connection.execute("DELETE FROM web_session WHERE expires_at <= %s", (now,))
    connection.execute("INSERT INTO web_session VALUES (%s, %s, %s, %s)", (secret_hash, account_id, now, expires_at))


def close_session(connection: psycopg.Connection[Any], secret_hash: bytes) -> int | None:
    """End a session; returns whose it was, None where there was none."""
    query = "DELETE FROM web_session WHERE secret_hash = %s RETURNING account_id"
    row = connection.execute(query, (secret_hash,)).fetchone()
    return row[0] if row else None


def add_token(
    connection: psycopg.Connection[Any], secret_hash: bytes, login: str, name: str, now: datetime, expires_at: datetime
) -> bool:
    """Store a token's hash for an account; False where no account has that login."""
    query = "INSERT INTO api_token SELECT %s, id, %s, %s, %s FROM account WHERE login = %s"
    return connection.execute(query, (secret_hash, name, now, expires_at, login)).rowcount == 1


def agency_id(connection: psycopg.Connection[Any], code: str) -> int | None:
    """The row id of an agency by its code."""
    row = connection.execute("SELECT id FROM agency WHERE code = %s", (code,)).fetchone()
    return row[0] if row else None


def log_looks(
    connection: psycopg.Connection[Any], account_id: int, act: str, now: datetime, dossier_ids: Sequence[int]
) -> None:
    """Write down a look at each of many dossiers."""
    connection.execute(
        "INSERT INTO access_log (at, account_id, act, dossier_id) SELECT %s, %s, %s, unnest(%s::int[])",
        (now, account_id, act, list(dossier_ids)),
    )


def log_access(
    connection: psycopg.Connection[Any], account_id: int, act: str, now: datetime, dossier_id: int | None = None
) -> None:
    """Write down a look at a person, or a sign-in: who, when, which dossier; never what was typed."""
    connection.execute(
        "INSERT INTO access_log (at, account_id, act, dossier_id) VALUES (%s, %s, %s, %s)",
        (now, account_id, act, dossier_id),
    )
