"""Numbers as templates write them: as text or as a number, empty where there is none."""

import re
from typing import TypeAlias

from devices.dialects.payloads import quoted
from devices.dialects.times import EARLIEST, LATEST
from devices.readings import Undecodable

Written: TypeAlias = str | int | float | None

CDBM_MIN, CDBM_MAX = -15_000, 1_000  # as in `quantities`
ANTENNA_MAX = 32_767
COUNT_MAX = 1_000_000
NUMBER_MAX = 2**53

_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,12})?")


def number(value: object, what: str) -> int | float | None:
    """The number a value writes; None for none or an empty text. Raises Undecodable."""
    if value is None or type(value) in (int, float):
        return value  # type: ignore[return-value]
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if found := _NUMBER.fullmatch(text):
            return float(text) if found[1] else int(text)
        message = f"The {what} {quoted(value)} is no number."
        raise Undecodable(message)
    message = f"The {what} is no number."
    raise Undecodable(message)


def whole(value: object, what: str, lowest: int, highest: int) -> int | None:
    """The whole number from `lowest` to `highest` a value writes; None for none."""
    told = number(value, what)
    if told is None:
        return None
    if not lowest <= told <= highest or told != int(told):
        message = f"The {what} is no whole number from {lowest} to {highest}."
        raise Undecodable(message)
    return int(told)


def antenna(value: object) -> int:
    """The number of an antenna, 0 for none."""
    return whole(value, "antenna", 0, ANTENNA_MAX) or 0


def count(value: object) -> int:
    """How many reads a report stands for, 1 where it doesn't say."""
    told = whole(value, "count", 1, COUNT_MAX)
    return 1 if told is None else told


def strength(value: object, cdbm_per_unit: int = 100) -> int | None:
    """The centi-dBm of a strength, None for none."""
    told = number(value, "strength")
    if told is None:
        return None
    if not CDBM_MIN <= told * cdbm_per_unit <= CDBM_MAX:
        message = f"The strength is not from {CDBM_MIN // 100} to {CDBM_MAX // 100} dBm."
        raise Undecodable(message)
    return round(told * cdbm_per_unit)


def epoch(value: object, microseconds_per_unit: int) -> int | None:
    """The microseconds since 1970-01-01 UTC of an epoch time, None for none."""
    told = number(value, "time")
    if told is None:
        return None
    if not EARLIEST <= told * microseconds_per_unit < LATEST:
        message = "The time is not between 2010 and 2100."
        raise Undecodable(message)
    return round(told * microseconds_per_unit)
