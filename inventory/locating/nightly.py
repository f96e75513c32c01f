"""What the nightly close makes of a day: the next model, and the profiles of volumes found where they belong."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from inventory.locating.arrays import NONE, Integers, Packed, Places, Sightings, Trail
from inventory.locating.judging import Judgement, Past, judge
from inventory.locating.listening import usual_level
from inventory.locating.missing import learned_misses
from inventory.locating.model import Model
from inventory.locating.profiling import Profiles, remember
from inventory.locating.remembering import KEPT, learned
from inventory.locating.sensing import learn_sensor, pairs_of

VERIFIED = 0.97  # a volume believed at home with so much certainty has shown how it sounds there
LEDGER_KEPT = 0.5
VOLUMES_MIN = 200  # fewer volumes heard teach no shelf
ANSWERS_KEPT = 0.98  # of older answers, a night: after a month they count for half


class Answers(NamedTuple):
    """What people answered to cases, before the night that learns from it.

    volume, place: volumes that stood where the ledger has them, and still has them, though the radio had them at `place`.
    found, missing: of the cases answered since the last close, how many were false alarms, and how many should have been.
    """

    volume: Integers
    place: Integers
    found: tuple[float, float] = (0.0, 0.0)
    missing: tuple[float, float] = (0.0, 0.0)


NO_ANSWERS = Answers(np.zeros(0, np.int64), np.zeros(0, np.int64))


def close_night(
    sightings: Sightings | Packed,
    trail: Trail,
    places: Places,
    ledger_place: Integers,
    model: Model,
    profiles: Profiles,
    past: Past | None = None,
    answers: Answers = NO_ANSWERS,
) -> tuple[Model, Profiles, Judgement]:
    """Learn from a whole day's evidence and from what people answered; the judgement it learned from comes with it.

    The judgement knows no answers: they come in with the next model and the profiles alone.
    """
    judged = judge(sightings, trail, places, ledger_place, model, profiles, past)
    night, at_home = judged.night, judged.weighed.at_home
    count = len(places.x)
    verified = (at_home >= VERIFIED).astype(np.float64)
    # It sounds as it did when somebody went there and saw it at home: so that is how it sounds at home.
    heard_at = np.full(len(ledger_place), NONE)
    heard_at[judged.beliefs.volume] = judged.beliefs.place
    verified[answers.volume[heard_at[answers.volume] == answers.place]] = 1
    verified[ledger_place == NONE] = 0
    pairs = pairs_of(night.hearings, ledger_place, at_home, count, night.pairs_near)
    sensor = learn_sensor(pairs, places, night.posts, judged.weighed.sensor.shared_variance)
    remembered = learned(with_answers(model, answers), night, places, profiles, ledger_place, sensor, at_home, VERIFIED)
    following = replace(
        remembered,
        sensor=sensor.parameters() if len(judged.beliefs.volume) >= VOLUMES_MIN else model.sensor,
        misses=learned_misses(model, judged.silence, at_home > model.sure),
        level_dbm=_level(model, judged),
        ledger_right=_ledger_right(model, judged),
    )
    elsewhere = (verified <= 0) & (at_home < model.likely)
    after = remember(profiles, night.hearings, ledger_place, judged.listened, verified, elsewhere, count)
    return following, after, judged


def with_answers(model: Model, answers: Answers) -> Model:
    """The model with another day's answers counted."""

    def on(before: tuple[float, float], today: tuple[float, float]) -> tuple[float, float]:
        return ANSWERS_KEPT * before[0] + today[0], ANSWERS_KEPT * before[1] + today[1]

    return replace(
        model,
        found_wrong=on(model.found_wrong, answers.found),
        missing_wrong=on(model.missing_wrong, answers.missing),
    )


def _ledger_right(model: Model, judged: Judgement) -> float:
    if len(judged.beliefs.volume) < VOLUMES_MIN:
        return model.ledger_right
    return LEDGER_KEPT * model.ledger_right + (1 - LEDGER_KEPT) * judged.ledger_right


def _level(model: Model, judged: Judgement) -> float | None:
    if len(judged.beliefs.volume) < VOLUMES_MIN:
        return model.level_dbm
    tonight = usual_level(judged.night.posts)
    return tonight if model.level_dbm is None else KEPT * model.level_dbm + (1 - KEPT) * tonight
