"""Who gets in, and for how long."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from inventory.domain.people import Role
from inventory.domain.refusals import AgencyRequired, BadInput, NameTaken, NotSignedIn, TooManyAttempts, WrongPassword
from inventory.operations import signing_in
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import password_of

pytestmark = ONE_ENGINE
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def zhao(archive: Archive) -> Archive:
    signing_in.add_account(archive.app, "zhao", "赵建国", Role.KEEPER, None, password_of("zhao"))
    return archive


def test_the_right_password_opens_a_session_for_a_working_day(zhao: Archive) -> None:
    viewer = signing_in.sign_in(zhao.app, " ZHAO ", password_of("zhao"), NOW, "a secret")
    assert (viewer.name, viewer.role) == ("赵建国", Role.KEEPER)
    assert signing_in.viewer_of_session(zhao.app, "a secret", NOW + timedelta(hours=7, minutes=59)) == viewer
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(zhao.app, "a secret", NOW + timedelta(hours=8))


def test_a_secret_is_never_stored_as_it_is(zhao: Archive) -> None:
    signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), NOW, "a secret")
    stored = zhao.root.execute("SELECT secret_hash FROM web_session").fetchone()
    assert stored is not None
    assert b"a secret" not in stored[0]


def test_signing_out_ends_the_session_at_once(zhao: Archive) -> None:
    signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), NOW, "a secret")
    signing_in.sign_out(zhao.app, "a secret", NOW)
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(zhao.app, "a secret", NOW)


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(zhao: Archive) -> None:
    for attempt in range(5):
        with pytest.raises(WrongPassword):
            signing_in.sign_in(zhao.app, "zhao", "not the password", NOW + attempt * MINUTE, "secret")
    with pytest.raises(TooManyAttempts) as refused:
        signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), NOW + 5 * MINUTE, "secret")
    assert refused.value.facts == {"minutes": 14}
    assert signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), NOW + 19 * MINUTE, "secret").login == "zhao"


def test_a_right_password_forgives_the_wrong_ones(zhao: Archive) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(WrongPassword):
                signing_in.sign_in(zhao.app, "zhao", "not the password", NOW, "secret")
        signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), NOW, f"secret {_}")
        signing_in.sign_out(zhao.app, f"secret {_}", NOW)


@pytest.mark.parametrize("login", ["nobody", "register", "zhao\0", "", "赵"])
def test_an_unknown_name_is_refused_like_a_wrong_password(zhao: Archive, login: str) -> None:
    with pytest.raises(WrongPassword):
        signing_in.sign_in(zhao.app, login, password_of("zhao"), NOW, "secret")


@pytest.mark.parametrize(("login", "password"), [("li", "short"), ("warehouse1", "Warehouse1"), ("li", "x" * 201)])
def test_a_poor_password_is_refused(archive: Archive, login: str, password: str) -> None:
    with pytest.raises(BadInput):
        signing_in.add_account(archive.app, login, "李", Role.KEEPER, None, password)


def test_a_window_clerk_belongs_to_an_agency(archive: Archive) -> None:
    with pytest.raises(AgencyRequired):
        signing_in.add_account(archive.app, "li", "李", Role.WINDOW_CLERK, None, "ten letters")


def test_a_login_is_given_once(zhao: Archive) -> None:
    with pytest.raises(NameTaken):
        signing_in.add_account(zhao.app, "Zhao", "赵二", Role.KEEPER, None, "ten letters")


def test_a_token_works_until_it_expires(zhao: Archive) -> None:
    signing_in.add_token(zhao.app, "zhao", "report", NOW, NOW + timedelta(days=1), "token")
    assert signing_in.viewer_of_token(zhao.app, "token", NOW).login == "zhao"
    for secret, at in (("token", NOW + timedelta(days=1)), ("tokem", NOW)):
        with pytest.raises(NotSignedIn):
            signing_in.viewer_of_token(zhao.app, secret, at)


def test_every_sign_in_is_logged(zhao: Archive) -> None:
    with pytest.raises(WrongPassword):
        signing_in.sign_in(zhao.app, "zhao", "not the password", NOW, "secret")
    signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), NOW, "secret")
    signing_in.sign_out(zhao.app, "secret", NOW)
    acts = [act for (act,) in zhao.root.execute("SELECT act FROM access_log ORDER BY id")]
    assert acts == ["sign_in_failed", "sign_in", "sign_out"]


# ── By the form ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stranger_is_led_to_the_sign_in_and_back(visitor: httpx.Client) -> None:
    answer = visitor.get("/dossiers/D-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/dossiers/D-1")
    form = {"login": "zhao", "password": password_of("zhao"), "then": "/dossiers/D-1"}
    assert visitor.post("/sign-in", data=form).headers["location"] == "/dossiers/D-1"


@pytest.mark.parametrize("then", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "x"])
def test_signing_in_never_leads_to_another_site(visitor: httpx.Client, then: str) -> None:
    form = {"login": "zhao", "password": password_of("zhao"), "then": then}
    assert visitor.post("/sign-in", data=form).headers["location"] == "/work"


def test_a_wrong_password_shows_the_form_again_without_it(visitor: httpx.Client) -> None:
    answer = visitor.post("/sign-in", data={"login": "zhao", "password": "not the password"})
    assert answer.status_code == 401
    assert "The user name or the password is wrong." in answer.text
    assert 'value="zhao"' in answer.text
    assert "not the password" not in answer.text


def test_a_locked_account_says_for_how_long(visitor: httpx.Client) -> None:
    for _ in range(5):
        visitor.post("/sign-in", data={"login": "zhao", "password": "not the password"})
    answer = visitor.post("/sign-in", data={"login": "zhao", "password": password_of("zhao")})
    assert answer.status_code == 429
    assert "try again in 15 minutes" in answer.text


def test_scripts_and_other_sites_cannot_have_the_session_cookie(visitor: httpx.Client) -> None:
    answer = visitor.post("/sign-in", data={"login": "zhao", "password": password_of("zhao")})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_signing_out_closes_the_door(signed_in: SignIn) -> None:
    client = signed_in("zhao")
    assert client.get("/").status_code == 200
    stolen = dict(client.cookies)
    client.post("/sign-out")
    assert httpx.get(f"{client.base_url}/", cookies=stolen).status_code == 303
