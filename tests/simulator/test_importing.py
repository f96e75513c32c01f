"""A simulated city is taken in by the same import as a real one."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from devices.simulator.city import City, write_registers
from inventory.operations.importing import import_register
from tests.conftest import Archive


def test_the_whole_city_imports_and_every_dossier_stands_where_its_register_says(
    archive: Archive, city: City, tmp_path: Path
) -> None:
    write_registers(city, tmp_path)
    imported = {
        register: import_register(
            archive.owner, register, tmp_path / f"{register}.csv", UUID(int=number), datetime.now(UTC)
        ).imported
        for number, register in enumerate(("agencies", "places", "readers", "dossiers"), 1)
    }
    assert imported == {
        "agencies": len(city.agencies),
        "places": len(city.places),
        "readers": len(city.readers),
        "dossiers": len(city.dossiers),
    }
    for index in range(0, len(city.dossiers), 500):
        where = archive.where(city.dossiers.number[index].decode())
        assert where == city.places[city.dossiers.place[index]].code
