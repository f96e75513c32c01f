"""What programs send and get about tags, loose materials, digitisation and re-shelving."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from inventory.domain.cells import TEXT_CHARACTERS_MAX
from inventory.domain.epcs import EPC_BYTES_MAX
from inventory.domain.identifiers import ID_NUMBER_CHARACTERS_MAX
from inventory.domain.names import NAME_CHARACTERS_MAX
from inventory.domain.standing import Identification
from inventory.operations import digitising, loose_materials, reshelving, tagging
from inventory.operations.custody import VOLUMES_PER_ACT_MAX
from inventory.operations.digitising import ScanView
from inventory.operations.loose_materials import LooseView
from inventory.operations.reshelving import PlanView
from inventory.operations.tagging import Tagged
from web.api.acts import WitnessSent
from web.api.arrival_models import MaterialSent, Text, Volume
from web.api.work import Command, PlaceCode, Sent

Hex = Annotated[str, Field(max_length=EPC_BYTES_MAX * 2, description="Hexadecimal.")]
Seal = Annotated[str, Field(min_length=1, max_length=60)]


class LabelSent(Sent):
    """A tag on a volume."""

    volume: Volume
    code: str = Field(min_length=1, max_length=120, description="What is printed on the label, as it was scanned.")
    epc: Hex
    read_back: Hex = Field(description="What the reader says after it was written.")
    tid: Hex | None = Field(default=None, description="Required of a label printed here.")


class BindingSent(Sent):
    """Tags to bind, all or none."""

    command_id: Command
    labels: Annotated[list[LabelSent], Field(min_length=1, max_length=tagging.LABELS_MAX)]


class ReplacementSent(LabelSent):
    """A tag in place of another."""

    command_id: Command
    reason: Text
    witness: WitnessSent


class FaultSent(Sent):
    """What is wrong with a volume's tag; null: it reads again."""

    volume: Volume
    fault: Text | None


class BarcodeOnlySent(Sent):
    """Whether a volume is known by its printed code alone."""

    volume: Volume
    barcode_only: bool


class TagAnswer(BaseModel):
    """One tag a volume has or had."""

    epc: str
    tid: str | None
    retired_at: datetime | None
    fault: str | None


class TaggedAnswer(BaseModel):
    """How a volume is identified."""

    volume: str
    identification: Identification
    tags: list[TagAnswer]


class LooseSent(MaterialSent):
    """One loose material, and what it says of whose it is."""

    name: Annotated[str, Field(max_length=NAME_CHARACTERS_MAX)] = Field(repr=False)
    number: Text | None = None
    id_number: Annotated[str, Field(max_length=ID_NUMBER_CHARACTERS_MAX)] | None = Field(default=None, repr=False)


class LooseBatchSent(Sent):
    """A batch of loose materials."""

    command_id: Command
    sender: Text
    channel: Text
    tracking: Text | None = None
    materials: Annotated[list[LooseSent], Field(min_length=1, max_length=loose_materials.MATERIALS_PER_BATCH_MAX)]


class MatchSent(Sent):
    """Whose a loose material is, and the proof of it; the same name is none. note: what was compared, the letter's number."""

    volume: Volume
    proof: Annotated[str, Field(max_length=40)] = Field(
        description="dossier_number, id_number, employer_and_birth or letter; a name is none."
    )
    note: Annotated[str, Field(max_length=200)] = ""


class InsertionSent(Sent):
    """A volume at the desk after the materials went in."""

    volume: Volume
    pieces: int = Field(ge=0)
    seal_number: Seal | None = None


class InsertionsSent(Sent):
    """Materials put into their volumes by order."""

    command_id: Command
    order: Text
    insertions: Annotated[list[InsertionSent], Field(min_length=1, max_length=loose_materials.MATERIALS_PER_BATCH_MAX)]
    witness: WitnessSent
    reason: Text | None = None


class LooseAnswer(BaseModel):
    """One loose material, without the person's name."""

    material: int
    category: int
    title: str
    pieces: int
    state: str
    volume: str | None
    shelf: str | None
    proof: str | None


class LooseBatchAnswer(BaseModel):
    """A batch of loose materials in the order of the work."""

    batch: str
    received: int
    matched: int
    inserted: int
    returned: int
    materials: list[LooseAnswer]


class SentVolume(Sent):
    """A volume to be scanned, its pieces counted."""

    volume: Volume
    pieces: int = Field(ge=0)


class ScanBatchSent(Sent):
    """A batch to be scanned."""

    command_id: Command
    order: Text
    place: PlaceCode
    contractor: Text | None = Field(default=None, description="Login of whoever reports the scans.")
    volumes: Annotated[list[SentVolume], Field(min_length=1, max_length=digitising.VOLUMES_PER_BATCH_MAX)]


class ScanSent(Sent):
    """A scan."""

    volume: Volume
    pages: int = Field(ge=1)
    sha256: str = Field(max_length=64)
    link: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]
    note: Text | None = None


class ScansSent(Sent):
    """Scans of one batch."""

    scans: Annotated[list[ScanSent], Field(min_length=1, max_length=digitising.VOLUMES_PER_BATCH_MAX)]


class ReturnsSent(Sent):
    """Volumes back from scanning."""

    command_id: Command
    place: PlaceCode
    returns: Annotated[list[InsertionSent], Field(min_length=1, max_length=digitising.VOLUMES_PER_BATCH_MAX)]
    witness: WitnessSent | None = Field(default=None, description="Needed where a new seal is told.")
    reason: Text | None = None


class ScanAnswer(BaseModel):
    """One volume of a batch."""

    volume: str
    pieces_out: int
    pages_listed: int | None
    pages: int | None
    sha256: str | None
    link: str | None
    reported_at: datetime | None
    back_at: datetime | None
    note: str | None


class ScanBatchAnswer(BaseModel):
    """A batch of digitisation."""

    batch: str
    order: str
    place: str
    contractor: str | None
    volumes: list[ScanAnswer]


class MoveSent(Sent):
    """Everything on a shelf goes to another."""

    from_place: PlaceCode
    to_place: PlaceCode


class VolumeMoveSent(Sent):
    """One volume goes to a shelf."""

    volume: Volume
    to_place: PlaceCode


class PlanSent(Sent):
    """A plan of re-shelving."""

    command_id: Command
    reason: Text
    shelves: list[MoveSent] = Field(default=[], max_length=reshelving.MOVES_MAX)
    volumes: list[VolumeMoveSent] = Field(default=[], max_length=reshelving.MOVES_MAX)


class CarriedSent(Sent):
    """One shelf scan, many dossiers; null: all that are left for it."""

    command_id: Command
    to_place: PlaceCode
    volumes: Annotated[list[Volume], Field(max_length=VOLUMES_PER_ACT_MAX)] | None = None


class LegAnswer(BaseModel):
    """From one shelf to another."""

    from_place: str
    to_place: str
    volumes: int
    done: int


class PlanAnswer(BaseModel):
    """A plan of re-shelving and its progress."""

    plan: str
    reason: str
    volumes: int
    done: int
    elsewhere: int = Field(description="Volumes that left their shelf by another act before their turn.")
    legs: list[LegAnswer]


class NumberAnswer(BaseModel):
    """The number of a new batch or plan."""

    number: str


def tagged_answer(one: Tagged) -> TaggedAnswer:
    """How a volume is identified, EPCs in capitals."""
    tags = [
        TagAnswer(
            epc=tag.epc.hex().upper(),
            tid=None if tag.tid is None else tag.tid.hex().upper(),
            retired_at=tag.retired_at,
            fault=tag.fault,
        )
        for tag in one.tags
    ]
    return TaggedAnswer(volume=str(one.volume), identification=one.identification, tags=tags)


def loose_answer(view: LooseView) -> LooseBatchAnswer:
    """A batch without its persons."""
    materials = [
        LooseAnswer(
            material=row.loose_id,
            category=row.category,
            title=row.title,
            pieces=row.pieces,
            state=row.state,
            volume=row.volume,
            shelf=row.shelf,
            proof=row.match_proof,
        )
        for row in view.materials
    ]
    batch = view.batch
    return LooseBatchAnswer(
        batch=view.number,
        received=batch.received,
        matched=batch.matched,
        inserted=batch.inserted,
        returned=batch.returned,
        materials=materials,
    )


def scans_answer(view: ScanView) -> ScanBatchAnswer:
    """A batch of digitisation."""
    volumes = [
        ScanAnswer(
            volume=row.volume,
            pieces_out=row.pieces_out,
            pages_listed=row.pages_listed,
            pages=row.pages,
            sha256=None if row.sha256 is None else row.sha256.hex(),
            link=row.link,
            reported_at=row.reported_at,
            back_at=row.back_at,
            note=row.note,
        )
        for row in view.volumes
    ]
    batch = view.batch
    return ScanBatchAnswer(
        batch=view.number, order=batch.order_number, place=batch.place, contractor=batch.contractor, volumes=volumes
    )


def plan_answer(view: PlanView) -> PlanAnswer:
    """A plan leg by leg."""
    legs = [
        LegAnswer(from_place=leg.from_place, to_place=leg.to_place, volumes=leg.volumes, done=leg.done)
        for leg in view.legs
    ]
    plan = view.plan
    return PlanAnswer(
        plan=view.number, reason=plan.reason, volumes=plan.volumes, done=plan.done, elsewhere=plan.elsewhere, legs=legs
    )
