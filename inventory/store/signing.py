"""The files that sign and prove the ledger, all outside of the database: the signing key, the pinned keys, the receipts.

ledger.key            the private key, PEM, mode 0600; only the machine that signs has it
ledger-keys.jsonl     the public keys that are trusted, in the order they came into force; copy it elsewhere
checkpoints.jsonl     every checkpoint signed here, one line each; copy it elsewhere
"""

import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from inventory.domain.acts import EPOCH
from inventory.domain.checkpoints import Checkpoint, PublicKey, Signed, from_line
from inventory.domain.refusals import BadSetting, FileUnreadable

KEY_ID_BYTES = 8


@dataclass(frozen=True)
class LedgerFiles:
    """Where a site keeps what signs and proves its ledger."""

    signing_key: Path
    pinned_keys: Path
    receipts: Path

    @classmethod
    def of(cls, data_dir: Path, signing_key: Path) -> "LedgerFiles":
        """The files of a data directory; the signing key may lie elsewhere."""
        return cls(signing_key, data_dir / "ledger-keys.jsonl", data_dir / "checkpoints.jsonl")


@dataclass(frozen=True)
class Signer:
    """A signing key at hand, and its pinned public half."""

    public: PublicKey
    private: Ed25519PrivateKey = field(repr=False)

    def sign(self, checkpoint: Checkpoint) -> Signed:
        """The checkpoint with its root and signature."""
        return Signed(checkpoint, checkpoint.hash(), self.private.sign(checkpoint.signed_bytes()))


def is_signed_by(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether this key signed this message. A key that is none signed nothing."""
    try:
        public = load_der_public_key(b64decode(key.key, validate=True))
        if not isinstance(public, Ed25519PublicKey):
            return False
        public.verify(signature, message)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def new_key(files: LedgerFiles, now: datetime) -> PublicKey:
    """Make a signing key and pin it. Where keys are pinned already, it begins anew, unsigned by the one that was lost.

    Raises `BadSetting` where a signing key is there: it is to be rotated.
    """
    if files.signing_key.exists():
        raise _unusable(f"{files.signing_key} 已存在，请轮换", f"{files.signing_key} is there already; rotate it")
    private, pinned = Ed25519PrivateKey.generate(), pinned_keys(files.pinned_keys)
    public = _public(private, max([now, *(key.since for key in pinned)]), None)
    _write_private(files.signing_key, private)
    _append(files.pinned_keys, public.line())
    return public


def rotate_key(files: LedgerFiles, now: datetime) -> PublicKey:
    """Put a new signing key into force that the one before it signs in; raises `BadSetting` where there is none."""
    before = open_signer(files)
    private = Ed25519PrivateKey.generate()
    unsigned = _public(private, max(now, before.public.since + timedelta(microseconds=1)), before.public.key_id)
    public = PublicKey(
        unsigned.key_id, unsigned.key, unsigned.since, unsigned.signed_by, before.private.sign(unsigned.signed_bytes())
    )
    # Whenever this is cut short, the file that is pinned tells which of the two is in force: `open_signer` goes on from there.
    _write_private(_next(files), private)
    _append(files.pinned_keys, public.line())
    _next(files).replace(files.signing_key)
    return public


def open_signer(files: LedgerFiles) -> Signer:
    """The signing key; raises `BadSetting` where it is missing, readable by others, or not the one pinned last."""
    pinned = pinned_keys(files.pinned_keys)
    for path in (files.signing_key, _next(files)):
        if not path.exists():
            continue
        private = _read_private(path)
        if pinned and _key_text(private) == pinned[-1].key:
            if path != files.signing_key:
                path.replace(files.signing_key)
            return Signer(pinned[-1], private)
    if not files.signing_key.exists():
        raise _unusable(f"缺少 {files.signing_key}", f"{files.signing_key} is missing")
    raise _unusable(
        f"{files.signing_key} 不是 {files.pinned_keys} 中最后固定的密钥",
        f"{files.signing_key} isn't the key pinned last in {files.pinned_keys}",
    )


def pinned_keys(path: Path) -> list[PublicKey]:
    """The keys that are trusted, in order; none where there is no file. Raises `FileUnreadable`."""
    return [_key_of_line(path, number, line) for number, line in _lines(path)]


def _public(private: Ed25519PrivateKey, since: datetime, signed_by: str | None) -> PublicKey:
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PublicKey(sha256(raw).digest()[:KEY_ID_BYTES].hex(), _key_text(private), since, signed_by)


def _key_text(private: Ed25519PrivateKey) -> str:
    return b64encode(private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _key_of_line(path: Path, number: int, line: dict[str, object]) -> PublicKey:
    try:
        since, signature = line["since"], line.get("signature")
        if not isinstance(since, int) or not isinstance(line["key"], str):
            raise TypeError  # noqa: TRY301 - told as what it means for the file
        return PublicKey(
            str(line["key_id"]),
            line["key"],
            EPOCH + timedelta(microseconds=since),
            None if line.get("signed_by") is None else str(line["signed_by"]),
            None if signature is None else bytes.fromhex(str(signature)),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _unreadable(path, number) from None


def _next(files: LedgerFiles) -> Path:
    return files.signing_key.with_name(f"{files.signing_key.name}.next")


def _read_private(path: Path) -> Ed25519PrivateKey:
    try:
        if path.stat().st_mode & 0o077:
            raise _unusable(f"{path} 可被他人读取，请 chmod 600", f"{path} can be read by others: chmod 600")
        private = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        problem = getattr(error, "strerror", None) or "not a private key in PEM"
        raise _unusable(f"{path}: {problem}", f"{path}: {problem}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _unusable(f"{path} 不是 Ed25519 密钥", f"{path} isn't an Ed25519 key")
    return private


def _write_private(path: Path, private: Ed25519PrivateKey) -> None:
    """The file appears whole and on disk, or not."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise _unusable(f"{path}: {error.strerror}", f"{path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


# ── Receipts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def receipts(path: Path) -> list[Signed]:
    """The checkpoints noted in a file, oldest first; none where there is no file. Raises `FileUnreadable`."""
    noted = []
    for number, line in _lines(path):
        try:
            noted.append(from_line(line))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise _unreadable(path, number) from None
    return noted


def note_receipts(path: Path, signed: Iterable[Signed]) -> None:
    """Append checkpoints to the receipts and see them to the disk."""
    for one in signed:
        _append(path, one.line())


def _append(path: Path, line: dict[str, object]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _lines(path: Path) -> Iterable[tuple[int, dict[str, object]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "not UTF-8"
        raise FileUnreadable(file=path, problem_zh=problem, problem_en=problem) from error
    for number, line in enumerate(text.splitlines(), 1):
        try:
            content = json.loads(line)
        except ValueError:
            raise _unreadable(path, number) from None
        if not isinstance(content, dict):
            raise _unreadable(path, number)
        yield number, content


def _unreadable(path: Path, number: int) -> FileUnreadable:
    return FileUnreadable(file=path, problem_zh=f"第 {number} 行有误", problem_en=f"line {number} is wrong")


def _unusable(problem_zh: str, problem_en: str) -> BadSetting:
    return BadSetting(setting="GUIWEI_LEDGER_KEY_FILE", problem_zh=problem_zh, problem_en=problem_en)
