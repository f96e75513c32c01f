"""Who gets in, and for how long."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from inventory.domain.people import Role
from inventory.domain.refusals import (
    AgencyRequired,
    BadInput,
    NameTaken,
    NotAllowed,
    NotSignedIn,
    TooManyAttempts,
    WrongPassword,
)
from inventory.operations import signing_in
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import password_of

pytestmark = ONE_ENGINE
NOW = datetime.now(UTC)


@pytest.fixture
def zhao(archive: Archive) -> Archive:
    signing_in.add_account(archive.owner, "zhao", "赵建国", Role.KEEPER, None, password_of("zhao"))
    signing_in.add_account(archive.owner, "clerk2", "李", Role.KEEPER, None, password_of("clerk2"))
    return archive


def later(archive: Archive, **time: int) -> None:
    """Let time pass: everything that was, was longer ago."""
    archive.root.execute(
        "WITH passed AS (SELECT %s AS time),"
        " sessions AS (UPDATE web_session SET last_seen_at = last_seen_at - time, expires_at = expires_at - time FROM passed),"
        " tokens AS (UPDATE api_token SET expires_at = expires_at - time FROM passed)"
        " UPDATE sign_in_attempt SET locked_until = locked_until - time FROM passed",
        (timedelta(**time),),
    )


def test_the_right_password_opens_a_session_for_a_working_day(zhao: Archive) -> None:
    viewer = signing_in.sign_in(zhao.app, " ZHAO ", password_of("zhao"), "a secret").viewer
    assert (viewer.name, viewer.role, viewer.secret) == ("赵建国", Role.KEEPER, "a secret")
    later(zhao, hours=7, minutes=59)
    zhao.root.execute("UPDATE web_session SET last_seen_at = now()")
    assert signing_in.viewer_of_session(zhao.app, "a secret") == viewer
    later(zhao, minutes=1)
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(zhao.app, "a secret")


def test_a_session_nobody_uses_ends_after_half_an_hour_and_one_that_is_used_goes_on(zhao: Archive) -> None:
    signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), "a secret")
    for _ in range(3):
        later(zhao, minutes=29)
        assert signing_in.viewer_of_session(zhao.app, "a secret").login == "zhao"
    later(zhao, minutes=30)
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(zhao.app, "a secret")


def test_a_secret_is_never_stored_as_it_is(zhao: Archive) -> None:
    signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), "a secret")
    stored = zhao.root.execute("SELECT secret_hash FROM web_session").fetchone()
    assert stored is not None
    assert b"a secret" not in stored[0]


def test_signing_out_ends_the_session_at_once(zhao: Archive) -> None:
    signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), "a secret")
    signing_in.sign_out(zhao.app, "a secret")
    with pytest.raises(NotSignedIn):
        signing_in.viewer_of_session(zhao.app, "a secret")


@pytest.mark.parametrize("login", ["zhao", "nobody", "register"])
def test_five_wrong_passwords_lock_a_name_whether_it_is_there_or_not(zhao: Archive, login: str) -> None:
    for _ in range(signing_in.FAILED_SIGN_INS_MAX):
        with pytest.raises(WrongPassword):
            signing_in.sign_in(zhao.app, login, "not the password", "secret")
    for _ in range(2):
        with pytest.raises(TooManyAttempts) as refused:
            signing_in.sign_in(zhao.app, login, password_of("zhao"), "secret")
        assert refused.value.facts == {"minutes": signing_in.LOCK_MINUTES}
    assert signing_in.sign_in(zhao.app, "clerk2", password_of("clerk2"), "secret").viewer.login == "clerk2"
    later(zhao, minutes=signing_in.LOCK_MINUTES)
    with pytest.raises(WrongPassword):
        signing_in.sign_in(zhao.app, login, "not the password", "secret")


def test_a_lock_ends_after_a_quarter_of_an_hour(zhao: Archive) -> None:
    for _ in range(5):
        with pytest.raises(WrongPassword):
            signing_in.sign_in(zhao.app, "zhao", "not the password", "secret")
    later(zhao, minutes=15)
    assert signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), "secret").viewer.login == "zhao"


def test_names_that_are_not_there_never_fill_the_table(zhao: Archive) -> None:
    slots = zhao.root.execute(
        "SELECT count(DISTINCT attempt_slot('n' || n)) FROM generate_series(1, 300000) AS n"
    ).fetchone()
    assert slots is not None
    assert 60_000 < slots[0] <= 65_536


def test_a_right_password_forgives_the_wrong_ones(zhao: Archive) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(WrongPassword):
                signing_in.sign_in(zhao.app, "zhao", "not the password", "secret")
        signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), f"secret {_}")
        signing_in.sign_out(zhao.app, f"secret {_}")


@pytest.mark.parametrize("login", ["nobody", "register", "zhao\0", "", "赵"])
def test_an_unknown_name_is_refused_like_a_wrong_password(zhao: Archive, login: str) -> None:
    with pytest.raises(WrongPassword):
        signing_in.sign_in(zhao.app, login, password_of("zhao"), "secret")


@pytest.mark.parametrize(("login", "password"), [("li", "short"), ("warehouse1", "Warehouse1"), ("li", "x" * 201)])
def test_a_poor_password_is_refused(archive: Archive, login: str, password: str) -> None:
    with pytest.raises(BadInput):
        signing_in.add_account(archive.owner, login, "李", Role.KEEPER, None, password)


def test_a_window_clerk_belongs_to_an_agency(archive: Archive) -> None:
    with pytest.raises(AgencyRequired):
        signing_in.add_account(archive.owner, "li", "李", Role.WINDOW_CLERK, None, "ten letters")


def test_a_login_is_given_once(zhao: Archive) -> None:
    with pytest.raises(NameTaken):
        signing_in.add_account(zhao.owner, "Zhao", "赵二", Role.KEEPER, None, "ten letters")


def test_a_token_works_until_it_expires(zhao: Archive) -> None:
    signing_in.add_token(zhao.owner, "zhao", "report", NOW, NOW + timedelta(days=1), "token")
    assert signing_in.viewer_of_token(zhao.app, "token", writing=True).login == "zhao"
    later(zhao, days=1)
    for secret in ("token", "tokem"):
        with pytest.raises(NotSignedIn):
            signing_in.viewer_of_token(zhao.app, secret)


def test_a_token_that_reads_changes_nothing(zhao: Archive) -> None:
    signing_in.add_token(zhao.owner, "zhao", "report", NOW, NOW + timedelta(days=1), "token", writes=False)
    assert signing_in.viewer_of_token(zhao.app, "token").login == "zhao"
    with pytest.raises(NotAllowed):
        signing_in.viewer_of_token(zhao.app, "token", writing=True)


def test_every_sign_in_is_logged(zhao: Archive) -> None:
    with pytest.raises(WrongPassword):
        signing_in.sign_in(zhao.app, "zhao", "not the password", "secret")
    signing_in.sign_in(zhao.app, "zhao", password_of("zhao"), "secret")
    signing_in.sign_out(zhao.app, "secret")
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
