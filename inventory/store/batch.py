"""One batch of what readers said, on its way to the store; times in microseconds since 1970-01-01 UTC."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SliceReads(NamedTuple):
    """The reads of one tag by one antenna in one time slice; strengths in centi-dBm, -32768 where none was told."""

    antenna_id: int
    epc: bytes
    slice_start: int
    reads: int
    rssi_reads: int
    rssi_sum: int
    rssi_peak: int
    first_at: int
    last_at: int


class ScannedCode(NamedTuple):
    """A printed code a reader scanned."""

    reader_id: int
    code: str
    scanned_at: int


class ChipRead(NamedTuple):
    """A tag on a desk pad, with the chip's own number."""

    antenna_id: int
    epc: bytes
    tid: bytes
    read_at: int


class Tapped(NamedTuple):
    """What was laid on a desk's reader (`devices.readings.Tap`), and when that was heard."""

    reader_id: int
    uid: bytes
    challenge: bytes | None
    signature: bytes | None
    key: bytes | None
    received_at: int


class ReaderNews(NamedTuple):
    """A reader was blind ("gap", from and to may be unknown), or went "offline", or came back "online".

    from_at of an online: since when nothing is known of it, where nobody saw it go.
    """

    reader_id: int
    kind: str
    at: int
    from_at: int | None
    to_at: int | None
    reason: str


class Quarantined(NamedTuple):
    """A message that can't be understood, with its bytes and the reason."""

    received_at: int
    topic: str
    reader_id: int | None
    payload: bytes
    reason: str


class ReaderPulse(NamedTuple):
    """What a batch says of a reader's health; the clock offset in milliseconds, None where no message told its time.

    dropped: what it says it threw away since it started, and when it said so last.
    """

    reader_id: int
    last_message_at: int
    messages: int
    reads: int
    quarantined: int
    clock_offset_ms: int | None
    dropped: int | None = None
    dropped_at: int | None = None


class NumbersChanged(NamedTuple):
    """What a run of a reader's own numbers came to (`devices.sequence`): gaps as (first, last, from, to).

    closed: firsts of gaps that are none any more. begun_anew: those that are stored stay for good, as those `settled` do.
    """

    reader_id: int
    last_number: int
    last_number_at: int
    closed: list[int]
    begun_anew: bool
    settled: Sequence[tuple[int, int, int, int]]
    opened: Sequence[tuple[int, int, int, int]]


class ReaderCondition(NamedTuple):
    """How a reader says it is; None where it doesn't tell. antennas: number -> whether one is connected."""

    reader_id: int
    at: int
    firmware: str | None
    ntp_offset_ms: float | None
    antennas: dict[int, bool]


@dataclass(frozen=True)
class EvidenceBatch:
    """All that a run of messages comes to; committed whole. registry: the version of the registry they were understood by."""

    registry: int = 0
    slices: list[SliceReads] = field(default_factory=list)
    codes: list[ScannedCode] = field(default_factory=list)
    chips: list[ChipRead] = field(default_factory=list)
    taps: list[Tapped] = field(default_factory=list)
    news: list[ReaderNews] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    pulses: list[ReaderPulse] = field(default_factory=list)
    numbers: list[NumbersChanged] = field(default_factory=list)
    conditions: list[ReaderCondition] = field(default_factory=list)


def moment(microseconds: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def micros(at: datetime) -> int:
    """The microseconds since 1970 of an aware datetime, exactly."""
    return (at - EPOCH) // timedelta(microseconds=1)
