"""The frozen numbers a belief is drawn with; a new version comes only from the nightly close."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Model:
    """First model: strongest mean strength among the places a volume was heard at, held against the ledger.

    ledger_right: share of volumes that stand where the ledger says, before any radio is heard (radio.md: 999 in 1,000).
    scale_db: how many dB of difference in mean strength make one place e times likelier than another. Learned.
    silent_dbm: the strength a place is given where a reader listened and didn't hear the volume: below what readers hear.
    fade_db_per_decade: how fast strength falls with distance; with it, a ledger place where no reader listened is given
        the strength it would have been heard with from where it was heard (radio.md: 29.2).
    fade_db_max: beyond this a place can't be heard at all, in dB below the strongest.
    label_db_below_max: a label tag so much weaker than the loudest around that time is a stray.
    label_seconds_max: how far in time a label tag may have been heard to say where a moving reader was.
    code_seconds_max: how long after a scanned code a moving reader is still taken to be there.
    """

    ledger_right: float = 0.999
    scale_db: float = 3.0
    silent_dbm: float = -72.0
    fade_db_per_decade: float = 29.2
    fade_db_max: float = 30.0
    label_db_below_max: float = 8.0
    label_seconds_max: float = 10.0
    code_seconds_max: float = 120.0

    def parameters(self) -> dict[str, Any]:
        """As kept in the database."""
        return asdict(self)

    @staticmethod
    def of(parameters: dict[str, Any]) -> "Model":
        """As read from the database."""
        return Model(**parameters)
