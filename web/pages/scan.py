"""`POST /scan`: what a scanned code is, as one line of a batch. What was scanned never stands in an address."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from inventory.domain.acts import ActKind
from inventory.domain.permissions import Permission
from inventory.operations.scanning import CODE_CHARACTERS_MAX
from web.doors import Doors, permitted
from web.rendering import render
from web.scanning import Line, codes_in, lines_of, place_in
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class ScanContext:
    """The line."""

    line: Line


@router.post("/scan", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
def scan(
    request: Request,
    viewer: SignedIn,
    code: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)],
    act: Annotated[ActKind | None, Form()] = None,
    place: Annotated[str, Form(max_length=CODE_CHARACTERS_MAX)] = "",
) -> Response:
    """One line; act, place: what the batch is for and where it goes, so that what can't be done shows at once."""
    database, now = site_of(request).database, read_clock()
    target = place_in(database, viewer, place, now)
    (line,) = lines_of(database, viewer, codes_in([code])[:1] or [""], now, act, target)
    return render(request, "scan_line.html", ScanContext(line), viewer)
