"""The whole way through Chromium: a badge is given out, opens the door, and signs beside somebody; card, daemon, broker are real."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from inventory.domain.acts import ActKind
from inventory.domain.people import Role
from inventory.operations.countersigning import set_pin
from tests.conftest import Archive
from tests.desk.conftest import commands_sent, register_desk
from tests.desk.test_station import at_work
from tests.desk.virtual import Card, Daemon, laid
from tests.ingest.equipment import working
from tests.servers import Mosquitto
from tests.site import ONE_ENGINE
from tests.web.stock import account_of, password_of

pytestmark = ONE_ENGINE
PIN = "271828"
PICTURES = os.environ.get("GUIWEI_PICTURES")  # a directory to look at what people see


@dataclass
class Office:
    """A site with a desk that works; people come in by the form."""

    archive: Archive
    address: str
    pcscd: Daemon
    browser: Browser

    def sign_in(self, login: str) -> Page:
        page = self.browser.new_context(locale="zh-CN").new_page()
        page.goto(f"{self.address}/sign-in")
        page.locator("[name=login]").fill(login)
        page.locator("[name=password]").fill(password_of(login))
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url or "/sign-in/" in url)
        return page

    def give(self, page: Page, login: str, card: Card) -> None:
        page.goto(f"{self.address}/badges")
        page.locator("[name=login]").first.fill(login)
        page.get_by_role("button", name="刷工作卡").click()
        expect(page.get_by_text("请刷工作卡")).to_be_visible()
        with laid(self.pcscd.port, card):
            expect(page.get_by_text("这张卡没有登记给任何人")).to_be_visible()
        look(page, f"badges-{login}")
        page.get_by_role("button", name="发给此人").click()
        expect(page.get_by_text(f"已向 {login} 发卡")).to_be_visible()


def look(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture
def office(
    archive: Archive, site: str, folder: Path, broker: Mosquitto, pcscd: Daemon, chromium: Browser
) -> Iterator[Office]:
    register_desk(archive)
    archive.root.execute("UPDATE place SET name = '一号工作台' WHERE code = 'W1-DESK-1'")
    account_of(archive, "admin", "周管理", Role.SYSTEM_ADMIN)
    account_of(archive, "wang", "王芳", Role.AGENCY_HEAD, "370112")
    account_of(archive, "qian", "钱进", Role.KEEPER)
    archive.root.execute("INSERT INTO second_factor_role VALUES ('agency_head')")
    for login in ("wang", "qian"):
        set_pin(archive.owner, login, PIN)
    with working(archive, broker.url), commands_sent(archive, broker.url), at_work(folder, broker, pcscd) as desk:
        desk.wait_for(lambda: "读卡器就绪" in desk.said and "已连接消息代理" in desk.said)
        yield Office(archive, site, pcscd, chromium)
        assert "Traceback" not in desk.said


def test_a_badge_is_given_out_opens_the_door_and_signs_beside_somebody(office: Office) -> None:
    heads, keepers = Card.signing(bytes.fromhex("04A1B2C3D4E5F6")), Card(bytes.fromhex("0A0B0C0D"))
    page = office.sign_in("admin")
    office.give(page, "wang", heads)
    office.give(page, "qian", keepers)
    expect(page.locator("td", has_text="能应答质询")).to_be_visible()
    look(page, "badges")

    page = office.sign_in("wang")
    page.wait_for_url("**/sign-in/badge*")
    page.get_by_role("button", name="刷工作卡").click()
    with laid(office.pcscd.port, keepers):  # somebody else's opens nothing
        expect(page.get_by_text("钱进")).to_be_visible()
        page.locator("[name=pin]").fill(PIN)
        page.get_by_role("button", name="登录", exact=True).click()
        expect(page.get_by_text("工作卡或口令不正确")).to_be_visible()
    page.get_by_role("button", name="刷工作卡").click()
    with laid(office.pcscd.port, heads):
        expect(page.get_by_text("已刷卡")).to_be_visible()
    expect(page.locator("[name=pin]")).to_be_focused()
    look(page, "sign-in-badge")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/work")

    sealed(office.archive)
    page = office.sign_in("zhao")
    page.goto(f"{office.address}/desk")
    page.get_by_label("工作台").select_option("DESK-1")
    look(page, "desk")
    page.get_by_role("button", name="记住").click()
    expect(page.get_by_text("本机的工作台是 DESK-1")).to_be_visible()
    page.goto(f"{office.address}/station/opened")
    page.locator("[data-scan]").fill("D-1")
    page.keyboard.press("Enter")
    page.locator("[name=authority]").fill("令 1")
    page.get_by_role("button", name="刷工作卡").click()
    with laid(office.pcscd.port, keepers):
        expect(page.get_by_text("钱进")).to_be_visible()
    expect(page.locator("[name=witness_secret]")).to_be_focused()
    look(page, "second-person")
    page.keyboard.type(PIN)
    page.locator(".submit .main").click()
    expect(page.locator(".shout.good")).to_contain_text("启封 1 份")
    row = office.archive.root.execute(
        "SELECT login FROM act JOIN account ON account.id = witness_id WHERE kind = 'opened'"
    ).fetchall()
    assert row == [("qian",)]
    signed = office.archive.root.execute("SELECT count(*) FROM access_log WHERE act = 'countersign_badge'").fetchone()
    assert signed == (1,)


def sealed(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    archive.act(ActKind.SEAL_BROKEN, "D-1", None, reason=f"torn {uuid4().hex[:4]}")
    archive.act(ActKind.PICKED, "D-1", "W1-DESK-1", authority="令 1")
