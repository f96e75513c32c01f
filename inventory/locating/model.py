"""The frozen numbers a belief is drawn with; a new version comes only from the nightly close."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Model:
    """First model: strongest mean strength among the places a volume was heard at, held against the ledger.

    ledger_right: share of volumes that stand where the ledger says, before any radio is heard (radio.md: 999 in 1,000).
    scale_db: how many dB of difference in mean strength make one place e times likelier than another. Learned.
    fade_db_per_decade: how fast strength falls with distance; with it, a ledger place that no antenna has covered is
        given the strength it would have been heard with (radio.md: 29.2).
    fade_db_max: beyond this a place can't be heard at all, in dB below the strongest.
    anchor_seconds_max: how long after an anchor a moving reader is still taken to be there.
    """

    ledger_right: float = 0.999
    scale_db: float = 2.0
    fade_db_per_decade: float = 29.2
    fade_db_max: float = 30.0
    anchor_seconds_max: float = 120.0

    def parameters(self) -> dict[str, Any]:
        """As kept in the database."""
        return asdict(self)

    @staticmethod
    def of(parameters: dict[str, Any]) -> "Model":
        """As read from the database."""
        return Model(**parameters)
