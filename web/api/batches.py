"""`/api/v1/tags`, `/loose-materials`, `/digitisation`, `/reshelvings`: batches by programs, the same operations as the pages."""

from fastapi import Request

from inventory.domain.identifiers import VolumeName
from inventory.domain.permissions import Permission
from inventory.operations import digitising, loose_materials, reshelving, tagging
from inventory.operations.countersigning import countersign
from inventory.operations.digitising import Return, Scan, Sending
from inventory.operations.loose_materials import Insertion, Loose
from inventory.operations.reshelving import Plan
from inventory.operations.tagging import Printed
from web.api.arrival_models import WrittenAnswer
from web.api.batch_models import (
    BarcodeOnlySent,
    BindingSent,
    CarriedSent,
    FaultSent,
    InsertionsSent,
    LabelSent,
    LooseBatchAnswer,
    LooseBatchSent,
    MatchSent,
    NumberAnswer,
    PlanAnswer,
    PlanSent,
    ReplacementSent,
    ReturnsSent,
    ScanBatchAnswer,
    ScanBatchSent,
    ScansSent,
    TaggedAnswer,
    loose_answer,
    plan_answer,
    scans_answer,
    tagged_answer,
)
from web.api.work import REFUSALS
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)


@router.post("/tags", summary="Bind tags")
@permitted(Permission.TAG)
def bind(request: Request, viewer: SignedIn, sent: BindingSent) -> WrittenAnswer:
    """Bind tags to untagged volumes, each read back; a tag that was ever on anything is refused."""
    labels = [_printed(label) for label in sent.labels]
    return WrittenAnswer(written=tagging.bind(site_of(request).database, viewer, sent.command_id, labels, read_clock()))


@router.post("/tags/replacements", summary="Replace a tag")
@permitted(Permission.TAG)
def replace_tag(request: Request, viewer: SignedIn, sent: ReplacementSent) -> WrittenAnswer:
    """Two people and a reason; the old tag is retired for ever."""
    database, now = site_of(request).database, read_clock()
    witness = countersign(database, viewer, sent.witness.login, sent.witness.pin)
    written = tagging.replace_tag(database, viewer, sent.command_id, _printed(sent), sent.reason, witness, now)
    return WrittenAnswer(written=written)


@router.post("/tags/faults", summary="Report a tag's fault")
@permitted(Permission.TAG)
def report_fault(request: Request, viewer: SignedIn, sent: FaultSent) -> TaggedAnswer:
    """What is wrong with it; it stays bound until it is replaced."""
    return tagged_answer(
        tagging.report_fault(site_of(request).database, viewer, VolumeName.parse(sent.volume), sent.fault)
    )


@router.post("/tags/barcode-only", summary="A volume without a tag")
@permitted(Permission.TAG)
def mark_barcode_only(request: Request, viewer: SignedIn, sent: BarcodeOnlySent) -> TaggedAnswer:
    """Known by its printed code alone, or not any more."""
    volume = VolumeName.parse(sent.volume)
    return tagged_answer(
        tagging.mark_barcode_only(site_of(request).database, viewer, volume, barcode_only=sent.barcode_only)
    )


@router.get("/tags/{volume:path}", summary="The tags of a volume")
@permitted(Permission.FIND_DOSSIERS)
def show_tags(request: Request, viewer: SignedIn, volume: str) -> TaggedAnswer:
    """How a volume is identified, and every tag it has or had."""
    return tagged_answer(tagging.tagged(site_of(request).database, viewer, VolumeName.parse(volume)))


@router.post("/loose-materials", summary="Receive loose materials")
@permitted(Permission.INSERT_MATERIALS)
def receive_loose(request: Request, viewer: SignedIn, sent: LooseBatchSent) -> NumberAnswer:
    """A batch; what proves by number or ID number whose it is is matched at once."""
    loose = [Loose(one.name, one.read(), one.number, one.id_number) for one in sent.materials]
    number = loose_materials.receive(
        site_of(request).database,
        viewer,
        sent.command_id,
        sent.sender,
        sent.channel,
        sent.tracking,
        loose,
        read_clock(),
    )
    return NumberAnswer(number=number)


@router.get("/loose-materials/{number}", summary="A batch of loose materials")
@permitted(Permission.INSERT_MATERIALS)
def show_loose(request: Request, viewer: SignedIn, number: str) -> LooseBatchAnswer:
    """Its materials: those nobody has matched first, then shelf by shelf."""
    return loose_answer(loose_materials.open_batch(site_of(request).database, viewer, number))


@router.post("/loose-materials/{number}/materials/{material}/match", summary="Match a material", status_code=204)
@permitted(Permission.INSERT_MATERIALS)
def match(request: Request, viewer: SignedIn, number: str, material: int, sent: MatchSent) -> None:
    """Say whose it is and by what proof."""
    volume = VolumeName.parse(sent.volume)
    loose_materials.match(site_of(request).database, viewer, number, material, volume, sent.proof, sent.note)


@router.post("/loose-materials/{number}/insertions", summary="Put materials in")
@permitted(Permission.INSERT_MATERIALS)
def insert(request: Request, viewer: SignedIn, number: str, sent: InsertionsSent) -> WrittenAnswer:
    """Open by order, insert, count, seal: two people, one batch. `written`: materials that went in."""
    database, now = site_of(request).database, read_clock()
    witness = countersign(database, viewer, sent.witness.login, sent.witness.pin)
    insertions = [Insertion(VolumeName.parse(one.volume), one.pieces, one.seal_number) for one in sent.insertions]
    written = loose_materials.insert(
        database, viewer, sent.command_id, number, sent.order, insertions, witness, now, sent.reason
    )
    return WrittenAnswer(written=written)


@router.post("/digitisation", summary="Send a batch to be scanned")
@permitted(Permission.SEND_TO_SCAN)
def send(request: Request, viewer: SignedIn, sent: ScanBatchSent) -> NumberAnswer:
    """By order, each volume with its pieces counted."""
    volumes = [(VolumeName.parse(one.volume), one.pieces) for one in sent.volumes]
    sending = Sending(sent.command_id, sent.order, sent.place, volumes, sent.contractor)
    return NumberAnswer(number=digitising.send(site_of(request).database, viewer, sending, read_clock()))


@router.get("/digitisation/{number}", summary="A batch of digitisation")
@permitted(Permission.SEE_SCANS)
def show_scans(request: Request, viewer: SignedIn, number: str) -> ScanBatchAnswer:
    """Its volumes; a contractor sees his own batches only."""
    return scans_answer(digitising.open_batch(site_of(request).database, viewer, number))


@router.post("/digitisation/{number}/scans", summary="Report scans")
@permitted(Permission.REPORT_SCANS)
def report_scans(request: Request, viewer: SignedIn, number: str, sent: ScansSent) -> ScanBatchAnswer:
    """Pages, SHA-256 and place of each scan, as often as needed until the volume is back."""
    scans = [Scan(VolumeName.parse(one.volume), one.pages, one.sha256, one.link, one.note) for one in sent.scans]
    return scans_answer(digitising.report(site_of(request).database, viewer, number, scans, read_clock()))


@router.post("/digitisation/{number}/returns", summary="Take a batch back")
@permitted(Permission.SEND_TO_SCAN)
def take_back(request: Request, viewer: SignedIn, number: str, sent: ReturnsSent) -> WrittenAnswer:
    """Pieces counted again; with a new seal number it is closed at once, by two."""
    database, now = site_of(request).database, read_clock()
    witness = None if sent.witness is None else countersign(database, viewer, sent.witness.login, sent.witness.pin)
    returns = [Return(VolumeName.parse(one.volume), one.pieces, one.seal_number) for one in sent.returns]
    written = digitising.take_back(
        database, viewer, sent.command_id, number, sent.place, returns, witness, now, sent.reason
    )
    return WrittenAnswer(written=written)


@router.post("/reshelvings", summary="Plan a re-shelving")
@permitted(Permission.PLAN_PLACES)
def plan(request: Request, viewer: SignedIn, sent: PlanSent) -> NumberAnswer:
    """Whole shelves and single volumes, from where they stand to where they shall."""
    wanted = Plan(
        sent.command_id,
        sent.reason,
        [(one.from_place, one.to_place) for one in sent.shelves],
        [(VolumeName.parse(one.volume), one.to_place) for one in sent.volumes],
    )
    return NumberAnswer(number=reshelving.plan(site_of(request).database, viewer, wanted, read_clock()))


@router.get("/reshelvings/{number}", summary="A re-shelving and its progress")
@permitted(Permission.PLAN_PLACES)
def show_plan(request: Request, viewer: SignedIn, number: str) -> PlanAnswer:
    """Leg by leg, from shelf to shelf."""
    return plan_answer(reshelving.open_plan(site_of(request).database, viewer, number))


@router.post("/reshelvings/{number}/carried", summary="Volumes carried")
@permitted(Permission.RESHELVE)
def carry_out(request: Request, viewer: SignedIn, number: str, sent: CarriedSent) -> WrittenAnswer:
    """These volumes, or all that are left for it, now stand on that shelf."""
    volumes = None if sent.volumes is None else [VolumeName.parse(volume) for volume in sent.volumes]
    written = reshelving.carry_out(
        site_of(request).database, viewer, sent.command_id, number, sent.to_place, read_clock(), volumes
    )
    return WrittenAnswer(written=written)


def _printed(label: LabelSent) -> Printed:
    return Printed(VolumeName.parse(label.volume), label.epc, label.read_back, label.tid, label.code)
