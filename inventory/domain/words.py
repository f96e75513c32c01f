"""Words of the trade that stand in the database and on the screen."""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A word with its stored value and its names in both languages: `LOAN = "loan", "借阅", "loan"`."""

    zh: str
    en: str

    def __new__(cls, value: str, zh: str = "", en: str = "") -> Self:
        """A member from its stored value and its two names; without names, `Word(value)` looks a member up."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member
