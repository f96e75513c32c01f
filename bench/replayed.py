"""`python -m bench.replayed`: the whole way, from readers' payloads to an audit, on days that are recorded and replayed.

A simulated city is imported; its readers speak in their own dialects into recordings; each day is replayed through the
pipeline live reads take, and closed. On the last day some dossiers stand elsewhere or are gone, and an audit says which.
What it says is held against what was done. (`bench.location` measures the inference alone, on many more volumes.)
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bench.scoring import lower_bound
from devices.replay import replay
from devices.simulator.city import City, make_city, write_registers
from devices.simulator.run import write_recording
from devices.simulator.truth import DifferenceKind, Truth, make_truth
from guiwei.embedded import embedded_postgres
from guiwei.site import upgrade
from inventory.domain.findings import FindingKind
from inventory.operations.audit_judging import Audit
from inventory.operations.auditing import audit
from inventory.operations.closing import close_day
from inventory.operations.importing import ImportOptions, import_register
from inventory.store.database import Database, connect
from inventory.store.keys import new_key_ring
from tests.servers import server_directory

ZONE = ZoneInfo("Asia/Shanghai")
FIRST_MORNING = datetime(2026, 3, 2, 8, tzinfo=ZONE)
MISPLACED_SHARE, REMOVED_SHARE = 1 / 60, 1 / 250

screen = Console()


@dataclass
class Tally:
    """Over all seeds: of each kind of difference how many there were, how many were found right, how many left undecided."""

    of: Counter[str]
    right: Counter[str]
    undecided: Counter[str]
    findings: Counter[str]
    true: Counter[str]
    replayed: float = 0.0
    messages: int = 0


def run(seed: int, dossiers: int, days: int, minutes: float, speed: float, tally: Tally, directory: Path) -> None:
    """One city, its days and its audit."""
    city = make_city(dossiers, seed=seed)
    right = make_truth(city, seed, misplaced=0, left_on_desk=0, removed=0)
    wrong = make_truth(
        city, seed, misplaced=round(dossiers * MISPLACED_SHARE), left_on_desk=2, removed=round(dossiers * REMOVED_SHARE)
    )
    with embedded_postgres(directory / "data", lambda _: None) as server:
        upgrade(server.url("owner"))
        keys = new_key_ring()
        owner, jobs = (connect(server.url(role), keys) for role in ("owner", "jobs"))
        _fill(owner, city, directory)
        for day in range(days + 1):
            _live(jobs, city, right if day < days else wrong, day, minutes, speed, tally, directory)
        end = _midnight(days)
        with jobs.unpooled() as connection:
            found = audit(connection, city.places[0].code, end - timedelta(days=1), end)
        owner.engine.dispose()
        jobs.engine.dispose()
    _score(found, wrong, tally)


def _fill(owner: Database, city: City, directory: Path) -> None:
    write_registers(city, directory)
    options = ImportOptions(as_of=FIRST_MORNING - timedelta(days=7))
    for kind in ("agencies", "places", "readers", "dossiers"):
        import_register(owner, kind, directory / f"{kind}.csv", uuid4(), datetime.now(ZONE), options)


def _live(
    jobs: Database, city: City, truth: Truth, day: int, minutes: float, speed: float, tally: Tally, directory: Path
) -> None:
    """A day: recorded, replayed; closed too, but for the last one, which is audited instead."""
    recording = directory / "day.jsonl.gz"
    write_recording(city, truth, recording, FIRST_MORNING + timedelta(days=day), minutes, speed=speed)
    began = time.perf_counter()
    tally.messages += replay(jobs, recording, ZONE, close=False).messages
    tally.replayed += time.perf_counter() - began
    if truth.differences:
        return
    with jobs.unpooled() as connection:
        close_day(connection, _midnight(day))


def _midnight(day: int) -> datetime:
    return FIRST_MORNING.replace(hour=0) + timedelta(days=day + 1)


def _score(found: Audit, wrong: Truth, tally: Tally) -> None:
    truly = {one.number: one for one in wrong.differences}
    undecided = {one.dossier for one in found.undecided}
    told = {one.dossier: one for one in found.findings if one.kind is not FindingKind.WEAK_TAG}
    for number, one in truly.items():
        kind, said = one.kind.value, told.get(number)
        tally.of[kind] += 1
        tally.undecided[kind] += number in undecided
        if said is None:
            continue
        gone = one.truly is None and said.kind is FindingKind.MISSING
        # The desk's pad isn't listened at by sweeps: a dossier left there is gone from its shelf.
        desk = one.kind is DifferenceKind.LEFT_ON_DESK and said.kind in {FindingKind.MISSING, FindingKind.MISPLACED}
        there = one.truly is not None and said.place_belief in {one.truly, one.truly.rpartition("-")[0]}
        tally.right[kind] += gone or desk or there
    for dossier, finding in told.items():
        tally.findings[finding.kind] += 1
        tally.true[finding.kind] += dossier in truly


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds", type=int, default=3, help="cities, one after another; from 1000 on, never used in tuning"
    )
    parser.add_argument("--dossiers", type=int, default=3_000)
    parser.add_argument("--days", type=int, default=3, help="learned days before the one that is audited")
    parser.add_argument("--minutes", type=float, default=30, help="length of a day's recording")
    parser.add_argument("--speed", type=float, default=6, help="how many times faster than life keepers sweep")
    asked = parser.parse_args()
    tally = Tally(Counter(), Counter(), Counter(), Counter(), Counter())
    for seed in range(1000, 1000 + asked.seeds):
        with server_directory() as directory:
            run(seed, asked.dossiers, asked.days, asked.minutes, asked.speed, tally, directory)
        screen.print(f"seed {seed}: {sum(tally.right.values())} of {sum(tally.of.values())} found so far")
    table = Table(
        "what was done", "times", "found right", "undecided", title=f"{asked.seeds} cities of {asked.dossiers:,}"
    )
    for kind, of in tally.of.items():
        share = f"{tally.right[kind]} ({tally.right[kind] / of:.3f} ≥{lower_bound(tally.right[kind], of):.3f})"
        table.add_row(kind, str(of), share, str(tally.undecided[kind]))
    screen.print(table)
    for kind, of in tally.findings.items():
        screen.print(
            f"{kind}: {tally.true[kind]} of {of} findings true ({tally.true[kind] / of:.3f} ≥{lower_bound(tally.true[kind], of):.3f})"
        )
    screen.print(f"replayed {tally.messages / tally.replayed:,.0f} messages/s, beliefs drawn at every minute of them")


if __name__ == "__main__":
    main()
