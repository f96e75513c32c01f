"""Another gate than the simulator's: other geometry, other physics, another way in which a reader takes turns.

Nothing here comes from `devices.simulator.gates` but the shape of a scene. Waves add up as complex numbers: the direct one, one off
the floor, and twelve off walls and shelves whose phases change along the way (Clarke, 1968, of a Rician channel; k of so many
dB). What limits reading is the power that reaches the tag, and the strength told is of the way there and back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from devices.simulator.gates import Hold, Scene, Walk, Walker
from inventory.locating.arrays import Integers, Reals
from inventory.locating.reads import INNER, OUTER, SECOND, SIDES, Reads, gate_antenna

LIGHT_METRES = 299_792_458.0
CHANNELS_HZ = 920_625_000.0 + 250_000.0 * np.arange(16)  # China
HOP_SECONDS = 0.4
WAVES = 12
FLOOR_REFLECTS = -0.5
TRANSMIT_DBM, BACKSCATTER_DB = 27.0, -6.0
ANTENNA_DB, BEAM_POWER, SIDE_LOBE = (
    6.0,
    2.0,
    0.06,
)  # cosine to the power; at least so much amplitude sideways and behind
NEEDS_DBM, NEEDS_SPREAD_DB, EDGE_DB = -14.0, 1.5, 0.7  # a tag on paper wakes up at so much
ORIENTATION_DB = 6.0  # one way, at the most
STACKED_DB, STACKED_TAGS = 5.0, 15  # one way, amid so many on either side
BODY_DB, BODY_METRES = 7.0, 0.25  # one way
NOISE_DB = 0.7
STEP_SECONDS = 0.02
NOTHING = 1e-6
TAG_HEIGHT, CART_HEIGHT = 1.15, 0.85
FAR_METRES = 6.0


@dataclass(frozen=True)
class Hung:
    """One antenna: where (metres along, aside, up), whither it looks, and whether it counts as inner or outer."""

    at: tuple[float, float, float]
    looks: tuple[float, float, float]
    side: int


@dataclass(frozen=True)
class Kind:
    """A gate and its ways.

    reads: a second, in all. k_db: of the direct wave over the others. whole_db: strengths are told in whole decibels.
    report: seconds between two messages. whole_seconds: sides whose stamps are in whole seconds; two_readers: a reader each side.
    speed: metres a second. pairs: somebody comes the other way at the same time. loads: dossiers, at least and at most.
    """

    hung: tuple[Hung, ...]
    reads: float = 250.0
    k_db: float = 6.0
    turns_seconds: float = 0.1
    whole_db: bool = False
    mute: bool = False
    report: float = 0.25
    whole_seconds: tuple[int, ...] = ()
    two_readers: bool = False
    speed: tuple[float, float] = (0.7, 1.7)
    pairs: bool = False
    loads: tuple[int, int] = (1, 30)
    parked: int = 20
    turns_back: float = 0.12


def facing(apart: float, turned: float = 0.35) -> tuple[Hung, ...]:
    """The inner antenna on one post, the outer one on the other, looking across."""
    return (
        Hung((-apart / 2, -0.7, 1.3), (-turned, 1.0, -0.1), INNER),
        Hung((apart / 2, 0.7, 1.3), (turned, -1.0, -0.1), OUTER),
    )


def overhead(apart: float) -> tuple[Hung, ...]:
    """Both under the lintel, looking down, each to its side."""
    return (
        Hung((-apart / 2, 0.0, 2.3), (-0.6, 0.0, -1.0), INNER),
        Hung((apart / 2, 0.0, 2.3), (0.6, 0.0, -1.0), OUTER),
    )


def pairs(apart: float) -> tuple[Hung, ...]:
    """Four antennas: two on either post, taking turns."""
    return tuple(
        Hung((along, post * 0.7, 1.3), (0.3 * np.sign(along), -post * 1.0, 0.0), INNER if along < 0 else OUTER)
        for post in (-1, 1)
        for along in (-apart / 2, apart / 2)
    )


# ── Who passes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def make_scene(kind: Kind, seconds: float, seed: int) -> Scene:
    """People at a gate; every third time, where `pairs`, two at once in opposite ways, side by side."""
    chance = np.random.default_rng(np.random.SeedSequence([seed, 71]))
    walkers: list[Walker] = []
    next_tag, at = kind.parked, 240.0
    while at < seconds - 40:
        rolled = float(chance.random())
        if rolled < kind.turns_back:
            walks = [Walk.BACK_INSIDE if chance.random() < 0.5 else Walk.BACK_OUTSIDE]
        elif rolled < kind.turns_back + 0.08:
            walks = [Walk.PAST]
        elif rolled < kind.turns_back + 0.16:
            walks = [Walk.EMPTY_HANDED]
        else:
            walks = [Walk.OUT if chance.random() < 0.5 else Walk.IN]
            if kind.pairs:
                walks = [Walk.OUT, Walk.IN]
        for number, walk in enumerate(walks):
            few = chance.random() < 0.3
            count = 0 if walk is Walk.EMPTY_HANDED else kind.loads[0] if few else int(chance.integers(*kind.loads) + 1)
            aside = (number - 0.5) * 0.6 if len(walks) > 1 else float(chance.normal(0, 0.15))
            walkers.append(_walker(kind, walk, np.arange(next_tag, next_tag + count), at, aside, chance))
            next_tag += count
        at = max(float(one.seconds[-1]) for one in walkers[-2:]) + float(chance.uniform(10, 25))
    place = np.stack([chance.uniform(-2.6, -1.8, kind.parked), chance.uniform(-1.8, -1.0, kind.parked)])
    dead = chance.random(next_tag) < 0.003
    return Scene(seed, seconds, tuple(walkers), np.arange(kind.parked), place, next_tag, dead)


def _walker(kind: Kind, walk: Walk, tags: Integers, at: float, aside: float, chance: np.random.Generator) -> Walker:
    speed = float(chance.uniform(*kind.speed))
    hold = Hold.ON_CART if len(tags) > 12 else (Hold.IN_FRONT, Hold.UNDER_ARM)[int(chance.random() < 0.35)]
    side = 1.0 if walk in {Walk.IN, Walk.BACK_OUTSIDE} else -1.0
    along, asides, seconds = [side * FAR_METRES, -side * FAR_METRES], [aside, aside], [0.0, 2 * FAR_METRES / speed]
    middle = seconds[-1] / 2
    if walk in {Walk.BACK_INSIDE, Walk.BACK_OUTSIDE}:
        turn = side * float(chance.uniform(0.2, 1.5))
        there, pause = (FAR_METRES - abs(turn)) / speed, float(chance.uniform(0.3, 2.0))
        along, asides = [side * FAR_METRES, turn, turn, side * FAR_METRES], [aside] * 4
        seconds = [0.0, there, there + pause, 2 * there + pause]
        middle = there + pause / 2
    elif walk is Walk.PAST:
        along, asides = [-2.2, -2.4], [-FAR_METRES, FAR_METRES]
    return Walker(walk, hold, np.array(seconds) + at, np.array(along), np.array(asides), tags, at + middle)


# ── What is read ─────────────────────────────────────────────────────────────────────────────────────────────────────


def read(kind: Kind, scene: Scene) -> Reads:
    """Everything the gate's reader reports, by when it was received."""
    chance = np.random.default_rng(np.random.SeedSequence([scene.seed, 72]))
    steps = np.arange(0.0, scene.seconds, STEP_SECONDS)
    turn = np.floor(steps / kind.turns_seconds).astype(np.int64) % len(kind.hung)
    own = _Own.of(kind, scene)
    busy = np.zeros(len(steps), bool)
    for walker in scene.walkers:
        low, high = np.searchsorted(steps, walker.seconds[[0, -1]])
        busy[low:high] = True
    parts = []
    starts = np.flatnonzero(np.diff(np.concatenate([[0], busy.view(np.int8), [0]])))
    for low, high in zip(starts[::2], starts[1::2], strict=True):
        parts.append(_busy(kind, scene, own, steps[low:high], turn[low:high], chance))
    if kind.parked:
        quiet = np.flatnonzero(~busy)
        parts.append(_quiet(kind, scene, own, steps[quiet], turn[quiet], chance))
    at, tag, hung, dbm = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return _reported(kind, at, tag, _antennas(kind)[hung], dbm, chance)


def _antennas(kind: Kind) -> Integers:
    """The number of each antenna, those of a side counted one after the other."""
    sides = [one.side for one in kind.hung]
    return np.array([gate_antenna(side, sides[:place].count(side)) for place, side in enumerate(sides)])


@dataclass(frozen=True)
class _Own:
    """What stays with each tag: dB it turns away, dBm it needs; and the waves of each antenna's surroundings."""

    turned: Reals  # tag, antenna
    needs: Reals
    vectors: Reals  # antenna, wave, 3
    phases: Reals
    sizes: Reals

    @classmethod
    def of(cls, kind: Kind, scene: Scene) -> "_Own":
        chance = np.random.default_rng(np.random.SeedSequence([scene.seed, 73]))
        many = len(kind.hung)
        vectors = chance.normal(size=(many, WAVES, 3))
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        sizes = chance.rayleigh(1.0, (many, WAVES))
        sizes *= 10 ** (-kind.k_db / 20) / np.sqrt((sizes**2).sum(axis=1, keepdims=True))
        hangs = chance.uniform(0, ORIENTATION_DB, (scene.tags, 1)) * chance.uniform(0.6, 1.4, (scene.tags, many))
        needs = NEEDS_DBM + NEEDS_SPREAD_DB * chance.standard_normal(scene.tags)
        needs[scene.dead] = 99.0
        return cls(hangs, needs, vectors, chance.uniform(0, 2 * np.pi, (many, WAVES)), sizes)


Taken = tuple[Reals, Integers, Integers, Reals]


def _busy(kind: Kind, scene: Scene, own: _Own, steps: Reals, turn: Integers, chance: np.random.Generator) -> Taken:
    """While somebody is there: what is parked and what they carry, and their bodies between."""
    there = [one for one in scene.walkers if one.seconds[0] <= steps[-1] and one.seconds[-1] >= steps[0]]
    tags = np.concatenate([scene.parked, *(one.tags for one in there)]).astype(np.int64)
    if not len(tags):
        return np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    place = np.concatenate([_lying(scene, len(steps)), *(_carried(walker, steps) for walker in there)], axis=1)
    bodies = [(np.interp(steps, w.seconds, w.along), np.interp(steps, w.seconds, w.aside)) for w in there]
    shield = np.concatenate([np.zeros(len(scene.parked)), *(_shielded(len(one.tags)) for one in there)])
    one_way = _one_way(kind, own, tags, place, turn, _channel(steps), bodies) - shield
    return _taken(kind, own, tags, one_way, np.arange(len(steps)), steps, turn, chance)


def _quiet(kind: Kind, scene: Scene, own: _Own, steps: Reals, turn: Integers, chance: np.random.Generator) -> Taken:
    """While nobody is there: parked tags in one place, so one strength for each antenna and channel."""
    hung, channels = np.divmod(np.arange(len(kind.hung) * len(CHANNELS_HZ)), len(CHANNELS_HZ))
    loud = _one_way(kind, own, scene.parked, _lying(scene, len(hung)), hung, channels, [])
    return _taken(kind, own, scene.parked, loud, turn * len(CHANNELS_HZ) + _channel(steps), steps, turn, chance)


def _channel(steps: Reals) -> Integers:
    return np.asarray(np.floor(steps / HOP_SECONDS).astype(np.int64) * 7 % len(CHANNELS_HZ))


def _shielded(tags: int) -> Reals:
    """Decibels lost one way in a stack, by the dossiers on the thinner side."""
    number = np.arange(tags)
    return np.asarray(STACKED_DB * np.minimum(np.minimum(number, tags - 1 - number) / STACKED_TAGS, 1.0))


def _taken(
    kind: Kind,
    own: _Own,
    tags: Integers,
    one_way: Reals,
    row: Integers,
    steps: Reals,
    turn: Integers,
    chance: np.random.Generator,
) -> Taken:
    """Of the tags awake at a moment one is read, each as likely as another; rows of `one_way` by step."""
    step = np.repeat(np.arange(len(steps)), chance.poisson(kind.reads * STEP_SECONDS, len(steps)))
    out: list[Taken] = []
    for part in np.array_split(step, max(1, len(step) // 20_000)):
        reaches = TRANSMIT_DBM + one_way[row[part]]
        short = (own.needs[tags] - reaches) / EDGE_DB
        awake = chance.random(reaches.shape) < 1 / (1 + np.exp(np.clip(short, -50, 50)))
        so_far = np.cumsum(awake, axis=1)
        wanted = np.floor(chance.random(len(part)) * so_far[:, -1])
        got = np.argmax(so_far > wanted[:, None], axis=1)
        heard = np.flatnonzero(so_far[:, -1] > 0)
        then, got = part[heard], got[heard]
        back = reaches[heard, got] + BACKSCATTER_DB + one_way[row[then], got]
        at = steps[then] + chance.uniform(0, STEP_SECONDS, len(then))
        out.append((at, tags[got], turn[then], back + NOISE_DB * chance.standard_normal(len(then))))
    at, tag, hung, dbm = (np.concatenate(columns) for columns in zip(*out, strict=True))
    return at, tag, hung, dbm


def _lying(scene: Scene, rows: int) -> Reals:
    x, y = scene.parked_at
    one = np.stack([x, y, np.full(len(x), CART_HEIGHT)], axis=1)
    return np.broadcast_to(one, (rows, len(x), 3))


def _carried(walker: Walker, moment: Reals) -> Reals:
    """Where each tag of a load is at each moment; far away while its carrier isn't there."""
    x, y = np.interp(moment, walker.seconds, walker.along), np.interp(moment, walker.seconds, walker.aside)
    leg = np.clip(np.searchsorted(walker.seconds, moment, side="right") - 1, 0, len(walker.along) - 2)
    ways = np.sign(np.diff(walker.along))
    for leg_number in range(1, len(ways)):
        ways[leg_number] = ways[leg_number] or ways[leg_number - 1]
    faces = ways[leg] if walker.walk is not Walk.PAST else np.zeros(len(moment))
    ahead = {Hold.IN_FRONT: 0.3, Hold.UNDER_ARM: 0.0, Hold.ON_CART: 0.75}[walker.hold]
    number = np.arange(len(walker.tags))
    spread = (number - (len(number) - 1) / 2) * 0.018
    place = np.empty((len(moment), len(number), 3))
    place[..., 0] = (x + faces * ahead)[:, None]
    place[..., 1] = y[:, None] + 0.25 * (walker.hold is Hold.UNDER_ARM)
    if walker.hold is Hold.ON_CART:
        place[..., 0] += np.clip(spread, -0.4, 0.4)
        place[..., 2] = CART_HEIGHT
    else:
        place[..., 2] = TAG_HEIGHT + spread  # a pile lies flat on the arms
    gone = (moment < walker.seconds[0]) | (moment > walker.seconds[-1])
    place[gone] += 500.0
    return place


def _one_way(
    kind: Kind,
    own: _Own,
    tags: Integers,
    place: Reals,
    turn: Integers,
    channel: Integers,
    bodies: list[tuple[Reals, Reals]],
) -> Reals:
    """Decibels from the reader's port to each tag at each step, over the antenna whose turn it is."""
    wave = 2 * np.pi * CHANNELS_HZ[channel] / LIGHT_METRES
    gains = np.empty(place.shape[:2])
    for number, hung in enumerate(kind.hung):
        rows = np.flatnonzero(turn == number)
        if not len(rows):
            continue
        at, k = place[rows], wave[rows][:, None]
        straight, metres = _ray(hung, at, 1.0)
        below, further = _ray(hung, at, -1.0)
        field = straight * np.exp(-1j * k * metres) + FLOOR_REFLECTS * below * np.exp(-1j * k * further)
        phase = np.einsum("stc,wc->stw", at, own.vectors[number]) * k[..., None] + own.phases[number]
        # What comes off walls comes from everywhere, whichever way the antenna looks, and fades with the distance too.
        field = field + (own.sizes[number] * np.exp(1j * phase)).sum(axis=2) / (metres + 0.7)
        loud = 20 * np.log10(np.abs(field) + NOTHING) + 20 * np.log10(1 / (2 * k))
        for x, y in bodies:
            loud = loud - _behind(hung, at, x[rows][:, None], y[rows][:, None])
        gains[rows] = loud + ANTENNA_DB - own.turned[tags, number]
    return gains


def _ray(hung: Hung, at: Reals, sign: float) -> tuple[Reals, Reals]:
    """Amplitude of the wave to a place (or to its mirror image in the floor) by distance and by the antenna's beam; metres."""
    apart = at * np.array([1.0, 1.0, sign]) - np.array(hung.at)
    metres = np.maximum(np.linalg.norm(apart, axis=2), 0.15)
    looks = np.array(hung.looks) / np.linalg.norm(hung.looks)
    cosine = np.clip((apart @ looks) / metres, 0.0, 1.0)
    return np.maximum(cosine**BEAM_POWER, SIDE_LOBE) / metres, metres


def _behind(hung: Hung, at: Reals, x: Reals, y: Reals) -> Reals:
    """Decibels lost where a person stands between, seen from above."""
    to_x, to_y = at[..., 0] - hung.at[0], at[..., 1] - hung.at[1]
    from_x, from_y = x - hung.at[0], y - hung.at[1]
    share = (from_x * to_x + from_y * to_y) / np.maximum(to_x**2 + to_y**2, NOTHING)
    miss = np.hypot(from_x - share * to_x, from_y - share * to_y)
    hits: NDArray[np.bool_] = (share > 0.05) & (share < 0.95)
    return np.asarray(np.where(hits, BODY_DB * np.clip(1.5 - miss / BODY_METRES, 0.0, 1.0), 0.0))


def _reported(
    kind: Kind, seconds: Reals, tag: Integers, antenna: Integers, dbm: Reals, chance: np.random.Generator
) -> Reads:
    order = np.argsort(seconds, kind="stable")
    at = np.rint(seconds[order] * SECOND).astype(np.int64)
    tag, antenna, dbm = tag[order], antenna[order], dbm[order]
    side = antenna % SIDES
    period = round(kind.report * SECOND)
    message = at // period
    late = np.rint(20_000 + 15_000 * chance.exponential(1.0, int(message.max(initial=0)) + 1)).astype(np.int64)
    received = (message + 1) * period + late[message]
    if kind.whole_db:
        dbm = np.rint(dbm)
    told = np.where(np.isin(side, kind.whole_seconds), at // SECOND * SECOND, at)
    reader = side if kind.two_readers else np.zeros_like(side)
    one = np.ones_like(at)
    of = np.zeros_like(one) if kind.mute else one
    cdbm = np.rint(dbm * 100).astype(np.int64) * of
    return Reads(tag, reader, antenna, told, received, one, of, cdbm)
