"""Passages told by a gate's process: stored once, settled for ever, and what left or came unasked is a case."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from inventory.domain.acts import ActKind
from inventory.domain.discrepancies import Outcome
from inventory.domain.people import Role
from inventory.operations import discrepancy_cases
from inventory.operations.discrepancies import follow_facts
from inventory.operations.discrepancy_cases import Resolution
from tests.conftest import Archive
from tests.gates.telling import Gate, later


def test_what_left_without_an_order_is_a_case_as_soon_as_nothing_takes_it_back(gate: Gate) -> None:
    first = gate.telling(gate.line("D-1"), gate.line("D-2", paper="C-000001"), settled=False)
    assert gate.take(first).opened == 0
    assert gate.passages() == [("out", "red", False)]
    settled = later(first, 1, settled=True)
    assert (gate.take(settled).opened, gate.cases()) == (1, [("left_without_order", "D-1", "open")])


def test_what_turned_back_after_all_stays_an_alarm_and_opens_nothing(gate: Gate, archive: Archive) -> None:
    first = gate.telling(gate.line("D-1"), settled=False)
    gate.take(first)
    gate.take(later(first, 1, settled=True, direction="turned_back", colour="green", alarmed_at=None, siren_at=None))
    assert gate.passages() == [("turned_back", "green", True)]
    assert archive.root.execute("SELECT alarmed_at IS NOT NULL FROM passage").fetchone() == (True,)
    assert gate.cases() == []


@pytest.mark.parametrize("at_once", [False, True])
def test_told_twice_or_out_of_order_is_there_once(gate: Gate, archive: Archive, *, at_once: bool) -> None:
    first = gate.telling(gate.line("D-1"), settled=False)
    last = later(first, 1, settled=True, lines=(gate.line("D-1"), gate.line("D-3")))
    if at_once:
        gate.take(first, last, last)
    else:
        for telling in (last, first, last):
            gate.take(telling)
    assert gate.passages() == [("out", "red", True)]
    assert archive.root.execute("SELECT count(*), max(times_seen) FROM discrepancy").fetchone() == (2, 1)


def test_what_came_in_unasked_closes_when_it_is_registered(gate: Gate, archive: Archive) -> None:
    gate.take(gate.telling(gate.line("D-4"), gate.line("D-1"), direction="in"))
    assert gate.cases() == [("entered_without_order", "D-4", "open")], "D-1 is in by the ledger"
    archive.bring_in("D-4", "W1-D0")
    with archive.jobs.unpooled() as connection:
        follow_facts(connection, datetime.now(UTC))
    assert gate.cases() == [("entered_without_order", "D-4", "over")]


def test_the_ledger_that_says_where_it_went_settles_what_left(gate: Gate, archive: Archive) -> None:
    gate.take(gate.telling(gate.line("D-1")))
    archive.act(ActKind.PICKED, "D-1", "W1-D0", authority="R-000001")
    with archive.jobs.unpooled() as connection:
        assert follow_facts(connection, datetime.now(UTC)) == 1
    assert archive.root.execute("SELECT outcome FROM discrepancy").fetchone() == ("ledger_moved",)


def test_a_false_alarm_excuses_nobody_who_carries_it_out_again(gate: Gate, archive: Archive) -> None:
    manager = archive.person("manager", Role.CITY_MANAGER)
    first = gate.telling(gate.line("D-1"))
    gate.take(first)
    resolution = Resolution(uuid4(), Outcome.FALSE_ALARM)
    discrepancy_cases.resolve(archive.app, manager, "X-000001", resolution, datetime.now(UTC))
    gate.take(
        later(first, 60, id=uuid4()), later(first, 120, id=uuid4(), direction="in"), later(first, 180, id=uuid4())
    )
    assert gate.cases() == [("left_without_order", "D-1", "resolved"), ("left_without_order", "D-1", "open")]
