"""At the counter in a real browser: the form, the head's decision, handing out, and what each pair of eyes sees."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from inventory.domain.requests import LetterKind, Occasion, RequestKind
from inventory.operations import institutions
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import OTHER_ID, Counter, now
from tests.web.stock import password_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
Browse = Callable[..., Page]
_WAIT_MS = 30_000


@pytest.fixture
def browse(site: str, counter: Counter, chromium: Browser) -> Iterator[Browse]:
    """`browse("clerk", "/requests")`: somebody's own browser; at the end none may have complained in its console."""
    counter.let_in()
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def browse(login: str, path: str, *, width: int = 1280, language: str = "en", scheme: str = "light") -> Page:
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
            "console",
            lambda m: (
                complaints.append(m.text) if m.type in {"error", "warning"} and "status of 4" not in m.text else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.locator("#login").fill(login)
        page.locator("#password").fill(password_of(login))
        page.locator("button.main").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        page.goto(path)
        return page

    yield browse
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_loan_by_forms_from_letter_to_return(browse: Browse, counter: Counter) -> None:
    counter.dossier("D-1")
    clerk = browse("clerk", "/requests/letters")
    clerk.locator("#kind").select_option("loan_letter")
    clerk.locator("#number").fill("函〔2026〕9号")
    clerk.locator("#issuer").fill("济南市公证处")
    clerk.locator("#scan").set_input_files(
        {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " + b"0" * 90_000}
    )
    clerk.locator("main button.main").click()
    expect(clerk.locator(".outcome.good")).to_contain_text("registered")
    clerk.goto("/requests/new?kind=loan&initiator=institution&dossier=D-1")
    clerk.locator("#institution").select_option("NOTARY")
    clerk.locator("#purpose").select_option("notarisation")
    clerk.locator("#paper_reason").fill("须核对原件笔迹")
    clerk.locator("[name='letter.loan_letter']").select_option(index=1)
    clerk.locator("main button.main").click()
    expect(clerk.locator("h1")).to_have_text("Request R-000001")
    expect(clerk.locator("main")).to_contain_text("Promised for")

    head = browse("head", "/requests?list=to_decide")
    head.get_by_role("link", name="R-000001").click()
    head.get_by_role("link", name="Decide").click()
    head.get_by_role("button", name="Approve").click()
    expect(head.locator("main")).to_contain_text("approved, to be picked")

    counter.fetch("D-1")
    keeper = browse("keeper", "/requests/R-000001/hand-out")
    keeper.locator("#carrier-1").fill("王强")
    keeper.locator("#carrier-2").fill("李伟")
    keeper.locator("#seal-1").fill("F-1")
    keeper.locator("#witness_login").fill("second")
    keeper.locator("#witness_secret").fill("not mine")
    keeper.locator("main button.main").click()
    expect(keeper.locator("#witness-error")).to_be_visible()
    expect(keeper.locator("#carrier-2")).to_have_value("李伟")
    keeper.locator("#witness_secret").fill(password_of("second"))
    keeper.locator("main button.main").click()
    expect(keeper.locator("main")).to_contain_text("handed out")
    keeper.get_by_role("link", name="Take back").click()
    keeper.locator("#found-1").select_option("broken")
    keeper.locator("#pieces-1").fill("11")
    keeper.locator("#place").fill("W1-D1")
    keeper.locator("#witness_login").fill("second")
    keeper.locator("#witness_secret").fill(password_of("second"))
    keeper.locator("main button.main").click()
    expect(keeper.locator(".timeline")).to_contain_text("封条破损")
    assert counter.state("R-000001") == "closed"


def test_a_form_that_breaks_a_rule_comes_back_filled_with_the_article(browse: Browse, counter: Counter) -> None:
    counter.dossier("D-1")
    counter.letter(LetterKind.TRANSFER_LETTER)
    page = browse("clerk", "/requests/new?kind=transfer&initiator=person&occasion=job_change&dossier=D-1")
    page.locator("#institution").select_option("COURT")
    page.locator("#channel").select_option("ems")
    page.locator("[name='letter.transfer_letter']").select_option(index=1)
    page.locator("[name='told.identity_check']").fill("已核验身份证原件")
    page.locator("main button.main").click()
    expect(page.locator(".shout.bad")).to_contain_text("confidential courier or with staff only")
    expect(page.locator(".shout.bad .note")).to_contain_text("MOHRSS")
    expect(page.locator("#institution")).to_have_value("COURT")


def test_every_page_of_requests_in_both_languages_and_on_a_phone(browse: Browse, counter: Counter) -> None:
    counter.dossier("D-1")
    counter.dossier("D-2")
    counter.dossier("D-3")
    counter.career("D-2")
    counter.ask(counter.form(RequestKind.LOAN, "D-1"))
    transfer = counter.transfer("D-2")
    loan = counter.approved(RequestKind.LOAN, "D-3", institution="SCHOOL")
    counter.ask_elsewhere(counter.form(RequestKind.LOAN, OTHER_ID, by=counter.stranger, elsewhere=True))
    pages = {
        "clerk": ["/requests", "/requests/new", "/requests/declarations", "/requests/new?kind=transfer&initiator=person&occasion=agency_move", "/requests/letters",
                  "/requests/new?kind=dispatch&initiator=person", f"/requests/{transfer.number}", f"/requests/{transfer.number}/withdrawal"],
        "head": ["/requests?list=to_decide", "/requests/R-000001/decision", "/requests/institutions"],
        "keeper": [f"/requests/{loan.number}", f"/requests/{loan.number}/hand-out", f"/requests/{transfer.number}/transfer", "/requests?list=overdue"],
        "manager": ["/requests?list=unresolved", "/requests?list=receipts_missing"],
        "stranger": ["/requests", "/requests/R-000004"],
    }  # fmt: skip
    for login, paths in pages.items():
        for language, scheme in (("zh-CN", "light"), ("en", "dark")):
            page = browse(login, paths[0], width=390, language=language, scheme=scheme)
            for path in paths:
                page.goto(path)
                expect(page.locator("h1")).to_be_visible()
                assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
                assert poor_contrasts(page) == [], path


def test_the_papers_of_a_transfer_are_printed(browse: Browse, site: str, counter: Counter) -> None:
    counter.dossier("D-1", volumes=2)
    request = counter.transfer("D-1", Occasion.JOB_CHANGE)
    page = browse("clerk", f"/requests/{request.number}")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    for name in ("notice.pdf", "address.pdf"):
        printed = httpx.get(f"{site}/requests/{request.number}/{name}", cookies=cookies)
        assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-"), printed.text[:200]


def test_a_letters_scan_is_saved_and_never_shown_inside_our_pages(browse: Browse, site: str, counter: Counter) -> None:
    letter = counter.letter()
    institutions.add_scan(counter.app, counter.archive.clerk, uuid4(), letter, b"%PDF-1", now())
    page = browse("clerk", "/requests/letters")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    saved = httpx.get(f"{site}/requests/letters/{letter}/scan", cookies=cookies)
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.headers["x-content-type-options"] == "nosniff"


def test_a_scanned_notice_or_dossier_leads_to_its_request_and_a_career_is_told(
    browse: Browse, counter: Counter
) -> None:
    counter.dossier("D-1")
    page = browse("clerk", "/requests/declarations?dossier=D-1")
    page.locator("#career").select_option("none")
    page.locator("#document").fill("干部登记表")
    page.locator("form[action$=career] button").click()
    expect(page.locator(".outcome.good")).to_be_visible()
    transfer = counter.transfer("D-1")
    assert transfer.channel == "ems" and transfer.notice
    for code in (transfer.notice, transfer.notice[-9:-1], "D-1", transfer.number):
        page.goto("/requests")
        page.locator("#code").fill(code)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text(transfer.number)
    page.goto("/requests")
    page.locator("#code").fill("D-404")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("no request")
