"""A dossier leaves for good: because somebody entitled asks, whole, by the right channel, until its receipt is back."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.institutions import InstitutionClass
from inventory.domain.jurisdiction import Circumstance, Depositor
from inventory.domain.request_rules import ComesBack
from inventory.domain.requests import Initiator, Occasion, RequestKind, RequestState
from inventory.domain.travelling import Career, Channel
from inventory.operations import custody, deciding, reminding, transferring
from inventory.operations.asking import Asking
from inventory.operations.institutions import NewInstitution, register_institution
from inventory.operations.request_lists import receipts_missing
from inventory.operations.request_views import RequestView, local_day
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import Counter, now

pytestmark = ONE_ENGINE
WHOLE = ComesBack(seal_intact=True, pieces=12)


def receipt(counter: Counter, number: str, received_on: date | None = None) -> RequestView:
    told = transferring.Receipt(uuid4(), number, "回执 77", received_on or local_day(now()))
    seen = transferring.confirm_receipt(counter.app, counter.archive.clerk, told, now())
    assert isinstance(seen, RequestView)
    return seen


def sent(counter: Counter, dossier: str, **more: object) -> RequestView:
    request = counter.transfer(dossier, **more)  # type: ignore[arg-type]
    counter.fetch(dossier)
    return counter.send(request.number, dossier)


def test_a_transfer_goes_from_request_to_receipt(counter: Counter) -> None:
    counter.dossier("D-1")
    counter.career("D-1")
    request = counter.transfer("D-1")
    assert (request.state, request.channel, counter.legal("D-1")) == (
        RequestState.APPROVED,
        Channel.EMS,
        "transfer_pending",
    )
    year = local_day(now()).year
    assert request.notice == f"370112档转字第{year}0001号"
    counter.fetch("D-1")
    out = counter.send(request.number, "D-1")
    assert (out.state, out.sent_on, counter.archive.where("D-1")) == (RequestState.OUT, local_day(now()), "COURIER-EMS")
    assert [seen.number for seen in receipts_missing(counter.app, counter.head, now()).requests] == [request.number]
    assert receipts_missing(counter.app, counter.stranger, now()).requests == ()
    closed = receipt(counter, request.number)
    assert (closed.state, closed.receipt_number, counter.legal("D-1")) == (
        RequestState.CLOSED,
        "回执 77",
        "transferred",
    )
    assert counter.archive.where("D-1") == "RCP-FACTORY"
    with pytest.raises(refusals.LegalStateForbids):
        counter.ask(counter.form(RequestKind.LOAN, "D-1"))


def test_nobody_but_employer_or_person_sends_a_dossier_away(counter: Counter) -> None:
    counter.dossier("D-1")
    form = counter.form(
        RequestKind.TRANSFER,
        "D-1",
        occasion=Occasion.JOB_CHANGE,
        institution="FACTORY",
        initiator=Initiator.INSTITUTION,
    )
    with pytest.raises(refusals.NoExpulsion):
        counter.ask(form)


@pytest.mark.parametrize("career", [career for career in Career if career is not Career.NONE])
def test_the_dossier_of_whoever_was_of_the_state_never_goes_by_ems(counter: Counter, career: Career) -> None:
    counter.dossier("D-1")
    counter.career("D-1")
    counter.career("D-1", career)
    with pytest.raises(refusals.NeverByEms):
        counter.ask(
            counter.form(
                RequestKind.TRANSFER, "D-1", occasion=Occasion.JOB_CHANGE, institution="FACTORY", channel=Channel.EMS
            )
        )
    assert counter.transfer("D-1").channel is Channel.CONFIDENTIAL


def test_what_goes_to_a_state_body_or_is_of_unknown_career_travels_as_strictly(counter: Counter) -> None:
    counter.dossier("D-1")
    counter.dossier("D-2")
    counter.career("D-2")
    unknown = counter.form(
        RequestKind.TRANSFER, "D-1", occasion=Occasion.JOB_CHANGE, institution="FACTORY", channel=Channel.EMS
    )
    with pytest.raises(refusals.NeverByEms, match="未登记"):
        counter.ask(unknown)
    court = counter.form(
        RequestKind.TRANSFER, "D-2", occasion=Occasion.JOB_CHANGE, institution="COURT", channel=Channel.EMS
    )
    with pytest.raises(refusals.NeverByEms, match="法院"):
        counter.ask(court)
    assert counter.transfer("D-2", to="COURT", channel=Channel.STAFF).channel is Channel.STAFF


@pytest.mark.parametrize(
    ("occasion", "missing"),
    [(Occasion.GRADUATE_LEAVING, "终止"), (Occasion.JOB_CHANGE, "调档函"), (Occasion.RETIREMENT, "退休")],
)
def test_each_case_needs_its_own_papers(counter: Counter, occasion: Occasion, missing: str) -> None:
    counter.dossier("D-1")
    form = counter.form(RequestKind.TRANSFER, "D-1", occasion=occasion, institution="TOWNSHIP", letters={})
    with pytest.raises(refusals.SlotMissing, match=missing):
        counter.ask(form)


def test_an_employer_has_no_say_over_what_the_person_deposited(counter: Counter) -> None:
    counter.dossier("D-1")
    counter.deposited("D-1", "individual")
    employer = counter.form(
        RequestKind.TRANSFER, "D-1", occasion=Occasion.JOB_CHANGE, institution="FACTORY", initiator=Initiator.EMPLOYER
    )
    with pytest.raises(refusals.InitiatorIsNotDepositor):
        counter.ask(employer)
    counter.deposited("D-1", "employer")
    person = counter.form(RequestKind.TRANSFER, "D-1", occasion=Occasion.JOB_CHANGE, institution="FACTORY")
    with pytest.raises(refusals.SlotMissing, match="劳动关系"):
        counter.ask(person)
    counter.ask(employer)


def test_a_dossier_moves_on_to_an_agency_that_may_hold_it(counter: Counter) -> None:
    counter.dossier("D-1")
    for code, agency in (("CHANGQING", "370113"), ("QINGDAO", None)):
        new = NewInstitution(uuid4(), code, code, InstitutionClass.AGENCY, "长清区1号", agency)
        register_institution(counter.app, counter.archive.clerk, new, now())

    def form(to: str, depositor: Depositor | None, **more: Any) -> Asking:
        return counter.form(
            RequestKind.TRANSFER, "D-1", occasion=Occasion.AGENCY_MOVE, institution=to, depositor=depositor, **more
        )

    here = Depositor(Circumstance.FREELANCER, hukou="370112")
    with pytest.raises(refusals.BadInput, match="存档情形"):
        counter.ask(form("CHANGQING", None))
    with pytest.raises(refusals.MayNotHold, match="370112"):
        counter.ask(form("CHANGQING", here))
    there = counter.ask(form("CHANGQING", Depositor(Circumstance.FREELANCER, hukou="370113")))
    assert there.move_rule == "former_employer_or_hukou"
    assert (
        counter.ask(form("QINGDAO", Depositor(Circumstance.GRADUATE, workplace="370202"))).move_rule
        == "graduate_choice"
    )
    nearest = counter.ask(form("CHANGQING", here, nearest_reason="行动不便，就近办理"))
    assert nearest.move_rule == "nearest_place_override"
    assert counter.approve(nearest.number).decided_by == "head"


def test_a_retired_persons_dossier_goes_to_the_township_alone(counter: Counter) -> None:
    counter.dossier("D-1")
    with pytest.raises(refusals.RetirementToTownship):
        counter.ask(counter.form(RequestKind.TRANSFER, "D-1", occasion=Occasion.RETIREMENT, institution="FACTORY"))
    request = counter.transfer("D-1", Occasion.RETIREMENT, "TOWNSHIP", initiator=Initiator.INSTITUTION)
    counter.fetch("D-1")
    counter.send(request.number, "D-1")
    receipt(counter, request.number)
    assert counter.legal("D-1") == "retired_transferred"


def test_a_retirement_recorded_before_bars_every_other_way(counter: Counter) -> None:
    counter.dossier("D-1")
    archive = counter.archive
    custody.record(archive.app, counter.head, archive.asked(ActKind.RETIRED, "D-1", None, authority="退休审批 1"))
    with pytest.raises(refusals.RetirementToTownship):
        counter.ask(counter.form(RequestKind.TRANSFER, "D-1", occasion=Occasion.JOB_CHANGE, institution="FACTORY"))
    counter.transfer("D-1", Occasion.RETIREMENT, "TOWNSHIP")


def test_after_a_death_a_dossier_stays_five_years_and_then_goes_to_the_archives_alone(counter: Counter) -> None:
    archive = counter.archive
    for number, died_on in (("D-1", "2020-02-29"), ("D-2", (local_day(now()) - timedelta(days=5 * 365)).isoformat())):
        counter.dossier(number)
        dead = archive.asked(ActKind.DECEASED, number, None, authority="死亡证明", details={"died_on": died_on})
        custody.record(archive.app, archive.clerk, dead)
    with pytest.raises(refusals.DeathToArchives):
        counter.ask(counter.form(RequestKind.TRANSFER, "D-1", occasion=Occasion.DEATH, institution="FACTORY"))
    with pytest.raises(refusals.DeathToArchives):
        counter.ask(counter.form(RequestKind.TRANSFER, "D-1", occasion=Occasion.JOB_CHANGE, institution="FACTORY"))
    with pytest.raises(refusals.KeptAfterDeath):  # five years and a day or two too early
        counter.ask(counter.form(RequestKind.TRANSFER, "D-2", occasion=Occasion.DEATH, institution="ARCHIVES"))
    with pytest.raises(refusals.LegalStateForbids):
        counter.ask(counter.form(RequestKind.LOAN, "D-1"))
    request = counter.transfer("D-1", Occasion.DEATH, "ARCHIVES", initiator=Initiator.INSTITUTION)
    counter.fetch("D-1")
    counter.send(request.number, "D-1")
    receipt(counter, request.number)
    assert (counter.legal("D-1"), archive.where("D-1")) == ("archives_handed", "RCP-ARCHIVES")


def test_a_dossier_travels_whole_or_not_at_all(counter: Counter) -> None:
    counter.dossier("D-1", volumes=2)
    request = counter.transfer("D-1")
    counter.fetch("D-1")
    both = transferring.Sending(uuid4(), request.number, {"D-1": "F-1", "D-1/2": "F-2"}, {"D-1": 12, "D-1/2": 3}, "1")
    with pytest.raises(refusals.WholeNeverInParts):
        transferring.send(counter.app, counter.archive.keeper, both, counter.archive.second, now())
    counter.fetch("D-1/2")
    out = transferring.send(counter.app, counter.archive.keeper, both, counter.archive.second, now())
    assert isinstance(out, RequestView) and out.state is RequestState.OUT
    receipt(counter, request.number)
    assert counter.archive.where("D-1/2") == "RCP-FACTORY"


def test_a_started_transfer_is_cancelled_with_its_request(counter: Counter) -> None:
    counter.dossier("D-1")
    request = counter.transfer("D-1")
    deciding.withdraw(counter.app, counter.archive.clerk, uuid4(), request.number, "本人撤回申请", now())
    assert (counter.legal("D-1"), counter.state(request.number)) == ("held", "withdrawn")
    assert counter.transfer("D-1").notice == f"370112档转字第{local_day(now()).year}0002号"


def test_a_transfer_waits_until_what_was_approved_before_is_done(counter: Counter) -> None:
    counter.dossier("D-1")
    loan = counter.approved(RequestKind.LOAN, "D-1")
    with pytest.raises(refusals.RequestsAhead):
        counter.transfer("D-1")
    deciding.withdraw(counter.app, counter.archive.clerk, uuid4(), loan.number, "不再需要", now())
    assert counter.archive.root.execute("SELECT count(*) FROM transfer_notice").fetchone() == (0,), (
        "a refused approval takes no number"
    )
    number = counter.archive.root.execute("SELECT max(id) FROM request").fetchone()
    assert number is not None
    assert counter.approve(f"R-{number[0]:06d}").notice == f"370112档转字第{local_day(now()).year}0001号"


def test_what_comes_back_undelivered_is_ready_again_and_its_clock_stands_still(counter: Counter) -> None:
    counter.dossier("D-1")
    counter.career("D-1")
    request = sent(counter, "D-1")
    counter.set(request.number, sent_on=local_day(now()) - timedelta(days=40))
    back = transferring.Undelivered(
        uuid4(), request.number, "W1-D1", "收件单位搬迁", {"D-1": ComesBack(seal_intact=False, pieces=12)}
    )
    seen = transferring.undelivered(counter.app, counter.archive.keeper, back, None, now())
    assert isinstance(seen, RequestView) and (seen.state, seen.sent_on) == (RequestState.READY, None)
    assert reminding.remind(counter.archive.jobs, now()).chased == 0
    with pytest.raises(refusals.SealForbids):
        counter.send(request.number, "D-1")
    archive = counter.archive
    archive.act(ActKind.SEALED, "D-1", None, witness=archive.second, details={"seal_number": "F-1", "pieces": 12})
    counter.send(request.number, "D-1")
    receipt(counter, request.number)
    assert counter.legal("D-1") == "transferred"


def test_a_receipt_is_chased_after_a_month_escalated_after_two_and_suspected_lost(counter: Counter) -> None:
    counter.dossier("D-1")
    request = sent(counter, "D-1")
    assert reminding.remind(counter.archive.jobs, now()) == reminding.Reminded(0, 0, 0)
    counter.set(request.number, sent_on=local_day(now()) - timedelta(days=32))
    assert reminding.remind(counter.archive.jobs, now()) == reminding.Reminded(0, 1, 0)
    assert reminding.remind(counter.archive.jobs, now()) == reminding.Reminded(0, 0, 0)
    counter.set(
        request.number, sent_on=local_day(now()) - timedelta(days=64), chased_on=local_day(now()) - timedelta(days=32)
    )
    assert reminding.remind(counter.archive.jobs, now()) == reminding.Reminded(0, 0, 1)
    assert reminding.remind(counter.archive.jobs, now()) == reminding.Reminded(0, 0, 0)
    case = counter.archive.root.execute("SELECT state, request_id FROM search_case").fetchall()
    assert case == [("suspected", request.request_id)]
    events = counter.archive.root.execute("SELECT event FROM request_event ORDER BY id").fetchall()
    assert [event for (event,) in events][-2:] == ["chased", "escalated"]
    receipt(counter, request.number)
    assert receipts_missing(counter.app, counter.head, now()).requests == ()


def test_overdue_is_told_once(counter: Counter) -> None:
    counter.dossier("D-1")
    counter.dossier("D-2")
    loan = counter.approved(RequestKind.LOAN, "D-1")
    counter.fetch("D-1")
    counter.lend(loan.number, "D-1")
    transfer = counter.transfer("D-2")
    for number in (loan.number, transfer.number):
        counter.set(number, asked_at=now() - timedelta(days=60), due_on=local_day(now()) - timedelta(days=1))
    assert reminding.remind(counter.archive.jobs, now()).overdue == 2
    assert reminding.remind(counter.archive.jobs, now()).overdue == 0
