"""A plausible city warehouse from a seed: agencies, places, readers and dossiers, as the import files hold them."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from devices.simulator import floor, subjects
from devices.simulator.equipment import reader_rows, zone_rows
from devices.simulator.floor import Floor, Indexes, Shelves
from devices.simulator.subjects import Bytes, Chance
from inventory.domain.epcs import gid96
from inventory.domain.registers import (
    AGENCIES,
    DOSSIERS,
    PLACES,
    READERS,
    AgencyLevel,
    AgencyRow,
    PlaceRow,
    ReaderRow,
    Register,
)

DOSSIERS_MIN, DOSSIERS_MAX = 100, 2_000_000
ROWS_PER_WRITE = 50_000

CITY_AGENCY = "370100"
# Code, district, share of the dossiers.
_COUNTIES = (
    ("370112", "历城区", 0.25),
    ("370113", "长清区", 0.17),
    ("370114", "章丘区", 0.22),
    ("370115", "济阳区", 0.11),
)
_AGENCY_SERIAL = "01"

_CABINETS_SHARE = 0.06
_OUT_SHARE = 0.004  # on desks, the carrying cart, in quarantine and at windows
_INDIVIDUAL_SHARE = 0.62
_FORMER_EMPLOYER_KNOWN_SHARE = 0.35
_ALIAS_SHARE = 0.08
_SHELF_VOLUMES = (42.0, 1.5)  # mean and spread of a shelf in use

_CHECK_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
# Odd factors are one-to-one on powers of two: serials and chip numbers look drawn, and none comes twice.
_SERIAL_BITS, _SERIAL_FACTOR = 36, 25_214_903_917
_CHIP_BITS, _CHIP_FACTOR = 48, 181_783_497_276_653
_CHIP_HEAD = bytes.fromhex("E28011702000")  # a class identifier E2, a chip maker's designer and model number


@dataclass(frozen=True, slots=True)
class Dossiers:
    """The dossiers as arrays of equal length, one volume each, in order of holding agency and running number.

    agency, employer, place: index into the tuples of `City`; employer 0 is none. number and id_number: 19 and 18 ASCII
    characters. epc and tid: shape (dossiers, 12). individual: 个人存档, else 单位存档. alias: an old number or nothing.
    """

    number: NDArray[np.bytes_]
    name: NDArray[np.str_]
    id_number: NDArray[np.bytes_]
    agency: Indexes
    employer: Indexes
    individual: NDArray[np.bool_]
    deposited_on: NDArray[np.datetime64]
    alias: NDArray[np.bytes_]
    epc: Bytes
    tid: Bytes
    place: Indexes

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True)
class City:
    """What the registers say; what really stands where is `devices.simulator.truth`."""

    seed: int
    agencies: tuple[AgencyRow, ...]
    places: tuple[PlaceRow, ...]
    readers: tuple[ReaderRow, ...]
    shelves: Shelves
    employers: tuple[str, ...]
    dossiers: Dossiers

    def place_index(self, code: str) -> int:
        """Where in `places` a code stands; desks, carts and windows come first, so the search is short for them."""
        return next(index for index, row in enumerate(self.places) if row.code == code)


def make_city(dossiers: int = 20_000, *, seed: int, zones: bool = False) -> City:
    """A city's warehouse of `dossiers` dossiers (100 to 2,000,000); the same seed gives the same city.

    zones: with antennas that look into the aisles.
    """
    if not DOSSIERS_MIN <= dossiers <= DOSSIERS_MAX:
        message = f"a simulated city has {DOSSIERS_MIN:,} to {DOSSIERS_MAX:,} dossiers, not {dossiers:,}"
        raise ValueError(message)
    chance = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    share = _Shares(dossiers, round(dossiers * _CABINETS_SHARE), round(dossiers * _OUT_SHARE))
    plan = floor.plan_floor(share.mobile, share.in_cabinets, windows())
    employers = subjects.employers()
    return City(
        seed,
        _agencies(),
        plan.places,
        reader_rows(plan, [code for code, _ in windows()]) + (zone_rows(plan) if zones else ()),
        plan.shelves,
        employers,
        _dossiers(plan, share, len(employers), chance),
    )


def windows() -> tuple[tuple[str, str], ...]:
    """Code and name of the counties' windows."""
    return tuple((f"{floor.WAREHOUSE}-WINDOW-{code}", f"{district}窗口") for code, district, _ in _COUNTIES)


def _agencies() -> tuple[AgencyRow, ...]:
    return (
        AgencyRow(CITY_AGENCY, "济南市流动人员人事档案管理服务中心", AgencyLevel.CITY, None, None, None, None),
        *(
            AgencyRow(code, f"{district}流动人员档案管理服务中心", AgencyLevel.COUNTY, CITY_AGENCY, None, None, None)
            for code, district, _ in _COUNTIES
        ),
    )


# ── Dossiers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Shares(NamedTuple):
    """How many dossiers there are, and how many of them don't stand in the mobile shelving."""

    all: int
    in_cabinets: int
    out: int

    @property
    def mobile(self) -> int:
        return self.all - self.in_cabinets - self.out


def _dossiers(plan: Floor, share: _Shares, employers: int, chance: Chance) -> Dossiers:
    count = share.all
    shares = [1 - sum(share for *_, share in _COUNTIES), *(share for *_, share in _COUNTIES)]
    agency = np.sort(chance.choice(len(shares), count, p=shares)).astype(np.int32)
    persons = subjects.people(count, chance)
    individual = chance.random(count) < _INDIVIDUAL_SHARE
    employer = chance.integers(1, employers, count)
    unknown = individual & (chance.random(count) > _FORMER_EMPLOYER_KNOWN_SHARE)
    return Dossiers(
        _numbers(agency),
        persons.name,
        persons.id_number,
        agency,
        np.where(unknown, 0, employer).astype(np.int32),
        individual,
        _deposit_dates(persons.born_on, chance),
        _aliases(count, chance),
        _epcs(count, chance),
        _tids(count, chance),
        _places(plan, share, chance),
    )


def _numbers(agency: Indexes) -> NDArray[np.bytes_]:
    """`AAAAAA-BB-NNNNNNN-C` with the check character of ISO 7064 MOD 37,36 over its 15 digits."""
    divisions = np.array([int(CITY_AGENCY), *(int(code) for code, *_ in _COUNTIES)])[agency]
    running = np.arange(len(agency)) - np.searchsorted(agency, agency) + 1
    figures = subjects.digits((divisions * 100 + int(_AGENCY_SERIAL)) * 10**7 + running, 15)
    product = np.full(len(agency), 36)
    for column in figures.T:
        rest = (product + column - ord("0")) % 36
        product = np.where(rest == 0, 36, rest) * 2 % 37
    check = _CHECK_ALPHABET[(37 - product) % 36]
    hyphen = np.full((len(agency), 1), ord("-"), np.uint8)
    parts = [figures[:, :6], hyphen, figures[:, 6:8], hyphen, figures[:, 8:], hyphen, check[:, None]]
    return subjects.as_text(np.hstack(parts))


def _deposit_dates(born_on: NDArray[np.datetime64], chance: Chance) -> NDArray[np.datetime64]:
    """Any day between the person's coming of age, but not before 1990, and the end of 2025."""
    earliest = np.maximum(born_on + np.timedelta64(18 * 366, "D"), np.datetime64("1990-01-02", "D"))
    days = (np.datetime64("2026-01-01", "D") - earliest).astype(np.int64)
    return np.asarray(earliest + (chance.random(len(born_on)) * days).astype("timedelta64[D]"))


def _aliases(count: int, chance: Chance) -> NDArray[np.bytes_]:
    """Old numbers of an agency before its merger, as `LD061234567`."""
    old = subjects.digits(np.arange(count, dtype=np.int64) * 7 + 60_000_000, 9)
    head = np.broadcast_to(np.frombuffer(b"LD", np.uint8), (count, 2))
    written = subjects.as_text(np.hstack([head, old]))
    return np.where(chance.random(count) < _ALIAS_SHARE, written, b"")


def _epcs(count: int, chance: Chance) -> Bytes:
    """GID-96 of the class for dossiers; the serial says nothing about the dossier."""
    head = np.frombuffer(gid96(floor.EPC_MANAGER, floor.EPC_CLASS_DOSSIER, 0), np.uint8)
    serial = _scattered(count, _SERIAL_BITS, _SERIAL_FACTOR, chance)
    epc = np.broadcast_to(head, (count, 12)).copy()
    epc[:, 4:] |= serial.astype(">u8").view(np.uint8).reshape(count, 8)
    return epc


def _tids(count: int, chance: Chance) -> Bytes:
    chip = _scattered(count, _CHIP_BITS, _CHIP_FACTOR, chance).astype(">u8").view(np.uint8).reshape(count, 8)
    head = np.broadcast_to(np.frombuffer(_CHIP_HEAD, np.uint8), (count, 6))
    return np.hstack([head, chip[:, 2:]])


def _scattered(count: int, bits: int, factor: int, chance: Chance) -> NDArray[np.uint64]:
    first = chance.integers(0, 1 << bits, dtype=np.uint64)
    return (np.arange(count, dtype=np.uint64) * np.uint64(factor) + first) & np.uint64((1 << bits) - 1)


def _places(plan: Floor, share: _Shares, chance: Chance) -> Indexes:
    """Where the ledger has each: drawn ones in cabinets or out, the others in order along the shelves of each block."""
    place = np.empty(share.all, np.int32)
    drawn = chance.permutation(share.all)[: share.in_cabinets + share.out]
    order = np.ones(share.all, bool)
    order[drawn] = False
    shelves = plan.shelves
    place[drawn[: share.in_cabinets]] = _filled(share.in_cabinets, shelves.place[~shelves.mobile], chance)
    code_at = {row.code: index for index, row in enumerate(plan.places)}
    outside = [*floor.DESKS, floor.CARTS[1], floor.QUARANTINE, *(code for code, _ in windows())]
    stations = np.array([code_at[code] for code in outside], np.int32)
    place[drawn[share.in_cabinets :]] = stations[np.arange(share.out) % len(stations)]
    blocks = int(shelves.block[shelves.mobile].max()) + 1
    for block, part in enumerate(np.array_split(np.flatnonzero(order), blocks)):
        place[part] = _filled(len(part), shelves.place[shelves.mobile & (shelves.block == block)], chance)
    return place


def _filled(count: int, shelves: Indexes, chance: Chance) -> Indexes:
    """So many dossiers on `shelves` in their order, each as full as people fill it; the last ones stay empty."""
    fill = np.clip(
        np.rint(chance.normal(*_SHELF_VOLUMES, len(shelves))),
        floor.SHELF_FILL_VOLUMES_MIN,
        floor.SHELF_CAPACITY_VOLUMES,
    )
    return shelves[np.searchsorted(np.cumsum(fill), np.arange(count), side="right")]


# ── Import files ─────────────────────────────────────────────────────────────────────────────────────────────────────

Cell: TypeAlias = str | int | float | None


def write_registers(city: City, directory: Path) -> None:
    """Write agencies.csv, places.csv, readers.csv and dossiers.csv, UTF-8, as `guiwei import` reads them."""
    for register, rows in ((AGENCIES, city.agencies), (PLACES, city.places), (READERS, city.readers)):
        _write(directory, register, (tuple(map(_cell, astuple(row))) for row in rows))
    _write(directory, DOSSIERS, _dossier_cells(city))


def _write(directory: Path, register: Register[Any], rows: Iterable[tuple[Cell, ...]]) -> None:
    with (directory / f"{register.name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in register.columns])
        writer.writerows(rows)


def _cell(value: bytes | date | Cell) -> Cell:
    match value:
        case bytes():
            return value.hex().upper()
        case date():
            return value.isoformat()
    return value


def _dossier_cells(city: City) -> Iterator[tuple[Cell, ...]]:
    """One tuple a dossier, its cells in the order of the register's columns, some thousands converted at a time."""
    dossiers = city.dossiers
    agencies = np.array([row.code for row in city.agencies])
    places = np.array([row.code for row in city.places])
    employers = np.array(city.employers)
    for start in range(0, len(dossiers), ROWS_PER_WRITE):
        part = slice(start, start + ROWS_PER_WRITE)
        texts: dict[str, list[str]] = {
            "number": dossiers.number[part].astype(str).tolist(),
            "name": dossiers.name[part].tolist(),
            "id_number": dossiers.id_number[part].astype(str).tolist(),
            "holding_agency": agencies[dossiers.agency[part]].tolist(),
            "epc": hexadecimal(dossiers.epc[part]),
            "tid": hexadecimal(dossiers.tid[part]),
            "place": places[dossiers.place[part]].tolist(),
            "aliases": dossiers.alias[part].astype(str).tolist(),
            "employer": employers[dossiers.employer[part]].tolist(),
            "deposit_type": np.where(dossiers.individual[part], "个人存档", "单位存档").tolist(),
            "deposited_on": np.datetime_as_string(dossiers.deposited_on[part], "D").tolist(),
        }
        rows = len(texts["number"])
        constant = {"volume": ["1"] * rows}
        empty = [""] * rows
        columns = [texts.get(column.name) or constant.get(column.name, empty) for column in DOSSIERS.columns]
        yield from zip(*columns, strict=True)


def hexadecimal(memory: Bytes) -> list[str]:
    """Rows of bytes as upper-case hexadecimal."""
    width = memory.shape[1] * 2
    written = memory.tobytes().hex().upper()
    return [written[start : start + width] for start in range(0, len(written), width)]
