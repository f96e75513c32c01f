"""Tags: bound and read back, replaced by two, never used again."""

from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain import refusals
from inventory.domain.identifiers import VolumeName
from inventory.domain.standing import Identification
from inventory.domain.tagging import identification_of
from inventory.operations import tagging
from inventory.operations.tagging import Printed
from inventory.store.database import refusal_for
from tests.arrivals.conftest import ONE_ENGINE, now
from tests.conftest import Archive

EPC = "350000000000000000000001"
OTHER = "350000000000000000000002"
THIRD = "350000000000000000000003"
TID = "E28011052000000000000001"


def tag(volume: str, epc: str) -> Printed:
    return Printed(VolumeName(volume), epc, epc, code=volume)


def put_on(archive: Archive, volume: str, epc: str, read_back: str | None = None, tid: str | None = None) -> int:
    printed = Printed(VolumeName(volume), epc, read_back or epc, tid, code=volume)
    return tagging.bind(archive.app, archive.keeper, uuid4(), [printed], now())


def replaced(archive: Archive, volume: str, epc: str, **more: object) -> int:
    fields = {"reason": "标签脱落", "witness": archive.second} | more
    printed = Printed(VolumeName(volume), epc, epc, code=volume)
    return tagging.replace_tag(archive.app, archive.keeper, uuid4(), printed, now=now(), **fields)  # type: ignore[arg-type]


def test_a_tag_is_bound_replaced_and_never_used_again(yard: Archive) -> None:
    for number in ("D-1", "D-2"):
        yard.dossier(number, on="A-01")
    assert put_on(yard, "D-1", EPC, tid=TID) == 1
    with pytest.raises(refusals.VolumeTagged):
        put_on(yard, "D-1", OTHER)
    with pytest.raises(refusals.EpcTaken):
        put_on(yard, "D-2", EPC)
    with pytest.raises(refusals.EpcTaken):
        put_on(yard, "D-2", OTHER, tid=TID)
    assert replaced(yard, "D-1", OTHER) == 1
    for volume in ("D-1", "D-2"):
        with pytest.raises(refusals.EpcTaken):
            replaced(yard, volume, EPC)
    known = tagging.tagged(yard.app, yard.clerk, VolumeName("D-1"))
    assert known.identification is Identification.REPLACED
    assert [tag.epc.hex() for tag in known.tags] == [OTHER, EPC]
    assert known.tags[1].retired_at is not None and known.tags[1].fault == "标签脱落"
    last = yard.root.execute("SELECT kind, details FROM act ORDER BY sequence DESC LIMIT 1").fetchone()
    assert last == ("retagged", f'{{"epc":"{OTHER}","old_epc":"{EPC}"}}')


@ONE_ENGINE
def test_a_tag_that_reads_back_as_another_is_not_bound(yard: Archive) -> None:
    for number in ("D-1", "D-2"):
        yard.dossier(number, on="A-01")
    put_on(yard, "D-1", EPC)
    with pytest.raises(refusals.PreviousLabel) as told:
        put_on(yard, "D-2", OTHER, read_back=EPC)
    assert "D-1" in str(told.value)
    with pytest.raises(refusals.ReadBackDiffers):
        put_on(yard, "D-2", OTHER, read_back=THIRD)
    assert tagging.tagged(yard.app, yard.keeper, VolumeName("D-2")).identification is Identification.UNTAGGED
    assert yard.root.execute("SELECT count(*) FROM act WHERE kind = 'bound'").fetchone() == (1,)


@ONE_ENGINE
def test_a_batch_of_tags_is_bound_whole_or_not_at_all(yard: Archive) -> None:
    for number in ("D-1", "D-2"):
        yard.dossier(number, on="A-01")
    yard.root.execute(
        "INSERT INTO tag (epc, place_id) SELECT decode(%s, 'hex'), id FROM place WHERE code = 'A-02'", (THIRD,)
    )
    yard.root.execute("INSERT INTO tag (epc) VALUES (decode(%s, 'hex'))", (EPC,))  # read once, nobody's
    batch = [tag("D-1", EPC), tag("D-2", THIRD)]
    with pytest.raises(refusals.EpcTaken):
        tagging.bind(yard.app, yard.keeper, uuid4(), batch, now())
    assert tagging.tagged(yard.app, yard.keeper, VolumeName("D-1")).tags == ()
    command = uuid4()
    good = [batch[0], tag("D-2", OTHER)]
    assert tagging.bind(yard.app, yard.keeper, command, good, now()) == 2
    assert tagging.bind(yard.app, yard.keeper, command, good, now()) == 0
    with pytest.raises(refusals.EpcTaken):
        tagging.bind(yard.app, yard.keeper, uuid4(), [batch[0], batch[0]], now())


@ONE_ENGINE
def test_a_tag_is_replaced_by_two_who_say_why(yard: Archive) -> None:
    yard.dossier("D-1", on="A-01", epc=EPC)
    with pytest.raises(refusals.SecondPersonMissing):
        replaced(yard, "D-1", OTHER, witness=None)
    with pytest.raises(refusals.ReasonMissing):
        replaced(yard, "D-1", OTHER, reason=" ")
    with pytest.raises(refusals.NotAllowed):
        tagging.bind(yard.app, yard.clerk, uuid4(), [tag("D-1", OTHER)], now())
    assert tagging.tagged(yard.app, yard.keeper, VolumeName("D-1")).tags[0].epc.hex() == EPC


@ONE_ENGINE
def test_a_faulty_tag_shows_until_it_reads_again_and_a_volume_may_do_with_its_code(yard: Archive) -> None:
    yard.dossier("D-1", on="A-01", epc=EPC)
    yard.dossier("D-2", on="A-01")
    one, two = VolumeName("D-1"), VolumeName("D-2")
    assert tagging.report_fault(yard.app, yard.keeper, one, "读不到").identification is Identification.FAULT
    assert tagging.report_fault(yard.app, yard.keeper, one, None).identification is Identification.TAGGED
    marked = tagging.mark_barcode_only(yard.app, yard.keeper, two, barcode_only=True)
    assert marked.identification is Identification.BARCODE_ONLY
    with pytest.raises(refusals.DossierNotFound):
        tagging.report_fault(yard.app, yard.keeper, VolumeName("NONE"), "x")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tag SET volume_id = (SELECT max(id) FROM volume)",
        "UPDATE tag SET volume_id = NULL",
        "UPDATE tag SET retired_at = NULL WHERE retired_at IS NOT NULL",
        "UPDATE tag SET tid = '\\xE280'",
    ],
)
@ONE_ENGINE
def test_the_application_itself_can_not_put_a_used_tag_on_anything_else(yard: Archive, statement: str) -> None:
    for number in ("D-1", "D-2"):
        yard.dossier(number, on="A-01")
    put_on(yard, "D-1", EPC, tid=TID)
    replaced(yard, "D-1", OTHER)
    with yard.sql_of(yard.keeper) as app, pytest.raises(psycopg.Error) as broken:
        app.execute(statement)
    assert type(refusal_for(broken.value)) in {refusals.TagRetired, refusals.VolumeTagged}
    with yard.sql_of(yard.keeper) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("UPDATE tag SET epc = '\\x00'")


@given(has_tag=st.booleans(), has_fault=st.booleans(), retired=st.integers(0, 3), barcode_only=st.booleans())
def test_a_volume_is_identified_in_exactly_one_way(
    has_tag: bool, has_fault: bool, retired: int, barcode_only: bool
) -> None:
    way = identification_of(has_tag=has_tag, has_fault=has_fault, retired=retired, barcode_only=barcode_only)
    assert has_tag == (way in {Identification.TAGGED, Identification.FAULT, Identification.REPLACED})
