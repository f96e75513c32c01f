"""An export leaves the house and is verified by one file of Python, without us and without the database."""

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from guiwei import ledger_verifier
from guiwei.ledger_verifier import WrongError, verify, verify_file
from inventory.domain.acts import ActKind
from inventory.domain.refusals import FileUnreadable
from inventory.operations.exporting_ledger import export_ledger
from inventory.store import signing
from inventory.store.signing import LedgerFiles
from tests.conftest import Archive
from tests.tampering.stock import files_in, sign, working_day
from tests.tampering.test_by_chance import SEED

TAMPERINGS = 1_000 if os.environ.get("GUIWEI_EXTENDED") else 100
NAME = "欧阳澜漪"


@pytest.fixture
def files(tmp_path: Path) -> LedgerFiles:
    return files_in(tmp_path)


@pytest.fixture
def export(archive: Archive, files: LedgerFiles, tmp_path: Path) -> Path:
    working_day(archive, files)
    archive.act(ActKind.RESHELVED, "D-3", "A-02", reason=f"for {NAME}")
    path = tmp_path / "ledger.jsonl"
    export_ledger(archive.jobs, files, path, datetime.now(UTC), "shen")
    return path


def first_key(files: LedgerFiles) -> set[str]:
    """What an auditor noted when the site began; the newer key is signed in by it."""
    return {signing.pinned_keys(files.pinned_keys)[0].key}


def lines_of(export: Path) -> list[bytes]:
    return export.read_bytes().splitlines(keepends=True)


def test_it_holds_for_whoever_has_one_key_from_elsewhere(export: Path, files: LedgerFiles) -> None:
    for key in signing.pinned_keys(files.pinned_keys):
        found = verify(lines_of(export), {key.key})
        assert (found.checkpoints, found.unsigned) == (3, 3)
        assert found.acts > 25
        assert found.withheld == 4
        assert found.root == signing.receipts(files.receipts)[-1].hash.hex()


def test_it_holds_for_nobody_with_another_key(export: Path, tmp_path: Path) -> None:
    stranger = signing.new_key(files_in(tmp_path / "stranger"), datetime.now(UTC))
    with pytest.raises(WrongError, match="W1 #3"):
        verify(lines_of(export), {stranger.key})


def test_what_may_name_a_person_stays_out_unless_asked_for(archive: Archive, export: Path, files: LedgerFiles) -> None:
    assert NAME not in export.read_text("utf-8")
    whole = export.with_name("whole.jsonl.gz")
    done = export_ledger(archive.jobs, files, whole, datetime.now(UTC), "shen", whole=True)
    assert done.withheld == 0
    assert NAME in gzip.decompress(whole.read_bytes()).decode()
    found = verify_file(whole, first_key(files), [])
    assert (found.acts, found.withheld) == (done.acts, 0)


def test_a_root_from_a_paper_is_in_it_or_missed(export: Path, files: LedgerFiles) -> None:
    root = signing.receipts(files.receipts)[1].hash.hex()
    assert verify_file(export, first_key(files), [root[:24]]).checkpoints == 3
    with pytest.raises(WrongError, match="root"):
        verify_file(export, first_key(files), ["0" * 24])


def test_every_export_tampered_with_by_chance_is_found(export: Path, files: LedgerFiles) -> None:
    print(f"GUIWEI_SEED={SEED}")
    chance, original, keys = random.Random(SEED), lines_of(export), first_key(files)
    deeds: dict[str, int] = {}
    while sum(deeds.values()) < TAMPERINGS:
        deed, tampered, _ = tamper(chance, original)
        if tampered == original:
            continue
        with pytest.raises(WrongError) as told:
            verify(tampered, keys)
        assert told.value.zh and told.value.en and "line" in told.value.about, deed
        deeds[deed] = deeds.get(deed, 0) + 1
    assert set(deeds) == {"change", "byte", "delete", "swap", "insert", "cut"}


def tamper(chance: random.Random, original: list[bytes]) -> tuple[str, list[bytes], int]:
    lines, at = list(original), chance.randrange(len(original))
    deed = chance.choice(("change", "byte", "delete", "swap", "insert", "cut"))
    if deed == "change":
        entry = json.loads(lines[at])
        part = chance.choice(list(entry))
        content = entry[part] if isinstance(entry[part], dict) else entry
        name = chance.choice(list(content))
        content[name] = chance.choice((None, 1, "x", [], f"{content[name]}0", True))
        lines[at] = (json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    elif deed == "byte":
        byte = chance.randrange(len(lines[at]))
        lines[at] = lines[at][:byte] + bytes((lines[at][byte] ^ 1 << chance.randrange(7),)) + lines[at][byte + 1 :]
    elif deed == "delete":
        del lines[at]
    elif deed == "swap":
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    elif deed == "insert":
        lines.insert(chance.randrange(len(lines) + 1), lines[at])
    else:
        lines = lines[:at]
    return deed, lines, at


def test_the_first_bad_entry_is_named(export: Path, files: LedgerFiles) -> None:
    """A changed field of an act, command or checkpoint is told as that very one."""
    lines, keys = lines_of(export), first_key(files)
    for at, line in enumerate(lines[1:-1], 1):
        entry: dict[str, Any] = json.loads(line)
        [(kind, content)] = [(name, told) for name, told in entry.items() if isinstance(told, dict)]
        if kind == "key" or "withheld" in content:
            continue
        field = {"act": "volume", "command": "content_hash", "checkpoint": "acts"}[kind]
        content[field] = "00" if kind == "command" else content[field] * 2
        tampered = [*lines[:at], (json.dumps(entry) + "\n").encode(), *lines[at + 1 :]]
        with pytest.raises(WrongError) as told:
            verify(tampered, keys)
        number = content.get("number", content.get("sequence"))
        assert told.value.about.startswith(kind)
        assert f"#{number}" in told.value.about
        assert told.value.about.endswith(f"(line {at + 1})")


def test_an_export_made_up_whole_by_another_signer_is_found(
    archive: Archive, files: LedgerFiles, tmp_path: Path
) -> None:
    working_day(archive, files)
    rogue = files_in(tmp_path / "rogue")
    signing.new_key(rogue, datetime.now(UTC))
    made_up = tmp_path / "made-up.jsonl"
    export_ledger(archive.jobs, rogue, made_up, datetime.now(UTC), "shen")
    with pytest.raises(WrongError):
        verify_file(made_up, first_key(files), [])


def test_one_file_of_python_is_all_it_takes(export: Path, files: LedgerFiles, tmp_path: Path) -> None:
    """Copied elsewhere, in Python's isolated mode: none of our packages can be imported from there."""
    alone = tmp_path / "stick"
    alone.mkdir()
    shutil.copy(ledger_verifier.__file__, alone / "ledger_verifier.py")
    program: list[str | Path] = [sys.executable, "-I", alone / "ledger_verifier.py"]
    source = (alone / "ledger_verifier.py").read_text("utf-8")
    assert not any(
        f"import {ours}" in source or f"from {ours}" in source for ours in ("guiwei", "inventory", "web", "devices")
    )

    key = min(first_key(files))
    (alone / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n", "ascii")
    for given in (key, alone / "key.pem", files.pinned_keys):
        done = subprocess.run(
            [*program, export, "--key", given, "--json"], cwd=alone, capture_output=True, text=True, check=False
        )
        assert (done.returncode, json.loads(done.stdout)["sound"]) == (0, True), done.stderr
    (alone / "bad.jsonl").write_bytes(b"".join(lines_of(export)[:-2] + lines_of(export)[-1:]))
    bad = subprocess.run([*program, alone / "bad.jsonl", "--key", key], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert "NOT SOUND" in bad.stdout and "Traceback" not in bad.stderr
    wrongs: tuple[list[str | Path], ...] = (
        ["nowhere.jsonl", "--key", key],
        [export, "--key", "no key"],
        [export, "--key", key, "--expect", "12"],
    )
    for wrong in wrongs:
        done = subprocess.run([*program, *wrong], cwd=alone, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_a_packed_export_that_is_damaged_is_told(archive: Archive, export: Path, files: LedgerFiles) -> None:
    packed = export.with_name("ledger.jsonl.gz")
    export_ledger(archive.jobs, files, packed, datetime.now(UTC), "shen")
    whole = packed.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:200] + b"\0" * 50 + whole[250:], b"no gzip at all"):
        packed.write_bytes(damaged)
        with pytest.raises(WrongError):
            verify_file(packed, first_key(files), [])


def test_an_export_appears_whole_or_not(archive: Archive, files: LedgerFiles, tmp_path: Path) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    sign(archive, files)
    with pytest.raises(FileUnreadable):
        export_ledger(archive.jobs, files, tmp_path / "no" / "such" / "directory.jsonl", datetime.now(UTC), "shen")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoints.jsonl", "ledger-keys.jsonl", "ledger.key"]


def test_by_hand_with_openssl_and_sha256sum(archive: Archive, files: LedgerFiles, tmp_path: Path) -> None:
    """As docs/ledger.md has it: the canonical bytes, their SHA-256, and the signature by OpenSSL."""
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    root = sign(archive, files)
    [signed] = signing.receipts(files.receipts)
    (tmp_path / "canonical").write_bytes(signed.checkpoint.signed_bytes())
    (tmp_path / "signature").write_bytes(signed.signature)
    key = min(first_key(files))
    (tmp_path / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n", "ascii")
    assert len(b64decode(key)) == 44
    digest = subprocess.run(["sha256sum", "canonical"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert digest.stdout.split()[0] == root
    by_openssl = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in canonical -sigfile signature"
    done = subprocess.run(by_openssl.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout, done.stderr
