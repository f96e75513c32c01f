"""What the door turns away stands in the access log: who where it is known, from where, with which refusal; a flood in few lines."""

import socket
from collections.abc import Callable
from contextlib import closing, suppress
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx
import pytest

from inventory.domain.people import Role
from inventory.operations.signing_in import add_account
from tests.conftest import Archive
from tests.site import SignIn, client_of, serving
from tests.web.stock import password_of
from web.app import WebSettings
from web.limits import Limits, Pace
from web.turned_away import KINDS_MAX, KINDS_OF_ADDRESS_MAX

ENTERED_SECONDS_MAX = 30
AN_HOUR = 3_600.0
BLOCKS, ASKED = Path(__file__).parents[2] / "web" / "static" / "blocks.css", 1_000
FOREIGN = {"Origin": "https://elsewhere.example"}


@pytest.fixture
def web_settings() -> WebSettings:
    return WebSettings(
        limits=Limits(
            connections_max=12,
            head_seconds_max=0.5,
            body_seconds_max=0.5,
            of_address=Pace(burst=3, a_second=0.01),
            of_account=Pace(burst=5, a_second=0.01),
            turned_away_seconds=0.2,
        )
    )


def entries(archive: Archive) -> list[tuple[str | None, str, str, str | None, int]]:
    query = (
        "SELECT login, act, refusal, address, times FROM access_log LEFT JOIN account ON account.id = account_id "
        "WHERE refusal IS NOT NULL ORDER BY access_log.id"
    )
    return list(archive.root.execute(query))


def entered(archive: Archive, refusal: str) -> tuple[str | None, str, str | None]:
    """Login, act and address of the first with that refusal, as soon as it is entered."""
    deadline = monotonic() + ENTERED_SECONDS_MAX
    while monotonic() < deadline:
        for login, act, told, address, _ in entries(archive):
            if told == refusal:
                return login, act, address
        sleep(0.02)
    raise AssertionError(f"{refusal} isn't entered")


def connected(site: str) -> socket.socket:
    address = urlsplit(site)
    return socket.create_connection((address.hostname or "", address.port or 80), ENTERED_SECONDS_MAX)


def sent(site: str, content: bytes) -> bytes:
    """What comes back over a connection of its own, until it ends."""
    with closing(connected(site)) as wire:
        wire.sendall(content)
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece
        return answer


Send = Callable[[str, httpx.Client], object]
OURS = "127.0.0.1"


@pytest.mark.parametrize(
    ("refusal", "send", "told"),
    [
        ("foreign_request", lambda _, clerk: clerk.post("/sign-out", headers=FOREIGN), ("licheng", "POST /sign-out", OURS)),
        ("form_token_missing", lambda _, clerk: clerk.post("/sign-out", headers={"X-Form-Token": "0"}), ("licheng", "POST /sign-out", OURS)),
        ("body_too_large", lambda site, _: httpx.post(f"{site}/sign-in", content=b"x" * 70_000), (None, "POST /sign-in", OURS)),
        ("body_too_slow", lambda site, _: sent(site, b"POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nlogin="), (None, "POST /sign-in", OURS)),
        ("path_leads_out", lambda site, _: sent(site, b"GET /static/..%2fapp.py HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), (None, "GET /static", OURS)),
        ("no_such_address", lambda site, _: httpx.get(f"{site}/wp-login.php"), (None, "GET ?", OURS)),
        ("not_signed_in", lambda site, _: httpx.get(f"{site}/api/v1/readers", headers={"Authorization": "Bearer guess"}), (None, "GET /api/v1/readers", OURS)),
        ("too_many_requests", lambda site, _: [httpx.get(f"{site}/health", headers={"X-Forwarded-For": "203.0.113.7"}) for _ in range(4)], (None, "GET /health", "203.0.113.7")),
        ("too_many_requests", lambda _, clerk: [clerk.get("/me") for _ in range(6)], ("licheng", "GET /me", OURS)),
        ("head_too_slow", lambda site, _: sent(site, b"GET / HTTP/1.1\r\nX-Slow: "), (None, "connection", OURS)),
        ("not_http", lambda site, _: sent(site, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), (None, "connection", OURS)),
    ],
)  # fmt: skip
def test_each_is_entered_with_who_where_and_why(
    archive: Archive, site: str, signed_in: SignIn, refusal: str, send: Send, told: tuple[str | None, str, str]
) -> None:
    send(site, signed_in("licheng"))
    assert entered(archive, refusal) == told


# Those that wait must not time out before the last one has come, however slow the machine.
@pytest.mark.parametrize(
    "web_settings",
    [WebSettings(limits=Limits(connections_max=12, head_seconds_max=ENTERED_SECONDS_MAX, turned_away_seconds=0.2))],
    ids=["patient"],
)
def test_connections_beyond_the_limit_are_entered(archive: Archive, site: str) -> None:
    held = [connected(site) for _ in range(12)]
    with closing(connected(site)) as wire:
        assert wire.recv(100).startswith(b"HTTP/1.1 503 ")
    for wire in held:
        wire.close()
    assert entered(archive, "too_many_connections") == (None, "connection", OURS)


@pytest.mark.parametrize(
    "web_settings",
    [
        WebSettings(
            limits=Limits(of_address=Pace(burst=5_000, a_second=1), unread_seconds_max=0.5, turned_away_seconds=0.2)
        )
    ],
    ids=["impatient"],
)
def test_answers_that_nobody_takes_are_ended_and_entered(archive: Archive, site: str) -> None:
    """Asked for far more than the sockets between hold, and then not read: else it would lie in the server's memory for ever."""
    address = urlsplit(site)
    with closing(socket.socket()) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        wire.connect((address.hostname, address.port))
        wire.settimeout(ENTERED_SECONDS_MAX)
        wire.sendall(b"GET /static/blocks.css HTTP/1.1\r\nHost: a\r\n\r\n" * ASKED)
        assert entered(archive, "answer_not_taken") == (None, "connection", OURS)
        taken = 0
        with suppress(ConnectionError):
            while piece := wire.recv(65_536):
                taken += len(piece)
        assert 0 < taken < ASKED * BLOCKS.stat().st_size, "what the sockets held, and then the end"
    assert httpx.get(f"{site}/health").status_code == HTTPStatus.OK


def test_nothing_of_an_address_or_a_browser_that_climbs_is_kept_but_its_template(archive: Archive, site: str) -> None:
    httpx.get(f"{site}/欧阳慎独/370102198001011015")
    sent(site, "GET /static/../欧阳慎独 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    entered(archive, "no_such_address")
    whole = str(archive.root.execute("SELECT * FROM access_log").fetchall())
    assert "欧阳" not in whole
    assert "3701021980" not in whole


def settings(seconds: float) -> WebSettings:
    return WebSettings(limits=Limits(turned_away_seconds=seconds))


def test_a_flood_from_one_address_is_two_entries_that_say_how_many(archive: Archive) -> None:
    """The first at once, the others when the minute is over, or the process."""
    with serving(archive, settings(AN_HOUR)) as site, httpx.Client(base_url=site) as client:
        for _ in range(500):
            assert client.post("/sign-in", headers=FOREIGN).status_code == 403
        entered(archive, "foreign_request")
        assert len(entries(archive)) == 1
    told = entries(archive)
    assert {line[:4] for line in told} == {(None, "POST /sign-in", "foreign_request", OURS)}
    assert len(told) <= 2
    assert sum(times for *_, times in told) == 500


def test_a_flood_of_made_up_tokens_and_addresses_is_bounded_and_counted_whole(archive: Archive) -> None:
    with serving(archive, settings(AN_HOUR)) as site, httpx.Client(base_url=site) as client:
        for number in range(300):
            token = {"Authorization": f"Bearer {number}", "X-Forwarded-For": "203.0.113.7"}
            assert client.get("/api/v1/readers", headers=token).status_code == 401
        for number in range(300):
            there = {"X-Forwarded-For": f"198.51.100.{number % 256}", "Origin": f"https://{number}.example"}
            assert client.post("/sign-in", headers=there).status_code == 403
    told = entries(archive)
    assert len(told) <= 2 * (KINDS_MAX + 2)
    assert sum(times for _, _, refusal, _, times in told if refusal == "not_signed_in") == 300
    assert sum(times for _, _, refusal, _, times in told if refusal == "foreign_request") == 300
    of_one = [line for line in told if line[3] == "203.0.113.7"]
    assert 1 < len(of_one) <= 2 * (KINDS_OF_ADDRESS_MAX + 1)
    assert sum(times for _, _, _, address, times in told if address is None) > 100, "too many addresses share one line"


def test_what_cannot_be_entered_is_refused_all_the_same_and_entered_later(archive: Archive) -> None:
    function = "FUNCTION turned_away_logged(text, text, integer, bytea, text, text)"
    archive.root.execute(f"REVOKE EXECUTE ON {function} FROM guiwei_app")
    with serving(archive, settings(0.1)) as site:
        for _ in range(7):
            assert httpx.post(f"{site}/sign-in", headers=FOREIGN).status_code == 403
        sleep(0.3)
        assert entries(archive) == []
        archive.root.execute(f"GRANT EXECUTE ON {function} TO guiwei_app")
        entered(archive, "foreign_request")
    assert sum(times for *_, times in entries(archive)) == 7


def test_a_forged_post_does_not_keep_a_session_alive(archive: Archive, site: str) -> None:
    """Only its hash is looked up to know whose it is, also where it has ended."""
    add_account(archive.owner, "idle", "闲人", Role.WINDOW_CLERK, "370112", password_of("idle"))
    with client_of(site) as client:
        client.post("/sign-in", data={"login": "idle", "password": password_of("idle")})
        archive.root.execute("UPDATE web_session SET last_seen_at = now() - interval '1 day'")
        assert client.post("/sign-out", headers=FOREIGN).status_code == 403
        assert entered(archive, "foreign_request") == ("idle", "POST /sign-out", OURS)
    row = archive.root.execute("SELECT max(last_seen_at) < now() - interval '1 hour' FROM web_session").fetchone()
    assert row == (True,)
