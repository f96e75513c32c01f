"""Times, ages and probabilities as people say them."""

from datetime import datetime, timedelta, tzinfo

from web.words import Words

_AGE_SHOWN_DAYS_MAX = 30  # Older than that, the date says more than a number of days.
_CLOCK_AHEAD_MAX = timedelta(minutes=2)

# From this probability on, in falling order.
_PROBABILITY_WORDS = ((0.98, "certain"), (0.90, "likely"), (0.70, "fair"), (0.0, "unsure"))


def local_time(moment: datetime, zone: tzinfo) -> str:
    """`2026-03-01 14:05`, in the warehouse's own time."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def age(moment: datetime, now: datetime, words: Words, zone: tzinfo) -> str:
    """How long ago: `12 分钟前`; a date after a month; `guiwei.js` says the same while the page stays open."""
    passed = now - moment
    if passed < -_CLOCK_AHEAD_MAX:
        return words("age.ahead")
    minutes = passed // timedelta(minutes=1)
    if minutes < 1:
        return words("age.now")
    if minutes < 60:  # noqa: PLR2004
        return words("age.minutes", count=minutes)
    if minutes < 24 * 60:
        return words("age.hours", count=minutes // 60)
    days = minutes // (24 * 60)
    return words("age.days", count=days) if days <= _AGE_SHOWN_DAYS_MAX else local_time(moment, zone)


def percent(probability: float) -> str:
    """`97 %`; never a rounded-up certainty: 0.9996 is `99.9 %`."""
    if probability > 0.99:  # noqa: PLR2004
        return f"{min(int(probability * 1000), 999) / 10:.1f} %"
    return f"{probability * 100:.0f} %" if probability >= 0.01 else "< 1 %"  # noqa: PLR2004


def probability_in_words(probability: float, words: Words) -> str:
    """`很可能`."""
    name = next(name for least, name in _PROBABILITY_WORDS if probability >= least)
    return words(f"probability.{name}")


def clock_offset(milliseconds: int | None) -> str:
    """`+1.2 s`, `-3 min`; a dash where it isn't known."""
    if milliseconds is None:
        return "–"
    seconds = milliseconds / 1000
    return f"{seconds:+.1f} s" if abs(seconds) < 120 else f"{seconds / 60:+.0f} min"  # noqa: PLR2004
