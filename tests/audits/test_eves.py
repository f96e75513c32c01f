"""When a plan for the days before public holidays is due."""

from datetime import date

import pytest

from inventory.domain.working_days import load_calendar
from inventory.operations.audit_plans import is_eve


@pytest.mark.parametrize(
    ("day", "eve"), [("2026-02-13", False), ("2026-02-14", True), ("2026-09-30", True), ("2026-03-06", False)]
)
def test_the_day_before_a_public_holiday_is_known(day: str, eve: bool) -> None:
    """Spring festival of 2026 begins on 15 February, and the Saturday before is worked; a weekend is no holiday."""
    assert is_eve(load_calendar(), date.fromisoformat(day)) is eve
