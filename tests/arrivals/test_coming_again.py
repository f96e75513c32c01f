"""What was sent back, or went away for good, comes again under its own number; nobody else's does."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.arrivals import Channel, ListRow, Reached
from inventory.domain.identifiers import VolumeName, read_id_number
from inventory.operations import accepting, announcing, arriving, placing
from inventory.operations.accepting import Acceptance, Reviewed, Turning
from inventory.operations.announcing import Announcement
from inventory.operations.arriving import Finding
from tests.arrivals.conftest import ONE_ENGINE, count, delivered, now
from tests.conftest import Archive

ID, ANOTHER_ID = "11010519491231002X", "440524188001010014"

pytestmark = ONE_ENGINE


def expect(archive: Archive, id_number: str | None = ID, name: str | None = "王芳", agency: str = "370112") -> str:
    """B-1 is announced; returns the arrival's number."""
    row = ListRow("1", "B-1", name, None if id_number is None else read_id_number(id_number, historic=True))
    announcement = Announcement(uuid4(), agency, "山东建筑大学")
    return announcing.announce(archive.app, archive.keeper, announcement, [(1, row)], now()).number


def sent_back(archive: Archive) -> str:
    """B-1 came in the person's own hands and was sent back to the school; returns the arrival's number."""
    number = delivered(archive, expect(archive), Channel.SELF, "W1-Q")
    count(archive, number, "1", ["B-1"], done=True)
    turning = Turning(uuid4(), [VolumeName("B-1")], ["self_carried"], "退档函 9号", "ems")
    accepting.refuse(archive.app, archive.keeper, turning, now())
    return number


def reached(archive: Archive, number: str) -> set[Reached]:
    shown = placing.open_arrival(archive.app, archive.keeper, number, now())
    return {Reached(line.reached) for line in shown.lines}


def test_a_dossier_sent_back_comes_again_by_courier_and_its_own_number(yard: Archive) -> None:
    first = sent_back(yard)
    again = delivered(yard, expect(yard))
    count(yard, again, "1", ["B-1"], done=True)
    kinds = yard.root.execute("SELECT kind FROM act ORDER BY sequence").fetchall()
    assert [kind for (kind,) in kinds] == ["self_carried", "refused", "received_again"]
    assert (reached(yard, first), reached(yard, again)) == ({Reached.REFUSED}, {Reached.COUNTED})
    accepting.accept(yard.app, yard.keeper, Acceptance(uuid4(), [Reviewed(VolumeName("B-1"), 9)], yard.second), now())
    yard.act(ActKind.SHELVED, "B-1", "A-01")
    assert (reached(yard, first), reached(yard, again)) == ({Reached.REFUSED}, {Reached.SHELVED})
    with pytest.raises(refusals.RegisterInvalid):  # it is here
        expect(yard)


@pytest.mark.parametrize(
    "told",
    [
        lambda archive: expect(archive, ANOTHER_ID),
        lambda archive: expect(archive, None),
        lambda archive: expect(archive, name=None),
        lambda archive: expect(archive, name="李强"),
        lambda archive: expect(archive, agency="370113"),
    ],
    ids=["another ID number", "no ID number", "no name", "another name", "another agency"],
)
def test_a_number_alone_does_not_say_that_it_is_the_same_persons(yard: Archive, told: Callable[[Archive], str]) -> None:
    yard.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区档案中心', 'county')")
    sent_back(yard)
    with pytest.raises(refusals.RegisterInvalid):
        told(yard)


def test_carried_by_the_person_a_second_time_it_is_not_taken_in(yard: Archive) -> None:
    sent_back(yard)
    again = delivered(yard, expect(yard), Channel.SELF, "W1-Q")
    with pytest.raises(refusals.ReturnSelfCarried) as told:
        count(yard, again, "1", ["B-1"], done=True)
    assert told.value.rule == "self_carried_is_quarantined"
    assert yard.where("B-1") == "COURIER-EMS"


def test_what_comes_again_without_being_listed_is_found_out(yard: Archive) -> None:
    sent_back(yard)
    row = ListRow("1", "B-2", "刘洋", None)
    told = announcing.announce(yard.app, yard.keeper, Announcement(uuid4(), "370112", "学校"), [(1, row)], now())
    delivered(yard, told.number)
    (extra,) = count(yard, told.number, "1", ["B-1", "B-2"], done=True).extra
    known = ListRow("1", "B-1", "王芳", read_id_number(ID, historic=True))
    arriving.identify(yard.app, yard.keeper, Finding(uuid4(), told.number, extra.line_id, known), now())
    assert yard.where("B-1") == "W1-IN"
