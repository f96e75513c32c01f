"""`python -m bench.location`: how well Guiwei says where volumes are, in simulated halls with known truth.

Pooled over evaluation seeds that were never looked at while anything was tuned; tuning seeds are below 1,000. Each hall:
some learned days with a right ledger, then plants nobody told the ledger of, then a day that is judged. And the first
day alone, without history, of a hall whose ledger is 3 % wrong.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from bench import peers
from bench.methods import Guiwei, answer_of, answer_of_step
from bench.peers import Answer, Heard
from bench.scoring import ANY, BAY, BAY_PLANTS, GONE, LEVEL, Listening, Score, Standing, score
from devices.reduce import SLICE_MICROSECONDS
from devices.simulator.days import UNDISTURBED, Day, Disturbance, listen, sweep_again, together
from devices.simulator.halls import Hall, Profile, make_hall, plant, reshelve_run
from inventory.locating.arrays import NONE
from inventory.locating.hearing import places_by_anchors
from inventory.locating.judging import Judgement, Outcome
from inventory.locating.model import Model

EVALUATION_SEEDS_FROM = 1_000  # smaller ones are for tuning
LEARNED_DAYS = 3
PLANTED_SHARE, REMOVED_SHARE = 0.02, 0.005  # so that 20 halls of 20,000 have a thousand plants a class
FIRST_DAY_WRONG_SHARE = 0.03
RUN_VOLUMES = 150  # three shelves or so
LOSS_DB = 6.0

screen = Console(width=200)


class Case(NamedTuple):
    """A way to read a hall and what is known beforehand."""

    name: str
    profile: Profile
    learned_days: int
    disturbed: str = ""


CASES = (
    Case("sweep, two passes, three learned days", Profile.SWEEP, LEARNED_DAYS),
    Case("sweep, first day, 3 % of the ledger wrong", Profile.SWEEP, 0),
    Case("cabinet, three learned nights", Profile.CABINET, LEARNED_DAYS),
    Case("cabinet, first night, 3 % of the ledger wrong", Profile.CABINET, 0),
    *(
        Case(f"cabinet, three learned nights, {what}", Profile.CABINET, LEARNED_DAYS, what)
        for what in ("dead antennas", "swapped cables", "a re-shelved run", "readers 6 dB weaker")
    ),
    Case("sweep, three learned days, a re-shelved run", Profile.SWEEP, LEARNED_DAYS, "a re-shelved run"),
)


def days_of(case: Case, volumes: int, seed: int) -> Iterator[tuple[Hall, Day]]:
    """A hall with each of its days; plants are in the last."""
    hall = make_hall(volumes, case.profile, seed)
    for day in range(case.learned_days):
        yield hall, listen(hall, day)
    if case.learned_days:
        hall = plant(hall, round(volumes * PLANTED_SHARE), round(volumes * REMOVED_SHARE), seed)
    else:
        hall = plant(hall, round(volumes * FIRST_DAY_WRONG_SHARE), 0, seed)
    if case.disturbed == "a re-shelved run":
        hall = reshelve_run(hall, RUN_VOLUMES, seed)
    yield hall, listen(hall, case.learned_days, disturbance_of(case, hall, seed))


def disturbance_of(case: Case, hall: Hall, seed: int) -> Disturbance:
    """What is wrong with the readers on the last night."""
    chance = np.random.default_rng(np.random.SeedSequence([seed, 41]))
    some = chance.choice(np.unique(hall.ledger), 2, replace=False).tolist()
    match case.disturbed:
        case "dead antennas":
            return Disturbance(dead_antennas=tuple(some))
        case "swapped cables":
            return Disturbance(swapped=(min(some), max(some)))
        case "readers 6 dB weaker":
            return Disturbance(loss_db=LOSS_DB)
    return UNDISTURBED


def named(case: Case, hall: Hall, judged: Judgement, seed: int) -> bool:
    """Whether the judgement names what is wrong, and nothing else of that kind."""
    wrong = disturbance_of(case, hall, seed)
    match case.disturbed:
        case "dead antennas":
            return set(judged.silent.tolist()) == set(wrong.dead_antennas)
        case "swapped cables":
            return judged.swapped == (wrong.swapped,)
        case "readers 6 dB weaker":
            return judged.louder_db < -LOSS_DB / 2
        case "a re-shelved run":
            return sum(many for _, _, many in judged.runs) > RUN_VOLUMES / 2
    return True


def answers_of_peers(hall: Standing, day: Listening) -> Iterator[tuple[str, Answer]]:
    """What the usual ways say; whatever isn't heard though its shelf was swept is missing to them."""
    sightings, ledger = day.sightings, hall.ledger.astype(np.int64)
    place = places_by_anchors(sightings, day.trail, Model())
    rows = place != NONE
    dbm = sightings.rssi_sum[rows] / 100 / np.maximum(sightings.rssi_reads[rows], 1)
    heard = Heard(sightings.volume[rows], place[rows], sightings.at[rows], sightings.reads[rows], dbm)
    epoch = SLICE_MICROSECONDS["handheld" if hall.profile is Profile.SWEEP else "shelf"]
    for name, said in (
        ("ledger alone", peers.by_ledger(heard, ledger)),
        ("last antenna or anchor", peers.by_last(heard, ledger)),
        ("most reads", peers.by_reads(heard, ledger)),
        ("strongest RSSI", peers.by_strength(heard, ledger)),
        ("SMURF + strongest RSSI", peers.by_smurf(heard, ledger, epoch)),
    ):
        silent = said == NONE
        everywhere = np.ones(len(ledger), bool)
        yield (
            name,
            Answer(said, np.where(silent, 0.0, 1.0), everywhere, silent & day.listened[ledger], ~day.listened[ledger]),
        )


def run(case: Case, volumes: int, seeds: range) -> tuple[dict[str, Score], tuple[float, float], int]:
    """Scores of every method over all seeds; evidence rows a second of step and judgement; how often it named what was wrong."""
    scores: dict[str, Score] = {}
    rows = seconds = step_seconds = 0.0
    told = 0
    swept = 0.0
    for seed in seeds:
        guiwei = Guiwei(volumes)
        for number, (hall, day) in enumerate(days_of(case, volumes, seed)):
            if number < case.learned_days:
                guiwei.learn(hall, day)
                continue
            for name, answer in answers_of_peers(hall, day):
                score(answer, hall, day, scores.setdefault(name, Score()))
            began = time.perf_counter()
            step = answer_of_step(hall, day, guiwei.model)
            step_seconds += time.perf_counter() - began
            score(step, hall, day, scores.setdefault("Guiwei, belief step", Score()))
            began = time.perf_counter()
            judged = guiwei.judge(hall, day)
            answer = answer_of(judged, len(hall))
            seconds += time.perf_counter() - began
            rows += len(day.sightings.at)
            told += named(case, hall, judged, seed)
            score(answer, hall, day, scores.setdefault("Guiwei, judgement", Score()))
            if case.profile is Profile.SWEEP and case.learned_days:
                # The sequential test asks for what it needs: shelves of undecided volumes are swept once more.
                asked = np.unique(hall.ledger[(judged.outcome == Outcome.UNDECIDED) & day.listened[hall.ledger]])
                again = (
                    together(day, sweep_again(hall, case.learned_days, asked.astype(np.int64))) if len(asked) else day
                )
                answer = answer_of(guiwei.judge(hall, again), len(hall))
                score(answer, hall, again, scores.setdefault("the same, undecided shelves again", Score()))
                swept += len(asked) / len(np.unique(hall.ledger)) / len(seeds)
    if swept:
        screen.print(f"{case.name}: of the shelves, {swept:.1%} were undecided and swept again")
    return scores, (rows / step_seconds, rows / seconds), told


def _both(of: Score, what: str) -> str:
    return f"{of.share(what):.3f} ≥{of.bound(what):.3f}" if of.of[what] else "–"


def _table(title: str, scores: dict[str, Score]) -> Table:
    table = Table(title=title)
    columns = {
        "bay recall": f"recall {BAY}",
        "bay prec.": f"precision {BAY}",
        "level recall": f"recall {LEVEL}",
        "level prec.": f"precision {LEVEL}",
        "removed recall": f"recall {GONE}",
        "removed prec.": f"precision {GONE}",
        "shelf recall": f"recall {ANY}",
        "shelf prec.": f"precision {ANY}",
    }
    for name in ("method", *columns, "undec.", "calib."):
        table.add_column(name, justify="right")
    for name, of in scores.items():
        figures = [_both(of, what) for what in columns.values()]
        table.add_row(name, *figures, f"{of.share('undecided'):.4f}", f"{of.calibration_error():.3f}")
    return table


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="evaluation seeds pooled")
    parser.add_argument("--volumes", type=int, default=20_000, help="a hall's")
    parser.add_argument("--quick", action="store_true", help="3 seeds of 6,000 volumes")
    parser.add_argument("--tuning", action="store_true", help="use the tuning seeds instead, while trying something")
    parser.add_argument("--case", type=int, choices=range(len(CASES)), help="only this one")
    asked = parser.parse_args()
    count, volumes = (3, 6_000) if asked.quick else (asked.seeds, asked.volumes)
    start = 0 if asked.tuning else EVALUATION_SEEDS_FROM
    seeds = range(start, start + count)
    kind = "tuning" if asked.tuning else "evaluation"
    screen.print(f"{kind} seeds {seeds.start} to {seeds.stop - 1}, halls of {volumes:,} volumes; ≥: 95 % lower bound")
    for case in CASES if asked.case is None else [CASES[asked.case]]:
        scores, speed, told = run(case, volumes, seeds)
        screen.print(_table(case.name, scores))
        ours = scores["Guiwei, judgement"]
        screen.print(
            "plants:",
            ", ".join(f"{kind} {ours.of[f'recall {kind}']:,}" for kind in BAY_PLANTS),
            f"next level {ours.of[f'recall {LEVEL}']:,}, removed {ours.of[f'recall {GONE}']:,};",
            ", ".join(f"{kind} recall {ours.share(f'recall {kind}'):.3f}" for kind in BAY_PLANTS),
        )
        screen.print(
            f"uncovered: {ours.right['missing though uncovered']} of {ours.of['missing though uncovered']:,} called missing, "
            f"{ours.share('uncovered told'):.3f} told as uncovered; rows/s: belief step {speed[0]:,.0f}, judgement {speed[1]:,.0f}, "
            f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB"
        )
        if case.disturbed:
            screen.print(f"the disturbance itself named: {told} of {len(seeds)}")


if __name__ == "__main__":
    main()
