"""A hall that has been listened to for some nights."""

from pathlib import Path

import pytest

from devices.simulator.days import listen
from devices.simulator.halls import Hall, Profile, make_hall
from tests.conftest import Archive
from tests.locating.halls import NIGHTS, SEED, VOLUMES, close, hear_day, put


@pytest.fixture
def cabinet(archive: Archive, tmp_path: Path) -> tuple[Archive, Hall]:
    """A hall of smart cabinets that was heard and closed for three nights."""
    hall = make_hall(VOLUMES, Profile.CABINET, SEED)
    put(archive, hall, tmp_path)
    for day in range(NIGHTS):
        hear_day(archive, hall, listen(hall, day))
        close(archive, day)
    return archive, hall
