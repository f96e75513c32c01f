"""The demo's days before its first start: swept, heard, judged and closed like a site's, so that there is something to see.

`python -m guiwei.demo_history` is a process of its own beside the services, for it has some minutes' work. What is wrong in
the simulated city went wrong before the last of these days; from the others the radio learned.
"""

import sys
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from devices.replay import replay
from devices.simulator.city import City, make_city
from devices.simulator.floor import WAREHOUSE
from devices.simulator.readers import SHELF_SECONDS, STEP_SECONDS, shelves_of_a_round
from devices.simulator.run import write_recording
from devices.simulator.truth import Truth, make_truth
from guiwei.cli import run
from guiwei.console import say
from guiwei.memory import give_back_large_arrays
from guiwei.settings import read_settings
from guiwei.site import Site, open_site
from inventory.operations import auditing
from inventory.operations.closing import close_day
from inventory.store import audit_rows
from inventory.store.database import raw

DAYS = 4
# In the morning of each day; on the last one also after noon, so that silence tells something.
ROUNDS = (time(9), time(14))
ROUND_HOURS_MAX = ROUNDS[1].hour - ROUNDS[0].hour
SPEED = 2.0  # keepers hurry: in a city of 20,000 a round takes an hour
DAY = timedelta(days=1)


def is_wanted(site: Site, city: City) -> bool:
    """Whether these days haven't been yet, and the city is small enough for its readers to get round between two rounds."""
    with site.jobs.transaction() as session:
        been = bool(audit_rows.newest(raw(session)))
    return not been and _minutes_of_a_round(city) <= 60 * ROUND_HOURS_MAX


def _minutes_of_a_round(city: City) -> float:
    return shelves_of_a_round(city) * (SHELF_SECONDS[1] + STEP_SECONDS[1]) / SPEED / 60


def live_through(site: Site, city: City, seed: int, today: date) -> None:
    """Each day in turn; the last one is audited. After a start that was cut short they begin anew."""
    right = make_truth(city, seed, misplaced=0, left_on_desk=0, removed=0)
    wrong = make_truth(city, seed)
    for ago in range(DAYS, 0, -1):
        day = today - ago * DAY
        begins, ends = (datetime.combine(one, time(0), site.settings.zone) for one in (day, day + DAY))
        is_last = ago == 1
        for begun in ROUNDS if is_last else ROUNDS[:1]:
            _sweep(site, city, wrong if is_last else right, datetime.combine(day, begun, site.settings.zone))
        if is_last:
            _audit(site, begins, ends)
        with site.jobs.unpooled() as connection:
            close_day(connection, ends.astimezone(UTC))


def _sweep(site: Site, city: City, truth: Truth, begun: datetime) -> None:
    """One round past all shelves, with whatever the other readers hear meanwhile."""
    with tempfile.TemporaryDirectory() as directory:
        recording = Path(directory) / "round.jsonl"
        write_recording(city, truth, recording, begun, _minutes_of_a_round(city), speed=SPEED)
        replay(site.jobs, recording, site.settings.zone, close=False)


def _audit(site: Site, begins: datetime, ends: datetime) -> None:
    with site.jobs.unpooled() as connection:
        number = auditing.ask_for(connection, WAREHOUSE, begins, ends, datetime.now(UTC))
    auditing.run(site.jobs, number, datetime.now(UTC))


def main(dossiers: int, seed: int) -> None:
    """Live through the days of the city of so many dossiers, and say where to look."""
    give_back_large_arrays()
    with open_site(read_settings(), say, "jobs") as site:
        live_through(site, make_city(dossiers, seed=seed), seed, datetime.now(site.settings.zone).date())
    say(
        "前四天已盘完、判定并日终：请看“差异”和“盘点”页。"
        "The four days before were swept, judged and closed: see Discrepancies and Audits."
    )


if __name__ == "__main__":
    run(partial(main, *map(int, sys.argv[1:])))
