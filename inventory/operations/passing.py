"""Passages through gates: what a gate's process tells becomes rows, and what passed without an order becomes cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.discrepancies import kind_of_passage
from inventory.domain.gate_passages import Passing
from inventory.domain.places import PlaceKind
from inventory.operations.discrepancies import notify
from inventory.store import passages
from inventory.store.passages import Case, Line, Telling


@dataclass(frozen=True, slots=True)
class Taken:
    """How many passages were settled by what was stored, and how many cases that opened."""

    settled: int
    opened: int


def take_passages(connection: psycopg.Connection[Any], tellings: Sequence[Telling], now: datetime) -> Taken:
    """Store what gates tell, whole or not at all, and open what a settled passage says.

    The same told twice is there once: whoever tells need not know whether it was stored.
    """
    with connection.transaction():
        settled = passages.keep(connection, tellings, now)
        # Out, in and out again while the database was away is one case, of the last time.
        cases = {
            (case.kind, case.volume_id): case
            for telling in sorted(tellings, key=lambda one: one.crossed_at)
            if telling.settled and telling.id in settled
            for line in telling.lines
            if (case := _case(telling, line)) is not None
        }
        if not cases:
            return Taken(len(settled), 0)
        kept = passages.open_cases(connection, list(cases.values()))
        notify(connection, kept.volumes)
    return Taken(len(settled), kept.opened)


def _case(telling: Telling, line: Line) -> Case | None:
    """What a volume's line opens; None for what was on a paper, wasn't read, or is on its side already."""
    held = None if line.held is None else PlaceKind(line.held)
    kind = kind_of_passage(Passing(telling.direction), announced=line.paper is not None, held=held)
    if kind is None or not line.reads:
        return None
    return Case(
        kind.value,
        line.volume_id,
        telling.gate_place_id,
        line.ledger_place_id,
        line.ledger_since,
        telling.probability,
        {"reads": line.reads, "passage": str(telling.id)},
        telling.crossed_at,
    )
