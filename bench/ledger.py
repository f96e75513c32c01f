"""`python -m bench.ledger`: a ledger of a million acts is signed, verified, exported, and verified again from the export.

Promised: everything that `guiwei ledger verify` looks at, in under 60 s at a million acts: chain, commands, checkpoints, signatures,
and where every volume is. On the embedded PostgreSQL, its acts imported the way a site imports them.
"""

import argparse
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.city import fill
from bench.custody import settle
from devices.simulator.city import make_city
from guiwei.embedded import embedded_postgres
from guiwei.ledger_verifier import verify_file
from guiwei.site import upgrade
from inventory.operations.checkpointing import sign_heads
from inventory.operations.exporting_ledger import export_ledger
from inventory.operations.verifying import Trust, verify_ledger
from inventory.store import signing
from inventory.store.database import connect
from inventory.store.keys import new_key_ring
from inventory.store.signing import LedgerFiles
from tests.servers import server_directory

VERIFY_SECONDS_PROMISED = 60

screen = Console()


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def memory() -> str:
    """The most this process ever had."""
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dossiers", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    with server_directory() as directory, embedded_postgres(directory / "data", lambda _: None) as postgres:
        upgrade(postgres.url("owner"))
        keys = new_key_ring()
        owner, at_night = (connect(postgres.url(role), keys) for role in ("owner", "jobs"))
        fill(owner, make_city(asked.dossiers, seed=1), directory)
        settle(postgres.url("superuser"))
        files = LedgerFiles.of(directory, directory / "ledger.key")
        table = Table(title="The ledger")
        for column in ("what", "median", "slowest", "memory so far", "promised"):
            table.add_column(column, justify="right")
        signing_took = timed(lambda: sign_heads(at_night, files, datetime.now(UTC)))
        table.add_row("checkpoint", f"{signing_took:.2f} s", "", memory(), "")
        trust = Trust(
            signing.pinned_keys(files.pinned_keys),
            signing.receipts(files.receipts),
            tuple(one.hash.hex() for one in signing.receipts(files.receipts)),
        )
        found = verify_ledger(at_night, trust=trust)
        assert found.sound, found.first
        took = [timed(lambda: verify_ledger(at_night, trust=trust)) for _ in range(asked.times)]
        table.add_row(
            f"verify, {found.acts:,} acts", f"{median(took):.1f} s", f"{max(took):.1f} s", memory(), f"< {VERIFY_SECONDS_PROMISED} s"
        )  # fmt: skip
        export = directory / "ledger.jsonl.gz"
        took_export = timed(lambda: export_ledger(at_night, files, export, datetime.now(UTC), "bench"))
        size = f"export, {export.stat().st_size / 2**20:.0f} MB packed"
        table.add_row(size, f"{took_export:.1f} s", "", memory(), "")
        trusted = {key.key for key in trust.keys}
        table.add_row("guiwei-verify", f"{timed(lambda: verify_file(export, trusted, [])):.1f} s", "", memory(), "")
        for one in (owner, at_night):
            one.engine.dispose()
    screen.print(table)


if __name__ == "__main__":
    main()
