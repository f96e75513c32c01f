"""A bag goes out, is read as a set, sealed by two, sent, received, and comes home."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.consignments import Colour
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Role
from inventory.domain.read_sets import SetLine
from inventory.operations import consigning, consignment_views, receiving, unpacking
from inventory.operations.consigning import Opening, Sealing
from inventory.operations.receiving import Outcome, Settling
from inventory.operations.verifying import verify_ledger
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from tests.conftest import Archive
from tests.consigning.breaks import BREAKS, PREPARE
from tests.consigning.journey import (
    BAG,
    arrive,
    bag,
    colleague,
    dispatching,
    opened,
    packed,
    ready,
    sealed,
    underway,
)
from tests.picking.conftest import ONE_ENGINE
from tests.picking.requested import asked, now, state_of, window


def test_every_constraint_of_consigning_is_broken_by_raw_sql_and_maps_to_its_refusal(archive: Archive) -> None:
    PREPARE(archive)
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        assert broken.value.diag.constraint_name == constraint
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]


def test_twenty_expected_twenty_read_is_green_and_the_bag_travels_to_the_window(archive: Archive) -> None:
    dossiers = [f"D-{number:02}" for number in range(20)]
    requests = ready(archive, *dossiers)
    number = opened(archive)
    consigning.pack(archive.app, archive.keeper, uuid4(), number, dossiers, now())
    assert {archive.where(dossier) for dossier in dossiers} == {BAG}
    picture = consigning.check_set(archive.app, archive.keeper, number, dossiers, now())
    assert (picture.expected, len(picture.read), picture.colour) == (20, 20, Colour.GREEN)
    consigning.seal(archive.app, archive.keeper, Sealing(uuid4(), number, "S-100", archive.second), now())
    consigning.dispatch(archive.app, archive.keeper, dispatching(archive, number), now())
    assert {archive.where(dossier) for dossier in dossiers} == {"COURIER-STAFF"}
    assert {state_of(archive, request) for request in requests} == {"underway"}
    done = arrive(archive, number, dossiers, pieces=dict.fromkeys(dossiers, 12))
    assert (done.state, done.discrepancies, done.picture.colour) == ("settled", (), Colour.GREEN)
    assert {archive.where(dossier) for dossier in dossiers} == {"N-1"}
    assert {state_of(archive, request) for request in requests} == {"at_window"}
    told = archive.root.execute(
        "SELECT DISTINCT details::jsonb, authority FROM act WHERE kind = 'dispatched'"
    ).fetchall()
    carried = {"consignment": number, "carriers": ["王强", "李梅"], "bag_seal": "S-100", "channel": "staff"}
    assert told == [(carried, number)]
    assert [event.event for event in done.events] == ["opened", "packed", "sealed", "dispatched", "received"]
    assert verify_ledger(archive.jobs).sound


@ONE_ENGINE
def test_a_bag_comes_home_and_requests_that_are_done_are_closed(archive: Archive) -> None:
    """Two were at the window: one was read there and is done, nobody came for the other."""
    number = underway(archive, "D-1", "D-2")
    arrive(archive, number, ["D-1", "D-2"])
    requests = [row[0] for row in archive.root.execute("SELECT id FROM request ORDER BY id")]
    archive.root.execute("UPDATE request SET done_at = now() WHERE id = %s", (requests[0],))
    clerk, second = archive.clerk, colleague(archive)
    archive.place("W1-A", "arrivals", parent="W1")
    home = opened(archive, clerk, origin="N-1", target="W1")
    consigning.pack(archive.app, clerk, uuid4(), home, ["D-1", "D-2"], now())
    consigning.check_set(archive.app, clerk, home, ["D-2", "D-1"], now())
    consigning.seal(archive.app, clerk, Sealing(uuid4(), home, "S-7", second), now())
    consigning.dispatch(archive.app, clerk, dispatching(archive, home, witness=second), now())
    with pytest.raises(refusals.NotYourEnd):
        arrive(archive, home, ["D-1", "D-2"], bag_seal="S-7")
    received = receiving.Arriving(uuid4(), home, "S-7", bag_seal_whole=True, codes=["D-1", "D-2"], place="W1-A")
    receiving.arrive(archive.app, archive.keeper, received, now())
    assert (archive.where("D-1"), archive.where("D-2")) == ("W1-A", "W1-A")
    assert [state_of(archive, request) for request in requests] == ["closed", "ready"]


@ONE_ENGINE
def test_what_was_not_read_is_amber_what_nobody_expected_is_red_and_neither_is_simply_sealed(archive: Archive) -> None:
    number = packed(archive, "D-1", "D-2")
    ready(archive, "D-3")
    with pytest.raises(refusals.SetNotChecked):
        consigning.seal(archive.app, archive.keeper, Sealing(uuid4(), number, "S-1", archive.second), now())
    amber = consigning.check_set(archive.app, archive.keeper, number, ["D-1"], now())
    assert (amber.colour, [str(one) for one in amber.unread]) == (Colour.AMBER, ["D-2"])
    red = consigning.check_set(archive.app, archive.keeper, number, ["D-1", "D-2", "D-3", "?"], now())
    assert (red.colour, red.strangers) == (Colour.RED, ("D-3", "?"))
    counted = Sealing(uuid4(), number, "S-1", archive.second, reason="两人清点，标签失效")
    with pytest.raises(refusals.SetHasStrangers) as told:
        consigning.seal(archive.app, archive.keeper, counted, now())
    assert told.value.facts["strangers"] == 2
    consigning.check_set(archive.app, archive.keeper, number, ["D-1"], now())
    assert consigning.seal(archive.app, archive.keeper, counted, now()).state == "sealed"


@ONE_ENGINE
def test_a_volume_that_stays_behind_is_put_in_or_its_staying_has_a_reason(archive: Archive) -> None:
    archive.desk()
    archive.dossier("D-1", volumes=3)
    for volume in ("D-1", "D-1/2", "D-1/3"):
        archive.bring_in(volume, "W1-D1")
    asked(archive, "D-1", to="N-1", state="ready")
    number = opened(archive)

    def read_and_seal(*volumes: str, reason: str | None = None) -> str:
        consigning.check_set(archive.app, archive.keeper, number, volumes, now())
        sealing = Sealing(uuid4(), number, "S-1", archive.second, reason=reason)
        return consigning.seal(archive.app, archive.keeper, sealing, now()).state

    consigning.pack(archive.app, archive.keeper, uuid4(), number, ["D-1"], now())
    with pytest.raises(refusals.VolumeLeftBehind) as told:
        read_and_seal("D-1")
    assert told.value.facts == {"consignment": number, "volume": "D-1/2", "place": "W1-D1"}
    consigning.pack(archive.app, archive.keeper, uuid4(), number, ["D-1/2"], now())
    assert read_and_seal("D-1", "D-1/2", reason="第三册窗口不需要") == "sealed"


def test_the_tunnel_reads_the_whole_set_and_only_what_it_read_just_now(archive: Archive) -> None:
    number = packed(archive, "D-1", "D-2")
    archive.dossier("D-9")
    archive.place("W1-T", "tunnel", parent="W1")
    for epc, dossier in (("35" * 12, "D-1"), ("36" * 12, "D-2"), ("37" * 12, "D-9")):
        archive.root.execute("INSERT INTO tag (epc, volume_id) SELECT decode(%s, 'hex'), volume.id FROM volume "
                             "JOIN dossier ON dossier.id = dossier_id WHERE number = %s", (epc, dossier))  # fmt: skip
    archive.root.execute("INSERT INTO tag (epc) VALUES ('\\xAB')")
    archive.root.execute("INSERT INTO reader (code, dialect, topic, timezone) VALUES ('T', 'native', 't', 'UTC')")
    archive.root.execute("INSERT INTO antenna (reader_id, number, place_id, role) SELECT reader.id, 1, place.id, 'tunnel' "
                         "FROM reader, place WHERE place.code = 'W1-T'")  # fmt: skip

    def read(tags: str, minutes_ago: int) -> None:
        at = now() - timedelta(minutes=minutes_ago)
        archive.root.execute("SELECT evidence_day_ensure(%s::date)", (at,))
        archive.root.execute(
            "INSERT INTO evidence SELECT antenna.id, tag.id, %s, 5, 5, -20000, -4000, %s, %s FROM antenna, tag "
            f"WHERE encode(epc, 'hex') ~ '^({tags})'",
            (at, at, at),
        )

    read("37", 8)
    read("35|36|ab", 1)
    for minutes in (5, 10):  # what was read earlier, lay there earlier
        seen = consigning.check_heard(archive.app, archive.keeper, number, "W1-T", minutes, now())
        assert (seen.colour, seen.picture.strangers, seen.picture.colour) == (Colour.GREEN, (), Colour.GREEN)
    read("35|37", 0)
    seen = consigning.check_heard(archive.app, archive.keeper, number, "W1-T", 10, now())
    assert (seen.picture.colour, seen.picture.strangers) == (Colour.RED, ("D-9",))
    assert dict(seen.lines)["D-2"] is SetLine.WAITING
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清', 'county')")
    stranger = archive.person("stranger", Role.WINDOW_CLERK, agency="370113")
    with pytest.raises(refusals.ConsignmentNotFound):
        consigning.check_heard(archive.app, stranger, number, "W1-T", 10, now())
    for place, minutes, refusal in (("W1-D1", 5, refusals.PlaceNotFound), ("W1-T", 31, refusals.BadInput)):
        with pytest.raises(refusal):
            consigning.check_heard(archive.app, archive.keeper, number, place, minutes, now())


@ONE_ENGINE
def test_what_did_not_come_stays_against_the_carriers_names_until_two_settle_it(archive: Archive) -> None:
    number = underway(archive, "D-1", "D-2", "D-3", "D-4")
    archive.dossier("D-9")
    came = arrive(archive, number, ["D-1", "D-2", "D-9", "XYZ"], bag_seal="S-200", pieces={"D-1": 11}, broken=["D-2"])
    assert came.state == "received"
    assert [(row.kind, str(row.volume or row.found)) for row in came.discrepancies] == [
        ("bag_seal_differs", "S-200"),
        ("pieces_differ", "D-1"),
        ("seal_broken", "D-2"),
        ("missing", "D-3"),
        ("missing", "D-4"),
        ("unexpected", "D-9"),
        ("unexpected", "XYZ"),
    ]
    assert (archive.where("D-3"), archive.where("D-2")) == ("COURIER-STAFF", "N-1")
    assert archive.root.execute("SELECT count(*) FROM holding WHERE seal = 'broken'").fetchone() == (1,)
    states = archive.root.execute(
        "SELECT number, state FROM request JOIN dossier ON dossier.id = dossier_id ORDER BY 1"
    )
    assert states.fetchall() == [("D-1", "at_window"), ("D-2", "at_window"), ("D-3", "underway"), ("D-4", "underway")]
    second = colleague(archive)
    sheet = {str(row.volume or row.found): row.discrepancy_id for row in came.discrepancies}

    def settling(about: str, outcome: Outcome, **more: object) -> Settling:
        return Settling(uuid4(), sheet[about], outcome, **({"reason": "已与递送人核实", "witness": second} | more))  # type: ignore[arg-type]

    for wrong, refusal in (
        (settling("D-3", Outcome.EXPLAINED), refusals.MissingNeedsOutcome),
        (settling("D-3", Outcome.ARRIVED, witness=None), refusals.SecondPersonMissing),
        (settling("D-3", Outcome.ARRIVED, witness=archive.clerk), refusals.SecondPersonIsFirst),
        (settling("D-3", Outcome.ARRIVED, reason=" "), refusals.ReasonMissing),
        (settling("D-3", Outcome.ARRIVED, place="W1-D1"), refusals.NotOfTheTarget),
        (Settling(uuid4(), 999, Outcome.EXPLAINED, "x", second), refusals.DiscrepancyNotFound),
    ):
        with pytest.raises(refusal):
            receiving.settle(archive.app, archive.clerk, wrong, now())
    form = settling("D-3", Outcome.ARRIVED)
    receiving.settle(archive.app, archive.clerk, form, now())
    receiving.settle(archive.app, archive.clerk, form, now())
    with pytest.raises(refusals.DiscrepancySettled):
        receiving.settle(archive.app, archive.clerk, settling("D-3", Outcome.ARRIVED), now())
    receiving.settle(archive.app, archive.clerk, settling("D-4", Outcome.SEARCHED), now())
    for about in ("S-200", "D-1", "D-2", "D-9", "XYZ"):
        last = receiving.settle(archive.app, archive.clerk, settling(about, Outcome.EXPLAINED), now())
    assert last.state == "settled"
    assert (archive.where("D-3"), archive.where("D-4")) == ("N-1", "NOT-FOUND")
    states = archive.root.execute(
        "SELECT state FROM request JOIN dossier ON dossier.id = dossier_id WHERE number > 'D-2' ORDER BY number"
    )
    assert states.fetchall() == [("at_window",), ("searching",)]


@ONE_ENGINE
def test_a_sealed_bag_is_opened_again_before_it_leaves_or_emptied_altogether(archive: Archive) -> None:
    number = sealed(archive, "D-1", "D-2")
    with pytest.raises(refusals.ConsignmentNotReady):
        consigning.pack(archive.app, archive.keeper, uuid4(), number, ["D-1"], now())
    view = unpacking.unpack(archive.app, archive.keeper, uuid4(), number, ["D-1"], "W1-D1", "申请撤回", now())
    assert (view.state, view.consignment.bag_seal_out, view.is_checked) == ("open", None, False)
    assert [event.event for event in view.events][-2:] == ["unsealed", "unpacked"]
    with pytest.raises(refusals.NotInThisBag):
        unpacking.unpack(archive.app, archive.keeper, uuid4(), number, ["D-1"], "W1-D1", "申请撤回", now())
    with pytest.raises(refusals.ReasonMissing):
        unpacking.cancel(archive.app, archive.keeper, uuid4(), number, "W1-D1", "", now())
    consigning.pack(archive.app, archive.keeper, uuid4(), number, ["D-1"], now())
    command = uuid4()
    for _ in range(2):
        view = unpacking.cancel(archive.app, archive.keeper, command, number, "W1-D1", "车辆故障", now())
    assert view.state == "cancelled"
    assert (archive.where("D-1"), archive.where("D-2")) == ("W1-D1", "W1-D1")
    again = opened(archive)
    consigning.pack(archive.app, archive.keeper, uuid4(), again, ["D-1", "D-2"], now())


@ONE_ENGINE
def test_only_what_is_there_and_asked_for_is_packed_for_a_window(archive: Archive) -> None:
    window(archive, "N-2")
    ready(archive, "D-1")
    ready(archive, "ELSEWHERE", to="N-2")
    archive.dossier("UNASKED")
    archive.bring_in("UNASKED", "W1-D1")
    archive.dossier("SHELVED", on=archive.shelf("A-1"))
    asked(archive, "SHELVED", state="ready")
    archive.dossier("FAR")
    ready(archive, "OPENED")
    archive.act(ActKind.OPENED, "OPENED", None, authority="令 1", witness=archive.second)
    number = opened(archive)
    for codes, refusal in (
        ([], refusals.NothingScanned),
        (["NOBODY"], refusals.CodeUnknown),
        (["D-1", "ELSEWHERE"], refusals.NotAskedFor),
        (["UNASKED"], refusals.NotAskedFor),
        (["FAR"], refusals.NotAtThisEnd),
        (["SHELVED"], refusals.WrongOrigin),
        (["OPENED"], refusals.SealForbids),
    ):
        with pytest.raises(refusal) as told:
            consigning.pack(archive.app, archive.keeper, uuid4(), number, codes, now())
        assert "{" not in str(told.value)
    assert archive.where("D-1") == "W1-D1"
    command = uuid4()
    for _ in range(2):
        assert consigning.pack(archive.app, archive.keeper, command, number, ["D-1"], now()).consignment.volumes == 1
    empty = consigning.register_bag(archive.app, archive.keeper, "BAG-02", now())
    other = consigning.open_consignment(archive.app, archive.keeper, Opening(uuid4(), empty, "W1", "N-1"), now())
    with pytest.raises(refusals.ConsignmentEmpty):
        consigning.seal(archive.app, archive.keeper, Sealing(uuid4(), other.number, "S-1", archive.second), now())


@ONE_ENGINE
def test_a_bag_to_a_window_holds_one_agencys_dossiers_and_no_other_agency_sees_it(archive: Archive) -> None:
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清', 'county')")
    stranger = archive.person("stranger", Role.WINDOW_CLERK, agency="370113")
    number = packed(archive, "D-1")
    ready(archive, "THEIRS")
    archive.root.execute(
        "UPDATE dossier SET holding_agency_id = (SELECT id FROM agency WHERE code = '370113') WHERE number = 'THEIRS'"
    )
    with pytest.raises(refusals.OtherAgencysDossier):
        consigning.pack(archive.app, archive.keeper, uuid4(), number, ["THEIRS"], now())
    assert [row.volumes for row in consignment_views.consignment_list(archive.app, archive.clerk)] == [1]
    assert consignment_views.consignment_list(archive.app, stranger) == []
    for name in (number, BAG):
        assert consignment_views.view(archive.app, archive.clerk, name, now()).number == number
        with pytest.raises(refusals.ConsignmentNotFound):
            consignment_views.view(archive.app, stranger, name, now())


@ONE_ENGINE
def test_a_bag_is_sealed_and_sent_by_two_and_never_by_the_person(archive: Archive) -> None:
    number = packed(archive, "D-1")
    consigning.check_set(archive.app, archive.keeper, number, ["D-1"], now())
    for witness, refusal in (
        (None, refusals.SecondPersonMissing),
        (archive.keeper, refusals.SecondPersonIsFirst),
        (archive.person("auditor", Role.AUDITOR), refusals.ActNotForRole),
    ):
        with pytest.raises(refusal):
            consigning.seal(archive.app, archive.keeper, Sealing(uuid4(), number, "S-1", witness), now())
    with pytest.raises(refusals.BadInput):
        consigning.seal(archive.app, archive.keeper, Sealing(uuid4(), number, " ", archive.second), now())
    with pytest.raises(refusals.ConsignmentNotReady):
        consigning.dispatch(archive.app, archive.keeper, dispatching(archive, number), now())
    consigning.seal(archive.app, archive.keeper, Sealing(uuid4(), number, "S-1", archive.second), now())
    wrong: list[tuple[dict[str, object], type[refusals.Refusal]]] = [
        ({"channel": "本人自带"}, refusals.NeverSelfCarry),
        ({"channel": "pigeon"}, refusals.BadInput),
        ({"channel": "confidential"}, refusals.TrackingMissing),
        ({"channel": "ems", "tracking": "EMS-1"}, refusals.NeverByEms),
        ({"carriers": ["王强"]}, refusals.BadDetail),
        ({"carriers": ["王强", " 王强"]}, refusals.BadDetail),
        ({"carriers": []}, refusals.BadDetail),
        ({"witness": None}, refusals.SecondPersonMissing),
    ]
    for fields, kind in wrong:
        with pytest.raises(kind):
            consigning.dispatch(archive.app, archive.keeper, dispatching(archive, number, **fields), now())
    archive.root.execute("INSERT INTO subject_career SELECT subject_id, 'none', '证明 1', 1, now() FROM dossier")
    by_ems = dispatching(archive, number, channel="EMS", tracking="EMS-1")
    for _ in range(2):
        sent = consigning.dispatch(archive.app, archive.keeper, by_ems, now())
    assert (sent.consignment.channel, sent.consignment.tracking, archive.where("D-1")) == (
        "ems",
        "EMS-1",
        "COURIER-EMS",
    )


@ONE_ENGINE
def test_on_arrival_a_strip_or_a_count_is_of_something_that_is_there(archive: Archive) -> None:
    number = underway(archive, "D-1", "D-2")
    for codes, more, refusal in (
        ([], {}, refusals.NothingScanned),
        (["D-1"], {"broken": ["D-2"]}, refusals.NotInThisBag),
        (["D-1"], {"pieces": {"D-2": 1}}, refusals.NotInThisBag),
        (["D-1"], {"pieces": {"D-1": 1, "Ｄ-1": 2}}, refusals.BadInput),
        (["D-1"], {"pieces": {"D-1": -1}}, refusals.BadDetail),
        (["D-1"], {"place": "W1-D1"}, refusals.NotOfTheTarget),
    ):
        with pytest.raises(refusal):
            arrive(archive, number, codes, **more)
    assert archive.where("D-1") == "COURIER-STAFF"
    command = uuid4()
    for _ in range(2):
        assert arrive(archive, number, ["D-1", "D-2"], command_id=command).state == "settled"


@ONE_ENGINE
def test_a_journey_has_a_bag_of_ours_two_ends_and_its_own_people(archive: Archive) -> None:
    window(archive), window(archive, "N-2")
    assert bag(archive, "3374257BF40C0E400000162E") == "0614141.12345.5678"
    assert bag(archive) == bag(archive) == BAG
    archive.root.execute(
        "INSERT INTO tag (epc, place_id) SELECT '\\x3374257BF40C0E400000162F', id FROM place WHERE code = 'N-1'"
    )
    for code, taken in (
        ("N-1", refusals.NameTaken),
        ("3374257BF40C0E400000162F", refusals.EpcTaken),
        ("a b", refusals.BadInput),
    ):
        with pytest.raises(taken):
            bag(archive, code)
    for opening, viewer, refusal in (
        (Opening(uuid4(), "BAG-9", "W1", "N-1"), archive.keeper, refusals.BagNotFound),
        (Opening(uuid4(), BAG, "W1", "N-9"), archive.keeper, refusals.PlaceNotFound),
        (Opening(uuid4(), BAG, "W1", "W1"), archive.keeper, refusals.BadInput),
        (Opening(uuid4(), BAG, "W1", "W1-R1"), archive.keeper, refusals.BadInput),
        (Opening(uuid4(), BAG, "N-1", "N-2"), archive.clerk, refusals.BadInput),
        (Opening(uuid4(), BAG, "N-1", "W1"), archive.keeper, refusals.NotYourEnd),
        (Opening(uuid4(), BAG, "W1", "N-1"), archive.clerk, refusals.NotYourEnd),
        (Opening(uuid4(), BAG, "W1", "N-1"), archive.person("auditor", Role.AUDITOR), refusals.NotYourEnd),
    ):
        with pytest.raises(refusal):
            consigning.open_consignment(archive.app, viewer, opening, now())
    opening = Opening(uuid4(), BAG, "W1", "N-1")
    once = consigning.open_consignment(archive.app, archive.keeper, opening, now())
    assert consigning.open_consignment(archive.app, archive.keeper, opening, now()) == once
    with pytest.raises(refusals.BagInUse):
        consigning.open_consignment(archive.app, archive.keeper, Opening(uuid4(), BAG, "W1", "N-1"), now())


@ONE_ENGINE
def test_two_warehouses_send_each_other_dossiers_of_several_agencies(archive: Archive) -> None:
    archive.place("W2", "warehouse")
    archive.place("W2-D", "desk", parent="W2")
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清', 'county')")
    archive.desk()
    for dossier in ("D-1", "D-2"):
        archive.dossier(dossier)
        archive.bring_in(dossier, "W1-D1")
    archive.root.execute(
        "UPDATE dossier SET holding_agency_id = (SELECT id FROM agency WHERE code = '370113') WHERE number = 'D-2'"
    )
    number = opened(archive, target="W2")
    consigning.pack(archive.app, archive.keeper, uuid4(), number, ["D-1", "D-2"], now())
    assert archive.root.execute("SELECT DISTINCT authority FROM act WHERE kind = 'packed'").fetchall() == [(number,)]
    counted = Sealing(uuid4(), number, "S-1", archive.second, reason="两人清点")
    consigning.seal(archive.app, archive.keeper, counted, now())
    consigning.dispatch(archive.app, archive.keeper, dispatching(archive, number), now())
    received = receiving.Arriving(uuid4(), number, "S-1", bag_seal_whole=False, codes=["D-1", "D-2"], place="W2-D")
    view = receiving.arrive(archive.app, archive.second, received, now())
    assert [row.kind for row in view.discrepancies] == ["bag_seal_broken"]
    assert archive.where("D-2") == "W2-D"
    assert verify_ledger(archive.jobs).sound
    assert VolumeName("D-1") in view.picture.read
