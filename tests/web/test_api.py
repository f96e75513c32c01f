"""The same by JSON, for programs."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from inventory.operations.signing_in import add_token
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE
from tests.web.stock import believe, id_number, person_of

pytestmark = ONE_ENGINE
SHAN = id_number("37010219591203838")
EPC = "3500E86F8000A9E000000586"


@pytest.fixture
def program(archive: Archive, visitor: httpx.Client) -> httpx.Client:
    """A program with the keeper's token; one dossier stands on A-01, the radio saw it at A-02."""
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("L-1", on="A-01", epc=EPC)
    person_of(archive, "L-1", "单晓梅", number=SHAN, aliases=["历老0456"], born=1959)
    believe(archive, "L-1", "A-02", 0.95)
    now = datetime.now(UTC)
    add_token(archive.owner, "zhao", "test", now, now + timedelta(hours=1), "the-token")
    visitor.headers["Authorization"] = "Bearer the-token"
    return visitor


def test_a_program_finds_a_dossier_and_both_its_places(program: httpx.Client) -> None:
    answer = program.post("/api/v1/dossiers/search", json={"text": "shan"})
    (dossier,) = answer.json()["dossiers"]
    assert dossier == program.get("/api/v1/dossiers/L-1").json()
    assert dossier["subject"] == {
        "name": "单晓梅",
        "birth_year": 1959,
        "employer": "济南第二机床厂",
        "id_number_masked": f"370102********{SHAN[-4:]}",
    }
    assert dossier["holding_agency"] == {"code": "370112", "name": "历城区档案中心"}
    (volume,) = dossier["volumes"]
    assert (volume["volume"], volume["epc"], volume["agreement"]) == ("L-1", EPC, "differs")
    assert volume["holding"]["place"] == {
        "code": "A-01",
        "name": "A-01",
        "kind": "shelf",
        "path": ["W1", "W1-R1", "A-01"],
    }
    assert volume["holding"]["version"] == 3
    assert (volume["belief"]["place"]["code"], volume["belief"]["probability"]) == ("A-02", 0.95)


def test_a_program_reads_the_history(program: httpx.Client) -> None:
    acts = program.get("/api/v1/dossiers/L-1/history").json()["acts"]
    assert [(act["kind"], act["from_place"], act["to_place"]) for act in acts] == [
        ("shelved", "W1-D0", "A-01"),
        ("accepted", None, None),
        ("received", None, "W1-D0"),
    ]
    assert [(act["witness"], act["details"]) for act in acts[1:]] == [
        ("second", {"pieces": 12}),
        (None, {"channel": "confidential"}),
    ]


def test_a_session_serves_as_well_as_a_token(program: httpx.Client, keeper: httpx.Client) -> None:
    assert program.get("/api/v1/readers").json() == keeper.get("/api/v1/readers").json() == {"readers": []}


def test_a_wrong_token_is_not_made_good_by_a_session(keeper: httpx.Client) -> None:
    answer = keeper.get("/api/v1/readers", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "Bad input: the body is not valid JSON."),
        ("[]", 'Bad input: the field "body" has the wrong form.'),
        ("{}", 'Bad input: the field "text" is missing.'),
        ('{"text": 7}', 'Bad input: the field "text" must be text.'),
        ('{"text": "sxm", "tekst": 1}', 'Bad input: the field "tekst" is unknown.'),
        ('{"text": "' + "x" * 81 + '"}', 'Bad input: the field "text" has at most 80 characters.'),
        ('{"text": ""}', "Bad input: type a dossier number, a name, pinyin or an ID number."),
        ('{"text": "\\ud800"}', 'Bad input: the field "text" must be text.'),
    ],
)
def test_bad_json_gets_one_sentence(program: httpx.Client, content: str, sentence: str) -> None:
    answer = program.post("/api/v1/dossiers/search", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["message"] == sentence
    assert set(answer.json()) == {"code", "message", "message_zh", "facts"}


@pytest.mark.parametrize("number", ["X-9", "%00", "%ED%A0%80", "x" * 500])
def test_a_dossier_nobody_has_is_a_404_in_both_languages(program: httpx.Client, number: str) -> None:
    answer = program.get(f"/api/v1/dossiers/{number}")
    assert (answer.status_code, answer.json()["code"]) == (404, "dossier_not_found")
    assert answer.json()["message_zh"].startswith("未找到档案")


def test_the_process_tells_how_it_is(visitor: httpx.Client, keeper: httpx.Client, archive: Archive) -> None:
    assert visitor.get("/health").json() == {"status": "ok"}
    assert visitor.get("/ready").json() == {"status": "ok"}
    archive.root.execute("UPDATE alembic_version SET version_num = '0000'")
    answer = visitor.get("/ready")
    assert answer.status_code == 503
    assert "guiwei db upgrade" in answer.json()["message"]
    archive.root.execute(f"ALTER DATABASE {archive.name} CONNECTION LIMIT 0")
    archive.root.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guiwei_app'")
    assert visitor.get("/ready").status_code == 503
    assert keeper.get("/api/v1/readers").json()["code"] == "unavailable"
    assert "PostgreSQL is unavailable" in keeper.get("/").text
    assert visitor.get("/health").status_code == 200
    assert visitor.get("/metrics").status_code == 200


def test_the_metrics_count_by_route_and_hold_no_dossier(program: httpx.Client, archive: Archive) -> None:
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('HH-1', 'native', 'a', 'UTC')")
    archive.root.execute("INSERT INTO reader_health SELECT id, now(), true, 3, 70, 1, 0 FROM reader")
    program.get("/api/v1/dossiers/L-1")
    program.get("/dossiers/X-9")
    metrics = program.get("/metrics").text
    assert 'guiwei_http_requests_total{method="GET",route="/api/v1/dossiers/{number}",status="200"} 1.0' in metrics
    assert 'guiwei_http_requests_total{method="GET",route="/dossiers/{number}",status="404"} 1.0' in metrics
    assert "guiwei_ingest_reads_total 70.0" in metrics
    assert "guiwei_readers_online 1.0" in metrics
    assert "L-1" not in metrics
    assert "X-9" not in metrics


def test_the_documentation_names_every_address_of_the_api(visitor: httpx.Client) -> None:
    docs = Path(__file__).parents[2] / "docs"
    documented = "\n".join(path.read_text("utf-8") for path in [docs / "api.md", *sorted((docs / "api").glob("*.md"))])
    for path, methods in visitor.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in documented
    served = {
        f"{method.upper()} {path}"
        for path, ways in visitor.get("/openapi.json").json()["paths"].items()
        for method in ways
    }
    assert set(re.findall(r"^#+ `((?:GET|POST) /[^`]*)`", documented, re.MULTILINE)) <= served
