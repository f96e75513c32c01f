"""A wave is made, walked stop by stop, picked, and ended."""

from uuid import uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role
from inventory.domain.picking import AislePurpose
from inventory.operations import aisles, picking
from inventory.operations.picking import PickAsked, Picked, WaveAsked
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from inventory.store.waves import Wave
from tests.conftest import Archive
from tests.picking.breaks import BREAKS, PREPARE
from tests.picking.conftest import ONE_ENGINE
from tests.picking.requested import asked, mobile_shelf, now, state_of


def wave_of(archive: Archive, **more: object) -> Wave:
    return picking.make_wave(archive.app, archive.keeper, WaveAsked(uuid4(), "W1", **more), now())  # type: ignore[arg-type]


def number(wave: Wave) -> str:
    return f"W-{wave.wave_id:06d}"


def shelves_of(archive: Archive, wave: Wave) -> list[str]:
    query = "SELECT code FROM wave_stop JOIN place ON place.id = place_id WHERE wave_id = %s ORDER BY ordinal"
    return [row[0] for row in archive.root.execute(query, (wave.wave_id,))]


def take(archive: Archive, shelf: str, *codes: str, to: str = "W1-D0") -> Picked:
    return picking.pick(archive.app, archive.keeper, PickAsked(uuid4(), shelf, codes, to), now())


def test_every_constraint_of_picking_is_broken_by_raw_sql_and_maps_to_its_refusal(archive: Archive) -> None:
    PREPARE(archive)
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        assert broken.value.diag.constraint_name == constraint
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]


def test_a_whole_wave_is_fetched_by_scanning_shelves_and_dossiers_alone(archive: Archive) -> None:
    """Two dossiers on one shelf, one with two volumes, one behind another aisle of the same block."""
    mobile_shelf(archive, "M-01", "甲", "1")
    mobile_shelf(archive, "M-02", "甲", "2", x=2.0)
    archive.dossier("D-1", on="M-01", epc="35" * 12)
    archive.dossier("D-2", on="M-02", volumes=2)
    archive.bring_in("D-2/2", "W1-D0")
    archive.act(ActKind.SHELVED, "D-2/2", "M-01")
    requests = [asked(archive, dossier) for dossier in ("D-1", "D-2")]
    wave = wave_of(archive)
    assert (wave.stops, wave.picks, wave.aisles) == (2, 3, 2)
    assert [state_of(archive, request) for request in requests] == ["picking"] * 2
    first = picking.next_stop(archive.app, archive.keeper, number(wave), now())
    assert first is not None
    assert [str(pick.volume) for pick in first.picks] == ["D-1", "D-2/2"]
    # The scanner sends full-width digits under a Chinese input method; the tag is as good as the printed number.
    assert take(archive, "Ｍ-０１", "35" * 12, "Ｄ-２/２").left is None
    assert [state_of(archive, request) for request in requests] == ["ready", "picking"]
    last = picking.next_stop(archive.app, archive.keeper, number(wave), now())
    assert last is not None and last.stop.shelf == "M-02"
    take(archive, "M-02", "D-2")
    assert [state_of(archive, request) for request in requests] == ["ready"] * 2
    assert picking.next_stop(archive.app, archive.keeper, number(wave), now()) is None
    assert archive.root.execute("SELECT state FROM wave").fetchone() == ("finished",)
    assert archive.root.execute("SELECT count(*) FROM aisle_state WHERE released_at IS NULL").fetchone() == (0,)
    told = archive.root.execute(
        "SELECT authority, details FROM act WHERE kind = 'picked' ORDER BY sequence LIMIT 1"
    ).fetchone()
    assert told == (f"R-{requests[0]:06d}、R-{requests[1]:06d}", f'{{"request":"R-{requests[0]:06d}"}}')


@ONE_ENGINE
def test_the_most_urgent_requests_come_first_and_a_limit_leaves_the_rest(archive: Archive) -> None:
    for place, (dossier, priority, days) in enumerate((("D-1", 0, 1), ("D-2", 0, 9), ("D-3", 2, 9), ("D-4", 0, 2))):
        archive.dossier(dossier, on=archive.shelf(f"A-{place}"))
        asked(archive, dossier, priority=priority, days=days)
    wave = wave_of(archive, picks_max=3)
    assert wave.picks == 3
    waiting = archive.root.execute(
        "SELECT number FROM request JOIN dossier ON dossier.id = dossier_id WHERE state = 'approved'"
    )
    assert waiting.fetchall() == [("D-2",)]


@ONE_ENGINE
def test_what_two_windows_want_goes_to_the_first_of_its_queue_and_what_is_out_waits(archive: Archive) -> None:
    archive.dossier("D-1", on=archive.shelf("A-1"))
    archive.dossier("OUT", volumes=2, on="A-1")
    archive.bring_in("OUT/2", "W1-D0")
    archive.place("W1-R", "reading_room", parent="W1")
    archive.root.execute("UPDATE holding SET place_id = (SELECT id FROM place WHERE code = 'W1-R') WHERE version = 2 "
                         "AND volume_id = (SELECT id FROM volume WHERE ordinal = 2)")  # fmt: skip
    first, second, away = asked(archive, "D-1"), asked(archive, "D-1", days=1), asked(archive, "OUT")
    assert wave_of(archive).picks == 1
    assert [state_of(archive, request) for request in (first, second, away)] == ["picking", "approved", "approved"]
    with pytest.raises(refusals.NothingToPick) as told:
        wave_of(archive)
    assert told.value.facts["waiting"] == 2


@ONE_ENGINE
def test_a_dossier_that_stands_on_the_desk_already_needs_no_walk(archive: Archive) -> None:
    archive.desk()
    archive.dossier("D-1")
    archive.bring_in("D-1", "W1-D1")
    request = asked(archive, "D-1")
    wave = wave_of(archive)
    assert (wave.state, wave.at_hand, wave.picks) == ("finished", 1, 0)
    assert state_of(archive, request) == "ready"


@ONE_ENGINE
def test_a_wave_begins_in_the_aisle_that_stands_open_and_opens_one_fewer(archive: Archive) -> None:
    for place, aisle in enumerate("123"):
        mobile_shelf(archive, f"M-{aisle}", "甲", aisle, x=2.0 * place)
        archive.dossier(f"D-{aisle}", on=f"M-{aisle}")
        asked(archive, f"D-{aisle}")
    aisles.open_aisle(archive.app, archive.keeper, "M-3", AislePurpose.PICK, now())
    wave = wave_of(archive)
    assert (wave.aisles, shelves_of(archive, wave)[0]) == (2, "M-3")


@ONE_ENGINE
def test_a_wave_asked_for_twice_by_the_same_form_is_made_once(archive: Archive) -> None:
    archive.dossier("D-1", on=archive.shelf("A-1"))
    asked(archive, "D-1")
    form = WaveAsked(uuid4(), "W1")
    once = picking.make_wave(archive.app, archive.keeper, form, now())
    assert picking.make_wave(archive.app, archive.keeper, form, now()) == once
    with pytest.raises(refusals.CommandReused):
        picking.make_wave(archive.app, archive.keeper, WaveAsked(form.command_id, "W1", picks_max=1), now())


@ONE_ENGINE
def test_a_pick_sent_twice_is_done_once(archive: Archive) -> None:
    archive.dossier("D-1", on=archive.shelf("A-1"))
    archive.dossier("D-2", on="A-1")
    asked(archive, "D-1"), asked(archive, "D-2")
    picking.next_stop(archive.app, archive.keeper, number(wave_of(archive)), now())
    scans = PickAsked(uuid4(), "A-1", ["D-1"], "W1-D0")
    for _ in range(2):
        done = picking.pick(archive.app, archive.keeper, scans, now())
        assert done.count == 1 and done.left is not None
        assert [str(pick.volume) for pick in done.left.open] == ["D-2"]
    assert archive.root.execute("SELECT count(*) FROM act WHERE kind = 'picked'").fetchone() == (1,)


@ONE_ENGINE
@pytest.mark.parametrize(
    ("shelf", "codes", "to", "refusal"),
    [
        ("A-2", ["D-1"], "W1-D0", refusals.WrongShelf),
        ("A-1", ["D-9"], "W1-D0", refusals.NotOfThisStop),
        ("A-1", ["D-1", "NOBODY"], "W1-D0", refusals.NotOfThisStop),
        ("A-1", ["D-1", "A-2"], "W1-D0", refusals.NotOfThisStop),
        ("A-1", [], "W1-D0", refusals.NothingScanned),
        ("A-1", ["D-1"], "A-2", refusals.WrongKindOfPlace),
        ("A-1", ["D-1"], "NOWHERE", refusals.PlaceNotFound),
    ],
)
def test_a_wrong_scan_is_told_and_nothing_is_picked(
    archive: Archive, shelf: str, codes: list[str], to: str, refusal: type[refusals.Refusal]
) -> None:
    archive.dossier("D-1", on=archive.shelf("A-1"))
    archive.dossier("D-9", on="A-1")
    archive.shelf("A-2")
    asked(archive, "D-1")
    picking.next_stop(archive.app, archive.keeper, number(wave_of(archive)), now())
    with pytest.raises(refusal) as told:
        take(archive, shelf, *codes, to=to)
    assert "{" not in str(told.value)
    assert archive.where("D-1") == "A-1"
    assert archive.root.execute("SELECT count(*) FROM act WHERE kind = 'picked'").fetchone() == (0,)


@ONE_ENGINE
def test_a_dossier_the_ledger_moved_meanwhile_is_left_to_the_next_wave(archive: Archive) -> None:
    archive.dossier("D-1", on=archive.shelf("A-1"))
    archive.shelf("A-2")
    request = asked(archive, "D-1")
    wave = wave_of(archive)
    picking.next_stop(archive.app, archive.keeper, number(wave), now())
    archive.act(ActKind.RESHELVED, "D-1", "A-2")
    with pytest.raises(refusals.PickMoved):
        take(archive, "A-1", "D-1")
    ended = picking.finish_wave(archive.app, archive.keeper, uuid4(), number(wave), now())
    assert (ended.state, state_of(archive, request)) == ("finished", "approved")
    assert shelves_of(archive, wave_of(archive)) == ["A-2"]
    with pytest.raises(refusals.WaveFinished):
        picking.finish_wave(archive.app, archive.keeper, uuid4(), number(wave), now())


@ONE_ENGINE
def test_what_is_not_on_its_shelf_is_searched_for_and_its_request_waits(archive: Archive) -> None:
    archive.dossier("D-1", on=archive.shelf("A-1"))
    archive.dossier("D-2", on="A-1")
    missing, there = asked(archive, "D-1"), asked(archive, "D-2")
    picking.next_stop(archive.app, archive.keeper, number(wave_of(archive)), now())
    command = uuid4()
    case = picking.not_found(archive.app, archive.keeper, command, VolumeName("D-1"), now())
    assert picking.not_found(archive.app, archive.keeper, command, VolumeName("D-1"), now()) == case
    assert (archive.where("D-1"), state_of(archive, missing)) == ("NOT-FOUND", "searching")
    with pytest.raises(refusals.NotOfThisStop):
        picking.not_found(archive.app, archive.keeper, uuid4(), VolumeName("D-1"), now())
    assert take(archive, "A-1", "D-2").left is None
    assert state_of(archive, there) == "ready"
    assert archive.root.execute("SELECT state FROM wave").fetchone() == ("finished",)


@ONE_ENGINE
def test_a_stop_given_back_is_the_next_keepers_with_what_is_left_of_it(archive: Archive) -> None:
    for dossier in ("D-1", "D-2"):
        archive.dossier(dossier, on="A-1" if dossier == "D-2" else archive.shelf("A-1"))
        asked(archive, dossier)
    wave = wave_of(archive)
    with pytest.raises(refusals.NoStopTaken):
        take(archive, "A-1", "D-1")
    picking.next_stop(archive.app, archive.keeper, number(wave), now())
    assert picking.next_stop(archive.app, archive.second, number(wave), now()) is None
    take(archive, "A-1", "D-1")
    picking.give_back_stop(archive.app, archive.keeper, now())
    inherited = picking.next_stop(archive.app, archive.second, number(wave), now())
    assert inherited is not None
    assert [str(pick.volume) for pick in inherited.open] == ["D-2"]
    with pytest.raises(refusals.NoStopTaken):
        picking.give_back_stop(archive.app, archive.keeper, now())


@ONE_ENGINE
def test_waves_are_for_keepers_and_the_city_manager_and_picking_is_for_keepers(archive: Archive) -> None:
    archive.dossier("D-1", on=archive.shelf("A-1"))
    asked(archive, "D-1")
    manager = archive.person("manager", Role.CITY_MANAGER)
    wave = picking.make_wave(archive.app, manager, WaveAsked(uuid4(), "W1", room="W1-R1"), now())
    for stranger in (manager, archive.clerk):
        with pytest.raises(refusals.NotAllowed):
            picking.next_stop(archive.app, stranger, number(wave), now())
    with pytest.raises(refusals.NotAllowed):
        picking.make_wave(archive.app, archive.clerk, WaveAsked(uuid4(), "W1"), now())
    for wrong, refusal in (
        (WaveAsked(uuid4(), "W1", picks_max=0), refusals.BadInput),
        (WaveAsked(uuid4(), "W1", picks_max=601), refusals.BadInput),
        (WaveAsked(uuid4(), "W9"), refusals.PlaceNotFound),
        (WaveAsked(uuid4(), "W1", room="A-1"), refusals.PlaceNotFound),
    ):
        with pytest.raises(refusal):
            picking.make_wave(archive.app, manager, wrong, now())
    with pytest.raises(refusals.WaveNotFound):
        picking.next_stop(archive.app, archive.keeper, "W-000999", now())
    with pytest.raises(refusals.BadInput):
        picking.next_stop(archive.app, archive.keeper, "R-000001", now())
