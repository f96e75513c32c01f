"""Delegations in writing: an agency lets the city's manager decide in its place, by a document, for a stated time. Pure."""

from dataclasses import dataclass
from datetime import date

from inventory.domain.refusals import BadInput
from inventory.domain.requests import check_free_text
from inventory.domain.words import Word

DELEGATION_DAYS_MAX = 366  # 0005_delegations.sql holds it too
DOCUMENT_CHARACTERS_MAX = 100
REASON_CHARACTERS_MAX = 300


class DelegationState(Word):
    """How a delegation stands on a day."""

    COMING = "coming", "未生效", "not begun"
    IN_FORCE = "in_force", "有效", "in force"
    OVER = "over", "已到期", "over"
    REVOKED = "revoked", "已撤销", "revoked"


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included."""

    first: date
    last: date


def state_on(period: Period, today: date, *, revoked: bool) -> DelegationState:
    """How a delegation of that period stands."""
    if revoked:
        return DelegationState.REVOKED
    if today < period.first:
        return DelegationState.COMING
    return DelegationState.IN_FORCE if today <= period.last else DelegationState.OVER


def check_period(period: Period, today: date) -> None:
    """Raises `BadInput` for a delegation that would begin in the past, end before it begins, or outlast a year."""
    if period.first < today:
        raise BadInput(
            problem_zh="委托不能早于今天生效", problem_en="a delegation can't begin before the day it is given"
        )
    days = (period.last - period.first).days
    if not 0 <= days <= DELEGATION_DAYS_MAX:
        raise BadInput(
            problem_zh=f"委托期限应为1至{DELEGATION_DAYS_MAX + 1}日，终止日不早于生效日",
            problem_en=f"a delegation lasts 1 to {DELEGATION_DAYS_MAX + 1} days and ends no earlier than it begins",
        )


def parse_document(text: str) -> str:
    """The number of the letter a delegation stands in; raises `BadInput`."""
    told = check_free_text(text, "委托书文号", "number of the letter", DOCUMENT_CHARACTERS_MAX)
    if not told:
        raise BadInput(problem_zh="请填写委托书文号", problem_en="name the letter by which it is delegated")
    return told


def cited(authority: str, document: str | None) -> str:
    """What an act cites whose approval was delegated: its own grounds, and the delegation's letter."""
    return authority if document is None else f"{authority}；委托 {document}"
