"""Passwords and PINs: argon2id is computed here, a few at a time; the database keeps and compares what comes of it.

A *setting* is what argon2id needs besides the secret (`$argon2id$v=19$m=65536,t=3,p=4$salt`), a *proof* its raw result, and
a *verifier* the SHA-256 of the proof. Only a proof opens anything, and nothing that is stored is one.
"""

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from threading import BoundedSemaphore

from argon2.low_level import Type, hash_secret_raw
from argon2.profiles import RFC_9106_LOW_MEMORY as TODAY

from inventory.domain.people import PASSWORD_CHARACTERS_MAX

# Each check takes 64 MiB and a core for a twentieth of a second; more at once would starve the searches.
CHECKS_AT_ONCE_MAX = 2
MEMORY_KIB_MAX, PASSES_MAX, LANES_MAX = (
    1_048_576,
    20,
    16,
)  # A setting comes from the database; it must not stop the machine.

_PARAMETERS = f"$argon2id$v={TODAY.version}$m={TODAY.memory_cost},t={TODAY.time_cost},p={TODAY.parallelism}$"
_checks = BoundedSemaphore(CHECKS_AT_ONCE_MAX)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored of a secret."""

    setting: str
    verifier: bytes = field(repr=False)


def kept(secret: str) -> Kept:
    """What is stored of a new secret, under a salt of its own and today's parameters."""
    setting = _PARAMETERS + b64encode(secrets.token_bytes(TODAY.salt_len)).decode().rstrip("=")
    return Kept(setting, sha256(proof(secret, setting)).digest())


def proof(secret: str, setting: str) -> bytes:
    """What shows that somebody knows the secret of a setting; takes as long for one that is far too long."""
    if len(secret) > PASSWORD_CHARACTERS_MAX:
        secret = ""  # Still computed, so that it takes its time; nothing stored is of an empty secret.
    _, kind, version, numbers, salt = setting.split("$")
    memory, passes, lanes = (int(part.partition("=")[2]) for part in numbers.split(","))
    assert kind == "argon2id"
    assert max(memory / MEMORY_KIB_MAX, passes / PASSES_MAX, lanes / LANES_MAX) <= 1
    with _checks:
        return hash_secret_raw(
            secret.encode("utf-8", "surrogatepass"),
            b64decode(salt + "=" * (-len(salt) % 4)),
            time_cost=passes,
            memory_cost=memory,
            parallelism=lanes,
            hash_len=TODAY.hash_len,
            type=Type.ID,
            version=int(version.partition("=")[2]),
        )


def is_outdated(setting: str) -> bool:
    """Whether it was stored with other parameters than today's."""
    return not setting.startswith(_PARAMETERS)
