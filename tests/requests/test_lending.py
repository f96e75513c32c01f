"""A dossier is lent to institutions, comes back sealed and counted, and is never anywhere without a name."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.evidence_slots import EvidenceSlot
from inventory.domain.request_rules import ComesBack
from inventory.domain.requests import Initiator, LetterKind, Purpose, RequestKind, RequestState
from inventory.operations import custody, deciding, institutions, lending
from inventory.operations.request_lists import overdue
from inventory.operations.request_views import RequestFile, RequestView, local_day, open_request
from inventory.store.database import raw
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import ID, MEN, OTHER_ID, THIRD_ID, Counter, now

pytestmark = ONE_ENGINE
WHOLE = ComesBack(seal_intact=True, pieces=12)


def lent(counter: Counter, dossier: str, **more: object) -> RequestView:
    request = counter.approved(RequestKind.LOAN, dossier, **more)
    counter.fetch(dossier)
    return counter.lend(request.number, dossier)


def test_a_loan_goes_out_with_a_name_a_letter_and_a_day_and_comes_back_whole(counter: Counter) -> None:
    counter.dossier("D-1")
    asked = counter.ask(counter.form(RequestKind.LOAN, "D-1"))
    assert (asked.state, asked.place.position if asked.place else None) == (RequestState.ASKED, 1)
    counter.approve(asked.number)
    counter.fetch("D-1")
    out = counter.lend(asked.number, "D-1")
    today = local_day(now())
    assert (out.state, out.due_on) == (RequestState.OUT, today + timedelta(days=15))
    assert counter.archive.where("D-1") == "BOR-NOTARY"
    back = counter.give_back(asked.number, {"D-1": WHOLE})
    assert (back.state, back.done_at is not None) == (RequestState.CLOSED, True)
    assert counter.archive.where("D-1") == "W1-D1"
    file = open_request(counter.app, counter.archive.clerk, asked.number, now())
    assert isinstance(file, RequestFile)
    assert [event.to_state for event in file.events] == [None, "approved", "out", "closed"]
    assert [paper.slot.value for paper in file.papers] == ["loan_letter"]
    act = counter.archive.root.execute("SELECT authority, details FROM act WHERE kind = 'lent'").fetchone()
    assert act is not None and asked.number in act[0] and "函〔2026〕" in act[0] and "王强" in act[1]


def test_a_form_sent_twice_asks_once_and_lends_once(counter: Counter) -> None:
    counter.dossier("D-1")
    form = counter.form(RequestKind.LOAN, "D-1")
    assert counter.ask(form) == counter.ask(form)
    number = counter.ask(form).number
    counter.approve(number)
    counter.fetch("D-1")
    command = uuid4()
    assert counter.lend(number, "D-1", command) == counter.lend(number, "D-1", command)
    assert counter.archive.root.execute("SELECT count(*) FROM request").fetchone() == (1,)
    assert counter.archive.root.execute("SELECT count(*) FROM act WHERE kind = 'lent'").fetchone() == (1,)
    with pytest.raises(refusals.CommandReused):
        lending.lend(
            counter.app,
            counter.archive.keeper,
            lending.HandingOut(command, number, MEN, {"D-1": "F-2"}),
            counter.archive.second,
            now(),
        )


@pytest.mark.parametrize(
    ("different", "refusal"),
    [
        ({"initiator": Initiator.PERSON, "institution": None}, refusals.LoanToInstitutionsOnly),
        ({"initiator": Initiator.PERSON}, refusals.LoanToInstitutionsOnly),
        ({"institution": None}, refusals.LoanToInstitutionsOnly),
        ({"institution": "NOBODY"}, refusals.InstitutionNotFound),
        ({"letters": {}}, refusals.SlotMissing),
        ({"paper_reason": "  "}, refusals.OfferTheScan),
        ({"due_on": date(2099, 1, 1)}, refusals.DueTooLate),
        ({"purpose_note": "本人 37011219800101001X 的档案"}, refusals.IdNumberInText),
        ({"sought": "D-404"}, refusals.DossierNotFound),
    ],
)
def test_a_loan_needs_an_institution_a_letter_a_reason_and_a_day(
    counter: Counter, different: dict[str, object], refusal: type[refusals.Refusal]
) -> None:
    counter.dossier("D-1")
    form = counter.form(RequestKind.LOAN, "D-1")
    with pytest.raises(refusal):
        counter.ask(type(form)(**{name: getattr(form, name) for name in form.__slots__} | different))
    assert counter.archive.root.execute("SELECT count(*) FROM request").fetchone() == (0,)


def test_a_letter_of_another_kind_or_another_window_does_not_do(counter: Counter) -> None:
    counter.dossier("D-1")
    slot = EvidenceSlot.LOAN_LETTER
    with pytest.raises(refusals.WrongLetter):
        counter.ask(counter.form(RequestKind.LOAN, "D-1", letters={slot: counter.letter(LetterKind.ORDER)}))
    theirs = counter.letter(LetterKind.LOAN_LETTER, by=counter.stranger)
    with pytest.raises(refusals.LetterNotFound):
        counter.ask(counter.form(RequestKind.LOAN, "D-1", letters={slot: theirs}))


def test_nobody_approves_what_they_asked_for_and_only_the_holders_head_approves(counter: Counter) -> None:
    counter.dossier("D-1")
    own = counter.ask(counter.form(RequestKind.LOAN, "D-1", by=counter.head), by=counter.head)
    with pytest.raises(refusals.ApproverIsRequester):
        counter.approve(own.number)
    with pytest.raises(refusals.NotAllowed):
        counter.approve(own.number, by=counter.archive.clerk)
    with pytest.raises(refusals.RequestNotFound):
        counter.approve(own.number, by=counter.strange_head)
    with pytest.raises(refusals.NotAllowed):
        counter.approve(own.number, by=counter.manager)
    refused = deciding.Decision(uuid4(), own.number, approve=False)
    with pytest.raises(refusals.ReasonMissing):
        deciding.decide(counter.app, counter.head, refused, now())


def test_an_overdue_borrower_gets_no_other_and_its_loan_is_not_renewed(counter: Counter) -> None:
    counter.dossier("D-1")
    counter.dossier("D-2")
    counter.dossier("D-3")
    waiting = counter.ask(counter.form(RequestKind.LOAN, "D-3"))
    first = lent(counter, "D-1")
    counter.set(first.number, asked_at=now() - timedelta(days=30), due_on=local_day(now()) - timedelta(days=1))
    with pytest.raises(refusals.BorrowerBlocked):
        counter.ask(counter.form(RequestKind.LOAN, "D-2"))
    with pytest.raises(refusals.BorrowerBlocked):
        counter.approve(waiting.number)
    with pytest.raises(refusals.NoMoreRenewals):
        deciding.renew(counter.app, counter.archive.clerk, uuid4(), first.number, "续借函3号", now())
    assert [seen.number for seen in overdue(counter.app, counter.archive.clerk, now()).requests] == [first.number]
    assert overdue(counter.app, counter.stranger, now()).requests == ()
    counter.give_back(first.number, {"D-1": WHOLE})
    counter.approve(waiting.number)


def test_a_head_blocks_a_borrower_and_lets_it_borrow_again(counter: Counter) -> None:
    counter.dossier("D-1")
    institutions.block_institution(counter.app, counter.head, uuid4(), "notary", "两次逾期", now())
    with pytest.raises(refusals.BorrowerBlocked, match="两次逾期"):
        counter.ask(counter.form(RequestKind.LOAN, "D-1"))
    institutions.block_institution(counter.app, counter.head, uuid4(), "NOTARY", None, now())
    counter.ask(counter.form(RequestKind.LOAN, "D-1"))
    with pytest.raises(refusals.NotAllowed):
        institutions.block_institution(counter.app, counter.archive.clerk, uuid4(), "NOTARY", "x", now())


def test_a_loan_is_renewed_once_while_nobody_waits(counter: Counter) -> None:
    counter.dossier("D-1")
    first = lent(counter, "D-1")
    later = counter.ask(counter.form(RequestKind.CONSULTATION, "D-1"))
    assert later.place is not None and (later.place.position, later.place.waiting) == (2, 2)
    with pytest.raises(refusals.NoMoreRenewals, match="等候"):
        deciding.renew(counter.app, counter.archive.clerk, uuid4(), first.number, "续借函3号", now())
    deciding.withdraw(counter.app, counter.colleague, uuid4(), later.number, "不再需要", now())
    renewed = deciding.renew(counter.app, counter.archive.clerk, uuid4(), first.number, "续借函3号", now())
    assert isinstance(renewed, RequestView) and renewed.due_on == first.due_on + timedelta(days=15)
    with pytest.raises(refusals.NoMoreRenewals, match="已续借"):
        deciding.renew(counter.app, counter.archive.clerk, uuid4(), first.number, "续借函4号", now())


def test_what_is_lent_comes_back_before_it_is_lent_on(counter: Counter) -> None:
    counter.dossier("D-1")
    lent(counter, "D-1")
    second = counter.approve(counter.ask(counter.form(RequestKind.LOAN, "D-1", institution="SCHOOL")).number)
    with pytest.raises(refusals.NoRelending):
        counter.lend(second.number, "D-1")
    assert counter.state(second.number) == "approved"


def test_a_broken_seal_is_an_act_of_its_own_and_a_wrong_count_is_noted(counter: Counter) -> None:
    counter.dossier("D-1")
    request = lent(counter, "D-1")
    counter.give_back(request.number, {"D-1": ComesBack(seal_intact=False, pieces=11)})
    file = open_request(counter.app, counter.head, request.number, now())
    assert isinstance(file, RequestFile)
    notes = [event.note for event in file.events if event.event == "noted"]
    assert notes == ["D-1：封条破损；D-1：登记 12 份，实有 11 份"]
    seal = counter.archive.root.execute(
        "SELECT seal, pieces FROM holding JOIN act USING (volume_id) WHERE kind = 'seal_broken'"
    )
    assert seal.fetchone() == ("broken", 11)
    with pytest.raises(refusals.SealForbids):
        counter.archive.act(ActKind.SHELVED, "D-1", "A-01")


def test_the_strip_that_leaves_is_the_strip_that_was_recorded(counter: Counter) -> None:
    counter.dossier("D-1")
    request = counter.approved(RequestKind.LOAN, "D-1")
    counter.fetch("D-1")
    archive = counter.archive
    archive.act(ActKind.OPENED, "D-1", None, authority="令1", witness=archive.second)
    archive.act(ActKind.SEALED, "D-1", None, witness=archive.second, details={"seal_number": "F-9", "pieces": 12})
    with pytest.raises(refusals.SealNumberDiffers):
        counter.lend(request.number, "D-1", seal="F-1")
    counter.lend(request.number, "D-1", seal="F-9")


def test_lending_takes_two_and_two_carriers(counter: Counter) -> None:
    counter.dossier("D-1")
    request = counter.approved(RequestKind.LOAN, "D-1")
    counter.fetch("D-1")
    keeper = counter.archive.keeper
    handing = lending.HandingOut(uuid4(), request.number, MEN, {"D-1": "F-1"})
    with pytest.raises(refusals.SecondPersonMissing):
        lending.lend(counter.app, keeper, handing, None, now())
    alone = lending.HandingOut(uuid4(), request.number, ["王强"], {"D-1": "F-1"})
    with pytest.raises(refusals.BadDetail):
        lending.lend(counter.app, keeper, alone, counter.archive.second, now())
    assert counter.state(request.number) == "approved", "what was refused moved nothing"


def test_at_a_window_a_loan_is_handed_over_and_taken_back_and_comes_home(counter: Counter) -> None:
    counter.dossier("D-1", shelve=False)
    request = counter.approved(RequestKind.LOAN, "D-1", window="N-1")
    archive = counter.archive
    archive.root.execute("UPDATE holding SET place_id = (SELECT id FROM place WHERE code = 'N-1')")  # a bag came
    counter.set(request.number, state="at_window")
    handing = lending.HandingOut(uuid4(), request.number, MEN, {"D-1": "F-1"})
    with pytest.raises(refusals.RequestNotFound):
        lending.hand_over(counter.app, counter.stranger, handing, counter.strange_head, now())
    out = lending.hand_over(counter.app, archive.clerk, handing, counter.colleague, now())
    assert isinstance(out, RequestView) and out.state is RequestState.OUT
    back = lending.ComingBack(uuid4(), request.number, "N-1", {"D-1": WHOLE})
    home = lending.take_back(counter.app, archive.clerk, back, counter.colleague, now())
    assert isinstance(home, RequestView) and (home.state, home.done_at is not None) == (RequestState.AT_WINDOW, True)
    assert not home.overdue


def test_two_visitors_read_in_the_reading_room_and_nobody_reads_their_own(counter: Counter) -> None:
    archive = counter.archive
    archive.place("W1-RR", "reading_room", parent="W1")
    counter.dossier("D-1", id_number=ID)
    request = counter.approved(RequestKind.CONSULTATION, "D-1")
    counter.fetch("D-1")

    def visit(*ids: str) -> lending.Visit:
        return lending.Visit(uuid4(), request.number, "W1-RR", [(f"访客{n}", number) for n, number in enumerate(ids)])

    with pytest.raises(refusals.BadInput):
        lending.consult(counter.app, archive.keeper, visit(OTHER_ID), now())
    with pytest.raises(refusals.BadInput):
        lending.consult(counter.app, archive.keeper, visit(OTHER_ID, OTHER_ID), now())
    with pytest.raises(refusals.NotOwnOrRelative):
        lending.consult(counter.app, archive.keeper, visit(ID, OTHER_ID), now())
    lending.consult(counter.app, archive.keeper, visit(OTHER_ID, THIRD_ID), now())
    assert archive.where("D-1") == "W1-RR"
    told = archive.root.execute("SELECT details FROM act WHERE kind = 'consulted'").fetchone()
    assert told is not None and OTHER_ID not in told[0]
    lending.end_consultation(counter.app, archive.keeper, uuid4(), request.number, "W1-D1", now())
    assert (archive.where("D-1"), counter.state(request.number)) == ("W1-D1", "closed")


def test_a_scan_is_given_where_there_is_one_and_the_paper_stays(counter: Counter) -> None:
    archive = counter.archive
    counter.dossier("D-1")
    request = counter.approved(RequestKind.SCAN, "D-1", purpose=Purpose.SOCIAL_INSURANCE)
    with pytest.raises(refusals.BadInput):
        lending.give_scan(counter.app, archive.clerk, uuid4(), request.number, now())
    archive.place("W1-S1", "digitisation", parent="W1")
    counter.fetch("D-1")
    with archive.app.transaction(archive.keeper) as session:
        told = {"batch": "SB-1", "pieces": 12, "pages": 40, "sha256": "0" * 64, "link": "scan/D-1.pdf"}
        sent = archive.asked(ActKind.SENT_TO_SCAN, "D-1", "W1-S1", authority="SB-1", details=told)
        custody.write(raw(session), archive.keeper, sent, through="digitisation")
        back = archive.asked(ActKind.SCANNED, "D-1", "W1-D1", authority="SB-1", details=told)
        custody.write(raw(session), archive.keeper, back, through="digitisation")
    archive.act(ActKind.SHELVED, "D-1", "A-01")
    closed = lending.give_scan(counter.app, archive.clerk, uuid4(), request.number, now())
    assert isinstance(closed, RequestView) and closed.state is RequestState.CLOSED
    assert archive.where("D-1") == "A-01"
