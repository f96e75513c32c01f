"""Passwords and PINs: kept as argon2id, checked a few at a time."""

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from inventory.domain.people import PASSWORD_CHARACTERS_MAX

# Each check takes 64 MiB and a core for a twentieth of a second; more at once would starve the searches.
CHECKS_AT_ONCE_MAX = 2

_hasher = PasswordHasher()  # argon2id with the parameters of RFC 9106's low-memory profile
_NOBODYS_HASH = _hasher.hash("nobody's password")
_checks = BoundedSemaphore(CHECKS_AT_ONCE_MAX)


def kept(secret: str) -> str:
    """What is stored of a secret."""
    return _hasher.hash(_bytes(secret))


def fits(secret: str, stored: str | None) -> bool:
    """Whether it is the secret; takes as long where nothing is stored."""
    if len(secret) > PASSWORD_CHARACTERS_MAX:
        secret = ""  # Still checked, so that it takes its time; nothing stored is of an empty secret.
    with _checks:
        try:
            right = _hasher.verify(stored or _NOBODYS_HASH, _bytes(secret))
        except (VerifyMismatchError, InvalidHashError):
            return False
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether it was stored with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _bytes(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")
