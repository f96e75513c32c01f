"""A tie declared by mistake is withdrawn by the security administrator, with a reason, and stays on record."""

from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import expect

from inventory.domain import refusals
from inventory.domain.people import Role, Viewer
from inventory.operations import declaring, finding
from inventory.operations.reading_log import read_log
from inventory.store.access_log import LogFilter
from inventory.store.request_facts import TieRow
from tests.requests.counter import ID, OTHER_ID, Counter, now
from tests.standing.conftest import ONE_ENGINE, Browse, Program


@pytest.fixture
def security(counter: Counter) -> Viewer:
    return counter.archive.person("security", Role.SECURITY_ADMIN)


def tied(counter: Counter, security: Viewer) -> TieRow:
    """The clerk mistyped: the number is that of a dossier of the own agency."""
    counter.dossier("D-1", id_number=ID)
    declaring.declare_tie(counter.app, counter.archive.clerk, uuid4(), "clerk", "relative", ID, now())
    (tie,) = declaring.ties(counter.app, security)
    return tie


def test_what_was_withdrawn_forbids_nothing_any_more(counter: Counter, security: Viewer) -> None:
    tie = tied(counter, security)
    with pytest.raises(refusals.NotOwnOrRelative):
        finding.open_dossier(counter.app, counter.archive.clerk, "D-1", now())
    declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, "号码填错")
    assert finding.open_dossier(counter.app, counter.archive.clerk, "D-1", now()).number == "D-1"


def test_acts_are_refused_until_then_and_written_after(counter: Counter, security: Viewer) -> None:
    counter.dossier("D-1", id_number=ID)
    archive = counter.archive
    declaring.declare_tie(counter.app, archive.keeper, uuid4(), "keeper", "own", ID, now())
    with pytest.raises(refusals.NotOwnOrRelative):
        counter.fetch("D-1")
    (tie,) = declaring.ties(counter.app, security)
    declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, "号码填错")
    counter.fetch("D-1")
    assert archive.where("D-1") == "W1-D1"


def test_it_stays_on_record_with_who_why_and_when(counter: Counter, security: Viewer) -> None:
    tie = tied(counter, security)
    declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, "号码填错")
    (seen,) = declaring.ties(counter.app, security)
    assert (seen.tie_id, seen.reason, seen.withdrawn_by, seen.login) == (tie.tie_id, "号码填错", "security", "clerk")
    assert seen.withdrawn_at is not None
    auditor = counter.archive.person("audit", Role.AUDIT_ADMIN)
    (entry,) = read_log(counter.app, auditor, LogFilter(act="tie_withdrawn"), now()).entries
    assert (entry.login, entry.object, entry.reason) == ("security", "clerk", "号码填错")
    with pytest.raises(refusals.TieWithdrawn):
        declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, "again")
    for statement in (
        "DELETE FROM tie_withdrawal",
        "UPDATE tie_withdrawal SET reason = 'x'",
        "DELETE FROM account_subject_tie",
    ):
        with pytest.raises(psycopg.Error):
            counter.archive.root.execute(statement)


def test_a_new_tie_to_the_same_person_counts_again(counter: Counter, security: Viewer) -> None:
    tie = tied(counter, security)
    declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, "号码填错")
    declaring.declare_tie(counter.app, counter.archive.clerk, uuid4(), "clerk", "own", ID, now())
    with pytest.raises(refusals.NotOwnOrRelative):
        finding.open_dossier(counter.app, counter.archive.clerk, "D-1", now())


def test_other_ties_of_the_same_account_stand(counter: Counter, security: Viewer) -> None:
    tie = tied(counter, security)
    counter.dossier("D-2", id_number=OTHER_ID)
    declaring.declare_tie(counter.app, counter.archive.clerk, uuid4(), "clerk", "own", OTHER_ID, now())
    declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, "号码填错")
    with pytest.raises(refusals.NotOwnOrRelative):
        finding.open_dossier(counter.app, counter.archive.clerk, "D-2", now())


def test_nobody_withdraws_one_of_their_own(counter: Counter, security: Viewer) -> None:
    declaring.declare_tie(counter.app, security, uuid4(), "security", "own", ID, now())
    (tie,) = declaring.ties(counter.app, security)
    with pytest.raises(refusals.TieOfOneself):
        declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, "x")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECURITY_ADMIN])
def test_nobody_else_sees_or_withdraws_them(counter: Counter, security: Viewer, role: Role) -> None:
    tie = tied(counter, security)
    somebody = counter.archive.person("somebody", role, agency="370112")
    with pytest.raises(refusals.NotAllowed):
        declaring.ties(counter.app, somebody)
    with pytest.raises(refusals.NotAllowed):
        declaring.withdraw_tie(counter.app, somebody, uuid4(), tie.tie_id, "x")
    with counter.archive.sql_of(somebody) as app:
        assert app.execute("SELECT * FROM tie_list(9)").fetchall() == []
        with pytest.raises(psycopg.Error) as broken:
            app.execute("SELECT tie_withdraw(%s, 'x')", (tie.tie_id,))
        assert broken.value.diag.constraint_name == "tie_withdrawn_by_security_admin"


def test_sent_twice_it_is_withdrawn_once_and_what_is_not_there_is_not_found(counter: Counter, security: Viewer) -> None:
    tie, command = tied(counter, security), uuid4()
    for _ in range(2):
        declaring.withdraw_tie(counter.app, security, command, tie.tie_id, "号码填错")
    with pytest.raises(refusals.TieNotFound):
        declaring.withdraw_tie(counter.app, security, uuid4(), 999, "x")
    for reason in (" ", "11010519491231002X"):
        with pytest.raises(refusals.BadInput):
            declaring.withdraw_tie(counter.app, security, uuid4(), tie.tie_id, reason)


@ONE_ENGINE
def test_by_page_and_by_program(browse: Browse, program: Program, counter: Counter, security: Viewer) -> None:
    tie = tied(counter, security)
    counter.let_in()
    page = browse("security", "/ties")
    expect(page.locator("table")).to_contain_text("a relative's by ID number")
    assert ID not in page.content()
    page.get_by_text("Withdraw", exact=True).first.click()
    page.get_by_label("Why").fill("号码填错")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".outcome.good")).to_contain_text("stays on record")
    expect(page.locator("table")).to_contain_text("号码填错")
    (listed,) = program("security").get("/api/v1/ties").json()
    assert (listed["id"], listed["withdrawn_by"]) == (tie.tie_id, "security")
    sent = {"command_id": str(uuid4()), "reason": "again"}
    again = program("security").post(f"/api/v1/ties/{tie.tie_id}/withdrawal", json=sent)
    assert (again.status_code, again.json()["code"]) == (409, "tie_withdrawn")
