"""`python -m bench.limits`: how many removed volumes anybody could tell, who knew the simulated radio exactly.

A removed volume differs from one that stands there unread by nothing but silence. Whoever knew every tag and every shadow, each
reader's drift that day and what share is gone, and only not how each try to read falls out, would weigh each silent volume by its own
chance to be missed, and call the likeliest. At the same precision nobody can find more. Guiwei's judgement of the same halls stands
beside it: at the precision it has, and its ranking at that of the promise.
"""

import argparse
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.location import CASES, EVALUATION_SEEDS_FROM, REMOVED_SHARE, Case, days_of, disturbance_of
from bench.methods import Guiwei
from devices.simulator import radio
from devices.simulator.days import (
    CABINET_TRIES,
    SHELVES_AT_ONCE,
    Disturbance,
    around_antennas,
    around_visits,
    day_s_chance,
    looks_of,
    plan_visits,
)
from devices.simulator.halls import Hall, Plant, Profile
from devices.simulator.radio import Values
from devices.simulator.standing import Standing
from devices.simulator.zones import around_looks, tries_of
from inventory.locating.judging import Outcome

KNOTS, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)  # of a normal distribution
WEIGHTS = WEIGHTS / WEIGHTS.sum()
PRECISIONS = (0.99, 0.95, 0.90)
MEASURED = (0, 2, 7)  # of `CASES`: those with removed volumes

screen = Console(width=140)


class Silent(NamedTuple):
    """Of the volumes that weren't heard though their shelf was listened at.

    gone: whether it has left its shelf for where nobody listened; removed: whether it was taken away; probability: that it is
    gone, by whoever knows; ours: by Guiwei; called: Guiwei calls it missing.
    """

    gone: NDArray[np.bool_]
    removed: NDArray[np.bool_]
    probability: Values
    ours: Values
    called: NDArray[np.bool_]


def silent_of(case: Case, volumes: int, seed: int) -> tuple[Silent, int]:
    """The silent volumes of one hall's last day; second, how many were removed from shelves that were listened at."""
    guiwei = Guiwei(volumes)
    days = list(days_of(case, volumes, seed))
    for hall, day in days[:-1]:
        guiwei.learn(hall, day)
    hall, day = days[-1]
    judged = guiwei.judge(hall, day)
    listened = np.append(day.listened, False)
    heard = np.zeros(len(hall), bool)
    heard[day.sightings.volume] = True
    covered = listened[hall.ledger] & ~hall.dead
    row = np.flatnonzero(covered & ~heard)
    removed = hall.planted == Plant.REMOVED.value
    away = (hall.stands != hall.ledger) & ~listened[hall.stands]
    missed = np.exp(log_missed(hall, len(days) - 1, disturbance_of(case, hall, seed))[row])
    silent = Silent(
        gone=(removed | away)[row],
        removed=removed[row],
        probability=REMOVED_SHARE / (REMOVED_SHARE + (1 - REMOVED_SHARE) * missed),
        ours=judged.missing[row],
        called=(judged.outcome == Outcome.MISSING)[row],
    )
    return silent, int((removed & covered).sum())


def log_missed(hall: Hall, day: int, disturbance: Disturbance) -> Values:
    """Logarithm of each volume's chance not to be read all day, did it stand where the ledger has it."""
    standing = Standing(replace(hall, stands=hall.ledger))
    missed = np.zeros(len(hall))
    if hall.profile is Profile.SWEEP:
        visits = plan_visits(hall, day_s_chance(hall, day))
        for start in range(0, len(visits.shelf), SHELVES_AT_ONCE):
            now = slice(start, start + SHELVES_AT_ONCE)
            part = visits._replace(reader=visits.reader[now], shelf=visits.shelf[now])
            heard = around_visits(hall, day, part, standing)
            _add(missed, hall, standing, heard.tag, heard.rssi, 1.0)
        return missed
    if hall.profile is Profile.ZONE:
        looks = looks_of(hall, disturbance, day_s_chance(hall, day))
        row, tag, rssi = around_looks(hall, day, looks, standing, disturbance.loss_db)
        _add(missed, hall, standing, tag, rssi, tries_of(looks)[row])
        return missed
    antennas = np.setdiff1d(hall.ledger.astype(np.int64), disturbance.dead_antennas)
    heard = around_antennas(hall, day, antennas, standing, disturbance)
    _add(missed, hall, standing, heard.tag, heard.rssi, CABINET_TRIES)
    return missed


def _add(
    missed: Values, hall: Hall, standing: Standing, tag: NDArray[np.int64], rssi: Values, tries: float | Values
) -> None:
    """Once for each row: the chance that no try succeeds, whatever fading and this pass's readability turn out to be."""
    of = np.flatnonzero(tag < len(hall))
    tag, rssi, tries = tag[of], rssi[of], np.broadcast_to(tries, len(tag))[of]
    success = sum(
        weight * radio.detection_probability(rssi + radio.FADING_DB * knot)
        for knot, weight in zip(KNOTS, WEIGHTS, strict=True)
    )
    own = radio.standing_normal(hall.seed, tag.astype(np.int32), 0, 0)
    usual = radio.READS_PER_PASS * tries * (1 + standing.doubled[tag]) * success
    spread = radio.READABILITY_SPREAD
    chance = sum(
        weight * np.exp(-usual * np.exp(spread * (own + knot) - spread**2))
        for knot, weight in zip(KNOTS, WEIGHTS, strict=True)
    )
    missed += np.bincount(tag, np.log(chance), len(missed))


def recall_at(precision: float, rank: Values, silent: Silent, removed: int) -> float:
    """Of the `removed`, how many are found by calling the highest in rank, as many as keep that precision."""
    order = np.argsort(-rank, kind="stable")
    right = np.cumsum(silent.gone[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= precision)
    return float(silent.removed[order][: enough[-1] + 1].sum()) / removed if len(enough) else 0.0


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--volumes", type=int, default=20_000)
    parser.add_argument("--tuning", action="store_true", help="use the tuning seeds")
    asked = parser.parse_args()
    start = 0 if asked.tuning else EVALUATION_SEEDS_FROM
    table = Table(
        "removed volumes", "recall at precision", *(f"{precision:.2f}" for precision in PRECISIONS), "as called"
    )
    for number in MEASURED:
        parts = [silent_of(CASES[number], asked.volumes, seed) for seed in range(start, start + asked.seeds)]
        silent = Silent(*(np.concatenate(columns) for columns in zip(*(part for part, _ in parts), strict=True)))
        removed = sum(many for _, many in parts)
        for name, rank in (("whoever knows the radio", silent.probability), ("Guiwei's ranking", silent.ours)):
            best = (f"{recall_at(precision, rank, silent, removed):.3f}" for precision in PRECISIONS)
            said = ""
            if rank is silent.ours:
                said = f"{silent.removed[silent.called].sum() / removed:.3f} at {silent.gone[silent.called].mean():.3f}"
            table.add_row(CASES[number].name, name, *best, said)
    screen.print(table)


if __name__ == "__main__":
    main()
