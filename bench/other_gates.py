"""`python -m bench.other_gates`: gates by another generator (`bench/other_gate_radio.py`), one thing different at a time.

Each variation is taught by half an hour of other people at a gate of its kind, as `bench.gates` does it, and judged on half an hour a
seed; seeds from 1,000 were not looked at while anything was tuned, smaller ones were:
they helped choose `WHOLLY` and its like in `walking`. It says where the inference stops being good, not how good a gate is.
"""

import argparse
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.gate_scoring import PEERS, Tally, score_passages, score_peers
from bench.gates import EVALUATION_SEEDS_FROM, TAUGHT_SEEDS_FROM, in_order_of_time
from bench.other_gate_radio import Kind, facing, make_scene, overhead, pairs, read
from inventory.locating.gate_model import GateModel
from inventory.locating.passages import learn_gate, watch
from inventory.locating.reads import INNER, OUTER, SECOND

SECONDS = 1_800.0
WINDOW = 600 * SECOND
FOUR = "four antennas, an inner and an outer pair"

USUAL = Kind(facing(0.8))
KINDS: dict[str, Kind] = {
    "one antenna on either post, 0.8 m apart": USUAL,
    "0.3 m apart": Kind(facing(0.3)),
    "2.5 m apart": Kind(facing(2.5)),
    "overhead, 0.5 m apart": Kind(overhead(0.5)),
    FOUR: Kind(pairs(0.8)),
    "25 reads a second": replace(USUAL, reads=25.0),
    "1,250 reads a second": replace(USUAL, reads=1_250.0),
    "as much off the walls as straight (k 0 dB)": replace(USUAL, k_db=0.0),
    "strengths in whole decibels": replace(USUAL, whole_db=True),
    "no strengths": replace(USUAL, mute=True),
    "a message a second": replace(USUAL, report=1.0),
    "stamps in whole seconds": replace(USUAL, whole_seconds=(INNER, OUTER)),
    "two readers, the outer's stamps in whole seconds": replace(USUAL, whole_seconds=(OUTER,), two_readers=True),
    "two people side by side in opposite ways": replace(USUAL, pairs=True),
    "carts of 40 to 80": replace(USUAL, loads=(40, 80)),
    "0.4 to 0.7 m/s": replace(USUAL, speed=(0.4, 0.7)),
    "1.8 to 3 m/s": replace(USUAL, speed=(1.8, 3.0)),
    "antennas half a second each": replace(USUAL, turns_seconds=0.5),
    "nothing parked": replace(USUAL, parked=0),
    "not apart: nothing can tell the way": Kind(facing(0.0, turned=0.0)),
}

screen = Console(width=190)


def run(kind: Kind, seeds: range) -> Tally:
    """Counts of one variation."""
    tally = Tally()
    for seed in seeds:
        gate = learn_gate(read(kind, make_scene(kind, SECONDS, TAUGHT_SEEDS_FROM + seed)), GateModel())
        scene = make_scene(kind, SECONDS, seed)
        reads = read(kind, scene)
        passages = watch(reads, gate, int(scene.seconds * SECOND)).passages
        score_passages(scene, in_order_of_time(reads), passages, tally)
        score_peers(scene, reads, tally)
    return tally


def run_deaf(seeds: range) -> Tally:
    """Of four antennas each cut off in turn, as a live process sees it: window by window of ten minutes."""
    tally, kind = Tally(), KINDS[FOUR]
    for seed in seeds:
        gate = learn_gate(read(kind, make_scene(kind, SECONDS, TAUGHT_SEEDS_FROM + seed)), GateModel())
        reads = read(kind, make_scene(kind, SECONDS, seed))
        antennas = np.unique(reads.antenna).tolist()
        for until in np.arange(WINDOW, SECONDS * SECOND + 1, WINDOW // 4).astype(np.int64).tolist():
            heard = reads.chosen((reads.at >= until - WINDOW) & (reads.at < until))
            tally.add("sound, and one named", bool(watch(heard, gate, until, antennas).health.deaf), 1)
            for one in antennas:
                health = watch(heard.chosen(heard.antenna != one), gate, until, antennas).health
                tally.add("cut off, and it alone named", (health.deaf, health.silent) == ((one,), ()), 1)
    return tally


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=6, help="evaluation seeds pooled, of each variation")
    parser.add_argument("--tuning", action="store_true", help="use the tuning seeds instead, while trying something")
    parser.add_argument("--only", default="", help="variations whose names have this in them")
    asked = parser.parse_args()
    start = 0 if asked.tuning else EVALUATION_SEEDS_FROM
    table = Table(title=f"seeds {start} to {start + asked.seeds - 1}; in brackets the 95 % lower bound")
    for column in ("gate", "passages", "with direction", "wrong or turned back", "unclear", "dossiers of those read"):
        table.add_column(column)
    for column in ("turned back", "of these said passed", "invented", PEERS[2]):
        table.add_column(column)
    for name, kind in track(KINDS.items(), console=Console(stderr=True)):
        if asked.only in name:
            table.add_row(name, *_row(run(kind, range(start, start + asked.seeds))))
    screen.print(table)
    if asked.only in FOUR:
        deaf = run_deaf(range(start, start + asked.seeds))
        told = (f"{what}: {deaf.count(what)}" for what in ("cut off, and it alone named", "sound, and one named"))
        screen.print(f"{FOUR}, each cut off in turn, ten minutes at a time; {'; '.join(told)}")


def _row(tally: Tally) -> list[str]:
    passed = tally.of["passage and direction"]
    return [
        f"{passed:,}",
        tally.figure("passage and direction").split(" of ")[0],
        str(tally.right["passed, said the wrong way or turned back"]),
        str(tally.right["passed, said unclear"]),
        tally.figure("tags that were read at all").split(" ")[0],
        tally.count("turned back"),
        str(tally.right["turned back, said in or out"]),
        str(tally.right["invented, in or out"]),
        tally.figure(PEERS[2]).split(" ")[0],
    ]


if __name__ == "__main__":
    main()
