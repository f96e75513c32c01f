"""Registers that agencies send are opened by the command line: what they unpack to is known before it is unpacked."""

import zipfile
from pathlib import Path

import pytest

from inventory.domain.refusals import FileUnreadable
from inventory.domain.registers import DOSSIERS
from inventory.operations import register_files
from tests.attacks.bombs import bomb


@pytest.mark.parametrize("kind", ["ratio", "parts"])
def test_a_bomb_among_the_registers_is_refused_before_it_is_unpacked(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "dossiers.xlsx"
    if kind == "ratio":
        path.write_bytes(bomb())
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for part in range(register_files.XLSX_PARTS_MAX + 1):
                archive.writestr(f"xl/{part}", b"")
    with pytest.raises(FileUnreadable) as refused:
        register_files.read_register(path, DOSSIERS)
    assert "unpacks to more than we take" in refused.value.sentence("en")
