"""The signed roots of the ledger (账本检查点): what auditors compare papers with."""

from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from inventory.domain.checkpoints import Signed, grouped
from inventory.domain.permissions import Permission
from inventory.operations.checkpointing import newest_checkpoints
from web.doors import Doors, permitted
from web.rendering import render
from web.signed_in import SignedIn
from web.site import site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class Row:
    """A checkpoint and its root as papers have it."""

    signed: Signed
    root: str


@dataclass(frozen=True, slots=True)
class LedgerContext:
    """The newest checkpoints, newest first."""

    rows: tuple[Row, ...]


@router.get("/ledger", include_in_schema=False)
@permitted(Permission.SEE_LEDGER)
def ledger_page(request: Request, viewer: SignedIn) -> Response:
    """The list."""
    found = newest_checkpoints(site_of(request).database, viewer)
    rows = tuple(Row(signed, grouped(signed.hash)) for signed in found)
    return render(request, "ledger.html", LedgerContext(rows), viewer)
