"""The belief step: where each volume is by radio, with a probability. Vectorised over all volumes at once."""

import numpy as np

from inventory.locating.arrays import NONE, Beliefs, Integers, Places, Reals, Sightings, Trail
from inventory.locating.hearing import mean_strengths, places_by_anchors
from inventory.locating.judging import weigh_night
from inventory.locating.listening import hear_alone
from inventory.locating.model import Model
from inventory.locating.profiling import no_profiles
from inventory.locating.weighing import best_two

SPACING_METRES = 0.5  # distance at which the fade by distance begins to count: about half a shelf


def believe(
    sightings: Sightings,
    trail: Trail,
    places: Places,
    ledger_place: Integers,
    model: Model,
) -> Beliefs:
    """Where the radio says each sighted volume is.

    ledger_place: the place of each volume by the ledger, NONE where it has none. Raises nothing; a volume seen only by
    a reader that nobody knows the way of has no belief. Once a close has taught the model what to expect, places are weighed
    by that; before, by mean strength. Each volume's belief is drawn from what was heard of it alone: which others are looked
    at with it changes no bit.
    """
    seen_at = places_by_anchors(sightings, trail, model)
    if model.sensor is not None and model.level_dbm is not None:
        night = hear_alone(sightings, seen_at, places, len(ledger_place), model.level_dbm)
        nothing_known = no_profiles(len(ledger_place))
        weighed = weigh_night(night, places, ledger_place, model, nothing_known, alone=False)
        return best_two(weighed.candidates, weighed.posterior, night.reads, night.last_seen)
    heard = mean_strengths(sightings, seen_at, len(places.x))
    volume, place, strength = _with_ledger_place(*heard, places, ledger_place, model)
    posterior = _posterior(volume, place, strength, ledger_place, model)
    return _best_two(volume, place, posterior, sightings)


def _with_ledger_place(
    volume: Integers,
    place: Integers,
    strength: Reals,
    places: Places,
    ledger_place: Integers,
    model: Model,
) -> tuple[Integers, Integers, Reals]:
    """Add each volume's ledger place where it wasn't heard there, as loud as a stray from there would have been.

    A volume heard only next to a shelf that perhaps nobody swept most likely stands on that shelf, one heard only in another
    room doesn't. Where an antenna is fixed there (a smart cabinet), it has listened in vain, and the place counts as silent.
    """
    by_strength = np.lexsort((place, -strength, volume))
    volumes, first = np.unique(volume[by_strength], return_index=True)
    loudest = by_strength[first]
    home = ledger_place[volumes]
    heard_home = np.isin(volumes, volume[place == ledger_place[volume]])
    missing = np.flatnonzero(~heard_home & (home != NONE))
    there, here = home[missing], place[loudest[missing]]
    unheard = strength[loudest[missing]] - _fade_db(places, there, here, model)
    if places.listening is not None:
        unheard = np.where(places.listening[there], np.minimum(model.silent_dbm, unheard), unheard)
    all_volume = np.concatenate([volume, volumes[missing]])
    all_place = np.concatenate([place, there])
    order = np.lexsort((all_place, all_volume))
    return all_volume[order], all_place[order], np.concatenate([strength, unheard])[order]


def _fade_db(places: Places, there: Integers, here: Integers, model: Model) -> Reals:
    """How much weaker, in dB, a tag sounds at `here` for standing at `there`."""
    apart = [axis[there] - axis[here] for axis in (places.x, places.y, places.z)]
    fade = model.fade_db_per_decade * np.log10(1.0 + np.sqrt(sum(metres**2 for metres in apart)) / SPACING_METRES)
    fade[(places.room[there] != places.room[here]) | np.isnan(fade)] = model.fade_db_max
    return np.minimum(fade, model.fade_db_max)


def _posterior(volume: Integers, place: Integers, strength: Reals, ledger_place: Integers, model: Model) -> Reals:
    """Probability of each (volume, place) row: prior of the ledger times likelihood of the strength, summing to 1."""
    volumes, first, candidates = np.unique(volume, return_index=True, return_counts=True)
    owner = np.repeat(np.arange(len(volumes)), candidates)
    others = np.maximum(candidates[owner] - 1, 1)
    prior = np.where(place == ledger_place[volume], model.ledger_right, (1.0 - model.ledger_right) / others)
    logarithm = np.log(prior) + strength / model.scale_db
    if not len(first):
        return logarithm
    logarithm -= np.maximum.reduceat(logarithm, first)[owner]
    weight = np.exp(logarithm)
    return np.asarray(weight / np.add.reduceat(weight, first)[owner])


def _best_two(volume: Integers, place: Integers, posterior: Reals, sightings: Sightings) -> Beliefs:
    """The likeliest place and its runner-up for each volume; ties go to the lower place number."""
    order = np.lexsort((place, -posterior, volume))
    volumes, first, candidates = np.unique(volume[order], return_index=True, return_counts=True)
    best = order[first]
    has_second = candidates > 1
    second = order[np.where(has_second, first + 1, first)]
    size = len(sightings.volume) and int(sightings.volume.max()) + 1
    reads = np.zeros(size, np.int64)
    last_seen = np.full(size, NONE)
    np.add.at(reads, sightings.volume, sightings.reads)
    np.maximum.at(last_seen, sightings.volume, sightings.last_at)
    return Beliefs(
        volume=volumes,
        place=place[best],
        probability=posterior[best],
        runner_up=np.where(has_second, place[second], NONE),
        runner_up_probability=np.where(has_second, posterior[second], 0.0),
        reads=reads[volumes],
        last_seen=last_seen[volumes],
    )
