"""Two counties, their heads, and the city's managers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from inventory.domain.acts import ActKind
from inventory.domain.counting import LOCAL
from inventory.domain.people import Role, Viewer
from tests.conftest import Archive


@dataclass(frozen=True)
class People:
    head: Viewer
    other_head: Viewer
    manager: Viewer
    second_manager: Viewer


@pytest.fixture
def people(archive: Archive) -> People:
    """The heads of 370112 and of 370113, and two city managers."""
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区档案中心', 'county')")
    return People(
        archive.person("head", Role.AGENCY_HEAD, agency="370112"),
        archive.person("other", Role.AGENCY_HEAD, agency="370113"),
        archive.person("manager", Role.CITY_MANAGER),
        archive.person("second-manager", Role.CITY_MANAGER),
    )


def today() -> date:
    return datetime.now(LOCAL).date()


def yesterday() -> date:
    return today() - timedelta(days=1)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=LOCAL)


def arrive(archive: Archive, number: str, at: datetime, volumes: int = 1) -> None:
    """A dossier that came and was accepted at an instant in the past, written down now."""
    archive.dossier(number, volumes=volumes)
    if not archive.root.execute("SELECT FROM place WHERE code = 'W1-D0'").rowcount:
        archive.desk("W1-D0")
    for name in [number, *(f"{number}/{ordinal}" for ordinal in range(2, volumes + 1))]:
        late = {"happened_at": at, "reason": "补登"}
        archive.act(ActKind.RECEIVED, name, "W1-D0", details={"channel": "staff"}, **late)
        archive.act(ActKind.ACCEPTED, name, None, details={"pieces": 3}, witness=archive.second, **late)


def belong_to(archive: Archive, number: str, agency: str) -> None:
    """A dossier as registered for another agency."""
    archive.root.execute(
        "UPDATE dossier SET holding_agency_id = (SELECT id FROM agency WHERE code = %s) WHERE number = %s",
        (agency, number),
    )


def known_now() -> datetime:
    return datetime.now(UTC)


__all__ = ["People", "arrive", "belong_to", "known_now", "noon", "today", "uuid4", "yesterday"]
