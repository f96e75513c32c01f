"""In a real browser: keys, live updates, narrow screens, contrast, and nothing in the console."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inventory.domain.acts import ActKind
from tests.conftest import Archive
from tests.ingest.equipment import until
from tests.site import Held
from tests.web.conftest import ONE_ENGINE
from tests.web.stock import believe, id_number, password_of, person_of

pytestmark = ONE_ENGINE
_WAIT_MS = 30_000
SHAN = id_number("37010219591203838")
ENOUGH_CONTRAST = 4.5  # WCAG AA, for text of ordinary size

Open = Callable[..., Page]


@pytest.fixture
def open_page(archive: Archive, site: str, chromium: Browser) -> Iterator[Open]:
    """Open the site as the keeper; at the end no page may have complained in its console."""
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("L-1", on="A-01", epc="3500E86F8000A9E000000586")
    person_of(archive, "L-1", "单晓梅", number=SHAN, born=1959)
    archive.dossier("L-2", on="A-02")
    person_of(archive, "L-2", "单伟", agency="370113")
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str = "/", *, width: int = 1280, language: str = "en", scheme: str = "light") -> Page:
        context = chromium.new_context(
            base_url=site,
            viewport={"width": width, "height": 844},
            locale=language,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.set_default_timeout(_WAIT_MS)
        page = context.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.locator("#login").fill("zhao")
        page.locator("#password").fill(password_of("zhao"))
        page.locator("button.main").click()
        expect(page.locator("#box")).to_be_visible()
        page.goto(path)
        if page.locator("#box").count():
            expect(page.locator("#box")).to_be_focused()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def test_results_come_while_typing_and_the_address_tells_nothing(open_page: Open, site: str) -> None:
    page = open_page()
    page.keyboard.type("shanx")
    expect(page.locator(".found a")).to_have_count(1)
    expect(page.locator(".found .name")).to_have_text("单晓梅")
    assert page.url == f"{site}/"


def test_everything_goes_by_keys(open_page: Open, site: str) -> None:
    page = open_page()
    page.keyboard.type("shan")
    expect(page.locator(".found a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/dossiers/*")
    page.keyboard.press("/")
    page.wait_for_url(f"{site}/")
    page.keyboard.press("Tab")
    page.keyboard.press("/")
    expect(page.locator("#box")).to_be_focused()


def test_what_is_typed_while_the_cursor_is_nowhere_is_looked_for(open_page: Open) -> None:
    page = open_page()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type("shanx")
    expect(page.locator("#box")).to_have_value("shanx")
    expect(page.locator(".found a")).to_have_count(1)


def test_what_is_typed_before_the_page_is_whole_is_looked_for(open_page: Open) -> None:
    """A keeper types at once; the program that looks while one types comes only when they have finished."""
    page = open_page()
    late = Held(page, "**/htmx-2.min.js*")
    page.goto("/", wait_until="commit")
    expect(page.locator("#box")).to_be_attached()
    page.keyboard.type("shanx")
    expect(page.locator("#box")).to_have_value("shanx")
    late.asked.continue_()
    expect(page.locator(".found a")).to_have_count(1)


def test_a_result_keeps_the_cursor_when_a_later_answer_comes(open_page: Open) -> None:
    page = open_page()
    page.keyboard.type("shan")
    expect(page.locator(".found a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    with page.expect_response(f"{page.url}"):
        page.evaluate("htmx.trigger('#box', 'typed')")
    expect(page.locator(".found a").first).to_be_focused()


def test_a_scanner_types_a_number_and_enter_and_the_dossier_opens(open_page: Open, site: str) -> None:
    page = open_page()
    page.keyboard.insert_text("3500E86F8000A9E000000586")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/dossiers/L-1")


def test_a_dossier_nobody_has_read_yet_shows_its_shelf_as_large_as_any(open_page: Open) -> None:
    shelf = open_page("/dossiers/L-1").locator(".volume .ledger .label")
    expect(shelf).to_have_text("A-01")
    place, card = shelf.bounding_box(), shelf.page.locator(".volume").bounding_box()
    assert place is not None and place["height"] > 15
    assert card is not None and card["width"] > 300


def test_the_open_page_changes_when_the_radio_sees_it_elsewhere(archive: Archive, open_page: Open) -> None:
    page = open_page("/dossiers/L-1")
    expect(page.locator(".seal")).to_have_text("Not seen")
    believe(archive, "L-1", "A-02", 0.95)
    expect(page.locator(".seal")).to_have_text("Differs")
    expect(page.locator(".radio .label")).to_have_text("A-02")


def test_the_open_page_changes_when_somebody_moves_it(archive: Archive, open_page: Open) -> None:
    page = open_page("/dossiers/L-1")
    archive.act(ActKind.RESHELVED, "L-1", "A-02")
    expect(page.locator(".ledger .label")).to_have_text("A-02")
    expect(page.locator(".history li")).to_have_count(4)


def test_news_of_another_dossier_leaves_the_page_alone(archive: Archive, open_page: Open) -> None:
    page = open_page("/dossiers/L-1")
    # A server that begins to listen, or a page that does, looks once more, to be sure; that isn't what is asked for here.
    listens = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%found%'"
    until(lambda: archive.root.execute(listens).rowcount, "the server listens")
    with page.expect_response("**/live/dossiers/L-1*"):
        page.reload()
    page.wait_for_load_state("networkidle")
    looks: list[str] = []
    page.on("request", lambda request: looks.append(request.url) if request.resource_type != "eventsource" else None)
    believe(archive, "L-2", "A-01", 0.95)
    believe(archive, "L-1", "A-02", 0.95)  # News come in order: its own is looked for, and nothing before it was.
    expect(page.locator(".seal")).to_have_text("Differs")
    assert looks == [page.url]


def test_the_language_switch_keeps_the_page(open_page: Open, site: str) -> None:
    page = open_page("/dossiers/L-1")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="经办记录")).to_be_visible()
    assert page.url == f"{site}/dossiers/L-1"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_no_page_scrolls_sideways(open_page: Open, width: int, language: str) -> None:
    page = open_page(width=width, language=language)
    page.keyboard.type("shan")
    expect(page.locator(".found a")).to_have_count(2)
    for path in ("", "/dossiers/L-1", "/dossiers/L-1/as-of?at=2026-03-01T10:00", "/readers", "/work"):
        if path:
            page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(archive: Archive, open_page: Open, scheme: str) -> None:
    page = open_page(scheme=scheme)
    believe(archive, "L-1", "A-02", 0.95)
    believe(archive, "L-2", "A-01", 0.5)
    page.keyboard.type("shan")
    expect(page.locator(".found a")).to_have_count(2)
    assert poor_contrasts(page) == []
    for path in ("/dossiers/L-1", "/dossiers/L-2", "/readers"):
        page.goto(path)
        assert poor_contrasts(page) == []


def poor_contrasts(page: Page) -> list[str]:
    """Texts whose contrast to the nearest coloured ground is below WCAG AA."""
    texts = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter((element) =>
            [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
            && element.getClientRects().length && !element.closest(".spoken, .skip"))
        .map((element) => {
            let ground = element;
            while (ground && getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
            return [element.textContent.trim(), getComputedStyle(element).color,
                    getComputedStyle(ground || document.documentElement).backgroundColor];
        })"""
    )
    assert texts
    return [text for text, ink, ground in texts if contrast(ink, ground) < ENOUGH_CONTRAST]


def contrast(ink: str, ground: str) -> float:
    """The contrast ratio of two CSS colours, after WCAG 2."""
    lighter, darker = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
