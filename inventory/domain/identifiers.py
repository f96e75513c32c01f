"""The numbers people and dossiers go by: citizen ID, unified credit code, dossier number, volume name.

A parser either returns the value or raises `BadInput` with the problem in both languages. No message ever holds the
number itself: it may be a person's.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Literal, Self

from inventory.domain.refusals import BadInput

ID_NUMBER_CHARACTERS_MAX = 40  # Historic material carries longer and stranger things than GB 11643 allows.
NUMBER_CHARACTERS_MAX = 40
VOLUMES_PER_DOSSIER_MAX = 999

# Control, invisible and direction-changing characters, lone surrogates and the mark of a failed decoding.
UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffd\ufffe\uffff]"
)
# What a spreadsheet makes of a long number it takes for an amount: the digits are gone for good.
_SPREADSHEET_AMOUNT = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2}")
_ID_SEPARATORS = re.compile(r"[\s\-]+")


def folded_width(text: str) -> str:
    """`text` without surrounding blanks, full-width letters and digits made plain (NFKC)."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _refuse_spreadsheet_amount(text: str) -> None:
    if "+" in text and _SPREADSHEET_AMOUNT.fullmatch(text):
        raise BadInput(
            problem_zh="号码已被电子表格改成科学计数法，请把该列设为文本后重新导出",
            problem_en="a spreadsheet has turned the number into an amount; make the column text and export it again",
        )


# ── Citizen ID, GB 11643 ─────────────────────────────────────────────────────────────────────────────────────────────

_ID_CHECK_CHARACTERS = "10X98765432"
_ID_DIGITS = 17
_ID_CENTURIES = ("18", "19", "20")
_BIRTH_DATES_CACHED_MAX = 65_536  # 180 years

Sex = Literal["female", "male"]


def id_check_character(digits: str) -> str:
    """The eighteenth character that belongs to the first 17 `digits`.

    The standard's weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2 are the powers of two modulo 11, so the weighted sum is
    twice the number read in base 2; base 13 is the same modulo 11 and has room for the digits.
    """
    return _ID_CHECK_CHARACTERS[2 * int(digits, 13) % 11]


class IdWarning(StrEnum):
    """Why an ID number of historic material is kept but not trusted."""

    FIFTEEN_DIGITS = "fifteen_digits"
    WRONG_FORM = "wrong_form"
    WRONG_BIRTH_DATE = "wrong_birth_date"
    WRONG_CHECK_CHARACTER = "wrong_check_character"

    @property
    def zh(self) -> str:
        """The warning in Chinese."""
        return _ID_WARNING_SENTENCES[self][0]

    @property
    def en(self) -> str:
        """The warning in English."""
        return _ID_WARNING_SENTENCES[self][1]


_ID_WARNING_SENTENCES = {
    IdWarning.FIFTEEN_DIGITS: ("身份证号是旧的15位号码", "the ID number is an old one of 15 digits"),
    IdWarning.WRONG_FORM: ("身份证号不是18位号码", "the ID number doesn't have 18 characters of the right kind"),
    IdWarning.WRONG_BIRTH_DATE: ("身份证号中的出生日期不存在", "the birth date in the ID number doesn't exist"),
    IdWarning.WRONG_CHECK_CHARACTER: ("身份证号校验码不符", "the check character of the ID number is wrong"),
}


@dataclass(frozen=True, slots=True)
class CitizenId:
    """A valid 18-character citizen ID number; division codes since abolished are as good as any."""

    text: str = field(repr=False)  # Never in a log by accident.

    def __post_init__(self) -> None:
        """Raises `BadInput` where GB 11643 is broken."""
        if warning := _id_flaw(self.text):
            raise BadInput(problem_zh=warning.zh, problem_en=warning.en)

    @property
    def division(self) -> str:
        """Six-digit code of the division that first issued it."""
        return self.text[:6]

    @property
    def born_on(self) -> date:
        """The birth date it states."""
        return date(int(self.text[6:10]), int(self.text[10:12]), int(self.text[12:14]))

    @property
    def birth_year(self) -> int:
        """The year of `born_on`."""
        return int(self.text[6:10])

    @property
    def sex(self) -> Sex:
        """Odd order codes are men's."""
        return "male" if int(self.text[16]) % 2 else "female"


def _id_flaw(text: str) -> IdWarning | None:
    digits = text[:_ID_DIGITS]
    if len(text) != _ID_DIGITS + 1 or not (text.isascii() and digits.isdigit()) or text[-1] not in "0123456789X":
        return IdWarning.WRONG_FORM
    if not _is_birth_date(digits[6:14]):
        return IdWarning.WRONG_BIRTH_DATE
    return None if id_check_character(digits) == text[-1] else IdWarning.WRONG_CHECK_CHARACTER


@lru_cache(_BIRTH_DATES_CACHED_MAX)
def _is_birth_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return digits.startswith(_ID_CENTURIES)


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An ID number as it is looked up: 18 characters where it can be read so, else as written without blanks.

    warning: why it isn't to be trusted; a number of 15 digits is extended to 18 and still carries one.
    """

    normalised: str = field(repr=False)
    warning: IdWarning | None = None

    @property
    def citizen_id(self) -> CitizenId | None:
        """The valid citizen ID, None where the number is only what an old paper says."""
        trusted = self.warning is None or self.warning is IdWarning.FIFTEEN_DIGITS
        return CitizenId(self.normalised) if trusted else None


def read_id_number(as_written: str, *, historic: bool) -> IdNumber:
    """The ID number of a paper or a form.

    Historic material is taken as it is, with a warning where the number is old or wrong; on new material both stop with
    `BadInput`. Blanks, hyphens, full-width digits and a small x are forgiven everywhere.
    """
    text = folded_width(as_written).upper()
    _refuse_spreadsheet_amount(text)
    flaw = _id_flaw(text)
    if flaw is IdWarning.WRONG_FORM:
        text = _ID_SEPARATORS.sub("", text)
        flaw = _id_flaw(text)
    if len(text) == 15 and text.isascii() and text.isdigit():  # noqa: PLR2004 - the old number's length, as its name says
        extended = text[:6] + "19" + text[6:]
        extended += id_check_character(extended)
        flaw = _id_flaw(extended) or IdWarning.FIFTEEN_DIGITS
        text = extended if flaw is IdWarning.FIFTEEN_DIGITS else text
    if not historic and flaw:
        raise BadInput(problem_zh=flaw.zh, problem_en=flaw.en)
    if not text or len(text) > ID_NUMBER_CHARACTERS_MAX or UNPRINTABLE.search(text):
        raise BadInput(
            problem_zh=f"身份证号应为1至{ID_NUMBER_CHARACTERS_MAX}个可见字符",
            problem_en=f"an ID number has 1 to {ID_NUMBER_CHARACTERS_MAX} visible characters",
        )
    return IdNumber(text, flaw)


# ── Unified social credit code, GB 32100 ─────────────────────────────────────────────────────────────────────────────

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def credit_code_is_valid(code: str) -> bool:
    """Whether `code` is a unified social credit code with the right check character."""
    if len(code) != len(_CREDIT_WEIGHTS) + 1 or any(character not in _CREDIT_VALUES for character in code):
        return False
    weighted = sum(weight * _CREDIT_VALUES[character] for weight, character in zip(_CREDIT_WEIGHTS, code, strict=False))
    return code[-1] == _CREDIT_ALPHABET[(31 - weighted % 31) % 31]


# ── Dossier number ───────────────────────────────────────────────────────────────────────────────────────────────────

_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OWN_NUMBER = re.compile(r"([0-9]{6})-([0-9A-Z]{2})-([0-9]{7})-([0-9A-Z])")


def dossier_check_character(payload: str) -> str:
    """The check character after ISO 7064 MOD 37,36; `payload` is digits and capitals, hyphens don't count."""
    product = 36
    for character in payload.replace("-", ""):
        product = ((product + _ALPHANUMERIC.index(character)) % 36 or 36) * 2 % 37
    return _ALPHANUMERIC[(37 - product) % 36]


def new_dossier_number(division: str, agency_serial: str, running_number: int) -> str:
    """`AAAAAA-BB-NNNNNNN-C`: division of the first holder, agency serial, running number, check character."""
    payload = f"{division}-{agency_serial}-{running_number:07d}"
    number = f"{payload}-{dossier_check_character(payload)}" if _OWN_NUMBER.fullmatch(f"{payload}-0") else ""
    if not number:
        raise BadInput(
            problem_zh="档案编号由6位区划、2位机构序号和7位流水号组成",
            problem_en="a dossier number is made of a division of 6 digits, a serial of 2 and a running number of 7",
        )
    return number


def is_own_dossier_number(number: str) -> bool:
    """Whether `number` has our own form and the right check character; other forms are as welcome, just not checked."""
    return bool(_OWN_NUMBER.fullmatch(number)) and dossier_check_character(number[:-2]) == number[-1]


def parse_dossier_number(text: str) -> str:
    """A dossier number of any existing format, as it is, without surrounding blanks."""
    number = text.strip()
    if not number or len(number) > NUMBER_CHARACTERS_MAX or UNPRINTABLE.search(number):
        raise BadInput(
            problem_zh=f"档案编号应为1至{NUMBER_CHARACTERS_MAX}个可见字符",
            problem_en=f"a dossier number has 1 to {NUMBER_CHARACTERS_MAX} visible characters",
        )
    if "/" in number:
        raise BadInput(
            problem_zh="档案编号不能含“/”，因为“编号/2”表示第2册",
            problem_en='a dossier number can\'t contain "/", because "number/2" names volume 2',
        )
    _refuse_spreadsheet_amount(number)
    return number


def parse_volume(text: str) -> int:
    """The running number of a volume within its dossier, from 1."""
    volume = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(VOLUMES_PER_DOSSIER_MAX)) else 0
    if volume == 0:
        raise BadInput(
            problem_zh=f"册号应为1至{VOLUMES_PER_DOSSIER_MAX}的整数",
            problem_en=f"a volume is a whole number from 1 to {VOLUMES_PER_DOSSIER_MAX}",
        )
    return volume


@dataclass(frozen=True, slots=True, order=True)
class VolumeName:
    """What a volume is called everywhere: `number` for volume 1, `number/2` for the second."""

    number: str
    volume: int = 1

    def __str__(self) -> str:
        return self.number if self.volume == 1 else f"{self.number}/{self.volume}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The volume that `text` names; raises `BadInput`."""
        number, slash, volume = text.strip().rpartition("/")
        if not slash:
            return cls(parse_dossier_number(volume))
        return cls(parse_dossier_number(number), parse_volume(volume))
