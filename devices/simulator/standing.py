"""Which tags stand on which shelf of a hall."""

import numpy as np
from numpy.typing import NDArray

from devices.simulator import radio
from devices.simulator.floor import SHELF_METRES
from devices.simulator.halls import Hall, Profile
from devices.simulator.truth import NOWHERE
from inventory.locating.arrays import Integers

LABELS_DEAD_SHARE = 0.05  # of the shelf labels


class Standing:
    """Living tags by shelf: the volumes', then the labels', numbered on from them."""

    def __init__(self, hall: Hall) -> None:
        shelves = len(hall.places.x)
        numbers = np.arange(shelves, dtype=np.int32)
        broken = radio.standing_uniform(hall.seed, numbers, 0, -7) < LABELS_DEAD_SHARE
        with_label = hall.profile is Profile.SWEEP
        labels = np.where(broken | (not with_label), NOWHERE, numbers)
        self.place = np.concatenate([np.where(hall.dead, NOWHERE, hall.stands), labels]).astype(np.int64)
        self.along = np.concatenate([hall.along, np.full(shelves, SHELF_METRES / 2)])
        numbers = np.arange(len(self.place), dtype=np.int32)
        self.doubled = radio.standing_uniform(hall.seed, numbers, 0, -8) < radio.DOUBLED_SHARE
        self.order = np.argsort(self.place, kind="stable")
        self.starts = np.searchsorted(self.place[self.order], np.arange(shelves + 1))

    def on(self, shelf: NDArray[np.int64]) -> tuple[Integers, Integers]:
        """For each shelf in turn its tags: which row of `shelf`, which tag."""
        size = self.starts[shelf + 1] - self.starts[shelf]
        row = np.repeat(np.arange(len(shelf)), size)
        within = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
        return row, self.order[self.starts[shelf][row] + within]
