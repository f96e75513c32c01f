"""The access log over a real socket: every request of somebody signed in, every refused attempt; the page, the exports."""

import csv
import io
from uuid import uuid4

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect

from inventory.domain.people import Role
from inventory.papers.spreadsheets import harmless
from tests.conftest import Archive
from tests.site import ONE_ENGINE, SignIn
from tests.web.stock import account_of, password_of, person_of


@pytest.fixture
def shen(archive: Archive, signed_in: SignIn) -> httpx.Client:
    """The audit administrator, signed in."""
    account_of(archive, "shen", "沈静", Role.AUDIT_ADMIN)
    return signed_in("shen")


def rows(archive: Archive) -> list[tuple[object, ...]]:
    query = (
        "SELECT login, act, number, refusal, address FROM access_log LEFT JOIN account ON account.id = account_id "
        "LEFT JOIN dossier ON dossier.id = dossier_id ORDER BY access_log.id"
    )
    return list(archive.root.execute(query))


def test_every_request_of_somebody_signed_in_is_entered(archive: Archive, signed_in: SignIn) -> None:
    archive.dossier("D-1")
    zhao = signed_in("zhao")
    zhao.get("/work")
    zhao.get("/dossiers/D-1")
    found = rows(archive)
    assert ("zhao", "GET /work", None, None, "127.0.0.1") in found
    assert ("zhao", "dossier", "D-1", None, "127.0.0.1") in found
    assert ("zhao", "GET /dossiers/{number}", "D-1", None, "127.0.0.1") in found
    ids = archive.root.execute(
        "SELECT count(DISTINCT request_id), count(*) FROM access_log JOIN dossier ON dossier.id = dossier_id"
    ).fetchone()
    assert ids is not None
    assert ids[0] == 1, "a look and its request share an id"
    assert ids[1] > 1


def test_a_refused_look_is_entered_with_its_refusal(archive: Archive, signed_in: SignIn) -> None:
    archive.dossier("D-1")
    assert signed_in("changqing").get("/api/v1/dossiers/D-1").status_code == 404
    assert signed_in("zhao").get("/access-log").status_code == 403
    found = rows(archive)
    assert ("changqing", "GET /api/v1/dossiers/{number}", "D-1", "dossier_not_found", "127.0.0.1") in found
    assert ("zhao", "GET /access-log", None, "not_allowed", "127.0.0.1") in found


def test_a_stranger_who_tries_to_sign_in_leaves_no_name(archive: Archive, visitor: httpx.Client) -> None:
    visitor.post("/sign-in", data={"login": "nobody-at-all", "password": "my secret word"})
    assert (None, "POST /sign-in", None, "http_401", "127.0.0.1") in rows(archive)
    whole = str(archive.root.execute("SELECT * FROM access_log").fetchall())
    assert "nobody-at-all" not in whole
    assert "secret word" not in whole


def test_what_stands_in_an_address_is_entered_only_where_it_is_ours(archive: Archive, signed_in: SignIn) -> None:
    zhao = signed_in("zhao")
    for typed in ("欧阳明月", "370102198001011015", "370102198001011015/2"):
        assert zhao.get(f"/dossiers/{typed}").status_code == 404
    whole = str(archive.root.execute("SELECT * FROM access_log").fetchall())
    assert "欧阳" not in whole
    assert "3701021980" not in whole


def test_a_number_that_another_county_has_is_taken_and_no_more_is_told_and_who_asked_is_entered(
    archive: Archive, signed_in: SignIn
) -> None:
    archive.dossier("C-1")
    person_of(archive, "C-1", "欧阳慎独", agency="370113")
    row = {"box": "1", "number": "C-1", "name": "王芳"}
    told = {
        "command_id": str(uuid4()),
        "agency": "370112",
        "sender": "历城区",
        "boxes": 1,
        "historic": True,
        "rows": [row],
    }
    answer = signed_in("licheng").post("/api/v1/arrivals", json=told)
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert not [secret for secret in ("370113", "长清", "欧阳", "C-1") if secret in answer.text]
    assert ("licheng", "POST /api/v1/arrivals", None, "name_taken", "127.0.0.1") in rows(archive)


def test_an_export_says_who_took_it_and_is_entered_itself(
    archive: Archive, shen: httpx.Client, signed_in: SignIn
) -> None:
    signed_in("zhao").get("/work", headers={"User-Agent": "=cmd|' /C calc'!A0"})
    lines = list(csv.reader(io.StringIO(shen.get("/access-log/export.csv?person=zhao").content.decode("utf-8-sig"))))
    assert "沈静 (shen)" in lines[0][0]
    assert all("zhao" in line[1] for line in lines[2:-1])
    assert lines[-1] == [f"完 end · {len(lines) - 3} 条 rows"]
    assert any(line[10] == "'=cmd|' /C calc'!A0" for line in lines[2:-1])
    book = load_workbook(io.BytesIO(shen.get("/access-log/export.xlsx?person=zhao").content))
    cells = [cell for row in book.active.iter_rows() for cell in row]  # type: ignore[union-attr]
    assert "沈静 (shen)" in str(cells[0].value)
    assert not [cell for cell in cells if cell.data_type == "f"]
    acts = [act for login, act, *_ in rows(archive) if login == "shen"]
    assert acts.count("copy_access_log") == 2


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|x", "\u3000＠x"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell).startswith("'")


@ONE_ENGINE
@pytest.mark.usefixtures("shen")
@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en", 1280)])
def test_the_audit_administrator_filters_in_a_browser(
    archive: Archive, site: str, signed_in: SignIn, chromium: Browser, language: str, width: int
) -> None:
    archive.dossier("D-1")
    signed_in("zhao").get("/dossiers/D-1")
    context = chromium.new_context(locale=language, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    page.fill("[name=login]", "shen")
    page.fill("[name=password]", password_of("shen"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/access-log")
    page.fill("[name=dossier]", "D-1")
    page.click("form[action='/access-log'] button.main")
    expect(page.locator("table")).to_contain_text("zhao")
    expect(page.locator("table")).not_to_contain_text("shen")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
