"""Zones: antennas that look into aisles. They tell the aisle, not the shelf.

What a smart cabinet's antenna is to its board, a zone's antenna is to its aisle, so everything here is the judgement of shelves
once more, with aisles for shelves. An aisle that wasn't open is one nobody listened at. Only of volumes that no other reader
heard that day does the aisle decide.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Anchors, Beliefs, Integers, Packed, Places, Reals, Sightings, Trail
from inventory.locating.judging import Judgement, Outcome, Past, judge
from inventory.locating.model import Model
from inventory.locating.nightly import close_night
from inventory.locating.profiling import Profiles
from inventory.locating.tracing import Posts

_NO_ANCHORS = Anchors(*(np.zeros(0, np.int64) for _ in range(4)))
NO_TRAIL = Trail(_NO_ANCHORS, _NO_ANCHORS)


@dataclass(frozen=True)
class Zones:
    """What zone antennas heard in an interval, and the aisles they look into, numbered 0..m-1.

    sightings: their `place` is an aisle. aisle_of: of each place the aisle it is reached from, NONE where no antenna looks into
    it. place_of: of each aisle the place its antenna is registered at. aisles: as places.
    """

    sightings: Sightings | Packed
    aisle_of: Integers
    place_of: Integers
    aisles: Places

    def of_ledger(self, ledger_place: Integers) -> Integers:
        """The aisle each volume is in by the ledger, NONE where no antenna looks into it."""
        return np.append(self.aisle_of, NONE)[ledger_place]


def judge_zones(
    zones: Zones, ledger_place: Integers, moved_at: Integers, model: Model, profiles: Profiles
) -> Judgement:
    """Judge by aisles; profiles: those of the zones, with aisles for places. moved_at: as in `Past`."""
    return judge(*_as_shelves(zones, ledger_place, moved_at, model, profiles))


def close_zones(
    zones: Zones, ledger_place: Integers, moved_at: Integers, model: Model, profiles: Profiles
) -> tuple[Model, Profiles, Judgement]:
    """Learn from a whole day of the zones; the model is the site's, with what they taught."""
    learned, after, judged = close_night(*_as_shelves(zones, ledger_place, moved_at, model, profiles))
    return replace(model, zones=learned.parameters()), after, judged


def _as_shelves(
    zones: Zones, ledger_place: Integers, moved_at: Integers, model: Model, profiles: Profiles
) -> tuple[Sightings | Packed, Trail, Places, Integers, Model, Profiles, Past]:
    # A tag that an aisle's antenna has never read may well be out of its reach: that says nothing of the tag.
    past = Past(moved_at, profiles.seen > 0)
    home = zones.of_ledger(ledger_place)
    return zones.sightings, NO_TRAIL, zones.aisles, home, model.of_zones(), profiles, past


def with_zones(
    judged: Judgement, by_aisle: Judgement, zones: Zones, ledger_place: Integers
) -> tuple[Judgement, NDArray[np.bool_]]:
    """The judgement of the shelves, completed by the aisles'; second, of which volumes the aisle decided.

    Heard in its own aisle, a volume is believed on its shelf: of those in their aisle, `ledger_right` are. Heard in another, it
    is elsewhere, at the place of that aisle's antenna. Not heard though it was to be, it is undecided: how long an aisle stands
    open differs far more from day to day than how a shelf is swept, so somebody has to go there before it is called missing.
    """
    home = zones.of_ledger(ledger_place)
    told, aisle_told = _spread(judged.beliefs, len(home)), _spread(by_aisle.beliefs, len(home))
    unheard = (told.place == NONE) & (home != NONE) & (by_aisle.outcome != Outcome.UNCOVERED)
    heard = unheard & (aisle_told.place != NONE)
    silent = unheard & ~heard & (by_aisle.outcome == Outcome.MISSING) & (judged.outcome == Outcome.UNCOVERED)
    decided = heard | silent
    outcome = np.where(heard, by_aisle.outcome, np.where(silent, int(Outcome.UNDECIDED), judged.outcome))
    in_aisle = aisle_told.place == home
    place = np.where(in_aisle, ledger_place, zones.place_of[aisle_told.place])
    probability = aisle_told.probability * np.where(in_aisle, judged.ledger_right, 1.0)
    beliefs = _with(judged.beliefs, np.flatnonzero(heard), place, probability, aisle_told)
    certainty = np.zeros(len(home))
    certainty[judged.beliefs.volume] = judged.certainty
    certainty[heard] = probability[heard]
    reached = by_aisle.listened & (home != NONE)
    swapped = [(int(zones.place_of[one]), int(zones.place_of[other])) for one, other in by_aisle.swapped]
    return (
        replace(
            judged,
            outcome=outcome,
            listened=judged.listened | reached,
            beliefs=beliefs,
            silence=judged.silence._replace(
                gone=np.where(silent, by_aisle.missing, np.where(heard, 0.0, judged.missing))
            ),
            certainty=certainty[beliefs.volume],
            swapped=(*judged.swapped, *swapped),
            night=replace(
                judged.night,
                posts=_listened_from_the_aisle(judged, by_aisle, zones),
                reads=judged.night.reads + np.where(home != NONE, by_aisle.night.reads, 0),
            ),
        ),
        decided,
    )


def _spread(beliefs: Beliefs, volumes: int) -> Beliefs:
    """A row for every volume; `place` is NONE where nothing is believed."""
    columns = {}
    for name in Beliefs.__dataclass_fields__:
        values = getattr(beliefs, name)
        columns[name] = np.full(volumes, NONE if values.dtype.kind == "i" else 0.0, values.dtype)
        columns[name][beliefs.volume] = values
    return Beliefs(**columns)


def _with(before: Beliefs, more: NDArray[np.intp], place: Integers, probability: Reals, told: Beliefs) -> Beliefs:
    """Beliefs with those of other volumes."""
    added = Beliefs(
        volume=more,
        place=place[more],
        probability=probability[more],
        runner_up=np.full(len(more), NONE),
        runner_up_probability=np.zeros(len(more)),
        reads=told.reads[more],
        last_seen=told.last_seen[more],
    )
    order = np.argsort(np.concatenate([before.volume, more]), kind="stable")
    return Beliefs(
        *(
            np.concatenate([getattr(one, name) for one in (before, added)])[order]
            for name in Beliefs.__dataclass_fields__
        )
    )


def _listened_from_the_aisle(judged: Judgement, by_aisle: Judgement, zones: Zones) -> Posts:
    """A shelf is listened at also from its aisle."""
    posts, of_aisle = judged.night.posts, by_aisle.night.posts
    watched = np.flatnonzero(zones.aisle_of != NONE)
    aisle = zones.aisle_of[watched]
    effort, last = posts.effort.copy(), posts.last.copy()
    effort[watched] = np.maximum(effort[watched], np.minimum(of_aisle.effort[aisle], 1))
    last[watched] = np.maximum(last[watched], of_aisle.last[aisle])
    return posts._replace(effort=effort, last=last)
