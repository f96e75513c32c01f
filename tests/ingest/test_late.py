"""A reader that was cut off delivers what it kept, late and in any order; the site ends as if it had heard it in time."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

from devices.simulator.run import Publication, publications
from inventory.operations.believing import step_beliefs
from tests.conftest import Archive
from tests.ingest.conftest import ONE_ENGINE
from tests.ingest.equipment import Publisher, keep_alive, quarantined, register_readers, working
from tests.ingest.late_hall import LATE, fill, make_late_hall, make_late_readers, outcome
from tests.servers import Mosquitto

SEED = 20260411
DOSSIERS = 2_000
BEGAN_AGO, HEARD_FOR = timedelta(minutes=30), timedelta(minutes=14)
CUT_OFF, BACK = timedelta(minutes=2), timedelta(minutes=12)  # after the beginning
SPEED = 4.0
EARLY = timedelta(minutes=5)
STEPS = 12  # of belief, while all that comes

Another = Callable[[], Archive]


@ONE_ENGINE
def test_what_a_reader_kept_through_an_outage_comes_to_the_same_late_and_shuffled(
    archive: Archive,
    another_archive: Another,
    folder: Path,
    broker: Mosquitto,
    readers: Publisher,
) -> None:
    print(f"seed {SEED}")
    began = datetime.now(UTC).replace(microsecond=0) - BEGAN_AGO
    city, truth = make_late_hall(DOSSIERS, SEED)
    simulated, late = make_late_readers(city, truth, began, SPEED)
    said = list(takewhile(lambda one: one.at < began + HEARD_FOR, publications(simulated, began, lambda: began)))
    kept = [one for one in said if one.topic == late.topic and began + CUT_OFF <= one.at < began + BACK]
    assert len(kept) > 2_000
    in_time, in_the_end = archive, another_archive()
    for site, told in ((in_time, said), (in_the_end, _late(said, kept, began + BACK))):
        fill(site, city, folder, began - timedelta(days=1))
        register_readers(site, folder)
        with working(site, broker.url), site.jobs.unpooled() as jobs:
            keep_alive(site, readers)
            for part in range(STEPS):
                for one in told[len(told) * part // STEPS : len(told) * (part + 1) // STEPS]:
                    readers.publish(one.topic, one.payload)
                readers.settle()
                keep_alive(site, readers)
                step_beliefs(jobs, datetime.now(UTC) + EARLY)
        assert quarantined(site) == []
    until = datetime.now(UTC) + EARLY
    ours, theirs = (outcome(site, began - EARLY, until) for site in (in_time, in_the_end))
    for what, rows in ours.items():
        print(f"{what}: {len(rows)}")
        assert rows == theirs[what], what
    assert len(ours["beliefs"]) > 1_000
    assert {kind for kind, *_ in ours["open discrepancies"]} == {"present_though_out"}
    assert {"unknown_tag", "present_though_out"} <= {finding.kind for finding in ours["audit: findings"]}
    assert LATE not in {gap.place for gap in ours["audit: coverage gaps"]}


def _late(said: list[Publication], kept: list[Publication], back: datetime) -> list[Publication]:
    """The same, but what was kept comes only from `back` on, in any order, among what is said then."""
    shuffled = random.Random(SEED).sample(kept, len(kept))
    held = {(one.reader, one.number) for one in kept}
    before = [one for one in said if one.at < back and (one.reader, one.number) not in held]
    live = [one for one in said if one.at >= back]
    every = max(len(shuffled) // len(live), 1)
    mixed = []
    for number, one in enumerate(live):
        mixed += [one, *shuffled[number * every : (number + 1) * every]]
    return [*before, *mixed, *shuffled[len(live) * every :]]
