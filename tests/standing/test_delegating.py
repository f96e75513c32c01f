"""The city approves for a county only where its head has delegated that in writing, and only while it is."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.delegations import DelegationState
from inventory.domain.people import Role, Viewer
from inventory.domain.requests import Occasion, RequestKind, RequestState
from inventory.operations import deciding, declaring, delegating, request_lists
from inventory.operations.day_work import work_waiting
from inventory.operations.deciding import Decision
from inventory.operations.delegating import DelegationView, Giving
from inventory.operations.request_views import RequestFile, RequestView, local_day, open_request
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.conftest import Archive
from tests.requests.counter import ID, Counter, now
from tests.standing.breaks import BREAKS, PREPARE


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    row = archive.root.execute("SELECT login, id FROM account").fetchall()
    people = {login: Viewer(number, login, login, Role.KEEPER, secret=archive.session(number)) for login, number in row}
    told = {}
    for constraint, (who, statement) in BREAKS.items():
        tries = archive.root if who == "root" else archive.sql_of(people[who], autocommit=True)
        with pytest.raises(psycopg.Error) as broken:
            tries.execute(statement)
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
        if tries is not archive.root:
            tries.close()
    assert told == {constraint: constraint for constraint in BREAKS}


def today() -> date:
    return local_day(now())


def delegated(counter: Counter, by: Viewer | None = None, **more: object) -> DelegationView:
    """The head of 370112 delegates, from today for a month."""
    giving = {"command_id": uuid4(), "document": "历委〔2026〕3号", "first": today(), "last": today() + timedelta(30)}
    return delegating.give(counter.app, by or counter.head, Giving(**(giving | more)), now())  # type: ignore[arg-type]


def decides(counter: Counter, number: str, by: Viewer | None = None) -> RequestView:
    seen = deciding.decide(counter.app, by or counter.manager, Decision(uuid4(), number, approve=True), now())
    assert isinstance(seen, RequestView)
    return seen


def asked(counter: Counter, dossier: str = "D-1") -> str:
    return counter.ask(counter.form(RequestKind.LOAN, dossier)).number


def passes(counter: Counter, days: int) -> None:
    """Days go by for every delegation; nobody can make them but the clock."""
    execute = counter.archive.root.execute
    execute("ALTER TABLE delegation DISABLE TRIGGER delegation_is_forever")
    execute(
        "UPDATE delegation SET valid_from = valid_from - %(days)s, valid_until = valid_until - %(days)s, "
        "given_at = given_at - %(days)s * interval '1 day'",
        {"days": days},
    )
    execute("ALTER TABLE delegation ENABLE TRIGGER delegation_is_forever")


def test_without_a_letter_the_city_decides_for_nobody(counter: Counter) -> None:
    counter.dossier("D-1")
    number = asked(counter)
    for approve in (True, False):
        with pytest.raises(refusals.DelegationMissing):
            deciding.decide(counter.app, counter.manager, Decision(uuid4(), number, approve, "x"), now())
    assert request_lists.to_decide(counter.app, counter.manager, now()).requests == ()
    assert counter.state(number) == RequestState.ASKED


def test_under_a_delegation_the_manager_decides_and_the_decision_names_it(counter: Counter) -> None:
    counter.dossier("D-1")
    number = asked(counter)
    delegated(counter)
    waiting = request_lists.to_decide(counter.app, counter.manager, now()).requests
    assert [one.number for one in waiting] == [number]
    assert [work.count for work in work_waiting(counter.app, counter.manager, now()) if work.kind == "to_approve"] == [
        1
    ]
    seen = decides(counter, number)
    assert (seen.state, seen.decided_by, seen.decided_under) == (RequestState.APPROVED, "manager", "历委〔2026〕3号")
    file = open_request(counter.app, counter.archive.clerk, number, now())
    assert isinstance(file, RequestFile)
    assert file.events[-1].note == "委托 历委〔2026〕3号"
    (one,) = delegating.listed(counter.app, counter.head, now())
    assert one.row.decisions == 1


def test_a_transfer_the_manager_approves_starts_by_acts_that_cite_the_letter(counter: Counter) -> None:
    counter.dossier("D-1")
    delegated(counter)
    form = counter.form(RequestKind.TRANSFER, "D-1", occasion=Occasion.RETIREMENT, institution="TOWNSHIP")
    assert decides(counter, counter.ask(form).number).notice is not None
    acts = counter.archive.root.execute(
        "SELECT kind, login, authority LIKE '%；委托 历委〔2026〕3号' FROM act JOIN account ON account.id = actor_id "
        "ORDER BY sequence DESC LIMIT 2"
    ).fetchall()
    assert acts == [("transfer_started", "manager", True), ("retired", "manager", True)]


def test_a_refusal_is_decided_under_it_as_an_approval_is(counter: Counter) -> None:
    counter.dossier("D-1")
    number = asked(counter)
    delegated(counter)
    deciding.decide(counter.app, counter.manager, Decision(uuid4(), number, approve=False, reason="函件不全"), now())
    assert counter.state(number) == RequestState.REFUSED
    assert counter.value(number, "decided_under") is not None


def test_it_holds_for_its_own_county_alone(counter: Counter) -> None:
    counter.dossier("D-1")
    delegated(counter, by=counter.strange_head)
    with pytest.raises(refusals.DelegationMissing):
        decides(counter, asked(counter))


def test_it_holds_for_the_manager_it_names(counter: Counter) -> None:
    counter.dossier("D-1")
    other = counter.archive.person("other-manager", Role.CITY_MANAGER)
    delegated(counter, delegate="other-manager")
    number = asked(counter)
    with pytest.raises(refusals.DelegationMissing):
        decides(counter, number)
    assert decides(counter, number, by=other).decided_by == "other-manager"


@pytest.mark.parametrize("first", [1, 20])
def test_it_does_not_hold_before_its_first_day(counter: Counter, first: int) -> None:
    counter.dossier("D-1")
    given = delegated(counter, first=today() + timedelta(first))
    assert given.state is DelegationState.COMING
    number = asked(counter)
    with pytest.raises(refusals.DelegationMissing):
        decides(counter, number)
    passes(counter, first)
    assert decides(counter, number).state == RequestState.APPROVED


def test_it_holds_on_its_last_day_and_not_on_the_next(counter: Counter) -> None:
    for dossier in ("D-1", "D-2"):
        counter.dossier(dossier)
    delegated(counter)
    passes(counter, 30)
    decides(counter, asked(counter))
    passes(counter, 1)
    with pytest.raises(refusals.DelegationMissing):
        decides(counter, asked(counter, "D-2"))
    (one,) = delegating.listed(counter.app, counter.manager, now())
    assert (one.state, one.row.decisions) == (DelegationState.OVER, 1)


def test_it_ends_the_moment_it_is_revoked_and_what_was_decided_stays(counter: Counter) -> None:
    for dossier in ("D-1", "D-2"):
        counter.dossier(dossier)
    given = delegated(counter)
    before = decides(counter, asked(counter))
    revoked = delegating.revoke(counter.app, counter.head, uuid4(), given.row.delegation_id, "负责人到任", now())
    assert (revoked.state, revoked.row.revoked_by) == (DelegationState.REVOKED, "head")
    with pytest.raises(refusals.DelegationMissing):
        decides(counter, asked(counter, "D-2"))
    file = open_request(counter.app, counter.head, before.number, now())
    assert isinstance(file, RequestFile)
    assert file.request.decided_under == "历委〔2026〕3号"
    with pytest.raises(refusals.DelegationOver):
        delegating.revoke(counter.app, counter.head, uuid4(), given.row.delegation_id, "again", now())
    assert delegated(counter).state is DelegationState.IN_FORCE, "and another may be given for the same days"


def test_it_opens_nothing_on_ones_own_dossier_or_a_relatives(counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    delegated(counter)
    declaring.declare_tie(counter.app, counter.manager, uuid4(), "manager", "relative", ID, now())
    with pytest.raises(refusals.NotOwnOrRelative):
        decides(counter, asked(counter))


def test_a_manager_who_is_none_any_more_decides_nothing(counter: Counter) -> None:
    counter.dossier("D-1")
    delegated(counter, delegate="manager")
    number = asked(counter)
    counter.archive.root.execute("UPDATE account SET role = 'auditor' WHERE login = 'manager'")
    auditor = replace(counter.manager, role=Role.AUDITOR, secret=counter.archive.session(counter.manager.account_id))
    with counter.archive.sql_of(auditor) as app, pytest.raises(psycopg.Error) as broken:
        app.execute("UPDATE request SET decided_by = session_account(), decided_at = now(), state = 'approved'")
    assert broken.value.diag.constraint_name == "request_decided_by_its_head"
    assert counter.state(number) == RequestState.ASKED


def test_what_opens_a_decision_opens_nothing_else(counter: Counter) -> None:
    """No loss, no merger of duplicates, no asking, and no act at the station."""
    counter.dossier("D-1")
    delegated(counter)
    with pytest.raises(refusals.NotAllowed):
        counter.ask(counter.form(RequestKind.LOAN, "D-1"), by=counter.manager)
    with counter.archive.sql_of(counter.manager) as app, pytest.raises(psycopg.Error) as broken:
        app.execute(
            "SELECT ledger_append(gen_random_uuid(), '\\x00', 'deceased', session_account(), NULL, array[volume_id], "
            "array[version], array[NULL]::integer[], array['{\"died_on\": \"2026-01-01\"}'], '令 1', NULL, now()) FROM holding"
        )
    assert broken.value.diag.constraint_name == "act_by_role"


def test_never_two_for_the_same_days_whoever_they_are_given_to(counter: Counter) -> None:
    delegated(counter, delegate="manager")
    for delegate in (None, "manager"):
        with pytest.raises(refusals.DelegationTwice):
            delegated(counter, delegate=delegate, first=today() + timedelta(30), last=today() + timedelta(40))
    delegated(counter, first=today() + timedelta(31), last=today() + timedelta(40))
    delegated(counter, by=counter.strange_head)
    assert len(delegating.listed(counter.app, counter.manager, now())) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": -1},
        {"last": -1},
        {"last": 367},
        {"document": " "},
        {"document": "历" * 101},
        {"document": "11010519491231002X"},
    ],
)
def test_it_has_a_letter_and_days_that_can_be_meant(counter: Counter, wrong: dict[str, object]) -> None:
    told = {key: today() + timedelta(value) if isinstance(value, int) else value for key, value in wrong.items()}
    with pytest.raises(refusals.BadInput):
        delegated(counter, None, **told)


def test_it_is_given_to_a_manager_by_the_head_of_ones_own_agency(counter: Counter) -> None:
    for nobody in ("clerk", "nobody"):
        with pytest.raises(refusals.AccountNotFound):
            delegated(counter, delegate=nobody)
    for somebody in (counter.archive.clerk, counter.manager, counter.archive.keeper):
        with pytest.raises(refusals.NotAllowed):
            delegated(counter, by=somebody)
    given = delegated(counter)
    assert delegating.listed(counter.app, counter.strange_head, now()) == []
    with pytest.raises(refusals.DelegationNotFound):
        delegating.revoke(counter.app, counter.strange_head, uuid4(), given.row.delegation_id, "x", now())


def test_sent_twice_it_is_given_once_and_revoked_once(counter: Counter) -> None:
    command, revoking = uuid4(), uuid4()
    given = delegated(counter, command_id=command)
    assert delegated(counter, command_id=command) == given
    revoked = [
        delegating.revoke(counter.app, counter.head, revoking, given.row.delegation_id, "x", now()) for _ in range(2)
    ]
    assert revoked[0] == revoked[1]
    assert len(delegating.listed(counter.app, counter.head, now())) == 1


WITH_THE_APPLICATIONS_PASSWORD = (
    "UPDATE delegation SET valid_until = valid_until + 100",
    "UPDATE delegation SET document = 'x'",
    "UPDATE delegation SET revoked_at = NULL",
    "DELETE FROM delegation",
    "TRUNCATE delegation",
    (
        "INSERT INTO delegation (agency_id, document, valid_from, valid_until, given_by, given_at) "
        "SELECT agency_id, 'x', '2020-01-01', '2020-02-01', id, '2019-12-01' FROM account WHERE login = 'head'"
    ),
    "UPDATE request SET decided_by = (SELECT id FROM account WHERE login = 'head'), decided_at = now(), state = 'approved'",
    "UPDATE request SET decided_under = (SELECT min(id) FROM delegation)",
    "SELECT delegation_guarded()",
)


def test_nobody_with_the_applications_password_gives_or_lengthens_one_or_decides_by_it(counter: Counter) -> None:
    counter.dossier("D-1")
    asked(counter)
    delegated(counter, by=counter.head, first=today() + timedelta(5))
    for viewer in (counter.manager, counter.archive.clerk, counter.strange_head):
        for statement in WITH_THE_APPLICATIONS_PASSWORD:
            with counter.archive.sql_of(viewer) as app:
                try:
                    touched = app.execute(statement).rowcount
                except psycopg.Error:
                    continue
                assert touched == 0, (viewer.login, statement)
