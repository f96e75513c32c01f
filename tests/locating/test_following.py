"""A reader that goes along shelves, told by what it hears of them: full ones and half-empty ones, in a hurry, with or without codes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Anchors, Integers, Places, Sightings, Trail
from inventory.locating.following import stays_of
from inventory.locating.model import Model
from inventory.locating.tracing import WINDOW, company_of, places_of

BAYS, LEVELS = 6, 5
SHELVES = BAYS * LEVELS
PLACES = Places(
    x=np.repeat(np.arange(BAYS) * 0.9, LEVELS),
    y=np.zeros(SHELVES),
    z=np.tile(np.arange(LEVELS) * 0.4, BAYS),
    room=np.zeros(SHELVES, np.int64),
)
FULL, SPARSE = 60, 8  # every third shelf holds so few
LEDGER = np.repeat(np.arange(SHELVES), np.where(np.arange(SHELVES) % 3 == 0, SPARSE, FULL))
NO_ANCHORS = Anchors(*(np.zeros(0, np.int64) for _ in range(4)))


def walk(windows: int, seed: int) -> tuple[Sightings, Integers]:
    """Every shelf for so many windows, one after another; what is heard, and before which shelf."""
    chance = np.random.default_rng(seed)
    order = np.repeat(np.arange(SHELVES), windows)
    apart = np.hypot(
        PLACES.x[LEDGER][None, :] - PLACES.x[order][:, None], PLACES.z[LEDGER][None, :] - PLACES.z[order][:, None]
    )
    reads = chance.poisson(0.3 * np.exp(-((apart / 0.45) ** 2)))
    moment, volume = np.nonzero(reads)
    count = reads[moment, volume]
    dbm = np.rint(-4000 - 3000 * apart[moment, volume] + chance.normal(0, 500, len(moment))).astype(np.int64)
    at = 1_000_000_000 + moment * WINDOW + WINDOW // 2
    zero = np.zeros(len(moment), np.int64)
    return Sightings(volume, zero, zero + NONE, at, count, count, count * dbm, at), order[moment]


def codes(windows: int, scanned: NDArray[np.bool_], early: int) -> Anchors:
    """The codes of these shelves, each scanned so many microseconds before the reader comes there."""
    shelf = np.flatnonzero(scanned)
    at = 1_000_000_000 + shelf * windows * WINDOW - early
    return Anchors(np.zeros(len(shelf), np.int64), at, shelf, np.zeros(len(shelf), np.int64))


def rightly_placed(heard: Sightings, before: Integers, scanned: Anchors) -> float:
    trail = Trail(scanned, NO_ANCHORS, company_of(heard, LEDGER))
    held = np.bincount(LEDGER, minlength=SHELVES)
    stays = stays_of(trail, PLACES, held, Model())
    return float((places_of(heard, trail, Model(), stays) == before).mean())


@pytest.mark.parametrize("windows", [8, 20])
def test_without_any_code_the_volumes_tell_the_shelf_full_or_half_empty(windows: int) -> None:
    heard, before = walk(windows, seed=1)
    assert rightly_placed(heard, before, NO_ANCHORS) > 0.85


@pytest.mark.parametrize("early", [0, WINDOW // 2, 2 * WINDOW])
def test_a_code_scanned_a_little_before_the_reader_arrives_belongs_to_the_shelf_it_arrives_at(early: int) -> None:
    heard, before = walk(8, seed=2)
    assert rightly_placed(heard, before, codes(8, np.ones(SHELVES, bool), early)) > 0.85


def test_forgotten_codes_do_no_harm() -> None:
    heard, before = walk(8, seed=3)
    scanned = np.random.default_rng(3).random(SHELVES) < 0.7
    assert rightly_placed(heard, before, codes(8, scanned, 0)) > 0.85


@pytest.mark.parametrize("every", [6, SHELVES])
def test_where_codes_are_few_the_volumes_between_them_tell(every: int) -> None:
    heard, before = walk(8, seed=1)
    scanned = np.arange(SHELVES) % every == 2
    assert rightly_placed(heard, before, codes(8, scanned, 0)) > 0.85


def test_where_nothing_is_known_nobody_was_anywhere() -> None:
    heard, _ = walk(8, seed=4)
    for trail in (
        Trail(NO_ANCHORS, NO_ANCHORS),
        Trail(NO_ANCHORS, NO_ANCHORS, company_of(heard, np.full(len(LEDGER), NONE))),
    ):
        assert not len(stays_of(trail, PLACES, np.bincount(LEDGER, minlength=SHELVES), Model()).place)
