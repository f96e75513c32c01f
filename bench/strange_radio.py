"""Reads in a strange hall, from link budgets: what reaches the chip decides whether it answers, the way back how loud.

Free space, an antenna pattern with a back lobe, the dipole's direction, the floor's reflection, waves scattered in the
shelves, boards and uprights of metal, people who move; then a reader that asks one tag after another. No formula of
`devices.simulator` is used, and none of its constants.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.strange_halls import ROWS, StrangeHall, across, front_of
from devices.simulator.truth import NOWHERE
from inventory.locating.arrays import NONE, Anchors, Integers, Reals, Sightings, Trail

SECOND = 1_000_000
DAY = 86_400 * SECOND
WAVELENGTH = 0.326  # metres, at 920 MHz
AT_ONE_METRE_DB = 31.7  # of free space, at that wavelength
BACKSCATTER_DB = 20.0  # of a tag between papers
STEP = SECOND // 2
FLOOR_REFLECTION, SCATTERED = -0.5, 0.22  # amplitudes
DIPOLE_LOSS_MAX_DB = 18.0
BODY_DB = 4.0  # of whoever carries the reader, behind it
SLICES, SLICE = 12, 300 * SECOND  # of a cabinet's night


@dataclass(frozen=True)
class Radio:
    """Of readers and walls; dBm and dB.

    eirp: what the antenna sends straight ahead. needs: what the best tag in a dossier needs. pattern: exponent of the
    antenna's lobe; back: its back lobe. board, upright, back_panel: loss of what lies between. people: standard deviation of
    a read's fading. mirrors: share of bays that a metal door opposite makes heard elsewhere. drift: standard deviation of a
    day. step: of the strengths told; faintest: what the receiver hears. tells_strength: whether the reports say it.
    """

    eirp: float = 30.0
    needs: float = -11.5
    pattern: float = 4.0
    back: float = -9.0
    board: float = 5.0
    upright: float = 2.0
    back_panel: float = 7.0
    people: float = 1.8
    mirrors: float = 0.0
    drift: float = 0.8
    step: float = 0.5
    faintest: float = -80.0
    tells_strength: bool = True


@dataclass(frozen=True)
class Reader:
    """How tags are asked. rate: answers a second at best. silent_seconds: how long a tag that answered is quiet.

    refreshed: quiet as long as it is powered (session S2). whole_seconds: times without fractions. cabinet_reads: of a tag in
    easy reach, a night. boards: shelves to one antenna. once: reports each tag once a slice, however often it was read.
    """

    rate: float = 45.0
    silent_seconds: float = 0.0
    refreshed: bool = False
    whole_seconds: bool = False
    cabinet_reads: float = 120.0
    boards: int = 1
    once: bool = False


@dataclass(frozen=True)
class Keeper:
    """How somebody sweeps. seconds: at a shelf, with the spread of their logarithm. by_level: along the row at one level.

    codes, labels: shares of shelves scanned on arriving, and with a label tag that lives. codes_every: only on every so many
    bays. wrong_codes: share of codes that hang on another shelf. pauses: share of shelves at which he stops with the reader on.
    """

    seconds: float = 4.0
    spread: float = 0.25
    by_level: bool = False
    codes: float = 0.95
    codes_every: int = 0
    wrong_codes: float = 0.0
    labels: float = 0.0
    pauses: float = 0.0
    passes: int = 2
    closed: float = 0.01
    skipped: float = 0.02


class StrangeDay(NamedTuple):
    """A day as `bench.scoring` wants it; listened: of each shelf whether anybody was there."""

    sightings: Sightings
    trail: Trail
    listened: NDArray[np.bool_]


class Antenna(NamedTuple):
    """Where it is, where it looks (a unit vector), and of which row and bay it stands before."""

    at: tuple[float, float, float]
    towards: tuple[float, float, float]
    row: int
    bay: float


def powers(hall: StrangeHall, radio: Radio, antenna: Antenna, tags: Integers) -> Reals:
    """Power at the chips of tags in dBm, without anybody moving."""
    apart = np.stack([hall.x[tags], hall.y[tags], hall.z[tags]]) - np.array(antenna.at)[:, None]
    distance = np.maximum(np.sqrt((apart**2).sum(0)), 0.08)
    direction = apart / distance
    ahead = np.array(antenna.towards) @ direction
    gain = np.maximum(10 * radio.pattern * np.log10(np.maximum((1 + ahead) / 2, 1e-3)), radio.back)
    dipole = 1 - (hall.dipole[:, tags] * direction).sum(0) ** 2
    lost = np.minimum(-10 * np.log10(np.maximum(dipole, 1e-3)), DIPOLE_LOSS_MAX_DB)
    number = 2 * np.pi / WAVELENGTH
    floor = np.sqrt(apart[0] ** 2 + apart[1] ** 2 + (hall.z[tags] + antenna.at[2] + 0.2) ** 2)
    field = 1 + FLOOR_REFLECTION * distance / floor * np.exp(1j * number * (floor - distance))
    along = np.tensordot(np.array(antenna.at), hall.wave[:, :, tags], (0, 1))
    field += SCATTERED * np.exp(1j * (number * along + hall.phase[:, tags])).sum(0)
    multipath = 20 * np.log10(np.maximum(np.abs(field), 0.05))
    between = _between(hall, radio, antenna, tags)
    straight = radio.eirp - AT_ONE_METRE_DB - 20 * np.log10(distance) + gain - lost - between + multipath
    return np.asarray(straight - hall.needs_db[tags])


def _between(hall: StrangeHall, radio: Radio, antenna: Antenna, tags: Integers) -> Reals:
    """What boards, uprights, backs of shelves and the reader's carrier take away."""
    shelf = hall.stands[tags]
    row, bay = hall.row_of(shelf), hall.bay_of(shelf) % hall.bays
    levels = np.abs((hall.z[tags] - antenna.at[2]) / hall.shelving.level)
    lost = radio.board * np.minimum(np.maximum(levels - 0.3, 0.0), 3.0)
    lost += radio.upright * np.minimum(np.abs(bay - antenna.bay), 3.0)
    facing, behind = across(np.array([antenna.row]))
    lost += np.where(row == behind[0], radio.back_panel, 0.0)
    return lost + np.where(row == facing[0], BODY_DB, 0.0)


def loudness(radio: Radio, power: Reals, needs_db: Reals) -> Reals:
    """Strength at the receiver in dBm: the way back loses as much as the way there."""
    there = power + needs_db
    return np.asarray(there - (radio.eirp - there) - BACKSCATTER_DB)


# ── Sweeps ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Walk(NamedTuple):
    """Steps of half a second: when, at which shelf, how far along its bay (0 to 1); and where each visit begins."""

    at: Integers
    shelf: Integers
    along: Reals
    begins: Integers


def sweep(hall: StrangeHall, radio: Radio, reader: Reader, keeper: Keeper, day: int) -> StrangeDay:
    """A day of passes through all aisles, each by another handheld and another way round."""
    chance = np.random.default_rng(np.random.SeedSequence([hall.seed, 3, day]))
    fixed = np.random.default_rng(np.random.SeedSequence([hall.seed, 4]))
    code_at = _codes(hall, keeper, fixed)
    living_label = fixed.random(len(code_at)) < keeper.labels
    mirrored = _mirrored(hall, radio, fixed)
    closed = np.random.default_rng(np.random.SeedSequence([hall.seed, 5, day])).random(ROWS * hall.bays) < keeper.closed
    near = _near(hall, mirrored)
    drift = chance.normal(0, radio.drift)
    rows, codes, labels = [], [], []
    listened = np.zeros(len(hall.places.x), bool)
    for number in range(keeper.passes):
        open_bays = ~closed & (chance.random(len(closed)) >= keeper.skipped)
        walk = _walk(hall, keeper, open_bays, day * 7 + number, (8 + 3 * number) * 3600 * SECOND + day * DAY, chance)
        listened[walk.shelf] = True
        rows.extend(_read(hall, radio, reader, walk, near, mirrored, drift, number, chance))
        codes.append(_scanned(keeper, walk, code_at, number, chance))
        labels.append(_labels_heard(walk, living_label, number, chance))
    return StrangeDay(_sightings(rows, radio, reader), Trail(_anchors(codes), _anchors(labels)), listened)


def _codes(hall: StrangeHall, keeper: Keeper, chance: np.random.Generator) -> Integers:
    """Which place the code says that hangs at each shelf, NONE where none hangs; some were put up at the wrong shelf."""
    says = np.arange(len(hall.places.x))
    wrong = np.flatnonzero(chance.random(len(says)) < keeper.wrong_codes)
    says[wrong] = chance.permutation(wrong)
    if keeper.codes_every:
        bay, level = hall.bay_of(says), says % hall.shelving.levels
        says[(bay % keeper.codes_every != 0) | (level != hall.shelving.levels // 2)] = NONE
    return says


def _mirrored(hall: StrangeHall, radio: Radio, chance: np.random.Generator) -> Integers:
    """Of each bay the bay that a metal door makes heard in front of it, NONE for most."""
    bays = ROWS * hall.bays
    there = np.arange(bays) + chance.choice([-3, -2, 2, 3], bays)
    return np.where((chance.random(bays) < radio.mirrors) & (there >= 0) & (there < bays), there, NONE)


def _near(hall: StrangeHall, mirrored: Integers) -> list[Integers]:
    """Of each bay the tags that a reader before it may hear: its row, the one across, the one behind, two bays either way."""
    stands = hall.stands
    row, bay = np.where(stands == NOWHERE, NONE, hall.row_of(stands)), hall.bay_of(stands) % hall.bays
    alive = (stands != NOWHERE) & ~hall.dead
    by_bay = [
        np.flatnonzero(alive & (row == one // hall.bays) & (bay == one % hall.bays)) for one in range(len(mirrored))
    ]
    found = []
    for one in range(len(mirrored)):
        here, at = divmod(one, hall.bays)
        facing, behind = across(np.array([here]))
        rows = [each for each in (here, int(facing[0]), int(behind[0])) if each != NOWHERE]
        bays = range(max(at - 2, 0), min(at + 3, hall.bays))
        several = {each * hall.bays + other for each in rows for other in bays}
        if mirrored[one] != NONE:
            several.add(int(mirrored[one]))
        found.append(np.concatenate([by_bay[each] for each in sorted(several)]))
    return found


def _walk(
    hall: StrangeHall, keeper: Keeper, open_bays: NDArray[np.bool_], turn: int, begins: int, chance: np.random.Generator
) -> _Walk:
    """Bay by bay and level by level, or level by level along the row; every pass another way round."""
    levels, bays = hall.shelving.levels, hall.bays
    shelves = np.arange(ROWS * bays * levels).reshape(ROWS, bays, levels)
    if turn % 2:
        shelves = shelves[::-1, ::-1, :]
    if turn % 3 == 1:
        shelves = shelves[:, :, ::-1]
    if keeper.by_level:
        shelves = shelves.transpose(0, 2, 1)
    order = shelves.ravel()
    order = order[open_bays[hall.bay_of(order)]]
    seconds = keeper.seconds * np.exp(chance.normal(0, keeper.spread, len(order)))
    paused = chance.random(len(order)) < keeper.pauses
    seconds = np.where(paused, seconds + chance.uniform(15, 60, len(order)), seconds)
    steps = np.maximum(np.rint(2 * seconds), 2).astype(np.int64)
    gap = np.where(np.append(True, hall.bay_of(order[1:]) != hall.bay_of(order[:-1])), 3, 0)
    gap = np.where(np.append(True, hall.row_of(order[1:]) != hall.row_of(order[:-1])), 30, gap)
    first = np.cumsum(steps + gap) - steps
    visit = np.repeat(np.arange(len(order)), steps)
    within = np.arange(len(visit)) - np.repeat(np.cumsum(steps) - steps, steps)
    along = (within + 0.5) / steps[visit]
    along = np.where(visit % 2 == 0, along, 1 - along)
    return _Walk(begins + (first[visit] + within) * STEP, order[visit], along, np.flatnonzero(within == 0))


def _read(
    hall: StrangeHall,
    radio: Radio,
    reader: Reader,
    walk: _Walk,
    near: list[Integers],
    mirrored: Integers,
    drift: float,
    number: int,
    chance: np.random.Generator,
) -> list[NDArray[np.int64]]:
    """Rows (volume, reader, at, reads, strength) of a pass, step by step; tags that answered may be quiet for a while."""
    quiet = np.zeros(len(hall), np.int64)
    places, shelving, rows = hall.places, hall.shelving, []
    row, bay = hall.row_of(walk.shelf), hall.bay_of(walk.shelf)
    front, inwards = front_of(row, shelving)
    wobble = chance.normal(0, 0.04, (3, len(walk.at)))
    x = places.x[walk.shelf] + (walk.along - 0.5) * shelving.bay + wobble[0]
    y, z = front - inwards * (0.35 + np.abs(wobble[1])), places.z[walk.shelf] + wobble[2]
    for step, at in enumerate(walk.at.tolist()):
        tags = near[bay[step]]
        side = float(inwards[step])
        where = (float(x[step]), float(y[step]), float(z[step]))
        antenna = Antenna(where, (0.0, side, 0.0), int(row[step]), float(bay[step] % hall.bays))
        power = powers(hall, radio, antenna, tags) + drift
        if mirrored[bay[step]] != NONE:
            from_mirror = hall.bay_of(hall.stands[tags]) == mirrored[bay[step]]
            power[from_mirror] = radio.needs + 7.0 - hall.needs_db[tags][from_mirror] + drift
        faded = power + chance.normal(0, radio.people, len(tags))
        powered = faded > radio.needs
        strength = loudness(radio, faded, hall.needs_db[tags])
        answering = powered & (quiet[tags] <= at) & (strength > radio.faintest)
        if reader.refreshed:
            held = tags[powered & (quiet[tags] > at)]
            quiet[held] = at + int(reader.silent_seconds * SECOND)
        asked = int(answering.sum())
        if not asked:
            continue
        tags, strength = tags[answering], strength[answering]
        reads = chance.poisson(reader.rate / 2 / max(asked, 12), asked)
        if reader.silent_seconds:
            reads = np.minimum(reads, 1)
            quiet[tags[reads > 0]] = at + int(reader.silent_seconds * SECOND)
        told = np.rint(strength / radio.step) * radio.step * 100
        got = reads > 0
        columns = (tags[got], np.full(got.sum(), number), np.full(got.sum(), at + STEP // 2), reads[got], told[got])
        rows.append(np.stack([np.asarray(column, np.int64) for column in columns]))
    return rows


def _sightings(rows: list[NDArray[np.int64]], radio: Radio, reader: Reader) -> Sightings:
    volume, handheld, at, reads, strength = np.concatenate(rows, axis=1)
    if reader.whole_seconds:
        at = at // SECOND * SECOND
    key = np.lexsort((at, handheld, volume))
    volume, handheld, at, reads, strength = (column[key] for column in (volume, handheld, at, reads, strength))
    new = np.append(True, (np.diff(volume) != 0) | (np.diff(handheld) != 0) | (np.diff(at) != 0))
    first = np.flatnonzero(new)
    total, count = np.add.reduceat(reads * strength, first), np.add.reduceat(reads, first)
    if not radio.tells_strength:
        total = np.zeros_like(total)
    nowhere = np.full(len(first), NONE)
    told = count if radio.tells_strength else np.zeros_like(count)
    return Sightings(volume[first], handheld[first], nowhere, at[first], count, told, total, at[first])


def _scanned(
    keeper: Keeper, walk: _Walk, code_at: Integers, number: int, chance: np.random.Generator
) -> NDArray[np.int64]:
    begins = walk.begins[chance.random(len(walk.begins)) < keeper.codes]
    said = code_at[walk.shelf[begins]]
    hangs = said != NONE
    at = walk.at[begins] - chance.integers(0, STEP, len(begins))
    return np.stack([np.full(hangs.sum(), number), at[hangs], said[hangs], np.zeros(hangs.sum(), np.int64)])


def _labels_heard(
    walk: _Walk, living: NDArray[np.bool_], number: int, chance: np.random.Generator
) -> NDArray[np.int64]:
    """The label heard loudest in each step, where any is: mostly the shelf's own, now and then the next one's."""
    stray = chance.choice([0, -1, 1], len(walk.at), p=[0.8, 0.1, 0.1])
    label = np.clip(walk.shelf + stray, 0, len(living) - 1)
    heard = living[label] & (chance.random(len(label)) < 0.4)
    strength = -4000 - 900 * np.abs(stray) + np.rint(chance.normal(0, 300, len(label)))
    columns = (np.full(heard.sum(), number), walk.at[heard] + STEP // 2, label[heard], strength[heard])
    return np.stack([np.asarray(column, np.int64) for column in columns])


def _anchors(parts: list[NDArray[np.int64]]) -> Anchors:
    reader, at, place, strength = np.concatenate(parts, axis=1)
    order = np.lexsort((place, at, reader))
    return Anchors(reader[order], at[order], place[order], strength[order])


# ── Cabinets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def night(hall: StrangeHall, radio: Radio, reader: Reader, day: int) -> StrangeDay:
    """A night of cabinets: antennas under the boards that look down, each for one shelf or for several."""
    chance = np.random.default_rng(np.random.SeedSequence([hall.seed, 6, day]))
    nobody = np.zeros(0, np.int64)
    mirrored = np.full(ROWS * hall.bays, NONE)
    near, stirred = _near(hall, mirrored), chance.normal(0, 0.6, len(hall))
    shelves, levels = hall.places, hall.shelving.levels
    weather = chance.normal(0, radio.drift)
    rows = []
    for shelf in range(len(shelves.x)):
        level, bay = shelf % levels, shelf // levels
        if level % reader.boards:
            continue
        above = min(level + reader.boards, levels) - level
        tags = near[bay]
        at = (float(shelves.x[shelf]), float(shelves.y[shelf]), (level + above) * hall.shelving.level - 0.03)
        antenna = Antenna(at, (0.0, 0.0, -1.0), bay // hall.bays, float(bay % hall.bays))
        power = powers(hall, radio, antenna, tags) + weather + chance.normal(0, 0.3) + stirred[tags]
        possible = np.flatnonzero(power > radio.needs - 3 * radio.people)
        tags, power = tags[possible], power[possible]
        faded = power[:, None] + chance.normal(0, radio.people, (len(tags), SLICES))
        strength = loudness(radio, faded, hall.needs_db[tags][:, None])
        eager = np.clip((faded - radio.needs) / 6.0, 0.0, 1.0) * (strength > radio.faintest)
        reads = chance.poisson(reader.cabinet_reads / SLICES * eager)
        if reader.once:
            reads = np.minimum(reads, 1)
        tag, slice_ = np.nonzero(reads)
        told = np.rint(strength[tag, slice_] / radio.step) * radio.step * 100
        middle = day * DAY + slice_ * SLICE + SLICE // 2
        columns = (tags[tag], np.full(len(tag), shelf + above - 1), middle, reads[tag, slice_], told)
        rows.append(np.stack([np.asarray(column, np.int64) for column in columns]))
    volume, antenna_at, at_, reads_, told_ = np.concatenate(rows, axis=1)
    told_ = told_ if radio.tells_strength else np.zeros_like(told_)
    strong = reads_ if radio.tells_strength else np.zeros_like(reads_)
    # A cabinet of four bays has one reader.
    number = 1_000 + antenna_at // levels // 4
    sightings = Sightings(volume, number, antenna_at, at_, reads_, strong, reads_ * told_, at_ + SLICE // 2)
    no_anchors = Anchors(nobody, nobody, nobody, nobody)
    return StrangeDay(sightings, Trail(no_anchors, no_anchors), np.ones(len(shelves.x), bool))
