"""Names as written, as compared, and in pinyin with all their readings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.names import (
    READINGS_PER_NAME_MAX,
    folded,
    name_parts,
    parse_name,
    pinyin_initials,
    pinyin_of,
    pinyin_readings,
)
from inventory.domain.refusals import BadInput
from inventory.domain.surnames import COMPOUND_SURNAMES, SURNAMES


@pytest.mark.parametrize(
    ("surname", "spellings"),
    [
        ("单", ["shan"]),
        ("仇", ["qiu"]),
        ("解", ["xie"]),
        ("查", ["zha"]),
        ("曾", ["zeng"]),
        ("区", ["ou"]),
        ("任", ["ren"]),
        ("盖", ["ge"]),
        ("覃", ["qin", "tan"]),
        ("尉迟", ["yuchi"]),
        ("万俟", ["moqi"]),
        ("亓", ["qi"]),
        ("逄", ["pang"]),
        ("綦", ["qi"]),
        ("禚", ["zhuo"]),
        ("仉", ["zhang"]),
        ("訾", ["zi"]),
        ("郇", ["xun", "huan"]),
        ("欧阳", ["ouyang"]),
        ("诸葛", ["zhuge"]),
        ("单于", ["chanyu"]),
        ("吕", ["lv", "lyu"]),
    ],
)
def test_a_surname_is_first_read_as_a_surname(surname: str, spellings: list[str]) -> None:
    assert pinyin_readings(surname + "伟")[: len(spellings)] == [spelling + "wei" for spelling in spellings]


@pytest.mark.parametrize("surname", SURNAMES)
def test_every_listed_surname_is_found_by_all_its_own_readings(surname: str) -> None:
    assert set(SURNAMES[surname]) <= set(pinyin_readings(surname))


@pytest.mark.parametrize("surname", COMPOUND_SURNAMES)
def test_every_compound_surname_is_found_whole(surname: str) -> None:
    first, second = COMPOUND_SURNAMES[surname]
    assert (first + second).replace("ü", "v") == pinyin_readings(surname)[0]
    assert first[0] + second[0] == pinyin_initials(surname)[0]


def test_a_clerk_who_does_not_know_the_surname_finds_it_by_the_common_reading() -> None:
    assert {"shanwei", "danwei", "chanwei"} <= set(pinyin_readings("单伟"))
    assert {"moqi", "wansi"} <= set(pinyin_readings("万俟"))
    assert {"sw", "dw"} <= set(pinyin_initials("单伟"))


def test_a_polyphone_in_the_given_name_has_all_its_readings() -> None:
    assert {"wangle", "wangyue"} <= set(pinyin_readings("王乐"))
    assert {"lizhang", "lichang"} <= set(pinyin_readings("李长"))


def test_a_reading_only_dictionaries_know_is_left_out() -> None:
    assert pinyin_readings("王浩然") == ["wanghaoran"]


def test_u_umlaut_is_typed_as_v_or_as_yu() -> None:
    assert pinyin_readings("吕布") == ["lvbu", "lyubu"]
    assert folded("Lǚ Bù") == "lvbu"


def test_latin_letters_stand_for_themselves_and_begin_each_part() -> None:
    assert pinyin_readings("Anna Maria") == ["annamaria"]
    assert pinyin_initials("Anna Maria") == ["am"]
    assert "adilimaimaiti" in pinyin_readings("阿迪力·买买提")
    assert "adlmmt" in pinyin_initials("阿迪力·买买提")


def test_a_character_beyond_the_basic_plane_is_read_or_passed_over() -> None:
    assert pinyin_readings("王𠮷") == ["wangji"]
    assert pinyin_readings("王\U000323af") == ["wang"]


@pytest.mark.parametrize("dot", [*"·・•．‧･∙⋅", " ", ""])
def test_the_dot_in_a_name_does_not_matter(dot: str) -> None:
    assert folded(f"阿迪力{dot}买买提") == "阿迪力买买提"


def test_a_name_with_dots_is_also_found_by_its_later_parts() -> None:
    assert name_parts("阿迪力·买买提") == ["阿迪力", "买买提"]


def test_width_case_and_accents_do_not_matter() -> None:
    assert folded("ＡＮＮＡ　José O’Neill-Smith") == "annajoseoneillsmith"


@given(st.text(max_size=60))
def test_folding_twice_folds_no_further(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=60) | st.text(max_size=60))
def test_no_name_has_more_spellings_than_the_limit_or_one_twice(name: str) -> None:
    for spellings in pinyin_of(name):
        assert len(set(spellings)) == len(spellings) <= READINGS_PER_NAME_MAX
        assert "" not in spellings


@pytest.mark.parametrize("name", ["王伟", "阿迪力·买买提", "𠮷野", "\U00031350", "A" * 60])
def test_a_name_is_kept_as_written(name: str) -> None:
    assert parse_name(f" {name} ") == name


@pytest.mark.parametrize("name", ["", "  ", "王" * 61, "王\n伟", "王\u202e伟", "王\ufffd"])
def test_a_name_is_visible_and_not_too_long(name: str) -> None:
    with pytest.raises(BadInput, match="1 to 60 visible characters"):
        parse_name(name)
