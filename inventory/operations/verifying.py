"""`guiwei ledger verify`: walk every chain, rebuild the projection, say what doesn't hold."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from inventory.domain.acts import ChainBreak
from inventory.store import ledger
from inventory.store.database import Database, raw

VOLUMES_NAMED_MAX = 20


@dataclass(frozen=True)
class Verification:
    """acts: how many were walked. breaks: the first break of each chain. misprojected: volumes whose holding is wrong."""

    acts: int
    breaks: tuple[ChainBreak, ...]
    misprojected: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether everything holds."""
        return not self.breaks and not self.misprojected


def _nobody_watches(done: int, total: int) -> None:
    """No progress is shown."""


def _advance(on_progress: Callable[[int, int], None], before: int, total: int, walked: int) -> None:
    on_progress(before + walked, total)


def verify_ledger(database: Database, on_progress: Callable[[int, int], None] = _nobody_watches) -> Verification:
    """Verify chains and projection as of one instant; `on_progress(acts done, acts in all)`."""
    with database.transaction() as session:
        connection = raw(session)
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        chains = ledger.warehouses(connection)
        total, done, breaks = sum(chain.sequence for chain in chains), 0, []
        for chain in chains:
            found = ledger.chain_break(connection, chain, partial(_advance, on_progress, done, total))
            if found is not None:
                breaks.append(found)
            done += chain.sequence
        return Verification(total, tuple(breaks), tuple(ledger.misprojected(connection, VOLUMES_NAMED_MAX)))
