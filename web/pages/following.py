"""An open dossier page is told when to look again. The one async endpoint: hundreds of pages wait here, doing nothing."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from inventory.operations.finding import volumes_watched
from web.signed_in import viewer_of
from web.site import site_of

router = APIRouter()


@router.get("/live/dossiers/{number}", include_in_schema=False)
async def follow_dossier(request: Request, number: str) -> StreamingResponse:
    """Stream an event `changed` whenever one of the dossier's volumes has a new holding or belief."""
    site = site_of(request)

    def allowed() -> frozenset[int]:
        return volumes_watched(site.database, viewer_of(request), number)

    events = site.live.events(await run_in_threadpool(allowed))
    first = await anext(events)  # A refusal comes before the stream begins.

    async def stream() -> AsyncIterator[str]:
        async with aclosing(events):
            yield first
            async for event in events:
                yield event

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
