"""The jobs on a page and by programs."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from guiwei.jobs import Jobs
from inventory.domain.jobs import JobName
from inventory.domain.people import Role
from inventory.domain.refusals import NotAllowed
from tests.conftest import Archive
from tests.jobs.conftest import at_work
from tests.site import ONE_ENGINE, SignIn

pytestmark = ONE_ENGINE


@pytest.fixture
def page(archive: Archive, site: str, chromium: Browser) -> Iterator[Page]:
    """The city's manager at a screen; nothing in its console."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=site, viewport={"width": 1280, "height": 1000}, locale="en")
    context.set_default_timeout(30_000)
    manager = archive.person("manager", Role.CITY_MANAGER)
    context.add_cookies([{"name": "guiwei", "value": manager.secret, "url": site}])
    page = context.new_page()
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_a_job_wanted_on_the_page_runs_and_the_page_follows(archive: Archive, page: Page) -> None:
    page.goto("/jobs")
    expect(page.locator("#jobs")).to_contain_text("No process does the jobs")
    page.locator("tr", has_text="partitions of evidence").get_by_role("button").click()
    expect(page.locator("#jobs")).to_contain_text("wanted now by manager")
    with at_work(archive):
        # Nobody reloads: the page hears of it.
        expect(page.locator("#jobs")).to_contain_text("asked for by manager")
        expect(page.locator("#jobs")).to_contain_text("4 partitions made")
        expect(page.locator(".processes")).to_contain_text("Active")


def test_programs_read_the_same_and_who_may_not_have_one_run_does_not(archive: Archive, signed_in: SignIn) -> None:
    archive.person("admin", Role.SYSTEM_ADMIN)
    jobs = Jobs(archive.jobs, ZoneInfo("Asia/Shanghai"))
    jobs.turn(JobName.PARTITIONS)
    admin, keeper = signed_in("admin"), signed_in("keeper")
    told = keeper.get("/api/v1/jobs").json()
    assert [one["job"] for one in told["jobs"]] == [name.value for name in JobName]
    made = next(one for one in told["jobs"] if one["job"] == "partitions")
    assert (made["numbers"], made["result"], made["result_zh"]) == ({"made": 4}, "4 partitions made", "新建 4 个分区")
    assert datetime.fromisoformat(made["next_due"]) > datetime.fromisoformat(made["finished_at"])
    assert (made["running"], made["failing"], made["asked_by"]) == (False, False, None)
    assert [(one["job"], one["numbers"]) for one in told["history"]] == [("partitions", {"made": 4})]
    assert keeper.post("/api/v1/jobs/close/run").json()["code"] == NotAllowed.code
    assert "Run now" not in keeper.get("/jobs").text
    asked = admin.post("/api/v1/jobs/close/run")
    assert (asked.status_code, next(one["asked_by"] for one in asked.json()["jobs"] if one["job"] == "close")) == (
        202,
        "admin",
    )
    assert admin.post("/api/v1/jobs/dancing/run").status_code == 422
    assert admin.post("/jobs/dancing/run").status_code == 404
    assert signed_in("clerk").get("/api/v1/jobs").json()["code"] == NotAllowed.code
