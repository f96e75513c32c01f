"""Loose materials: matched by what proves something, put in by order, counted, sealed."""

from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.materials import material
from inventory.operations import accepting, loose_materials
from inventory.operations.loose_materials import Insertion, Loose
from tests.arrivals.conftest import ONE_ENGINE, now
from tests.conftest import Archive
from tests.web.stock import id_number, person_of

CITIZEN = id_number("37010219800101001")
FORM = material("三类", "2025年度考核登记表", pages=2, dated="2025")


def receive(archive: Archive, *loose: Loose) -> str:
    return loose_materials.receive(
        archive.app, archive.keeper, uuid4(), "济南第二机床厂", "confidential", "机要 5511", loose, now()
    )


def insert(archive: Archive, number: str, *insertions: Insertion, **more: object) -> int:
    fields = {"order": "启封令 2026-31", "witness": archive.second, "command_id": uuid4()} | more
    return loose_materials.insert(
        archive.app,
        archive.keeper,
        number=number,
        insertions=insertions,
        now=now(),
        **fields,  # type: ignore[arg-type]
    )


@pytest.fixture
def stocked(yard: Archive) -> Archive:
    """D-1 of 王芳 on A-03, D-2 and D-3 of two people called 李强 on A-01; each has twelve pieces."""
    for number, name, shelf, citizen, aliases in (
        ("D-1", "王芳", "A-03", CITIZEN, ()),
        ("D-2", "李强", "A-01", None, ("旧-22",)),
        ("D-3", "李强", "A-01", None, ()),
    ):
        yard.dossier(number, on=shelf)
        person_of(yard, number, name, number=citizen, aliases=aliases)
    return yard


def test_materials_are_matched_opened_by_order_inserted_counted_and_sealed(stocked: Archive) -> None:
    number = receive(
        stocked,
        Loose("王芳", FORM, id_number=CITIZEN),
        Loose("李强", FORM, number="旧-22"),
        Loose("李强", FORM),
        Loose("张伟", FORM, number="D-3"),
    )
    rows = loose_materials.open_batch(stocked.app, stocked.keeper, number).materials
    # The same name is no proof, nor is somebody else's number; what is matched comes shelf by shelf.
    assert [(row.position, row.state, row.volume, row.shelf) for row in rows] == [
        (3, "received", None, None), (4, "received", None, None), (2, "matched", "D-2", "A-01"), (1, "matched", "D-1", "A-03"),
    ]  # fmt: skip
    loose_id, third = rows[0].loose_id, VolumeName("D-3")
    with pytest.raises(refusals.SameNameIsNoProof):
        loose_materials.match(stocked.app, stocked.keeper, number, loose_id, third, "姓名相同", "姓名相同")
    with pytest.raises(refusals.BadInput):  # a letter without its number
        loose_materials.match(stocked.app, stocked.keeper, number, loose_id, third, "letter")
    loose_materials.match(stocked.app, stocked.keeper, number, loose_id, third, "letter", "历人才函〔2026〕12号")
    loose_materials.send_back(stocked.app, stocked.keeper, number, [rows[1].loose_id], "编号与姓名不符")
    for volume in ("D-1", "D-2"):
        stocked.act(ActKind.PICKED, volume, "W1-D1", authority=number)
    sealed = [Insertion(VolumeName("D-1"), 13, "F-001"), Insertion(VolumeName("D-2"), 13, None)]
    command = uuid4()
    assert insert(stocked, number, *sealed, command_id=command) == 2
    assert insert(stocked, number, *sealed, command_id=command) == 0
    standing = stocked.root.execute(
        "SELECT number, seal, seal_number, pieces FROM holding JOIN volume ON volume.id = volume_id "
        "JOIN dossier ON dossier.id = dossier_id WHERE number < 'D-3' ORDER BY 1"
    ).fetchall()
    assert standing == [("D-1", "sealed", "F-001", 13), ("D-2", "opened", None, 13)]
    listed = accepting.materials_list(stocked.app, stocked.keeper, VolumeName("D-1"))
    assert [(row.category, row.title, row.added_by) for row in listed] == [(3, FORM.title, "keeper")]
    batch = loose_materials.batches(stocked.app, stocked.keeper)[0]
    assert (batch.received, batch.matched, batch.inserted, batch.returned) == (0, 1, 2, 1)


@ONE_ENGINE
def test_nothing_goes_in_without_two_an_order_a_match_and_a_right_count(stocked: Archive) -> None:
    number = receive(stocked, Loose("王芳", FORM, number="D-1"))
    stocked.act(ActKind.PICKED, "D-1", "W1-D1", authority=number)
    stocked.act(ActKind.PICKED, "D-2", "W1-D1", authority=number)
    right = Insertion(VolumeName("D-1"), 13, "F-001")
    for refusal, insertion, more in (
        (refusals.SecondPersonMissing, right, {"witness": None}),
        (refusals.AuthorityMissing, right, {"order": " "}),
        (refusals.NotMatched, Insertion(VolumeName("D-2"), 13, "F-002"), {}),
        (refusals.PiecesDiffer, Insertion(VolumeName("D-1"), 12, "F-001"), {}),
        (refusals.BatchNotFound, right, {"number": "L-000099"}),
    ):
        with pytest.raises(refusal):
            insert(stocked, more.pop("number", number), insertion, **more)  # type: ignore[arg-type]
    assert stocked.root.execute("SELECT count(*) FROM material").fetchone() == (0,)
    assert insert(stocked, number, Insertion(VolumeName("D-1"), 12, "F-001"), reason="原有一份重复，已抽出登记") == 1


@ONE_ENGINE
def test_the_envelope_is_not_opened_while_it_stands_on_its_shelf(stocked: Archive) -> None:
    number = receive(stocked, Loose("王芳", FORM, number="D-1"))
    with pytest.raises(refusals.WrongOrigin):
        insert(stocked, number, Insertion(VolumeName("D-1"), 13, "F-001"))


@ONE_ENGINE
def test_a_batch_is_received_once_and_never_from_the_person_himself(stocked: Archive) -> None:
    command = uuid4()
    told = ("济南第二机床厂", "ems", None, [Loose("王芳", FORM, number="D-1")])
    first = loose_materials.receive(stocked.app, stocked.keeper, command, *told, now())
    assert loose_materials.receive(stocked.app, stocked.keeper, command, *told, now()) == first
    with pytest.raises(refusals.BadInput):
        loose_materials.receive(stocked.app, stocked.keeper, uuid4(), "本人", "self", None, told[3], now())
    cipher = stocked.root.execute("SELECT id_number_cipher FROM loose_material").fetchone()
    assert cipher == (None,)
