"""What a day of work leaves behind (logs, metrics, addresses, the access log, refusals) names nobody."""

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest

from inventory.domain.people import Role
from tests.conftest import Archive
from tests.site import ONE_ENGINE, SignIn
from tests.web.stock import account_of, id_number, person_of

NAME, TYPED_NAME = "欧阳澜漪", "亓官霁月"
# Their check character is X: six plain digits come up by chance too, among the decimals of a metric.
NUMBER, TYPED_NUMBER = id_number("37010219870317468"), id_number("37010219931129584")
PERSONAL = (NAME, TYPED_NAME, NUMBER, TYPED_NUMBER, NUMBER[-6:], TYPED_NUMBER[-6:], "ouyanglanyi")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything any logger says, down to DEBUG."""
    said = io.StringIO()
    handler, root = logging.StreamHandler(said), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


def named_in(text: str) -> list[str]:
    return [word for word in PERSONAL if word in text]


def work(client: httpx.Client) -> list[httpx.Response]:
    """A clerk searches, looks, errs, and sends what can't be meant."""
    answers = []
    for typed in (NAME, "ouyanglanyi", NUMBER, NUMBER[-6:], TYPED_NAME, TYPED_NUMBER, TYPED_NUMBER[-6:]):
        answers.append(client.post("/", data={"text": typed}))
        answers.append(client.post("/api/v1/dossiers/search", json={"text": typed}))
        answers.append(client.post("/api/v1/dossiers/search", json={"txt": typed, "text": [typed]}))
        answers.append(client.post("/api/v1/requests", json={"dossier": typed, "applicant": typed}))
        answers.append(client.post("/requests", data={"sought": typed, "name": typed}))
        answers.append(client.post("/scan", data={"code": typed}))
        answers.append(client.post("/sign-in", data={"login": typed, "password": typed}))
    answers.append(client.get("/dossiers/D-1"))
    answers.append(client.get("/dossiers/D-1/as-of?at=yesterday"))
    answers.append(client.post("/dossiers/D-1/unmask", data={"reason": "letter", "why": NAME}))
    return answers


@ONE_ENGINE
def test_nothing_a_day_leaves_behind_names_anybody(
    archive: Archive, signed_in: SignIn, logged: io.StringIO, visitor: httpx.Client
) -> None:
    archive.dossier("D-1")
    person_of(archive, "D-1", NAME, number=NUMBER)
    account_of(archive, "shen", "沈静", Role.AUDIT_ADMIN)
    answers = [answer for login in ("licheng", "changqing", "zhao") for answer in work(signed_in(login))]
    assert any(NAME in answer.text for answer in answers), "the run showed nobody, so it proves nothing"

    addresses = [str(answer.request.url) + str(answer.headers.get("location")) for answer in answers]
    assert named_in("\n".join(addresses)) == []
    refusals = [
        answer.text for answer in answers if answer.status_code >= 400 and "json" in answer.headers["content-type"]
    ]
    assert len(refusals) > 10
    assert named_in("\n".join(refusals)) == []
    assert named_in(visitor.get("/metrics").text) == []
    ours = "\n".join(line for line in logged.getvalue().splitlines())
    assert named_in(ours) == []
    rows = archive.root.execute("SELECT to_jsonb(access_log) FROM access_log").fetchall()
    assert len(rows) > 50
    assert named_in(json.dumps([row for (row,) in rows], ensure_ascii=False)) == []
    exported = signed_in("shen").get("/access-log/export.csv").text
    assert named_in(exported) == []
