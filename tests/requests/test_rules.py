"""Rules of requests by themselves: words that are refused, channels, days, what a receipt's clock counts."""

from datetime import date

import pytest

from inventory.domain import refusals
from inventory.domain.institutions import InstitutionClass, parse_institution_class
from inventory.domain.request_rules import due_on
from inventory.domain.requests import check_free_text, parse_request_number, request_number
from inventory.domain.travelling import Career, Channel, channel_for, months_after, parse_channel, years_after


@pytest.mark.parametrize("words", ["自带", "self_carry", " 本人 ", "Person", "个人自带"])
def test_nobody_carries_a_dossier_in_person(words: str) -> None:
    with pytest.raises(refusals.NeverSelfCarry):
        parse_channel(words)


def test_a_person_is_no_institution() -> None:
    with pytest.raises(refusals.BadInput, match="个人不能登记"):
        parse_institution_class("person")
    assert parse_institution_class("公证处") is InstitutionClass.NOTARY


@pytest.mark.parametrize("recipient", list(InstitutionClass))
def test_ems_carries_only_what_is_known_to_be_of_no_state_body(recipient: InstitutionClass) -> None:
    def by_ems(*careers: Career) -> bool:
        try:
            return channel_for(Channel.EMS, careers, recipient) is Channel.EMS
        except refusals.NeverByEms:
            assert channel_for(None, careers, recipient) is Channel.CONFIDENTIAL
            assert channel_for(Channel.STAFF, careers, recipient) is Channel.STAFF
            return False

    assert by_ems(Career.NONE) is not recipient.is_state_body
    assert not by_ems()
    assert not any(by_ems(Career.NONE, career) for career in Career if career is not Career.NONE)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 5, 31), 1, date(2026, 6, 30)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_months_last(day: date, months: int, later: date) -> None:
    assert months_after(day, months) == later


def test_five_years_after_a_leap_day_are_full() -> None:
    assert years_after(date(2020, 2, 29), 5) == date(2025, 3, 1)
    assert years_after(date(2020, 2, 29), 4) == date(2024, 2, 29)


def test_a_day_to_come_back_is_never_empty_and_never_too_late() -> None:
    assert due_on(date(2026, 3, 1), 15) == date(2026, 3, 16)
    assert due_on(date(2026, 3, 1), 15, date(2026, 3, 5)) == date(2026, 3, 5)
    for asked in (date(2026, 3, 17), date(2026, 2, 28)):
        with pytest.raises(refusals.DueTooLate):
            due_on(date(2026, 3, 1), 15, asked)


@pytest.mark.parametrize(
    "text", ["370102198001010015", "他的号 3701 0219 8001 0100 1X", "３７０１０２８００１０１００１"]
)
def test_free_text_holds_no_id_number(text: str) -> None:
    with pytest.raises(refusals.IdNumberInText) as refused:
        check_free_text(text, "用途说明", "note")
    assert "3701" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["函〔2026〕第 12 号", "电话 0531-88881234、13812345678", "合同 20260301-20271231-0012"]
)
def test_letters_and_telephones_are_no_id_numbers(text: str) -> None:
    assert check_free_text(f" {text} ", "用途说明", "note") == text


def test_a_requests_number_is_read_as_it_is_scanned() -> None:
    assert parse_request_number("ｒ－000123 ") == parse_request_number(request_number(123)) == 123
    for wrong in ("R-", "123", "R-12x", "R-1234567890123"):
        with pytest.raises(refusals.RequestNotFound):
            parse_request_number(wrong)
