"""The second person: a PIN of six digits, once for a whole batch, under the same lock as signing in."""

from hashlib import sha256

import httpx
import pytest

from inventory.domain.people import Role
from inventory.domain.refusals import AccountNotFound, BadInput, TooManyAttempts, WrongPassword, WrongPin
from inventory.operations import secrets_kept, signing_in
from inventory.operations.countersigning import change_pin, countersign, has_pin, set_pin
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import account_of, password_of

pytestmark = ONE_ENGINE
PIN = "271828"


@pytest.fixture
def qian(archive: Archive) -> Archive:
    account_of(archive, "qian", "钱进", Role.KEEPER)
    return archive


def test_the_second_person_signs_with_a_pin_and_without_one_with_the_password(qian: Archive) -> None:
    assert countersign(qian.app, qian.keeper, "qian", password_of("qian")).name == "钱进"
    set_pin(qian.owner, "qian", PIN)
    assert countersign(qian.app, qian.keeper, " QIAN ", PIN).role is Role.KEEPER
    with pytest.raises(WrongPin):
        countersign(qian.app, qian.keeper, "qian", password_of("qian"))
    stored = qian.root.execute(
        "SELECT pin_setting, pin_verifier FROM account_secret WHERE pin_setting IS NOT NULL"
    ).fetchone()
    assert stored is not None and stored[0].startswith("$argon2id$")
    assert sha256(secrets_kept.proof(PIN, stored[0])).digest() == stored[1]


@pytest.mark.parametrize("login", ["nobody", "register", "qian\0", ""])
def test_an_unknown_second_person_is_refused_like_a_wrong_pin(qian: Archive, login: str) -> None:
    with pytest.raises(WrongPin):
        countersign(qian.app, qian.keeper, login, PIN)


def test_wrong_pins_and_wrong_passwords_lock_together(qian: Archive) -> None:
    set_pin(qian.owner, "qian", PIN)
    for _ in range(3):
        with pytest.raises(WrongPin):
            countersign(qian.app, qian.keeper, "qian", "111222")
    for _ in range(2):
        with pytest.raises(WrongPassword):
            signing_in.sign_in(qian.app, "qian", "not the password", "secret")
    with pytest.raises(TooManyAttempts):
        countersign(qian.app, qian.keeper, "qian", PIN)
    qian.root.execute("UPDATE sign_in_attempt SET locked_until = locked_until - interval '15 minutes'")
    assert countersign(qian.app, qian.keeper, "qian", PIN).login == "qian"
    acts = [act for (act,) in qian.root.execute("SELECT act FROM access_log ORDER BY id")]
    assert acts == ["countersign_failed"] * 3 + ["sign_in_failed"] * 2 + ["countersign"]


@pytest.mark.parametrize(
    "pin", ["12345", "1234567", "12345a", "１２３４５６", "123456", "987654", "444444", "135135", "121212", "890312"]
)
def test_a_pin_a_colleague_would_guess_is_refused(qian: Archive, pin: str) -> None:
    with pytest.raises(BadInput):
        set_pin(qian.owner, "qian", pin)


def test_nobody_has_the_pin_of_an_account_that_is_not_there(qian: Archive) -> None:
    with pytest.raises(AccountNotFound):
        set_pin(qian.owner, "nobody", PIN)


def test_who_changes_a_pin_proves_by_the_password_who_it_is(qian: Archive) -> None:
    viewer = signing_in.sign_in(qian.app, "qian", password_of("qian"), "secret").viewer
    with pytest.raises(WrongPassword):
        change_pin(qian.app, viewer, "not the password", PIN)
    assert not has_pin(qian.app, viewer)
    change_pin(qian.app, viewer, password_of("qian"), PIN)
    assert has_pin(qian.app, viewer)


def test_my_pin_by_the_page(keeper: httpx.Client, signed_in: SignIn, archive: Archive) -> None:
    form = {"password": password_of("zhao"), "pin": PIN, "again": PIN}
    assert "The two differ" in keeper.post("/me/pin", data=form | {"again": "271829"}).text
    wrong = keeper.post("/me/pin", data=form | {"password": "wrong"})
    assert wrong.status_code == 401 and PIN not in wrong.text
    done = keeper.post("/me/pin", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/me/pin")
    page = keeper.get("/me/pin").text
    assert "The PIN is kept." in page
    assert "The PIN is kept." not in keeper.get("/me/pin").text
    assert countersign(archive.app, archive.keeper, "zhao", PIN).login == "zhao"
    assert signed_in("licheng").get("/me/pin").status_code == 200
