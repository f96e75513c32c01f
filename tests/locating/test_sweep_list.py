"""Tomorrow's sweep list: what is undecided, what rolling coverage needs, aisle by aisle."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from inventory.domain.audits import PlanKind
from inventory.domain.hall import AisleName
from inventory.domain.people import Role
from inventory.domain.refusals import NotAllowed
from inventory.domain.sweep_list import BAYS_MAX, VOLUMES_MAX, BayState, Why, chosen
from inventory.operations import audit_plans
from inventory.operations.audit_plans import Planning
from inventory.operations.sweep_lists import sweep_paper, tomorrows_list
from tests.conftest import Archive

TOMORROW = datetime(2026, 3, 4, tzinfo=UTC)


def bay(number: int, days: int | None, **different: object) -> BayState:
    """A bay of 500 volumes under a rolling plan, swept so many days ago, each in an aisle of its own."""
    at = None if days is None else TOMORROW - timedelta(days=days)
    told = {"block": "甲", "aisle": str(number), "undecided": 0, "every_days": 180, "busy_days": 30} | different
    return BayState(number, 1, x=0.0, y=0.0, volumes=500, listened_at=at, **told)  # type: ignore[arg-type]


def listed(*bays: BayState, busy: set[AisleName] | None = None) -> list[tuple[int, Why]]:
    return [(one.bay_id, why) for one, why in chosen(bays, busy or set(), TOMORROW)]


def test_undecided_bays_come_first_and_then_whatever_waits_longest() -> None:
    bays = [bay(1, 10), bay(2, 200), bay(3, 1, undecided=4), bay(4, None), bay(5, 2, undecided=9, every_days=None)]
    assert listed(*bays) == [
        (5, Why.UNDECIDED), (3, Why.UNDECIDED), (4, Why.OVERDUE), (2, Why.OVERDUE),
    ]  # fmt: skip


def test_a_busy_aisle_is_due_earlier() -> None:
    bays = [bay(1, 40), bay(2, 40)]
    assert listed(*bays, busy={AisleName(1, "甲", "2")}) == [(2, Why.OVERDUE)]


def test_every_day_has_its_share_so_that_nothing_falls_due_all_at_once() -> None:
    """Of 180 bays swept the same day, one a day is enough, long before any is overdue."""
    assert [why for _, why in listed(*(bay(number, 3) for number in range(180)))] == [Why.TURN]


def test_a_list_is_no_longer_than_two_keepers_day() -> None:
    found = listed(*(bay(number, None) for number in range(2_000)))
    assert len(found) == min(VOLUMES_MAX // 500, BAYS_MAX)


def test_what_no_plan_is_about_is_listed_only_where_it_is_undecided() -> None:
    assert listed(bay(1, None, every_days=None, busy_days=None)) == []


@pytest.fixture
def hall(archive: Archive) -> Archive:
    """Four bays of one shelf in two aisles of a mobile block, a dossier on each; a rolling plan; one is undecided."""
    manager = archive.person("manager", Role.CITY_MANAGER)
    for number in range(4):
        archive.place(f"B-{number}", "bay", parent="W1-R1")
        archive.place(f"B-{number}-1", "shelf", parent=f"B-{number}", x=number * 1.0)
        archive.root.execute(
            "UPDATE place SET block = '甲', aisle = %s WHERE code = %s", (str(number % 2), f"B-{number}-1")
        )
        archive.dossier(f"D-{number}", on=f"B-{number}-1")
    archive.root.execute("INSERT INTO model (made_at, parameters) VALUES (now(), '{}')")
    archive.root.execute(
        "INSERT INTO judgement SELECT volume_id, now() - interval '1 day', now() + interval '1 minute', 1, 'undecided', place_id, "
        "NULL, NULL, false, 0, 0 FROM holding JOIN place ON place.id = place_id WHERE place.code = 'B-3-1'"
    )
    planning = Planning(uuid4(), PlanKind.ROLLING, "W1-R1")
    audit_plans.make(archive.app, manager, planning, datetime.now(UTC))
    return archive


def test_the_list_opens_each_aisle_once_and_says_why(hall: Archive) -> None:
    hall.root.execute(
        "INSERT INTO shelf_coverage (place_id, visits, listened_at) SELECT id, 2, now() - interval '2 days' FROM place WHERE code = 'B-1-1'"
    )
    found = tomorrows_list(hall.app, hall.keeper, datetime.now(UTC))
    assert (found.aisles_opened, found.bays, found.volumes, found.undecided) == (2, 3, 3, 1)
    by_aisle = {one.aisle: {bay.bay: bay.why for bay in one.bays} for one in found.aisles}
    assert by_aisle == {"1": {"B-3": Why.UNDECIDED}, "0": {"B-0": Why.OVERDUE, "B-2": Why.OVERDUE}}
    sheet, printed = sweep_paper(hall.app, hall.keeper, datetime.now(UTC))
    assert {bay.bay for aisle in sheet.aisles for bay in aisle.bays} == {"B-0", "B-2", "B-3"}
    assert printed.by == "keeper"
    with pytest.raises(NotAllowed):
        tomorrows_list(hall.app, hall.clerk, datetime.now(UTC))


def test_what_an_audit_left_undecided_is_listed_until_somebody_listens_there(hall: Archive) -> None:
    hall.root.execute(
        "SET session_replication_role = replica"
    )  # An audit's results as it leaves them, without running one.
    hall.root.execute(
        "INSERT INTO audit (place_id, judged_from, judged_until, state, asked_at, started_at, ledger_roots, judged_at, expected, "
        "covered, passes, findings, undecided, wrong_max, missing_wrong_max) SELECT id, now() - interval '1 day', "
        "now() + interval '1 minute', 'judged', now(), now(), '[]', now(), 1, 1, 1, 0, 1, 0, 0 FROM place WHERE code = 'W1'"
    )
    hall.root.execute(
        "INSERT INTO audit_undecided SELECT audit.id, 1, volume_id, holding.place_id, '未定', 'unsure' FROM audit, holding "
        "JOIN place ON place.id = place_id WHERE code = 'B-0-1'"
    )
    hall.root.execute("RESET session_replication_role")

    def undecided() -> set[str]:
        found = tomorrows_list(hall.app, hall.keeper, datetime.now(UTC))
        return {bay.bay for aisle in found.aisles for bay in aisle.bays if bay.why is Why.UNDECIDED}

    assert undecided() == {"B-0", "B-3"}
    hall.root.execute(
        "INSERT INTO shelf_coverage (place_id, visits, listened_at) SELECT id, 2, now() + interval '2 minutes' FROM place "
        "WHERE code = 'B-0-1'"
    )
    assert undecided() == {"B-3"}
