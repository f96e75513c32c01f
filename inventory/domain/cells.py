"""What may stand in a cell of an import file: one parser per sort of value.

A parser gets the cell's text without surrounding blanks and returns the value or raises `BadInput`, also for no text at
all: an empty cell means something only where a column says so.
"""

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from inventory.domain.identifiers import UNPRINTABLE, folded_width, parse_dossier_number
from inventory.domain.mappings import Mapping
from inventory.domain.refusals import BadInput

TEXT_CHARACTERS_MAX = 200
LABEL_CHARACTERS_MAX = 20
ALIASES_MAX = 10
DATES_CACHED_MAX = 65_536
METRES_MAX = 10_000.0
MAPPING_CHARACTERS_MAX = 4_000
TOPIC_BYTES_MAX = 500  # MQTT allows 65,535; nobody types them.
URL_CHARACTERS_MAX = 500

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-|/([0-9]{1,2})/|([0-9]{2}))([0-9]{1,2})")
_ALIAS_SEPARATOR = re.compile("[;；|]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,9})?")

Choice = TypeVar("Choice", bound=StrEnum)


def parse_text(text: str) -> str:
    """One line of free text."""
    if not 0 < len(text) <= TEXT_CHARACTERS_MAX or UNPRINTABLE.search(text):
        raise BadInput(
            problem_zh=f"应为1至{TEXT_CHARACTERS_MAX}个可见字符",
            problem_en=f"this is 1 to {TEXT_CHARACTERS_MAX} visible characters",
        )
    return text


def parse_label(text: str) -> str:
    """What is written on a block, a face or an aisle."""
    label = folded_width(text)
    if not 0 < len(label) <= LABEL_CHARACTERS_MAX or UNPRINTABLE.search(label):
        raise BadInput(
            problem_zh=f"标识应为1至{LABEL_CHARACTERS_MAX}个可见字符",
            problem_en=f"a label has 1 to {LABEL_CHARACTERS_MAX} visible characters",
        )
    return label


@lru_cache(DATES_CACHED_MAX)
def parse_date(text: str) -> date:
    """A day as `YYYY-MM-DD`, `YYYY/MM/DD` or `YYYYMMDD`."""
    match = _DATE.fullmatch(text)
    try:
        if match and (match[4] is None or len(match[5]) == len(match[4])):
            return date(int(match[1]), int(match[2] or match[3] or match[4]), int(match[5]))
    except ValueError:
        pass  # The form is right, the day is not: 30 February.
    raise BadInput(
        problem_zh="日期应为真实存在的 YYYY-MM-DD、YYYY/MM/DD 或 YYYYMMDD",
        problem_en="a date is a real day written YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD",
    )


def parse_metres(text: str) -> float:
    """A coordinate in metres."""
    metres = float(text) if _NUMBER.fullmatch(text) else METRES_MAX + 1
    if abs(metres) > METRES_MAX:
        raise BadInput(
            problem_zh=f"应为以米为单位的数字，绝对值不超过{METRES_MAX:.0f}",
            problem_en=f"this is a number of metres, at most {METRES_MAX:.0f} either way",
        )
    return metres


def parse_length(text: str) -> float:
    """A width, height or depth in metres."""
    metres = parse_metres(text)
    if metres <= 0:
        raise BadInput(problem_zh="长度应大于零", problem_en="a length is greater than zero")
    return metres


def parse_whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """The parser of whole numbers from `lowest` to `highest`, neither negative."""
    digits_max = len(str(highest))

    def parse(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= digits_max else -1
        if not lowest <= number <= highest:
            raise BadInput(
                problem_zh=f"应为{lowest}至{highest}的整数",
                problem_en=f"this is a whole number from {lowest} to {highest}",
            )
        return number

    return parse


def parse_choice(choices: type[Choice], chinese: dict[str, Choice] | None = None) -> Callable[[str], Choice]:
    """The parser of one of `choices` by its value, or by its Chinese name where it has one."""
    by_name = {choice.value: choice for choice in choices} | (chinese or {})
    known = ", ".join(by_name)

    def parse(text: str) -> Choice:
        choice = by_name.get(text) or by_name.get(text.lower())
        if choice is None:
            raise BadInput(problem_zh=f"应为以下之一：{known}", problem_en=f"this is one of {known}")
        return choice

    return parse


def parse_aliases(text: str) -> tuple[str, ...]:
    """Old dossier numbers, separated by `;`, `；` or `|`; each once, in the order written."""
    written = [alias for part in _ALIAS_SEPARATOR.split(text) if (alias := part.strip())]
    aliases = tuple(dict.fromkeys([parse_dossier_number(alias) for alias in written]))
    if len(aliases) > ALIASES_MAX:
        raise BadInput(
            problem_zh=f"曾用编号最多{ALIASES_MAX}个", problem_en=f"a dossier has at most {ALIASES_MAX} aliases"
        )
    return aliases


def parse_topic(text: str) -> str:
    """An MQTT topic that one reader publishes to, so without wildcards."""
    size_bytes = len(text.encode("utf-8", "replace"))
    if not 0 < size_bytes <= TOPIC_BYTES_MAX or UNPRINTABLE.search(text) or set("#+") & set(text):
        raise BadInput(
            problem_zh=f"MQTT 主题应为1至{TOPIC_BYTES_MAX}字节，不含通配符 # 和 +",
            problem_en=f"an MQTT topic has 1 to {TOPIC_BYTES_MAX} bytes and no wildcards # or +",
        )
    return text


@lru_cache(1_000)  # more zones than there are
def parse_timezone(text: str) -> str:
    """The name of an IANA time zone, as `Asia/Shanghai`."""
    try:
        return ZoneInfo(text).key
    except (LookupError, ValueError, OSError) as error:
        raise BadInput(
            problem_zh="时区应为 IANA 名称，如 Asia/Shanghai",
            problem_en="a time zone has its IANA name, as Asia/Shanghai",
        ) from error


def parse_mapping(text: str) -> dict[str, object]:
    """The field paths and units of a mapping dialect: a JSON object in which all is as `Mapping` has it."""
    told = None
    try:
        if len(text) <= MAPPING_CHARACTERS_MAX and "\\u0000" not in text:  # PostgreSQL's jsonb has no such character
            told = msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        pass  # One sentence covers what is no JSON, what is no object and what is too long.
    if told is None:
        raise BadInput(
            problem_zh=f"mapping 应为 JSON 对象，最多{MAPPING_CHARACTERS_MAX}个字符",
            problem_en=f"a mapping is a JSON object of at most {MAPPING_CHARACTERS_MAX} characters",
        )
    Mapping.of(told)
    return told


def parse_control(text: str) -> str:
    """Where a reader takes commands: an address of http or https without a password, or `mqtt:TOPIC?answers=TOPIC`."""
    try:
        address = urlsplit(text)
        if address.scheme == "mqtt":
            topics = [address.path, *parse_qs(address.query).get("answers", ())]
            well_formed = (
                bool(address.path) and "#" not in text and not address.netloc and all(map(parse_topic, topics))
            )
        else:
            well_formed = address.scheme in {"http", "https"} and bool(address.hostname) and (address.port or 0) >= 0
            well_formed = well_formed and address.username is None and address.password is None
    except (ValueError, BadInput):
        well_formed = False
    if not well_formed or len(text) > URL_CHARACTERS_MAX or UNPRINTABLE.search(text) or " " in text:
        raise BadInput(
            problem_zh=f"应为不含密码的 http 或 https 地址，或 mqtt:主题，最多{URL_CHARACTERS_MAX}个字符",
            problem_en="this is an address of http or https without a password, or mqtt:TOPIC, "
            f"with at most {URL_CHARACTERS_MAX} characters",
        )
    return text
