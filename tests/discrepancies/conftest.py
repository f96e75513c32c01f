"""A warehouse with shelves in a bay, and its nights."""

import pytest

from tests.conftest import Archive
from tests.discrepancies.nights import Nights


@pytest.fixture
def nights(archive: Archive) -> Nights:
    """Bays B-1 and B-2 with two shelves each; D-1 to D-3 stand on the first."""
    for bay in ("B-1", "B-2"):
        archive.place(bay, "bay", parent="W1-R1")
        for level in (1, 2):
            archive.place(f"{bay}-{level}", "shelf", parent=bay)
    archive.place("K-1", "cart", parent="W1-R1")
    archive.desk()
    for number in ("D-1", "D-2", "D-3"):
        archive.dossier(number, on="B-1-1", epc=f"3500E86F8000A9E00000{number[2:]:0>4}")
    return Nights(archive)
