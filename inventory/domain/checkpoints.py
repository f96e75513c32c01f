"""Checkpoints (账本检查点): signed roots of the ledger, the keys that sign them, and the commands' chain they cover.

A checkpoint says how far a warehouse's chain of acts and the site's chain of commands go, and the hash of each one's last entry.
It is signed by Ed25519, and says the hash of the checkpoint before it: whoever knows one, knows all before it. Its own hash is
the *signed root* that stands on papers. What exactly is hashed and signed: `docs/ledger.md`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from inventory.domain.acts import EPOCH, microseconds
from inventory.domain.faults import Fault
from inventory.domain.netstrings import netstrings

ROOT_DIGITS_MIN = 16  # of a root somebody has on paper: no two roots of a city begin alike
ROOT_DIGITS_PRINTED = 24  # 96 bits: nobody makes a second ledger whose root begins so


def first_hash(warehouse: str) -> bytes:
    """What the first checkpoint of a warehouse says instead of the hash of one before it."""
    return sha256(b"guiwei checkpoints " + warehouse.encode()).digest()


def grouped(root: bytes | str) -> str:
    """A signed root as people compare it: its first 24 hexadecimal digits, in fours."""
    digits = (root if isinstance(root, str) else root.hex())[:ROOT_DIGITS_PRINTED]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the ledger goes. acts, commands: the last entry's number, and so how many there are.

    made_at: aware UTC. key_id: of the key that signs it.
    """

    warehouse: str
    number: int
    acts: int
    act_hash: bytes
    commands: int
    command_hash: bytes
    made_at: datetime
    previous_hash: bytes
    key_id: str

    def signed_bytes(self) -> bytes:
        """The canonical bytes: what is signed, and what the signed root is the SHA-256 of."""
        return netstrings(
            "guiwei checkpoint 1",
            self.warehouse,
            str(self.number),
            str(self.acts),
            self.act_hash.hex(),
            str(self.commands),
            self.command_hash.hex(),
            str(microseconds(self.made_at)),
            self.previous_hash.hex(),
            self.key_id,
        )

    def hash(self) -> bytes:
        """The signed root; 32 bytes."""
        return sha256(self.signed_bytes()).digest()


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it is kept: with its hash and its signature."""

    checkpoint: Checkpoint
    hash: bytes
    signature: bytes

    def line(self) -> dict[str, object]:
        """As receipts, exports and the API tell it; hashes in hexadecimal, the time in microseconds since 1970."""
        one = self.checkpoint
        return {
            "warehouse": one.warehouse,
            "number": one.number,
            "acts": one.acts,
            "act_hash": one.act_hash.hex(),
            "commands": one.commands,
            "command_hash": one.command_hash.hex(),
            "made_at": microseconds(one.made_at),
            "previous_hash": one.previous_hash.hex(),
            "key_id": one.key_id,
            "hash": self.hash.hex(),
            "signature": self.signature.hex(),
        }


def from_line(line: dict[str, object]) -> Signed:
    """A checkpoint from what `Signed.line` told; raises `KeyError`, `TypeError` or `ValueError` where it is none."""

    def number(name: str) -> int:
        value = line[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(name)
        return value

    def digits(name: str) -> bytes:
        return bytes.fromhex(str(line[name]))

    checkpoint = Checkpoint(
        str(line["warehouse"]),
        number("number"),
        number("acts"),
        digits("act_hash"),
        number("commands"),
        digits("command_hash"),
        EPOCH + timedelta(microseconds=number("made_at")),
        digits("previous_hash"),
        str(line["key_id"]),
    )
    return Signed(checkpoint, digits("hash"), digits("signature"))


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checkpoints are signed with, from `since` on until the next one's. key: base64 of its SubjectPublicKeyInfo.

    signed_by: the key before it, whose signature brought it in; None for a key that is trusted because it is pinned.
    """

    key_id: str
    key: str
    since: datetime
    signed_by: str | None = None
    signature: bytes | None = None

    def signed_bytes(self) -> bytes:
        """What the key before it signs."""
        return netstrings("guiwei ledger key 1", self.key, str(microseconds(self.since)), self.signed_by)

    def line(self) -> dict[str, object]:
        """As the file of pinned keys and exports tell it."""
        signature = None if self.signature is None else self.signature.hex()
        return {
            "key_id": self.key_id,
            "key": self.key,
            "since": microseconds(self.since),
            "signed_by": self.signed_by,
            "signature": signature,
        }


IsSignedBy = Callable[[PublicKey, bytes, bytes], bool]  # key, message, signature


def key_at(keys: Sequence[PublicKey], moment: datetime) -> PublicKey | None:
    """The key in force at a moment, of keys in the order they came into force."""
    return next((key for key in reversed(keys) if key.since <= moment), None)


def faults_of_keys(keys: Sequence[PublicKey], is_signed_by: IsSignedBy) -> Iterable[Fault]:
    """Keys that weren't brought in by the one before them, or came before it."""
    for before, key in zip((None, *keys), keys, strict=False):
        if before is not None and key.since < before.since:
            yield Fault.key(key.key_id, "早于其前一密钥", "it is older than the key before it")
        elif key.signed_by is not None and (
            before is None
            or key.signed_by != before.key_id
            or key.signature is None
            or not is_signed_by(before, key.signed_bytes(), key.signature)
        ):
            yield Fault.key(key.key_id, "没有前一密钥的有效签名", "the key before it didn't sign it in")


def wrong_with(
    one: Signed, before: Signed | None, keys: Sequence[PublicKey], is_signed_by: IsSignedBy
) -> tuple[str, str] | None:
    """What doesn't hold about a checkpoint by itself and after the one before it, in Chinese and English; None: it holds."""
    told = one.checkpoint
    last = None if before is None else before.checkpoint
    key = key_at(keys, told.made_at)
    problems = (
        (
            told.number != (0 if last is None else last.number) + 1,
            "前面缺少检查点",
            "a checkpoint before it is missing",
        ),
        (
            told.previous_hash != (first_hash(told.warehouse) if before is None else before.hash),
            "不接续前一检查点",
            "it doesn't continue the checkpoint before it",
        ),
        (one.hash != told.hash(), "内容与其根不符", "its content doesn't fit its root"),
        (key is None or key.key_id != told.key_id, "不是当时有效的固定密钥所签", "no pinned key of its time signed it"),
        (
            key is not None and not is_signed_by(key, told.signed_bytes(), one.signature),
            "签名无效",
            "its signature is wrong",
        ),
        (
            last is not None
            and (told.acts < last.acts or told.commands < last.commands or told.made_at < last.made_at),
            "倒退到前一检查点之前",
            "it goes back behind the checkpoint before it",
        ),
    )
    return next(((zh, en) for wrong, zh, en in problems if wrong), None)


def utc(moment: datetime) -> str:
    """A moment as people read it in a sentence about the ledger."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
