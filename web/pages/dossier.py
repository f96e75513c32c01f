"""The dossier page: where people put it and where the radio sees it, how it stands, who asks for it, what was done with it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from inventory.domain.discrepancies import Gravity
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.refusals import BadInput
from inventory.domain.standing import Identification, Legal, Mark, Seal
from inventory.domain.tagging import IDENTIFICATION_NAMES
from inventory.domain.unmasking import WHY_CHARACTERS_MAX, UnmaskReason
from inventory.domain.whereabouts import fingerprint
from inventory.operations.counting import DossierAsOf, as_of
from inventory.operations.discrepancy_cases import Case, open_on_dossier
from inventory.operations.finding import HISTORY_ACTS_MAX, DossierView, history, open_dossier
from inventory.operations.request_lists import queue
from inventory.operations.request_views import RequestView
from inventory.operations.unmasking import Unmasked, unmask
from inventory.store.as_of import VolumeAsOf
from web.doors import Doors, permitted
from web.forms import SentForm
from web.pages.discrepancies import TONES
from web.rendering import render, words_of
from web.signed_in import SignedIn
from web.site import read_clock, site_of
from web.telling import ToldAct, told

router = Doors()
_MOMENT_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class DossierContext:
    """The dossier, its acts newest first, the open requests for it in their order, and how its volumes are identified.

    cases: the open discrepancies about its volumes.
    may_ask, may_register, may_sweep: whether the viewer has what it leads to; unmask_reasons: for whom may see the ID number
    whole.
    """

    dossier: DossierView
    acts: tuple[ToldAct, ...]
    fingerprint: str
    identification_names: dict[Identification, str]
    requests: tuple[RequestView, ...] = ()
    cases: tuple[Case, ...] = ()
    tones: dict[Gravity, str] = field(default_factory=lambda: TONES)
    may_ask: bool = False
    may_register: bool = False
    may_sweep: bool = False
    unmask_reasons: tuple[UnmaskReason, ...] = ()
    why_characters_max: int = WHY_CHARACTERS_MAX
    acts_max: int = HISTORY_ACTS_MAX


@dataclass(frozen=True, slots=True)
class StoodVolume:
    """A volume at a moment, its states as kinds of the domain."""

    stood: VolumeAsOf
    legal: Legal
    seal: Seal
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class AsOfContext:
    """The dossier as it stood."""

    dossier: DossierAsOf
    volumes: tuple[StoodVolume, ...]
    typed: str


@dataclass(frozen=True, slots=True)
class UnmaskedContext:
    """The ID number whole."""

    told: Unmasked


@router.get("/dossiers/{number}", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
def dossier(request: Request, number: str, viewer: SignedIn) -> Response:
    """The page, or after a live event its moving part."""
    site, now, words = site_of(request), read_clock(), words_of(request)
    view = open_dossier(site.database, viewer, number, now)
    acts = tuple(told(act, words) for act in history(site.database, viewer, number, now))
    names = {kind: zh if words.chinese else en for kind, (zh, en) in IDENTIFICATION_NAMES.items()}
    requests = _requests(request, viewer, number, now)
    may_ask = permits(viewer, Permission.ASK) and "/requests" in site.pages
    may_register, may_sweep = permits(viewer, Permission.CHANGE_REGISTER), permits(viewer, Permission.SWEEP)
    reasons = tuple(UnmaskReason) if permits(viewer, Permission.UNMASK) and view.subject.id_number_masked else ()
    context = DossierContext(
        view,
        acts,
        fingerprint(view.volumes),
        names,
        requests,
        open_on_dossier(site.database, viewer, number),
        may_ask=may_ask,
        may_register=may_register,
        may_sweep=may_sweep,
        unmask_reasons=reasons,
    )
    return render(request, "dossier.html", context, viewer, block="whereabouts")


@router.post("/dossiers/{number}/unmask", include_in_schema=False)
@permitted(Permission.UNMASK)
def dossier_unmasked(request: Request, number: str, viewer: SignedIn, form: SentForm) -> Response:
    """The ID number whole, once; every answer is no-store, and it stands in no address."""
    told = unmask(site_of(request).database, viewer, number, form.text("reason"), form.text("why"))
    return render(request, "unmasked.html", UnmaskedContext(told), viewer)


@router.get("/dossiers/{number}/as-of", include_in_schema=False)
@permitted(Permission.FIND_DOSSIERS)
def dossier_as_of(
    request: Request,
    number: str,
    viewer: SignedIn,
    at: Annotated[str, Query(max_length=_MOMENT_CHARACTERS_MAX)],
) -> Response:
    """Where its volumes were and how they stood at a moment of local time, as the ledger knows it now."""
    now = read_clock()
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=site_of(request).settings.zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(problem_zh="时刻的形式不对", problem_en="the moment has the wrong form") from None
    stood = as_of(site_of(request).database, viewer, number, moment, now, now)
    volumes = tuple(
        StoodVolume(one, Legal(one.legal), Seal(one.seal), tuple(Mark(mark) for mark in one.marks))
        for one in stood.volumes
    )
    return render(request, "as_of.html", AsOfContext(stood, volumes, at), viewer)


def _requests(request: Request, viewer: Viewer, number: str, now: datetime) -> tuple[RequestView, ...]:
    """Who asks for it, for those who have the page of requests."""
    if "/requests" not in site_of(request).pages:
        return ()
    listed = queue(site_of(request).database, viewer, number, now).requests
    return tuple(one for one in listed if isinstance(one, RequestView))
