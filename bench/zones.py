"""`python -m bench.zones`: how well antennas that look into aisles say in which aisle volumes are, in simulated halls with known truth.

Pooled over evaluation seeds that were never looked at while anything was tuned; tuning seeds are below 1,000. Each hall: some
learned days, then plants nobody told the ledger of, then a day that is judged by the aisles alone; nobody sweeps. What goes to
another shelf of its aisle is beyond such an antenna, and counts as at home. What was to be heard and wasn't is asked for, not called
missing: `gone` is who is asked for.
"""

import argparse
import time
from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.table import Table

from bench import peers
from bench.location import EVALUATION_SEEDS_FROM, LEARNED_DAYS, PLANTED_SHARE, REMOVED_SHARE
from bench.peers import Heard
from bench.scoring import Score
from devices.reduce import SLICE_MICROSECONDS
from devices.simulator.days import UNDISTURBED, Day, Disturbance, listen
from devices.simulator.halls import Hall, Profile, make_hall, plant
from devices.simulator.truth import NOWHERE
from devices.simulator.zones import places_of, zones_of
from inventory.locating.arrays import NONE, Integers, Sightings
from inventory.locating.judging import Judgement, Outcome, judge
from inventory.locating.model import Model
from inventory.locating.profiling import no_profiles
from inventory.locating.zones import NO_TRAIL, close_zones, judge_zones, with_zones

AISLE, GONE, UNDECIDED = "another aisle", "gone", "undecided"
LOSS_DB = 6.0

screen = Console(width=140)


def judged_by_aisles(hall: Hall, days: list[Day], last: Day) -> tuple[Judgement, float]:
    """The judgement of the last day after the others were learned from; second, evidence rows a second."""
    volumes, ledger = len(hall), hall.ledger.astype(np.int64)
    model, profiles, long_ago = Model(), no_profiles(volumes), np.zeros(volumes, np.int64)
    for day in days:
        model, profiles, _ = close_zones(zones_of(hall, day.sightings), ledger, long_ago, model, profiles)
    nothing = Sightings(*[np.zeros(0, np.int64)] * 8)
    by_shelf = judge(nothing, NO_TRAIL, places_of(hall), ledger, Model(), no_profiles(volumes))
    zones = zones_of(hall, last.sightings)
    began = time.perf_counter()
    by_aisle = judge_zones(zones, ledger, long_ago, model, profiles)
    judged, _ = with_zones(by_shelf, by_aisle, zones, ledger)
    return judged, len(last.sightings) / (time.perf_counter() - began)


def aisle_said(hall: Hall, judged: Judgement) -> Integers:
    """In which aisle each volume is by its belief, NONE where nothing is believed."""
    shelves = len(hall.places.x)
    aisle = np.full(len(hall), NONE)
    place = judged.beliefs.place
    on_shelf = np.append(hall.aisle, NONE)[np.where(place < shelves, place, shelves)]
    aisle[judged.beliefs.volume] = np.where(place < shelves, on_shelf, place - shelves)
    return aisle


def answers(hall: Hall, day: Day, judged: Judgement) -> Iterator[tuple[str, Integers, Integers, Integers]]:
    """(method, volumes said to be in another aisle as booleans, the aisle said, volumes not heard that should have been, likewise)."""
    outcome, said = judged.outcome, aisle_said(hall, judged)
    yield "Guiwei", outcome == Outcome.ELSEWHERE, said, (outcome == Outcome.UNDECIDED) & (said == NONE)
    sightings, home = day.sightings, hall.aisle[hall.ledger].astype(np.int64)
    dbm = sightings.rssi_sum / 100 / np.maximum(sightings.rssi_reads, 1)
    heard = Heard(sightings.volume, sightings.place, sightings.at, sightings.reads, dbm)
    covered = day.listened[hall.ledger]
    for name, said in (
        ("last antenna", peers.by_last(heard, home)),
        ("most reads", peers.by_reads(heard, home)),
        ("strongest RSSI", peers.by_strength(heard, home)),
        ("SMURF + strongest RSSI", peers.by_smurf(heard, home, SLICE_MICROSECONDS["zone"])),
    ):
        yield name, (said != NONE) & (said != home), said, (said == NONE) & covered


def score(hall: Hall, day: Day, judged: Judgement, scores: dict[str, Score]) -> None:
    """Add what each method got right of one hall."""
    aisle = np.append(hall.aisle, NONE).astype(np.int64)
    home, stands = aisle[hall.ledger], aisle[hall.stands]
    listened = np.append(day.listened, False)
    covered, seen = listened[hall.ledger] & ~hall.dead, listened[hall.stands]
    gone = (hall.stands == NOWHERE) | ((stands != home) & ~seen)
    for name, elsewhere, said, missing in answers(hall, day, judged):
        of = scores.setdefault(name, Score())
        crossed = covered & seen & (home != stands)
        of.add(f"recall {AISLE}", (elsewhere & (said == stands))[crossed])
        of.add(f"precision {AISLE}", (said == stands)[elsewhere])
        of.add(f"recall {GONE}", missing[covered & (hall.stands == NOWHERE)])
        of.add(f"precision {GONE}", gone[missing])
        of.add("asked though closed", missing[~listened[hall.ledger]])
    assert not (judged.outcome == Outcome.MISSING).any()
    scores["Guiwei"].add(UNDECIDED, (judged.outcome == Outcome.UNDECIDED)[covered])


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--volumes", type=int, default=20_000)
    parser.add_argument("--tuning", action="store_true", help="use the tuning seeds")
    asked = parser.parse_args()
    start = 0 if asked.tuning else EVALUATION_SEEDS_FROM
    for title, disturbance in (
        ("three learned days", UNDISTURBED),
        ("readers 6 dB weaker", Disturbance(loss_db=LOSS_DB)),
    ):
        scores: dict[str, Score] = {}
        speeds = []
        for seed in range(start, start + asked.seeds):
            hall = make_hall(asked.volumes, Profile.ZONE, seed)
            days = [listen(hall, day) for day in range(LEARNED_DAYS)]
            hall = plant(hall, round(asked.volumes * PLANTED_SHARE), round(asked.volumes * REMOVED_SHARE), seed)
            last = listen(hall, LEARNED_DAYS, disturbance)
            judged, speed = judged_by_aisles(hall, days, last)
            speeds.append(speed)
            score(hall, last, judged, scores)
        _tell(title, scores)
        closed = scores["Guiwei"]
        screen.print(
            f"in aisles nobody opened: {closed.right['asked though closed']} of {closed.of['asked though closed']:,} asked for; "
            f"undecided {closed.share(UNDECIDED):.4f}; {np.median(speeds):,.0f} rows/s"
        )


def _tell(title: str, scores: dict[str, Score]) -> None:
    table = Table(title=f"zones, {title}")
    names = [f"{what} {of}" for of in (AISLE, GONE) for what in ("recall", "precision")]
    for name in ("method", *names):
        table.add_column(name, justify="right")
    for name, of in scores.items():
        table.add_row(name, *(f"{of.share(one):.3f} ≥{of.bound(one):.3f} of {of.of[one]:,}" for one in names))
    screen.print(table)


if __name__ == "__main__":
    main()
