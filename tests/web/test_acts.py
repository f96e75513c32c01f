"""Acts by JSON and by the station's forms: the same operation, the same refusals, done once however often sent."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import RULES
from inventory.operations.countersigning import set_pin
from inventory.operations.signing_in import add_token
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import person_of

pytestmark = ONE_ENGINE
PIN = "271828"
BLOCK = {"HX-Request": "true"}


@pytest.fixture
def program(archive: Archive, visitor: httpx.Client) -> httpx.Client:
    """A program with the keeper's token; D-1 and D-2 lie accepted on the desk, D-3 hasn't come, A-01 is a shelf."""
    archive.shelf("A-01")
    archive.desk()
    for number in ("D-1", "D-2"):
        archive.dossier(number)
        archive.bring_in(number, "W1-D1")
    archive.dossier("D-3")
    set_pin(archive.owner, "second", PIN)
    now = datetime.now(UTC)
    add_token(archive.owner, "zhao", "test", now, now + timedelta(hours=1), "the-token")
    visitor.headers["Authorization"] = "Bearer the-token"
    return visitor


def act(kind: str, *volumes: str, **more: object) -> dict[str, object]:
    return {"command_id": str(uuid4()), "kind": kind, "volumes": [{"volume": volume} for volume in volumes]} | more


def test_a_program_shelves_and_sent_again_nothing_is_done_twice(archive: Archive, program: httpx.Client) -> None:
    sent = act("shelved", "D-1", "D-2", to_place="A-01")
    assert program.post("/api/v1/acts", json=sent).json() == {"written": 2, "already_done": False}
    assert program.post("/api/v1/acts", json=sent).json() == {"written": 0, "already_done": True}
    assert (archive.where("D-1"), archive.where("D-2")) == ("A-01", "A-01")
    other = program.post("/api/v1/acts", json=sent | {"volumes": [{"volume": "D-1"}]})
    assert (other.status_code, other.json()["code"]) == (409, "command_reused")


def test_one_wrong_volume_and_nothing_is_done(archive: Archive, program: httpx.Client) -> None:
    answer = program.post("/api/v1/acts", json=act("shelved", "D-1", "D-3", to_place="A-01"))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_held_yet")
    assert archive.where("D-1") == "W1-D1"


def test_two_people_seal_each_volume_with_its_own_strip(archive: Archive, program: httpx.Client) -> None:
    archive.act(ActKind.OPENED, "D-1", None, authority="令 7", witness=archive.second)
    sent = act("sealed") | {"volumes": [{"volume": "D-1", "details": {"seal_number": "S-1", "pieces": 12}}]}
    assert program.post("/api/v1/acts", json=sent).json()["code"] == "second_person_missing"
    wrong = sent | {"witness": {"login": "second", "pin": "000111"}}
    answer = program.post("/api/v1/acts", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_pin")
    right = sent | {"witness": {"login": "second", "pin": PIN}}
    assert program.post("/api/v1/acts", json=right).json()["written"] == 1
    newest = program.get("/api/v1/dossiers/D-1/history").json()["acts"][0]
    assert (newest["witness"], newest["details"]) == ("second", {"pieces": 12, "seal_number": "S-1"})
    (volume,) = program.get("/api/v1/dossiers/D-1").json()["volumes"]
    assert volume["condition"] == {"legal": "held", "seal": "sealed", "seal_number": "S-1", "pieces": 12, "marks": []}
    assert volume["identification"] == "untagged"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (act("shelved", "D-1"), 422, "place_missing"),
        (act("shelved", "D-1", to_place="X-1"), 404, "place_not_found"),
        (act("shelved", "D-1", "D-1", to_place="A-01"), 422, "same_volume_twice"),
        (act("shelved", "D-9", to_place="A-01"), 404, "dossier_not_found"),
        (act("lent", "D-1", to_place="A-01"), 409, "act_needs_work"),
        (act("retired", "D-1", authority="文 1"), 403, "act_not_for_role"),
        (act("damaged", "D-1"), 422, "reason_missing"),
        (act("shelved", "D-1", to_place="A-01", happened_at="2026-03-01T08:00:00"), 422, "bad_input"),
        (act("burnt", "D-1"), 422, "bad_input"),
        (act("damaged", "D-1", reason="虫蛀", details={"colour": "red"}), 422, "bad_detail"),
        (act("damaged", "D-1", reason="虫\0蛀"), 422, "bad_input"),
    ],
)
def test_a_refused_act_says_why(program: httpx.Client, sent: dict[str, object], status: int, code: str) -> None:
    answer = program.post("/api/v1/acts", json=sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_program_reads_the_table_of_acts(program: httpx.Client) -> None:
    kinds = {row["kind"]: row for row in program.get("/api/v1/acts/kinds").json()["kinds"]}
    assert set(kinds) == {kind.value for kind in RULES}
    sealed = kinds["sealed"]
    assert (sealed["zh"], sealed["two"], sealed["leads"], sealed["evidence"]) == (
        "封装",
        True,
        None,
        ["seal_number", "pieces"],
    )


# ── By the station's form ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_station_shows_each_role_its_own_acts(keeper: httpx.Client, signed_in: SignIn) -> None:
    assert 'href="/station/shelved"' in keeper.get("/station").text
    clerk = signed_in("licheng")
    assert 'href="/station/shelved"' not in clerk.get("/station").text
    assert 'href="/station/deceased"' in clerk.get("/station").text
    assert clerk.get("/station/shelved").status_code == 403
    assert keeper.get("/station/lent").status_code == 404  # lent through a request alone
    assert keeper.get("/station/card/done.svg").headers["content-type"] == "image/svg+xml"


def test_every_form_of_the_station_asks_for_what_its_rule_needs(keeper: httpx.Client) -> None:
    for address in re.findall(r'href="(/station/[a-z_]+)"', keeper.get("/station").text):
        if address == "/station/card":
            continue
        rule, form = RULES[ActKind(address.removeprefix("/station/"))], keeper.get(address).text
        assert ('name="to_place"' in form) == (rule.leads is not None)
        assert ('name="witness_secret"' in form) == rule.two
        assert (re.search(r'name="reason" required', form) is not None) == (rule.authority == "reason")
        assert (re.search(r'name="authority" required', form) is not None) == (rule.authority == "document")


def test_a_form_without_scripts_takes_one_code_a_line(
    archive: Archive, program: httpx.Client, keeper: httpx.Client
) -> None:
    assert program
    form = {"command_id": str(uuid4()), "code": "D-1\r\nＤ－２\r\n\r\n", "to_place": "Ａ-01"}
    for sentence in ("2 shelved", "Done before"):
        answer = keeper.post("/station/shelved", data=form)
        assert answer.status_code == 200
        assert sentence in answer.text
    assert archive.where("D-2") == "A-01"


def test_what_was_typed_comes_back_with_what_is_wrong_but_no_secret(
    archive: Archive, program: httpx.Client, keeper: httpx.Client
) -> None:
    assert program
    archive.act(ActKind.OPENED, "D-1", None, authority="令 7", witness=archive.second)
    form = {
        "command_id": str(uuid4()), "code": ["D-1", "D-3"], "line.seal_number": ["S-1", "S-2"], "line.pieces": ["12", "3"],
        "witness_login": "second", "witness_secret": PIN,
    }  # fmt: skip
    answer = keeper.post("/station/sealed", data=form, headers=BLOCK)
    assert answer.status_code == 409
    assert "<html" not in answer.text
    for told in ("D-3 has not been received yet", "S-1", 'value="second"', str(form["command_id"])):
        assert told in answer.text
    assert PIN not in answer.text


def test_a_scan_of_another_countys_dossier_is_as_unknown_as_of_none(
    archive: Archive, program: httpx.Client, signed_in: SignIn
) -> None:
    assert program
    person_of(archive, "D-2", "单伟", agency="370113")
    clerk = signed_in("licheng")
    mine, other, none = (clerk.post("/scan", data={"code": code}).text for code in ("D-1", "D-2", "X-2"))
    assert "W1-D1" in mine
    assert other.replace("D-2", "N") == none.replace("X-2", "N")
    looks = archive.root.execute(
        "SELECT number FROM access_log JOIN dossier ON dossier.id = dossier_id WHERE act = 'scan'"
    )
    assert looks.fetchall() == [("D-1",)]


def test_codes_of_tags_old_numbers_volumes_and_shelf_labels_are_known(
    archive: Archive, program: httpx.Client, keeper: httpx.Client
) -> None:
    assert program
    archive.dossier("D-4", volumes=2, epc="3500E86F8000A9E000000586")
    person_of(archive, "D-4", "单晓梅", aliases=["历老0456"])
    person_of(archive, "D-3", "单伟", aliases=["历老0457"])
    archive.root.execute("INSERT INTO dossier_alias SELECT id, '历老0457' FROM dossier WHERE number = 'D-1'")
    archive.root.execute(
        "INSERT INTO tag (epc, place_id) SELECT '\\x3500E86F8000A9E000000999', id FROM place WHERE code = 'A-01'"
    )
    for code, name in (
        ("3500e86f8000a9e000000586", "D-4"), ("历老0456", "D-4"), ("D-4/2", "D-4/2"), ("3500E86F8000A9E000000999", "A-01"),
        ("a-01", "A-01"), ("Ａ－０１", "A-01"),
    ):  # fmt: skip
        assert f'data-name="{name}"' in keeper.post("/scan", data={"code": code}).text
    assert "several dossiers" in keeper.post("/scan", data={"code": "历老0457"}).text
    assert "unknown" in keeper.post("/scan", data={"code": "3500E86F8000A9E000000111"}).text
