"""Lists that leave the house as CSV or .xlsx: each says who took it and when, and no cell of it is ever a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from openpyxl import Workbook

_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "|")
_CELL_CHARACTERS_MAX = 32_000  # A spreadsheet holds 32,767.


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list: its title, columns and rows, who exports it and when (local time, the title bar says so)."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str | None]]
    exported_by: str
    exported_at: datetime

    @property
    def watermark(self) -> str:
        """Who took it and when."""
        return f"{self.title} · 导出人 exported by {self.exported_by} · {self.exported_at:%Y-%m-%d %H:%M:%S %z}"


def harmless(text: str | None) -> str:
    """A cell as text: what a spreadsheet would run as a formula begins with an apostrophe, control characters go."""
    kept = "".join(sign for sign in text or "" if sign.isprintable() or sign == "\n")[:_CELL_CHARACTERS_MAX]
    # Spreadsheets look past blanks, and take the wide forms of a Chinese keyboard for the narrow ones.
    begins = (text or "").lstrip(" \u3000").translate(_WIDE)
    return f"'{kept}" if begins.startswith(_FORMULA_BEGINS) else kept


_WIDE = str.maketrans("＝＋－＠｜", "=+-@|")


def csv_bytes(sheet: Sheet) -> bytes:
    """UTF-8 with the mark that makes spreadsheets read it as such; the first line is the watermark."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows(_lines(sheet))
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(sheet: Sheet) -> bytes:
    """One worksheet; the watermark is its first line and stands on every printed page."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet.title[:31])
    page.oddHeader.center.text = page.oddFooter.center.text = sheet.watermark.replace("&", "&&")
    for line in _lines(sheet):
        page.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _lines(sheet: Sheet) -> Iterable[list[str]]:
    yield [harmless(sheet.watermark)]
    yield [harmless(column) for column in sheet.columns]
    for row in sheet.rows:
        yield [harmless(cell) for cell in row]
