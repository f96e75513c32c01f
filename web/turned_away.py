"""What the door turns away, for the access log: counted by address and minute, so that a flood becomes a few entries.

The first of a kind is entered as soon as a thread gets to it; those like it are counted and entered together when the minute
is over. The answer waits for neither. What a process that is killed had counted is lost: a minute at most.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from inventory.domain.refusals import Refusal
from inventory.operations.reading_log import note_turned_away
from inventory.store.access_log import TurnedAway
from inventory.store.database import Database
from inventory.store.people import secret_hash
from web.signed_in import bearer_of, session_secret

# Of a minute and a process. Beyond them, what comes is entered without its session, then without its address too.
KINDS_MAX = 100
KINDS_OF_ADDRESS_MAX = 10
BROWSER_CHARACTERS_MAX = 200
CONNECTION = "connection"  # the act, where it never became a request
STATIC = "/static"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """What counts as alike: the same refusal from the same address, showing the same session or token."""

    refusal: str
    address: str = ""
    shown_hash: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Counted:
    act: str
    browser: str
    times: int = 0  # not entered yet
    is_entered: bool = False  # this minute


class Doorkeeper:
    """The counts of one process; `working` enters them."""

    def __init__(self, database: Database, routes: Sequence[BaseRoute], minute_seconds: float) -> None:
        """`routes`: what a request may have been for; `minute_seconds`: a minute, or less for those who can't wait."""
        self._database, self._routes, self._minute_seconds = database, routes, minute_seconds
        self._kinds: dict[Kind, _Counted] = {}
        self._lock, self._news, self._over = Lock(), Event(), Event()

    def refused(self, refusal: str, request: Request) -> None:
        """Count a request that was turned away."""
        address = request.client.host if request.client else ""
        shown = bearer_of(request) or session_secret(request)
        kind = Kind(refusal, address, None if shown is None else secret_hash(shown))
        self._count(kind, lambda: self._act(request.scope), printable(request.headers.get("user-agent", "")))

    def connection_refused(self, refusal: str, address: str) -> None:
        """Count a connection that was ended before it was a request."""
        self._count(Kind(refusal, address), lambda: CONNECTION, "")

    def _act(self, scope: Scope) -> str:
        """Method and route template of a request that no route was found for yet: an address may hold anything typed."""
        method = scope["method"] if scope["method"] in _METHODS else "?"
        if scope["path"].startswith(STATIC):
            return f"{method} {STATIC}"
        met = {route.matches(scope)[0]: getattr(route, "path", "?") for route in reversed(self._routes)}
        return f"{method} {met.get(Match.FULL) or met.get(Match.PARTIAL) or '?'}"

    @contextmanager
    def working(self) -> Iterator[None]:
        """Enter what is counted, until the block ends, and then what is left."""
        thread = Thread(target=self._work, name="doorkeeper")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._news.set()
            thread.join()

    def _count(self, kind: Kind, act: Callable[[], str], browser: str, times: int = 1) -> None:
        with self._lock:
            kind = next(one for one in _wider(kind) if self._has_room(one))
            counted = self._kinds.get(kind)
            if counted is None:
                counted = self._kinds[kind] = _Counted(act(), browser)
                self._news.set()
            counted.times += times

    def _has_room(self, kind: Kind) -> bool:
        if kind in self._kinds or not kind.address:  # There are only so many refusals.
            return True
        return len(self._kinds) < KINDS_MAX and (
            kind.shown_hash is None or sum(one.address == kind.address for one in self._kinds) < KINDS_OF_ADDRESS_MAX
        )

    def _work(self) -> None:
        ends = monotonic() + self._minute_seconds
        while not self._over.is_set():
            self._news.wait(max(ends - monotonic(), 0))
            self._news.clear()
            is_minute_over = self._over.is_set() or monotonic() >= ends
            self._enter(self._due(is_minute_over=is_minute_over))
            if is_minute_over:
                ends = monotonic() + self._minute_seconds

    def _due(self, *, is_minute_over: bool) -> list[tuple[Kind, TurnedAway]]:
        due = []
        with self._lock:
            for kind, counted in self._kinds.items():
                if counted.times and (is_minute_over or not counted.is_entered):
                    facts = (counted.act, kind.refusal, counted.times, kind.shown_hash, kind.address, counted.browser)
                    due.append((kind, TurnedAway(*facts)))
                    counted.times, counted.is_entered = 0, True
            if is_minute_over:
                self._kinds.clear()
        return due

    def _enter(self, due: list[tuple[Kind, TurnedAway]]) -> None:
        if not due:
            return
        try:
            note_turned_away(self._database, [one for _, one in due])
        except (Refusal, psycopg.Error, SQLAlchemyError) as error:
            log.warning("what was turned away waits to be entered: %s", type(error).__name__)
            for kind, one in due:
                self._count(kind, lambda act=one.act: act, one.browser, one.times)  # type: ignore[misc]


def _wider(kind: Kind) -> Iterator[Kind]:
    yield kind
    yield Kind(kind.refusal, kind.address)
    yield Kind(kind.refusal)


def printable(browser: str) -> str:
    """What a browser says it is, as far as it is kept."""
    return "".join(filter(str.isprintable, browser))[:BROWSER_CHARACTERS_MAX]
