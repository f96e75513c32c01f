"""A docked handheld's file by the page, as a keeper brings it."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.bringing.conftest import EPCS, ago, evidence_of, furnish, sheet
from tests.conftest import Archive
from tests.site import ONE_ENGINE, SignIn
from tests.web.stock import password_of

pytestmark = ONE_ENGINE


@pytest.fixture
def docked(archive: Archive, site: str) -> Archive:
    assert site
    furnish(archive)
    return archive


def test_a_file_is_looked_at_told_its_columns_and_taken(
    docked: Archive, site: str, chromium: Browser, tmp_path: Path, take: Callable[[], int]
) -> None:
    header = ("标签码值", "Last seen", "RSSI", "label")
    path = sheet(
        tmp_path,
        "odd.csv",
        ("", ago(20), "", "A-02"),
        (EPCS["D-1"], ago(19), -50, ""),
        ("", ago(18), "", "NOWHERE"),
        header=header,
        encoding="gb18030",
    )
    page = chromium.new_page(base_url=site, locale="en-US", viewport={"width": 1280, "height": 1000})
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)
    page.goto("/sign-in")
    page.fill("#login", "zhao")
    page.fill("#password", password_of("zhao"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/work$"))
    page.goto("/sweeps")
    page.get_by_role("link", name="Docked handheld").click()
    page.set_input_files("#file", path)
    expect(page.locator("#seen .shout")).to_contain_text("say which column is the time")
    page.select_option("#column-epc", "标签码值")
    expect(page.locator("#seen")).to_contain_text("1 reads, 0 shelf labels")
    page.select_option("#column-barcode", "label")
    expect(page.locator("#seen")).to_contain_text("1 reads, 1 shelf labels")
    expect(page.locator("#seen tbody tr").first).to_contain_text("no shelf or dossier has this code")
    expect(page.locator("#timezone")).to_have_value("Asia/Shanghai")
    page.click("text=Take only the right rows")
    expect(page.locator(".outcome")).to_contain_text("1 reads of H-1 are taken, 1 rows left out")
    expect(page.locator("table.cards tbody tr")).to_contain_text("waits")
    assert take() == 1
    assert evidence_of(docked) == {"D-1": (1, -5000)}
    page.locator("table.cards tbody th a").click()
    expect(page.locator("#sweep")).to_contain_text("1 reads")

    # The same handheld in keyboard mode: the shelf's label, then a burst; a tab or an enter behind each code.
    page.goto("/wedge")
    page.wait_for_load_state("load")
    for code, end in (
        ("A-01", "Enter"),
        (EPCS["D-2"], "Enter"),
        ("E2801160600002084D2A5B01", "Tab"),
        (EPCS["D-2"], "Enter"),
        ("D-3", "Tab"),
    ):
        page.keyboard.type(code)
        page.keyboard.press(end)
    expect(page.locator("[data-tally]")).to_have_text("3")
    expect(page.locator(".line.bad")).to_have_count(0)
    page.keyboard.type("A-01")
    page.keyboard.press("Enter")
    expect(page.locator(".shout.good")).to_contain_text("3 reads at A-01 are taken")
    assert take() == 3
    assert evidence_of(docked)["D-3"] == (1, None)
    assert broken == []
    page.close()


def test_the_same_file_again_and_files_that_are_none(docked: Archive, signed_in: SignIn, tmp_path: Path) -> None:
    keeper = signed_in("zhao")
    content = sheet(tmp_path, "a.csv", (EPCS["D-1"], ago(3), -50, 1, "")).read_bytes()

    def bring(content: bytes, **fields: str) -> httpx.Response:
        form = {"reader": "H-1"} | fields
        return keeper.post("/docked", data=form, files={"file": ("../a.csv", content)}, follow_redirects=True)

    assert "1 reads of H-1 are taken" in bring(content).text
    assert "nothing was counted twice" in bring(content).text
    for wrong in (b"", b"\x00\x01\x02", b"PK\x03\x04 no workbook", "值\n1".encode()):
        assert bring(wrong).status_code == 422, wrong
    assert bring(content, timezone="Mars/Olympus").status_code == 422
    assert bring(content, reader="H-9").status_code == 404
    assert signed_in("licheng").get("/docked").status_code == 403
    assert docked.root.execute("SELECT count(*) FROM brought_evidence").fetchone() == (1,)
