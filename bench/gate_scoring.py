"""Whether what is said of a gate is right: passages matched to the people who passed, and what simpler ways would say."""

from collections import Counter

import numpy as np

from bench.scoring import lower_bound
from devices.simulator.gates import Scene, Walk, Walker
from inventory.locating.arrays import Integers
from inventory.locating.passages import Direction, Passages
from inventory.locating.reads import INNER, OUTER, SECOND, SIDES, Reads, by_side, in_order
from inventory.locating.visiting import ABSENT

NEAR_SECONDS = 3.0  # between when somebody passed and when that is said to have been
DIRECTIONS = {
    Walk.OUT: Direction.OUT,
    Walk.IN: Direction.IN,
    Walk.BACK_INSIDE: Direction.TURNED_BACK,
    Walk.BACK_OUTSIDE: Direction.TURNED_BACK,
}
READS_MIN = 3
PASSED = (Direction.IN, Direction.OUT)
PEERS = ("first and last antenna", "most reads, first and second half", "strongest RSSI")


class Tally:
    """Counts that add up over seeds."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.of: Counter[str] = Counter()

    def add(self, what: str, right: int, of: int) -> None:
        """Count so many, so many of them right."""
        self.right[what] += right
        self.of[what] += of

    def figure(self, what: str) -> str:
        """Share, with its 95 % lower bound."""
        right, of = self.right[what], self.of[what]
        return f"{right / of:.4f} (≥ {lower_bound(right, of):.4f}) of {of:,}" if of else "–"

    def count(self, what: str) -> str:
        """Counts alone."""
        return f"{self.right[what]:,} of {self.of[what]:,}"


def score_passages(scene: Scene, reads: Reads, passages: Passages, tally: Tally) -> None:
    """People who carried something that lives, and what was said of them; what was said of nobody was invented."""
    used = np.zeros(len(passages.at), bool)
    for walker in scene.walkers:
        wanted = DIRECTIONS.get(walker.walk)
        living = walker.tags[~scene.dead[walker.tags]]
        if wanted is None or not len(living):
            continue
        found = _matches(walker, living, passages)
        used[list(found)] = True
        best = max(found, key=lambda one: (found[one], -one)) if found else None
        said = None if best is None else Direction(int(passages.direction[best]))
        right = said is wanted
        if wanted in PASSED:
            tally.add("passage and direction", right, 1)
            tally.add("passed, said the wrong way or turned back", said not in {None, wanted, Direction.UNCLEAR}, 1)
            tally.add("passed, said unclear", said is Direction.UNCLEAR, 1)
            got = found[best] if right and best is not None else 0
            tally.add("tags", got, len(living))
            tags, fewest = _read_at_all(walker, living, reads)
            tally.add("tags that were read at all", got, tags)
            if fewest >= READS_MIN:
                tally.add("the same, where both antennas read it thrice", right, 1)
            if right:
                tally.add("tags said of another's passage", int((passages.member == best).sum()) - found[best or 0], 1)
        else:
            tally.add("turned back", right, 1)
            tally.add("turned back, said in or out", said in PASSED, 1)
    invented = ~used & np.isin(passages.direction, PASSED)
    tally.add("invented, in or out", int(invented.sum()), 1)
    tally.add("invented, turned back or unclear", int((~used & ~invented).sum()), 1)


def _read_at_all(walker: Walker, living: Integers, reads: Reads) -> tuple[int, int]:
    """How many of its tags the gate read even once, and how often the antenna that read them less: more nobody can tell."""
    first, last = np.searchsorted(reads.at, np.rint(walker.seconds[[0, -1]] * SECOND))
    mine = np.isin(reads.tag[first:last], living)
    sides = np.bincount(reads.antenna[first:last][mine] % SIDES, minlength=SIDES)
    return len(np.unique(reads.tag[first:last][mine])), int(sides.min())


def _matches(walker: Walker, living: Integers, passages: Passages) -> Counter[int]:
    """How many of its tags each passage near in time has."""
    start, end = float(walker.seconds[0]) * SECOND, float(walker.seconds[-1]) * SECOND
    crosses = walker.crosses * SECOND
    # Whoever stands in the gate may be said to pass at any moment of it.
    stood = np.diff(walker.seconds)[np.diff(walker.along) == 0].sum() * SECOND
    rows = np.isin(passages.tag, living)
    at = passages.at[passages.member[rows]]
    near = (np.abs(at - crosses) <= NEAR_SECONDS * SECOND + stood) & (at >= start) & (at <= end)
    return Counter(passages.member[rows][near].tolist())


def score_peers(scene: Scene, reads: Reads, tally: Tally) -> None:
    """The same people by simpler ways, which are told who carried what; for each the majority of what its tags say."""
    sound = by_side(in_order(reads))
    for walker in scene.walkers:
        wanted = DIRECTIONS.get(walker.walk)
        living = walker.tags[~scene.dead[walker.tags]]
        if wanted not in PASSED or not len(living):
            continue
        start, end = int(walker.seconds[0] * SECOND), int(walker.seconds[-1] * SECOND)
        mine = sound.chosen(np.isin(sound.tag, living) & (sound.at >= start) & (sound.at <= end))
        for name, votes in zip(PEERS, _votes(mine), strict=True):
            said = Direction.OUT if votes > 0 else Direction.IN if votes < 0 else Direction.UNCLEAR
            tally.add(name, said is wanted, 1)


def _votes(mine: Reads) -> tuple[int, int, int]:
    """For each way: tags that say out less tags that say in."""
    votes = [0, 0, 0]
    for tag in np.unique(mine.tag):
        one = mine.chosen(mine.tag == tag)
        dbm, inner, outer = one.dbm(), one.antenna == INNER, one.antenna == OUTER
        votes[0] += int(one.antenna[-1]) - int(one.antenna[0])
        half = one.at <= (one.at[0] + one.at[-1]) // 2
        before, after = (int(2 * outer[part].sum() > len(outer[part])) for part in (half, ~half))
        votes[1] += after - before
        if inner.any() and outer.any():
            votes[2] += int(np.sign(one.at[outer][np.argmax(dbm[outer])] - one.at[inner][np.argmax(dbm[inner])]))
    return votes[0], votes[1], votes[2]


def invented_by_peers(scene: Scene, reads: Reads, tally: Tally) -> None:
    """Passages of parked tags by first and last antenna, whenever a tag was silent for a while in between."""
    sound = by_side(in_order(reads.chosen(np.isin(reads.tag, scene.parked))))
    if not len(sound):
        return
    new = np.ones(len(sound), bool)
    new[1:] = (sound.tag[1:] != sound.tag[:-1]) | (np.diff(sound.at) > ABSENT)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(sound))[: len(first)] - 1
    tally.add(f"invented by {PEERS[0]}", int((sound.antenna[first] != sound.antenna[last]).sum()), 1)
