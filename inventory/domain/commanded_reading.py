"""Which readers read for an audit, and when: room by room, powered shelving aisle by aisle. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from inventory.domain.commands import control_of, is_told_natively

READ_FOR = timedelta(seconds=60)  # a smart cabinet's reader has every antenna's turn in so long
SETTLE_FOR = timedelta(seconds=15)  # and its last reads have come in, its last command has ended, so long after


@dataclass(frozen=True, slots=True)
class Listener:
    """A reader in an audit's scope. block, aisle: of the powered shelving that it opens; None for a smart cabinet's.

    is_reading: whether it has read by itself just now; then it is left reading.
    """

    reader_id: int
    dialect: str
    topic: str
    control_url: str | None
    room: str
    block: str | None = None
    aisle: str | None = None
    is_reading: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is read at the same time: the cabinets of a room, or an aisle. begins: after the first step did."""

    begins: timedelta
    room: str
    block: str | None
    aisle: str | None
    listeners: tuple[Listener, ...] = field(default_factory=tuple)


def reading_steps(listeners: Iterable[Listener], read_for: timedelta = READ_FOR) -> list[Step]:
    """The steps in their order: the cabinets of a room before its aisles.

    Readers that take no commands are left out, and so are those of aisles that can't be told to open one (natively).
    """
    groups: dict[tuple[str, str, str], list[Listener]] = {}
    for one in listeners:
        opens = one.aisle is None or is_told_natively(one.dialect, one.control_url)
        if opens and control_of(one.dialect, one.topic, one.control_url) is not None:
            groups.setdefault((one.room, one.block or "", one.aisle or ""), []).append(one)
    return [
        Step(number * read_for, room, block or None, aisle or None, tuple(sorted(group, key=lambda one: one.reader_id)))
        for number, ((room, block, aisle), group) in enumerate(sorted(groups.items(), key=lambda item: item[0]))
    ]


def lasts(steps: list[Step], read_for: timedelta = READ_FOR) -> timedelta:
    """How long the reading takes until it can be judged; nothing where nobody reads."""
    return len(steps) * read_for + SETTLE_FOR if steps else timedelta()
