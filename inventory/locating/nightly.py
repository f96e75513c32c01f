"""What the nightly close makes of a day: the next model, and the profiles of volumes found where they belong."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from inventory.locating.arrays import NONE, Integers, Packed, Places, Sightings, Trail
from inventory.locating.judging import Judgement, Past, judge
from inventory.locating.listening import usual_level
from inventory.locating.missing import counted_habits, counted_misses
from inventory.locating.model import Model
from inventory.locating.profiling import Profiles, remember, row_in, steadiness
from inventory.locating.sensing import learn_sensor, pairs_of

VERIFIED = 0.97  # a volume believed at home with so much certainty has shown how it sounds there
SQUARES_MIN = 200  # fewer comparisons with earlier nights teach nothing
KEPT = 0.5  # of what was known of a night's variance; the rest is tonight's
LEDGER_KEPT = 0.5
VOLUMES_MIN = 200  # fewer volumes heard teach no shelf
READS_FEW = 2
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
    night_variance, read_variance = _variances(model, judged, profiles, ledger_place, count)
    learned = replace(
        with_answers(model, answers),
        sensor=sensor.parameters() if len(judged.beliefs.volume) >= VOLUMES_MIN else model.sensor,
        night_variance=night_variance,
        read_variance=read_variance,
        phase_variance=_phase_variance(model, judged, profiles, ledger_place, count),
        misses=counted_misses(night, ledger_place, model, profiles, at_home),
        habits=counted_habits(night, ledger_place, model, profiles, at_home),
        level_dbm=_level(model, judged),
        ledger_right=_ledger_right(model, judged),
    )
    after = remember(profiles, night.hearings, ledger_place, judged.listened, verified, count)
    return learned, after, judged


def with_answers(model: Model, answers: Answers) -> Model:
    """The model with another day's answers counted."""

    def on(before: tuple[float, float], today: tuple[float, float]) -> tuple[float, float]:
        return ANSWERS_KEPT * before[0] + today[0], ANSWERS_KEPT * before[1] + today[1]

    return replace(
        model,
        found_wrong=on(model.found_wrong, answers.found),
        missing_wrong=on(model.missing_wrong, answers.missing),
    )


def _variances(
    model: Model, judged: Judgement, profiles: Profiles, ledger_place: Integers, count: int
) -> tuple[float, float]:
    """How strengths differ from night to night, split into what the night and what the single read brings.

    Medians, since a volume that moved differs for another reason; a normal variable's median square is 0.455 of its mean.
    """
    squares, reads = steadiness(profiles, judged.night.hearings, ledger_place, count)
    few = reads <= READS_FEW
    if few.sum() < SQUARES_MIN or (~few).sum() < SQUARES_MIN:
        return model.night_variance, model.read_variance
    with_few, with_many = (float(np.median(squares[which])) / 0.455 for which in (few, ~few))
    inverse_few, inverse_many = (float((1 / reads[which]).mean()) for which in (few, ~few))
    by_read = max((with_few - with_many) / max(inverse_few - inverse_many, 1e-3), 0.25)
    by_night = max(with_many - by_read * inverse_many, 0.25)
    return KEPT * model.night_variance + (1 - KEPT) * by_night, KEPT * model.read_variance + (1 - KEPT) * by_read


def _phase_variance(model: Model, judged: Judgement, profiles: Profiles, ledger_place: Integers, count: int) -> float:
    """How much the moment of a visit in which a volume is read differs from night to night."""
    hearings = judged.night.hearings
    row = row_in(profiles, hearings.volume, hearings.place, count)
    if not len(profiles.volume):
        return model.phase_variance
    use = (row != NONE) & ~np.isnan(hearings.phase) & (profiles.phased[np.maximum(row, 0)] >= 1)
    use &= (hearings.place == ledger_place[hearings.volume]) & (judged.weighed.at_home[hearings.volume] >= VERIFIED)
    if use.sum() < SQUARES_MIN:
        return model.phase_variance
    phased = profiles.phased[row[use]]
    apart = hearings.phase[use] - profiles.phase[row[use]] / phased
    return KEPT * model.phase_variance + (1 - KEPT) * max(float((apart**2 / (1 + 1 / phased)).mean()), 0.005)


def _ledger_right(model: Model, judged: Judgement) -> float:
    if len(judged.beliefs.volume) < VOLUMES_MIN:
        return model.ledger_right
    return LEDGER_KEPT * model.ledger_right + (1 - LEDGER_KEPT) * judged.ledger_right


def _level(model: Model, judged: Judgement) -> float | None:
    if len(judged.beliefs.volume) < VOLUMES_MIN:
        return model.level_dbm
    tonight = usual_level(judged.night.posts)
    return tonight if model.level_dbm is None else KEPT * model.level_dbm + (1 - KEPT) * tonight
