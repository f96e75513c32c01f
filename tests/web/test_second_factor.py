"""The second factor over a real socket: enrolled, asked for, each code once, tries counted, nobody until it is told."""

import re
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from inventory.domain import second_factor as codes
from inventory.domain.people import Role
from inventory.operations import second_factor
from tests.conftest import Archive
from tests.site import client_of
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import account_of, password_of

pytestmark = ONE_ENGINE


def key_on(page: str) -> bytes:
    """The secret as a person would type it into an app."""
    found = re.search(r'<p class="code">([A-Z2-7]{32})</p>', page)
    assert found is not None
    return b32decode(found[1])


def code(secret: bytes, ahead: int = 0) -> str:
    return codes.code_at(secret, codes.step_of(datetime.now(UTC)) + ahead)


def enrolled(keeper: httpx.Client) -> tuple[bytes, list[str]]:
    """The keeper sets a second factor, with the code of the half minute before; the secret and the recovery codes."""
    secret = key_on(keeper.get("/me/factor").text)
    answer = keeper.post("/me/factor", data={"code": code(secret, -1)})
    assert answer.status_code == 200
    return secret, re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)


@contextmanager
def with_password(site: str, login: str = "zhao") -> Iterator[httpx.Client]:
    with client_of(site) as client:
        answer = client.post("/sign-in", data={"login": login, "password": password_of(login)})
        assert answer.status_code == 303
        yield client


def test_a_session_that_owes_its_code_is_nobody_until_it_is_told(
    site: str, archive: Archive, signed_in: SignIn
) -> None:
    secret, _ = enrolled(signed_in("zhao"))
    with with_password(site) as client:
        before = client.cookies["guiwei"]
        assert client.get("/me").headers["location"].startswith("/sign-in")
        assert client.get("/api/v1/readers").status_code == 401
        assert client.get("/me/factor").headers["location"] == "/sign-in/code"
        with psycopg.connect(archive.app_url) as app:
            app.execute("SELECT set_config('guiwei.session', %s, false)", (before,))
            assert app.execute("SELECT session_account()").fetchone() == (None,)
            assert app.execute("SELECT factor_offer('x')").fetchone() == (False,)
        assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 401
        assert client.post("/sign-in/code", data={"code": code(secret)}).status_code == 303
        assert client.cookies["guiwei"] != before, "a new secret after the second factor"
        assert client.get("/me").status_code == 200
        client.cookies.set("guiwei", before)
        assert client.get("/me").status_code == 303, "the secret that owed it opens nothing"


def test_a_code_is_accepted_once(site: str, signed_in: SignIn) -> None:
    secret, _ = enrolled(signed_in("zhao"))
    told = code(secret, 1)
    with with_password(site) as first, with_password(site) as second:
        assert first.post("/sign-in/code", data={"code": told}).status_code == 303
        assert second.post("/sign-in/code", data={"code": told}).status_code == 401
        assert second.get("/me").status_code == 303


def test_a_recovery_code_stands_in_once(site: str, signed_in: SignIn) -> None:
    _, recovery = enrolled(signed_in("zhao"))
    assert len(recovery) == codes.RECOVERY_CODES
    typed = recovery[0].upper().replace("-", " ")
    with with_password(site) as first, with_password(site) as second:
        assert first.post("/sign-in/code", data={"code": typed}).status_code == 303
        assert f"{codes.RECOVERY_CODES - 1} recovery codes left" in first.get("/me").text
        assert second.post("/sign-in/code", data={"code": typed}).status_code == 401


def test_the_right_password_buys_no_new_guesses_at_the_code(site: str, signed_in: SignIn) -> None:
    enrolled(signed_in("zhao"))
    answers = []
    for _ in range(6):
        with client_of(site) as client:
            form = {"login": "zhao", "password": password_of("zhao")}
            signed = client.post("/sign-in", data=form)
            answers.append(signed.status_code)
            if signed.status_code == 303:
                answers.append(client.post("/sign-in/code", data={"code": "not it"}).status_code)
    assert answers == [303, 401] * 5 + [429]


def test_a_role_that_must_have_one_sets_it_at_the_next_sign_in(site: str, archive: Archive) -> None:
    second_factor.require(archive.owner, Role.KEEPER, required=True)
    with with_password(site) as client:
        assert client.get("/me").status_code == 303
        _, recovery = enrolled(client)
        assert recovery
        assert client.get("/me").status_code == 200


def test_a_lost_factor_is_taken_away_by_an_administrator_and_by_nobody_else(
    site: str, archive: Archive, signed_in: SignIn
) -> None:
    keeper = signed_in("zhao")
    enrolled(keeper)
    account_of(archive, "admin", "管理员", Role.SYSTEM_ADMIN)
    reset = {"act": "factor", "login": "zhao"}
    assert signed_in("licheng").post("/accounts/act", data=reset).status_code == 403
    with psycopg.connect(archive.app_url) as app:
        app.execute("SELECT set_config('guiwei.session', %s, false)", (archive.clerk.secret,))
        assert app.execute("SELECT factor_reset('zhao'), account_lock('zhao', true)").fetchone() == (False, False)
        assert app.execute("SELECT FROM account_list()").fetchone() is None
    admin = signed_in("admin")
    assert "second factor" in admin.get("/accounts").text
    assert admin.post("/accounts/act", data=reset).status_code == 303
    assert keeper.get("/me").status_code == 303, "what was open has ended"
    with with_password(site) as client:
        assert client.get("/me").status_code == 200


@pytest.mark.parametrize("column", ["factor_cipher", "recovery"])
def test_what_a_factor_is_made_of_is_not_stored_as_it_is(archive: Archive, signed_in: SignIn, column: str) -> None:
    secret, recovery = enrolled(signed_in("zhao"))
    row = archive.root.execute(f"SELECT {column} FROM account_secret WHERE factor_cipher IS NOT NULL").fetchone()
    assert row is not None
    stored = b"".join(row[0]) if isinstance(row[0], list) else row[0]
    for told in (secret, codes.written(secret).encode(), *(one.encode() for one in recovery)):
        assert told not in stored
