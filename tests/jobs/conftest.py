"""Jobs that run in a thread of the test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from guiwei.jobs import Jobs
from inventory.store.keys import load_key_ring
from inventory.store.signing import LedgerFiles
from tests.commands.running import Guiwei
from tests.conftest import Archive

SECONDS_MAX = 60


@pytest.fixture
def guiwei(archive: Archive, tmp_path: Path) -> Guiwei:
    """The command on the archive's database."""
    command = Guiwei(tmp_path / "data")
    command.use_database(archive.server, archive.name)
    load_key_ring(tmp_path / "data" / "guiwei.key", make=True)
    return command


@contextmanager
def at_work(archive: Archive, ledger_files: LedgerFiles | None = None) -> Iterator[Jobs]:
    """The jobs of a warehouse, until the block is left."""
    stop = threading.Event()
    jobs = Jobs(archive.jobs, ZoneInfo("Asia/Shanghai"), ledger_files=ledger_files)
    thread = threading.Thread(target=jobs.run, args=(stop,))
    thread.start()
    try:
        yield jobs
    finally:
        stop.set()
        thread.join(SECONDS_MAX)


def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens elsewhere."""
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
