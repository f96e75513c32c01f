"""Find mode in a real browser: reads go in as ingest commits them, and the page says warmer or colder."""

import json
import re
import threading
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import expect

from inventory.operations.taking_evidence import take_evidence
from inventory.store import evidence
from inventory.store.batch import EvidenceBatch, SliceReads
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.test_browser import Open, open_page

__all__ = ["open_page"]

pytestmark = ONE_ENGINE
EPC = "3500E86F8000A9E000000586"
OTHER = "3500E86F8000A9E000000999"


@pytest.fixture
def handheld(archive: Archive) -> int:
    """The row id of a handheld's antenna."""
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('H-1', 'native', 'h', 'UTC')")
    row = archive.root.execute(
        "INSERT INTO antenna (reader_id, number, place_id, role) "
        "SELECT reader.id, 0, place.id, 'handheld' FROM reader, place WHERE place.code = 'W1-R1' RETURNING id"
    ).fetchone()
    assert row is not None
    return int(row[0])


def read(archive: Archive, antenna: int, epc: str, *strengths: float) -> None:
    """Reads of one tag, each committed in a batch of its own as a handheld that reports at once makes them."""
    with archive.jobs.unpooled() as connection:
        evidence.prepare(connection)
        for dbm in strengths:
            now = datetime.now(UTC)
            at = round(now.timestamp() * 1_000_000)
            row = SliceReads(
                antenna, bytes.fromhex(epc), at - at % 500_000, 1, 1, round(dbm * 100), round(dbm * 100), at, at
            )
            take_evidence(connection, EvidenceBatch(slices=[row]), {now.date()}, now=now)


def test_the_page_follows_every_read_and_says_warmer_colder_and_here(
    archive: Archive, open_page: Open, handheld: int
) -> None:
    page = open_page("/dossiers/L-1/find")
    expect(page.locator("[data-told]")).to_have_text("Not heard yet")
    expect(page.locator(".find")).to_have_attribute("data-listening", "yes")
    read(archive, handheld, EPC, -70)
    expect(page.locator("[data-dbm]")).to_have_text("-70")
    page.wait_for_timeout(900)  # so long is what was just now read
    read(archive, handheld, EPC, -58)
    expect(page.locator("[data-told]")).to_have_text("Warmer")
    page.wait_for_timeout(900)
    read(archive, handheld, EPC, -66)
    expect(page.locator("[data-told]")).to_have_text("Colder")
    page.wait_for_timeout(900)
    read(archive, handheld, EPC, -38)
    expect(page.locator("[data-told]")).to_have_text("Right here")
    expect(page.locator("[data-reader]")).to_have_text("H-1")
    expect(page.locator("[data-told]")).to_have_text(re.compile(r"Silent for \d+ s"))
    assert page.locator(".find").get_attribute("data-reads") == "4"


def test_reads_of_other_tags_and_of_volumes_nobody_looks_for_are_told_to_nobody(
    archive: Archive, signed_in: SignIn, handheld: int
) -> None:
    archive.shelf("A-01")
    archive.dossier("L-1", on="A-01", epc=EPC)
    archive.dossier("L-2", on="A-01", epc=OTHER)
    keeper = signed_in("zhao")
    heard: list[str] = []
    opened, enough = threading.Event(), threading.Event()

    def listen() -> None:
        with keeper.stream("GET", "/live/dossiers/L-1/reads", timeout=30) as stream:
            for line in stream.iter_lines():
                opened.set()
                if line.startswith("data:"):
                    heard.append(line.removeprefix("data: "))
                    if len(heard) == 3:
                        enough.set()
                        return

    listener = threading.Thread(target=listen)
    listener.start()
    assert opened.wait(20)
    read(archive, handheld, OTHER, -40)
    read(archive, handheld, EPC, -61, -60, -59.5)
    assert enough.wait(20)
    listener.join(20)
    reads = [json.loads(line) for line in heard]
    assert [one["dbm"] for one in reads] == [-61, -60, -59.5]
    assert {(one["reader"], one["place"], one["reads"]) for one in reads} == {("H-1", "W1-R1", 1)}
    assert all("volume" not in one for one in reads)


def test_only_who_sweeps_may_find(archive: Archive, signed_in: SignIn) -> None:
    archive.shelf("A-01")
    archive.dossier("L-1", on="A-01", epc=EPC)
    clerk: httpx.Client = signed_in("licheng")
    assert clerk.get("/dossiers/L-1/find").status_code == 403
    assert clerk.get("/live/dossiers/L-1/reads").status_code == 403
    keeper = signed_in("zhao")
    assert keeper.get("/dossiers/L-9/find").status_code == 404
    assert keeper.get("/dossiers/L-1/find?volume=2").status_code == 404
