"""Two keepers at once, with real threads on real PostgreSQL, both engines: one wins, the other is told."""

from threading import Barrier, Thread
from uuid import uuid4

from inventory.domain import refusals
from inventory.domain.people import Viewer
from inventory.operations import consigning
from inventory.operations.consigning import Opening
from inventory.operations.verifying import verify_ledger
from tests.conftest import Archive
from tests.consigning.journey import bag, dispatching, ready, sealed
from tests.picking.requested import now, window


def test_two_bags_want_one_dossier_and_one_gets_it(archive: Archive) -> None:
    ready(archive, "D-1")
    window(archive)
    numbers = []
    for code in ("BAG-01", "BAG-02"):
        opening = Opening(uuid4(), bag(archive, code), "W1", "N-1")
        numbers.append(consigning.open_consignment(archive.app, archive.keeper, opening, now()).number)
    outcomes: list[str] = []
    start = Barrier(2)

    def pack(keeper: Viewer, number: str) -> None:
        start.wait()
        try:
            consigning.pack(archive.app, keeper, uuid4(), number, ["D-1"], now())
            outcomes.append("packed")
        except (refusals.VersionMoved, refusals.NotAtThisEnd, refusals.WrongOrigin, refusals.InAnotherBag) as told:
            outcomes.append("told" if "{" not in str(told) else str(told))

    hands = [Thread(target=pack, args=pair) for pair in zip((archive.keeper, archive.second), numbers, strict=True)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(outcomes) == ["packed", "told"]
    assert archive.root.execute("SELECT count(*) FROM consignment_volume WHERE state = 'packed'").fetchone() == (1,)
    assert verify_ledger(archive.jobs).sound


def test_a_bag_is_sent_once_however_many_hands_send_it(archive: Archive) -> None:
    number = sealed(archive, "D-1", "D-2")
    outcomes: list[str] = []
    start = Barrier(4)

    def send(keeper: Viewer, witness: Viewer) -> None:
        start.wait()
        try:
            consigning.dispatch(archive.app, keeper, dispatching(archive, number, witness=witness), now())
            outcomes.append("sent")
        except refusals.ConsignmentNotReady:
            outcomes.append("told")

    pairs = [(archive.keeper, archive.second), (archive.second, archive.keeper)] * 2
    hands = [Thread(target=send, args=pair) for pair in pairs]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(outcomes) == ["sent", "told", "told", "told"]
    assert archive.root.execute("SELECT count(*) FROM act WHERE kind = 'dispatched'").fetchone() == (2,)


def test_one_bag_makes_one_journey_at_a_time(archive: Archive) -> None:
    window(archive)
    code = bag(archive)
    outcomes: list[str] = []
    start = Barrier(4)

    def begin() -> None:
        start.wait()
        try:
            consigning.open_consignment(archive.app, archive.keeper, Opening(uuid4(), code, "W1", "N-1"), now())
            outcomes.append("opened")
        except refusals.BagInUse:
            outcomes.append("told")

    hands = [Thread(target=begin) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(outcomes) == ["opened", "told", "told", "told"]
