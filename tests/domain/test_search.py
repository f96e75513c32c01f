"""One box for everything: what is stored, what is asked, and that the two meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.names import pinyin_of
from inventory.domain.refusals import BadInput
from inventory.domain.search import TOKEN_CHARACTERS_MAX, Query, interpret, prefix_range, tokens_of

TOKENS = tokens_of("370102-01-0000017-K", ["鲁人〔1998〕3号"], "单乐")


def finds(query: Query, tokens: list[str]) -> bool:
    """What the store does with a query: equality, or a range in byte order."""
    ranges = [tuple(bound.encode() for bound in prefix_range(prefix)) for prefix in query.prefixes]
    return any(token in query.exact or any(low <= token.encode() < high for low, high in ranges) for token in tokens)


@pytest.mark.parametrize(
    "typed",
    [
        "370102-01-0000017-K",
        "３７０１０２ 01 0000017 k",
        "370102-01-00000",
        "370102-01-0000017-K/2",
        "鲁人〔1998〕3号",
        "单乐",
        "单",
        "shanle",
        "Shan Yue",
        "dān lè",
        "sl",
        "sy",
        "shan",
        "370102-01-0000017-K\r",
    ],
)
def test_a_dossier_is_found_by_whatever_the_clerk_has(typed: str) -> None:
    assert finds(interpret(typed), TOKENS)


@pytest.mark.parametrize("typed", ["王", "wang", "370102-02", "lesan", "0000017"])
def test_a_dossier_is_not_found_by_what_it_is_not(typed: str) -> None:
    assert not finds(interpret(typed), TOKENS)


@given(st.text(max_size=60), st.lists(st.text(max_size=40), max_size=10), st.text(max_size=40))
def test_tokens_are_bounded_distinct_and_storable(name: str, aliases: list[str], number: str) -> None:
    tokens = tokens_of(number, aliases, name)
    assert len(set(tokens)) == len(tokens)
    for token in tokens:
        assert 0 < len(token) <= TOKEN_CHARACTERS_MAX
        assert "\0" not in token
        assert token.encode()


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=4))
def test_every_spelling_of_a_name_finds_it(name: str) -> None:
    tokens = tokens_of("D-1", [], name)
    for spelling in [name, *pinyin_of(name).full, *pinyin_of(name).initials]:
        assert finds(interpret(spelling), tokens)


@given(st.text(min_size=1, max_size=8), st.text(max_size=8))
def test_a_token_lies_in_the_range_of_a_prefix_exactly_if_it_begins_with_it(prefix: str, other: str) -> None:
    low, high = prefix_range(prefix)
    for token in (other, prefix, prefix + other, high, prefix[:-1] + other):
        assert token.startswith(prefix) == (low.encode() <= token.encode() < high.encode())


@pytest.mark.parametrize("prefix", ["a", "\ud7ff", "\uffff", "𠮷", "a\U0010ffff", "\U0010ffff", "\U0010ffff\U0010ffff"])
def test_the_last_characters_of_each_plane_have_ranges_too(prefix: str) -> None:
    low, high = (bound.encode() for bound in prefix_range(prefix))
    for ending in ("", "a", "\ue000", "\U00010000", "\U0010ffff"):
        assert low <= (prefix + ending).encode() < high
    assert not low <= prefix[:-1].encode() < high


@pytest.mark.parametrize(
    "typed", ["11010519491231002X", "１１０１０５１９４９１２３１００２ｘ", "110105 19491231 002x"]
)
def test_a_whole_id_number_is_looked_up(typed: str) -> None:
    assert interpret(typed).id_number == "11010519491231002X"


def test_an_old_id_number_is_looked_up_as_the_new_one() -> None:
    assert interpret("370102800101001").id_number == "370102198001010015"


def test_a_wrong_id_number_is_looked_up_as_the_old_paper_has_it() -> None:
    assert interpret("370102198001010016").id_number == "370102198001010016"


@pytest.mark.parametrize(
    ("typed", "last_six"), [("010015", "010015"), ("31002x", "31002X"), (" ３１００２Ｘ", "31002X")]
)
def test_the_last_six_of_an_id_number_are_looked_up(typed: str, last_six: str) -> None:
    assert interpret(typed).id_last_six == last_six


@pytest.mark.parametrize("typed", ["01001", "0100155", "X10015", "31002Y", "单乐"])
def test_other_texts_are_no_last_six(typed: str) -> None:
    assert interpret(typed).id_last_six is None


def test_an_epc_is_looked_up_as_bytes() -> None:
    assert interpret("3500e86f 8000a9e0 00000586").epc == bytes.fromhex("3500E86F8000A9E000000586")
    assert interpret("3500E86F8000A9E00000").epc is None
    assert interpret("3500E86F8000A9E00000058").epc is None


def test_a_single_letter_begins_too_much_to_be_a_prefix() -> None:
    assert interpret("w").prefixes == ()
    assert interpret("王").prefixes == ("王",)


@pytest.mark.parametrize("typed", ["", "   ", "---", "·", "\x00", "\ud800"])
def test_an_empty_box_asks_for_something_to_look_for(typed: str) -> None:
    with pytest.raises(BadInput, match="type a dossier number"):
        interpret(typed)


def test_a_box_stuffed_with_text_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadInput, match="at most 80 characters") as refused:
        interpret("王小明" * 27)
    assert "王小明" not in str(refused.value)


@given(st.text(max_size=100))
def test_whatever_stands_in_the_box_is_a_query_or_one_sentence(typed: str) -> None:
    try:
        tokens = interpret(typed).exact
    except BadInput:
        return
    assert tokens
    assert all(token.encode() and "\0" not in token for token in tokens)


def test_a_query_does_not_show_in_a_log() -> None:
    assert "单乐" not in repr(interpret("单乐"))
