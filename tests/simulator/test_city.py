"""The registers of a simulated city are what a careful city would hand in."""

from collections.abc import Sized
from pathlib import Path

import numpy as np
import pytest

from devices.simulator import floor
from devices.simulator.city import City, make_city, write_registers
from devices.simulator.floor import EPC_CLASS_DOSSIER, EPC_MANAGER, NO_SHELF, SHELF_CAPACITY_VOLUMES
from inventory.domain.epcs import EpcScheme, describe_epc
from inventory.domain.identifiers import CitizenId, is_own_dossier_number
from inventory.domain.names import pinyin_readings
from inventory.domain.places import PlaceKind
from inventory.domain.registers import REGISTERS, DepositType, DossierRow
from inventory.operations.register_files import read_register


@pytest.mark.parametrize("register", REGISTERS)
def test_every_row_of_the_written_registers_is_accepted(city: City, register: str, tmp_path: Path) -> None:
    write_registers(city, tmp_path)
    rows = [row for _, row in read_register(tmp_path / f"{register}.csv", REGISTERS[register])]
    expected: dict[str, Sized] = {
        "agencies": city.agencies,
        "places": city.places,
        "readers": city.readers,
        "dossiers": city.dossiers,
    }
    assert not [row for row in rows if isinstance(row, tuple)]
    assert len(rows) == len(expected[register])
    if register != "dossiers":
        assert tuple(rows) == expected[register]


def test_a_written_dossier_says_what_the_city_says(city: City, tmp_path: Path) -> None:
    write_registers(city, tmp_path)
    rows = [row for _, row in read_register(tmp_path / "dossiers.csv", REGISTERS["dossiers"])]
    dossiers = city.dossiers
    for index in (0, 1_234, 5_999):
        row = rows[index]
        assert isinstance(row, DossierRow)
        assert row.number == dossiers.number[index].decode()
        assert row.name == dossiers.name[index]
        assert row.epc == dossiers.epc[index].tobytes()
        assert row.tid == dossiers.tid[index].tobytes()
        assert row.place == city.places[dossiers.place[index]].code
        assert row.holding_agency == city.agencies[dossiers.agency[index]].code
        assert row.deposit_type == (DepositType.INDIVIDUAL if dossiers.individual[index] else DepositType.EMPLOYER)
        assert row.deposited_on == dossiers.deposited_on[index].item()


def test_every_place_stands_where_its_kind_may_stand(city: City) -> None:
    kinds: dict[str | None, PlaceKind | None] = {None: None}
    for row in city.places:
        assert row.parent in kinds, "a place is written after the place it stands in"
        assert row.kind.may_stand_in(kinds[row.parent]), row.code
        kinds[row.code] = row.kind
    assert len(kinds) == len(city.places) + 1, "no code comes twice"


def test_dossiers_are_only_where_dossiers_can_be(city: City) -> None:
    assert all(city.places[index].kind.holds_volumes for index in np.unique(city.dossiers.place))


def test_no_shelf_holds_more_than_fits_and_one_in_use_holds_about_42(city: City) -> None:
    held = np.bincount(city.dossiers.place, minlength=len(city.places))[city.shelves.place]
    assert held.max() <= SHELF_CAPACITY_VOLUMES
    assert 41 < np.median(held[held > 0]) < 43
    assert 0 < (held == 0).mean() < 0.35, "some shelves are free, most are not"


def test_a_few_dossiers_are_out_at_desks_windows_the_cart_and_in_quarantine(city: City) -> None:
    kinds = [city.places[index].kind for index in city.dossiers.place]
    assert {PlaceKind.DESK, PlaceKind.WINDOW, PlaceKind.CART, PlaceKind.QUARANTINE} < set(kinds)
    assert kinds.count(PlaceKind.SHELF) > 0.99 * len(kinds)


def test_smart_cabinets_hold_six_in_a_hundred(city: City) -> None:
    in_cabinets = np.isin(city.dossiers.place, city.shelves.place[~city.shelves.mobile])
    assert in_cabinets.mean() == pytest.approx(0.06, abs=0.001)


def test_every_id_number_is_valid_and_no_two_are_the_same(city: City) -> None:
    numbers = [CitizenId(number.decode()) for number in city.dossiers.id_number]
    assert len({number.text for number in numbers}) == len(numbers)
    assert {number.sex for number in numbers} == {"female", "male"}
    ages = 2026 - np.array([number.birth_year for number in numbers])
    assert ages.min() >= 20
    assert ages.max() <= 82


def test_every_dossier_was_deposited_when_its_person_was_of_age(city: City) -> None:
    for number, deposited_on in zip(city.dossiers.id_number, city.dossiers.deposited_on.tolist(), strict=True):
        assert deposited_on.year - CitizenId(number.decode()).birth_year >= 18


def test_every_dossier_number_is_our_own_and_unique(city: City) -> None:
    numbers = {number.decode() for number in city.dossiers.number}
    assert len(numbers) == len(city.dossiers)
    assert all(is_own_dossier_number(number) for number in numbers)


def test_no_epc_and_no_tid_is_used_twice(city: City) -> None:
    epcs = {epc.tobytes() for epc in city.dossiers.epc} | {row.epc for row in city.places if row.epc}
    tids = {tid.tobytes() for tid in city.dossiers.tid}
    assert len(epcs) == len(city.dossiers) + len(city.shelves.place)
    assert len(tids) == len(city.dossiers)


def test_a_tag_carries_a_general_identifier_of_the_standards_own_examples(city: City) -> None:
    identity = describe_epc(city.dossiers.epc[0].tobytes())
    assert identity.scheme is EpcScheme.GID_96
    assert str(identity.uri).startswith(f"urn:epc:id:gid:{EPC_MANAGER}.{EPC_CLASS_DOSSIER}.")


def test_the_names_are_those_a_search_stumbles_over(city: City) -> None:
    names = city.dossiers.name.tolist()
    surnames = {name[0] for name in names} | {name[:2] for name in names}
    assert {"亓", "逄", "綦", "禚", "仉", "訾", "郇", "单", "仇", "解", "查", "曾", "尉迟", "万俟"} <= surnames
    assert any("·" in name for name in names)
    assert len(set(names)) < len(names), "namesakes are the norm"
    assert all(pinyin_readings(name) for name in names[:200])


def test_facing_shelves_share_an_aisle_and_shelves_back_to_back_a_carriage(city: City) -> None:
    shelves = city.shelves
    rows = [city.places[index] for index in shelves.place]
    facing = np.flatnonzero(shelves.facing != NO_SHELF)
    assert len(facing)
    for shelf in facing:
        here, there = rows[shelf], rows[shelves.facing[shelf]]
        assert here.aisle == there.aisle
        assert here.face != there.face
        assert (here.y, here.z) == (there.y, there.z)
    for shelf in np.flatnonzero(shelves.mobile):
        here, there = rows[shelf], rows[shelves.behind[shelf]]
        assert here.code.split("-")[:3] == there.code.split("-")[:3]
        assert here.aisle != there.aisle


@pytest.mark.parametrize(
    ("there", "back", "metres"),
    [
        ("above", "below", (0, 0, floor.LEVEL_METRES)),
        ("right", "left", (0, floor.SHELF_METRES, 0)),
    ],
)
def test_a_neighbours_neighbour_is_the_shelf_itself(
    city: City, there: str, back: str, metres: tuple[float, float, float]
) -> None:
    ahead, behind = getattr(city.shelves, there), getattr(city.shelves, back)
    at = np.array([(city.places[index].x, city.places[index].y, city.places[index].z) for index in city.shelves.place])
    known = np.flatnonzero(ahead != NO_SHELF)
    assert np.array_equal(behind[ahead[known]], known)
    assert np.allclose(at[ahead[known]] - at[known], metres)


def test_the_same_seed_makes_the_same_city_and_another_seed_another(tmp_path: Path) -> None:
    written = []
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        (tmp_path / name).mkdir()
        write_registers(make_city(500, seed=seed), tmp_path / name)
        written.append((tmp_path / name / "dossiers.csv").read_bytes())
    assert written[0] == written[1] != written[2]


@pytest.mark.parametrize("dossiers", [100, 1_000, 150_000])
def test_a_city_of_any_size_finds_room(dossiers: int) -> None:
    city = make_city(dossiers, seed=3)
    held = np.bincount(city.dossiers.place, minlength=len(city.places))[city.shelves.place]
    assert held.max() <= SHELF_CAPACITY_VOLUMES
    assert len(city.dossiers) == dossiers


@pytest.mark.parametrize("dossiers", [0, 99, 2_000_001])
def test_a_city_of_an_impossible_size_is_refused_in_a_sentence(dossiers: int) -> None:
    with pytest.raises(ValueError, match="a simulated city has 100 to 2,000,000 dossiers"):
        make_city(dossiers, seed=1)
