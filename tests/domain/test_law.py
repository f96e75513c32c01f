"""The rules of the trade as data."""

import re
from dataclasses import replace
from datetime import date

import pytest

from inventory.domain.custody_rules import RULES as ACT_RULES
from inventory.domain.law import (
    ABOLISHED_PAPERS,
    CHAPTERS,
    RULES,
    Mark,
    Rule,
    Unit,
    abolished_papers,
    check_overrides,
    in_force,
    number_of,
)
from inventory.domain.refusals import BadInput

HAN = re.compile("[\u4e00-\u9fff]")
rules = pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)


def test_no_rule_stands_in_two_places() -> None:
    assert len(RULES) == sum(len(chapter) for chapter in CHAPTERS.values())


@rules
def test_a_rule_is_one_sentence_in_each_language_with_its_source(rule: Rule) -> None:
    assert re.fullmatch("[a-z][a-z_]+", rule.id)
    assert rule.zh.endswith("。") and HAN.search(rule.zh) and HAN.search(rule.source_zh)
    assert rule.en.endswith(".") and not HAN.search(rule.en + rule.source_en)
    assert (rule.sentence("zh"), rule.sentence()) == (rule.zh, rule.en)
    assert (rule.source("zh"), rule.source()) == (rule.source_zh, rule.source_en)


@rules
def test_the_number_of_a_rule_is_the_one_its_sentences_say(rule: Rule) -> None:
    assert (rule.number is None) == (rule.unit is None)
    if rule.number is not None:
        for sentence in (rule.zh, rule.en):
            assert re.search(rf"(?<!\d){rule.number}(?!\d)", sentence), sentence


@rules
def test_what_binds_us_names_its_article(rule: Rule) -> None:
    if rule.mark is Mark.POLICY:
        assert re.fullmatch(r"鲁人社发〔2020〕4号，第\d+(、\d+)?条", rule.source_zh)
        assert re.fullmatch(r"Shandong HRSS \[2020\] No\. 4, articles? \d+( and \d+)?", rule.source_en)
        assert not rule.configurable


def test_the_numbers_of_the_trade() -> None:
    numbers = {
        "due_date_never_null": (15, Unit.CALENDAR_DAYS),
        "transfer_within_working_days": (15, Unit.WORKING_DAYS),
        "receipt_within_months": (1, Unit.MONTHS),
        "receipt_escalation_days": (60, Unit.CALENDAR_DAYS),
        "death_kept_years": (5, Unit.YEARS),
        "two_visitors": (2, Unit.PERSONS),
        "logs_kept_days": (190, Unit.CALENDAR_DAYS),
    }
    assert {name: (RULES[name].number, RULES[name].unit) for name in numbers} == numbers


def test_every_rule_an_act_stands_on_is_in_the_book() -> None:
    named = {law for act in ACT_RULES.values() for law in act.law}
    assert named and named <= RULES.keys()


def test_a_site_may_set_what_nobody_fixed() -> None:
    ours = {"transfer_within_working_days": 10}
    check_overrides(ours)
    assert number_of("transfer_within_working_days", ours) == 10
    assert number_of("receipt_escalation_days", ours) == 60


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"two_carriers": 1}, "the number of two_carriers is set by Shandong HRSS"),
        ({"free_of_charge": 1}, "there is no rule free_of_charge that has a number"),
        ({"nonsense": 1}, "there is no rule nonsense that has a number"),
        ({"receipt_within_months": 0}, "from 1 to 3650"),
        ({"receipt_within_months": 3651}, "from 1 to 3650"),
    ],
)
def test_a_site_may_not_set_what_is_binding_or_senseless(overrides: dict[str, int], told: str) -> None:
    with pytest.raises(BadInput, match=re.escape(told)):
        check_overrides(overrides)


def test_a_binding_number_stays_whatever_slipped_in() -> None:
    assert number_of("two_carriers", {"two_carriers": 1}) == 2


def test_a_rule_without_a_number_has_none_to_give() -> None:
    with pytest.raises(AssertionError, match="free_of_charge has no number"):
        number_of("free_of_charge", {})


def test_a_rule_holds_from_its_first_day_to_its_last() -> None:
    short = replace(RULES["free_of_charge"], valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1)]
    assert [in_force(short, day) for day in days] == [False, True, True, False]
    assert in_force(RULES["free_of_charge"], date(1990, 1, 1))


def test_the_registration_card_may_not_be_demanded_since_2023() -> None:
    before, since = ({p.zh for p in abolished_papers(day)} for day in (date(2022, 12, 31), date(2023, 1, 1)))
    assert before == {"行政（工资）介绍信", "转正定级表", "调整改派手续"}
    assert since == before | {"就业报到证"} == {paper.zh for paper in ABOLISHED_PAPERS}
