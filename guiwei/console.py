"""What commands say: progress and refusals on standard error, results on standard output."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from guiwei.settings import read_settings
from inventory.domain.refusals import BadInput
from inventory.operations.importing import ImportReport

ERRORS_PRINTED_MAX = 50

screen = Console(stderr=True, highlight=False)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def say(sentence: str) -> None:
    """A sentence on standard error, as it is."""
    screen.print(sentence, soft_wrap=True, markup=False)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar of phases; quiet where nobody sees it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("", total=1)
        yield lambda phase, done, total: bar.update(task, description=phase, completed=done, total=max(total, 1))


def print_result(result: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    """The result, as JSON or as a sentence, on standard output."""
    sys.stdout.write((json.dumps(result, ensure_ascii=False, default=str) if as_json else sentence) + "\n")


def tell_errors(report: ImportReport) -> None:
    """The errors of a file, each with row and column, on standard error."""
    for error in report.errors[:ERRORS_PRINTED_MAX]:
        say(f"第{error.row}行 row {error.row}, {error.column}: {error.problem_zh} · {error.problem_en}")
    if report.error_count > ERRORS_PRINTED_MAX:
        say(f"…… 共 {report.error_count} 处 · {report.error_count} in all")


def parse_moment(text: str) -> datetime:
    """A time in RFC 3339, as aware UTC; without a zone it is the warehouse's local time. Raises `BadInput`."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=read_settings().zone)).astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: the first or last day there is, in another zone
        raise BadInput(
            problem_zh=f"时间 {text} 应形如 2026-03-01T08:00:00+08:00",
            problem_en=f"the time {text} should look like 2026-03-01T08:00:00+08:00",
        ) from None


def parse_day(text: str) -> date:
    """A day such as 2026-03-01; raises `BadInput`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            problem_zh=f"日期 {text} 应形如 2026-03-01", problem_en=f"the day {text} should look like 2026-03-01"
        ) from None
