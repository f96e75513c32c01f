"""Tomorrow's sweep list (明日盘点单): which bays, in the order that opens the fewest aisles; on paper too."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.permissions import Permission
from inventory.domain.sweep_list import Why
from inventory.operations.sweep_lists import SweepList, sweep_paper, tomorrows_list
from inventory.papers.printing import sweep_list_pdf
from web.api.work import pdf_answer
from web.doors import Doors, permitted
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
TONES = {Why.UNDECIDED: "doubt", Why.OVERDUE: "bad", Why.TURN: "quiet"}


@dataclass(frozen=True, slots=True)
class SweepListContext:
    """The list."""

    listed: SweepList
    tones: dict[Why, str]


@router.get("/sweep-list", include_in_schema=False)
@permitted(Permission.SWEEP)
def sweep_list_page(request: Request, viewer: SignedIn) -> Response:
    """The list; *Sweeps* asks for it as a part of its own, since a city's takes a second."""
    listed = tomorrows_list(site_of(request).database, viewer, read_clock())
    return render(request, "sweep_list.html", SweepListContext(listed, TONES), viewer, block="listed")


@router.get("/sweep-list.pdf", include_in_schema=False)
@permitted(Permission.SWEEP)
def sweep_list_paper(request: Request, viewer: SignedIn) -> Response:
    """The same on paper."""
    sheet, printed = sweep_paper(site_of(request).database, viewer, read_clock())
    return pdf_answer(sweep_list_pdf(sheet, printed), f"sweep-{sheet.day:%Y%m%d}.pdf")
