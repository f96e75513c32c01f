"""Who is said to have signed beside an act has typed a PIN there, just now: the ledger asks, not only the page."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import NoSuchAddress, SecondPersonNotProven
from inventory.operations import consigning, custody, receiving, register_work
from inventory.operations.consigning import Sealing
from inventory.operations.countersigning import countersign, set_pin
from inventory.operations.custody import Asked, Seen
from inventory.operations.receiving import Outcome, Settling
from inventory.operations.register_work import Duplicate
from tests.conftest import Archive
from tests.consigning.journey import arrive, colleague, packed, underway

PIN = "271828"


@pytest.fixture
def desk(archive: Archive) -> Archive:
    """Two dossiers on a desk; the second keeper has a PIN and has signed nothing yet."""
    archive.shelf("A-01")
    archive.desk()
    for number in ("D-1", "D-2"):
        archive.dossier(number, on="A-01")
        archive.act(ActKind.PICKED, number, "W1-D1", authority="令 1")
    set_pin(archive.owner, "second", PIN)
    nobody_signed(archive)
    return archive


def nobody_signed(archive: Archive) -> None:
    archive.root.execute("DELETE FROM countersignature")


def opening(archive: Archive, *volumes: str, command: UUID | None = None) -> Asked:
    """Envelopes are opened, and the second keeper is said to stand beside."""
    seen = [Seen(VolumeName.parse(volume)) for volume in volumes]
    return Asked(
        command or uuid4(), ActKind.OPENED, seen, None, datetime.now(UTC), authority="令 1", witness=archive.second
    )


def opened(archive: Archive, viewer: Viewer, *volumes: str, command: UUID | None = None) -> int:
    return custody.record(archive.app, viewer, opening(archive, *volumes, command=command))


def test_nobody_signs_beside_without_having_proven_it(desk: Archive) -> None:
    with pytest.raises(SecondPersonNotProven):
        opened(desk, desk.keeper, "D-1")
    countersign(desk.app, desk.keeper, "second", PIN)
    assert opened(desk, desk.keeper, "D-1", "D-2") == 2, "one PIN holds for the whole batch"


def test_one_pin_is_one_command(desk: Archive) -> None:
    command = uuid4()
    countersign(desk.app, desk.keeper, "second", PIN)
    assert opened(desk, desk.keeper, "D-1", command=command) == 1
    assert opened(desk, desk.keeper, "D-1", command=command) == 0, "sent twice, nothing is asked twice"
    with pytest.raises(SecondPersonNotProven):
        opened(desk, desk.keeper, "D-2")


def test_what_is_rolled_back_uses_no_signature_up(desk: Archive) -> None:
    countersign(desk.app, desk.keeper, "second", PIN)

    def broken_off() -> None:
        with desk.app.transaction(desk.keeper) as session:
            custody.write(session.connection, desk.keeper, opening(desk, "D-1"))
            raise NoSuchAddress

    with pytest.raises(NoSuchAddress):
        broken_off()
    assert opened(desk, desk.keeper, "D-1") == 1


def test_a_signature_is_good_beside_the_session_it_was_given_for_and_for_five_minutes(desk: Archive) -> None:
    other = desk.person("third", Role.KEEPER)
    nobody_signed(desk)
    countersign(desk.app, other, "second", PIN)
    with pytest.raises(SecondPersonNotProven):
        opened(desk, desk.keeper, "D-1")
    countersign(desk.app, desk.keeper, "second", PIN)
    desk.root.execute("UPDATE countersignature SET expires_at = expires_at - interval '5 minutes'")
    with pytest.raises(SecondPersonNotProven):
        opened(desk, desk.keeper, "D-1")


def test_a_signature_of_somebody_else_is_not_the_one_told(desk: Archive) -> None:
    desk.person("third", Role.KEEPER)
    nobody_signed(desk)
    set_pin(desk.owner, "third", PIN)
    countersign(desk.app, desk.keeper, "third", PIN)
    with pytest.raises(SecondPersonNotProven):
        opened(desk, desk.keeper, "D-1")


def test_of_two_commands_at_once_each_takes_a_signature_of_its_own(desk: Archive) -> None:
    for _ in range(2):
        countersign(desk.app, desk.keeper, "second", PIN)
    with ThreadPoolExecutor(2) as hands:
        assert list(hands.map(lambda volume: opened(desk, desk.keeper, volume), ("D-1", "D-2"))) == [1, 1]


def test_where_no_person_stands_before_it_none_is_asked(desk: Archive) -> None:
    """An import says beside whom the paper was signed; nobody is there who could type a PIN."""
    with desk.owner.transaction(desk.keeper) as session:
        assert custody.write(session.connection, desk.keeper, opening(desk, "D-1")) == 1


def sealing(archive: Archive) -> Callable[[], object]:
    number = packed(archive, "D-8")
    consigning.check_set(archive.app, archive.keeper, number, ["D-8"], datetime.now(UTC))
    asked = Sealing(uuid4(), number, "S-1", archive.second)
    return lambda: consigning.seal(archive.app, archive.keeper, asked, datetime.now(UTC))


def settling(archive: Archive) -> Callable[[], object]:
    number, second = underway(archive, "D-8", "D-9"), colleague(archive)
    (row,) = arrive(archive, number, ["D-8"]).discrepancies
    asked = Settling(uuid4(), row.discrepancy_id, Outcome.ARRIVED, reason="已与递送人核实", witness=second, place="N-1")
    return lambda: receiving.settle(archive.app, archive.clerk, asked, datetime.now(UTC))


def merging(archive: Archive) -> Callable[[], object]:
    archive.shelf("A-09")
    for number in ("D-8", "D-9"):
        archive.dossier(number, on="A-09")
    head = archive.person("head", Role.AGENCY_HEAD, agency="370112")
    asked = Duplicate(uuid4(), "D-9", "D-8", "id_card", "核验记录 1", "令 1", archive.clerk)
    return lambda: register_work.merge_duplicate(archive.app, head, asked, datetime.now(UTC))


@pytest.mark.parametrize("work", [sealing, settling, merging])
def test_whatever_else_takes_two_asks_as_well(
    archive: Archive, work: Callable[[Archive], Callable[[], object]]
) -> None:
    done_by_two = work(archive)
    nobody_signed(archive)
    with pytest.raises(SecondPersonNotProven):
        done_by_two()
