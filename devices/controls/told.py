"""A command on its way to a reader, and what the reader says to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inventory.domain.commands import CommandKind


@dataclass(frozen=True, slots=True)
class Told:
    """A command of `reader_command`, with the numbers of the reader's antennas."""

    id: int
    kind: CommandKind
    arguments: Mapping[str, Any]
    antennas: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request below the interface's root; body: JSON, None for none."""

    method: str
    path: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader answers; problem: why it didn't do it, in its own words, None where it did."""

    id: int
    problem: str | None = None
