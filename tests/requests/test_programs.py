"""Programs ask for dossiers and do every step; what they read is no more than what people see."""

from uuid import uuid4

import httpx

from tests.requests.conftest import ONE_ENGINE, Program
from tests.requests.counter import ID, OTHER_ID, Counter
from tests.web.stock import password_of

pytestmark = ONE_ENGINE
PDF = b"%PDF-1.7 " + b"0" * 100_000
SECOND = {"login": "second", "pin": password_of("second")}


def step(client: httpx.Client, number: str, name: str, **more: object) -> httpx.Response:
    return client.post(f"/api/v1/requests/{number}/{name}", json={"command_id": str(uuid4()), **more})


def letter_of(client: httpx.Client) -> int:
    sent = {
        "command_id": str(uuid4()),
        "kind": "loan_letter",
        "number": f"函 {uuid4().hex[:6]}",
        "issuer": "公证处",
        "dated": "2026-03-01",
    }
    answer = client.post("/api/v1/letters", json=sent)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def a_loan(client: httpx.Client, sought: str, **more: object) -> dict[str, object]:
    return {
        "command_id": str(uuid4()), "kind": "loan", "sought": sought, "initiator": "institution", "purpose": "notarisation",
        "paper_reason": "须核对原件", "institution": "NOTARY", "letters": {"loan_letter": letter_of(client)}, **more,
    }  # fmt: skip


def test_a_loan_by_programs_from_asking_to_return(program: Program, counter: Counter) -> None:
    counter.dossier("D-1")
    clerk, head, keeper = program("clerk"), program("head"), program("keeper")
    form = a_loan(clerk, "D-1")
    asked = clerk.post("/api/v1/requests", json=form)
    assert asked.status_code == 201, asked.text
    assert asked.json()["queue"] == {"position": 1, "waiting": 1}
    assert clerk.post("/api/v1/requests", json=form).json() == asked.json()
    number = asked.json()["number"]
    assert [one["number"] for one in head.get("/api/v1/requests?list=to_decide").json()["requests"]] == [number]
    assert step(head, number, "decision", approve=True).json()["state"] == "approved"
    counter.fetch("D-1")
    out = step(keeper, number, "hand-out", carriers=["王强", "李伟"], seals={"D-1": "F-1"}, witness=SECOND)
    assert out.status_code == 200 and out.json()["state"] == "out", out.text
    back = {"place": "W1-D1", "volumes": {"D-1": {"seal_intact": True, "pieces": 12}}, "witness": SECOND}
    assert step(keeper, number, "return", **back).json()["state"] == "closed"
    file = clerk.get(f"/api/v1/requests/{number}").json()
    assert [event["to_state"] for event in file["events"]] == [None, "approved", "out", "closed"]
    assert clerk.get("/api/v1/requests", params={"dossier": "D-1"}).json() == {"requests": [], "more": False}


def test_what_is_forbidden_is_refused_with_its_rule(program: Program, counter: Counter) -> None:
    counter.dossier("D-1")
    clerk = program("clerk")
    transfer = a_loan(clerk, "D-1", kind="transfer", occasion="job_change", initiator="person", channel="自带")
    refused = clerk.post("/api/v1/requests", json=transfer)
    assert (refused.status_code, refused.json()["code"]) == (409, "never_self_carry")
    to_a_person = a_loan(clerk, "D-1", initiator="person", institution=None)
    assert clerk.post("/api/v1/requests", json=to_a_person).json()["code"] == "loan_to_institutions_only"
    charged = a_loan(clerk, "D-1", fee=10)
    assert clerk.post("/api/v1/requests", json=charged).status_code == 422
    person = {"command_id": str(uuid4()), "code": "P1", "name": "张三", "kind": "person", "address": "x"}
    assert clerk.post("/api/v1/institutions", json=person).status_code == 422


def test_a_window_of_another_agency_reads_the_same_bytes_whatever_there_is(program: Program, counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    stranger, strange_head = program("stranger"), program("strange_head")
    told = []
    for sought in ("D-1", ID, "D-404", OTHER_ID):
        asked = stranger.post("/api/v1/requests", json=a_loan(stranger, sought, elsewhere=True))
        number = asked.json()["number"]
        answers = [
            asked,
            stranger.get(f"/api/v1/requests/{number}"),
            step(stranger, number, "renewal", reason="函 1"),
            step(stranger, number, "hand-out", carriers=["王强", "李伟"], seals={"D-1": "F"}, witness=SECOND),
            step(stranger, number, "receipt", receipt_number="1", received_on="2026-03-01"),
            step(stranger, number, "finish"),
            step(stranger, number, "scan-given"),
            step(strange_head, number, "decision", approve=True),
            step(strange_head, number, "route", dossier="D-1"),
            stranger.get("/api/v1/requests", params={"dossier": sought}),
            step(stranger, number, "withdrawal", reason="不再需要"),
            step(stranger, number, "withdrawal", reason="不再需要"),
        ]
        accepted_at = asked.json()["accepted_at"]
        told.append(
            [
                (a.status_code, a.text.replace(number, "R").replace(accepted_at, "T").replace(sought, "S"))
                for a in answers
            ]
        )
    assert told[0] == told[1] == told[2] == told[3]
    assert told[0][0] == (201, '{"number":"R","accepted_at":"T","answered":false}')
    assert len(stranger.get("/api/v1/requests").json()["requests"][0]) == 3


def test_a_letters_scan_is_larger_than_a_form_and_no_program(program: Program, counter: Counter) -> None:
    clerk, stranger = program("clerk"), program("stranger")
    letter = letter_of(clerk)
    address = f"/api/v1/letters/{letter}/scan?command_id={uuid4()}"
    assert clerk.put(address, content=b"MZ").json()["code"] == "letter_scan_unreadable"
    assert clerk.put(address, content=PDF).json()["scan_bytes"] == len(PDF)
    assert clerk.put(address, content=PDF + b"0" * 4_200_000).status_code == 413
    read = clerk.get(f"/api/v1/letters/{letter}/scan")
    assert (read.content, read.headers["content-type"]) == (PDF, "application/pdf")
    assert stranger.get(f"/api/v1/letters/{letter}/scan").status_code == 404
    assert counter.head


def test_every_address_of_requests_stands_in_the_openapi_document_with_a_command_id(
    program: Program, counter: Counter
) -> None:
    document = program("clerk").get("/openapi.json").json()
    posts = {
        path: methods["post"]
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/requests") and "post" in methods
    }
    assert len(posts) == 14
    for path, post in posts.items():
        name = post["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
        assert "command_id" in schema["required"] and schema["additionalProperties"] is False, path
    assert counter
