"""The database guards: whatever breaks a rule of requests is told by name, and two windows never serve one dossier at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.people import Role
from inventory.domain.requests import Occasion, RequestKind, RequestState
from inventory.operations import lending
from inventory.operations.request_lists import queue
from inventory.operations.request_views import RequestView
from inventory.store import requests
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import raw, refusal_for
from tests.conftest import Archive
from tests.requests.breaks import BREAKS, PREPARE
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import MEN, Counter, now


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    told = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert told == {constraint: constraint for constraint in BREAKS}


REWRITES = (
    "DELETE FROM request",
    "TRUNCATE request",
    "UPDATE request_event SET note = 'x'",
    "DELETE FROM request_event",
    "UPDATE request SET asked_by = 1",
    "UPDATE request SET sought_cipher = NULL",
    "UPDATE request SET promised_on = current_date",
    "UPDATE request SET due_on = NULL",
    "UPDATE transfer_notice SET number = 'x'",
    "DELETE FROM institution",
    "UPDATE institution SET class = 'archives'",
    "UPDATE letter SET number = 'x'",
    "DELETE FROM letter_scan",
    "UPDATE rule_number SET value = 1",
    "DELETE FROM account_subject_tie",
    "UPDATE subject_career SET career = 'none'",
)


def test_no_role_of_the_application_rewrites_a_request_or_empties_its_day(archive: Archive) -> None:
    PREPARE(archive)
    at_night = psycopg.connect(archive.server.url("jobs", archive.name), autocommit=True)
    for somebody in (archive.sql_of(archive.keeper, autocommit=True), at_night):
        with somebody as connection:
            for statement in REWRITES:
                with pytest.raises(psycopg.Error):
                    connection.execute(statement)


def test_of_two_windows_asking_at_once_each_is_told_its_own_place(counter: Counter) -> None:
    counter.dossier("D-1")
    people = [counter.archive.clerk, counter.colleague]
    forms = [counter.form(RequestKind.LOAN, "D-1") for _ in range(8)]
    together = Barrier(len(forms))

    def ask(number: int) -> RequestView:
        together.wait()
        return counter.ask(forms[number], by=people[number % 2])

    with ThreadPoolExecutor(len(forms)) as pool:
        seen = list(pool.map(ask, range(len(forms))))
    assert sorted(one.place.position for one in seen if one.place) == list(range(1, 9))
    listed = queue(counter.app, counter.head, "D-1", now()).requests
    assert [one.number for one in listed] == [one.number for one in sorted(seen, key=lambda one: one.place.position)]  # type: ignore[union-attr]


def test_two_windows_one_dossier_one_is_served_and_the_other_keeps_its_place(counter: Counter) -> None:
    counter.dossier("D-1")
    numbers = [
        counter.approved(RequestKind.LOAN, "D-1", by=by).number for by in (counter.archive.clerk, counter.archive.clerk)
    ]
    counter.fetch("D-1")
    together = Barrier(2)

    def lend(number: str) -> str:
        handing = lending.HandingOut(uuid4(), number, MEN, {"D-1": "F-1"})
        together.wait()
        try:
            seen = lending.lend(counter.app, counter.archive.keeper, handing, counter.archive.second, now())
        except refusals.Refusal as refusal:
            return refusal.code
        assert isinstance(seen, RequestView)
        return seen.state.value

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lend, numbers))
    assert outcomes.count("out") == 1
    assert set(outcomes) <= {"out", "requests_ahead", "another_is_served", "no_relending", "conflict"}
    served, waiting = queue(counter.app, counter.archive.clerk, "D-1", now()).requests
    assert isinstance(served, RequestView) and isinstance(waiting, RequestView)
    assert (served.state, waiting.state) == (RequestState.OUT, RequestState.APPROVED)
    assert waiting.place is not None and (waiting.place.position, waiting.place.waiting) == (2, 2)


def test_who_comes_second_is_told_the_place_and_urgency_goes_first(counter: Counter) -> None:
    counter.dossier("D-1")
    first = counter.approved(RequestKind.LOAN, "D-1")
    second = counter.approved(RequestKind.LOAN, "D-1")
    counter.fetch("D-1")
    with pytest.raises(refusals.RequestsAhead, match="第 2 位"):
        counter.lend(second.number, "D-1")
    urgent = counter.approved(RequestKind.LOAN, "D-1", priority=2)
    assert urgent.place is not None and (urgent.place.position, urgent.place.waiting) == (1, 3)
    with pytest.raises(refusals.RequestsAhead, match="前面还有 1 件"):
        counter.lend(first.number, "D-1")
    counter.lend(urgent.number, "D-1")


def test_two_keepers_taking_two_requests_for_one_dossier_do_not_both_get_it(counter: Counter) -> None:
    counter.dossier("D-1")
    ids = [counter.approved(RequestKind.LOAN, "D-1").request_id for _ in range(2)]
    together = Barrier(2)

    def take(request_id: int) -> int:
        together.wait()
        try:
            with counter.app.transaction(counter.archive.keeper) as session:
                return len(
                    requests.advance(
                        raw(session), [request_id], ["approved"], "picking", counter.archive.keeper.account_id, now()
                    )
                )
        except refusals.AnotherIsServed:
            return 0

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, ids)) == [0, 1]
    with counter.app.transaction(counter.archive.keeper) as session:
        assert requests.next_to_serve(raw(session), ids) == [], (
            "the one that waits isn't next while the other is served"
        )


def test_notices_have_no_gaps_though_transfers_start_at_once(counter: Counter) -> None:
    numbers = []
    for number in range(6):
        counter.dossier(f"D-{number}")
        form = counter.form(RequestKind.TRANSFER, f"D-{number}", occasion=Occasion.JOB_CHANGE, institution="FACTORY")
        numbers.append(counter.ask(form).number)
    counter.archive.act(ActKind.PICKED, "D-3", "W1-D1", authority="R")
    counter.archive.root.execute(
        "UPDATE holding SET legal = 'deceased_retained' WHERE place_id = (SELECT id FROM place WHERE code = 'W1-D1')"
    )

    def approve(number: str) -> str | None:
        try:
            return counter.approve(number).notice
        except refusals.Refusal:
            return None

    with ThreadPoolExecutor(6) as pool:
        notices = sorted(filter(None, pool.map(approve, numbers)))
    assert [notice[-5:] for notice in notices] == [f"{serial:04d}号" for serial in range(1, 6)]


def test_requests_follow_their_dossiers_where_agencies_merge(counter: Counter) -> None:
    counter.dossier("D-1")
    number = counter.ask(counter.form(RequestKind.LOAN, "D-1")).number
    counter.archive.root.execute("UPDATE dossier SET holding_agency_id = (SELECT id FROM agency WHERE code = '370113')")
    assert counter.value(number, "holding_agency_id") == counter.strange_head.agency_id
    counter.approve(number, by=counter.strange_head)


@ONE_ENGINE
def test_nobody_but_the_people_of_an_agency_asks(counter: Counter) -> None:
    counter.dossier("D-1")
    form = counter.form(RequestKind.LOAN, "D-1")
    for role in set(Role) - {Role.WINDOW_CLERK, Role.AGENCY_HEAD}:
        somebody = counter.archive.person(f"some {role}", role, agency="370112")
        with pytest.raises(refusals.NotAllowed):
            counter.ask(form, by=somebody)
