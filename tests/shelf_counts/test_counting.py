"""Counted by code: kept once, never taken for more than it is, and judged beside the radio."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from inventory.domain.acts import ActKind
from inventory.domain.people import Role
from inventory.domain.refusals import (
    AuditNotFound,
    BadInput,
    BlindCountByKeeper,
    NotAllowed,
    PlaceNotFound,
    Refusal,
    ShelfCountLate,
    ShelfCountStays,
    ShelfCountUnfinished,
)
from inventory.domain.whereabouts import Agreement
from inventory.operations import auditing
from inventory.operations.audit_judging import Audit
from inventory.operations.finding import open_dossier
from inventory.operations.shelf_counting import Counting, Scan, blind_counts, scope_to_count, take_count
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.conftest import Archive
from tests.shelf_counts.breaks import BREAKS, PREPARE
from tests.shelf_counts.conftest import SHELVES, blind_count, count, furnish


@pytest.fixture
def bay(archive: Archive) -> Archive:
    furnish(archive)
    return archive


def judged(archive: Archive) -> Audit:
    """The last two days of the bay, judged just now."""
    now = datetime.now(UTC)
    with archive.jobs.unpooled() as connection:
        return auditing.audit(connection, "B", now - timedelta(days=2), now)


def told(audit: Audit) -> set[tuple[str | None, str, str | None, str | None]]:
    return {(one.dossier, one.kind.value, one.place_ledger, one.place_belief) for one in audit.findings}


def test_a_shelf_counted_whole_tells_what_is_missing_and_what_does_not_belong(bay: Archive) -> None:
    keeper = bay.keeper
    answer = count(bay, keeper, "B-1", ["D-11", "D-13", "D-21", "nobody's"])
    assert (answer.finished, answer.kept, answer.unknown) == (True, 4, ("nobody's",))
    assert [(row.name, row.place) for row in answer.elsewhere] == [("D-21", "B-2")]
    count(bay, keeper, "B-2", ["D-22"], whole=False)  # not the whole shelf: what wasn't scanned may stand there
    audit = judged(bay)
    assert told(audit) == {("D-12", "missing", "B-1", None), ("D-21", "misplaced", "B-2", "B-1")}
    assert audit.undecided == ()
    # Of the shelf that was counted whole its tagged volume is covered; nobody was at the other two.
    assert (audit.expected, audit.covered) == (3, 1)
    assert {gap.place for gap in audit.gaps} == {"B-2", "B-3"}
    assert next(one for one in audit.findings if one.kind == "missing").probability == pytest.approx(0.98)


def test_what_moved_after_it_was_scanned_is_the_ledgers_to_tell(bay: Archive) -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    bay.act(ActKind.RESHELVED, "D-11", "B-2")
    bay.act(ActKind.RESHELVED, "D-31", "B-1")
    answer = count(bay, bay.keeper, "B-1", ["D-11", "D-12", "D-13"], at=an_hour_ago)
    assert [(row.name, row.place) for row in answer.moved] == [("D-11", "B-2")]
    assert answer.elsewhere == ()
    assert told(judged(bay)) == set(), "what came after the count isn't missing from it"


def test_a_dossier_s_page_says_where_it_was_counted_last_until_it_is_moved(bay: Archive) -> None:
    count(bay, bay.keeper, "B-1", ["D-21"], whole=False, at=datetime.now(UTC) - timedelta(hours=2))
    assert counted_at(bay, "D-21") == "B-1"
    assert open_dossier(bay.app, bay.keeper, "D-21", datetime.now(UTC)).volumes[0].agreement is Agreement.DIFFERS
    count(bay, bay.keeper, "B-2", ["D-21"], whole=False)
    assert counted_at(bay, "D-21") == "B-2"
    assert open_dossier(bay.app, bay.keeper, "D-21", datetime.now(UTC)).volumes[0].agreement is Agreement.AGREES
    bay.act(ActKind.RESHELVED, "D-21", "B-3")
    assert counted_at(bay, "D-21") is None


def counted_at(archive: Archive, number: str) -> str | None:
    (volume,) = open_dossier(archive.app, archive.keeper, number, datetime.now(UTC)).volumes
    return None if volume.counted is None else volume.counted.place.code


def test_the_same_scans_twice_are_there_once_and_a_count_without_all_its_scans_is_not_finished(bay: Archive) -> None:
    now = datetime.now(UTC)
    scans = tuple(Scan(uuid4(), code, now) for code in ("D-11", "D-12", "D-13"))
    sent = Counting(uuid4(), "B-1", None, now, now, scans[:2])
    assert take_count(bay.app, bay.keeper, sent, now).kept == 2
    assert take_count(bay.app, bay.keeper, sent, now).kept == 2
    with pytest.raises(ShelfCountUnfinished):
        take_count(bay.app, bay.keeper, replace(sent, finished_at=now, made=3), now)
    assert told(judged(bay)) == set(), "what hasn't come yet is not missing"
    whole = replace(sent, scans=scans, finished_at=now, made=3)
    # Sent again while it is still being kept: a telephone that hears nothing tries once more.
    with ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(lambda _: take_count(bay.app, bay.keeper, whole, now), range(4)))
    assert [(answer.finished, answer.kept) for answer in answers] == [(True, 3)] * 4
    with pytest.raises(ShelfCountStays):
        take_count(bay.app, bay.keeper, replace(whole, scans=(Scan(uuid4(), "D-21", now),)), now)
    with pytest.raises(ShelfCountStays):
        take_count(bay.app, bay.second, whole, now)
    assert bay.root.execute("SELECT count(*) FROM shelf_count_scan").fetchone() == (3,)


def test_a_telephones_clock_may_be_wrong(bay: Archive) -> None:
    at = datetime.now(UTC) - timedelta(minutes=30)
    count(bay, bay.keeper, "B-1", ["D-11"], at=at, clock=timedelta(days=400))
    row = bay.root.execute("SELECT abs(extract(epoch FROM begun_at - %s)) < 60 FROM shelf_count", (at,)).fetchone()
    assert row == (True,)
    with pytest.raises(BadInput):
        count(bay, bay.keeper, "B-1", ["D-11"], at=at - timedelta(days=40))
    ages_apart = Counting(uuid4(), "B-1", None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    with pytest.raises(BadInput):
        take_count(bay.app, bay.keeper, ages_apart, datetime.now(UTC))


def test_a_blind_count_is_drawn_counted_by_two_who_keep_nothing_and_judged_when_its_days_are_over(bay: Archive) -> None:
    number = blind_count(bay)
    auditor, manager = bay.person("auditor", Role.AUDITOR), bay.person("manager", Role.CITY_MANAGER)
    scope = scope_to_count(bay.app, auditor, [], number)
    drawn = [shelf.code for shelf in scope.shelves]
    assert (scope.blind, len(drawn)) == (True, 2)
    assert all(shelf.expected is None for shelf in scope.shelves), "the counter sees nothing of what is expected"
    shelf, other = drawn
    (left_out,) = set(SHELVES) - set(drawn)
    for counter, refusal in ((bay.keeper, BlindCountByKeeper), (bay.clerk, NotAllowed)):
        with pytest.raises(refusal):
            scope_to_count(bay.app, counter, [], number)
        with pytest.raises(refusal):
            count(bay, counter, shelf, [], audit=number)
    assert blind_counts(bay.app, bay.keeper) == []
    with pytest.raises(BadInput):
        count(bay, auditor, left_out, [], audit=number)
    at = shelf[-1]
    count(bay, bay.keeper, other, [])  # A keeper's own count of a shelf that was drawn is none of this audit's.
    first = count(bay, auditor, shelf, [f"D-{at}1", f"D-{at}2"], audit=number)
    assert (first.elsewhere, first.also_by) == ((), ())
    # Another counts the same shelf: what either had in hand is there, what neither had is missing by two counts.
    assert count(bay, manager, shelf, [f"D-{at}1"], audit=number).also_by == ("auditor",)
    assert [one.counted for one in scope_to_count(bay.app, auditor, [], number).shelves] == [True, False]

    assert counted_at(bay, f"D-{at}1") is None, "nobody learns from a blind count what others have seen"

    def run_waiting(at: datetime) -> list[Audit]:
        return auditing.run_waiting(bay.jobs, lambda: at)

    assert run_waiting(datetime.now(UTC)) == [], "its days aren't over"
    (audit,) = run_waiting(datetime.now(UTC) + timedelta(days=8))
    assert told(audit) == {(f"D-{at}3", "missing", shelf, None)}
    assert audit.findings[0].probability == pytest.approx(1 - 0.02**2)
    assert counted_at(bay, f"D-{at}1") == shelf
    assert {gap.place for gap in audit.gaps} == {other}
    with pytest.raises(ShelfCountLate):
        count(bay, auditor, other, [], audit=number)
    with pytest.raises(ShelfCountLate):
        scope_to_count(bay.app, auditor, [], number)


def test_a_scope_is_a_bay_or_a_list_of_shelves(bay: Archive) -> None:
    scope = scope_to_count(bay.app, bay.keeper, ["B"], None)
    assert [shelf.code for shelf in scope.shelves] == list(SHELVES)
    assert scope.shelves[0].expected == ("D-11", "D-12", "D-13")
    assert [one.code for one in scope_to_count(bay.app, bay.keeper, ["B-3", "B-1"], None).shelves] == ["B-1", "B-3"]
    for places, audit, refusal in ((["X"], None, PlaceNotFound), ([], None, BadInput), ([], 99, AuditNotFound)):
        with pytest.raises(refusal):
            scope_to_count(bay.app, bay.keeper, places, audit)


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    found: dict[str, tuple[str | None, type[Refusal | None]]] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        found[constraint] = broken.value.diag.constraint_name, type(refusal_for(broken.value))
    assert found == {constraint: (constraint, CONSTRAINTS[constraint]) for constraint in BREAKS}
    for statement in (
        "UPDATE shelf_count SET finished_at = now(), scans = 5 WHERE finished_at IS NOT NULL",
        "UPDATE shelf_count_scan SET volume_id = NULL",
        "DELETE FROM shelf_count_scan",
        "DELETE FROM shelf_count",
    ):
        with pytest.raises(psycopg.Error):
            archive.root.execute(statement)
    auditor = archive.person("auditor", Role.AUDITOR)
    mine = (
        "INSERT INTO shelf_count (id, place_id, counter_id, begun_at, received_at) "
        "SELECT gen_random_uuid(), id, %s, now(), now() FROM place WHERE code = 'A-01'"
    )
    for session, name in ((auditor, archive.keeper), (archive.clerk, archive.clerk), (None, archive.keeper)):
        with archive.sql_of(session) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(mine, (name.account_id,))
