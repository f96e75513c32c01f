"""How right an answer is: counts that add up over seeds, and what they are worth."""

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.peers import Answer
from devices.simulator.halls import NOT_PLANTED, Plant, Profile
from devices.simulator.truth import NOWHERE
from inventory.locating.arrays import NONE, Integers, Places, Sightings, Trail

Z_ONE_SIDED = 1.6449  # 95 % to one side
BINS = np.linspace(0.0, 1.0, 11)
CERTAIN = 0.99
LEVEL, BAY, GONE, ANY = "level", "bay or face", "removed", "any shelf"
BAY_PLANTS = (Plant.NEXT_BAY, Plant.FACING, Plant.BEHIND, Plant.FAR)


class Standing(Protocol):
    """Of a hall, wherever it comes from: where each volume is by the ledger and in truth (NOWHERE: taken away)."""

    def __len__(self) -> int: ...

    @property
    def profile(self) -> Profile:
        """How it is read."""

    @property
    def places(self) -> Places:
        """Its shelves."""

    @property
    def ledger(self) -> NDArray[np.signedinteger]:
        """The shelf by the ledger."""

    @property
    def stands(self) -> NDArray[np.signedinteger]:
        """The shelf in truth."""

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Whose tag is."""

    @property
    def planted(self) -> NDArray[np.str_]:
        """What was done to it, NOT_PLANTED to most."""

    def bay_of(self, shelf: Integers) -> Integers:
        """The bay of each shelf."""


class Listening(Protocol):
    """Of a day, what was heard; and of each shelf whether anybody was there to hear it."""

    @property
    def sightings(self) -> Sightings:
        """What was heard."""

    @property
    def trail(self) -> Trail:
        """How readers went."""

    @property
    def listened(self) -> NDArray[np.bool_]:
        """Of each shelf."""


def lower_bound(right: int, of: int) -> float:
    """Wilson's 95 % lower confidence bound of a share (one-sided)."""
    if not of:
        return float("nan")
    share, z2 = right / of, Z_ONE_SIDED**2 / of
    return (share + z2 / 2 - Z_ONE_SIDED * sqrt(share * (1 - share) / of + z2 / (4 * of))) / (1 + z2)


@dataclass
class Score:
    """Counts of one method, pooled: `of[what]` plants or calls, `right[what]` of them right."""

    right: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)
    said: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(BINS), 3)))

    def add(self, what: str, right: NDArray[np.bool_]) -> None:
        """Count so many, so many of them right."""
        self.right[what] += int(right.sum())
        self.of[what] += len(right)

    def share(self, what: str) -> float:
        """The share of them that is right."""
        return self.right[what] / self.of[what] if self.of[what] else float("nan")

    def bound(self, what: str) -> float:
        """Its lower confidence bound."""
        return lower_bound(self.right[what], self.of[what])

    def calibration_error(self) -> float:
        """Mean distance of what was said from what was right, over bins of what was said, weighted by their size."""
        count, right, said = self.said.T
        return float(np.abs(right - said).sum() / count.sum()) if count.sum() else float("nan")


def score(answer: Answer, hall: Standing, day: Listening, into: Score) -> None:
    """Add what `answer` got right of one hall on its last day."""
    truth, ledger, place = hall.stands.astype(np.int64), hall.ledger.astype(np.int64), answer.place
    listened = np.append(day.listened, False)
    covered = listened[ledger]
    # Plants count where both the shelf they should be on and the one they are on were swept, and gone is also what stands
    # where nobody swept.
    findable = covered & ((truth == NOWHERE) | listened[truth])
    gone = (truth == NOWHERE) | ((truth != ledger) & ~listened[truth])
    true_bay, home_bay, said_bay = hall.bay_of(truth), hall.bay_of(ledger), hall.bay_of(place)
    moved = answer.decided & (place != NONE) & (place != ledger) & ~answer.missing
    other_bay = moved & (said_bay != home_bay)
    other_level = moved & (said_bay == home_bay)
    by_kind = {kind: (hall.planted == kind.value) & findable for kind in Plant}
    for kind in BAY_PLANTS:
        into.add(f"recall {kind}", (other_bay & (said_bay == true_bay))[by_kind[kind]])
        into.add(f"recall {BAY}", (other_bay & (said_bay == true_bay))[by_kind[kind]])
        into.add(f"right shelf {BAY}", (moved & (place == truth))[by_kind[kind]])
    # A run moved up or down in its own bay is a plant of that kind too, whatever it was planted as.
    into.add(f"recall {LEVEL}", (moved & (place == truth))[by_kind[Plant.NEXT_LEVEL]])
    into.add(f"wrong {LEVEL}", (moved & (place != truth))[by_kind[Plant.NEXT_LEVEL]])
    into.add(f"recall {GONE}", answer.missing[by_kind[Plant.REMOVED]])
    into.add(f"precision {BAY}", (said_bay == true_bay)[other_bay])
    into.add(f"precision {LEVEL}", (place == truth)[other_level])
    into.add(f"precision {GONE}", gone[answer.missing])
    into.add(f"recall {ANY}", (moved & (place == truth))[findable & (hall.planted != NOT_PLANTED) & (truth != NOWHERE)])
    into.add(f"precision {ANY}", (place == truth)[moved])
    into.add("undecided", (~answer.decided)[covered & ~hall.dead])
    into.add("covered", (~answer.uncovered)[covered & ~hall.dead])
    into.add("missing though uncovered", answer.missing[~covered])
    into.add("uncovered told", answer.uncovered[~covered & ((place == NONE) | (place == ledger))])
    told = (place != NONE) & ((place != ledger) | (answer.probability < CERTAIN))
    bins = np.digitize(answer.probability[told], BINS) - 1
    right = (place == truth)[told]
    for column, weight in enumerate((None, right, answer.probability[told])):
        into.said[:, column] += np.bincount(bins, weight, len(BINS))
