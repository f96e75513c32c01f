"""Missing or only not heard: a sequential test with stated error, by each volume's own chance to be missed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals
from inventory.locating.listening import Night
from inventory.locating.model import READS_EDGES, READS_MIDDLES, Model
from inventory.locating.profiling import Profiles

MISSING_ROUNDS = 60
MISSING_SHARE_FIRST, MISSING_SHARE_MIN, MISSING_SHARE_MAX = 1e-3, 1e-5, 0.2
MISSED_AGAIN = 0.5  # chance to miss a volume once more that was missed last night: misses of nights go together
MISSED_AGAIN_TIMES = 6
MISSED_LEAST = 1e-9
ODDS_STEP, ODDS_MIDDLE = 0.1, -4.0  # log-odds to be missed: volumes this alike count together; a usual volume's
NIGHT_VARIANCE = np.array([1.0, 0.09])  # how much nights differ: log-odds of all alike, and their steepness
SHIFT_MAX = 0.5  # of a round
LOUDNESSES = 25  # groups of volumes that are usually heard about as loud
GROUP_READS_FEW = 10.0  # so many reads of a shelf's volumes tell nothing of how well it was read
CURVE_WORTH = 20.0  # volumes of one bucket that outweigh what the buckets together say of it
CURVE_ROUNDS = 12


class Silence(NamedTuple):
    """Of each volume what it means that it wasn't heard.

    gone: probability that it is gone, 0 where it wasn't to be heard or was. expected: the reads it was to have tonight, NaN
    where nothing is known of it.
    """

    gone: Reals
    expected: Reals


def silence_of(
    night: Night,
    ledger_place: Integers,
    model: Model,
    profiles: Profiles,
    listened: NDArray[np.bool_],
    read_before: NDArray[np.bool_],
) -> Silence:
    """What a night's silence says of the volumes that should have been heard and weren't.

    A sequential test: every night that doesn't hear a volume multiplies the odds by one over its chance to be missed though
    there, which is the volume's own: by the reads it was to have. Of a volume never heard where the ledger has it now, but
    elsewhere before, only what is usual for volumes is known. The share of volumes that are gone, and how tonight misses other
    than usual, are estimated together from tonight's: who takes dossiers away doesn't look how well they are read, a bad night
    does.
    """
    heard = np.zeros(len(ledger_place), bool)
    heard[night.hearings.volume] = True
    at_home = (profiles.seen > 0) & (profiles.home == ledger_place)
    testable = listened & (at_home | read_before) & (ledger_place != NONE)
    expected = np.where(at_home & testable, _reads_expected(night, ledger_place, profiles, testable), np.nan)
    chance = np.zeros(len(ledger_place))
    known = testable & at_home
    chance[known] = chance_to_miss(model.misses, expected[known])
    chance[testable & ~at_home] = chance[known].mean() if known.any() else chance_to_miss(model.misses, np.zeros(1))[0]
    chance *= MISSED_AGAIN ** np.minimum(profiles.unseen, MISSED_AGAIN_TIMES)
    gone = np.zeros(len(ledger_place))
    gone[testable] = _gone(chance[testable], heard[testable])
    return Silence(gone, expected)


def _gone(missed: Reals, heard: NDArray[np.bool_]) -> Reals:
    """Of each volume the probability that it is gone, 0 for those heard, in a night that may miss more or fewer than nights do.

    missed: each one's chance to be missed on a usual night. The share that is gone and the night's own chances are
    estimated in turn. By how much the log-odds to be missed are other tonight, for all alike and more or less for those who
    are missed often anyway, is a small logistic regression, held to a usual night as long as few volumes say otherwise.
    """
    usual = np.log(np.clip(missed, MISSED_LEAST, 1 - MISSED_LEAST))
    usual -= np.log1p(-np.exp(usual))
    step, at = np.unique(np.rint(usual / ODDS_STEP), return_inverse=True)
    asked, silent = np.bincount(at, minlength=len(step)), np.bincount(at[~heard], minlength=len(step))
    odds = step * ODDS_STEP
    design = np.stack([np.ones(len(step)), odds - ODDS_MIDDLE])
    share, shift = MISSING_SHARE_FIRST, np.zeros(2)
    for _ in range(MISSING_ROUNDS):
        chance = _from_odds(odds + shift @ design)
        gone = silent * share / (share + (1 - share) * chance)
        share = float(np.clip(gone.sum() / asked.sum(), MISSING_SHARE_MIN, MISSING_SHARE_MAX)) if len(step) else share
        there = asked - gone
        slope = design @ (silent - gone - there * chance) - shift / NIGHT_VARIANCE
        curve = (design * there * chance * (1 - chance)) @ design.T + np.diag(1 / NIGHT_VARIANCE)
        shift = shift + np.clip(np.linalg.solve(curve, slope), -SHIFT_MAX, SHIFT_MAX)
    chance = _from_odds(usual + shift @ np.stack([np.ones(len(usual)), usual - ODDS_MIDDLE]))
    return np.where(heard, 0.0, share / (share + (1 - share) * chance))


def _from_odds(odds: Reals) -> Reals:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30.0, 30.0))))


def chance_to_miss(counts: Sequence[tuple[float, float]], reads: Reals) -> Reals:
    """The chance that a night misses a volume that is there, by the reads it was to have.

    counts: `Model.misses`. A straight line of logarithms through all of them, which each bucket bends as far as it has
    volumes enough; between the buckets' middles, and beyond the last, as far as there are any.
    """
    missed, of = np.array(counts).T
    middle = np.log(READS_MIDDLES)
    line = _line_through(missed, of, middle)
    chance = (missed + CURVE_WORTH * line) / (of + CURVE_WORTH)
    return np.asarray(np.exp(np.interp(np.log(np.maximum(reads, READS_MIDDLES[0])), middle, np.log(chance))))


def _line_through(missed: Reals, of: Reals, middle: Reals) -> Reals:
    """The likeliest line of the logarithm of the chance over the logarithm of the reads (Poisson regression, by Newton's way)."""
    design = np.stack([np.ones(len(middle)), middle])
    line = np.array([np.log((missed.sum() + 0.5) / (of.sum() + 1.0)), 0.0])
    for _ in range(CURVE_ROUNDS):
        usual = of * np.exp(np.clip(line @ design, -20.0, 0.0))
        weight = (design * usual) @ design.T + 1e-6 * np.eye(2)
        line = line + np.clip(np.linalg.solve(weight, design @ (missed - usual)), -1.0, 1.0)
    return np.asarray(np.exp(np.minimum(line @ design, 0.0)))


def _reads_expected(night: Night, ledger_place: Integers, profiles: Profiles, testable: NDArray[np.bool_]) -> Reals:
    """How often each volume was to be read tonight.

    What it is read on other nights counts as far as the rest of its shelf was read so often tonight, and as far as all that
    are usually heard as loud at home were: a sweep done in a hurry misses more, one more visit misses less, and of a reader
    turned down the faint lose most, though they were read as often as the loud.
    """
    usual = profiles.reads / np.maximum(profiles.seen, 1)
    expected, tonight = np.where(testable, usual, 0.0), np.where(testable, night.reads, 0.0)

    def share_by(group: Integers, size: int) -> Reals:
        of, in_all = np.bincount(group, tonight, size), np.bincount(group, expected, size)
        return np.asarray((of + GROUP_READS_FEW) / (in_all + GROUP_READS_FEW))[group]

    by_shelf = share_by(np.maximum(ledger_place, 0), len(night.posts.effort))
    everywhere = share_by(np.zeros(len(usual), np.int64), 1)
    as_loud = share_by(_loudness(profiles, testable), LOUDNESSES + 1)
    return np.asarray(usual * by_shelf * as_loud / everywhere)


def _loudness(profiles: Profiles, testable: NDArray[np.bool_]) -> Integers:
    """Each volume's group of those usually heard about as loud at home, by equal numbers; the last where that isn't known."""
    known = (profiles.place == profiles.home[profiles.volume]) & (profiles.told > 0)
    strength = np.full(len(profiles.home), np.nan)
    strength[profiles.volume[known]] = profiles.strength[known] / profiles.told[known]
    told = strength[testable & ~np.isnan(strength)]
    edges = np.quantile(told, np.arange(1, LOUDNESSES) / LOUDNESSES) if len(told) else np.zeros(0)
    return np.where(np.isnan(strength), LOUDNESSES, np.searchsorted(edges, strength, side="right"))


def counted_misses(model: Model, silence: Silence, there: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """The model's counts with another night: how many of the volumes that should have been heard it missed though they are there.

    there: volumes heard at home. One that wasn't heard counts as far as it is likely to be there.
    """
    known = ~np.isnan(silence.expected)
    unseen = known & (silence.gone > 0)
    bucket = np.searchsorted(READS_EDGES, silence.expected, side="right")
    size = len(model.misses)
    missed = np.bincount(bucket[unseen], 1 - silence.gone[unseen], size)
    of = missed + np.bincount(bucket[known & there & ~unseen], minlength=size)
    return tuple(
        (round(m + float(more), 6), round(n + float(tried), 6))
        for (m, n), more, tried in zip(model.misses, missed, of, strict=True)
    )
