"""`/api/v1/counts`, as-of views and the closing sheet: time travel by programs."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from inventory.domain.counting import certificate_number
from inventory.domain.permissions import Permission
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.operations import count_papers, counting
from inventory.operations.closing_sheet import Closing, closing_paper, closing_sheet
from inventory.operations.counting import Certifying
from inventory.operations.retained import KeptLine, retained
from inventory.papers.printing import closing_sheet_pdf, count_certificate_pdf
from inventory.store.as_of import VolumeAsOf
from inventory.store.certificates import CertificateRow
from web.api.models import Day, Moment
from web.api.work import REFUSALS, Command, PlaceCode, Sent, pdf_answer
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1")

At = Annotated[Moment | None, Query(description="The moment asked about; now where not told.")]
KnownAt = Annotated[
    Moment | None, Query(description="As the ledger was known then: what was recorded later is left out.")
]


class CertificateSent(Sent):
    """A certificate asked for."""

    command_id: Command
    agency: PlaceCode
    day: Day
    known_at: Moment | None = Field(default=None, description="Now where not told.")


class HeldAnswer(BaseModel):
    """What one agency held."""

    agency: str
    name: str
    dossiers: int


class CountsAnswer(BaseModel):
    """Dossiers legally held at 24:00 of a day."""

    day: date
    known_at: datetime
    held: list[HeldAnswer]


class PlaceKindAnswer(BaseModel):
    """How many were at one kind of place."""

    kind: str
    volumes: int
    dossiers: int


class PlaceKindsAnswer(BaseModel):
    """Counts by kind of place."""

    at: datetime
    known_at: datetime
    places: list[PlaceKindAnswer]


class LedgerRootAnswer(BaseModel):
    """How far one warehouse's ledger went: its newest act and that one's hash."""

    warehouse: str
    sequence: int
    hash: str


class CertificateAnswer(BaseModel):
    """A certificate: the number and all it rests on; hashes in hexadecimal."""

    certificate: str
    agency: str
    agency_name: str
    day: date
    known_at: datetime
    held: int
    query_hash: str
    ledger_roots: list[LedgerRootAnswer]
    exceptions: dict[str, int]
    issued_by: str
    issued_at: datetime
    certificate_hash: str


class CertificatesAnswer(BaseModel):
    """The newest certificates."""

    certificates: list[CertificateAnswer]


class RecountAnswer(CertificateAnswer):
    """A certificate put to the test."""

    again: int = Field(description="The same question asked again just now.")
    today: int = Field(description="The same day, as the ledger is known now.")
    untouched: bool
    same_question: bool
    holds: bool


class StoodAnswer(BaseModel):
    """How a volume stood."""

    volume: str
    place: str
    place_kind: str
    legal: str
    seal: str
    seal_number: str | None
    pieces: int | None
    marks: list[str]
    since: datetime
    version: int


class DossierAsOfAnswer(BaseModel):
    """A dossier at a moment."""

    dossier: str
    at: datetime
    known_at: datetime
    agency: str
    volumes: list[StoodAnswer]


class ContentsAnswer(BaseModel):
    """What stood at a place at a moment: how many volumes, and the first 500."""

    place: str
    at: datetime
    known_at: datetime
    count: int
    volumes: list[StoodAnswer]


class OutAnswer(BaseModel):
    """A volume off its shelf."""

    volume: str
    since: datetime
    due: date | None
    reference: str | None
    overdue: bool


class OutGroupAnswer(BaseModel):
    """The volumes somebody answers for at one place; holder null: nobody's name stands against them."""

    holder: str | None
    place: str
    kind: str
    volumes: list[OutAnswer]


class ClosingAnswer(BaseModel):
    """The closing sheet."""

    closed_at: datetime
    out: int
    named: int
    overdue: int
    groups: list[OutGroupAnswer]


class KeptAnswer(BaseModel):
    """A dossier kept after a death or a retirement."""

    dossier: str
    agency: str
    since: date
    until: date
    due: bool
    place: str


class RetainedAnswer(BaseModel):
    """The clocks of the deceased and the retired."""

    years: int
    deceased: list[KeptAnswer]
    retired: list[KeptAnswer]


@router.get("/counts", summary="Dossiers held at 24:00", responses=REFUSALS)
@permitted(Permission.SEE_COUNTS)
def counts(request: Request, viewer: SignedIn, day: Day, known_at: KnownAt = None) -> CountsAnswer:
    """By agency; merged duplicates once. The same question gives the same numbers for ever."""
    known = known_at or read_clock()
    held = counting.held_by_agency(site_of(request).database, viewer, day, known)
    answers = [HeldAnswer(agency=one.code, name=one.name, dossiers=one.dossiers) for one in held]
    return CountsAnswer(day=day, known_at=known, held=answers)


@router.get("/counts/places", summary="Volumes by kind of place", responses=REFUSALS)
@permitted(Permission.SEE_COUNTS)
def place_kinds(request: Request, viewer: SignedIn, at: At = None, known_at: KnownAt = None) -> PlaceKindsAnswer:
    """How many were on shelves, with borrowers, underway ... at a moment."""
    now = read_clock()
    found = counting.by_place_kind(site_of(request).database, viewer, at or now, known_at or now)
    answers = [PlaceKindAnswer(kind=one.kind, volumes=one.volumes, dossiers=one.dossiers) for one in found]
    return PlaceKindsAnswer(at=at or now, known_at=known_at or now, places=answers)


@router.get("/counts/certificates", summary="Certificates of counts", responses=REFUSALS)
@permitted(Permission.SEE_COUNTS)
def certificates(request: Request, viewer: SignedIn) -> CertificatesAnswer:
    """The newest 100 the viewer may see."""
    found = counting.newest_certificates(site_of(request).database, viewer)
    return CertificatesAnswer(certificates=[CertificateAnswer(**_certificate(one)) for one in found])


@router.post("/counts/certificates", summary="Certify a count", responses=REFUSALS)
@permitted(Permission.CERTIFY_COUNTS)
def certify(request: Request, viewer: SignedIn, sent: CertificateSent) -> CertificateAnswer:
    """Count, and write down for ever what was counted."""
    asked = Certifying(sent.command_id, sent.agency, sent.day, sent.known_at)
    return CertificateAnswer(**_certificate(counting.certify(site_of(request).database, viewer, asked, read_clock())))


@router.get("/counts/certificates/{certificate}", summary="A certificate, counted again", responses=REFUSALS)
@permitted(Permission.SEE_COUNTS)
def recount(request: Request, viewer: SignedIn, certificate: str) -> RecountAnswer:
    """Whether its number comes out again, and what the same day's number is by what is known now."""
    found = counting.recount(site_of(request).database, viewer, certificate, read_clock())
    return RecountAnswer(
        **_certificate(found.certificate),
        again=found.again,
        today=found.today,
        untouched=found.untouched,
        same_question=found.same_question,
        holds=found.holds,
    )


@router.get(
    "/counts/certificates/{certificate}/paper.pdf",
    summary="A certificate on paper",
    responses=REFUSALS,
    response_class=Response,
)
@permitted(Permission.SEE_COUNTS)
def certificate_pdf(request: Request, viewer: SignedIn, certificate: str) -> Response:
    """The certificate as PDF."""
    paper, printed = count_papers.certificate_paper(site_of(request).database, viewer, certificate, read_clock())
    return pdf_answer(count_certificate_pdf(paper, printed), f"{paper.number}.pdf")


@router.get("/dossiers/{number}/as-of", summary="A dossier as it stood", responses=REFUSALS)
@permitted(Permission.FIND_DOSSIERS)
def dossier_as_of(
    request: Request, viewer: SignedIn, number: str, at: At = None, known_at: KnownAt = None
) -> DossierAsOfAnswer:
    """Where its volumes were and how they stood at a moment."""
    now = read_clock()
    found = counting.as_of(site_of(request).database, viewer, number, at or now, known_at or now, now)
    return DossierAsOfAnswer(
        dossier=found.number,
        at=found.instant.moment,
        known_at=found.instant.known_at,
        agency=found.agency_code,
        volumes=[_stood(one) for one in found.volumes],
    )


@router.get("/places/{place}/as-of", summary="A place's contents as they were", responses=REFUSALS)
@permitted(Permission.FIND_DOSSIERS)
def place_as_of(
    request: Request, viewer: SignedIn, place: str, at: At = None, known_at: KnownAt = None
) -> ContentsAnswer:
    """What stood there, or anywhere within it, at a moment; an agency's people see their own dossiers."""
    now = read_clock()
    found = counting.contents_as_of(site_of(request).database, viewer, place, at or now, known_at or now)
    return ContentsAnswer(
        place=found.place,
        at=found.instant.moment,
        known_at=found.instant.known_at,
        count=found.count,
        volumes=[_stood(one) for one in found.volumes],
    )


Warehouse = Annotated[str | None, Query(max_length=PLACE_CODE_CHARACTERS_MAX, description="All where not told.")]


@router.get("/closing-sheet", summary="The closing sheet", responses=REFUSALS)
@permitted(Permission.SEE_CLOSING_SHEET)
def closing(request: Request, viewer: SignedIn, warehouse: Warehouse = None) -> ClosingAnswer:
    """Every volume off its shelf just now, by who answers for it."""
    return _closing(closing_sheet(site_of(request).database, viewer, warehouse, read_clock()))


@router.get("/closing-sheet.pdf", summary="The closing sheet on paper", responses=REFUSALS, response_class=Response)
@permitted(Permission.SEE_CLOSING_SHEET)
def closing_pdf(request: Request, viewer: SignedIn, warehouse: Warehouse = None) -> Response:
    """The same as PDF, to be signed."""
    found, printed = closing_paper(site_of(request).database, viewer, warehouse, read_clock())
    return pdf_answer(closing_sheet_pdf(found.sheet, printed), f"closing-{printed.at:%Y%m%d}.pdf")


@router.get("/retained", summary="Kept after death or retirement", responses=REFUSALS)
@permitted(Permission.SEE_COUNTS)
def kept(request: Request, viewer: SignedIn) -> RetainedAnswer:
    """Whose dossier is due to go."""
    found = retained(site_of(request).database, viewer, read_clock())
    return RetainedAnswer(
        years=found.years,
        deceased=[_kept(one) for one in found.deceased],
        retired=[_kept(one) for one in found.retired],
    )


def _certificate(row: CertificateRow) -> dict[str, object]:
    told = {
        "certificate": certificate_number(row.certificate_id),
        "query_hash": row.query_hash.hex(),
        "certificate_hash": row.certificate_hash.hex(),
        "ledger_roots": [
            LedgerRootAnswer(warehouse=warehouse, sequence=sequence, hash=root)
            for warehouse, sequence, root in row.ledger_roots
        ],
    }
    return {name: told[name] if name in told else getattr(row, name) for name in CertificateAnswer.model_fields}


def _stood(one: VolumeAsOf) -> StoodAnswer:
    return StoodAnswer(**{name: getattr(one, name) for name in StoodAnswer.model_fields})


def _kept(one: KeptLine) -> KeptAnswer:
    return KeptAnswer(
        dossier=one.number, agency=one.agency, since=one.since, until=one.until, due=one.due, place=one.place
    )


def _closing(found: Closing) -> ClosingAnswer:
    return ClosingAnswer(
        closed_at=found.sheet.closed_at,
        out=found.out,
        named=found.named,
        overdue=found.overdue,
        groups=[
            OutGroupAnswer(
                holder=group.holder,
                place=group.place,
                kind=group.kind.en,
                volumes=[
                    OutAnswer(
                        volume=str(one.volume),
                        since=one.since,
                        due=one.due,
                        reference=one.reference,
                        overdue=one.overdue,
                    )
                    for one in group.volumes
                ],
            )
            for group in found.sheet.groups
        ],
    )
