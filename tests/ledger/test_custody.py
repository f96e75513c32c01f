"""The ledger's promises, tried on real PostgreSQL."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind, canonical_bytes, chained_hash
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.operations import custody
from inventory.operations.custody import Seen
from inventory.operations.verifying import verify_ledger
from inventory.store import ledger
from inventory.store.database import raw, refusal_for
from tests.conftest import Archive


def test_a_dossier_is_received_shelved_and_moved_and_the_ledger_tells_it(archive: Archive) -> None:
    archive.desk()
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("D-17")
    archive.act(ActKind.RECEIVED, "D-17", "W1-D1", authority="机要 2026-8812", details={"channel": "confidential"})
    archive.act(ActKind.ACCEPTED, "D-17", None, witness=archive.second, details={"pieces": 31})
    archive.act(ActKind.SHELVED, "D-17", "A-01")
    archive.act(ActKind.RESHELVED, "D-17", "A-02", reason="倒架")
    assert archive.where("D-17") == "A-02"
    with archive.app.transaction(archive.keeper) as session:
        dossier_id = archive.root.execute("SELECT id FROM dossier").fetchone()[0]  # type: ignore[index]
        told = [
            (act.kind, act.from_place, act.to_place, act.actor) for act in ledger.history(raw(session), dossier_id, 10)
        ]
    assert told == [
        ("reshelved", "A-01", "A-02", "keeper"),
        ("shelved", "W1-D1", "A-01", "keeper"),
        ("accepted", None, None, "keeper"),
        ("received", None, "W1-D1", "keeper"),
    ]


def test_an_act_is_on_disk_before_anybody_is_told(archive: Archive) -> None:
    # As in a warehouse; the tests' servers wait for no disk otherwise.
    archive.root.execute(f"ALTER ROLE guiwei_app IN DATABASE {archive.name} SET synchronous_commit = on")
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("D-17", on="A-01")
    for shelf in ["A-02", "A-01"] * 5:
        before = archive.root.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        assert archive.act(ActKind.RESHELVED, "D-17", shelf) == 1
        assert before is not None
        assert archive.root.execute("SELECT pg_current_wal_flush_lsn() > %s", before).fetchone() == (True,)


def test_volumes_of_one_dossier_go_their_own_ways(archive: Archive) -> None:
    archive.desk()
    archive.shelf("A-01")
    archive.dossier("D-17", volumes=2)
    archive.bring_in("D-17", "W1-D1")
    archive.bring_in("D-17/2", "W1-D1")
    archive.act(ActKind.SHELVED, "D-17/2", "A-01")
    assert (archive.where("D-17"), archive.where("D-17/2")) == ("W1-D1", "A-01")


@pytest.mark.parametrize(
    ("kind", "volume", "place", "more", "refusal"),
    [
        (ActKind.SHELVED, "NEW", "A-01", {}, refusals.NotHeldYet),
        (ActKind.RECEIVED, "OLD", "W1-D1", {"details": {"channel": "staff"}}, refusals.AlreadyHeld),
        (ActKind.RECEIVED, "NEW", "W1-D1", {}, refusals.EvidenceMissing),
        (ActKind.RECEIVED, "NEW", "W1-D1", {"details": {"channel": "pigeon"}}, refusals.BadDetail),
        (ActKind.RECEIVED, "NEW", "W1-D1", {"details": {"channel": "staff", "fee": 5}}, refusals.BadDetail),
        (ActKind.RECEIVED, "NEW", None, {"details": {"channel": "staff"}}, refusals.PlaceMissing),
        (ActKind.SHELVED, "OLD", "A-02", {}, refusals.WrongOrigin),
        (ActKind.SHELVED, "UNOPENED", "A-02", {}, refusals.LegalStateForbids),
        (ActKind.CORRECTED, "UNOPENED", "A-02", {"reason": "it stands there"}, refusals.NotAccepted),
        (
            ActKind.SEALED,
            "UNOPENED",
            None,
            {"details": {"seal_number": "F-1", "pieces": 3}},
            refusals.SecondPersonMissing,
        ),
        (ActKind.GAP_FILLED, "UNOPENED", None, {"authority": "补 1"}, refusals.LegalStateForbids),
        (ActKind.PICKED, "OLD", "W1-D1", {}, refusals.AuthorityMissing),
        (ActKind.LENT, "OLD", "W1-D1", {}, refusals.ActNeedsWork),
        (ActKind.LOST, "OLD", "LOST", {}, refusals.ActNeedsWork),
        (ActKind.RECEIVED, "NEW", "A-01", {"details": {"channel": "staff"}}, refusals.WrongKindOfPlace),
        (ActKind.SHELVED, "OLD", "W1-D1", {}, refusals.WrongKindOfPlace),
        (ActKind.RESHELVED, "OLD", "W1-R1", {}, refusals.WrongKindOfPlace),
        (ActKind.RESHELVED, "OLD", "A-01", {}, refusals.AlreadyThere),
        (ActKind.RESHELVED, "OLD", "NOWHERE", {}, refusals.PlaceNotFound),
        (ActKind.RESHELVED, "NONE", "A-02", {}, refusals.DossierNotFound),
        (ActKind.CORRECTED, "OLD", "A-02", {}, refusals.ReasonMissing),
        (
            ActKind.RESHELVED,
            "OLD",
            "A-02",
            {"happened_at": datetime.now(UTC) - timedelta(days=2), "reason": "found in the book"},
            refusals.ActOutOfOrder,
        ),
        (
            ActKind.RECEIVED,
            "NEW",
            "W1-D1",
            {"happened_at": datetime.now(UTC) - timedelta(days=2), "details": {"channel": "staff"}},
            refusals.BackdatedWithoutReason,
        ),
        (
            ActKind.RESHELVED,
            "OLD",
            "A-02",
            {"happened_at": datetime.now(UTC) + timedelta(days=2)},
            refusals.HappensInTheFuture,
        ),
        (ActKind.RESHELVED, "OLD", "A-02", {"volumes": [Seen(VolumeName("OLD"), 1)]}, refusals.VersionMoved),
        (ActKind.RESHELVED, "OLD", "A-02", {"volumes": [Seen(VolumeName("OLD"))] * 2}, refusals.SameVolumeTwice),
        (ActKind.RESHELVED, "OLD", "A-02", {"volumes": []}, refusals.BadInput),
    ],
)
def test_an_act_that_can_not_be_is_refused_and_nothing_changes(
    archive: Archive,
    kind: ActKind,
    volume: str,
    place: str | None,
    more: dict[str, object],
    refusal: type[refusals.Refusal],
) -> None:
    archive.desk()
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("OLD", on="A-01")
    archive.dossier("NEW")
    archive.dossier("UNOPENED")
    archive.act(ActKind.RECEIVED, "UNOPENED", "W1-D1", details={"channel": "ems"})
    before = archive.root.execute("SELECT count(*) FROM act").fetchone()
    with pytest.raises(refusal) as told:
        archive.act(kind, volume, place, **more)
    assert "{" not in str(told.value)
    assert archive.root.execute("SELECT count(*) FROM act").fetchone() == before
    assert archive.where("OLD") == "A-01"


def test_only_who_may_record_acts_records_them(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("D-17", on="A-01")
    clerk: Viewer = archive.clerk
    with pytest.raises(refusals.NotAllowed):
        custody.record(archive.app, clerk, archive.asked(ActKind.RESHELVED, "D-17", "A-02"))


def test_a_command_sent_twice_is_done_once_and_its_id_serves_nothing_else(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("D-17", on="A-01")
    command = uuid4()
    moved = archive.asked(ActKind.RESHELVED, "D-17", "A-02", command_id=command)
    assert custody.record(archive.app, archive.keeper, moved) == 1
    assert custody.record(archive.app, archive.keeper, moved) == 0
    with pytest.raises(refusals.CommandReused):
        archive.act(ActKind.RESHELVED, "D-17", "A-01", command_id=command)


def test_two_keepers_move_one_dossier_at_once_and_one_is_told(archive: Archive) -> None:
    archive.shelf("A-00")
    shelves = [archive.shelf(f"A-{number:02}") for number in range(1, 9)]
    archive.dossier("D-17", on="A-00")
    outcomes: list[str] = []
    start = threading.Barrier(len(shelves))

    def move(shelf: str) -> None:
        asked = archive.asked(ActKind.RESHELVED, "D-17", shelf, volumes=[Seen(VolumeName("D-17"), 3)])
        start.wait()
        try:
            custody.record(archive.app, archive.keeper, asked)
            outcomes.append("moved")
        except refusals.VersionMoved:
            outcomes.append("told")

    keepers = [threading.Thread(target=move, args=(shelf,)) for shelf in shelves]
    for keeper in keepers:
        keeper.start()
    for keeper in keepers:
        keeper.join()
    assert sorted(outcomes) == ["moved"] + ["told"] * 7


def test_acts_of_many_hands_at_once_make_one_unbroken_chain(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    for number in range(40):
        archive.dossier(f"D-{number}", on="A-01")

    def work(first: int) -> None:
        for number in range(first, 40, 8):
            archive.act(ActKind.RESHELVED, f"D-{number}", "A-02")

    hands = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    sequences = [row[0] for row in archive.root.execute("SELECT sequence FROM act ORDER BY sequence")]
    assert sequences == list(range(1, 161))
    assert verify_ledger(archive.jobs).sound


def test_database_and_domain_agree_on_canonical_bytes(archive: Archive) -> None:
    """Every odd field there is: Chinese, absent, empty, long, a second volume, a comma and a colon in a reason."""
    archive.shelf("乙-01")
    archive.dossier("档-1", on="乙-01", volumes=2)
    odd = {"channel": "staff", "sender": '"𠮷", 张·三\\'}
    archive.act(ActKind.RECEIVED, "档-1/2", "W1-D0", authority="", reason="a:b,c\n𠮷", details=odd)
    archive.act(ActKind.ACCEPTED, "档-1/2", None, witness=archive.second, details={"pieces": 0})
    archive.act(ActKind.CORRECTED, "档-1/2", "乙-01", reason="x" * 4000)
    with archive.app.transaction(archive.keeper) as session:
        [head] = ledger.warehouses(raw(session))
        entries = list(ledger.chain(raw(session), head.warehouse_id))
    assert len(entries) == 6
    for act, previous, own in entries:
        assert chained_hash(previous, act) == own, canonical_bytes(act)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE act SET reason = 'quietly' WHERE sequence = 3",
        "UPDATE act SET happened_at = happened_at - interval '1 second' WHERE sequence = 3",
        "UPDATE act SET to_place_id = from_place_id, from_place_id = to_place_id WHERE sequence = 6",
        "DELETE FROM act WHERE sequence = 4",
        "DELETE FROM act WHERE sequence = 6",
        "UPDATE act SET hash = sha256('x') WHERE sequence = 6",
        "UPDATE place SET code = 'A-99' WHERE code = 'A-01'",
        "UPDATE holding SET place_id = (SELECT id FROM place WHERE code = 'A-02')",
        "DELETE FROM holding",
    ],
)
def test_what_a_superuser_tampers_with_is_found(archive: Archive, tampering: str) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    for number in range(3):
        archive.dossier(f"D-{number}", on="A-01")
    assert verify_ledger(archive.jobs).sound
    with psycopg.connect(archive.server.superuser_url, dbname=archive.name) as superuser:
        superuser.execute("SET session_replication_role = replica")  # switches the triggers off
        superuser.execute(tampering)
    assert not verify_ledger(archive.jobs).sound


@pytest.mark.parametrize("role", ["app", "jobs", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE act SET reason = 'other'",
        "DELETE FROM act",
        "TRUNCATE act CASCADE",
        "UPDATE command SET content_hash = ''",
        "DELETE FROM dossier",
        "DELETE FROM volume",
        "TRUNCATE subject CASCADE",
        "DELETE FROM place",
        "DELETE FROM tag",
    ],
)
def test_nobody_rewrites_or_deletes(archive: Archive, role: str, statement: str) -> None:
    archive.shelf("A-01")
    archive.dossier("D-17", on="A-01", epc="35" * 12)
    url = archive.server.url(role, archive.name)  # type: ignore[arg-type]
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(statement)
    if role == "owner":
        assert isinstance(refusal_for(refused.value), refusals.LedgerIsForever)
    else:
        assert refused.value.sqlstate == "42501"


@pytest.mark.parametrize(
    "statement", ["INSERT INTO act SELECT * FROM act", "UPDATE holding SET version = 9", "DELETE FROM ledger_chain"]
)
def test_the_application_writes_the_ledger_through_its_one_door_only(archive: Archive, statement: str) -> None:
    with psycopg.connect(archive.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
