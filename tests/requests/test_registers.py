"""Institutions, letters, ties, careers and numbers: what requests rest on."""

from datetime import date, timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.institutions import InstitutionClass
from inventory.domain.people import Role
from inventory.domain.requests import LetterKind, Purpose, RequestKind
from inventory.operations import declaring, institutions
from inventory.operations.institutions import NewInstitution, NewLetter
from inventory.operations.request_views import local_day
from inventory.operations.rule_numbers import NewNumber, add_calendar, numbers_on, set_rule_number
from inventory.store.database import raw
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import ID, OTHER_ID, Counter, now

pytestmark = ONE_ENGINE
PDF = b"%PDF-1.7 letter"


def test_an_institution_comes_with_its_two_places(counter: Counter) -> None:
    new = NewInstitution(uuid4(), "91350100m000100y43", "福州某公司", InstitutionClass.EMPLOYER, "福州市")
    row = institutions.register_institution(counter.app, counter.archive.clerk, new, now())
    assert (row.code, row.borrower_place, row.recipient_place) == (
        "91350100M000100Y43",
        "BOR-91350100M000100Y43",
        "RCP-91350100M000100Y43",
    )
    assert institutions.register_institution(counter.app, counter.archive.clerk, new, now()) == row
    places = counter.archive.root.execute(
        "SELECT kind, path = '/' || id || '/' FROM place WHERE code LIKE '%%M000100Y43' ORDER BY 1"
    )
    assert places.fetchall() == [("borrower", True), ("recipient", True)]
    again = NewInstitution(uuid4(), "91350100M000100Y43", "另一公司", InstitutionClass.EMPLOYER, "福州市")
    with pytest.raises(refusals.NameTaken):
        institutions.register_institution(counter.app, counter.archive.clerk, again, now())
    with pytest.raises(refusals.NotAllowed):
        institutions.register_institution(counter.app, counter.archive.keeper, new, now())
    found = institutions.find_institutions(counter.app, counter.archive.clerk, "福州", now())
    assert [one.code for one in found] == ["91350100M000100Y43"]


def test_a_letter_keeps_its_scan_and_its_hash(counter: Counter) -> None:
    new = NewLetter(uuid4(), LetterKind.LOAN_LETTER, "函1号", "公证处", date(2026, 3, 1), PDF)
    row = institutions.register_letter(counter.app, counter.archive.clerk, new, now())
    assert (row.scan_sha256, row.scan_media, row.scan_bytes) == (sha256(PDF).digest(), "application/pdf", len(PDF))
    assert institutions.letter_scan(counter.app, counter.archive.clerk, row.letter_id, now()) == (
        "application/pdf",
        PDF,
    )
    with pytest.raises(refusals.LetterNotFound):
        institutions.letter_scan(counter.app, counter.stranger, row.letter_id, now())
    with pytest.raises(refusals.Conflict):
        institutions.add_scan(counter.app, counter.archive.clerk, uuid4(), row.letter_id, b"%PDF-2", now())
    without = counter.letter()
    institutions.add_scan(counter.app, counter.colleague, uuid4(), without, PDF, now())
    assert [one.letter_id for one in institutions.my_letters(counter.app, counter.archive.clerk)] == [
        without,
        row.letter_id,
    ]


def test_a_scan_is_a_page_and_not_a_program(counter: Counter) -> None:
    for scan in (b"", b"<html>", b"%PDF-" + b"0" * (4 * 1024 * 1024)):
        new = NewLetter(uuid4(), LetterKind.LOAN_LETTER, "函1号", "公证处", date(2026, 3, 1), scan)
        with pytest.raises(refusals.LetterScanUnreadable):
            institutions.register_letter(counter.app, counter.archive.clerk, new, now())
    tomorrow = NewLetter(uuid4(), LetterKind.LOAN_LETTER, "函1号", "公证处", local_day(now()) + timedelta(days=1))
    with pytest.raises(refusals.HappensInTheFuture):
        institutions.register_letter(counter.app, counter.archive.clerk, tomorrow, now())


def test_the_holder_reads_the_letter_a_routed_request_rests_on(counter: Counter) -> None:
    counter.dossier("D-1")
    form = counter.form(RequestKind.LOAN, "D-1", by=counter.stranger, elsewhere=True)
    (letter,) = form.letters.values()
    institutions.add_scan(counter.app, counter.stranger, uuid4(), letter, PDF, now())
    with pytest.raises(refusals.LetterNotFound):
        institutions.letter_scan(counter.app, counter.head, letter, now())
    counter.ask_elsewhere(form)
    assert institutions.letter_scan(counter.app, counter.head, letter, now())[1] == PDF


def test_nobody_asks_for_or_approves_their_own_or_a_relatives_dossier(counter: Counter) -> None:
    counter.dossier("D-1", id_number=ID)
    counter.dossier("D-2")
    declaring.declare_tie(counter.app, counter.archive.clerk, uuid4(), "clerk", "relative", ID, now())
    with pytest.raises(refusals.NotOwnOrRelative):
        counter.ask(counter.form(RequestKind.LOAN, "D-1"))
    request = counter.ask(counter.form(RequestKind.LOAN, "D-1"), by=counter.colleague)
    security = counter.archive.person("security", Role.SECURITY_ADMIN)
    declaring.declare_tie(counter.app, security, uuid4(), "head", "own", ID, now())
    with pytest.raises(refusals.NotOwnOrRelative):
        counter.approve(request.number)
    declaring.declare_tie_to_dossier(counter.app, counter.colleague, uuid4(), "own", "D-2", now())
    with pytest.raises(refusals.NotOwnOrRelative):
        counter.ask(counter.form(RequestKind.LOAN, "D-2", by=counter.colleague), by=counter.colleague)
    with pytest.raises(refusals.NotAllowed):
        declaring.declare_tie(counter.app, counter.archive.clerk, uuid4(), "head", "own", OTHER_ID, now())
    kept = counter.archive.root.execute("SELECT account_subject_tie::text FROM account_subject_tie").fetchall()
    assert ID not in str(kept)


def test_a_sites_own_number_holds_from_its_day_and_for_its_purpose(counter: Counter) -> None:
    today = local_day(now())
    for value, since, purpose in (
        (10, today, None),
        (3, today, Purpose.NOTARISATION),
        (99, today + timedelta(days=1), None),
    ):
        new = NewNumber(uuid4(), "due_date_never_null", value, since, "历人社〔2026〕1号", purpose)
        set_rule_number(counter.app, counter.manager, new, now())
    with counter.app.transaction() as session:
        numbers = numbers_on(raw(session), today)
    assert (numbers.loan_days(Purpose.TITLE), numbers.loan_days(Purpose.NOTARISATION)) == (10, 3)
    counter.dossier("D-1")
    request = counter.approved(RequestKind.LOAN, "D-1")
    counter.fetch("D-1")
    assert counter.lend(request.number, "D-1").due_on == today + timedelta(days=3)
    with pytest.raises(refusals.RuleNumberTaken):
        set_rule_number(counter.app, None, NewNumber(uuid4(), "due_date_never_null", 11, today, "x"), now())
    with pytest.raises(refusals.BadInput):  # the policy's own number is nobody's to set
        set_rule_number(counter.app, None, NewNumber(uuid4(), "two_carriers", 1, today, "x"), now())
    with pytest.raises(refusals.NotAllowed):
        set_rule_number(counter.app, counter.head, NewNumber(uuid4(), "death_kept_years", 1, today, "x"), now())


def test_a_promise_counts_working_days_and_says_which_years_it_assumed(counter: Counter) -> None:
    with counter.app.transaction() as session:
        before = numbers_on(raw(session), date(2026, 11, 23)).promise(RequestKind.TRANSFER, date(2026, 12, 21))
    assert before.assumed_years == (2027,)
    add_calendar(
        counter.app, counter.manager, uuid4(), "day,kind,source\n2027-01-01,off,国办 1\n2027-01-02,off,国办 1\n", now()
    )
    with counter.app.transaction() as session:
        known = numbers_on(raw(session), date(2026, 11, 23)).promise(RequestKind.TRANSFER, date(2026, 12, 21))
    assert known.assumed_years == ()
    assert known.day == before.day + timedelta(days=1)  # New Year's Day is a Friday
