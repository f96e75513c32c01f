"""A hall of smart cabinets after three learned nights, and a fourth on which something is wrong."""

from pathlib import Path

import pytest

from devices.simulator.days import Disturbance, listen
from devices.simulator.halls import Hall, Profile, make_hall, plant
from tests.conftest import Archive
from tests.locating.halls import NIGHTS, SEED, close, hear_day, put

VOLUMES = 600


@pytest.fixture
def wrong(archive: Archive, tmp_path: Path) -> tuple[Archive, Hall]:
    """Some volumes stand elsewhere, some are gone, and one antenna is dead."""
    return make_wrong(archive, tmp_path)


def make_wrong(archive: Archive, directory: Path) -> tuple[Archive, Hall]:
    hall = make_hall(VOLUMES, Profile.CABINET, SEED)
    put(archive, hall, directory)
    for day in range(NIGHTS):
        hear_day(archive, hall, listen(hall, day))
        close(archive, day)
    hall = plant(hall, 30, 10, SEED)
    hear_day(archive, hall, listen(hall, NIGHTS, Disturbance(dead_antennas=(int(hall.ledger[0]),))))
    return archive, hall
