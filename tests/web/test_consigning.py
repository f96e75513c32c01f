"""Consigning by its pages and by programs: a whole journey, one PIN for the batch."""

import re
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser

from inventory.domain.people import Role
from inventory.operations import consigning
from inventory.operations.countersigning import set_pin
from tests.conftest import Archive
from tests.consigning.journey import BAG, arrive, bag, opened, packed, ready, underway
from tests.picking.requested import now, window
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import account_of, password_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
PIN = "428193"


@pytest.fixture
def second(archive: Archive, site: str) -> dict[str, str]:
    """What the second person types: keeper 'qian', and clerk 'liping' of 370112 beside the clerks."""
    assert site
    account_of(archive, "qian", "钱卫东", Role.KEEPER)
    account_of(archive, "liping", "李萍", Role.WINDOW_CLERK, "370112")
    for login in ("qian", "liping"):
        set_pin(archive.owner, login, PIN)
    return {"witness_login": "qian", "witness_secret": PIN}


def command() -> dict[str, str]:
    return {"command_id": str(uuid4())}


def test_a_bag_is_packed_checked_sealed_and_sent_with_one_pin_and_received_by_the_window(
    archive: Archive, second: dict[str, str], signed_in: SignIn
) -> None:
    ready(archive, "D-1", "D-2", "D-3")
    window(archive)
    keeper = signed_in("zhao")
    assert keeper.post("/consignments/bags", data={"bag": BAG}).status_code == 303
    begun = keeper.post("/consignments", data=command() | {"bag": BAG, "origin": "W1", "target": "N-1"})
    address = begun.headers["location"].removesuffix("/pack")
    assert keeper.get(f"{address}/pack").status_code == 200
    put = keeper.post(f"{address}/pack", data=command() | {"code": ["D-1", "D-2"]})
    assert put.headers["location"] == address
    red = keeper.post(f"{address}/check", data={"code": ["D-1", "D-3"]}).text
    assert 'class="picture red"' in red and "D-2" in red
    assert 'class="picture amber"' in keeper.post(f"{address}/check", data={"code": ["D-1"]}).text
    assert 'class="picture green"' in keeper.post(f"{address}/check", data={"code": ["D-2", "D-1"]}).text
    form = command() | second | {"bag_seal": "S-1", "channel": "staff", "carrier_1": "王强", "carrier_2": "李梅"}
    wrong = keeper.post(f"{address}/seal", data=form | {"witness_secret": "000000"})
    assert wrong.status_code == 403 and "000000" not in wrong.text and "王强" in wrong.text
    one = keeper.post(f"{address}/seal", data=form | {"carrier_2": ""})
    assert one.status_code == 422 and "only_send" in one.text, "sealed, and sent by nobody yet"
    assert keeper.post(f"{address}/seal", data=form).headers["location"] == address
    assert archive.where("D-1") == "COURIER-STAFF"
    assert keeper.get(f"{address}/manifest.pdf").content.startswith(b"%PDF")
    assert keeper.get(f"{address}/arrive").status_code == 200
    clerk = signed_in("licheng")
    assert BAG in clerk.get("/consignments").text
    assert clerk.get(f"{address}/arrive").status_code == 200
    came = clerk.post(
        f"{address}/arrive",
        data=command()
        | {"bag_seal": "S-1", "condition": "whole", "code": ["D-1"], "counted": ["D-1", "D-2"], "pieces": ["11", ""]},
    )
    assert came.headers["location"] == address
    sheet = clerk.get(address).text
    assert "pieces differ" in sheet and "missing" in sheet
    rows = re.findall(r"/discrepancies/(\d+)", sheet)
    assert len(rows) == 2
    assert clerk.get(f"{address}/discrepancy-sheet.pdf").content.startswith(b"%PDF")
    for row in rows:
        assert clerk.get(f"{address}/discrepancies/{row}").status_code == 200
        settled = command() | second | {"witness_login": "liping", "reason": "found"}
        outcome = "arrived" if "Begin the search" in clerk.get(f"{address}/discrepancies/{row}").text else "explained"
        done = clerk.post(f"{address}/discrepancies/{row}", data=settled | {"outcome": outcome, "strip": "whole"})
        assert done.status_code == 303, done.text
    assert (archive.where("D-1"), archive.where("D-2")) == ("N-1", "N-1")
    assert "settled" in clerk.get(address).text
    stranger = signed_in("changqing")
    assert stranger.get(address).status_code == 404 and BAG not in stranger.get("/consignments").text


def test_what_is_refused_on_a_page_comes_back_filled(
    archive: Archive, second: dict[str, str], signed_in: SignIn
) -> None:
    number = packed(archive, "D-1")
    ready(archive, "D-2")
    keeper = signed_in("zhao")
    address = f"/consignments/{number}"
    for path, data, status in (
        ("/consignments", {"bag": "BAG-9", "origin": "W1", "target": "N-1"}, 404),
        (f"{address}/pack", {"code": ["D-2", "NOBODY"]}, 404),
        (f"{address}/check", {"heard_at": "W1-D1", "minutes": "2"}, 404),
        (f"{address}/check", {"heard_at": "W1-D1", "minutes": "99"}, 422),
        (f"{address}/unpack", {"code": ["D-2"], "to_place": "W1-D1", "reason": "x"}, 409),
        (f"{address}/seal", second | {"bag_seal": "S-1"}, 409),
        (f"{address}/arrive", {"bag_seal": "S-1", "code": ["D-1"]}, 403),
        (f"{address}/discrepancies/9", second | {"outcome": "explained", "reason": "x"}, 404),
    ):
        answer = keeper.post(path, data=command() | data)
        assert answer.status_code == status, (path, data)
        assert "{" not in re.sub(r"<(?:meta|body)[^>]*>", "", answer.text)
    assert keeper.post(f"{address}/scan", data={"code": "D-2"}).text.count("isn&#39;t in the bag") == 1
    assert keeper.get(f"{address}/unpack").status_code == 200
    emptied = keeper.post(f"{address}/cancel", data=command() | {"to_place": "W1-D1", "reason": "x"})
    assert emptied.status_code == 303 and archive.where("D-1") == "W1-D1"


def test_programs_consign_through_the_same_operations(
    archive: Archive, second: dict[str, str], signed_in: SignIn
) -> None:
    ready(archive, "D-1", "D-2")
    window(archive)
    keeper: httpx.Client = signed_in("zhao")
    witness = {"login": second["witness_login"], "pin": PIN}

    def post(client: httpx.Client, path: str, **sent: object) -> httpx.Response:
        return client.post(f"/api/v1{path}", json=sent)

    assert post(keeper, "/bags", code=BAG).json() == {"bag": bag(archive)}
    begun = post(keeper, "/consignments", **command(), bag=BAG, origin="W1", target="N-1").json()
    address = f"/consignments/{begun['consignment']}"
    put = command() | {"codes": ["D-1", "D-2"]}
    for _ in range(2):
        assert len(post(keeper, f"{address}/pack", **put).json()["set"]) == 2
    assert post(keeper, f"{address}/check", codes=["D-1"]).json()["colour"] == "amber"
    refused = post(keeper, f"{address}/seal", **command(), bag_seal="S-1", witness=witness)
    assert (refused.status_code, refused.json()["code"]) == (409, "set_not_checked")
    out = post(keeper, f"{address}/unpack", **command(), codes=["D-2"], to_place="W1-D1", reason="x")
    assert [one["volume"] for one in out.json()["set"]] == ["D-1"]
    assert post(keeper, f"{address}/check", codes=["D-1"]).json() == {
        "colour": "green", "expected": 1, "read": ["D-1"], "unread": [], "strangers": [],
    }  # fmt: skip
    assert post(keeper, f"{address}/seal", **command(), bag_seal="S-1", witness=witness).json()["state"] == "sealed"
    sending = command() | {"channel": "staff", "carriers": ["王强", "李梅"], "witness": witness}
    assert post(keeper, f"{address}/dispatch", **sending).json()["state"] == "underway"
    clerk = signed_in("licheng")
    arrival = command() | {
        "bag_seal": "S-1",
        "bag_seal_whole": False,
        "codes": ["D-1"],
        "broken": ["D-1"],
        "pieces": {"D-1": 12},
    }
    came = post(clerk, f"{address}/arrive", **arrival).json()
    assert [row["kind"] for row in came["discrepancies"]] == ["bag_seal_broken", "seal_broken"]
    for row in came["discrepancies"]:
        settled = post(clerk, f"/consignments/discrepancies/{row['id']}/settle", **command(), outcome="explained",
                       reason="told", witness={"login": "liping", "pin": PIN})  # fmt: skip
    assert settled.json()["state"] == "settled"
    assert [one["consignment"] for one in clerk.get("/api/v1/consignments?state=settled").json()["consignments"]] == [
        begun["consignment"]
    ]
    for paper in ("manifest", "discrepancy-sheet"):
        assert clerk.get(f"/api/v1{address}/{paper}.pdf").content.startswith(b"%PDF")
    assert clerk.get(f"/api/v1/consignments/{BAG}").status_code == 404, "the bag is free again"
    given_up = post(keeper, "/consignments", **command(), bag=BAG, origin="W1", target="N-1").json()["consignment"]
    assert post(keeper, f"/consignments/{given_up}/cancel", **command(), reason="x").json()["state"] == "cancelled"


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_pages_of_a_bag_fit_the_screen_and_are_readable(
    archive: Archive, site: str, second: dict[str, str], chromium: Browser, width: int, scheme: str
) -> None:
    number = underway(archive, "D-1", "D-2", "D-3")
    arrive(archive, number, ["D-1", "D-2"], broken=["D-2"])
    ready(archive, "D-4")
    following = opened(archive)
    consigning.pack(archive.app, archive.keeper, uuid4(), following, ["D-4"], now())
    context = chromium.new_context(
        base_url=site,
        locale="zh-CN",
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto("/sign-in")
    page.fill("#login", second["witness_login"])
    page.fill("#password", password_of("qian"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/work$"))
    steps = [f"/consignments/{following}{step}" for step in ("", "/pack", "/check", "/seal", "/unpack")]
    for address in ("/consignments", f"/consignments/{number}", *steps):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        assert poor_contrasts(page) == [], address
    assert not wrong
    context.close()
