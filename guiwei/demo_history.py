"""The demo's days before its first start: swept, heard, judged and closed like a site's, so that there is something to see.

`python -m guiwei.demo_history` is a process of its own beside the services, for it has some minutes' work. What is wrong in
the simulated city went wrong before the last of these days; from the others the radio learned.
"""

import signal
import sys
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from devices.replay import replay
from devices.simulator.city import City, make_city
from devices.simulator.floor import WAREHOUSE
from devices.simulator.readers import seconds_of_a_round
from devices.simulator.run import write_recording
from devices.simulator.truth import Truth, make_truth
from guiwei.console import say
from guiwei.memory import give_back_large_arrays
from guiwei.settings import read_settings
from guiwei.site import Site, open_site
from inventory.operations import auditing
from inventory.operations.closing import close_day
from inventory.store.database import raw

DAYS = 4
ROUNDS = (
    time(9),
    time(14),
)  # in the morning of each day; on the last one also after noon, so that silence tells something
SPEED = 2.0  # keepers hurry: a round takes an hour
DAY = timedelta(days=1)


def is_past(site: Site) -> bool:
    """Whether these days have been."""
    with site.jobs.transaction() as session:
        return raw(session).execute("SELECT FROM audit LIMIT 1").fetchone() is not None


def live_through(site: Site, city: City, seed: int, today: date) -> None:
    """Each day in turn; the last one is audited."""
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
    minutes = seconds_of_a_round(city, SPEED) / 60
    with tempfile.TemporaryDirectory() as directory:
        recording = Path(directory) / "round.jsonl"
        write_recording(city, truth, recording, begun, minutes, speed=SPEED)
        replay(site.jobs, recording, site.settings.zone, close=False)


def _audit(site: Site, begins: datetime, ends: datetime) -> None:
    with site.jobs.unpooled() as connection:
        number = auditing.ask_for(connection, WAREHOUSE, begins, ends, datetime.now(UTC))
    auditing.run(site.jobs, number, datetime.now(UTC))


def main(dossiers: int, seed: int) -> None:
    """Live through the days of the city of so many dossiers, and say where to look."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    give_back_large_arrays()
    with open_site(read_settings(), say, "jobs") as site:
        live_through(site, make_city(dossiers, seed=seed), seed, datetime.now(site.settings.zone).date())
    say(
        "前四天已盘完、判定并日终：请看“差异”和“盘点”页。"
        "The four days before were swept, judged and closed: see Discrepancies and Audits."
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
