"""How a reader writes its time where it follows no standard: `d/M/yyyy H:m:s:S` reads "22/5/2020 22:4:0:111"."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from inventory.domain.refusals import BadInput

PATTERN_CHARACTERS_MAX = 40

# A letter alone also takes numbers that aren't padded. S: milliseconds as a number; f: a fraction of the second.
_FIELDS = {
    "yyyy": ("year", "[0-9]{4}"),
    "yy": ("short_year", "[0-9]{2}"),
    "MM": ("month", "[0-9]{2}"),
    "M": ("month", "[0-9]{1,2}"),
    "dd": ("day", "[0-9]{2}"),
    "d": ("day", "[0-9]{1,2}"),
    "HH": ("hour", "[0-9]{2}"),
    "H": ("hour", "[0-9]{1,2}"),
    "mm": ("minute", "[0-9]{2}"),
    "m": ("minute", "[0-9]{1,2}"),
    "ss": ("second", "[0-9]{2}"),
    "s": ("second", "[0-9]{1,2}"),
    "S": ("millisecond", "[0-9]{1,3}"),
    "f": ("fraction", "[0-9]{1,9}"),
    "Z": ("utc", "Z"),
}
_TOKEN = re.compile("|".join(_FIELDS) + "|.", re.DOTALL)
_NEEDED = ({"year", "short_year"}, {"month"}, {"day"}, {"hour"}, {"minute"}, {"second"})


@dataclass(frozen=True, slots=True)
class TimePattern:
    """A compiled pattern; `parse` turns a text into the datetime it writes, without a zone unless the pattern has `Z`."""

    text: str
    expression: re.Pattern[str]

    @staticmethod
    def compile(text: str) -> "TimePattern":
        """Read a pattern; raises `BadInput` for one that names no whole instant, or a field twice."""
        parts, names = [], []
        for token in _TOKEN.findall(text[: PATTERN_CHARACTERS_MAX + 1]):
            name, digits = _FIELDS.get(token, ("", ""))
            if name:
                names.append(name)
            parts.append(f"(?P<{name}>{digits})" if name else re.escape(token))
        whole = len(names) == len(set(names)) and all(set(names) & one_of for one_of in _NEEDED)
        letters = any(part.isalpha() for part in parts if part.isascii() and part != "T")
        if not whole or letters or len(text) > PATTERN_CHARACTERS_MAX:
            raise BadInput(
                problem_zh="时间格式应由 yyyy、M、d、H、m、s（及可选的 S、f、Z）组成，如 d/M/yyyy H:m:s",
                problem_en="a time pattern has yyyy, M, d, H, m and s (S, f and Z if need be), as d/M/yyyy H:m:s",
            )
        return TimePattern(text, re.compile("".join(parts)))

    def parse(self, text: str) -> datetime | None:
        """The datetime a text writes, or None where it doesn't follow the pattern or there is no such time."""
        found = self.expression.fullmatch(text) if text.isascii() else None
        if found is None:
            return None
        told = found.groupdict()
        year = int(told["year"]) if "year" in told else 2000 + int(told["short_year"])
        fraction = int(told.get("fraction", "0").ljust(9, "0")) // 1_000 + int(told.get("millisecond", "0")) * 1_000
        month, day, hour, minute, second = (int(told[name]) for name in ("month", "day", "hour", "minute", "second"))
        try:
            moment = datetime(year, month, day, hour, minute, second, min(fraction, 999_999), UTC)
        except ValueError:
            return None  # 30 February
        return moment if "utc" in told else moment.replace(tzinfo=None)
