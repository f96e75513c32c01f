"""A simulated hall in a real database: its register through the import, its days as evidence."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np

from devices.simulator.days import DAY_MICROSECONDS, Day
from devices.simulator.halls import Hall, Profile
from inventory.operations.closing import Closed, close_day
from inventory.operations.importing import ImportOptions, import_register
from inventory.operations.judging import Interval, gather_interval
from inventory.store import evidence
from inventory.store.batch import SliceReads
from tests.conftest import Archive

VOLUMES = 1_000
SEED = 7
NIGHTS = 3
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
HALF_SECOND = 500_000
SLICES = {Profile.SWEEP: HALF_SECOND, Profile.CABINET: 300_000_000, Profile.ZONE: 60_000_000}


def evening_of(day: int) -> datetime:
    """The end of a hall's day: its numbers begin with `FIRST_DAY`."""
    return FIRST_DAY + timedelta(days=day + 1)


def number_of(volume: int) -> str:
    return f"H-{volume:06d}"


def epc_of(volume: int) -> str:
    return f"3500E86F8000AAAA{volume:08X}"


def shelf_of(shelf: int) -> str:
    return f"S-{shelf:05d}"


def aisle_of(aisle: int) -> str:
    """The place at which the antenna is registered that looks into it."""
    return f"G-{aisle:02d}"


def put(archive: Archive, hall: Hall, directory: Path) -> None:
    """Shelves, readers and dossiers of a hall, shelved a week before its first day."""
    shelves = [
        [
            shelf_of(shelf), "shelf", shelf_of(shelf), "W1-R1",
            *(float(axis[shelf]) for axis in (hall.places.x, hall.places.y, hall.places.z)), "A", aisle_of(int(hall.aisle[shelf])),
        ]
        for shelf in range(len(hall.places.x))
    ]  # fmt: skip
    aisles = np.unique(hall.aisle).tolist()
    entrances = [[aisle_of(one), "range", aisle_of(one), "W1-R1", "", "", "", "A", aisle_of(one)] for one in aisles]
    header = ["code", "kind", "name", "parent", "x", "y", "z", "block", "aisle"]
    _import(archive, directory, "places", header, [*shelves, *(entrances if hall.profile is Profile.ZONE else [])])
    if hall.profile is Profile.ZONE:
        readers = [[f"Z-{one}", "native", f"z/{one}", 0, aisle_of(one), "zone"] for one in aisles]
    elif hall.profile is Profile.SWEEP:
        readers = [[f"R-{reader}", "native", f"r/{reader}", 0, "W1-R1", "handheld"] for reader in range(40)]
    else:
        readers = [
            [f"R-{shelf // 24}", "native", f"r/{shelf // 24}", shelf % 24, shelf_of(shelf), "shelf"]
            for shelf in range(len(hall.places.x))
        ]
    _import(archive, directory, "readers", ["reader", "dialect", "topic", "antenna", "place", "role"], readers)
    dossiers = [
        [number_of(volume), "张三", "", "370112", epc_of(volume), "", shelf_of(int(hall.ledger[volume]))]
        for volume in range(len(hall))
    ]
    _import(
        archive,
        directory,
        "dossiers",
        ["number", "name", "id_number", "holding_agency", "epc", "tid", "place"],
        dossiers,
    )


def _import(archive: Archive, directory: Path, kind: str, header: list[str], rows: Sequence[Sequence[object]]) -> None:
    path = directory / f"{kind}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    options = ImportOptions(as_of=FIRST_DAY - timedelta(days=7))
    import_register(archive.owner, kind, path, uuid4(), datetime.now(UTC), options)


def hear_day(archive: Archive, hall: Hall, day: Day) -> None:
    """A day's evidence, as ingest stores it."""
    antennas = {
        (reader, antenna): row_id
        for row_id, reader, antenna in archive.root.execute(
            "SELECT antenna.id, reader.code, number FROM antenna JOIN reader ON reader.id = reader_id"
        )
    }
    width = SLICES[hall.profile]
    began = round(FIRST_DAY.timestamp()) * 1_000_000
    sightings = day.sightings
    slices = []
    for volume, reader, place, at, reads, strong, total, last in zip(
        *(getattr(sightings, name).tolist() for name in type(sightings).__dataclass_fields__), strict=True
    ):
        antenna = antennas[_antenna(hall.profile, reader, place)]
        first = 2 * at - last
        start = began + first - first % width
        peak = total // max(strong, 1)
        slices.append(
            SliceReads(antenna, bytes.fromhex(epc_of(volume)), start, reads, strong, total, peak, began + first, began + last)
        )  # fmt: skip
    dates = np.unique((began + sightings.at) // DAY_MICROSECONDS)
    with archive.jobs.unpooled() as connection:
        evidence.prepare(connection)
        evidence.ensure_days(
            connection, [(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(d))).date() for d in dates]
        )
        evidence.add_slices(connection, slices)
        connection.execute(
            "INSERT INTO anchor SELECT reader.id, 'epoch'::timestamptz + at * interval '1 microsecond', place.id "
            "FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS said (reader, at, place) "
            "JOIN reader ON reader.code = said.reader JOIN place ON place.code = said.place",
            (
                [f"R-{reader}" for reader in day.trail.codes.reader.tolist()],
                (began + day.trail.codes.at).tolist(),
                [shelf_of(shelf) for shelf in day.trail.codes.place.tolist()],
            ),
        )


def _antenna(profile: Profile, reader: int, place: int) -> tuple[str, int]:
    match profile:
        case Profile.SWEEP:
            return f"R-{reader}", 0
        case Profile.CABINET:
            return f"R-{place // 24}", place % 24
        case Profile.ZONE:
            return f"Z-{place}", 0


def hear_stranger(archive: Archive, epc: str, shelf: int, at: datetime) -> None:
    """A cabinet reads a tag that nobody registered."""
    row = archive.root.execute(
        "SELECT antenna.id FROM antenna JOIN place ON place.id = place_id WHERE code = %s", (shelf_of(shelf),)
    ).fetchone()
    assert row is not None
    start = round(at.timestamp()) * 1_000_000
    with archive.jobs.unpooled() as connection:
        evidence.prepare(connection)
        evidence.add_slices(
            connection, [SliceReads(row[0], bytes.fromhex(epc), start, 9, 9, -45_000, -5_000, start, start + 1_000_000)]
        )


def close(archive: Archive, day: int) -> Closed:
    with archive.jobs.unpooled() as connection:
        return close_day(connection, evening_of(day))


def interval_of(archive: Archive, day: int) -> Interval:
    with archive.jobs.unpooled() as connection:
        return gather_interval(connection, evening_of(day - 1), evening_of(day))
