"""What a browser gets, and what other sites don't."""

import re

import httpx
import pytest

from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE, SignIn
from tests.web.stock import believe, id_number, password_of, person_of

pytestmark = ONE_ENGINE
SHAN = id_number("37010219591203838")
BLOCK = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _two_dossiers(archive: Archive, site: str) -> None:
    assert site
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("L-1", on="A-01")
    person_of(archive, "L-1", "单晓梅", number=SHAN)
    archive.dossier("C-2", on="A-02")
    person_of(archive, "C-2", "单晓梅", agency="370113")


def test_typing_gets_only_the_list_a_submitted_form_the_whole_page(keeper: httpx.Client) -> None:
    block = keeper.post("/", data={"text": "sxm"}, headers=BLOCK).text
    page = keeper.post("/", data={"text": "sxm"}).text
    assert "<html" not in block
    assert "<html" in page
    for html in (block, page):
        assert html.count('href="/dossiers/') == 2


def test_enter_on_a_single_finding_opens_it(keeper: httpx.Client) -> None:
    answer = keeper.post("/", data={"text": "L-1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/dossiers/L-1")


def test_the_page_speaks_chinese_and_english(keeper: httpx.Client) -> None:
    assert "holding agency" in keeper.get("/dossiers/L-1").text.lower()
    chinese = keeper.get("/dossiers/L-1", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert '<html lang="zh-CN">' in chinese
    assert "档案管理服务机构" in chinese


def test_the_chosen_language_wins_over_the_browsers(keeper: httpx.Client) -> None:
    answer = keeper.post("/language", data={"language": "zh-CN", "then": "/readers"})
    assert answer.headers["location"] == "/readers"
    assert '<html lang="zh-CN">' in keeper.get("/").text


def test_the_dossier_page_shows_both_places_and_how_sure_the_radio_is(archive: Archive, keeper: httpx.Client) -> None:
    believe(archive, "L-1", "A-02", 0.953)
    html = keeper.get("/dossiers/L-1").text
    assert re.search(r"Custody.*A-01.*Differs.*Belief.*A-02.*very likely.*95 %.*just now", html, re.DOTALL)
    assert f"370102********{SHAN[-4:]}" in html
    assert SHAN not in html


def test_the_history_tells_who_put_it_where(keeper: httpx.Client) -> None:
    html = keeper.get("/dossiers/L-1").text
    assert re.search(r"shelved.*W1-D0.*A-01.*by keeper.*received.*W1-D0", html, re.DOTALL)


def test_another_countys_dossier_and_none_at_all_are_one_page(signed_in: SignIn) -> None:
    clerk = signed_in("licheng")
    other, none = clerk.get("/dossiers/C-2"), clerk.get("/dossiers/X-2")
    assert (other.status_code, none.status_code) == (404, 404)
    assert other.text.replace("C-2", "N") == none.text.replace("X-2", "N")
    assert clerk.get("/live/dossiers/C-2").status_code == 404
    assert clerk.get("/dossiers/L-1").status_code == 200


def test_a_name_with_markup_in_it_is_text(archive: Archive, keeper: httpx.Client) -> None:
    archive.dossier("D&<1>?", on="A-01")
    person_of(archive, "D&<1>?", "<b>王</b>", employer="<script>")
    for html in (
        keeper.post("/", data={"text": "D&<1"}, headers=BLOCK).text,
        keeper.get("/dossiers/D%26%3C1%3E%3F").text,
    ):
        assert "&lt;b&gt;王" in html
        assert "<b>王" not in html
        assert "<script>" not in html
    assert 'href="/dossiers/D%26%3C1%3E%3F"' in keeper.post("/", data={"text": "D&<1"}, headers=BLOCK).text


def test_a_search_nobody_can_mean_gets_a_sentence_in_place_of_the_list(keeper: httpx.Client) -> None:
    for text in ("x" * 81, "x" * 401, "···"):
        answer = keeper.post("/", data={"text": text}, headers=BLOCK)
        assert answer.status_code == 422
        assert "<html" not in answer.text
        assert "Bad input" in answer.text


def test_an_expired_session_sends_htmx_to_the_sign_in(visitor: httpx.Client) -> None:
    assert visitor.post("/", data={"text": "sxm"}, headers=BLOCK).headers["hx-redirect"] == "/sign-in"


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_form_is_refused(keeper: httpx.Client, foreign: dict[str, str]) -> None:
    answer = keeper.post("/sign-out", headers=foreign)
    assert answer.status_code == 403
    assert "another site" in answer.text
    assert keeper.get("/").status_code == 200


def test_our_own_form_is_not_foreign(keeper: httpx.Client) -> None:
    own = {"Origin": str(keeper.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert keeper.post("/sign-out", headers=own).status_code == 303


def test_no_page_may_be_framed_stored_or_run_foreign_scripts(keeper: httpx.Client) -> None:
    for path in ("/", "/dossiers/L-1", "/dossiers/none", "/sign-in", "/api/v1/readers"):
        headers = keeper.get(path).headers
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_every_asset_comes_from_us_and_may_be_kept(keeper: httpx.Client) -> None:
    html = keeper.get("/").text
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assets = [address for address in addresses if address.startswith("/static/")]
    assert all(address.startswith("/") for address in addresses)
    assert sum("/vendor/" in address for address in assets) == 2
    for address in assets:
        answer = keeper.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("told", [True, False])
def test_a_body_without_end_is_refused(visitor: httpx.Client, *, told: bool) -> None:
    chunks = [b"login=" + b"x" * 40_000, b"x" * 40_000]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = visitor.post("/sign-in", content=b"".join(chunks) if told else iter(chunks), headers=headers)
    assert answer.status_code == 413
    assert "at most 64 KiB" in answer.text


@pytest.mark.parametrize("path", ["/nope", "/dossiers/", "/static/../app.py", "/static/vendor/../../settings.py"])
def test_an_unknown_address_is_a_calm_page(keeper: httpx.Client, path: str) -> None:
    answer = keeper.get(path)
    assert answer.status_code == 404
    assert "There is no such page." in answer.text


def test_a_wrong_method_is_a_sentence_too(keeper: httpx.Client) -> None:
    answer = keeper.delete("/dossiers/L-1")
    assert answer.status_code == 405
    assert "takes no such request" in answer.text


def test_a_defect_of_ours_is_a_calm_page_and_its_log_names_nobody(
    archive: Archive, keeper: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    archive.root.execute("REVOKE SELECT ON subject FROM guiwei_app")
    answer = keeper.post("/", data={"text": "单晓梅"})
    assert answer.status_code == 500
    assert "Something failed on our side" in answer.text
    assert "InsufficientPrivilege" in caplog.text
    assert "单晓梅" not in caplog.text
    assert keeper.get("/readers").status_code == 200


def test_readers_in_trouble_stand_first(archive: Archive, keeper: httpx.Client, signed_in: SignIn) -> None:
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES "
        "('HH-1', 'zebra_handheld', 'a', 'UTC'), ('GATE', 'impinj', 'b', 'UTC'), ('PAD', 'native', 'c', 'UTC')"
    )
    archive.root.execute(
        "INSERT INTO reader_health SELECT id, now() - interval '3 minutes', code <> 'GATE', 5, 1234567, 2, 4200"
        " FROM reader WHERE code <> 'PAD'"
    )
    html = keeper.get("/readers").text
    assert re.search(
        r"1 of 3 online.*GATE.*Offline.*3 min ago.*\+4\.2 s.*1,234,567.*HH-1.*Online.*PAD.*Unknown.*never",
        html,
        re.DOTALL,
    )
    assert signed_in("licheng").get("/readers").status_code == 403


def test_passwords_and_names_never_stand_in_an_address(visitor: httpx.Client) -> None:
    for login in ("zhao",):
        visitor.post("/sign-in", data={"login": login, "password": password_of(login)})
    for form in re.findall(r"<form[^>]*>", visitor.get("/").text):
        assert 'method="post"' in form
    assert "hx-push-url" not in visitor.get("/").text
