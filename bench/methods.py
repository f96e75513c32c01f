"""Guiwei's own inference as `bench.location` asks it."""

import numpy as np

from bench.peers import Answer
from devices.simulator.days import Day
from devices.simulator.halls import Hall
from inventory.locating.arrays import NONE
from inventory.locating.believing import believe
from inventory.locating.learning import learn
from inventory.locating.model import Model

SURE = 0.9  # a finding is only made where the belief is at least so sure


class Guiwei:
    """The belief step and the nightly close, day after day."""

    def __init__(self) -> None:
        """A site's first model."""
        self.model = Model()

    def learn(self, hall: Hall, day: Day) -> None:
        """The nightly close."""
        self.model = learn(day.sightings, day.trail, hall.places, hall.ledger.astype(np.int64), self.model)

    def answer(self, hall: Hall, day: Day) -> Answer:
        """The belief step over a day's evidence."""
        ledger = hall.ledger.astype(np.int64)
        drawn = believe(day.sightings, day.trail, hall.places, ledger, self.model)
        place, probability = np.full(len(hall), NONE), np.zeros(len(hall))
        place[drawn.volume], probability[drawn.volume] = drawn.place, drawn.probability
        unseen = place == NONE
        listened = day.listened[ledger]
        return Answer(place, probability, unseen | (probability >= SURE), unseen & listened, ~listened)
