"""A stack on the desk's pad: read as a whole, against a list or a count; what lies beside stays beside, HF tags count."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from inventory.domain.consignments import Colour
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role
from inventory.domain.read_sets import SetLine
from inventory.domain.refusals import BadInput, NoSuchReader, NotAllowed
from inventory.operations import pads
from tests.conftest import Archive
from tests.desk.conftest import register_desk
from tests.site import ONE_ENGINE

pytestmark = ONE_ENGINE


def epc_of(number: int) -> str:
    return f"3500E86F8000A9E0{number:08X}"


@pytest.fixture
def pad(archive: Archive) -> Archive:
    """A desk with a card reader and, at the same place, a pad; twenty dossiers and two more."""
    register_desk(archive)
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('PAD-1', 'native', 'p', 'UTC')")
    archive.root.execute(
        "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, 1, 'desk', place.id FROM reader, place "
        "WHERE reader.code = 'PAD-1' AND place.code = 'W1-DESK-1'"
    )
    for number in range(22):
        archive.dossier(f"D-{number}", epc=epc_of(number))
    archive.root.execute(
        "SELECT evidence_day_ensure(day::date) FROM unnest(ARRAY[now() - interval '1 hour', now()]) AS day"
    )
    return archive


def read(archive: Archive, numbers: Sequence[int], seconds_ago: range, dbm: int = -45, times: int = 4) -> None:
    """Each of these tags is read `times` in every second."""
    for ago in seconds_ago:
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=ago)
        archive.root.execute(
            "INSERT INTO evidence SELECT antenna.id, tag.id, %s, %s, %s, %s, %s, %s, %s FROM tag, antenna "
            "JOIN reader ON reader.id = reader_id WHERE reader.code = 'PAD-1' AND encode(epc, 'hex') = ANY(%s)",
            (at, times, times, times * dbm * 100, dbm * 100, at, at + timedelta(seconds=0.6),
             [epc_of(number).lower() for number in numbers]),
        )  # fmt: skip


def volumes(numbers: Sequence[int]) -> list[VolumeName]:
    return [VolumeName(f"D-{number}", 1) for number in numbers]


def now() -> datetime:
    return datetime.now(UTC)


def test_twenty_expected_twenty_read_is_green(pad: Archive) -> None:
    read(pad, range(20), range(8, 2, -1))
    seen = pads.read_pad(pad.app, pad.keeper, "DESK-1", volumes(range(20)), None, now())
    assert (seen.colour, seen.settled) == (Colour.GREEN, True)
    assert seen.sentence == ("应有 20 册，读到 20 册", "20 expected, 20 read")


def test_one_too_few_is_amber_and_says_whose_tag_never_spoke(pad: Archive) -> None:
    read(pad, [19], range(1_000, 999, -1))
    read(pad, range(18), range(8, 2, -1))
    seen = pads.read_pad(pad.app, pad.keeper, "DESK-1", volumes(range(20)), None, now())
    assert seen.colour is Colour.AMBER
    assert [line for line in seen.lines if line[1] is not SetLine.READ] == [
        ("D-19", SetLine.UNREAD),
        ("D-18", SetLine.WEAK),
    ]


def test_a_stranger_among_them_is_red_and_what_lies_beside_is_not_there(pad: Archive) -> None:
    read(pad, [20], range(60, 0, -1), dbm=-72)  # beside, before the stack came and after it
    read(pad, [*range(19), 21], range(10, 3, -1))
    seen = pads.read_pad(pad.app, pad.keeper, "DESK-1", volumes(range(20)), None, now())
    told = dict(seen.lines)
    assert (seen.colour, told["D-21"], told["D-19"]) == (Colour.RED, SetLine.UNEXPECTED, SetLine.WEAK)
    assert "D-20" not in told


def test_without_a_list_a_count_says_how_many_there_should_be(pad: Archive) -> None:
    read(pad, [20], range(60, 0, -1), dbm=-72)
    read(pad, range(12), range(10, 3, -1))
    for counted, colour in ((12, Colour.GREEN), (13, Colour.AMBER), (None, Colour.GREEN)):
        seen = pads.read_pad(pad.app, pad.keeper, "DESK-1", None, counted, now())
        assert (seen.colour, seen.picture.read) == (colour, tuple(sorted(volumes(range(12)))))
    assert pads.read_pad(pad.app, pad.keeper, "DESK-1", None, 13, now()).sentence[0] == "应有 13 册，读到 12 册"


def test_the_stack_before_is_no_part_of_this_one_and_one_long_gone_is_none(pad: Archive) -> None:
    read(pad, range(5), range(40, 34, -1))
    read(pad, range(5, 10), range(10, 3, -1))
    assert pads.read_pad(pad.app, pad.keeper, "DESK-1", None, None, now()).picture.read == tuple(
        sorted(volumes(range(5, 10)))
    )
    later = pads.read_pad(pad.app, pad.keeper, "DESK-1", volumes(range(5)), None, now() + timedelta(minutes=1))
    assert {line for _, line in later.lines} == {SetLine.WAITING}
    assert later.colour is Colour.AMBER


def test_an_hf_tag_laid_on_the_card_reader_counts(pad: Archive) -> None:
    """By its number as EPC or as TID; a number of odd length has a zero before it, for tags hold whole words."""
    pad.dossier("H-3", epc="E004010012345678")
    pad.root.execute("UPDATE tag SET tid = '\\x0004A1B2C3D4E5F6' WHERE encode(epc, 'hex') = %s", (epc_of(4).lower(),))
    for uid in ("E004010012345678", "04A1B2C3D4E5F6", "0A0B0C0D"):
        pad.root.execute(
            "INSERT INTO tap (reader_id, uid, received_at) SELECT id, decode(%s, 'hex'), now() FROM reader WHERE code = 'DESK-1'",
            (uid,),
        )
    both = [VolumeName("H-3", 1), VolumeName("D-4", 1)]
    seen = pads.read_pad(pad.app, pad.keeper, "DESK-1", both, None, now())
    assert (seen.colour, seen.picture.read) == (Colour.GREEN, tuple(sorted(both)))
    read(pad, [5], range(8, 2, -1))
    assert pads.read_pad(pad.app, pad.keeper, "DESK-1", [*both, *volumes([5])], None, now()).colour is Colour.GREEN


def test_anothers_dossier_is_an_epc_to_a_clerk(pad: Archive) -> None:
    pad.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清', 'county')")
    stranger = pad.person("stranger", Role.WINDOW_CLERK, agency="370113")
    read(pad, [1, 2], range(8, 2, -1))
    seen = pads.read_pad(pad.app, stranger, "DESK-1", None, None, now())
    assert seen.picture.read == ()
    assert dict(seen.lines) == dict.fromkeys((epc_of(1), epc_of(2)), SetLine.UNEXPECTED)
    assert seen.colour is Colour.RED
    auditor = pad.person("admin", Role.SYSTEM_ADMIN)
    with pytest.raises(NotAllowed):
        pads.read_pad(pad.app, auditor, "DESK-1", None, None, now())


def test_what_can_not_be_meant_is_refused(pad: Archive) -> None:
    for counted in (0, 501):
        with pytest.raises(BadInput):
            pads.read_pad(pad.app, pad.keeper, "DESK-1", None, counted, now())
    with pytest.raises(NoSuchReader):
        pads.read_pad(pad.app, pad.keeper, "", None, None, now())


def test_a_clerk_learns_nothing_of_anothers_dossiers_by_expecting_them(pad: Archive) -> None:
    """One that was read elsewhere, and one that isn't there at all, are told alike."""
    pad.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清', 'county')")
    stranger = pad.person("stranger", Role.WINDOW_CLERK, agency="370113")
    read(pad, [3], range(1_000, 999, -1))
    pad.root.execute(
        "UPDATE dossier SET holding_agency_id = (SELECT id FROM agency WHERE code = '370113') WHERE number = 'D-1'"
    )
    read(pad, [1], range(20, 12, -1))
    told = pads.read_pad(pad.app, stranger, "DESK-1", [*volumes([1, 3]), VolumeName("X-9", 1)], None, now())
    assert told.picture.read == tuple(volumes([1]))
    assert told.settled
    assert len({line for name, line in told.lines if name in {"D-3", "X-9"}}) == 1
