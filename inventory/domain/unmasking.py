"""Seeing an ID number whole: who may, why, and how often. Everybody else, and everywhere else, sees it masked."""

import re
from enum import StrEnum

from inventory.domain.refusals import BadInput

# For their own agency's dossiers alone. A keeper never needs it, a supervisor never may.
UNMASK_LOOKS_A_DAY_MAX = 20  # in any 24 hours; stands in 0003_access_log.sql too, a test holds them together
WHY_CHARACTERS_MAX = 100
_TELLING_DIGITS = re.compile(r"\d{6}")  # the last six of an ID number find a person


class UnmaskReason(StrEnum):
    """What a second look is for."""

    IDENTITY_CHECK = "identity_check"
    LETTER = "letter"
    DATA_CORRECTION = "data_correction"
    SOCIAL_INSURANCE = "social_insurance"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _NAMES[self][0]

    @property
    def en(self) -> str:
        """Its name in English."""
        return _NAMES[self][1]


_NAMES = {
    UnmaskReason.IDENTITY_CHECK: ("当面核对身份", "identity checked at the window"),
    UnmaskReason.LETTER: ("出具函件或证明", "a letter or certificate is written"),
    UnmaskReason.DATA_CORRECTION: ("更正登记错误", "a mistake in the register is corrected"),
    UnmaskReason.SOCIAL_INSURANCE: ("社保或退休办理", "social insurance or retirement"),
}


def parse_reason(text: str) -> UnmaskReason:
    """A reason by its code; raises `BadInput`."""
    try:
        return UnmaskReason(text.strip())
    except ValueError:
        known = ", ".join(UnmaskReason)
        raise BadInput(problem_zh=f"事由应为：{known}", problem_en=f"the reason is one of {known}") from None


def parse_why(text: str, name: str) -> str:
    """What it is for in the viewer's words: it goes into a log, so it names nobody. Raises `BadInput`."""
    why = " ".join(text.split())
    if not why or len(why) > WHY_CHARACTERS_MAX or not why.isprintable():
        raise BadInput(
            problem_zh=f"说明应为1至{WHY_CHARACTERS_MAX}个字符",
            problem_en=f"the explanation has 1 to {WHY_CHARACTERS_MAX} characters",
        )
    if name in why or _TELLING_DIGITS.search(why):
        raise BadInput(
            problem_zh="说明中不要写姓名或证件号码", problem_en="the explanation holds no name and no ID number"
        )
    return why
