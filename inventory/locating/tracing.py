"""Where moving readers were: told by the volumes they heard together, by label tags and by scanned codes.

A keeper forgets a code, a label is dead, shelves are swept out of order: the volumes around still tell, since nearly all
of them stand where the ledger says. But where a whole run was re-shelved they tell wrongly together, and there the code
scanned on arriving, or the label heard on the spot, is right.
"""

from dataclasses import fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Anchors, Company, Integers, Reals, Sightings, Trail
from inventory.locating.hearing import SECOND, places_by_anchors
from inventory.locating.model import Model

WINDOW = SECOND // 2  # an ingest slice of a moving antenna
FIXED_WINDOW = 300 * SECOND  # an ingest slice of a fixed antenna
VISIT_WINDOWS_APART = 240  # a reader that comes back to a shelf after two minutes visits it again
VISIT_WINDOWS_MIN, VISIT_READS_MIN = 6, 15  # less is somebody passing by


class Stays(NamedTuple):
    """A moving reader at one place in consecutive windows, sorted by (reader, first)."""

    reader: Integers
    first: Integers
    last: Integers
    place: Integers


class Posts(NamedTuple):
    """Of each place: how often it was listened at (0: never), how loud its own volumes sounded there in dBm, and until when.

    The level takes out what all share: a day's drift, an antenna's gain, a handheld turned down. last: microseconds since
    1970, NONE where nobody listened.
    """

    effort: Integers
    level: Reals
    last: Integers


def company_of(sightings: Sightings, ledger_place: Integers) -> Company:
    """The company in which all these were heard; they must be all that were."""
    home = ledger_place[sightings.volume]
    width = np.where(sightings.place == NONE, WINDOW, FIXED_WINDOW)
    window = sightings.at // width
    order = np.lexsort((home, window, sightings.place, sightings.reader))
    keys = [column[order] for column in (sightings.reader, sightings.place, window, home)]
    first = starts_of(keys)
    sums = [_sums(column[order], first) for column in (sightings.reads, sightings.rssi_reads, sightings.rssi_sum)]
    return Company(*(key[first] for key in keys), *sums)


def together(companies: list[Company]) -> Company:
    """The companies of volumes of different ledger places as one."""
    if len(companies) == 1:
        return companies[0]
    keys = [np.concatenate([getattr(one, key) for one in companies]) for key in ("home", "window", "place", "reader")]
    order = np.lexsort(keys)
    del keys
    return Company(*(np.concatenate([getattr(one, f.name) for one in companies])[order] for f in fields(Company)))


def starts_of(keys: list[Integers]) -> NDArray[np.intp]:
    """Where a new combination of keys begins; keys are sorted."""
    new = np.ones(len(keys[0]), bool)
    if len(new):
        new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.flatnonzero(new)


def _sums(values: Integers, first: NDArray[np.intp]) -> Integers:
    return np.add.reduceat(values, first) if len(first) else values[:0]


def as_anchored(stays: Stays, trail: Trail, model: Model) -> Integers:
    """The stays' places, corrected where what was scanned or heard on the spot contradicts the volumes' company."""
    place = stays.place.copy()
    if not len(place):
        return place
    for anchors, scanned in ((trail.codes, True), (_loud(trail.labels, model), False)):
        window = anchors.at // WINDOW
        stay = _arriving_at(stays, anchors.reader, window) if scanned else _stay_at(stays, anchors.reader, window)
        known = stay != NONE
        stay, said, window = stay[known], anchors.place[known], window[known]
        # A shelf beside this one in time, too, may be the one that it speaks of.
        agrees = np.zeros(len(place), bool)
        around = [np.clip(stay + step, 0, len(place) - 1) for step in (0, -1, 1)]
        fits = [(stays.place[one] == said) & (stays.reader[one] == stays.reader[stay]) for one in around]
        for one, fit in zip(around, fits, strict=True):
            agrees[one[fit]] = True
        against = ~agrees[stay] & ~np.any(fits, axis=0)
        if not scanned:
            middle = (stays.first[stay] + stays.last[stay]) / 2
            against &= np.abs(window - middle) <= np.maximum((stays.last[stay] - stays.first[stay]) / 4, 0.5)
        place[stay[against]] = said[against]
    return place


def _arriving_at(stays: Stays, reader: Integers, window: Integers) -> Integers:
    """The stay each scan begins: where the reader is half a usual stay later; NONE where it is nowhere then.

    When exactly it went on may be told wrongly, above all where a re-shelved run confuses the company.
    """
    usual = np.median(stays.last - stays.first + 1).astype(np.int64)
    return _stay_at(stays, reader, window + usual // 2)


def _loud(labels: Anchors, model: Model) -> Anchors:
    """Only labels about as loud as labels are when the reader stands before them."""
    if not len(labels.at):
        return labels
    usual = np.median(labels.strength)
    kept = labels.strength >= usual - model.label_db_below_max * 50
    return Anchors(labels.reader[kept], labels.at[kept], labels.place[kept], labels.strength[kept])


def _stay_at(stays: Stays, reader: Integers, window: Integers) -> Integers:
    """The stay each (reader, window) falls into, NONE where none does."""
    if not len(stays.reader):
        return np.full(len(reader), NONE)
    span = np.int64(1) << 40
    at = np.searchsorted(stays.reader * span + stays.first, reader * span + window, side="right") - 1
    there = np.maximum(at, 0)
    inside = (at >= 0) & (stays.reader[there] == reader) & (window <= stays.last[there] + 1)
    return np.where(inside, at, NONE)


def places_of(sightings: Sightings, trail: Trail, model: Model, stays: Stays) -> Integers:
    """The place each sighting speaks for; where no company tells, what anchors tell."""
    stay = _stay_at(stays, sightings.reader, sightings.at // WINDOW)
    moving = sightings.place == NONE
    by_stay = stays.place[stay] if len(stays.place) else stay
    places = np.where(moving, np.where(stay == NONE, NONE, by_stay), sightings.place)
    lost = np.flatnonzero(places == NONE)
    if len(lost):
        columns = {name: getattr(sightings, name)[lost] for name in Sightings.__dataclass_fields__}
        places[lost] = places_by_anchors(Sightings(**columns), trail, model)
    return places


def phases_of(sightings: Sightings, stays: Stays) -> Integers:
    """How far from the middle of its visit each sighting was, 0 to 1,000 at either end; NONE where nothing moves."""
    stay = _stay_at(stays, sightings.reader, sightings.at // WINDOW)
    known = (sightings.place == NONE) & (stay != NONE)
    if not len(stays.reader):
        return np.full(len(stay), NONE)
    first = stays.first[stay] * WINDOW
    width = np.maximum((stays.last[stay] + 1) * WINDOW - first, WINDOW)
    from_middle = np.abs(2 * (sightings.at - first) - width) * 1000 // width
    return np.where(known, np.minimum(from_middle, 1000), NONE)


def posts_of(company: Company, stays: Stays, places: int) -> Posts:
    """How each place was listened at, from everything that was heard."""
    at = np.where(company.place == NONE, _place_of_windows(company, stays), company.place)
    known = np.flatnonzero(at != NONE)
    at, home = at[known], company.home[known]
    reader, window, moving = company.reader[known], company.window[known], company.place[known] == NONE
    order = np.lexsort((window, reader, at))
    begin = starts_of([at[order], reader[order], window[order]])
    first, reads = order[begin], _sums(company.reads[known][order], begin)
    effort = np.bincount(at[first][~moving[first]], minlength=places)
    rows, reads = first[moving[first]], reads[moving[first]]
    apart = np.ones(len(rows), bool)
    same = (at[rows][1:] == at[rows][:-1]) & (reader[rows][1:] == reader[rows][:-1])
    apart[1:] = ~(same & (np.diff(window[rows]) <= VISIT_WINDOWS_APART))
    begun = np.flatnonzero(apart)
    ended = np.append(begun[1:], len(rows))[: len(begun)] - 1
    # A reader that reports every few seconds speaks in few windows, each full of reads.
    real = (window[rows][ended] - window[rows][begun] >= VISIT_WINDOWS_MIN) | (_sums(reads, begun) >= VISIT_READS_MIN)
    effort = effort + np.bincount(at[rows][begun[real]], minlength=places)
    own = at == home
    told = np.bincount(at[own], company.rssi_reads[known][own], places)
    total = np.bincount(at[own], company.rssi_sum[known][own], places)
    # Where none of its own volumes was heard, a place is taken to sound like the others, or like whatever was heard.
    sums = (total, told) if told.sum() else (company.rssi_sum[known], company.rssi_reads[known])
    overall = sums[0].sum() / max(sums[1].sum(), 1) / 100
    level = np.full(places, overall)
    np.divide(total, told * 100, out=level, where=told > 0)
    last = np.full(places, NONE)
    np.maximum.at(last, at, (window + 1) * np.where(moving, WINDOW, FIXED_WINDOW))
    return Posts(effort.astype(np.int64), level, np.where(effort > 0, last, NONE))


def _place_of_windows(company: Company, stays: Stays) -> Integers:
    stay = _stay_at(stays, company.reader, company.window)
    return np.where(stay == NONE, NONE, stays.place[stay] if len(stays.place) else stay)
