"""How strongly an antenna hears a tag, and how often. Strengths in dBm, distances in metres, all arrays.

Every number says where it comes from: *fitted* to real logs or *measured* by others (the list is in docs/simulator.md),
or *chosen* within the range that practice gives, because nobody published it.
"""

from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from devices.simulator import floor

Values: TypeAlias = NDArray[np.float64]
TagNumbers: TypeAlias = NDArray[np.int32]
Placement: TypeAlias = int | NDArray[np.signedinteger[Any]]

RSSI_AT_ONE_METRE_DBM = -54.1  # fitted, at full power
LOSS_PER_DECADE_DB = 29.2  # fitted
SHADOWING_DB = 3.7  # fitted: residual of the line above, static for a tag, its placement and the antenna's place
FADING_DB = 2.5  # measured: 2 to 4 dB within a tag while people move
NEAREST_METRES = 0.30  # chosen: nearer than that the fitted line doesn't hold

FULL_POWER_DBM = 30.0
SWEEP_POWER_DBM = 16.0  # chosen: at full power a sweep would hear five bays at once
CABINET_POWER_DBM = 7.0  # chosen likewise
DESK_POWER_DBM = 15.0

SENSITIVITY_DBM = -72.0  # chosen within -70 to -75: strength at which every other attempt succeeds
SENSITIVITY_SPREAD_DB = 1.5  # chosen: width of the step from never to always

BOARD_DB = 10.0  # chosen: a steel shelf board costs 5 to 15 dB
UPRIGHT_DB = 4.0  # chosen: the frame between two bays
BACK_DB = 15.0  # chosen: two rows of paper, back to back
HALF_BEAM_DEGREES = 35.0  # a patch antenna loses 3 dB at this angle off its axis
FRONT_TO_BACK_DB = 14.0  # what the same antenna loses behind itself; once on the way out, once on the way back

# Fitted together to one published pass over 915 tags: median 4 reads a tag, 11 % read exactly once, 93 to 97 % read at
# all; and to the second pass, which adds less than independence would, as part of the readability stays with the tag.
READS_PER_PASS = 4.3
READABILITY_SPREAD = 0.32  # of the logarithm; once per tag, once more per pass
LABEL_READS_FACTOR = 3.0  # chosen: a shelf label sits in the open, not between sheaves of paper
BEAM_SHARE = 0.15  # chosen: spread of a tag's reads in time, as a share of the pass; the beam covers a third of a shelf
READS_PER_SECOND_MAX = 150.0  # measured: 50 to 300 tags a second sustained

# What nobody published, chosen within what practice reports.
ORIENTATION_DB = 2.0  # chosen: how a tag hangs; static for a tag and its placement, alike for every antenna
EDGE_SHARE, EDGE_DB = 0.08, 5.0  # chosen: tags that stick to the far edge of a dossier, and what that costs
WEAK_SHARE, WEAK_DB = 0.004, 9.0  # chosen: tags that were damaged or detuned, and what that costs
DOUBLED_SHARE = 0.001  # chosen: dossiers that carry a second tag, forgotten at re-labelling
DRIFT_DB = 1.0  # chosen: common to all a reader hears in a day; about 1 dB from night to night
DRIFT_LOCAL_DB = 0.7  # chosen: the same for one antenna's place: humidity, a door, a trolley left there
CABINET_WALL_DB = 12.0  # chosen: two sheets of steel between neighbouring cabinets
CABINET_READS_PER_SLICE = 5.0  # a reader's cache reports a tag that stays once a minute; a slice is five minutes

# An antenna that looks into an aisle, at full power.
ZONE_HEIGHT_METRES = 2.6  # chosen: under the ceiling, above the shelving's 2.2 m
ZONE_BEFORE_METRES = 0.3  # chosen: so far before the aisle's end
ZONE_AIM_SHARE = 0.67  # chosen: aimed at this share of the aisle's length, at half the shelving's height
ZONE_GAIN_DB = 6.0  # chosen: on its axis, there and back, over the patch of the fitted line; 9 instead of 6 dBi
ZONE_TRIES_PER_MINUTE = (
    1.0  # chosen: up to 5,000 tags share 150 reads a second, and a reader's cache repeats itself little
)
SHEAVES_LEAST_DB, SHEAVES_MOST_DB = 3.0, 10.0  # published: 3 to 10 in a stack; here seen from its end, static for a tag
ROOM_DB = 12.0  # chosen: out of another block's open aisle, past the ends of its carriages

NO_LABELS = 2**31 - 1  # higher than any tag's number

STANDOFF_METRES = 0.40  # from the antenna to the shelf it is pointed at


class Side(IntEnum):
    """Where a tag stands, seen from the shelf an antenna is pointed at."""

    HERE = 0
    ABOVE = 1
    BELOW = 2
    LEFT = 3
    RIGHT = 4
    FACING = 5
    BEHIND = 6


class Way(IntEnum):
    """How a tag is seen by an antenna that looks into an open aisle."""

    WITHIN = 0  # on a face of this aisle
    BEHIND = 1  # back to back with such a face: of the closed aisle beside
    ACROSS = 2  # in the open aisle of another block


_ON_THE_WAY_DB = np.array([0.0, BACK_DB, ROOM_DB])

# By side: metres across the aisle and up or down, decibels in between; the facing bay is behind the antenna.
_ACROSS = np.array(
    [0.4, 0.4, 0.4, 0.4, 0.4, floor.AISLE_METRES - STANDOFF_METRES, STANDOFF_METRES + floor.DEPTH_METRES]
)
_UP = np.array([0, floor.LEVEL_METRES, floor.LEVEL_METRES, 0, 0, 0, 0])
_BETWEEN_DB = np.array([0, BOARD_DB, BOARD_DB, UPRIGHT_DB, UPRIGHT_DB, 0, BACK_DB])


class Heard(NamedTuple):
    """Single reads in order of time: tag number, seconds since the antenna was switched on, strength in dBm."""

    tag: TagNumbers
    seconds: Values
    rssi_dbm: Values


def rssi_at(metres: Values, power_dbm: float) -> Values:
    """Mean strength of a tag at so many metres on the antenna's axis, nothing in between."""
    distance = np.maximum(metres, NEAREST_METRES)
    at_one_metre = RSSI_AT_ONE_METRE_DBM + power_dbm - FULL_POWER_DBM
    return np.asarray(at_one_metre - LOSS_PER_DECADE_DB * np.log10(distance))


def sweep_rssi(side: NDArray[np.int8], along: Values) -> Values:
    """Mean strength at an antenna that passes along a shelf; `along` in metres from the lower end of the tag's bay.

    It passes every tag of its own bay at the nearest; those of the next bays only as near as its end.
    """
    beside = np.select([side == Side.LEFT, side == Side.RIGHT], [floor.SHELF_METRES - along, along], 0.0)
    across, aside = _ACROSS[side], np.hypot(beside, _UP[side])
    degrees = np.degrees(np.arctan2(aside, across))
    off_axis = np.minimum(3.0 * (degrees / HALF_BEAM_DEGREES) ** 2, FRONT_TO_BACK_DB)
    gain = np.where(side == Side.FACING, FRONT_TO_BACK_DB, off_axis)
    return np.asarray(rssi_at(np.hypot(across, aside), SWEEP_POWER_DBM) - 2 * gain - _BETWEEN_DB[side])


def cabinet_rssi(levels_apart: NDArray[np.int8]) -> Values:
    """Mean strength at a line antenna along a cabinet's board, for tags so many levels above or below its own."""
    apart = np.abs(levels_apart)
    return rssi_at(apart * floor.LEVEL_METRES, CABINET_POWER_DBM) - BOARD_DB * apart


def zone_rssi(way: NDArray[np.int8], across: Values, ahead: Values, down: Values, aisle_metres: Values) -> Values:
    """Mean strength at an antenna at the end of an aisle so long, for tags so many metres across, ahead of and below it."""
    metres = np.maximum(np.sqrt(across**2 + ahead**2 + down**2), NEAREST_METRES)
    aimed_ahead = ZONE_BEFORE_METRES + ZONE_AIM_SHARE * aisle_metres
    aimed_down = ZONE_HEIGHT_METRES - floor.PLINTH_METRES - floor.LEVELS * floor.LEVEL_METRES / 2
    cosine = (ahead * aimed_ahead + down * aimed_down) / (metres * np.hypot(aimed_ahead, aimed_down))
    degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    off_axis = np.minimum(3.0 * (degrees / HALF_BEAM_DEGREES) ** 2, FRONT_TO_BACK_DB)
    return np.asarray(rssi_at(metres, FULL_POWER_DBM) + ZONE_GAIN_DB - 2 * off_axis - _ON_THE_WAY_DB[way])


def sheaves_db(seed: int, tag: TagNumbers, placement: Placement) -> Values:
    """What the paper around each tag takes from an antenna that looks along the shelves instead of at them."""
    return SHEAVES_LEAST_DB + (SHEAVES_MOST_DB - SHEAVES_LEAST_DB) * standing_uniform(seed, tag, placement, -9)


def detection_probability(rssi_dbm: Values) -> Values:
    """Chance that one attempt to read a tag of this strength succeeds."""
    steps = np.clip((SENSITIVITY_DBM - rssi_dbm) / SENSITIVITY_SPREAD_DB, -50, 50)
    return np.asarray(1 / (1 + np.exp(steps)))


def shadowing(seed: int, tag: TagNumbers, placement: Placement, antenna: Placement) -> Values:
    """Static decibels of each tag where it stands, for an antenna where *it* stands; the same at every visit."""
    return SHADOWING_DB * standing_normal(seed, tag, placement, antenna)


def hear(
    tag: TagNumbers,
    mean_rssi: Values,
    moment: Values,
    seconds: float,
    seed: int,
    chance: np.random.Generator,
    labels_from: int = NO_LABELS,
) -> Heard:
    """The reads of one pass. moment: 0 to 1, when in the pass the antenna is nearest to each tag.

    labels_from: tags numbered so or higher are shelf labels.
    """
    expected = attempts_expected(tag, seed, chance, labels_from)
    which = np.repeat(np.arange(len(tag)), chance.poisson(expected))
    rssi = mean_rssi[which] + FADING_DB * chance.standard_normal(len(which))
    read = chance.random(len(which)) < detection_probability(rssi)
    kept = np.flatnonzero(read)
    most = int(READS_PER_SECOND_MAX * seconds)
    if len(kept) > most:
        kept = np.sort(chance.choice(kept, most, replace=False))
    at = np.clip(moment[which[kept]] + BEAM_SHARE * chance.standard_normal(len(kept)), 0, 1) * seconds
    order = np.argsort(at, kind="stable")
    return Heard(tag[which[kept]][order], at[order], rssi[kept][order])


def attempts_expected(tag: TagNumbers, seed: int, chance: np.random.Generator, labels_from: int = NO_LABELS) -> Values:
    """How often a pass tries each tag on average; part of it stays with the tag, so misses of two passes go together."""
    readability = standing_normal(seed, tag, 0, 0) + chance.standard_normal(len(tag))
    expected = READS_PER_PASS * np.exp(READABILITY_SPREAD * readability - READABILITY_SPREAD**2)
    return np.where(tag < labels_from, expected, expected * LABEL_READS_FACTOR)


def placement_db(seed: int, tag: TagNumbers, placement: Placement, labels_from: int = NO_LABELS) -> Values:
    """What each tag gains or loses wherever it is heard from: how it hangs where it stands, its edge, a weak chip."""
    hangs = ORIENTATION_DB * standing_normal(seed, tag, placement, -2)
    at_edge = EDGE_DB * (standing_uniform(seed, tag, 0, -3) < EDGE_SHARE)
    weak = WEAK_DB * (standing_uniform(seed, tag, 0, -4) < WEAK_SHARE)
    return np.where(tag < labels_from, hangs - at_edge - weak, 0.0)


def drift_db(seed: int, day: int, reader: Placement, place: Placement) -> Values:
    """How much louder than usual a reader hears on one day, all of it and at one place."""
    common = DRIFT_DB * standing_normal(seed, np.atleast_1d(np.asarray(reader, np.int32)), day, -5)
    local = DRIFT_LOCAL_DB * standing_normal(seed, np.atleast_1d(np.asarray(place, np.int32)), day, -6)
    return np.asarray(common + local)


def standing_normal(seed: int, tag: TagNumbers, placement: Placement, antenna: Placement) -> Values:
    """A standard normal number of its own for each (seed, tag, placement, antenna), without remembering any."""
    one = _drawn(seed, tag, placement, antenna)
    uniform, angle = _unit(one), _unit(_mixed(one))
    return np.asarray(np.sqrt(-2 * np.log(uniform)) * np.cos(2 * np.pi * angle))  # Box and Muller, 1958


def standing_uniform(seed: int, tag: TagNumbers, placement: Placement, antenna: Placement) -> Values:
    """Likewise, evenly between 0 and 1."""
    return _unit(_drawn(seed, tag, placement, antenna))


def _drawn(seed: int, tag: TagNumbers, placement: Placement, antenna: Placement) -> NDArray[np.uint64]:
    key = _word(seed) * np.uint64(0x9E3779B97F4A7C15)
    key = key ^ _word(placement) * np.uint64(0xC2B2AE3D27D4EB4F) ^ _word(antenna) * np.uint64(0x165667B19E3779F9)
    return _mixed(_word(tag) * np.uint64(0xD6E8FEB86659FD93) ^ key)


def _word(number: Placement) -> NDArray[np.uint64]:
    """As 64 bits that wrap around; always an array, since single numbers would warn of it."""
    return np.atleast_1d(np.asarray(number, np.int64)).astype(np.uint64)


def _mixed(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finishing steps of SplitMix64: neighbours come out unrelated."""
    number = number + np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))


def _unit(number: NDArray[np.uint64]) -> Values:
    return ((number >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53
