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
COARSE = 4  # windows looked at together: a keeper stays at a shelf for several times as long
FIXED_WINDOW = 300 * SECOND  # an ingest slice of a fixed antenna
VISIT_WINDOWS_APART = 240  # a reader that comes back to a shelf after two minutes visits it again
VISIT_WINDOWS_MIN, VISIT_READS_MIN = 6, 15  # less is somebody passing by
PAUSE_WINDOWS = 24  # so near a change (at most half a stay) a pause in the reads, or a scan, says when exactly it was
ARRIVAL_WINDOWS = 6  # a code is scanned at the beginning of a stay, give or take
FAVOUR = 4.0  # so much more count the volumes of the place that was scanned last or whose label was heard
KERNEL = {apart: 1 - abs(apart) / 4 for apart in range(-3, 4)}  # by windows apart
SHORT_SHARE = 0.35  # of the usual length of a stay
SETTLED_TIMES = 2
DECIBELS_PER_FACTOR = 20.0  # of amplitude: ten loud reads tell more than ten strays


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
    first = _starts(keys)
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


def _starts(keys: list[Integers]) -> NDArray[np.intp]:
    """Where a new combination of keys begins; keys are sorted."""
    new = np.ones(len(keys[0]), bool)
    if len(new):
        new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.flatnonzero(new)


def _sums(values: Integers, first: NDArray[np.intp]) -> Integers:
    return np.add.reduceat(values, first) if len(first) else values[:0]


def stays_of(trail: Trail, model: Model) -> Stays:
    """Where each moving reader was, window by window, as far as anything tells."""
    company = trail.company
    if company is None:
        return Stays(*(np.zeros(0, np.int64) for _ in range(4)))
    best = _settled(_loudest_homes(company, trail, model))
    first = _starts([best.reader, best.place])
    # A reader that heard nothing for a while may have gone anywhere: a stay ends there.
    gap = np.flatnonzero(np.diff(best.window) > VISIT_WINDOWS_APART // COARSE) + 1
    first = np.union1d(first, gap).astype(np.int64)
    last = np.append(first[1:], len(best.reader))[: len(first)] - 1
    stays = Stays(
        best.reader[first], best.window[first] * COARSE, best.window[last] * COARSE + COARSE - 1, best.place[first]
    )
    stays = _at_pauses(stays, company, trail.codes)
    return stays._replace(place=_as_anchored(stays, trail, model))


def _at_pauses(stays: Stays, company: Company, codes: Anchors) -> Stays:
    """The same with each change from place to place set to the scan of the new code, or to the end of a pause in the reads."""
    if len(stays.reader) < 2:  # noqa: PLR2004 - one stay has no change
        return stays
    span = np.int64(1) << 40
    busy = np.unique((company.reader * span + company.window)[company.place == NONE])
    change = np.flatnonzero((stays.reader[1:] == stays.reader[:-1]) & (stays.first[1:] - stays.last[:-1] <= COARSE)) + 1
    around = stays.reader[change] * span + stays.first[change]
    length = stays.last - stays.first + 1
    reach = np.minimum(np.minimum(length[change], length[change - 1]) // 2, PAUSE_WINDOWS)
    row = np.searchsorted(busy, around - reach)
    size = np.searchsorted(busy, around + reach, side="right") - row
    owner = np.repeat(np.arange(len(change)), size)
    line = np.repeat(row - (np.cumsum(size) - size), size) + np.arange(len(owner))
    pause = busy[line] - busy[np.maximum(line - 1, 0)]
    inside = line > row[owner]
    longest = np.zeros(len(change), np.int64)
    np.maximum.at(longest, owner[inside], pause[inside])
    found = inside & (pause == longest[owner]) & (pause > 1)
    begins = stays.first[change].copy()
    begins[owner[found]] = busy[line[found]] - stays.reader[change][owner[found]] * span
    if len(codes.at):
        scanned = codes.reader * span + codes.at // WINDOW
        near = np.minimum(np.searchsorted(scanned, around - reach), len(scanned) - 1)
        fits = (np.abs(scanned[near] - around) <= reach) & (codes.place[near] == stays.place[change])
        begins = np.where(fits, scanned[near] - stays.reader[change] * span, begins)
    first, last = stays.first.copy(), stays.last.copy()
    first[change] = begins
    last[change - 1] = begins - 1
    return stays._replace(first=first, last=np.maximum(last, first))


class _Best(NamedTuple):
    reader: Integers
    window: Integers
    place: Integers


def _settled(best: _Best) -> _Best:
    """Without stays far shorter than usual: somebody at the end of a shelf, beside the next bay."""
    place = best.place.copy()
    for _ in range(SETTLED_TIMES):
        first = _starts([best.reader, place])
        length = np.diff(np.append(first, len(place)))
        if not (length > 1).any():
            break
        short = (length < SHORT_SHARE * np.median(length[length > 1])) & (first > 0)
        before = place[np.maximum(first - 1, 0)]
        same = best.reader[first] == best.reader[np.maximum(first - 1, 0)]
        place = np.repeat(np.where(short & same, before, place[first]), length)
    return best._replace(place=place)


def _favoured(reader: Integers, window: Integers, home: Integers, trail: Trail, model: Model) -> NDArray[np.bool_]:
    """Whether each home is the place that the reader scanned last, or whose label it heard about then."""
    at = window * COARSE * WINDOW + COARSE * WINDOW // 2
    nothing = np.zeros(len(at), np.int64)
    as_sightings = Sightings(nothing, reader, np.full(len(at), NONE), at, nothing, nothing, nothing, at)
    return np.asarray(places_by_anchors(as_sightings, trail, model) == home)


def _loudest_homes(company: Company, trail: Trail, model: Model) -> _Best:
    """For each window of each moving reader, the place whose volumes were heard most and loudest around it."""
    rows = np.flatnonzero((company.place == NONE) & (company.home != NONE))
    told = np.maximum(company.rssi_reads[rows], 1) * 100.0
    dbm = np.where(company.rssi_reads[rows] > 0, company.rssi_sum[rows] / told, -60.0)
    weight = company.reads[rows] * 10.0 ** (dbm / DECIBELS_PER_FACTOR)
    key = [company.reader[rows], company.window[rows] // COARSE, company.home[rows]]
    order = np.lexsort(key[::-1])
    key = [column[order] for column in key]
    first = _starts(key)
    weight = np.add.reduceat(weight[order], first) if len(first) else weight
    reader, home = np.tile(key[0][first], len(KERNEL)), np.tile(key[2][first], len(KERNEL))
    window = np.concatenate([key[1][first] + step for step in KERNEL])
    weight = np.concatenate([weight * share for share in KERNEL.values()])
    order = np.lexsort((home, window, reader))
    keys = [reader[order], window[order], home[order]]
    first = _starts(keys)
    total = np.add.reduceat(weight[order], first) if len(first) else weight
    reader, window, home = (key[first] for key in keys)
    total = np.where(_favoured(reader, window, home, trail, model), total * FAVOUR, total)
    by_weight = np.lexsort((home, -total, window, reader))
    reader, window, home = reader[by_weight], window[by_weight], home[by_weight]
    top = _starts([reader, window])
    return _Best(reader[top], window[top], home[top])


def _as_anchored(stays: Stays, trail: Trail, model: Model) -> Integers:
    """The stays' places, corrected where what was scanned or heard on the spot contradicts the volumes' company."""
    place = stays.place.copy()
    codes, labels = trail.codes, _loud(trail.labels, model)
    for anchors, reach in ((codes, ARRIVAL_WINDOWS), (labels, None)):
        if not len(anchors.at) or not len(place):
            continue
        window = anchors.at // WINDOW
        stay = _stay_at(stays, anchors.reader, window)
        # A code scanned just before the volumes change belongs to the stay that begins.
        if reach is not None:
            later = np.minimum(stay + 1, len(place) - 1)
            begins = (stays.reader[later] == anchors.reader) & (stays.first[later] - window <= reach) & (stay != NONE)
            ends = window - stays.first[np.maximum(stay, 0)] > reach
            stay = np.where(begins & (later > stay) & ends, later, stay)
        known = stay != NONE
        stay, said, window = stay[known], anchors.place[known], window[known]
        agrees = np.zeros(len(place), bool)
        agrees[stay[said == stays.place[stay]]] = True
        against = ~agrees[stay]
        if reach is not None:
            against &= np.abs(window - stays.first[stay]) <= reach
        else:
            middle = (stays.first[stay] + stays.last[stay]) / 2
            against &= np.abs(window - middle) <= np.maximum((stays.last[stay] - stays.first[stay]) / 4, 0.5)
        place[stay[against]] = said[against]
    return place


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
    begin = _starts([at[order], reader[order], window[order]])
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
