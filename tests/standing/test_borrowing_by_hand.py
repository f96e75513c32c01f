"""A borrower's page and its API: one's own requests, and words for the window."""

from uuid import uuid4

from playwright.sync_api import expect

from inventory.domain.requests import RequestKind
from tests.requests.counter import Counter
from tests.standing.conftest import ONE_ENGINE, Browse, Program
from tests.standing.test_borrowing import borrower, lent
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE


def test_a_borrower_asks_to_renew_on_the_own_page_and_the_window_reads_it(browse: Browse, counter: Counter) -> None:
    number = lent(counter)
    counter.dossier("D-2")
    counter.ask(counter.form(RequestKind.LOAN, "D-2", institution="SCHOOL"))
    borrower(counter)
    counter.let_in()
    page = browse("notary", "/loans")
    expect(page.locator("table tbody tr")).to_have_count(1)
    expect(page.locator("table")).to_contain_text("with you")
    expect(page.locator("table")).to_contain_text("D-1")
    page.get_by_text("Tell the window", exact=True).click()
    page.locator(f"#note-{number}").fill("另需核对一页")
    page.get_by_role("button", name="ask to renew").click()
    expect(page.locator(".outcome.good")).to_contain_text("the window has your wish to renew")
    expect(page.locator("table")).to_contain_text("renewal asked for")
    assert poor_contrasts(page) == []
    clerk = browse("clerk", "/work")
    expect(clerk.locator("#told")).to_contain_text(number)
    clerk.goto(f"/requests/{number}")
    expect(clerk.locator(".timeline")).to_contain_text("The borrower asks to renew")


def test_programs_of_an_institution_see_their_own(program: Program, counter: Counter) -> None:
    number = lent(counter)
    borrower(counter)
    borrower(counter, "school", "SCHOOL")
    counter.let_in()
    notary, school = program("notary"), program("school")
    (seen,) = notary.get("/api/v1/loans").json()
    assert (seen["number"], seen["state"], seen["dossier"], seen["told"]) == (number, "out", "D-1", [])
    assert school.get("/api/v1/loans").json() == []
    sent = {"command_id": str(uuid4()), "message": "return_announced"}
    assert notary.post(f"/api/v1/loans/{number}/messages", json=sent).status_code == 200
    again = notary.post(f"/api/v1/loans/{number}/messages", json=sent | {"command_id": str(uuid4())})
    assert (again.status_code, again.json()["code"]) == (409, "said_already")
    refused = school.post(f"/api/v1/loans/{number}/messages", json=sent | {"command_id": str(uuid4())})
    assert (refused.status_code, refused.json()["code"]) == (404, "request_not_found")
    for address in ("/api/v1/requests", f"/api/v1/requests/{number}", "/api/v1/dossiers/D-1", "/api/v1/institutions"):
        assert notary.get(address).status_code == 403, address
