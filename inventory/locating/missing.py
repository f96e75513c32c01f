"""Missing or only not heard: a sequential test with stated error, by each volume's own chance to be missed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals
from inventory.locating.listening import Night
from inventory.locating.model import Misses, Model
from inventory.locating.profiling import Profiles

MISSING_ROUNDS = 60
MISSING_SHARE_FIRST, MISSING_SHARE_MIN, MISSING_SHARE_MAX = 1e-3, 1e-5, 0.2
MISSED_AGAIN = 0.5  # odds to miss a volume once more that was missed last night: misses of nights go together
MISSED_AGAIN_TIMES = 6
MISSED_LEAST = 1e-6  # a tag may die any night, however well it was read
# How much a night differs from others, in its usual volume's odds and in what each sign counts (`signs_of`).
NIGHT_VARIANCE = np.array([0.1, 0.01, 0.02, 0.05, 0.02])
ODDS_STEP_MAX = 0.5  # in one round
LEARNING_ROUNDS = 20
KEPT = 0.98  # of what is known of misses, a night: after a month it counts for half
LOUDNESSES = 25  # groups of volumes that are usually heard about as loud
GROUP_READS_FEW = 10.0  # so many reads of a shelf's volumes tell nothing of how well it was read
READS_USUAL, READS_LEAST, READS_MOST = 8.0, 0.25, 10_000.0
SHARE_LEAST, SHARE_MOST = -2.0, 1.0  # logarithms
ABOVE_USUAL_DB, ABOVE_MAX_DB = 10.0, 25.0  # above what can't be heard any more
ALIKE = np.array([0.1, 0.1, 0.05, 0.1])  # signs this near count together


class Alike(NamedTuple):
    """Volumes that are missed about as easily count together.

    group: of each volume which, NONE where nothing is known of it. signs: of each group, as `signs_of` gives them. again: of each
    group what is added to the odds of those that the last nights missed.
    """

    group: Integers
    signs: Reals
    again: Reals

    def odds(self, misses: Reals) -> Reals:
        """Of each group the log-odds to be missed, where the signs count so much."""
        return np.asarray(misses @ self.signs + self.again)

    def many(self, which: NDArray[np.bool_], weight: Reals | None = None) -> Reals:
        """How many of each group."""
        of = which & (self.group != NONE)
        return np.bincount(self.group[of], None if weight is None else weight[of], self.signs.shape[1]).astype(float)


class Silence(NamedTuple):
    """Of each volume what it means that it wasn't heard.

    gone: probability that it is gone, 0 where it wasn't to be heard or was. alike: what is known of the volumes heard at home
    on earlier nights.
    """

    gone: Reals
    alike: Alike


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
    there, which is the volume's own. Of a volume never heard where the ledger has it now, but elsewhere before, only what is
    usual for volumes is known. The share of volumes that are gone, and how tonight misses other than usual, are estimated
    together from tonight's: who takes dossiers away doesn't look how well they are read, a bad night does.
    """
    heard = np.zeros(len(ledger_place), bool)
    heard[night.hearings.volume] = True
    at_home = (profiles.seen > 0) & (profiles.home == ledger_place)
    testable = listened & (at_home | read_before) & (ledger_place != NONE)
    known = testable & at_home
    alike = _alike(night, ledger_place, profiles, model, known)
    share, misses = _tonight(alike, model.misses, known, heard)
    chance = np.zeros(len(ledger_place))
    chance[known] = _from_odds(alike.odds(misses))[alike.group[known]]
    new = testable & ~at_home
    unread = signs_of(np.zeros(1), np.zeros(1), np.full(1, np.nan))
    chance[new] = chance[known].mean() if known.any() else _from_odds(misses @ unread)[0]
    chance[new] *= MISSED_AGAIN ** np.minimum(profiles.unseen[new], MISSED_AGAIN_TIMES)
    chance = np.maximum(chance, MISSED_LEAST)
    gone = np.where(testable & ~heard, share / (share + (1 - share) * chance), 0.0)
    return Silence(gone, alike)


def signs_of(expected: Reals, usual: Reals, above_db: Reals) -> Reals:
    """What tells how easily a night misses a volume, a row each: one, its reads twice, its shelf's and its strength.

    expected: the reads it was to have tonight; usual: on other nights; above_db: how far above the faintest it was to be
    heard at home, NaN where that isn't known. The reads count by their square root and by their logarithm, each as far as a
    site shows it to: those that come by chance alone would count straight, those of tags some of which a whole pass misses
    by the logarithm.
    """
    reads = np.clip(expected, READS_LEAST, READS_MOST)
    root, logarithm = np.sqrt(reads) - np.sqrt(READS_USUAL), np.log(reads / READS_USUAL)
    share = np.log(np.maximum(expected, READS_LEAST) / np.maximum(usual, READS_LEAST))
    loud = np.where(np.isnan(above_db), 0.0, np.clip(above_db, 0.0, ABOVE_MAX_DB) / ABOVE_USUAL_DB - 1.0)
    return np.stack([np.ones(len(expected)), root, logarithm, np.clip(share, SHARE_LEAST, SHARE_MOST), loud])


def learned_misses(model: Model, silence: Silence, there: NDArray[np.bool_]) -> Misses:
    """The model's word on misses with another night: who was missed though there, among all that should have been heard.

    there: volumes heard at home. One that wasn't heard counts as far as it is likely to be there.
    """
    alike, unheard = silence.alike, silence.gone > 0
    missed = alike.many(unheard, 1 - silence.gone)
    asked = missed + alike.many(there & ~unheard)
    if not asked.sum():
        return model.misses
    usual, worth = np.array(model.misses.odds), KEPT * np.array(model.misses.worth)
    odds = usual
    for _ in range(LEARNING_ROUNDS):
        odds = _nearer(odds, alike, missed, asked, usual, worth)
    worth = worth + _curvature(alike.signs, asked, _from_odds(alike.odds(odds)))
    return Misses(
        tuple(round(one, 9) for one in odds.tolist()),
        tuple(tuple(round(one, 6) for one in row) for row in worth.tolist()),
    )


def _alike(night: Night, ledger_place: Integers, profiles: Profiles, model: Model, known: NDArray[np.bool_]) -> Alike:
    loud = _loud_at_home(profiles)
    usual = profiles.reads / np.maximum(profiles.seen, 1)
    expected = _reads_expected(night, ledger_place, usual, loud, known)
    above_db = loud[known] + night.posts.level[ledger_place[known]] - model.silent_dbm
    signs = signs_of(expected[known], usual[known], above_db)
    again = np.minimum(profiles.unseen[known], MISSED_AGAIN_TIMES)
    steps = np.rint(signs[1:] / ALIKE[:, None]).astype(np.int64)
    least = steps.min(axis=1, initial=0)
    sizes = steps.max(axis=1, initial=0) - least + 1
    key = again
    for row, first, size in zip(steps, least, sizes, strict=True):
        key = key * size + (row - first)
    _, one, group_of = np.unique(key, return_index=True, return_inverse=True)
    group = np.full(len(known), NONE)
    group[known] = group_of
    # A group's signs are rounded, so that they don't depend on which volume stands for it.
    rounded = np.concatenate([np.ones((1, len(one))), steps[:, one] * ALIKE[:, None]])
    return Alike(group, rounded, np.log(MISSED_AGAIN) * again[one])


def _tonight(alike: Alike, misses: Misses, known: NDArray[np.bool_], heard: NDArray[np.bool_]) -> tuple[float, Reals]:
    """The share of volumes that are gone, and the odds to be missed in a night that may miss more or fewer than nights do.

    Estimated in turn: a logistic regression, held to what is usual as long as few volumes say otherwise.
    """
    asked, silent = alike.many(known), alike.many(known & ~heard)
    usual, worth = np.array(misses.odds), np.diag(1 / NIGHT_VARIANCE)
    share, odds = MISSING_SHARE_FIRST, usual
    if not len(asked):
        return share, odds
    for _ in range(MISSING_ROUNDS):
        gone = silent * share / (share + (1 - share) * _from_odds(alike.odds(odds)))
        share = float(np.clip(gone.sum() / asked.sum(), MISSING_SHARE_MIN, MISSING_SHARE_MAX))
        odds = _nearer(odds, alike, silent - gone, asked - gone, usual, worth)
    return share, odds


def _nearer(odds: Reals, alike: Alike, missed: Reals, asked: Reals, usual: Reals, worth: Reals) -> Reals:
    """One of Newton's steps to the likeliest odds, where so many of the `asked` were `missed`; `usual` is worth so much."""
    chance = _from_odds(alike.odds(odds))
    slope = alike.signs @ (missed - asked * chance) - worth @ (odds - usual)
    curve = _curvature(alike.signs, asked, chance) + worth
    return np.asarray(odds + np.clip(np.linalg.solve(curve, slope), -ODDS_STEP_MAX, ODDS_STEP_MAX))


def _curvature(signs: Reals, asked: Reals, chance: Reals) -> Reals:
    return np.asarray((signs * asked * chance * (1 - chance)) @ signs.T)


def _from_odds(odds: Reals) -> Reals:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30.0, 30.0))))


def _reads_expected(night: Night, ledger_place: Integers, usual: Reals, loud: Reals, known: NDArray[np.bool_]) -> Reals:
    """How often each volume was to be read tonight.

    What it is read on other nights counts as far as the rest of its shelf was read so often tonight, and as far as all that
    are usually heard as loud at home were: a sweep done in a hurry misses more, one more visit misses less, and of a reader
    turned down the faint lose most, though they were read as often as the loud.
    """
    expected, tonight = np.where(known, usual, 0.0), np.where(known, night.reads, 0.0)

    def share_by(group: Integers, size: int) -> Reals:
        of, in_all = np.bincount(group, tonight, size), np.bincount(group, expected, size)
        return np.asarray((of + GROUP_READS_FEW) / (in_all + GROUP_READS_FEW))[group]

    by_shelf = share_by(np.maximum(ledger_place, 0), len(night.posts.effort))
    everywhere = share_by(np.zeros(len(usual), np.int64), 1)
    as_loud = share_by(_loudness(loud, known), LOUDNESSES + 1)
    return np.asarray(usual * by_shelf * as_loud / everywhere)


def _loud_at_home(profiles: Profiles) -> Reals:
    """How loud each volume is usually heard at home, in dB against the others there; NaN where that isn't known."""
    row = np.flatnonzero((profiles.place == profiles.home[profiles.volume]) & (profiles.told > 0))
    loud = np.full(len(profiles.home), np.nan)
    loud[profiles.volume[row]] = profiles.strength[row] / profiles.told[row]
    return loud


def _loudness(loud: Reals, known: NDArray[np.bool_]) -> Integers:
    """Each volume's group of those usually heard about as loud at home, by equal numbers; the last where that isn't known."""
    told = loud[known & ~np.isnan(loud)]
    edges = np.quantile(told, np.arange(1, LOUDNESSES) / LOUDNESSES) if len(told) else np.zeros(0)
    return np.where(np.isnan(loud), LOUDNESSES, np.searchsorted(edges, loud, side="right"))
