"""Accounts and roles as administrators make and give them: by forms, and by programs."""

from uuid import uuid4

import httpx
from playwright.sync_api import expect

from inventory.domain.people import Role
from tests.conftest import Archive
from tests.requests.counter import Counter
from tests.site import SignIn
from tests.standing.conftest import ONE_ENGINE, Browse, Program
from tests.web.stock import password_of
from tests.web.test_browser import poor_contrasts

pytestmark = ONE_ENGINE
ADMINISTRATORS = {"system": Role.SYSTEM_ADMIN, "security": Role.SECURITY_ADMIN}


def appointed(archive: Archive) -> None:
    for login, role in ADMINISTRATORS.items():
        archive.person(login, role)


def test_an_account_is_made_by_one_and_given_its_role_by_another(browse: Browse, counter: Counter) -> None:
    appointed(counter.archive)
    counter.let_in()
    system = browse("system", "/accounts")
    system.get_by_text("A new account").click()
    system.locator("#login").fill("wang")
    system.locator("#name").fill("王芳")
    system.locator("#password").fill("given by the administrator")
    system.get_by_role("button", name="Make it").click()
    expect(system.locator(".outcome.good")).to_contain_text("wang is there")
    wang = browse("clerk", "/me")
    wang.get_by_role("button", name="Sign out").click()
    wang.locator("#login").fill("wang")
    wang.locator("#password").fill("given by the administrator")
    wang.locator("button.main").click()
    expect(wang.locator("main")).to_contain_text("Choose one that you alone know")
    wang.locator("#password").fill("given by the administrator")
    for field in ("#new", "#again"):
        wang.locator(field).fill(password_of("wang"))
    wang.get_by_role("button", name="Keep this password").click()
    expect(wang.locator(".who")).to_contain_text("not yet assigned")

    security = browse("security", "/roles")
    security.locator("#login").select_option("wang")
    security.locator("#role").select_option("window_clerk")
    security.locator("#reason").fill("任命文件 5号")
    security.get_by_role("button", name="Keep this").click()
    expect(security.locator(".shout.bad")).to_contain_text("needs an agency")
    security.locator("#agency").select_option("370112")
    security.locator("#window").select_option("N-1")
    security.get_by_role("button", name="Keep this").click()
    expect(security.locator(".outcome.good")).to_contain_text("The role of wang is changed")
    expect(security.locator("table")).to_contain_text("security · 任命文件 5号")
    expect(security.locator(".timeline li").first).to_contain_text("王芳 → window clerk")
    assert poor_contrasts(security) == []

    wang.reload()
    expect(wang.locator("#password")).to_be_visible()  # the session ended with the role it was opened in


def test_programs_make_accounts_and_give_roles(program: Program, counter: Counter) -> None:
    appointed(counter.archive)
    system, security = program("system"), program("security")
    made = system.post("/api/v1/accounts", json={"login": "wang", "name": "王芳", "password": password_of("wang")})
    assert made.status_code == 201, made.text
    sent = {
        "command_id": str(uuid4()),
        "login": "wang",
        "role": "window_clerk",
        "reason": "任命 5号",
        "agency": "370112",
    }
    given = security.post("/api/v1/roles", json=sent)
    assert (given.status_code, given.json()["role"], given.json()["granted_by"]) == (200, "window_clerk", "security")
    assert [one["role"] for one in security.get("/api/v1/roles").json() if one["login"] == "wang"] == ["window_clerk"]
    own = security.post("/api/v1/roles", json=sent | {"command_id": str(uuid4()), "login": "security"})
    assert (own.status_code, own.json()["code"]) == (403, "grant_to_oneself")
    another = {"command_id": str(uuid4()), "login": "system", "role": "audit_admin", "reason": "x"}
    apart = security.post("/api/v1/roles", json=another)
    assert (apart.status_code, apart.json()["code"]) == (409, "three_admins_apart")
    assert system.post("/api/v1/accounts/lock", json={"login": "wang", "locked": True}).status_code == 200
    assert [one["locked"] for one in system.get("/api/v1/accounts").json() if one["login"] == "wang"] == [True]


def test_a_token_ends_with_the_role_it_was_made_for(program: Program, counter: Counter) -> None:
    appointed(counter.archive)
    keeper, security = program("keeper"), program("security")
    assert keeper.get("/api/v1/stop").status_code == 200
    sent = {"command_id": str(uuid4()), "login": "keeper", "role": "auditor", "reason": "任命 5号"}
    assert security.post("/api/v1/roles", json=sent).status_code == 200
    assert keeper.get("/api/v1/stop").status_code == 401


def test_whoever_has_no_role_yet_lands_on_their_own_page(
    signed_in: SignIn, visitor: httpx.Client, archive: Archive
) -> None:
    archive.root.execute("UPDATE account SET role = 'unassigned', agency_id = NULL WHERE login = 'licheng'")
    client = signed_in("licheng")
    answer = visitor.post("/sign-in", data={"login": "licheng", "password": password_of("licheng")})
    assert answer.headers["location"] == "/me"
    assert client.get("/me").status_code == 200
    assert client.get("/work").status_code == 403
