"""Nights of a hall in whose aisles antennas look, on a real database: what the aisles tell is judged, kept and learned from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from devices.replay import replay
from devices.simulator.city import make_city, write_registers
from devices.simulator.days import Day, listen
from devices.simulator.equipment import CART_READER, HANDHELDS
from devices.simulator.halls import Hall, Plant, Profile, make_hall, plant
from devices.simulator.run import write_recording
from devices.simulator.truth import make_truth
from inventory.domain.findings import FindingKind
from inventory.domain.whereabouts import Agreement
from inventory.operations.auditing import audit
from inventory.operations.importing import ImportOptions, import_register
from inventory.operations.locating import locate
from tests.conftest import Archive
from tests.locating.halls import aisle_of, close, evening_of, hear_day, interval_of, number_of, put
from tests.locating.test_closing import outcomes, same
from tests.site import ONE_ENGINE

VOLUMES, SEED, NIGHTS = 4_000, 29, 3


@pytest.fixture
def hall(archive: Archive, tmp_path: Path) -> Hall:
    hall = make_hall(VOLUMES, Profile.ZONE, SEED)
    put(archive, hall, tmp_path)
    for day in range(NIGHTS):
        hear_day(archive, hall, listen(hall, day))
        close(archive, day)
    return hall


def crossed(hall: Hall, day: Day) -> list[int]:
    """Volumes that went from one open aisle to another."""
    aisle = np.append(hall.aisle, -1)
    home, stands = aisle[hall.ledger], aisle[hall.stands]
    was_open = np.append(np.isin(np.arange(hall.aisle.max() + 1), hall.aisle[day.listened]), False)
    return [int(one) for one in np.flatnonzero((home != stands) & was_open[home] & was_open[stands])]


@ONE_ENGINE
def test_a_night_says_the_aisle_and_an_audit_the_same(archive: Archive, hall: Hall) -> None:
    taught = interval_of(archive, NIGHTS - 1).zone_profiles
    assert taught is not None
    assert (taught.seen > 0).mean() > 0.9
    moved = plant(hall, 160, 40, SEED)
    day = listen(moved, NIGHTS)
    hear_day(archive, moved, day)
    with archive.jobs.unpooled() as connection:
        found = audit(connection, "W1", evening_of(NIGHTS - 1), evening_of(NIGHTS))
    closed = close(archive, NIGHTS)
    said = outcomes(archive)
    away = crossed(moved, day)
    assert len(away) > 30
    told = {number: place for number, (outcome, place, _) in said.items() if outcome == "elsewhere"}
    right = [told.get(number_of(one)) == aisle_of(int(hall.aisle[moved.stands[one]])) for one in away]
    assert np.mean(right) > 0.85
    still = {number_of(one) for one in np.flatnonzero((moved.stands == moved.ledger) & ~moved.dead).tolist()}
    assert len(told.keys() & still) <= 2
    open_at_home = day.listened[moved.ledger]
    gone = {number_of(one) for one in np.flatnonzero((moved.planted == Plant.REMOVED) & open_at_home).tolist()}
    asked = {number for number, (outcome, place, _) in said.items() if outcome == "undecided" and place is None}
    assert len(asked & gone) > 0.7 * len(gone)
    closed_aisles = {number_of(one) for one in np.flatnonzero(~open_at_home).tolist()}
    assert closed_aisles
    assert not asked & closed_aisles
    assert archive.root.execute("SELECT FROM shelf_coverage").rowcount == 0, "nobody was at the shelves themselves"
    # An audit of the same day says the same, and what of the warehouse it covers.
    by_kind = {kind: {one.dossier for one in found.findings if one.kind is kind} for kind in FindingKind}
    assert by_kind[FindingKind.MISPLACED] == set(told)
    assert by_kind[FindingKind.MISSING] == set()
    assert asked <= {one.dossier for one in found.undecided}
    assert found.covered == int(open_at_home.sum())
    # What pages show of a volume at home: its shelf, from its aisle; of one that went, the aisle it went to.
    with archive.jobs.unpooled() as connection:
        at_home = next(number for number, (outcome, _, _) in said.items() if outcome == "at_home" and number in still)
        assert locate(connection, at_home)[0].whereabouts.agreement is Agreement.AGREES
        assert locate(connection, next(iter(told)))[0].whereabouts.agreement is Agreement.DIFFERS
    assert closed.outcomes["elsewhere"] == len(told)
    after = interval_of(archive, NIGHTS).zone_profiles
    assert after is not None
    assert not same(taught, after)
    went = [one for one in away if told.get(number_of(one))]
    assert (after.seen[went] == 0).all(), "how it sounded in the aisle it left is forgotten"


@ONE_ENGINE
def test_readers_that_look_into_aisles_are_heard_through_their_dialect(archive: Archive, tmp_path: Path) -> None:
    """A city with such readers, imported as a site's registers are; what they say is recorded, replayed and closed."""
    city = make_city(2_000, seed=SEED, zones=True)
    write_registers(city, tmp_path)
    for register in ("agencies", "places", "readers", "dossiers"):
        options = ImportOptions(as_of=evening_of(-2))
        import_register(archive.owner, register, tmp_path / f"{register}.csv", uuid4(), datetime.now(UTC), options)
    began, recording = evening_of(0) - timedelta(hours=6), tmp_path / "day.jsonl.gz"
    swept_by_nobody = dict.fromkeys((*HANDHELDS, CART_READER), began)
    write_recording(city, make_truth(city, SEED), recording, began, 30, speed=10, off=swept_by_nobody)
    replay(archive.jobs, recording, ZoneInfo("UTC"), close=False)
    assert archive.root.execute("SELECT FROM quarantine").rowcount == 0
    closed = close(archive, 0)
    in_blocks = int(np.isin(city.dossiers.place, city.shelves.place[city.shelves.mobile]).sum())
    learned = archive.root.execute("SELECT count(*) FROM zone_profile WHERE seen > 0").fetchone()
    assert learned is not None
    assert learned[0] > 0.5 * in_blocks
    assert closed.outcomes["at_home"] > learned[0]


@ONE_ENGINE
def test_an_aisle_nobody_looks_into_any_more_says_nothing(archive: Archive, hall: Hall) -> None:
    aisle = aisle_of(int(hall.aisle[hall.ledger[0]]))
    archive.root.execute(
        "UPDATE antenna SET role = 'shelf' WHERE place_id = (SELECT id FROM place WHERE code = %s)", (aisle,)
    )
    ours = {number_of(one) for one in np.flatnonzero(hall.aisle[hall.ledger] == hall.aisle[hall.ledger[0]]).tolist()}
    before = {number: said for number, said in outcomes(archive).items() if number in ours}
    hear_day(archive, hall, listen(hall, NIGHTS))
    archive.root.execute("DELETE FROM evidence WHERE antenna_id = (SELECT id FROM antenna WHERE role = 'shelf')")
    close(archive, NIGHTS)
    assert {number: said for number, said in outcomes(archive).items() if number in ours} == before
