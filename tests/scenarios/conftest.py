"""Whole days of the warehouse as diaries anybody in the trade can read; each `.feature` file beside this one is one day.

A diary says who does what, in which order, with which papers and numbers, and what is refused by which rule. Its sentences
are the steps of `steps_*.py`: each calls one operation of `inventory.operations` on a real PostgreSQL, as a page or a
program would, and nothing else. The steps under 背景 set a house up (places, people, letters, dossiers already on their
shelves); they say so and are the only ones that do several things at once.

赵建国、钱秀英 in front of a verb: the first does it, the second stands beside him. A refusal must be named by the very next
step, by its code and by the rule of `inventory.domain.law` it stands on, with that rule's source; one that nobody names
fails the scenario.

Time: what is written in the ledger happens today, by the database's clock; 过了 N 天 moves the day for asking, deciding,
renewing, reminding and the closing sheet.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from inventory.domain.refusals import Refusal
from tests.conftest import Archive
from tests.scenarios.day import Day

REFUSED = "被拒绝"
# The diary says what the trade does, and the house doesn't do it yet. Whoever mends that takes the tag away.
AWAITED = "待改"


@pytest.fixture(autouse=True)  # Steps ask for it late; the choice of an engine wants it known from the start.
def day(archive: Archive) -> Iterator[Day]:
    day = Day(archive)
    yield day
    if day.refusal is not None:
        raise day.refusal


def pytest_bdd_before_step(request: pytest.FixtureRequest, step: Any) -> None:
    """Nothing goes on over a refusal that the diary doesn't name."""
    day: Day = request.getfixturevalue("day")
    if day.refusal is not None and not step.name.startswith(REFUSED):
        refusal, day.refusal = day.refusal, None
        raise refusal


def pytest_bdd_apply_tag(tag: str, function: Any) -> bool | None:
    if tag != AWAITED:
        return None
    reason = "the house doesn't do yet what the diary says"
    pytest.mark.xfail(strict=True, raises=(AssertionError, Refusal), reason=reason)(function)
    return True
