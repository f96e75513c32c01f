"""Guiwei's own inference as `bench.location` asks it."""

import numpy as np

from bench.peers import Answer
from bench.scoring import Listening, Standing
from inventory.locating.arrays import NONE
from inventory.locating.believing import believe
from inventory.locating.judging import Judgement, Outcome, judge
from inventory.locating.model import Model
from inventory.locating.nightly import close_night
from inventory.locating.profiling import no_profiles


class Guiwei:
    """The judgement of a day and the nightly close, day after day."""

    def __init__(self, volumes: int) -> None:
        """A site's first model."""
        self.model, self.profiles = Model(), no_profiles(volumes)

    def learn(self, hall: Standing, day: Listening) -> None:
        """The nightly close."""
        ledger = hall.ledger.astype(np.int64)
        self.model, self.profiles, _ = close_night(
            day.sightings, day.trail, hall.places, ledger, self.model, self.profiles
        )

    def judge(self, hall: Standing, day: Listening) -> Judgement:
        """The judgement of a day."""
        return judge(day.sightings, day.trail, hall.places, hall.ledger.astype(np.int64), self.model, self.profiles)


def answer_of_step(hall: Standing, day: Listening, model: Model) -> Answer:
    """What the belief step says during the day, by its model alone."""
    ledger = hall.ledger.astype(np.int64)
    drawn = believe(day.sightings, day.trail, hall.places, ledger, model)
    place, probability = np.full(len(hall), NONE), np.zeros(len(hall))
    place[drawn.volume], probability[drawn.volume] = drawn.place, drawn.probability
    unseen = place == NONE
    return Answer(place, probability, unseen | (probability >= model.sure), np.zeros(len(hall), bool), unseen)


def answer_of(judged: Judgement, volumes: int) -> Answer:
    """The judgement in the words of the bench."""
    beliefs, outcome = judged.beliefs, judged.outcome
    place, probability = np.full(volumes, NONE), np.zeros(volumes)
    place[beliefs.volume], probability[beliefs.volume] = beliefs.place, beliefs.probability
    return Answer(
        place,
        probability,
        outcome != Outcome.UNDECIDED,
        outcome == Outcome.MISSING,
        outcome == Outcome.UNCOVERED,
    )
