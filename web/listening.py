"""Connections before they are requests: how long a head, a body's rest and an unread answer may take, and how many there may be.

uvicorn bounds neither a head that never ends nor an answer nobody takes, and answers by itself without our headers; this
is its HTTP/1.1 protocol with those doors shut.
"""

import asyncio
import socket
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from web.limits import Limits
from web.turned_away import Doorkeeper

# What a browser is told with every answer, whoever gives it.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'; trusted-types default"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_REST_SECONDS_MAX = (
    3.0  # for the rest of a body already refused, so that the refusal is read before the connection ends
)
_RETRY_SECONDS = 5
# As the access log tells it.
_ENDED_BECAUSE = {
    HTTPStatus.SERVICE_UNAVAILABLE: "too_many_connections",
    HTTPStatus.BAD_REQUEST: "not_http",
    HTTPStatus.REQUEST_TIMEOUT: "head_too_slow",
}


class GuardedProtocol(H11Protocol):
    """One connection."""

    def __init__(
        self,
        limits: Limits,
        doorkeeper: Doorkeeper,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes it, with the `limits` and the `doorkeeper` bound first."""
        super().__init__(config, server_state, app_state, _loop)
        self._limits, self._doorkeeper = limits, doorkeeper
        self._head: asyncio.TimerHandle | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection: refused where there are too many, else its first head is waited for."""
        super().connection_made(transport)
        # asyncio does so for sockets it made itself, not for one it was given: an answer's body then waits 40 ms for the
        # acknowledgement of its head.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self.connections) > self._limits.connections_max:
            self._end(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended."""
        for timer in (self._head, self._rest, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        super().data_received(data)
        self._wait_for_head()
        if self._rest is not None and self.conn.their_state is not h11.SEND_BODY:
            self._rest.cancel()
            self._rest = None

    def on_response_complete(self) -> None:
        """An answer is out; what still comes of a refused body is read for a moment, else the answer may be lost with it."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and self._rest is None:
            self._rest = self.loop.call_later(_REST_SECONDS_MAX, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """What isn't HTTP, or has too long a head, gets our headers too."""
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.abort()  # in the middle of an answer
            return
        self._end(HTTPStatus.BAD_REQUEST)

    def pause_writing(self) -> None:
        """The other side takes nothing any more."""
        super().pause_writing()
        self._unread = self.loop.call_later(self._limits.unread_seconds_max, self._not_taken)

    def resume_writing(self) -> None:
        """It takes again."""
        if self._unread is not None:
            self._unread.cancel()
        super().resume_writing()

    def _wait_for_head(self) -> None:
        waits = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if waits and self._head is None:
            self._head = self.loop.call_later(self._limits.head_seconds_max, self._too_slow)
        elif not waits and self._head is not None:
            self._head.cancel()
            self._head = None

    def _too_slow(self) -> None:
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._end(HTTPStatus.REQUEST_TIMEOUT)

    def _not_taken(self) -> None:
        self._doorkeeper.connection_refused("answer_not_taken", self._address)
        self.transport.abort()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _end(self, status: HTTPStatus) -> None:
        """A bare answer and the end: no handler has seen this connection."""
        self._doorkeeper.connection_refused(_ENDED_BECAUSE[status], self._address)
        headers = {
            **HEADERS,
            "Cache-Control": "no-store",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(status.phrase)),
            "Connection": "close",
        }
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(_RETRY_SECONDS)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n{status.phrase}".encode())
        self.transport.close()
