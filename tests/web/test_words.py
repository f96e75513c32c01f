"""Every text stands in both languages, and times read as people say them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest

from inventory.domain.people import Role
from inventory.domain.registers import DepositType
from inventory.domain.whereabouts import Agreement
from web.site import CHINA_TIME
from web.speaking import age, clock_offset, local_time, percent, probability_in_words
from web.words import TEXTS, Words, choose_language

WEB = Path(__file__).parents[2] / "web"
ZH, EN = Words("zh-CN"), Words("en")
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_stands_in_both_languages_with_the_same_facts(key: str) -> None:
    zh, en = TEXTS[key]
    assert zh
    assert en
    assert _placeholders(zh) == _placeholders(en)


def test_every_text_the_pages_ask_for_is_there_and_none_is_left_over() -> None:
    sources = [path.read_text("utf-8") for kind in ("*.py", "*.html") for path in WEB.rglob(kind)]
    asked = {key for source in sources for key in re.findall(r'(?:\bt|words)\("([a-z_.]+[a-z])"', source)}
    asked |= {f"agreement.{state}" for state in Agreement} | {f"agreement.{state}.text" for state in Agreement}
    asked |= {f"readers.{state}" for state in ("online", "offline", "silent", "gap")}
    asked |= {f"probability.{word}" for word in ("certain", "likely", "fair", "unsure")}
    asked |= {f"dossier.deposit.{kind}" for kind in DepositType}
    assert asked == set(TEXTS)


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
