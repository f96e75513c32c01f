"""`/api/v1/arrivals`, `/acceptances`, `/refusals`: coming in, by programs, through the same operations as the pages."""

from fastapi import Request
from starlette.responses import JSONResponse, Response

from inventory.domain.identifiers import VolumeName
from inventory.domain.permissions import Permission
from inventory.domain.refusals import RegisterInvalid
from inventory.operations import accepting, announcing, arriving, placing
from inventory.operations.accepting import Acceptance, Reviewed, Turning
from inventory.operations.announcing import Announcement
from inventory.operations.arrival_papers import arrival_sheet
from inventory.operations.arriving import BoxCount, Delivery, Finding, Signing
from inventory.operations.countersigning import countersign
from inventory.operations.importing import ImportReport
from inventory.papers.printing import discrepancy_sheet_pdf
from web.api.arrival_models import (
    AcceptanceSent,
    AnnouncedAnswer,
    AnnouncementSent,
    ArrivalAnswer,
    ArrivalsAnswer,
    BoxAnswer,
    CountSent,
    DeliverySent,
    IdentitySent,
    OpenedAnswer,
    PlannedAnswer,
    PlanSent,
    RefusalCountAnswer,
    RefusalCountsAnswer,
    SheetAnswer,
    SigningSent,
    TurningSent,
    WrittenAnswer,
    facts_of,
    line_answer,
    opened_facts,
    row_of,
    sheet_answer,
)
from web.api.models import Moment
from web.api.work import REFUSALS, pdf_answer
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)


@router.post("/arrivals", summary="Announce an arrival", response_model=AnnouncedAnswer)
@permitted(Permission.ANNOUNCE_ARRIVALS)
def announce(request: Request, viewer: SignedIn, sent: AnnouncementSent) -> AnnouncedAnswer | Response:
    """Register what is to come; all errors at once in `errors` (row, column, problem)."""
    announcement = Announcement(sent.command_id, sent.agency, sent.sender, sent.boxes, sent.historic, sent.confirmed)
    rows = [(number, row_of(row)) for number, row in enumerate(sent.rows, 1)]
    try:
        told = announcing.announce(site_of(request).database, viewer, announcement, rows, read_clock())
    except RegisterInvalid as refusal:
        return errors_answer(refusal)
    return AnnouncedAnswer(arrival=told.number, dossiers=list(told.dossiers), warnings=told.warnings)


@router.get("/arrivals", summary="The newest arrivals")
@permitted(Permission.ANNOUNCE_ARRIVALS)
def list_arrivals(request: Request, viewer: SignedIn) -> ArrivalsAnswer:
    """The newest arrivals of the viewer's agency, or of all."""
    found = placing.newest_arrivals(site_of(request).database, viewer)
    return ArrivalsAnswer(arrivals=[ArrivalAnswer(**facts_of(one)) for one in found])


@router.get("/arrivals/{number}", summary="One arrival")
@permitted(Permission.ANNOUNCE_ARRIVALS)
def show_arrival(request: Request, viewer: SignedIn, number: str) -> OpenedAnswer:
    """An arrival, how far its lines have come, the first 500 of them, and where they are planned to stand."""
    view = placing.open_arrival(site_of(request).database, viewer, number, read_clock())
    return OpenedAnswer(**opened_facts(view))


@router.post("/arrivals/{number}/delivery", summary="Its boxes are here", status_code=204)
@permitted(Permission.RECEIVE_ARRIVALS)
def take_delivery(request: Request, viewer: SignedIn, number: str, sent: DeliverySent) -> None:
    """Channel, tracking number and seal as found. What a person carried himself goes to quarantine."""
    delivery = Delivery(sent.command_id, number, sent.channel, sent.seal_intact, sent.boxes, sent.place, sent.tracking)
    arriving.take_delivery(site_of(request).database, viewer, delivery, read_clock())


@router.post("/arrivals/{number}/boxes/{box}/counts", summary="Count a box")
@permitted(Permission.RECEIVE_ARRIVALS)
def count_box(request: Request, viewer: SignedIn, number: str, box: str, sent: CountSent) -> BoxAnswer:
    """Scanned codes of one box against the list: missing, extra and misplaced at once, as sets."""
    count = BoxCount(
        sent.command_id, number, box, sent.codes, sent.broken, sent.nameless, sent.nameless_listed, sent.done
    )
    state = arriving.count_box(site_of(request).database, viewer, count, read_clock())
    return BoxAnswer(
        box=state.box,
        counted=state.counted,
        missing=list(map(line_answer, state.missing)),
        extra=list(map(line_answer, state.extra)),
        other_box=list(map(line_answer, state.other_box)),
        closed=state.closed,
    )


@router.post(
    "/arrivals/{number}/lines/{line}/identity", summary="Say what an envelope is", status_code=204, response_model=None
)
@permitted(Permission.RECEIVE_ARRIVALS)
def identify(request: Request, viewer: SignedIn, number: str, line: int, sent: IdentitySent) -> Response | None:
    """An extra or nameless envelope is this volume, or this person's new dossier."""
    finding = Finding(sent.command_id, number, line, row_of(sent.row), sent.confirmed)
    try:
        arriving.identify(site_of(request).database, viewer, finding, read_clock())
    except RegisterInvalid as refusal:
        return errors_answer(refusal)
    return None


@router.post("/arrivals/{number}/plan", summary="Plan where it is to stand")
@permitted(Permission.PLAN_PLACES)
def plan(request: Request, viewer: SignedIn, number: str, sent: PlanSent) -> PlannedAnswer:
    """Fill the shelves below a place in walking order; planning again forgets the plan before."""
    view, unplaced = placing.plan_places(site_of(request).database, viewer, number, sent.under, sent.fill_percent)
    return PlannedAnswer(**opened_facts(view), unplaced=unplaced)


@router.get("/arrivals/{number}/discrepancies", summary="The discrepancy sheet")
@permitted(Permission.ANNOUNCE_ARRIVALS)
def show_discrepancies(request: Request, viewer: SignedIn, number: str) -> SheetAnswer:
    """What differs between the list and what came, its hash, and who has signed it."""
    return sheet_answer(arriving.discrepancies(site_of(request).database, viewer, number))


@router.get("/arrivals/{number}/discrepancies.pdf", summary="The discrepancy sheet as PDF", response_class=Response)
@permitted(Permission.ANNOUNCE_ARRIVALS)
def print_discrepancies(request: Request, viewer: SignedIn, number: str) -> Response:
    """For both sides to sign."""
    paper, printed = arrival_sheet(site_of(request).database, viewer, number, read_clock())
    return pdf_answer(discrepancy_sheet_pdf(paper, printed), f"{paper.number}.pdf")


@router.post("/arrivals/{number}/signatures", summary="Sign the discrepancy sheet")
@permitted(Permission.RECEIVE_ARRIVALS)
def sign(request: Request, viewer: SignedIn, number: str, sent: SigningSent) -> SheetAnswer:
    """A keeper signs for the warehouse, the agency's clerk for the sender."""
    signing = Signing(sent.command_id, number, sent.hash, sent.signed_by, sent.paper)
    return sheet_answer(arriving.sign(site_of(request).database, viewer, signing, read_clock()))


@router.post("/acceptances", summary="Take dossiers in")
@permitted(Permission.RECEIVE_ARRIVALS)
def accept(request: Request, viewer: SignedIn, sent: AcceptanceSent) -> WrittenAnswer:
    """Two reviewers, pieces counted, materials listed, gaps promised."""
    database, now = site_of(request).database, read_clock()
    witness = countersign(database, viewer, sent.witness.login, sent.witness.pin)
    reviewed = [
        Reviewed(VolumeName.parse(one.volume), one.pieces, [row.read() for row in one.materials], one.gaps)
        for one in sent.reviewed
    ]
    acceptance = Acceptance(sent.command_id, reviewed, witness, sent.reason)
    return WrittenAnswer(written=accepting.accept(database, viewer, acceptance, now))


@router.post("/refusals", summary="Refuse dossiers")
@permitted(Permission.RECEIVE_ARRIVALS)
def refuse(request: Request, viewer: SignedIn, sent: TurningSent) -> WrittenAnswer:
    """Send dossiers back on coded grounds; abolished papers and gaps are none, and that it was tried is counted."""
    turning = Turning(
        sent.command_id,
        [VolumeName.parse(volume) for volume in sent.volumes],
        sent.grounds,
        sent.letter,
        sent.channel,
        sent.tracking,
        sent.note,
    )
    return WrittenAnswer(written=accepting.refuse(site_of(request).database, viewer, turning, read_clock()))


@router.get("/refusals", summary="How often what was refused")
@permitted(Permission.SEE_REFUSALS)
def count_refusals(request: Request, viewer: SignedIn, since: Moment, until: Moment) -> RefusalCountsAnswer:
    """Refusals by agency and ground, done and blocked, from `since` until before `until`."""
    counted = accepting.count_refusals(site_of(request).database, viewer, since, until)
    return RefusalCountsAnswer(
        counts=[
            RefusalCountAnswer(
                agency=one.agency,
                ground=one.ground,
                zh=counted.names[one.ground][0],
                en=counted.names[one.ground][1],
                done=one.done,
                blocked=one.blocked,
            )
            for one in counted.counts
        ]
    )


def errors_answer(refusal: RegisterInvalid) -> Response:
    """A refusal of a list, with every error of its rows."""
    report = refusal.facts["report"]
    assert isinstance(report, ImportReport)
    return JSONResponse(
        {
            "code": refusal.code,
            "message": refusal.sentence("en"),
            "message_zh": refusal.sentence("zh"),
            "facts": {"file": str(refusal.facts["file"]), "count": report.error_count},
            "errors": [
                {"row": one.row, "column": one.column, "problem": one.problem_en, "problem_zh": one.problem_zh}
                for one in report.errors
            ],
        },
        422,
    )
