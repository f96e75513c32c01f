"""Every request of somebody signed in, and every refused attempt, stands in the access log before its answer leaves.

Operations log what only they know: which dossier was looked at, which ones a search found. This is what nobody can forget to
log: a page without a look of its own, a change, a refusal. Both share the request's id.
"""

import re
from dataclasses import dataclass
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inventory.domain.people import Viewer
from inventory.domain.refusals import NotSignedIn, TooManyRequests
from inventory.operations.reading_log import note_request
from inventory.store.access_log import Noted
from inventory.store.database import ASKING, Asking, Database
from web.signed_in import bearer_of
from web.turned_away import Doorkeeper, printable

_REFUSED_STATUS_MIN, _BROKEN_STATUS_MIN = 400, 500
# A number of ours. What stands in an address may be anything somebody typed, also a name or an ID number.
_OURS = re.compile(r"(?=[A-Za-z0-9][A-Za-z0-9./_\-]{0,39}\Z)(?!.*\d{14})")


@dataclass(frozen=True)
class Accounting:
    """ASGI middleware inside `Guarding`: an answer whose entry can't be written doesn't leave.

    What comes by the thousands, and from nobody, the `doorkeeper` counts.
    """

    app: ASGIApp
    database: Database
    doorkeeper: Doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id; note it when its answer begins."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        host = request.client.host if request.client else ""
        asking = Asking(uuid4(), host, printable(request.headers.get("user-agent", "")))

        async def noted_first(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < _BROKEN_STATUS_MIN:
                viewer, noted = getattr(request.state, "viewer", None), _noted(request, scope, message["status"])
                if (refusal := _counted(request, scope)) is not None:
                    self.doorkeeper.refused(refusal, request)
                # Of strangers, attempts count; a page that sends them to sign in says nothing.
                elif noted is not None and (viewer is not None or (noted.refusal and request.method == "POST")):
                    await run_in_threadpool(self._note, viewer, noted)
            await send(message)

        told = ASKING.set(asking)
        try:
            await self.app(scope, receive, noted_first)
        finally:
            ASKING.reset(told)

    def _note(self, viewer: Viewer | None, noted: Noted) -> None:
        note_request(self.database, viewer, noted)


def _counted(request: Request, scope: Scope) -> str | None:
    """The refusal, where it is one of many: too much of anything, no address of ours, a token that is nobody's."""
    refusal: str | None = getattr(request.state, "refusal", None)
    guessed = refusal == NotSignedIn.code and bearer_of(request) is not None
    nowhere = refusal is not None and scope.get("route") is None
    return refusal if refusal == TooManyRequests.code or guessed or nowhere else None


def _noted(request: Request, scope: Scope, status: int) -> Noted | None:
    route = getattr(scope.get("route"), "path", None)
    if route is None:
        return None
    # A page that shows its form again with what is wrong says so by its status alone.
    refusal = getattr(request.state, "refusal", f"http_{status}" if status >= _REFUSED_STATUS_MIN else None)
    parameters = [str(value) for value in request.path_params.values()]
    about_a_dossier = route.startswith(("/dossiers/", "/api/v1/dossiers/"))
    number = next((value for value in parameters if about_a_dossier and value.isprintable()), None)
    done = refusal is None and number is None
    named = next((value for value in parameters if done and _OURS.match(value)), None)
    return Noted(f"{request.method} {route}", number, named, refusal)
