"""Following moving readers: where each most likely was in every window of its way, the whole way taken together.

A hidden Markov model (Viterbi). What it needs is learned from the way that is followed, again and again: how much of what a
reader hears comes from shelves so far from the one it stands at, by how many volumes the ledger has there (a full shelf doesn't
drown the half-empty one beside it); how often it goes on, and how far; how often the code scanned last, or a label heard, tells
the shelf it is at. All that is heard in half a second counts as one read: the same tags answer again and again.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Anchors, Company, Integers, Places, Reals, Trail, in_parts, summed
from inventory.locating.hearing import STRENGTH_UNTOLD_DBM
from inventory.locating.model import Model
from inventory.locating.sensing import REACH_METRES, nearby, relations
from inventory.locating.tracing import VISIT_WINDOWS_APART, WINDOW, Stays, as_anchored, starts_of

CANDIDATES = 6  # places that come into question in a window
NEAR_WINDOWS = 3  # what is heard so near in time comes into question
SHARE_LEAST = 0.02  # of the loudest home of a window; less tells nothing
DECIBELS_PER_FACTOR = 20.0  # of amplitude: ten loud reads tell more than ten strays
ROUNDS = 3
ROWS_FOLLOWED = 250_000  # of the company, at once
PIECE_WINDOWS = 600  # ways are followed in pieces of so many windows, side by side
KINDS = 3
FAR_AT_ONCE = 1e-9  # nobody gets far from one half second to the next
STAYS, NEAR, FAR = range(KINDS)  # from one moment to the next: at the same place, at one within reach, anywhere else
# Of these, until they are learned: without a pause in the reads, and after one, when somebody has gone on.
STEP_SHARES = np.array([[0.95, 0.05, FAR_AT_ONCE], [0.6, 0.36, 0.04]])
STEP_PLACES = np.array([1, CANDIDATES, CANDIDATES])  # to choose from
CODE_RIGHT, LABEL_RIGHT = 0.9, 0.7
RIGHT_LEAST, RIGHT_MOST = 0.3, 0.99
LABEL_WINDOWS_LATE = 6
FEW_HEARD, FEW_ASKED = 0.1, 10.0  # of a relation, before anything is heard
SHORT_SHARE = 0.35  # of the usual length of a stay
SETTLED_TIMES = 2
NEVER = -1e12


class _Way(NamedTuple):
    """The moments in which moving readers heard anything, ascending by (reader, window).

    begins: whether it may have been anywhere just before: another reader's way, or a long silence. paused: whether it
    heard nothing just before.
    """

    reader: Integers
    window: Integers
    begins: NDArray[np.bool_]
    paused: NDArray[np.bool_]


class _Heard(NamedTuple):
    """What share of each moment's loudness comes from volumes of each home, ascending by (moment, home)."""

    moment: Integers
    home: Integers
    share: Reals


class _Said(NamedTuple):
    """What a code or a label says of a moment: the reader is at `place`. worth: its part of one saying."""

    moment: Integers
    place: Integers
    worth: Reals


class _Around(NamedTuple):
    """Pairs of a place where a reader may stand and one near it that holds volumes, ascending by `key`.

    relation: number of each pair's relation. held: of each place, how many volumes the ledger has there.
    """

    key: Integers
    here: Integers
    there: Integers
    relation: NDArray[np.intp]
    held: Integers

    def row_of(self, here: Integers, there: Integers) -> Integers:
        """Which pair each is, the number of pairs where it is none."""
        wanted = here * len(self.held) + there
        at = np.searchsorted(self.key, wanted)
        found = self.key[np.minimum(at, len(self.key) - 1)] == wanted
        return np.where(found, at, len(self.key))


class _Candidates(NamedTuple):
    """(moment, CANDIDATES): the places that come into question; NONE fills up.

    row: of everything heard, which pair (`_Around`) each candidate of its moment is with the home it comes from.
    """

    place: Integers
    row: NDArray[np.int32]


def stays_of(trail: Trail, places: Places, held: Integers, model: Model) -> Stays:
    """Where each moving reader was, as far as anything tells. held: how many volumes the ledger has at each place."""
    company = trail.company
    found = [Stays(*(np.zeros(0, np.int64) for _ in range(4)))]
    if company is not None and held.any():
        around = _around(places, held)
        for rows in _ways_apart(company):
            way, heard = _way_of(company, rows)
            codes, labels = _codes_said(way, trail.codes, model), _labels_said(way, trail.labels)
            place = _settled(way, _followed(way, heard, codes, labels, around, places))
            first = starts_of([np.cumsum(way.begins), place])
            last = np.append(first[1:], len(place)) - 1
            found.append(Stays(way.reader[first], way.window[first], way.window[last], place[first]))
    stays = Stays(*(np.concatenate(column) for column in zip(*found, strict=True)))
    stays = stays._replace(place=as_anchored(stays, trail, model))
    return stays._replace(place=_without_excursions(stays, trail.codes, places, model))


def _without_excursions(stays: Stays, codes: Anchors, places: Places, model: Model) -> Integers:
    """The stays' places, where nobody goes far off and comes back though the code in force is of the shelf just before or after.

    Volumes of a run that was re-shelved tell where they came from, for a part of the stay.
    """
    place, count = stays.place, len(stays.place)
    if not count or not len(codes.at):
        return place
    span = np.int64(1) << 40
    middle = (stays.first + stays.last) // 2
    code = np.searchsorted(codes.reader * span + codes.at // WINDOW, stays.reader * span + middle, side="right") - 1
    since = (middle - codes.at[np.maximum(code, 0)] // WINDOW) * WINDOW
    in_force = (
        (code >= 0) & (codes.reader[np.maximum(code, 0)] == stays.reader) & (since <= model.code_seconds_max * 1e6)
    )
    said = np.where(in_force, codes.place[np.maximum(code, 0)], NONE)
    far, beside = np.ones(count, bool), np.zeros(count, bool)
    for step in (-1, 1):
        other = np.clip(np.arange(count) + step, 0, count - 1)
        same_way = (stays.reader[other] == stays.reader) & (other != np.arange(count))
        far &= ~same_way | (kind_of(places, place[other], place) == FAR)
        beside |= same_way & (place[other] == said)
    return np.where(far & beside, said, place)


def _ways_apart(company: Company) -> Iterator[NDArray[np.intp]]:
    """The rows of some whole ways at a time: they bound the memory, and each lot is enough to learn from."""
    rows = np.flatnonzero((company.place == NONE) & (company.home != NONE))
    begins = np.flatnonzero(_begin(company.reader[rows], company.window[rows]))
    starts = begins[starts_of([begins // ROWS_FOLLOWED])] if len(rows) else begins
    for start, end in pairwise([*starts.tolist(), len(rows)]):
        yield rows[start:end]


def _begin(reader: Integers, window: Integers) -> NDArray[np.bool_]:
    """Where another reader's way begins, or the same may have gone anywhere in a long silence."""
    begin = np.ones(len(reader), bool)
    begin[1:] = (reader[1:] != reader[:-1]) | (np.diff(window) > VISIT_WINDOWS_APART)
    return begin


def _way_of(company: Company, rows: NDArray[np.intp]) -> tuple[_Way, _Heard]:
    reader, window, home = company.reader[rows], company.window[rows], company.home[rows]
    told = company.rssi_reads[rows]
    dbm = np.where(told > 0, company.rssi_sum[rows] / np.maximum(told, 1) / 100, STRENGTH_UNTOLD_DBM)
    loud = company.reads[rows] * 10.0 ** (dbm / DECIBELS_PER_FACTOR)
    first = starts_of([reader, window])
    moment = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(reader))))
    share = loud / summed(moment, loud, len(first))[moment]
    kept = share >= SHARE_LEAST * np.maximum.reduceat(share, first)[moment]
    reader, window = reader[first], window[first]
    begins = _begin(reader, window)
    paused = begins.copy()
    paused[1:] |= np.diff(window) > 1
    return _Way(reader, window, begins, paused), _Heard(moment[kept], home[kept], share[kept])


def _codes_said(way: _Way, codes: Anchors, model: Model) -> _Said:
    """A code speaks for all moments until the next one is scanned, for each a little."""
    span = np.int64(1) << 40
    window = codes.at // WINDOW
    last = np.searchsorted(codes.reader * span + window, way.reader * span + way.window, side="right") - 1
    code = np.maximum(last, 0)
    said = np.zeros(len(way.reader), bool)
    if len(window):
        since = (way.window - window[code]) * WINDOW
        said = (last >= 0) & (codes.reader[code] == way.reader) & (since <= model.code_seconds_max * 1e6)
    moment, code = np.flatnonzero(said), code[said]
    times = np.bincount(code, minlength=len(window))
    return _Said(moment, codes.place[code], 1.0 / times[code])


def _labels_said(way: _Way, labels: Anchors) -> _Said:
    span = np.int64(1) << 40
    window = labels.at // WINDOW
    moment = np.searchsorted(way.reader * span + way.window, labels.reader * span + window)
    moment = np.minimum(moment, len(way.reader) - 1)
    late = way.window[moment] - window
    known = (way.reader[moment] == labels.reader) & (late >= 0) & (late <= LABEL_WINDOWS_LATE)
    return _Said(moment[known], labels.place[known], np.ones(int(known.sum())))


def _around(places: Places, held: Integers) -> _Around:
    here, there = nearby(places, np.arange(len(held)), np.flatnonzero(held > 0))
    key = np.sort(here * len(held) + there)
    here, there = key // len(held), key % len(held)
    relation = relations(places, here, there, np.ones(len(key), np.int64))[0]
    return _Around(key, here, there, np.unique(relation, return_inverse=True)[1], held)


def _candidates_of(way: _Way, heard: _Heard, said: tuple[_Said, ...], around: _Around) -> _Candidates:
    """The places most heard around each moment, and what codes and labels say."""
    count, places = len(way.reader), len(around.held)
    bit = np.cumsum(way.begins)
    moments, homes = [one.moment for one in said], [one.place for one in said]
    weights = [np.full(len(one.moment), 1.0 + 2 * NEAR_WINDOWS) for one in said]
    for step in range(-NEAR_WINDOWS, NEAR_WINDOWS + 1):
        moment = heard.moment + step
        there = (moment >= 0) & (moment < count)
        there[there] &= bit[moment[there]] == bit[heard.moment[there]]
        moments.append(moment[there])
        homes.append(heard.home[there])
        weights.append(heard.share[there] * (1 - abs(step) / (NEAR_WINDOWS + 2)))
    key, row = np.unique(np.concatenate(moments) * places + np.concatenate(homes), return_inverse=True)
    weight = summed(row, np.concatenate(weights), len(key))
    order = np.lexsort((key, -weight, key // places))
    moment = key[order] // places
    rank = np.arange(len(key)) - np.searchsorted(moment, moment)
    taken = rank < CANDIDATES
    place = np.full((count, CANDIDATES), NONE)
    place[moment[taken], rank[taken]] = (key % places)[order][taken]
    pairs = [around.row_of(place[heard.moment, number], heard.home) for number in range(CANDIDATES)]
    return _Candidates(place, np.stack(pairs, axis=1).astype(np.int32))


def _followed(way: _Way, heard: _Heard, codes: _Said, labels: _Said, around: _Around, places: Places) -> Integers:
    """The place of each moment: what is learned of the way, and the way by what is learned, in turn."""
    candidates = _candidates_of(way, heard, (codes, labels), around)
    steps = _Steps.of(way, candidates.place, places)
    place = _loudest(heard)
    shares, code_right, label_right = STEP_SHARES, CODE_RIGHT, LABEL_RIGHT
    for _ in range(ROUNDS):
        likely = _likelihoods(place, heard, candidates, around)
        for said, right in ((codes, code_right), (labels, label_right)):
            hit = candidates.place[said.moment] == said.place[:, None]
            worth = said.worth[:, None] * np.where(hit, np.log(right), np.log((1 - right) / CANDIDATES))
            np.add.at(likely, said.moment, worth)
        likely[candidates.place == NONE] = NEVER
        place = steps.likeliest(likely, np.log(shares / STEP_PLACES).ravel())
        taken = (kind_of(places, place[:-1], place[1:]) + KINDS * way.paused[1:])[~way.begins[1:]]
        counts = np.bincount(taken, minlength=STEP_SHARES.size).reshape(STEP_SHARES.shape) + STEP_SHARES
        shares = counts / counts.sum(axis=1, keepdims=True)
        shares[0, FAR] = FAR_AT_ONCE
        code_right, label_right = _right(codes, place, code_right), _right(labels, place, label_right)
    return place


def _settled(way: _Way, place: Integers) -> Integers:
    """Without stays far shorter than usual: somebody at the end of a shelf, beside the next bay."""
    for _ in range(SETTLED_TIMES):
        first = starts_of([np.cumsum(way.begins), place])
        length = np.diff(np.append(first, len(place)))
        short = (length < SHORT_SHARE * np.median(length)) & ~way.begins[first]
        place = np.repeat(np.where(short, place[np.maximum(first - 1, 0)], place[first]), length)
    return place


def _loudest(heard: _Heard) -> Integers:
    """The home most heard in each moment: where to begin, whatever codes and labels say; these may be few."""
    order = np.lexsort((heard.home, -heard.share, heard.moment))
    return heard.home[order[starts_of([heard.moment])]]


def _right(said: _Said, place: Integers, before: float) -> float:
    """How often it says the place where the reader was."""
    if not len(said.moment):
        return before
    return float(np.clip((place[said.moment] == said.place).mean(), RIGHT_LEAST, RIGHT_MOST))


def _likelihoods(place: Integers, heard: _Heard, candidates: _Candidates, around: _Around) -> Reals:
    """Logarithm of how likely what is heard in each moment is at each candidate; learned from `place`, where it was so far."""
    held, kinds = around.held, int(around.relation.max(initial=0)) + 1
    kind = np.append(around.relation, kinds)[around.row_of(place[heard.moment], heard.home)]
    times = np.bincount(place, minlength=len(held))
    asked = summed(around.relation, times[around.here] * held[around.there], kinds)
    asked = np.append(asked, len(place) * float(held.sum()))
    each = (summed(kind, heard.share, kinds + 1) + FEW_HEARD) / (asked + FEW_ASKED)
    elsewhere = each[kinds]
    near = held[around.there] * np.maximum(each, elsewhere)[around.relation]
    in_all = np.log(summed(around.here, near, len(held)) + elsewhere * held.sum())
    near = np.append(np.log(near), np.nan)
    likely = np.empty(candidates.place.shape)
    for part in in_parts(heard.moment):
        moment, home, share = heard.moment[part], heard.home[part], heard.share[part]
        row = candidates.row[part]
        far = np.log(held[home] * elsewhere)[:, None]
        expected = np.where(row < len(around.key), near[row], far) - in_all[candidates.place[moment]]
        first = np.flatnonzero(np.append(True, np.diff(moment) != 0))
        likely[moment[first]] = np.add.reduceat(share[:, None] * expected, first)
    return likely


class _Steps(NamedTuple):
    """How the moments follow one another, in pieces that are walked side by side, the longest first.

    kind: of each moment, how far each of its candidates (rows) is from each of the moment before (columns): STAYS, NEAR or
    FAR, and KINDS more where it paused before.
    """

    candidates: Integers
    kind: NDArray[np.int8]
    first: Integers
    length: Integers

    @staticmethod
    def of(way: _Way, candidates: Integers, places: Places) -> "_Steps":
        """Cut the way into pieces."""
        begin = np.flatnonzero(way.begins)
        length = np.diff(np.append(begin, len(way.begins)))
        within = np.arange(len(way.begins)) - np.repeat(begin, length)
        first = np.flatnonzero(within % PIECE_WINDOWS == 0)
        length = np.diff(np.append(first, len(way.begins)))
        order = np.argsort(-length, kind="stable")
        kind = np.full((len(candidates), CANDIDATES, CANDIDATES), FAR, np.int8)
        for one, other in np.ndindex(CANDIDATES, CANDIDATES):
            kind[1:, one, other] = kind_of(places, candidates[:-1, other], candidates[1:, one])
        kind += (KINDS * way.paused).astype(np.int8)[:, None, None]
        return _Steps(candidates, kind, first[order], length[order])

    def likeliest(self, likely: Reals, costs: Reals) -> Integers:
        """The likeliest way through the candidates, where a step of each kind is as likely as that (logarithms)."""
        came_from = np.zeros(likely.shape, np.int8)
        score = likely[self.first]
        longest = int(self.length[0])
        for step in range(1, longest):
            going = int(np.searchsorted(-self.length, -step))
            moment = self.first[:going] + step
            by_step = score[:going, None, :] + costs[self.kind[moment]]
            came_from[moment] = by_step.argmax(axis=2)
            score[:going] = by_step.max(axis=2) + likely[moment]
        place = np.empty(len(likely), np.int64)
        number = score.argmax(axis=1)
        for step in range(longest - 1, -1, -1):
            going = int(np.searchsorted(-self.length, -step))
            moment, at = self.first[:going] + step, number[:going]
            place[moment] = self.candidates[moment, at]
            number[:going] = came_from[moment, at]
        return place


def kind_of(places: Places, here: Integers, there: Integers) -> NDArray[np.int8]:
    """STAYS, NEAR (another shelf within reach) or FAR for each step from one place to another."""
    with np.errstate(invalid="ignore"):
        near = (
            np.maximum(np.abs(places.x[there] - places.x[here]), np.abs(places.y[there] - places.y[here]))
            <= REACH_METRES
        )
    near &= places.room[there] == places.room[here]
    return np.where(here == there, STAYS, np.where(near, NEAR, FAR)).astype(np.int8)
