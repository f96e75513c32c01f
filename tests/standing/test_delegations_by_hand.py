"""Delegations as people give them and use them: by a form, and by programs."""

from datetime import timedelta
from uuid import uuid4

from playwright.sync_api import expect

from inventory.domain.requests import RequestKind
from inventory.operations.request_views import local_day
from tests.requests.counter import Counter, now
from tests.standing.conftest import ONE_ENGINE, Browse, Program
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE


def test_a_head_delegates_by_a_form_and_the_manager_decides_by_it(browse: Browse, counter: Counter) -> None:
    counter.dossier("D-1")
    number = counter.ask(counter.form(RequestKind.LOAN, "D-1")).number
    manager = browse("manager", f"/requests/{number}")
    expect(manager.get_by_role("link", name="Decide")).to_have_count(0)

    head = browse("head", "/requests")
    head.get_by_role("link", name="Delegations").click()
    head.locator("#document").fill("历委〔2026〕3号")
    head.locator("#valid_until").fill((local_day(now()) + timedelta(30)).isoformat())
    head.get_by_role("button", name="Delegate").click()
    expect(head.locator(".outcome.good")).to_contain_text("历委〔2026〕3号")
    expect(head.locator("table .pill")).to_have_text("in force")
    assert poor_contrasts(head) == []

    manager.goto("/requests?list=to_decide")
    manager.get_by_role("link", name=number).click()
    expect(manager.locator("main")).to_contain_text("delegates this decision to the city's manager by 历委〔2026〕3号")
    manager.get_by_role("link", name="Decide").click()
    expect(manager.locator("main")).to_contain_text("历委〔2026〕3号")
    manager.get_by_role("button", name="Approve").click()
    expect(manager.locator("main")).to_contain_text("approved, to be picked")
    clerk = browse("clerk", f"/requests/{number}", language="zh-CN")
    expect(clerk.locator("dl.pairs").first).to_contain_text("审批委托历委〔2026〕3号")

    head.reload()
    head.get_by_text("Revoke", exact=True).first.click()
    head.get_by_label("Why").fill("负责人到任")
    head.get_by_role("button", name="Revoke").click()
    expect(head.locator("table .pill")).to_have_text("revoked")
    expect(head.locator("table")).to_contain_text("负责人到任")
    expect(head.locator("table")).to_contain_text("requests decided: 1")


def test_programs_delegate_see_and_revoke(program: Program, counter: Counter) -> None:
    counter.dossier("D-1")
    number = counter.ask(counter.form(RequestKind.LOAN, "D-1")).number
    head, manager = program("head"), program("manager")
    decision = {"command_id": str(uuid4()), "approve": True}
    refused = manager.post(f"/api/v1/requests/{number}/decision", json=decision)
    assert (refused.status_code, refused.json()["code"]) == (403, "delegation_missing")
    first = local_day(now())
    sent = {
        "command_id": str(uuid4()), "document": "历委〔2026〕3号", "valid_from": first.isoformat(),
        "valid_until": (first + timedelta(30)).isoformat(), "delegate": "manager",
    }  # fmt: skip
    given = head.post("/api/v1/delegations", json=sent)
    assert (given.status_code, given.json()["state"]) == (201, "in_force"), given.text
    again = head.post("/api/v1/delegations", json=sent | {"command_id": str(uuid4())})
    assert (again.status_code, again.json()["code"]) == (409, "delegation_twice")
    answer = manager.post(f"/api/v1/requests/{number}/decision", json=decision).json()
    assert (answer["decided_by"], answer["decided_under"]) == ("manager", "历委〔2026〕3号")
    listed = manager.get("/api/v1/delegations").json()
    assert [(one["document"], one["decisions"], one["delegate"]) for one in listed] == [
        ("历委〔2026〕3号", 1, "manager")
    ]
    why = {"command_id": str(uuid4()), "reason": "到任"}
    revoked = head.post(f"/api/v1/delegations/{listed[0]['id']}/revocation", json=why)
    assert revoked.json()["state"] == "revoked", revoked.text
    assert program("strange_head").get("/api/v1/delegations").json() == []
