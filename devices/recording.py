"""Recordings: what came over the broker, one JSON object a line, optionally gzipped.

{"received_at": "<RFC 3339>", "topic": "...", "payload": "<text>" | "payload_base64": "..."}
"""

import gzip
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal, NamedTuple, cast

import msgspec

from inventory.domain.acts import microseconds
from inventory.domain.refusals import FileUnreadable

LINE_BYTES_MAX = 8 * 1024 * 1024
YEAR_MIN, YEAR_MAX = 2010, 2099  # the same as for readers' own times


class Recorded(NamedTuple):
    """One message of a recording; `received_at` in microseconds since 1970."""

    received_at: int
    topic: str
    payload: bytes


class _Line(msgspec.Struct):
    received_at: datetime
    topic: str
    payload: str | None = None
    payload_base64: str | None = None


_decoder = msgspec.json.Decoder(_Line)


def line_of(received_at: int, topic: str, payload: bytes) -> bytes:
    """One line of a recording, with its newline; payloads that are no text go as base64."""
    at = datetime.fromtimestamp(received_at // 1_000_000, UTC).replace(microsecond=received_at % 1_000_000)
    line = {"received_at": at.isoformat(), "topic": topic}
    try:
        line["payload"] = payload.decode()
    except UnicodeDecodeError:
        line["payload_base64"] = b64encode(payload).decode()
    return json.dumps(line, ensure_ascii=False).encode() + b"\n"


@contextmanager
def opened(path: Path, mode: Literal["rb", "wb"]) -> Iterator[IO[bytes]]:
    """The file, unpacked where it is gzipped: by its first bytes when reading, by its name when writing."""
    try:
        if mode == "rb":
            with path.open("rb") as file:
                packed = file.read(2) == b"\x1f\x8b"
        else:
            packed = path.suffix == ".gz"
        with cast("IO[bytes]", gzip.open(path, mode) if packed else path.open(mode)) as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise FileUnreadable(file=path.name, problem_zh=problem, problem_en=problem) from error


def read_recording(path: Path) -> Iterator[Recorded]:
    """The messages of a recording in order. Raises `FileUnreadable` naming the line that is none."""
    with opened(path, "rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX):
            number += 1
            if not line.strip():
                continue
            try:
                recorded = recorded_of(line)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                raise FileUnreadable(
                    file=path.name,
                    problem_zh=f"第{number}行不是录制记录",
                    problem_en=f"line {number} is no line of a recording",
                ) from error
            yield recorded


def recorded_of(told: bytes) -> Recorded:
    """One line. Raises ValueError for what is none: a time without a zone or of another age, anything but one payload."""
    line = _decoder.decode(told)
    if line.received_at.tzinfo is None or not YEAR_MIN <= line.received_at.year <= YEAR_MAX:
        raise ValueError
    if (line.payload is None) == (line.payload_base64 is None):
        raise ValueError
    if line.payload is not None:
        return Recorded(microseconds(line.received_at), line.topic, line.payload.encode())
    return Recorded(microseconds(line.received_at), line.topic, b64decode(line.payload_base64 or "", validate=True))
