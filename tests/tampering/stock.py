"""A small ledger with everything in it that can be tampered with, signed twice, and a little after the last root."""

from datetime import UTC, datetime
from pathlib import Path

from inventory.domain.acts import ActKind
from inventory.operations.checkpointing import sign_heads
from inventory.operations.verifying import Trust
from inventory.store import ledger, signing
from inventory.store.database import raw
from inventory.store.signing import LedgerFiles
from tests.conftest import Archive


def files_in(directory: Path) -> LedgerFiles:
    return LedgerFiles.of(directory, directory / "ledger.key")


def trust_in(files: LedgerFiles, *roots: str) -> Trust:
    return Trust(signing.pinned_keys(files.pinned_keys), signing.receipts(files.receipts), roots)


def sign(archive: Archive, files: LedgerFiles) -> str:
    """Sign every chain's head now; W1's root."""
    [signed] = sign_heads(archive.jobs, files, datetime.now(UTC))
    return signed.hash.hex()


def working_day(archive: Archive, files: LedgerFiles) -> None:
    """Some thirty acts of every shape, work without acts, three checkpoints by two keys; the last acts are unsigned."""
    for shelf in ("A-01", "A-02"):
        archive.shelf(shelf)
    for number in range(1, 5):
        archive.dossier(f"D-{number}", on="A-01", volumes=1 + number % 2)
    for second in ("D-1/2", "D-3/2"):
        archive.bring_in(second, "W1-D0")
    sign(archive, files)
    _work_without_acts(archive)
    archive.act(ActKind.PICKED, "D-1", "W1-D0", authority="R-000001")
    archive.act(ActKind.OPENED, "D-1", None, authority="令 1", witness=archive.second)
    archive.act(ActKind.SEALED, "D-1", None, witness=archive.second, details={"seal_number": "F-1", "pieces": 14})
    archive.act(ActKind.PICKED, "D-2", "W1-D0", authority="R-000002")
    archive.act(ActKind.DAMAGED, "D-2", None, reason="受潮")
    archive.act(ActKind.SEAL_BROKEN, "D-2", None, reason="torn")
    sign(archive, files)
    signing.rotate_key(files, datetime.now(UTC))
    archive.act(ActKind.RESHELVED, "D-3", "A-02")
    archive.act(ActKind.SHELVED, "D-1", "A-02")
    _work_without_acts(archive)
    sign(archive, files)
    archive.act(ActKind.RESHELVED, "D-3", "A-01")
    archive.act(ActKind.RESHELVED, "D-4", "A-02", reason="move 4")
    _work_without_acts(archive)


def _work_without_acts(archive: Archive) -> None:
    for _ in range(2):
        command = archive.asked(ActKind.MOVED, "D-1", None).command_id
        with archive.jobs.transaction() as session:
            assert ledger.once(raw(session), command, ("work", str(command)))
