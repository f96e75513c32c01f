"""A warehouse that awaits an agency: a place for its boxes, a quarantine, a desk, two shelves, a digitisation room."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from inventory.domain.arrivals import Channel
from inventory.operations import announcing, arriving
from inventory.operations.announcing import Announcement
from inventory.operations.arriving import BoxCount, BoxState, Delivery
from tests.conftest import Archive

# What is SQL alone runs on both engines; whole stories cost seconds and are told on one.
ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)

LIST = """box,number,name,id_number,volume,note
1,LC-001,王芳,,,
1,LC-002,李强,,,
1,LC-003,张伟,,,
2,LC-004,刘洋,,,
2,LC-005,陈静,,,
2,,赵磊,,,
2,,,,,封面破损，无姓名
"""


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def yard(archive: Archive) -> Archive:
    """The archive with places for what arrives."""
    archive.place("W1-IN", "arrivals", parent="W1-R1")
    archive.place("W1-Q", "quarantine", parent="W1-R1")
    archive.place("W1-SCAN", "digitisation", parent="W1-R1")
    archive.desk("W1-D1")
    for number in (1, 2, 3):
        archive.shelf(f"A-0{number}", x=float(number))
    archive.root.execute("UPDATE place SET capacity = 4 WHERE kind = 'shelf'")
    return archive


def announced(archive: Archive, tmp_path: Path, text: str = LIST, **more: object) -> str:
    """The number of an arrival of 370112 with this list."""
    path = tmp_path / "移交清单.csv"
    path.write_text(text, encoding="utf-8")
    fields = {"command_id": uuid4(), "agency": "370112", "sender": "历城区人力资源和社会保障局", "boxes": 2} | more
    return announcing.announce_file(archive.app, archive.keeper, Announcement(**fields), path, now()).number  # type: ignore[arg-type]


def delivered(archive: Archive, number: str, channel: Channel = Channel.STAFF, place: str = "W1-IN") -> str:
    """Its boxes are here."""
    delivery = Delivery(uuid4(), number, channel, seal_intact=True, boxes=2, place=place, tracking="专送 2026-118")
    arriving.take_delivery(archive.app, archive.keeper, delivery, now())
    return number


def count(archive: Archive, number: str, box: str, codes: Sequence[str], **more: object) -> BoxState:
    """The keeper scans a box."""
    counted = BoxCount(uuid4(), number, box, codes, **more)  # type: ignore[arg-type]
    return arriving.count_box(archive.app, archive.keeper, counted, now())


def settle(archive: Archive, number: str) -> None:
    """Both sides sign the sheet as it is."""
    sheet = arriving.discrepancies(archive.app, archive.keeper, number)
    for viewer in (archive.keeper, archive.clerk):
        arriving.sign(archive.app, viewer, arriving.Signing(uuid4(), number, sheet.hash), now())
