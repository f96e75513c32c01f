"""Searches, counts, mergers and the closing sheet as people and programs meet them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from inventory.domain.acts import ActKind
from inventory.domain.counting import LOCAL
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role
from inventory.operations import counting, custody, searching
from inventory.operations.counting import Certifying
from inventory.operations.search_cases import search_case
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import account_of, believe, password_of, person_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
YESTERDAY = (datetime.now(LOCAL) - timedelta(days=1)).date().isoformat()


@pytest.fixture
def people(archive: Archive, site: str) -> Archive:  # noqa: ARG001 - the site brings the clerks
    """Beside the keeper and the clerks: a second keeper, both heads, two managers, and two dossiers that came long ago."""
    for login, name, role, agency in (
        ("qian", "钱立", Role.KEEPER, None),
        ("head", "孙立新", Role.AGENCY_HEAD, "370112"),
        ("other", "周敏", Role.AGENCY_HEAD, "370113"),
        ("manager", "吴刚", Role.CITY_MANAGER, None),
        ("deputy", "郑洁", Role.CITY_MANAGER, None),
        ("auditor", "冯平", Role.AUDITOR, None),
    ):
        account_of(archive, login, name, role, agency)
    archive.shelf("A-01")
    archive.shelf("A-02", x=0.9)
    archive.desk("W1-D0")
    late = {"happened_at": datetime.now(UTC) - timedelta(days=3), "reason": "补登"}
    for number, name in (("L-1", "单晓梅"), ("L-2", "单晓梅")):
        archive.dossier(number)
        person_of(archive, number, name)
        archive.act(ActKind.RECEIVED, number, "W1-D0", details={"channel": "staff"}, **late)
        archive.act(ActKind.ACCEPTED, number, None, details={"pieces": 3}, witness=archive.second, **late)
        archive.act(ActKind.SHELVED, number, "A-01")
    return archive


def command() -> dict[str, str]:
    return {"command_id": str(uuid4())}


def witness(login: str) -> dict[str, str]:
    return {"witness_login": login, "witness_secret": password_of(login)}


def test_a_search_goes_from_the_first_look_to_the_decision_on_its_page(people: Archive, signed_in: SignIn) -> None:
    keeper, second, head = signed_in("zhao"), signed_in("qian"), signed_in("head")
    begun = keeper.post("/searches", data={**command(), "volume": "L-1", "reason": "库位上没有"})
    assert (begun.status_code, begun.headers["location"]) == (303, "/searches/S-000001")
    page = keeper.get("/searches/S-000001").text
    assert "right A-02" in page and "7 steps to go" in page
    unfinished = head.post(
        "/searches/S-000001/lost", data={**command(), **witness("licheng"), "authority": "决定 1", "report": "报 1"}
    )
    assert unfinished.status_code == 409 and "search the whole zone" in unfinished.text
    assert 'value="决定 1"' in unfinished.text, "what was typed is still there"
    steps = search_case(people.app, people.keeper, "S-000001", datetime.now(UTC)).line.steps
    for turn, step in enumerate(
        one.step for one in search_case(people.app, people.keeper, "S-1", datetime.now(UTC)).steps
    ):
        who = (keeper, second)[turn % 2]
        looked = who.post("/searches/S-000001/steps", data={**command(), "step": step, "result": "nothing"})
        assert looked.status_code == 303
    assert (
        keeper.post("/searches/S-000001/steps", data={**command(), "step": "attic", "result": "nothing"}).status_code
        == 422
    )
    assert steps == 7 and "whole protocol is done" in keeper.get("/searches/S-000001").text
    wrong = head.post(
        "/searches/S-000001/lost",
        data={**command(), "witness_login": "licheng", "witness_secret": "x", "authority": "决定 1", "report": "报 1"},
    )
    assert wrong.status_code == 403
    lost = head.post(
        "/searches/S-000001/lost", data={**command(), **witness("licheng"), "authority": "决定 1", "report": "报 1"}
    )
    assert lost.status_code == 303 and people.where("L-1") == "LOST"
    assert "declared lost" in head.get("/searches").text
    rebuilt = keeper.post(
        "/searches/S-000001/rebuilt", data={**command(), **witness("qian"), "authority": "决定 2", "desk": "W1-D0"}
    )
    assert rebuilt.status_code == 303 and people.where("L-1") == "W1-D0"
    assert "S-000001" not in keeper.get("/searches").text and "S-000001" in keeper.get("/searches?over=1").text


def test_what_is_found_goes_where_it_was_found_and_a_wrong_place_is_told(people: Archive, keeper: httpx.Client) -> None:
    keeper.post("/searches", data={**command(), "volume": "L-1", "reason": "库位上没有"})
    wrong = keeper.post("/searches/S-000001/found", data={**command(), "place": "NOWHERE", "how": "翻到的"})
    assert wrong.status_code == 404 and 'value="翻到的"' in wrong.text
    found = keeper.post(
        "/searches/S-000001/found", data={**command(), "place": "A-02", "how": "在右邻", "found_step": "neighbours"}
    )
    assert found.status_code == 303 and people.where("L-1") == "A-02"
    assert keeper.post("/searches", data={**command(), "volume": "NONE", "reason": "x"}).status_code == 404


@pytest.mark.usefixtures("people")
def test_a_count_is_certified_printed_and_comes_out_again(signed_in: SignIn) -> None:
    head, auditor = signed_in("head"), signed_in("auditor")
    assert "Certify" in head.get(f"/counts?day={YESTERDAY}").text
    assert "Certify" not in auditor.get(f"/counts?day={YESTERDAY}").text
    issued = head.post("/counts/certificates", data={**command(), "agency": "370112", "day": YESTERDAY})
    assert issued.headers["location"] == "/counts/certificates/Z-000001"
    page = auditor.get("/counts/certificates/Z-000001?recount=1").text
    assert "the answer is still 2" in page and "no audit is on record" in page
    paper = head.get("/counts/certificates/Z-000001/paper.pdf")
    assert paper.headers["content-type"] == "application/pdf" and paper.content.startswith(b"%PDF")
    today = datetime.now(LOCAL).date().isoformat()
    early = head.post("/counts/certificates", data={**command(), "agency": "370112", "day": today})
    assert early.status_code == 422 and "isn&#39;t over yet" in early.text
    assert signed_in("other").get("/counts/certificates/Z-000001").status_code == 404


@pytest.mark.usefixtures("people")
def test_two_agencies_are_merged_on_the_page_by_four_people(signed_in: SignIn) -> None:
    manager, head, other = signed_in("manager"), signed_in("head"), signed_in("other")
    merger = {"document": "济政发 2026-12", "from_agency": "370112", "to_agency": "370113"}
    assert manager.post("/counts/mergers", data={**command(), **merger}).status_code == 303
    for who, count in ((head, "2"), (other, "3")):
        assert who.post("/counts/mergers/M-0001/count", data={**command(), "count": count}).status_code == 303
    sent = {**command(), **witness("deputy")}
    differ = manager.post("/counts/mergers/M-0001/carry-out", data=sent)
    assert differ.status_code == 409 and "The counts differ: 2" in differ.text
    assert other.post("/counts/mergers/M-0001/count", data={**command(), "count": "two"}).status_code == 422
    other.post("/counts/mergers/M-0001/count", data={**command(), "count": "2"})
    assert manager.post("/counts/mergers/M-0001/carry-out", data={**command(), **witness("deputy")}).status_code == 303
    assert "2 dossiers, 2 volumes" in other.get("/counts/mergers").text
    assert other.get("/dossiers/L-1").status_code == 200 and head.get("/dossiers/L-1").status_code == 404


@pytest.mark.usefixtures("people")
def test_a_duplicate_is_merged_and_a_deposit_type_changed_by_the_head(signed_in: SignIn) -> None:
    head = signed_in("head")
    sent = {"survivor": "L-2", "proof": "id_card", "proof_document": "核验 7", "authority": "决定 9"}
    nameless = head.post(
        "/dossiers/L-1/register/merged", data={**command(), **witness("licheng"), **sent, "proof": "name"}
    )
    assert nameless.status_code == 409 and "same name is never proof" in nameless.text
    merged = head.post("/dossiers/L-1/register/merged", data={**command(), **witness("licheng"), **sent})
    assert merged.status_code == 303, merged.text
    assert "L-1" in head.get("/dossiers/L-2").text
    changed = head.post(
        "/dossiers/L-2/register/deposit-type",
        data={**command(), "deposit_type": "individual", "proof_of_deposit": "协议 4"},
    )
    assert changed.status_code == 303
    assert signed_in("zhao").get("/dossiers/L-1/register").status_code == 403


@pytest.mark.usefixtures("people")
def test_programs_search_count_and_travel_in_time(signed_in: SignIn) -> None:
    keeper, head = signed_in("zhao"), signed_in("head")
    before = datetime.now(UTC).isoformat()
    begun = keeper.post("/api/v1/searches", json={**command(), "volume": "L-1", "reason": "库位上没有"}).json()
    assert (begun["search"], begun["state"], begun["steps_left"]) == ("S-000001", "open", 7)
    step = {**command(), "step": "bags", "result": "nothing", "searcher": {"login": "qian", "pin": password_of("qian")}}
    looked = keeper.post("/api/v1/searches/S-000001/steps", json=step).json()
    (bags,) = (one for one in looked["protocol"] if one["step"] == "bags")
    assert [one["searcher"] for one in bags["done"]] == ["钱立"]
    assert [one["search"] for one in keeper.get("/api/v1/searches").json()["searches"]] == ["S-000001"]
    was = keeper.get("/api/v1/dossiers/L-1/as-of", params={"at": before}).json()
    assert [(one["place"], one["legal"]) for one in was["volumes"]] == [("A-01", "held")]
    shelf = keeper.get("/api/v1/places/A-01/as-of", params={"at": before}).json()
    assert [one["volume"] for one in shelf["volumes"]] == ["L-1", "L-2"]
    counts = keeper.get("/api/v1/counts", params={"day": YESTERDAY}).json()["held"]
    assert {one["agency"]: one["dossiers"] for one in counts} == {"370112": 2, "370113": 0}
    sent = {**command(), "agency": "370112", "day": YESTERDAY}
    certificate = head.post("/api/v1/counts/certificates", json=sent).json()
    again = head.get(f"/api/v1/counts/certificates/{certificate['certificate']}").json()
    assert again["holds"] and again["again"] == certificate["held"] == 2
    closing = keeper.get("/api/v1/closing-sheet").json()
    assert (closing["out"], closing["named"]) == (1, 1) and closing["groups"][0]["holder"] == "赵建国"
    assert keeper.get("/api/v1/closing-sheet.pdf").content.startswith(b"%PDF")
    assert keeper.get("/api/v1/retained").json() == {"years": 5, "deceased": [], "retired": []}
    found = keeper.post("/api/v1/searches/S-1/found", json={**command(), "place": "W1-D0", "reason": "在台上"}).json()
    assert (found["state"], found["found_place"]) == ("found", "W1-D0")
    kinds = keeper.get("/api/v1/counts/places").json()["places"]
    assert {one["kind"]: one["volumes"] for one in kinds} == {"shelf": 1, "desk": 1}


@pytest.fixture
def visited(people: Archive, site: str, chromium: Browser) -> Iterator[Page]:
    """The manager's browser, in Chinese on a phone; its console must stay silent."""
    assert people
    complaints: list[str] = []
    context = chromium.new_context(base_url=site, viewport={"width": 390, "height": 844}, locale="zh-CN")
    page = context.new_page()
    page.on("console", lambda told: complaints.append(told.text) if told.type in {"error", "warning"} else None)
    page.goto("/sign-in")
    page.locator("#login").fill("manager")
    page.locator("#password").fill(password_of("manager"))
    page.locator("button.main").click()
    expect(page.locator("#box")).to_be_visible()
    yield page
    context.close()
    assert complaints == []


def test_every_page_fits_a_phone_and_is_legible(people: Archive, visited: Page) -> None:
    people.place("W2", "warehouse")
    searching.begin_search(
        people.app, people.keeper, VolumeName("L-1"), command_id=uuid4(), now=datetime.now(UTC), reason="库位上没有"
    )
    believe(people, "L-1", "A-02")
    head = people.person("head-2", Role.AGENCY_HEAD, agency="370112")
    day = datetime.now(LOCAL).date() - timedelta(days=1)
    counting.certify(people.app, head, Certifying(uuid4(), "370112", day), datetime.now(UTC))
    custody.record(people.app, head, people.asked(ActKind.RETIRED, "L-2", None, authority="退休审批 8"))
    people.root.execute("UPDATE account SET role = 'service' WHERE login = 'second'")
    for path in (
        "/searches",
        "/searches/S-000001",
        "/counts",
        f"/counts?day={YESTERDAY}",
        "/counts/certificates/Z-000001?recount=1",
        "/counts/places",
        "/counts/contents?place=A-01",
        "/counts/retained",
        "/counts/mergers",
        "/closing-sheet",
    ):
        visited.goto(path)
        assert visited.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert poor_contrasts(visited) == [], path
