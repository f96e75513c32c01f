"""Coming in, in a real browser: a list is announced, boxes are counted with a scanner, both sides sign, tags are bound."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inventory.domain.acts import ActKind
from inventory.domain.people import Role
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import account_of, password_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
_WAIT_MS = 30_000
LIST = "box,number,name\n1,LC-001,王芳\n1,LC-002,李强\n2,LC-003,张伟\n"
EPC = "350000000000000000000001"

Open = Callable[..., Page]


@pytest.fixture
def yard(archive: Archive) -> Archive:
    archive.place("W1-IN", "arrivals", parent="W1-R1")
    archive.place("W1-SCAN", "digitisation", parent="W1-R1")
    archive.desk("W1-D1")
    for number in (1, 2):
        archive.shelf(f"A-0{number}", x=float(number))
    archive.root.execute("UPDATE place SET capacity = 4 WHERE kind = 'shelf'")
    return archive


@pytest.fixture
def open_page(yard: Archive, site: str, chromium: Browser) -> Iterator[Open]:
    """Open the site as somebody; at the end no page may have complained in its console."""
    account_of(yard, "qian", "钱进", Role.KEEPER)
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str, *, login: str = "zhao", width: int = 1280, language: str = "zh-CN") -> Page:
        context = chromium.new_context(base_url=site, viewport={"width": width, "height": 844}, locale=language)
        contexts.append(context)
        context.set_default_timeout(_WAIT_MS)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.locator("#login").fill(login)
        page.locator("#password").fill(password_of(login))
        page.locator("button.main").click()
        page.wait_for_url(lambda address: "/sign-in" not in address)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A refusal is an answer of ours that a browser also mentions.
    assert [text for text in complaints if "the server responded with a status of 4" not in text] == []


def scan(page: Page, *codes: str) -> None:
    for code in codes:
        page.locator("#scan").press_sequentially(code)
        page.keyboard.press("Enter")
    expect(page.locator("[data-lines] .asked")).to_have_count(0)


def announce(page: Page, tmp_path: Path, text: str = LIST) -> None:
    path = tmp_path / "移交清单.csv"
    path.write_text(text, encoding="utf-8")
    page.goto("/arrivals/new")
    page.locator("#agency").select_option("370112")
    page.locator("#sender").fill("历城区人力资源和社会保障局")
    page.locator("#boxes").fill("2")
    page.locator("#file").set_input_files(path)
    page.locator("button.main").click()


def deliver(page: Page) -> None:
    page.locator("#channel").select_option("staff")
    page.locator("#seal").select_option("intact")
    page.locator("#place").fill("W1-IN")
    page.locator("form[action$=delivery] button.main").click()
    expect(page.locator(".outcome.good")).to_be_visible()


def test_a_county_is_announced_counted_with_a_scanner_and_signed_for(
    yard: Archive, open_page: Open, tmp_path: Path
) -> None:
    page = open_page("/arrivals")
    announce(page, tmp_path)
    expect(page.locator("h1")).to_have_text("A-000001")
    deliver(page)
    page.goto("/arrivals/A-000001/boxes/1")
    scan(page, "LC-001", "LC-003", "LC-999")
    assert (
        page.locator("[data-lines] .bad").count() == 2
    )  # another box's, and nobody's: told before anything is counted
    page.keyboard.press("Enter")
    expect(page.locator(".outcome.bad")).to_contain_text("多出 1")
    assert (yard.where("LC-001"), yard.where("LC-002")) == ("W1-IN", None)
    page.locator("button[name=done]").click()
    page.goto("/arrivals/A-000001/boxes/2")
    page.locator("button[name=done]").click()
    expect(page.locator("#sheet + p")).to_contain_text("待点 0 份")
    page.locator("form[action$=signature] button.main").click()
    expect(page.locator(".outcome.good")).to_contain_text("已签字")
    clerk = open_page("/arrivals/A-000001", login="licheng")
    clerk.locator("form[action$=signature] button.main").click()
    expect(clerk.locator(".heading .pill")).to_have_text("双方已签字")
    # The stray envelope is found out about.
    page.goto("/arrivals/A-000001?reached=extra")
    page.get_by_role("link", name="查明").click()
    page.locator("#name").fill("孙悦")
    page.locator("button.main").click()
    assert yard.where("LC-999") == "W1-IN"


def test_a_dossier_is_reviewed_by_two_tagged_and_shelved(yard: Archive, open_page: Open) -> None:
    yard.dossier("N-1")
    yard.act(ActKind.RECEIVED, "N-1", "W1-IN", details={"channel": "staff"})
    page = open_page("/review/N-1")
    page.locator("#pieces").fill("3")
    page.locator("#materials").fill("一类,干部履历表,1998,1,4\n4，毕业生登记表，1998-07，2")
    page.locator("#gaps").fill("学位证书")
    page.locator("#witness_login").fill("qian")
    page.locator("#witness_secret").fill(password_of("qian"))
    page.locator("form.sheet").first.locator("button.main").click()
    expect(page.locator(".outcome.good")).to_contain_text("N-1")
    expect(page.locator("table")).to_contain_text("毕业生登记表")
    page.goto("/tags")
    for code in ("N-1", "N-1", EPC, EPC[:-1] + "2"):  # the label reads back as another
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    page.locator("button.main").press("Enter")
    expect(page.locator(".shout.bad")).to_be_visible()
    page.locator("#code").focus()
    for code in ("N-1", EPC, EPC):
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    page.locator("button.main").press("Enter")
    expect(page.locator(".outcome.good")).to_contain_text("N-1")


def test_an_abolished_paper_refuses_nobody_and_the_page_says_why(yard: Archive, open_page: Open) -> None:
    yard.dossier("N-1")
    yard.act(ActKind.RECEIVED, "N-1", "W1-IN", details={"channel": "staff"})
    page = open_page("/review/N-1")
    page.locator("details.more > summary").last.click()
    page.locator("input[value=registration_card]").check()
    page.locator("#letter").fill("历档函 8")
    page.locator("#channel").select_option("staff")
    page.locator("details.more button.main").click()
    expect(page.locator(".shout.bad")).to_contain_text("就业报到证")
    assert yard.where("N-1") == "W1-IN"
    page.goto("/refusals")
    expect(page.locator("table")).to_contain_text("就业报到证")


def test_loose_materials_go_in_and_shelves_are_moved(yard: Archive, open_page: Open) -> None:
    for number in ("D-1", "D-2"):
        yard.dossier(number, on="A-01")
    page = open_page("/loose-materials")
    page.locator("#sender").fill("济南第二机床厂")
    page.locator("#channel").select_option("ems")
    page.locator("#rows").fill("张三,D-1,三类,2025年度考核表,2025,1,2\n李四,D-2,3,考核表")
    page.locator("button.main").click()
    expect(page.locator(".outcome.good")).to_contain_text("L-000001")
    yard.act(ActKind.PICKED, "D-1", "W1-D1", authority="L-000001")
    page.reload()
    page.locator("#order").fill("启封令 31")
    page.locator("input[name=pieces]").fill("13")
    page.locator("input[name=seal]").fill("F-001")
    page.locator("#witness_login").fill("qian")
    page.locator("#witness_secret").fill(password_of("qian"))
    page.locator("form.act button.main").click()
    expect(page.locator(".outcome.good")).to_contain_text("已归入 1")
    page.goto("/reshelving")
    page.locator("#reason").fill("倒架")
    page.locator("#shelves").fill("A-01,A-02")
    page.locator("button.main").click()
    expect(page.locator("h1")).to_have_text("P-000001")
    scan(page, "A-02", "D-2")
    scan(page, "A-02")
    expect(page.locator(".outcome.good")).to_contain_text("A-02")
    assert yard.where("D-2") == "A-02"


def test_a_contractor_reports_his_scans_and_sees_nothing_else(yard: Archive, open_page: Open) -> None:
    account_of(yard, "scan-co", "数字化公司", Role.CONTRACTOR)
    yard.dossier("D-1", on="A-01")
    yard.act(ActKind.PICKED, "D-1", "W1-D1", authority="数字化 2")
    page = open_page("/digitisation")
    page.locator("#order").fill("数字化 2")
    page.locator("#place").fill("W1-SCAN")
    page.locator("#contractor").fill("scan-co")
    page.locator("#rows").fill("D-1,12")
    page.locator("button.main").click()
    expect(page.locator(".outcome.good")).to_contain_text("D-000001")
    company = open_page("/digitisation/D-000001", login="scan-co")
    for name, value in (("volume", "D-1"), ("pages", "30"), ("sha256", "ab" * 32), ("link", "scans/D-1.pdf")):
        company.locator(f"#{name}").fill(value)
    company.locator("button.main").click()
    expect(company.locator("table")).to_contain_text("abababababab")
    assert company.goto("/arrivals").status == 403  # type: ignore[union-attr]
    page.goto("/digitisation/D-000001")
    page.locator("#place").fill("W1-D1")
    page.locator("#rows").fill("D-1,12")
    page.locator("#witness_login").fill("qian")
    page.locator("#witness_secret").fill(password_of("qian"))
    page.locator("form.sheet button.main").last.click()
    expect(page.locator(".outcome.good")).to_contain_text("已收回 1")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_page_scrolls_sideways_and_every_text_stands_out(
    yard: Archive, open_page: Open, tmp_path: Path, language: str
) -> None:
    page = open_page("/arrivals", width=390, language=language)
    announce(page, tmp_path)
    deliver(page)
    yard.dossier("D-1", on="A-01", epc=EPC)
    addresses = (
        "/arrivals", "/arrivals/new", "/arrivals/A-000001", "/arrivals/A-000001/boxes/1", "/review/D-1", "/tags",
        "/tags/D-1", "/loose-materials", "/digitisation", "/reshelving", "/refusals",
    )  # fmt: skip
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert poor_contrasts(page) == [], address


@pytest.mark.usefixtures("yard")
def test_programs_move_a_county_in_through_the_same_doors(signed_in: SignIn) -> None:
    keeper: httpx.Client = signed_in("zhao")
    rows = [{"number": "P-1", "name": "王芳"}, {"name": "李强", "box": "2"}]
    sent = {"command_id": str(uuid4()), "agency": "370112", "sender": "某局", "rows": rows}
    told = keeper.post("/api/v1/arrivals", json=sent).json()
    assert told["arrival"] == "A-000001" and told["dossiers"][0] == "P-1"
    wrong = sent | {"command_id": str(uuid4()), "rows": [{"number": "X-1"}, {"volume": 2, "name": "x"}]}
    refused = keeper.post("/api/v1/arrivals", json=wrong)
    assert refused.status_code == 422
    assert {(one["row"], one["column"]) for one in refused.json()["errors"]} == {(1, "name"), (2, "number")}
    delivery = {"command_id": str(uuid4()), "channel": "ems", "seal_intact": True, "boxes": 2, "place": "W1-IN"}
    assert keeper.post("/api/v1/arrivals/A-000001/delivery", json=delivery).status_code == 204
    counted = keeper.post(
        "/api/v1/arrivals/A-000001/boxes/1/counts",
        json={"command_id": str(uuid4()), "codes": ["P-1", "P-9"], "done": True},
    ).json()
    assert (counted["counted"], len(counted["extra"]), counted["closed"]) == (1, 1, True)
    keeper.post("/api/v1/arrivals/A-000001/boxes/2/counts", json={"command_id": str(uuid4()), "done": True})
    sheet = keeper.get("/api/v1/arrivals/A-000001/discrepancies").json()
    assert [one["kind"] for one in sheet["differences"]] == ["missing", "extra"]
    signed = keeper.post(
        "/api/v1/arrivals/A-000001/signatures", json={"command_id": str(uuid4()), "hash": sheet["hash"]}
    ).json()
    assert [one["side"] for one in signed["signatures"]] == ["receiver"]
    paper = keeper.get("/api/v1/arrivals/A-000001/discrepancies.pdf")
    assert paper.content.startswith(b"%PDF") and re.search(r"A-000001-\w+\.pdf", paper.headers["content-disposition"])
    labels = [{"volume": "P-1", "code": "P-1", "epc": EPC, "read_back": EPC}]
    bound = keeper.post("/api/v1/tags", json={"command_id": str(uuid4()), "labels": labels})
    assert bound.json() == {"written": 1}
    assert keeper.get("/api/v1/tags/P-1").json()["identification"] == "tagged"
    turning = {
        "command_id": str(uuid4()), "volumes": ["P-1"], "grounds": ["registration_card"], "letter": "x", "channel": "ems",
    }  # fmt: skip
    refused = keeper.post("/api/v1/refusals", json=turning)
    assert (refused.status_code, refused.json()["rule"]) == (409, "no_registration_card")
