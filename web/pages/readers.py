"""The readers (读写器): which speak, which are silent, whose clock is off."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from inventory.domain.discrepancies import CLOCK_OFFSET_MAX
from inventory.domain.permissions import Permission
from inventory.operations.finding import readers
from inventory.store.reader_list import ReaderView
from web.doors import Doors, permitted
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class ReadersContext:
    """All readers, those in trouble first."""

    readers: tuple[ReaderView, ...]
    online: int
    clock_offset_max_ms: int = CLOCK_OFFSET_MAX // timedelta(milliseconds=1)


@router.get("/readers", include_in_schema=False)
@permitted(Permission.SEE_READERS)
def readers_page(request: Request, viewer: SignedIn) -> Response:
    """The list."""
    found = tuple(readers(site_of(request).database, viewer, read_clock()))
    online = sum(reader.online is True for reader in found)
    return render(request, "readers.html", ReadersContext(found, online), viewer, block="readers")
