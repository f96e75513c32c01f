"""An agency moves in: a list, boxes, what differs, two signatures, and weeks in between."""

from pathlib import Path
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.arrivals import ArrivalState, Channel, DifferenceKind, ListRow, Reached
from inventory.domain.identifiers import VolumeName, is_own_dossier_number, new_dossier_number, read_id_number
from inventory.domain.people import Role
from inventory.operations import announcing, arriving, custody, placing, tagging
from inventory.operations.accepting import Acceptance, Reviewed, accept
from inventory.operations.announcing import Announcement
from inventory.operations.arriving import BoxCount, Finding, Signing
from inventory.operations.custody import Asked, Seen
from inventory.operations.finding import find_dossiers
from inventory.operations.tagging import Printed
from inventory.operations.verifying import verify_ledger
from tests.arrivals.conftest import LIST, ONE_ENGINE, announced, count, delivered, now, settle
from tests.conftest import Archive
from tests.web.stock import id_number


def reached(archive: Archive, number: str) -> dict[Reached, int]:
    counts = placing.open_arrival(archive.app, archive.keeper, number, now()).progress
    return {step: lines for step, lines in counts.items() if lines}


def test_a_county_moves_in_from_its_list_to_the_shelf(yard: Archive, tmp_path: Path) -> None:
    number = announced(yard, tmp_path)
    assert number == "A-000001"
    assert reached(yard, number) == {Reached.LISTED: 6, Reached.UNIDENTIFIED: 1}
    (found,) = find_dossiers(yard.app, yard.keeper, "刘洋", now()).dossiers
    assert found.number == "LC-004" and found.volumes[0].ledger is None  # expected: registered, not here
    delivered(yard, number)
    box = count(yard, number, "1", ["LC-001", "LC-002", "LC-004", "LC-999"])
    assert [line.number for line in box.missing] == ["LC-003"]
    assert [line.number for line in box.extra] == ["LC-999"]
    assert [line.number for line in box.other_box] == ["LC-004"]
    assert (box.counted, box.closed) == (3, False)
    # A week later the rest of the box; what was scanned before is not counted again.
    box = count(yard, number, "1", ["LC-003", "LC-001", "LC-999", "A-01"], done=True)
    assert (box.counted, box.missing, len(box.extra), box.closed) == (4, (), 1, True)
    assert yard.where("LC-004") == yard.where("LC-003") == "W1-IN"
    own = placing.open_arrival(yard.app, yard.keeper, number, now()).lines[5].volume
    assert own is not None and own.startswith("370112-01-0000001-") and is_own_dossier_number(own)
    count(yard, number, "2", ["LC-005"], nameless=["无封面"], done=True)
    settle(yard, number)
    view = placing.open_arrival(yard.app, yard.keeper, number, now())
    assert view.arrival.state == ArrivalState.SETTLED
    assert reached(yard, number) == {
        Reached.COUNTED: 5, Reached.MISSING: 2, Reached.EXTRA: 1, Reached.UNIDENTIFIED: 1,
    }  # fmt: skip
    volumes = [VolumeName(f"LC-00{one}") for one in (1, 2, 3, 4, 5)]
    labels = [Printed(volume, epc, epc, code=str(volume)) for epc, volume in zip(epcs(5), volumes, strict=True)]
    assert tagging.bind(yard.app, yard.keeper, uuid4(), labels, now()) == 5
    taken = Acceptance(uuid4(), [Reviewed(volume, 12) for volume in volumes], yard.second)
    assert accept(yard.app, yard.keeper, taken, now()) == 5
    placing.plan_places(yard.app, yard.keeper, number, "W1-R1", 100)
    for shelf, some in (("A-01", volumes[:4]), ("A-02", volumes[4:])):
        asked = Asked(uuid4(), ActKind.SHELVED, [Seen(volume) for volume in some], shelf, now())
        custody.record(yard.app, yard.keeper, asked)
    assert reached(yard, number)[Reached.SHELVED] == 5
    assert verify_ledger(yard.jobs).sound


def epcs(count: int) -> list[str]:
    return [f"{number:024X}" for number in range(0x3500_0000, 0x3500_0000 + count)]


@ONE_ENGINE
def test_an_envelope_that_turns_up_after_the_sheet_was_signed_opens_it_again(yard: Archive, tmp_path: Path) -> None:
    number = delivered(yard, announced(yard, tmp_path))
    count(yard, number, "1", ["LC-001", "LC-002"], done=True)
    count(yard, number, "2", ["LC-004", "LC-005"], done=True)
    settle(yard, number)
    count(yard, number, "3", ["LC-003"])
    sheet = arriving.discrepancies(yard.app, yard.keeper, number)
    assert sheet.arrival.state == ArrivalState.RECEIVED and sheet.signatures == ()
    differences = {(one.kind, one.volume) for one in sheet.sheet.differences}
    assert (DifferenceKind.OTHER_BOX, "LC-003") in differences
    assert (DifferenceKind.MISSING, "LC-003") not in differences


@ONE_ENGINE
def test_nobody_signs_before_all_is_counted_nor_what_he_has_not_seen(yard: Archive, tmp_path: Path) -> None:
    number = delivered(yard, announced(yard, tmp_path))
    seen = arriving.discrepancies(yard.app, yard.keeper, number)
    with pytest.raises(refusals.BatchStateForbids):
        arriving.sign(yard.app, yard.keeper, Signing(uuid4(), number, seen.hash), now())
    count(yard, number, "1", ["LC-001"], done=True)
    count(yard, number, "2", [], done=True)
    with pytest.raises(refusals.SheetChanged):
        arriving.sign(yard.app, yard.keeper, Signing(uuid4(), number, seen.hash), now())
    shown = arriving.discrepancies(yard.app, yard.keeper, number)
    signed = arriving.sign(
        yard.app, yard.keeper, Signing(uuid4(), number, shown.hash, "孙丽", "移交差异单 2026-3"), now()
    )
    assert [(side, name) for side, name, *_ in signed.signatures] == [("sender", "孙丽")]
    signed = arriving.sign(yard.app, yard.keeper, Signing(uuid4(), number, shown.hash), now())
    assert {side for side, *_ in signed.signatures} == {"sender", "receiver"}


@ONE_ENGINE
def test_all_errors_of_a_list_are_told_at_once_and_nothing_is_registered(yard: Archive, tmp_path: Path) -> None:
    yard.dossier("OLD", on="A-01")
    wrong = LIST + "3,OLD,张三,,,\n3,LC-001,王芳,,,\n3,NEW-7,,,,\n3,,,,,\n3,LC-8,某某,,0,\n"
    with pytest.raises(refusals.RegisterInvalid) as told:
        announced(yard, tmp_path, wrong)
    report = told.value.facts["report"]
    assert {(error.row, error.column) for error in report.errors} == {  # type: ignore[attr-defined]
        (2, "number"), (10, "number"), (9, "number"), (11, "name"), (12, "note"), (13, "volume"),
    }  # fmt: skip
    assert yard.root.execute("SELECT count(*) FROM arrival").fetchone() == (0,)
    assert yard.root.execute("SELECT count(*) FROM dossier").fetchone() == (1,)


@ONE_ENGINE
def test_a_list_sent_twice_is_announced_once(yard: Archive, tmp_path: Path) -> None:
    command = uuid4()
    assert announced(yard, tmp_path, command_id=command) == announced(yard, tmp_path, command_id=command)
    assert yard.root.execute("SELECT count(*) FROM arrival_line").fetchone() == (7,)
    with pytest.raises(refusals.CommandReused):
        announced(yard, tmp_path, LIST + "3,LC-9,王五,,,\n", command_id=command)


@ONE_ENGINE
def test_an_id_number_known_already_warns_on_old_stock_and_stops_new_material(yard: Archive, tmp_path: Path) -> None:
    citizen = id_number("37010219800101001")
    old = f"box,number,name,id_number\n1,LC-1,王芳,{citizen}\n1,LC-2,王芳,{citizen}\n"
    number = announced(yard, tmp_path, old)
    lines = placing.open_arrival(yard.app, yard.keeper, number, now()).lines
    assert [line.duplicate_of for line in lines] == ["LC-2", "LC-1"]
    row = ListRow("1", "LC-3", "王芳", read_id_number(citizen, historic=True))
    new = Announcement(uuid4(), "370112", "济南第二机床厂", historic=False)
    with pytest.raises(refusals.PersonKnown):
        announcing.announce(yard.app, yard.keeper, new, [(1, row)], now())
    confirmed = Announcement(uuid4(), "370112", "济南第二机床厂", historic=False, confirmed="原档遗失，重新建档")
    assert announcing.announce(yard.app, yard.keeper, confirmed, [(1, row)], now()).warnings == 1


@ONE_ENGINE
def test_another_agency_does_not_learn_who_has_a_dossier_by_registering_him(yard: Archive, tmp_path: Path) -> None:
    citizen = id_number("37010219800101001")
    announced(yard, tmp_path, f"box,number,name,id_number\n1,LC-1,王芳,{citizen}\n")
    yard.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区档案中心', 'county')")
    other = yard.person("other", yard.clerk.role, agency="370113")
    row = ListRow("1", None, "王芳", read_id_number(citizen, historic=True))
    new = Announcement(uuid4(), "370113", "长清某厂", historic=False)
    told = announcing.announce(yard.app, other, new, [(1, row)], now())
    assert told.warnings == 0
    assert placing.open_arrival(yard.app, other, told.number, now()).lines[0].duplicate_of is None
    assert placing.open_arrival(yard.app, yard.keeper, told.number, now()).lines[0].duplicate_of == "LC-1"
    with pytest.raises(refusals.NotAllowed):
        announcing.announce(yard.app, other, Announcement(uuid4(), "370112", "x"), [(1, row)], now())
    with pytest.raises(refusals.BatchNotFound):
        placing.open_arrival(yard.app, other, "A-000001", now())


@ONE_ENGINE
def test_new_material_has_a_name_and_a_right_id_number(yard: Archive) -> None:
    wrong = ListRow("1", "N-1", "王芳", read_id_number("370102198001010016", historic=True))
    new = Announcement(uuid4(), "370112", "某厂", historic=False)
    with pytest.raises(refusals.RegisterInvalid):
        announcing.announce(yard.app, yard.keeper, new, [(1, wrong)], now())


@ONE_ENGINE
def test_an_envelope_without_a_name_becomes_somebodys_when_somebody_finds_out(yard: Archive, tmp_path: Path) -> None:
    number = delivered(yard, announced(yard, tmp_path))
    box = count(yard, number, "1", ["LC-001", "LC-002", "LC-777"], nameless=["牛皮纸袋，无封面"], done=True)
    extra, nameless = box.extra
    # The nameless one is LC-003, which was missing; the extra one is somebody nobody had listed.
    found = Finding(uuid4(), number, nameless.line_id, ListRow("1", "LC-003", None, None))
    arriving.identify(yard.app, yard.keeper, found, now())
    arriving.identify(yard.app, yard.keeper, found, now())
    new = Finding(uuid4(), number, extra.line_id, ListRow("1", "LC-777", "孙悦", None))
    arriving.identify(yard.app, yard.keeper, new, now())
    assert yard.where("LC-003") == yard.where("LC-777") == "W1-IN"
    lines = {line.line_id: line.state for line in placing.open_arrival(yard.app, yard.keeper, number, now()).lines}
    assert (lines[nameless.line_id], lines[extra.line_id]) == ("resolved", "counted")
    assert [one.kind for one in arriving.discrepancies(yard.app, yard.keeper, number).sheet.differences] == ["extra"]
    with pytest.raises(refusals.BatchStateForbids):
        arriving.identify(yard.app, yard.keeper, Finding(uuid4(), number, extra.line_id, new.row), now())


@ONE_ENGINE
def test_what_a_person_carried_in_himself_goes_to_quarantine_and_never_on_a_shelf(yard: Archive) -> None:
    row = ListRow("1", "SELF-1", "王芳", None)
    told = announcing.announce(
        yard.app, yard.keeper, Announcement(uuid4(), "370112", "本人", historic=False), [(1, row)], now()
    )
    with pytest.raises(refusals.WrongKindOfPlace):
        delivered(yard, told.number, Channel.SELF, "W1-IN")
    delivered(yard, told.number, Channel.SELF, "W1-Q")
    count(yard, told.number, "1", ["SELF-1"], done=True)
    assert yard.where("SELF-1") == "W1-Q"
    with pytest.raises(refusals.MarkForbids):
        yard.act(ActKind.CLEARED, "SELF-1", "W1-D1", reason="核对无误", witness=yard.second)
    with pytest.raises(refusals.Conflict):
        accept(yard.app, yard.keeper, Acceptance(uuid4(), [Reviewed(VolumeName("SELF-1"), 9)], yard.second), now())


@ONE_ENGINE
def test_a_broken_seal_is_an_act_and_stands_on_the_sheet(yard: Archive, tmp_path: Path) -> None:
    number = delivered(yard, announced(yard, tmp_path))
    count(yard, number, "1", ["LC-001", "LC-002"], broken=["LC-002"])
    kinds = [kind for (kind,) in yard.root.execute("SELECT kind FROM act ORDER BY sequence")]
    assert kinds == ["received", "received", "seal_broken"]
    (difference,) = arriving.discrepancies(yard.app, yard.keeper, number).sheet.differences
    assert (difference.kind, difference.volume) == (DifferenceKind.SEAL_BROKEN, "LC-002")


@ONE_ENGINE
def test_nothing_is_counted_before_it_came_and_it_comes_once(yard: Archive, tmp_path: Path) -> None:
    number = announced(yard, tmp_path)
    with pytest.raises(refusals.BatchStateForbids):
        count(yard, number, "1", ["LC-001"])
    delivered(yard, number)
    with pytest.raises(refusals.BatchStateForbids):
        delivered(yard, number)
    command = BoxCount(uuid4(), number, "1", ["LC-001", "X"])
    first = arriving.count_box(yard.app, yard.keeper, command, now())
    assert arriving.count_box(yard.app, yard.keeper, command, now()) == first
    with pytest.raises(refusals.BatchNotFound):
        count(yard, "A-000099", "1", [])
    with pytest.raises(refusals.NotAllowed):
        arriving.count_box(yard.app, yard.person("audit", Role.AUDITOR), BoxCount(uuid4(), number, "1"), now())


@ONE_ENGINE
def test_the_space_plan_fills_shelves_in_walking_order_and_says_what_does_not_fit(
    yard: Archive, tmp_path: Path
) -> None:
    yard.dossier("HERE", on="A-01")
    listed = "box,number,name\n" + "".join(f"1,P-{n:02},王芳\n" for n in range(12))
    number = delivered(yard, announced(yard, tmp_path, listed))
    view, unplaced = placing.plan_places(yard.app, yard.keeper, number, "W1-R1", 100)
    assert [(shelf.place, shelf.standing, shelf.coming) for shelf in view.plan] == [
        ("A-01", 1, 3), ("A-02", 0, 4), ("A-03", 0, 4),
    ]  # fmt: skip
    assert unplaced == 1
    view, unplaced = placing.plan_places(yard.app, yard.keeper, number, "W1-R1", 50)
    assert ([shelf.coming for shelf in view.plan], unplaced) == ([1, 2, 2], 7)


@ONE_ENGINE
def test_numbers_go_on_behind_those_an_imported_register_brought(yard: Archive) -> None:
    yard.root.execute("INSERT INTO subject (name) VALUES ('x')")
    for running in (1, 2, 40):
        yard.dossier(new_dossier_number("370112", "01", running))
    row = ListRow("1", None, "王芳", None)
    told = announcing.announce(yard.app, yard.keeper, Announcement(uuid4(), "370112", "x"), [(1, row)], now())
    assert told.dossiers[0].startswith("370112-01-0000041-")
