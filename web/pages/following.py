"""An open page of a dossier or of discrepancies is told when to look again, a page in find mode of every read.

The async endpoints: hundreds of pages wait here, doing nothing.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from inventory.domain.permissions import Permission
from inventory.operations.finding import Watched, watch_dossier
from inventory.operations.finding_mode import still_looking
from web.doors import Doors, permitted
from web.live import AUDITS, CHANGED, COMMANDS, GATES, JOBS
from web.signed_in import viewer_of
from web.site import read_clock, site_of

router = Doors()


@router.get("/live/dossiers/{number}", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
async def follow_dossier(request: Request, number: str, shows: str = "") -> StreamingResponse:
    """Stream an event `changed` whenever the dossier has a new holding or belief; `shows`: what the page has already."""
    live = site_of(request).live
    look = partial(run_in_threadpool, _watch, request, number)
    events = live.events((await look()).volumes)
    first = await anext(events)  # Refused before the stream begins, if at all.
    # Looked at again now that nothing is missed any more: did it change since the page was made?
    is_old = (await look()).fingerprint != shows

    async def stream() -> AsyncIterator[str]:
        async with aclosing(events):
            yield first + (CHANGED if is_old else "")
            async for event in events:
                yield event

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("/live/discrepancies", include_in_schema=False)
@permitted(Permission.SEE_DISCREPANCIES)
async def follow_discrepancies(request: Request) -> StreamingResponse:
    """Stream an event `changed` whenever something about discrepancies changed."""
    events = site_of(request).live.events(frozenset(), cases=True)
    first = await anext(events)

    async def stream() -> AsyncIterator[str]:
        async with aclosing(events):
            yield first
            async for event in events:
                yield event

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("/live/dossiers/{number}/reads", include_in_schema=False)
@permitted(Permission.SWEEP)
async def follow_reads(request: Request, number: str, volume: int = 1) -> StreamingResponse:
    """Stream an event `read` with every read of one volume: find mode."""
    site, viewer = site_of(request), viewer_of(request)
    wanted = await run_in_threadpool(still_looking, site.database, viewer, number, volume, read_clock())
    reads = site.live.reads(wanted)
    first = await anext(reads)

    async def stream() -> AsyncIterator[str]:
        async with aclosing(reads):
            yield first
            async for read in reads:
                yield read

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get("/live/audits", include_in_schema=False)
@permitted(Permission.SEE_AUDITS)
async def follow_audits(request: Request) -> StreamingResponse:
    """Stream an event `changed` whenever an audit was asked for, has come further, or was signed."""
    return await _follow(request, AUDITS)


@router.get("/live/jobs", include_in_schema=False)
@permitted(Permission.SEE_JOBS)
async def follow_jobs(request: Request) -> StreamingResponse:
    """Stream an event `changed` whenever a job has begun, has ended, or is wanted now."""
    return await _follow(request, JOBS)


@router.get("/live/commands", include_in_schema=False)
@permitted(Permission.SEE_READERS)
async def follow_commands(request: Request) -> StreamingResponse:
    """Stream an event `changed` whenever a reader was told something or has answered."""
    return await _follow(request, COMMANDS)


@router.get("/live/gates", include_in_schema=False)
@permitted(Permission.SEE_GATES)
async def follow_gates(request: Request) -> StreamingResponse:
    """Stream an event `changed` whenever somebody passed a gate, or an alarm was answered."""
    return await _follow(request, GATES)


async def _follow(request: Request, channel: str) -> StreamingResponse:
    events = site_of(request).live.events(frozenset(), channel=channel)
    first = await anext(events)

    async def stream() -> AsyncIterator[str]:
        async with aclosing(events):
            yield first
            async for event in events:
                yield event

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _watch(request: Request, number: str) -> Watched:
    return watch_dossier(site_of(request).database, viewer_of(request), number)
