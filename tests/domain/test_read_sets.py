"""A set against its manifest: green, amber, red, and what the keeper is to do."""

from inventory.domain.consignments import Colour
from inventory.domain.identifiers import VolumeName
from inventory.domain.read_sets import HeardInSet, SetLine, judge_set

A, B, C = (VolumeName(f"370100-01-000000{n}-0", 1) for n in (1, 2, 3))


def heard(volume: VolumeName | None, inside: float, code: str = "35000000") -> HeardInSet:
    return HeardInSet(volume, code, inside)


def test_everything_on_the_manifest_and_nothing_else_is_green() -> None:
    found = judge_set({A, B}, [heard(A, 0.99), heard(B, 0.9)], settled=True)
    assert found.colour is Colour.GREEN
    assert found.sentence == ("应有 2 册，读到 2 册", "2 expected, 2 read")


def test_while_the_stack_is_being_read_what_is_missing_is_waited_for() -> None:
    found = judge_set({A, B}, [heard(A, 0.99)], settled=False)
    assert found.colour is Colour.AMBER
    assert dict(found.lines)[str(B)] is SetLine.WAITING
    assert found.sentence[1] == "2 expected, 1 read so far, still reading"


def test_a_tag_that_was_never_heard_is_amber_and_not_red() -> None:
    found = judge_set({A, B}, [heard(A, 0.99)], settled=True)
    assert found.colour is Colour.AMBER
    assert found.lines[0] == (str(B), SetLine.UNREAD)
    assert found.picture.unread == (B,)


def test_a_tag_never_read_since_it_was_bound_asks_for_the_printed_code() -> None:
    found = judge_set({A, B}, [heard(A, 0.99)], settled=True, never_read={B})
    assert found.lines[0] == (str(B), SetLine.WEAK)


def test_what_lies_beside_was_left_behind() -> None:
    found = judge_set({A, B}, [heard(A, 0.99), heard(B, 0.02)], settled=True)
    assert found.colour is Colour.AMBER
    assert found.lines[0] == (str(B), SetLine.BESIDE)
    assert found.picture.unread == (B,)


def test_a_stranger_surely_inside_is_red_even_before_all_is_read() -> None:
    for settled in (False, True):
        found = judge_set({A}, [heard(A, 0.99), heard(C, 0.97)], settled=settled)
        assert found.colour is Colour.RED
        assert found.lines[0] == (str(C), SetLine.UNEXPECTED)
        assert found.picture.strangers == (str(C),)


def test_a_stranger_perhaps_beside_is_amber_and_one_surely_beside_is_nothing() -> None:
    doubtful = judge_set({A}, [heard(A, 0.99), heard(C, 0.6)], settled=True)
    assert (doubtful.colour, doubtful.lines[0]) == (Colour.AMBER, (str(C), SetLine.DOUBTFUL))
    beside = judge_set({A}, [heard(A, 0.99), heard(C, 0.1)], settled=True)
    assert (beside.colour, beside.lines) == (Colour.GREEN, ((str(A), SetLine.READ),))


def test_a_code_that_means_nothing_to_whoever_looks_is_a_stranger_by_its_code() -> None:
    found = judge_set({A}, [heard(A, 0.99), heard(None, 0.99, "35ABCDEF")], settled=True)
    assert found.picture.strangers == ("35ABCDEF",)


def test_a_doubled_tag_counts_by_the_one_that_lies_inside() -> None:
    found = judge_set({A}, [heard(A, 0.1), heard(A, 0.99, "35000001")], settled=True)
    assert found.colour is Colour.GREEN


def test_nothing_expected_and_nothing_heard_is_never_green() -> None:
    assert judge_set((), (), settled=True).colour is Colour.AMBER
