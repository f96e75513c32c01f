"""`/api/v1/bags` and `/consignments`: consigning by programs, through the same operations as the pages."""

from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field, NonNegativeInt
from starlette.responses import Response

from inventory.domain.consignments import Colour, ConsignmentState, SetPicture
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission
from inventory.domain.picking import work_number
from inventory.domain.requests import request_number
from inventory.operations import consigning, consignment_views, receiving, unpacking, work_papers
from inventory.operations.consigning import HEARD_MINUTES_MAX, Dispatching, Opening, Sealing
from inventory.operations.consignment_views import ConsignmentView
from inventory.operations.countersigning import countersign
from inventory.operations.receiving import Arriving, Outcome, Settling
from inventory.operations.scanning import CODES_AT_ONCE_MAX
from inventory.papers.printing import discrepancy_sheet_pdf, manifest_pdf
from inventory.store.consignments import Consignment
from inventory.store.database import Database
from web.api.acts import WitnessSent
from web.api.work import REFUSALS, Code, Command, PlaceCode, Sent, pdf_answer
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1")

Codes = Annotated[list[Code], Field(max_length=CODES_AT_ONCE_MAX, description="Dossier numbers or EPCs.")]
Reason = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=60)]


class BagSent(Sent):
    """A transfer bag's printed number, or its GRAI-96 in hexadecimal."""

    code: Code


class OpeningSent(Sent):
    """A journey: the bag, and the warehouse or window it goes from and to."""

    command_id: Command
    bag: Code
    origin: PlaceCode
    target: PlaceCode


class CodesSent(Sent):
    """Dossiers scanned."""

    command_id: Command
    codes: Codes


class UnpackingSent(CodesSent):
    """Dossiers taken out again."""

    to_place: PlaceCode
    reason: Reason


class CancelSent(Sent):
    """A journey given up."""

    command_id: Command
    to_place: PlaceCode | None = Field(default=None, description="Where what is in the bag goes.")
    reason: Reason


class CheckSent(Sent):
    """The whole set: everything scanned from the bag, or the place whose antennas read it in the last minutes."""

    codes: Codes = Field(default=[])
    place: PlaceCode | None = Field(default=None, description="A tunnel or desk pad; `codes` are then left out.")
    minutes: int = Field(default=2, ge=1, le=HEARD_MINUTES_MAX)


class SealingSent(Sent):
    """A bag sealed by two."""

    command_id: Command
    bag_seal: Text
    witness: WitnessSent
    reason: Reason | None = Field(default=None, description="Why it is sealed though some of its set wasn't read.")


class DispatchingSent(Sent):
    """A sealed bag handed out."""

    command_id: Command
    channel: Text = Field(description="staff, confidential or ems")
    carriers: list[Text] = Field(max_length=10, description="Two names at least.")
    tracking: Text | None = None
    witness: WitnessSent


class ArrivingSent(Sent):
    """A bag that came."""

    command_id: Command
    bag_seal: Text = Field(description="The number on the seal, as found.")
    bag_seal_whole: bool
    codes: Codes
    place: PlaceCode | None = Field(
        default=None, description="Where its dossiers go; the target itself where not told."
    )
    broken: Codes = Field(default=[], description="Dossiers whose own seal strip was found broken.")
    pieces: dict[Code, NonNegativeInt] = Field(default={}, description="Pieces counted, by dossier.")


class SettlingSent(Sent):
    """A row of the discrepancy sheet closed by two."""

    command_id: Command
    outcome: Outcome
    reason: Reason
    place: PlaceCode | None = None
    seal_whole: bool = Field(default=True, description="For a dossier that came after all: whether its strip is whole.")
    witness: WitnessSent


class BagAnswer(BaseModel):
    """A registered bag."""

    bag: str


class PictureAnswer(BaseModel):
    """What was read of what is expected."""

    colour: Colour
    expected: int
    read: list[str]
    unread: list[str]
    strangers: list[str] = Field(description="Read, and on no manifest: volumes, or codes that stand for none.")


class ConsignedAnswer(BaseModel):
    """A volume on a consignment."""

    volume: str
    request: str | None
    state: str
    seal_number: str | None
    pieces_out: int | None
    pieces_in: int | None
    place: str


class DiscrepancyAnswer(BaseModel):
    """A row of the discrepancy sheet."""

    id: int
    kind: str
    volume: str | None
    expected: str | None
    found: str | None
    raised_by: str
    raised_at: datetime
    settled_by: str | None
    settled_with: str | None
    settled_at: datetime | None
    reason: str | None


class ConsignmentAnswer(BaseModel):
    """A consignment as lists show it."""

    consignment: str
    bag: str
    origin: str
    target: str
    direction: str
    state: ConsignmentState
    volumes: int
    open_discrepancies: int
    bag_seal_out: str | None
    bag_seal_in: str | None
    bag_seal_whole: bool | None
    sealed_by: str | None
    sealed_with: str | None
    sealed_at: datetime | None
    channel: str | None
    carriers: list[str] | None
    tracking: str | None
    handed_at: datetime | None
    received_by: str | None
    received_at: datetime | None


class ConsignmentWholeAnswer(ConsignmentAnswer):
    """A consignment with its set and its discrepancy sheet."""

    set: list[ConsignedAnswer]
    discrepancies: list[DiscrepancyAnswer]


class ConsignmentsAnswer(BaseModel):
    """Consignments, those on their way first."""

    consignments: list[ConsignmentAnswer]


@router.post("/bags", summary="Register a transfer bag", responses=REFUSALS)
@permitted(Permission.REGISTER_BAGS)
def register_bag(request: Request, viewer: SignedIn, sent: BagSent) -> BagAnswer:
    """One registered before stays as it is."""
    return BagAnswer(bag=consigning.register_bag(site_of(request).database, viewer, sent.code, read_clock()))


@router.get("/consignments", summary="Consignments", responses=REFUSALS)
@permitted(Permission.SEE_CONSIGNMENTS)
def consignments(request: Request, viewer: SignedIn, state: ConsignmentState | None = None) -> ConsignmentsAnswer:
    """A window's people see those with their own agency's dossiers."""
    found = consignment_views.consignment_list(site_of(request).database, viewer, state)
    return ConsignmentsAnswer(consignments=[ConsignmentAnswer(**_facts(one)) for one in found])


@router.post("/consignments", summary="Open a consignment", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def open_consignment(request: Request, viewer: SignedIn, sent: OpeningSent) -> ConsignmentWholeAnswer:
    """Begin a bag's journey."""
    opening = Opening(sent.command_id, sent.bag, sent.origin, sent.target)
    return _answer(consigning.open_consignment(site_of(request).database, viewer, opening, read_clock()))


@router.get("/consignments/{number}", summary="A consignment", responses=REFUSALS)
@permitted(Permission.SEE_CONSIGNMENTS)
def consignment(request: Request, viewer: SignedIn, number: str) -> ConsignmentWholeAnswer:
    """By its number, or by the code of the bag it travels in just now."""
    return _answer(consignment_views.view(site_of(request).database, viewer, number, read_clock()))


@router.post("/consignments/{number}/pack", summary="Pack", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def pack(request: Request, viewer: SignedIn, number: str, sent: CodesSent) -> ConsignmentWholeAnswer:
    """Put dossiers into the bag, all or none."""
    database = site_of(request).database
    return _answer(consigning.pack(database, viewer, sent.command_id, number, sent.codes, read_clock()))


@router.post("/consignments/{number}/unpack", summary="Unpack", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def unpack(request: Request, viewer: SignedIn, number: str, sent: UnpackingSent) -> ConsignmentWholeAnswer:
    """Take dossiers out of a bag that hasn't left; a sealed one is opened by it."""
    database = site_of(request).database
    return _answer(
        unpacking.unpack(
            database, viewer, sent.command_id, number, sent.codes, sent.to_place, sent.reason, read_clock()
        )
    )


@router.post("/consignments/{number}/cancel", summary="Cancel", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def cancel(request: Request, viewer: SignedIn, number: str, sent: CancelSent) -> ConsignmentWholeAnswer:
    """Give up a journey that hasn't begun."""
    database = site_of(request).database
    return _answer(
        unpacking.cancel(database, viewer, sent.command_id, number, sent.to_place, sent.reason, read_clock())
    )


@router.post("/consignments/{number}/check", summary="Check the whole set", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def check(request: Request, viewer: SignedIn, number: str, sent: CheckSent) -> PictureAnswer:
    """Compare the bag's set with everything scanned from it, or with what a tunnel or pad read just now."""
    database, now = site_of(request).database, read_clock()
    if sent.place is not None:
        return _picture(consigning.check_heard(database, viewer, number, sent.place, sent.minutes, now).picture)
    return _picture(consigning.check_set(database, viewer, number, sent.codes, now))


@router.post("/consignments/{number}/seal", summary="Seal", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def seal(request: Request, viewer: SignedIn, number: str, sent: SealingSent) -> ConsignmentWholeAnswer:
    """Close the bag, by two."""
    database = site_of(request).database
    witness = _witness(database, viewer, sent.witness)
    sealing = Sealing(sent.command_id, number, sent.bag_seal, witness, sent.reason)
    return _answer(consigning.seal(database, viewer, sealing, read_clock()))


@router.post("/consignments/{number}/dispatch", summary="Dispatch", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def dispatch(request: Request, viewer: SignedIn, number: str, sent: DispatchingSent) -> ConsignmentWholeAnswer:
    """Hand the sealed bag to those who carry it."""
    database = site_of(request).database
    witness = _witness(database, viewer, sent.witness)
    asked = Dispatching(sent.command_id, number, sent.channel, sent.carriers, witness, sent.tracking)
    return _answer(consigning.dispatch(database, viewer, asked, read_clock()))


@router.post("/consignments/{number}/arrive", summary="Receive", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def arrive(request: Request, viewer: SignedIn, number: str, sent: ArrivingSent) -> ConsignmentWholeAnswer:
    """What is there arrives; what isn't stays against its carriers' names."""
    asked = Arriving(
        sent.command_id,
        number,
        sent.bag_seal,
        sent.bag_seal_whole,
        sent.codes,
        sent.place,
        sent.broken,
        sent.pieces,
    )
    return _answer(receiving.arrive(site_of(request).database, viewer, asked, read_clock()))


@router.post("/consignments/discrepancies/{row}/settle", summary="Settle a discrepancy", responses=REFUSALS)
@permitted(Permission.CONSIGN)
def settle(request: Request, viewer: SignedIn, row: int, sent: SettlingSent) -> ConsignmentWholeAnswer:
    """Close one row of a discrepancy sheet with a reason, by two."""
    database = site_of(request).database
    witness = _witness(database, viewer, sent.witness)
    settling = Settling(sent.command_id, row, sent.outcome, sent.reason, witness, sent.place, sent.seal_whole)
    return _answer(receiving.settle(database, viewer, settling, read_clock()))


@router.get("/consignments/{number}/manifest.pdf", summary="The manifest", responses=REFUSALS, response_class=Response)
@permitted(Permission.SEE_CONSIGNMENTS)
def manifest(request: Request, viewer: SignedIn, number: str) -> Response:
    """What the bag holds, to be signed, as PDF with its number as a QR code."""
    paper, printed = work_papers.manifest(site_of(request).database, viewer, number, read_clock())
    return pdf_answer(manifest_pdf(paper, printed), f"{paper.consignment}.pdf")


@router.get(
    "/consignments/{number}/discrepancy-sheet.pdf",
    summary="The discrepancy sheet",
    responses=REFUSALS,
    response_class=Response,
)
@permitted(Permission.SEE_CONSIGNMENTS)
def discrepancy_sheet(request: Request, viewer: SignedIn, number: str) -> Response:
    """In what the bag that came differs from the bag that went, as PDF."""
    paper, printed = work_papers.discrepancy_sheet(site_of(request).database, viewer, number, read_clock())
    return pdf_answer(discrepancy_sheet_pdf(paper, printed), f"{paper.number}.pdf")


def _witness(database: Database, viewer: Viewer, sent: WitnessSent) -> Viewer:
    return countersign(database, viewer, sent.login, sent.pin)


def _facts(one: Consignment) -> dict[str, object]:
    names = [name for name in ConsignmentAnswer.model_fields if name != "consignment"]
    return {"consignment": work_number("C", one.consignment_id), **{name: getattr(one, name) for name in names}}


def _answer(view: ConsignmentView) -> ConsignmentWholeAnswer:
    held = [
        ConsignedAnswer(
            volume=str(one.volume),
            request=None if one.request_id is None else request_number(one.request_id),
            state=one.state,
            seal_number=one.seal_number,
            pieces_out=one.pieces_out,
            pieces_in=one.pieces_in,
            place=one.place,
        )
        for one in view.volumes
    ]
    sheet = [
        DiscrepancyAnswer(
            id=one.discrepancy_id,
            volume=None if one.volume is None else str(one.volume),
            **{name: getattr(one, name) for name in DiscrepancyAnswer.model_fields if name not in {"id", "volume"}},
        )
        for one in view.discrepancies
    ]
    return ConsignmentWholeAnswer.model_validate({**_facts(view.consignment), "set": held, "discrepancies": sheet})


def _picture(picture: SetPicture) -> PictureAnswer:
    return PictureAnswer(
        colour=picture.colour,
        expected=picture.expected,
        read=list(map(str, picture.read)),
        unread=list(map(str, picture.unread)),
        strangers=list(picture.strangers),
    )
