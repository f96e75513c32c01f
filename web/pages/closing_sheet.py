"""The closing sheet (日终清单): every volume off its shelf, by who answers for it, on screen and to be signed."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from inventory.domain.permissions import Permission
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.operations.closing_sheet import Closing, closing_paper, closing_sheet, warehouses
from inventory.papers.printing import closing_sheet_pdf
from web.api.work import pdf_answer
from web.doors import Doors, permitted
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
Warehouse = Annotated[str | None, Query(max_length=PLACE_CODE_CHARACTERS_MAX)]


@dataclass(frozen=True, slots=True)
class ClosingContext:
    """The sheet as it stands just now; warehouses: code and name of each, to choose from."""

    closing: Closing
    warehouse: str | None
    warehouses: tuple[tuple[str, str], ...]


@router.get("/closing-sheet", include_in_schema=False)
@permitted(Permission.SEE_CLOSING_SHEET)
def closing_page(request: Request, viewer: SignedIn, warehouse: Warehouse = None) -> Response:
    """Nameless ones first; every minute anew."""
    database, asked = site_of(request).database, warehouse or None
    context = ClosingContext(
        closing_sheet(database, viewer, asked, read_clock()), asked, tuple(warehouses(database, viewer))
    )
    return render(request, "closing_sheet.html", context, viewer, block="sheet")


@router.get("/closing-sheet/paper.pdf", include_in_schema=False)
@permitted(Permission.SEE_CLOSING_SHEET)
def closing_pdf(request: Request, viewer: SignedIn, warehouse: Warehouse = None) -> Response:
    """The sheet on paper, for two signatures."""
    closing, printed = closing_paper(site_of(request).database, viewer, warehouse or None, read_clock())
    return pdf_answer(closing_sheet_pdf(closing.sheet, printed), f"closing-{printed.at:%Y%m%d}.pdf")
