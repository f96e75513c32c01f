"""Readers that look into aisles, speaking as the others do: what they say points at the aisle that is open."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from devices.dialects import DIALECTS
from devices.simulator.all_readers import make_readers
from devices.simulator.city import City, make_city, write_registers
from devices.simulator.floor import NO_SHELF
from devices.simulator.truth import Standing, make_truth
from devices.simulator.zone_readers import ZoneReader
from inventory.domain.registers import AntennaRole
from tests.simulator.conftest import MORNING

DOSSIERS, SEED = 6_000, 5


@pytest.fixture(scope="module", name="zoned")
def _zoned() -> tuple[City, Standing]:
    city = make_city(DOSSIERS, seed=SEED, zones=True)
    return city, Standing(city, make_truth(city, SEED))


def zone_readers(zoned: tuple[City, Standing], closed: set[int] | None = None) -> list[ZoneReader]:
    readers = make_readers(*zoned, speed=10, closed=closed or ())
    return [reader for reader in readers if isinstance(reader, ZoneReader)]


def test_each_aisle_has_an_antenna_at_a_place_of_its_own(zoned: tuple[City, Standing], tmp_path: Path) -> None:
    city, _ = zoned
    aisles = {(row.block, row.aisle) for row in city.places if row.aisle}
    place = {row.code: row for row in city.places}
    rows = [row for row in city.readers if row.role is AntennaRole.ZONE]
    assert sorted((place[row.place or ""].block, place[row.place or ""].aisle) for row in rows) == sorted(
        aisles, key=str
    )
    assert {row.role for row in make_city(DOSSIERS, seed=SEED).readers}.isdisjoint({AntennaRole.ZONE})
    write_registers(city, tmp_path)
    assert (tmp_path / "readers.csv").read_text("utf-8").count(",zone,") == len(rows)


def test_what_is_heard_stands_in_the_open_aisle_or_back_to_back_with_it(zoned: tuple[City, Standing]) -> None:
    city, standing = zoned
    dossier = {epc.tobytes(): number for number, epc in enumerate(city.dossiers.epc)}
    aisle_of = {row.code: row.aisle for row in city.places}
    shelf_at = {int(place): shelf for shelf, place in enumerate(city.shelves.place)}
    where = np.full(len(city.dossiers), -1)
    for place in range(len(city.places)):
        at = standing.at(place)
        where[at[at < len(where)]] = place
    heard, strays = 0, 0
    for reader in zone_readers(zoned):
        looks_into = {row.antenna: aisle_of[row.place or ""] for row in city.readers if row.reader == reader.code}
        antennas = []
        for look in range(12):
            began = MORNING + timedelta(minutes=look)
            burst = reader.burst(began)
            assert all(0 <= message.due_seconds <= burst.seconds for message in burst.messages)
            readings = [one for m in burst.messages for one in DIALECTS["impinj"](m.payload, "Asia/Shanghai").readings]
            assert len({reading.antenna for reading in readings}) <= 1, "one aisle of a block is open at a time"
            antennas += [reading.antenna for reading in readings][:1]
            for reading in readings:
                place = where[dossier[reading.epc]] if reading.epc in dossier else -1
                if place < 0:
                    continue
                shelf = shelf_at[int(place)]
                behind = int(city.shelves.behind[shelf])
                aisles = [aisle_of[city.places[place].code]]
                aisles += [aisle_of[city.places[int(city.shelves.place[behind])].code]] if behind != NO_SHELF else []
                assert looks_into[reading.antenna] in aisles
                heard, strays = heard + 1, strays + (looks_into[reading.antenna] != aisles[0])
        assert len(set(antennas)) > 1, "aisles are opened in turn"
    assert heard > 1_000
    assert 0 < strays < 0.2 * heard


def test_an_aisle_nobody_opens_is_never_looked_into(zoned: tuple[City, Standing]) -> None:
    city, _ = zoned
    everything = set(np.flatnonzero(city.shelves.mobile).tolist())
    for reader in zone_readers(zoned, closed=everything):
        messages = [message for _ in range(3) for message in reader.burst(MORNING).messages]
        assert messages, "it says that it is there"
        assert [DIALECTS["impinj"](message.payload, "Asia/Shanghai").readings for message in messages] == [[]] * len(
            messages
        )
