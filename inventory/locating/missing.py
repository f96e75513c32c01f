"""Missing or only not heard: a sequential test with stated error, by each volume's own chance to be missed."""

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals
from inventory.locating.listening import Night
from inventory.locating.model import Model
from inventory.locating.profiling import READS_EDGES, Profiles, bucket_of, habit_of

MISSING_ROUNDS = 40
MISSING_SHARE_MIN, MISSING_SHARE_MAX = 1e-5, 0.2
MISSED_AGAIN = 0.5  # chance to miss a volume once more that was missed last time: misses of passes go together
MISSED_AGAIN_VISIT = 0.2  # the same for one more visit on the same day, at least
BEST_READ_SHARE = 0.25  # of the volumes: those read most often, which even a bad night hardly misses
SHELF_READS_FEW = 10.0  # so many reads of a shelf's volumes tell nothing of how well it was read


def missing_probability(
    night: Night,
    ledger_place: Integers,
    model: Model,
    profiles: Profiles,
    listened: NDArray[np.bool_],
    read_before: NDArray[np.bool_],
) -> Reals:
    """Probability that a volume is gone that should have been heard and wasn't; 0 for all others.

    A sequential test: every night that doesn't hear it multiplies the odds by one over its chance to be missed though there,
    which is the volume's own: counted among volumes read as often, for so many passes. Of a volume never heard where the ledger
    has it now, but elsewhere before, only what is usual for volumes is known. The share of volumes that are gone is
    estimated from tonight's, so a night on which a reader hears badly calls nothing missing.
    """
    heard = np.zeros(len(ledger_place), bool)
    heard[night.hearings.volume] = True
    at_home = (profiles.seen > 0) & (profiles.home == ledger_place)
    testable = listened & (at_home | read_before) & (ledger_place != NONE)
    unseen = np.flatnonzero(testable & ~heard)
    missing = np.zeros(len(ledger_place))
    if not len(unseen):
        return missing
    counts = np.array(model.misses)
    chance = (counts[:, 0] + 0.02) / (counts[:, 1] + 0.04)
    buckets = _miss_bucket(night, ledger_place, profiles, testable)
    chance = np.maximum(chance, _missed_tonight(buckets[testable], buckets[unseen], len(counts)))
    bucket = buckets[unseen]
    effort = night.posts.effort[np.maximum(ledger_place, 0)]
    usual = max(float(np.median(effort[testable])), 1.0)
    more = np.maximum(effort[unseen] - usual, 0.0)
    own = np.where(at_home[unseen], chance[bucket], _usual_chance(chance, buckets[testable & at_home]))
    once = np.maximum(own ** (1 / usual), MISSED_AGAIN_VISIT)
    missed = own * once**more * MISSED_AGAIN ** np.minimum(profiles.unseen[unseen], 6)
    gone = 1e-3
    for _ in range(MISSING_ROUNDS):
        probable = gone / (gone + (1 - gone) * missed)
        gone = float(np.clip(probable.sum() / testable.sum(), MISSING_SHARE_MIN, MISSING_SHARE_MAX))
    missing[unseen] = gone / (gone + (1 - gone) * missed)
    return missing


def _usual_chance(chance: Reals, buckets: Integers) -> float:
    """The chance to be missed of a volume of which nothing is known but that its tag can be read."""
    return float(chance[buckets].mean()) if len(buckets) else float(chance.max())


def _missed_tonight(buckets: Integers, unseen: Integers, size: int) -> Reals:
    """At least how many of each bucket tonight missed, beyond chance.

    Who takes dossiers away doesn't look how well they are read, a bad night does: what is unseen in a bucket beyond the share
    unseen in the best-read ones was missed.
    """
    asked, silent = np.bincount(buckets, minlength=size), np.bincount(unseen, minlength=size)
    best_first = np.arange(len(READS_EDGES), -1, -1)  # of the shelves visited as often as usual
    reached = np.cumsum(asked[best_first]) >= BEST_READ_SHARE * asked.sum()
    best = best_first[: int(np.argmax(reached)) + 1] if reached.any() else best_first
    gone = float((silent[best].sum() + 1) / (asked[best].sum() + 1))
    spread = np.sqrt(gone / np.maximum(asked, 1) + gone / max(int(asked[best].sum()), 1))
    excess = silent / np.maximum(asked, 1) - gone - 3 * spread
    excess[best] = 0.0
    return np.asarray(np.clip(excess, 0.0, 1.0))


def _miss_bucket(night: Night, ledger_place: Integers, profiles: Profiles, testable: NDArray[np.bool_]) -> Integers:
    """Row of `Model.misses`: by the reads to be expected tonight, and whether the shelf was visited as often as usual.

    What a volume is read on other nights counts as far as the rest of its shelf was read so often tonight: a reader turned
    down or a sweep done in a hurry misses more.
    """
    home, places = np.maximum(ledger_place, 0), len(night.posts.effort)
    usual_reads = np.where(testable, profiles.reads / np.maximum(profiles.nights, 1), 0.0)
    usual = np.bincount(home, usual_reads, places)
    tonight = np.bincount(home, np.where(testable, night.reads, 0), places)
    share = np.minimum((tonight + SHELF_READS_FEW) / (usual + SHELF_READS_FEW), 1.0)[home]
    effort = night.posts.effort[home]
    seldom = effort < (float(np.median(effort[testable])) if testable.any() else 1.0)
    return np.asarray(bucket_of(profiles, share) + (len(READS_EDGES) + 1) * seldom)


def counted_habits(
    night: Night, ledger_place: Integers, model: Model, profiles: Profiles, at_home: Reals
) -> tuple[tuple[float, float], ...]:
    """The model's counts with another night: where of its profile's places each volume was heard again."""
    rows = np.flatnonzero((profiles.home == ledger_place)[profiles.volume] & (night.posts.effort[profiles.place] > 0))
    heard = np.zeros(len(ledger_place), bool)
    heard[night.hearings.volume] = True
    rows = rows[heard[profiles.volume[rows]]]
    count = len(night.posts.effort)
    tonight = night.hearings.volume * count + night.hearings.place
    again = np.isin(profiles.volume[rows] * count + profiles.place[rows], tonight, assume_unique=True)
    habit, weight = habit_of(profiles, rows, night.posts.effort), at_home[profiles.volume[rows]]
    size = len(model.habits)
    more, of = np.bincount(habit, again * weight, size), np.bincount(habit, weight, size)
    pairs = zip(model.habits, more, of, strict=True)
    return tuple((round(float(m + one), 6), round(float(n + all_), 6)) for (m, n), one, all_ in pairs)


def counted_misses(
    night: Night, ledger_place: Integers, model: Model, profiles: Profiles, at_home: Reals
) -> tuple[tuple[float, float], ...]:
    """The model's counts with another night: a volume heard again was there all the nights that missed it."""
    heard = np.zeros(len(ledger_place), bool)
    heard[night.hearings.volume] = True
    there = heard & (profiles.seen > 0) & (profiles.home == ledger_place) & (at_home > model.sure)
    bucket = _miss_bucket(night, ledger_place, profiles, there)[there]
    size = len(model.misses)
    missed = np.bincount(bucket, profiles.unseen[there] > 0, size)
    of = np.bincount(bucket, minlength=size) + missed
    before: list[tuple[float, float]] = list(model.misses)
    return tuple((float(m + more), float(n + tried)) for (m, n), more, tried in zip(before, missed, of, strict=True))
