"""Stacks of dossiers in a tunnel and on a desk pad, and what lies beside: what the readers report, with the truth."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from devices.simulator import radio
from devices.simulator.radio import Values
from devices.simulator.truth import DEAD_SHARE
from inventory.locating.arrays import Integers
from inventory.locating.reads import SECOND, Reads

TUNNEL_POWER_DBM = 30.0  # as the fitted line has it
TUNNEL_ANTENNAS = 4  # left, right, above, below
TUNNEL_METRES = (0.35, 0.6)  # chosen: from an antenna to a dossier in the bag
TUNNEL_WALL_DB = 18.0  # chosen: absorber and sheet around it; what comes through the mouth counts as beside
TUNNEL_READS_PER_SECOND = 250.0  # measured: 50 to 300 sustained, 1,100 at best
PAD_POWER_DBM = 15.0  # chosen: a near-field pad reads a stack and little beside it
PAD_METRES = (0.05, 0.6)  # from the pad to the bottom and top of the tallest stack
PAD_READS_PER_SECOND = 120.0  # measured: 50 to 300 sustained
PAD_ASIDE_DB = 12.0  # chosen: what a pad loses off its middle

EDGEWISE_DB = 5.0  # chosen: a tag turned edgewise to one antenna of several; spread of each pair
NEIGHBOURS_DB = 7.0  # chosen: in the middle of a dense stack; published drops are 3 to 10
NEIGHBOURS_FULL = 10.0  # dossiers on either side that shield fully; chosen
ANTENNA_SECONDS = 0.05  # measured: 50 to 250 ms
SILENT_SHARE = 0.5  # of the time a tag just read stays silent and leaves the air to the others (session S1); chosen
LEAST_SECONDS, MOST_SECONDS = 4.0, 10.0  # a bag stays; chosen
BETWEEN_SECONDS = (4.0, 12.0)  # from one bag to the next
BESIDE_TAGS = (0, 12)  # dossiers on the desk beside
BESIDE_METRES = (0.8, 2.5)  # so far
LEFT_BEHIND_SHARE = 0.15  # of the settings: one dossier of the manifest lies beside; chosen
UNEXPECTED_SHARE = 0.15  # of the settings: one dossier nobody expected lies inside; chosen
PASSING_SHARE = 0.2  # of the settings: somebody carries a few dossiers past meanwhile; chosen
PASSING_TAGS = 5


class Kind(StrEnum):
    """What is read with."""

    TUNNEL = "tunnel"
    PAD = "pad"


@dataclass(frozen=True, slots=True)
class Setting:
    """One stack. tags: what lies inside, living or dead; expected: what the manifest names; seconds: from and until."""

    tags: Integers
    expected: Integers
    beside: Integers
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Bench:
    """Some settings one after the other, and all that was read. dead: of each tag number."""

    kind: Kind
    settings: tuple[Setting, ...]
    reads: Reads
    dead: NDArray[np.bool_]


def run_settings(kind: Kind, stack: int | tuple[int, int], settings: int, seed: int, loss_db: float = 0.0) -> Bench:
    """So many settings of stacks of one size, or between two; the same seed gives the same reads."""
    chance = np.random.default_rng(np.random.SeedSequence([seed, 71 if kind is Kind.TUNNEL else 72]))
    beside_many = int(chance.integers(BESIDE_TAGS[0], BESIDE_TAGS[1] + 1))
    beside = np.arange(beside_many)
    next_tag, at = beside_many, 6.0
    plans: list[Setting] = []
    passing: list[tuple[Integers, float, float]] = []
    for _ in range(settings):
        size = stack if isinstance(stack, int) else int(chance.integers(stack[0], stack[1] + 1))
        tags = np.arange(next_tag, next_tag + size)
        next_tag += size
        stays = float(chance.uniform(LEAST_SECONDS, MOST_SECONDS)) * (1.0 if kind is Kind.TUNNEL else 2.0)
        expected = tags
        if chance.random() < LEFT_BEHIND_SHARE and beside_many:
            expected = np.append(expected, chance.choice(beside))
        if size > 1 and chance.random() < UNEXPECTED_SHARE:
            expected = expected[expected != chance.choice(tags)]
        plans.append(Setting(tags, expected, beside, at, at + stays))
        if chance.random() < PASSING_SHARE:
            carried = np.arange(next_tag, next_tag + PASSING_TAGS)
            next_tag += PASSING_TAGS
            middle = float(chance.uniform(at, at + stays))
            passing.append((carried, middle - 1.5, middle + 1.5))
        at += stays + float(chance.uniform(*BETWEEN_SECONDS))
    dead = chance.random(next_tag) < DEAD_SHARE
    present = [(plan.tags, plan.began, plan.ended, True) for plan in plans]
    present += [(tags, began, ended, False) for tags, began, ended in passing]
    present.append((beside, 0.0, at, False))
    return Bench(kind, tuple(plans), _heard(kind, present, dead, seed, loss_db, chance), dead)


Present = list[tuple[Integers, float, float, bool]]


def _heard(
    kind: Kind,
    present: Present,
    dead: NDArray[np.bool_],
    seed: int,
    loss_db: float,
    chance: np.random.Generator,
) -> Reads:
    """One slot after the other: of the tags that answer one antenna, one is read, and is silent for a while."""
    antennas = TUNNEL_ANTENNAS if kind is Kind.TUNNEL else 1
    rate = TUNNEL_READS_PER_SECOND if kind is Kind.TUNNEL else PAD_READS_PER_SECOND
    loud = [_loudness(kind, tags, inside, antennas, seed, chance) - loss_db for tags, _, _, inside in present]
    edges = np.unique(np.array([edge for _, began, ended, _ in present for edge in (began, ended)]))
    parts: list[tuple[Values, Integers, Integers, Values]] = []
    for low, high in pairwise(edges):
        there = [number for number, (_, began, ended, _) in enumerate(present) if began <= low and ended >= high]
        tags = np.concatenate([present[number][0] for number in there])
        slots = np.arange(np.ceil(low * rate), np.ceil(high * rate)) / rate
        if not len(tags) or not len(slots):
            continue
        mean = np.concatenate([loud[number] for number in there], axis=1)
        mean = np.where(dead[tags], -200.0, mean)
        antenna = np.floor(slots / ANTENNA_SECONDS).astype(np.int64) % antennas
        strength = mean[antenna] + radio.FADING_DB * chance.standard_normal((len(slots), len(tags)))
        answers = chance.random(strength.shape) < radio.detection_probability(strength)
        answers &= chance.random(strength.shape) < 1 - SILENT_SHARE
        turn = np.where(answers, chance.random(strength.shape), 0.0)
        one = np.argmax(turn, axis=1)
        rows = np.flatnonzero(turn[np.arange(len(slots)), one] > 0)
        parts.append((slots[rows], tags[one[rows]], antenna[rows], strength[rows, one[rows]]))
    at, tag, antenna, dbm = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    when = np.rint(at * SECOND).astype(np.int64)
    one, zero = np.ones_like(when), np.zeros_like(when)
    return Reads(tag, zero, antenna, when, when + SECOND // 10, one, one, np.rint(dbm * 100).astype(np.int64))


def _loudness(
    kind: Kind, tags: Integers, inside: bool, antennas: int, seed: int, chance: np.random.Generator
) -> Values:
    """Mean strength by antenna and tag."""
    size, small = len(tags), tags.astype(np.int32)
    number = np.arange(size)
    power = TUNNEL_POWER_DBM if kind is Kind.TUNNEL else PAD_POWER_DBM
    if not inside:
        lost = TUNNEL_WALL_DB if kind is Kind.TUNNEL else PAD_ASIDE_DB
        air = radio.rssi_at(chance.uniform(*BESIDE_METRES, size), power) - lost
        loud = np.repeat(air[None], antennas, axis=0)
    else:
        depth = np.minimum(np.minimum(number, size - 1 - number) / NEIGHBOURS_FULL, 1.0)
        if kind is Kind.TUNNEL:
            metres = chance.uniform(*TUNNEL_METRES, (antennas, size))
        else:
            metres = (PAD_METRES[0] + (PAD_METRES[1] - PAD_METRES[0]) * np.minimum(number / 30, 1.0))[None]
        loud = radio.rssi_at(metres, power) - NEIGHBOURS_DB * depth
    edgewise = -np.abs(EDGEWISE_DB * chance.standard_normal((antennas, size)))
    return np.asarray(loud + edgewise + radio.placement_db(seed, small, 0))
