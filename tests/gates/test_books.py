"""What a gate's process knows of the ledger keeps up with it, whatever the notifications say."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.gate_books import Books
from tests.conftest import Archive
from tests.ingest.equipment import until
from tests.site import ONE_ENGINE

pytestmark = ONE_ENGINE
EPC = bytes.fromhex("3500E86F8000A9E000000001")


@contextmanager
def kept(archive: Archive, directory: Path) -> Iterator[Books]:
    """Books at work, which may read the whole register anew every two seconds."""
    books, over = Books(archive.jobs, directory, lambda _: None, whole_seconds_min=2.0), threading.Event()
    thread = threading.Thread(target=books.run, args=(over,))
    thread.start()
    try:
        assert books.ready.wait(30)
        yield books
    finally:
        over.set()
        thread.join()


@pytest.mark.usefixtures("gate")
def test_what_moved_in_bulk_is_read_anew_as_soon_as_it_may_be_also_after_nonsense(
    archive: Archive, tmp_path: Path
) -> None:
    archive.shelf("B-01")
    with kept(archive, tmp_path) as books:
        for payload in ("[1,", '{"a": 1}', "none"):
            archive.root.execute("SELECT pg_notify('holding', %s)", (payload,))
        archive.root.execute("UPDATE holding SET place_id = (SELECT id FROM place WHERE code = 'B-01')")
        archive.root.execute("NOTIFY holding, '*'")

        def place() -> str | None:
            archive.root.execute("NOTIFY manifest, ''")
            known = books.known
            volume = None if known is None else known.find(EPC)
            assert known is not None and volume is not None and volume.place_id is not None
            return known.places[volume.place_id][0]

        until(lambda: place() == "B-01", "it knows where the dossiers went")
