"""The second factor: one's own telephone says a code each half minute; a few recovery codes for when it is lost.

The secret lies under the site's key; the application checks codes, the database accepts each once and counts tries together with
those of the password.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from inventory.domain import second_factor
from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import AccountNotFound, NotAllowed, NotSignedIn, WrongCode
from inventory.operations.signing_in import secret_asked
from inventory.store import access
from inventory.store.access import FactorAsked
from inventory.store.database import Database, raw
from inventory.store.people import secret_hash


@dataclass(frozen=True, slots=True)
class Offer:
    """A new secret, as an app reads it and as a person types it."""

    address: str = field(repr=False)
    written: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FactorState:
    """Whether somebody has a second factor, and how many recovery codes are left."""

    enrolled: bool
    recovery_left: int


def state(database: Database, viewer: Viewer) -> FactorState:
    """The viewer's own."""
    asked = _asked(database, viewer)
    return FactorState(asked.cipher is not None, asked.recovery_left)


def offer(database: Database, viewer: Viewer, chance: bytes) -> Offer:
    """Show somebody a secret of `SECRET_BYTES`; it counts once a code of it is told. Shown again while it waits.

    Raises `NotAllowed` for a session that owes the code of a factor that is there.
    """
    pending = _asked(database, viewer).pending
    if pending is not None:
        secret = second_factor.read(database.keys.decrypt(pending))
    else:
        secret = chance
        with database.transaction(viewer) as session:
            if not access.offer_factor(raw(session), database.keys.encrypt(second_factor.written(secret))):
                raise NotAllowed
    return Offer(second_factor.address(secret, viewer.login), second_factor.written(secret))


def enrol(
    database: Database, viewer: Viewer, code: str, now: datetime, new_secret: str, chances: list[bytes]
) -> list[str]:
    """A code proves that the app has the secret; returns the recovery codes, shown this once.

    The session goes on under `new_secret`. Raises `WrongCode`.
    """
    pending = _asked(database, viewer).pending
    if pending is None:
        raise WrongCode
    step = second_factor.fitting_step(second_factor.read(database.keys.decrypt(pending)), code, now)
    if step is None:
        raise WrongCode
    codes = [second_factor.recovery_code(chance) for chance in chances]
    hashes = [sha256(one.encode()).digest() for one in codes]
    with database.transaction(viewer) as session:
        if not access.enrol_factor(raw(session), step, hashes, secret_hash(new_secret)):
            raise NotAllowed
    return codes


def prove(database: Database, viewer: Viewer, code: str, now: datetime, new_secret: str) -> None:
    """The code after the password: the session that owed it opens, under `new_secret`.

    Raises `WrongCode` also for a code that was accepted before, and `TooManyAttempts` as signing in does.
    """
    secret_asked(database, viewer.login, "password")
    cipher = _asked(database, viewer).cipher
    step = None
    if cipher is not None:
        step = second_factor.fitting_step(second_factor.read(database.keys.decrypt(cipher)), code, now)
    recovery = sha256(second_factor.recovery_typed(code).encode()).digest()
    with database.transaction(viewer) as session:
        told = access.tell_factor(raw(session), step, recovery, secret_hash(new_secret))
    if not told:
        raise WrongCode


def reset(database: Database, login: str, by: Viewer | None = None) -> None:
    """Take somebody's lost factor away and end his sessions: by the owner's role, or a system administrator.

    Raises `AccountNotFound`, also for whoever may not.
    """
    with database.transaction(by) as session:
        if not access.reset_factor(raw(session), login.strip().lower()):
            raise AccountNotFound(login=login)


def require(database: Database, role: Role, *, required: bool) -> None:
    """Say whom the site lets in only with a second factor; `database` is the owner's."""
    with database.transaction() as session:
        access.require_factor(raw(session), role.value, required=required)


def _asked(database: Database, viewer: Viewer) -> FactorAsked:
    with database.transaction(viewer) as session:
        asked = access.factor(raw(session))
    if asked is None:
        raise NotSignedIn
    return asked
