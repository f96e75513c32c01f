"""The keys that guard ID numbers: AES-256-GCM for the number itself, HMAC-SHA-256 for finding it again."""

import hmac
import json
import os
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from inventory.domain.refusals import BadSetting

KEY_BYTES = 32
NONCE_BYTES = 12
HASH_BYTES = 16  # 128 bits of the HMAC: no accidental match among ten million, half the index
KEY_ID_MAX = 255  # one byte before the nonce; 0, a site's first key, is written without
_FIRST = 0


@dataclass(frozen=True)
class Keys:
    """What a key file holds: encryption keys by their id, the last one in use, and the keys of look-ups; 32 bytes each.

    A look-up token is made by all keys up to its generation, each over what the one before made. So a new key needs no ID
    number to make new tokens of old ones, and no key of look-ups ever goes.
    """

    encryption: tuple[tuple[int, bytes], ...] = field(repr=False)
    lookup: tuple[bytes, ...] = field(repr=False)
    generation: int = 0  # of the look-up tokens that are written; a key after it is on its way in


class KeyRing:
    """A site's keys. Whoever loses them loses the ID numbers, and nothing else.

    Read from a file, they are read again when it changes: a rotation needs no process to be started anew.
    """

    def __init__(self, keys: Keys, path: Path | None = None) -> None:
        """`path`: the file they come from, if they do."""
        self._keys, self._path = keys, path
        self._read_as = None if path is None else _stamp(path)

    def __repr__(self) -> str:
        """Never the keys."""
        return f"KeyRing({self._path})"

    @property
    def keys(self) -> Keys:
        """The keys as the file has them now; a file that is away or being copied leaves what was read before."""
        if self._path is not None and (stamp := _stamp(self._path)) not in {None, self._read_as}:
            with suppress(BadSetting):
                self._keys = _read(self._path)
                self._read_as = stamp
        return self._keys

    def for_one_work(self) -> "KeyRing":
        """The keys as they are now, for as long as one piece of work takes: a million rows needn't look at the file each."""
        return KeyRing(self.keys)

    def encrypt(self, id_number: str) -> bytes:
        """Key id, nonce, ciphertext and tag of an ID number."""
        key_id, key = self.keys.encryption[-1]
        nonce = os.urandom(NONCE_BYTES)
        return _prefix(key_id) + nonce + AESGCM(key).encrypt(nonce, id_number.encode(), None)

    def decrypt(self, cipher: bytes) -> str:
        """The ID number again. Raises `BadSetting` where the key file isn't the one it was encrypted with."""
        return self._opened(cipher)[1]

    def is_current(self, cipher: bytes) -> bool:
        """Whether it is encrypted with the key in use; raises `BadSetting` where no key opens it."""
        return self._opened(cipher)[0] == self.keys.encryption[-1][0]

    def _opened(self, cipher: bytes) -> tuple[int, str]:
        # A first key's ciphers begin with a random byte, so the id is only a hint; the tag says which key it was.
        for key_id, key in reversed(self.keys.encryption):
            if not cipher.startswith(_prefix(key_id)):
                continue
            body = cipher[len(_prefix(key_id)) :]
            with suppress(InvalidTag):
                return key_id, AESGCM(key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], None).decode()
        raise BadSetting(
            setting="GUIWEI_KEY_FILE",
            problem_zh="与数据库中的证件号密文不匹配",
            problem_en="it doesn't fit the ID numbers in the database",
        )

    def number_hash(self, id_number: str) -> bytes:
        """What a whole ID number is found by, as it is written today."""
        return self._token(b"number " + id_number.encode(), self.keys.generation)

    def last_six_hash(self, last_six: str) -> bytes:
        """What the last six characters of an ID number are found by, as it is written today."""
        return self._token(b"last six " + last_six.encode(), self.keys.generation)

    def command_hash(self, command_id: UUID, id_number: str) -> bytes:
        """What a command's content has in place of an ID number: nobody can try numbers without the keys.

        Of the first key, which never goes: a form sent again while keys change is the same form. And of this command alone.
        """
        return self._token(b"command " + command_id.bytes + id_number.encode(), _FIRST)

    def number_hashes(self, id_number: str) -> list[bytes]:
        """Whatever a whole ID number may be found by at this moment, also while the key of look-ups changes."""
        return [self._token(b"number " + id_number.encode(), one) for one in self._asked()]

    def last_six_hashes(self, last_six: str) -> list[bytes]:
        """The same of its last six characters."""
        return [self._token(b"last six " + last_six.encode(), one) for one in self._asked()]

    def _asked(self) -> range:
        """The generation written, the one before it and the one to come: whoever asks may be a moment early or late."""
        keys = self.keys
        return range(max(keys.generation - 1, 0), min(keys.generation + 2, len(keys.lookup)))

    def _token(self, content: bytes, generation: int) -> bytes:
        keys = self.keys
        token = hmac.digest(keys.lookup[0], content, "sha256")[:HASH_BYTES]
        for number in range(1, generation + 1):
            token = next_token(keys, token, number)
        return token


def next_token(keys: Keys, token: bytes, generation: int) -> bytes:
    """A look-up token's successor under the key of a generation: its number, then 16 bytes (those of the first have none)."""
    return bytes((generation,)) + hmac.digest(keys.lookup[generation], token, "sha256")[:HASH_BYTES]


def new_key_ring() -> KeyRing:
    """Fresh random keys."""
    return KeyRing(_fresh())


def load_key_ring(path: Path, *, make: bool) -> KeyRing:
    """The keys of a file (JSON, base64, mode 0600); with `make`, a missing file is written with fresh keys.

    Raises `BadSetting` where the file is missing, unreadable or not a key file.
    """
    try:
        if make and not path.exists():
            _write(path, _fresh())
    except OSError as error:
        raise _unusable(f"{path}: {error.strerror}") from error
    return KeyRing(_read(path), path)


def key_ring_of(text: str) -> KeyRing:
    """The keys of a key file's content, as the environment hands it over; raises `BadSetting`."""
    return KeyRing(_parsed(text, "GUIWEI_KEYS"))


def add_lookup_key(path: Path) -> Keys:
    """Put a new key of look-ups on its way in, unless one is already; nothing is written with it yet."""
    keys = _read(path)
    if len(keys.lookup) == keys.generation + 1:
        if keys.generation == KEY_ID_MAX:
            raise _unusable(f"{path}: its {KEY_ID_MAX} look-up keys are used up")
        keys = replace(keys, lookup=(*keys.lookup, secrets.token_bytes(KEY_BYTES)))
        _write(path, keys, anew=True)
    return keys


def use_lookup_key(path: Path, generation: int) -> None:
    """Write look-up tokens of this generation from now on."""
    _write(path, replace(_read(path), generation=generation), anew=True)


def add_key(path: Path) -> int:
    """Put a new encryption key into use, the older ones stay for what they encrypted; returns its id."""
    keys = _read(path)
    key_id = keys.encryption[-1][0] + 1
    if key_id > KEY_ID_MAX:
        raise _unusable(f"{path}: its {KEY_ID_MAX} key ids are used up")
    _write(path, replace(keys, encryption=(*keys.encryption, (key_id, secrets.token_bytes(KEY_BYTES)))), anew=True)
    return key_id


def drop_older_keys(path: Path) -> int:
    """Leave only the key in use; returns how many went. Whatever they encrypted is lost: see that there is nothing."""
    keys = _read(path)
    _write(path, replace(keys, encryption=keys.encryption[-1:]), anew=True)
    return len(keys.encryption) - 1


def _fresh() -> Keys:
    return Keys(((_FIRST, secrets.token_bytes(KEY_BYTES)),), (secrets.token_bytes(KEY_BYTES),))


def _prefix(key_id: int) -> bytes:
    return b"" if key_id == _FIRST else bytes((key_id,))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _read(path: Path) -> Keys:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(f"{path}: {getattr(error, 'strerror', None) or 'not a key file'}") from error
    return _parsed(text, "GUIWEI_KEY_FILE", f"{path}: ")


def _parsed(text: str, setting: str, where: str = "") -> Keys:
    """Also a file of before there were several keys: `encryption_key` and `lookup_key` alone are a site's first."""
    try:
        content = json.loads(text)
        told = content.get("encryption_keys") or [{"id": _FIRST, "key": content["encryption_key"]}]
        encryption = tuple((int(one["id"]), b64decode(one["key"])) for one in told)
        later = tuple(b64decode(key) for key in content.get("later_lookup_keys", []))
        keys = Keys(encryption, (b64decode(content["lookup_key"]), *later), int(content.get("lookup_generation", 0)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(f"{where}not a key file", setting) from error
    if {*map(len, keys.lookup), *(len(key) for _, key in encryption)} != {KEY_BYTES}:
        raise _unusable(f"{where}not keys of {KEY_BYTES} bytes", setting)
    ids = [key_id for key_id, _ in encryption]
    if ids != sorted(set(ids)) or not _FIRST <= ids[0] <= ids[-1] <= KEY_ID_MAX:
        raise _unusable(f"{where}its key ids don't rise", setting)
    if not 0 <= keys.generation < len(keys.lookup) <= min(keys.generation + 2, KEY_ID_MAX + 1):
        raise _unusable(f"{where}its look-up keys don't fit their generation", setting)
    return keys


def _write(path: Path, keys: Keys, *, anew: bool = False) -> None:
    """The file appears whole and on disk, or not. Of two processes that make it at once, one writes and both read it."""
    if keys.encryption[0][0] == keys.encryption[-1][0] == _FIRST:
        content: dict[str, object] = {"encryption_key": b64encode(keys.encryption[0][1]).decode()}
    else:
        content = {"encryption_keys": [{"id": one, "key": b64encode(key).decode()} for one, key in keys.encryption]}
    content["lookup_key"] = b64encode(keys.lookup[0]).decode()
    if len(keys.lookup) > 1:
        content["later_lookup_keys"] = [b64encode(key).decode() for key in keys.lookup[1:]]
        content["lookup_generation"] = keys.generation
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        if anew:
            fresh.replace(path)
            return
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)


def _unusable(problem: str, setting: str = "GUIWEI_KEY_FILE") -> BadSetting:
    return BadSetting(setting=setting, problem_zh=problem, problem_en=problem)
