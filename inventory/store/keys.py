"""The keys that guard ID numbers: AES-256-GCM for the number itself, HMAC-SHA-256 for finding it again."""

import hmac
import json
import os
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from inventory.domain.refusals import BadSetting

KEY_BYTES = 32
NONCE_BYTES = 12
HASH_BYTES = 16  # 128 bits of the HMAC: no accidental match among ten million, half the index


@dataclass(frozen=True)
class KeyRing:
    """The two secret keys of a site, 32 bytes each. Whoever loses them loses the ID numbers, and nothing else."""

    encryption_key: bytes = field(repr=False)
    lookup_key: bytes = field(repr=False)

    def encrypt(self, id_number: str) -> bytes:
        """Nonce, ciphertext and tag of an ID number."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.encryption_key).encrypt(nonce, id_number.encode(), None)

    def decrypt(self, cipher: bytes) -> str:
        """The ID number again. Raises `BadSetting` where the key file isn't the one it was encrypted with."""
        try:
            return AESGCM(self.encryption_key).decrypt(cipher[:NONCE_BYTES], cipher[NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise BadSetting(
                setting="GUIWEI_KEY_FILE",
                problem_zh="与数据库中的证件号密文不匹配",
                problem_en="it doesn't fit the ID numbers in the database",
            ) from None

    def number_hash(self, id_number: str) -> bytes:
        """What a whole ID number is found by."""
        return hmac.digest(self.lookup_key, b"number " + id_number.encode(), "sha256")[:HASH_BYTES]

    def last_six_hash(self, last_six: str) -> bytes:
        """What the last six characters of an ID number are found by."""
        return hmac.digest(self.lookup_key, b"last six " + last_six.encode(), "sha256")[:HASH_BYTES]


def new_key_ring() -> KeyRing:
    """Fresh random keys."""
    return KeyRing(secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))


def load_key_ring(path: Path, *, make: bool) -> KeyRing:
    """The keys of a file (JSON, base64, mode 0600); with `make`, a missing file is written with fresh keys.

    Raises `BadSetting` where the file is missing, unreadable or not a key file.
    """
    try:
        if make and not path.exists():
            _write(path, new_key_ring())
    except OSError as error:
        raise _unusable(f"{path}: {error.strerror}") from error
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        keys = KeyRing(b64decode(content["encryption_key"]), b64decode(content["lookup_key"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unusable(f"{path}: {getattr(error, 'strerror', None) or 'not a key file'}") from error
    if {len(keys.encryption_key), len(keys.lookup_key)} != {KEY_BYTES}:
        raise _unusable(f"{path}: not two keys of {KEY_BYTES} bytes")
    return keys


def _write(path: Path, keys: KeyRing) -> None:
    """Of two processes that start at once, one writes the file and both read it: it appears whole and on disk, or not."""
    content = {
        "encryption_key": b64encode(keys.encryption_key).decode(),
        "lookup_key": b64encode(keys.lookup_key).decode(),
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)


def _unusable(problem: str) -> BadSetting:
    return BadSetting(setting="GUIWEI_KEY_FILE", problem_zh=problem, problem_en=problem)
