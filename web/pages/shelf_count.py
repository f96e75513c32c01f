"""Counting shelves by code (清点) with a telephone: a page that works out of reach of the network.

The page itself holds nobody's data, because the telephone keeps it: who counts, and what, it asks for.
"""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.permissions import Permission
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.operations.scanning import CODE_CHARACTERS_MAX
from web.doors import Doors, open_to_all, permitted
from web.rendering import STATIC, render
from web.signed_in import SignedIn

router = Doors()


@dataclass(frozen=True, slots=True)
class ShelfCountContext:
    """Nothing of anybody's."""

    code_characters_max: int = CODE_CHARACTERS_MAX
    places_characters_max: int = PLACE_CODE_CHARACTERS_MAX * 10


@router.get("/shelf-count", include_in_schema=False)
@permitted(Permission.COUNT_SHELVES)
def shelf_count_page(request: Request, viewer: SignedIn) -> Response:
    """The page."""
    assert viewer
    return render(request, "shelf_count.html", ShelfCountContext())


@router.get("/shelf-count-worker.js", include_in_schema=False)
@open_to_all
def worker() -> Response:
    """The service worker; it stands at the top because a worker serves only what stands beneath its own address."""
    return Response((STATIC / "shelf-count-worker.js").read_bytes(), media_type="text/javascript")
