"""Who was at a gate together: reads to visits of one tag, visits to groups that one person carried."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import Integers, Reals
from inventory.locating.reads import INNER, OUTER, SECOND, Reads

ABSENT = 6 * SECOND  # who wasn't heard so long and comes again comes anew
CORE_DB = 6.0  # reads so near a tag's loudest say when it was beside the antenna
LOUDEST_READS = 3  # one loud read alone may be a reflection
SEED_READS = 5  # tags read so often say who walked with whom; the others follow the nearest
APART_SECONDS = 0.9  # people nearer than that go together
APART_TIMES = 3.4  # times as far apart as tags of one person are; a single heap halved comes to 2.7
AGAINST_TIMES = 6.0  # as far from the others' middle as half of them are: four spreads
OWN_SECONDS = 0.35  # tags of one stack differ by so much anyway
LONGER_TIMES = 1.5  # doublings: somebody stood there so much longer than another
WIDTH_LEAST = 0.5
FOLLOWS_SECONDS = 1.5  # what is read too seldom belongs to whoever was there then, not to somebody later
SPLITS_MAX = 12


class Visits(NamedTuple):
    """Consecutive reads of one tag that lying there doesn't explain: rows first to end of the reads given.

    tops: dB mean of its loudest reads at the inner and the outer antenna, NaN where it wasn't heard there. beside: seconds since
    the first read of all when it was beside either, likewise. width: seconds it stayed there.
    """

    tag: Integers
    first: Integers
    end: Integers
    begun: Integers
    ended: Integers
    reads: Integers
    tops: Reals  # visit, antenna
    beside: Reals  # visit, antenna
    width: Reals

    @property
    def centre(self) -> Reals:
        """Seconds when it was in the middle of the gate."""
        return _centre(self.beside)

    @property
    def lag(self) -> Reals:
        """How many seconds later it was beside the outer antenna than beside the inner one."""
        return _lag(self.beside)


def _centre(beside: Reals) -> Reals:
    inner, outer = beside.T
    return np.asarray(np.where(np.isnan(inner), outer, np.where(np.isnan(outer), inner, (inner + outer) / 2)))


def _lag(beside: Reals) -> Reals:
    return np.asarray(np.nan_to_num(beside[:, OUTER] - beside[:, INNER]))


def visits_of(reads: Reads) -> Visits:
    """The visits in these reads, which are those that lying there doesn't explain, as `in_order` sorts them."""
    new = np.ones(len(reads), bool)
    new[1:] = (reads.tag[1:] != reads.tag[:-1]) | (np.diff(reads.at) > ABSENT)
    first = np.flatnonzero(new)
    end = np.append(first[1:], len(reads))[: len(first)]
    visit = np.repeat(np.arange(len(first)), end - first)
    dbm = _told(reads)
    tops = np.stack([_loudest(visit, dbm, reads.antenna == one, len(first)) for one in (INNER, OUTER)], axis=1)
    seconds = (reads.at - int(reads.at.min(initial=0))) / SECOND
    near = dbm >= tops[visit, reads.antenna] - CORE_DB
    mean, spread = [], []
    for one in (INNER, OUTER):
        rows = near & (reads.antenna == one)
        count = np.bincount(visit[rows], minlength=len(first))
        middle = _over(np.bincount(visit[rows], seconds[rows], len(first)), count)
        square = _over(np.bincount(visit[rows], (seconds[rows] - middle[visit[rows]]) ** 2, len(first)), count)
        mean.append(middle)
        spread.append(np.sqrt(square))
    width = np.fmax(spread[0], spread[1]) * 2
    total = np.add.reduceat(reads.reads, first) if len(first) else first
    return Visits(
        reads.tag[first],
        first,
        end,
        reads.at[first],
        reads.at[end - 1],
        total,
        tops,
        np.stack(mean, axis=1),
        np.nan_to_num(width),
    )


def _told(reads: Reads) -> Reals:
    """Strengths, all alike where none is told."""
    return np.where(reads.rssi_reads > 0, reads.dbm(), 0.0)


def _over(total: NDArray[Any], count: NDArray[np.intp]) -> Reals:
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _loudest(visit: NDArray[np.intp], dbm: Reals, mine: NDArray[np.bool_], visits: int) -> Reals:
    """Mean of each visit's few loudest reads at one antenna; NaN where there is none."""
    rows = np.flatnonzero(mine)
    order = rows[np.lexsort((-dbm[rows], visit[rows]))]
    of = visit[order]
    start = np.searchsorted(of, np.arange(visits))
    rank = np.arange(len(of)) - start[of]
    kept = rank < LOUDEST_READS
    return _over(np.bincount(of[kept], dbm[order][kept], visits), np.bincount(of[kept], minlength=visits))


def groups_of(visits: Visits) -> Integers:
    """The number of each visit's group: visits at one time, told apart by when they were beside the gate and how."""
    group = np.zeros(len(visits.tag), np.int64)
    number = 0
    for rows in _at_one_time(visits):
        for part in _parted(visits, rows):
            group[part] = number
            number += 1
    return group


def _at_one_time(visits: Visits) -> list[NDArray[np.intp]]:
    """Visits that overlap, directly or by others."""
    if not len(visits.tag):
        return []
    order = np.lexsort((visits.tag, visits.begun))
    latest = np.maximum.accumulate(visits.ended[order])
    cuts = np.flatnonzero(visits.begun[order][1:] > latest[:-1]) + 1
    return np.split(order, cuts)


def _parted(visits: Visits, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """One set of visits divided into people; visits read too seldom follow whoever was there at the time."""
    often = visits.reads[rows] >= SEED_READS
    both = ~np.isnan(visits.beside[rows]).any(axis=1)
    seeds = rows[often & both] if (often & both).any() else rows[often] if often.any() else rows
    parts: list[NDArray[np.intp]] = [seeds]
    final: list[NDArray[np.intp]] = []
    while parts and len(parts) + len(final) <= SPLITS_MAX:
        part = parts.pop()
        halves = _halved(visits, part)
        if halves:
            parts.extend(halves)
        else:
            final.append(part)
    final += parts
    final.sort(key=lambda part: (float(visits.centre[part].min()), int(visits.tag[part].min())))
    rest = rows[~np.isin(rows, seeds)]
    if len(rest):
        apart = np.stack([_far_from(visits, part, rest) for part in final])
        nearest = np.argmin(apart, axis=0)
        joined = np.where(apart.min(axis=0) <= FOLLOWS_SECONDS, nearest, len(final))
        alone = rest[joined == len(final)]
        final = [np.concatenate([part, rest[joined == number]]) for number, part in enumerate(final)]
        if len(alone):
            final += _parted(visits, alone)
    return final


def _far_from(visits: Visits, part: NDArray[np.intp], rest: NDArray[np.intp]) -> Reals:
    """How many seconds each of the rest was beside the antennas before or after a group."""
    theirs = [visits.beside[part, one] for one in (INNER, OUTER)]
    middle = np.array([np.median(one[~np.isnan(one)]) if (~np.isnan(one)).any() else np.nan for one in theirs])
    apart = np.abs(visits.beside[rest] - middle)
    known = ~np.isnan(apart)
    mean = np.where(known, apart, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(np.where(known.any(axis=1), mean, np.abs(visits.centre[rest] - np.nanmean(middle))))


def _halved(visits: Visits, part: NDArray[np.intp]) -> list[NDArray[np.intp]] | None:
    """Two people where there are two: by time, by direction, by how long they stood there; the clearest of these."""
    if len(part) < 2:  # noqa: PLR2004 - nobody alone is two
        return None
    best: tuple[float, list[NDArray[np.intp]]] | None = None
    beside, tag = visits.beside[part], visits.tag[part]
    centre, lag, stood = _centre(beside), _lag(beside), np.log2(visits.width[part] + WIDTH_LEAST)
    # Of somebody who stands in the gate for a while, any moment may sound loudest.
    own = max(OWN_SECONDS, float(np.median(visits.width[part])) / 2)
    for values, apart_min in ((centre, APART_SECONDS), (lag, APART_SECONDS), (stood, LONGER_TIMES)):
        ascending = np.lexsort((tag, values))
        order = part[ascending]
        cut, apart, within = _divided(values[ascending], own if values is not stood else OWN_SECONDS)
        if cut and apart >= apart_min and apart >= APART_TIMES * within and (best is None or apart / within > best[0]):
            best = (apart / within, [order[:cut], order[cut:]])
    return best[1] if best else _against_the_others(visits, part, lag)


def _against_the_others(visits: Visits, part: NDArray[np.intp], lag: Reals) -> list[NDArray[np.intp]] | None:
    """One with a dossier or two who meets somebody with many: too few for a heap of their own, but surely the other way round."""
    if lag.min() > -OWN_SECONDS or lag.max() < OWN_SECONDS:
        return None
    middle = float(np.median(lag))
    wide = max(float(np.median(np.abs(lag - middle))), OWN_SECONDS / 2)
    often = visits.reads[part] >= np.median(visits.reads[part])
    other_way = (lag * middle < 0) & (np.abs(lag) >= OWN_SECONDS) & (abs(middle) >= OWN_SECONDS)
    against = often & other_way & (np.abs(lag - middle) >= AGAINST_TIMES * wide)
    return [part[~against], part[against]] if against.any() else None


def _divided(values: Reals, own: float) -> tuple[int, float, float]:
    """Where ascending values fall into two heaps most clearly (Otsu, 1979): the cut, how far apart, how wide each."""
    count = len(values)
    if count < 2:  # noqa: PLR2004 - one value is one heap
        return 0, 0.0, 1.0
    left = np.arange(1, count)
    total = np.cumsum(values)
    below, above = total[:-1] / left, (total[-1] - total[:-1]) / (count - left)
    between = left * (count - left) * (above - below) ** 2
    cut = int(np.argmax(between)) + 1
    low, high = values[:cut], values[cut:]
    square = float(((low - low.mean()) ** 2).sum() + ((high - high.mean()) ** 2).sum())
    # A heap of one or two tells nothing of how wide it is.
    within = float(np.sqrt((square + 2 * own**2) / count + own**2 / 2))
    return cut, float(high.mean() - low.mean()), within
