"""An antenna's hours as pictures: a strip of the last two days, a sheet of two weeks; and how a reader's clock runs.

Drawn as a handful of paths whose colours the style sheet chooses: a warehouse has hundreds of antennas. What they show is written
beside them as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

HOUR = timedelta(hours=1)
DAY_HOURS = 24
# An hour is drawn by its reads against the antenna's usual hour: a trace, some, as usual.
_TRACE, _SOME = 0.1, 0.5
CLOCK_HEIGHT, CLOCK_MS_LEAST = 40, 2_000

Gaps = Sequence[tuple[datetime, datetime | None]]


@dataclass(frozen=True, slots=True)
class Strip:
    """Cells of one hour each: `paths` by class, `days` where a local day begins. heard: how many hours had reads."""

    columns: int
    rows: int
    paths: tuple[tuple[str, str], ...]
    days: str
    heard: int
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockLine:
    """Hourly offsets as a line across a week; `most`: milliseconds at its upper and lower edge."""

    points: str
    columns: int
    most: int


def strip(hours: Sequence[int], gaps: Gaps, now: datetime, zone: tzinfo) -> Strip:
    """One row of hours, the oldest at the left, the present one at the right."""
    first = _hour(now) - HOUR * (len(hours) - 1)
    begins = [column for column in range(len(hours)) if (first + HOUR * column).astimezone(zone).hour == 0]
    cells = [(column, 0, reads, _is_blind(first + HOUR * column, gaps, now)) for column, reads in enumerate(hours)]
    heard = sum(reads > 0 for reads in hours)
    return Strip(len(hours), 1, _paths(cells, hours), "".join(f"M{column} 0v1" for column in begins), heard)


def sheet(hours: Sequence[int], gaps: Gaps, now: datetime, zone: tzinfo) -> Strip:
    """A row for each local day, the newest at the bottom, a column for each of its hours."""
    first = _hour(now) - HOUR * (len(hours) - 1)
    began = first.astimezone(zone).date()
    cells = []
    for row, reads in enumerate(hours):
        at = first + HOUR * row
        local = at.astimezone(zone)
        cells.append((local.hour, (local.date() - began).days, reads, _is_blind(at, gaps, now)))
    rows = cells[-1][1] + 1 if cells else 0
    labels = tuple(f"{began + timedelta(days=row):%m-%d}" for row in range(rows))
    return Strip(DAY_HOURS, rows, _paths(cells, hours), "", sum(reads > 0 for reads in hours), labels)


def clock_line(offsets: Sequence[tuple[datetime, int]], now: datetime, span: timedelta) -> ClockLine | None:
    """A clock's offsets over a span; None where there are too few to draw."""
    if len(offsets) < 2:  # noqa: PLR2004
        return None
    most = max(CLOCK_MS_LEAST, *(abs(milliseconds) for _, milliseconds in offsets))
    columns = round(span / HOUR)
    points = " ".join(
        f"{columns - (now - at) / HOUR:.1f},{CLOCK_HEIGHT / 2 - milliseconds / most * (CLOCK_HEIGHT / 2 - 2):.1f}"
        for at, milliseconds in offsets
    )
    return ClockLine(points, columns, most)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _is_blind(at: datetime, gaps: Gaps, now: datetime) -> bool:
    return any(since < at + HOUR and (until or now) > at for since, until in gaps)


def _paths(cells: Sequence[tuple[int, int, int, bool]], hours: Sequence[int]) -> tuple[tuple[str, str], ...]:
    """The cells of each kind as one path: what was read, and over it what wasn't seen."""
    read = sorted(reads for reads in hours if reads)
    # Its good hours, not its median: an antenna that came off a day ago would else be the measure of itself.
    usual = read[len(read) * 9 // 10] if read else 1
    drawn: dict[str, list[str]] = {"none": [], "trace": [], "some": [], "full": [], "blind": []}
    for column, row, reads, blind in cells:
        square = f"M{column} {row}h1v1h-1z"
        if reads == 0:
            drawn["blind" if blind else "none"].append(square)
            continue
        drawn["trace" if reads < _TRACE * usual else "some" if reads < _SOME * usual else "full"].append(square)
        if blind:
            drawn["blind"].append(f"M{column} {row + 0.7:g}h1v.3h-1z")
    return tuple((kind, "".join(squares)) for kind, squares in drawn.items() if squares)
