"""The page of gates, and the same for programs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from inventory.store.passages import note_pulse
from tests.conftest import Archive
from tests.gates.telling import Gate, later
from tests.site import ONE_ENGINE, SignIn
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE


@pytest.fixture
def page(archive: Archive, site: str, chromium: Browser) -> Iterator[Page]:
    """The keeper at a telephone."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=site, viewport={"width": 390, "height": 844}, locale="en")
    context.set_default_timeout(30_000)
    row = archive.root.execute("SELECT id FROM account WHERE login = 'zhao'").fetchone()
    assert row is not None
    context.add_cookies([{"name": "guiwei", "value": archive.session(row[0]), "url": site}])
    page = context.new_page()
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_an_alarm_comes_up_on_an_open_page_and_is_answered_there(gate: Gate, page: Page) -> None:
    with page.expect_response(lambda answer: answer.url.endswith("/live/gates")):
        page.goto("/gates")
    expect(page.get_by_text("Nobody has passed")).to_be_visible()
    gate.take(
        gate.telling(gate.line("D-1"), gate.line("D-2", paper="C-000001"), gate.line("D-3", reads=0, paper="C-000001"))
    )
    alarm = page.get_by_role("alert")
    expect(alarm).to_contain_text("D-1")
    expect(alarm).to_contain_text("A-01")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to scroll sideways"
    assert poor_contrasts(page) == []
    alarm.get_by_label("False alarm").check()
    alarm.get_by_label("What happened").fill("推车停在门边")
    alarm.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_text("false ones: 1")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="推车停在门边")).to_contain_text("not read: 1")
    page.get_by_role("button", name="Silence and re-arm").click()
    expect(page.get_by_text("re-armed by 赵建国")).to_be_visible()


@pytest.mark.usefixtures("gate")
def test_an_antenna_that_hears_nothing_is_named_by_reader_and_number(
    archive: Archive, page: Page, signed_in: SignIn
) -> None:
    (antennas,) = archive.root.execute("SELECT array_agg(id) FROM antenna WHERE number = 2").fetchall()[0]
    row = archive.root.execute("SELECT id FROM place WHERE code = 'G-1'").fetchone()
    assert row is not None
    now = datetime.now(UTC)
    with archive.jobs.unpooled() as connection:
        note_pulse(connection, row[0], now, now, (), antennas)
    (told,) = signed_in("zhao").get("/api/v1/gates").json()["gates"]
    assert (told["deaf_antennas"], told["silent_antennas"], told["watched"]) == (["G1:2"], [], True)
    page.goto("/gates")
    expect(page.locator(".faulty")).to_have_text(
        "antenna G1:2 hears nothing of what the other on its side hears: look at its cable"
    )
    with archive.jobs.unpooled() as connection:
        note_pulse(connection, row[0], now, None, ())
    assert signed_in("zhao").get("/api/v1/gates").json()["gates"][0]["deaf_antennas"] == []


def test_programs_get_the_same_and_an_alarm_is_answered_once(gate: Gate, signed_in: SignIn) -> None:
    first = gate.telling(gate.line("D-1"))
    alarms = [first, *(later(first, number, id=uuid4()) for number in range(1, 5))]
    gate.take(
        *alarms, later(first, 9, id=uuid4(), direction="in", colour="green", alarmed_at=None, siren_at=None, lines=())
    )
    keeper = signed_in("zhao")
    told = keeper.get("/api/v1/gates").json()
    assert [one["gate"] for one in told["gates"]] == ["G-1"]
    assert (told["gates"][0]["alarms_waiting"], len(told["alarms"]), len(told["passages"])) == (5, 5, 6)
    assert told["alarms"][0]["volumes"][0] | {"since": None, "discrepancy": None} == {
        "volume": "D-1", "reads": 7, "shelf": "A-01", "since": None, "manifest": None, "unexpected": True, "discrepancy": None,
    }  # fmt: skip
    for alarm in alarms:
        sent = {"command_id": str(uuid4()), "false_alarm": True, "reason": "推车"}
        assert (
            keeper.post(f"/api/v1/passages/{alarm.id}/acknowledgement", json=sent).json()["acknowledged_by"] == "赵建国"
        )
    sent = {"command_id": str(uuid4()), "false_alarm": False, "reason": "x"}
    again = keeper.post(f"/api/v1/passages/{first.id}/acknowledgement", json=sent)
    assert (again.status_code, again.json()["code"]) == (409, "alarm_answered")
    told = keeper.get("/api/v1/gates").json()
    assert (told["alarms"], told["false_in_seven_days"], told["too_many_false"]) == ([], 5, True)
    assert "5 false sirens in seven days" in keeper.get("/gates").text
    sent = {"command_id": str(uuid4())}
    assert keeper.post("/api/v1/gates/G-1/rearming", json=sent).json()["gates"][0]["rearmed_by"] == "赵建国"
    for address, status in (("/gates?gate=G-9", 404), ("/gates?gate=%00", 422), ("/api/v1/gates?gate=A-01", 404)):
        assert keeper.get(address).status_code == status, address
    sent = {"command_id": str(uuid4()), "false_alarm": True, "reason": "x"}
    assert keeper.post(f"/api/v1/passages/{uuid4()}/acknowledgement", json=sent).status_code == 404
