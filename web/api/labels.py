"""`/api/v1/labels`: labels made, printed, verified and bound by programs, the same operations as the pages."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from inventory.domain.batches import Batch
from inventory.domain.label_printers import printer_named
from inventory.domain.labels import LABELS_PER_BATCH_MAX, LabelState, Told
from inventory.domain.permissions import Permission
from inventory.operations import label_printing, labelling, numbering_labels, verifying_labels
from inventory.operations.labelling import LabelsView, Wanted
from inventory.operations.verifying_labels import SCANS_MAX, Verified
from inventory.papers.printing import tag_labels_pdf
from inventory.store.labels import LabelBatch
from web.api.work import REFUSALS, Code, Command, CommandSent, PlaceCode, Sent, pdf_answer
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)

ZPL_MEDIA = "application/vnd.zebra-zpl"
Hex = Annotated[str, Field(max_length=124)]


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LabelBatchSent(Sent):
    """Labels for whatever has no tag at a place or in an arrival, or for volumes named one by one."""

    command_id: Command
    where: str = Field(default="", max_length=120, description="A place's code, or an arrival: A-000012, A-000012/3.")
    codes: list[Code] = Field(default_factory=list, max_length=LABELS_PER_BATCH_MAX)
    replacing: bool = Field(default=False, description="Also volumes that have a tag, to take its place.")
    with_names: bool = Field(default=False, description="The subject's name in clear on the label.")


class SpoilingSent(Sent):
    """Labels of a batch that serve no more, by their EPCs."""

    command_id: Command
    epcs: list[Hex] = Field(min_length=1, max_length=LABELS_PER_BATCH_MAX)
    reason: str = Field(min_length=1, max_length=200)


class ZplSent(Sent):
    """Which printer a ZPL file is for."""

    dpi: Literal[203, 300] = 203


class SendingSent(Sent):
    """To which of the site's label printers a batch goes."""

    command_id: Command
    printer: str = Field(max_length=40)


class ReadBackSent(Sent):
    """One label read back."""

    code: Code = Field(description="What is printed on it, as scanned.")
    epc: Hex
    tid: Hex


class ReadBacksSent(Sent):
    """Labels read back one by one."""

    command_id: Command
    labels: list[ReadBackSent] = Field(min_length=1, max_length=LABELS_PER_BATCH_MAX)


class ScansSent(Sent):
    """A handheld's scans along a shelf: of each envelope its printed code, then EPC and TID."""

    command_id: Command
    scans: list[Code] = Field(min_length=1, max_length=SCANS_MAX)


class OnPadSent(Sent):
    """An envelope on a desk pad, by its printed code."""

    command_id: Command
    code: Code
    place: PlaceCode


class LabelBatchAnswer(_Answer):
    """A batch and how far it has come."""

    number: str
    scope: str
    place: str | None
    with_names: bool
    replacing: bool
    made_by: str | None
    made_at: datetime
    volumes: int
    bound: int
    elsewhere: int = Field(description="Volumes that got a tag otherwise meanwhile.")
    waiting: int
    unsent: int
    spoiled: int
    left: int


class LabelAnswer(_Answer):
    """One label as it stands."""

    position: int
    volume: str
    place: str | None
    epc: str
    state: LabelState
    sent_at: datetime | None
    tid: str | None
    ended_by: str | None
    ended_at: datetime | None
    reason: str | None


class LabelsAnswer(LabelBatchAnswer):
    """A batch with its labels, as they come from the printer."""

    labels: list[LabelAnswer]


class LabelBatchesAnswer(_Answer):
    """The newest batches; numbering: under what new labels are numbered, null where that isn't set."""

    numbering: str | None
    printers: list[str]
    batches: list[LabelBatchAnswer]


class UntaggedAnswer(_Answer):
    """What has no tag at a place, nor a label that waits."""

    volumes: list[str]


class CountAnswer(_Answer):
    """How many labels it was about; 0 where the command was done before."""

    labels: int


class FaultAnswer(_Answer):
    """Why a label isn't bound."""

    code: str
    sentence_zh: str
    sentence_en: str


class VerifiedAnswer(_Answer):
    """What came of one label: bound now, bound before (again), or its fault."""

    code: str
    volume: str | None
    bound: bool
    again: bool
    fault: FaultAnswer | None


class VerifiedBatchAnswer(_Answer):
    """What came of each label, in the order they were read."""

    written: int
    labels: list[VerifiedAnswer]


@router.get("/labels", summary="Batches of labels")
@permitted(Permission.SEE_LABELS)
def show_batches(request: Request, viewer: SignedIn) -> LabelBatchesAnswer:
    """Those with labels to be bound first."""
    site = site_of(request)
    known = numbering_labels.numbering(site.database, viewer)
    found = labelling.label_batches(site.database, viewer)
    return LabelBatchesAnswer(
        numbering=None if known is None else known.numbering.told,
        printers=[printer.name for printer in site.settings.label_printers],
        batches=[LabelBatchAnswer(**_batch(number, one)) for number, one in found],
    )


@router.post("/labels", summary="Make labels")
@permitted(Permission.TAG)
def make(request: Request, viewer: SignedIn, sent: LabelBatchSent) -> LabelsAnswer:
    """Each with an EPC of its own for ever; the batch's labels are the answer."""
    database, now = site_of(request).database, read_clock()
    wanted = Wanted(sent.command_id, sent.where, tuple(sent.codes), sent.replacing, sent.with_names)
    number = labelling.make_batch(database, viewer, wanted, now)
    return _labels(labelling.open_batch(database, viewer, number, now))


@router.get("/labels/untagged", summary="What needs a label")
@permitted(Permission.SEE_LABELS)
def show_untagged(
    request: Request, viewer: SignedIn, where: Annotated[str, Query(min_length=1, max_length=120)]
) -> UntaggedAnswer:
    """At a place, or in an arrival, in the order in which labels would be printed."""
    found = labelling.untagged(site_of(request).database, viewer, where)
    return UntaggedAnswer(volumes=[str(one.volume) for one in found])


@router.post("/labels/read-backs", summary="Verify and bind labels")
@permitted(Permission.TAG)
def verify(request: Request, viewer: SignedIn, sent: ReadBacksSent) -> VerifiedBatchAnswer:
    """Those whose printed code, EPC and TID agree are bound by one act; each other is told with its fault."""
    told = [Told(one.code, one.epc, one.tid) for one in sent.labels]
    done = verifying_labels.verify_all(site_of(request).database, viewer, sent.command_id, told, read_clock())
    return VerifiedBatchAnswer(written=done.written, labels=[_verified(one) for one in done.labels])


@router.post("/labels/scans", summary="Verify a shelf with a handheld")
@permitted(Permission.TAG)
def verify_scans(request: Request, viewer: SignedIn, sent: ScansSent) -> VerifiedBatchAnswer:
    """The same from what a handheld typed along a shelf."""
    done = verifying_labels.verify_scans(site_of(request).database, viewer, sent.command_id, sent.scans, read_clock())
    return VerifiedBatchAnswer(written=done.written, labels=[_verified(one) for one in done.labels])


@router.post("/labels/on-pad", summary="Verify a label on a desk pad")
@permitted(Permission.TAG)
def verify_on_pad(request: Request, viewer: SignedIn, sent: OnPadSent) -> VerifiedAnswer:
    """By its printed code, and the EPC and TID that the pad has read just now."""
    database = site_of(request).database
    return _verified(
        verifying_labels.verify_on_pad(database, viewer, sent.command_id, sent.code, sent.place, read_clock())
    )


@router.get("/labels/{number}", summary="A batch of labels")
@permitted(Permission.SEE_LABELS)
def show_batch(request: Request, viewer: SignedIn, number: str) -> LabelsAnswer:
    """Its labels as they come from the printer, and how each ended."""
    return _labels(labelling.open_batch(site_of(request).database, viewer, number, read_clock()))


@router.get("/labels/{number}/labels.pdf", summary="Labels as PDF")
@permitted(Permission.TAG)
def pdf(request: Request, viewer: SignedIn, number: str) -> Response:
    """Those that wait to be verified, a page of 100 x 50 mm each; it encodes no chip."""
    sheets, printed = label_printing.label_sheets(site_of(request).database, viewer, number, read_clock())
    return pdf_answer(tag_labels_pdf(sheets, printed), f"{sheets[0].batch}.pdf")


@router.post("/labels/{number}/zpl", summary="Labels as ZPL")
@permitted(Permission.TAG)
def zpl(request: Request, viewer: SignedIn, number: str, sent: ZplSent) -> Response:
    """Those that wait to be verified, for a printer that encodes; they count as sent. Print the file once."""
    content = label_printing.zpl_file(
        site_of(request).database, viewer, number, label_printing.DOTS_BY_DPI[sent.dpi], read_clock()
    )
    return zpl_answer(content, number)


@router.post("/labels/{number}/sendings", summary="Send labels to a printer")
@permitted(Permission.TAG)
def send(request: Request, viewer: SignedIn, number: str, sent: SendingSent) -> CountAnswer:
    """Those no printer was given yet, straight to one of the site's printers."""
    site = site_of(request)
    printer = printer_named(site.settings.label_printers, sent.printer)
    count = label_printing.send_to_printer(site.database, viewer, sent.command_id, number, printer, read_clock())
    return CountAnswer(labels=count)


@router.post("/labels/{number}/spoilings", summary="Spoil labels")
@permitted(Permission.TAG)
def spoil(request: Request, viewer: SignedIn, number: str, sent: SpoilingSent) -> CountAnswer:
    """They serve no more, and their EPCs are gone for ever."""
    database, now = site_of(request).database, read_clock()
    count = labelling.spoil(database, viewer, sent.command_id, number, sent.epcs, sent.reason, now)
    return CountAnswer(labels=count)


@router.post("/labels/{number}/reprints", summary="Make spoiled labels anew")
@permitted(Permission.TAG)
def print_anew(request: Request, viewer: SignedIn, number: str, sent: CommandSent) -> CountAnswer:
    """A new label, with a new EPC, for every volume of the batch whose label was spoiled."""
    count = labelling.print_anew(site_of(request).database, viewer, sent.command_id, number, read_clock())
    return CountAnswer(labels=count)


def zpl_answer(content: bytes, number: str) -> Response:
    """A ZPL file, to be saved under the batch's number."""
    name = Batch.LABELS.number(Batch.LABELS.parse(number))
    headers = {"Content-Disposition": f'attachment; filename="{name}.zpl"', "Cache-Control": "no-store"}
    return Response(content, media_type=ZPL_MEDIA, headers=headers)


def _batch(number: str, one: LabelBatch) -> dict[str, Any]:
    return {"number": number} | {name: getattr(one, name) for name in LabelBatchAnswer.model_fields if name != "number"}


def _labels(view: LabelsView) -> LabelsAnswer:
    labels = [
        LabelAnswer(
            position=one.position,
            volume=str(one.volume),
            place=one.place,
            epc=one.epc.hex().upper(),
            state=LabelState(one.state),
            sent_at=one.sent_at,
            tid=None if one.tid is None else one.tid.hex().upper(),
            ended_by=one.ended_by,
            ended_at=one.ended_at,
            reason=one.reason,
        )
        for one in view.labels
    ]
    return LabelsAnswer(**_batch(view.number, view.batch), labels=labels)


def _verified(one: Verified) -> VerifiedAnswer:
    fault = None
    if one.fault is not None:
        fault = FaultAnswer(
            code=one.fault.code, sentence_zh=one.fault.sentence("zh"), sentence_en=one.fault.sentence("en")
        )
    volume = None if one.volume is None else str(one.volume)
    is_bound = one.fault is None
    return VerifiedAnswer(code=one.code, volume=volume, bound=is_bound, again=one.again, fault=fault)
