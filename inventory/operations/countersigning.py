"""The second person of an act: signs beside the first with a PIN of his own, once for a whole batch."""

from datetime import datetime

from inventory.domain.people import Viewer, check_pin
from inventory.domain.refusals import AccountNotFound, WrongPassword, WrongPin
from inventory.operations import secrets_kept
from inventory.operations.signing_in import counted_attempt
from inventory.store import people
from inventory.store.database import Database, raw
from inventory.store.people import SignInAttempt


def countersign(database: Database, login: str, secret: str, now: datetime) -> Viewer:
    """Whoever signs as the second person: by the PIN where one is set, else by the password.

    Raises `WrongPin` for a wrong login or secret, after the same time for both, and `TooManyAttempts` while the account is
    locked; failures count together with those of signing in. What role may stand beside an act is the act's own rule.
    """
    attempt = counted_attempt(database, login, now)
    stored = None if attempt is None else attempt.pin_hash or attempt.password_hash
    right = secrets_kept.fits(secret.strip(), stored)
    if attempt is None or not right:
        _log(database, attempt, "countersign_failed", now)
        raise WrongPin
    with database.transaction() as session:
        connection = raw(session)
        people.forgive_attempts(connection, attempt.account_id, None)
        people.log_access(connection, attempt.account_id, "countersign", now)
        viewer = people.viewer(connection, attempt.account_id)
    assert viewer is not None
    return viewer


def set_pin(database: Database, login: str, pin: str) -> None:
    """Give an account its PIN, six digits; raises `BadInput` for a poor one and `AccountNotFound`.

    For the command line, whoever runs it answers for knowing the person; people themselves use `change_pin`.
    """
    check_pin(pin)
    login = login.strip().lower()
    pin_hash = secrets_kept.kept(pin)
    with database.transaction() as session:
        if people.set_pin(raw(session), login, pin_hash) is None:
            raise AccountNotFound(login=login)


def change_pin(database: Database, viewer: Viewer, password: str, pin: str, now: datetime) -> None:
    """Somebody sets his own PIN, his password proving who it is; raises `WrongPassword`, `TooManyAttempts`, `BadInput`."""
    check_pin(pin)
    attempt = counted_attempt(database, viewer.login, now)
    right = secrets_kept.fits(password, None if attempt is None else attempt.password_hash)
    if attempt is None or not right:
        _log(database, attempt, "pin_refused", now)
        raise WrongPassword
    pin_hash = secrets_kept.kept(pin)
    with database.transaction(viewer) as session:
        connection = raw(session)
        people.forgive_attempts(connection, attempt.account_id, None)
        people.set_pin(connection, viewer.login, pin_hash)
        people.log_access(connection, attempt.account_id, "pin_set", now)


def has_pin(database: Database, viewer: Viewer) -> bool:
    """Whether the viewer has a PIN; without one the password signs."""
    with database.transaction(viewer) as session:
        return people.has_pin(raw(session), viewer.account_id)


def _log(database: Database, attempt: SignInAttempt | None, act: str, now: datetime) -> None:
    if attempt is not None:
        with database.transaction() as session:
            people.log_access(raw(session), attempt.account_id, act, now)
