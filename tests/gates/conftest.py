"""A warehouse with a gate, and what its process tells."""

import pytest

from tests.conftest import Archive
from tests.gates.telling import Gate


@pytest.fixture
def gate(archive: Archive) -> Gate:
    """Gate G-1; D-1 to D-3 stand on a shelf, D-4 hasn't come yet."""
    archive.shelf("A-01")
    archive.place("G-1", "gate", parent="W1-R1")
    for number in ("D-1", "D-2", "D-3"):
        archive.dossier(number, on="A-01", epc=f"3500E86F8000A9E00000{number[2:]:0>4}")
    archive.dossier("D-4", epc="3500E86F8000A9E000000004")
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('G1', 'native', 'guiwei/W1/G1/reads', 'UTC')"
    )
    archive.root.execute(
        "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, number, role, place.id FROM reader, place, "
        "(VALUES (1, 'gate_inner'), (2, 'gate_outer')) AS seat (number, role) WHERE place.code = 'G-1' AND reader.code = 'G1'"
    )
    archive.root.execute("UPDATE registry_version SET version = version + 1")
    return Gate(archive)
