"""What every request passes before a handler sees it: size, origin, and the headers that shut a browser's other doors."""

import logging
import traceback
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inventory.domain.refusals import BodyTooLarge, ForeignRequest, Refusal

_KIB = 1024
BODY_BYTES_MAX = 64 * _KIB  # Forms and searches; files come in by the command line.
# By the beginning of the address, where more is to be expected.
LARGER_BODIES: tuple[tuple[str, int], ...] = (
    ("/api/v1/acts", 2_048 * _KIB),  # ten thousand volumes in one act
    ("/station/", 512 * _KIB),
    ("/arrivals/new", 8_192 * _KIB),  # the list of a county that moves in
    ("/api/v1/arrivals", 16_384 * _KIB),  # the same in JSON
    ("/api/v1/reshelvings", 2_048 * _KIB),
    ("/api/v1/digitisation", 1_024 * _KIB),
    ("/api/v1/letters/", 4_096 * _KIB),  # the scan of a letter, and nothing else
    ("/requests/letters", 4_160 * _KIB),  # the same, in a form
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_STATIC_SECONDS = 365 * 24 * 3600  # The address carries the content's hash.

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

log = logging.getLogger(__name__)

Answer = Callable[[Request, Refusal], Response]
LastResort = Callable[[Request], Response]


class Guarding:
    """ASGI middleware around everything else. It answers by itself only to refuse, or when all else failed."""

    def __init__(self, app: ASGIApp, *, https: bool, refuse: Answer, fail: LastResort) -> None:
        """Wrap `app`; `refuse` and `fail` make the answers."""
        self.app, self.https, self.refuse, self.fail = app, https, refuse, fail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is foreign or too large, pass on the rest."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._add_headers(scope, MutableHeaders(scope=message))
            await send(message)

        request = Request(scope, receive)
        try:
            check_origin(scope["method"], request.headers)
            await self.app(scope, await received(receive, request.headers, _bytes_max(scope["path"])), with_headers)
        except Refusal as refusal:
            if begun:
                raise
            await self.refuse(request, refusal)(scope, receive, with_headers)
        except Exception as error:
            # Messages of database errors may hold a person's data; the kind and the place of a defect never do.
            places = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s while answering %s\n%s", type(error).__name__, _route(scope), places)  # noqa: TRY400
            if begun:
                raise
            await self.fail(request)(scope, receive, with_headers)

    def _add_headers(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in _HEADERS.items():
            headers[name] = value
        if self.https:
            headers["Strict-Transport-Security"] = f"max-age={_STATIC_SECONDS}"
        if scope["path"].startswith("/static/") and scope["query_string"].startswith(b"v="):
            headers["Cache-Control"] = f"public, max-age={_STATIC_SECONDS}, immutable"
        elif scope["path"].startswith("/static/"):
            headers["Cache-Control"] = "no-cache"
        else:
            headers["Cache-Control"] = "no-store"  # Pages hold personal data, screens are shared.


def check_origin(method: str, headers: Headers) -> None:
    """Raises `ForeignRequest` where a browser says that another site's page sends this.

    Programs send neither header; their bearer token is not a cookie, so nobody can borrow it.
    """
    if method in _SAFE_METHODS:
        return
    if (site := headers.get("sec-fetch-site")) is not None and site not in {"same-origin", "none"}:
        raise ForeignRequest
    if (origin := headers.get("origin")) is not None and urlsplit(origin).netloc != headers.get("host"):
        raise ForeignRequest


def _bytes_max(path: str) -> int:
    return next((bytes_max for beginning, bytes_max in LARGER_BODIES if path.startswith(beginning)), BODY_BYTES_MAX)


async def received(receive: Receive, headers: Headers, bytes_max: int) -> Receive:
    """Take the whole body in and hand it on; refuses with `BodyTooLarge` what is told or found to be too large."""
    too_large = BodyTooLarge(kib=bytes_max // _KIB)
    told = headers.get("content-length", "0")
    if not told.isdigit() or int(told) > bytes_max:
        raise too_large
    messages: list[Message] = []
    bytes_received = 0
    while not messages or messages[-1].get("more_body", False):
        messages.append(await receive())
        bytes_received += len(messages[-1].get("body", b""))
        if bytes_received > bytes_max:
            raise too_large
    messages.reverse()

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _route(scope: Scope) -> str:
    return f"{scope['method']} {getattr(scope.get('route'), 'path', 'unmatched')}"
