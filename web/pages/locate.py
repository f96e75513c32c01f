"""Locate (查找): one box, results as they are typed. What is typed never stands in an address."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from inventory.domain.people import Reach
from inventory.domain.permissions import Permission
from inventory.domain.search import QUERY_CHARACTERS_MAX
from inventory.operations.finding import FOUND_DOSSIERS_MAX, Found, find_dossiers
from web.doors import Doors, permitted
from web.rendering import render, wants_block
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
_TEXT_CHARACTERS_MAX = 400  # A pasted paragraph gets a sentence from the search itself; more is no search at all.


@dataclass(frozen=True, slots=True)
class LocateContext:
    """The box and what it found; `found` is None before anything is asked."""

    text: str
    found: Found | None
    own_agency_only: bool
    by_number_only: bool
    shown_max: int = FOUND_DOSSIERS_MAX
    characters_max: int = QUERY_CHARACTERS_MAX


@router.get("/", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
def locate(request: Request, viewer: SignedIn) -> Response:
    """The empty box."""
    viewer.agency_seen()
    return render(request, "locate.html", _context(viewer, "", None), viewer)


@router.post("/", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
def search(
    request: Request, viewer: SignedIn, text: Annotated[str, Form(max_length=_TEXT_CHARACTERS_MAX)] = ""
) -> Response:
    """The findings; Enter on a single one opens it (a scanner types a number and Enter faster than any list comes up)."""
    found = find_dossiers(site_of(request).database, viewer, text, read_clock()) if text.strip() else None
    if found is not None and len(found.dossiers) == 1 and not wants_block(request):
        return RedirectResponse(f"/dossiers/{quote(found.dossiers[0].number, safe='')}", 303)
    return render(request, "locate.html", _context(viewer, text, found), viewer, block="results")


def _context(viewer: SignedIn, text: str, found: Found | None) -> LocateContext:
    rights = viewer.rights
    return LocateContext(text, found, rights.dossiers is Reach.OWN_AGENCY, not rights.sees_persons)
