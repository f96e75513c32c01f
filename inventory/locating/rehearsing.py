"""A night rehearses: what it would say of strays, tried with volumes whose place it knows.

Likelihoods take what is heard for more independent than it is, so odds of a thousand to one can be wrong one time in ten; how
far they are to be trusted differs with the building, the radio and the night. A volume at home, the ledger taken to have it on
a shelf beside, and with the past of one that stands there, is a stray whose true place is known. What comes of that is in
`trusting`.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from inventory.locating.arrays import NONE, Integers, Places, Reals, rows_of
from inventory.locating.listening import Night
from inventory.locating.profiling import Profiles
from inventory.locating.remembering import Memory
from inventory.locating.sensing import Hearings, Shelves
from inventory.locating.trusting import BLUNT, Rehearsal, odds_of, to_power
from inventory.locating.weighing import STACK_METRES, Candidates, at_home_of, nearest, posterior_of, weigh, wider

SCENES = 4_000
SCENES_MIN = 100  # fewer tell too little
ALIKE_TRIES = 12  # of so many volumes on the shelf beside, the one that is usually about as loud lends its past
POWERS, BLUNT_SHARES = np.linspace(0.4, 1.2, 9), np.array([0.0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2])


@dataclass(frozen=True)
class Scenes:
    """Rehearsed strays, numbered 0..n-1: what is heard of each, the past it is lent, and where it stands in truth."""

    hearings: Hearings
    profiles: Profiles
    ledger_place: Integers
    stands: Integers


def rehearse(
    night: Night, shelves: Shelves, memory: Memory, ledger_right: float, *, widely: bool = False
) -> Rehearsal | None:
    """Judge a few thousand strays that aren't, `widely` as `wider` does; None where too few volumes were heard to try it with."""
    scenes = _scenes(night, shelves.places, memory)
    if scenes is None:
        return None
    count = len(shelves.places.x)
    pretended = replace(memory, profiles=scenes.profiles, ledger_place=scenes.ledger_place)
    near, served = night.pairs_near, night.served
    candidates = weigh(scenes.hearings, shelves, near, pretended, served)
    posterior = posterior_of(candidates, scenes.ledger_place, count, ledger_right, memory.model)
    if widely:
        at_home = at_home_of(candidates, posterior, scenes.ledger_place)
        candidates = wider(candidates, scenes.hearings, shelves, near, pretended, served, at_home)
        posterior = posterior_of(candidates, scenes.ledger_place, count, ledger_right, memory.model)
    odds = odds_of(candidates, posterior, scenes.ledger_place, shelves.places, ledger_right)
    return Rehearsal(odds, *_power(candidates, posterior, scenes, 1 - ledger_right))


def _scenes(night: Night, places: Places, memory: Memory) -> Scenes | None:
    """Some of the volumes heard, each on a shelf where it isn't: mostly on one around its own, the nearer the likelier."""
    ledger, chance = memory.ledger_place, np.random.default_rng(0)
    heard = np.zeros(len(ledger), bool)
    heard[night.hearings.volume] = True
    known = (ledger != NONE) & night.covers[ledger]
    volume = np.flatnonzero(heard & known)
    if len(volume) < SCENES_MIN:
        return None
    if len(volume) > SCENES:
        volume = np.sort(chance.choice(volume, SCENES, replace=False))
    other = _lenders(volume, np.flatnonzero(known), places, memory, chance)
    moved = ledger[other] != ledger[volume]
    volume, other = volume[moved], other[moved]
    if len(volume) < SCENES_MIN:
        return None
    return Scenes(_heard_of(night.hearings, volume), _past_of(memory.profiles, other), ledger[other], ledger[volume])


def _lenders(
    volume: Integers, residents: Integers, places: Places, memory: Memory, chance: np.random.Generator
) -> Integers:
    """For each volume one of another shelf, about as loud at home as itself, whose place and past it takes."""
    ledger, model = memory.ledger_place, memory.model
    order = residents[np.argsort(ledger[residents], kind="stable")]
    everywhere = np.arange(len(places.x))
    first = np.searchsorted(ledger[order], everywhere)
    size = np.searchsorted(ledger[order], everywhere, side="right") - first
    taken = np.flatnonzero(size)
    place = chance.choice(taken, len(volume))
    here, nearness, begin = _around(places, taken, np.unique(ledger[volume]), model.near_places)
    close = (begin[ledger[volume] + 1] > begin[ledger[volume]]) & (chance.random(len(volume)) < model.near_share)
    start, end = nearness[begin[ledger[volume]]], nearness[begin[ledger[volume] + 1]]
    pick = np.searchsorted(nearness, start + chance.random(len(volume)) * (end - start), side="right") - 1
    place[close] = here[pick[close]]
    loud = _loudness(memory.profiles, len(ledger))
    best, best_apart = volume.copy(), np.full(len(volume), np.inf)
    for _ in range(ALIKE_TRIES):
        other = order[first[place] + (chance.random(len(volume)) * size[place]).astype(np.int64)]
        apart = np.nan_to_num(np.abs(loud[other] - loud[volume]), nan=np.finfo(np.float64).max)
        better = apart < best_apart
        best[better], best_apart[better] = other[better], apart[better]
    return best


def _around(places: Places, taken: Integers, wanted: Integers, most: int) -> tuple[Integers, Reals, Integers]:
    """The nearest of the `taken` places around each wanted one.

    Second: the running sum of how likely a stray of the wanted one came from each, by the square of how near it is; third, by
    wanted place, where its part begins.
    """
    here, there, squared = nearest(places, taken, wanted, most)
    running = np.append(0.0, np.cumsum(1 / np.maximum(squared, STACK_METRES**2)))
    return here, running, np.searchsorted(there, np.arange(len(places.x) + 1))


def _loudness(profiles: Profiles, volumes: int) -> Reals:
    """How loud each volume usually is at its own place, in dB above the others there; NaN unknown."""
    loud = np.full(volumes, np.nan)
    own = (profiles.place == profiles.home[profiles.volume]) & (profiles.told > 0)
    loud[profiles.volume[own]] = profiles.strength[own] / profiles.told[own]
    return loud


def _heard_of(hearings: Hearings, volume: Integers) -> Hearings:
    owner, line = rows_of(hearings.volume, volume)
    columns = {field.name: getattr(hearings, field.name)[line] for field in fields(Hearings)}
    return Hearings(**{**columns, "volume": owner})


def _past_of(profiles: Profiles, volume: Integers) -> Profiles:
    owner, line = rows_of(profiles.volume, volume)
    by_volume = {name: getattr(profiles, name)[volume] for name in ("home", "nights", "seen", "reads", "unseen")}
    by_row = {
        field.name: getattr(profiles, field.name)[line] for field in fields(Profiles) if field.name not in by_volume
    }
    return Profiles(**{**by_volume, **by_row, "volume": owner})


def _power(candidates: Candidates, posterior: Reals, scenes: Scenes, astray: float) -> tuple[float, float, float]:
    """`Rehearsal.power` and `blunt`, by which the true places come out likeliest, and `told`.

    astray: of the scenes, so many stood elsewhere themselves.
    """
    size = len(scenes.stands)
    elsewhere = candidates.place != scenes.ledger_place[candidates.volume]
    volume, place = candidates.volume[elsewhere], candidates.place[elsewhere]
    true = place == scenes.stands[volume]
    told = (np.bincount(volume, true, size) > 0)[volume]
    volume, probability, true = volume[told], posterior[elsewhere][told], true[told]
    if not len(volume):
        return 1.0, 0.0, 1.0
    among = np.bincount(volume, minlength=size)[volume[true]]
    blunt = to_power(volume, probability, BLUNT, size)[true]

    def likely(power: float, share: float) -> float:
        said = (1 - share) * to_power(volume, probability, power, size)[true] + share * blunt
        return float(np.log((1 - astray) * said + astray / among).sum())

    tried = [(power, share) for power in POWERS.tolist() for share in BLUNT_SHARES.tolist()]
    return *max(tried, key=lambda one: likely(*one)), len(among) / size
