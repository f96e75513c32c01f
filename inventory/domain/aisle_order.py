"""In which order to visit aisles, and at which end to go in and out of each, so that the walk from the door and back is short.

A travelling salesman's problem of places that are entered at one of two ends and left at one of two: turning back costs twice
the depth, walking through costs the length. For a given order the best ends are found exactly (a shortest path over the
end one comes out of). The order is searched: a cheapest insertion first, then many rounds that take a few neighbouring
aisles out and put each back where it costs least, ends included; a round that makes the walk a little longer is
kept at first and never towards the end (ruin and recreate, after Schrimpf et al. 2000, with falling temperature).

For a few aisles the best order is found exactly instead. The search has a fixed number of rounds and a fixed seed: the same
wave gives the same walk on every machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Metres: TypeAlias = NDArray[np.float64]
Heads: TypeAlias = NDArray[np.int64]

BEST_ORDER_AISLES_MAX = 12
ROUNDS_PER_AISLE = 100
# What one round costs grows with the aisles: a wave of 600 dossiers stays under a second.
ROUNDS_MAX, AISLE_ROUNDS_MAX = 1_200, 200_000
TAKEN_OUT_MIN, TAKEN_OUT_MAX = 3, 12
TEMPERATURE_METRES = 2.0
SEED = 20260301


class Visit(NamedTuple):
    """One aisle of the walk; enter and leave are its ends, 0 or 1."""

    aisle: int
    enter: int
    leave: int


@dataclass(frozen=True)
class Task:
    """What is to be visited. Aisles are numbered 0 to n - 1; head 2a + e is end e of aisle a, and the last head is the door.

    distances: metres between heads, shape (2n + 1, 2n + 1), symmetric. through: metres inside aisle a from end e
    past all its picks to end f, shape (n, 2, 2), infinite at a closed end. before: aisle -> aisles that may be visited only
    after it.
    """

    distances: Metres
    through: Metres
    before: Mapping[int, frozenset[int]] = field(default_factory=dict)

    @property
    def aisles(self) -> int:
        """How many there are."""
        return len(self.through)


def best_ends(task: Task, order: Sequence[int]) -> tuple[float, list[Visit]]:
    """The shortest walk that visits the aisles in exactly this order: its metres, and the ends to use."""
    return _Ends(task).choose(order)


class _Ends:
    """Chooses ends; keeps the distances as lists, since single numbers are read from them much faster than from arrays."""

    def __init__(self, task: Task) -> None:
        self.distances: list[list[float]] = task.distances.tolist()
        self.through: list[list[list[float]]] = task.through.tolist()
        self.door = len(self.distances) - 1

    def metres(self, order: Sequence[int]) -> float:
        """The length of the shortest walk in this order."""
        _, metres = self._shortest(order)
        return metres

    def choose(self, order: Sequence[int]) -> tuple[float, list[Visit]]:
        """That walk itself: backwards from the door, the ends that gave each length."""
        lengths, metres = self._shortest(order)
        visits: list[Visit] = []
        following = self.door
        for position in range(len(order) - 1, -1, -1):
            aisle = order[position]
            leave = min((0, 1), key=lambda end: lengths[position][2 + end] + self.distances[2 * aisle + end][following])
            enter = min((0, 1), key=lambda end: lengths[position][end] + self.through[aisle][end][leave])
            visits.append(Visit(aisle, enter, leave))
            following = 2 * aisle + enter
        return metres, visits[::-1]

    def _shortest(self, order: Sequence[int]) -> tuple[list[tuple[float, float, float, float]], float]:
        """Per position, the shortest way from the door to stand before each end of the aisle, and to have left by each."""
        from_low = from_high = self.distances[self.door]
        left_low = left_high = 0.0
        lengths: list[tuple[float, float, float, float]] = []
        # Half of the search's time is spent in this loop, and min() makes it more than twice as slow.
        for aisle in order:
            head = 2 * aisle
            by_low, by_high = left_low + from_low[head], left_high + from_high[head]
            low = by_low if by_low < by_high else by_high  # noqa: FURB136
            by_low, by_high = left_low + from_low[head + 1], left_high + from_high[head + 1]
            high = by_low if by_low < by_high else by_high  # noqa: FURB136
            (low_low, low_high), (high_low, high_high) = self.through[aisle]
            by_low, by_high = low + low_low, high + high_low
            left_low = by_low if by_low < by_high else by_high  # noqa: FURB136
            by_low, by_high = low + low_high, high + high_high
            left_high = by_low if by_low < by_high else by_high  # noqa: FURB136
            lengths.append((low, high, left_low, left_high))
            from_low, from_high = self.distances[head], self.distances[head + 1]
        return lengths, min(left_low + from_low[self.door], left_high + from_high[self.door])


def short_order(task: Task) -> tuple[float, list[Visit]]:
    """A short walk past all aisles, from the door and back to it: its metres, and the visits in order."""
    if task.aisles == 0:
        return 0.0, []
    if task.aisles > BEST_ORDER_AISLES_MAX:
        return _Search(task).run()
    return best_ends(task, best_order(task))


def best_order(task: Task) -> list[int]:
    """The best order there is, by dynamic programming over sets of aisles (Held and Karp): for few aisles only.

    Time and memory double with each aisle: twelve take a tenth of a second.
    """
    aisles, door = task.aisles, 2 * task.aisles
    bits = 1 << np.arange(aisles)
    needs = np.array([sum(1 << first for first, later in task.before.items() if a in later) for a in range(aisles)])
    # Shortest way past exactly the aisles of a set, by the aisle that comes last and the end it is left at.
    shortest = np.full((1 << aisles, aisles, 2), np.inf)
    for visited in range((1 << aisles) - 1):
        before = shortest[visited].reshape(-1, 1) + task.distances[:door, :door]
        standing = (before.min(0) if visited else task.distances[door, :door]).reshape(aisles, 2)
        left = (standing[:, :, None] + task.through).min(1)
        free = np.flatnonzero((visited & bits == 0) & (visited & needs == needs))
        shortest[visited | bits[free], free] = left[free]
    order, visited, way_on = [], (1 << aisles) - 1, task.distances[:door, door]
    while visited:
        last, end = divmod(int((shortest[visited].ravel() + way_on).argmin()), 2)
        order.append(last)
        visited ^= 1 << last
        way_on = (task.distances[:door, 2 * last : 2 * last + 2] + task.through[last, :, end]).min(1)
    return order[::-1]


class _Search:
    """One search; a walk in the making is the array of its heads: door, in, out, in, out, ..., door."""

    def __init__(self, task: Task) -> None:
        self.task, self.ends = task, _Ends(task)
        self.chance = np.random.default_rng(SEED)
        self.door = len(task.distances) - 1
        self.leader = {follower: first for first, followers in task.before.items() for follower in followers}
        low, high = slice(0, self.door, 2), slice(1, self.door, 2)
        apart = np.minimum.reduce([task.distances[a, b] for a in (low, high) for b in (low, high)])
        self.nearest = np.argsort(apart, axis=1, kind="stable")
        self.from_door = np.minimum(task.distances[self.door, low], task.distances[self.door, high])

    def run(self) -> tuple[float, list[Visit]]:
        walk = np.array([self.door, self.door])
        for aisle in np.argsort(-self.from_door, kind="stable"):  # the farthest first: they give the walk its shape
            walk = self._put_in(walk, int(aisle))
        metres, walk = self._with_best_ends(walk)
        shortest, best = metres, walk
        rounds = min(ROUNDS_MAX, ROUNDS_PER_AISLE * self.task.aisles, AISLE_ROUNDS_MAX // self.task.aisles)
        for turn in range(rounds):
            allowed = metres + TEMPERATURE_METRES * (1 - turn / rounds) * self.chance.exponential()
            tried = self._tried(walk)
            if self.ends.metres(_order(tried)) < allowed:
                metres, walk = self._with_best_ends(tried)
                if metres < shortest:
                    shortest, best = metres, walk
        return self.ends.choose(_order(best))

    def _tried(self, walk: Heads) -> Heads:
        """The walk with some aisles taken out and put back elsewhere."""
        taken = self._choice(walk)
        out = np.zeros(self.task.aisles, bool)
        out[taken] = True
        kept = np.append(np.repeat(~out[walk[1:-1:2] // 2], 2), True)
        walk = walk[np.insert(kept, 0, True)]
        for aisle in self.chance.permutation(taken):
            walk = self._put_in(walk, int(aisle))
        return walk

    def _choice(self, walk: Heads) -> Heads:
        """Aisles close to each other: on the floor, or one after the other in the walk."""
        aisles = self.task.aisles
        count = min(int(self.chance.integers(TAKEN_OUT_MIN, TAKEN_OUT_MAX + 1)), aisles)
        first = int(self.chance.integers(aisles))
        if self.chance.random() < 0.5:  # noqa: PLR2004 - both kinds alike
            return self.chance.permutation(self.nearest[first][: 2 * count])[:count]
        return np.roll(walk[1:-1:2] // 2, -first)[:count]

    def _put_in(self, walk: Heads, aisle: int) -> Heads:
        """The walk with one more aisle, where and by which ends it costs least."""
        distances, before, after = self.task.distances, walk[0::2], walk[1::2]
        ways = distances[2 * aisle : 2 * aisle + 2]
        more = ways[:, before][:, None] + ways[:, after][None] + self.task.through[aisle][:, :, None]
        more -= distances[before, after]
        self._forbid(more, walk[1:-1:2] // 2, aisle)
        ends, gap = divmod(int(more.argmin()), len(before))
        enter, leave = divmod(ends, 2)
        at = 2 * gap + 1
        return np.concatenate([walk[:at], [2 * aisle + enter, 2 * aisle + leave], walk[at:]])

    def _forbid(self, more: Metres, order: Heads, aisle: int) -> None:
        """Make gaps infinitely long that would bring an aisle before the one that has to be first."""
        if aisle in self.task.before:
            followers = np.flatnonzero(np.isin(order, list(self.task.before[aisle])))
            if len(followers):
                more[:, :, followers[0] + 1 :] = np.inf
        elif aisle in self.leader:
            leader = np.flatnonzero(order == self.leader[aisle])
            if len(leader):
                more[:, :, : leader[0] + 1] = np.inf

    def _with_best_ends(self, walk: Heads) -> tuple[float, Heads]:
        metres, visits = self.ends.choose(_order(walk))
        heads = [2 * visit.aisle + end for visit in visits for end in (visit.enter, visit.leave)]
        return metres, np.array([self.door, *heads, self.door])


def _order(walk: Heads) -> list[int]:
    """The aisles of a walk, in order."""
    order: list[int] = (walk[1:-1:2] // 2).tolist()
    return order
