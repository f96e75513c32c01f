"""One's own password, sessions and tokens; everybody's, and their accounts, for the system administrator."""

from inventory.domain.people import Viewer, check_password, parse_login, parse_person_name
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import AccountNotFound, BadInput, SessionNotFound, WrongPassword
from inventory.operations import secrets_kept
from inventory.operations.signing_in import secret_asked
from inventory.store import access, people
from inventory.store.access import AccountSeen, SessionSeen, TokenSeen
from inventory.store.database import Database, raw
from inventory.store.people import secret_hash

PASSWORDS_REMEMBERED = 5  # The one in use and four before it; 0003_sessions.sql keeps as many.


def change_password(database: Database, viewer: Viewer, password: str, new: str, new_secret: str) -> None:
    """A new password for oneself; other sessions end and this one goes on under `new_secret`.

    Raises `BadInput` for a poor one or one of the last `PASSWORDS_REMEMBERED`, `WrongPassword`, `TooManyAttempts`.
    """
    check_password(new, viewer.login, viewer.name)
    asked = secret_asked(database, viewer.login, "password")
    with database.transaction(viewer) as session:
        settings = access.password_settings(raw(session))
    proofs = [secrets_kept.proof(new, setting) for setting in settings]
    proof, kept = secrets_kept.proof(password, asked.setting), secrets_kept.kept(new)
    with database.transaction(viewer) as session:
        connection = raw(session)
        if access.password_used(connection, proofs):
            raise BadInput(
                problem_zh=f"新密码不能是最近 {PASSWORDS_REMEMBERED} 次用过的密码",
                problem_en=f"the new password must be none of the last {PASSWORDS_REMEMBERED}",
            )
        changed = access.change_password(connection, proof, kept.setting, kept.verifier, secret_hash(new_secret))
    if not changed:
        raise WrongPassword


def set_password(database: Database, login: str, password: str) -> None:
    """Give somebody a password; his sessions end. `database` is the owner's; people change their own."""
    login = login.strip().lower()
    check_password(password, login)
    kept = secrets_kept.kept(password)
    with database.transaction() as session:
        if not access.set_password(raw(session), login, kept.setting, kept.verifier):
            raise AccountNotFound(login=login)


def sessions(database: Database, viewer: Viewer, *, everybody: bool = False) -> list[SessionSeen]:
    """Open sessions: one's own, or everybody's for a system administrator."""
    with database.transaction(viewer) as session:
        return access.sessions(raw(session), everybody=everybody)


def end_session(database: Database, viewer: Viewer, session_id: int) -> None:
    """End a session; raises `SessionNotFound` also for one that isn't the viewer's to end."""
    with database.transaction(viewer) as session:
        if not access.end_session(raw(session), session_id):
            raise SessionNotFound


def tokens(database: Database, viewer: Viewer | None = None, *, everybody: bool = False) -> list[TokenSeen]:
    """Tokens that open something: one's own, or everybody's for a system administrator or the owner's role."""
    with database.transaction(viewer) as session:
        return access.tokens(raw(session), everybody=everybody)


def revoke_token(database: Database, token_id: int, by: Viewer | None = None) -> None:
    """End a token; raises `SessionNotFound` also for one that isn't the viewer's to end."""
    with database.transaction(by) as session:
        if not access.revoke_token(raw(session), token_id):
            raise SessionNotFound


def accounts(database: Database, by: Viewer | None = None) -> list[AccountSeen]:
    """Every account, for a system administrator or the owner's role; for others none."""
    with database.transaction(by) as session:
        return access.accounts(raw(session))


def make(database: Database, viewer: Viewer, login: str, name: str, password: str) -> str:
    """A system administrator makes an account that may do nothing until a role is granted; returns its login.

    Raises `BadInput` for a poor password or name, and `NameTaken`.
    """
    check_permitted(viewer, Permission.MANAGE_ACCOUNTS)
    login, name = parse_login(login), parse_person_name(name)
    check_password(password, login, name)
    kept = secrets_kept.kept(password)
    with database.transaction(viewer) as session:
        people.make_account(raw(session), login, name, kept.setting, kept.verifier)
    return login


def lock(database: Database, login: str, by: Viewer | None = None, *, shut: bool) -> None:
    """Shut an account with its sessions and tokens, or open it again.

    Raises `AccountNotFound`, also for whoever may not.
    """
    with database.transaction(by) as session:
        if not access.lock_account(raw(session), login.strip().lower(), shut=shut):
            raise AccountNotFound(login=login)
