"""A warehouse with shelves in a bay, and its nights."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import Archive
from tests.discrepancies.nights import Nights


@pytest.fixture
def nights(archive: Archive) -> Nights:
    """Bays B-1 and B-2 with two shelves each; D-1 to D-3 stand on the first."""
    for bay in ("B-1", "B-2"):
        archive.place(bay, "bay", parent="W1-R1")
        for level in (1, 2):
            archive.place(f"{bay}-{level}", "shelf", parent=bay)
    archive.place("K-1", "cart", parent="W1-R1")
    archive.desk()
    for number in ("D-1", "D-2", "D-3"):
        archive.dossier(number, on="B-1-1", epc=f"3500E86F8000A9E00000{number[2:]:0>4}")
    return Nights(archive)


@pytest.fixture
def page(archive: Archive, site: str, chromium: Browser) -> Iterator[Page]:
    """The keeper at a telephone; nothing in its console but answers that were meant to refuse."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=site, viewport={"width": 390, "height": 844}, locale="en")
    context.set_default_timeout(30_000)
    row = archive.root.execute("SELECT id FROM account WHERE login = 'zhao'").fetchone()
    assert row is not None
    context.add_cookies([{"name": "guiwei", "value": archive.session(row[0]), "url": site}])
    page = context.new_page()
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [text for text in complaints if "422" not in text] == []
