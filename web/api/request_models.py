"""The JSON of `/api/v1/requests`; the descriptions become the OpenAPI document."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.evidence_slots import EvidenceSlot
from inventory.domain.institutions import InstitutionClass
from inventory.domain.jurisdiction import Circumstance, Depositor, Employer, RegisteredAt
from inventory.domain.people import Viewer
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.domain.request_rules import ComesBack
from inventory.domain.requests import (
    NOTE_CHARACTERS_MAX,
    SOUGHT_CHARACTERS_MAX,
    Initiator,
    LetterKind,
    Occasion,
    Priority,
    Purpose,
    RequestKind,
    RequestState,
)
from inventory.domain.travelling import Channel, parse_channel
from inventory.operations.asking import Asking
from inventory.operations.countersigning import countersign
from inventory.operations.request_lists import Listed
from inventory.operations.request_views import AcceptedView, RequestFile, SeenRequest
from inventory.store.database import Database
from web.api.acts import WitnessSent
from web.api.models import Day

_NAME_CHARACTERS_MAX = 100
_SLOTS_MAX = 20
_VOLUMES_MAX = 50
_PEOPLE_MAX = 10

Note = Annotated[str, Field(max_length=NOTE_CHARACTERS_MAX)]
Name = Annotated[str, Field(max_length=_NAME_CHARACTERS_MAX)]
PlaceCode = Annotated[str, Field(max_length=PLACE_CODE_CHARACTERS_MAX)]


class Sent(BaseModel):
    """What programs send: nothing they may add goes unnoticed."""

    model_config = ConfigDict(extra="forbid")


class CommandSent(Sent):
    """A step of a request; sent again with the same content, nothing is done twice."""

    command_id: UUID = Field(description="Made by the caller.")


class DepositorSent(Sent):
    """On what footing a dossier moves to another agency; divisions are six digits, of county level."""

    circumstance: Circumstance
    employer_registered_at: RegisteredAt | None = None
    employer_division: Name | None = None
    former_employer_division: Name | None = None
    hukou: Name | None = None
    hukou_before_enrolment: Name | None = None
    workplace: Name | None = None
    start_up: Name | None = None

    def depositor(self) -> Depositor:
        """As the rules ask for it."""
        level = self.employer_registered_at or RegisteredAt.COUNTY
        former = self.former_employer_division
        return Depositor(
            self.circumstance,
            Employer(level, self.employer_division) if self.employer_division else None,
            Employer(RegisteredAt.COUNTY, former) if former else None,
            self.hukou,
            self.hukou_before_enrolment,
            self.workplace,
            self.start_up,
        )


class RequestSent(CommandSent):
    """A form that asks for a dossier. It stands in the body: what is sought may be an ID number."""

    kind: RequestKind
    sought: str = Field(
        max_length=SOUGHT_CHARACTERS_MAX,
        repr=False,
        description="The dossier's number; with `elsewhere` also a former number or an ID number.",
    )
    elsewhere: bool = Field(
        default=False, description="Another agency may hold it: the answer is `accepted`, whatever there is."
    )
    initiator: Initiator
    initiator_name: Name = ""
    purpose: Purpose
    purpose_note: Note = ""
    paper_reason: Note = Field(default="", description="Why a scan will not do; a loan or consultation needs it.")
    occasion: Occasion | None = Field(default=None, description="Of a transfer.")
    institution: Name | None = Field(default=None, description="Code of the borrower or recipient in the register.")
    window: PlaceCode | None = Field(default=None, description="Code of the window it is brought to.")
    channel: Name | None = Field(default=None, description="Asked for; self-carry is refused with the rule.")
    due_on: Day | None = Field(default=None, description="Sooner than the rule's own day.")
    priority: int = Field(default=Priority.NORMAL, ge=Priority.NORMAL, le=Priority.URGENT)
    letters: Annotated[dict[EvidenceSlot, int], Field(max_length=_SLOTS_MAX)] = Field(
        default_factory=dict, description="Id of a registered letter by slot."
    )
    told: Annotated[dict[EvidenceSlot, Note], Field(max_length=_SLOTS_MAX)] = Field(
        default_factory=dict, description="A remark in place of a letter, where the slot takes one."
    )
    depositor: DepositorSent | None = Field(default=None, description="For a move to another agency.")
    nearest_reason: Note = ""

    def asking(self) -> Asking:
        """As the operation takes it; raises `NeverSelfCarry`, `BadInput`."""
        told = {name: getattr(self, name) for name in Asking.__slots__ if name not in {"channel", "depositor"}}
        return Asking(
            **told,
            channel=None if self.channel is None else parse_channel(self.channel),
            depositor=None if self.depositor is None else self.depositor.depositor(),
        )


class DecisionSent(CommandSent):
    """What an agency's head says."""

    approve: bool
    reason: Note = ""
    channel: Name | None = Field(default=None, description="Of a transfer, where another than was asked for is taken.")


class ReasonSent(CommandSent):
    """A step that says why, or on what grounds."""

    reason: Note


class RouteSent(CommandSent):
    """The dossier a request accepted elsewhere is about."""

    dossier: Name


class HandOutSent(CommandSent):
    """A loan goes out: a keeper lends at the desk, a clerk hands over at the window."""

    carriers: Annotated[list[Name], Field(min_length=1, max_length=_PEOPLE_MAX)]
    seals: Annotated[dict[Name, Name], Field(max_length=_VOLUMES_MAX, description="Seal number by volume.")]
    witness: WitnessSent


class FoundSent(Sent):
    """A volume as it comes back."""

    seal_intact: bool
    pieces: int = Field(ge=0, le=10_000)


class ReturnSent(CommandSent):
    """A loan comes back: to a keeper's desk, or to a clerk's window."""

    place: PlaceCode
    volumes: Annotated[dict[Name, FoundSent], Field(max_length=_VOLUMES_MAX, description="How each volume was found.")]
    witness: WitnessSent | None = None
    reason: Note = Field(default="", description="Why it came back, for a transfer returned undelivered.")

    def found(self) -> dict[str, ComesBack]:
        """As the operation takes it."""
        return {name: ComesBack(one.seal_intact, one.pieces) for name, one in self.volumes.items()}


class VisitorSent(Sent):
    """Somebody who comes to read."""

    name: Name
    id_number: str = Field(max_length=_NAME_CHARACTERS_MAX, repr=False)


class ConsultationSent(CommandSent):
    """A dossier is brought to the reading room."""

    place: PlaceCode
    visitors: Annotated[list[VisitorSent], Field(min_length=1, max_length=_PEOPLE_MAX)]


class PlaceSent(CommandSent):
    """Where a dossier is put back."""

    place: PlaceCode


class TransferSent(CommandSent):
    """A transfer goes out, whole."""

    seals: Annotated[dict[Name, Name], Field(max_length=_VOLUMES_MAX)]
    pieces: Annotated[dict[Name, int], Field(max_length=_VOLUMES_MAX)]
    tracking: Note = ""
    witness: WitnessSent


class ReceiptSent(CommandSent):
    """The signed receipt of a transfer."""

    receipt_number: Name
    received_on: Day


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class AcceptedAnswer(_Answer):
    """All that the window learns which accepted a request for another agency."""

    number: str
    accepted_at: datetime
    answered: bool


class QueueAnswer(_Answer):
    """Where a request stands among those for the same dossier."""

    position: int = Field(description="1: it has the dossier, or gets it next.")
    waiting: int = Field(description="How many requests there are for it.")


class RequestAnswer(_Answer):
    """A request."""

    number: str
    state: RequestState
    kind: RequestKind
    occasion: Occasion | None
    initiator: Initiator
    initiator_name: str
    purpose: Purpose
    purpose_note: str | None
    paper_reason: str | None
    dossier: str | None
    holding_agency: str | None
    accepting_agency: str
    routed: bool
    asked_by: str
    asked_at: datetime
    institution: str | None = Field(validation_alias="institution_code")
    institution_class: InstitutionClass | None
    window: str | None
    move_rule: str | None
    nearest_reason: str | None
    channel: Channel | None
    priority: int
    promised_on: date
    due_on: date
    assumed_years: list[int] = Field(description="Years without a working calendar; the promise may move.")
    renewals: int
    overdue: bool
    place: QueueAnswer | None = Field(serialization_alias="queue", description="While it is open.")
    decided_by: str | None
    decided_under: str | None = Field(
        description="Letter of the delegation, where the city's manager decided for the agency."
    )
    decided_at: datetime | None
    decision_reason: str | None
    out_at: datetime | None
    done_at: datetime | None
    closed_at: datetime | None
    notice: str | None = Field(description="Number of the transfer notice.")
    sent_on: date | None
    tracking: str | None
    chased_on: date | None
    escalated_on: date | None
    receipt_number: str | None
    receipt_on: date | None
    undelivered_on: date | None


class PaperAnswer(_Answer):
    """What fills a slot."""

    slot: EvidenceSlot
    told: str | None
    letter_id: int | None
    kind: LetterKind | None
    number: str | None
    issuer: str | None
    dated: date | None
    has_scan: bool


class EventAnswer(_Answer):
    """One line of a request's timeline; account null: a clock of ours."""

    at: datetime
    account: str | None
    event: str
    from_state: str | None
    to_state: str | None
    note: str | None


class RequestFileAnswer(_Answer):
    """A request with its papers and its timeline."""

    request: RequestAnswer
    papers: list[PaperAnswer]
    events: list[EventAnswer]
    scan_link: str | None = Field(description="Where the newest scan of the dossier is.")


class RequestsAnswer(_Answer):
    """A list of requests."""

    requests: list[RequestAnswer | AcceptedAnswer]
    more: bool


def request_answer(seen: SeenRequest) -> RequestAnswer | AcceptedAnswer:
    """A request as its asker sees it."""
    kind = AcceptedAnswer if isinstance(seen, AcceptedView) else RequestAnswer
    return kind.model_validate(seen)


def file_answer(file: RequestFile | AcceptedView) -> RequestFileAnswer | AcceptedAnswer:
    """A request with all that belongs to it."""
    kind = AcceptedAnswer if isinstance(file, AcceptedView) else RequestFileAnswer
    return kind.model_validate(file)


def requests_answer(listed: Listed) -> RequestsAnswer:
    """A list."""
    return RequestsAnswer(requests=[request_answer(seen) for seen in listed.requests], more=listed.more)


def witness_of(database: Database, viewer: Viewer, sent: WitnessSent | None) -> Viewer | None:
    """The second person, where one signs."""
    return None if sent is None else countersign(database, viewer, sent.login, sent.pin)
