"""Import files as rows: CSV in UTF-8 or GB 18030, and .xlsx, told apart by their content.

A CSV file is read once to find its encoding and once for its rows, in pieces; of an .xlsx file only the table of shared
texts is held whole. What can't be read is refused with `FileUnreadable`; what is wrong inside a row is an item like any
other, so that a caller can report all errors at once.
"""

import codecs
import csv
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import openpyxl
from openpyxl.cell.cell import ERROR_CODES

from inventory.domain.refusals import FileUnreadable
from inventory.domain.registers import CellError, Layout, Register, RowErrors

FILE_BYTES_MAX = 4 * 1024**3
CHUNK_BYTES = 1024**2
COLUMNS_MAX = 64
HEADER_PROBLEMS_SHOWN_MAX = 10
PROGRESS_ROWS = 5_000
UTF_8_CHARACTERS_TO_JUDGE_BY = 8  # Text in GB 18030 never looks like so much UTF-8 by chance.
XLSX_UNPACKED_BYTES_MAX = 2 * 1024**3  # A million dossiers unpack to about half of this.
XLSX_PARTS_MAX = 1_000  # A workbook has some ten.
XLSX_UNPACKED_TO_PACKED_MAX = (
    200  # Excel's own sheets unpack to 20 times their size at most; a bomb to a thousand times.
)
XLSX_RATIO_JUDGED_FROM_BYTES = 64 * 1024**2
XLSX_SHARED_TEXT_BYTES_MAX = 512 * 1024**2  # openpyxl holds these in memory.
XLSX_ROWS_MAX = 1_048_576  # Excel's own limit; a file that names a later row would have us count for ever.
SPREADSHEET_DIGITS_MAX = 15  # Excel keeps no more of a number: the end of an ID number becomes zeros.

_ZIP_MAGIC = b"PK\x03\x04"
_OLD_OFFICE_MAGIC = b"\xd0\xcf\x11\xe0"
_CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\r\n"))

Row = TypeVar("Row")
Progress = Callable[[int, int], None]


class Written(NamedTuple):
    """A row as it stands in the file; `spoilt` says by position what a spreadsheet has lost in a cell (zh, en)."""

    texts: list[str]
    spoilt: dict[int, tuple[str, str]]


def _no_progress(done_bytes: int, total_bytes: int) -> None:
    """Nobody is watching."""


def read_register(
    path: Path, register: Register[Row], on_progress: Progress = _no_progress
) -> Iterator[tuple[int, Row | RowErrors]]:
    """The rows of an import file, each with its number as a spreadsheet shows it (the header is row 1).

    An item is a row, or a tuple of all its errors; empty rows are passed over. `on_progress(done_bytes, total_bytes)`
    is called now and then and at the end. Raises `FileUnreadable`: for the file and its header at once, for a file that
    breaks further down when it gets there.
    """
    written = rows_of(path, on_progress)
    header = next(written, None)
    if header is None or not any(header.texts):
        raise _unreadable(path, "文件为空或第一行不是表头", "it is empty, or its first row is no header")
    layout = register.layout(header.texts)
    if isinstance(layout, tuple):
        raise _header_refusal(path, header.texts, layout)
    return _read_rows(layout, header.texts, written)


def _read_rows(
    layout: Layout[Row], header: Sequence[str], written: Iterable[Written]
) -> Iterator[tuple[int, Row | RowErrors]]:
    names = [name.strip().lower() for name in header]
    for row_number, (texts, spoilt) in enumerate(written, start=2):
        if not any(map(str.strip, texts)):
            continue
        row = layout.read(texts)
        if spoilt:
            found = [
                CellError(names[position] if position < len(names) else "", *problem)
                for position, problem in spoilt.items()
            ]
            named = {error.column for error in found}
            others = [error for error in row if error.column not in named] if isinstance(row, tuple) else []
            row = (*found, *others)
        yield row_number, row


def rows_of(path: Path, on_progress: Progress = _no_progress) -> Iterator[Written]:
    """The rows of the file, header first, whatever kind of file it is; raises `FileUnreadable`."""
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            magic = file.read(len(_ZIP_MAGIC))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(path, "文件不存在或无权读取", "there is no such file, or it may not be read") from error
    if size_bytes > FILE_BYTES_MAX:
        raise _unreadable(path, f"文件超过 {FILE_BYTES_MAX >> 30} GiB", f"it is larger than {FILE_BYTES_MAX >> 30} GiB")
    if magic == _OLD_OFFICE_MAGIC:
        raise _unreadable(
            path,
            "这是旧版 .xls 或加密的表格，请另存为 .xlsx 或 CSV",
            "it is an old .xls or an encrypted sheet; save it as .xlsx or CSV",
        )
    if magic == _ZIP_MAGIC:
        return _xlsx_rows(path, size_bytes, on_progress)
    return _csv_rows(path, _encoding_of(path), size_bytes, on_progress)


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _encoding_of(path: Path) -> str:
    """The encoding the whole file is strictly written in; raises `FileUnreadable`."""
    broken_after = _characters_before_error(path, "utf-8-sig")
    if broken_after is None:
        return "utf-8-sig"
    # GB 18030 takes most damaged UTF-8 for Chinese, and the names would be nonsense.
    if broken_after >= UTF_8_CHARACTERS_TO_JUDGE_BY:
        raise _unreadable(
            path, "UTF-8 文本中有损坏的字节，或文件不完整", "it is text in UTF-8 with damaged bytes, or cut off"
        )
    if _characters_before_error(path, "gb18030") is None:
        return "gb18030"
    raise _no_text(path)


def _characters_before_error(path: Path, encoding: str) -> int | None:
    """How many characters beyond ASCII stand before the first error, None where the whole file is well written."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    characters = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK_BYTES)
            if len(chunk.translate(None, _CONTROL_BYTES)) != len(chunk):
                raise _no_text(path)
            try:
                characters += _beyond_ascii(decoder.decode(chunk, final=not chunk))
            except UnicodeDecodeError as error:
                return characters + _beyond_ascii(error.object[: error.start].decode(encoding, "ignore"))
            if not chunk:
                return None


def _beyond_ascii(text: str) -> int:
    return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))


def _csv_rows(path: Path, encoding: str, size_bytes: int, on_progress: Progress) -> Iterator[Written]:
    with path.open("rb") as file, TextIOWrapper(file, encoding, newline="") as text:
        reader = csv.reader(text, strict=True)
        intact: dict[int, tuple[str, str]] = {}
        row_number = 0
        try:
            for row_number, cells in enumerate(reader, start=1):
                if row_number % PROGRESS_ROWS == 0:
                    on_progress(file.tell(), size_bytes)
                yield Written(cells, intact)
        except (csv.Error, UnicodeDecodeError) as error:  # UnicodeDecodeError: somebody is writing the file meanwhile
            raise _unreadable(
                path,
                f"第{row_number + 1}行的引号不成对或单元格过长",
                f"row {row_number + 1} has an unpaired quotation mark or far too long a cell",
            ) from error
    on_progress(size_bytes, size_bytes)


# ── .xlsx ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _xlsx_rows(path: Path, size_bytes: int, on_progress: Progress) -> Iterator[Written]:
    """The rows of the first sheet, formulas by the values Excel last worked out."""
    with path.open("rb") as file:  # Opened here, because openpyxl leaves a damaged file open.
        rows, rows_stated = _sheet_rows(path, file)
        for row_number in range(1, XLSX_ROWS_MAX + 2):
            try:
                values = next(rows, None)
            except Exception as error:  # The rows are parsed as they are asked for.
                raise _damaged(path) from error
            if values is None:
                break
            if row_number > XLSX_ROWS_MAX:
                raise _damaged(path)
            if row_number % PROGRESS_ROWS == 0:
                on_progress(size_bytes * min(row_number, rows_stated) // rows_stated, size_bytes)
            yield _written(values)
    on_progress(size_bytes, size_bytes)


def _sheet_rows(path: Path, file: BinaryIO) -> tuple[Iterator[tuple[object, ...]], int]:
    """The values of the first sheet row by row, and how many rows it says it has."""
    _refuse_bomb(path, file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl comments on styles and validations nobody asked it about.
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        rows_stated = min(sheet.max_row or XLSX_ROWS_MAX, XLSX_ROWS_MAX)
        sheet.reset_dimensions()  # Some programs state A1:A1 and write a thousand rows.
        return sheet.iter_rows(max_row=XLSX_ROWS_MAX + 1, max_col=COLUMNS_MAX, values_only=True), rows_stated
    except Exception as error:  # A damaged file makes openpyxl raise nearly anything.
        raise _damaged(path) from error


def _refuse_bomb(path: Path, file: BinaryIO) -> None:
    """A zip never unpacks to more than it states, so what it states is enough to judge it by."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path) from error
    unpacked_bytes = sum(part.file_size for part in parts)
    shared_bytes = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    packed_bytes = sum(part.compress_size for part in parts)
    swells = (
        unpacked_bytes > XLSX_RATIO_JUDGED_FROM_BYTES and unpacked_bytes > XLSX_UNPACKED_TO_PACKED_MAX * packed_bytes
    )
    too_much = unpacked_bytes > XLSX_UNPACKED_BYTES_MAX or shared_bytes > XLSX_SHARED_TEXT_BYTES_MAX
    if too_much or swells or len(parts) > XLSX_PARTS_MAX:
        raise _unreadable(
            path,
            "表格解压后过大，请另存为 CSV",
            "the sheet unpacks to more than we take; save it as CSV",
        )


def _written(values: Sequence[object]) -> Written:
    texts, spoilt = [], {}
    for position, value in enumerate(values):
        if isinstance(value, str):
            texts.append(value)
            if value.startswith("#") and value in ERROR_CODES:
                spoilt[position] = ("单元格是公式错误值", "the cell holds the error of a formula")
        elif value is None:
            texts.append("")
        else:
            texts.append(_plain_text(value))
            if isinstance(value, int | float) and abs(value) >= 10**SPREADSHEET_DIGITS_MAX:
                spoilt[position] = (
                    f"电子表格的数字只保留{SPREADSHEET_DIGITS_MAX}位，末尾已丢失，请把该列设为文本后重新填写",
                    (
                        f"a spreadsheet keeps {SPREADSHEET_DIGITS_MAX} digits of a number and has lost the rest; "
                        "make the column text and fill it in again"
                    ),
                )
    while texts and not texts[-1]:
        texts.pop()
    return Written(texts, spoilt)


def _plain_text(value: object) -> str:
    """The cell as a person would write it: whole numbers without `.0`, days without a time."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unreadable(path: Path, problem_zh: str, problem_en: str) -> FileUnreadable:
    return FileUnreadable(file=path.name, problem_zh=problem_zh, problem_en=problem_en)


def _damaged(path: Path) -> FileUnreadable:
    return _unreadable(path, "表格文件已损坏或不是 .xlsx", "the sheet is damaged or is no .xlsx")


def _no_text(path: Path) -> FileUnreadable:
    return _unreadable(
        path,
        "内容不是 UTF-8 或 GB 18030 的文本，也不是 .xlsx",
        "it is neither text in UTF-8 or GB 18030 nor .xlsx",
    )


def _header_refusal(path: Path, header: Sequence[str], errors: RowErrors) -> FileUnreadable:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t，|"):
        return _unreadable(path, "各列应以英文逗号分隔", "its columns must be separated by commas")
    shown = errors[:HEADER_PROBLEMS_SHOWN_MAX]
    more = len(errors) > len(shown)
    return _unreadable(
        path,
        "表头有误：" + "；".join(f"{error.column}：{error.problem_zh}" for error in shown) + ("……" if more else ""),
        "wrong header: "
        + "; ".join(f"{error.column}: {error.problem_en}" for error in shown)
        + (" ..." if more else ""),
    )
