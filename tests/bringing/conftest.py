"""A room with two shelves, three tagged dossiers and one that has no tag; a handheld H-1 that gets docked."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from devices.brought import take_brought
from inventory.domain.acts import ActKind
from inventory.operations.believing import step_beliefs
from tests.conftest import Archive

EPCS = {f"D-{number}": f"3500E86F8000A9E00000000{number}" for number in (1, 2, 3)}
HEADER = ("EPC", "时间", "RSSI", "次数", "条码")


@pytest.fixture
def docked(archive: Archive) -> Archive:
    furnish(archive)
    return archive


def furnish(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02", x=12.0)
    archive.desk()
    # They have stood there since yesterday: what a handheld read this morning is held against that.
    yesterday = {"happened_at": datetime.now(UTC) - timedelta(days=1), "reason": "昨日补记"}
    for number in (*EPCS, "BARE"):
        archive.dossier(number, epc=EPCS.get(number))
        archive.act(ActKind.RECEIVED, number, "W1-D1", details={"channel": "confidential"}, **yesterday)
        archive.act(ActKind.ACCEPTED, number, None, details={"pieces": 12}, witness=archive.second, **yesterday)
        archive.act(ActKind.SHELVED, number, "A-01", **yesterday)
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('H-1', 'native', 'h-1', 'Asia/Shanghai')"
    )
    archive.root.execute("INSERT INTO antenna (reader_id, number, role) SELECT id, 0, 'handheld' FROM reader")


def ago(minutes: float = 0, seconds: float = 0) -> str:
    """Some time ago as a handheld in Shanghai writes it, to the second."""
    moment = datetime.now(UTC) - timedelta(minutes=minutes, seconds=seconds) + timedelta(hours=8)
    return moment.strftime("%Y/%m/%d %H:%M:%S")


def sheet(
    folder: Path, name: str, *rows: Sequence[object], header: Sequence[str] = HEADER, encoding: str = "utf-8"
) -> Path:
    """A file as a handheld exports it."""
    path = folder / name
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row in (header, *rows):
            book.worksheets[0].append(list(row))
        book.save(path)
        return path
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def take(docked: Archive) -> Callable[[], int]:
    """The jobs take in what waits, and draw beliefs of it; how many reads were new."""

    def take() -> int:
        with docked.jobs.unpooled() as connection:
            now = datetime.now(UTC)
            taken = take_brought(connection, now)
            step_beliefs(connection, now + timedelta(minutes=1), now=now)
            connection.commit()
            return taken

    return take


def evidence_of(archive: Archive) -> dict[str, tuple[int, int | None]]:
    """(reads, peak in centi-dBm) of each tag."""
    query = "SELECT encode(epc, 'hex'), sum(reads)::int, max(rssi_peak_cdbm) FROM evidence JOIN tag ON tag.id = tag_id GROUP BY 1"
    by_epc = {epc.lower(): number for number, epc in EPCS.items()}
    return {by_epc.get(str(epc), str(epc)): (reads, peak) for epc, reads, peak in archive.root.execute(query)}


def believed(archive: Archive) -> dict[str, str]:
    query = (
        "SELECT number, place.code FROM belief JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id "
        "JOIN place ON place.id = belief.place_id"
    )
    return dict(archive.root.execute(query).fetchall())
