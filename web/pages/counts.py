"""Counts (在管数量): dossiers held at 24:00 of a day, certificates, volumes by kind of place, the clocks of the deceased."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from inventory.domain.counting import LOCAL, Cloud, certificate_number
from inventory.domain.identifiers import folded_width
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX, PlaceKind
from inventory.domain.refusals import BadInput, Refusal
from inventory.domain.standing import Legal, Seal
from inventory.operations import count_papers, counting
from inventory.operations.counting import Certifying, PlaceAsOf, Recount
from inventory.operations.retained import Retained, retained
from inventory.papers.printing import count_certificate_pdf
from inventory.store.certificates import CertificateRow
from inventory.store.counts import Held, PlaceKindCount
from web.api.work import pdf_answer
from web.doors import Doors, permitted
from web.forms import SentForm
from web.outcomes import redirect
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()
_MOMENT_CHARACTERS_MAX = 40


@dataclass(frozen=True, slots=True)
class CountsContext:
    """held: None before a day is asked for. certificates: (number, certificate), newest first."""

    day: date
    known_at: datetime
    held: tuple[Held, ...] | None
    certificates: tuple[tuple[str, CertificateRow], ...]
    may_certify: bool
    problem: Refusal | None = None

    @property
    def total(self) -> int:
        """All agencies together."""
        return sum(one.dossiers for one in self.held or ())


@dataclass(frozen=True, slots=True)
class CertificateContext:
    """A certificate; recount: where it was asked for."""

    number: str
    row: CertificateRow
    exceptions: tuple[tuple[Cloud, int], ...]
    recount: Recount | None = None


@dataclass(frozen=True, slots=True)
class PlaceKindsContext:
    """Volumes by kind of place at a moment; typed: as in the form's field."""

    counts: tuple[tuple[PlaceKind, PlaceKindCount], ...]
    moment: datetime
    typed: str


@dataclass(frozen=True, slots=True)
class ContentsContext:
    """What stood at a place; found: None before one is asked for. typed: as in the form's field."""

    found: PlaceAsOf | None
    place: str
    typed: str
    legal: type[Legal] = Legal
    seals: type[Seal] = Seal


@dataclass(frozen=True, slots=True)
class RetainedContext:
    """Whose dossier is kept after death or retirement."""

    retained: Retained
    kinds: type[PlaceKind] = field(default=PlaceKind)


@router.get("/counts", include_in_schema=False)
@permitted(Permission.SEE_COUNTS)
def counts_page(request: Request, viewer: SignedIn, day: date | None = None) -> Response:
    """The form and the certificates; with a day, what every agency the viewer sees held."""
    return render(request, "counts.html", _counts(request, viewer, day), viewer)


@router.post("/counts/certificates", include_in_schema=False)
@permitted(Permission.CERTIFY_COUNTS)
def certify(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Certify what an agency held."""
    day = _day(form.text("day"))
    try:
        asked = Certifying(form.command_id(), form.text("agency"), day)
        row = counting.certify(site_of(request).database, viewer, asked, read_clock())
    except Refusal as refusal:
        context = _counts(request, viewer, None, day, refusal)
        return render(request, "counts.html", context, viewer, status=status_of(refusal))
    number = certificate_number(row.certificate_id)
    return redirect(request, f"/counts/certificates/{number}", "counts.certified", certificate=number, held=row.held)


@router.get("/counts/certificates/{number}", include_in_schema=False)
@permitted(Permission.SEE_COUNTS)
def certificate_page(request: Request, viewer: SignedIn, number: str, recount: bool = False) -> Response:
    """What a certificate states; counted again where asked for, which takes a moment."""
    database, now = site_of(request).database, read_clock()
    tried = counting.recount(database, viewer, number, now) if recount else None
    row = tried.certificate if tried is not None else counting.certificate(database, viewer, number)
    clouds = tuple((Cloud(kind), dossiers) for kind, dossiers in row.exceptions.items())
    context = CertificateContext(certificate_number(row.certificate_id), row, clouds, tried)
    return render(request, "certificate.html", context, viewer)


@router.get("/counts/certificates/{number}/paper.pdf", include_in_schema=False)
@permitted(Permission.SEE_COUNTS)
def certificate_pdf(request: Request, viewer: SignedIn, number: str) -> Response:
    """The certificate on paper."""
    paper, printed = count_papers.certificate_paper(site_of(request).database, viewer, number, read_clock())
    return pdf_answer(count_certificate_pdf(paper, printed), f"{paper.number}.pdf")


@router.get("/counts/places", include_in_schema=False)
@permitted(Permission.SEE_COUNTS)
def places_page(
    request: Request, viewer: SignedIn, at: Annotated[str, Query(max_length=_MOMENT_CHARACTERS_MAX)] = ""
) -> Response:
    """Volumes by kind of place, now or at a moment of local time."""
    now = read_clock()
    moment = _moment(at) if at else now
    found = counting.by_place_kind(site_of(request).database, viewer, moment, now)
    rows = tuple((PlaceKind(one.kind), one) for one in found)
    context = PlaceKindsContext(rows, moment, moment.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M"))
    return render(request, "place_kinds.html", context, viewer)


@router.get("/counts/contents", include_in_schema=False)
@permitted(Permission.SEE_COUNTS)
def contents_page(
    request: Request,
    viewer: SignedIn,
    place: Annotated[str, Query(max_length=PLACE_CODE_CHARACTERS_MAX)] = "",
    at: Annotated[str, Query(max_length=_MOMENT_CHARACTERS_MAX)] = "",
) -> Response:
    """What stood at a place, or within it, now or at a moment of local time."""
    now, code = read_clock(), folded_width(place)
    moment = _moment(at) if at else now
    found = counting.contents_as_of(site_of(request).database, viewer, code, moment, now) if code else None
    typed = moment.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")
    return render(request, "contents.html", ContentsContext(found, code, typed), viewer)


@router.get("/counts/retained", include_in_schema=False)
@permitted(Permission.SEE_COUNTS)
def retained_page(request: Request, viewer: SignedIn) -> Response:
    """The clocks of the deceased and the retired."""
    context = RetainedContext(retained(site_of(request).database, viewer, read_clock()))
    return render(request, "retained.html", context, viewer)


def _counts(
    request: Request, viewer: Viewer, day: date | None, shown: date | None = None, problem: Refusal | None = None
) -> CountsContext:
    database, now = site_of(request).database, read_clock()
    yesterday = now.astimezone(LOCAL).date() - timedelta(days=1)
    held = None if day is None else tuple(counting.held_by_agency(database, viewer, day, now))
    rows = counting.newest_certificates(database, viewer)
    return CountsContext(
        day or shown or yesterday,
        now,
        held,
        tuple((certificate_number(row.certificate_id), row) for row in rows),
        permits(viewer, Permission.CERTIFY_COUNTS),
        problem,
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(problem_zh="日期的形式不对", problem_en="the day has the wrong form") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(problem_zh="时刻的形式不对", problem_en="the moment has the wrong form") from None
