"""The pad on pages: a stack becomes the batch with one press, and a list says what is missing."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from inventory.domain.acts import ActKind
from tests.conftest import Archive
from tests.desk.test_pads import pad, read
from tests.site import ONE_ENGINE
from tests.web.stock import password_of

pytestmark = ONE_ENGINE
PICTURES = os.environ.get("GUIWEI_PICTURES")  # a directory to look at what people see

assert pad  # the warehouse of these tests too


def keeper_at_the_desk(site: str, chromium: Browser) -> Page:
    page = chromium.new_context(locale="zh-CN").new_page()
    page.goto(f"{site}/sign-in")
    page.locator("[name=login]").fill("zhao")
    page.locator("[name=password]").fill(password_of("zhao"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/work")
    page.context.add_cookies([{"name": "desk", "value": "DESK-1", "url": site}])
    return page


def test_twenty_on_the_pad_are_put_away_with_one_press(pad: Archive, site: str, chromium: Browser) -> None:
    pad.shelf("A-01")
    for number in range(20):
        pad.bring_in(f"D-{number}", "W1-DESK-1")
    page = keeper_at_the_desk(site, chromium)
    page.goto(f"{site}/station/{ActKind.SHELVED.value}")
    page.get_by_label("手数份数").fill("20")
    read(pad, range(20), range(8, 2, -1))
    page.get_by_role("button", name="读板").click()
    expect(page.get_by_text("应有 20 册，读到 20 册")).to_be_visible()
    expect(page.locator(".pad .picture.green")).to_be_visible()
    expect(page.locator("[data-tally]")).to_have_text("20")
    page.locator("[data-scan]").fill("A-01")
    page.locator("[data-scan]").press("Enter")
    expect(page.locator("[data-target-code]")).to_have_text("A-01")
    expect(page.locator("[data-tally]")).to_have_text("20")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / "pad.png", full_page=True)
    page.locator(".submit .main").click()
    expect(page.locator(".shout.good")).to_contain_text("20")
    assert pad.where("D-7") == pad.where("D-19") == "A-01"


def test_one_too_few_is_told_before_anything_is_recorded(pad: Archive, site: str, chromium: Browser) -> None:
    page = keeper_at_the_desk(site, chromium)
    page.goto(f"{site}/station/{ActKind.SHELVED.value}")
    page.get_by_label("手数份数").fill("12")
    read(pad, range(11), range(8, 2, -1))
    page.get_by_role("button", name="读板").click()
    expect(page.get_by_text("应有 12 册，读到 11 册")).to_be_visible()
    expect(page.locator(".pad .picture.amber")).to_be_visible()
    page.get_by_label("手数份数").fill("abc")
    page.get_by_role("button", name="读板").click()
    expect(page.get_by_text("份数应为数字")).to_be_visible()
