"""Find mode (寻找): one volume, and with every read of it warmer or colder."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.permissions import Permission
from inventory.operations.finding_mode import Wanted, look_for
from web.doors import Doors, permitted
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class FindContext:
    """What is looked for."""

    wanted: Wanted


@router.get("/dossiers/{number}/find", include_in_schema=False)
@permitted(Permission.SWEEP)
def find_page(request: Request, number: str, viewer: SignedIn, volume: int = 1) -> Response:
    """The page; its reads come by `/live/dossiers/{number}/reads`."""
    wanted = look_for(site_of(request).database, viewer, number, volume, read_clock())
    return render(request, "find.html", FindContext(wanted), viewer)
