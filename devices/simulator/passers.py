"""Who goes through a gate in an hour, with what, and what stands beside it: scenes with their truth, from a seed."""

from dataclasses import dataclass

import numpy as np

from devices.simulator.gates import (
    FAR_METRES,
    PARKED_METRES,
    STOP_LONGEST,
    STOP_SHORTEST,
    TURN_SECONDS,
    WALK_FASTEST,
    WALK_SLOWEST,
    Hold,
    Scene,
    Walk,
    Walker,
)
from devices.simulator.truth import DEAD_SHARE
from inventory.locating.arrays import Integers

# How often each happens among those who come to the gate; chosen.
WALK_SHARES = {
    Walk.OUT: 0.36,
    Walk.IN: 0.36,
    Walk.BACK_INSIDE: 0.06,
    Walk.BACK_OUTSIDE: 0.04,
    Walk.PAST: 0.08,
    Walk.EMPTY_HANDED: 0.10,
}
HOLD_SHARES = {Hold.IN_FRONT: 0.5, Hold.UNDER_ARM: 0.2, Hold.ON_CART: 0.3}
STOPS_SHARE = 0.08  # of those who pass stand in the gate for a while; chosen
FOLLOWED_SHARE = 0.12  # somebody else comes right after; chosen
FOLLOWED_SECONDS = (2.0, 4.0)  # so much later
QUIET_SECONDS = 240.0  # before the first comes: chosen; a gate knows what lies beside it
APART_SECONDS = (12.0, 60.0)  # from one to the next otherwise
PARKED_TAGS = 30  # on a cart that stands there all day
TURNS_FROM_METRES = (0.9, -0.1)  # how far before the middle somebody turns back; chosen
CART_ALONG, CART_ASIDE = 0.8, 0.6  # of that: along the way and beside it
RETURN_SHARE = 0.3  # of those who come in bring back what went out before
LOADS = ((1, 1), (2, 5), (6, 20), (21, 60))  # dossiers at once; in a bag or on a cart there are many
LOAD_SHARES = (0.3, 0.35, 0.25, 0.1)


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much goes on in a scene. parked_x: where the cart stands, metres along the way; shares as `WALK_SHARES`."""

    seconds: float = 3_600.0
    parked: int = PARKED_TAGS
    parked_x: float = -PARKED_METRES
    shares: tuple[tuple[Walk, float], ...] = tuple(WALK_SHARES.items())
    apart_seconds: tuple[float, float] = APART_SECONDS


def make_scene(traffic: Traffic, seed: int) -> Scene:
    """An hour at a gate; the same seed gives the same hour."""
    chance = np.random.default_rng(np.random.SeedSequence([seed, 61]))
    kinds, shares = zip(*traffic.shares, strict=True)
    walkers: list[Walker] = []
    next_tag, at = traffic.parked, QUIET_SECONDS
    gone: list[Integers] = []
    while at < traffic.seconds - 60:
        walk = kinds[int(chance.choice(len(kinds), p=np.array(shares) / sum(shares)))]
        count = 0 if walk is Walk.EMPTY_HANDED else _load(chance)
        if walk is Walk.IN and gone and chance.random() < RETURN_SHARE:
            tags = gone.pop(int(chance.integers(len(gone))))
        else:
            tags = np.arange(next_tag, next_tag + count)
            next_tag += count
        walker = make_walker(walk, tags, at, chance)
        walkers.append(walker)
        if walk is Walk.OUT:
            gone.append(tags)
        followed = walk is not Walk.EMPTY_HANDED and walk is not Walk.PAST and chance.random() < FOLLOWED_SHARE
        if followed:
            count = _load(chance)
            tags = np.arange(next_tag, next_tag + count)
            next_tag += count
            behind = walk if walk in {Walk.OUT, Walk.IN} else Walk.OUT
            reach = walker.crosses + float(chance.uniform(*FOLLOWED_SECONDS))
            walkers.append(make_walker(behind, tags, at, chance, crosses=reach, stops=False))
        at = max(float(w.seconds[-1]) for w in walkers[-2:]) + float(chance.uniform(*traffic.apart_seconds))
    parked = np.arange(traffic.parked)
    beside = chance.uniform(-0.4, 0.4, (2, traffic.parked))
    # Off the lane, so that it is so far from the middle of the gate.
    along, aside = traffic.parked_x * CART_ALONG, -PARKED_METRES * CART_ASIDE
    parked_at = np.stack([along + beside[0], aside + beside[1]])
    return Scene(
        seed, traffic.seconds, tuple(walkers), parked, parked_at, next_tag, chance.random(next_tag) < DEAD_SHARE
    )


def _load(chance: np.random.Generator) -> int:
    fewest, most = LOADS[int(chance.choice(len(LOADS), p=LOAD_SHARES))]
    return int(chance.integers(fewest, most + 1))


def make_walker(
    walk: Walk, tags: Integers, at: float, chance: np.random.Generator, crosses: float | None = None, stops: bool = True
) -> Walker:
    """One person's way from `at` on; `crosses` sets when the middle of the gate is reached."""
    speed = float(chance.uniform(WALK_SLOWEST, WALK_FASTEST))
    hold = Hold.ON_CART if len(tags) > 20 else list(HOLD_SHARES)[int(chance.choice(3, p=list(HOLD_SHARES.values())))]  # noqa: PLR2004
    aside = float(chance.normal(0, 0.12))
    inwards = walk in {Walk.IN, Walk.BACK_OUTSIDE} or (walk is Walk.EMPTY_HANDED and chance.random() < 0.5)  # noqa: PLR2004
    side = 1.0 if inwards else -1.0
    seconds, along, asides = [0.0], [side * FAR_METRES], [aside]

    def go(to: float, wait: float = 0.0) -> None:
        seconds.append(seconds[-1] + abs(to - along[-1]) / speed)
        along.append(to)
        asides.append(aside)
        if wait:
            seconds.append(seconds[-1] + wait)
            along.append(to)
            asides.append(aside)

    if walk is Walk.PAST:
        seconds, along, asides = [0.0, 2 * FAR_METRES / speed], [-2.0, -2.05], [-FAR_METRES, FAR_METRES]
        middle = seconds[-1] / 2
    elif walk in {Walk.BACK_INSIDE, Walk.BACK_OUTSIDE}:
        go(side * float(chance.uniform(TURNS_FROM_METRES[1], TURNS_FROM_METRES[0])), TURN_SECONDS)
        middle = seconds[-1] - TURN_SECONDS / 2
        go(side * FAR_METRES)
    else:
        if stops and chance.random() < STOPS_SHARE:
            go(float(chance.uniform(-0.3, 0.3)), float(chance.uniform(STOP_SHORTEST, STOP_LONGEST)))
        go(-side * FAR_METRES)
        middle = float(np.interp(0.0, np.array(along) * -side, seconds))
    start = at if crosses is None else crosses - middle
    times = np.array(seconds) + start
    return Walker(walk, hold, times, np.array(along), np.array(asides), tags, start + middle)
