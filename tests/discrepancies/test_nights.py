"""Cases opened, told again and closed as sets, on a real database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.operations import searching
from tests.conftest import Archive
from tests.discrepancies.nights import DAY, Nights


def test_what_a_night_finds_is_one_case_however_many_nights_say_so(nights: Nights) -> None:
    for _ in range(3):
        nights.judged("D-1", "elsewhere", "B-2-1")
        nights.judged("D-2", "missing")
        nights.judged("D-3", "at_home", "B-1-1")
        cases = nights.pass_by()
    assert (cases.opened, cases.refreshed, cases.closed) == (0, 2, 0)
    assert [(one.kind, one.volume, one.ledger, one.radio, one.times) for one in nights.cases()] == [
        ("misplaced", "D-1", "B-1-1", "B-2-1", 3),
        ("missing", "D-2", "B-1-1", None, 3),
    ]


def test_where_it_moves_to_is_written_down_and_what_it_began_with_stays(nights: Nights, archive: Archive) -> None:
    nights.judged("D-1", "elsewhere", "B-2-1", 0.7)
    nights.pass_by()
    nights.judged("D-1", "elsewhere", "B-2-2", 0.9)
    nights.pass_by()
    row = archive.root.execute(
        "SELECT first.code, last.code, opened_probability, probability, (SELECT code FROM discrepancy_note "
        "JOIN place ON place.id = discrepancy_note.place_id WHERE event = 'moved') FROM discrepancy "
        "JOIN place AS first ON first.id = opened_radio_place_id JOIN place AS last ON last.id = radio_place_id"
    ).fetchone()
    assert row == ("B-2-1", "B-2-2", 0.7, 0.9, "B-2-1")


def test_what_was_not_covered_opens_nothing_and_closes_nothing(nights: Nights) -> None:
    """The next night nobody was at the shelf: the judgement before it stands, and the case with it."""
    nights.judged("D-2", "missing")
    nights.pass_by()
    assert nights.pass_by().refreshed == 0
    assert nights.open() == [("missing", "D-2")]
    assert nights.cases()[0].times == 1


def test_undecided_is_neither_found_nor_settled(nights: Nights) -> None:
    nights.judged("D-1", "undecided", "B-2-1")
    nights.judged("D-2", "missing")
    nights.pass_by()
    nights.judged("D-2", "undecided")
    nights.pass_by()
    assert nights.open() == [("missing", "D-2")]


def test_it_is_over_when_it_is_heard_at_home_again(nights: Nights) -> None:
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.judged("D-2", "missing")
    nights.pass_by()
    nights.judged("D-1", "at_home", "B-1-1")
    nights.judged("D-2", "at_home", "B-1-1")
    assert nights.pass_by().closed == 2
    assert nights.closed() == [("misplaced", "D-1", "heard_at_home"), ("missing", "D-2", "heard_at_home")]


def test_what_was_missing_and_is_heard_elsewhere_is_another_case(nights: Nights) -> None:
    nights.judged("D-2", "missing")
    nights.pass_by()
    nights.judged("D-2", "elsewhere", "B-2-2")
    nights.pass_by()
    assert nights.open() == [("misplaced", "D-2")]
    assert nights.closed() == [("missing", "D-2", "another_kind")]


def test_the_ledger_that_follows_the_radio_settles_it_at_once(nights: Nights, archive: Archive) -> None:
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.judged("D-2", "elsewhere", "B-2-1")
    nights.pass_by()
    assert nights.follow() == 0
    archive.act(ActKind.RESHELVED, "D-1", "B-2-1")
    archive.act(ActKind.RESHELVED, "D-2", "B-1-2")
    assert nights.follow() == 2
    assert nights.closed() == [("misplaced", "D-1", "ledger_followed"), ("misplaced", "D-2", "ledger_moved")]


def test_a_search_that_begins_takes_a_missing_one_over(nights: Nights, archive: Archive) -> None:
    nights.judged("D-2", "missing")
    nights.pass_by()
    searching.begin_search(
        archive.app, archive.keeper, VolumeName("D-2"), command_id=uuid4(), now=datetime.now(UTC), reason="x"
    )
    nights.follow()
    assert nights.closed() == [("missing", "D-2", "search_begun")]


def test_whoever_is_read_again_is_not_missing_any_more(nights: Nights) -> None:
    nights.judged("D-2", "missing")
    until = nights.until
    nights.pass_by()
    nights.believed("D-2", "B-1-1", at=until - timedelta(minutes=1))
    assert nights.follow() == 0, "that was before the night said so"
    nights.believed("D-2", "B-1-1", at=until + timedelta(minutes=1))
    assert nights.follow() == 1
    assert nights.closed() == [("missing", "D-2", "heard_again")]


def test_what_is_in_somebodys_hands_is_no_discrepancy(nights: Nights, archive: Archive) -> None:
    """A pick waits for D-1, D-2 went on a cart that day, D-3 has been on a cart since yesterday and is on a shelf in truth."""
    archive.root.execute(
        "INSERT INTO reshelving (reason, planned_by, planned_at, command_id) VALUES ('x', %s, now(), %s)",
        (archive.keeper.account_id, uuid4()),
    )
    archive.root.execute(
        "INSERT INTO reshelving_line (reshelving_id, volume_id, from_place_id, to_place_id, position) "
        "SELECT reshelving.id, %s, place.id, other.id, 1 FROM reshelving, place, place AS other "
        "WHERE place.code = 'B-1-1' AND other.code = 'B-1-2'",
        (nights.id_of("D-1"),),
    )
    for number in ("D-2", "D-3"):
        archive.act(ActKind.CORRECTED, number, "K-1", reason="x")
    nights.judged("D-1", "missing")
    nights.judged("D-2", "elsewhere", "B-2-1")
    nights.judged("D-3", "elsewhere", "B-2-1")
    nights.pass_by()
    assert nights.open() == []
    nights.judged("D-3", "elsewhere", "B-2-1")
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.pass_by()
    assert nights.open() == [("present_though_out", "D-3")]


def test_what_moved_since_the_interval_is_not_told(nights: Nights, archive: Archive) -> None:
    """Yesterday is closed late, and today it was shelved elsewhere."""
    nights.judged("D-1", "elsewhere", "B-2-1")
    archive.act(ActKind.RESHELVED, "D-1", "B-2-1")
    nights.pass_by()
    assert nights.open() == []


def test_a_day_closed_again_tells_nothing_twice(nights: Nights) -> None:
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.pass_by()
    nights.until -= DAY
    cases = nights.pass_by()
    assert (cases.opened, cases.refreshed, cases.closed) == (0, 0, 0)
    assert nights.open() == [("misplaced", "D-1")]


def test_out_by_the_ledger_and_on_a_shelf_by_the_radio_needs_no_night(nights: Nights, archive: Archive) -> None:
    archive.root.execute("UPDATE holding SET place_id = (SELECT id FROM place WHERE code = 'LOST') WHERE volume_id = %s", (nights.id_of("D-1"),))  # fmt: skip
    nights.believed("D-1", "B-2-1", at=datetime.now(UTC) + timedelta(minutes=5))
    assert nights.step("D-1").opened == 0, "it was on its way just now"
    nights.believed("D-1", "B-2-1", 0.8)
    assert nights.step("D-1").opened == 0, "not sure enough"
    nights.believed("D-1", "W1-D1")
    assert nights.step("D-1").opened == 0, "on a desk it is being taken back"
    nights.believed("D-2", "B-2-1")
    nights.believed("D-1", "B-2-1")
    assert nights.step("D-1", "D-2").opened == 1
    assert nights.open() == [("present_though_out", "D-1")]
    assert nights.step("D-1").refreshed == 0, "and isn't written again with every read"


def test_a_sealed_bag_that_is_heard_on_a_shelf_is_graver(nights: Nights, archive: Archive) -> None:
    put_in_bag(archive, nights.id_of("D-1"), "underway")
    nights.believed("D-1", "B-2-1")
    nights.step("D-1")
    assert nights.open() == [("moved_while_sealed", "D-1")]


def put_in_bag(archive: Archive, volume: int, state: str) -> None:
    keeper, second = archive.keeper.account_id, archive.second.account_id
    archive.place("BAG-1", "bag")
    for statement in (
        "INSERT INTO command (id, content_hash) VALUES (gen_random_uuid(), '\\x00')",
        f"INSERT INTO bag SELECT id, {keeper}, now() FROM place WHERE code = 'BAG-1'",
        (
            "INSERT INTO consignment (bag_id, from_place_id, to_place_id, direction, state, opened_by, opened_at, command_id, "
            "sealed_by, sealed_with, sealed_at, bag_seal_out, channel, carriers, handed_by, handed_at) "
            f"SELECT bag.id, origin.id, target.id, 'out', '{state}', {keeper}, now(), command.id, {keeper}, {second}, now(), 'F1', "
            f"'staff', ARRAY['a', 'b'], {keeper}, now() FROM place AS bag, place AS origin, place AS target, command "
            "WHERE bag.code = 'BAG-1' AND origin.code = 'W1' AND target.code = 'W1-D1' LIMIT 1"
        ),
        f"INSERT INTO consignment_volume SELECT id, {volume}, NULL, 'packed', now() FROM consignment",
        f"UPDATE holding SET place_id = (SELECT id FROM place WHERE code = 'BAG-1') WHERE volume_id = {volume}",
    ):
        archive.root.execute(statement)
