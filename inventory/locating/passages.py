"""Passages through a gate: one for each person and passage, with direction, probability, what was carried, and why.

A function of the set of reads up to an instant: late and repeated reads give the same passages. Whoever decides live calls it
again and again on the last minutes.
"""

from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals
from inventory.locating.gate_model import KEPT, GateModel, Levels, lag_of, levels_of, loud_of
from inventory.locating.lingering import LOUDER_TIMES, Still, lies_on, lying_on, lying_still, moves
from inventory.locating.reads import INNER, OUTER, SECOND, Reads, in_order
from inventory.locating.visiting import Visits, groups_of, visits_of
from inventory.locating.walking import BIN, MIDDLE, Ways, ways

SURE = 0.85  # below this a passage is unclear
LEFT_AFTER = 2 * SECOND  # silent so long: gone
SILENT_READS_MIN = 12  # so many loud reads of one antenna without one of the other: something is wrong
SAME_PASSAGE = 3 * SECOND // 4  # whoever crosses so soon after another goes with them
SOFT_TIMES = 3.5  # the same for the antenna that hears it less
NEAR_TIMES = 1.5  # spreads below what passages sound like: nobody came near who didn't go through
SHADOW_DB = 10.0  # so much weaker one antenna may hear what passes beside it
FAULTY_GROUPS_MIN = 3
WEAKER_DB = 4.0
LIKELY = 0.5
LAG_SPREAD, LAG_DEGREES = 0.25, 6.0  # of the usual lag; of freedom: some walk slowly
ORDER_RIGHT, VOICES_MAX = (
    0.9,
    3.0,
)  # how often a tag is loudest at the antennas in their order; tags of a stack err together
STOOD = 5 * SECOND
SAME_STAY = 0.8  # of the time both were heard: nobody else stands in the gate for just as long
FEW_READS = 6
BESIDE_STEPS = 1.5  # so near the middle something is beside the gate
SILENT_SHARE = 0.8  # of the passages: an antenna that misses so many hears nothing
INWARDS, OUTWARDS, BACK = 0, 1, 2


class Direction(IntEnum):
    """Which way."""

    UNCLEAR = 0
    IN = 1
    OUT = 2
    TURNED_BACK = 3


class Doubt(IntFlag):
    """Why a passage is unclear, or what else is odd about it."""

    NOTHING = 0
    ONE_ANTENNA = 1  # only one antenna heard it, however loud
    STANDING = 2  # it stands in the gate, or did when last heard
    CONTRADICTORY = 4  # the reads fit more than one way
    FEW_READS = 8


@dataclass(frozen=True)
class Passages:
    """Passages in order of time. at: when the middle was crossed, or when somebody turned. since, until: first and last heard.

    probability: of the direction told, or of the likeliest where unclear; inwards, outwards: of these two. dwell: microseconds
    beside the gate. settled: nothing more will come of it. member: number of the passage of each `tag`, with its `reads`.
    """

    at: Integers
    since: Integers
    until: Integers
    direction: Integers
    probability: Reals
    inwards: Reals
    outwards: Reals
    dwell: Integers
    doubt: Integers
    settled: NDArray[np.bool_]
    member: Integers
    tag: Integers
    reads: Integers


@dataclass(frozen=True)
class GateHealth:
    """What is wrong with a gate by what it heard: antennas that are silent, and dB by which each is louder than usual."""

    silent: tuple[int, ...]
    louder_db: tuple[float, float]

    @property
    def weaker(self) -> tuple[int, ...]:
        """Antennas clearly weaker than they were."""
        return tuple(one for one in (INNER, OUTER) if self.louder_db[one] < -WEAKER_DB)


@dataclass(frozen=True)
class Watched:
    """Everything made of the reads of a gate."""

    passages: Passages
    health: GateHealth
    levels: Levels


@dataclass(frozen=True)
class Walked:
    """The groups at a gate before anything is decided about them."""

    reads: Reads
    visits: Visits
    group: Integers  # of each visit
    read_group: Integers  # of each of `reads`
    below: Reals
    loud: Reals  # group, antenna: dBm, NaN where not heard
    count: Integers  # group, antenna: reads
    levels: Levels
    way: Ways
    stays: NDArray[np.bool_]  # most of what the group carries lies there now


def watch(reads: Reads, gate: GateModel, as_of: int) -> Watched:
    """The passages in all reads heard up to an instant, and what they tell of the gate.

    Ten minutes before the first passage wanted should be among the reads, so that what lies there is known.
    """
    walked = walk(reads, gate, as_of)
    health = _health(walked, gate)
    return Watched(_decided(walked, as_of, one_antenna=bool(health.silent)), health, walked.levels)


def walk(reads: Reads, gate: GateModel, as_of: int) -> Walked:
    """Who was at the gate, and the ways they may have gone."""
    sound = in_order(reads.chosen((reads.antenna == INNER) | (reads.antenna == OUTER)))
    still = lying_still(sound)
    mine = _gone(sound, still)
    visits = visits_of(mine)
    first = _as_grouped(mine, visits, groups_of(visits), gate, as_of)
    together = _merged(first)
    walked = first if together is None else _as_grouped(mine, visits, together[first.group], gate, as_of)
    lies = lies_on(sound, still, visits.tag, visits.ended)
    groups = len(walked.loud)
    stays = np.bincount(walked.group, lies, groups) * 2 > np.bincount(walked.group, minlength=groups)
    return replace(walked, stays=stays)


def _as_grouped(mine: Reads, visits: Visits, group: Integers, gate: GateModel, as_of: int) -> Walked:
    groups = int(group.max(initial=-1)) + 1
    visit = np.repeat(np.arange(len(visits.tag)), visits.end - visits.first)
    read_group = group[visit] if len(visit) else visit.astype(np.int64)
    loud = loud_of(visits, group, groups)
    by_antenna = [(read_group[of], mine.reads[of]) for of in (mine.antenna == INNER, mine.antenna == OUTER)]
    count = np.stack([np.bincount(*one, groups) for one in by_antenna], axis=1).astype(np.int64)
    levels = levels_of(loud, count, lag_of(visits, group, groups)[0], gate)
    own = _own_loudness(visits.tops - levels.dbm)
    below = mine.dbm() - levels.dbm[mine.antenna] - own[visit, mine.antenna]
    last = np.zeros(groups, np.int64)
    np.maximum.at(last, read_group, mine.at)
    ended = as_of - last >= LEFT_AFTER
    way = ways(read_group, mine.at, mine.antenna, below, groups, levels.outer_share, ended)
    way = way._replace(from_to=_with_order(way.from_to, visits, group, levels.lag))
    return Walked(mine, visits, group, read_group, below, loud, count, levels, way, np.zeros(groups, bool))


def _with_order(from_to: Reals, visits: Visits, group: Integers, usual: float) -> Reals:
    """The chances, told by when a group was loudest at either antenna as well: whoever passes is beside one after the other.

    Whoever turns back is beside both at about the same time. Of whoever stood there for a while only the order counts.
    """
    groups = len(from_to)
    lag, later, told = lag_of(visits, group, groups)
    stood = np.bincount(group, visits.width, groups) / np.maximum(np.bincount(group, minlength=groups), 1)
    walked = (stood <= usual)[:, None]
    expected = np.array([usual, -usual, 0.0])  # outwards, inwards, back
    apart = (np.nan_to_num(lag)[:, None] - expected) / (LAG_SPREAD * usual)
    by_lag = -(LAG_DEGREES + 1) / 2 * np.log1p(apart**2 / LAG_DEGREES)
    voices = np.minimum(told, VOICES_MAX)[:, None]
    share = (later / np.maximum(told, 1))[:, None]
    right = np.log(np.array([ORDER_RIGHT, 1 - ORDER_RIGHT, 0.5]))
    by_order = voices * (share * right + (1 - share) * right[[1, 0, 2]])
    outwards, inwards, back = np.where(walked, by_lag, by_order).T
    fits = np.empty((groups, 3, 3))
    fits[:, 0, 2], fits[:, 2, 0] = outwards, inwards
    fits[:, 0, 0] = fits[:, 2, 2] = fits[:, 1, 1] = back
    fits[:, 0, 1], fits[:, 1, 2] = np.maximum(outwards, back), np.maximum(outwards, back)
    fits[:, 2, 1], fits[:, 1, 0] = np.maximum(inwards, back), np.maximum(inwards, back)
    fits[np.isnan(lag)] = 0.0
    together = from_to * np.exp(fits - fits.max(axis=(1, 2), keepdims=True))
    return np.asarray(together / together.sum(axis=(1, 2), keepdims=True))


def _merged(walked: Walked) -> Integers | None:
    """New numbers for groups that crossed together, unless they surely went different ways; None where none did."""
    if not len(walked.loud):
        return None
    best, probability = _likeliest(walked.way)
    at, _, since, until = _times(walked, best)
    order = np.lexsort((until, since, at))
    near = np.diff(at[order]) <= SAME_PASSAGE
    since, until = since[order], until[order]
    shared = np.minimum(until[1:], until[:-1]) - np.maximum(since[1:], since[:-1])
    whole = np.maximum(until[1:], until[:-1]) - np.minimum(since[1:], since[:-1])
    near = (near & (shared > 0)) | ((whole > STOOD) & (shared > SAME_STAY * whole))
    sure = probability[order] >= SURE
    near &= (best[order][1:] == best[order][:-1]) | ~(sure[1:] & sure[:-1])
    if not near.any():
        return None
    number = np.concatenate([[0], np.cumsum(~near)])
    merged = np.zeros(len(order), np.int64)
    merged[order] = number
    return merged


def _likeliest(way: Ways) -> tuple[Integers, Reals]:
    """0 inwards, 1 outwards, 2 back, whichever is likeliest of each group, and how likely."""
    from_to = way.from_to
    chances = np.stack([from_to[:, 2, 0], from_to[:, 0, 2], from_to[:, 0, 0] + from_to[:, 2, 2]], axis=1)
    best = np.argmax(chances, axis=1) if len(chances) else np.zeros(0, np.int64)
    return best.astype(np.int64), chances[np.arange(len(chances)), best]


def learn_gate(reads: Reads, gate: GateModel, as_of: int) -> GateModel:
    """The model after these reads, at the nightly close; where they hold few passages, it stays as it was."""
    levels, before = walk(reads, gate, as_of).levels, gate.levels
    if before is None or levels is before:
        return replace(gate, levels=levels)
    new, share = levels, 1 - KEPT
    return GateModel(
        Levels(
            KEPT * before.dbm + share * new.dbm,
            KEPT * before.spread + share * new.spread,
            KEPT * before.outer_share + share * new.outer_share,
            KEPT * before.lag + share * new.lag,
        )
    )


def _own_loudness(tops: Reals) -> Reals:
    """How loud each visit's tag is at each antenna when it is beside it, as far as a shadow makes the difference.

    A body or the stack shadows one antenna more than the other all the way; what is much weaker yet was never beside it.
    """
    known = np.where(np.isnan(tops), -np.inf, tops)
    return np.asarray(np.maximum(known, known.max(axis=1, keepdims=True, initial=-np.inf) - SHADOW_DB))


def _gone(sound: Reads, still: Still) -> Reads:
    """The reads of what came or went: not of what lies there afterwards as before, nor of what lay there from the first."""
    moving = moves(sound, still)
    mine, lay, future = sound.chosen(moving), still.parked[moving], lying_on(sound)
    visits = visits_of(mine)
    visit = np.repeat(np.arange(len(visits.tag)), visits.end - visits.first)
    lay_there = np.zeros(len(visits.tag), bool)
    lay_there[visit[lay]] = True
    last_loud = visits.begun.copy()
    loud = lay & (still.louder[moving] > 0)
    np.maximum.at(last_loud, visit[loud], mine.at[loud])
    seemed = lay_there & lies_on(sound, still, visits.tag, last_loud)
    # Nothing says yet that it lay there, but what follows does: louder than it will lie it never was.
    louder = future.louder[moving] > LOUDER_TIMES * future.wavers
    ever_louder = np.zeros(len(visits.tag), bool)
    ever_louder[visit[louder]] = True
    stays = future.parked[moving][visits.end - 1] if len(visits.tag) else lay_there
    kept = ~(seemed | (stays & ~ever_louder))
    return mine.chosen(kept[visit])


class _Said(NamedTuple):
    """Of each group: likeliest way, how likely, the direction told, doubts, and whether it came near the gate at all."""

    best: Integers
    probability: Reals
    direction: Integers
    doubt: Integers
    near: NDArray[np.bool_]


def _said(walked: Walked, *, one_antenna: bool) -> _Said:
    """one_antenna: the other is known to be silent, so no direction can be told."""
    best, probability = _likeliest(walked.way)
    total, fewest = walked.count.sum(axis=1), walked.count.min(axis=1, initial=1 << 40)
    one_only = ((fewest == 0) & (total >= SILENT_READS_MIN)) | one_antenna
    loudness = (walked.loud - walked.levels.dbm) / walked.levels.spread
    loudest = np.nanmax(np.where(np.isnan(loudness), -np.inf, loudness), axis=1, initial=-np.inf)
    softest = np.where(np.isnan(loudness).any(axis=1), -np.inf, np.fmin(loudness[:, INNER], loudness[:, OUTER]))
    near = loudest >= -NEAR_TIMES
    # Whoever goes through comes near both; along the wall one is heard softly by one and hardly by the other.
    through = (fewest > 0) & (near | (softest >= -SOFT_TIMES))
    unclear = (probability < SURE) | one_only | ((best != BACK) & ~through)
    direction = np.where(unclear, Direction.UNCLEAR, best + 1)
    standing = walked.way.from_to[:, :, 1].sum(axis=1) > LIKELY
    doubt = np.where(one_only, Doubt.ONE_ANTENNA, 0) | np.where(standing, Doubt.STANDING, 0)
    doubt |= np.where(unclear & (doubt == 0), Doubt.CONTRADICTORY, 0) | np.where(total < FEW_READS, Doubt.FEW_READS, 0)
    return _Said(best, probability, direction.astype(np.int64), doubt.astype(np.int64), near)


def _decided(walked: Walked, as_of: int, *, one_antenna: bool) -> Passages:
    """What is told of the groups, in order of time; of who never came near or only lies there, nothing."""
    groups, from_to = len(walked.loud), walked.way.from_to
    best, probability, direction, doubt, near = _said(walked, one_antenna=one_antenna)
    at, dwell, since, until = _times(walked, best)
    passed = np.isin(direction, (Direction.IN, Direction.OUT))
    # Turned back is said of what went away again, not of what came and stays.
    gone = walked.way.ended & ~walked.stays
    told = passed | (near & np.where(direction == Direction.TURNED_BACK, gone, ~walked.stays))
    keep = np.flatnonzero(told)
    order = keep[np.lexsort((until[keep], since[keep], at[keep]))]
    number = np.full(groups, NONE)
    number[order] = np.arange(len(order))
    member = number[walked.group] if groups else walked.group
    mine = np.flatnonzero(member != NONE)
    by_tag = mine[np.lexsort((walked.visits.tag[mine], member[mine]))]
    return Passages(
        at[order],
        since[order],
        until[order],
        direction[order],
        probability[order],
        from_to[order, 2, 0],
        from_to[order, 0, 2],
        dwell[order],
        doubt[order],
        as_of - until[order] >= LEFT_AFTER,
        member[by_tag],
        walked.visits.tag[by_tag],
        walked.visits.reads[by_tag],
    )


def _times(walked: Walked, best: Integers) -> tuple[Integers, Integers, Integers, Integers]:
    """When each group crossed or turned, how long it was beside the gate, when it was first and last heard."""
    way, groups = walked.way, len(walked.loud)
    since = np.full(groups, np.iinfo(np.int64).max)
    until = np.zeros(groups, np.int64)
    np.minimum.at(since, walked.read_group, walked.reads.at)
    np.maximum.at(until, walked.read_group, walked.reads.at)
    there = np.arange(way.posterior.shape[1])[None] < way.bins[:, None]
    place = way.posterior @ np.arange(way.posterior.shape[2]) - MIDDLE
    dwell = np.sum(there & (np.abs(place) <= BESIDE_STEPS), axis=1) * BIN
    # Half way between being loudest at one antenna and at the other; whoever turned back was loudest when turning.
    loudest = np.stack([_middle(walked, walked.visits.loudest[:, one]) for one in (INNER, OUTER)], axis=1)
    between = np.where(
        loudest.min(axis=1, initial=1 << 62) == NONE, loudest.max(axis=1, initial=NONE), loudest.sum(axis=1) // 2
    )
    louder = np.argmax(np.nan_to_num(walked.loud, nan=-np.inf), axis=1) if groups else best
    at = np.where(best == BACK, loudest[np.arange(groups), louder], between)
    return np.clip(at, since, until), dwell.astype(np.int64), since, until


def _middle(walked: Walked, values: Integers) -> Integers:
    """The median of each group's values, the lower of two; NONE where there is none."""
    rows = np.flatnonzero(values != NONE)
    order = rows[np.lexsort((values[rows], walked.group[rows]))]
    of = walked.group[order]
    number = np.unique(of)
    first, end = np.searchsorted(of, number), np.searchsorted(of, number, side="right")
    middle = np.full(len(walked.loud), NONE)
    middle[number] = values[order[(first + end - 1) // 2]]
    return middle


def _health(walked: Walked, gate: GateModel) -> GateHealth:
    """Compare what was heard with what the gate used to hear."""
    loud = np.nanmax(np.where(np.isnan(walked.loud), -np.inf, walked.loud - walked.levels.dbm), axis=1, initial=-np.inf)
    strong = (loud >= -walked.levels.spread[0]) & (walked.count.sum(axis=1) >= SILENT_READS_MIN)
    silent = tuple(
        one
        for one in (INNER, OUTER)
        if strong.sum() >= FAULTY_GROUPS_MIN and (walked.count[strong, one] == 0).mean() > SILENT_SHARE
    )
    louder = (0.0, 0.0)
    if gate.levels is not None:
        inner, outer = (walked.levels.dbm - gate.levels.dbm).tolist()
        louder = (inner, outer)
    return GateHealth(silent, louder)
