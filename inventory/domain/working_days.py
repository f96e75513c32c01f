"""Working days in China: Monday to Friday, less days off, and the Saturdays and Sundays worked in exchange (调休上班).

Each autumn the State Council's General Office says which days those are in the next year. Until it has, a year counts Monday
to Friday, and every result that leans on such a year names it: the screen shows that the day may move. A site adds a year,
or a day of its own, by a file (`parse_calendar_days`).
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from itertools import chain
from typing import NamedTuple

from inventory.domain.cells import parse_choice, parse_date, parse_text
from inventory.domain.holidays_cn import NOTICES
from inventory.domain.refusals import BadInput
from inventory.domain.words import Word

WORKING_DAYS_MAX = 1_000  # what a legal time limit may be
CALENDAR_ROWS_MAX = 5_000
COLUMNS = ("day", "kind", "source")
SATURDAY = 5
DECEMBER = 12
# From here on the next year's notice may have a say: in 2018 the 29th was worked, for the 31st.
NEW_YEAR_EXCHANGE_FROM = 28

_ONE_DAY = timedelta(days=1)


class DayKind(Word):
    """What a notice makes of a day."""

    OFF = "off", "放假", "off"
    WORKED = "worked", "上班", "worked"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day that isn't what its weekday says, and the notice that makes it so."""

    day: date
    kind: DayKind
    source: str


class Reckoned(NamedTuple):
    """A day counted in working days; assumed_years: years it leans on whose notice isn't known, ascending."""

    day: date
    assumed_years: tuple[int, ...]


class Counted(NamedTuple):
    """A number of working days; assumed_years as in `Reckoned`."""

    working_days: int
    assumed_years: tuple[int, ...]


@dataclass(frozen=True)
class WorkingCalendar:
    """The days that aren't what their weekday says."""

    days: Mapping[date, CalendarDay]

    @cached_property
    def known_years(self) -> frozenset[int]:
        """The years whose notice is here: those whose New Year's Day is."""
        return frozenset(day.year for day in self.days if (day.month, day.day) == (1, 1))

    def with_days(self, more: Iterable[CalendarDay]) -> "WorkingCalendar":
        """The calendar with more days, which overrule those it has."""
        return WorkingCalendar({**self.days, **{day.day: day for day in more}})

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that day."""
        told = self.days.get(day)
        return day.weekday() < SATURDAY if told is None else told.kind is DayKind.WORKED

    def assumed_years(self, day: date) -> tuple[int, ...]:
        """The years whose notice would have to be known to be sure of that day, and isn't."""
        years = (day.year, day.year + 1) if _may_be_exchanged(day) else (day.year,)
        return tuple(year for year in years if year not in self.known_years)

    def add_working_days(self, day: date, working_days: int) -> Reckoned:
        """The last day of a time limit of so many working days; counting starts the day after (0: the day itself).

        working_days: 0 to `WORKING_DAYS_MAX`, else ValueError.
        """
        if not 0 <= working_days <= WORKING_DAYS_MAX:
            message = f"a time limit has 0 to {WORKING_DAYS_MAX} working days, not {working_days}"
            raise ValueError(message)
        assumed: set[int] = set()
        left = working_days
        while left:
            day += _ONE_DAY
            assumed.update(self.assumed_years(day))
            left -= self.is_working_day(day)
        return Reckoned(day, tuple(sorted(assumed)))

    def working_days_between(self, first: date, last: date) -> Counted:
        """Working days after `first` up to and including `last`; negative where `last` is the earlier."""
        if last < first:
            backwards = self.working_days_between(last, first)
            return Counted(-backwards.working_days, backwards.assumed_years)
        assumed: set[int] = set()
        count = 0
        for day in _days(first + _ONE_DAY, last):
            assumed.update(self.assumed_years(day))
            count += self.is_working_day(day)
        return Counted(count, tuple(sorted(assumed)))


def _may_be_exchanged(day: date) -> bool:
    return day.month == DECEMBER and day.day >= NEW_YEAR_EXCHANGE_FROM


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


@cache
def load_calendar() -> WorkingCalendar:
    """The calendar of the State Council's notices that Guiwei was delivered with."""
    days: dict[date, CalendarDay] = {}
    for notice in NOTICES:
        source = f"{notice.number}，{notice.issued}"
        for kind, written in ((DayKind.OFF, notice.off), (DayKind.WORKED, notice.worked)):
            told = chain.from_iterable(_span(span) for span in written.split())
            days |= {day: CalendarDay(day, kind, source) for day in told}
    return WorkingCalendar(days)


def _span(written: str) -> Iterator[date]:
    """The days of an ISO 8601 interval, or the one day."""
    first, _, last = written.partition("/")
    return _days(date.fromisoformat(first), date.fromisoformat(last or first))


# ── A site's own file ────────────────────────────────────────────────────────────────────────────────────────────────

_parse_kind = parse_choice(DayKind, {kind.zh: kind for kind in DayKind} | {"休": DayKind.OFF, "班": DayKind.WORKED})


def parse_calendar_days(text: str) -> tuple[CalendarDay, ...]:
    """The days of a CSV with the header `day,kind,source`: kind off (放假, 休) or worked (上班, 班), source the document.

    Raises `BadInput` with the row, counted as a spreadsheet counts it: the header is row 1.
    """
    rows = csv.reader(text.removeprefix("\ufeff").splitlines(), strict=True)
    days: dict[date, CalendarDay] = {}
    try:
        for cells in rows:
            _take(rows.line_num, [cell.strip() for cell in cells], days)
    except (BadInput, csv.Error) as error:
        raise _in_row(rows.line_num, error) from error
    if not days:
        raise BadInput(problem_zh="文件中没有日期", problem_en="the file holds no days")
    return tuple(days.values())


def _take(row: int, cells: list[str], days: dict[date, CalendarDay]) -> None:
    if row > CALENDAR_ROWS_MAX:
        raise BadInput(
            problem_zh=f"最多 {CALENDAR_ROWS_MAX} 行", problem_en=f"a file has at most {CALENDAR_ROWS_MAX} rows"
        )
    if row == 1:
        _check_header(cells)
    elif any(cells):
        day = _parse_day(cells)
        if day.day in days:
            raise BadInput(problem_zh=f"{day.day} 重复出现", problem_en=f"{day.day} stands twice")
        days[day.day] = day


def _check_header(cells: list[str]) -> None:
    if tuple(cell.lower() for cell in cells) != COLUMNS:
        wanted = ",".join(COLUMNS)
        raise BadInput(problem_zh=f"表头应为 {wanted}", problem_en=f"the header is {wanted}")


def _parse_day(cells: list[str]) -> CalendarDay:
    if len(cells) != len(COLUMNS):
        raise BadInput(problem_zh=f"应有 {len(COLUMNS)} 列", problem_en=f"a row has {len(COLUMNS)} columns")
    day, kind, source = cells
    return CalendarDay(parse_date(day), _parse_kind(kind), parse_text(source))


def _in_row(row: int, error: BadInput | csv.Error) -> BadInput:
    if isinstance(error, BadInput):
        problem_zh, problem_en = error.facts["problem_zh"], error.facts["problem_en"]
    else:
        problem_zh, problem_en = "引号不成对", f"it isn't CSV ({error})"
    return BadInput(problem_zh=f"第 {row} 行：{problem_zh}", problem_en=f"row {row}: {problem_en}")
