"""What a gate teaches about itself: how loud its passages are at each antenna, how often and how far apart they are heard."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inventory.locating.arrays import Integers, Reals
from inventory.locating.reads import INNER, OUTER, SECOND
from inventory.locating.visiting import Visits
from inventory.locating.walking import Stretches, Usual

GROUPS_MIN = 8  # fewer passages don't tell how loud passages are
KEPT = 0.7  # of what earlier days taught
READS_MIN, READS_EACH_MIN = 6, 2  # of a group that counts, and at either antenna
LOUD_SHARE = 0.75  # of a group's tags are softer: shielded by the others
SPREAD_DB, SPREAD_DB_MIN, SPREAD_DB_MAX = 5.0, 3.0, 7.0
UNTOLD_DBM = -55.0
CHANGE_DB_MAX = 9.0  # no reader that still works becomes so much weaker from one day to the next
SHARE, SHARE_LEAST, SHARE_MOST = 0.5, 0.2, 0.7  # of the time at the gate, that from one antenna to the other; likewise
ORDER, ORDER_LEAST = 0.95, 0.4  # how wholly in order passages are
LAG_SECONDS, LAG_LEAST, LAG_MOST = 0.6, 0.2, 2.5  # from one antenna to the other; the first until anything is known


class Levels(NamedTuple):
    """How passages sound. dbm, spread: by antenna. usual: seconds from one antenna to the other."""

    dbm: Reals
    spread: Reals
    usual: Usual


@dataclass(frozen=True)
class GateModel:
    """What earlier days taught of a gate; as it stands for one that is new."""

    levels: Levels | None = None


def loud_of(visits: Visits, group: Integers, groups: int) -> Reals:
    """How loud each group was at each antenna: what three of four of its tags don't reach; NaN where it wasn't heard."""
    loud = np.full((groups, 2), np.nan)
    for antenna in range(2):
        top = visits.tops[:, antenna]
        rows = np.flatnonzero(~np.isnan(top))
        order = rows[np.lexsort((top[rows], group[rows]))]
        of = group[order]
        number = np.unique(of)
        first, end = np.searchsorted(of, number), np.searchsorted(of, number, side="right")
        loud[number, antenna] = top[order[first + ((end - first - 1) * LOUD_SHARE).astype(np.int64)]]
    return loud


def loudest_lags(visits: Visits, group: Integers, groups: int) -> Reals:
    """Seconds by which each group was loudest at the outer antenna after the inner one; NaN where none of its tags tells."""
    lag = visits.beside[:, OUTER] - visits.beside[:, INNER]
    told = ~np.isnan(lag)
    weight = np.sqrt(visits.reads[told])
    total = np.bincount(group[told], weight, groups)
    mean = np.full(groups, np.nan)
    np.divide(np.bincount(group[told], weight * lag[told], groups), total, out=mean, where=total > 0)
    return mean


def levels_of(loud: Reals, count: Integers, beside: Stretches, loudest: Reals, order: Reals, gate: GateModel) -> Levels:
    """How passages sound in this evidence; where there are few, what the gate was taught, or a guess by what there is.

    count: reads (group, antenna). loudest: as `loudest_lags`. order: as `order_of`.
    """
    lags, took = beside.lags(), beside.took / SECOND
    both = (count.min(axis=1, initial=1 << 40) >= READS_EACH_MIN) & (count.sum(axis=1) >= READS_MIN)
    ordered = both & (lags.min(axis=1, initial=np.inf) * lags.max(axis=1, initial=-np.inf) > 0)
    if ordered.sum() >= GROUPS_MIN:
        # The loudest half of those who came to one antenna first and left it first: who only comes near is no passage.
        near = ordered & (loud.sum(axis=1) >= np.median(loud[ordered].sum(axis=1)))
        dbm = np.median(loud[near], axis=0)
        apart = np.abs(loud[ordered] - dbm)
        spread = np.clip(1.5 * np.median(apart, axis=0), SPREAD_DB_MIN, SPREAD_DB_MAX)
        middle = np.abs(lags[near].mean(axis=1))
        share = float(np.median(middle / np.maximum(took[near], LAG_LEAST)))
        lag, peak = (min(max(float(np.median(one)), LAG_LEAST), LAG_MOST) for one in (middle, np.abs(loudest[near])))
        wholly = max(float(np.median(np.abs(order[near]))), ORDER_LEAST)
        usual = Usual(lag, peak, min(max(share, SHARE_LEAST), SHARE_MOST), wholly)
        # On a day on which nothing passes, whoever walks along the wall would be taken for a passage.
        if gate.levels is not None and (np.abs(dbm - gate.levels.dbm) > CHANGE_DB_MAX).any():
            return gate.levels
        return Levels(dbm, spread, usual)
    if gate.levels is not None:
        return gate.levels
    heard = loud[~np.isnan(loud)]
    level = float(heard.max()) if len(heard) else UNTOLD_DBM
    return Levels(np.full(2, level), np.full(2, SPREAD_DB), Usual(LAG_SECONDS, LAG_SECONDS, SHARE, ORDER))
