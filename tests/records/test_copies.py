"""Whatever leaves the house carries a number, and by that number the access log tells who took it, when, and what stood on it."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from inventory.domain.copies import CopyNumber, parse_copy_number
from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import BadInput
from inventory.operations import checkpointing
from inventory.operations.exporting_ledger import export_ledger
from inventory.operations.reading_log import read_log
from inventory.operations.signing_in import add_account
from inventory.store.access_log import LogEntry, LogFilter
from inventory.store.signing import LedgerFiles
from tests.conftest import Archive
from tests.papers.reading import Paper
from tests.site import SignIn
from tests.web.stock import password_of

NUMBER = re.compile(r"\d{6,}-[0-9A-F]{4}")


@pytest.fixture
def shen(archive: Archive, signed_in: SignIn) -> httpx.Client:
    """The audit administrator, signed in."""
    add_account(archive.owner, "shen", "沈静", Role.AUDIT_ADMIN, None, password_of("shen"))
    return signed_in("shen")


def found(archive: Archive, auditor: Viewer, number: str) -> list[LogEntry]:
    wanted = LogFilter(copy=parse_copy_number(number))
    return list(read_log(archive.app, auditor, wanted, datetime.now(UTC)).entries)


def printed_number(pdf: bytes) -> str:
    (number,) = {NUMBER.findall(page)[0] for page in Paper(pdf).pages}
    return str(number)


def test_a_papers_number_leads_to_who_printed_it_and_whose_dossiers_stand_on_it(
    archive: Archive, auditor: Viewer, signed_in: SignIn
) -> None:
    archive.dossier("D-0", on=archive.shelf("A-01"))
    for number in ("D-1", "D-2"):
        archive.dossier(number)
        archive.bring_in(number, "W1-D0")
    zhao = signed_in("zhao")
    numbers = [printed_number(zhao.get("/closing-sheet/paper.pdf?warehouse=W1").content) for _ in range(2)]
    assert numbers[0] != numbers[1], "each copy has its own"
    told = found(archive, auditor, numbers[0])
    assert {one.login for one in told} == {"zhao"}
    assert {(one.act, one.object) for one in told if one.act == "copy_paper"} == {("copy_paper", "closing sheet W1")}
    assert {one.dossier for one in told if one.act == "closing_sheet"} == {"D-1", "D-2"}
    assert "GET /closing-sheet/paper.pdf" in {one.act for one in told}


def test_a_number_nobody_was_given_leads_to_nothing(archive: Archive, auditor: Viewer, signed_in: SignIn) -> None:
    number = printed_number(signed_in("zhao").get("/closing-sheet/paper.pdf").content)
    entry, _, digits = number.partition("-")
    wrong = f"{int(digits, 16) ^ 1:04X}"
    assert found(archive, auditor, f"{entry}-{digits.lower()}") != []
    assert found(archive, auditor, f"{entry}-{wrong}") == []
    assert found(archive, auditor, f"{int(entry) + 1:06}-{digits}") == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_list_carries_its_number_and_is_found_by_it_on_the_page(
    shen: httpx.Client, signed_in: SignIn, ending: str
) -> None:
    signed_in("zhao").get("/work")
    content = shen.get(f"/access-log/export.{ending}?since=2026-01-01").content
    if ending == "csv":
        first = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[0]
    else:
        first = str(next(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows())[0].value)
    number = NUMBER.findall(first)[0]
    page = shen.get("/access-log", params={"copy": number})
    assert "copy_access_log" in page.text
    assert "2026-01-01 00:00 – …" in page.text, "and from what"
    assert "GET /work" not in page.text
    assert shen.get("/access-log", params={"copy": "17"}).status_code == 422


def test_an_exported_ledger_carries_its_number_and_who_typed_the_command(
    archive: Archive, auditor: Viewer, tmp_path: Path
) -> None:
    archive.dossier("D-1", on=archive.shelf("A-01"))
    files = LedgerFiles.of(tmp_path, tmp_path / "ledger.key")
    checkpointing.sign_heads(archive.jobs, files, datetime.now(UTC))
    path = tmp_path / "ledger.jsonl"
    done = export_ledger(archive.jobs, files, path, datetime.now(UTC), "operator", whole=True)
    number = json.loads(path.read_text("utf-8").partition("\n")[0])["copy"]
    assert number == done.copy
    assert [(one.login, one.act, one.object) for one in found(archive, auditor, number)] == [
        (None, "copy_ledger", "whole ledger by operator")
    ]


def test_a_number_is_read_as_people_type_it() -> None:
    number = CopyNumber(417, "3FA9")
    assert str(number) == "000417-3FA9"
    for typed in (
        "000417-3FA9",
        "417-3fa9",
        " ０００４１７－３ＦＡ９ ",
        "000417 - 3FA9",
        str(CopyNumber(1_234_567, "3FA9")),
    ):
        assert parse_copy_number(typed).check == number.check
    for wrong in ("", "417", "000417-3FA", "000417-3FAG", "-3FA9", "1" * 19 + "-3FA9", "000417-3FA9-1"):
        with pytest.raises(BadInput):
            parse_copy_number(wrong)
