"""A hall one of whose readers was cut off: what all readers say, and what two sites made of it that heard it in time and late.

The reader is a Zebra in the smart cabinets. Through an outage it keeps what it reads and counts, and delivers it afterwards in
any order. In its cabinets dossiers are misplaced, taken away, lent by the ledger, and unknown.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from devices.simulator.all_readers import make_readers
from devices.simulator.city import City, make_city, write_registers
from devices.simulator.floor import NO_SHELF
from devices.simulator.readers import CabinetReader, SimulatedReader
from devices.simulator.run import occasion
from devices.simulator.truth import NOWHERE, Standing, Truth, make_truth
from inventory.domain.discrepancies import LIVE_PROBABILITY_MIN
from inventory.domain.registers import Dialect
from inventory.operations import auditing
from inventory.operations.audit_judging import Audit
from inventory.operations.importing import ImportOptions, import_register
from tests.conftest import Archive

LATE = "S1"  # of the simulated city's readers, the first in the smart cabinets
EVERYTHING = "W1"
MISPLACED, REMOVED, LENT = 6, 4, 6  # in the cabinets
UNKNOWN = 3  # there, of tags no register knows
REGISTERS = ("agencies", "places", "readers", "dossiers")

EVIDENCE = """
    SELECT evidence.antenna_id, encode(epc, 'hex'), slice_start, reads, rssi_reads, rssi_sum_cdbm, rssi_peak_cdbm, first_at,
           last_at
    FROM evidence JOIN tag ON tag.id = tag_id ORDER BY 1, 3, 2
"""
BELIEFS = "SELECT * FROM belief ORDER BY volume_id"
# What a case says of the world. When it was opened, how often and how surely it was told is its history, and stays as it was.
# So is a case that some belief on the way opened and the last one would not: it waits for a night or a person.
CASES = f"""
    SELECT kind, discrepancy.volume_id, encode(epc, 'hex'), reader_id, discrepancy.place_id, state, outcome, ledger_place_id, ledger_since,
           radio_place_id
    FROM discrepancy LEFT JOIN tag ON tag.id = tag_id LEFT JOIN belief ON belief.volume_id = discrepancy.volume_id
    WHERE state = 'open'
        AND (kind NOT IN ('present_though_out', 'moved_while_sealed') OR belief.probability >= {LIVE_PROBABILITY_MIN})
    ORDER BY 1, 2, 3, 4, 5
"""
COMPARED = {
    "evidence": EVIDENCE,
    "anchors": "SELECT * FROM anchor WHERE place_id <> (SELECT id FROM place WHERE code = 'W1-PULSE') ORDER BY 1, 2, 3",
    "unknown tags": "SELECT encode(epc, 'hex'), first_seen_at FROM tag WHERE volume_id IS NULL AND place_id IS NULL ORDER BY 1",
    "gaps": "SELECT reader_id, from_at, to_at, reason FROM coverage_gap ORDER BY 1, 2, 3",
    "beliefs": BELIEFS,
    "open discrepancies": CASES,
}


def make_late_hall(dossiers: int, seed: int) -> tuple[City, Truth]:
    """A city whose first reader in the cabinets is a Zebra, and what really stands where; the last dossiers' tags are nobody's."""
    city = make_city(dossiers, seed=seed)
    readers = tuple(
        replace(row, dialect=Dialect.ZEBRA, control_url=None) if row.reader == LATE else row for row in city.readers
    )
    truth = make_truth(city, seed)
    places = {row.code: index for index, row in enumerate(city.places)}
    antennas = np.array([places[row.place] for row in readers if row.reader == LATE], np.int32)
    chance = np.random.default_rng([seed, 71])
    ledger, stands, dead = city.dossiers.place.copy(), truth.place.copy(), truth.dead.copy()
    inside = np.flatnonzero(np.isin(ledger, antennas) & (stands == ledger))
    drawn = chance.choice(inside, MISPLACED + REMOVED + LENT + UNKNOWN, replace=False)
    dead[drawn] = False
    shelf_of = {int(place): shelf for shelf, place in enumerate(city.shelves.place)}
    for dossier in drawn[:MISPLACED]:
        shelf = shelf_of[int(ledger[dossier])]
        sides = (city.shelves.above[shelf], city.shelves.below[shelf])
        stands[dossier] = city.shelves.place[next(side for side in sides if side != NO_SHELF)]
    stands[drawn[MISPLACED:][:REMOVED]] = NOWHERE
    ledger[drawn[MISPLACED + REMOVED :][:LENT]] = next(i for i, row in enumerate(city.places) if row.kind == "window")
    # The register has no rows of the last dossiers; they stand in the cabinets.
    stands[-UNKNOWN:] = ledger[drawn[-UNKNOWN:]]
    dead[-UNKNOWN:] = False
    city = replace(city, readers=readers, dossiers=replace(city.dossiers, place=ledger))
    return city, Truth(stands, dead, truth.differences)


def make_late_readers(
    city: City, truth: Truth, at: datetime, speed: float
) -> tuple[list[SimulatedReader], CabinetReader]:
    """All readers of the hall as they begin at an hour, and the one that will be late."""
    readers = make_readers(city, Standing(city, truth, occasion(at)), speed)
    late = next(reader for reader in readers if reader.code == LATE)
    assert isinstance(late, CabinetReader)
    return readers, late


def fill(archive: Archive, city: City, folder: Path, as_of: datetime) -> None:
    """The hall's registers, true since then."""
    write_registers(city, folder)
    dossiers = folder / "dossiers.csv"
    lines = dossiers.read_text("utf-8").splitlines(keepends=True)
    dossiers.write_text("".join(lines[:-UNKNOWN]), "utf-8")
    options = ImportOptions(as_of=as_of)
    for number, register in enumerate(REGISTERS, 1):
        path = folder / f"{register}.csv"
        import_register(archive.owner, register, path, UUID(int=number), datetime.now(UTC), options)


# ── What came of it ──────────────────────────────────────────────────────────────────────────────────────────────────


def audit(archive: Archive, since: datetime, until: datetime) -> Audit:
    """The whole warehouse judged by what was heard between."""
    with archive.jobs.unpooled() as connection:
        return auditing.audit(connection, EVERYTHING, since, until)


def outcome(archive: Archive, since: datetime, until: datetime) -> dict[str, list[Any]]:
    """All that evidence comes to, by name: rows that two sites with the same evidence have alike."""
    told: dict[str, list[Any]] = {name: archive.root.execute(query).fetchall() for name, query in COMPARED.items()}
    found = audit(archive, since, until)
    rows: dict[str, Callable[[], list[Any]]] = {
        "audit: summary": lambda: [found.summary],
        "audit: findings": lambda: list(found.findings),
        "audit: undecided": lambda: list(found.undecided),
        "audit: coverage gaps": lambda: list(found.gaps),
        "audit: shelves": lambda: list(found.rows.shelves),
    }
    return told | {name: make() for name, make in rows.items()}
