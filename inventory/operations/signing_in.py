"""Who somebody is: signing in with a password, sessions of browsers, tokens of programs.

Secrets are made by the caller (`secrets.token_urlsafe(32)`) and stored only as their SHA-256.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from inventory.domain.people import (
    PERSON_NAME_CHARACTERS_MAX,
    Reach,
    Role,
    Viewer,
    check_password,
    parse_login,
)
from inventory.domain.refusals import (
    AccountNotFound,
    AgencyNotFound,
    AgencyRequired,
    BadInput,
    NotSignedIn,
    TooManyAttempts,
    WrongPassword,
)
from inventory.operations import secrets_kept
from inventory.store import people
from inventory.store.database import Database, raw
from inventory.store.people import SignInAttempt
from inventory.store.tables import Account

FAILED_SIGN_INS_MAX = 5
LOCK_MINUTES = 15
SESSION_HOURS = 8  # A working day: nobody signs in twice, nobody's screen is open the next morning.
TOKEN_NAME_CHARACTERS_MAX = 60


def sign_in(database: Database, login: str, password: str, now: datetime, secret: str) -> Viewer:
    """Check a password and open a session under `secret`.

    Raises `WrongPassword` for a wrong login or password, after the same time for both, and `TooManyAttempts` during the
    `LOCK_MINUTES` that follow `FAILED_SIGN_INS_MAX` failures.
    """
    attempt = counted_attempt(database, login, now)
    known_hash = None if attempt is None else attempt.password_hash
    right = secrets_kept.fits(password, known_hash)
    if attempt is None or known_hash is None or not right:
        if attempt is not None:
            with database.transaction() as session:
                people.log_access(raw(session), attempt.account_id, "sign_in_failed", now)
        raise WrongPassword
    newer_hash = secrets_kept.kept(password) if secrets_kept.is_outdated(known_hash) else None
    with database.transaction() as session:
        connection = raw(session)
        people.forgive_attempts(connection, attempt.account_id, newer_hash)
        people.open_session(connection, _hash(secret), attempt.account_id, now, now + timedelta(hours=SESSION_HOURS))
        people.log_access(connection, attempt.account_id, "sign_in", now)
        viewer = people.viewer(connection, attempt.account_id)
    assert viewer is not None
    return viewer


def counted_attempt(database: Database, login: str, now: datetime) -> SignInAttempt | None:
    """The account of that login, the attempt counted before its secret is looked at; None for an unknown login.

    Raises `TooManyAttempts` while the account is locked.
    """
    login = login.strip().lower()
    if not login.isprintable():
        return None
    with database.transaction() as session:
        lock = timedelta(minutes=LOCK_MINUTES)
        attempt = people.count_attempt(raw(session), login, now, FAILED_SIGN_INS_MAX, lock)
    if attempt is not None and attempt.locked_until is not None:
        raise TooManyAttempts(minutes=ceil((attempt.locked_until - now) / timedelta(minutes=1)))
    return attempt


def sign_out(database: Database, secret: str, now: datetime) -> None:
    """End a session; one that ended already stays ended."""
    with database.transaction() as session:
        account_id = people.close_session(raw(session), _hash(secret))
        if account_id is not None:
            people.log_access(raw(session), account_id, "sign_out", now)


def viewer_of_session(database: Database, secret: str, now: datetime) -> Viewer:
    """Whose session it is; raises `NotSignedIn`."""
    with database.transaction() as session:
        viewer = people.viewer_of_session(raw(session), _hash(secret), now)
    if viewer is None:
        raise NotSignedIn
    return viewer


def viewer_of_token(database: Database, secret: str, now: datetime) -> Viewer:
    """Whose API token it is; raises `NotSignedIn`."""
    with database.transaction() as session:
        viewer = people.viewer_of_token(raw(session), _hash(secret), now)
    if viewer is None:
        raise NotSignedIn
    return viewer


def add_account(
    database: Database, login: str, name: str, role: Role, agency_code: str | None, password: str | None
) -> Viewer:
    """Register a person (or, without a password, a service that never signs in).

    Raises `BadInput` for a poor password or name, `AgencyRequired`, `AgencyNotFound`, and `NameTaken` for a login in use.
    """
    login, name = parse_login(login), name.strip()
    if not name or len(name) > PERSON_NAME_CHARACTERS_MAX or not name.isprintable():
        raise BadInput(
            problem_zh=f"姓名应为1至{PERSON_NAME_CHARACTERS_MAX}个可见字符",
            problem_en=f"a name has 1 to {PERSON_NAME_CHARACTERS_MAX} visible characters",
        )
    if password is not None:
        check_password(password, login)
    if agency_code is None and role.rights.dossiers is Reach.OWN_AGENCY:
        raise AgencyRequired(role_zh=role.zh, role_en=role.en)
    password_hash = None if password is None else secrets_kept.kept(password)
    with database.transaction() as session:
        agency_id = None if agency_code is None else people.agency_id(raw(session), agency_code)
        if agency_code is not None and agency_id is None:
            raise AgencyNotFound(agency=agency_code)
        account = Account(login=login, name=name, role=role.value, agency_id=agency_id, password_hash=password_hash)
        session.add(account)
        session.flush()
        assert account.id is not None
        viewer = people.viewer(raw(session), account.id)
    assert viewer is not None
    return viewer


def add_token(
    database: Database, login: str, token_name: str, now: datetime, expires_at: datetime, secret: str
) -> None:
    """Let a program act as an account until `expires_at`; raises `AccountNotFound` and `BadInput`."""
    token_name = token_name.strip()
    if not token_name or len(token_name) > TOKEN_NAME_CHARACTERS_MAX or not token_name.isprintable():
        raise BadInput(
            problem_zh=f"令牌名称应为1至{TOKEN_NAME_CHARACTERS_MAX}个可见字符",
            problem_en=f"a token's name has 1 to {TOKEN_NAME_CHARACTERS_MAX} visible characters",
        )
    if expires_at <= now:
        raise BadInput(problem_zh="令牌的到期时间已过", problem_en="the token would have expired already")
    with database.transaction() as session:
        if not people.add_token(raw(session), _hash(secret), login.strip().lower(), token_name, now, expires_at):
            raise AccountNotFound(login=login)


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
