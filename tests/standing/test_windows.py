"""Whoever was given a window works there: other windows are refused, whatever they are told through."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.granting import Belonging
from inventory.domain.people import Role, Viewer
from inventory.domain.requests import RequestKind
from inventory.operations import consigning, custody, granting, institutions
from inventory.operations.consigning import Opening
from inventory.operations.granting import Granting
from inventory.operations.scanning import own_window
from tests.requests.counter import Counter, now
from tests.standing.conftest import ONE_ENGINE, Browse


@pytest.fixture
def clerk(counter: Counter) -> Viewer:
    """The clerk of 370112, given window N-1; N-2 is another."""
    archive = counter.archive
    archive.place("N-2", "window")
    belonging = Belonging(agency="370112", window="N-1")
    granting.grant(archive.owner, Granting(uuid4(), "clerk", Role.WINDOW_CLERK, "任命 2号", belonging), now())
    archive.clerk = Viewer(
        archive.clerk.account_id,
        "clerk",
        "clerk",
        Role.WINDOW_CLERK,
        archive.clerk.agency_id,
        "370112",
        archive.session(archive.clerk.account_id),
    )
    return archive.clerk


def received(counter: Counter, viewer: Viewer, dossier: str, window: str) -> None:
    asked = counter.archive.asked(ActKind.RECEIVED, dossier, window, details={"channel": "ems"})
    custody.record(counter.app, viewer, asked)


def test_a_clerk_takes_in_at_the_own_window_and_no_other(counter: Counter, clerk: Viewer) -> None:
    counter.archive.dossier("D-1")
    with pytest.raises(refusals.OtherWindow, match="N-2"):
        received(counter, clerk, "D-1", "N-2")
    received(counter, clerk, "D-1", "N-1")
    assert counter.archive.where("D-1") == "N-1"


def test_nothing_leaves_another_window_by_them_either(counter: Counter, clerk: Viewer) -> None:
    counter.archive.dossier("D-1")
    received(counter, counter.colleague, "D-1", "N-2")
    asked = counter.archive.asked(ActKind.QUARANTINED, "D-1", counter.archive.place("Q-1", "quarantine"), reason="x")
    with pytest.raises(refusals.OtherWindow):
        custody.record(counter.app, clerk, asked)


def test_who_was_given_none_works_at_any_as_before(counter: Counter, clerk: Viewer) -> None:
    assert clerk.agency_id == counter.colleague.agency_id
    for number, window in (("D-1", "N-1"), ("D-2", "N-2")):
        counter.archive.dossier(number)
        received(counter, counter.colleague, number, window)


def test_a_request_is_brought_to_the_own_window(counter: Counter, clerk: Viewer) -> None:
    counter.dossier("D-1")
    assert institutions.windows(counter.app, clerk) == [("N-1", "N-1")]
    assert len(institutions.windows(counter.app, counter.colleague)) == 2
    with pytest.raises(refusals.OtherWindow):
        counter.ask(counter.form(RequestKind.DISPATCH, "D-1", by=clerk, window="N-2"), by=clerk)
    counter.ask(counter.form(RequestKind.DISPATCH, "D-1", by=clerk, window="N-1"), by=clerk)


def test_a_bag_goes_home_from_the_own_window(counter: Counter, clerk: Viewer) -> None:
    archive = counter.archive
    for bag in ("BAG-1", "BAG-2"):
        consigning.register_bag(counter.app, clerk, bag, now())
    with pytest.raises(refusals.OtherWindow):
        consigning.open_consignment(counter.app, clerk, Opening(uuid4(), "BAG-1", "N-2", "W1"), now())
    consigning.open_consignment(counter.app, clerk, Opening(uuid4(), "BAG-2", "N-1", "W1"), now())
    assert archive.root.execute("SELECT count(*) FROM consignment").fetchone() == (1,)


def test_the_window_is_a_clerks_alone(counter: Counter, clerk: Viewer) -> None:
    seen = own_window(counter.app, clerk)
    assert seen is not None and seen.place_code == "N-1"
    for nobody in (counter.colleague, counter.head, counter.archive.keeper):
        assert own_window(counter.app, nobody) is None


@ONE_ENGINE
def test_the_station_takes_in_at_the_own_window_without_scanning_it(
    browse: Browse, counter: Counter, clerk: Viewer
) -> None:
    assert clerk
    counter.let_in()
    page = browse("clerk", "/station/received")
    expect(page.locator("[data-target-code]")).to_have_text("N-1")
    colleague = browse("colleague", "/station/received")
    expect(colleague.locator("[data-target-code]")).not_to_have_text("N-1")
