"""A day in the warehouse while it lasts: who is who, what was refused, how much later it is, and how its words are read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from inventory.domain.people import Viewer
from inventory.domain.refusals import Refusal
from inventory.domain.standing import Legal, Mark, Seal
from inventory.domain.travelling import Channel
from inventory.domain.words import Word
from tests.conftest import Archive

Named = TypeVar("Named", bound=Word | Legal | Mark | Seal)
Table = Sequence[Sequence[str]]
Result = TypeVar("Result")


class Hands(NamedTuple):
    """Whoever does something, and the one beside him, if anybody is."""

    first: Viewer
    second: Viewer | None


@dataclass
class Day:
    """refusal: what the last step was answered, until a step says that it was to be refused. shown: what it showed."""

    archive: Archive
    people: dict[str, Viewer] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)
    days_later: int = 0
    refusal: Refusal | None = None
    shown: Any = None

    @staticmethod
    def now() -> datetime:
        """The moment of an act: the database's clock records it, so no story can shift it."""
        return datetime.now(UTC)

    def later(self) -> datetime:
        """The moment the story has come to, for whatever only asks, counts days or reminds."""
        return datetime.now(UTC) + timedelta(days=self.days_later)

    def who(self, name: str) -> Viewer:
        assert name in self.people, f"{name} is nobody of this day"
        return self.people[name]

    def hands(self, names: str) -> Hands:
        """`赵建国` alone, or `赵建国、钱秀英`: the second stands beside the first."""
        first, *rest = [self.who(name) for name in listed(names)]
        assert len(rest) <= 1, "two people at most do one thing"
        return Hands(first, rest[0] if rest else None)


def attempted(step: Callable[..., Result]) -> Callable[..., Result | None]:
    """A step that may be refused: the refusal waits for the next step to name it, and fails the scenario otherwise."""

    @wraps(step)
    def attempt(*args: Any, **facts: Any) -> Result | None:
        try:
            return step(*args, **facts)
        except Refusal as refusal:
            facts["day"].refusal = refusal
            return None

    return attempt


def listed(text: str) -> list[str]:
    """`甲、乙、丙` as three."""
    return [part.strip() for part in text.split("、") if part.strip()]


def rows(table: Table) -> list[dict[str, str]]:
    """A table whose first row names its columns."""
    header, *lines = table
    return [dict(zip(header, line, strict=True)) for line in lines]


def form(table: Table) -> dict[str, str]:
    """A form: one line for each field, its name first."""
    return {name: value for name, value in table}  # noqa: C416 - says that each line has two cells


def named(words: Iterable[Named], zh: str) -> Named:
    """The word of the trade that is called so."""
    for word in words:
        if word.zh == zh:
            return word
    known = "、".join(word.zh for word in words)
    raise AssertionError(f"{zh} is none of {known}")


def channel(zh: str) -> str:
    """A channel as acts tell it."""
    return named(Channel, zh).value


def expected_number(number: str, wanted: str | None) -> str:
    """What was numbered has the number the story says."""
    assert wanted is None or number == wanted, f"the number is {number}, not {wanted}"
    return number


def by_volume(table: Table, column: str) -> Mapping[str, str]:
    """One column of a table, by the volume of each row."""
    return {row["册"]: row[column] for row in rows(table)}
