"""A borrowing institution sees its own requests and nothing beside, and says what it wants of its loans; the window acts."""

from uuid import UUID, uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.borrowing import BorrowerState, Message
from inventory.domain.granting import Belonging
from inventory.domain.people import Role, Viewer
from inventory.domain.requests import Occasion, RequestKind
from inventory.operations import borrowing, deciding, granting
from inventory.operations.borrowing import Borrowed
from inventory.operations.day_work import work_waiting
from inventory.operations.deciding import Decision
from inventory.operations.granting import Granting
from inventory.operations.request_views import RequestFile, open_request
from tests.isolation.test_isolation import isolated
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import ID, Counter, now


def borrower(counter: Counter, login: str = "notary", institution: str = "NOTARY") -> Viewer:
    """Somebody who borrows for an institution."""
    archive = counter.archive
    archive.person(login, Role.UNASSIGNED)
    asked = Granting(uuid4(), login, Role.BORROWER, "公证处函 7号", Belonging(institution=institution))
    granting.grant(archive.owner, asked, now())
    row = archive.root.execute("SELECT id FROM account WHERE login = %s", (login,)).fetchone()
    assert row is not None
    return Viewer(row[0], login, login, Role.BORROWER, secret=archive.session(row[0]))


def own(counter: Counter, viewer: Viewer) -> list[Borrowed]:
    return borrowing.own_requests(counter.app, viewer, now())


def tells(counter: Counter, viewer: Viewer, number: str, message: Message, command: UUID | None = None) -> None:
    borrowing.tell(counter.app, viewer, command or uuid4(), number, message, "另需核对一页")


def lent(counter: Counter, dossier: str = "D-1", **more: object) -> str:
    counter.dossier(dossier)
    number = counter.approved(RequestKind.LOAN, dossier, **more).number
    counter.fetch(dossier)
    counter.lend(number, dossier)
    return number


def test_a_request_is_followed_from_the_window_to_its_return(counter: Counter) -> None:
    counter.dossier("D-1")
    notary = borrower(counter)
    number = counter.ask(counter.form(RequestKind.LOAN, "D-1")).number
    states = [own(counter, notary)[0]]
    counter.approve(number)
    states.append(own(counter, notary)[0])
    counter.fetch("D-1")
    counter.lend(number, "D-1")
    states.append(own(counter, notary)[0])
    counter.set(number, state="closed")
    states.append(own(counter, notary)[0])
    assert [one.state for one in states] == ["asked", "approved", "out", "done"]
    assert [one.due_on is not None for one in states] == [False, False, True, True]
    assert states[0].letter == "函〔2026〕1号"
    assert borrowing.own_requests(counter.app, notary, now(), open_only=True) == []


def test_which_dossier_it_is_is_told_once_they_have_had_it_in_hand(counter: Counter) -> None:
    counter.dossier("D-1")
    notary = borrower(counter)
    number = counter.ask(counter.form(RequestKind.LOAN, "D-1")).number
    assert own(counter, notary)[0].dossier is None
    counter.approve(number)
    assert own(counter, notary)[0].dossier is None
    counter.fetch("D-1")
    counter.lend(number, "D-1")
    assert own(counter, notary)[0].dossier == "D-1"


def test_asked_elsewhere_it_looks_the_same_whether_or_not_there_is_such_a_dossier(counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    notary = borrower(counter)
    for sought in ("D-1", "D-NOWHERE"):
        form = counter.form(RequestKind.LOAN, sought, by=counter.stranger, elsewhere=True)
        counter.ask_elsewhere(form)
    there, nowhere = own(counter, notary)
    assert {there.state, nowhere.state} == {BorrowerState.ASKED}
    assert (there.dossier, there.due_on, there.agency) == (nowhere.dossier, nowhere.due_on, nowhere.agency)


def test_another_institutions_requests_are_nobody_elses(counter: Counter) -> None:
    number = lent(counter)
    school = borrower(counter, "school", "SCHOOL")
    assert own(counter, school) == []
    with pytest.raises(refusals.RequestNotFound):
        tells(counter, school, number, Message.RENEWAL_ASKED)


def test_what_an_institution_only_receives_is_no_request_of_its_own(counter: Counter) -> None:
    counter.dossier("D-1")
    counter.transfer("D-1", occasion=Occasion.JOB_CHANGE, to="FACTORY")
    assert own(counter, borrower(counter, "factory", "FACTORY")) == []


def test_a_borrower_asks_to_renew_and_the_window_renews(counter: Counter) -> None:
    number = lent(counter)
    notary, clerk = borrower(counter), counter.archive.clerk
    tells(counter, notary, number, Message.RENEWAL_ASKED)
    (waiting,) = (work for work in work_waiting(counter.app, clerk, now()) if work.kind == "told")
    assert [line.number for line in waiting.lines] == [number]
    file = open_request(counter.app, clerk, number, now())
    assert isinstance(file, RequestFile)
    last = file.events[-1]
    assert (last.event, last.account, last.note) == ("renewal_asked", "notary", "另需核对一页")
    assert own(counter, notary)[0].may_tell == (Message.ACKNOWLEDGED, Message.RETURN_ANNOUNCED)
    deciding.renew(counter.app, clerk, uuid4(), number, "续借函 1号", now())
    (seen,) = own(counter, notary)
    assert (seen.renewals, seen.told, len(seen.may_tell)) == (1, (), 3)
    assert [work.count for work in work_waiting(counter.app, clerk, now()) if work.kind == "told"] == [0]


def test_a_thing_is_said_once_until_it_is_renewed(counter: Counter) -> None:
    number = lent(counter)
    notary, command = borrower(counter), uuid4()
    for _ in range(2):
        tells(counter, notary, number, Message.ACKNOWLEDGED, command)
    with pytest.raises(refusals.SaidAlready):
        tells(counter, notary, number, Message.ACKNOWLEDGED)
    deciding.renew(counter.app, counter.archive.clerk, uuid4(), number, "续借函 1号", now())
    tells(counter, notary, number, Message.ACKNOWLEDGED)


@pytest.mark.parametrize("state", ["asked", "approved", "refused", "closed"])
def test_only_of_what_is_out_anything_is_said(counter: Counter, state: str) -> None:
    counter.dossier("D-1")
    number = counter.ask(counter.form(RequestKind.LOAN, "D-1")).number
    if state == "refused":
        deciding.decide(counter.app, counter.head, Decision(uuid4(), number, approve=False, reason="x"), now())
    elif state != "asked":
        counter.approve(number)
        counter.set(number, state=state)
    with pytest.raises(refusals.RequestNotFound):
        tells(counter, borrower(counter), number, Message.RETURN_ANNOUNCED)


def test_a_note_names_no_id_number(counter: Counter) -> None:
    number = lent(counter)
    with pytest.raises(refusals.IdNumberInText):
        borrowing.tell(counter.app, borrower(counter), uuid4(), number, Message.RENEWAL_ASKED, "11010519491231002X")


def test_with_the_applications_password_a_borrowers_session_sees_no_row_of_anything(counter: Counter) -> None:
    lent(counter)
    notary = borrower(counter)
    for table in sorted(isolated(counter.archive)):
        with counter.archive.sql_of(notary) as app:
            assert app.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    with counter.archive.sql_of(notary) as app:
        assert app.execute("SELECT count(*) FROM requests_borrowed(false, 10)").fetchone() == (1,)


def test_the_two_doors_answer_for_the_session_and_for_nobody_it_names(counter: Counter) -> None:
    number = lent(counter)
    borrower(counter)
    archive = counter.archive
    idle = archive.person("idle", Role.BORROWER)
    for viewer in (None, archive.keeper, archive.clerk, counter.manager, idle):
        with archive.sql_of(viewer) as app:
            assert app.execute("SELECT count(*) FROM requests_borrowed(false, 10)").fetchone() == (0,)
            told = app.execute("SELECT borrower_tells(%s, 'acknowledged', NULL)", (int(number[2:]),)).fetchone()
            assert told == (False,)


def test_a_borrower_who_is_one_no_more_sees_nothing(counter: Counter) -> None:
    lent(counter)
    notary = borrower(counter)
    granting.grant(counter.archive.owner, Granting(uuid4(), "notary", Role.UNASSIGNED, "离职"), now())
    with counter.archive.sql_of(notary) as app:
        assert app.execute("SELECT count(*) FROM requests_borrowed(false, 10)").fetchone() == (0,)


@ONE_ENGINE
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.BORROWER])
def test_nobody_else_borrows_by_that_page(counter: Counter, role: Role) -> None:
    somebody = counter.archive.person("somebody", role, agency="370112")
    with pytest.raises(refusals.NotAllowed):
        own(counter, somebody)


def test_with_the_applications_password_nothing_else_is_said(counter: Counter) -> None:
    number = lent(counter)
    with counter.archive.sql_of(borrower(counter)) as app:
        assert app.execute("SELECT borrower_tells(%s, 'renewed', NULL)", (int(number[2:]),)).fetchone() == (False,)
        with pytest.raises(psycopg.Error):
            app.execute(
                "INSERT INTO request_event (request_id, at, event) VALUES (%s, now(), 'renewed')", (int(number[2:]),)
            )
