"""How the nightly close or an audit found a volume by radio, and why, in words a keeper can act on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class JudgedAs(StrEnum):
    """What a judgement says of a volume whose shelf was listened at, or that was heard somewhere."""

    AT_HOME = "at_home"
    ELSEWHERE = "elsewhere"
    UNDECIDED = "undecided"
    MISSING = "missing"
    WEAK_TAG = "weak_tag"


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement on all evidence of an interval.

    place: where it was heard, by code; None where it wasn't. probability: of that place, 0 to 1. section_only: the section is
    sure, the level isn't, and the probability is the section's. missing_probability: that it is gone, 0 for those heard.
    nights_unseen: so often its shelf was listened at and it wasn't heard, one after another.
    """

    judged_as: JudgedAs
    since: datetime
    until: datetime
    place: str | None
    probability: float | None
    section_only: bool
    missing_probability: float
    nights_unseen: int

    @property
    def zh(self) -> str:
        """Why, in Chinese."""
        return reason_of(self)[0]

    @property
    def en(self) -> str:
        """Why, in English."""
        return reason_of(self)[1]


def reason_of(judged: Judged) -> tuple[str, str]:
    """Why it was judged so, and where that leaves the keeper; Chinese and English."""
    return _unheard(judged) if judged.place is None else _heard(judged)


def _heard(judged: Judged) -> tuple[str, str]:
    sure = f"{judged.probability or 0:.0%}"
    if judged.judged_as is JudgedAs.AT_HOME:
        return f"在原位读到，把握 {sure}。", f"Heard where the ledger has it, {sure} sure."
    if judged.judged_as is JudgedAs.UNDECIDED:
        return (
            f"读到了，最可能在 {judged.place}，把握只有 {sure}。再盘点一次该库位。",
            f"Heard, most likely at {judged.place}, but only {sure} sure. Sweep the shelf again.",
        )
    if judged.section_only:
        return (
            f"在 {judged.place} 所在节架读到，把握 {sure}，第几层不确定。",
            f"Heard in the section of {judged.place}, {sure} sure; the level isn't.",
        )
    return f"在 {judged.place} 读到，把握 {sure}。", f"Heard at {judged.place}, {sure} sure."


def _unheard(judged: Judged) -> tuple[str, str]:
    gone, times = f"{judged.missing_probability:.0%}", judged.nights_unseen
    if judged.judged_as is JudgedAs.WEAK_TAG:
        return (
            "标签从未读到过：可能已坏，或装得读不到。下次取档时换标签。",
            "Its tag was never read: broken, or mounted badly. Change it when the dossier is next in hand.",
        )
    if judged.judged_as is JudgedAs.MISSING:
        return (
            f"有 {times} 天读过它的库位，都没有读到它，不在的把握 {gone}。请到架上查找。",
            f"On {times} days its shelf was listened at and it wasn't heard; {gone} sure that it is gone. Search the shelf.",
        )
    return (
        f"库位读过，没有读到它，不在的把握 {gone}，还不足以判定。再盘点一次该库位。",
        f"Its shelf was listened at and it wasn't heard; {gone} sure that it is gone, which isn't enough. Sweep the shelf again.",
    )
