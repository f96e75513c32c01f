"""What a dialect makes of one message: readings, scanned codes and what the reader says about itself.

Plain `msgspec.Struct`s without garbage-collector tracking: a city sends hundreds of thousands of these a second.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import msgspec


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One report of one tag by one antenna.

    epc: the EPC's bytes, whole 16-bit words. antenna: 0 where the reader names none. rssi_cdbm: centi-dBm, None where the
    reader gives no strength. count: how many reads the report stands for, 1 or more. read_at: device time in microseconds
    since 1970-01-01 UTC, None where the payload has none. tid: the chip's own number, where told.
    """

    epc: bytes
    antenna: int
    rssi_cdbm: int | None
    count: int
    read_at: int | None
    tid: bytes | None = None


class Barcode(msgspec.Struct, frozen=True, gc=False):
    """A printed code the reader's imager scanned: a shelf label anchors a sweep. scanned_at as `Reading.read_at`."""

    code: str
    scanned_at: int | None


class Tap(msgspec.Struct, frozen=True, gc=False):
    """A card or HF tag laid on a desk's reader.

    uid: its number, 4 to 10 bytes. challenge: 32 bytes, what somebody asked the desk before, None where nobody did.
    signature (DER) and key (an uncompressed point of P-256, 65 bytes): of a badge that answers challenges.
    """

    uid: bytes
    challenge: bytes | None = None
    signature: bytes | None = None
    key: bytes | None = None


class ReaderEvent(msgspec.Struct, frozen=True, gc=False):
    """What a reader says about itself.

    kind: "online", "offline", or "gap" (it was blind or dropped reads between `from_at` and `to_at`).
    Times in microseconds since 1970-01-01 UTC. reason: a few words, the vendor's own where there are any.
    """

    kind: Literal["online", "offline", "gap"]
    at: int | None
    from_at: int | None = None
    to_at: int | None = None
    reason: str = ""


class Numbered(NamedTuple):
    """A number the reader counts its messages or reads by, and when (as `Reading.read_at`): what is left out was lost."""

    number: int
    at: int | None


class Condition(msgspec.Struct, frozen=True):
    """How a reader says it is; each is None where it doesn't tell. `at` as `Reading.read_at`.

    dropped: what it threw away since it started. ntp_offset_ms: how far its clock is off by its time server. antennas: number
    -> whether one is connected.
    """

    at: int | None
    firmware: str | None = None
    ntp_offset_ms: float | None = None
    dropped: int | None = None
    antennas: dict[int, bool] = {}


class Decoded(msgspec.Struct, frozen=True):
    """All that one message says; any of these may be empty (a keep-alive says nothing)."""

    readings: list[Reading] = []
    barcodes: list[Barcode] = []
    taps: list[Tap] = []
    events: list[ReaderEvent] = []
    numbers: list[Numbered] = []
    conditions: list[Condition] = []


# (payload, IANA name of the reader's time zone) -> what the message says. The zone is used only for local times
# without one. Raises Undecodable and nothing else, whatever the bytes; one bad read refuses the whole message.
Decode: TypeAlias = Callable[[bytes, str], Decoded]


class Undecodable(Exception):
    """The message can't be understood; it goes to quarantine with its bytes and this one-sentence reason."""
