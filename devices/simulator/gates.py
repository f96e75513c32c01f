"""People who carry dossiers through a gate of two antennas, and what the gate reads of it. Vectorised over slots and tags.

The gate stands at x = 0; the warehouse is at x < 0. On each side of the door two panels on one port look across it, one from
either post, and, turned outwards, into their own side: the inner and the outer antenna. The reader listens with one antenna
after the other and reads at most one tag a slot.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator import radio
from devices.simulator.radio import Values
from inventory.locating.arrays import Integers
from inventory.locating.reads import INNER, OUTER, SECOND, Reads, together

ANTENNAS_APART_METRES = 0.8  # chosen: between the two along the way
FRAME_METRES = 0.75  # chosen: half the width of the door, where the panels hang
TURNED_DEGREES = 25.0  # chosen: antennas turned away from each other, each to its own side
REFLECTED_DB = 12.0  # chosen: what a way by walls and floor costs
SPLITTER_DB = 3.5  # what two panels on one port cost each
ANTENNA_SECONDS = 0.1  # measured: readers dwell 50 to 250 ms on an antenna
GATE_POWER_DBM = 30.0  # as the fitted line has it
GATE_READS_PER_SECOND = 300.0  # measured: 50 to 300 sustained, 1,100 at best; in all, however many tags there are
CAPTURE_DB = 6.0  # chosen: of tags that answer at once the stronger is decoded; by so much, e times as often

WALK_SLOWEST, WALK_FASTEST = 0.8, 1.6  # metres a second; chosen: people with a load
FAR_METRES = 5.0  # chosen: where a walk begins and ends; hardly anything is heard there
STOP_SHORTEST, STOP_LONGEST = 3.0, 40.0  # seconds somebody stands in the gate; chosen
TURN_SECONDS = 1.0  # chosen
HELD_METRES = 0.30  # chosen: a stack is carried that far in front
CART_METRES = 0.7  # chosen: and what lies on a cart is pushed
ARM_METRES = 0.25  # chosen: beside the body
LOAD_METRES = 0.35  # chosen: half the length of a stack on a cart; more lies above
PITCH_METRES = 0.02  # chosen: from one dossier to the next in a stack
BODY_DB = 12.0  # measured by others: 8 to 20 dB through a body
BODY_METRES = 0.22  # chosen: half a person's width
STACK_DB = 6.0  # chosen: the middle of a stack of twenty or more; published drops are 3 to 10
STACK_FULL = 20.0  # dossiers on either side that shield fully; chosen
RIPPLE_DB = 2.5  # chosen: along the way, from waves that arrive twice
RIPPLE_METRES = 0.16  # half a wavelength at 920 MHz
PARKED_METRES = 1.5  # the carts that always stand too near
DISTURBED_DB = 3.0  # chosen: what a person nearby does to tags that lie still
DISTURBED_METRES = 2.5  # chosen: how near that is
DISTURBED_RIPPLE_METRES = 0.33  # a wavelength: how far a person goes between two such dips
REPORT_SECONDS = 0.25  # chosen: a reader sends what it read so often
LATENCY_SECONDS = 0.03  # chosen: on the way, at least
SLOTS_AT_ONCE = 1_500


class Walk(StrEnum):
    """What somebody does at the gate."""

    OUT = "out"
    IN = "in"
    BACK_INSIDE = "turned back to the inside"
    BACK_OUTSIDE = "turned back to the outside"
    PAST = "passes by inside"  # along the wall, two metres from the gate: nothing happened
    EMPTY_HANDED = "goes through with nothing"


class Hold(StrEnum):
    """How dossiers are carried."""

    IN_FRONT = "in front"
    UNDER_ARM = "under the arm"
    ON_CART = "on a cart"


@dataclass(frozen=True, slots=True)
class Walker:
    """One person's way: seconds and metres of its turning points, beside (0: the middle of the door), and what is carried.

    crosses: when the person is in the middle of the gate, or nearest to it.
    """

    walk: Walk
    hold: Hold
    seconds: Values
    along: Values
    aside: Values
    tags: Integers
    crosses: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Some time at a gate. Tags are numbered 0..; parked: those that lie there all the time; parked_at: (x, y) of each."""

    seed: int
    seconds: float
    walkers: tuple[Walker, ...]
    parked: Integers
    parked_at: Values
    tags: int
    dead: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: antennas that hear nothing, lost decibels by antenna, a clock ahead (then the antennas have a reader each).

    repeated, late: share of the messages that come twice, and that come ten minutes late.
    """

    dead: tuple[int, ...] = ()
    loss_db: tuple[float, float] = (0.0, 0.0)
    clock_seconds: float = 0.0
    repeated: float = 0.0
    late: float = 0.0


SOUND = Fault()


People = list[tuple[Values, Values, Values]]  # of each: x, y, facing at every slot


class Panels(NamedTuple):
    """One panel for each row: where it hangs and whither it looks, in the plane."""

    x: Values
    y: Values
    look_x: Values
    look_y: Values


def panels(antenna: Integers, post: int) -> Panels:
    """The panel of an antenna on one of the posts (-1 or 1), for each row of `antenna`."""
    side = np.where(antenna == INNER, -1.0, 1.0)[:, None]
    turned = np.radians(TURNED_DEGREES)
    across = np.full_like(side, -post * float(np.cos(turned)))
    return Panels(
        side * ANTENNAS_APART_METRES / 2, np.full_like(side, post * FRAME_METRES), side * float(np.sin(turned)), across
    )


def read(scene: Scene, fault: Fault = SOUND, span: tuple[float, float] | None = None) -> Reads:
    """What the gate's reader reports of a scene, or of the seconds `span` of it; in the order in which it is received."""
    low, high = span or (0.0, scene.seconds)
    chance = np.random.default_rng(np.random.SeedSequence([scene.seed, 51, round(low), round(high)]))
    slots = np.arange(int(low * GATE_READS_PER_SECOND), int(high * GATE_READS_PER_SECOND)) / GATE_READS_PER_SECOND
    busy = np.zeros(len(slots), bool)
    for walker in scene.walkers:
        begin, end = np.searchsorted(slots, [walker.seconds[0], walker.seconds[-1]])
        busy[begin:end] = True
    parts = [_quiet(scene, slots[~busy], fault, chance)]
    moving = slots[busy]
    parts += [
        _busy(scene, moving[start : start + SLOTS_AT_ONCE], fault, chance)
        for start in range(0, len(moving), SLOTS_AT_ONCE)
    ]
    at, tag, antenna, dbm = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return _reported(at, tag, antenna, dbm, fault, chance)


def _antenna_at(seconds: Values) -> Integers:
    return np.asarray(np.floor(seconds / ANTENNA_SECONDS).astype(np.int64) % 2)


Raw = tuple[Values, Integers, Integers, Values]


def _quiet(scene: Scene, slots: Values, fault: Fault, chance: np.random.Generator) -> Raw:
    """Nobody is there: one parked tag after the other, as far as each is heard."""
    antenna = _antenna_at(slots)
    if not len(scene.parked) or not len(slots):
        return np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    mean = np.stack([_still(scene, number) for number in (INNER, OUTER)]) - np.array(fault.loss_db)[:, None]
    row = np.zeros(len(slots), np.int64)
    strength, done = np.zeros(len(slots)), np.zeros(len(slots), bool)
    for _ in range(3):  # a slot that hears nothing of one tag hears another
        wanting = np.flatnonzero(~done)
        tried = chance.integers(0, len(scene.parked), len(wanting))
        loud = mean[antenna[wanting], tried] + radio.FADING_DB * chance.standard_normal(len(wanting))
        heard = chance.random(len(wanting)) < radio.detection_probability(loud)
        row[wanting[heard]], strength[wanting[heard]], done[wanting[heard]] = tried[heard], loud[heard], True
    return slots[done], scene.parked[row[done]], antenna[done], strength[done]


def _still(scene: Scene, number: int) -> Values:
    """Mean strength of the parked tags at one antenna while nobody is near."""
    x, y = scene.parked_at
    return np.asarray((_through(x[None], y[None], np.array([number]), []) + _standing(scene, scene.parked, number))[0])


def _through(x: Values, y: Values, antenna: Integers, people: People) -> Values:
    """Strength by distance, angle and the bodies between, at the better of the antenna's panels; rows are slots."""
    best = np.full(np.broadcast_shapes(x.shape, (len(antenna), 1)), -200.0)
    for post in (-1, 1):
        panel = panels(antenna, post)
        apart_x, apart_y = x - panel.x, y - panel.y
        metres = np.hypot(apart_x, apart_y)
        cosine = (apart_x * panel.look_x + apart_y * panel.look_y) / np.maximum(metres, 1e-6)
        degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
        off_axis = np.minimum(3.0 * (degrees / radio.HALF_BEAM_DEGREES) ** 2, radio.FRONT_TO_BACK_DB)
        # Off its axis a panel hears by way of walls and floor.
        loud = radio.rssi_at(metres, GATE_POWER_DBM) - np.minimum(2 * off_axis, REFLECTED_DB) - SPLITTER_DB
        for person_x, person_y, _ in people:
            loud = loud - _shadow_of_a_body(apart_x, apart_y, person_x[:, None] - panel.x, person_y[:, None] - panel.y)
        best = np.maximum(best, loud)
    return np.asarray(best)


def _standing(scene: Scene, tags: Integers, number: int) -> Values:
    """What stays with a tag all the while: how it hangs, its chip, its shadow at this antenna; silence of dead tags."""
    small = tags.astype(np.int32)
    shadow = radio.shadowing(scene.seed, small, 0, number) + radio.placement_db(scene.seed, small, 0)
    return np.where(scene.dead[tags], -200.0, shadow)


def _busy(scene: Scene, slots: Values, fault: Fault, chance: np.random.Generator) -> Raw:
    """Somebody is there: every tag at every slot, and of those that answer one is read."""
    there = [w for w in scene.walkers if w.seconds[0] <= slots[-1] and w.seconds[-1] >= slots[0]]
    places = [_person(walker, slots) for walker in there]
    antenna = _antenna_at(slots)
    tags, mean = [scene.parked], [_parked_beside(scene, antenna, places)]
    for walker, (x, y, facing) in zip(there, places, strict=True):
        tags.append(walker.tags)
        on_way = (slots >= walker.seconds[0]) & (slots <= walker.seconds[-1])
        loud = _carried(scene, walker, antenna, (x, y, facing), places)
        mean.append(np.where(on_way[:, None], loud, -200.0))
    tag, strength = np.concatenate(tags), np.concatenate(mean, axis=1)
    strength += radio.FADING_DB * chance.standard_normal(strength.shape) - np.array(fault.loss_db)[antenna][:, None]
    answers = chance.random(strength.shape) < radio.detection_probability(strength)
    eager = CAPTURE_DB * radio.READABILITY_SPREAD * radio.standing_normal(scene.seed, tag.astype(np.int32), 0, -9)
    turn = np.where(answers, (strength + eager) / CAPTURE_DB + chance.gumbel(size=strength.shape), -np.inf)
    one = np.argmax(turn, axis=1)
    rows = np.flatnonzero(answers[np.arange(len(slots)), one])
    return slots[rows], tag[one[rows]], antenna[rows], strength[rows, one[rows]]


def _person(walker: Walker, slots: Values) -> tuple[Values, Values, Values]:
    """Where the person is at each slot, and whither it faces along the way."""
    x, y = np.interp(slots, walker.seconds, walker.along), np.interp(slots, walker.seconds, walker.aside)
    steps = np.sign(np.diff(walker.along))
    for number in range(1, len(steps)):  # who stands looks on as before
        steps[number] = steps[number] or steps[number - 1]
    leg = np.clip(np.searchsorted(walker.seconds, slots, side="right") - 1, 0, len(steps) - 1)
    return x, y, steps[leg]


def _parked_beside(scene: Scene, antenna: Integers, people: People) -> Values:
    """Parked tags while people walk by: shadowed by bodies, and now louder, now weaker by waves that come off them."""
    x, y = scene.parked_at
    mean = _through(x[None], y[None], antenna, people)
    mean = mean + np.stack([_standing(scene, scene.parked, number) for number in (INNER, OUTER)])[antenna]
    phase = _phases(scene, scene.parked, 1)[antenna]
    for person_x, _, _ in people:
        near = np.exp(-((person_x / DISTURBED_METRES) ** 2))[:, None]
        mean = mean + near * DISTURBED_DB * np.sin(2 * np.pi * person_x[:, None] / DISTURBED_RIPPLE_METRES + phase)
    return np.asarray(mean)


def _phases(scene: Scene, tags: Integers, kind: int) -> Values:
    """Where in its ripple each tag is, by antenna."""
    small = tags.astype(np.int32)
    return np.asarray(
        2 * np.pi * np.stack([radio.standing_uniform(scene.seed, small, kind, one) for one in (INNER, OUTER)])
    )


def _carried(
    scene: Scene, walker: Walker, antenna: Integers, where: tuple[Values, Values, Values], people: People
) -> Values:
    """Strength of what one person carries, at every slot, by the antenna whose turn it is."""
    person_x, person_y, facing = where
    ahead = {Hold.IN_FRONT: HELD_METRES, Hold.UNDER_ARM: 0.0, Hold.ON_CART: CART_METRES}[walker.hold]
    number = np.arange(len(walker.tags)) - (len(walker.tags) - 1) / 2
    x = (person_x + facing * ahead)[:, None] + np.clip(number * PITCH_METRES, -LOAD_METRES, LOAD_METRES)
    y = person_y[:, None] + ARM_METRES * (walker.hold is Hold.UNDER_ARM) * facing[:, None] + np.zeros(len(number))
    mean = _through(x, y, antenna, people)
    mean = mean + np.stack([_standing(scene, walker.tags, one) for one in (INNER, OUTER)])[antenna]
    mean = mean - STACK_DB * np.minimum((len(number) / 2 - np.abs(number)) / (STACK_FULL / 2), 1.0)
    metres = np.hypot(x - panels(antenna, 1).x, y - FRAME_METRES)
    return np.asarray(
        mean + RIPPLE_DB * np.sin(2 * np.pi * metres / RIPPLE_METRES + _phases(scene, walker.tags, 2)[antenna])
    )


def _shadow_of_a_body(to_x: Values, to_y: Values, at_x: Values, at_y: Values) -> Values:
    """Decibels lost because a person stands between panel and tag, both seen from the panel; smooth at the shoulders."""
    share = (at_x * to_x + at_y * to_y) / np.maximum(to_x**2 + to_y**2, 1e-6)
    beside = np.hypot(at_x - share * to_x, at_y - share * to_y)
    return np.asarray(np.where((share > 0) & (share < 1), BODY_DB * np.exp(-((beside / BODY_METRES) ** 2)), 0.0))


def _reported(
    seconds: Values, tag: Integers, antenna: Integers, dbm: Values, fault: Fault, chance: np.random.Generator
) -> Reads:
    order = np.argsort(seconds, kind="stable")
    order = order[~np.isin(antenna[order], fault.dead)]
    at = np.rint(seconds[order] * SECOND).astype(np.int64)
    tag, antenna = tag[order], antenna[order]
    period = int(REPORT_SECONDS * SECOND)
    message = at // period - int(at.min(initial=0)) // period
    delay = LATENCY_SECONDS * (1 + chance.exponential(0.5, int(message.max(initial=0)) + 1))
    delay[chance.random(len(delay)) < fault.late] += 600.0
    received = (at // period + 1) * period + np.rint(delay[message] * SECOND).astype(np.int64)
    reader = antenna if fault.clock_seconds else np.zeros_like(antenna)
    at = at + np.where(antenna == OUTER, round(fault.clock_seconds * SECOND), 0)
    one = np.ones_like(at)
    cdbm = np.rint(dbm[order] * 100).astype(np.int64)
    reads = Reads(tag, reader, antenna, at, received, one, one, cdbm)
    twice = np.flatnonzero((chance.random(len(delay)) < fault.repeated)[message])
    again = reads.chosen(twice)
    both = together(reads, replace(again, received_at=again.received_at + 30 * SECOND))
    return both.chosen(np.argsort(both.received_at, kind="stable"))
