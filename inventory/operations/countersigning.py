"""The second person of an act: signs beside the first with a PIN of his own, once for a whole batch."""

from inventory.domain.people import Viewer, check_pin
from inventory.domain.refusals import AccountNotFound, WrongPassword, WrongPin
from inventory.operations import secrets_kept
from inventory.operations.signing_in import known_form, renew_outdated, secret_asked
from inventory.store import people
from inventory.store.database import Database, raw


def countersign(database: Database, viewer: Viewer, login: str, secret: str) -> Viewer:
    """Whoever signs as the second person beside `viewer`: by the PIN where one is set, else by the password.

    The database notes it for the one act that follows within five minutes. Raises `WrongPin` for a wrong login or secret, after
    the same time for both, and `TooManyAttempts` while the login is locked; failures count together with those of signing in.
    What role may stand beside an act is the act's own rule.
    """
    secret = secret.strip()
    asked = secret_asked(database, login, "pin")
    proof = secrets_kept.proof(secret, asked.setting)
    with database.transaction(viewer) as session:
        witness = people.countersigned(raw(session), known_form(login), proof)
    if witness is None:
        raise WrongPin
    renew_outdated(database, login, secret, "pin", asked)
    return witness


def set_pin(database: Database, login: str, pin: str) -> None:
    """Give an account its PIN, six digits; raises `BadInput` for a poor one and `AccountNotFound`.

    For the command line (`database` is the owner's), whoever runs it answers for knowing the person; people themselves use
    `change_pin`.
    """
    check_pin(pin)
    login = login.strip().lower()
    kept = secrets_kept.kept(pin)
    with database.transaction() as session:
        if not people.set_pin(raw(session), login, kept.setting, kept.verifier):
            raise AccountNotFound(login=login)


def change_pin(database: Database, viewer: Viewer, password: str, pin: str) -> None:
    """Somebody sets his own PIN, his password proving who it is; raises `WrongPassword`, `TooManyAttempts`, `BadInput`."""
    check_pin(pin)
    asked = secret_asked(database, viewer.login, "password")
    proof, kept = secrets_kept.proof(password, asked.setting), secrets_kept.kept(pin)
    with database.transaction(viewer) as session:
        changed = people.change_pin(raw(session), proof, kept.setting, kept.verifier)
    if not changed:
        raise WrongPassword


def has_pin(database: Database, viewer: Viewer) -> bool:
    """Whether the viewer has a PIN; without one the password signs."""
    with database.transaction(viewer) as session:
        return people.has_pin(raw(session))
