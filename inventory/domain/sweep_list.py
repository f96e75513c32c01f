"""Tomorrow's sweep list (明日盘点单): which bays, in which order. Pure.

What the last judgements left undecided comes first; then what rolling coverage needs: bays that nobody listened at for longer
than their plan allows, and of the others the longest waiting, as many as must be swept a day lest they all fall due at once.
The order opens the fewest aisles, as a wave's does (`inventory.domain.waves`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.domain.hall import AisleName
from inventory.domain.waves import OPENING_SECONDS, WALKING_METRES_PER_SECOND
from inventory.domain.words import Word

VOLUMES_AN_HOUR = 4_000  # one keeper, two passes [choice]; a site measures its own
VOLUMES_MAX = 24_000  # a day of two keepers; what is left over stands on the next day's list
BAYS_MAX = 400
BUSY_MOVES_MIN = 100  # volumes that came to or left an aisle within its busy days: one where a clerk errs every month


class Why(Word):
    """Why a bay is on the list."""

    UNDECIDED = "undecided", "有未定", "undecided"
    OVERDUE = "overdue", "已超期", "overdue"
    TURN = "turn", "轮到", "its turn"


@dataclass(frozen=True, slots=True)
class BayState:
    """The shelves of a bay that one aisle leads to. listened_at: when a reader was at its least visited shelf, None: never.

    every_days, busy_days: of the rolling plan it is under, None: of none.
    """

    bay_id: int
    room: int
    block: str | None
    aisle: str | None
    x: float
    y: float
    volumes: int
    undecided: int
    listened_at: datetime | None
    every_days: int | None
    busy_days: int | None

    @property
    def aisle_name(self) -> AisleName | None:
        """The aisle it is reached through."""
        return None if self.block is None or self.aisle is None else AisleName(self.room, self.block, self.aisle)


def chosen(bays: Sequence[BayState], busy: Collection[AisleName], tomorrow: datetime) -> list[tuple[BayState, Why]]:
    """The bays to sweep, and why each; tomorrow: when the day of the list ends."""
    since = {bay: tomorrow - bay.listened_at if bay.listened_at else timedelta.max for bay in bays}
    undecided = sorted((bay for bay in bays if bay.undecided), key=lambda bay: (-bay.undecided, bay.bay_id))
    planned = sorted(
        (bay for bay in bays if not bay.undecided and _days(bay, busy) is not None),
        key=lambda bay: (-(since[bay] / timedelta(days=_days(bay, busy) or 1)), bay.bay_id),
    )
    # So many volumes a day keep the plan; those that wait longest among them.
    share = sum(bay.volumes / (_days(bay, busy) or 1) for bay in bays if _days(bay, busy) is not None)
    found: list[tuple[BayState, Why]] = []
    volumes = rolling = 0.0
    for bay in (*undecided, *planned):
        overdue = not bay.undecided and since[bay] > timedelta(days=_days(bay, busy) or 0)
        if len(found) >= BAYS_MAX or volumes + bay.volumes > VOLUMES_MAX:
            break
        if not bay.undecided and not overdue and rolling >= share:
            break
        found.append((bay, Why.UNDECIDED if bay.undecided else Why.OVERDUE if overdue else Why.TURN))
        volumes += bay.volumes
        rolling += bay.volumes
    return found


def _days(bay: BayState, busy: Collection[AisleName]) -> int | None:
    """Within how many days it is to be swept."""
    return bay.busy_days if bay.busy_days is not None and bay.aisle_name in busy else bay.every_days


def minutes(volumes: int, aisles_opened: int, metres: float) -> int:
    """About how long the list takes one keeper."""
    seconds = volumes * 3600 / VOLUMES_AN_HOUR + aisles_opened * OPENING_SECONDS + metres / WALKING_METRES_PER_SECOND
    return round(seconds / 60)
