"""A shelf, a box, an arrival: what has no tag gets a label, in the order it stands, over as many days as it takes."""

from pathlib import Path
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.identifiers import VolumeName
from inventory.domain.labels import Told
from inventory.operations import labelling, tagging, verifying_labels
from inventory.operations.tagging import Printed
from inventory.store.labels import LabelBatch
from tests.arrivals.conftest import announced, count, delivered
from tests.conftest import Archive
from tests.labels.conftest import DOSSIERS, labels_of, made, now, tid
from tests.site import ONE_ENGINE

pytestmark = ONE_ENGINE
FIRST, SECOND, THIRD = DOSSIERS


def volumes(archive: Archive, where: str) -> list[str]:
    return [str(one.volume) for one in labelling.untagged(archive.app, archive.keeper, where)]


def batch(archive: Archive, number: str) -> LabelBatch:
    return labelling.open_batch(archive.app, archive.keeper, number, now()).batch


def bind(archive: Archive, number: str, volume: str, chip: int) -> None:
    (label,) = (one for one in labels_of(archive, number) if str(one.volume) == volume and one.state == "printed")
    verifying_labels.verify(archive.app, archive.keeper, uuid4(), Told(volume, label.epc.hex(), tid(chip)), now())


def test_a_room_is_listed_shelf_by_shelf_without_what_has_a_tag_a_label_or_does_with_its_code(shelf: Archive) -> None:
    assert volumes(shelf, "W1-R1") == [*DOSSIERS, "D-9"]
    shelf.dossier("D-10", on="A-01", epc="3500E86F8000A9E000000586")
    shelf.dossier("D-11", on="A-01", volumes=2)
    tagging.mark_barcode_only(shelf.app, shelf.keeper, VolumeName("D-11"), barcode_only=True)
    made(shelf, "", codes=["D-2", "D-11/2"])
    assert volumes(shelf, "a-01") == [FIRST, THIRD]
    made(shelf)
    with pytest.raises(refusals.NothingToLabel, match="A-01"):
        made(shelf)
    with pytest.raises(refusals.LabelWaits):
        made(shelf, "", codes=["D-2"])
    for nothing in ("NOWHERE", "D-9", ""):
        with pytest.raises(refusals.CodeUnknown):
            labelling.untagged(shelf.app, shelf.keeper, nothing)
    with pytest.raises(refusals.NotAllowed):
        labelling.untagged(shelf.app, shelf.clerk, "A-01")


def test_a_batch_is_worked_off_over_days_and_says_what_is_left(shelf: Archive) -> None:
    number = made(shelf)
    bind(shelf, number, FIRST, 1)
    assert (batch(shelf, number).bound, batch(shelf, number).left) == (1, 2)
    # Somebody binds a tag made elsewhere meanwhile: nothing of the batch is owed for that volume any more.
    other = Printed(VolumeName(SECOND), "3500E86F8000A9E000000586", "3500E86F8000A9E000000586", code=SECOND)
    tagging.bind(shelf.app, shelf.keeper, uuid4(), [other], now())
    known = batch(shelf, number)
    assert (known.volumes, known.bound, known.elsewhere, known.left, known.waiting) == (3, 1, 1, 1, 2)
    waiting = [one.epc.hex() for one in labels_of(shelf, number) if one.state == "printed"]
    labelling.spoil(shelf.app, shelf.keeper, uuid4(), number, waiting, "受潮", now())
    assert labelling.print_anew(shelf.app, shelf.keeper, uuid4(), number, now()) == 1, "but for the one that has a tag"
    bind(shelf, number, THIRD, 3)
    assert batch(shelf, number).left == 0
    second = made(shelf, "A-02")
    assert [name for name, _ in labelling.label_batches(shelf.app, shelf.keeper)] == [second, number]


def test_a_box_of_an_arrival_gets_labels_in_the_order_of_its_list(shelf: Archive, tmp_path: Path) -> None:
    shelf.place("W1-IN", "arrivals", parent="W1-R1")
    arrival = delivered(shelf, announced(shelf, tmp_path))
    assert volumes(shelf, arrival) == [], "nothing of it has been counted"
    count(shelf, arrival, "1", ["LC-003", "LC-001", "LC-002"])
    count(shelf, arrival, "2", ["LC-005", "LC-004"])
    assert volumes(shelf, arrival) == ["LC-001", "LC-002", "LC-003", "LC-004", "LC-005"]
    number = made(shelf, f"{arrival}/2")
    assert [str(one.volume) for one in labels_of(shelf, number)] == ["LC-004", "LC-005"]
    assert batch(shelf, number).scope == f"{arrival}/2"
    assert volumes(shelf, arrival) == ["LC-001", "LC-002", "LC-003"]
    bind(shelf, number, "LC-004", 4)
    query = "SELECT count(*) FILTER (WHERE is_tagged) FROM arrival_line_now"
    assert shelf.root.execute(query).fetchone() == (1,), "the arrival's own page says so"
