"""The readers on pages, tried and changed there, and in the numbers for Prometheus."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from inventory.domain.people import Role
from tests.conftest import Archive
from tests.readers.stock import fleet
from tests.site import ONE_ENGINE, SignIn
from tests.web.stock import account_of, password_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
SAMPLE = json.dumps([{"id": "2C76451FD46072000000162E", "t": "22/5/2026 22:4:0"}, {"id": "2C76451FD46072000000162F"}])
MAPPING = '{"epc": "id", "time": "t", "time_form": "d/M/yyyy H:m:s"}'


@pytest.fixture
def manager(archive: Archive, signed_in: SignIn) -> httpx.Client:
    """The city's manager before the fleet."""
    fleet(archive, datetime.now(UTC))
    account_of(archive, "zhou", "周主管", Role.CITY_MANAGER)
    archive.root.execute(
        "INSERT INTO quarantine (received_at, topic, reader_id, payload, reason) "
        """VALUES (now(), 'h/7', 4, '{"id": "<b>"}', 'A read has no EPC at ''code''.')"""
    )
    return signed_in("zhou")


def form(**more: str) -> dict[str, str]:
    return {
        "dialect": "mapping",
        "timezone": "Asia/Shanghai",
        "mapping": MAPPING,
        "sample": SAMPLE,
        "what": "save",
    } | more


def registered(archive: Archive) -> tuple[object, ...]:
    row = archive.root.execute(
        "SELECT dialect, timezone, mapping, login, version FROM reader CROSS JOIN registry_version "
        "LEFT JOIN account ON account.id = changed_by WHERE code = 'H-7'"
    ).fetchone()
    assert row is not None
    return row


def test_a_sample_is_tried_before_anything_is_saved(archive: Archive, manager: httpx.Client) -> None:
    before = registered(archive)
    page = manager.post("/readers/H-7", data=form(what="try"))
    assert page.status_code == 200
    assert re.search(
        r"Understood: 2 reads.*2C76451FD46072000000162E.*2026-05-22 22:04.*2C76451FD46072000000162F",
        page.text,
        re.DOTALL,
    )
    for problem, more in {
        "is not written as d/M/yyyy H:m:s": {"sample": '{"id": "2C76", "t": "now"}'},
        "The payload is not JSON": {"sample": "{"},
        "paste a sample message": {"sample": ""},
        "epc of the mapping: this is a path": {"mapping": '{"epc": 7}'},
        "there is no such member": {"mapping": '{"epic": "id"}'},
        "a reader of the mapping dialect has a mapping": {"mapping": ""},
        "IANA name": {"timezone": "Asia/Jinan"},
        "this is one of native": {"dialect": "klingon"},
    }.items():
        assert problem in manager.post("/readers/H-7", data=form(what="try", **more)).text
    assert registered(archive) == before


def test_a_registration_is_saved_whole_in_somebodys_name_or_not_at_all(archive: Archive, manager: httpx.Client) -> None:
    version = registered(archive)[-1]
    refused = manager.post("/readers/H-7", data=form(mapping='{"epc": "id", "time_form": "epoch_ms"}'))
    assert refused.status_code == 422
    assert "there is a form but no time" in refused.text
    assert "epoch_ms" in refused.text, "what was typed is still there"
    assert registered(archive)[-1] == version
    answer = manager.post("/readers/H-7", data=form())
    assert (answer.status_code, answer.headers["location"]) == (303, "/readers/H-7")
    assert registered(archive) == ("mapping", "Asia/Shanghai", json.loads(MAPPING), "zhou", int(str(version)) + 1)
    page = manager.get("/readers/H-7").text
    assert "The registration of H-7 is saved." in page
    assert "Changed by 周主管" in page
    assert "Waiting to be tried again" in page, "what waits was tried with an older registry"
    assert manager.post("/readers/none", data=form()).status_code == 404


def test_quarantine_is_shown_as_it_came_and_tried_again_by_a_button(
    archive: Archive, manager: httpx.Client, signed_in: SignIn
) -> None:
    archive.root.execute("UPDATE quarantine SET tried_version = 99")
    page = manager.get("/readers").text
    assert "&lt;b&gt;" in page
    piece = manager.get("/readers", headers={"HX-Request": "true"}).text
    assert "C-R2" in piece
    assert "&lt;b&gt;" not in piece, "whoever reads a message's bytes isn't interrupted"
    (cause,) = re.findall(r'name="cause" value="([^"]+)"', page)
    assert cause == "A read has no EPC at …."
    asked = manager.post("/readers/quarantine/retry", data={"reader": "H-7", "cause": cause, "then": "reader"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/readers/H-7")
    assert archive.root.execute("SELECT tried_version FROM quarantine").fetchall() == [(-1,)]
    assert "1 messages are tried again" in manager.get("/readers/H-7").text
    keeper = signed_in("zhao")
    assert "Try again" not in keeper.get("/readers").text
    assert keeper.post("/readers/quarantine/retry", data={"reader": "H-7"}).status_code == 403
    assert keeper.post("/readers/H-7", data=form()).status_code == 403


def test_prometheus_learns_how_each_reader_and_antenna_does(manager: httpx.Client, archive: Archive) -> None:
    archive.root.execute("UPDATE reader_health SET silent = true WHERE reader_id = 3")
    with httpx.Client(base_url=manager.base_url) as prometheus:
        metrics = prometheus.get("/metrics").text
    for line in (
        'guiwei_reader_messages_total{reader="C-R1"} 9000.0',
        'guiwei_reader_quarantine_waiting{reader="H-7"} 1.0',
        'guiwei_reader_clock_offset_seconds{reader="C-R2"} 0.04',
        'guiwei_reader_state{reader="G-R1",state="silent"} 1.0',
        'guiwei_reader_state{reader="D-9",state="never"} 1.0',
        'guiwei_antenna_trouble{antenna="2",reader="C-R2",state="dead"} 1.0',
        'guiwei_antenna_reads_day{antenna="2",reader="C-R2"} 0.0',
    ):
        assert line in metrics, line
    assert 'guiwei_reader_clock_offset_seconds{reader="D-9"}' not in metrics
    assert "guiwei_antenna_reads_day_usual" in metrics


@pytest.fixture
def screen(archive: Archive, manager: httpx.Client, site: str, chromium: Browser) -> Iterator[Page]:
    """The manager's own browser, on a telephone."""
    assert manager
    context = chromium.new_context(base_url=site, viewport={"width": 390, "height": 844}, locale="zh-CN")
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.goto("/sign-in")
    page.locator("#login").fill("zhou")
    page.locator("#password").fill(password_of("zhou"))
    page.locator("button.main").click()
    expect(page.locator("header.masthead")).to_be_visible()
    yield page
    context.close()
    assert complaints == []
    assert archive


def test_the_fleet_fits_a_telephone_and_a_sample_is_tried_there(screen: Page) -> None:
    screen.goto("/readers")
    expect(screen.locator(".machine")).to_have_count(5)
    expect(screen.locator(".machine").first).to_contain_text("C-R2")
    expect(screen.locator(".machine").first.locator("svg.hours")).to_have_count(4)
    assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert poor_contrasts(screen) == []
    screen.locator(".machine h2 a", has_text="H-7").click()
    screen.locator("#mapping").fill(MAPPING)
    screen.locator("#sample").fill(SAMPLE)
    screen.locator("button[value=try]").click()
    expect(screen.locator(".tried.good")).to_contain_text("可以理解：2 次读取")
    assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert poor_contrasts(screen) == []
