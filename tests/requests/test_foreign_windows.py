"""A window of another agency accepts a request and learns nothing: not whether, not where, not whose."""

import json
from dataclasses import asdict
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.requests import Initiator, RequestKind
from inventory.operations import asking, deciding, institutions
from inventory.operations.request_lists import my_requests, queue, to_decide, unresolved
from inventory.operations.request_views import AcceptedView, RequestView, open_request
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import ID, OTHER_ID, Counter, now

pytestmark = ONE_ENGINE


def routed(counter: Counter, sought: str, **more: object) -> asking.Asking:
    return counter.form(RequestKind.LOAN, sought, by=counter.stranger, elsewhere=True, **more)


def answer_of(counter: Counter, form: asking.Asking) -> bytes:
    """What a window's program would read, without what differs between any two requests: number and time."""
    try:
        seen = counter.ask_elsewhere(form)
    except refusals.Refusal as refusal:
        return json.dumps([refusal.code, str(refusal)], ensure_ascii=False).encode()
    reread = open_request(counter.app, counter.stranger, seen.number, now())
    listed = my_requests(counter.app, counter.stranger, now()).requests[0]
    assert seen == reread == listed
    return json.dumps(asdict(seen) | {"number": "", "accepted_at": ""}).encode()


def test_the_answer_is_the_same_whether_or_not_there_is_a_dossier(counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    counter.dossier("D-2")
    counter.dossier("D-3")
    transferred = counter.transfer("D-3")
    assert transferred.notice
    counter.ask(counter.form(RequestKind.LOAN, "D-2"))
    there = [answer_of(counter, routed(counter, sought)) for sought in ("D-1", ID, "D-2", "D-3")]
    nowhere = [answer_of(counter, routed(counter, sought)) for sought in ("D-404", OTHER_ID, "nonsense")]
    assert {*there, *nowhere} == {b'{"number": "", "accepted_at": "", "answered": false}'}


WRONG: tuple[dict[str, object], ...] = (
    {"letters": {}},
    {"institution": None},
    {"institution": "NOBODY"},
    {"initiator": Initiator.PERSON},
    {"paper_reason": ""},
    {"window": "D-1"},
    {"priority": 9},
    {"purpose_note": "x" * 1000},
)


def test_so_is_every_refusal(counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    for wrong in WRONG:
        answers = {answer_of(counter, routed(counter, sought, **wrong)) for sought in ("D-1", ID, "D-404", OTHER_ID)}
        assert len(answers) == 1, wrong
        assert b"answered" not in answers.pop(), wrong


def test_whatever_a_window_tries_later_answers_alike(counter: Counter) -> None:
    counter.dossier("D-1")
    app, stranger = counter.app, counter.stranger
    answers = []
    for sought in ("D-1", "D-404"):
        number = counter.ask_elsewhere(routed(counter, sought)).number
        told: list[object] = []
        for attempt in (
            lambda number=number: deciding.renew(app, stranger, uuid4(), number, "函", now()),
            lambda number=number: deciding.decide(
                app, counter.strange_head, deciding.Decision(uuid4(), number, approve=True), now()
            ),
            lambda number=number: deciding.route(app, stranger, uuid4(), number, "D-1", now()),
            lambda number=number: open_request(app, counter.strange_head, number, now()),
            lambda number=number: deciding.withdraw(app, stranger, uuid4(), number, "不再需要", now()),
            lambda number=number: deciding.withdraw(app, stranger, uuid4(), number, "不再需要", now()),
        ):
            try:
                seen = attempt()
                assert isinstance(seen, AcceptedView)
                told.append(seen.answered)
            except refusals.Refusal as refusal:
                told.append(str(refusal).replace(number, "R"))
        answers.append(told)
    assert answers[0] == answers[1]
    assert answers[0][3:5] == [False, True]


def test_the_holder_decides_and_the_window_learns_that_it_was_answered(counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    number = counter.ask_elsewhere(routed(counter, ID)).number
    (waiting,) = to_decide(counter.app, counter.head, now()).requests
    assert isinstance(waiting, RequestView)
    assert (waiting.number, waiting.dossier, waiting.routed, waiting.accepting_agency) == (
        number,
        "D-1",
        True,
        "长清区档案中心",
    )
    assert to_decide(counter.app, counter.strange_head, now()).requests == ()
    letter = counter.value(number, "letter_id")
    assert isinstance(letter, int)
    with pytest.raises(refusals.LetterNotFound):  # no scan was taken, but the holder may ask for it
        institutions.letter_scan(counter.app, counter.head, letter, now())
    counter.approve(number)
    seen = open_request(counter.app, counter.stranger, number, now())
    assert isinstance(seen, AcceptedView) and seen.answered
    assert [type(one) for one in my_requests(counter.app, counter.stranger, now()).requests] == [AcceptedView]
    with pytest.raises(refusals.DossierNotFound):
        queue(counter.app, counter.stranger, "D-1", now())


def test_what_nobody_holds_is_the_city_managers_to_route_or_to_refuse(counter: Counter) -> None:
    counter.dossier("D-1")
    first = counter.ask_elsewhere(routed(counter, OTHER_ID)).number
    second = counter.ask_elsewhere(routed(counter, "老编号 77")).number
    listed = unresolved(counter.app, counter.manager, now())
    assert [(one.number, one.sought) for one in listed] == [
        (first, OTHER_ID[:6] + "********" + OTHER_ID[-4:]),
        (second, "老编号 77"),
    ]
    with pytest.raises(refusals.NotAllowed):
        unresolved(counter.app, counter.head, now())
    deciding.route(counter.app, counter.manager, uuid4(), first, "D-1", now())
    assert [one.number for one in to_decide(counter.app, counter.head, now()).requests] == [first]
    refused = deciding.Decision(uuid4(), second, approve=False, reason="查无此档")
    deciding.decide(counter.app, counter.manager, refused, now())
    assert unresolved(counter.app, counter.manager, now()) == []
    seen = open_request(counter.app, counter.stranger, second, now())
    assert isinstance(seen, AcceptedView) and seen.answered


def test_what_was_sought_stands_nowhere_in_the_clear(counter: Counter) -> None:
    counter.ask_elsewhere(routed(counter, OTHER_ID))
    rows = counter.archive.root.execute(
        "SELECT request::text, (SELECT string_agg(request_event::text, '') FROM request_event) FROM request"
    )
    text = str(rows.fetchall())
    assert OTHER_ID not in text and OTHER_ID.encode().hex() not in text


def test_an_id_number_that_two_dossiers_share_is_nobodys_until_somebody_looks(counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    counter.dossier("D-2", id_number=ID)
    number = counter.ask_elsewhere(routed(counter, ID)).number
    assert [one.number for one in unresolved(counter.app, counter.manager, now())] == [number]


def test_own_dossiers_are_asked_for_as_such_and_another_agencys_look_like_none(counter: Counter) -> None:
    counter.dossier("D-1")
    answers = []
    for sought in ("D-1", "D-404"):
        with pytest.raises(refusals.DossierNotFound) as none:
            counter.ask(counter.form(RequestKind.LOAN, sought, by=counter.stranger), by=counter.stranger)
        answers.append(str(none.value).replace(sought, "x"))
    assert answers[0] == answers[1]
