"""Audits on pages and by programs: asked for, followed, signed by two, closed; on paper and in a workbook."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from devices.simulator.halls import Hall
from inventory.domain.audits import PlanKind
from inventory.domain.commanded_reading import READ_FOR, SETTLE_FOR
from inventory.domain.people import Role
from inventory.domain.refusals import AuditNotFound, AuditStays, AuditUnsigned, CounterIsKeeper, SecondPersonIsFirst
from inventory.operations import audit_plans, audit_views, auditing
from inventory.operations.audit_plans import Planning
from tests.audits.nights import INTERVAL, ask, run, state_of
from tests.conftest import Archive
from tests.papers.reading import Paper
from tests.site import ONE_ENGINE, SignIn

pytestmark = ONE_ENGINE
NOW = datetime.now(UTC)
Wrong = tuple[Archive, Hall]


@pytest.fixture
def people(archive: Archive) -> Archive:
    archive.person("manager", Role.CITY_MANAGER)
    archive.person("auditor", Role.AUDITOR)
    return archive


@pytest.fixture
def page(people: Archive, site: str, chromium: Browser) -> Iterator[Page]:
    """The city's manager at a screen; nothing in its console."""
    complaints: list[str] = []
    context = chromium.new_context(base_url=site, viewport={"width": 1280, "height": 1000}, locale="en")
    context.set_default_timeout(30_000)
    row = people.root.execute("SELECT id FROM account WHERE login = 'manager'").fetchone()
    assert row is not None
    context.add_cookies([{"name": "guiwei", "value": people.session(row[0]), "url": site}])
    page = context.new_page()
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_an_audit_asked_for_on_a_page_is_judged_by_the_jobs_and_followed(
    wrong: Wrong, people: Archive, page: Page
) -> None:
    page.goto("/audits")
    page.fill("input[name=since]", "2026-03-05T08:00")
    page.fill("input[name=until]", "2026-03-06T08:00")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/audits/1")
    expect(page.locator(".running")).to_contain_text("waiting")
    auditing.run_waiting(people.jobs, lambda: datetime.now(UTC))
    expect(page.locator("#audit h2", has_text="Findings")).to_be_visible()
    expect(page.locator(".elevations svg").first).to_be_visible()
    found = run(people, ask(people))
    assert people.root.execute("SELECT findings FROM audit WHERE id = 1").fetchone() == (len(found.findings),)
    page.goto("/audits")
    expect(page.locator("#audits")).to_contain_text("No. 1")
    assert wrong


def test_two_sign_and_the_manager_closes(wrong: Wrong, people: Archive, signed_in: SignIn) -> None:
    number = ask(people)
    run(people, number)
    manager, auditor, keeper = (signed_in(login) for login in ("manager", "auditor", "keeper"))

    def sign(who: object, part: str) -> tuple[int, str]:
        sent = {"command_id": str(uuid4()), "part": part}
        answer = who.post(f"/api/v1/audits/{number}/signatures", json=sent)  # type: ignore[attr-defined]
        return answer.status_code, answer.json().get("code", answer.json().get("state"))

    assert manager.post(f"/api/v1/audits/{number}/close").json()["code"] == AuditStays.code
    assert sign(keeper, "counter") == (409, CounterIsKeeper.code)
    assert sign(keeper, "keeper") == (200, "judged")
    assert sign(keeper, "keeper")[1] == SecondPersonIsFirst.code
    assert sign(manager, "keeper") == (409, AuditStays.code)
    assert sign(auditor, "counter") == (200, "signed")
    closed = manager.post(f"/api/v1/audits/{number}/close").json()
    assert (closed["state"], closed["signed"]) == ("closed", ["counter", "keeper"])
    assert manager.post(f"/api/v1/audits/{number}/close").json()["state"] == "closed"
    assert sign(manager, "counter") == (409, AuditStays.code)
    assert AuditUnsigned.code == "audit_unsigned"
    assert wrong


def test_programs_get_what_the_command_prints(wrong: Wrong, people: Archive, signed_in: SignIn) -> None:
    archive, _ = wrong
    manager = signed_in("manager")
    sent = {"command_id": str(uuid4()), "scope": "W1", "from": INTERVAL[0].isoformat(), "to": INTERVAL[1].isoformat()}
    asked = manager.post("/api/v1/audits", json=sent)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert manager.post("/api/v1/audits", json=sent).json()["audit"] == asked.json()["audit"], "sent twice, asked once"
    number = asked.json()["audit"]
    (found,) = auditing.run_waiting(archive.jobs, lambda: datetime.now(UTC))
    told = manager.get(f"/api/v1/audits/{number}/findings").json()
    assert [one["dossier"] for one in told["findings"]] == [one.dossier for one in found.findings]
    assert [one["dossier"] for one in told["undecided"]] == [one.dossier for one in found.undecided]
    assert (told["coverage"], told["from"], told["next_after"]) == (found.coverage, "2026-03-05T00:00:00Z", None)
    assert [gap["place"] for gap in told["gaps"]] == [gap.place for gap in found.gaps]
    with archive.jobs.unpooled() as connection:
        earlier = auditing.ask_for(connection, "W1", INTERVAL[0] - timedelta(days=1), INTERVAL[0], NOW)
    before = run(archive, earlier)
    compared = manager.get(f"/api/v1/audits/{number}/comparison").json()
    was, now = ({(one.dossier, one.kind) for one in of.findings} for of in (before, found))
    assert compared["previous"] == earlier
    assert (compared["new_count"], compared["gone_count"], compared["stayed"]) == (
        len(now - was), len(was - now), len(now & was),
    )  # fmt: skip
    assert {one["dossier"] for one in compared["new"]} == {dossier for dossier, _ in now - was}
    assert manager.get("/api/v1/audits/99").json()["code"] == AuditNotFound.code
    future = sent | {"command_id": str(uuid4()), "to": (NOW + timedelta(days=1)).isoformat()}
    assert manager.post("/api/v1/audits", json=future).status_code == 422
    assert signed_in("clerk").get("/api/v1/audits").status_code == 403
    assert people


def test_the_report_and_the_workbook_say_what_was_found(wrong: Wrong, people: Archive, signed_in: SignIn) -> None:
    archive, _ = wrong
    number = ask(archive)
    auditor = signed_in("auditor")
    refused = auditor.get(f"/audits/{number}/report.pdf")
    assert refused.status_code == 409
    found = run(archive, number)
    paper = Paper(auditor.get(f"/audits/{number}/report.pdf").content)
    coverage = f"{int(found.coverage * 10_000) / 100}"
    paper.says("盘点报告", "W1", f"{found.expected} 册", coverage, "放错位置", "误差上限", "保管人", "盘点人")
    assert all(one.dossier in paper.text for one in found.findings[:20] if one.dossier)
    row = archive.root.execute("SELECT encode(hash, 'hex') FROM ledger_chain").fetchone()
    assert row is not None
    paper.says(row[0])
    book = load_workbook(io.BytesIO(auditor.get(f"/audits/{number}/findings.xlsx").content))
    rows = [[cell.value for cell in row] for row in book.active]  # type: ignore[union-attr]
    dossiers = [row[1] for row in rows[2:-1]]
    assert dossiers[: len(found.findings)] == [one.dossier for one in found.findings]
    assert len(rows) == 3 + len(found.findings) + len(found.undecided) + len(found.gaps)
    assert people


def test_a_plan_is_worked_once_when_it_is_due(wrong: Wrong, people: Archive) -> None:
    archive, _ = wrong
    manager = people.person("planner", Role.CITY_MANAGER)
    now = INTERVAL[1] + timedelta(hours=2)
    for kind, shelves in ((PlanKind.ROLLING, None), (PlanKind.SAMPLE, 3), (PlanKind.AFTER_RESHELVING, None)):
        audit_plans.make(archive.app, manager, Planning(uuid4(), kind, "W1", 30, sample_shelves=shelves), now)
    with archive.jobs.unpooled() as connection:
        assert audit_plans.work(connection, now) == [], "not due before tomorrow"
        tomorrow = now + timedelta(days=1)
        asked = audit_plans.work(connection, tomorrow)
        assert audit_plans.work(connection, tomorrow) == []
        connection.commit()
    rows = archive.root.execute(
        "SELECT plan.kind, judged_from, judged_until, audit.sample_shelves, seed IS NOT NULL FROM audit "
        "JOIN audit_plan AS plan ON plan.id = plan_id ORDER BY audit.id"
    ).fetchall()
    # The hall's cabinets read first, all in one room.
    midnight, read = INTERVAL[1] + timedelta(days=1) - timedelta(hours=8), tomorrow + READ_FOR + SETTLE_FOR
    assert rows == [
        ("rolling", midnight - timedelta(days=1), read, None, False),
        ("sample", midnight - timedelta(days=7), read, 3, True),
    ]
    auditing.run_waiting(archive.jobs, lambda: datetime.now(UTC))
    assert [state_of(archive, number) for number in asked] == ["judged", "judged"]
    due = {plan.kind: plan.next_due for plan in audit_plans.plans(archive.app, manager)}
    assert due[PlanKind.SAMPLE] - due[PlanKind.ROLLING] == timedelta(days=29)
    plan = audit_plans.plans(archive.app, manager)[0]
    audit_plans.end(archive.app, manager, plan.plan_id, now)
    assert plan.plan_id not in {one.plan_id for one in audit_plans.plans(archive.app, manager)}


def test_whoever_may_not_is_refused(people: Archive, signed_in: SignIn) -> None:
    assert audit_views.newest(people.app, people.keeper) == []
    answer = signed_in("keeper").post("/audits", data={"command_id": str(uuid4()), "scope": "W1"})
    assert answer.status_code == 403
