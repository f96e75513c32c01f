"""Live updates: PostgreSQL's notifications fanned out to open pages as server-sent events.

An event says only "look again"; what there is to see comes through the ordinary page, under the ordinary rules.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import psycopg
from psycopg.sql import SQL, Identifier

from inventory.domain.refusals import Unavailable

CHANNELS = ("belief", "holding")  # payload: a JSON list of volume ids, or "*" for all
CLIENTS_MAX = 300  # Sixty clerks with a few open pages each.
HEARTBEAT_SECONDS = 15  # Proxies cut what is silent for a minute.
STREAM_SECONDS_MAX = 900  # Then the browser comes again, and is asked again who it is.
PAUSE_SECONDS = 1.0  # At most one event a second to a page, however busy the shelf is.
RECONNECT_SECONDS_MAX = 30
CHANGED = "event: changed\ndata: look again\n\n"

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Client:
    """One open page: the volumes it shows, and whether there is news. A queue of one: news doesn't add up."""

    volumes: frozenset[int]
    news: asyncio.Queue[None] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def tell(self) -> None:
        """Note that there is something new."""
        with suppress(asyncio.QueueFull):
            self.news.put_nowait(None)


class Live:
    """One process's listener and its open pages."""

    def __init__(self, url: str) -> None:
        """`url`: the application role's, for a connection of its own."""
        self._url = url
        self._clients: set[Client] = set()
        self._closed = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen as long as the application runs."""
        self._listener = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            self.close()
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener

    def close(self) -> None:
        """End every stream: an open one would keep the server from stopping."""
        self._closed.set()
        for client in self._clients:
            client.tell()

    async def events(self, volumes: frozenset[int]) -> AsyncGenerator[str, None]:
        """One page's stream, as text of server-sent events, for at most `STREAM_SECONDS_MAX`."""
        if len(self._clients) >= CLIENTS_MAX:
            raise Unavailable(service="live", problem=f"{CLIENTS_MAX} pages are open")
        client = Client(volumes)
        self._clients.add(client)
        ends_at = asyncio.get_running_loop().time() + STREAM_SECONDS_MAX
        try:
            yield "retry: 3000\n: listening\n\n"
            while not self._closed.is_set() and asyncio.get_running_loop().time() < ends_at:
                try:
                    await asyncio.wait_for(client.news.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if not self._closed.is_set():
                    yield CHANGED
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._clients.discard(client)

    def spread(self, payload: str) -> None:
        """Tell the pages a notification is about; one we can't read is about all."""
        try:
            changed = frozenset(json.loads(payload))
        except (ValueError, TypeError):
            changed = None
        for client in self._clients:
            if changed is None or not changed.isdisjoint(client.volumes):
                client.tell()

    async def _listen(self) -> None:
        pause = 1
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    for channel in CHANNELS:
                        await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
                    pause = 1
                    self.spread("*")  # Whatever happened while nobody listened.
                    async for notification in connection.notifies():
                        self.spread(notification.payload)
            except psycopg.Error as error:
                log.warning("live updates wait for the database: %s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RECONNECT_SECONDS_MAX)
