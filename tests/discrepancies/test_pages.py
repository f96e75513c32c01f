"""Discrepancies on pages and for programs."""

from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Archive
from tests.discrepancies.nights import Nights
from tests.site import ONE_ENGINE, SignIn
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE


@pytest.fixture
def told(nights: Nights) -> Nights:
    """D-1 is heard in the other bay, D-2 is missing."""
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.judged("D-2", "missing")
    nights.pass_by()
    return nights


def numbers(keeper: httpx.Client, **asked: str) -> dict[str, str]:
    answer = keeper.get("/api/v1/discrepancies", params=asked)
    assert answer.status_code == 200, answer.text
    return {one["about"]: one["discrepancy"] for one in answer.json()["discrepancies"]}


@pytest.mark.usefixtures("told")
def test_programs_get_the_same_as_pages(signed_in: SignIn) -> None:
    keeper = signed_in("zhao")
    number = numbers(keeper)["D-1"]
    assert numbers(keeper, kind="missing").keys() == {"D-2"}
    assert numbers(keeper, place="B-2").keys() == {"D-1"}
    case = keeper.get(f"/api/v1/discrepancies/{number}").json()
    assert (case["kind"], case["state"], case["latest"]["place_ledger"], case["latest"]["place_belief"]) == (
        "misplaced", "open", "B-1-1", "B-2-1",
    )  # fmt: skip
    assert case["opened"] == case["latest"]
    assert "put_back" in case["reasons"]
    sent = {"command_id": str(uuid4()), "login": "zhao"}
    assert keeper.post(f"/api/v1/discrepancies/{number}/assignment", json=sent).json()["assigned_to"] == "zhao"
    assert numbers(keeper, mine="true").keys() == {"D-1"}
    sent = {"command_id": str(uuid4()), "text": "夹在中间"}
    assert keeper.post(f"/api/v1/discrepancies/{number}/comments", json=sent).json()["notes"][0]["note"] == "夹在中间"
    sent = {"command_id": str(uuid4()), "outcome": "repaired"}
    refused = keeper.post(f"/api/v1/discrepancies/{number}/resolution", json=sent)
    assert (refused.status_code, refused.json()["code"]) == (409, "outcome_unfit")
    sent = {"command_id": str(uuid4()), "outcome": "put_back"}
    done = keeper.post(f"/api/v1/discrepancies/{number}/resolution", json=sent).json()
    assert (done["state"], done["outcome"], done["closed_by"]) == ("resolved", "put_back", "赵建国")
    assert numbers(keeper).keys() == {"D-2"}
    assert numbers(keeper, closed="true").keys() == {"D-1"}


@pytest.mark.usefixtures("told")
def test_a_list_of_what_is_not_there_is_told_in_a_sentence(signed_in: SignIn) -> None:
    keeper = signed_in("zhao")
    for address, status in (
        ("/discrepancies?place=B-9", 404),
        ("/discrepancies?place=%00", 422),
        ("/discrepancies?kind=strange", 422),
        ("/discrepancies/X-999999", 404),
        ("/discrepancies/whatever", 422),
    ):
        answer = keeper.get(address)
        assert answer.status_code == status, address
        assert "Traceback" not in answer.text
    assert "None of what was chosen" in keeper.get("/discrepancies?mine=1").text


@pytest.mark.usefixtures("told")
def test_another_county_gets_nothing(signed_in: SignIn) -> None:
    theirs = signed_in("changqing")
    assert "D-1" not in theirs.get("/discrepancies").text
    number = numbers(signed_in("zhao"))["D-1"]
    assert theirs.get(f"/discrepancies/{number}").status_code == 404
    assert signed_in("licheng").get(f"/discrepancies/{number}").status_code == 200


@pytest.mark.usefixtures("told")
def test_a_keeper_closes_a_case_on_a_phone(page: Page) -> None:
    page.goto("/discrepancies")
    expect(page.locator(".at-bay h2")).to_have_text(["B-1", "B-2"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to scroll sideways"
    assert poor_contrasts(page) == []
    page.get_by_role("link", name="D-1").click()
    expect(page.locator(".places")).to_contain_text("B-2-1")
    assert poor_contrasts(page) == []
    page.get_by_role("button", name="I look after it").click()
    expect(page.get_by_role("status")).to_contain_text("assigned")
    page.get_by_label("found elsewhere").check()
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_role("alert")).to_contain_text("scan or type the place")
    expect(page.get_by_label("found elsewhere")).to_be_checked()
    page.get_by_label("put back in its place").check()
    page.get_by_role("button", name="Close the case").click()
    expect(page.get_by_role("status")).to_contain_text("closed")
    expect(page.get_by_role("button", name="Close the case")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_open_list_hears_of_a_new_case_and_the_dossier_shows_it(
    nights: Nights, archive: Archive, page: Page
) -> None:
    with page.expect_response(lambda answer: answer.url.endswith("/live/discrepancies")):
        page.goto("/discrepancies")
    expect(page.get_by_text("No discrepancies")).to_be_visible()
    archive.root.execute(
        "UPDATE holding SET place_id = (SELECT id FROM place WHERE code = 'LOST') WHERE volume_id = %s",
        (nights.id_of("D-3"),),
    )
    nights.believed("D-3", "B-2-2")
    nights.step("D-3")
    expect(page.get_by_role("link", name="D-3")).to_be_visible()
    page.goto("/dossiers/D-3")
    expect(page.locator(".on-dossier")).to_contain_text("present though out")


@pytest.mark.usefixtures("told")
def test_the_day_shows_what_is_nobodys_yet_or_ones_own(signed_in: SignIn, archive: Archive) -> None:
    """What only wants a new tag waits for its occasion; what another keeper looks after is no work of mine."""
    archive.root.execute(
        "UPDATE discrepancy SET assigned_to = %s WHERE kind = 'misplaced'", (archive.second.account_id,)
    )
    archive.root.execute(
        "INSERT INTO discrepancy (kind, volume_id, opened_at, opened_numbers, seen_at, numbers) "
        "SELECT 'weak_tag', max(id), now(), '{}', now(), '{}' FROM volume"
    )
    waiting = signed_in("zhao").get("/work").text.split('id="discrepancies"')[1].split("</section>")[0]
    assert ">D-2<" in waiting
    assert ">D-1<" not in waiting
    assert ">D-3<" not in waiting
