"""A keeper tags a shelf by the pages, and a program by the API: the whole way, and whoever else looks on."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from inventory.domain.label_printers import LabelPrinter
from inventory.domain.people import Role
from inventory.operations import labelling
from inventory.operations.signing_in import add_token
from tests.conftest import Archive
from tests.labels.conftest import DOSSIERS, furnish, labels_of, made, tid
from tests.labels.test_pads import reads
from tests.labels.test_papers import understood
from tests.papers.reading import Paper
from tests.site import ONE_ENGINE, SignIn
from tests.web.stock import account_of
from tests.web.test_browser import poor_contrasts
from web.site import WebSettings

pytestmark = ONE_ENGINE
FIRST, SECOND, THIRD = DOSSIERS


@pytest.fixture
def web_settings() -> WebSettings:
    """A site with a printer that is off."""
    return WebSettings(label_printers=(LabelPrinter("一楼", "127.0.0.1", 1),))


@pytest.fixture
def page(shelf: Archive, site: str, chromium: Browser, signed_in: SignIn) -> Iterator[Page]:
    """The keeper's browser; nothing may have broken in it."""
    assert shelf
    context = chromium.new_context(base_url=site, locale="zh-CN", viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "guiwei", "value": str(signed_in("zhao").cookies["guiwei"]), "url": site}])
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    context.close()
    assert not broken


def scan(page: Page, *codes: str, into: str = "#code") -> None:
    """A scanner types; whoever holds it has waited for the page to be there."""
    expect(page.locator(into)).to_be_focused()
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def test_a_keeper_tags_a_shelf_without_touching_the_mouse_between_labels(shelf: Archive, page: Page) -> None:
    page.goto("/labels")
    scan(page, "A-01", into="#where")
    page.click("text=查看未装标签的")
    expect(page.locator(".numbers")).to_contain_text(FIRST)
    page.click("text=制作 3 张标签")
    expect(page.locator(".outcome")).to_contain_text("批次 T-000001 已制作")
    page.click("text=送到打印机")
    expect(page.locator(".shout")).to_contain_text("没有打印任何标签")
    with page.expect_download() as fetched:
        page.click("text=取 ZPL 文件")
    formats = understood(Path(fetched.value.path()).read_bytes())
    assert fetched.value.suggested_filename == "T-000001.zpl"
    (one,), (two,), (three,) = (label.encoded for label in formats)

    page.click("text=核验标签")
    expect(page).to_have_url(re.compile("/labels/verify$"))
    scan(page, FIRST, one, tid(1))
    expect(page.locator(".shout.good")).to_contain_text(f"{FIRST} 已绑定")
    expect(page.locator(".reached")).to_contain_text("3 册中已绑定 1 册")
    scan(page, SECOND, one, tid(2))
    expect(page.locator(".shout.bad")).to_contain_text("打印机写入了上一张标签的内容")
    assert poor_contrasts(page) == []
    page.goto("/labels/T-000001")
    page.check(f"[aria-label='选择 {SECOND}']")
    page.fill("#reason", "写入了上一张")
    page.click("text=作废所选")
    page.click("text=重打作废的 1 张")
    expect(page.locator(".outcome")).to_contain_text("已重新制作 1 张")
    anew = labels_of(shelf, "T-000001")[-1].epc.hex().upper()

    page.locator(".heading").get_by_text("手持逐架核验").click()
    expect(page).to_have_url(re.compile("/labels/shelf$"))
    scan(page, FIRST, one, tid(1), SECOND, two, tid(2), THIRD, tid(3), three)
    page.click("text=核验并绑定")
    expect(page.locator(".shout.bad")).to_contain_text("绑定 1 册，1 张标签未绑定")
    expect(page.locator(".shout li")).to_contain_text("已作废")
    scan(page, SECOND, anew, tid(4))
    page.click("text=核验并绑定")
    expect(page.locator(".shout.good")).to_contain_text("绑定 1 册")
    page.goto("/labels")
    expect(page.locator("table.cards")).to_contain_text("全部装上")


def test_an_envelope_on_the_pad_is_bound_by_one_scan(shelf: Archive, page: Page) -> None:
    one, *_ = labels_of(shelf, made(shelf))
    page.goto("/labels/verify")
    page.click("text=读写台 W1-D1")
    expect(page).to_have_url(re.compile("place=W1-D1$"))
    scan(page, FIRST)
    expect(page.locator(".shout.bad")).to_contain_text("没有读到带 TID 的标签")
    reads(shelf, (one.epc, tid(1)))
    scan(page, FIRST)
    expect(page.locator(".shout.good")).to_contain_text(f"{FIRST} 已绑定")
    scan(page, FIRST)
    expect(page.locator(".shout.good")).to_contain_text("此前已绑定")


def test_a_handhelds_file_is_verified_as_it_was_read(
    shelf: Archive, site: str, signed_in: SignIn, tmp_path: Path
) -> None:
    assert site
    labels = labels_of(shelf, made(shelf))
    keeper = signed_in("zhao")
    rows = ["时间,条码,EPC,TID", f"08:00:00,{FIRST},,", f"08:00:01,,{labels[0].epc.hex()},{tid(1)}"]
    rows += [f"08:00:02,{label.volume},{label.epc.hex().upper()},{tid(9 + at)}" for at, label in enumerate(labels[1:])]
    path = tmp_path / "A-01.csv"
    path.write_text("\n".join(rows), "gb18030")
    answer = keeper.post(
        "/labels/shelf", data={"command_id": str(uuid4())}, files={"file": (path.name, path.read_bytes())}
    )
    assert answer.status_code == 200 and "3 bound; 0 had been bound before" in answer.text
    wrong = keeper.post("/labels/shelf", data={"command_id": str(uuid4())}, files={"file": ("x.csv", b"EPC\n1\n")})
    assert wrong.status_code == 422 and "no column for printed code, TID" in wrong.text


def test_a_program_goes_the_whole_way(shelf: Archive, site: str, visitor: httpx.Client) -> None:
    assert site
    at = datetime.now(UTC)
    add_token(shelf.owner, "zhao", "test", at, at + timedelta(hours=1), "the-token")
    visitor.headers["Authorization"] = "Bearer the-token"

    def post(address: str, **sent: object) -> httpx.Response:
        return visitor.post(f"/api/v1/labels{address}", json=sent)

    assert visitor.get("/api/v1/labels/untagged", params={"where": "A-01"}).json() == {"volumes": list(DOSSIERS)}
    command = str(uuid4())
    batch = post("", command_id=command, where="A-01").json()
    assert post("", command_id=command, where="A-01").json() == batch
    assert (batch["number"], batch["left"], batch["unsent"]) == ("T-000001", 3, 3)
    one, two, three = (label["epc"] for label in batch["labels"])
    paper = Paper(visitor.get("/api/v1/labels/T-000001/labels.pdf").content)
    assert len(paper.pages) == 3 and ("QRCode", FIRST) in paper.codes()
    refused = post("/T-000001/sendings", command_id=str(uuid4()), printer="一楼")
    assert (refused.status_code, refused.json()["code"]) == (503, "printer_away")
    zpl = post("/T-000001/zpl", dpi=300)
    assert zpl.headers["content-type"] == "application/vnd.zebra-zpl"
    assert [label.encoded for label in understood(zpl.content)] == [[one], [two], [three]]
    assert post("/T-000001/sendings", command_id=str(uuid4()), printer="二楼").status_code == 404
    done = post(
        "/read-backs",
        command_id=str(uuid4()),
        labels=[{"code": FIRST, "epc": one, "tid": tid(1)}, {"code": SECOND, "epc": one, "tid": tid(1)}],
    ).json()
    assert [label["bound"] for label in done["labels"]] == [True, False] and done["written"] == 1
    assert done["labels"][1]["fault"]["code"] == "previous_label"
    done = post("/scans", command_id=str(uuid4()), scans=[THIRD, three, tid(3)]).json()
    assert (done["labels"][0]["volume"], done["labels"][0]["again"]) == (THIRD, False)
    assert post("/on-pad", command_id=str(uuid4()), code=SECOND, place="W1-D1").json()["code"] == "nothing_on_the_pad"
    assert post("/T-000001/spoilings", command_id=str(uuid4()), epcs=[two], reason="破损").json() == {"labels": 1}
    assert post("/T-000001/reprints", command_id=str(uuid4())).json() == {"labels": 1}
    states = [label["state"] for label in visitor.get("/api/v1/labels/T-000001").json()["labels"]]
    assert states == ["bound", "spoiled", "bound", "printed"]
    told = visitor.get("/api/v1/labels").json()
    assert (told["numbering"], told["printers"]) == ("gdti:9521141.12345", ["一楼"])
    assert told["batches"][0]["bound"] == 2


def test_a_site_without_a_prefix_is_told_what_to_set_and_a_manager_only_looks_on(
    archive: Archive, site: str, signed_in: SignIn
) -> None:
    assert site
    furnish(archive)
    account_of(archive, "chen", "陈城", Role.CITY_MANAGER)
    keeper, manager = signed_in("zhao"), signed_in("chen")
    assert "run guiwei label numbering" in keeper.get("/labels", params={"where": "A-01"}).text
    refused = keeper.post("/labels", data={"command_id": str(uuid4()), "where": "A-01"})
    assert refused.status_code == 409 and "guiwei label numbering --gs1-prefix" in refused.text
    page = manager.get("/labels", params={"where": "A-01"}).text
    assert FIRST in page and "<form" in page and not re.search(r'method="post" action="/labels', page)
    assert manager.post("/labels", data={"command_id": str(uuid4()), "where": "A-01"}).status_code == 403
    assert keeper.get("/labels", params={"where": "NOWHERE"}).status_code == 404
    assert labelling.label_batches(archive.app, archive.keeper) == []
