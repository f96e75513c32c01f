"""Rows of the import files: every value a column takes, and every error of a row at once."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import pytest

from inventory.domain.identifiers import IdWarning
from inventory.domain.places import PlaceKind
from inventory.domain.registers import (
    AGENCIES,
    DOSSIERS,
    PLACES,
    READERS,
    REGISTERS,
    AgencyLevel,
    AgencyRow,
    AntennaRole,
    DepositType,
    Dialect,
    DossierRow,
    Layout,
    PlaceRow,
    ReaderRow,
    Register,
)

AGENCY = {"code": "370102", "name": "历下区人才服务中心", "level": "county", "parent": "370100"}
PLACE = {"code": "A-03-2", "kind": "shelf", "name": "三列二层", "parent": "A-03"}
READER = {
    "reader": "R1", "dialect": "native", "topic": "guiwei/W1/R1/reads", "antenna": "1",
    "place": "A-03", "role": "shelf",
}  # fmt: skip
DOSSIER = {
    "number": "D-17", "name": "单雄信", "id_number": "11010519491231002X", "holding_agency": "370102",
    "epc": "3500E86F8000A9E000000586", "tid": "E2801160", "place": "A-03-2",
}  # fmt: skip
EXAMPLES = {"agencies": AGENCY, "places": PLACE, "readers": READER, "dossiers": DOSSIER}


def read(register: Register[Any], row: Mapping[str, str], **changed: str) -> Any:
    changed_row = {**row, **changed}
    layout = register.layout(list(changed_row))
    assert isinstance(layout, Layout)
    return layout.read(list(changed_row.values()))


def problems(register: Register[Any], row: Mapping[str, str], **changed: str) -> dict[str, str]:
    errors = read(register, row, **changed)
    assert isinstance(errors, tuple), "the row was taken for good"
    assert all(error.problem_zh for error in errors)
    return {error.column: error.problem_en for error in errors}


@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
def test_a_rows_fields_are_the_columns_in_order(register: Register[Any]) -> None:
    row_type: Any = register.row_type
    assert [field.name for field in fields(row_type)] == [column.name for column in register.columns]


@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
def test_required_columns_are_those_of_the_design_and_enough(register: Register[Any]) -> None:
    example = EXAMPLES[register.name]
    assert [column.name for column in register.columns if column.required] == list(example)
    assert isinstance(read(register, example), register.row_type)  # type: ignore[arg-type]


@pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS)
def test_a_cell_that_must_be_filled_says_so(register: Register[Any]) -> None:
    example = EXAMPLES[register.name]
    for column in register.columns:
        if column.filled:
            assert problems(register, example, **{column.name: "  "})[column.name] == "this can't be empty"


def test_an_agency_row() -> None:
    row = read(AGENCIES, AGENCY, valid_from="2021/3/1", valid_to="20301231", successor="370103")
    assert row == AgencyRow(
        "370102", "历下区人才服务中心", AgencyLevel.COUNTY, "370100", date(2021, 3, 1), date(2030, 12, 31), "370103"
    )
    assert read(AGENCIES, AGENCY, level="市级").level is AgencyLevel.CITY


def test_a_place_row() -> None:
    row = read(
        PLACES, PLACE, block="A", face="Ａ", aisle="3", x="1.5", y="-2", z="0", width="0.9", height="0.3", depth="0.35",
        capacity="45", epc="3276451FD46072000000162E",
    )  # fmt: skip
    assert row == PlaceRow(
        "A-03-2", PlaceKind.SHELF, "三列二层", "A-03", "A", "A", "3", 1.5, -2.0, 0.0, 0.9, 0.3, 0.35, 45,
        bytes.fromhex("3276451FD46072000000162E"),
    )  # fmt: skip


def test_a_reader_row() -> None:
    row = read(
        READERS, READER, dialect="native", antenna="", status_topic="s", timezone="Asia/Shanghai",
        mapping='{"epc": "tag.id"}', control_url="https://10.0.0.7:8443/api", slot="3",
    )  # fmt: skip
    assert row == ReaderRow(
        "R1", Dialect.NATIVE, "guiwei/W1/R1/reads", 0, "A-03", AntennaRole.SHELF, "s", "Asia/Shanghai",
        {"epc": "tag.id"}, "https://10.0.0.7:8443/api", 3,
    )  # fmt: skip


def test_a_dossier_row() -> None:
    row = read(
        DOSSIERS, DOSSIER, volume="2", aliases="旧1；旧2| 旧1;", employer="济南某厂", deposit_type="个人存档",
        born_on="1949-12-31", deposited_on="19980701",
    )  # fmt: skip
    assert isinstance(row, DossierRow)
    assert (row.number, row.name, row.volume, row.aliases) == ("D-17", "单雄信", 2, ("旧1", "旧2"))
    assert row.id_number
    assert (row.id_number.normalised, row.id_number.warning) == ("11010519491231002X", None)
    assert (row.epc, row.tid) == (bytes.fromhex("3500E86F8000A9E000000586"), bytes.fromhex("E2801160"))
    assert (row.deposit_type, row.employer) == (DepositType.INDIVIDUAL, "济南某厂")
    assert (row.born_on, row.deposited_on) == (date(1949, 12, 31), date(1998, 7, 1))


def test_an_untagged_dossier_not_yet_received_and_without_an_id_number_is_a_dossier() -> None:
    row = read(DOSSIERS, DOSSIER, id_number="", epc="", tid="", place="")
    assert (row.id_number, row.epc, row.tid, row.place, row.volume, row.aliases) == (None, None, None, None, 1, ())


def test_an_old_id_number_is_imported_with_a_warning() -> None:
    assert read(DOSSIERS, DOSSIER, id_number="370102800101001").id_number.warning is IdWarning.FIFTEEN_DIGITS


def test_a_dossier_row_does_not_show_in_a_log() -> None:
    assert "单雄信" not in repr(read(DOSSIERS, DOSSIER))


def test_all_errors_of_a_row_are_told_at_once() -> None:
    found = problems(DOSSIERS, DOSSIER, number="1998/3", name="", epc="xyz", volume="0", deposited_on="1998-02-30")
    assert list(found) == ["number", "name", "epc", "volume", "deposited_on"]


@pytest.mark.parametrize(
    ("register", "column", "cell", "problem"),
    [
        (AGENCIES, "level", "village", "this is one of province, city, county, 省级, 市级, 县级"),
        (AGENCIES, "parent", "370102", "an agency can't be its own parent"),
        (AGENCIES, "successor", "370102", "an agency can't be its own successor"),
        (AGENCIES, "valid_from", "2021-1", "a date is a real day written YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD"),
        (AGENCIES, "valid_from", "2021-02-29", "a date is a real day written YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD"),
        (AGENCIES, "valid_from", "2021/02-28", "a date is a real day written YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD"),
        (AGENCIES, "name", "x" * 201, "this is 1 to 200 visible characters"),
        (PLACES, "parent", "A-03-2", "a place can't stand in itself"),
        (PLACES, "parent", "", "a shelf stands in another place"),
        (PLACES, "x", "nan", "this is a number of metres, at most 10000 either way"),
        (PLACES, "x", "1e3", "this is a number of metres, at most 10000 either way"),
        (PLACES, "y", "10001", "this is a number of metres, at most 10000 either way"),
        (PLACES, "width", "0", "a length is greater than zero"),
        (PLACES, "capacity", "-1", "this is a whole number from 0 to 1000000"),
        (PLACES, "capacity", "45.0", "this is a whole number from 0 to 1000000"),
        (PLACES, "face", "x" * 21, "a label has 1 to 20 visible characters"),
        (PLACES, "code", "A 03", "a code has 1 to 40 letters, digits, Chinese characters or - _ ."),
        (READERS, "dialect", "alien", f"this is one of {', '.join(Dialect)}"),
        (READERS, "role", "roof", "this is one of shelf, zone, gate_inner, gate_outer, tunnel, desk, cart, handheld"),
        (READERS, "topic", "guiwei/+/reads", "an MQTT topic has 1 to 500 bytes and no wildcards # or +"),
        (READERS, "topic", "读" * 167, "an MQTT topic has 1 to 500 bytes and no wildcards # or +"),
        (READERS, "antenna", "1000", "this is a whole number from 0 to 999"),
        (READERS, "antenna", "²", "this is a whole number from 0 to 999"),
        (READERS, "timezone", "Beijing", "a time zone has its IANA name, as Asia/Shanghai"),
        (READERS, "timezone", "Asia", "a time zone has its IANA name, as Asia/Shanghai"),
        (READERS, "timezone", "../../etc/passwd", "a time zone has its IANA name, as Asia/Shanghai"),
        (READERS, "mapping", "[1]", "a mapping is a JSON object of at most 4000 characters"),
        (READERS, "mapping", '{"a":' * 700, "a mapping is a JSON object of at most 4000 characters"),
        (READERS, "mapping", "[" * 4000, "a mapping is a JSON object of at most 4000 characters"),
        (READERS, "mapping", "\ud800", "a mapping is a JSON object of at most 4000 characters"),
        (READERS, "control_url", "ftp://10.0.0.7", "this is an address of http or https without a password, or mqtt:TOPIC, with at most 500 characters"),
        (READERS, "control_url", "http://x:99999", "this is an address of http or https without a password, or mqtt:TOPIC, with at most 500 characters"),
        (READERS, "control_url", "https://root:impinj@10.0.0.7", "this is an address of http or https without a password, or mqtt:TOPIC, with at most 500 characters"),
        (READERS, "control_url", "mqtt:a/#", "this is an address of http or https without a password, or mqtt:TOPIC, with at most 500 characters"),
        (READERS, "control_url", "http://[::1", "this is an address of http or https without a password, or mqtt:TOPIC, with at most 500 characters"),
        (DOSSIERS, "id_number", "3.70102E+17",
         "a spreadsheet has turned the number into an amount; make the column text and export it again"),
        (DOSSIERS, "volume", "1000", "a volume is a whole number from 1 to 999"),
        (DOSSIERS, "aliases", ";".join(map(str, range(11))), "a dossier has at most 10 aliases"),
        (DOSSIERS, "aliases", "1998/3", 'a dossier number can\'t contain "/", because "number/2" names volume 2'),
        (DOSSIERS, "deposit_type", "other", "this is one of employer, individual, 单位存档, 个人存档"),
    ],
)  # fmt: skip
def test_a_wrong_cell_gets_one_sentence(register: Register[Any], column: str, cell: str, problem: str) -> None:
    assert problems(register, EXAMPLES[register.name], **{column: cell}) == {column: problem}


def test_an_agency_does_not_end_before_it_begins() -> None:
    found = problems(AGENCIES, AGENCY, valid_from="2021-03-01", valid_to="2021-02-28")
    assert found == {"valid_to": "the last day is before the first"}


def test_a_warehouse_stands_in_nothing() -> None:
    assert problems(PLACES, PLACE, kind="warehouse") == {"parent": "a warehouse stands in no other place"}
    assert read(PLACES, PLACE, kind="warehouse", parent="").parent is None


def test_a_tid_without_an_epc_is_no_tag() -> None:
    assert problems(DOSSIERS, DOSSIER, epc="") == {"tid": "a tag with a TID also has an EPC"}


def test_an_error_never_repeats_the_cell() -> None:
    errors = read(DOSSIERS, DOSSIER, name="单雄信\n", id_number="1" * 41, employer="秘密\x00单位", number="机密/3")
    assert not any(secret in str(errors) for secret in ("单雄信", "1" * 41, "秘密", "机密"))


def test_columns_may_stand_in_any_order_and_case() -> None:
    layout = DOSSIERS.layout([name.upper() for name in reversed(DOSSIER)] + ["", ""])
    assert isinstance(layout, Layout)
    row = layout.read([*reversed(DOSSIER.values())])
    assert isinstance(row, DossierRow)
    assert row.number == "D-17"


def test_a_wrong_header_is_told_whole_with_the_nearest_name() -> None:
    errors = DOSSIERS.layout(["number", "nmae", "number", "id_number", "holding_agency", "epc", "tid"])
    assert isinstance(errors, tuple)
    assert [(error.column, error.problem_en) for error in errors] == [
        ("nmae", "there is no such column; the nearest is name"),
        ("number", "the column stands twice"),
        ("name", "this required column is missing"),
        ("place", "this required column is missing"),
    ]


def test_a_row_longer_than_the_header_is_an_error_and_a_shorter_one_lacks_its_last_cells() -> None:
    layout = DOSSIERS.layout(list(DOSSIER))
    assert isinstance(layout, Layout)
    (error,) = layout.read([*DOSSIER.values(), "", "more"])  # type: ignore[misc]
    assert error.problem_en == "the row has more cells than the header has columns"
    assert isinstance(layout.read([*DOSSIER.values(), "", " "]), DossierRow)
    shorter = layout.read(list(DOSSIER.values())[:4])
    assert isinstance(shorter, DossierRow)
    assert shorter.place is None
