"""A reader's clock and pulse, as its messages show them."""

from collections import deque
from statistics import median

from inventory.domain.read_files import EARLY_MAX, LATE_MAX
from inventory.store.evidence import ReaderPulse

OFFSET_MESSAGES = 64  # the offset is the median over so many messages: a few late ones don't move it
OFFSET_MILLISECONDS_MAX = 2**31 - 1  # 24 days: what was buffered longer says nothing more of the clock

LATE_MICROSECONDS_MAX = round(LATE_MAX.total_seconds()) * 1_000_000
EARLY_MICROSECONDS_MAX = round(EARLY_MAX.total_seconds()) * 1_000_000


def time_problem(read_at: int, received_at: int) -> str | None:
    """Why a read's time can't be meant, or None; both in microseconds since 1970."""
    if read_at > received_at + EARLY_MICROSECONDS_MAX:
        return f"the time is {(read_at - received_at) // 1_000_000} seconds in the future"
    if read_at < received_at - LATE_MICROSECONDS_MAX:
        return f"the time is {(received_at - read_at) // 86_400_000_000} days in the past"
    return None


class ReaderHealth:
    """One reader's counters between two commits, and its clock offset across them."""

    def __init__(self, reader_id: int) -> None:
        """Start with nothing heard."""
        self._reader_id = reader_id
        self._offsets: deque[int] = deque(maxlen=OFFSET_MESSAGES)
        self._last_message_at = 0
        self._messages = self._reads = self._quarantined = 0

    def heard(self, received_at: int, newest_read_at: int | None, reads: int) -> None:
        """A message was understood; `newest_read_at` is the latest device time in it."""
        self._last_message_at = max(self._last_message_at, received_at)
        self._messages += 1
        self._reads += reads
        if newest_read_at is not None:
            self._offsets.append(received_at - newest_read_at)

    def quarantined(self, received_at: int) -> None:
        """A message was not understood."""
        self._last_message_at = max(self._last_message_at, received_at)
        self._messages += 1
        self._quarantined += 1

    def pulse(self) -> ReaderPulse:
        """What to note with this commit; the counters start anew."""
        pulse = ReaderPulse(
            self._reader_id,
            self._last_message_at,
            self._messages,
            self._reads,
            self._quarantined,
            min(round(median(self._offsets) / 1000), OFFSET_MILLISECONDS_MAX) if self._offsets else None,
        )
        self._messages = self._reads = self._quarantined = 0
        return pulse
