"""`python -m bench.elsewhere`: how well Guiwei says where volumes are in warehouses that its simulator knows nothing of.

Each *variation* is another building, another radio, another reader or another keeper (`strange_halls`, `strange_radio`),
scored as `bench.location` scores. Tuning seeds are below 1,000; whatever was mended was mended looking at those alone.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from rich.console import Console
from rich.table import Table

from bench.location import answers_of_peers
from bench.methods import Guiwei, answer_of
from bench.scoring import ANY, BAY, GONE, LEVEL, Score, score
from bench.strange_halls import Shelving, StrangeHall, Tags, make_strange_hall, misplace
from bench.strange_radio import Keeper, Radio, Reader, StrangeDay, night, sweep
from devices.simulator.halls import Profile

EVALUATION_SEEDS_FROM = 1_000  # smaller ones are for tuning
LEARNED_DAYS = 3
MOVED_SHARE, REMOVED_SHARE, FIRST_DAY_WRONG_SHARE = 0.02, 0.005, 0.03
BEST_PEERS = ("strongest RSSI", "most reads", "SMURF + strongest RSSI")

screen = Console(width=230)


@dataclass(frozen=True)
class Variation:
    """What is different, and on the judged day from the learned days."""

    name: str
    profile: Profile = Profile.SWEEP
    shelving: Shelving = field(default_factory=Shelving)
    tags: Tags = field(default_factory=Tags)
    radio: Radio = field(default_factory=Radio)
    reader: Reader = field(default_factory=Reader)
    keeper: Keeper = field(default_factory=Keeper)
    learned_days: int = LEARNED_DAYS
    last_radio: Radio | None = None

    def day(self, hall: StrangeHall, number: int) -> StrangeDay:
        """A day of the hall."""
        radio = self.last_radio if self.last_radio and number == self.learned_days else self.radio
        if self.profile is Profile.CABINET:
            return night(hall, radio, self.reader, number)
        return sweep(hall, radio, self.reader, self.keeper, number)


CABINET = Variation("cabinet: an antenna under each board", Profile.CABINET)
TURNED_DOWN_DB = 5.0
VARIATIONS = (
    Variation("sweep: six levels, metre bays, 2 cm, a third empty"),
    Variation("first day, 3 % of the ledger wrong", learned_days=0),
    Variation("one pass a day", keeper=Keeper(passes=1)),
    Variation("eight low levels, 0.9 m bays", shelving=Shelving(levels=8, bay=0.9, level=0.29)),
    Variation(
        "five levels, 1.2 m bays, 20 to 100 % full", shelving=Shelving(levels=5, bay=1.2, level=0.4, fill=(0.2, 1.0))
    ),
    Variation("metal: mirrors, strong back lobe", radio=Radio(mirrors=0.15, back=-5.0, board=9.0)),
    Variation("strong reader, open boards", radio=Radio(eirp=34.0, board=2.0, upright=1.0, back_panel=3.0)),
    Variation("15 % weak tags", tags=Tags(weak_mean_db=3.0, tail=(0.15, 14.0))),
    Variation("session S2: read once a visit", reader=Reader(rate=90.0, silent_seconds=3.0, refreshed=True)),
    Variation("session S1: quiet for 2 s", reader=Reader(rate=90.0, silent_seconds=2.0)),
    Variation("slow reader, 15 reads a second", reader=Reader(rate=15.0)),
    Variation("fast reader, 300 reads a second", reader=Reader(rate=300.0)),
    Variation("strength in steps of 1 dB, none under -66", radio=Radio(step=1.0, faintest=-66.0)),
    Variation("no strength told", radio=Radio(tells_strength=False)),
    Variation("codes at every second bay, 5 % on the wrong shelf", keeper=Keeper(codes_every=2, wrong_codes=0.05)),
    Variation("5 % of all codes on the wrong shelf", keeper=Keeper(wrong_codes=0.05)),
    Variation("label tags, no codes", keeper=Keeper(codes=0.0, labels=0.95)),
    Variation("neither codes nor labels", keeper=Keeper(codes=0.0)),
    Variation("level by level along the row", keeper=Keeper(by_level=True)),
    Variation("level by level, neither codes nor labels", keeper=Keeper(by_level=True, codes=0.0)),
    Variation("a keeper in a hurry, 2 s a shelf", keeper=Keeper(seconds=2.0, spread=0.4), reader=Reader(rate=90.0)),
    Variation("a keeper of moods: 4 to 60 s a shelf", keeper=Keeper(spread=0.6, pauses=0.05)),
    Variation("times in whole seconds", reader=Reader(whole_seconds=True)),
    Variation("3 dB of drift from day to day", radio=Radio(drift=3.0)),
    Variation("turned down 5 dB on the last day", last_radio=Radio(eirp=Radio.eirp - TURNED_DOWN_DB)),
    CABINET,
    replace(CABINET, name="first night, 3 % of the ledger wrong", learned_days=0),
    replace(CABINET, name="an antenna to two boards", reader=Reader(boards=2)),
    replace(CABINET, name="an antenna to three boards", reader=Reader(boards=3)),
    replace(CABINET, name="ten times the reads", reader=Reader(cabinet_reads=1200.0)),
    replace(CABINET, name="a tenth of the reads", reader=Reader(cabinet_reads=12.0)),
    replace(CABINET, name="each tag told once in five minutes", reader=Reader(once=True)),
    replace(CABINET, name="15 % weak tags", tags=Tags(weak_mean_db=3.0, tail=(0.15, 14.0))),
    replace(CABINET, name="strength in steps of 1 dB, none under -66", radio=Radio(step=1.0, faintest=-66.0)),
    replace(CABINET, name="no strength told", radio=Radio(tells_strength=False)),
    replace(
        CABINET, name="eight low levels, open boards", shelving=Shelving(levels=8, level=0.29), radio=Radio(board=2.0)
    ),
    replace(CABINET, name="3 dB of drift from night to night", radio=Radio(drift=3.0)),
    replace(CABINET, name="turned down 5 dB on the last night", last_radio=Radio(eirp=Radio.eirp - TURNED_DOWN_DB)),
)


def days_of(variation: Variation, volumes: int, seed: int) -> Iterator[tuple[StrangeHall, StrangeDay]]:
    """A hall with each of its days; what is misplaced is so on the last."""
    hall = make_strange_hall(volumes, variation.profile, variation.shelving, variation.tags, seed)
    for number in range(variation.learned_days):
        yield hall, variation.day(hall, number)
    if variation.learned_days:
        hall = misplace(hall, round(volumes * MOVED_SHARE), round(volumes * REMOVED_SHARE), seed)
    else:
        hall = misplace(hall, round(volumes * FIRST_DAY_WRONG_SHARE), 0, seed)
    yield hall, variation.day(hall, variation.learned_days)


def run(variation: Variation, volumes: int, seeds: range) -> tuple[dict[str, Score], float]:
    """Scores over all seeds; seconds of Guiwei's for each hall."""
    scores: dict[str, Score] = {}
    seconds = 0.0
    for seed in seeds:
        guiwei = Guiwei(volumes)
        for number, (hall, day) in enumerate(days_of(variation, volumes, seed)):
            began = time.perf_counter()
            if number < variation.learned_days:
                guiwei.learn(hall, day)
                seconds += time.perf_counter() - began
                continue
            answer = answer_of(guiwei.judge(hall, day), len(hall))
            seconds += time.perf_counter() - began
            score(answer, hall, day, scores.setdefault("Guiwei", Score()))
            for name, said in answers_of_peers(hall, day):
                score(said, hall, day, scores.setdefault(name, Score()))
    return scores, seconds / len(seeds)


def _row(variation: Variation, scores: dict[str, Score], seconds: float) -> list[str]:
    ours = scores["Guiwei"]
    figures = [variation.name]
    for what in (BAY, LEVEL, GONE):
        for of in ("recall", "precision"):
            known = ours.of[f"{of} {what}"]
            figures.append(f"{ours.share(f'{of} {what}'):.3f} ≥{ours.bound(f'{of} {what}'):.3f}" if known else "–")
    figures.append(f"{ours.right[f'precision {GONE}']}/{ours.of[f'precision {GONE}']}")
    figures.append(f"{ours.right['missing though uncovered']}/{ours.of['missing though uncovered']}")
    figures.append(f"{ours.share('undecided'):.3f}")
    figures.append(f"{1 - ours.share('covered'):.3f}")
    figures.append(f"{ours.calibration_error():.3f}")
    figures.append(f"{ours.share(f'recall {ANY}'):.3f}/{ours.share(f'precision {ANY}'):.3f}")
    peer = max(BEST_PEERS, key=lambda name: scores[name].share(f"recall {ANY}"))
    figures.append(f"{scores[peer].share(f'recall {ANY}'):.3f}/{scores[peer].share(f'precision {ANY}'):.3f}")
    figures.append(f"{seconds:.1f}")
    return figures


def _table(title: str) -> Table:
    table = Table(title=title)
    table.add_column("variation", no_wrap=True)
    for name in (
        "bay recall", "bay prec.", "level recall", "level prec.", "removed recall", "removed prec.", "right of missing",
        "unswept", "undec.", "uncov.", "calib.", "shelf", "best peer", "s",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    return table


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=4, help="seeds pooled")
    parser.add_argument("--volumes", type=int, default=6_000, help="a hall's")
    parser.add_argument("--tuning", action="store_true", help="use the tuning seeds instead, while trying something")
    parser.add_argument("--only", default="", help="variations whose name has this in it")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    warnings.simplefilter("error")
    start = 0 if asked.tuning else EVALUATION_SEEDS_FROM
    seeds = range(start, start + asked.seeds)
    wanted = [each for each in VARIATIONS if asked.only in f"{each.profile}: {each.name}"]
    kind = "tuning" if asked.tuning else "evaluation"
    table = _table(f"{kind} seeds {start} to {seeds.stop - 1}, halls of {asked.volumes:,} volumes; ≥: 95 % lower bound")
    with ProcessPoolExecutor(asked.processes) as pool:
        measured = pool.map(partial(run, volumes=asked.volumes, seeds=seeds), wanted)
        for variation, (scores, seconds) in zip(wanted, measured, strict=True):
            row = _row(variation, scores, seconds)
            print(*row, sep=" | ", flush=True)
            table.add_row(*row)
    screen.print(table)


if __name__ == "__main__":
    main()
