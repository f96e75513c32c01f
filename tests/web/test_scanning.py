"""Scan-driven work in a real browser: no mouse, a Chinese input method in the way, full-width digits, a loud verdict."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inventory.domain.acts import ActKind
from inventory.operations.countersigning import set_pin
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE
from tests.web.stock import password_of, person_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
_WAIT_MS = 10_000
_FIVE = ("D-1", "D-2", "D-3", "D-4", "D-5")

At = Callable[..., Page]


@pytest.fixture
def at(archive: Archive, site: str, chromium: Browser) -> Iterator[At]:
    """The keeper at a page; five accepted dossiers lie on the desk, D-6 has not been received. Beeps are counted."""
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.desk()
    for number in _FIVE:
        archive.dossier(number)
        person_of(archive, number, "单晓梅")
        archive.bring_in(number, "W1-D1")
    archive.dossier("D-6")
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def at(path: str, *, width: int = 1280, scheme: str = "light", language: str = "en") -> Page:
        context = chromium.new_context(
            base_url=site, viewport={"width": width, "height": 844}, locale=language, color_scheme=scheme  # type: ignore[arg-type]
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(_WAIT_MS)
        context.add_init_script(
            "window.beeps = []; document.addEventListener('guiwei:beep', (event) => window.beeps.push(event.detail))"
        )
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.locator("#login").fill("zhao")
        page.locator("#password").fill(password_of("zhao"))
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/sign-in" not in address)
        page.goto(path)
        if page.locator("[data-scan]").count():
            expect(page.locator("[data-scan]")).to_be_focused()
        return page

    yield at
    for context in contexts:
        context.close()
    # A refused batch is answered by its status too, which Chromium notes down.
    assert [told for told in complaints if "the server responded with a status of 4" not in told] == []


def scan(page: Page, *codes: str) -> None:
    """A wedge scanner: types where the cursor is, ends with Enter, and waits for nothing."""
    for code in codes:
        page.keyboard.insert_text(code)
        page.keyboard.press("Enter")


def scan_under_input_method(page: Page, *codes: str, pause_ms: int = 0) -> None:
    """The same under a pinyin input method, as Chromium gets it: every key is swallowed into a composition.

    Letters pile up as pinyin, a digit chooses a word, and Enter writes what has become of it into the field.
    """
    session = page.context.new_cdp_session(page)

    def press(key: str, *, shift: bool = False) -> None:
        session.send(
            "Input.dispatchKeyEvent",
            {"type": "rawKeyDown", "code": key, "key": "Process", "windowsVirtualKeyCode": 229, "modifiers": 8 * shift},
        )

    for code in codes:
        composed = ""
        for character in code:
            key = f"Digit{character}" if character.isdigit() else f"Key{character.upper()}"
            press("Minus" if character == "-" else key, shift=character.isupper())
            composed += "的" if character.isdigit() else character.lower()
            end = len(composed)
            session.send("Input.imeSetComposition", {"text": composed, "selectionStart": end, "selectionEnd": end})
            page.wait_for_timeout(pause_ms)
        press("Enter")
        session.send("Input.insertText", {"text": composed})
    session.detach()


def test_five_dossiers_are_shelved_by_scanning_alone(archive: Archive, at: At) -> None:
    page = at("/station/shelved")
    scan(page, "A-01", *_FIVE)
    expect(page.locator("[data-target-code]")).to_have_text("A-01")
    expect(page.locator(".line.good")).to_have_count(5)
    scan(page, "A-01")  # The shelf again: that was all.
    expect(page.locator(".shout.good h2")).to_contain_text("5 shelved → A-01")
    assert page.evaluate("window.beeps") == ["good"] * 7
    assert {archive.where(number) for number in _FIVE} == {"A-01"}
    expect(page.locator("[data-scan]")).to_be_focused()
    assert page.url.endswith("/station/shelved")


def test_a_scanner_works_under_a_chinese_input_method_and_with_full_width_digits(archive: Archive, at: At) -> None:
    page = at("/station/shelved", language="zh-CN")
    scan_under_input_method(page, "A-01", "D-1", "D-2")
    expect(page.locator(".line.good")).to_have_count(2)
    expect(page.locator("[data-scan]")).to_have_value("")
    scan(page, "Ｄ－３", "d-4", "Ｄ-5")
    expect(page.locator(".line")).to_have_count(5)
    expect(page.locator(".line.bad .number")).to_have_text(["d-4"])  # A number is a number; the case of letters counts.
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    scan(page, "")
    expect(page.locator(".shout.good")).to_be_visible()
    assert [archive.where(number) for number in _FIVE] == ["A-01", "A-01", "A-01", "W1-D1", "W1-D1"]


def test_a_scanner_that_types_into_nothing_and_ends_with_tab_is_heard(at: At) -> None:
    page = at("/station/shelved")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("A-01")
    page.keyboard.press("Tab")
    expect(page.locator("[data-target-code]")).to_have_text("A-01")
    page.keyboard.type("D-1")
    page.keyboard.press("Tab")
    expect(page.locator(".line.good")).to_have_count(1)


def test_a_person_choosing_a_word_of_the_input_method_scans_nothing(at: At) -> None:
    page = at("/station/shelved")
    scan_under_input_method(page, "lilao", pause_ms=130)
    expect(page.locator("[data-scan]")).to_have_value("lilao")
    expect(page.locator(".line")).to_have_count(0)


def test_what_cannot_be_shelved_is_red_at_once_and_nothing_is_half_done(archive: Archive, at: At) -> None:
    page = at("/station/shelved")
    scan(page, "W1-D1")
    expect(page.locator(".said")).to_contain_text("can't lead to W1-D1")
    scan(page, "A-01", "D-1", "D-6", "X-9", "D-1")
    expect(page.locator(".line.bad .why")).to_have_text(
        ["X-9 is unknown: neither a dossier nor a place.", "D-6 has not been received yet."]
    )
    expect(page.locator(".line")).to_have_count(3)  # D-1 twice stands once.
    scan(page, "GW:DONE")
    shout = page.locator(".shout.bad")
    expect(shout).to_contain_text("Nothing was recorded")
    expect(shout.locator("li")).to_have_count(2)
    assert archive.where("D-1") == "W1-D1"
    assert page.evaluate("window.beeps.at(-1)") == "bad"
    scan(page, "GW:UNDO", "GW:UNDO", "GW:DONE")
    expect(page.locator(".shout.good")).to_be_visible()
    assert archive.where("D-1") == "A-01"


def test_dossiers_are_received_by_scanning_alone(archive: Archive, at: At) -> None:
    page = at("/station/received")
    scan(page, "GW:EMS", "W1-D1", "D-6", "GW:DONE")
    expect(page.locator(".shout.good")).to_be_visible()
    assert archive.where("D-6") == "W1-D1"
    expect(page.locator("select")).to_have_value("ems")  # The rest of the post came the same way.


def test_a_batch_is_sealed_with_one_pin(archive: Archive, at: At) -> None:
    set_pin(archive.app, "second", "271828")
    for number in ("D-1", "D-2"):
        archive.act(ActKind.OPENED, number, None, authority="鲁档〔2026〕7号", witness=archive.second)
    page = at("/station/sealed")
    for number, strip in (("D-1", "S-101"), ("D-2", "S-102")):
        scan(page, number)
        expect(page.locator(".lines input:focus")).to_have_count(1)
        scan(page, strip, "12")
    page.locator("#witness_login").fill("second")
    page.locator("#witness_secret").fill("000000")
    page.keyboard.press("Enter")
    expect(page.locator(".second .error")).to_be_visible()
    page.locator("#witness_secret").fill("271828")
    page.keyboard.press("Enter")
    expect(page.locator(".shout.good h2")).to_contain_text("2 sealed")
    seals = archive.root.execute(
        "SELECT seal_number, pieces FROM holding WHERE seal_number IS NOT NULL ORDER BY 1"
    ).fetchall()
    assert seals == [("S-101", 12), ("S-102", 12)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_station_reads_well_on_a_phone_by_day_and_by_night(at: At, scheme: str) -> None:
    page = at("/station/sealed", width=390, scheme=scheme, language="zh-CN")
    for count, code in enumerate(("X-8", "X-9"), 1):
        scan(page, code)
        expect(page.locator(".line.bad")).to_have_count(count)
    for path in ("", "/station", "/me/pin", "/work"):
        if path:
            page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert poor_contrasts(page) == []
    page.locator(".drawer summary").click()
    assert poor_contrasts(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
