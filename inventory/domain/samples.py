"""A message tried by hand on a reader's registration: what it would be understood as, before anything is saved. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from inventory.domain.registers import Dialect


@dataclass(frozen=True, slots=True)
class Sample:
    """A payload, and the registration it is tried on."""

    dialect: Dialect
    mapping: dict[str, Any] | None
    timezone: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class SampleRead:
    """One read in a sample; strength in dBm, times aware UTC, None where it isn't told."""

    epc: str
    tid: str | None
    antenna: int
    rssi_dbm: float | None
    count: int
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Understood:
    """What a sample says; problem: why it can't be understood, and then it says nothing."""

    reads: tuple[SampleRead, ...] = ()
    codes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    problem: str | None = None


# The web knows no dialects; whoever starts it gives it this.
Understand: TypeAlias = Callable[[Sample], Understood]
