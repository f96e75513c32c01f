"""Lists that leave the house as CSV or .xlsx: each says who took it and when, and no cell of it is ever a formula.

Both are made in constant memory, however long the list; its last line says how many rows it has, so that one that was cut off
on its way shows.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from openpyxl import Workbook

_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "|")
_CELL_CHARACTERS_MAX = 32_000  # A spreadsheet holds 32,767.


PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list: its title, columns and rows, who exports it, when (local time) and under which copy number."""

    title: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[str | None]]
    exported_by: str
    exported_at: datetime
    copy: str

    @property
    def watermark(self) -> str:
        """Who took it, when, and the number under which the access log knows of it."""
        return (
            f"{self.title} · 导出人 exported by {self.exported_by} · {self.exported_at:%Y-%m-%d %H:%M:%S %z}"
            f" · 份号 copy {self.copy}"
        )


def harmless(text: str | None) -> str:
    """A cell as text: what a spreadsheet would run as a formula begins with an apostrophe, control characters go."""
    kept = "".join(sign for sign in text or "" if sign.isprintable() or sign == "\n")[:_CELL_CHARACTERS_MAX]
    # Spreadsheets look past blanks, and take the wide forms of a Chinese keyboard for the narrow ones.
    begins = (text or "").lstrip(" \u3000").translate(_WIDE)
    return f"'{kept}" if begins.startswith(_FORMULA_BEGINS) else kept


_WIDE = str.maketrans("＝＋－＠｜", "=+-@|")


def csv_pieces(sheet: Sheet) -> Iterator[bytes]:
    """UTF-8 with the mark that makes spreadsheets read it as such, piece by piece; the first line is the watermark."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    for line in _lines(sheet):
        writer.writerow(line)
        if out.tell() >= PIECE_BYTES:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def xlsx_pieces(sheet: Sheet) -> Iterator[bytes]:
    """One worksheet, piece by piece; the watermark is its first line and stands on every printed page."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title[:31])
    page.oddHeader.center.text = page.oddFooter.center.text = sheet.watermark.replace("&", "&&")
    for line in _lines(sheet):
        page.append(line)
    with tempfile.TemporaryFile() as out:
        book.save(out)
        out.seek(0)
        while piece := out.read(PIECE_BYTES):
            yield piece


def _lines(sheet: Sheet) -> Iterator[list[str]]:
    yield [harmless(sheet.watermark)]
    yield [harmless(column) for column in sheet.columns]
    rows = 0
    for row in sheet.rows:
        yield [harmless(cell) for cell in row]
        rows += 1
    yield [f"完 end · {rows} 条 rows"]
