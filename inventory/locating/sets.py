"""Sets: what lies in the tunnel or on the pad, and what is only heard from beside it; whether more is to be expected.

A stack lies there for some seconds. What is inside comes and goes with the others and is heard about as loud; a stray was
heard before the stack came, or is heard after it left, or much weaker. How loud inside and beside are is learned from
earlier sets: what was expected and read was inside, what was heard while nothing lay there was beside.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import Integers, Reals
from inventory.locating.reads import SECOND, Reads, in_order

EMPTY_SECONDS = 2.0  # silent so long for most: one stack was taken away
NEW_SECONDS = 1.5  # nothing new for so long, and nothing heard only once: settled
WINDOW = SECOND // 2
LOUDEST_READS = 3
INSIDE_PRIOR, EXPECTED_PRIOR = 0.5, 0.995  # of what is heard: of a tag nobody expected, of one on the manifest
SPREAD_DB, SPREAD_DB_MIN = 5.0, 3.0
BESIDE_DB = 18.0  # so much weaker is what lies beside, until anything is known
OFTEN_SPREAD = 0.7  # of the logarithm of reads
BESIDE_OFTEN = 1.5  # so many powers of e less often, until anything is known
OUTSIDE_SHARE = 0.35  # of a tag's reads while no stack lay there: it lies beside
OUTSIDE_COSTS = 24.0  # powers of e against a tag that is heard without the stack as often as with it, twice over
LIES_SHARE, LIES_WINDOWS = 0.5, 240  # heard in half of all windows of two minutes and more: it lies around
SOFTEST_DB = 15.0  # below the louder tags: no stack is there
LOUD_SHARE = 0.75
MANY_SHARE = 0.3
TEACH_MIN = 10
DEGREES = 4.0  # of freedom: a shielded tag is no miracle
KEPT = 0.5


@dataclass(frozen=True)
class SetModel:
    """How tags inside and beside sound: strength against the set's middle in dB (mean, spread), and log of reads likewise.

    level_dbm: how loud the louder tags of a stack are; None until any were heard.
    """

    inside_db: tuple[float, float] = (0.0, SPREAD_DB)
    beside_db: tuple[float, float] = (-BESIDE_DB, SPREAD_DB)
    inside_often: tuple[float, float] = (0.0, OFTEN_SPREAD)
    beside_often: tuple[float, float] = (-BESIDE_OFTEN, 2 * OFTEN_SPREAD)
    level_dbm: float | None = None


@dataclass(frozen=True)
class Sets:
    """Stacks in order of time. Rows of `tag` belong to stack `member`.

    since, until: first and last heard of the stack. settled: nothing more is to be expected, or it was taken away. unseen: how
    many more tags there should be by how many were heard only once or twice. inside: probability of each tag to lie in
    the stack. strength: dBm of its loudest reads, NaN where none was told; reads, first_at, last_at: while the stack was there.
    before_or_after: share of its reads while no stack was there.
    """

    since: Integers
    until: Integers
    settled: NDArray[np.bool_]
    unseen: Reals
    member: Integers
    tag: Integers
    inside: Reals
    strength: Reals
    reads: Integers
    first_at: Integers
    last_at: Integers
    before_or_after: Reals


class _Rows(NamedTuple):
    """One row for each tag and stack."""

    member: Integers
    tag: Integers
    reads: Integers
    first: Integers
    last: Integers
    top: Reals
    outside: Reals


def sets_of(reads: Reads, expected: NDArray[np.bool_], model: SetModel, as_of: int) -> Sets:
    """The stacks in all reads up to an instant. expected: of each tag number, whether a manifest names it."""
    sound = in_order(reads)
    since, until = _stacks(sound, model)
    rows = _rows(sound, since, until)
    inside = _inside(rows, expected, model)
    settled, unseen = _settled(rows, inside, since, until, as_of)
    return Sets(
        since,
        until,
        settled,
        unseen,
        rows.member,
        rows.tag,
        inside,
        rows.top,
        rows.reads,
        rows.first,
        rows.last,
        rows.outside,
    )


def _stacks(reads: Reads, model: SetModel) -> tuple[Integers, Integers]:
    """When each stack came and went: while clearly more is heard than what lies around all the time."""
    if not len(reads):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    origin = int(reads.at.min()) // WINDOW
    window = reads.at // WINDOW - origin
    count = int(window.max()) + 1
    pair = np.unique(reads.tag * count + window)
    often = np.bincount(pair // count)
    # A tag that is heard nearly always lies around; in a short recording nothing is known to.
    around = often > LIES_SHARE * count if count > LIES_WINDOWS else np.zeros(len(often), bool)
    level = _level(reads) if model.level_dbm is None else model.level_dbm
    loud = np.isnan(reads.dbm()) | (reads.dbm() >= level - SOFTEST_DB)
    heard = np.unique((window * len(often) + reads.tag)[loud & ~around[reads.tag]]) // len(often)
    busy, tags = np.unique(heard, return_counts=True)
    first, last = _runs(busy)
    if model.level_dbm is None and len(first):
        # Before anything is known, a few tags that are there before and after many others are what lies beside.
        most = np.maximum.reduceat(tags, np.searchsorted(busy, first))
        busy = busy[tags >= MANY_SHARE * most[np.searchsorted(first, busy, side="right") - 1]]
        first, last = _runs(busy)
    return (first + origin) * WINDOW, (last + origin + 1) * WINDOW - 1


def _runs(busy: Integers) -> tuple[Integers, Integers]:
    """First and last of consecutive numbers, those a little apart taken together."""
    if not len(busy):
        return busy, busy
    cuts = np.flatnonzero(np.diff(busy) > EMPTY_SECONDS * SECOND / WINDOW)
    return busy[np.concatenate([[0], cuts + 1])], busy[np.concatenate([cuts, [len(busy) - 1]])]


def _level(reads: Reads) -> float:
    """How loud the louder tags are: what three quarters of them don't reach with their loudest reads."""
    _, row = np.unique(reads.tag, return_inverse=True)
    tops = np.sort(_tops(reads.dbm(), row, int(row.max()) + 1))
    told = tops[~np.isnan(tops)]
    return float(told[int((len(told) - 1) * LOUD_SHARE)]) if len(told) else 0.0


def _rows(reads: Reads, since: Integers, until: Integers) -> _Rows:
    """What each stack's time has of each tag."""
    stacks = len(since)
    stack = np.searchsorted(since, reads.at, side="right") - 1
    within = (stack >= 0) & (reads.at <= until[np.maximum(stack, 0)]) if stacks else np.zeros(len(reads), bool)
    inside = np.flatnonzero(within)
    key = stack[inside] * (int(reads.tag.max(initial=0)) + 1) + reads.tag[inside]
    keys, row = np.unique(key, return_inverse=True)
    size = int(reads.tag.max(initial=0)) + 1
    member, tag = keys // size, keys % size
    count = np.zeros(len(keys), np.int64)
    np.add.at(count, row, reads.reads[inside])
    first, last = np.full(len(keys), np.iinfo(np.int64).max), np.zeros(len(keys), np.int64)
    np.minimum.at(first, row, reads.at[inside])
    np.maximum.at(last, row, reads.at[inside])
    near = _near(reads, tag, member, since, until)
    outside = near / np.maximum(near + count, 1)
    return _Rows(member, tag, count, first, last, _tops(reads.dbm()[inside], row, len(keys)), outside)


def _near(reads: Reads, tag: Integers, member: Integers, since: Integers, until: Integers) -> Integers:
    """Reads of each row's tag in the time before and after its stack, as long as the stack lay there, and no other did."""
    if not len(since):
        return np.zeros(0, np.int64)
    free = np.ones(len(reads), bool)
    stack = np.searchsorted(since, reads.at, side="right") - 1
    free &= ~((stack >= 0) & (reads.at <= until[np.maximum(stack, 0)]))
    at, of, weight = reads.at[free], reads.tag[free], reads.reads[free]
    origin = int(reads.at.min())
    width = np.int64(int(reads.at.max()) - origin + 1)
    key = of * width + (at - origin)
    total = np.concatenate([[0], np.cumsum(weight)])
    length = until - since

    def between(low: Integers, high: Integers) -> Integers:
        from_, to = (tag * width + np.clip(one - origin, 0, width - 1) for one in (low, high))
        return np.asarray(total[np.searchsorted(key, to, side="right")] - total[np.searchsorted(key, from_)])

    guard = SECOND // 2
    before = between(since[member] - length[member], since[member] - guard)
    after = between(until[member] + guard, until[member] + length[member])
    return np.asarray(before + after)


def _tops(dbm: Reals, row: NDArray[np.intp], rows: int) -> Reals:
    """Mean of the few loudest of each row."""
    known = np.flatnonzero(~np.isnan(dbm))
    order = known[np.lexsort((-dbm[known], row[known]))]
    of = row[order]
    rank = np.arange(len(of)) - np.searchsorted(of, np.arange(rows))[of]
    kept = rank < LOUDEST_READS
    count = np.bincount(of[kept], minlength=rows)
    total = np.bincount(of[kept], dbm[order][kept], rows)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _against(rows: _Rows, stacks: int) -> tuple[Reals, Reals]:
    """Strength and log of reads of each row against the middle of its stack's."""
    often = np.log(np.maximum(rows.reads, 1))
    middle = np.full((2, stacks), np.nan)
    for number in range(stacks):
        # What was heard as much while no stack was there doesn't tell how the stack sounds.
        mine = (rows.member == number) & (rows.outside < OUTSIDE_SHARE)
        mine = mine if mine.any() else rows.member == number
        known = rows.top[mine & ~np.isnan(rows.top)]
        middle[0, number] = np.median(known) if len(known) else np.nan
        middle[1, number] = np.median(often[mine])
    return rows.top - middle[0, rows.member], often - middle[1, rows.member]


def _inside(rows: _Rows, expected: NDArray[np.bool_], model: SetModel) -> Reals:
    if not len(rows.member):
        return np.zeros(0)
    louder, oftener = _against(rows, int(rows.member.max()) + 1)
    named = _named(expected, rows.tag)
    prior = np.where(named, EXPECTED_PRIOR, INSIDE_PRIOR)
    odds = np.log(prior / (1 - prior))
    odds += np.where(
        np.isnan(louder), 0.0, _ratio(np.nan_to_num(np.minimum(louder, 0.0)), model.inside_db, model.beside_db)
    )
    odds += _ratio(np.minimum(oftener, 0.0), model.inside_often, model.beside_often)
    # What was left behind beside it is heard without the stack too; a stranger carried past isn't.
    came_along = (OUTSIDE_SHARE / 2 - rows.outside) * rows.reads / (rows.reads + 1)
    odds += OUTSIDE_COSTS * np.where(named, came_along, np.minimum(came_along, 0.0))
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))))


def _named(expected: NDArray[np.bool_], tag: Integers) -> NDArray[np.bool_]:
    padded = np.append(expected, False)
    return np.asarray(padded[np.minimum(tag, len(expected))])


def _ratio(value: Reals, inside: tuple[float, float], beside: tuple[float, float]) -> Reals:
    """Log likelihood ratio of inside to beside; heavy tails."""
    return np.asarray(_log_student(value, *inside) - _log_student(value, *beside))


def _log_student(value: Reals, mean: float, spread: float) -> Reals:
    return np.asarray(-np.log(spread) - (DEGREES + 1) / 2 * np.log1p(((value - mean) / spread) ** 2 / DEGREES))


def _settled(
    rows: _Rows, inside: Reals, since: Integers, until: Integers, as_of: int
) -> tuple[NDArray[np.bool_], Reals]:
    """Whether each stack is read out, and how many tags it should have beyond those read (Chao, 1984)."""
    unseen = np.zeros(len(since))
    settled = np.zeros(len(since), bool)
    for number in range(len(since)):
        mine = (rows.member == number) & (inside >= 0.5)  # noqa: PLR2004 - rather inside than not
        once, twice = int((rows.reads[mine] == 1).sum()), int((rows.reads[mine] == 2).sum())  # noqa: PLR2004
        unseen[number] = once * (once - 1) / 2 / (twice + 1) if once > 1 else once / 2
        newest = int(rows.first[mine].max()) if mine.any() else int(since[number])
        left = as_of - int(until[number]) >= EMPTY_SECONDS * SECOND
        quiet = min(as_of, int(until[number])) - newest >= NEW_SECONDS * SECOND
        settled[number] = left or (quiet and unseen[number] < 0.5)  # noqa: PLR2004 - less than one more tag
    return settled, unseen


def learn_sets(reads: Reads, expected: NDArray[np.bool_], model: SetModel) -> SetModel:
    """What these stacks teach: expected and read is inside; heard as much without a stack is beside."""
    sound = in_order(reads)
    rows = _rows(sound, *_stacks(sound, model))
    if not len(rows.member):
        return model
    louder, oftener = _against(rows, int(rows.member.max()) + 1)
    inside = _named(expected, rows.tag) & (rows.outside < OUTSIDE_SHARE / 2)
    beside = ~_named(expected, rows.tag) & (rows.outside >= OUTSIDE_SHARE)
    louder_half = _level(sound) if model.level_dbm is None else KEPT * model.level_dbm + (1 - KEPT) * _level(sound)
    return SetModel(
        _taught(louder[inside], model.inside_db, SPREAD_DB_MIN),
        _taught(louder[beside], model.beside_db, SPREAD_DB_MIN),
        _taught(oftener[inside], model.inside_often, OFTEN_SPREAD / 2),
        _taught(oftener[beside], model.beside_often, OFTEN_SPREAD / 2),
        louder_half,
    )


def _taught(values: Reals, before: tuple[float, float], least: float) -> tuple[float, float]:
    known = np.sort(values[~np.isnan(values)])
    if len(known) < TEACH_MIN:
        return before
    middle = float(np.median(known))
    low, high = np.quantile(known, [0.16, 0.84], method="nearest")
    spread = max(float(high - low) / 2, least)
    share = 1 - KEPT
    return (KEPT * before[0] + share * middle, KEPT * before[1] + share * spread)
