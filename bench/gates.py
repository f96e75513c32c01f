"""`python -m bench.gates`: how well Guiwei reads gates, the tunnel and pads, in simulated scenes with known truth.

Pooled over evaluation seeds that were never looked at while anything was tuned; tuning seeds are below 1,000. A gate is
judged on an hour of people who carry 1 to 60 dossiers in and out, turn back, stand in it, follow each other, pass by or have
nothing with them, beside a cart with 30 dossiers 1.5 m away: as it stands on its first day, and after half an hour that taught it.
Then the same with one thing wrong at a time; then days on which nothing passes. `--quick` takes some minutes.
"""

import argparse
import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.gate_scoring import PEERS, Tally, invented_by_peers, score_passages, score_peers
from devices.simulator.gates import PARKED_METRES, SOUND, Fault, Walk, read
from devices.simulator.passers import PARKED_TAGS, Traffic, make_scene
from devices.simulator.tunnels import Bench, Kind, run_settings
from inventory.locating.arrays import Reals
from inventory.locating.gate_model import GateModel
from inventory.locating.passages import Direction, learn_gate, watch
from inventory.locating.reads import INNER, OUTER, SECOND, Reads
from inventory.locating.sets import SetModel, Sets, learn_sets, sets_of

EVALUATION_SEEDS_FROM = 1_000  # smaller ones are for tuning
TAUGHT_SEEDS_FROM = 500_000  # the half hour that taught the gate
LOSS_DB = 6.0
CLOCK_SECONDS = 2.0
TAUGHT_SECONDS = 1_800.0
SETTINGS = 60  # stacks a seed
LIKELY = 0.5
FIXED_DBM = -65.0  # what people set a reader to
SETS: tuple[tuple[str, Kind, int | tuple[int, int], float], ...] = (
    ("tunnel, stacks of 50", Kind.TUNNEL, 50, 0.0),
    ("tunnel, stacks of 1 to 100", Kind.TUNNEL, (1, 100), 0.0),
    ("tunnel, stacks of 50, reader 6 dB weaker", Kind.TUNNEL, 50, LOSS_DB),
    ("pad, stacks of 1 to 30", Kind.PAD, (1, 30), 0.0),
)
QUIET_SHARES = ((Walk.EMPTY_HANDED, 0.7), (Walk.PAST, 0.3))  # of those who come on a day on which nothing passes
QUIET_APART_SECONDS = (60.0, 180.0)
HISTORY_SECONDS = 600.0

screen = Console(width=170)


class Case(NamedTuple):
    """What is wrong with a gate, whether it was taught, and what must be named."""

    name: str
    fault: Fault = SOUND
    taught: bool = True
    silent: tuple[int, ...] = ()
    weaker: tuple[int, ...] = ()


CASES = (
    Case("sound, taught by half an hour"),
    Case("sound, first hour", taught=False),
    Case("both antennas 6 dB weaker", Fault(loss_db=(LOSS_DB, LOSS_DB)), weaker=(INNER, OUTER)),
    Case("inner antenna 6 dB weaker", Fault(loss_db=(LOSS_DB, 0.0)), weaker=(INNER,)),
    Case("outer antenna dead", Fault(dead=(OUTER,)), silent=(OUTER,)),
    Case("inner antenna dead", Fault(dead=(INNER,)), silent=(INNER,)),
    Case("two readers, one clock 2 s ahead", Fault(clock_seconds=CLOCK_SECONDS)),
    Case("a fifth of the messages twice, a tenth ten minutes late", Fault(repeated=0.2, late=0.1)),
)


def traffic_of(seed: int, seconds: float = 3_600.0) -> Traffic:
    """The cart stands inside on even seeds, outside on odd ones."""
    return Traffic(seconds, parked_x=-PARKED_METRES if seed % 2 == 0 else PARKED_METRES)


def taught_gate(seed: int) -> GateModel:
    """What half an hour of other people at the same gate taught."""
    before = make_scene(traffic_of(seed, TAUGHT_SECONDS), TAUGHT_SEEDS_FROM + seed)
    return learn_gate(read(before), GateModel())


def run_gate(case: Case, seeds: range) -> tuple[Tally, float]:
    """Counts, and reads a second."""
    tally = Tally()
    rows = seconds = 0.0
    for seed in seeds:
        gate = taught_gate(seed) if case.taught else GateModel()
        scene = make_scene(traffic_of(seed), seed)
        reads = read(scene, case.fault)
        began = time.perf_counter()
        watched = watch(reads, gate, int(scene.seconds * SECOND))
        seconds += time.perf_counter() - began
        rows += len(reads)
        score_passages(scene, in_order_of_time(reads), watched.passages, tally)
        tally.add("silent antennas named", watched.health.silent == case.silent, 1)
        tally.add("weaker antennas named", watched.health.weaker == case.weaker, 1)
        if case.fault == SOUND:
            score_peers(scene, reads, tally)
    return tally, rows / seconds


def in_order_of_time(reads: Reads) -> Reads:
    """By when they were read, not by when they were received."""
    return reads.chosen(np.argsort(reads.at, kind="stable"))


def run_quiet(seeds: range, hours: int) -> Tally:
    """Days on which nobody carries anything through: hour by hour with the ten minutes before, as a live process has them."""
    tally = Tally()
    for seed in seeds:
        cart = PARKED_METRES if seed % 2 else -PARKED_METRES
        traffic = Traffic(hours * 3_600.0, parked_x=cart, shares=QUIET_SHARES, apart_seconds=QUIET_APART_SECONDS)
        scene = make_scene(traffic, seed)
        gate = taught_gate(seed)
        for hour in range(hours):
            since = hour * 3_600.0
            reads = read(scene, span=(max(since - HISTORY_SECONDS, 0.0), since + 3_600.0))
            invented_by_peers(scene, reads, tally)
            passages = watch(reads, gate, int((since + 3_600.0) * SECOND)).passages
            mine = (passages.at >= since * SECOND) & (passages.at < (since + 3_600.0) * SECOND)
            passed = np.isin(passages.direction, (Direction.IN, Direction.OUT))
            parked = np.isin(np.arange(len(passages.at)), passages.member[np.isin(passages.tag, scene.parked)])
            tally.add("in or out", int((mine & passed).sum()), 1)
            tally.add("in or out, of parked dossiers", int((mine & passed & parked).sum()), 1)
            tally.add("turned back or unclear", int((mine & ~passed).sum()), 1)
        tally.add("people", len(scene.walkers), 1)
    return tally


def run_sets(kind: Kind, stack: int | tuple[int, int], seeds: range, loss_db: float = 0.0) -> tuple[Tally, float]:
    """Counts of settings and tags, taught by the settings of another seed; reads a second."""
    tally = Tally()
    rows = seconds = 0.0
    for seed in seeds:
        before = run_settings(kind, stack, SETTINGS, TAUGHT_SEEDS_FROM + seed)
        model = learn_sets(before.reads, _expected(before), SetModel())
        bench = run_settings(kind, stack, SETTINGS, seed, loss_db)
        began = time.perf_counter()
        sets = sets_of(bench.reads, _expected(bench), model, int(bench.reads.at.max()) + 10 * SECOND)
        seconds += time.perf_counter() - began
        rows += len(bench.reads)
        _score_sets(bench, sets, tally)
    return tally, rows / seconds


def _expected(bench: Bench) -> NDArray[np.bool_]:
    """Of each tag, whether a manifest names it; tags left beside are named once and lie there all the time."""
    expected = np.zeros(len(bench.dead), bool)
    for setting in bench.settings:
        expected[setting.expected] = True
    return expected


def _score_sets(bench: Bench, sets: Sets, tally: Tally) -> None:
    """Each setting's living tags inside, all of them or not; beside the usual ways on the same reads."""
    tops = _tops(bench.reads)
    for setting in bench.settings:
        middle = round((setting.began + setting.ended) / 2 * SECOND)
        stack = np.flatnonzero((sets.since <= middle) & (sets.until >= middle))
        living = setting.tags[~bench.dead[setting.tags]]
        rows = np.isin(sets.member, stack)
        inside = sets.tag[rows & (sets.inside >= LIKELY)]
        heard = np.unique(
            bench.reads.tag[(bench.reads.at >= setting.began * SECOND) & (bench.reads.at <= setting.ended * SECOND)]
        )
        strangers = np.setdiff1d(heard, setting.tags)
        strong = heard[tops[heard] >= FIXED_DBM]
        tally.add("full set", bool(np.isin(living, inside).all()), 1)
        tally.add(
            "full set and no stray", bool(np.isin(living, inside).all() and not np.isin(strangers, inside).any()), 1
        )
        tally.add("strays told apart", int((~np.isin(strangers, inside)).sum()), len(strangers))
        left = np.intersect1d(setting.expected, setting.beside)
        tally.add("left beside, said not inside", int((~np.isin(left, inside)).sum()), len(left))
        unexpected = np.setdiff1d(living, setting.expected)
        tally.add("unexpected inside, said so", int(np.isin(unexpected, inside).sum()), len(unexpected))
        tally.add(
            "everything read (peer): full set and no stray",
            bool(np.isin(living, heard).all() and not len(strangers)),
            1,
        )
        both = np.isin(living, strong).all() and not np.isin(strangers, strong).any()
        tally.add("stronger than -65 dBm (peer): full set and no stray", bool(both), 1)


def _tops(reads: Reads) -> Reals:
    """Each tag's loudest read."""
    tops = np.full(int(reads.tag.max()) + 1, -np.inf)
    np.maximum.at(tops, reads.tag, reads.dbm())
    return tops


def _print_gates(seeds: range, only: int | None) -> None:
    for case in CASES if only is None else [CASES[only]]:
        few = (
            range(seeds.start, seeds.start + max(1, len(seeds) // 3)) if case.fault != SOUND and only is None else seeds
        )
        tally, speed = run_gate(case, few)
        table = Table(title=f"gate: {case.name}; seeds {few.start} to {few.stop - 1}")
        table.add_column("what")
        table.add_column("share, 95 % lower bound")
        for what in (
            "passage and direction",
            "the same, where both antennas read it thrice",
            "tags",
            "tags that were read at all",
            "turned back",
        ):
            table.add_row(what, tally.figure(what))
        wrong = "passed, said the wrong way or turned back"
        for what in (wrong, "passed, said unclear", "turned back, said in or out"):
            table.add_row(what, tally.count(what))
        for what in ("invented, in or out", "invented, turned back or unclear", "tags said of another's passage"):
            table.add_row(what, f"{tally.right[what]:,}")
        for what in ("silent antennas named", "weaker antennas named"):
            table.add_row(what, tally.count(what))
        for what in PEERS if case.fault == SOUND else ():
            table.add_row(f"peer: {what}", tally.figure(what))
        screen.print(table)
        screen.print(f"{speed:,.0f} reads/s")


def _print_sets(seeds: range) -> None:
    for name, kind, stack, loss in SETS:
        tally, speed = run_sets(kind, stack, seeds, loss)
        table = Table(title=name)
        table.add_column("what")
        table.add_column("share, 95 % lower bound")
        for what in tally.of:
            table.add_row(what, tally.figure(what))
        screen.print(table)
        screen.print(f"{speed:,.0f} reads/s")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds",
        type=int,
        default=20,
        help="evaluation seeds pooled; a third of them with something wrong, a tenth as quiet days",
    )
    parser.add_argument("--hours", type=int, default=24, help="of a day on which nothing passes")
    parser.add_argument("--quick", action="store_true", help="3 seeds, 2 hours")
    parser.add_argument("--tuning", action="store_true", help="use the tuning seeds instead, while trying something")
    parser.add_argument("--part", choices=("gates", "quiet", "sets"), help="only this")
    parser.add_argument("--case", type=int, choices=range(len(CASES)), help="only this one of the gates")
    asked = parser.parse_args()
    count, hours = (3, 2) if asked.quick else (asked.seeds, asked.hours)
    start = 0 if asked.tuning else EVALUATION_SEEDS_FROM
    seeds = range(start, start + count)
    kind = "tuning" if asked.tuning else "evaluation"
    screen.print(f"{kind} seeds {seeds.start} to {seeds.stop - 1}; ≥: 95 % lower bound")
    if asked.part in {None, "gates"}:
        _print_gates(seeds, asked.case)
    if asked.part in {None, "quiet"}:
        days = range(start, start + max(1, count // 10))
        tally = run_quiet(days, hours)
        screen.print(
            f"{len(days)} days of {hours} hours, {PARKED_TAGS} parked dossiers, {tally.right['people']:,} people who carry nothing "
            f"through; invented: {dict(tally.right)}"
        )
    if asked.part in {None, "sets"}:
        _print_sets(seeds)


if __name__ == "__main__":
    main()
