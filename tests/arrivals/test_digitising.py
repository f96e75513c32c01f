"""A batch goes to be scanned and comes back, piece by piece and page by page."""

from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.materials import material
from inventory.domain.people import Role, Viewer
from inventory.operations import accepting, digitising
from inventory.operations.accepting import Acceptance, Reviewed
from inventory.operations.digitising import Return, Scan, Sending
from tests.arrivals.conftest import ONE_ENGINE, now
from tests.conftest import Archive

SHA = "ab" * 32


@pytest.fixture
def contractor(yard: Archive) -> Viewer:
    return yard.person("scanner", Role.CONTRACTOR)


def on_desk(archive: Archive, number: str) -> VolumeName:
    """A dossier of three pieces and six pages, accepted and lying on the desk."""
    archive.dossier(number)
    archive.act(ActKind.RECEIVED, number, "W1-D1", details={"channel": "staff"})
    listed = [material("1", "履历表", pages=4), material("4", "登记表", pieces=2, pages=2)]
    reviewed = [Reviewed(VolumeName(number), 3, listed)]
    accepting.accept(archive.app, archive.keeper, Acceptance(uuid4(), reviewed, archive.second), now())
    return VolumeName(number)


def send(archive: Archive, *volumes: VolumeName, pieces: int = 3, **more: object) -> str:
    fields = {"command_id": uuid4(), "order": "数字化 2026-2", "place": "W1-SCAN", "contractor": "scanner"} | more
    sending = Sending(volumes=[(volume, pieces) for volume in volumes], **fields)  # type: ignore[arg-type]
    return digitising.send(archive.app, archive.keeper, sending, now())


def back(archive: Archive, number: str, *returns: Return, **more: object) -> int:
    fields = {"witness": archive.second} | more
    return digitising.take_back(
        archive.app,
        archive.keeper,
        uuid4(),
        number,
        "W1-D1",
        returns,
        now=now(),
        **fields,  # type: ignore[arg-type]
    )


def test_a_batch_is_scanned_and_comes_back_with_pages_hash_and_link(yard: Archive, contractor: Viewer) -> None:
    one, two = on_desk(yard, "D-1"), on_desk(yard, "D-2")
    number = send(yard, one, two)
    assert yard.where("D-1") == "W1-SCAN"
    view = digitising.report(yard.app, contractor, number, [Scan(one, 6, SHA, "scans/D-1.pdf")], now())
    assert (view.batch.volumes, view.batch.reported, view.volumes[0].pages_listed) == (2, 1, 6)
    with pytest.raises(refusals.BatchStateForbids):
        back(yard, number, Return(one, 3), Return(two, 3))
    # The envelope was opened for it, by order and by two; two seal it on its return.
    order = {"authority": "数字化 2026-2", "witness": yard.second}
    yard.act(ActKind.OPENED, "D-1", None, **order)
    assert back(yard, number, Return(one, 3, "F-77")) == 1
    details = yard.root.execute("SELECT details FROM act WHERE kind = 'scanned'").fetchone()
    assert details == (f'{{"batch":"{number}","link":"scans/D-1.pdf","pages":6,"pieces":3,"sha256":"{SHA}"}}',)
    yard.act(ActKind.SHELVED, "D-1", "A-01")
    batch = digitising.open_batch(yard.app, yard.keeper, number).batch
    assert (batch.volumes, batch.reported, batch.back) == (2, 1, 1)


@ONE_ENGINE
def test_pages_and_pieces_that_do_not_agree_are_told(yard: Archive, contractor: Viewer) -> None:
    one = on_desk(yard, "D-1")
    with pytest.raises(refusals.PiecesDiffer):
        send(yard, one, pieces=4)
    number = send(yard, one)
    with pytest.raises(refusals.PagesDiffer):
        digitising.report(yard.app, contractor, number, [Scan(one, 5, SHA, "x")], now())
    digitising.report(yard.app, contractor, number, [Scan(one, 5, SHA, "x", "一页空白")], now())
    with pytest.raises(refusals.PiecesDiffer):
        back(yard, number, Return(one, 2))
    assert back(yard, number, Return(one, 2), reason="一份缺失，已报告") == 1
    with pytest.raises(refusals.BatchStateForbids):
        digitising.report(yard.app, contractor, number, [Scan(one, 6, SHA, "x")], now())


@ONE_ENGINE
def test_a_contractor_sees_his_own_batch_and_nothing_else(yard: Archive, contractor: Viewer) -> None:
    one = on_desk(yard, "D-1")
    number = send(yard, one)
    rival = yard.person("rival", Role.CONTRACTOR)
    assert [batch.contractor for batch in digitising.batches(yard.app, contractor)] == ["scanner"]
    assert digitising.batches(yard.app, rival) == []
    with pytest.raises(refusals.BatchNotFound):
        digitising.open_batch(yard.app, rival, number)
    with pytest.raises(refusals.BatchNotFound):
        digitising.report(yard.app, rival, number, [Scan(one, 6, SHA, "x")], now())
    with pytest.raises(refusals.NotAllowed):
        digitising.open_batch(yard.app, yard.clerk, number)
    with pytest.raises(refusals.DossierNotFound):
        digitising.report(yard.app, contractor, number, [Scan(VolumeName("D-9"), 6, SHA, "x")], now())


@ONE_ENGINE
def test_a_batch_goes_by_order_to_where_scanning_is_done(yard: Archive, contractor: Viewer) -> None:
    one = on_desk(yard, "D-1")
    for refusal, more in (
        (refusals.BadInput, {"order": " "}),
        (refusals.WrongKindOfPlace, {"place": "A-01"}),
        (refusals.PlaceNotFound, {"place": "NOWHERE"}),
        (refusals.AccountNotFound, {"contractor": "nobody"}),
        (refusals.NotAllowed, {"contractor": "clerk"}),
    ):
        with pytest.raises(refusal):
            send(yard, one, **more)  # type: ignore[arg-type]
    command = uuid4()
    assert send(yard, one, command_id=command) == send(yard, one, command_id=command)
    with pytest.raises(refusals.BadInput):
        digitising.report(
            yard.app, contractor, send(yard, one, command_id=command), [Scan(one, 6, "AB" * 32, "x")], now()
        )
