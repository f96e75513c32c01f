"""Every text stands in both languages, and times read as people say them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest

from inventory.domain.people import Role
from web.site import CHINA_TIME
from web.speaking import age, clock_offset, local_time, percent, probability_in_words
from web.texts import TEXTS, keys_put_together
from web.words import Words, choose_language

WEB = Path(__file__).parents[2] / "web"
ZH, EN = Words("zh-CN"), Words("en")
# Asked of the words, or told to `outcomes.redirect`.
_ASKED = re.compile(r'''(?:\bt\(|\bwords\(|\bredirect\(\s*request,[^,]+,\s*)"([a-z_.]+[a-z])"''')
_WRITTEN = re.compile(r"""["']([a-z_.]+)["']""")
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_stands_in_both_languages_with_the_same_facts() -> None:
    halves = {key for key, (zh, en) in TEXTS.items() if not (zh and en)}
    differing = {key for key, (zh, en) in TEXTS.items() if _placeholders(zh) != _placeholders(en)}
    assert len(TEXTS) > 100
    assert halves == set()
    assert differing == set()


def test_every_text_the_pages_ask_for_is_there_and_none_is_left_over() -> None:
    paths = [path for kind in ("*.py", "*.html") for path in WEB.rglob(kind) if path.parent.name != "texts"]
    sources = [path.read_text("utf-8") for path in paths]
    asked = {key for source in sources for key in _ASKED.findall(source)} | set(keys_put_together())
    assert asked - set(TEXTS) == set(), "asked for, but not there"
    # Some keys are chosen first and asked for later: they stand there as they are.
    written = {text for source in sources for text in _WRITTEN.findall(source)}
    assert set(TEXTS) - asked - written == set(), "left over"


def test_every_role_has_a_name_in_both_languages() -> None:
    for role in Role:
        assert role.zh
        assert role.en


@pytest.mark.parametrize(
    ("cookie", "header", "language"),
    [
        ("en", "zh-CN", "en"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "fr;q=1,zh-TW;q=0.5,en;q=0.4", "zh-CN"),
        (None, "en;q=0.3,zh;q=0.5", "zh-CN"),
        (None, "fr", "zh-CN"),
        ("klingon", ";;q=x,,en", "en"),
        (None, "", "zh-CN"),
    ],
)
def test_the_language_is_chosen_by_the_person_then_the_browser_then_the_site(
    cookie: str | None, header: str, language: str
) -> None:
    assert choose_language(cookie, header, "zh-CN") == language


@pytest.mark.parametrize(
    ("passed", "zh", "en"),
    [
        (timedelta(seconds=-30), "刚刚", "just now"),
        (timedelta(seconds=59), "刚刚", "just now"),
        (timedelta(minutes=12, seconds=40), "12 分钟前", "12 min ago"),
        (timedelta(minutes=119), "1 小时前", "1 h ago"),
        (timedelta(days=29, hours=23), "29 天前", "29 d ago"),
        (timedelta(days=40), "2026-01-21 16:00", "2026-01-21 16:00"),
        (timedelta(minutes=-5), "时钟超前", "clock ahead"),
    ],
)
def test_ages_read_as_people_say_them(passed: timedelta, zh: str, en: str) -> None:
    assert age(NOW - passed, NOW, ZH, CHINA_TIME) == zh
    assert age(NOW - passed, NOW, EN, CHINA_TIME) == en


def test_times_are_the_warehouses_own() -> None:
    assert local_time(datetime(2026, 3, 1, 16, 0, tzinfo=UTC), CHINA_TIME) == "2026-03-02 00:00"


@pytest.mark.parametrize(
    ("probability", "number", "word"),
    [
        (1.0, "99.9 %", "几乎确定"),
        (0.9996, "99.9 %", "几乎确定"),
        (0.953, "95 %", "很可能"),
        (0.5, "50 %", "不确定"),
        (0.004, "< 1 %", "不确定"),
    ],
)
def test_no_probability_is_rounded_up_to_certainty(probability: float, number: str, word: str) -> None:
    assert percent(probability) == number
    assert probability_in_words(probability, ZH) == word


@pytest.mark.parametrize(("offset", "text"), [(None, "–"), (0, "+0.0 s"), (-1200, "-1.2 s"), (3_600_000, "+60 min")])
def test_a_readers_clock_is_told_in_seconds_or_minutes(offset: int | None, text: str) -> None:
    assert clock_offset(offset) == text
