"""Who somebody is: signing in with a password, sessions of browsers, tokens of programs.

Secrets are made by the caller (`secrets.token_urlsafe(32)`) and stored only as their SHA-256.
"""

from datetime import datetime, timedelta

from inventory.domain.people import (
    LOGIN_CHARACTERS_MAX,
    Reach,
    Role,
    Viewer,
    check_password,
    parse_login,
    parse_person_name,
)
from inventory.domain.refusals import (
    AccountNotFound,
    AgencyNotFound,
    AgencyRequired,
    BadInput,
    NotAllowed,
    NotSignedIn,
    TooManyAttempts,
    WrongPassword,
)
from inventory.operations import secrets_kept
from inventory.store import people
from inventory.store.database import Database, raw
from inventory.store.people import NewToken, Origin, SecretAsked, SecretKind, SignedIn

FAILED_SIGN_INS_MAX = 5  # These three stand in 0003_sessions.sql; a test holds them together.
LOCK_MINUTES = 15
SESSION_HOURS = 8  # A working day: nobody signs in twice, nobody's screen is open the next morning.
IDLE_MINUTES = 30
TOKEN_NAME_CHARACTERS_MAX = 60
NOWHERE = Origin()


def sign_in(
    database: Database,
    login: str,
    password: str,
    secret: str,
    origin: Origin = NOWHERE,
    idle: timedelta = timedelta(minutes=IDLE_MINUTES),
) -> SignedIn:
    """Prove to know a password and open a session under `secret`; it may still owe a second factor.

    Raises `WrongPassword` for a wrong login or password and `TooManyAttempts` during the `LOCK_MINUTES` that follow
    `FAILED_SIGN_INS_MAX` failures, both alike, and after the same time, for logins that are there and that are not.
    """
    asked = secret_asked(database, login, "password")
    proof = secrets_kept.proof(password, asked.setting)
    with database.transaction() as session:
        opened = people.open_session(raw(session), known_form(login), proof, secret, idle, origin)
    if opened is None:
        raise WrongPassword
    renew_outdated(database, login, password, "password", asked)
    return opened


def secret_asked(database: Database, login: str, kind: SecretKind) -> SecretAsked:
    """How a login proves itself; raises `TooManyAttempts` while it is locked."""
    with database.transaction() as session:
        asked = people.secret_asked(raw(session), known_form(login), kind)
    if asked.locked_minutes is not None:
        raise TooManyAttempts(minutes=asked.locked_minutes)
    return asked


def renew_outdated(database: Database, login: str, secret: str, kind: SecretKind, asked: SecretAsked) -> None:
    """Keep a secret that was right just now under today's parameters, where it was stored with weaker ones."""
    if secrets_kept.is_outdated(asked.setting):
        proof, newer = secrets_kept.proof(secret, asked.setting), secrets_kept.kept(secret)
        with database.transaction() as session:
            people.renew_secret(raw(session), known_form(login), kind, proof, newer.setting, newer.verifier)


def known_form(login: str) -> str:
    """A login as accounts have it; what can't be one becomes one that nobody has."""
    login = login.strip().lower()
    return login if login.isprintable() and len(login) <= LOGIN_CHARACTERS_MAX else ""


def sign_out(database: Database, secret: str) -> None:
    """End a session; one that ended already stays ended."""
    with database.transaction() as session:
        people.close_session(raw(session), secret)


def session_of(database: Database, secret: str) -> SignedIn:
    """Whose session it is and what it owes; raises `NotSignedIn`. It counts as used."""
    signed_in = database.at_once(lambda connection: people.signed_in(connection, secret))
    if signed_in is None:
        raise NotSignedIn
    return signed_in


def viewer_of_session(database: Database, secret: str) -> Viewer:
    """Whose session it is; raises `NotSignedIn`, also where it still owes its second factor."""
    signed_in = session_of(database, secret)
    if signed_in.owes is not None:
        raise NotSignedIn
    return signed_in.viewer


def viewer_of_token(database: Database, secret: str, *, writing: bool = False) -> Viewer:
    """Whose API token it is; raises `NotSignedIn`, and `NotAllowed` where a token that only reads is to write."""
    found = database.at_once(lambda connection: people.viewer_of_token(connection, secret))
    if found is None:
        raise NotSignedIn
    viewer, writes = found
    if writing and not writes:
        raise NotAllowed
    return viewer


def add_account(
    database: Database, login: str, name: str, role: Role, agency_code: str | None, password: str | None
) -> Viewer:
    """Register a person (or, without a password, a service that never signs in); `database` is the owner's.

    Raises `BadInput` for a poor password or name, `AgencyRequired`, `AgencyNotFound`, and `NameTaken` for a login in use.
    """
    login, name = parse_login(login), parse_person_name(name)
    if password is not None:
        check_password(password, login, name)
    if agency_code is None and role.rights.dossiers is Reach.OWN_AGENCY:
        raise AgencyRequired(role_zh=role.zh, role_en=role.en)
    kept = None if password is None else secrets_kept.kept(password)
    with database.transaction() as session:
        agency_id = None if agency_code is None else people.agency_id(raw(session), agency_code)
        if agency_code is not None and agency_id is None:
            raise AgencyNotFound(agency=agency_code)
        account_id = people.add_account(raw(session), login, name, role, agency_id)
        if kept is not None:
            people.keep_password(raw(session), account_id, kept.setting, kept.verifier)
        viewer = people.viewer(raw(session), account_id)
    assert viewer is not None
    return viewer


def add_token(
    database: Database,
    login: str,
    token_name: str,
    now: datetime,
    expires_at: datetime,
    secret: str,
    *,
    writes: bool = True,
) -> None:
    """Let a program act as an account until `expires_at`, or only read; `database` is the owner's.

    Raises `AccountNotFound` and `BadInput`.
    """
    token_name = token_name.strip()
    if not token_name or len(token_name) > TOKEN_NAME_CHARACTERS_MAX or not token_name.isprintable():
        raise BadInput(
            problem_zh=f"令牌名称应为1至{TOKEN_NAME_CHARACTERS_MAX}个可见字符",
            problem_en=f"a token's name has 1 to {TOKEN_NAME_CHARACTERS_MAX} visible characters",
        )
    if expires_at <= now:
        raise BadInput(problem_zh="令牌的到期时间已过", problem_en="the token would have expired already")
    token = NewToken(token_name, now, expires_at, writes)
    with database.transaction() as session:
        if not people.add_token(raw(session), secret, login.strip().lower(), token):
            raise AccountNotFound(login=login)
