"""What the batches of the house are called: a letter for what they are, and their running number."""

import re
from enum import StrEnum

from inventory.domain.identifiers import folded_width
from inventory.domain.refusals import BadInput

RUNNING_NUMBER_MAX = 2_000_000_000


class Batch(StrEnum):
    """A kind of batch; the value is the letter its numbers begin with."""

    ARRIVAL = "A"
    LOOSE = "L"
    SCAN = "D"
    RESHELVING = "P"  # a plan; S are searches
    LABELS = "T"  # tags

    def number(self, running: int) -> str:
        """What people call it, as `A-000012`."""
        return f"{self.value}-{running:06d}"

    def parse(self, text: str) -> int:
        """The running number in what somebody typed or scanned; raises `BadInput`."""
        written = re.fullmatch(rf"(?:{self.value}-?)?([0-9]{{1,10}})", folded_width(text).upper())
        running = int(written[1]) if written else 0
        if not 0 < running <= RUNNING_NUMBER_MAX:
            shown = self.number(12)
            raise BadInput(problem_zh=f"批次号形如 {shown}", problem_en=f"the number of a batch is like {shown}")
        return running
