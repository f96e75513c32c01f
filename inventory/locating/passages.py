"""Passages through a gate: one for each person and passage, with direction, probability, what was carried, and why.

A function of the set of reads up to an instant: late and repeated reads give the same passages. Whoever decides live calls it
again and again on the last minutes.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals
from inventory.locating.gate_health import GateHealth, health_of
from inventory.locating.gate_model import KEPT, GateModel, Levels, levels_of, loud_of, loudest_lags
from inventory.locating.lingering import (
    LIES_ON,
    PERIOD,
    PERIODS_MIN,
    Still,
    lies_on,
    lying_on,
    lying_still,
    moves,
)
from inventory.locating.reads import INNER, OUTER, SECOND, Reads, by_side, in_order
from inventory.locating.visiting import Visits, groups_of, visits_of
from inventory.locating.walking import Stretches, Usual, Ways, order_of, stretches, ways

SURE = 0.6  # below this a passage is unclear
LEFT_AFTER = 2 * SECOND  # silent so long: gone
SETTLED_AFTER = LIES_ON  # so long may be heard of a tag that it lies there and only seemed to move
STAYING_SETTLED_AFTER = PERIODS_MIN * PERIOD  # so long takes it to know that what came lies there, and how loud
SAME_PASSAGE = 3 * SECOND // 4  # whoever crosses so soon after another goes with them
NEAR_TIMES = 1.5  # spreads below what passages sound like: nobody came near who didn't go through
STOOD = 5 * SECOND
AROUND = 8  # no more people are at a gate at a time
OWN_READS_MIN = 3  # at either antenna: fewer tell no way beside somebody's who is there
MERGED_MAX = 3  # times: what one merger made clear the next one may go by
SAME_STAY = 0.8  # of the time both were heard: nobody else stands in the gate for just as long
FEW_READS = 6
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
class Watched:
    """Everything made of the reads of a gate."""

    passages: Passages
    health: GateHealth
    levels: Levels


@dataclass(frozen=True)
class Walked:
    """The groups at a gate before anything is decided about them."""

    reads: Reads
    antenna: Integers  # of each of `reads`, which has the side in its stead
    visits: Visits
    group: Integers  # of each visit
    read_group: Integers  # of each of `reads`
    loud: Reals  # group, antenna: dBm, NaN where not heard
    count: Integers  # group, antenna: reads
    levels: Levels
    beside: Stretches
    way: Ways
    stays: NDArray[np.bool_]  # most of what the group carries lies there now

    def loudness(self) -> Reals:
        """How loud each group was at each antenna, in spreads above what passages sound like there; NaN where not heard."""
        return np.asarray((self.loud - self.levels.dbm) / self.levels.spread)

    def by_antenna(self, antennas: Collection[int]) -> dict[int, Integers]:
        """How many reads of each group each of these heard."""
        rows, groups = {antenna: self.antenna == antenna for antenna in antennas}, len(self.loud)
        return {
            antenna: np.bincount(self.read_group[of], self.reads.reads[of], groups).astype(np.int64)
            for antenna, of in rows.items()
        }

    def heard(self) -> tuple[Integers, Integers]:
        """When each group was heard first and last."""
        groups = len(self.loud)
        since, until = np.full(groups, np.iinfo(np.int64).max), np.zeros(groups, np.int64)
        np.minimum.at(since, self.read_group, self.reads.at)
        np.maximum.at(until, self.read_group, self.reads.at)
        return since, until


def watch(reads: Reads, gate: GateModel, as_of: int, antennas: Collection[int] = (INNER, OUTER)) -> Watched:
    """The passages in all reads heard up to an instant, and what they tell of the gate.

    Ten minutes before the first passage wanted should be among the reads, so that what lies there is known. antennas: the
    numbers of all there are.
    """
    walked = walk(reads, gate)
    health = health_of(walked.loud, walked.count, walked.by_antenna(antennas), walked.levels, gate)
    return Watched(_decided(walked, as_of, one_antenna=bool(health.silent)), health, walked.levels)


def walk(reads: Reads, gate: GateModel) -> Walked:
    """Who was at the gate, and the ways they may have gone."""
    sound = in_order(reads)
    still = lying_still(sound)
    gone = _gone(sound, still)
    mine = by_side(gone)
    visits = visits_of(mine)
    walked = _as_grouped(mine, gone.antenna, visits, groups_of(visits), gate)
    for _ in range(MERGED_MAX):
        if (together := _merged(walked)) is None:
            break
        walked = _as_grouped(mine, gone.antenna, visits, together[walked.group], gate)
    lies = lies_on(sound, still, visits.tag, visits.ended)
    groups = len(walked.loud)
    stays = np.bincount(walked.group, lies, groups) * 2 > np.bincount(walked.group, minlength=groups)
    return replace(walked, stays=stays)


def _as_grouped(mine: Reads, antenna: Integers, visits: Visits, group: Integers, gate: GateModel) -> Walked:
    groups = int(group.max(initial=-1)) + 1
    visit = np.repeat(np.arange(len(visits.tag)), visits.end - visits.first)
    read_group = group[visit] if len(visit) else visit.astype(np.int64)
    loud = loud_of(visits, group, groups)
    by_antenna = [(read_group[of], mine.reads[of]) for of in (mine.antenna == INNER, mine.antenna == OUTER)]
    count = np.stack([np.bincount(*one, groups) for one in by_antenna], axis=1).astype(np.int64)
    heard = mine.at, mine.antenna, mine.dbm() - visits.tops[visit, mine.antenna], read_group, groups
    beside, order = stretches(*heard), order_of(*heard)
    loudest = loudest_lags(visits, group, groups)
    levels = levels_of(loud, count, beside, loudest, order, gate)
    nowhere = Ways(*np.zeros((3, groups)))
    stays = np.zeros(groups, bool)
    walked = Walked(mine, antenna, visits, group, read_group, loud, count, levels, beside, nowhere, stays)
    return replace(walked, way=ways(beside, loudest, order, levels.usual, walked.loudness(), count))


def _merged(walked: Walked) -> Integers | None:
    """New numbers for groups that one person carried after all; None where none were."""
    groups = len(walked.loud)
    best, probability = _likeliest(walked.way)
    (since, until), at = walked.heard(), _crossed(walked, best)
    one, other = _around(at, since, until)
    shared = np.minimum(until[one], until[other]) - np.maximum(since[one], since[other])
    whole = np.maximum(until[one], until[other]) - np.minimum(since[one], since[other])
    # Whoever crosses with somebody goes with them, unless they surely went different ways; whoever stands in the gate just as
    # long, unless one surely came in and the other went out: while they stand there, a weak tag may sound as if it turned.
    sure = probability >= SURE
    apart = (best[one] != best[other]) & sure[one] & sure[other]
    crossed = (np.abs(at[one] - at[other]) <= SAME_PASSAGE) & (shared > 0) & ~apart
    stood = (whole > STOOD) & (shared > SAME_STAY * whole)
    stood &= ~apart | (best[one] == BACK) | (best[other] == BACK)
    together = crossed | stood
    person = _linked(groups, one[together], other[together])
    # What is heard too seldom or too softly to tell its own way goes with the only passage there was meanwhile.
    dim = ~sure | ~_near(walked) | (walked.count.min(axis=1, initial=1 << 40) < OWN_READS_MIN)
    clear = ~dim & (best != BACK)
    lead, tail = np.concatenate([one, other]), np.concatenate([other, one])
    during = clear[lead] & dim[tail] & (np.tile(shared, 2) >= SAME_STAY * (until[tail] - since[tail]))
    persons = np.unique(np.stack([tail[during], person[lead[during]]]), axis=1)[0]
    only = during & (np.bincount(persons, minlength=groups)[tail] == 1)
    one, other = np.concatenate([one[together], lead[only]]), np.concatenate([other[together], tail[only]])
    return _linked(groups, one, other) if len(one) else None


def _around(at: Integers, since: Integers, until: Integers) -> tuple[Integers, Integers]:
    """Pairs of groups, few of which crossed between the two."""
    order = np.lexsort((until, since, at))
    steps = range(1, AROUND + 1)
    return np.concatenate([order[:-step] for step in steps]), np.concatenate([order[step:] for step in steps])


def _linked(groups: int, one: Integers, other: Integers) -> Integers:
    """Numbers from 0, the same for groups that pairs link, directly or by others."""
    number = np.arange(groups)
    while (number[one] != number[other]).any():
        lowest = np.minimum(number[one], number[other])
        np.minimum.at(number, one, lowest)
        np.minimum.at(number, other, lowest)
    return np.unique(number, return_inverse=True)[1].astype(np.int64)


def _likeliest(way: Ways) -> tuple[Integers, Reals]:
    """0 inwards, 1 outwards, 2 back, whichever is likeliest of each group, and how likely."""
    chances = np.stack([way.inwards, way.outwards, way.back], axis=1)
    best = np.argmax(chances, axis=1) if len(chances) else np.zeros(0, np.int64)
    return best.astype(np.int64), chances[np.arange(len(chances)), best]


def learn_gate(reads: Reads, gate: GateModel) -> GateModel:
    """The model after these reads, at the nightly close; where they hold few passages, it stays as it was."""
    levels, before = walk(reads, gate).levels, gate.levels
    if before is None or levels is before:
        return replace(gate, levels=levels)
    new, share = levels, 1 - KEPT
    return GateModel(
        Levels(
            KEPT * before.dbm + share * new.dbm,
            KEPT * before.spread + share * new.spread,
            Usual(*(KEPT * old + share * one for old, one in zip(before.usual, new.usual, strict=True))),
        )
    )


def _gone(sound: Reads, still: Still) -> Reads:
    """The reads of what came or went: neither what lay there before explains them, nor what lies there afterwards as before."""
    moving = moves(sound, still) & moves(sound, lying_on(sound))
    gone, lay = sound.chosen(moving), still.parked[moving]
    mine = by_side(gone)
    visits = visits_of(mine)
    visit = np.repeat(np.arange(len(visits.tag)), visits.end - visits.first)
    lay_there = np.zeros(len(visits.tag), bool)
    lay_there[visit[lay]] = True
    last_loud = visits.begun.copy()
    loud = lay & (still.louder[moving] > 0)
    np.maximum.at(last_loud, visit[loud], mine.at[loud])
    seemed = lay_there & lies_on(sound, still, visits.tag, last_loud)
    return gone.chosen(~seemed[visit])


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
    one_only = ~walked.beside.both | one_antenna
    unclear = (probability < SURE) | one_only
    direction = np.where(unclear, Direction.UNCLEAR, best + 1)
    doubt = np.where(one_only, Doubt.ONE_ANTENNA, 0) | np.where(_stands(walked), Doubt.STANDING, 0)
    few = walked.count.sum(axis=1) < FEW_READS
    doubt |= np.where(unclear & (doubt == 0), Doubt.CONTRADICTORY, 0) | np.where(few, Doubt.FEW_READS, 0)
    return _Said(best, probability, direction.astype(np.int64), doubt.astype(np.int64), _near(walked))


def _near(walked: Walked) -> NDArray[np.bool_]:
    """Groups about as loud at one antenna as passages are."""
    loudest = np.nan_to_num(walked.loudness(), nan=-np.inf).max(axis=1, initial=-np.inf)
    return np.asarray(loudest >= -NEAR_TIMES)


def _stands(walked: Walked) -> NDArray[np.bool_]:
    """Groups that were at the gate for long, and beside both antennas at the last."""
    lag = np.abs(walked.beside.lags()[:, 1])
    return np.asarray((walked.beside.took > STOOD) & (lag < walked.levels.usual.lag / 4))


def _decided(walked: Walked, as_of: int, *, one_antenna: bool) -> Passages:
    """What is told of the groups, in order of time; of who never came near or only lies there, nothing."""
    groups = len(walked.loud)
    best, probability, direction, doubt, near = _said(walked, one_antenna=one_antenna)
    (since, until), at = walked.heard(), _crossed(walked, best)
    passed = np.isin(direction, (Direction.IN, Direction.OUT))
    # Turned back is said of what went away again, not of what came and stays.
    gone = (as_of - until >= LEFT_AFTER) & ~walked.stays
    told = passed | (near & np.where(direction == Direction.TURNED_BACK, gone, ~walked.stays))
    keep = np.flatnonzero(told)
    order = keep[np.lexsort((until[keep], since[keep], at[keep]))]
    number = np.full(groups, NONE)
    number[order] = np.arange(len(order))
    member, tag, reads = _carried(walked, number)
    return Passages(
        at[order],
        since[order],
        until[order],
        direction[order],
        probability[order],
        walked.way.inwards[order],
        walked.way.outwards[order],
        walked.beside.took[order],
        doubt[order],
        _settled(walked, as_of)[order],
        member,
        tag,
        reads,
    )


def _carried(walked: Walked, number: Integers) -> tuple[Integers, Integers, Integers]:
    """Passage, tag and reads of all that was carried, each tag once a passage however often it was silent meanwhile."""
    member = number[walked.group] if len(number) else walked.group
    mine = np.flatnonzero(member != NONE)
    order = mine[np.lexsort((walked.visits.tag[mine], member[mine]))]
    member, tag = member[order], walked.visits.tag[order]
    new = np.ones(len(order), bool)
    new[1:] = (member[1:] != member[:-1]) | (tag[1:] != tag[:-1])
    first = np.flatnonzero(new)
    reads = np.add.reduceat(walked.visits.reads[order], first) if len(first) else first
    return member[first], tag[first], reads


def _settled(walked: Walked, as_of: int) -> NDArray[np.bool_]:
    """Groups of which nothing more will come: long gone, or known to lie there, like all who were at the gate meanwhile."""
    since, until = walked.heard()
    known = until + np.where(walked.stays, STAYING_SETTLED_AFTER, SETTLED_AFTER)
    order = np.argsort(since, kind="stable")
    latest = np.maximum.accumulate(until[order]) if len(order) else order
    meanwhile = np.concatenate([[0], np.cumsum(since[order][1:] > latest[:-1])])[: len(order)]
    last = np.zeros(len(order), np.int64)
    np.maximum.at(last, meanwhile, known[order])
    settled = np.zeros(len(order), bool)
    settled[order] = last[meanwhile] <= as_of
    return settled


def _crossed(walked: Walked, best: Integers) -> Integers:
    """When each group crossed: half way from being beside one antenna to the other; or turned: amid the shorter stretch."""
    begun, ended = walked.beside.begun, walked.beside.ended
    middle, long = _amid(begun, ended), ended - begun
    turned = np.where(long[:, INNER] < long[:, OUTER], middle[:, INNER], middle[:, OUTER])
    came, went = _amid(ended[:, OUTER], begun[:, INNER]), _amid(ended[:, INNER], begun[:, OUTER])
    crossed = np.choose(best, [came, went, turned])
    return np.asarray(np.where(walked.beside.both, crossed, middle.max(axis=1, initial=NONE)))


def _amid(one: Integers, other: Integers) -> Integers:
    return one + (other - one) // 2
