"""What is open in somebody's name is seen and ended; a new password ends the rest; stuffing and fixation are tried."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import psycopg
import pytest

from inventory.domain.people import Role
from inventory.domain.refusals import BadInput, WrongPassword
from inventory.operations import accounts, signing_in
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import password_of

pytestmark = ONE_ENGINE
NEW = "nine horses drink slowly"


def test_stuffed_credentials_lock_each_name_and_tell_nothing(site: str) -> None:
    told: dict[str, list[tuple[int, str]]] = {}
    with httpx.Client(base_url=site, headers={"Accept-Language": "en"}) as client:
        for login in ("zhao", "nobody-of-that-name"):
            told[login] = []
            for attempt in range(7):
                answer = client.post("/sign-in", data={"login": login, "password": f"stuffed password {attempt}"})
                told[login].append((answer.status_code, answer.text.replace(login, "")))
        good = client.post("/sign-in", data={"login": "licheng", "password": password_of("licheng")})
    assert [status for status, _ in told["zhao"]] == [401] * 5 + [429] * 2
    assert told["zhao"] == told["nobody-of-that-name"]
    assert good.status_code == 303, "another name is not locked"


def test_a_session_planted_before_the_sign_in_is_nobodys_after_it(site: str, by_the_form: SignIn) -> None:
    planted = by_the_form("licheng").cookies["guiwei"]
    with httpx.Client(base_url=site) as victim, httpx.Client(base_url=site) as attacker:
        for secret in (planted, "made-up-beforehand"):
            victim.cookies.clear()
            victim.cookies.set("guiwei", secret, domain="127.0.0.1", path="/")
            answer = victim.post("/sign-in", data={"login": "zhao", "password": password_of("zhao")})
            assert answer.status_code == 303
            assert answer.cookies["guiwei"] != secret
            attacker.cookies.set("guiwei", secret)
            assert attacker.get("/me").status_code == 303, "what was planted opens nothing"


def test_somebody_sees_his_sessions_and_ends_one(archive: Archive, by_the_form: SignIn) -> None:
    here, there = by_the_form("zhao"), by_the_form("zhao")
    there.headers["user-agent"] = "whatever"
    page = here.get("/me").text
    assert page.count("/end") == 1
    assert "127.0.0.1" in page and "python-httpx" in page
    row = archive.root.execute("SELECT max(id) FROM web_session").fetchone()
    assert row is not None
    other = by_the_form("licheng")
    assert other.post(f"/me/sessions/{row[0]}/end").status_code == 404, "not hers to end"
    assert there.get("/me").status_code == 200
    assert here.post(f"/me/sessions/{row[0]}/end").status_code == 303
    assert there.get("/me").status_code == 303
    assert here.get("/me").status_code == 200


def test_an_administrator_sees_everybodys_sessions_and_shuts_an_account(archive: Archive, by_the_form: SignIn) -> None:
    now = datetime.now(UTC)
    signing_in.add_account(archive.owner, "admin", "管理员", Role.SYSTEM_ADMIN, None, password_of("admin"))
    signing_in.add_token(archive.owner, "zhao", "desk", now, now + timedelta(days=1), "token")
    keeper, admin = by_the_form("zhao"), by_the_form("admin")
    assert "赵建国" not in admin.get("/me").text
    assert "赵建国" in admin.get("/me?all=1").text
    assert "管理员" not in keeper.get("/me?all=1").text
    assert admin.post("/accounts/act", data={"act": "lock", "login": "zhao"}).status_code == 303
    assert keeper.get("/me").status_code == 303
    bearer = {"Authorization": "Bearer token"}
    assert admin.get("/api/v1/readers", headers=bearer).status_code == 401
    with pytest.raises(WrongPassword):
        signing_in.sign_in(archive.app, "zhao", password_of("zhao"), "secret")
    assert admin.post("/accounts/act", data={"act": "unlock", "login": "zhao"}).status_code == 303
    assert signing_in.sign_in(archive.app, "zhao", password_of("zhao"), "secret").viewer.login == "zhao"


def test_a_new_password_ends_every_other_session_and_renews_the_secret(by_the_form: SignIn) -> None:
    here, there = by_the_form("zhao"), by_the_form("zhao")
    before = here.cookies["guiwei"]
    form = {"password": password_of("zhao"), "new": NEW, "again": NEW}
    assert here.post("/me/password", data=form | {"again": "x"}).status_code == 422
    assert here.post("/me/password", data=form | {"password": "wrong"}).status_code == 401
    assert here.post("/me/password", data=form).status_code == 303
    assert here.cookies["guiwei"] != before
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 303


def test_none_of_the_last_five_passwords_comes_again(archive: Archive) -> None:
    first = password_of("zhao")
    signing_in.add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, first)
    viewer = signing_in.sign_in(archive.app, "zhao", first, "secret").viewer
    words = [first, *(f"{word} horses drink slowly" for word in ("one", "two", "three", "four", "five"))]
    for number, (old, new) in enumerate(pairwise(words)):
        with pytest.raises(BadInput):
            accounts.change_password(archive.app, viewer, old, first, "unused")
        accounts.change_password(archive.app, viewer, old, new, f"secret {number}")
        viewer = signing_in.viewer_of_session(archive.app, f"secret {number}")
    accounts.change_password(archive.app, viewer, words[-1], first, "last")


@pytest.mark.parametrize(
    "password", ["password123", "admin123456", "aaaaaaaaaaaaaa", "1212121212", "my ZHAO horse", "woaini1314520"]
)
def test_a_password_anybody_would_guess_is_refused(archive: Archive, password: str) -> None:
    with pytest.raises(BadInput):
        signing_in.add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, password)


def test_a_token_that_only_reads_asks_and_changes_nothing(site: str, archive: Archive, by_the_form: SignIn) -> None:
    now = datetime.now(UTC)
    signing_in.add_token(archive.owner, "zhao", "report", now, now + timedelta(days=1), "token", writes=False)
    with httpx.Client(base_url=site, headers={"Authorization": "Bearer token"}) as program:
        assert program.get("/api/v1/readers").status_code == 200
        assert program.post("/api/v1/dossiers/search", json={"text": "D-1"}).status_code == 200
        assert program.post("/api/v1/acts", json={}).status_code in {403, 422}
        assert program.post("/me/password", data={}).status_code == 403
    keeper = by_the_form("zhao")
    assert "reads only" in keeper.get("/me").text
    (token,) = accounts.tokens(archive.owner, everybody=True)
    assert token.last_used_at is not None
    assert keeper.post(f"/me/tokens/{token.id}/revoke").status_code == 303
    assert keeper.get("/api/v1/readers", headers={"Authorization": "Bearer token"}).status_code == 401


def test_nobody_lengthens_a_session_of_his(archive: Archive) -> None:
    signing_in.add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, password_of("zhao"))
    signing_in.sign_in(archive.app, "zhao", password_of("zhao"), "secret", idle=timedelta(days=900))
    row = archive.root.execute("SELECT max(idle), max(expires_at - created_at) FROM web_session").fetchone()
    assert row == (timedelta(hours=8), timedelta(hours=8))
    with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT session_rotated('x')")
