"""Picking by its pages and by programs: a scanner does everything, whoever holds it."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import Archive
from tests.picking.requested import asked, mobile_shelf, state_of
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import password_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE


@pytest.fixture
def stocked(archive: Archive, site: str) -> list[int]:
    """Two dossiers on one shelf, one behind another aisle; all three asked for."""
    assert site
    mobile_shelf(archive, "M-01", "甲", "1")
    mobile_shelf(archive, "M-02", "甲", "2", x=2.0)
    archive.place("W1-C1", "cart", parent="W1-R1")
    for dossier, shelf in (("D-1", "M-01"), ("D-2", "M-01"), ("D-3", "M-02")):
        archive.dossier(dossier, on=shelf)
    return [asked(archive, dossier) for dossier in ("D-1", "D-2", "D-3")]


def test_a_wave_is_walked_with_a_scanner_alone(
    archive: Archive, site: str, stocked: list[int], chromium: Browser
) -> None:
    """No mouse after "take the next stop": shelf, dossiers, cart, Enter; a wrong dossier is red and told."""
    archive.dossier("WRONG", on="M-01")
    context = chromium.new_context(base_url=site, locale="en-US", viewport={"width": 390, "height": 900})
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto("/sign-in")
    page.fill("#login", "zhao")
    page.fill("#password", password_of("zhao"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/work$"))
    page.goto("/picking")
    page.click("text=Make the wave")
    expect(page.locator(".outcome")).to_contain_text("3 volumes at 2 stops")
    page.click("text=Take the next stop")

    def scan(code: str) -> None:
        page.keyboard.type(code)
        page.keyboard.press("Enter")

    for _ in range(2):
        shelf = page.locator("h1.label").inner_text()
        scan("M-01" if shelf == "M-02" else "M-02")
        expect(page.locator("#shelf-told .bad")).to_contain_text(f"this stop is {shelf}")
        page.fill("#shelf", "")
        page.focus("#shelf")
        scan(shelf)
        expect(page.locator("#shelf-told .good")).to_contain_text(shelf)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert poor_contrasts(page) == []
        dossiers = ("D-1", "D-2") if shelf == "M-01" else ("D-3",)
        for dossier in dossiers:
            scan(dossier)
            expect(page.locator(f"li.line.good[data-name='{dossier}']")).to_be_visible()
        if not page.locator(".target.known").count():
            scan("W1-C1")
            expect(page.locator(".target.known")).to_contain_text("W1-C1")
            scan("WRONG")
            expect(page.locator("li.line.bad")).to_contain_text("isn't to be picked at this stop")
            page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        expect(page.locator(".outcome.good")).to_contain_text(f"{len(dossiers)} picked")
    expect(page.locator("main")).to_contain_text("finished")
    assert [state_of(archive, request) for request in stocked] == ["ready"] * 3
    assert {archive.where(dossier) for dossier in ("D-1", "D-2", "D-3")} == {"W1-C1"}
    for address in ("/picking", "/picking/W-000001", "/picking/stop"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert poor_contrasts(page) == [], address
    assert not broken
    context.close()


def test_what_is_refused_comes_back_filled_and_nothing_was_done(
    archive: Archive, stocked: list[int], signed_in: SignIn
) -> None:
    keeper = signed_in("zhao")
    made = keeper.post("/picking", data={"command_id": str(uuid4()), "warehouse": "W1"})
    wave = made.headers["location"]
    assert keeper.post(f"{wave}/next").headers["location"] == "/picking/stop"
    page = keeper.get("/picking/stop").text
    shelf = re.search(r'<h1 class="label">(.*?)</h1>', page)
    assert shelf is not None
    sent: dict[str, Any] = {"command_id": str(uuid4()), "shelf": "M-99", "code": ["D-1", "D-3"], "to_place": "W1-C1"}
    refused = keeper.post("/picking/stop", data=sent)
    assert refused.status_code == 422
    assert sent["command_id"] in refused.text and "D-1" in refused.text and "M-99" in refused.text
    assert archive.where("D-1") == "M-01"
    again = keeper.post("/picking", data={"command_id": str(uuid4()), "warehouse": "W1"})
    assert again.status_code == 409 and "Nothing can be picked" in again.text
    sheet = keeper.get(f"{wave}/pick-sheet.pdf")
    assert sheet.headers["content-type"] == "application/pdf" and sheet.content.startswith(b"%PDF")
    missing = keeper.post(
        "/picking/not-found",
        data={"command_id": str(uuid4()), "volume": "D-1" if shelf[1] == "M-01" else "D-3"},
    )
    assert missing.status_code == 303
    assert sorted(state_of(archive, request) for request in stocked) == ["picking", "picking", "searching"]
    finished = keeper.post(f"{wave}/finish", data={"command_id": str(uuid4())})
    assert finished.status_code == 303
    assert sorted(state_of(archive, request) for request in stocked) == ["approved", "approved", "searching"]
    for path in ("/picking", wave, "/picking/stop"):
        assert keeper.get(path).status_code == 200
    assert signed_in("licheng").get("/picking").status_code == 403


def test_programs_pick_through_the_same_operations(archive: Archive, stocked: list[int], signed_in: SignIn) -> None:
    keeper: httpx.Client = signed_in("zhao")

    def post(path: str, **sent: object) -> httpx.Response:
        return keeper.post(f"/api/v1{path}", json=sent)

    made = post("/waves", command_id=str(uuid4()), warehouse="W1", picks_max=3)
    assert (made.status_code, made.json()["picks"], made.json()["aisles"]) == (200, 3, 2)
    wave = made.json()["wave"]
    assert [
        len(keeper.get("/api/v1/waves").json()["waves"]),
        len(keeper.get(f"/api/v1/waves/{wave}").json()["walk"]),
    ] == [1, 2]
    while (hand := post(f"/waves/{wave}/next-stop").json())["stop"] is not None:
        shelf = hand["stop"]["shelf"]
        assert keeper.get("/api/v1/stop").json() == hand
        opened = keeper.get("/api/v1/aisles").json()["aisles"]
        assert [(one["block"], one["aisle"], one["purpose"]) for one in opened] == [
            ("甲", hand["stop"]["aisle"], "pick")
        ]
        codes = [pick["volume"] for pick in hand["picks"]]
        sent = {"command_id": str(uuid4()), "shelf": shelf, "codes": codes, "to_place": "W1-C1"}
        assert post("/picks", **sent | {"shelf": "M-99"}).json()["code"] == "wrong_shelf"
        sent["command_id"] = str(uuid4())
        assert [post("/picks", **sent).json()["picked"] for _ in range(2)] == [len(codes)] * 2
    assert [state_of(archive, request) for request in stocked] == ["ready"] * 3
    assert keeper.get(f"/api/v1/waves/{wave}/pick-sheet.pdf").content.startswith(b"%PDF")
    assert post("/stop/give-back").json()["code"] == "no_stop_taken"
    assert post("/aisles/open", place="M-01").json()["purpose"] == "sweep"
    assert post("/aisles/close", place="M-02").json() == {"aisles": []}
    assert post(f"/waves/{wave}/finish", command_id=str(uuid4())).json()["code"] == "wave_finished"
    assert post("/picks", command_id="x").status_code == 422
