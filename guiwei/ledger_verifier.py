"""Verify an export of the custody ledger (`guiwei ledger export`), without Guiwei and without its database.

    guiwei-verify EXPORT --key PUBLICKEY          or: python ledger_verifier.py EXPORT --key PUBLICKEY

This one file is all it takes, with Python 3.11 or newer and the package `cryptography` (Ed25519 isn't in the standard library,
and a signature check of one's own making is the last thing an auditor should have to trust). It was written apart from the
code that writes the ledger: the two share no line, only the form that docs/ledger.md describes. PUBLICKEY comes from
somewhere else than the export: base64 as `guiwei ledger key show` prints it, or a file with such a key, in PEM or as pinned.

Exit code 0: everything holds. 1: something doesn't; the first bad entry is named. 2: wrong input.
"""

import argparse
import base64
import gzip
import hashlib
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

FORM = "ledger export 1"
ROOT_DIGITS_MIN = 16
ACT_FIELDS = (
    "warehouse", "sequence", "volume", "version", "kind", "from_place", "to_place", "actor", "command_id", "authority",
    "reason", "happened_at", "recorded_at",
)  # fmt: skip
CHECKPOINT_FIELDS = (
    "warehouse", "number", "acts", "act_hash", "commands", "command_hash", "made_at", "previous_hash", "key_id",
)  # fmt: skip


class WrongError(Exception):
    """An entry that doesn't hold: what and where, in Chinese and English."""

    def __init__(self, about: str, zh: str, en: str) -> None:
        super().__init__(about)
        self.about, self.zh, self.en = about, zh, en


@dataclass
class Found:
    """What was verified. withheld: acts whose personal data isn't in the export, so that their hash is taken from it.

    unsigned: acts after the last checkpoint, which only the export's own seal signs. root: the newest signed root.
    """

    acts: int = 0
    withheld: int = 0
    commands: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    root: str | None = None
    roots: set[str] = field(default_factory=set)


def netstrings(*values: object) -> bytes:
    """Each value as `length:bytes,`, None as `-,`."""
    encoded = (None if value is None else str(value).encode() for value in values)
    return b"".join(b"-," if value is None else b"%d:%b," % (len(value), value) for value in encoded)


def sha256(data: bytes) -> str:
    """Hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_keys(text: str) -> set[str]:
    """The trusted keys of `--key`, each as base64 of its SubjectPublicKeyInfo; raises `ValueError`, `OSError`."""
    path = Path(text)
    if not path.is_file():
        keys = {text.strip()}
    elif "BEGIN PUBLIC KEY" in (content := path.read_text(encoding="utf-8")):
        public = load_pem_public_key(content.encode())
        keys = {base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()}
    else:
        lines = [line.strip() for line in content.splitlines() if line.strip()]
        keys = {json.loads(line)["key"] if line.startswith("{") else line for line in lines}
    for key in keys:
        _public(key)
    if not keys:
        raise ValueError("no key")
    return keys


def _public(key: str) -> Ed25519PublicKey:
    public = load_der_public_key(base64.b64decode(key, validate=True))
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError("not an Ed25519 key")
    return public


def is_signed(key: str, message: bytes, signature: object) -> bool:
    """Whether a key signed a message."""
    try:
        _public(key).verify(bytes.fromhex(str(signature)), message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


# ── The walk ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Walk:
    """Takes an export's lines in order and holds each against what came before."""

    def __init__(self, trusted: set[str]) -> None:
        self.found = Found()
        self._trusted = trusted
        self._keys: dict[str, str] = {}  # by id: those that are trusted, and those a trusted one signed in
        self._checkpoints: dict[str, list[dict[str, Any]]] = {}
        self._due: dict[tuple[str, int], list[str]] = {}  # (chain, number): hashes that checkpoints say it has
        self._last: dict[str, tuple[int, str]] = {}  # chain: (number, hash) of its last entry
        self._taken: set[str] = set()  # commands that acts were done by

    def take(self, kind: str, entry: dict[str, Any], own: object) -> None:
        """One line."""
        if kind == "key":
            self._take_key(entry)
        elif kind == "checkpoint":
            self._take_checkpoint(entry)
        elif kind == "act":
            self._take_act(entry, str(own))
        elif kind == "command":
            self._take_command(entry, str(own))
        else:
            raise WrongError(kind[:40], "没有这种条目", "there is no such kind of entry")

    def _take_key(self, entry: dict[str, Any]) -> None:
        key, key_id, before = entry["key"], entry["key_id"], self._keys.get(str(entry["signed_by"]))
        message = netstrings("guiwei ledger key 1", key, entry["since"], entry["signed_by"])
        if key in self._trusted or (before is not None and is_signed(before, message, entry["signature"])):
            raw = _public(key).public_bytes(Encoding.Raw, PublicFormat.Raw)
            if hashlib.sha256(raw).hexdigest()[:16] != key_id:
                raise WrongError(f"key {key_id}", "密钥编号不符", "its id isn't the key's")
            self._keys[key_id] = key

    def _take_checkpoint(self, entry: dict[str, Any]) -> None:
        about = f"checkpoint {entry['warehouse']} #{entry['number']}"
        ones = self._checkpoints.setdefault(entry["warehouse"], [])
        message = netstrings("guiwei checkpoint 1", *(entry[name] for name in CHECKPOINT_FIELDS))
        expected = ones[-1]["hash"] if ones else sha256(b"guiwei checkpoints " + entry["warehouse"].encode())
        if entry["number"] != len(ones) + 1 or entry["previous_hash"] != expected:
            raise WrongError(about, "不接续前一检查点", "it doesn't continue the checkpoint before it")
        if entry["hash"] != sha256(message):
            raise WrongError(about, "内容与其根不符", "its content doesn't fit its root")
        key = self._keys.get(entry["key_id"])
        # One that a key from before our trust signed stands if a later one, which continues it, is signed by ours.
        if key is not None and not is_signed(key, message, entry["signature"]):
            raise WrongError(about, "签名无效", "its signature is wrong")
        if ones and (entry["acts"], entry["commands"]) < (ones[-1]["acts"], ones[-1]["commands"]):
            raise WrongError(about, "倒退到前一检查点之前", "it goes back behind the checkpoint before it")
        ones.append(entry)
        self._due.setdefault((f"act {entry['warehouse']}", entry["acts"]), []).append(entry["act_hash"])
        self._due.setdefault(("command", entry["commands"]), []).append(entry["command_hash"])
        self.found.checkpoints += 1
        self.found.root = entry["hash"]
        self.found.roots.add(entry["hash"])

    def _take_act(self, entry: dict[str, Any], own: str) -> None:
        warehouse = entry["warehouse"]
        chain, about = f"act {warehouse}", f"act {warehouse} #{entry['sequence']}"
        genesis = sha256(b"guiwei ledger " + warehouse.encode())
        if entry.get("withheld"):
            self._link(chain, about, entry["sequence"], genesis, None, own)
            self.found.withheld += 1
        else:
            content = netstrings(*(entry[name] for name in ACT_FIELDS))
            if entry["witness"] is not None or entry["details"] is not None:
                content += netstrings(entry["witness"], entry["details"])
            self._link(chain, about, entry["sequence"], genesis, content, own)
        self._taken.add(entry["command_id"])
        self.found.acts += 1

    def _take_command(self, entry: dict[str, Any], own: str) -> None:
        content = netstrings(entry["sequence"], entry["id"], entry["content_hash"])
        about = f"command #{entry['sequence']} {entry['id']}"
        self._link("command", about, entry["sequence"], sha256(b"guiwei commands"), content, own)
        self._taken.discard(entry["id"])
        self.found.commands += 1

    def _link(self, chain: str, about: str, number: int, genesis: str, content: bytes | None, own: str) -> None:
        last, previous = self._last.get(chain, (0, genesis))
        if number != last + 1:
            raise WrongError(
                about, f"应为 #{last + 1}：其前有缺失或调换", f"#{last + 1} was due: an entry is missing or moved"
            )
        if content is not None and own != sha256(bytes.fromhex(previous) + content):
            raise WrongError(about, "内容与其哈希不符", "its content doesn't fit its hash")
        if any(due != own for due in self._due.pop((chain, number), ())):
            raise WrongError(about, "与签名检查点所签的不符", "it isn't what a signed checkpoint says")
        self._last[chain] = number, own

    def end(self) -> None:
        """What must be so when every line was taken."""
        for chain, number in self._due:
            if (chain, number) != ("command", 0):
                raise WrongError(
                    f"{chain} #{number}", "检查点签过的条目缺失", "an entry that a checkpoint signed is missing"
                )
        for command in sorted(self._taken)[:1]:
            raise WrongError(f"command {command}", "经办所据的命令缺失", "a command that acts were done by is missing")
        for warehouse, ones in self._checkpoints.items():
            if ones[-1]["key_id"] not in self._keys:
                about = f"checkpoint {warehouse} #{ones[-1]['number']}"
                raise WrongError(about, "不是您信任的密钥所签", "no key that you trust signed it")
        for chain, (number, _) in self._last.items():
            if chain != "command":
                ones = self._checkpoints.get(chain.removeprefix("act "), [])
                self.found.unsigned += number - (ones[-1]["acts"] if ones else 0)

    def check_seal(self, seal: dict[str, Any], lines: int, digest: str) -> None:
        """The last line signs the file."""
        key = self._keys.get(seal["key_id"])
        message = netstrings(f"guiwei {FORM}", seal["lines"], seal["sha256"], seal["made_at"], seal["key_id"])
        if key is None:
            raise WrongError("seal", "不是您信任的密钥所签", "no key that you trust signed it")
        if not is_signed(key, message, seal["signature"]):
            raise WrongError("seal", "签名无效", "its signature is wrong")
        if (seal["lines"], seal["sha256"]) != (lines, digest):
            raise WrongError("seal", "文件已不是签名时的文件", "the file isn't the one it signed")


def verify(file: Iterable[bytes], trusted: set[str]) -> Found:
    """Walk an export; raises `WrongError` for the first entry that doesn't hold."""
    walk, digest, number, sealed = Walk(trusted), hashlib.sha256(), 0, False
    for number, line in enumerate(_lines(file), 1):
        try:
            sealed = _take(walk, line, number, digest.hexdigest(), after_seal=sealed)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            raise WrongError(f"line {number}", "无法识别", "it isn't a line of an export") from None
        except WrongError as wrong:
            wrong.about = f"{wrong.about} (line {number})"
            raise
        digest.update(line)
    if not sealed:
        raise WrongError(f"line {number + 1}", "文件在封签之前中断", "the file ends before its seal")
    return walk.found


def _take(walk: Walk, line: bytes, number: int, digest: str, *, after_seal: bool) -> bool:
    """One line of the file; whether it is the seal."""
    entry = json.loads(line)
    if after_seal:
        raise WrongError("seal", "其后还有内容", "something follows it")
    if number == 1:
        if entry["guiwei"] != FORM:
            raise WrongError("header", "不是这种导出文件", "this isn't such an export")
    elif "seal" in entry:
        walk.end()
        walk.check_seal(entry["seal"], number - 1, digest)
        return True
    else:
        own = entry.pop("hash", None)
        [(kind, content)] = entry.items()
        walk.take(kind, content, own)
    return False


def _lines(file: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from file
    except (EOFError, OSError, zlib.error) as error:
        raise WrongError("file", "压缩数据已损坏", f"its packing is damaged ({error})") from None


def verify_file(path: Path, trusted: set[str], roots: list[str]) -> Found:
    """Verify an export, packed or not, and that it has these roots; raises `WrongError`, `OSError`."""
    with path.open("rb") as file:
        found = verify(gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file, trusted)
    for root in roots:
        if not any(known.startswith(root) for known in found.roots):
            raise WrongError(f"root {root}", "导出中没有这个根", "the export has no such root")
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", required=True, help="the public key you trust: base64, or a file with it")
    parser.add_argument("--expect", action="append", default=[], metavar="ROOT", help="a signed root from a paper")
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    asked = parser.parse_args()
    roots = [re.sub(r"[\s…]", "", root).lower() for root in asked.expect]
    if any(not re.fullmatch(rf"[0-9a-f]{{{ROOT_DIGITS_MIN},64}}", root) for root in roots):
        parser.error(f"根至少 {ROOT_DIGITS_MIN} 位十六进制 · a root has {ROOT_DIGITS_MIN} hexadecimal digits or more")
    try:
        found = verify_file(asked.export, read_keys(asked.key), roots)
    except WrongError as wrong:
        tell(asked.json, {"sound": False, "about": wrong.about, "zh": wrong.zh, "en": wrong.en},
             f"不完好 NOT SOUND: {wrong.about}: {wrong.zh} · {wrong.en}")  # fmt: skip
        sys.exit(1)
    except (OSError, ValueError, TypeError, KeyError) as error:
        parser.error(f"无法读取 can't be read: {error}")
    told = {"sound": True} | {name: value for name, value in asdict(found).items() if name != "roots"}
    tell(asked.json, told, f"完好 sound: {found.acts} acts ({found.withheld} with personal data withheld), {found.commands} "
         f"commands, {found.checkpoints} checkpoints; {found.unsigned} acts after the last; root {found.root}")  # fmt: skip


def tell(as_json: bool, told: dict[str, object], sentence: str) -> None:
    """The result, on standard output."""
    sys.stdout.write((json.dumps(told, ensure_ascii=False) if as_json else sentence) + "\n")


if __name__ == "__main__":
    main()
