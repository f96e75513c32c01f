"""The numbers a reader counts by: which are missing, between which times, and which have come after all.

A number that is left out opens a gap from the one before to the one after. Numbers may come late and in any order, as they do
when a reader replays what it kept through an outage: each then shrinks its gap, splits it, or closes it. A number below the
last one that is missing nowhere came twice, or the reader began to count anew: by its time one tells which.
"""

from bisect import bisect_right
from typing import NamedTuple

# Of one reader at a time; beyond it the oldest stays a gap for good. A reader that delivers the 150,000 events it kept,
# shuffled, has a quarter as many gaps half way, and could have half as many.
GAPS_MAX = 100_000


class Missing(NamedTuple):
    """Numbers from `first` to `last` that haven't come, between two times in microseconds since 1970."""

    first: int
    last: int
    from_at: int
    to_at: int


class Changes(NamedTuple):
    """What a run of numbers changed, to be stored in this order.

    closed: firsts of gaps that are none any more. begun_anew: whether what is stored beside them stays for good; settled: gaps
    that were opened and stay for good. opened: gaps whose numbers may still come.
    """

    closed: list[int]
    begun_anew: bool
    settled: list[Missing]
    opened: list[Missing]


class Sequence:
    """One reader's numbers. Not for use by two threads."""

    def __init__(self, last: int | None = None, last_at: int = 0, missing: list[Missing] | None = None) -> None:
        """Go on where an earlier process stopped; `missing` in any order."""
        self.last, self.last_at = last, last_at
        self._missing = {one.first: one for one in missing or []}
        self._firsts = sorted(self._missing)
        self._opened: dict[int, Missing] = {}
        self._closed: set[int] = set()
        self._settled: list[Missing] = []
        self._begun_anew = False
        self._since = 0

    @property
    def missing(self) -> list[Missing]:
        """What is missing now and may still come, ascending."""
        return [self._missing[first] for first in self._firsts]

    def is_behind(self, number: int) -> bool:
        """Whether a higher one came already."""
        return self.last is not None and number < self.last

    def came(self, number: int, at: int) -> None:
        """A number came that was counted at `at` (microseconds)."""
        if at < self._since:
            return  # late, and counted before the reader began anew
        if self.last is None or number == self.last + 1:
            self.last, self.last_at = number, max(at, self.last_at)
        elif number > self.last:
            self._open(Missing(self.last + 1, number - 1, *sorted((self.last_at, at))))
            self.last, self.last_at = number, max(at, self.last_at)
        elif not self._found(number, at) and number < self.last and at > self.last_at:
            self._begin_anew(number, at)

    def take_changes(self) -> Changes:
        """What changed since the last call."""
        opened = [self._opened[first] for first in sorted(self._opened)]
        changes = Changes(sorted(self._closed), self._begun_anew, self._settled, opened)
        self._opened, self._closed, self._settled, self._begun_anew = {}, set(), [], False
        return changes

    def _found(self, number: int, at: int) -> bool:
        """A missing number is there after all."""
        row = bisect_right(self._firsts, number) - 1
        if row < 0 or number > (gap := self._missing[self._firsts[row]]).last:
            return False
        self._close(row)
        at = min(max(at, gap.from_at), gap.to_at)
        if number < gap.last:
            self._open(Missing(number + 1, gap.last, at, gap.to_at))
        if number > gap.first:
            self._open(Missing(gap.first, number - 1, gap.from_at, at))
        return True

    def _open(self, gap: Missing) -> None:
        if len(self._firsts) >= GAPS_MAX:
            del self._missing[self._firsts.pop(0)]
        self._missing[gap.first] = self._opened[gap.first] = gap
        self._firsts.insert(bisect_right(self._firsts, gap.first), gap.first)

    def _close(self, row: int) -> None:
        first = self._firsts.pop(row)
        del self._missing[first]
        if self._opened.pop(first, None) is None:
            self._closed.add(first)

    def _begin_anew(self, number: int, at: int) -> None:
        self.last, self.last_at, self._since = number, at, at
        self._settled += self._opened.values()
        self._missing, self._firsts, self._opened, self._begun_anew = {}, [], {}, True
