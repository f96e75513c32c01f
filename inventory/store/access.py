"""Second factors, one's own password, sessions and tokens, and what administrators do to accounts: the database's doors.

Each asks the session shown by the transaction who is asking (0003_sessions.sql), or serves the owner's role.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class FactorAsked:
    """An account's second factor: its secret encrypted, one shown and not yet proven, the last half minute accepted."""

    cipher: bytes | None = field(repr=False)
    pending: bytes | None = field(repr=False)
    step: int
    recovery_left: int


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """An open session as its owner recognises it; `here`: the one that asks."""

    id: int
    login: str
    name: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    browser: str
    here: bool


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """A program's token, without what it shows."""

    id: int
    login: str
    name: str
    writes: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """An account as its administrator sees it."""

    login: str
    name: str
    role: str
    agency_name: str | None
    signs_in: bool
    second_factor: bool
    locked: bool
    attempts_locked: bool


def _told(connection: psycopg.Connection[Any], query: LiteralString, *facts: object) -> bool:
    return connection.execute(query, facts).fetchone() == (True,)


def factor(connection: psycopg.Connection[Any]) -> FactorAsked | None:
    """The factor of the session's account, also while the session owes it; None for a session that ended."""
    with connection.cursor(row_factory=class_row(FactorAsked)) as cursor:
        return cursor.execute("SELECT * FROM factor_asked()").fetchone()


def offer_factor(connection: psycopg.Connection[Any], cipher: bytes) -> bool:
    """Keep a secret that is about to be shown; False where the session may not put it in the place of another."""
    return _told(connection, "SELECT factor_offer(%s)", cipher)


def enrol_factor(connection: psycopg.Connection[Any], step: int, recovery: Sequence[bytes], new_hash: bytes) -> bool:
    """The secret that was shown counts from now on, and the session goes on under a new one of its own."""
    return _told(connection, "SELECT factor_enrol(%s, %s, %s)", step, list(recovery), new_hash)


def tell_factor(connection: psycopg.Connection[Any], step: int | None, recovery: bytes | None, new_hash: bytes) -> bool:
    """Count the try; a code's half minute later than the last, or a recovery code that is left, opens the session."""
    return _told(connection, "SELECT factor_told(%s, %s, %s)", step, recovery, new_hash)


def password_settings(connection: psycopg.Connection[Any]) -> list[str]:
    """How the session's account keeps and kept its last passwords."""
    return [setting for (setting,) in connection.execute("SELECT password_settings()") if setting is not None]


def password_used(connection: psycopg.Connection[Any], proofs: Sequence[bytes]) -> bool:
    """Whether one of the proofs fits one of those passwords."""
    return _told(connection, "SELECT password_used(%s)", list(proofs))


def change_password(
    connection: psycopg.Connection[Any], proof: bytes, setting: str, verifier: bytes, new_hash: bytes
) -> bool:
    """Keep a new password, end the account's other sessions, go on under a new secret; False where the proof is none."""
    return _told(connection, "SELECT password_change(%s, %s, %s, %s)", proof, setting, verifier, new_hash)


def set_password(connection: psycopg.Connection[Any], login: str, setting: str, verifier: bytes) -> bool:
    """The owner's role gives somebody a password; what was open ends. False where no account has that login."""
    query = """
        WITH who AS (SELECT id FROM account WHERE login = %s),
            ended AS (DELETE FROM web_session USING who WHERE account_id = who.id)
        INSERT INTO account_secret (account_id, password_setting, password_verifier) SELECT id, %s, %s FROM who
        ON CONFLICT (account_id) DO UPDATE SET password_setting = excluded.password_setting,
            password_verifier = excluded.password_verifier, password_set_at = now()
    """
    return connection.execute(query, (login, setting, verifier)).rowcount == 1


def sessions(connection: psycopg.Connection[Any], *, everybody: bool) -> list[SessionSeen]:
    """Open sessions, last used first: one's own, or everybody's for an administrator; at most 500."""
    with connection.cursor(row_factory=class_row(SessionSeen)) as cursor:
        return cursor.execute("SELECT * FROM session_list(%s)", (everybody,)).fetchall()


def end_session(connection: psycopg.Connection[Any], session_id: int) -> bool:
    """End a session of one's own, or anybody's for an administrator."""
    return _told(connection, "SELECT session_end(%s)", session_id)


def tokens(connection: psycopg.Connection[Any], *, everybody: bool) -> list[TokenSeen]:
    """Tokens that still open something, newest first; at most 500."""
    with connection.cursor(row_factory=class_row(TokenSeen)) as cursor:
        return cursor.execute("SELECT * FROM token_list(%s)", (everybody,)).fetchall()


def revoke_token(connection: psycopg.Connection[Any], token_id: int) -> bool:
    """End a token of one's own, or anybody's for an administrator."""
    return _told(connection, "SELECT token_revoke(%s)", token_id)


def accounts(connection: psycopg.Connection[Any]) -> list[AccountSeen]:
    """Every account, for an administrator; nothing for others. At most 2,000."""
    with connection.cursor(row_factory=class_row(AccountSeen)) as cursor:
        return cursor.execute("SELECT * FROM account_list()").fetchall()


def lock_account(connection: psycopg.Connection[Any], login: str, *, shut: bool) -> bool:
    """Shut an account with its sessions and tokens, or open it again; False where there is none, or for others."""
    return _told(connection, "SELECT account_lock(%s, %s)", login, shut)


def reset_factor(connection: psycopg.Connection[Any], login: str) -> bool:
    """Take a lost second factor away, and end the account's sessions."""
    return _told(connection, "SELECT factor_reset(%s)", login)


def require_factor(connection: psycopg.Connection[Any], role: str, *, required: bool) -> None:
    """Whether the site lets a role in only with a second factor; by the owner's role."""
    connection.execute("DELETE FROM second_factor_role WHERE role = %s", (role,))
    if required:
        connection.execute("INSERT INTO second_factor_role VALUES (%s)", (role,))
