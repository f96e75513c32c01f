"""The pages of the desk over a real socket: what nobody could mean is refused, and who asks too often waits."""

from contextlib import closing
from http.cookies import SimpleCookie
from uuid import uuid4

import httpx
import pytest

from devices.samples import understand
from inventory.domain.acts import ActKind
from inventory.domain.people import Role
from inventory.operations.countersigning import set_pin
from tests.conftest import Archive
from tests.desk.conftest import PIN, register_desk
from tests.desk.test_badges import UID, give, lay_down
from tests.desk.virtual import Card
from tests.site import ONE_ENGINE, SignIn, client_of, serving
from tests.web.stock import account_of, password_of
from web.app import WebSettings
from web.limits import Limits, Pace

pytestmark = ONE_ENGINE
TOO_LARGE = "9" * 30


@pytest.fixture
def web_settings() -> WebSettings:
    return WebSettings(understand=understand, limits=Limits(taps_of_account=Pace(burst=5, a_second=0.001)))


def after_password(site: str, login: str) -> httpx.Client:
    client = client_of(site)
    assert client.post("/sign-in", data={"login": login, "password": password_of(login)}).status_code == 303
    return client


def test_numbers_that_are_none_are_refused(desk: Archive, site: str) -> None:
    give(desk, "wang", Card(UID))
    account_of(desk, "zhou", "周管理", Role.SYSTEM_ADMIN)
    with closing(after_password(site, "wang")) as owes, closing(after_password(site, "zhou")) as admin:
        answers = {
            "look": owes.get(f"/taps/{TOO_LARGE}", params={"purpose": "sign_in"}),
            "prove": owes.post("/sign-in/badge", data={"tap": TOO_LARGE, "pin": PIN}),
            "issue": admin.post("/badges", data={"tap": TOO_LARGE, "login": "wang"}),
            "desk": owes.post("/taps", data={"purpose": "sign_in", "desk": "\0"}),
            "end": admin.post("/badges/end", data={"login": "\0", "reason": "x"}),
        }
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code >= 500} == {}


def test_a_form_sent_twice_is_done_once_and_a_badge_signs_one_act(desk: Archive, signed_in: SignIn) -> None:
    """As where the second person typed a name: what was done is told again, and nothing else is done by the same badge."""
    desk.shelf("A-01")
    for number in ("D-1", "D-2"):
        desk.dossier(number, on="A-01")
        desk.act(ActKind.SEAL_BROKEN, number, None, reason="torn")
        desk.act(ActKind.PICKED, number, "W1-DESK-1", authority="令 1")
    account_of(desk, "qian", "钱进", Role.KEEPER)
    set_pin(desk.owner, "qian", PIN)
    give(desk, "qian", card := Card(UID))
    desk.root.execute("DELETE FROM countersignature")
    keeper = signed_in("zhao")
    assert keeper.post("/taps", data={"purpose": "beside", "desk": "DESK-1"}).status_code == 200
    (wish, challenge) = desk.root.execute("SELECT id, challenge FROM tap_wish ORDER BY id DESC LIMIT 1").fetchone() or (
        0,
        b"",
    )
    lay_down(desk, card, challenge)
    sent = {
        "command_id": str(uuid4()),
        "code": "D-1",
        "authority": "令 1",
        "witness_tap": str(wish),
        "witness_secret": PIN,
    }
    first, again = (keeper.post("/station/opened", data=sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert "1 opened" in first.text and "Done before: 1 opened" in again.text
    other = keeper.post("/station/opened", data={**sent, "command_id": str(uuid4()), "code": "D-2"})
    assert other.status_code >= 400
    opened = "SELECT count(*), count(DISTINCT witness_id) FROM act WHERE kind = 'opened'"
    assert desk.root.execute(opened).fetchone() == (1, 1)


def test_a_desk_may_be_called_by_any_name(desk: Archive, signed_in: SignIn) -> None:
    register_desk(desk, "一号台; a", "guiwei/w1/one/reads")
    keeper = signed_in("zhao")
    answer = keeper.post("/taps", data={"purpose": "beside", "desk": "一号台; a"})
    assert answer.status_code == 200
    page = keeper.get("/desk").text
    assert 'value="一号台; a" selected' in page
    told = SimpleCookie(answer.headers["set-cookie"])["desk"].value
    assert told.isascii()


def test_who_asks_for_taps_too_often_waits(desk: Archive, site: str, signed_in: SignIn) -> None:
    """Each asking is a command to a desk, which nobody may flood; also not with a password alone."""
    give(desk, "wang", Card(UID))
    for client in (signed_in("zhao"), after_password(site, "wang")):
        desk.root.execute("UPDATE tap_wish SET waits_until = now()")
        told = [client.post("/taps", data={"purpose": "beside", "desk": "DESK-1"}).status_code for _ in range(6)]
        assert told == [200] * 5 + [429]
        client.close()


def test_looking_counts_like_any_page(desk: Archive) -> None:
    give(desk, "wang", Card(UID))
    limits = Limits(of_account=Pace(burst=4, a_second=0.001))
    settings = WebSettings(understand=understand, limits=limits)
    with serving(desk, settings) as site, closing(after_password(site, "wang")) as client:
        asked = client.post("/taps", data={"purpose": "sign_in", "desk": "DESK-1"})
        assert asked.status_code == 200
        (wish,) = desk.root.execute("SELECT max(id) FROM tap_wish").fetchone() or (0,)
        told = [client.get(f"/taps/{wish}", params={"purpose": "sign_in"}).status_code for _ in range(4)]
        assert told == [200, 200, 200, 429]
