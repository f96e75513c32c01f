"""Kinds of place and their codes."""

import pytest

from inventory.domain.places import PlaceKind, parse_place_code, parse_place_kind
from inventory.domain.refusals import BadInput


def test_volumes_lie_where_people_put_them_down_or_with_whoever_has_them() -> None:
    assert {kind.value for kind in PlaceKind if not kind.holds_volumes} == {
        "warehouse", "room", "block", "range", "bay", "tunnel", "gate",
    }  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in PlaceKind if kind.is_registered])
def test_every_registered_kind_has_two_names_and_a_way_up_to_a_warehouse(kind: PlaceKind) -> None:
    assert parse_place_kind(kind.zh) is parse_place_kind(f" {kind.value.upper()} ") is kind
    reached = {kind}
    for _ in PlaceKind:
        reached |= {parent for parent in PlaceKind for child in reached if child.may_stand_in(parent)}
    assert PlaceKind.WAREHOUSE in reached


@pytest.mark.parametrize("kind", [kind for kind in PlaceKind if not kind.is_registered])
def test_whoever_has_a_volume_is_a_place_that_no_file_registers(kind: PlaceKind) -> None:
    assert kind.holds_volumes
    assert kind.may_stand_alone
    for name in (kind.zh, kind.value):
        with pytest.raises(BadInput):
            parse_place_kind(name)


def test_what_stands_alone() -> None:
    assert {kind.value for kind in PlaceKind if kind.may_stand_alone and kind.is_registered} == {
        "warehouse", "window", "digitisation",
    }  # fmt: skip


def test_a_shelf_stands_in_a_bay_and_not_in_a_gate() -> None:
    assert PlaceKind.SHELF.may_stand_in(PlaceKind.BAY)
    assert not PlaceKind.SHELF.may_stand_in(PlaceKind.GATE)
    assert not PlaceKind.ROOM.may_stand_in(PlaceKind.SHELF)


def test_an_unknown_kind_is_told_the_known_ones() -> None:
    with pytest.raises(
        BadInput, match=r"is one of warehouse, room, .*quarantine, arrivals, reading_room, digitisation\."
    ) as refused:
        parse_place_kind("attic")
    assert "库位" in refused.value.sentence("zh")


@pytest.mark.parametrize("code", ["A-03-2", "W1.R2_x", "东库-3", "x" * 40])
def test_a_code_is_kept(code: str) -> None:
    assert parse_place_code(f" {code} ") == code


def test_full_width_characters_become_what_a_scanner_sends() -> None:
    assert parse_place_code("Ａ－０３") == "A-03"


@pytest.mark.parametrize("code", ["", "A 03", "A/03", "x" * 41, "A\n03", "A#"])
def test_a_code_has_no_blanks_or_other_signs(code: str) -> None:
    with pytest.raises(BadInput, match="a code has 1 to 40 letters"):
        parse_place_code(code)
