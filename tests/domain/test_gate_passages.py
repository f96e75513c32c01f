"""What rings at a gate, what is amber, and what is nobody's business."""

import pytest

from inventory.domain.consignments import Colour
from inventory.domain.gate_passages import Passing, PassingDoubt, judge_passage
from inventory.domain.identifiers import VolumeName

A, B, C, D = (VolumeName(f"370100-01-000000{n}-0", 1) for n in (1, 2, 3, 4))
MANIFESTS = {"C-000001": {A, B}, "C-000002": {C}}


def test_a_whole_manifest_goes_out_in_silence() -> None:
    verdict = judge_passage(Passing.OUT, {A, B}, MANIFESTS)
    assert (verdict.colour, verdict.alarm, verdict.manifests) == (Colour.GREEN, False, ("C-000001",))


def test_what_nobody_expected_to_leave_rings() -> None:
    verdict = judge_passage(Passing.OUT, {A, B, D}, MANIFESTS)
    assert (verdict.colour, verdict.alarm, verdict.unexpected) == (Colour.RED, True, (D,))
    assert verdict.reasons == (("1 册不在任何交接清单上，已出库", "1 on no manifest went out"),)


def test_a_manifest_read_in_part_is_amber_and_settled_at_packing() -> None:
    verdict = judge_passage(Passing.OUT, {A}, MANIFESTS)
    assert (verdict.colour, verdict.alarm, verdict.unread) == (Colour.AMBER, False, (B,))


def test_two_bags_carried_at_once_belong_to_two_manifests() -> None:
    assert judge_passage(Passing.OUT, {A, B, C}, MANIFESTS).manifests == ("C-000001", "C-000002")


@pytest.mark.parametrize("passing", [Passing.IN, Passing.TURNED_BACK, Passing.UNCLEAR])
def test_only_what_surely_left_rings(passing: Passing) -> None:
    assert not judge_passage(passing, {D}, MANIFESTS).alarm


def test_whoever_turns_back_has_done_nothing() -> None:
    assert judge_passage(Passing.TURNED_BACK, {A, D}, MANIFESTS).colour is Colour.GREEN


def test_what_comes_in_unannounced_is_to_be_registered() -> None:
    assert judge_passage(Passing.IN, {D}, MANIFESTS).colour is Colour.AMBER
    assert judge_passage(Passing.IN, {A, B}, MANIFESTS).colour is Colour.GREEN


def test_an_unclear_direction_says_why_and_what_to_look_after() -> None:
    verdict = judge_passage(Passing.UNCLEAR, {D}, MANIFESTS, [PassingDoubt.ONE_ANTENNA])
    assert verdict.colour is Colour.AMBER
    assert [en for _, en in verdict.reasons] == [
        "1 on no manifest, direction unclear: go and look",
        "only one antenna heard it: look after the other",
    ]
