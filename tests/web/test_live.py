"""News reaches the pages it is about, once, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx
import pytest

from inventory.domain.refusals import Unavailable
from tests.conftest import Archive
from tests.web.conftest import ONE_ENGINE
from tests.web.stock import believe
from web import live
from web.live import CHANGED, Live

_NOBODY = "postgresql://nobody@127.0.0.1:1/none"


Told = TypeVar("Told")


def _told(story: Coroutine[None, None, Told]) -> Told:
    """Run it in a thread of its own: where a browser was driven before, this one has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, story).result()


async def _next(stream: AsyncGenerator[str, None]) -> str:
    return await asyncio.wait_for(anext(stream), 2 * live.PAUSE_SECONDS)


@pytest.mark.parametrize("payload", ["[7]", "[1, 7, 9]", "*", "not JSON", "7"])
def test_news_of_a_volume_or_of_all_reaches_its_page(payload: str) -> None:
    async def story() -> str:
        hub = Live(_NOBODY)
        stream = hub.events(frozenset({7}))
        await _next(stream)
        hub.spread(payload)
        return await _next(stream)

    assert _told(story()) == CHANGED


def test_news_of_others_and_news_twice_says_nothing_more() -> None:
    async def story() -> list[str]:
        hub = Live(_NOBODY)
        stream = hub.events(frozenset({7}))
        await _next(stream)
        for payload in ("[8]", "[7]", "[7]"):
            hub.spread(payload)
        heard = [await _next(stream)]
        with pytest.raises(TimeoutError):
            heard.append(await _next(stream))
        return heard

    assert _told(story()) == [CHANGED]


def test_closing_ends_every_stream() -> None:
    async def story() -> None:
        hub = Live(_NOBODY)
        stream = hub.events(frozenset({7}))
        await _next(stream)
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await _next(stream)

    _told(story())


def test_pages_beyond_the_limit_are_refused_and_a_closed_one_makes_room() -> None:
    async def story() -> None:
        hub = Live(_NOBODY)
        streams = [hub.events(frozenset({7})) for _ in range(live.CLIENTS_MAX)]
        for stream in streams:
            await anext(stream)
        with pytest.raises(Unavailable):
            await anext(hub.events(frozenset({7})))
        await streams[0].aclose()
        await anext(hub.events(frozenset({7})))

    _told(story())


@ONE_ENGINE
def test_a_page_that_is_old_already_is_told_so_at_once(archive: Archive, keeper: httpx.Client) -> None:
    archive.shelf("A-01")
    archive.dossier("L-1", on="A-01")
    shown = keeper.get("/dossiers/L-1").text.split("?shows=")[1].split('"')[0]

    def first_words() -> str:
        with keeper.stream("GET", f"/live/dossiers/L-1?shows={shown}") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            return next(stream.iter_text())

    assert CHANGED not in first_words()
    believe(archive, "L-1", "A-01")
    assert CHANGED in first_words()
