"""Read profiles: how a volume sounds where it stands, learned while its place was verified, forgotten when it moves.

Static shadowing makes every tag sound different at every antenna, and the same every night: against the shelf's expectations
that is noise, against the volume's own past it is a fingerprint.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Integers, Reals, some_at_once
from inventory.locating.sensing import Hearings

NIGHTS_MAX = 30  # older nights fade
HABIT_EDGES = np.array([0.5, 0.9])  # share of nights in which it is heard at one place
HABIT_READS_EDGES = np.array([2.0, 4.0, 8.0, 16.0, 32.0])  # reads to be expected there in so many visits
HABIT_DB_EDGES = np.array([4.0, 8.0])  # above what can't be heard any more
HABIT_DB_UNKNOWN = 1
PLACE_READS_FEW = 10.0  # so many reads of the volumes known at a place tell nothing of how well it was read


@dataclass(frozen=True)
class Profiles:
    """What is remembered of volumes where the ledger has them; rows ascend by (volume, place).

    Of each volume: home: where it was learned, NONE if nothing is. nights: how often its place was listened at. seen: in so
    many of them it was heard. reads: all its reads in these. unseen: in so many of the last nights it wasn't.
    Of each row: heard: in so many nights it was heard at `place`. strength and log_reads: sums over those; told: of how many
    the strength is known.
    """

    home: Integers
    nights: Integers
    seen: Integers
    reads: Integers
    unseen: Integers
    volume: Integers
    place: Integers
    heard: Reals
    told: Reals
    strength: Reals
    log_reads: Reals
    phased: Reals
    phase: Reals


def no_profiles(volumes: int) -> Profiles:
    """Before the first close."""
    none, zero = np.zeros(0, np.int64), np.zeros(0)
    zeros = np.zeros(volumes, np.int64)
    return Profiles(np.full(volumes, NONE), zeros, zeros, zeros, zeros, none, none, *[zero] * 6)


def remember(
    before: Profiles,
    hearings: Hearings,
    ledger_place: Integers,
    listened: NDArray[np.bool_],
    verified: Reals,
    elsewhere: NDArray[np.bool_],
    places: int,
) -> Profiles:
    """The profiles after another night.

    listened: of each volume whether its place was listened at since it came there. verified: of each volume whether it was
    believed at home, or wasn't heard at all; elsewhere: whether it was rather believed somewhere else. A volume that the ledger
    moved, or that is believed elsewhere, is forgotten; a night that leaves it unsure teaches nothing and takes nothing. What is
    heard in passing of one whose own place nobody listened at is no night of its own: it would teach that home is silent.
    """
    stays = (before.home == ledger_place) & (ledger_place != NONE)
    heard = np.zeros(len(ledger_place), bool)
    heard[hearings.volume] = True
    home_listened = listened & (ledger_place != NONE)
    believed = heard & (verified > 0) & home_listened
    kept = stays & ~(heard & elsewhere)
    tonight = (home_listened & ~heard & kept) | believed
    waiting = home_listened & ~heard & ~stays  # it moved there, and hasn't been heard yet
    reads_tonight = np.bincount(hearings.volume, hearings.count, len(ledger_place)).astype(np.int64)

    def carry(values: Integers) -> Integers:
        return np.where(kept, values, 0)

    old, new = kept[before.volume], believed[hearings.volume]
    key = np.concatenate(
        [before.volume[old] * places + before.place[old], hearings.volume[new] * places + hearings.place[new]]
    )
    told, phased = ~np.isnan(hearings.strength[new]), ~np.isnan(hearings.phase[new])
    columns = (
        (before.heard[old], np.ones(new.sum())),
        (before.told[old], told.astype(np.float64)),
        (before.strength[old], np.where(told, hearings.strength[new], 0.0)),
        (before.log_reads[old], hearings.reads[new]),
        (before.phased[old], phased.astype(np.float64)),
        (before.phase[old], np.where(phased, hearings.phase[new], 0.0)),
    )
    keys, row = np.unique(key, return_inverse=True)
    summed = [np.bincount(row, np.concatenate(parts), len(keys)) for parts in columns]
    nights = carry(before.nights) + (tonight | waiting)
    fade = np.where(nights > NIGHTS_MAX, NIGHTS_MAX / np.maximum(nights, 1), 1.0)[keys // places]
    seen, reads = carry(before.seen) + believed, carry(before.reads) + np.where(believed, reads_tonight, 0)
    kept_reads = np.where(seen > NIGHTS_MAX, reads * NIGHTS_MAX // np.maximum(seen, 1), reads)
    return Profiles(
        home=np.where(kept | believed | waiting, ledger_place, NONE),
        nights=np.minimum(nights, NIGHTS_MAX),
        seen=np.minimum(seen, NIGHTS_MAX),
        reads=kept_reads,
        unseen=np.where(
            (tonight | waiting) & ~heard, carry(before.unseen) + 1, np.where(heard, 0, carry(before.unseen))
        ),
        volume=keys // places,
        place=keys % places,
        heard=summed[0] * fade,
        told=summed[1] * fade,
        strength=summed[2] * fade,
        log_reads=summed[3] * fade,
        phased=summed[4] * fade,
        phase=summed[5] * fade,
    )


def habit_of(profiles: Profiles, row: Integers, expected: Reals, loud_dbm: Reals, silent_dbm: float) -> Integers:
    """Which row of `Model.habits` a row of the profile belongs to: how regularly, how often and how loud it is heard there.

    expected: the reads to be expected there, of each row; loud_dbm: the strength, NaN where none was told.
    """
    regular = profiles.heard[row] / np.maximum(profiles.nights[profiles.volume[row]], 1)
    steps = np.searchsorted(HABIT_EDGES, regular, side="right")
    often = np.searchsorted(HABIT_READS_EDGES, expected, side="right")
    above = np.searchsorted(HABIT_DB_EDGES, loud_dbm - silent_dbm, side="right")
    loud = np.where(np.isnan(loud_dbm), HABIT_DB_UNKNOWN, above)
    return np.asarray((steps * (len(HABIT_READS_EDGES) + 1) + often) * (len(HABIT_DB_EDGES) + 1) + loud)


def usual_dbm(profiles: Profiles, row: Integers, level: Reals) -> Reals:
    """How loud a volume is to be heard at a row of its profile, where each place's own volumes sound like `level`; NaN untold."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(profiles.strength[row] / profiles.told[row] + level[profiles.place[row]])


def row_in(profiles: Profiles, volume: Integers, place: Integers, places: int) -> Integers:
    """The profile's row of each (volume, place), NONE where there is none."""
    return row_at(keys_of(profiles, places), volume, place, places)


def keys_of(profiles: Profiles, places: int) -> Integers:
    """The profile's rows as numbers that ascend, for whoever looks for rows again and again."""
    return profiles.volume * places + profiles.place


def row_at(keys: Integers, volume: Integers, place: Integers, places: int) -> Integers:
    """Which of the keys (`keys_of`) each (volume, place) is, NONE where it is none."""
    if not len(keys):
        return np.full(len(volume), NONE)
    wanted = volume * places + place
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, NONE)


def usual_reads(profiles: Profiles, row: Integers, visits: Reals) -> Reals:
    """How often a volume is usually read at a row of its profile, in so many visits to each place (`as_visits`)."""
    mean = profiles.log_reads[row] / np.maximum(profiles.heard[row], 1e-9)
    return np.asarray(np.exp(mean) * visits[profiles.place[row]])


def as_visits(profiles: Profiles, hearings: Hearings, ledger_place: Integers, effort: Integers) -> Reals:
    """Of each place, how many usual visits tonight's were worth, by the reads of volumes known there; never more than there were.

    A reader turned down, or somebody in a hurry, reads less in as many visits.
    """
    at_home, visits, keys = profiles.home == ledger_place, effort.astype(np.float64), keys_of(profiles, len(effort))
    known, mine = np.flatnonzero(at_home[profiles.volume]), at_home[hearings.volume]
    usual = np.empty(len(known))
    for part in some_at_once(len(known)):
        row = known[part]
        often = profiles.heard[row] / np.maximum(profiles.nights[profiles.volume[row]], 1)
        usual[part] = usual_reads(profiles, row, visits) * often
    for part in some_at_once(len(mine)):
        mine[part] &= row_at(keys, hearings.volume[part], hearings.place[part], len(effort)) != NONE
    in_all = np.bincount(profiles.place[known], usual, len(effort)) + PLACE_READS_FEW
    tonight = np.bincount(hearings.place[mine], hearings.count[mine], len(effort)) + PLACE_READS_FEW
    return np.asarray(effort * np.minimum(tonight / in_all, 1.0))
