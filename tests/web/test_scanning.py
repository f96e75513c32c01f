"""Scan-driven work in a real browser: no mouse, a Chinese input method in the way, full-width digits, a loud verdict."""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inventory.domain.acts import ActKind
from inventory.operations.countersigning import set_pin
from tests.conftest import Archive
from tests.site import Held
from tests.web.conftest import ONE_ENGINE
from tests.web.stock import password_of, person_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
_WAIT_MS = 30_000
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
    # A refused batch is answered by its status too, and one that reaches no server by none: Chromium notes both down.
    known = ("the server responded with a status of 4", "net::ERR_FAILED", "htmx:sendError", "htmx:afterRequest")
    assert [told for told in complaints if not any(one in told for one in known)] == []


def scan(page: Page, *codes: str) -> None:
    """A wedge scanner: types where the cursor is, ends with Enter, and waits for nothing."""
    for code in codes:
        page.keyboard.insert_text(code)
        page.keyboard.press("Enter")


class Wedge:
    """A scanner's keys as Chromium gets them, each with the time it was pressed: the test's own pace decides nothing."""

    def __init__(self, page: Page, *, ms_per_key: int = 12) -> None:
        self._session = page.context.new_cdp_session(page)
        self._seconds_per_key = ms_per_key / 1000
        self._pressed_at = time.time()

    def type(self, code: str, ends_with: str = "Enter") -> None:
        """A code and what the scanner ends it with."""
        for character in code:
            self._press(_key_of(character), key=character, text=character, shift=character.isupper())
        self._press(ends_with, key=ends_with, windowsVirtualKeyCode={"Enter": 13, "Tab": 9}[ends_with])

    def type_under_input_method(self, code: str) -> None:
        """The same under a pinyin input method: every key is swallowed into a composition.

        Letters pile up as pinyin, a digit chooses a word, and Enter writes what has become of it into the field.
        """
        composed = self._compose(code)
        self._press("Enter", key="Process", windowsVirtualKeyCode=229)
        self._session.send("Input.insertText", {"text": composed})

    def _compose(self, code: str) -> str:
        composed = ""
        for character in code:
            self._press(_key_of(character), key="Process", windowsVirtualKeyCode=229, shift=character.isupper())
            composed += "的" if character.isdigit() else character.lower()
            end = len(composed)
            self._session.send(
                "Input.imeSetComposition", {"text": composed, "selectionStart": end, "selectionEnd": end}
            )
        return composed

    def _press(self, code: str, *, shift: bool = False, **more: object) -> None:
        self._pressed_at += self._seconds_per_key
        kind = "keyDown" if "text" in more else "rawKeyDown"
        told = {"type": kind, "code": code, "modifiers": 8 * shift, "timestamp": self._pressed_at, **more}
        self._session.send("Input.dispatchKeyEvent", told)


def _key_of(character: str) -> str:
    if character == "-":
        return "Minus"
    return f"Digit{character}" if character.isdigit() else f"Key{character.upper()}"


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
    wedge = Wedge(page)
    for code in ("A-01", "D-1", "D-2"):
        wedge.type_under_input_method(code)
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
    wedge = Wedge(page)
    wedge.type("A-01", "Tab")
    expect(page.locator("[data-target-code]")).to_have_text("A-01")
    wedge.type("D-1", "Tab")
    expect(page.locator(".line.good")).to_have_count(1)


def test_a_person_choosing_a_word_of_the_input_method_scans_nothing(at: At) -> None:
    page = at("/station/shelved")
    Wedge(page, ms_per_key=130).type_under_input_method("lilao")
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


def test_a_strip_scanned_before_its_dossier_is_answered_for_is_the_dossiers_own(archive: Archive, at: At) -> None:
    """However slow the server, and though the cursor was still in the scan field."""
    for number in ("D-1", "D-2"):
        archive.act(ActKind.OPENED, number, None, authority="鲁档〔2026〕7号", witness=archive.second)
    page = at("/station/sealed")
    asked = Held(page, "**/scan")
    scan(page, "D-1", "S-101", "12")
    expect(page.locator(".line.asked")).to_have_count(3)
    asked.asked.continue_()
    expect(page.locator(".line")).to_have_count(1)
    for field, value in (("seal_number", "S-101"), ("pieces", "12")):
        expect(page.locator(f"[data-name='D-1'] [name='line.{field}']")).to_have_value(value)
    scan(page, "D-2")
    expect(page.locator("[data-name='D-2'] input:focus")).to_have_count(1)
    scan(page, "S-102", "12")
    expect(page.locator("[data-scan]")).to_be_focused()  # Not the fields of the line before.
    expect(page.locator("[data-name='D-1'] [name='line.seal_number']")).to_have_value("S-101")


def test_what_is_scanned_while_a_batch_is_recorded_is_of_the_next(archive: Archive, at: At) -> None:
    page = at("/station/shelved")
    scan(page, "A-01", "D-1")
    expect(page.locator(".line.good")).to_have_count(1)
    sent = Held(page, "**/station/shelved")
    scan(page, "GW:DONE", "A-02", "D-2")
    page.keyboard.insert_text("D-")
    expect(page.locator("[data-scan]")).to_have_value("D-")
    sent.asked.continue_()
    expect(page.locator(".shout.good h2")).to_contain_text("1 shelved → A-01")
    page.keyboard.insert_text("3")
    page.keyboard.press("Enter")
    expect(page.locator(".line.good")).to_have_count(2)
    scan(page, "A-02")
    expect(page.locator(".shout.good h2")).to_contain_text("2 shelved → A-02")
    assert [archive.where(number) for number in _FIVE[:3]] == ["A-01", "A-02", "A-02"]


def test_a_batch_that_reaches_no_server_stands_and_takes_what_was_scanned_meanwhile(archive: Archive, at: At) -> None:
    page = at("/station/shelved")
    scan(page, "A-01", "D-1")
    expect(page.locator(".line.good")).to_have_count(1)
    sent = Held(page, "**/station/shelved")
    scan(page, "GW:DONE", "D-2")
    expect(page.locator(".line.asked")).to_have_count(1)
    sent.asked.abort()
    expect(page.locator(".line.good")).to_have_count(2)
    assert page.evaluate("window.beeps") == ["good", "good", "bad", "good"]
    scan(page, "GW:DONE")
    expect(page.locator(".shout.good h2")).to_contain_text("2 shelved → A-01")
    assert [archive.where(number) for number in _FIVE[:2]] == ["A-01", "A-01"]


def test_a_batch_is_sealed_with_one_pin(archive: Archive, at: At) -> None:
    set_pin(archive.owner, "second", "271828")
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
    expect(page.locator("#witness_secret")).to_be_focused()
    page.keyboard.type("271828")
    expect(page.locator("[data-scan]")).to_have_value("")
    page.keyboard.press("Enter")
    expect(page.locator(".shout.good h2")).to_contain_text("2 sealed")
    seals = archive.root.execute(
        "SELECT seal_number, pieces FROM holding WHERE seal_number IS NOT NULL ORDER BY 1"
    ).fetchall()
    assert seals == [("S-101", 12), ("S-102", 12)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_station_reads_well_on_a_phone_by_day_and_by_night(at: At, scheme: str) -> None:
    page = at("/station/sealed", width=390, scheme=scheme, language="zh-CN")
    scan(page, "D-1")
    expect(page.locator(".line.bad")).to_have_count(1)
    scan(page, "X-9")
    expect(page.locator(".line.bad")).to_have_count(2)
    for path in ("", "/station", "/me/pin", "/work"):
        if path:
            page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert poor_contrasts(page) == []
    page.locator(".drawer summary").click()
    assert poor_contrasts(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
