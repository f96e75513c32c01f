"""A reader's clock, pulse and numbers, as its messages show them."""

from collections import deque
from statistics import median

from devices.readings import Condition, Decoded, ReaderEvent
from devices.sequence import Missing, Sequence
from inventory.domain.read_files import EARLY_MAX, LATE_MAX
from inventory.store.batch import NumbersChanged, ReaderNews, ReaderPulse
from inventory.store.reader_health import ReaderState

OFFSET_MESSAGES = 64  # the offset is the median over so many messages: a few late ones don't move it
OFFSET_MILLISECONDS_MAX = 2**31 - 1  # 24 days: what was buffered longer says nothing more of the clock
RECONNECTED_MICROSECONDS_MIN = 5_000_000  # a connection that comes back sooner was no gap that anybody would notice

LATE_MICROSECONDS_MAX = round(LATE_MAX.total_seconds()) * 1_000_000
EARLY_MICROSECONDS_MAX = round(EARLY_MAX.total_seconds()) * 1_000_000

CONNECTED = "connected"  # an `online` for this reason is a new connection, and no word that all is well


def time_problem(read_at: int, received_at: int) -> str | None:
    """Why a read's time can't be meant, or None; both in microseconds since 1970."""
    if read_at > received_at + EARLY_MICROSECONDS_MAX:
        return f"the time is {(read_at - received_at) // 1_000_000} seconds in the future"
    if read_at < received_at - LATE_MICROSECONDS_MAX:
        return f"the time is {(received_at - read_at) // 86_400_000_000} days in the past"
    return None


def _meant(at: int | None, received_at: int) -> int:
    """A device time, or when it was received where none is told or it can't be meant."""
    return received_at if at is None or time_problem(at, received_at) else at


class ReaderHealth:
    """One reader's counters between two commits, and its clock offset, numbers and connection across them."""

    def __init__(self, reader_id: int, state: ReaderState | None = None) -> None:
        """Go on from what is stored of it."""
        state = state or ReaderState()
        self._reader_id = reader_id
        self._offsets: deque[int] = deque(maxlen=OFFSET_MESSAGES)
        self._last_message_at = state.last_message_at
        self._offline = state.offline
        self._dropped, self._dropped_at = state.dropped, state.dropped_at
        self._sequence = Sequence(state.last_number, state.last_number_at, [Missing(*gap) for gap in state.missing])
        self._messages = self._reads = self._quarantined = 0

    def heard(self, decoded: Decoded, received_at: int, newest_read_at: int | None, reads: int) -> list[ReaderNews]:
        """A message was understood; `newest_read_at` is the latest device time in it. Gives what it makes known."""
        news = self._told(decoded, received_at) if decoded.events or decoded.conditions or self._offline else []
        # What it kept through an outage and delivers late has lower numbers, and says nothing of its clock.
        is_kept = bool(decoded.numbers) and self._sequence.is_behind(max(number for number, _ in decoded.numbers))
        if decoded.numbers:
            self.numbered(decoded, received_at)
        self._last_message_at = max(self._last_message_at, received_at)
        self._messages += 1
        self._reads += reads
        if newest_read_at is not None and not is_kept:
            self._offsets.append(received_at - newest_read_at)
        return news

    def numbered(self, decoded: Decoded, received_at: int) -> None:
        """Follow the numbers of a message, also of one that was understood only later."""
        for number, at in decoded.numbers:
            self._sequence.came(number, _meant(at, received_at))

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
            self._dropped,
            self._dropped_at,
        )
        self._messages = self._reads = self._quarantined = 0
        return pulse

    def numbers_changed(self) -> NumbersChanged | None:
        """What the numbers since the last commit changed, None where the reader counts none."""
        last = self._sequence.last
        if last is None:
            return None
        return NumbersChanged(self._reader_id, last, self._sequence.last_at, *self._sequence.take_changes())

    # ── What it says of itself ───────────────────────────────────────────────────────────────────────────────────────

    def _told(self, decoded: Decoded, received_at: int) -> list[ReaderNews]:
        news = [self._event(event, received_at) for event in decoded.events]
        news += [gap for condition in decoded.conditions if (gap := self._drops(condition, received_at)) is not None]
        if self._offline and decoded.readings:
            # Not every reader says that it is back.
            news.append(ReaderNews(self._reader_id, "online", received_at, None, None, "reads again"))
        for item in news:
            if item.kind != "gap":
                self._offline = item.kind == "offline"
        return news

    def _event(self, event: ReaderEvent, received_at: int) -> ReaderNews:
        """An offline without a time is a last will, sent at some time after the last message; a gap begins there.

        A new connection nobody saw the end of the last one of, leaves a gap too: the broker itself was away.
        """
        at, since = event.at, event.from_at
        if at is None:
            at = received_at
            if event.kind == "offline" and self._last_message_at:
                at = min(self._last_message_at, received_at)
        unseen = event.kind == "online" and event.reason == CONNECTED and not self._offline
        if unseen and 0 < self._last_message_at < at - RECONNECTED_MICROSECONDS_MIN:
            since = self._last_message_at
        return ReaderNews(self._reader_id, event.kind, at, since, event.to_at, event.reason)

    def _drops(self, condition: Condition, received_at: int) -> ReaderNews | None:
        """The reader threw messages away since its last heartbeat, by the count it keeps since it started."""
        if condition.dropped is None:
            return None
        at = _meant(condition.at, received_at)
        before, since = self._dropped, self._dropped_at
        if since is not None and at < since:
            return None  # an old heartbeat that comes late
        self._dropped, self._dropped_at = condition.dropped, at
        lost = condition.dropped - (before or 0) if condition.dropped >= (before or 0) else condition.dropped
        if lost == 0:
            return None
        return ReaderNews(self._reader_id, "gap", at, at if since is None else since, at, f"{lost} messages dropped")
