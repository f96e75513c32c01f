"""What a gate's antennas hear of people who walk, by a rule of thumb that is not the simulator's: so many dB for each metre."""

import numpy as np

from inventory.locating.reads import INNER, SECOND, Reads, together

APART = 0.5  # metres of each antenna from the middle
LOUDEST, DB_PER_METRE, HEARD_FROM = -45.0, 9.0, -68.0
STEP = 0.05  # seconds: one antenna, then the other
MORNING = 1_700_000_000 * SECOND


def passing(
    tags: range,
    at: float,
    way: list[tuple[float, float]],
    seed: int = 1,
    softer: float = 0.0,
    louder: tuple[float, float] = (0.0, 0.0),
) -> Reads:
    """The reads of tags carried along `way`: (seconds after `at`, metres from the middle of the gate, outside positive).

    louder: dB at either antenna, for what is carried nearer to one.
    """
    chance = np.random.default_rng(seed)
    seconds, along = np.array(way).T
    moments = np.arange(seconds[0], seconds[-1], STEP)
    antenna = np.arange(len(moments)) % 2
    rows = []
    for tag in tags:
        own = chance.normal(0, 3, 2)
        where = np.interp(moments, seconds, along) + chance.normal(0, 0.1)
        far = np.abs(where - np.where(antenna == INNER, -APART, APART))
        dbm = (
            LOUDEST
            - softer
            + np.array(louder)[antenna]
            - DB_PER_METRE * far
            + own[antenna]
            + chance.normal(0, 2, len(moments))
        )
        heard = (dbm > HEARD_FROM) & (chance.random(len(moments)) < 0.5)
        rows.append((np.full(heard.sum(), tag), antenna[heard], (at + moments)[heard], dbm[heard]))
    return as_reads(*(np.concatenate(columns) for columns in zip(*rows, strict=True)))


def as_reads(tag: np.ndarray, antenna: np.ndarray, seconds: np.ndarray, dbm: np.ndarray) -> Reads:
    at = MORNING + np.rint(seconds * SECOND).astype(np.int64)
    one = np.ones_like(at)
    cdbm = np.rint(dbm * 100).astype(np.int64)
    return Reads(tag.astype(np.int64), np.zeros_like(at), antenna.astype(np.int64), at, at + 100_000, one, one, cdbm)


def out(tags: range, at: float, seed: int = 1, speed: float = 1.2) -> Reads:
    return passing(tags, at, [(-4 / speed, -4), (4 / speed, 4)], seed)


def in_(tags: range, at: float, seed: int = 1, speed: float = 1.2) -> Reads:
    return passing(tags, at, [(-4 / speed, 4), (4 / speed, -4)], seed)


def parked(tags: range, since: float, until: float, metres: float = -2.0, seed: int = 2) -> Reads:
    """Tags that lie there, each read about once a second."""
    chance = np.random.default_rng(seed)
    many = int((until - since) * len(tags))
    tag = chance.integers(tags.start, tags.stop, many)
    antenna = (chance.random(many) < (0.15 if metres < 0 else 0.85)).astype(np.int64)
    far = np.abs(metres - np.where(antenna == INNER, -APART, APART))
    dbm = LOUDEST - DB_PER_METRE * far + np.sin(tag * 7.0) * 3 + chance.normal(0, 2.5, many)
    return as_reads(tag, antenna, np.sort(chance.uniform(since, until, many)), dbm)


def all_of(*parts: Reads) -> Reads:
    return together(*parts)


def instant(seconds: float) -> int:
    return MORNING + round(seconds * SECOND)
