"""The belief step: where each volume is by radio, with a probability. Vectorised over all volumes at once."""

import numpy as np

from inventory.locating.arrays import NONE, Anchors, Beliefs, Integers, Places, Reals, Sightings
from inventory.locating.hearing import mean_strengths, places_of
from inventory.locating.model import Model

SPACING_METRES = 0.5  # distance at which the fade by distance begins to count: about half a shelf


def believe(sightings: Sightings, anchors: Anchors, places: Places, ledger_place: Integers, model: Model) -> Beliefs:
    """Where the radio says each sighted volume is.

    ledger_place: the place of each volume by the ledger, NONE where it has none. Raises nothing; a volume seen only by
    a reader that had no anchor has no belief.
    """
    volume, place, strength = mean_strengths(sightings, places_of(sightings, anchors, model), len(places.x))
    volume, place, strength = _with_ledger_place(volume, place, strength, places, ledger_place, model)
    posterior = _posterior(volume, place, strength, ledger_place, model)
    return _best_two(volume, place, posterior, sightings)


def _with_ledger_place(
    volume: Integers, place: Integers, strength: Reals, places: Places, ledger_place: Integers, model: Model
) -> tuple[Integers, Integers, Reals]:
    """Add each volume's ledger place where it wasn't heard there, as loud as a stray from there would have been.

    Heard next to its shelf only, a volume most likely stands on its shelf and the sweep missed it; heard in another
    room only, it doesn't.
    """
    by_strength = np.lexsort((place, -strength, volume))
    volumes, first = np.unique(volume[by_strength], return_index=True)
    loudest = by_strength[first]
    home = ledger_place[volumes]
    heard_home = np.isin(volumes, volume[place == ledger_place[volume]])
    missing = np.flatnonzero(~heard_home & (home != NONE))
    there, here = home[missing], place[loudest[missing]]
    distance = np.sqrt(
        (places.x[there] - places.x[here]) ** 2
        + (places.y[there] - places.y[here]) ** 2
        + (places.z[there] - places.z[here]) ** 2
    )
    fade = model.fade_db_per_decade * np.log10(1.0 + distance / SPACING_METRES)
    fade[(places.room[there] != places.room[here]) | np.isnan(fade)] = model.fade_db_max
    faded = strength[loudest[missing]] - np.minimum(fade, model.fade_db_max)
    all_volume = np.concatenate([volume, volumes[missing]])
    all_place = np.concatenate([place, there])
    order = np.lexsort((all_place, all_volume))
    return all_volume[order], all_place[order], np.concatenate([strength, faded])[order]


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
