"""A spool on local disk: lines that are there after a power cut, in segments that are thrown away whole.

Whoever appends may rely on a line as soon as `append` returns. A line cut in the middle by the end of a process is no line.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

SEGMENT_BYTES_MAX = 32 * 1024 * 1024


class Spool:
    """The segments of one kind of line in a directory. Not for use by two threads."""

    def __init__(self, directory: Path, kind: str) -> None:
        """Open what is there; new lines go into a segment of their own."""
        self._directory, self._kind = directory, kind
        directory.mkdir(parents=True, exist_ok=True)
        self._newest: dict[int, int] = dict.fromkeys(self._numbers(), 0)
        self.segment = max(self._newest, default=0)
        self._file: BinaryIO | None = None
        self._begun = self._bytes = 0

    def append(self, lines: Iterable[bytes], at: int, segment_microseconds: int) -> None:
        """Write lines, each with its newline, and wait for the disk; at: what `forget` will know them by.

        A segment that is older than `segment_microseconds`, or full, is followed by the next.
        """
        if self._file is None or at - self._begun > segment_microseconds or self._bytes > SEGMENT_BYTES_MAX:
            self._next(at)
        assert self._file is not None
        data = b"".join(lines)
        self._file.write(data)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._bytes += len(data)
        self._newest[self.segment] = max(self._newest[self.segment], at)

    def read(self) -> Iterator[tuple[int, bytes]]:
        """(segment, line) of every whole line, the oldest first."""
        for number in self._numbers():
            for line in self._path(number).read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):
                    yield number, line

    def known_at(self, segment: int, at: int) -> None:
        """Say of a segment read at the start how new it is."""
        self._newest[segment] = max(self._newest.get(segment, 0), at)

    def forget(self, before: int, kept: Collection[int] = ()) -> None:
        """Throw away segments whose lines are all older than that; not the one written to, nor those `kept`."""
        for number, newest in list(self._newest.items()):
            if newest < before and number not in kept and not (number == self.segment and self._file is not None):
                self._path(number).unlink(missing_ok=True)
                del self._newest[number]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _next(self, at: int) -> None:
        self.close()
        self.segment += 1
        self._file = self._path(self.segment).open("ab")
        sync_directory(self._directory)
        self._newest[self.segment] = self._begun = at
        self._bytes = 0

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem.rpartition("-")[2]) for path in self._directory.glob(f"{self._kind}-*.jsonl"))

    def _path(self, number: int) -> Path:
        return self._directory / f"{self._kind}-{number:010}.jsonl"


def sync_directory(directory: Path) -> None:
    """Have the disk know of new, renamed and removed files."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, content: bytes) -> None:
    """A file with this content, or the one before, whatever happens meanwhile."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)
