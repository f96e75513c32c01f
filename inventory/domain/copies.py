"""Copy numbers (份号): each paper and each list that leaves the house carries one, by which the access log tells who took it."""

import re
from dataclasses import dataclass
from uuid import UUID

from inventory.domain.identifiers import folded_width
from inventory.domain.refusals import BadInput

CHECK_DIGITS = 4
_WRITTEN = re.compile(rf"(\d{{1,18}})-([0-9A-F]{{{CHECK_DIGITS}}})")


@dataclass(frozen=True, slots=True)
class CopyNumber:
    """The access log's entry of a copy, and four digits that nobody guesses who wasn't given the copy."""

    entry: int
    check: str

    @classmethod
    def of(cls, entry: int, request: UUID) -> "CopyNumber":
        """The number of a copy taken in a request."""
        return cls(entry, request.hex[:CHECK_DIGITS].upper())

    def __str__(self) -> str:
        """As it is printed: `000417-3FA9`."""
        return f"{self.entry:06}-{self.check}"


def parse_copy_number(text: str) -> CopyNumber:
    """A number as somebody reads it off a paper; raises `BadInput`."""
    written = _WRITTEN.fullmatch(re.sub(r"\s", "", folded_width(text)).upper())
    if written is None:
        raise BadInput(problem_zh="份号应如 000417-3FA9", problem_en="a copy number is like 000417-3FA9")
    return CopyNumber(int(written[1]), written[2])
