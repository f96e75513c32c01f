"""A bay of three shelves, dossiers on them since yesterday, and a blind count that draws two of the shelves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from inventory.domain.acts import ActKind
from inventory.domain.audits import PlanKind
from inventory.domain.people import Role, Viewer
from inventory.operations import audit_plans
from inventory.operations.audit_plans import Planning
from inventory.operations.shelf_counting import Counting, CountTold, Scan, take_count
from tests.conftest import Archive

SHELVES = ("B-1", "B-2", "B-3")


def furnish(archive: Archive) -> None:
    """D-11, D-12, D-13 on B-1 and so on; the last of each shelf has a tag."""
    archive.place("B", "bay", parent="W1-R1")
    archive.desk()
    yesterday = {"happened_at": datetime.now(UTC) - timedelta(days=1), "reason": "昨日补记"}
    for at, shelf in enumerate(SHELVES, 1):
        archive.place(shelf, "shelf", parent="B", x=at * 3.0)
        for number in range(1, 4):
            dossier = f"D-{at}{number}"
            archive.dossier(dossier, epc=f"3500E86F8000A9E0000000{at}{number}" if number == 3 else None)
            archive.act(ActKind.RECEIVED, dossier, "W1-D1", details={"channel": "confidential"}, **yesterday)
            archive.act(ActKind.ACCEPTED, dossier, None, details={"pieces": 12}, witness=archive.second, **yesterday)
            archive.act(ActKind.SHELVED, dossier, shelf, **yesterday)


def blind_count(archive: Archive, shelves: int = 2) -> int:
    """A blind count of the bay that is due; its number."""
    manager = archive.person("planner", Role.CITY_MANAGER)
    planning = Planning(uuid4(), PlanKind.BLIND_COUNT, "B", days=365, sample_shelves=shelves)
    audit_plans.make(archive.app, manager, planning, datetime.now(UTC) - timedelta(days=1))
    with archive.jobs.unpooled() as connection:
        (number,) = audit_plans.work(connection, datetime.now(UTC))
        connection.commit()
    return number


def count(
    archive: Archive,
    counter: Viewer,
    shelf: str,
    codes: list[str],
    *,
    audit: int | None = None,
    whole: bool = True,
    count_id: UUID | None = None,
    at: datetime | None = None,
    clock: timedelta = timedelta(),
) -> CountTold:
    """Somebody counts a shelf and syncs it at once; `clock`: how far the telephone's clock is ahead."""
    now = datetime.now(UTC)
    at = (at or now) + clock
    scans = tuple(Scan(uuid4(), code, at) for code in codes)
    end = (at, len(codes)) if whole else (None, None)
    sent = Counting(count_id or uuid4(), shelf, audit, at, now + clock, scans, *end)
    return take_count(archive.app, counter, sent, now)
