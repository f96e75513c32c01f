"""What somebody plants over the wire runs nowhere when the audit administrator opens the lists he took home."""

import csv
import io
from urllib.parse import quote

import httpx
from openpyxl import load_workbook

from inventory.domain.people import Role
from inventory.operations.signing_in import add_account
from tests.attacks.conftest import ONE_ENGINE
from tests.conftest import Archive
from tests.site import SignIn
from tests.web.stock import id_number, password_of, person_of
from web.pages import access_log

pytestmark = ONE_ENGINE
PLANTED = (
    "=cmd|'calc'!A0",
    "+1+cmd|'calc'!A0",
    "-2+3+cmd|'calc'!A0",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    " =1+1",
)
RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠", "｜")


def plant(archive: Archive, signed_in: SignIn) -> None:
    """As browsers' names, reasons, persons, and numbers of dossiers, each sent over a socket by who may send it."""
    add_account(archive.owner, "formula", PLANTED[0], Role.WINDOW_CLERK, "370112", password_of("formula"))
    clerk, named = signed_in("licheng"), signed_in("formula")
    for position, text in enumerate(PLANTED):
        number = text.strip() + f" {position}"
        archive.dossier(number)
        person_of(archive, number, "单晓梅", number=id_number(f"37010219800101{position:03}"))
        clerk.get("/work", headers=[(b"User-Agent", text.strip().encode())])
        assert clerk.get(f"/dossiers/{quote(number, safe='')}").status_code == 200
        shown = named.post(f"/dossiers/{quote(number, safe='')}/unmask", data={"reason": "letter", "why": text})
        assert shown.status_code == 200, shown.text
        clerk.get("/access-log", params={"person": text})


def readable(cells: list[str]) -> list[str]:
    """What was planted and isn't there to be read."""
    return [text for text in PLANTED if not any(text.strip() in cell for cell in cells)]


def test_no_cell_of_any_export_begins_a_formula_and_all_can_be_read(archive: Archive, signed_in: SignIn) -> None:
    plant(archive, signed_in)
    add_account(archive.owner, "shen", PLANTED[1], Role.AUDIT_ADMIN, None, password_of("shen"))
    shen = signed_in("shen")
    exports = exports_of(shen)
    assert set(exports) == {"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    for kind, content in exports.items():
        cells = cells_of(kind, content)
        assert len(cells) > len(PLANTED) * 30
        assert [cell for cell in cells if cell.lstrip(" \u3000").startswith(RUNS)] == []
        assert readable(cells) == []


def exports_of(shen: httpx.Client) -> dict[str, bytes]:
    """Every list that the site hands out to be taken home; `test_every_list_is_tried` finds one that isn't asked here."""
    answers = [shen.get(address) for address in LISTS]
    assert {answer.status_code for answer in answers} == {200}
    return {answer.headers["content-type"].partition(";")[0]: answer.content for answer in answers}


LISTS = ("/access-log/export.csv", "/access-log/export.xlsx")


def cells_of(kind: str, content: bytes) -> list[str]:
    if kind == "text/csv":
        return [cell for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in line]
    cells = [cell for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    return [str(cell.value) for cell in cells if cell.value is not None]


def test_every_list_is_tried(site: str) -> None:
    """Whatever ends in a spreadsheet's name is an export."""
    served = {getattr(route, "path", "") for route in access_log.router.routes}
    assert {path for path in served if path.endswith((".csv", ".xlsx"))} == set(LISTS)
    assert httpx.get(f"{site}{LISTS[0]}").status_code == 303, "strangers take nothing"
