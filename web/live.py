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

CASES = "discrepancy"  # payload as of the others; what it lists may be none: a case about a tag, a reader or a bay
AUDITS = "audit"  # payload: a JSON list of numbers of audits
JOBS = "job"  # payload: a JSON list of names of jobs
CHANNELS = ("belief", "holding", CASES)  # payload: a JSON list of volume ids, or "*" for all
COMMANDS = "reader_command"  # payload: a JSON list of numbers of commands to readers
GATES = "gate"  # payload: an empty JSON list
OWN_CHANNELS = (AUDITS, JOBS, COMMANDS, GATES)  # of pages that show nothing else
READS = "found"  # payload: a JSON object, one read or a few of a volume somebody looks for (find mode)
READS_WAITING_MAX = 50  # for a browser that is too slow; what is older is of no use to who walks
CLIENTS_MAX = 300  # Sixty clerks with a few open pages each.
HEARTBEAT_SECONDS = 15  # Proxies cut what is silent for a minute.
STREAM_SECONDS_MAX = 900  # Then the browser comes again, and is asked again who it is.
PAUSE_SECONDS = 1.0  # At most one event a second to a page, however busy the shelf is;
PAUSE_AT_GATES = 0.2  # but whoever carries something out is a step further.
RECONNECT_SECONDS_MAX = 30
CHANGED = "event: changed\ndata: look again\n\n"

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Client:
    """One open page: the volumes it shows, and whether there is news. A queue of one: news doesn't add up.

    cases: whether it shows discrepancies, of whatever; channel: what else it shows, one of `OWN_CHANNELS`.
    """

    volumes: frozenset[int]
    cases: bool = False
    channel: str | None = None
    news: asyncio.Queue[None] = field(default_factory=lambda: asyncio.Queue(maxsize=1))

    def tell(self) -> None:
        """Note that there is something new."""
        with suppress(asyncio.QueueFull):
            self.news.put_nowait(None)


@dataclass(eq=False)
class Follower:
    """One page in find mode: every read of one volume, the newest of them if it can't keep up."""

    volume: int
    reads: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(maxsize=READS_WAITING_MAX))

    def tell(self, read: str) -> None:
        """Add a read, an older one giving way."""
        if self.reads.full():
            self.reads.get_nowait()
        self.reads.put_nowait(read)


class Live:
    """One process's listener and its open pages."""

    def __init__(self, url: str) -> None:
        """`url`: the application role's, for a connection of its own."""
        self._url = url
        self._clients: set[Client] = set()
        self._followers: set[Follower] = set()
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
        for follower in self._followers:
            follower.tell("")

    async def events(
        self, volumes: frozenset[int], *, cases: bool = False, channel: str | None = None
    ) -> AsyncGenerator[str, None]:
        """One page's stream, as text of server-sent events, for at most `STREAM_SECONDS_MAX`."""
        self._check_room()
        client = Client(volumes, cases, channel)
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
                    await asyncio.sleep(PAUSE_AT_GATES if channel == GATES else PAUSE_SECONDS)
        finally:
            self._clients.discard(client)

    async def reads(self, volume: int) -> AsyncGenerator[str, None]:
        """Every read of one volume as it comes in, as text of server-sent events, for at most `STREAM_SECONDS_MAX`."""
        self._check_room()
        follower = Follower(volume)
        self._followers.add(follower)
        ends_at = asyncio.get_running_loop().time() + STREAM_SECONDS_MAX
        try:
            yield "retry: 1000\n: listening\n\n"
            while not self._closed.is_set() and asyncio.get_running_loop().time() < ends_at:
                try:
                    read = await asyncio.wait_for(follower.reads.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if read:
                    yield f"event: read\ndata: {read}\n\n"
        finally:
            self._followers.discard(follower)

    def _check_room(self) -> None:
        if len(self._clients) + len(self._followers) >= CLIENTS_MAX:
            raise Unavailable(service="live", problem=f"{CLIENTS_MAX} pages are open")

    def spread_read(self, payload: str) -> None:
        """Hand a read to whoever looks for that volume."""
        try:
            read = json.loads(payload)
            volume = read.pop("volume")
        except (ValueError, AttributeError, KeyError):
            return
        for follower in self._followers:
            if follower.volume == volume:
                follower.tell(json.dumps(read))

    def spread(self, payload: str, channel: str = "*") -> None:
        """Tell the pages a notification is about; one we can't read is about all."""
        try:
            changed = frozenset(json.loads(payload))
        except (ValueError, TypeError):
            changed = None
        if channel in OWN_CHANNELS:
            for client in self._clients:
                if client.channel == channel:
                    client.tell()
            return
        for client in self._clients:
            about_cases = client.cases and channel in {CASES, "*"}
            if about_cases or changed is None or not changed.isdisjoint(client.volumes):
                client.tell()

    async def _listen(self) -> None:
        pause = 1
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
                    for channel in (*CHANNELS, *OWN_CHANNELS, READS):
                        await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
                    pause = 1
                    self.spread("*")  # Whatever happened while nobody listened.
                    async for notification in connection.notifies():
                        if notification.channel == READS:
                            self.spread_read(notification.payload)
                        else:
                            self.spread(notification.payload, notification.channel)
            except psycopg.Error as error:
                log.warning("live updates wait for the database: %s", type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, RECONNECT_SECONDS_MAX)
