"""A telephone counts out of reach of the network, and nothing it scanned is lost, counted twice or taken for missing."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inventory.domain.acts import ActKind
from inventory.domain.people import Role
from tests.conftest import Archive
from tests.shelf_counts.conftest import blind_count, furnish
from tests.site import ONE_ENGINE, SignIn
from tests.web.stock import account_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE


@pytest.fixture
def bay(archive: Archive, site: str) -> Archive:
    assert site
    furnish(archive)
    account_of(archive, "audit", "周正", Role.AUDITOR)
    return archive


@pytest.fixture
def telephone(bay: Archive, site: str, chromium: Browser, signed_in: SignIn) -> Iterator[BrowserContext]:
    """The keeper's, with a scanner beside it that types; nothing may have broken in its pages."""
    assert bay
    context = chromium.new_context(base_url=site, locale="en-US", viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "guiwei", "value": str(signed_in("zhao").cookies["guiwei"]), "url": site}])
    yield context
    context.close()


def at_work(telephone: BrowserContext, broken: list[str]) -> Page:
    page = telephone.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto("/shelf-count")
    expect(page.locator("[data-taken-along]")).to_be_attached()
    return page


def scan(page: Page, *codes: str) -> None:
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def test_a_bay_is_counted_out_of_reach_and_synced_when_the_network_is_back(
    bay: Archive, telephone: BrowserContext
) -> None:
    broken: list[str] = []
    page = at_work(telephone, broken)
    page.fill("#places", "B")
    page.click("text=Load")
    expect(page.locator("[data-shelves] li")).to_have_count(3)
    page.locator("#typed").focus()
    scan(page, "D-11")
    expect(page.locator("[data-said].bad")).to_have_text("Scan the shelf's label first")

    telephone.set_offline(True)
    page.reload()  # The page, its scope and what was scanned come from the telephone.
    expect(page.locator("[data-network]")).to_have_text("Out of reach")
    expect(page.locator("[data-shelves] li")).to_have_count(3)
    scan(page, "B-1", "D-11", "D-11", "D-21")
    expect(page.locator("[data-said].bad")).to_have_text("D-21 belongs at B-2")
    expect(page.locator("[data-tally]")).to_have_text("2")
    page.reload()
    scan(page, "B-1")
    expect(page.locator("[data-tally]")).to_have_text("2")
    scan(page, "D-12", "nobodys")
    page.click("text=The whole shelf is counted")
    scan(page, "B-2", "D-22")
    expect(page.locator("[data-unsent].note")).to_have_text("6 to be synced")
    assert poor_contrasts(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert bay.root.execute("SELECT count(*) FROM shelf_count").fetchone() == (0,)
    bay.act(ActKind.RESHELVED, "D-11", "B-3")  # Somebody moves a dossier meanwhile.

    telephone.set_offline(False)
    expect(page.locator("[data-unsent].note")).to_have_text("All synced")
    conflicts = page.locator("[data-conflicts] li")
    expect(conflicts).to_have_count(3)
    for told in ("D-11 was moved to B-3 after it was scanned", "D-21 belongs at B-2", "nobodys is nobody's code"):
        expect(conflicts.filter(has_text=told)).to_have_count(1)
    query = (
        "SELECT place.code, scans, count(scan.id) FROM shelf_count JOIN place ON place.id = place_id "
        "JOIN shelf_count_scan AS scan ON count_id = shelf_count.id GROUP BY shelf_count.id, place.code ORDER BY 1"
    )
    assert bay.root.execute(query).fetchall() == [("B-1", 4, 4), ("B-2", None, 1)]
    expect(page.locator("[data-shelf='B-1']")).to_have_class("synced")
    assert broken == []


def test_a_blind_count_shows_nothing_expected_and_is_refused_where_it_comes_too_late(
    bay: Archive, site: str, telephone: BrowserContext, signed_in: SignIn
) -> None:
    number = blind_count(bay, shelves=3)
    secret = str(signed_in("audit").cookies["guiwei"])
    telephone.add_cookies([{"name": "guiwei", "value": secret, "url": site}])
    broken: list[str] = []
    page = at_work(telephone, broken)
    page.goto(f"/audits/{number}")
    expect(page.locator(".running")).to_contain_text("0 of 3 shelves drawn are counted")
    page.get_by_role("link", name="Count by code").click()
    page.click(f"text=Blind count {number}: B")
    expect(page.locator("[data-shelves] li")).to_have_count(3)
    page.locator("#typed").focus()
    scan(page, "B-1", "D-21", "D-11")
    expect(page.locator("[data-said].good")).to_have_text("D-11")
    page.click("text=The whole shelf is counted")
    expect(page.locator("[data-shelf='B-1']")).to_have_class("synced")
    expect(page.locator("[data-conflicts] li")).to_have_count(0)

    telephone.set_offline(True)
    scan(page, "B-2", "D-22")
    expect(page.locator("[data-tally]")).to_have_text("1")
    bay.root.execute("UPDATE audit SET state = 'running', started_at = now(), ledger_roots = '[]'")
    telephone.set_offline(False)
    expect(page.locator("[data-conflicts] li")).to_contain_text("B-2: The audit is being judged or is over")
    assert bay.root.execute("SELECT count(*) FROM shelf_count").fetchone() == (1,)
    assert broken == []


def test_the_page_the_telephone_keeps_names_nobody_and_no_other_page_may_use_the_camera(
    bay: Archive, signed_in: SignIn, visitor: httpx.Client
) -> None:
    assert bay
    keeper = signed_in("zhao")
    page = keeper.get("/shelf-count")
    assert "赵建国" not in page.text and "form_token" not in page.text
    assert page.headers["Permissions-Policy"].startswith("camera=(self)")
    assert keeper.get("/sweeps").headers["Permissions-Policy"].startswith("camera=()")
    assert visitor.get("/shelf-count").status_code == 303
    assert visitor.get("/api/v1/shelf-counts").status_code == 401
    worker = visitor.get("/shelf-count-worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert signed_in("licheng").get("/api/v1/shelf-counts/scope", params={"place": "B"}).status_code == 403
