"""The numbers of a report and the bounds beyond which no reader is believed, as types that msgspec checks."""

from typing import Annotated

from msgspec import Meta

# Multiplexed antennas are numbered in the thousands at most; the database keeps a smallint.
Antenna = Annotated[int, Meta(ge=0, le=32_767)]
# Reads one report stands for: a reader at 1,100 a second that speaks once in a quarter of an hour.
Count = Annotated[int, Meta(ge=1, le=1_000_000)]

FIRMWARE_CHARACTERS_MAX = 60

# What a reader counts for itself: exact in every program's numbers.
TALLY_MAX = 2**53
Tally = Annotated[int, Meta(ge=0, le=TALLY_MAX)]

# Thermal noise in a tag's channel lies near -120 dBm, a tag touching the antenna near -10 dBm.
Dbm = Annotated[float, Meta(ge=-150, le=10)]
Centidbm = Annotated[float, Meta(ge=-15_000, le=1_000)]


def centidbm(dbm: float | None) -> int | None:
    """Give a strength in whole centi-dBm: sums of integers do not depend on their order."""
    return None if dbm is None else round(dbm * 100)


def firmware(text: str) -> str:
    """A version as it is kept: short, printable."""
    return "".join(sign for sign in text if sign.isprintable())[:FIRMWARE_CHARACTERS_MAX]
