"""An envelope on a desk pad: its reader tells EPC and TID, the scanner the printed code, and three make a label bound."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from devices.pipeline import Pipeline, known_readers
from inventory.domain import refusals
from inventory.operations import labelling, verifying_labels
from inventory.operations.taking_evidence import take_evidence
from inventory.operations.verifying_labels import Verified
from inventory.store import evidence
from inventory.store.batch import micros
from inventory.store.readers import registered_antennas
from tests.conftest import Archive
from tests.labels.conftest import DOSSIERS, PAD, labels_of, made, now, tid
from tests.site import ONE_ENGINE

pytestmark = ONE_ENGINE
FIRST, SECOND, THIRD = DOSSIERS


def reads(archive: Archive, *tags: tuple[bytes, str | None], at: datetime | None = None, topic: str = "desk/1") -> None:
    """The pad's reader tells of these tags (EPC, TID); the message comes in now, read at `at` by its own clock."""
    received = micros(now())
    payload = [
        {"epc": epc.hex(), "rssi_dbm": -40} | ({"tid": chip} if chip else {}) | ({"at": at.isoformat()} if at else {})
        for epc, chip in tags
    ]
    with archive.jobs.unpooled() as connection:
        pipeline = Pipeline(known_readers(registered_antennas(connection, None)), {})
        pipeline.add(topic, json.dumps(payload).encode(), received)
        batch, days = pipeline.take_batch()
        assert not batch.quarantined
        evidence.prepare(connection)
        take_evidence(connection, batch, days, now=datetime.now(UTC))
        connection.commit()


def laid(archive: Archive, code: str, place: str = PAD) -> Verified:
    return verifying_labels.verify_on_pad(archive.app, archive.keeper, uuid4(), code, place, now())


def test_envelopes_are_laid_down_one_after_another_and_each_scan_binds_one(shelf: Archive) -> None:
    labels = labels_of(shelf, made(shelf))
    for number, label in enumerate(labels, 1):
        # The one before was taken away a moment ago, and still counts as read just now.
        reads(shelf, (label.epc, tid(number)))
        assert laid(shelf, str(label.volume)).volume == label.volume
    assert [label.state for label in labels_of(shelf, "T-000001")] == ["bound"] * 3
    batch = labelling.batch_of(shelf.app, shelf.keeper, labels[0].volume)
    assert batch is not None and (batch[0], batch[1].bound, batch[1].left) == ("T-000001", 3, 0)
    assert laid(shelf, THIRD).again


def test_a_pad_that_read_nothing_or_too_much_binds_nothing(shelf: Archive) -> None:
    one, two, _ = labels_of(shelf, made(shelf))
    with pytest.raises(refusals.NothingOnThePad):
        laid(shelf, FIRST)
    reads(shelf, (one.epc, None))
    with pytest.raises(refusals.NothingOnThePad, match="let the reader tell TIDs"):
        laid(shelf, FIRST)
    reads(shelf, (one.epc, tid(1)), (two.epc, tid(2)))
    with pytest.raises(refusals.SeveralOnThePad, match="2 tags"):
        laid(shelf, FIRST)
    with pytest.raises(refusals.PlaceNotFound):
        laid(shelf, FIRST, "A-01")
    with pytest.raises(refusals.NotAllowed):
        verifying_labels.verify_on_pad(shelf.app, shelf.clerk, uuid4(), FIRST, PAD, now())


def test_a_printers_fault_shows_on_the_pad_also_beside_the_envelope_before(shelf: Archive) -> None:
    one, _, three = labels_of(shelf, made(shelf))
    reads(shelf, (one.epc, tid(1)))
    laid(shelf, FIRST)
    reads(shelf, (one.epc, tid(2)))  # another chip with the EPC of the label before
    with pytest.raises(refusals.PreviousLabel):
        laid(shelf, SECOND)
    with pytest.raises(refusals.EpcOfAnother):
        laid(shelf, THIRD)
    with pytest.raises(refusals.EpcOnAnotherChip):
        laid(shelf, FIRST)
    assert [label.state for label in labels_of(shelf, "T-000001")] == ["bound", "printed", "printed"]
    assert three.tid is None


def test_a_pads_clock_may_be_off_but_what_it_kept_through_an_outage_is_old(shelf: Archive) -> None:
    one, *_ = labels_of(shelf, made(shelf))
    reads(shelf, (one.epc, tid(1)), at=now() - timedelta(hours=2))
    with pytest.raises(refusals.NothingOnThePad):
        laid(shelf, FIRST)
    reads(shelf, (one.epc, tid(1)), at=now() - timedelta(minutes=2))
    assert laid(shelf, FIRST).volume == one.volume


def test_what_pads_read_of_chips_is_not_kept(shelf: Archive) -> None:
    one, two, _ = labels_of(shelf, made(shelf))
    shelf.root.execute(
        "INSERT INTO chip_read SELECT id, '\\x3500', '\\xE280', now() - interval '61 minutes' FROM antenna"
    )
    reads(shelf, (one.epc, tid(1)), (two.epc, None))
    reads(shelf, (one.epc, tid(1)))
    assert shelf.root.execute("SELECT encode(epc, 'hex') FROM chip_read").fetchall() == [(one.epc.hex(),)]


def test_only_pads_are_listened_to_for_chips(shelf: Archive) -> None:
    shelf.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('CAB', 'native', 'cab', 'Asia/Shanghai')"
    )
    shelf.root.execute(
        "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, 0, 'shelf', place.id "
        "FROM reader, place WHERE reader.code = 'CAB' AND place.code = 'A-01'"
    )
    one, *_ = labels_of(shelf, made(shelf))
    reads(shelf, (one.epc, tid(1)), topic="cab")
    assert shelf.root.execute("SELECT count(*) FROM chip_read").fetchone() == (0,)
    assert shelf.root.execute("SELECT count(*) FROM evidence").fetchone() == (1,)
