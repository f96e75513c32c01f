"""What a volume's own past leads to expect of it at home, where its profile takes the shelf's place."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Places, Reals, in_parts, rows_of, some_at_once, summed
from inventory.locating.listening import Night
from inventory.locating.model import Model, Novel, Steadiness, Steady
from inventory.locating.profiling import Profiles, as_visits, habit_of, keys_of, row_at, row_in, usual_dbm, usual_reads
from inventory.locating.sensing import (
    DETECTION_MAX,
    DETECTION_MIN,
    LOUDER_STEP_DB,
    LOUDER_UNKNOWN,
    Expected,
    Hearings,
    Sensor,
    Shelves,
    expect,
    heard_if,
)
from inventory.locating.working import in_turn

HABIT_MAX = 0.99997
BETWEEN_MIN = 0.1  # volumes of one shelf differ at least by so much of what one of them differs by from night to night
HEARINGS_MIN = 200  # fewer compared with earlier nights teach nothing
KEPT = 0.5  # of what was known of a night; the rest is tonight's
# Nights that were alike by chance, or days replayed twice, must not make a profile surer than radio is: within a tag strengths
# differ by 2 dB and more while people move, and reads come by chance.
STRENGTH_LEAST, READS_LEAST, PHASE_LEAST = Steady(0.5, 2.0), Steady(0.08, 0.5), Steady(0.005, 0.015)
NOVEL_VARIANCE_MIN = 0.05
NORMAL_MEDIAN_SQUARE = 0.455  # of a normal variable, by its variance
FAR_OFF = 3.0  # standard deviations of a normal variable with the same median square
# The share so far off, by Student's t scaled to that median: for infinitely many degrees of freedom, 30, 10, 5 and 3.
FAR_OFF_BY_TAIL = ((0.0027, 0.0), (0.0049, 1 / 30), (0.0110, 0.1), (0.0232, 0.2), (0.0424, 1 / 3))
NORMAL_MIDDLE_HALF = 1.349  # how wide that is, by its standard deviation


@dataclass(frozen=True)
class Memory:
    """The profiles, and what the model says of how far they can be trusted.

    visits: of each place, how many usual visits it had tonight (`profiling.as_visits`). level: how loud its own volumes sound
    tonight, in dBm.
    """

    profiles: Profiles
    ledger_place: Integers
    model: Model
    visits: Reals
    level: Reals

    @cached_property
    def keys(self) -> Integers:
        """The profiles' rows, to look for some of them again and again."""
        return keys_of(self.profiles, len(self.level))

    def knows(self, volume: Integers, place: Integers) -> NDArray[np.bool_]:
        """Of which volumes it knows how they sound at these places: where the ledger has them, and has had them."""
        return np.asarray((place == self.ledger_place[volume]) & (self.profiles.home[volume] == place))

    def novel_chance(self, detection: Reals, nights: Integers | int) -> Reals:
        """Chance to be heard where none of so many nights heard it; detection: what the shelf's other volumes tell."""
        return np.minimum(self.model.novel.chance * detection / (nights + 1.0), DETECTION_MAX)

    def again(self, row: Integers) -> Reals:
        """Chance to be heard again tonight where a row of the profile says, by the model's counts."""
        counts = np.array(self.model.habits)
        chance = np.clip((counts[:, 0] + 0.1) / (counts[:, 1] + 0.2), DETECTION_MIN, HABIT_MAX)
        return np.asarray(chance[_habit(self.model, self.profiles, row, self.visits, self.level)])

    def silence(
        self, volume: Integers, place: Integers, shelves: Shelves, near: tuple[Integers, Integers], louder: Integers
    ) -> Reals:
        """Logarithm of the chance that a volume at `place` is heard nowhere, by (volume, place).

        near: pairs (listening place, standing place) where silence means something. louder: of each row, by how many
        `LOUDER_STEP_DB` it is heard louder at `place` itself than others there, `LOUDER_UNKNOWN` where it isn't heard there.
        """
        nights = np.where(self.knows(volume, place), self.profiles.nights[volume], 0)
        around = _Around.of(shelves, near)
        silence = np.zeros(len(volume))
        for number in np.unique(nights[nights > 0]).tolist():
            rows = nights == number
            novel = partial(self._novel_around, nights=number)
            silence[rows] = around.silence(novel)[place[rows]]
        for step in np.unique(louder[nights == 0]).tolist():
            rows = (nights == 0) & (louder == step)
            silence[rows] = around.silence(partial(_Around.heard_if, step=step))[place[rows]]
        parts = list(in_parts(volume))

        def used(part: slice) -> Reals:
            return self._used_to_be_heard(volume[part], place[part], shelves)

        for part, more in zip(parts, in_turn(used, parts), strict=True):
            silence[part] += more
        return silence

    def _novel_around(self, around: "_Around", nights: int) -> Reals:
        return self.novel_chance(around.detection, nights)

    def _used_to_be_heard(self, volume: Integers, place: Integers, shelves: Shelves) -> Reals:
        """What is to be added where a profile knows more than that the volume was never heard there."""
        profiles, effort = self.profiles, shelves.posts.effort
        rows = np.flatnonzero(self.knows(volume, place))
        which, line = rows_of(profiles.volume, volume[rows])
        listened = effort[profiles.place[line]] > 0
        owner, line = rows[which[listened]], line[listened]
        by_shelf = shelves.expect(profiles.place[line], place[owner]).detection
        novel = self.novel_chance(by_shelf, profiles.nights[volume[owner]])
        own = self.again(line)
        return summed(owner, np.log1p(-own) - np.log1p(-novel), len(volume))

    def instead(
        self,
        expected: Expected,
        known: NDArray[np.bool_],
        hearings: Hearings,
        heard: NDArray[np.intp],
        effort: Integers,
    ) -> tuple[Expected, NDArray[np.bool_]]:
        """`expected` with the rows that are `known` by the volumes' own past; second, in which rows that tells the strength.

        heard: which hearing each row is about. effort: of each place, how often it was listened at.
        """
        rows, line = np.flatnonzero(known), heard[known]
        at = row_at(self.keys, hearings.volume[line], hearings.place[line], len(effort))
        columns = {field.name: getattr(expected, field.name).copy() for field in fields(Expected)}
        self._heard_for_the_first_time(
            columns, rows[at == NONE], self.profiles.nights[hearings.volume[line[at == NONE]]]
        )
        rows, line, at = rows[at != NONE], line[at != NONE], at[at != NONE]
        self._heard_again(columns, rows, at, hearings.count[line], effort)
        told = np.zeros(len(known), bool)
        told[rows] = self.profiles.told[at] > 0
        return Expected(**columns), told

    def _heard_for_the_first_time(self, columns: dict[str, Reals], rows: NDArray[np.intp], nights: Integers) -> None:
        novel = self.model.novel
        columns["detection"][rows] = np.maximum(self.novel_chance(columns["detection"][rows], nights), DETECTION_MIN)
        columns["strength"][rows] += novel.strength
        columns["strength_variance"][rows] = novel.strength_variance
        columns["reads"][rows] += novel.reads
        columns["reads_variance"][rows] = novel.reads_variance
        columns["slope"][rows] = 0.0

    def _heard_again(
        self, columns: dict[str, Reals], rows: NDArray[np.intp], at: Integers, count: Integers, effort: Integers
    ) -> None:
        """Its own mean counts against the shelf's as far as volumes of one shelf differ more than its nights do."""
        profiles, model = self.profiles, self.model
        columns["detection"][rows] = self.again(at)
        reads, times = np.maximum(count, 1), profiles.heard[at]
        usual = np.maximum(usual_reads(profiles, at, self.visits), 1.0)
        place = profiles.place[at]
        # A visit worth half a usual one brings half the reads.
        log_reads = profiles.log_reads[at] + times * np.log(self.visits[place] / effort[place])
        own = place == profiles.home[profiles.volume[at]]
        for name, total, nights, steady, by in (
            ("strength", profiles.strength[at], profiles.told[at], model.strength_steady, reads),
            ("reads", log_reads, times, model.reads_steady, usual),
            ("phase", profiles.phase[at], profiles.phased[at], model.phase_steady, reads),
        ):
            within = np.where(own, steady.own.night, steady.beside.night)
            within += np.where(own, steady.own.read, steady.beside.read) / by
            between = np.maximum(columns[f"{name}_variance"][rows] - within, BETWEEN_MIN * within)
            worth = nights * between / (nights * between + within)
            by_shelf = columns[name][rows]
            columns[name][rows] = by_shelf + worth * (total / np.maximum(nights, 1e-9) - by_shelf)
            columns[f"{name}_variance"][rows] = within + (1 - worth) * between
        # The strength says less of the reads where the volume's own are known.
        columns["slope"][rows] /= times + 1.0


@dataclass(frozen=True)
class _Around:
    """What to expect at the places around each: a row for each pair (listening place `here`, standing place `there`).

    own_variance: of each place, how the strengths of those who stand there vary.
    """

    here: Integers
    there: Integers
    detection: Reals
    louder: Reals
    own_variance: Reals
    places: int

    @staticmethod
    def of(shelves: Shelves, near: tuple[Integers, Integers]) -> "_Around":
        """Of so many pairs at once."""
        here, there = near
        detection, louder = np.empty(len(here)), np.empty(len(here))
        for part in some_at_once(len(here)):
            expected = shelves.expect(here[part], there[part])
            detection[part], louder[part] = expected.detection, expected.louder
        everywhere = np.arange(len(shelves.places.x))
        own_variance = shelves.expect(everywhere, everywhere).strength_variance
        return _Around(here, there, detection, louder, own_variance, len(everywhere))

    def heard_if(self, step: int) -> Reals:
        """The chance at each of a volume so much louder at its own place than others there; there itself it is heard anyway."""
        if step == LOUDER_UNKNOWN:
            return self.detection
        beside = heard_if(self.detection, self.louder, step * LOUDER_STEP_DB, self.own_variance[self.there])
        return np.where(self.here == self.there, self.detection, beside)

    def silence(self, chance: "Callable[[_Around], Reals]") -> Reals:
        """By standing place, the logarithm of the chance that none of those around hears it; `chance`: of some of the pairs."""
        unheard = np.empty(len(self.here))
        for part in some_at_once(len(self.here)):
            unheard[part] = np.log1p(-chance(self._some(part)))
        return summed(self.there, unheard, self.places)

    def _some(self, part: slice) -> "_Around":
        return replace(
            self,
            here=self.here[part],
            there=self.there[part],
            detection=self.detection[part],
            louder=self.louder[part],
        )


def _habit(model: Model, profiles: Profiles, row: Integers, visits: Reals, level: Reals) -> Integers:
    loud = usual_dbm(profiles, row, level)
    return habit_of(profiles, row, usual_reads(profiles, row, visits), loud, model.silent_dbm)


# ── Learning ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def learned(
    model: Model,
    night: Night,
    places: Places,
    profiles: Profiles,
    ledger_place: Integers,
    sensor: Sensor,
    at_home: Reals,
    verified: float,
) -> Model:
    """The model with what another night tells of how far profiles can be trusted.

    at_home: of each volume the probability that it stands where the ledger says; `verified`: from which on it teaches.
    """
    return replace(
        model,
        strength_steady=_steady(model.strength_steady, STRENGTH_LEAST, night, profiles, ledger_place, "strength"),
        reads_steady=_steady(model.reads_steady, READS_LEAST, night, profiles, ledger_place, "reads"),
        phase_steady=_steady(model.phase_steady, PHASE_LEAST, night, profiles, ledger_place, "phase"),
        novel=_novel(model.novel, night, places, profiles, ledger_place, sensor, at_home >= verified),
        habits=_habits(model, night, profiles, ledger_place, at_home),
    )


def _steady(
    before: Steadiness, least: Steady, night: Night, profiles: Profiles, ledger_place: Integers, of: str
) -> Steadiness:
    """How what is heard of volumes differs from night to night, at their own places and beside them."""
    squares, reads, own = _differences(night, profiles, ledger_place, of)
    return Steadiness(
        *(
            _steady_of(known, least, squares[which], reads[which])
            for known, which in zip(before, (own, ~own), strict=True)
        )
    )


def _steady_of(before: Steady, least: Steady, squares: Reals, reads: Reals) -> Steady:
    """Split into what the night and what the single read brings; and how long the tails are.

    Medians, since a volume that moved differs for another reason.
    """
    few = reads <= np.median(reads) if len(reads) else np.zeros(0, bool)
    if few.sum() < HEARINGS_MIN or (~few).sum() < HEARINGS_MIN:
        return before
    with_few, with_many = (float(np.median(squares[which])) / NORMAL_MEDIAN_SQUARE for which in (few, ~few))
    inverse_few, inverse_many = (float((1 / reads[which]).mean()) for which in (few, ~few))
    by_read = max((with_few - with_many) / max(inverse_few - inverse_many, 1e-3), least.read)
    by_night = max(with_many - by_read * inverse_many, least.night)
    tonight = Steady(by_night, by_read, _tail(squares / (by_night + by_read / reads)), float(len(reads)))
    kept = KEPT * before.told
    share = kept / (kept + tonight.told)
    night, read, tail = (share * old + (1 - share) * new for old, new in zip(before[:3], tonight[:3], strict=True))
    return Steady(night, read, round(tail, 6), kept + tonight.told)


def _tail(squares: Reals) -> float:
    """How long the tails of differences are, by how many are three times as far off as usual.

    A handheld is never held the same way twice: what is read at the end of its reach one day is read right before it the next.
    """
    far = squares > FAR_OFF**2 * float(np.median(squares)) / NORMAL_MEDIAN_SQUARE
    return float(np.interp(float(far.mean()), *np.array(FAR_OFF_BY_TAIL).T))


def _differences(
    night: Night, profiles: Profiles, ledger_place: Integers, of: str
) -> tuple[Reals, Reals, NDArray[np.bool_]]:
    """Squared differences between tonight and the profile, freed of what that lacks; the reads behind each; whether at home."""
    hearings, effort = night.hearings, night.posts.effort
    total, nights = {
        "strength": (profiles.strength, profiles.told),
        "reads": (profiles.log_reads, profiles.heard),
        "phase": (profiles.phase, profiles.phased),
    }[of]
    row = row_in(profiles, hearings.volume, hearings.place, len(effort))
    tonight: Reals = getattr(hearings, of)
    use = (row != NONE) & ~np.isnan(tonight) & (profiles.home == ledger_place)[hearings.volume]
    use[use] = nights[row[use]] >= 1
    at = row[use]
    apart = tonight[use] - total[at] / nights[at]
    usual = np.maximum(usual_reads(profiles, at, effort.astype(np.float64)), 1.0)
    reads = usual if of == "reads" else hearings.count[use].astype(np.float64)
    own = hearings.place[use] == ledger_place[hearings.volume[use]]
    return apart**2 / (1 + 1 / nights[at]), reads, own


def _novel(
    before: Novel,
    night: Night,
    places: Places,
    profiles: Profiles,
    ledger_place: Integers,
    sensor: Sensor,
    verified: NDArray[np.bool_],
) -> Novel:
    """How volumes that are surely at home were heard where they had never been heard: how often, how loud."""
    hearings = night.hearings
    heard = np.zeros(len(ledger_place), bool)
    heard[hearings.volume] = True
    known = heard & verified & (profiles.home == ledger_place) & (profiles.nights > 0)
    rows = np.flatnonzero(known[hearings.volume])
    rows = rows[row_in(profiles, hearings.volume[rows], hearings.place[rows], len(places.x)) == NONE]
    asked = _novel_asked(night, places, profiles, ledger_place, sensor, known)
    if len(rows) < HEARINGS_MIN or asked < HEARINGS_MIN:
        return before
    expected = expect(sensor, places, hearings.place[rows], ledger_place[hearings.volume[rows]], night.posts)
    tonight = (
        len(rows) / asked,
        *_middle(hearings.reads[rows] - expected.reads, (before.reads, before.reads_variance)),
        *_middle(hearings.strength[rows] - expected.strength, (before.strength, before.strength_variance)),
    )
    return Novel(*(KEPT * old + (1 - KEPT) * new for old, new in zip(before, tonight, strict=True)))


def _novel_asked(
    night: Night, places: Places, profiles: Profiles, ledger_place: Integers, sensor: Sensor, known: NDArray[np.bool_]
) -> float:
    """How many novel hearings of the `known` volumes the shelves' chances lead to expect, by how many nights they were silent."""
    here, there = night.pairs_near
    by_shelf = summed(there, expect(sensor, places, here, there, night.posts).detection, len(places.x))
    rows = known[profiles.volume] & (night.posts.effort[profiles.place] > 0)
    of, at = profiles.volume[rows], profiles.place[rows]
    usual = summed(of, expect(sensor, places, at, ledger_place[of], night.posts).detection, len(known))
    rest = np.maximum(by_shelf[np.maximum(ledger_place, 0)] - usual, 0.0)
    return float((rest / (profiles.nights + 1.0))[known].sum())


def _middle(values: Reals, before: tuple[float, float]) -> tuple[float, float]:
    """Median, and the variance by the middle half, as those that moved unnoticed differ more; `before` where too few tell."""
    told = values[~np.isnan(values)]
    if len(told) < HEARINGS_MIN:
        return before
    low, middle, high = np.quantile(told, (0.25, 0.5, 0.75))
    return float(middle), max(float((high - low) / NORMAL_MIDDLE_HALF) ** 2, NOVEL_VARIANCE_MIN)


def _habits(
    model: Model, night: Night, profiles: Profiles, ledger_place: Integers, at_home: Reals
) -> tuple[tuple[float, float], ...]:
    """The model's counts with another night: where of its profile's places each volume was heard again."""
    rows = np.flatnonzero((profiles.home == ledger_place)[profiles.volume] & (night.posts.effort[profiles.place] > 0))
    heard = np.zeros(len(ledger_place), bool)
    heard[night.hearings.volume] = True
    rows = rows[heard[profiles.volume[rows]]]
    count = len(night.posts.effort)
    tonight = night.hearings.volume * count + night.hearings.place
    again = np.isin(profiles.volume[rows] * count + profiles.place[rows], tonight, assume_unique=True)
    visits = as_visits(profiles, night.hearings, ledger_place, night.posts.effort)
    habit = _habit(model, profiles, rows, visits, night.posts.level)
    weight = at_home[profiles.volume[rows]]
    size = len(model.habits)
    more, of = np.bincount(habit, again * weight, size), np.bincount(habit, weight, size)
    pairs = zip(model.habits, more, of, strict=True)
    return tuple((round(float(m + one), 6), round(float(n + all_), 6)) for (m, n), one, all_ in pairs)
