"""The sweep assistant on a real database: what it says while a keeper walks along the shelves."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from devices.simulator.days import listen
from devices.simulator.halls import Hall, Plant, Profile, make_hall, plant
from inventory.domain.refusals import NotAllowed, ReaderNotFound
from inventory.operations.sweeping import look_at_sweeps, watch_sweep
from tests.conftest import Archive
from tests.locating.halls import FIRST_DAY, SEED, VOLUMES, evening_of, hear_day, number_of, put, shelf_of

NOW = FIRST_DAY + timedelta(minutes=28)


@pytest.fixture
def swept(archive: Archive, tmp_path: Path) -> tuple[Archive, Hall]:
    """A hall swept for the first time by one handheld, some volumes misplaced."""
    hall = make_hall(VOLUMES, Profile.SWEEP, SEED)
    put(archive, hall, tmp_path)
    hall = plant(hall, 40, 10, SEED)
    hear_day(archive, hall, listen(hall, 0))
    return archive, hall


def test_what_does_not_belong_here_is_told_with_where_it_goes(swept: tuple[Archive, Hall]) -> None:
    archive, hall = swept
    seen = watch_sweep(archive.app, archive.keeper, "R-0", NOW)
    planted = np.flatnonzero(
        np.isin(hall.planted, [kind.value for kind in Plant if kind is not Plant.REMOVED])
    ).tolist()
    truly = {
        number_of(volume): (shelf_of(int(hall.stands[volume])), shelf_of(int(hall.ledger[volume])))
        for volume in planted
    }
    told = {one.volume: (one.here, one.belongs) for one in seen.strangers}
    right = sum(told.get(volume) == places for volume, places in truly.items())
    assert right > 0.6 * len(truly)
    assert len(told) - len(told.keys() & truly.keys()) <= 3


def test_each_bay_says_how_far_it_is_covered(swept: tuple[Archive, Hall]) -> None:
    archive, hall = swept
    seen = watch_sweep(archive.app, archive.keeper, "R-0", NOW)
    shelves = {shelf.code: shelf for bay in seen.bays for shelf in bay.shelves}
    assert sum(bay.expected for bay in seen.bays) <= len(hall)
    for shelf in shelves.values():
        there = np.flatnonzero(hall.ledger == int(shelf.code[2:]))
        assert shelf.expected == len(there)
        if shelf.visits:
            assert shelf.heard >= 0.8 * shelf.expected - 3
    assert seen.at is not None
    assert seen.reads > len(hall)


def test_what_is_searched_for_is_hunted_without_a_word(swept: tuple[Archive, Hall]) -> None:
    """It stands where the ledger has it, so nothing else would mention it."""
    archive, hall = swept
    read = np.bincount(listen(hall, 0).sightings.volume, listen(hall, 0).sightings.reads, len(hall))
    there = int(np.argmax(np.where(hall.planted == "", read, 0)))
    archive.root.execute(
        "INSERT INTO search_case (volume_id, state, from_place_id, reason, opened_by, opened_at, steps, command_id) "
        "SELECT volume.id, 'open', place_id, 'not there', %s, now(), '{here}', gen_random_uuid() "
        "FROM volume JOIN dossier ON dossier.id = dossier_id JOIN holding ON holding.volume_id = volume.id WHERE number = %s",
        (archive.keeper.account_id, number_of(there)),
    )
    hunted = watch_sweep(archive.app, archive.keeper, "R-0", NOW).hunted
    assert [(one.volume, one.here) for one in hunted] == [(number_of(there), shelf_of(int(hall.ledger[there])))]
    assert hunted[0].searched is not None


def test_a_reader_that_heard_nothing_shows_nothing(swept: tuple[Archive, Hall]) -> None:
    archive, _ = swept
    seen = watch_sweep(archive.app, archive.keeper, "R-3", NOW)
    assert (seen.at, seen.bays, seen.strangers) == (None, (), ())
    assert watch_sweep(archive.app, archive.keeper, "R-0", NOW + timedelta(days=3)).at is None


def test_the_list_has_who_sweeps_and_the_bays_that_wait(swept: tuple[Archive, Hall]) -> None:
    archive, _ = swept
    found = look_at_sweeps(archive.app, archive.keeper, NOW)
    assert (found.readers[0].reader, found.readers[0].at is not None) == ("R-0", True)
    assert {bay.bay for bay in found.waiting} == {"W1-R1"}, "these shelves stand in the room itself"
    assert found.waiting[0].listened_at is None
    assert evening_of(0) > NOW


def test_a_window_sweeps_nothing_and_a_gate_is_no_handheld(archive: Archive) -> None:
    with pytest.raises(NotAllowed):
        watch_sweep(archive.app, archive.clerk, "R-0", NOW)
    with pytest.raises(ReaderNotFound):
        watch_sweep(archive.app, archive.keeper, "R-0", NOW)
