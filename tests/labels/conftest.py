"""A shelf of dossiers without tags, a desk pad, and a site that has its own GS1 prefix: that of the standard's examples."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from inventory.domain.label_numbering import Numbering
from inventory.operations import labelling
from inventory.operations.labelling import Wanted
from inventory.operations.numbering_labels import set_numbering
from inventory.store.labels import LabelRow
from tests.conftest import Archive

GDTI = Numbering(company_prefix="9521141", document_type="12345")
GID = Numbering(manager=952056, object_class=2718)
DOSSIERS = ("370112-99-0000017-6", "D-2", "D-3")
PAD = "W1-D1"

Say = Callable[..., None]


def now() -> datetime:
    return datetime.now(UTC)


def tid(number: int) -> str:
    """A chip's own number, as 96 bits of Gen2."""
    return f"E28011052000{number:012X}"


def furnish(archive: Archive) -> None:
    """Three dossiers on A-01, one on A-02, none with a tag; the desk W1-D1 has a pad."""
    archive.shelf("A-01", x=1.0)
    archive.shelf("A-02", x=2.0)
    archive.desk(PAD)
    for number in DOSSIERS:
        archive.dossier(number, on="A-01")
    archive.dossier("D-9", on="A-02")
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('DESK-1', 'native', 'desk/1', 'Asia/Shanghai')"
    )
    archive.root.execute(
        "INSERT INTO antenna (reader_id, number, role, place_id) "
        "SELECT reader.id, 0, 'desk', place.id FROM reader, place WHERE reader.code = 'DESK-1' AND place.code = %s",
        (PAD,),
    )


@pytest.fixture
def shelf(archive: Archive) -> Archive:
    """A-01 with three untagged dossiers; labels are numbered by GDTI-96."""
    furnish(archive)
    set_numbering(archive.owner, GDTI, None, now())
    return archive


def made(archive: Archive, where: str = "A-01", **more: object) -> str:
    """The number of a batch of labels that the keeper makes."""
    return labelling.make_batch(archive.app, archive.keeper, Wanted(uuid4(), where, **more), now())  # type: ignore[arg-type]


def labels_of(archive: Archive, number: str) -> list[LabelRow]:
    """The labels of a batch as they come from the printer."""
    return list(labelling.open_batch(archive.app, archive.keeper, number, now()).labels)
