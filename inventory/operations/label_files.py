"""A handheld's file along a shelf of new labels: rows with a printed code, an EPC, a TID, together or one after another."""

from itertools import islice
from pathlib import Path

from inventory.domain.identifiers import folded_width
from inventory.domain.read_files import ReadColumn, guessed
from inventory.domain.refusals import FileUnreadable
from inventory.operations.register_files import Written, rows_of
from inventory.operations.verifying_labels import SCANS_MAX

_SAID = (ReadColumn.BARCODE, ReadColumn.EPC, ReadColumn.TID)


def scans_in_file(path: Path) -> list[str]:
    """The file's printed codes, EPCs and TIDs in the order they were read; its columns are known by their names.

    Raises `FileUnreadable` where a column for one of the three is missing, or it has more rows than are verified at once.
    """
    written = rows_of(path)
    header = [name.strip() for name in next(written, Written([], {})).texts]
    columns = guessed(header)
    if missing := [column for column in _SAID if column not in columns]:
        zh, en = "、".join(one.zh for one in missing), ", ".join(one.en for one in missing)
        raise FileUnreadable(file=path.name, problem_zh=f"表头中没有列：{zh}", problem_en=f"it has no column for {en}")
    positions = [header.index(columns[column]) for column in _SAID]
    scans: list[str] = []
    for texts, _ in islice(written, SCANS_MAX + 1):
        told = (folded_width(texts[at]).strip() if at < len(texts) else "" for at in positions)
        scans.extend(cell for cell in told if cell)
    if len(scans) > SCANS_MAX:
        raise FileUnreadable(
            file=path.name, problem_zh=f"超过 {SCANS_MAX} 个码", problem_en=f"it has more than {SCANS_MAX} codes"
        )
    return scans
