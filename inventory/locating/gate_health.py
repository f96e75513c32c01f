"""What is wrong with a gate by what it heard: against what it used to hear, and its antennas against each other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from inventory.locating.arrays import Integers, Reals
from inventory.locating.gate_model import GateModel, Levels
from inventory.locating.reads import INNER, OUTER, SIDES

SILENT_READS_MIN = 12  # so many loud reads without one of another antenna: something is wrong
FAULTY_GROUPS_MIN = 3
SILENT_SHARE = 0.8  # of the passages: an antenna that misses so many hears nothing
WEAKER_DB = 4.0


@dataclass(frozen=True)
class GateHealth:
    """Sides that are silent, and dB by which each is louder than usual.

    deaf: antennas that hear nothing of passages that another on their side hears.
    """

    silent: tuple[int, ...]
    louder_db: tuple[float, float]
    deaf: tuple[int, ...] = ()

    @property
    def weaker(self) -> tuple[int, ...]:
        """Sides clearly weaker than they were."""
        return tuple(one for one in (INNER, OUTER) if self.louder_db[one] < -WEAKER_DB)

    def after(self, before: Self, antenna: Integers) -> Self:
        """The same, with what was named before and isn't among the antennas heard since: a quiet hour mends no cable."""
        deaf = {one for one in before.deaf if not (antenna == one).any()}
        silent = {side for side in before.silent if not (antenna % SIDES == side).any()}
        return replace(self, silent=tuple(sorted(silent.union(self.silent))), deaf=tuple(sorted(deaf.union(self.deaf))))


def health_of(
    loud: Reals, count: Integers, by_antenna: Mapping[int, Integers], levels: Levels, gate: GateModel
) -> GateHealth:
    """By groups that were at the gate. loud: dBm (group, side); count: reads (group, side); by_antenna: of each number, reads."""
    loudest = np.nanmax(np.where(np.isnan(loud), -np.inf, loud - levels.dbm), axis=1, initial=-np.inf)
    near = loudest >= -levels.spread[0]
    strong = near & (count.sum(axis=1) >= SILENT_READS_MIN)
    silent = tuple(one for one in (INNER, OUTER) if _deaf(count[strong, one]))
    louder = (0.0, 0.0)
    if gate.levels is not None:
        inner, outer = (levels.dbm - gate.levels.dbm).tolist()
        louder = (inner, outer)
    sides = [antenna % SIDES for antenna in by_antenna]
    deaf = [
        antenna
        for antenna, reads in sorted(by_antenna.items())
        if (side := antenna % SIDES) not in silent
        and sides.count(side) > 1
        and _deaf(reads[near & (count[:, side] >= SILENT_READS_MIN)])
    ]
    return GateHealth(silent, louder, tuple(deaf))


def _deaf(reads: Integers) -> bool:
    """Whether of groups that were heard well, so many reads of each, next to none was heard."""
    return len(reads) >= FAULTY_GROUPS_MIN and float((reads == 0).mean()) > SILENT_SHARE
