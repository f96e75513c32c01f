"""Device times: RFC 3339 (`+08:00` and `+0800`, to the nanosecond), epoch seconds, or the reader's local time."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from devices.dialects.payloads import quoted
from devices.readings import Undecodable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS_A_SECOND = 1_000_000
SECONDS_A_DAY = 86_400

# A reader that lost its clock says 1970 or 2000; nothing that publishes these dialects is older than 2010.
EARLIEST = int(datetime(2010, 1, 1, tzinfo=UTC).timestamp()) * MICROSECONDS_A_SECOND
LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * MICROSECONDS_A_SECOND

TIME_OF_DAY = re.compile(r"[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?")


def microseconds(moment: datetime | float | None, timezone: str) -> int | None:
    """Give the microseconds since 1970-01-01 UTC, exact to the last one, or None where no time was told.

    moment: a float is epoch seconds: until 2100 a double holds every microsecond of them. timezone: IANA name, for a
    datetime without a zone. Raises Undecodable for a time no working clock shows.
    """
    if isinstance(moment, float):
        passed = moment * MICROSECONDS_A_SECOND
    elif moment is None:
        return None
    else:
        since = (moment if moment.tzinfo else moment.replace(tzinfo=zone(timezone))) - EPOCH
        passed = (since.days * SECONDS_A_DAY + since.seconds) * MICROSECONDS_A_SECOND + since.microseconds
    if not EARLIEST <= passed < LATEST:
        message = f"The time {moment} is not between 2010 and 2100."
        raise Undecodable(message)
    return round(passed)


def microseconds_of_text(text: str | None, timezone: str) -> int | None:
    """Give the same for a text that may be a mere time of day, which names no instant: None."""
    if text is None or TIME_OF_DAY.fullmatch(text):
        return None
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        message = f"The time {quoted(text)} is neither RFC 3339 nor a time of day."
        raise Undecodable(message) from None
    return microseconds(moment, timezone)


def zone(timezone: str) -> ZoneInfo:
    """Find the reader's time zone by its IANA name."""
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        message = f"A local time needs the reader's time zone, and {quoted(timezone)} is none."
        raise Undecodable(message) from None
