"""One gate live: the reads of its last minutes, and what is told of the passages in them, each once however often one looks.

The last minute is kept read by read and what is older in short slices: enough for `passages.watch`, in a tenth of the rows.
What comes so late that its minute is over is looked at again as of then, minute by minute, whenever there is time.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

import numpy as np

from inventory.locating.arrays import NONE
from inventory.locating.gate_health import GateHealth
from inventory.locating.gate_model import GateModel
from inventory.locating.lingering import LOOKED_BACK, PARKED_AFTER, PERIOD
from inventory.locating.passages import SETTLED_AFTER, Direction, Doubt, Passages, watch
from inventory.locating.reads import INNER, OUTER, SECOND, Reads, each_once, no_reads, slices, together

BLOCK = 10 * SECOND  # reads are kept and sliced by so much time
READ_BY_READ = 60 * SECOND  # younger than that, or since an open passage began
SURE_LIVE = 0.8  # of a direction that is told before it is settled,
HELD = SECOND // 4  # and was told all the while: most who turn in the middle of the gate seem to go out for a moment
NEAR_TIMES = 2 * SECOND  # the same passage seen again may begin or end a little earlier or later
UNTOLD = 300 * SECOND  # so long after nothing was known a gate can't say what only lies there:
AT_THE_START = 20 * SECOND  # whatever was heard that soon,
WITHOUT_A_PAUSE = 60 * SECOND  # and then never silent for so long: that is somebody who comes again
READ_BY_READ_LYING = 20 * SECOND  # of what lies there, only what is younger than that; before, second by second
LAY_PERIODS = 3  # heard in so many minutes before, a tag lay beside the gate
BLOCKS_BEFORE, BLOCKS_LAY = (
    24,
    16,
)  # heard in so many of the four minutes before, it lies there as far as rows are concerned
LATE = 3 * SECOND  # no message of a reader at work is that old;
LATE_WAITS = 2 * SECOND  # what comes late comes in a row: nothing is settled in the middle of it
LESSONS_MAX = 200  # passages a day that teach the gate; as many as tell all there is
PASSED = frozenset({Direction.IN, Direction.OUT})


class Sighting(NamedTuple):
    """What is told of a passage. Times in microseconds; tags: number of each with its reads.

    settled: nothing takes it back. As `Passages` else.
    """

    passage: UUID
    direction: Direction
    probability: float
    doubt: Doubt
    at: int
    since: int
    until: int
    settled: bool
    tags: dict[int, int]


@dataclass
class _Known:
    """A passage that was seen before: how it was seen last, since when its direction is held, and what was told of it last."""

    seen: Sighting
    held_since: int = NONE
    told: tuple[Direction, frozenset[int]] | None = None
    settled: bool = False


@dataclass
class GateWatch:
    """The reads of one gate and the passages already known. new_id: makes the name of a passage not seen before.

    antennas: the numbers of all there are.
    """

    gate: GateModel
    new_id: Callable[[], UUID]
    antennas: Collection[int] = (INNER, OUTER)
    _blocks: dict[int, Reads] = field(default_factory=dict)
    _fresh: dict[int, list[Reads]] = field(default_factory=dict)
    _sliced: dict[int, Reads] = field(default_factory=dict)
    _thinned: dict[int, Reads] = field(default_factory=dict)
    _known: list[_Known] = field(default_factory=list)
    _late: dict[int, int] = field(default_factory=dict)  # block -> when something of it came last
    _lessons: list[Reads] = field(default_factory=list)
    _began: int = NONE
    _late_at: int = NONE  # when something late came last
    _lay_there: dict[int, int] = field(default_factory=dict)  # tags that may, and when each was heard last
    health: GateHealth = field(default_factory=lambda: GateHealth((), (0.0, 0.0)))

    def add(self, reads: Reads, now: int) -> None:
        """Take in what was read, in any order and as often as it comes; what is older than ten minutes tells nothing any more."""
        if not len(reads):
            return
        first = int(reads.at.min())
        if first < now - LATE:
            self._late_at = now
        self._began = first if self._began == NONE else min(first, self._began)
        if now < self._began + UNTOLD:
            self._see_what_lies(reads)
        number = reads.at // BLOCK
        for block in np.unique(number).tolist():
            if block * BLOCK < now - LOOKED_BACK:
                continue
            part = reads.chosen(number == block)
            self._fresh.setdefault(block, []).append(part)
            if (block + 1) * BLOCK <= now - READ_BY_READ:
                before = len(self._blocks.get(block, ()))
                if len(self._block(block)) > before:
                    self._late[block] = now

    def _see_what_lies(self, reads: Reads) -> None:
        for tag in np.unique(reads.tag).tolist():
            at = reads.at[reads.tag == tag]
            since, until = int(at.min()), int(at.max())
            last = self._lay_there.pop(tag, since if since < self._began + AT_THE_START else NONE)
            if last != NONE and since <= last + WITHOUT_A_PAUSE:
                self._lay_there[tag] = max(until, last)

    def recall(self, told: Iterable[Sighting]) -> None:
        """Remember passages told before a restart."""
        for one in told:
            self._known = [known for known in self._known if known.seen.passage != one.passage]
            self._known.append(_Known(one, told=_news(one), settled=one.settled))

    def look(self, now: int) -> list[Sighting]:
        """What there is to tell: directions as soon as they are held, and everything once it is settled."""
        self._forget(now)
        told = self._looked(now)
        if not told and (block := self._due(now)) is not None:
            del self._late[block]
            told = self._looked_again((block + 1) * BLOCK + 2 * SETTLED_AFTER)
        return told

    @property
    def waits(self) -> bool:
        """Whether something seen isn't settled yet, or came late: silence may settle it."""
        return bool(self._late) or any(not one.settled for one in self._known)

    @property
    def lessons(self) -> Reads:
        """The reads of the passages settled since the gate was taught last."""
        return together(*self._lessons) if self._lessons else no_reads()

    @property
    def passages_learned_from(self) -> int:
        """How many passages these are."""
        return len(self._lessons)

    def teach(self, gate: GateModel) -> None:
        """Go on with a new model; lessons begin anew."""
        self.gate, self._lessons = gate, []

    def tags(self) -> set[int]:
        """All tags among the reads kept."""
        found: set[int] = set()
        for block in list(self._fresh):
            self._block(block)
        for reads in self._blocks.values():
            found.update(np.unique(reads.tag).tolist())
        return found.union(*(known.seen.tags for known in self._known))

    # ── The window ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _block(self, block: int) -> Reads:
        """All reads of a block, each once."""
        if fresh := self._fresh.pop(block, None):
            parts = [*fresh, self._blocks[block]] if block in self._blocks else fresh
            self._blocks[block] = each_once(together(*parts))
            self._sliced.pop(block, None)
            self._thinned.pop(block, None)
        return self._blocks.get(block, no_reads())

    def _in_slices(self, block: int) -> Reads:
        reads = self._block(block)
        if block not in self._sliced:
            short = slices(reads, BLOCK)
            # The middle of a slice isn't when anything was read: it says nothing of the readers' clocks.
            self._sliced[block] = replace(short, received_at=np.full(len(short), NONE))
        return self._sliced[block]

    def _in_seconds(self, block: int) -> Reads:
        """A block with what lay there before in slices of a second: nine of ten reads are of that."""
        reads = self._block(block)
        if block not in self._thinned:
            before = [self._blocks[one] for one in range(block - BLOCKS_BEFORE, block) if one in self._blocks]
            lay = np.zeros(len(reads), bool)
            if before:
                tags = np.concatenate([np.unique(one.tag) for one in before])
                often, times = np.unique(tags, return_counts=True)
                lay = np.isin(reads.tag, often[times >= BLOCKS_LAY])
            short = slices(reads.chosen(lay), SECOND)
            short = replace(short, received_at=np.full(len(short), NONE))
            self._thinned[block] = together(reads.chosen(~lay), short)
        return self._thinned[block]

    def _window(self, as_of: int, edge: int) -> Reads:
        """Everything up to then and a little later; from `edge` on read by read, but of what lies there second by second."""
        lying = as_of - READ_BY_READ_LYING
        parts = [
            self._in_slices(block)
            if (block + 1) * BLOCK <= edge
            else self._in_seconds(block)
            if (block + 1) * BLOCK <= lying
            else self._block(block)
            for block in sorted(self._blocks.keys() | self._fresh.keys())
            if as_of - LOOKED_BACK <= block * BLOCK <= as_of + BLOCK
        ]
        return together(*parts) if parts else no_reads()

    def _forget(self, now: int) -> None:
        oldest = (now - LOOKED_BACK) // BLOCK
        for kept in (self._blocks, self._fresh, self._sliced, self._thinned, self._late):
            for block in [block for block in kept if block < oldest]:
                del kept[block]
        self._known = [known for known in self._known if known.seen.until >= now - LOOKED_BACK - BLOCK]

    def _due(self, now: int) -> int | None:
        return min((block for block, at in self._late.items() if at <= now - LATE_WAITS), default=None)

    # ── What is told ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _looked(self, now: int) -> list[Sighting]:
        begun = min((one.seen.since for one in self._known if not one.settled), default=now) - NEAR_TIMES
        edge = max(min(now - READ_BY_READ, begun), now - PARKED_AFTER)
        window = self._window(now, edge)
        watched = watch(window, self.gate, now, self.antennas)
        self.health = watched.health.after(self.health, window.antenna)
        matched = self._matched(watched.passages, edge)
        if now - self._late_at < LATE_WAITS:
            matched = [(one._replace(settled=False), known) for one, known in matched]
        told = [news for one, known in matched if (news := _told(one, known, now, lay_there=_lay_there(one, window)))]
        for one in told:
            if one.settled and len(self._lessons) < LESSONS_MAX:
                mine = np.isin(window.tag, list(one.tags)) & (window.at >= one.since) & (window.at <= one.until)
                self._lessons.append(window.chosen(mine))
        seen = {one.passage for one, _ in matched}
        # What isn't seen any more was a moment's reflection, unless somebody was told of it.
        self._known = [known for known in self._known if known.seen.passage in seen or known.told is not None]
        return told + [over for known in self._known if (over := _over(known, now, seen=known.seen.passage in seen))]

    def _looked_again(self, as_of: int) -> list[Sighting]:
        """At a minute that is over and of which something came late: what is settled in it."""
        edge = as_of - READ_BY_READ
        passages = watch(self._window(as_of, edge), self.gate, as_of).passages
        matched = self._matched(passages, edge)
        told = [news for one, known in matched if one.settled and (news := _told(one, known, as_of, lay_there=False))]
        self._known = [known for known in self._known if known.told is not None or known.seen.until > as_of]
        return told

    def _matched(self, passages: Passages, edge: int) -> list[tuple[Sighting, _Known]]:
        """Each passage with what is known of it: the one known that shares most tags at the same time, or a new one."""
        told = [self._sighting(passages, number) for number in range(len(passages.at))]
        sightings = [
            one for one in told if one.until > self._began + UNTOLD or not one.tags.keys() <= self._lay_there.keys()
        ]
        pairs = sorted(
            (
                (-len(one.tags.keys() & known.seen.tags.keys()), number, place)
                for number, one in enumerate(sightings)
                for place, known in enumerate(self._known)
                if one.since <= known.seen.until + NEAR_TIMES
                and known.seen.since <= one.until + NEAR_TIMES
                and not one.tags.keys().isdisjoint(known.seen.tags)
            )
        )
        mine: dict[int, _Known] = {}
        used: set[int] = set()
        for _, number, place in pairs:
            if number not in mine and place not in used:
                mine[number] = self._known[place]
                used.add(place)
        matched = []
        for number, one in enumerate(sightings):
            known = mine.get(number)
            if known is None:
                if one.since < edge:  # in slices: too coarse to tell anything new by
                    continue
                known = _Known(one._replace(passage=self.new_id()))
                self._known.append(known)
            matched.append((one._replace(passage=known.seen.passage), known))
        return matched

    @staticmethod
    def _sighting(passages: Passages, number: int) -> Sighting:
        rows = passages.member == number
        return Sighting(
            UUID(int=0),
            Direction(int(passages.direction[number])),
            float(passages.probability[number]),
            Doubt(int(passages.doubt[number])),
            int(passages.at[number]),
            int(passages.since[number]),
            int(passages.until[number]),
            bool(passages.settled[number]),
            dict(zip(passages.tag[rows].tolist(), passages.reads[rows].tolist(), strict=True)),
        )


def _news(one: Sighting) -> tuple[Direction, frozenset[int]]:
    return one.direction, frozenset(one.tags)


def _lay_there(one: Sighting, window: Reads) -> bool:
    """Whether all of it was heard for minutes before: then only time tells a loud moment from somebody who carries it away."""
    before = np.isin(window.tag, list(one.tags)) & (window.at < one.since)
    minutes = np.unique(np.stack([window.tag[before], window.at[before] // PERIOD]), axis=1)[0]
    tags, periods = np.unique(minutes, return_counts=True)
    return bool(len(tags) == len(one.tags) and periods.min() >= LAY_PERIODS)


def _told(one: Sighting, known: _Known, as_of: int, *, lay_there: bool) -> Sighting | None:
    """The sighting where it says something new, else None; what lay there is told when it is settled."""
    if known.settled:
        return None
    held = one.direction in PASSED and one.probability >= SURE_LIVE
    if not held:
        known.held_since = NONE
    elif known.held_since == NONE or one.direction is not known.seen.direction:
        known.held_since = as_of
    known.seen = one
    sure = held and not lay_there and as_of - known.held_since >= HELD
    if not one.settled and (not sure or known.told == _news(one)):
        return None
    known.told, known.settled = _news(one), one.settled
    return one


def _over(known: _Known, now: int, *, seen: bool) -> Sighting | None:
    """A passage told that whatever is at the gate keeps unsettled until its reads fade: settled as it was seen last."""
    if known.settled or known.told is None or known.seen.until >= now - READ_BY_READ:
        return None
    one = known.seen._replace(settled=True)
    if not seen:
        one = one._replace(direction=Direction.UNCLEAR, doubt=one.doubt | Doubt.CONTRADICTORY)
    known.seen, known.told, known.settled = one, _news(one), True
    return one
