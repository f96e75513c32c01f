"""What was lent or sent is searched for and turns up: its request comes home with it, whichever volume comes first."""

from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.identifiers import VolumeName
from inventory.domain.request_rules import ComesBack
from inventory.domain.requests import Occasion, RequestKind
from inventory.operations import lending, searching, transferring
from inventory.operations.picking import WaveAsked, make_wave
from inventory.operations.searching import Finding
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import MEN, Counter, now

pytestmark = ONE_ENGINE
WHOLE = ComesBack(seal_intact=True, pieces=12)
BOTH = {"D-1": "F-1", "D-1/2": "F-2"}


def missed(counter: Counter, volume: str) -> str:
    told = VolumeName.parse(volume)
    app, keeper = counter.app, counter.archive.keeper
    return searching.begin_search(app, keeper, told, command_id=uuid4(), now=now(), reason="对方称没有")


def found(counter: Counter, case: str, place: str) -> None:
    searching.found(counter.app, counter.archive.keeper, case, Finding(uuid4(), place, "在此"), now())


def fetched(counter: Counter) -> None:
    for volume in BOTH:
        counter.fetch(volume)


def lent(counter: Counter) -> str:
    """A dossier of two volumes is with the notary."""
    counter.dossier("D-1", volumes=2)
    number = counter.approved(RequestKind.LOAN, "D-1").number
    fetched(counter)
    handing = lending.HandingOut(uuid4(), number, MEN, BOTH)
    lending.lend(counter.app, counter.archive.keeper, handing, counter.archive.second, now())
    return number


def sent(counter: Counter) -> str:
    """A dossier of two volumes is on its way to the factory."""
    counter.dossier("D-1", volumes=2)
    number = counter.transfer("D-1", occasion=Occasion.JOB_CHANGE).number
    fetched(counter)
    send(counter, number)
    return number


def send(counter: Counter, number: str) -> None:
    sending = transferring.Sending(uuid4(), number, BOTH, dict.fromkeys(BOTH, 12), "77")
    transferring.send(counter.app, counter.archive.keeper, sending, counter.archive.second, now())


def test_a_loan_of_which_one_volume_is_searched_for_ends_when_the_last_is_there(counter: Counter) -> None:
    number = lent(counter)
    case = missed(counter, "D-1/2")
    counter.give_back(number, {"D-1": WHOLE})
    assert (counter.state(number), counter.archive.where("D-1")) == ("out", "W1-D1")
    found(counter, case, "A-01")
    assert (counter.state(number), counter.value(number, "done_at") is not None) == ("closed", True)


def test_a_loan_of_which_one_volume_was_found_at_home_ends_when_the_other_is_brought_back(counter: Counter) -> None:
    number = lent(counter)
    found(counter, missed(counter, "D-1/2"), "A-01")
    assert counter.state(number) == "out"
    counter.give_back(number, {"D-1": WHOLE})
    assert (counter.state(number), counter.archive.where("D-1/2")) == ("closed", "A-01")


def test_a_transfer_found_on_its_shelf_is_picked_and_sent_again(counter: Counter) -> None:
    number = sent(counter)
    cases = [missed(counter, volume) for volume in BOTH]
    back = transferring.Undelivered(uuid4(), number, "W1-D1", "查无此件", dict.fromkeys(BOTH, WHOLE))
    with pytest.raises(refusals.WrongOrigin):
        transferring.undelivered(counter.app, counter.archive.keeper, back, counter.archive.second, now())
    for case in cases:
        assert counter.state(number) == "out"
        found(counter, case, "A-01")
    assert (counter.state(number), counter.value(number, "sent_on")) == ("approved", None)
    wave = make_wave(counter.app, counter.archive.keeper, WaveAsked(uuid4(), "W1"), now())
    assert wave.picks == len(BOTH)


def test_a_transfer_half_undelivered_and_half_found_is_sent_again_whole(counter: Counter) -> None:
    number = sent(counter)
    case = missed(counter, "D-1/2")
    back = transferring.Undelivered(uuid4(), number, "W1-D1", "地址有误", {"D-1": WHOLE})
    transferring.undelivered(counter.app, counter.archive.keeper, back, counter.archive.second, now())
    assert counter.state(number) == "out"
    found(counter, case, "W1-D1")
    assert counter.state(number) == "ready"
    send(counter, number)
    assert {counter.archive.where(volume) for volume in BOTH} == {"COURIER-CONFIDENTIAL"}
