"""`guiwei ledger export`: the whole ledger as JSON lines, sealed by signature, for `guiwei-verify` and whoever else asks.

What may name a person (a reason in somebody's words, visitors, carriers, who searched, ...) stays out unless the whole is
asked for. The hash of such an act is told all the same, and the seal vouches for it: the chain runs on.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, cast

import psycopg

from inventory.domain.acts import Act, microseconds
from inventory.domain.details import Detail
from inventory.domain.netstrings import netstrings
from inventory.domain.refusals import FileUnreadable
from inventory.operations.checkpointing import signer_of
from inventory.store import checkpoints, ledger, signing
from inventory.store.access_log import take_copy
from inventory.store.database import Database, raw
from inventory.store.signing import LedgerFiles, Signer

FORM = "ledger export 1"
PROGRESS_ROWS = 10_000
# Numbers, days, codes and the names of institutions; whatever else an act tells may name a person.
_NAMES_NOBODY = frozenset({
    Detail.CHANNEL, Detail.TRACKING, Detail.ARRIVAL, Detail.PIECES, Detail.EPC, Detail.TID, Detail.OLD_EPC,
    Detail.SEAL_NUMBER, Detail.SEAL_FOUND, Detail.BATCH, Detail.PAGES, Detail.SHA256, Detail.CONSIGNMENT, Detail.BAG_SEAL,
    Detail.DUE_ON, Detail.REQUEST, Detail.RECIPIENT, Detail.NOTICE, Detail.RECEIPT, Detail.REPORT, Detail.MERGED_INTO,
    Detail.FROM_AGENCY, Detail.TO_AGENCY, Detail.COUNT, Detail.DEPOSIT_TYPE,
})  # fmt: skip


@dataclass(frozen=True)
class Exported:
    """What an export holds; withheld: acts whose personal data stayed out; copy: its number in the access log."""

    acts: int
    withheld: int
    commands: int
    checkpoints: int
    copy: str


class _Lines:
    """Writes lines and knows what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self.count = file, sha256(), 0

    def write(self, entry: dict[str, object]) -> None:
        line = (json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        self._file.write(line)
        self._hash.update(line)
        self.count += 1

    def seal(self, signer: Signer, now: datetime) -> None:
        """The last line: a signature over all before it."""
        told = {
            "lines": self.count,
            "sha256": self._hash.hexdigest(),
            "made_at": microseconds(now),
            "key_id": signer.public.key_id,
        }
        signature = signer.private.sign(netstrings(f"guiwei {FORM}", *map(str, told.values())))
        self.write({"seal": told | {"signature": signature.hex()}})


def export_ledger(
    database: Database,
    files: LedgerFiles,
    path: Path,
    now: datetime,
    taker: str,
    *,
    whole: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Exported:
    """Write the ledger as of one instant to a file (`.gz`: packed), which appears whole or not; `on_progress(acts, in all)`.

    That `taker` (a login of the machine) took it is entered in the access log, under the copy number of its first line. Raises
    `BadSetting` where the site's signing key is missing and `FileUnreadable` where the file can't be written.
    """
    signer = signer_of(database, files, now)
    with database.transaction() as session:
        what = f"{'whole ledger' if whole else 'ledger'} by {taker}"
        copy = str(take_copy(raw(session), "ledger", what))
    with _appearing(path) as file, database.transaction() as session:
        connection = raw(session)
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        lines = _Lines(file)
        lines.write({"guiwei": FORM, "made_at": microseconds(now), "copy": copy})
        for key in signing.pinned_keys(files.pinned_keys):
            lines.write({"key": key.line()})
        signed = checkpoints.every(connection)
        for one in signed:
            lines.write({"checkpoint": one.line()})
        acts, withheld = _write_acts(connection, lines, whole=whole, on_progress=on_progress)
        commands = 0
        for sequence, command_id, content_hash, own in ledger.commands(connection):
            told = {"sequence": sequence, "id": str(command_id), "content_hash": content_hash.hex()}
            lines.write({"command": told, "hash": own.hex()})
            commands += 1
        lines.seal(signer, now)
    return Exported(acts, withheld, commands, len(signed), copy)


def _write_acts(
    connection: psycopg.Connection[Any], lines: _Lines, *, whole: bool, on_progress: Callable[[int, int], None]
) -> tuple[int, int]:
    chains = ledger.warehouses(connection)
    total, acts, withheld = sum(chain.sequence or 0 for chain in chains), 0, 0
    for chain in chains:
        for act, _, own in ledger.chain(connection, chain.warehouse_id):
            told = asdict(act) | {
                "command_id": str(act.command_id),
                "happened_at": microseconds(act.happened_at),
                "recorded_at": microseconds(act.recorded_at),
            }
            if not whole and (kept_back := _withheld(act)):
                told |= kept_back
                withheld += 1
            lines.write({"act": told, "hash": own.hex()})
            acts += 1
            if acts % PROGRESS_ROWS == 0:
                on_progress(acts, total)
    return acts, withheld


def _withheld(act: Act) -> dict[str, object]:
    """The fields of an act that change where what may name a person stays out; none where nothing does."""
    details: dict[str, object] = {} if act.details is None else json.loads(act.details)
    kept = {name: value for name, value in details.items() if name in _NAMES_NOBODY}
    changed: dict[str, object] = {}
    if act.reason is not None:
        changed["reason"] = None
    if kept != details:
        changed["details"] = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return changed | {"withheld": sorted(changed)} if changed else {}


@contextmanager
def _appearing(path: Path) -> Iterator[IO[bytes]]:
    fresh = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with gzip.open(fresh, "wb", 6) if path.suffix == ".gz" else fresh.open("wb") as file:
            yield cast("IO[bytes]", file)
        fresh.chmod(0o600)
        fresh.replace(path)
    except OSError as error:
        raise FileUnreadable(file=path, problem_zh=error.strerror, problem_en=error.strerror) from error
    finally:
        fresh.unlink(missing_ok=True)
