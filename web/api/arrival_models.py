"""What programs send and get about arrivals: models, and the answers made of what the operations give."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from inventory.domain.arrivals import LINES_MAX, Channel, ListRow, Reached
from inventory.domain.cells import LABEL_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from inventory.domain.identifiers import (
    ID_NUMBER_CHARACTERS_MAX,
    NUMBER_CHARACTERS_MAX,
    VOLUMES_PER_DOSSIER_MAX,
    parse_dossier_number,
    read_id_number,
)
from inventory.domain.materials import CATEGORIES, MATERIALS_MAX, Material, material
from inventory.domain.names import NAME_CHARACTERS_MAX, parse_name
from inventory.operations.accepting import GAPS_MAX
from inventory.operations.arriving import SheetView
from inventory.operations.placing import ArrivalSummary, ArrivalView
from inventory.operations.scanning import CODES_AT_ONCE_MAX
from inventory.store.arrivals import LineNow
from web.api.acts import WitnessSent
from web.api.work import Code, Command, PlaceCode, Sent

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]
Box = Annotated[str, Field(max_length=LABEL_CHARACTERS_MAX)]
Volume = Annotated[
    str, Field(max_length=NUMBER_CHARACTERS_MAX + 4, description="`number`, or `number/2` for volume 2.")
]


class RowSent(Sent):
    """One volume announced."""

    box: Box = "1"
    number: Annotated[str, Field(max_length=NUMBER_CHARACTERS_MAX)] | None = Field(
        default=None, description="One is allocated where none is told."
    )
    name: Annotated[str, Field(max_length=NAME_CHARACTERS_MAX)] | None = Field(default=None, repr=False)
    id_number: Annotated[str, Field(max_length=ID_NUMBER_CHARACTERS_MAX)] | None = Field(default=None, repr=False)
    volume: int = Field(default=1, ge=1, le=VOLUMES_PER_DOSSIER_MAX)
    note: Text | None = None


class AnnouncementSent(Sent):
    """What is to come."""

    command_id: Command
    agency: PlaceCode = Field(description="Code of the agency that holds the dossiers.")
    sender: Text
    boxes: int = Field(default=1, ge=1)
    historic: bool = Field(default=True, description="Old stock: odd or known ID numbers warn instead of stopping.")
    confirmed: Text | None = Field(default=None, description="Why a person with a dossier gets another.")
    rows: Annotated[list[RowSent], Field(min_length=1, max_length=LINES_MAX)]


class AnnouncedAnswer(BaseModel):
    """A new arrival."""

    arrival: str
    dossiers: list[str]
    warnings: int = Field(description="Lines whose ID number another dossier has.")


class DeliverySent(Sent):
    """Its boxes are here."""

    command_id: Command
    channel: Channel
    seal_intact: bool
    boxes: int = Field(ge=1)
    place: PlaceCode
    tracking: Text | None = None


class CountSent(Sent):
    """What was scanned of a box."""

    command_id: Command
    codes: Annotated[list[Code], Field(max_length=CODES_AT_ONCE_MAX)] = Field(default=[])
    broken: Annotated[list[Code], Field(max_length=CODES_AT_ONCE_MAX)] = Field(default=[], description="Seal broken.")
    nameless: Annotated[list[Text], Field(max_length=CODES_AT_ONCE_MAX)] = Field(
        default=[], description="A description of each envelope that names nobody."
    )
    nameless_listed: Annotated[list[int], Field(max_length=CODES_AT_ONCE_MAX)] = Field(default=[])
    done: bool = Field(default=False, description="The box is at its end: what wasn't met is missing.")


class LineAnswer(BaseModel):
    """One line of an arrival."""

    line: int
    box: str
    found_box: str | None
    number: str | None
    volume: str | None
    reached: Reached
    is_tagged: bool
    place: str | None
    planned: str | None
    duplicate_of: str | None
    note: str | None


class BoxAnswer(BaseModel):
    """A box after counting."""

    box: str
    counted: int
    missing: list[LineAnswer]
    extra: list[LineAnswer]
    other_box: list[LineAnswer]
    closed: bool


class IdentitySent(Sent):
    """What an extra or nameless envelope turned out to be."""

    command_id: Command
    row: RowSent
    confirmed: Text | None = None


class PlanSent(Sent):
    """Where it is to stand."""

    under: PlaceCode
    fill_percent: int = Field(default=90, ge=1, le=100)


class ShelfAnswer(BaseModel):
    """A shelf of the plan."""

    place: str
    capacity: int | None
    standing: int
    coming: int


class ArrivalAnswer(BaseModel):
    """An arrival."""

    arrival: str
    agency: str
    sender: str
    state: str
    channel: str | None
    tracking: str | None
    seal_found: str | None
    self_carried: bool
    boxes_announced: int
    boxes_received: int | None
    place: str | None
    announced_at: datetime
    received_at: datetime | None
    progress: dict[Reached, int]


class OpenedAnswer(ArrivalAnswer):
    """An arrival with its lines and plan."""

    tagged: int
    lines: list[LineAnswer]
    plan: list[ShelfAnswer]


class PlannedAnswer(OpenedAnswer):
    """An arrival after planning."""

    unplaced: int = Field(description="Volumes that don't fit.")


class ArrivalsAnswer(BaseModel):
    """The newest arrivals."""

    arrivals: list[ArrivalAnswer]


class DifferenceAnswer(BaseModel):
    """One line of the discrepancy sheet."""

    kind: str
    volume: str | None
    box: str
    found_box: str | None
    note: str | None


class SignatureAnswer(BaseModel):
    """One side's signature."""

    side: str
    signed_by: str
    paper: str | None
    signed_at: datetime


class SheetAnswer(BaseModel):
    """The discrepancy sheet as it is now."""

    arrival: str
    state: str
    listed: int
    counted: int
    waiting: int
    hash: str
    differences: list[DifferenceAnswer]
    signatures: list[SignatureAnswer]


class SigningSent(Sent):
    """One side signs."""

    command_id: Command
    hash: str = Field(max_length=64, description="Of the sheet that was seen.")
    signed_by: Text | None = None
    paper: Text | None = Field(default=None, description="Number of the sender's signed paper.")


class MaterialSent(Sent):
    """One material of the list."""

    category: int = Field(ge=min(CATEGORIES), le=max(CATEGORIES))
    title: Text
    pieces: int = 1
    pages: int | None = None
    dated: Text | None = None

    def read(self) -> Material:
        """The material; raises `BadInput`."""
        return material(str(self.category), self.title, pieces=self.pieces, pages=self.pages, dated=self.dated)


class ReviewedSent(Sent):
    """One volume as two found it."""

    volume: Volume
    pieces: int = Field(ge=0)
    materials: list[MaterialSent] = Field(default=[], max_length=MATERIALS_MAX)
    gaps: list[Text] = Field(default=[], max_length=GAPS_MAX)


class AcceptanceSent(Sent):
    """Volumes taken in."""

    command_id: Command
    reviewed: Annotated[list[ReviewedSent], Field(min_length=1)]
    witness: WitnessSent
    reason: Text | None = None


class TurningSent(Sent):
    """Volumes refused."""

    command_id: Command
    volumes: Annotated[list[Volume], Field(min_length=1)]
    grounds: list[Text]
    letter: Text
    channel: Text
    tracking: Text | None = None
    note: Text | None = None


class WrittenAnswer(BaseModel):
    """How many; 0 where the command was done before."""

    written: int


class RefusalCountAnswer(BaseModel):
    """How often a ground was told."""

    agency: str
    ground: str
    zh: str
    en: str
    done: int
    blocked: int


class RefusalCountsAnswer(BaseModel):
    """Refusals of a span of time."""

    counts: list[RefusalCountAnswer]


def row_of(row: RowSent) -> ListRow:
    """The row as a list would give it; raises `BadInput`."""
    return ListRow(
        row.box,
        None if not row.number else parse_dossier_number(row.number),
        None if not row.name else parse_name(row.name),
        None if not row.id_number else read_id_number(row.id_number, historic=True),
        row.volume,
        row.note or None,
    )


def line_answer(line: LineNow) -> LineAnswer:
    """One line, without its person."""
    return LineAnswer(
        line=line.line_id,
        box=line.box,
        found_box=line.found_box,
        number=line.number,
        volume=line.volume,
        reached=Reached(line.reached),
        is_tagged=line.is_tagged,
        place=line.place,
        planned=line.planned,
        duplicate_of=line.duplicate_of,
        note=line.note,
    )


def facts_of(view: ArrivalView | ArrivalSummary) -> dict[str, object]:
    """What both the list of arrivals and one arrival tell."""
    arrival = view.arrival
    return {
        "arrival": view.number,
        "agency": arrival.agency_code,
        "sender": arrival.sender,
        "state": arrival.state,
        "channel": arrival.channel,
        "tracking": arrival.tracking,
        "seal_found": arrival.seal_found,
        "self_carried": arrival.self_carried,
        "boxes_announced": arrival.boxes_announced,
        "boxes_received": arrival.boxes_received,
        "place": arrival.place_code,
        "announced_at": arrival.announced_at,
        "received_at": arrival.received_at,
        "progress": view.progress,
    }


def opened_facts(view: ArrivalView) -> dict[str, object]:
    """An arrival with its lines and plan."""
    plan = [
        ShelfAnswer(place=one.place, capacity=one.capacity, standing=one.standing, coming=one.coming)
        for one in view.plan
    ]
    return {**facts_of(view), "tagged": view.tagged, "lines": list(map(line_answer, view.lines)), "plan": plan}


def sheet_answer(view: SheetView) -> SheetAnswer:
    """A discrepancy sheet, without its persons."""
    return SheetAnswer(
        arrival=view.number,
        state=view.arrival.state,
        listed=view.sheet.listed,
        counted=view.sheet.counted,
        waiting=view.sheet.waiting,
        hash=view.hash,
        differences=[
            DifferenceAnswer(
                kind=one.kind.value, volume=one.volume, box=one.box, found_box=one.found_box, note=one.note
            )
            for one in view.sheet.differences
        ],
        signatures=[
            SignatureAnswer(side=side, signed_by=name, paper=paper, signed_at=signed_at)
            for side, name, paper, signed_at in view.signatures
        ],
    )
