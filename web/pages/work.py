"""Today (今日工作): what must I do now. Counts first, then the first of each kind, each leading to where it is done."""

from collections.abc import Collection
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.day_work import Work, WorkKind
from inventory.domain.permissions import Permission
from inventory.operations.day_work import WAITING_SHOWN_MAX, work_waiting
from web.doors import Doors, permitted
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

# Where each kind is done, and the page of one line where it has one; None: the same page.
_K = WorkKind
ADDRESSES: dict[WorkKind, tuple[str, str | None]] = {
    _K.TO_APPROVE: ("/requests?list=to_decide", "/requests/{}"),
    _K.TO_PICK: ("/picking", "/requests/{}"),
    _K.TO_PACK: ("/consignments", "/requests/{}"),
    _K.TO_SHELVE: ("/station/shelved", None),
    _K.TO_SEAL: ("/station/sealed", None),
    _K.TO_ACCEPT: ("/arrivals", None),
    _K.IN_QUARANTINE: ("/station/cleared", None),
    _K.TO_SEARCH: ("/searches", "/searches/{}"),
    _K.DISCREPANCIES: ("/discrepancies", "/discrepancies/{}"),
    _K.COMING_HOME: ("/consignments", "/consignments/{}"),
    _K.ARRIVING: ("/arrivals", "/arrivals/{}"),
    _K.INCOMING: ("/consignments", "/consignments/{}"),
    _K.AT_WINDOW: ("/requests", "/requests/{}"),
    _K.MINE: ("/requests", "/requests/{}"),
    _K.OVERDUE: ("/requests?list=overdue", "/requests/{}"),
    _K.TOLD: ("/requests", "/requests/{}"),
    _K.RECEIPT_MISSING: ("/requests?list=receipts_missing", "/requests/{}"),
    _K.UNRESOLVED: ("/requests?list=unresolved", "/requests/{}"),
}


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """One kind of work with the addresses it leads to; None where no such page is served, or not to the viewer."""

    work: Work
    address: str | None
    line_address: str | None


@dataclass(frozen=True, slots=True)
class WorkContext:
    """All kinds of work of the viewer's role."""

    waiting: tuple[WaitingWork, ...]
    shown_max: int = WAITING_SHOWN_MAX

    @property
    def count(self) -> int:
        """How many things wait in all."""
        return sum(one.work.count for one in self.waiting)


@router.get("/work", include_in_schema=False)
@permitted(Permission.SEE_DAY_WORK)
def work_page(request: Request, viewer: SignedIn) -> Response:
    """The page; every half minute its moving part."""
    site = site_of(request)
    waiting = tuple(_with_addresses(work, site.pages) for work in work_waiting(site.database, viewer, read_clock()))
    return render(request, "work.html", WorkContext(waiting), viewer, block="waiting")


def _with_addresses(work: Work, served: Collection[str]) -> WaitingWork:
    address, line_address = ADDRESSES[work.kind]
    page = "/station" if address.startswith("/station/") else address.split("?")[0]
    beneath = None if line_address is None else f"/{line_address.split('/')[1]}"
    return WaitingWork(work, address if page in served else None, line_address if beneath in served else None)
