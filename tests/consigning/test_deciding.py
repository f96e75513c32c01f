"""The pure decisions of picking and consigning: sets, seals, channels, numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain import refusals
from inventory.domain.consignments import (
    BagFound,
    Colour,
    DiscrepancyKind,
    Sent,
    bag_code,
    check_channel,
    check_sealing,
    compare,
    differences,
)
from inventory.domain.identifiers import VolumeName
from inventory.domain.picking import parse_work_number, work_number
from inventory.domain.travelling import Career, Channel

volumes = st.sets(st.builds(VolumeName, st.sampled_from([f"D-{n}" for n in range(8)]), st.integers(1, 3)))


@given(expected=volumes, seen=volumes, unknown=st.sets(st.sampled_from(["?", "35AB"])))
def test_whatever_is_read_is_expected_or_a_stranger_and_nothing_is_both(
    expected: set[VolumeName], seen: set[VolumeName], unknown: set[str]
) -> None:
    picture = compare(expected, seen, unknown)
    assert set(picture.read) | set(picture.unread) == expected
    assert set(picture.read) == expected & seen
    assert set(picture.strangers) == {str(one) for one in seen - expected} | unknown
    assert (picture.colour is Colour.GREEN) == (expected == seen and bool(expected) and not unknown)
    assert (picture.colour is Colour.RED) == (bool(seen - expected) or bool(unknown))


@given(sent=volumes, seen=volumes, counted=st.integers(0, 9))
def test_a_bag_that_came_as_it_went_has_no_discrepancies_and_every_missing_volume_has_one(
    sent: set[VolumeName], seen: set[VolumeName], counted: int
) -> None:
    went = [Sent(one, "F-1", 5) for one in sorted(sent)]
    whole = BagFound("ｓ-1", whole=True)
    assert list(differences(went, compare(sent, sent), "S-1", whole, set(), dict.fromkeys(sent, 5))) == []
    told = list(differences(went, compare(sent, seen), "S-1", whole, sent & seen, dict.fromkeys(sent & seen, counted)))
    kinds = [(row.kind, row.volume) for row in told]
    assert {volume for kind, volume in kinds if kind is DiscrepancyKind.MISSING} == sent - seen
    assert {volume for kind, volume in kinds if kind is DiscrepancyKind.SEAL_BROKEN} == sent & seen
    differing = {volume for kind, volume in kinds if kind is DiscrepancyKind.PIECES_DIFFER}
    assert differing == (set() if counted == 5 else sent & seen)
    assert len([kind for kind, _ in kinds if kind is DiscrepancyKind.UNEXPECTED]) == len(seen - sent)


def test_a_bag_is_sealed_after_its_set_was_read_or_two_counted_it() -> None:
    check_sealing("C-000001", 2, 2, 0, None)
    check_sealing("C-000001", 2, 1, 0, "标签失效，两人清点")
    check_sealing("C-000001", 2, 0, None, "通道机停电，两人清点")
    for expected, read, strangers, reason, refusal in (
        (0, 0, 0, "x", refusals.ConsignmentEmpty),
        (2, 2, 1, "x", refusals.SetHasStrangers),
        (2, 1, 0, " ", refusals.SetNotChecked),
        (2, 2, None, None, refusals.SetNotChecked),
    ):
        with pytest.raises(refusal):
            check_sealing("C-000001", expected, read, strangers, reason)


def test_a_bag_travels_as_its_strictest_dossier() -> None:
    assert check_channel("专人送取", None, [[Career.CIVIL_SERVANT]]) is Channel.STAFF
    assert check_channel("confidential", "JY-1", [[]]) is Channel.CONFIDENTIAL
    assert check_channel("ems", "E-1", [[Career.NONE], [Career.NONE]]) is Channel.EMS
    for careers in ([[Career.NONE], [Career.CIVIL_SERVANT]], [[Career.NONE], []]):
        with pytest.raises(refusals.NeverByEms):
            check_channel("ems", "E-1", careers)


@pytest.mark.parametrize("text", ["W-000012", "Ｗ-０００012", " w-12 "])
def test_a_number_is_read_as_scanners_send_it(text: str) -> None:
    assert parse_work_number("W", text) == 12
    assert work_number("W", 12) == "W-000012"


@pytest.mark.parametrize("text", ["", "12", "C-000012", "W-", "W-1x", "W--1", "W-1234567890123"])
def test_what_is_no_number_of_ours_is_told(text: str) -> None:
    with pytest.raises(refusals.BadInput):
        parse_work_number("W", text)


def test_a_grai_is_a_bag_and_another_tag_of_that_length_is_its_printed_number() -> None:
    assert bag_code("3374257bf40c0e400000162e")[0] == "0614141.12345.5678"
    assert bag_code("3500E86F8000A9E000000586") == ("3500E86F8000A9E000000586", None)
