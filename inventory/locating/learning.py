"""What the nightly close learns: how telling a difference in strength is, at this site, with these tags and shelves."""

from dataclasses import replace

import numpy as np

from inventory.locating.arrays import Integers, Places, Sightings, Trail
from inventory.locating.hearing import mean_strengths, places_by_anchors
from inventory.locating.model import Model

SCALES_DB = np.round(np.geomspace(0.5, 12.0, 25), 3)
VOLUMES_MIN = 200  # fewer volumes heard at two places or more teach nothing


def learn(sightings: Sightings, trail: Trail, places: Places, ledger_place: Integers, model: Model) -> Model:
    """The model with the scale under which the ledger's places are likeliest; unchanged where there is too little to learn.

    The ledger isn't always right: each volume counts as `ledger_right` its ledger place and otherwise anything, so the few
    that are misplaced don't bend the scale.
    """
    volume, place, strength = mean_strengths(sightings, places_by_anchors(sightings, trail, model), len(places.x))
    volumes, first, candidates = np.unique(volume, return_index=True, return_counts=True)
    owner = np.repeat(np.arange(len(volumes)), candidates)
    home_rows = place == ledger_place[volume]
    at_home = np.zeros(len(volumes), bool)
    at_home[owner[home_rows]] = True
    useful = at_home & (candidates > 1)
    if useful.sum() < VOLUMES_MIN:
        return model
    likelihoods = []
    for scale in SCALES_DB:
        weight = np.exp((strength - np.maximum.reduceat(strength, first)[owner]) / scale)
        share = weight / np.add.reduceat(weight, first)[owner]
        home = np.zeros(len(volumes))
        home[owner[home_rows]] = share[home_rows]
        likely = model.ledger_right * home + (1.0 - model.ledger_right) / candidates
        likelihoods.append(float(np.log(likely[useful]).sum()))
    return replace(model, scale_db=float(SCALES_DB[int(np.argmax(likelihoods))]))
