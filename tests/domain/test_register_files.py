"""Import files as people really send them: two encodings, spreadsheets, and everything that goes wrong with them."""

import io
import re
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.refusals import FileUnreadable
from inventory.domain.registers import AGENCIES, DOSSIERS, DossierRow, Register
from inventory.operations.register_files import CHUNK_BYTES, PROGRESS_ROWS, XLSX_SHARED_TEXT_BYTES_MAX, read_register

HEADER = "number,name,id_number,holding_agency,epc,tid,place"
ROW = "D-17,单雄信,11010519491231002X,370102,3500E86F8000A9E000000586,E2801160,A-03-2"
RARE = "D-18,𠮷\U00031350野,,370102,,,"  # both characters outside the basic plane: four bytes each in GB 18030


def csv_file(folder: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "dossiers.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def sheet(folder: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    assert book.worksheets
    for row in rows:
        book.worksheets[0].append(row)
    path = folder / "dossiers.xlsx"
    book.save(path)
    return path


def read(path: Path, register: Register[Any] = DOSSIERS) -> dict[int, Any]:
    return dict(read_register(path, register))


def refusal(path: Path) -> str:
    with pytest.raises(FileUnreadable) as refused:
        read(path)
    assert path.name in refused.value.sentence("zh")
    assert str(path.parent) not in str(refused.value)
    return str(refused.value.facts["problem_en"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_both_encodings_are_read_with_rare_characters(tmp_path: Path, encoding: str, line_end: str) -> None:
    rows = read(csv_file(tmp_path, line_end.join([HEADER, ROW, RARE]), encoding))
    assert [(number, row.number, row.name) for number, row in rows.items()] == [
        (2, "D-17", "单雄信"),
        (3, "D-18", "𠮷\U00031350野"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("bytes_before_the_cut", [0, 1, 2, 3, 4])
def test_a_character_cut_in_two_between_pieces_is_whole(
    tmp_path: Path, encoding: str, bytes_before_the_cut: int
) -> None:
    blank_row = " " * 100_000 + "\n"
    before = f"{HEADER}\n" + blank_row * (CHUNK_BYTES // len(blank_row))
    before += " " * (CHUNK_BYTES - len(before) - len("\nD-18,") - bytes_before_the_cut) + "\n"
    (row,) = read(csv_file(tmp_path, before + RARE, encoding)).values()
    assert row.name == "𠮷\U00031350野"


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60)


@given(st.lists(names, min_size=1, max_size=5), st.sampled_from(["utf-8", "utf-8-sig"]))
def test_every_name_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, people: list[str], encoding: str
) -> None:
    lines = [HEADER] + [
        f'D-{number},"{name.replace(chr(34), chr(34) * 2)}",,370102,,,' for number, name in enumerate(people)
    ]
    rows = read(csv_file(tmp_path_factory.mktemp("csv"), "\n".join(lines), encoding))
    assert [row.name if isinstance(row, DossierRow) else row for row in rows.values()] == people


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    text = f'{HEADER}\n\n{ROW}\n,,,,,,\n"D-19","two\nlines",,370102,,,\n{ROW}\n'
    rows = read(csv_file(tmp_path, text))
    assert list(rows) == [3, 5, 6]
    assert [error.column for error in rows[5]] == ["name"]


def test_errors_stand_among_the_rows_with_their_column(tmp_path: Path) -> None:
    rows = read(csv_file(tmp_path, f"{HEADER}\n{ROW}\nD-20,,,,,,\n{ROW}"))
    assert [isinstance(row, DossierRow) for row in rows.values()] == [True, False, True]
    assert [error.column for error in rows[3]] == ["name", "holding_agency"]


def test_progress_ends_with_the_whole_file(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER + f"\n{ROW}" * (2 * PROGRESS_ROWS))
    seen: list[tuple[int, int]] = []
    rows = read_register(path, DOSSIERS, lambda done, total: seen.append((done, total)))
    assert sum(1 for _ in rows) == 2 * PROGRESS_ROWS
    size = path.stat().st_size
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == (size, size)


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", ",,,\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(csv_file(tmp_path, text)) == "it is empty, or its first row is no header"


def test_a_header_without_rows_is_no_rows(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, HEADER)) == {}


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ROW}".encode("utf-16"),
        f"{HEADER}\nD-1,\0".encode(),
        b"number,name\n\xff\xfe\xff",
        b"%PDF-1.7\n\x00\x01",
        bytes(range(0x80, 0x100)) * 30,
        f"{HEADER}\nD-1,单".encode("gb18030")[:-1],
    ],
    ids=["utf-16", "nul", "bytes", "pdf", "noise", "cut"],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(csv_file(tmp_path, content)) == "it is neither text in UTF-8 or GB 18030 nor .xlsx"


@pytest.mark.parametrize("ending", [b"", b"\n", b"\xe5\xe5\xe5\n"])
def test_damaged_utf_8_is_not_taken_for_gb_18030(tmp_path: Path, ending: bytes) -> None:
    damaged = f"{HEADER}\nD-1,阿迪力·买买提·单雄信".encode()[:-1] + ending
    assert refusal(csv_file(tmp_path, damaged)) == "it is text in UTF-8 with damaged bytes, or cut off"


def test_an_unpaired_quotation_mark_is_refused_with_its_row(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, f'{HEADER}\n{ROW}\nD-18,"单')) == (
        "row 3 has an unpaired quotation mark or far too long a cell"
    )


def test_a_cell_without_end_is_refused(tmp_path: Path) -> None:
    assert "far too long a cell" in refusal(csv_file(tmp_path, f"{HEADER}\n{'x' * 200_000}"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv") == "there is no such file, or it may not be read"
    assert refusal(tmp_path) == "there is no such file, or it may not be read"
    assert refusal(tmp_path / "a\0b") == "there is no such file, or it may not be read"


def test_a_wrong_header_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, "number,nmae,id_number,holding_agency,epc,tid,place\n")) == (
        "wrong header: nmae: there is no such column; the nearest is name; name: this required column is missing"
    )


def test_a_header_of_nonsense_is_told_in_part(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, ",".join(f"c{number}" for number in range(100)))).endswith(" ...")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_another_separator_is_named_as_the_trouble(tmp_path: Path, separator: str) -> None:
    assert refusal(csv_file(tmp_path, HEADER.replace(",", separator))) == "its columns must be separated by commas"


# ── .xlsx ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_is_read_as_a_person_sees_it(tmp_path: Path) -> None:
    path = sheet(
        tmp_path,
        [*HEADER.split(","), "volume", "deposited_on", None],
        [
            17.0,
            "单雄信",
            "11010519491231002X",
            370102,
            None,
            None,
            "A-03-2",
            2,
            datetime(1998, 7, 1, tzinfo=UTC).replace(tzinfo=None),
        ],
        [],
        ["D-18", "𠮷野", 370102800101001, "370102", None, None, None, None, date(1999, 1, 2)],
    )
    rows = read(path)
    assert list(rows) == [2, 4]
    assert (rows[2].number, rows[2].holding_agency, rows[2].volume) == ("17", "370102", 2)
    assert (rows[2].deposited_on, rows[4].deposited_on) == (date(1998, 7, 1), date(1999, 1, 2))
    assert rows[4].id_number.normalised == "370102198001010015"


def test_an_id_number_a_spreadsheet_has_rounded_is_an_error_not_a_wrong_number(tmp_path: Path) -> None:
    path = sheet(tmp_path, HEADER.split(","), ["D-17", "", 370102198001010015, "370102"])
    errors = read(path)[2]
    assert [error.column for error in errors] == ["id_number", "name"]
    assert errors[0].problem_en.startswith("a spreadsheet keeps 15 digits of a number and has lost the rest")


def test_the_error_of_a_formula_is_no_name(tmp_path: Path) -> None:
    path = sheet(tmp_path, HEADER.upper().split(","), ["D-17", "#N/A", None, "370102"])
    assert [(error.column, error.problem_en) for error in read(path)[2]] == [
        ("name", "the cell holds the error of a formula")
    ]


def test_a_formula_gives_the_value_last_worked_out(tmp_path: Path) -> None:
    path = sheet(tmp_path, ["code", "name", "level", "parent"], ["370102", "=A2", "county", None])
    source = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.endswith("sheet1.xml"):
                # How the empty value is written depends on which XML library is at hand.
                content, worked_out = re.subn(rb"<f>A2</f><v ?(?:/>|></v>)", b"<f>A2</f><v>42</v>", content)
                assert worked_out == 1
            new.writestr(part, content)
    assert read(path, AGENCIES)[2].name == "42"


def test_a_row_further_down_than_a_sheet_goes_is_refused_not_dropped(tmp_path: Path) -> None:
    path = sheet(tmp_path, HEADER.split(","), ROW.split(","))
    source = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b'<row r="2"', b'<row r="999999999"'))
    assert refusal(path) == "the sheet is damaged or is no .xlsx"


def test_a_damaged_sheet_is_refused(tmp_path: Path) -> None:
    whole = sheet(tmp_path, HEADER.split(","), ROW.split(",")).read_bytes()
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path) == "the sheet is damaged or is no .xlsx"
    for position in range(4, len(whole), len(whole) // 150):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        with suppress(FileUnreadable):  # Nothing else may come out of a flipped byte; some don't matter.
            read(path)


def test_another_kind_of_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    assert refusal(path) == "the sheet is damaged or is no .xlsx"


def test_an_old_or_encrypted_sheet_is_refused(tmp_path: Path) -> None:
    assert refusal(csv_file(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))) == (
        "it is an old .xls or an encrypted sheet; save it as .xlsx or CSV"
    )


def test_a_zip_that_unpacks_to_far_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/sharedStrings.xml", "w") as part:
        for _ in range(XLSX_SHARED_TEXT_BYTES_MAX // CHUNK_BYTES + 1):
            part.write(bytes(CHUNK_BYTES))
    assert refusal(path) == "the sheet unpacks to more than we take; save it as CSV"


def test_a_sheet_as_wide_as_excel_allows_is_not_read_to_its_edge(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for column, name in enumerate(HEADER.split(","), start=1):
        book.worksheets[0].cell(1, column, name)
        book.worksheets[0].cell(2, column, ROW.split(",")[column - 1])
    book.worksheets[0].cell(2, 16_384, "far away")
    path = tmp_path / "wide.xlsx"
    book.save(path)
    assert isinstance(read(path)[2], DossierRow)
