"""One HTTP request to a reader, with an end: whatever the other side does or doesn't, an outcome is there in time."""

import base64
import http.client
import json
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from devices.controls.told import Request
from inventory.domain.commands import CommandState, said

BODY_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended; zh and en: why it failed."""

    state: CommandState
    zh: str | None = None
    en: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """As whom a reader is asked."""

    user: str
    password: str = field(repr=False)


DONE = Outcome(CommandState.DONE)
TIMED_OUT = Outcome(CommandState.TIMED_OUT, "读写器未在限期内应答。", "The reader didn't answer in time.")


def ask(root: str, request: Request, login: Login | None, seconds: float) -> Outcome:
    """Ask below `root` (http or https) and wait no longer than `seconds` in all; never raises for what the reader does."""
    parts = urlsplit(root)
    assert parts.hostname is not None
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=seconds)
    over = threading.Event()
    watchdog: threading.Timer | None = None
    ends_at = time.monotonic() + seconds
    try:
        connection.connect()
        # The time-out is for one reading of the socket: a reader that sends a byte now and then would never end.
        watchdog = threading.Timer(max(ends_at - time.monotonic(), 0), _cut, (connection.sock, over))
        watchdog.start()
        connection.request(
            request.method, parts.path.rstrip("/") + request.path, request.body, _headers(request, login)
        )
        answer = connection.getresponse()
        body = answer.read(BODY_BYTES_MAX)
        if answer.length:  # cut short, by the reader or by us, or longer than any answer of a reader
            raise http.client.IncompleteRead(body, answer.length)
        return TIMED_OUT if over.is_set() else _outcome(answer.status, body)
    except TimeoutError:
        return TIMED_OUT
    except ssl.SSLCertVerificationError:
        return _failed("读写器的证书不受信任。", "The reader's certificate isn't trusted.")
    except (http.client.HTTPException, ValueError) as garbage:
        return TIMED_OUT if over.is_set() else _not_understood(garbage)
    except OSError as away:
        if over.is_set():
            return TIMED_OUT
        return _failed(f"连不上读写器：{said(away)}。", f"The reader can't be reached: {said(away)}.")
    finally:
        if watchdog is not None:
            watchdog.cancel()
        connection.close()


def _headers(request: Request, login: Login | None) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    if login is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
    return headers


def _outcome(status: int, body: bytes) -> Outcome:
    if status in (401, 403):
        return _failed("用户名或密码不对。", "User or password is wrong.")
    if not 200 <= status < 300:  # noqa: PLR2004
        return _failed(
            f"读写器拒绝：HTTP {status}，{_reason(body)}。", f"The reader refuses: HTTP {status}, {_reason(body)}."
        )
    if body.strip():
        try:
            json.loads(body)
        except (ValueError, RecursionError) as garbage:
            return _not_understood(garbage)
    return DONE


def _reason(body: bytes) -> str:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return said(body[:400].decode(errors="replace"))
    return said(told.get("message", told) if isinstance(told, dict) else told)


def _failed(zh: str, en: str) -> Outcome:
    return Outcome(CommandState.FAILED, zh, en)


def _not_understood(garbage: Exception) -> Outcome:
    return _failed(f"答复无法理解：{said(garbage)}。", f"The answer can't be understood: {said(garbage)}.")


def _cut(sock: socket.socket, over: threading.Event) -> None:
    over.set()
    with suppress(OSError):  # it has ended just now
        sock.shutdown(socket.SHUT_RDWR)
