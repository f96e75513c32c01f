"""Citizen IDs, credit codes, dossier numbers and the names of volumes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.identifiers import (
    CitizenId,
    IdWarning,
    VolumeName,
    credit_code_is_valid,
    dossier_check_character,
    id_check_character,
    is_own_dossier_number,
    new_dossier_number,
    parse_dossier_number,
    read_id_number,
)
from inventory.domain.masking import MaskStyle, mask_id
from inventory.domain.refusals import BadInput

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643

days = st.dates(date(1900, 1, 1), date(1999, 12, 31))
divisions = st.integers(110000, 659999).map(str)
orders = st.integers(0, 999).map("{:03d}".format)


@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_check_character_is_the_standards_weighted_sum(digits: str) -> None:
    weighted = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    assert id_check_character(digits) == "10X98765432"[weighted % 11]


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_standards_own_examples_are_valid(number: str) -> None:
    assert CitizenId(number).text == number


def test_an_id_number_tells_division_birth_date_and_sex() -> None:
    citizen = CitizenId("11010519491231002X")
    assert (citizen.division, citizen.born_on, citizen.birth_year) == ("110105", date(1949, 12, 31), 1949)
    assert citizen.sex == "female"


def test_an_abolished_division_is_as_good_as_any() -> None:
    digits = "37120219800101001"  # Laiwu, part of Jinan since 2019
    assert read_id_number(digits + id_check_character(digits), historic=False).warning is None


def test_an_old_number_of_fifteen_digits_is_extended_and_marked() -> None:
    old = read_id_number("370102800101001", historic=True)
    assert (old.normalised, old.warning) == ("370102198001010015", IdWarning.FIFTEEN_DIGITS)
    assert old.citizen_id == CitizenId("370102198001010015")


@given(divisions, days, orders)
def test_fifteen_digits_and_eighteen_of_one_person_are_the_same_number(division: str, day: date, order: str) -> None:
    digits = f"{division}{day:%Y%m%d}{order}"
    whole = digits + id_check_character(digits)
    assert read_id_number(digits[:6] + digits[8:], historic=True).normalised == whole
    assert read_id_number(whole, historic=False).normalised == whole


@given(divisions, days, orders, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes(division: str, day: date, order: str, position: int, step: int) -> None:
    digits = f"{division}{day:%Y%m%d}{order}"
    check = id_check_character(digits)
    wrong = digits[:position] + str((int(digits[position]) + step) % 10) + digits[position + 1 :]
    assert read_id_number(wrong + check, historic=True).warning is not None


@pytest.mark.parametrize(
    ("written", "warning"),
    [
        ("370102800101001", IdWarning.FIFTEEN_DIGITS),
        ("370102801301001", IdWarning.WRONG_BIRTH_DATE),
        ("370102198002300013", IdWarning.WRONG_BIRTH_DATE),
        ("370102178001010018", IdWarning.WRONG_BIRTH_DATE),
        ("370102198001010016", IdWarning.WRONG_CHECK_CHARACTER),
        ("无", IdWarning.WRONG_FORM),
        ("37010219800101001", IdWarning.WRONG_FORM),
    ],
)
def test_what_an_old_paper_says_is_kept_with_a_warning_but_stops_on_a_new_one(written: str, warning: IdWarning) -> None:
    assert read_id_number(written, historic=True).warning is warning
    with pytest.raises(BadInput) as refused:
        read_id_number(written, historic=False)
    assert warning.zh in refused.value.sentence("zh")
    assert warning.en in refused.value.sentence("en")
    assert written not in str(refused.value)


@pytest.mark.parametrize(
    "written", ["１１０１０５１９４９１２３１００２Ｘ", " 110105 19491231 002x ", "110105-19491231-002X"]
)
def test_full_width_digits_blanks_and_hyphens_are_forgiven(written: str) -> None:
    assert read_id_number(written, historic=False).normalised == "11010519491231002X"


@pytest.mark.parametrize("written", ["", "  ", "1" * 41, "3701\x0002", "3.70102E+17"])
def test_what_is_no_number_at_all_stops_even_on_old_material(written: str) -> None:
    with pytest.raises(BadInput):
        read_id_number(written, historic=True)


def test_a_number_never_shows_in_a_log() -> None:
    number = read_id_number("11010519491231002X", historic=True)
    assert "19491231" not in repr(number) + repr(number.citizen_id)


def test_staff_see_the_ends_of_an_id_number_and_supervisors_its_province_and_city() -> None:
    assert mask_id("370102198001011015") == "370102********1015"
    assert mask_id("370102198001011015", MaskStyle.SUPERVISOR) == "3701**************"


@given(st.text(max_size=40), st.sampled_from(MaskStyle))
def test_a_mask_keeps_the_length_and_hides_at_least_five_characters(number: str, style: MaskStyle) -> None:
    masked = mask_id(number, style)
    assert len(masked) == len(number)
    assert masked.count("*") >= min(5, len(number))


def test_the_credit_code_of_the_standard_is_valid_and_no_neighbour_of_it() -> None:
    code = "91350100M000100Y43"
    assert credit_code_is_valid(code)
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for position, original in enumerate(code):
        for character in alphabet.replace(original, ""):
            assert not credit_code_is_valid(code[:position] + character + code[position + 1 :])


@pytest.mark.parametrize("code", ["", "91350100M000100Y4", "91350100M000100Y4I", "91350100m000100y43"])
def test_what_has_another_form_is_no_credit_code(code: str) -> None:
    assert not credit_code_is_valid(code)


def test_the_check_character_is_that_of_iso_7064() -> None:
    assert dossier_check_character("A12425GABC1234002") == "M"  # the GRid standard's published example


def test_a_new_dossier_number_has_its_form_and_check_character() -> None:
    number = new_dossier_number("370102", "01", 17)
    assert number.startswith("370102-01-0000017-")
    assert is_own_dossier_number(number)


@given(st.integers(0, 9_999_999), st.integers(0, 16), st.integers(1, 9))
def test_a_mistyped_dossier_number_is_noticed(running: int, position: int, step: int) -> None:
    number = new_dossier_number("370102", "01", running)
    if number[position] != "-":
        wrong = number[:position] + str((int(number[position]) + step) % 10) + number[position + 1 :]
        assert not is_own_dossier_number(wrong)


@pytest.mark.parametrize(
    ("division", "serial", "running"), [("37010", "01", 1), ("370102", "1", 1), ("370102", "01", 10**7)]
)
def test_a_dossier_number_of_other_parts_is_refused(division: str, serial: str, running: int) -> None:
    with pytest.raises(BadInput, match="a running number of 7"):
        new_dossier_number(division, serial, running)


@pytest.mark.parametrize("number", ["D-17", "鲁人才 1998 字第3号", "0001", "𠮷-7", "370102-01-0000017-0"])
def test_any_existing_format_is_accepted_as_it_is(number: str) -> None:
    assert parse_dossier_number(f" {number} ") == number


@pytest.mark.parametrize("number", ["", " ", "x" * 41, "D\t17", "D\u200b17", "D\ud800"])
def test_a_dossier_number_is_visible_and_not_too_long(number: str) -> None:
    with pytest.raises(BadInput, match="1 to 40 visible characters"):
        parse_dossier_number(number)


def test_a_slash_in_a_number_would_name_a_volume() -> None:
    with pytest.raises(BadInput, match='"number/2" names volume 2'):
        parse_dossier_number("1998/3")


def test_a_number_a_spreadsheet_has_turned_into_an_amount_is_refused() -> None:
    with pytest.raises(BadInput, match="has turned the number into an amount"):
        parse_dossier_number("3.70102E+17")


numbers = st.text("0123456789ABC-号", min_size=1, max_size=40)


@given(numbers, st.integers(1, 999))
def test_a_volume_is_found_by_the_name_it_is_given(number: str, volume: int) -> None:
    name = VolumeName(number, volume)
    assert VolumeName.parse(str(name)) == name


def test_the_first_volume_goes_by_the_number_alone() -> None:
    assert (str(VolumeName("D-17")), str(VolumeName("D-17", 2))) == ("D-17", "D-17/2")


@pytest.mark.parametrize("name", ["D-17/", "D-17/0", "D-17/1000", "D-17/x", "D-17/²", "/2", "D/1/2"])
def test_a_volume_has_a_number_from_1_to_999(name: str) -> None:
    with pytest.raises(BadInput):
        VolumeName.parse(name)
