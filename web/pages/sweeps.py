"""Sweeps (手持盘点): who sweeps, which bays wait, and one reader's sweep as it goes on."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from pydantic import AwareDatetime
from starlette.responses import Response

from inventory.domain.permissions import Permission
from inventory.domain.sweeping import SweepView
from inventory.operations.sweeping import Sweeps, look_at_sweeps, watch_sweep
from web.doors import Doors, permitted
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()


@dataclass(frozen=True, slots=True)
class SweepsContext:
    """Readers and bays."""

    sweeps: Sweeps


@dataclass(frozen=True, slots=True)
class SweepContext:
    """One reader's last half hour; at: the half hour before that is looked back on."""

    sweep: SweepView
    at: datetime | None = None


@router.get("/sweeps", include_in_schema=False)
@permitted(Permission.SWEEP)
def sweeps_page(request: Request, viewer: SignedIn) -> Response:
    """The list."""
    found = look_at_sweeps(site_of(request).database, viewer, read_clock())
    return render(request, "sweeps.html", SweepsContext(found), viewer)


@router.get("/sweeps/{reader}", include_in_schema=False)
@permitted(Permission.SWEEP)
def sweep_page(request: Request, reader: str, viewer: SignedIn, at: AwareDatetime | None = None) -> Response:
    """One sweep; its moving part asks again every few seconds. at: a docked handheld's sweep is over, and looked back on."""
    now = read_clock()
    seen = watch_sweep(site_of(request).database, viewer, reader, now if at is None else min(at, now))
    return render(request, "sweep.html", SweepContext(seen, at), viewer, block="sweep")
