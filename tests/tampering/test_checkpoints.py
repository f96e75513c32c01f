"""Signed roots: who signs, what they bind, and what a rogue administrator can't undo."""

import json
import shutil
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from guiwei.jobs import Jobs
from inventory.domain.acts import ActKind
from inventory.domain.jobs import JobName
from inventory.domain.refusals import BadSetting, FileUnreadable, Refusal
from inventory.operations import checkpointing
from inventory.operations.verifying import Trust, Verification, verify_ledger
from inventory.store import signing
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from inventory.store.signing import LedgerFiles
from tests.conftest import Archive
from tests.tampering.breaks import BREAKS, PREPARE
from tests.tampering.stock import files_in, sign, trust_in, working_day


@pytest.fixture
def files(tmp_path: Path) -> LedgerFiles:
    return files_in(tmp_path)


@pytest.fixture
def signed(archive: Archive, files: LedgerFiles) -> Archive:
    """A ledger with three checkpoints by two keys."""
    working_day(archive, files)
    return archive


def as_superuser(archive: Archive, *statements: str) -> None:
    with psycopg.connect(archive.server.superuser_url, dbname=archive.name) as superuser:
        superuser.execute("SET session_replication_role = replica")
        for statement in statements:
            superuser.execute(statement)


CUT = (
    "DELETE FROM act WHERE sequence > 18",
    "UPDATE ledger_chain SET (sequence, hash) = (SELECT sequence, hash FROM act ORDER BY sequence DESC LIMIT 1)",
    "DELETE FROM holding",
    """
    INSERT INTO holding (volume_id, place_id, version, moved_at, acted_at, legal, seal, seal_number, pieces, marks, warehouse_id)
    SELECT volume_id, place_id, version, moved_at, acted_at, legal, seal, seal_number, pieces, marks, warehouse_id
    FROM holding_as_of('infinity', 'infinity') AS rebuilt, ledger_chain
    """,
)
CUT_CHECKPOINTS = "DELETE FROM checkpoint WHERE acts > 18"


def told(found: Verification) -> tuple[str, str]:
    assert found.first is not None
    return found.first.kind, found.first.about


def test_a_signed_ledger_is_sound_and_says_what_is_not_signed_yet(signed: Archive, files: LedgerFiles) -> None:
    found = verify_ledger(signed.jobs, trust=trust_in(files))
    assert found.sound, found.first
    assert (found.checkpoints, found.unsigned) == (3, 2)
    keys = signing.pinned_keys(files.pinned_keys)
    assert [key.signed_by for key in keys] == [None, keys[0].key_id]
    assert stat.S_IMODE(files.signing_key.stat().st_mode) == 0o600
    private = files.signing_key.read_text("ascii").splitlines()[1]
    for table in ("checkpoint", "command_chain", "command"):
        assert private not in str(signed.root.execute(f"SELECT {table}::text FROM {table}").fetchall())
    assert "private" not in repr(signing.open_signer(files))


def test_the_newest_checkpoint_cut_away_with_the_tail_is_missed_by_its_receipt(
    signed: Archive, files: LedgerFiles
) -> None:
    as_superuser(signed, *CUT, CUT_CHECKPOINTS)
    found = verify_ledger(signed.jobs, trust=trust_in(files))
    assert told(found) == ("receipt", "W1 #2")


def test_without_receipts_a_root_on_paper_still_tells(signed: Archive, files: LedgerFiles) -> None:
    roots = [one.hash.hex() for one in signing.receipts(files.receipts)]
    keys = Trust(signing.pinned_keys(files.pinned_keys))
    as_superuser(signed, *CUT, CUT_CHECKPOINTS)
    assert verify_ledger(signed.jobs, trust=keys).sound, "with nothing from outside, nothing tells"
    kept = Trust(keys.keys, (), (roots[0][:24],))
    assert verify_ledger(signed.jobs, trust=kept).sound, "the first root is still there"
    found = verify_ledger(signed.jobs, trust=Trust(keys.keys, (), (roots[2][:24],)))
    assert told(found) == ("root", roots[2][:24])


def test_the_tail_alone_cut_away_is_missed_by_the_checkpoint(signed: Archive, files: LedgerFiles) -> None:
    as_superuser(signed, *CUT)
    assert told(verify_ledger(signed.jobs, trust=trust_in(files))) == ("checkpoint", "W1 #2")


def test_who_signs_with_a_key_of_his_own_is_found_out(signed: Archive, files: LedgerFiles, tmp_path: Path) -> None:
    """He rewrites the ledger and all checkpoints with a key he made; the pinned keys are where he can't write."""
    rogue = files_in(tmp_path / "rogue")
    as_superuser(signed, "DELETE FROM checkpoint")
    signing.new_key(rogue, datetime.now(UTC) - timedelta(days=1))
    checkpointing.sign_heads(signed.jobs, rogue, datetime.now(UTC))
    assert verify_ledger(signed.jobs, trust=trust_in(rogue)).sound, "his own keys vouch for him"
    keys_only = Trust(signing.pinned_keys(files.pinned_keys))
    found = verify_ledger(signed.jobs, trust=keys_only)
    assert told(found) == ("checkpoint", "W1 #1")
    assert "no pinned key" in str(found.first)


def test_a_key_slipped_into_the_pinned_ones_without_the_old_ones_word_is_named(
    signed: Archive, files: LedgerFiles, tmp_path: Path
) -> None:
    rogue = files_in(tmp_path / "rogue")
    key = signing.new_key(rogue, datetime.now(UTC))
    last = signing.pinned_keys(files.pinned_keys)[-1]
    line = key.line() | {"signed_by": last.key_id, "signature": "00" * 64}
    with files.pinned_keys.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    assert told(verify_ledger(signed.jobs, trust=trust_in(files))) == ("key", key.key_id)


def test_a_retired_key_signs_nothing_any_more(archive: Archive, files: LedgerFiles, tmp_path: Path) -> None:
    """Whoever stole it before its rotation signs with it after."""
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    sign(archive, files)
    stolen = files_in(tmp_path / "stolen")
    shutil.copytree(tmp_path, tmp_path / "stolen", ignore=shutil.ignore_patterns("stolen"))
    signing.rotate_key(files, datetime.now(UTC))
    with pytest.raises(BadSetting, match="pinned last"):
        signing.open_signer(LedgerFiles(stolen.signing_key, files.pinned_keys, files.receipts))
    sign(archive, stolen)
    found = verify_ledger(archive.jobs, trust=Trust(signing.pinned_keys(files.pinned_keys)))
    assert told(found) == ("checkpoint", "W1 #2")
    assert "no pinned key of its time" in str(found.first)


def test_a_lost_key_is_not_replaced_unnoticed(signed: Archive, files: LedgerFiles) -> None:
    files.signing_key.unlink()
    with pytest.raises(BadSetting, match="missing"):
        checkpointing.sign_heads(signed.jobs, files, datetime.now(UTC))
    files.pinned_keys.unlink()
    with pytest.raises(BadSetting, match="missing"):
        checkpointing.sign_heads(signed.jobs, files, datetime.now(UTC))


def test_a_key_is_made_once_and_read_only_by_its_owner(files: LedgerFiles) -> None:
    signing.new_key(files, datetime.now(UTC))
    with pytest.raises(BadSetting, match="rotate"):
        signing.new_key(files, datetime.now(UTC))
    files.signing_key.chmod(0o640)
    with pytest.raises(BadSetting, match="chmod 600"):
        signing.open_signer(files)


def test_a_rotation_cut_short_goes_on_with_the_key_that_was_pinned(files: LedgerFiles, tmp_path: Path) -> None:
    signing.new_key(files, datetime.now(UTC))
    shutil.copy(files.signing_key, tmp_path / "old")
    key = signing.rotate_key(files, datetime.now(UTC))
    files.signing_key.replace(tmp_path / "ledger.key.next")  # where it stood before the last step
    shutil.copy(tmp_path / "old", files.signing_key)
    assert signing.open_signer(files).public == key
    assert signing.open_signer(files).public == key
    assert not (tmp_path / "ledger.key.next").exists()


@pytest.mark.parametrize("line", ["{", "[]", '{"warehouse": "W1"}', '{"number": true}'])
def test_receipts_somebody_wrote_over_are_refused_by_line(files: LedgerFiles, line: str) -> None:
    files.receipts.write_text(line + "\n", "utf-8")
    with pytest.raises(FileUnreadable, match="line 1"):
        signing.receipts(files.receipts)


def test_a_receipt_cut_short_by_a_crash_is_noted_with_the_next(signed: Archive, files: LedgerFiles) -> None:
    lines = files.receipts.read_text("utf-8").splitlines()
    files.receipts.write_text(lines[0] + "\n", "utf-8")
    sign(signed, files)
    assert len(signing.receipts(files.receipts)) == 4
    assert verify_ledger(signed.jobs, trust=trust_in(files)).sound


def test_a_clock_that_goes_back_doesn_t_break_the_checkpoints(signed: Archive, files: LedgerFiles) -> None:
    checkpointing.sign_heads(signed.jobs, files, datetime.now(UTC) - timedelta(days=3))
    assert verify_ledger(signed.jobs, trust=trust_in(files)).sound


def test_hands_that_work_and_sign_at_once_make_chains_that_hold(archive: Archive, files: LedgerFiles) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    for number in range(8):
        archive.dossier(f"D-{number}", on="A-01")
    signing.new_key(files, datetime.now(UTC))

    def work(number: int) -> None:
        for shelf in ("A-02", "A-01", "A-02"):
            archive.act(ActKind.RESHELVED, f"D-{number}", shelf)

    def sign_often() -> None:
        for _ in range(5):
            checkpointing.sign_heads(archive.jobs, files, datetime.now(UTC))

    hands = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    hands += [threading.Thread(target=sign_often) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    found = verify_ledger(archive.jobs, trust=Trust(signing.pinned_keys(files.pinned_keys)))
    assert found.sound, found.first
    assert found.checkpoints == 10


def test_the_jobs_sign_once_a_day(archive: Archive, files: LedgerFiles) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    jobs = Jobs(archive.jobs, ZoneInfo("Asia/Shanghai"), ledger_files=files)
    for _ in range(3):
        jobs.turn(JobName.CHECKPOINT)
    assert archive.root.execute("SELECT count(*) FROM checkpoint").fetchone() == (1,)
    as_superuser(archive, "UPDATE checkpoint SET made_at = made_at - interval '1 day'")
    jobs.turn(JobName.CHECKPOINT)
    assert archive.root.execute("SELECT count(*) FROM checkpoint").fetchone() == (2,)


@pytest.mark.parametrize("role", ["app", "jobs", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkpoint SET key_id = 'x'",
        "DELETE FROM checkpoint",
        "TRUNCATE checkpoint",
        "UPDATE command_chain SET hash = ''",
        "DELETE FROM command_chain",
    ],
)
def test_nobody_rewrites_what_was_signed(signed: Archive, role: str, statement: str) -> None:
    url = signed.server.url(role, signed.name)  # type: ignore[arg-type]
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(statement)
    assert refused.value.sqlstate == "42501" or refused.value.diag.constraint_name == "ledger_is_forever"


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM checkpoint_heads()", "INSERT INTO checkpoint SELECT * FROM checkpoint"]
)
def test_the_application_signs_nothing(signed: Archive, statement: str) -> None:
    with psycopg.connect(signed.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    seen: dict[str, tuple[str | None, type[Refusal | None]]] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        seen[constraint] = broken.value.diag.constraint_name, type(refusal_for(broken.value))
    assert seen == {constraint: (constraint, CONSTRAINTS[constraint]) for constraint in BREAKS}
