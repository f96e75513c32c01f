"""Accounts, proofs, sessions, tokens and the access log in SQL.

Only the database compares proofs and opens sessions (0003_sessions.sql); the application's role can't even read them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, LiteralString

import psycopg
from psycopg.rows import class_row, dict_row

from inventory.domain.people import Role, Viewer

SecretKind = Literal["password", "pin"]
Owes = Literal["code", "password", "factor"]

_VIEWER = """
    SELECT account.id AS account_id, login, account.name, role, agency_id, agency.name AS agency_name
    FROM account LEFT JOIN agency ON agency.id = agency_id
"""
_VIEWER_COLUMNS = ("account_id", "login", "name", "agency_id", "agency_name")


def secret_hash(secret: str) -> bytes:
    """What is stored of the secret of a session or a token."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session was opened from, as its owner will recognise it."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's account, and what the session still owes before it is anybody's.

    A code of the second factor; a password of one's own in the place of one that was given; a second factor at all.
    """

    viewer: Viewer
    owes: Owes | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A program's token: its name, its time, and whether it may change anything."""

    name: str
    created_at: datetime
    expires_at: datetime
    writes: bool


@dataclass(frozen=True, slots=True)
class SecretAsked:
    """What argon2id needs to make the proof; `locked_minutes` is set where none is looked at just now."""

    setting: str
    locked_minutes: int | None


def _viewer(row: Mapping[str, Any] | None, secret: str = "") -> Viewer | None:
    if row is None:
        return None
    facts = {name: row[name] for name in _VIEWER_COLUMNS}
    return Viewer(**{**facts, "role": Role(row["role"]), "secret": secret})


def secret_asked(connection: psycopg.Connection[Any], login: str, kind: SecretKind) -> SecretAsked:
    """How a login proves itself; one that is not there gets an answer like any other."""
    with connection.cursor(row_factory=class_row(SecretAsked)) as cursor:
        asked = cursor.execute("SELECT * FROM secret_asked(%s, %s)", (login, kind)).fetchone()
    assert asked is not None
    return asked


def open_session(
    connection: psycopg.Connection[Any], login: str, proof: bytes, secret: str, idle: timedelta, origin: Origin
) -> SignedIn | None:
    """Count the attempt, look at the proof and open a session under `secret`; None where it proves nothing."""
    query = "SELECT * FROM session_open(%s, %s, %s, %s, %s, %s)"
    facts = (login, proof, secret_hash(secret), idle, origin.address, origin.browser)
    return _signed_in(connection, query, facts, secret)


def signed_in(connection: psycopg.Connection[Any], secret: str) -> SignedIn | None:
    """Whose browser session it is and what it still owes; None where it ended. The session counts as used."""
    return _signed_in(connection, "SELECT * FROM session_viewer(%s)", (secret_hash(secret),), secret)


def _signed_in(
    connection: psycopg.Connection[Any], query: LiteralString, facts: Sequence[object], secret: str
) -> SignedIn | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query, facts).fetchone()
    viewer = _viewer(row, secret)
    return None if row is None or viewer is None else SignedIn(viewer, row["owes"])


def viewer_of_token(connection: psycopg.Connection[Any], secret: str) -> tuple[Viewer, bool] | None:
    """Whose API token it is and whether it may write; None where it ended."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute("SELECT * FROM token_viewer(%s)", (secret_hash(secret),)).fetchone()
    viewer = _viewer(row, secret)
    return None if row is None or viewer is None else (viewer, row["writes"])


def close_session(connection: psycopg.Connection[Any], secret: str) -> None:
    """End a session, and write it down; one that ended already stays ended."""
    connection.execute("SELECT session_close(%s)", (secret_hash(secret),))


def renew_secret(
    connection: psycopg.Connection[Any], login: str, kind: SecretKind, proof: bytes, setting: str, verifier: bytes
) -> None:
    """Keep the same secret under today's parameters."""
    connection.execute("SELECT secret_renew(%s, %s, %s, %s, %s)", (login, kind, proof, setting, verifier))


def countersigned(connection: psycopg.Connection[Any], login: str, proof: bytes) -> Viewer | None:
    """Whoever signs beside the transaction's session, noted for the act that follows; None where the proof is none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return _viewer(cursor.execute("SELECT * FROM countersigned(%s, %s)", (login, proof)).fetchone())


def change_pin(connection: psycopg.Connection[Any], proof: bytes, setting: str, verifier: bytes) -> bool:
    """The session's own PIN; False where the password's proof is none."""
    row = connection.execute("SELECT pin_change(%s, %s, %s)", (proof, setting, verifier)).fetchone()
    return row is not None and bool(row[0])


def has_pin(connection: psycopg.Connection[Any]) -> bool:
    """Whether the session's account has a PIN of its own."""
    return connection.execute("SELECT pin_there()").fetchone() == (True,)


def own_window(connection: psycopg.Connection[Any]) -> tuple[str, str] | None:
    """Code and name of the window the session's account was given to work at; None: of none in particular."""
    return connection.execute("SELECT code, name FROM place WHERE id = session_window()").fetchone()


# ── What only the owner's role does ──────────────────────────────────────────────────────────────────────────────────


def keep_password(connection: psycopg.Connection[Any], account_id: int, setting: str, verifier: bytes) -> None:
    """The first password of an account."""
    connection.execute(
        "INSERT INTO account_secret (account_id, password_setting, password_verifier) VALUES (%s, %s, %s)",
        (account_id, setting, verifier),
    )


def set_pin(connection: psycopg.Connection[Any], login: str, setting: str, verifier: bytes) -> bool:
    """Give an account its PIN; False where no account has that login."""
    query = """
        INSERT INTO account_secret (account_id, pin_setting, pin_verifier) SELECT id, %s, %s FROM account WHERE login = %s
        ON CONFLICT (account_id) DO UPDATE SET pin_setting = excluded.pin_setting, pin_verifier = excluded.pin_verifier
    """
    return connection.execute(query, (setting, verifier, login)).rowcount == 1


def add_token(connection: psycopg.Connection[Any], secret: str, login: str, token: NewToken) -> bool:
    """Store a token's hash for an account; False where no account has that login."""
    query = """
        INSERT INTO api_token (secret_hash, account_id, name, created_at, expires_at, writes)
        SELECT %s, id, %s, %s, %s, %s FROM account WHERE login = %s
    """
    facts = (secret_hash(secret), token.name, token.created_at, token.expires_at, token.writes, login)
    return connection.execute(query, facts).rowcount == 1


def viewer(connection: psycopg.Connection[Any], account_id: int) -> Viewer | None:
    """An account as a viewer, without a session: it names somebody and opens nothing."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return _viewer(cursor.execute(_VIEWER + " WHERE account.id = %s", (account_id,)).fetchone())


def make_account(connection: psycopg.Connection[Any], login: str, name: str, setting: str, verifier: bytes) -> None:
    """An account that may do nothing yet, made by the session's system administrator."""
    connection.execute("SELECT account_made(%s, %s, %s, %s)", (login, name, setting, verifier))


def add_account(connection: psycopg.Connection[Any], login: str, name: str, role: Role, agency_id: int | None) -> int:
    """Register an account, yet without a password; returns its row id."""
    query = "INSERT INTO account (login, name, role, agency_id) VALUES (%s, %s, %s, %s) RETURNING id"
    row = connection.execute(query, (login, name, role.value, agency_id)).fetchone()
    assert row is not None
    return int(row[0])


def agency_id(connection: psycopg.Connection[Any], code: str) -> int | None:
    """The row id of an agency by its code."""
    row = connection.execute("SELECT id FROM agency WHERE code = %s", (code,)).fetchone()
    return row[0] if row else None


# The account is the session's and the time the database's, so nobody writes in another's name or at another time; the calls
# say both because they are sentences. `inventory.store.access_log` has what is asked of the log itself.


def log_looks(
    connection: psycopg.Connection[Any],
    account_id: int,  # noqa: ARG001
    act: str,
    now: datetime,  # noqa: ARG001
    dossier_ids: Sequence[int],
) -> None:
    """Write down a look at each of many dossiers."""
    if dossier_ids:
        connection.execute("SELECT access_logged(%s, %s::int[])", (act, list(dossier_ids)))


def log_access(
    connection: psycopg.Connection[Any],
    account_id: int,  # noqa: ARG001
    act: str,
    now: datetime,  # noqa: ARG001
    dossier_id: int | None = None,
) -> None:
    """Write down a look at a person, or a sign-in: who, when, which dossier; never what was typed."""
    connection.execute("SELECT access_logged(%s, %s::int[])", (act, [dossier_id]))


def log_unmasking(connection: psycopg.Connection[Any], dossier_id: int, reason: str, why: str) -> None:
    """Write down that an ID number is told whole; the database refuses more of them in a day than anybody needs."""
    connection.execute("SELECT unmasking_logged(%s, %s, %s)", (dossier_id, reason, why))
