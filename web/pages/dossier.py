"""The dossier page: where people put it and where the radio sees it, side by side, and what was done with it."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from inventory.domain.acts import ACT_NAMES, Act, ActKind
from inventory.domain.whereabouts import fingerprint
from inventory.operations.finding import HISTORY_ACTS_MAX, DossierView, history, open_dossier
from web.rendering import render, words_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class DossierContext:
    """The dossier, its acts newest first, and what the kinds of acts are called."""

    dossier: DossierView
    acts: tuple[Act, ...]
    act_names: dict[str, str]
    fingerprint: str
    acts_max: int = HISTORY_ACTS_MAX


@router.get("/dossiers/{number}", include_in_schema=False)
def dossier(request: Request, number: str, viewer: SignedIn) -> Response:
    """The page, or after a live event its moving part."""
    database, now = site_of(request).database, read_clock()
    view = open_dossier(database, viewer, number, now)
    acts = tuple(history(database, viewer, number, now))
    language = 0 if words_of(request).chinese else 1
    names = {kind.value: ACT_NAMES[kind][language] for kind in ActKind}
    return render(
        request,
        "dossier.html",
        DossierContext(view, acts, names, fingerprint(view.volumes)),
        viewer,
        block="whereabouts",
    )
