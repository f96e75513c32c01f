"""How far a night's probabilities are to be trusted, by what it said of rehearsed strays (`rehearsing`).

How odd strays sound, held against how odd all volumes of the night sound, says how many of those that sound so odd are strays:
the local false discovery rate (Efron and others, Journal of the American Statistical Association 96, 2001), with the
alternative rehearsed.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Places, Reals, some_at_once, summed
from inventory.locating.weighing import STACK_METRES, Candidates

STRAYS_MIN = 100  # fewer rehearsed tell nothing
# Of all volumes, those that sound oddest: strays and, to see how their number falls, enough that aren't.
ODD_SHARE = 0.05
# Of the strays, so many sound less odd than each step of their distribution. How those few sound that sound least odd, no
# rehearsal tells: who really strays to the end of the next bay is harder to tell than whoever is taken for it.
STEPS = np.array([0.05, 0.1, 0.15, 0.22, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
STEP_STRAYS_MIN = 5
BINS = 40  # of odds, one each, in which volumes at home are counted; odder ones are taken for strays
# How many volumes at home sound so odd: the logarithm falls as FALL and bends down, both known no better than SURE says.
FALL, FALL_SURE, FALL_MIN = 0.6, 1 / 0.1**2, 0.1
BEND_SURE = 1 / 0.03**2
LEVEL_SURE = 0.01
ROUNDS, STEP_MAX = 150, 1.0
SURER = 3.0  # a rehearsal shows where probabilities are too sure; it makes nothing surer by more than this, in logarithms of odds
LOGARITHM_MAX = 50.0
BLUNT = 0.2  # the power where hearings mislead together
LEAST = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Odds:
    """Of each volume with a ledger place among its candidates: how much likelier it is to be elsewhere.

    odds: logarithm, with home and elsewhere held equally likely beforehand. level: whether elsewhere is mostly in its own
    section.
    """

    volume: Integers
    odds: Reals
    level: NDArray[np.bool_]


@dataclass(frozen=True)
class Trust:
    """How odd strays sound, and how seldom volumes at home sound odd; of one kind of stray.

    since: from which odds on. edges, density: the rehearsed strays' distribution above. strays: how many there are. level, fall,
    bend: at home stand exp(level - fall * x - bend * x**2) volumes for every 1 of odds, x above `since`; where that is fewer than
    one, their number goes on falling as it did.
    """

    since: float
    edges: Reals
    density: Reals
    strays: float
    level: float
    fall: float
    bend: float

    def stray(self, odds: Reals) -> Reals:
        """The probability that a volume with these odds is a stray; below `since` it falls as they do."""
        above = np.maximum(odds - self.since, 0.0)
        at = np.clip(np.searchsorted(self.edges, above, side="right") - 1, 0, len(self.density) - 1)
        logarithm = np.log(self.strays * self.density[at]) - self.at_home(above) + np.minimum(odds - self.since, 0.0)
        return np.asarray(1 / (1 + np.exp(-np.clip(logarithm, -700.0, 700.0))))

    def at_home(self, above: Reals) -> Reals:
        """Logarithm of how many volumes at home there are for every 1 of odds."""
        last = 0.0
        if self.level > 0:
            root = np.sqrt(self.fall**2 + 4 * self.bend * self.level)
            last = 2 * self.level / (self.fall + root)
        known = np.minimum(above, last)
        number = self.level - self.fall * known - self.bend * known**2
        return np.asarray(number - (self.fall + 2 * self.bend * last) * (above - known))


@dataclass(frozen=True)
class Rehearsal:
    """What the strays of a night sounded like; and how far the probabilities among the places elsewhere are to be trusted.

    power: to which they are taken, to be right as often as said; blunt: how often hearings mislead, so that `BLUNT` is nearer.
    told: of how many the true place came into question.
    """

    odds: Odds
    power: float
    blunt: float
    told: float


def odds_of(
    candidates: Candidates, posterior: Reals, ledger_place: Integers, places: Places, ledger_right: float
) -> Odds:
    """How odd each volume sounds, by probabilities that hold the ledger right so often."""
    size = len(ledger_place)
    home, level, far = np.zeros(size), np.zeros(size), np.zeros(size)
    for part in some_at_once(len(candidates.volume)):
        volume, place = candidates.volume[part], candidates.place[part]
        own = ledger_place[volume]
        at_home = place == own
        with np.errstate(invalid="ignore"):
            near = np.abs(places.x[place] - places.x[own]) < STACK_METRES
            near &= (np.abs(places.y[place] - places.y[own]) < STACK_METRES) & (own != NONE)
        home += summed(volume, np.where(at_home, posterior[part], 0.0), size)
        level += summed(volume, np.where(near & ~at_home, posterior[part], 0.0), size)
        far += summed(volume, np.where(near | at_home, 0.0, posterior[part]), size)
    volume = np.flatnonzero(
        np.bincount(candidates.volume[candidates.place == ledger_place[candidates.volume]], minlength=size)
    )
    odds = np.log(np.maximum(level + far, LEAST)) - np.log(np.maximum(home, LEAST))
    odds += np.log(ledger_right) - np.log1p(-ledger_right)
    return Odds(volume, odds[volume], (level > far)[volume])


def to_power(volume: Integers, probability: Reals, power: float, size: int) -> Reals:
    """Each volume's probabilities to a power, made to add up to one."""
    most = np.full(size, LEAST)
    np.maximum.at(most, volume, probability)
    weight = (probability / most[volume]) ** power
    return np.asarray(weight / np.maximum(summed(volume, weight, size)[volume], LEAST))


def trusted(
    candidates: Candidates,
    posterior: Reals,
    ledger_place: Integers,
    places: Places,
    ledger_right: float,
    listened: NDArray[np.bool_],
    rehearsal: Rehearsal,
) -> Reals:
    """The probabilities as the rehearsal has shown how far they can be trusted; of volumes whose own place was `listened` at."""
    odds = odds_of(candidates, posterior, ledger_place, places, ledger_right)
    stray = np.full(len(ledger_place), np.nan)
    asked = listened[odds.volume]
    stray[odds.volume[asked]] = _strays(odds.odds[asked], odds.level[asked], ledger_right, rehearsal)
    known = ~np.isnan(stray[candidates.volume])
    if not known.any():
        return posterior
    home = candidates.place == ledger_place[candidates.volume]
    after = posterior.copy()
    after[known & home] = 1 - stray[candidates.volume[known & home]]
    elsewhere = known & ~home
    volume = candidates.volume[elsewhere]
    sharp, blunt = (to_power(volume, posterior[elsewhere], power, len(stray)) for power in (rehearsal.power, BLUNT))
    # Scenes whose volume stood elsewhere itself don't tell whether the true place came into question.
    told = min(rehearsal.told / max(1 - float(np.nanmean(stray)), rehearsal.told), 1.0)
    after[elsewhere] = told * stray[volume] * ((1 - rehearsal.blunt) * sharp + rehearsal.blunt * blunt)
    return after


def _strays(odds: Reals, level: NDArray[np.bool_], ledger_right: float, rehearsal: Rehearsal) -> Reals:
    """The probability of each volume to be a stray; NaN where too few strays of its kind were rehearsed."""
    stray = np.full(len(odds), np.nan)
    if not len(odds):
        return stray
    since = float(np.quantile(odds, 1 - ODD_SHARE))
    said = odds + SURER + np.log1p(-ledger_right) - np.log(ledger_right)
    said = 1 / (1 + np.exp(-np.clip(said, -LOGARITHM_MAX, LOGARITHM_MAX)))
    for kind in (True, False):
        mine, like = level == kind, rehearsal.odds.odds[rehearsal.odds.level == kind]
        if len(like) >= STRAYS_MIN:
            stray[mine] = np.minimum(_trust(like, odds[mine], since).stray(odds[mine]), said[mine])
    return stray


def _trust(like: Reals, odds: Reals, since: float) -> Trust:
    """How many of the volumes that sound odd are strays, by how odd strays sound (`like`): expectation and maximisation."""
    above, strays = odds[odds > since] - since, np.sort(like[like > since]) - since
    steps = STEPS[np.diff(STEPS, prepend=0.0) * len(strays) >= STEP_STRAYS_MIN]
    inner = np.quantile(strays, steps) if len(steps) else np.zeros(0)
    edges = np.array([0.0, *inner, max(np.max(strays, initial=0.0), np.max(above, initial=0.0), BINS) + 1.0])
    edges += np.arange(len(edges)) * 1e-6
    share = (np.histogram(strays, edges)[0] + 0.5) / (len(strays) + 0.5 * (len(steps) + 1))
    bins = np.append(np.arange(BINS + 1.0), edges[-1] + 1.0)
    counted = np.histogram(above, bins)[0].astype(np.float64)
    like_strays = np.diff(np.interp(bins, edges, np.append(0.0, np.cumsum(share))))
    middle = bins[:BINS] + 0.5
    trust = Trust(since, edges, share / np.diff(edges), len(above) / 2, float(np.log(counted[0] + 1)), FALL, 0.0)
    for _ in range(ROUNDS):
        as_strays = trust.strays * like_strays
        at_home = np.append(np.exp(np.minimum(trust.at_home(middle), LOGARITHM_MAX)), 0.0)
        stray = counted * as_strays / np.maximum(as_strays + at_home, LEAST)
        trust = _fallen(replace(trust, strays=float(stray.sum()) + 0.5), middle, (counted - stray)[:BINS])
    return trust


def _fallen(trust: Trust, middle: Reals, at_home: Reals) -> Trust:
    """One step of a Poisson regression nearer to the numbers at home by odds (Newton; a normal prior on fall and bend)."""
    signs = np.column_stack([np.ones(len(middle)), -middle, -(middle**2)])
    now = np.array([trust.level, trust.fall, trust.bend])
    expected = np.exp(np.minimum(signs @ now, LOGARITHM_MAX))
    sure = np.array([LEVEL_SURE, FALL_SURE, BEND_SURE])
    slope = signs.T @ (at_home - expected) - sure * (now - np.array([0.0, FALL, 0.0]))
    step = np.linalg.solve(signs.T @ (signs * expected[:, None]) + np.diag(sure), slope)
    level, fall, bend = now + step * min(1.0, STEP_MAX / np.abs(step).max())
    return replace(trust, level=float(level), fall=max(float(fall), FALL_MIN), bend=max(float(bend), 0.0))
