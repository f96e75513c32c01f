"""Keepers at work at once, with real threads on real PostgreSQL: one stop each, one open aisle a block, both engines."""

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.people import Role, Viewer
from inventory.domain.picking import AislePurpose
from inventory.operations import aisles, picking
from inventory.operations.picking import PickAsked, WaveAsked
from tests.conftest import Archive
from tests.picking.conftest import ONE_ENGINE
from tests.picking.requested import asked, mobile_shelf, now, state_of

KEEPERS = 8


def together(keepers: list[Viewer], work: Callable[[Viewer], None]) -> None:
    """Everybody begins at the same moment; what goes wrong in a thread goes wrong here."""
    start = Barrier(len(keepers))
    wrong: list[BaseException] = []

    def run(keeper: Viewer) -> None:
        start.wait()
        try:
            work(keeper)
        except BaseException as error:
            wrong.append(error)

    threads = [Thread(target=run, args=(keeper,)) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def keepers_of(archive: Archive) -> list[Viewer]:
    return [archive.person(f"keeper-{one}", Role.KEEPER) for one in range(KEEPERS)]


def test_eight_keepers_empty_a_wave_and_no_dossier_is_picked_twice(archive: Archive) -> None:
    for shelf in range(20):
        archive.shelf(f"A-{shelf:02}", x=float(shelf))
    requests = []
    for dossier in range(40):
        archive.dossier(f"D-{dossier}", on=f"A-{dossier % 20:02}")
        requests.append(asked(archive, f"D-{dossier}"))
    wave = f"W-{picking.make_wave(archive.app, archive.keeper, WaveAsked(uuid4(), 'W1'), now()).wave_id:06d}"
    stops: Counter[str] = Counter()
    hands: dict[str, str] = {}

    def work(keeper: Viewer) -> None:
        while (hand := picking.next_stop(archive.app, keeper, wave, now())) is not None:
            stops[hand.stop.shelf] += 1
            hands[hand.stop.shelf] = keeper.login
            codes = [str(pick.volume) for pick in hand.open]
            assert len(codes) == 2
            picking.pick(archive.app, keeper, PickAsked(uuid4(), hand.stop.shelf, codes, "W1-D0"), now())

    together(keepers_of(archive), work)
    assert set(stops.values()) == {1} and len(stops) == 20
    assert {archive.where(f"D-{dossier}") for dossier in range(40)} == {"W1-D0"}
    assert {state_of(archive, request) for request in requests} == {"ready"}
    assert archive.root.execute("SELECT state FROM wave").fetchone() == ("finished",)
    told = archive.root.execute("SELECT DISTINCT code, login FROM wave_stop JOIN place ON place.id = place_id "
                                "JOIN account ON account.id = keeper_id").fetchall()  # fmt: skip
    assert dict(told) == hands


def test_one_of_eight_opens_an_aisle_of_the_block_and_the_others_are_told_who(archive: Archive) -> None:
    shelves = [mobile_shelf(archive, f"M-{aisle}", "甲", str(aisle)) for aisle in range(KEEPERS)]
    keepers = keepers_of(archive)
    outcomes: list[str] = []

    def work(keeper: Viewer) -> None:
        try:
            aisles.open_aisle(archive.app, keeper, shelves[int(keeper.login[-1])], AislePurpose.SWEEP, now())
            outcomes.append("opened")
        except refusals.AisleHeld as told:
            outcomes.append(str(told.facts["holder"]))

    together(keepers, work)
    holder = archive.root.execute("SELECT login FROM aisle_state JOIN account ON account.id = held_by").fetchall()
    assert len(holder) == 1
    assert sorted(outcomes) == sorted(["opened"] + [holder[0][0]] * (KEEPERS - 1))


def test_two_waves_made_at_once_share_the_requests_between_them(archive: Archive) -> None:
    for dossier in range(12):
        archive.dossier(f"D-{dossier}", on="A-1" if dossier else archive.shelf("A-1"))
        asked(archive, f"D-{dossier}")
    picks: list[int] = []

    def work(keeper: Viewer) -> None:
        picks.append(picking.make_wave(archive.app, keeper, WaveAsked(uuid4(), "W1", picks_max=6), now()).picks)

    together(keepers_of(archive)[:2], work)
    assert picks == [6, 6]
    assert archive.root.execute("SELECT count(DISTINCT volume_id) FROM pick").fetchone() == (12,)


# ── The aisle lock, in turn ──────────────────────────────────────────────────────────────────────────────────────────


@ONE_ENGINE
def test_an_aisle_is_its_holders_until_closed_and_a_sweep_keeps_pickers_out(archive: Archive) -> None:
    for aisle in "12":
        mobile_shelf(archive, f"M-{aisle}", "甲", aisle)
        archive.dossier(f"D-{aisle}", on=f"M-{aisle}")
    mobile_shelf(archive, "M-3", "乙", "1")
    asked(archive, "D-1"), asked(archive, "D-2")
    aisles.open_aisle(archive.app, archive.second, "M-1", AislePurpose.SWEEP, now())
    wave = f"W-{picking.make_wave(archive.app, archive.keeper, WaveAsked(uuid4(), 'W1'), now()).wave_id:06d}"
    with pytest.raises(refusals.AisleHeld) as told:
        picking.next_stop(archive.app, archive.keeper, wave, now())
    assert (told.value.facts["holder"], told.value.facts["aisle"]) == ("second", "1")
    assert "手持盘点" in told.value.sentence("zh") and "sweep" in told.value.sentence("en")
    assert archive.root.execute("SELECT count(*) FROM wave_stop WHERE keeper_id IS NOT NULL").fetchone() == (0,)
    with pytest.raises(refusals.AisleHeld):
        aisles.close_aisle(archive.app, archive.keeper, "M-2", now())
    # Another block is nobody's business, and one's own aisle may be switched without closing it first.
    aisles.open_aisle(archive.app, archive.keeper, "M-3", AislePurpose.PICK, now())
    switched = aisles.open_aisle(archive.app, archive.second, "M-2", AislePurpose.SWEEP, now())
    assert switched.aisle == "2"
    aisles.close_aisle(archive.app, archive.second, "M-1", now())
    assert picking.next_stop(archive.app, archive.keeper, wave, now()) is not None
    opened = aisles.open_aisles(archive.app, archive.keeper)
    assert sorted((room, one.block, one.holder) for room, one in opened) == [
        ("W1-R1", "乙", "keeper"),
        ("W1-R1", "甲", "keeper"),
    ]


@ONE_ENGINE
def test_the_next_stop_leads_around_a_block_somebody_else_is_in(archive: Archive) -> None:
    mobile_shelf(archive, "M-1", "甲", "1", x=0.0)
    mobile_shelf(archive, "M-2", "乙", "1", x=9.0)
    for dossier, shelf in (("D-1", "M-1"), ("D-2", "M-2")):
        archive.dossier(dossier, on=shelf)
        asked(archive, dossier)
    wave = f"W-{picking.make_wave(archive.app, archive.keeper, WaveAsked(uuid4(), 'W1'), now()).wave_id:06d}"
    aisles.open_aisle(archive.app, archive.second, "M-1", AislePurpose.SWEEP, now())
    hand = picking.next_stop(archive.app, archive.keeper, wave, now())
    assert hand is not None and hand.stop.shelf == "M-2"


@ONE_ENGINE
def test_aisles_are_for_keepers_and_the_manager_closes_what_was_left_open(archive: Archive) -> None:
    mobile_shelf(archive, "M-1", "甲", "1")
    archive.shelf("A-1")
    manager = archive.person("manager", Role.CITY_MANAGER)
    for viewer, place, refusal in (
        (archive.clerk, "M-1", refusals.NotAllowed),
        (manager, "M-1", refusals.NotAllowed),
        (archive.keeper, "A-1", refusals.NotMobile),
        (archive.keeper, "NOWHERE", refusals.PlaceNotFound),
    ):
        with pytest.raises(refusal):
            aisles.open_aisle(archive.app, viewer, place, AislePurpose.PICK, now())
    with pytest.raises(refusals.AisleNotOpen):
        aisles.close_aisle(archive.app, archive.keeper, "M-1", now())
    aisles.open_aisle(archive.app, archive.keeper, "M-1", AislePurpose.PICK, now())
    aisles.close_aisle(archive.app, manager, "M-1", now())
    assert aisles.open_aisles(archive.app, manager) == []
    with pytest.raises(refusals.NotAllowed):
        aisles.open_aisles(archive.app, archive.clerk)
