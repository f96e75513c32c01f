"""Legal time limits in working days, with the State Council's days off and make-up working days."""

import contextlib
from datetime import date, timedelta

import chinese_calendar  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.holidays_cn import NOTICES
from inventory.domain.refusals import BadInput
from inventory.domain.working_days import (
    CALENDAR_ROWS_MAX,
    WORKING_DAYS_MAX,
    CalendarDay,
    DayKind,
    WorkingCalendar,
    load_calendar,
    parse_calendar_days,
)

FIRST, LAST = 2019, 2026
CALENDAR = load_calendar()

days = st.dates(date(FIRST - 2, 1, 1), date(LAST + 2, 12, 31))
limits = st.integers(0, 60)


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@pytest.mark.parametrize("year", range(FIRST, LAST + 1))
def test_every_day_is_what_another_table_of_the_notices_says(year: int) -> None:
    ours = {day: CALENDAR.is_working_day(day) for day in every_day(date(year, 1, 1), date(year, 12, 31))}
    assert ours == {day: chinese_calendar.is_workday(day) for day in ours}


def test_the_years_we_carry_are_known_and_no_other() -> None:
    assert sorted(CALENDAR.known_years) == list(range(FIRST, LAST + 1))
    assert all(notice.number.startswith("国办发明电〔") for notice in NOTICES)
    assert sorted(notice.issued for notice in NOTICES) == [notice.issued for notice in NOTICES]


def test_a_later_notice_overrules_an_earlier_one() -> None:
    told = CALENDAR.days[date(2020, 2, 1)]
    assert (told.kind, told.source) == (DayKind.OFF, "国办发明电〔2020〕1号，2020-01-26"), "first it was to be worked"
    assert CALENDAR.days[date(2019, 5, 1)].source == "国办发明电〔2019〕3号，2019-03-22"


def test_a_saturday_worked_for_the_spring_festival_counts_and_the_festival_does_not() -> None:
    assert CALENDAR.is_working_day(date(2026, 2, 14)), "a Saturday"
    assert not CALENDAR.is_working_day(date(2026, 2, 16)), "a Monday"


@pytest.mark.parametrize(
    ("asked_on", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 23)),  # no days off in between
        (date(2026, 2, 13), date(2026, 3, 12)),  # the Spring Festival, and both Saturdays worked for it
        (date(2026, 9, 18), date(2026, 10, 15)),  # Mid-Autumn and National Day, and the Sunday and Saturday worked
    ],
)
def test_a_transfer_has_fifteen_working_days(asked_on: date, due: date) -> None:
    assert CALENDAR.add_working_days(asked_on, 15) == (due, ())


def test_counting_starts_the_day_after() -> None:
    friday = date(2026, 3, 6)
    assert CALENDAR.add_working_days(friday, 1).day == date(2026, 3, 9)
    assert CALENDAR.add_working_days(friday, 0) == (friday, ())


def test_a_year_without_a_notice_counts_weekdays_and_says_so() -> None:
    due, assumed = CALENDAR.add_working_days(date(2027, 1, 29), 15)
    assert (due, assumed) == (date(2027, 2, 19), (2027,)), "the Spring Festival of 2027 isn't known yet"
    assert CALENDAR.working_days_between(date(2027, 1, 29), due) == (15, (2027,))


def test_the_last_days_of_december_wait_for_the_next_years_notice() -> None:
    assert CALENDAR.assumed_years(date(2026, 12, 27)) == ()
    assert CALENDAR.assumed_years(date(2026, 12, 28)) == (2027,)
    assert CALENDAR.assumed_years(date(2025, 12, 31)) == ()
    assert not CALENDAR.is_working_day(date(2018, 12, 31)), "by the notice for 2019"


def test_a_limit_that_ends_before_the_unknown_is_not_marked() -> None:
    assert CALENDAR.add_working_days(date(2026, 12, 1), 15) == (date(2026, 12, 22), ())


def test_a_site_adds_a_year_by_a_file() -> None:
    own = parse_calendar_days(
        "day,kind,source\n2027-01-01,off,国办发明电〔2026〕9号\n2027/02/08,放假,国办发明电〔2026〕9号\n20270220,班,国办发明电〔2026〕9号\n"
    )
    calendar = CALENDAR.with_days(own)
    assert 2027 in calendar.known_years
    assert 2027 not in CALENDAR.known_years
    assert calendar.add_working_days(date(2027, 2, 5), 1) == (date(2027, 2, 9), ())
    assert calendar.is_working_day(date(2027, 2, 20)), "a Saturday"


def test_a_site_may_close_for_a_day_without_knowing_the_year() -> None:
    calendar = CALENDAR.with_days([CalendarDay(date(2027, 7, 5), DayKind.OFF, "防汛通知")])
    assert calendar.add_working_days(date(2027, 7, 2), 1) == (date(2027, 7, 6), (2027,))


@given(days, limits)
def test_a_limit_ends_on_a_working_day_with_exactly_so_many_in_it(day: date, limit: int) -> None:
    due = CALENDAR.add_working_days(day, limit)
    assert CALENDAR.working_days_between(day, due.day) == (limit, due.assumed_years)
    assert limit == 0 or CALENDAR.is_working_day(due.day)


@given(days, limits, limits)
def test_one_limit_after_the_other_is_both_together(day: date, first: int, then: int) -> None:
    halfway = CALENDAR.add_working_days(day, first).day
    assert CALENDAR.add_working_days(halfway, then).day == CALENDAR.add_working_days(day, first + then).day


@given(days, days, days)
def test_working_days_add_up_in_both_directions(first: date, middle: date, last: date) -> None:
    def between(a: date, b: date) -> int:
        return CALENDAR.working_days_between(a, b).working_days

    assert between(first, middle) + between(middle, last) == between(first, last)
    assert between(first, last) == -between(last, first)


@given(days, limits)
def test_only_what_is_not_known_is_assumed(day: date, limit: int) -> None:
    due, assumed = CALENDAR.add_working_days(day, limit)
    assert not set(assumed) & CALENDAR.known_years
    assert set(assumed) <= set(range(day.year, due.year + 2))
    unknown = {passed.year for passed in every_day(day + timedelta(days=1), due)} - CALENDAR.known_years
    assert unknown <= set(assumed)
    assert assumed == tuple(sorted(assumed))


@given(st.dates(date(2030, 1, 1), date(2040, 1, 1)), limits)
def test_without_any_notice_five_days_are_a_week(day: date, weeks: int) -> None:
    bare = WorkingCalendar({})
    weekday = day - timedelta(days=max(0, day.weekday() - 4))
    assert bare.add_working_days(weekday, 5 * weeks).day == weekday + timedelta(weeks=weeks)


@pytest.mark.parametrize("limit", [-1, WORKING_DAYS_MAX + 1])
def test_a_limit_has_bounds(limit: int) -> None:
    with pytest.raises(ValueError, match="a time limit has 0 to 1000 working days"):
        CALENDAR.add_working_days(date(2026, 1, 1), limit)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file holds no days"),
        ("day,kind,source\n", "the file holds no days"),
        ("date,kind\n2027-01-01,off\n", "row 1: the header is day,kind,source"),
        ("day,kind,source\n2027-01-01,off,x\n\n2027-02-30,off,x\n", "row 4: a date is a real day"),
        ("day,kind,source\n2027-01-01,holiday,x\n", "row 2: this is one of off, worked"),
        ("day,kind,source\n2027-01-01,off,\n", "row 2: this is 1 to 200 visible characters"),
        ("day,kind,source\n2027-01-01,off\n", "row 2: a row has 3 columns"),
        ("day,kind,source\n2027-01-01,off,x\n2027-01-01,worked,x\n", "row 3: 2027-01-01 stands twice"),
        ('day,kind,source\n2027-01-01,off,"x\n', "row 2: it isn't CSV"),
        ("day,kind,source\n" + "\n" * CALENDAR_ROWS_MAX, "row 5001: a file has at most 5000 rows"),
    ],
)
def test_a_wrong_file_is_refused_with_the_row(text: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_calendar_days(text)
    assert told in refused.value.sentence()
    row = told.partition(":")[0].removeprefix("row ")
    assert not row.isdigit() or f"第 {row} 行" in refused.value.sentence("zh")


@given(st.text(max_size=60) | st.text('day,kindsource\n2027-01"off放假', max_size=60).map("day,kind,source\n".__add__))
def test_whatever_the_file_holds_it_is_days_or_refused(text: str) -> None:
    with contextlib.suppress(BadInput):
        read = parse_calendar_days(text)
        assert len({day.day for day in read}) == len(read) > 0


@given(st.dictionaries(days, st.sampled_from(DayKind), min_size=1, max_size=20))
def test_what_is_written_is_read_again(written: dict[date, DayKind]) -> None:
    rows = "".join(f"{day},{kind.zh if day.day % 2 else kind},通知\n" for day, kind in written.items())
    assert parse_calendar_days("\ufeffday,kind,source\n" + rows) == tuple(
        CalendarDay(day, kind, "通知") for day, kind in written.items()
    )
