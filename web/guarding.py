"""What every request passes before a handler sees it: pace, size, time, origin and token, and the headers of its answer."""

import asyncio
import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inventory.domain.refusals import BodyTooLarge, BodyTooSlow, ForeignRequest, PathLeadsOut, Refusal
from web.form_tokens import SAFE_METHODS, check_form_token
from web.limits import RUN_OUT_BYTES_MAX, RUN_OUT_SECONDS_MAX, Limits, body_bytes_max
from web.listening import HEADERS
from web.pacing import Pacing, is_own_machine
from web.turned_away import Doorkeeper

COUNTING = "/shelf-count"
CAMERA_HERE = "camera=(self), geolocation=(), microphone=()"  # It reads codes; no other page looks through it.
_STATIC_SECONDS = 365 * 24 * 3600  # The address carries the content's hash.

log = logging.getLogger(__name__)

Answer = Callable[[Request, Refusal], Response]
LastResort = Callable[[Request], Response]


class Guarding:
    """ASGI middleware around everything else. It answers by itself only to refuse, or when all else failed."""

    def __init__(
        self, app: ASGIApp, *, https: bool, limits: Limits, doorkeeper: Doorkeeper, refuse: Answer, fail: LastResort
    ) -> None:
        """Wrap `app`; `refuse` and `fail` make the answers, `doorkeeper` counts the refused."""
        self.app, self.https, self.limits, self.doorkeeper = app, https, limits, doorkeeper
        self.refuse, self.fail = refuse, fail
        self._addresses, self._sign_ins = Pacing(limits.of_address), Pacing(limits.sign_ins_of_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is foreign, too much or too slow, pass on the rest."""
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
            self._keep_pace(request)
            check_path(scope["path"])
            check_origin(scope["method"], request.headers)
            body = await self._body(request)
            check_form_token(request, body)
            await self.app(scope, again(body, receive), with_headers)
        except Refusal as refusal:
            if begun:
                raise
            self.doorkeeper.refused(refusal.code, request)
            if isinstance(refusal, BodyTooLarge):
                await run_out(receive)
            await self.refuse(request, refusal)(scope, receive, with_headers)
        except Exception as error:
            # Messages of database errors may hold a person's data; the kind and the place of a defect never do.
            places = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s while answering %s\n%s", type(error).__name__, _route(scope), places)  # noqa: TRY400
            if begun:
                raise
            await self.fail(request)(scope, receive, with_headers)

    def _keep_pace(self, request: Request) -> None:
        """Raises `TooManyRequests`. This machine's own programs are spared; a proxy says for whom it asks."""
        address = "" if request.client is None else request.client.host
        if not address or is_own_machine(address):
            return
        self._addresses.take(address)
        if request.method == "POST" and request.url.path.startswith("/sign-in"):
            self._sign_ins.take(address)

    async def _body(self, request: Request) -> bytes:
        """The whole body; raises `BodyTooLarge` and `BodyTooSlow`."""
        try:
            async with asyncio.timeout(self.limits.body_seconds_max):
                return await received(request.receive, request.headers, body_bytes_max(request.url.path))
        except TimeoutError:
            raise BodyTooSlow(seconds=ceil(self.limits.body_seconds_max)) from None

    def _add_headers(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in HEADERS.items():
            headers[name] = value
        if scope["path"] == COUNTING:
            headers["Permissions-Policy"] = CAMERA_HERE
        if self.https:
            headers["Strict-Transport-Security"] = f"max-age={_STATIC_SECONDS}"
        if scope["path"].startswith("/static/") and scope["query_string"].startswith(b"v="):
            headers["Cache-Control"] = f"public, max-age={_STATIC_SECONDS}, immutable"
        elif scope["path"].startswith("/static/"):
            headers["Cache-Control"] = "no-cache"
        else:
            headers["Cache-Control"] = "no-store"  # Pages hold personal data, screens are shared.


def check_path(path: str) -> None:
    """Raises `PathLeadsOut` for an address that climbs, however it is written; the files' own handler would refuse it too."""
    if ".." in path and ".." in path.replace("\\", "/").replace("\0", "").split("/"):
        raise PathLeadsOut


def check_origin(method: str, headers: Headers) -> None:
    """Raises `ForeignRequest` where a browser says that another site's page sends this.

    Programs send neither header; their bearer token is not a cookie, so nobody can borrow it.
    """
    if method in SAFE_METHODS:
        return
    if (site := headers.get("sec-fetch-site")) is not None and site not in {"same-origin", "none"}:
        raise ForeignRequest
    if (origin := headers.get("origin")) is not None and urlsplit(origin).netloc != headers.get("host"):
        raise ForeignRequest


async def received(receive: Receive, headers: Headers, bytes_max: int) -> bytes:
    """Take the whole body in; refuses with `BodyTooLarge` what is told or found to be too large."""
    too_large = BodyTooLarge(kib=bytes_max // 1024)
    told = headers.get("content-length", "0")
    if not told.isdigit() or int(told) > bytes_max:
        raise too_large
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > bytes_max:
            raise too_large
        more = message.get("more_body", False)
    return bytes(body)


async def run_out(receive: Receive) -> None:
    """Let what is under way of a refused body run out, within bounds.

    A connection closed over unread bytes is reset, and whoever sent them may never read why.
    """
    left = RUN_OUT_BYTES_MAX
    with suppress(TimeoutError):
        async with asyncio.timeout(RUN_OUT_SECONDS_MAX):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def again(body: bytes, receive: Receive) -> Receive:
    """Hand a body on that was taken in already; after it, whatever else the connection says."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def handed_on() -> Message:
        return messages.pop() if messages else await receive()

    return handed_on


def _route(scope: Scope) -> str:
    return f"{scope['method']} {getattr(scope.get('route'), 'path', 'unmatched')}"
