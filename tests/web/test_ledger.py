"""The signed root: on the page and in the API for those who audit, at the foot of papers, the same everywhere."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from inventory.domain.checkpoints import grouped
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission
from inventory.operations.closing_sheet import closing_paper
from inventory.papers.printing import closing_sheet_pdf
from tests.conftest import Archive
from tests.papers.reading import Paper
from tests.tampering.stock import files_in, sign
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import account_of

pytestmark = ONE_ENGINE


@pytest.fixture
def root(archive: Archive, site: str, tmp_path: Path) -> str:
    """The second signed root of W1; an auditor and a security administrator have accounts."""
    assert site
    account_of(archive, "audit", "审计", Role.AUDITOR)
    account_of(archive, "rights", "安全", Role.SECURITY_ADMIN)
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    files = files_in(tmp_path)
    sign(archive, files)
    return sign(archive, files)


def test_the_metrics_say_when_it_was_signed_last(archive: Archive, visitor: httpx.Client, tmp_path: Path) -> None:
    name = "guiwei_ledger_signed_timestamp_seconds"
    assert name not in visitor.get("/metrics").text
    archive.dossier("D-1", on=archive.shelf("A-01"))
    sign(archive, files_in(tmp_path))
    told = re.search(rf"^{name} (\S+)$", visitor.get("/metrics").text, re.MULTILINE)
    row = archive.root.execute("SELECT extract(epoch FROM made_at)::float FROM checkpoint").fetchone()
    assert told is not None and row is not None
    assert float(told[1]) == pytest.approx(row[0], abs=0.01)


def test_an_auditor_reads_the_roots_on_the_page_and_in_the_api(signed_in: SignIn, root: str) -> None:
    audit = signed_in("audit")
    page = audit.get("/ledger").text
    assert "W1 #2" in page and grouped(root) in page and root in page
    newest, older = audit.get("/api/v1/ledger/checkpoints").json()["checkpoints"]
    assert (newest["warehouse"], newest["number"], newest["acts"], newest["hash"]) == ("W1", 2, 3, root)
    assert newest["previous_hash"] == older["hash"]
    assert 'href="/ledger"' in audit.get("/readers").text


def test_who_has_nothing_to_do_with_it_is_refused(signed_in: SignIn, root: str, visitor: httpx.Client) -> None:
    assert root
    for address in ("/ledger", "/api/v1/ledger/checkpoints"):
        assert signed_in("rights").get(address).status_code == 403
        assert visitor.get(address).status_code in {303, 401}
    assert Role.SECURITY_ADMIN not in Permission.SEE_LEDGER.roles


def test_a_paper_says_the_newest_signed_root(archive: Archive, root: str) -> None:
    closing, printed = closing_paper(archive.app, archive.keeper, "W1", datetime.now(UTC))
    assert (printed.ledger_root, printed.checkpoint) == (root, "W1 #2")
    assert Paper(closing_sheet_pdf(closing.sheet, printed)).says(f"signed ledger root W1 #2 {grouped(root)}")


def test_before_the_first_signature_a_paper_says_none(archive: Archive) -> None:
    viewer: Viewer = archive.keeper
    _, printed = closing_paper(archive.app, viewer, "W1", datetime.now(UTC))
    assert (printed.ledger_root, printed.checkpoint) == (None, None)
