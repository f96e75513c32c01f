"""What somebody on the network tries without an account, byte by byte over a socket."""

import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from time import monotonic
from urllib.parse import urlsplit

import httpx
import pytest

from inventory.domain.people import LOGIN_CHARACTERS_MAX
from tests.attacks.conftest import ONE_ENGINE
from tests.ingest.equipment import until
from tests.site import SignIn
from tests.web.stock import password_of
from web.app import WebSettings
from web.limits import Limits, Pace
from web.listening import HEADERS

pytestmark = ONE_ENGINE
ANSWER_SECONDS_MAX = 20
# Short enough to wait for; the pace of sign-ins low enough to reach.
LIMITS = Limits(
    connections_max=40, head_seconds_max=0.5, body_seconds_max=0.5, sign_ins_of_address=Pace(burst=20, a_second=0.01)
)


@pytest.fixture
def web_settings() -> WebSettings:
    return WebSettings(limits=LIMITS)


@pytest.fixture
def wire(site: str) -> Iterator[socket.socket]:
    with closing(connected(site)) as wire:
        yield wire


def connected(site: str) -> socket.socket:
    address = urlsplit(site)
    assert address.hostname is not None
    return socket.create_connection((address.hostname, address.port or 80), ANSWER_SECONDS_MAX)


def everything_from(wire: socket.socket) -> str:
    """Whatever comes until the other side ends the connection."""
    answer = b""
    while piece := wire.recv(65_536):
        answer += piece
    return answer.decode()


def assert_has_headers(answer: str) -> None:
    for name, value in HEADERS.items():
        assert f"{name}: {value}".lower() in answer.lower(), name


def test_a_head_that_never_ends_is_ended_for_it(wire: socket.socket) -> None:
    wire.sendall(b"GET / HTTP/1.1\r\nHost: archive\r\nX-Slow: ")
    answer = everything_from(wire)
    assert answer.startswith("HTTP/1.1 408 ")
    assert_has_headers(answer)


def test_a_head_of_one_byte_now_and_then_gets_no_more_time(wire: socket.socket) -> None:
    wire.settimeout(0.05)
    begun = monotonic()
    answer = b""
    for byte in b"GET /" + b"x" * 2_000:
        assert monotonic() - begun < ANSWER_SECONDS_MAX, "the connection lives for ever"
        try:
            wire.sendall(bytes([byte]))
            answer = wire.recv(65_536)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        break
    assert answer.startswith(b"HTTP/1.1 408 ") or not answer


def test_a_connection_that_says_nothing_is_ended(wire: socket.socket) -> None:
    assert everything_from(wire).startswith("HTTP/1.1 408 ")


def test_a_head_too_large_is_refused(wire: socket.socket) -> None:
    wire.sendall(b"GET / HTTP/1.1\r\nX-Large: " + b"x" * LIMITS.head_bytes_max)
    answer = everything_from(wire)
    assert answer.startswith("HTTP/1.1 400 ")
    assert_has_headers(answer)


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/dossiers/search"])
def test_a_body_that_never_ends_is_refused_and_the_connection_with_it(wire: socket.socket, path: str) -> None:
    wire.sendall(f"POST {path} HTTP/1.1\r\nHost: archive\r\nContent-Length: 1000\r\n\r\nlogin=".encode())
    answer = everything_from(wire)
    assert answer.startswith("HTTP/1.1 408 ")
    assert "connection: close" in answer.lower()
    assert_has_headers(answer)


def test_a_body_told_too_large_is_refused_before_it_comes(wire: socket.socket) -> None:
    wire.sendall(b"POST /sign-in HTTP/1.1\r\nHost: archive\r\nContent-Length: 999999999999\r\n\r\n")
    answer = everything_from(wire)
    assert answer.startswith("HTTP/1.1 413 ")
    assert_has_headers(answer)


def test_a_body_found_too_large_is_refused_however_it_is_cut(site: str) -> None:
    pieces = iter([b"login=" + b"x" * 60_000, b"x" * 60_000])
    with httpx.Client(base_url=site, timeout=ANSWER_SECONDS_MAX) as client:
        answer = client.post("/sign-in", content=pieces)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")


def test_two_lengths_or_a_length_and_chunks_are_no_request(site: str) -> None:
    for lengths in (
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked, gzip",
    ):
        with closing(connected(site)) as wire:
            wire.sendall(b"POST /sign-in HTTP/1.1\r\nHost: archive\r\n" + lengths + b"\r\n\r\n")
            answer = everything_from(wire)
        assert answer.startswith(("HTTP/1.1 400 ", "HTTP/1.1 413 ")), answer[:80]


# Those that wait must not time out before the last one has come, however slow the machine.
@pytest.mark.parametrize(
    "web_settings", [WebSettings(limits=replace(LIMITS, head_seconds_max=ANSWER_SECONDS_MAX))], ids=["patient"]
)
def test_connections_beyond_the_limit_are_told_and_the_others_served(site: str) -> None:
    held = [connected(site) for _ in range(LIMITS.connections_max)]
    try:
        with closing(connected(site)) as wire:
            answer = everything_from(wire)
        assert answer.startswith("HTTP/1.1 503 ")
        assert "retry-after: 5" in answer.lower()
        assert_has_headers(answer)
    finally:
        for wire in held:
            wire.close()
    until(lambda: httpx.get(f"{site}/health", timeout=ANSWER_SECONDS_MAX).status_code == 200, "others are served")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%5capp.py",
        "/static/vendor/../../../../../../../../etc/passwd",
        "/static/vendor/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/..%00/app.py",
        "/static/vendor/....//....//etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_static_files(wire: socket.socket, path: str) -> None:
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: archive\r\nConnection: close\r\n\r\n".encode())
    answer = everything_from(wire)
    assert answer.startswith("HTTP/1.1 404 "), answer[:200]
    assert "create_app" not in answer and "root:" not in answer
    assert_has_headers(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sign-in", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/sign-in", 405),
        ("TRACE", "/", 405),
        ("GET", "/static/guiwei.css", 200),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/api/v1/readers", 401),
        ("GET", "/live/dossiers/L-1", 401),
        ("GET", "/openapi.json", 200),
        ("GET", "/health", 200),
    ],
)
def test_every_answer_has_the_headers(wire: socket.socket, method: str, path: str, status: int) -> None:
    wire.sendall(f"{method} {path} HTTP/1.1\r\nHost: archive\r\nConnection: close\r\n\r\n".encode())
    answer = everything_from(wire)
    assert answer.startswith(f"HTTP/1.1 {status} "), answer[:80]
    assert_has_headers(answer)
    assert answer.count("Content-Security-Policy".lower()) == 1


# ── Credential stuffing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_guessing_one_account_locks_it_for_the_right_password_too(site: str) -> None:
    with httpx.Client(base_url=site) as guesser:
        answers = [try_password(guesser, "zhao", f"guess number {guess}") for guess in range(7)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
        assert int(answers[-1].headers["retry-after"]) > 60
        assert try_password(guesser, "zhao", password_of("zhao")).status_code == 429
        assert "guiwei" not in guesser.cookies


def test_a_list_of_stolen_passwords_is_slowed_down_by_address(site: str) -> None:
    """One guess for each of many accounts locks none of them. The proxy on this machine says who asks."""
    with httpx.Client(base_url=site, headers={"X-Forwarded-For": "203.0.113.7"}) as stuffer:
        statuses = [try_password(stuffer, f"person{guess}", "Password 2026").status_code for guess in range(25)]
        assert statuses == [401] * 20 + [429] * 5
        assert int(try_password(stuffer, "zhao", password_of("zhao")).headers["retry-after"]) > 0
        stuffer.headers["X-Forwarded-For"] = "203.0.113.8"
        assert try_password(stuffer, "zhao", "not the password").status_code == 401


def test_an_unknown_login_is_answered_like_a_wrong_password(site: str) -> None:
    with httpx.Client(base_url=site) as guesser:
        known, unknown = (
            try_password(guesser, "zhao", "wrong password"),
            try_password(guesser, "zhou", "wrong password"),
        )
    assert known.text.replace("zhao", "") == unknown.text.replace("zhou", "")


def try_password(client: httpx.Client, login: str, password: str) -> httpx.Response:
    assert len(login) <= LOGIN_CHARACTERS_MAX
    return client.post("/sign-in", data={"login": login, "password": password})


# ── Session fixation ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_planted_before_the_sign_in_is_worth_nothing_after_it(site: str) -> None:
    planted = "a" * 43
    with httpx.Client(base_url=site, cookies={"guiwei": planted}) as victim:
        answer = victim.post("/sign-in", data={"login": "zhao", "password": password_of("zhao")})
        assert answer.status_code == 303
        given = answer.cookies["guiwei"]
    assert given != planted
    assert httpx.get(f"{site}/work", cookies={"guiwei": planted}).headers["location"].startswith("/sign-in")
    assert httpx.get(f"{site}/work", cookies={"guiwei": given}).status_code == 200


def test_every_sign_in_has_a_secret_of_its_own(by_the_form: SignIn) -> None:
    assert by_the_form("zhao").cookies["guiwei"] != by_the_form("zhao").cookies["guiwei"]
