"""What waits for whom today, the navigation, the chain of custody on the dossier's page, and how it stood before."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from inventory.domain.acts import ActKind
from inventory.domain.day_work import WORK_OF
from inventory.domain.people import Role, Viewer
from inventory.operations.day_work import work_waiting
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import account_of, password_of
from web.navigation import ENTRIES, entries_for

pytestmark = ONE_ENGINE


@pytest.fixture(autouse=True)
def _a_morning(archive: Archive, site: str) -> None:
    """D-1 and D-2 lie accepted on the desk, D-3 opened beside them, D-4 just received, D-5 on its shelf."""
    assert site
    archive.shelf("A-01")
    archive.desk()
    for number in ("D-1", "D-2", "D-3"):
        archive.dossier(number)
        archive.bring_in(number, "W1-D1")
    archive.act(ActKind.OPENED, "D-3", None, authority="鲁档〔2026〕7号", witness=archive.second)
    archive.dossier("D-4")
    archive.act(ActKind.RECEIVED, "D-4", "W1-D1", details={"channel": "ems", "tracking": "EA1"})
    archive.dossier("D-5", on="A-01")


def test_the_keeper_sees_what_waits_by_counts_and_where(archive: Archive, keeper: httpx.Client) -> None:
    waiting = {work.kind: work for work in work_waiting(archive.app, archive.keeper, datetime.now(UTC))}
    assert {kind: work.count for kind, work in waiting.items() if work.count} == {
        "to_shelve": 2,
        "to_seal": 1,
        "to_accept": 1,
    }
    assert [(line.number, line.volumes) for line in waiting["to_shelve"].lines] == [("W1-D1", 2)]  # type: ignore[index]
    html = keeper.get("/work").text
    assert re.search(r'<b>2</b> <span>To shelve.*href="/station/shelved".*W1-D1.*2 vol', html, re.DOTALL)
    assert "张三" not in html
    assert "<html" not in keeper.get("/work", headers={"HX-Request": "true"}).text


def test_every_kind_of_work_can_be_asked_by_every_role_that_has_it(archive: Archive) -> None:
    for role in WORK_OF:
        viewer = archive.person(f"w-{role}", role, agency="370112")
        assert [work.kind for work in work_waiting(archive.app, viewer, datetime.now(UTC))] == list(WORK_OF[role])


def test_a_window_sees_its_own_agencys_work_alone(archive: Archive, signed_in: SignIn) -> None:
    head = archive.person("strange_head", Role.AGENCY_HEAD, agency="370113")
    assert sum(work.count for work in work_waiting(archive.app, head, datetime.now(UTC))) == 0
    assert signed_in("licheng").get("/work").status_code == 200


def test_who_has_no_work_here_is_led_elsewhere(archive: Archive, signed_in: SignIn) -> None:
    account_of(archive, "audit", "周明", Role.AUDITOR)
    auditor = signed_in("audit")
    secret = {"login": "audit", "password": password_of("audit")}
    assert auditor.post("/sign-in", data=secret).headers["location"] == "/"
    assert auditor.get("/work").status_code == 403
    assert 'href="/work"' not in auditor.get("/").text


def test_the_navigation_has_what_is_served_and_what_the_role_may(keeper: httpx.Client) -> None:
    keeper_of_all = Viewer(1, "k", "k", Role.KEEPER)
    assert [entry.name for entry in entries_for(keeper_of_all, {"/", "/readers"})] == ["locate", "readers"]
    assert entries_for(None, {"/"}) == ()
    assert len(entries_for(keeper_of_all, {entry.address for entry in ENTRIES})) >= 8
    assert re.search(r'<a href="/station" aria-current="page">', keeper.get("/station/shelved").text)


def test_a_page_that_is_not_there_keeps_the_navigation(keeper: httpx.Client) -> None:
    assert 'href="/station"' in keeper.get("/dossiers/X-9").text


def test_the_chain_of_custody_tells_authority_evidence_and_both_people(keeper: httpx.Client) -> None:
    html = keeper.get("/dossiers/D-3").text
    assert re.search(
        r"opened by order.*opened.*with second.*authority 鲁档〔2026〕7号.*accepted.*number of pieces", html, re.DOTALL
    )
    chinese = keeper.get("/dossiers/D-4", headers={"Accept-Language": "zh-CN"}).text
    assert re.search(r"待接收.*接收.*渠道.*EMS.*单号.*EA1", chinese, re.DOTALL)


def test_the_page_shows_a_dossier_as_it_stood(keeper: httpx.Client) -> None:
    form = re.search(r'action="(/dossiers/D-5/as-of)".*?value="([^"]+)"', keeper.get("/dossiers/D-5").text, re.DOTALL)
    assert form is not None
    later = (datetime.now(UTC) + timedelta(hours=8, minutes=2)).strftime(
        "%Y-%m-%dT%H:%M"
    )  # as typed where the warehouse is
    assert "A-01" in keeper.get(form[1], params={"at": later}).text
    assert "Not received by then" in keeper.get(form[1], params={"at": "2020-01-01T00:00"}).text
    assert keeper.get(form[1], params={"at": "0001-01-01T00:00"}).status_code == 422
    assert keeper.get("/dossiers/X-9/as-of", params={"at": later}).status_code == 404


def test_a_forged_outcome_is_not_shown(keeper: httpx.Client) -> None:
    for cookie in ("x", "e30=", "W10=", "x" * 5000):
        keeper.cookies.set("outcome", cookie)
        assert keeper.get("/work").status_code == 200
