"""Badges at the desk: ask for a tap, see whose it is, sign in or sign beside somebody with it, give badges out and end them.

A tap says which card lay there, the holder's PIN that it was he. The database lets each tap prove somebody once and counts
wrong PINs together with wrong passwords; the signature of a badge that has one is checked here.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from inventory.domain.badges import TapState, signed_bytes
from inventory.domain.cells import parse_text
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import AccountNotFound, BadgeNotFound, NoSuchReader, TapMissing, WrongBadge, WrongPin
from inventory.operations import second_factor, secrets_kept
from inventory.operations.signing_in import secret_asked
from inventory.store import taps
from inventory.store.database import Database, raw
from inventory.store.people import secret_hash
from inventory.store.taps import BadgeRow, Desk, WishSeen


@dataclass(frozen=True, slots=True)
class TapSeen:
    """How a wish stands; login and name of the badge's holder once a badge was laid down that proves itself."""

    wish_id: int
    reader: str
    state: TapState
    login: str | None = None
    name: str | None = None


def desks(database: Database, viewer: Viewer) -> list[Desk]:
    """The desks a badge can be laid on; also for a session that owes its second factor."""
    with database.transaction(viewer) as session:
        return taps.desks(raw(session))


def ask(database: Database, viewer: Viewer, desk: str, challenge: bytes) -> TapSeen:
    """Wait at a desk for a tap, up to two minutes, as long as `look` is called; `challenge`: `CHALLENGE_BYTES` by chance.

    Raises `NoSuchReader`, and `DeskTaken` while somebody else waits there.
    """
    with database.transaction(viewer) as session:
        wish = taps.wish(raw(session), desk, challenge)
    if wish is None:
        raise NoSuchReader(reader=desk)
    return TapSeen(wish, desk, TapState.WAITING)


def look(database: Database, viewer: Viewer, wish_id: int) -> TapSeen:
    """How it stands; raises `TapMissing` for a wish that isn't this session's."""
    seen = _seen(database, viewer, wish_id)
    state = _state(seen)
    laid = state is TapState.LAID
    return TapSeen(wish_id, seen.reader, state, seen.login if laid else None, seen.name if laid else None)


def prove(database: Database, viewer: Viewer, wish_id: int, pin: str, new_secret: str) -> None:
    """The badge and its PIN after the password: the session that owed a second factor opens, under `new_secret`.

    Raises `WrongBadge` where either isn't the viewer's, and `TooManyAttempts` as signing in does.
    """
    asked = secret_asked(database, viewer.login, "pin")
    seen = _seen(database, viewer, wish_id)
    proof = secrets_kept.proof(pin.strip(), asked.setting)
    with database.transaction(viewer) as session:
        told = taps.tell(
            raw(session), wish_id, seen, verified=_verified(seen), proof=proof, new_hash=secret_hash(new_secret)
        )
    if not told:
        raise WrongBadge


def countersign(database: Database, viewer: Viewer, wish_id: int, pin: str) -> Viewer:
    """Whoever signs as the second person beside `viewer`, by the badge laid down and its holder's PIN.

    As `countersigning.countersign`, noted for the one act that follows. Raises `TapMissing` where no badge lies there,
    `WrongPin`, `TooManyAttempts`.
    """
    seen = _seen(database, viewer, wish_id)
    if _state(seen) is not TapState.LAID or seen.login is None:
        raise TapMissing
    asked = secret_asked(database, seen.login, "pin")
    proof = secrets_kept.proof(pin.strip(), asked.setting)
    with database.transaction(viewer) as session:
        witness = taps.countersign(raw(session), wish_id, seen, verified=_verified(seen), proof=proof)
    if witness is None:
        raise WrongPin
    return witness


def countersigned_before(database: Database, viewer: Viewer, wish_id: int, pin: str) -> Viewer:
    """Whoever signed by this tap a moment ago, for a form that is sent twice: named again with the PIN, signing nothing more.

    Raises `TapMissing`, also for a wrong PIN.
    """
    seen = _seen(database, viewer, wish_id)
    if seen.login is None:
        raise TapMissing
    proof = secrets_kept.proof(pin.strip(), secret_asked(database, seen.login, "pin").setting)
    with database.transaction(viewer) as session:
        before = taps.signed_before(raw(session), wish_id, seen, verified=_verified(seen), proof=proof)
    if before is None:
        raise TapMissing
    return before


def issue(database: Database, viewer: Viewer, wish_id: int, login: str) -> None:
    """The card laid down becomes somebody's badge, in the place of the one he has.

    A card that can sign is held to it from now on. Raises `NotAllowed`, `TapMissing`, `BadgeTaken`, `AccountNotFound`.
    """
    check_permitted(viewer, Permission.MANAGE_ACCOUNTS)
    seen = _seen(database, viewer, wish_id)
    if seen.uid is None:
        raise TapMissing
    if seen.shown_key is not None and not _signed(seen, seen.shown_key):
        raise TapMissing
    with database.transaction(viewer) as session:
        if not taps.issue(raw(session), wish_id, seen, login.strip().lower(), seen.shown_key):
            raise AccountNotFound(login=login)


def end(database: Database, viewer: Viewer | None, login: str, reason: str) -> None:
    """End somebody's badge and his other sessions: by its holder, a system administrator, or None for the owner's role.

    Raises `BadgeNotFound`, also for whoever may not.
    """
    said = parse_text(reason.strip())
    with database.transaction(viewer) as session:
        if not taps.end(raw(session), login.strip().lower(), said):
            raise BadgeNotFound(login=login)


def badge_of(database: Database, viewer: Viewer) -> BadgeRow | None:
    """The viewer's own badge; also for a session that owes its second factor."""
    with database.transaction(viewer) as session:
        return next(iter(taps.badges(raw(session), everybody=False)), None)


def may_type_code(database: Database, viewer: Viewer) -> bool:
    """Whether a session that owes its second factor may type a code: not where the account's only factor is its badge."""
    return second_factor.state(database, viewer).enrolled


def badges(database: Database, viewer: Viewer | None = None) -> list[BadgeRow]:
    """Everybody's, for a system administrator, or the owner's role."""
    if viewer is not None:
        check_permitted(viewer, Permission.MANAGE_ACCOUNTS)
    with database.transaction(viewer) as session:
        return taps.badges(raw(session), everybody=True)


def heard_lately(desk: Desk, now: datetime, seconds: float) -> bool:
    """Whether a desk has spoken in the last `seconds`."""
    return desk.last_message_at is not None and (now - desk.last_message_at).total_seconds() <= seconds


def _seen(database: Database, viewer: Viewer, wish_id: int) -> WishSeen:
    with database.transaction(viewer) as session:
        seen = taps.seen(raw(session), wish_id)
    if seen is None:
        raise TapMissing
    return seen


def _state(seen: WishSeen) -> TapState:
    if seen.is_over:
        return TapState.OVER
    if seen.uid is None:
        return TapState.SILENT if seen.command_state in {"failed", "timed_out"} else TapState.WAITING
    if seen.login is None:
        return TapState.NOBODYS
    return TapState.LAID if seen.public_key is None or _verified(seen) else TapState.FORGED


def _verified(seen: WishSeen) -> bool:
    """Whether the badge that lies there has a key and signed the challenge with it."""
    return seen.public_key is not None and _signed(seen, seen.public_key)


def _signed(seen: WishSeen, key: bytes) -> bool:
    if seen.signature is None:
        return False
    try:
        point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), key)
        point.verify(seen.signature, signed_bytes(seen.challenge), ECDSA(SHA256()))
    except (InvalidSignature, ValueError):  # ValueError: no point of the curve
        return False
    return True
