"""The JSON of `/api/v1`; the descriptions become the OpenAPI document."""

import json
import re
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from inventory.domain.acts import Act
from inventory.domain.judged import Judged, JudgedAs
from inventory.domain.search import QUERY_CHARACTERS_MAX
from inventory.domain.standing import Identification, Legal, Mark, Seal
from inventory.domain.whereabouts import Agreement, CountedAt, LedgerPlace, NamedPlace, RadioPlace, Whereabouts
from inventory.operations.finding import DossierView, Found
from inventory.store.reader_list import ReaderView

_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:$|[Tt ])", re.ASCII)


def _written_out(value: object) -> object:
    """Refuses a number, which pydantic would take for seconds since 1970 and the document doesn't allow."""
    if isinstance(value, str) and not _DAY.match(value):
        raise ValueError("neither a day nor a moment")
    if not isinstance(value, str | date):
        raise ValueError("not text")  # noqa: TRY004  # pydantic turns only this one into a refusal
    return value


# A moment as RFC 3339 writes it, a day as ISO 8601 does.
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
Day = Annotated[date, BeforeValidator(_written_out)]


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class SearchQuestion(BaseModel):
    """What to look for; it stands in the body, because names and ID numbers never stand in a URL."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[
        str, Field(max_length=QUERY_CHARACTERS_MAX, description="Number, alias, name, pinyin, ID or last six, EPC.")
    ]


class PlaceAnswer(_Answer):
    """A place (所在)."""

    code: str
    name: str
    kind: str
    path: list[str] = Field(description="Names from the warehouse down to the place itself.")


class HoldingAnswer(_Answer):
    """Where the custody ledger says the volume is: what people recorded."""

    place: PlaceAnswer
    since: datetime
    version: int = Field(description="Of the volume's newest act; an act names the version it saw.")


class BeliefAnswer(_Answer):
    """Where the radio believes the volume is; it never moves custody."""

    place: PlaceAnswer
    probability: float
    runner_up: PlaceAnswer | None
    runner_up_probability: float | None
    reads: int
    last_seen_at: datetime


class JudgedAnswer(_Answer):
    """How the last nightly close or audit found the volume, on all evidence of an interval."""

    judged_as: JudgedAs
    since: datetime
    until: datetime
    place: str | None = Field(description="Code of the place it was heard at.")
    probability: float | None
    section_only: bool = Field(description="The section is sure, the level isn't.")
    missing_probability: float
    nights_unseen: int = Field(description="So often its shelf was listened at and it wasn't heard, one after another.")
    reason_zh: str
    reason: str


class ConditionAnswer(_Answer):
    """How the volume stands by its acts."""

    legal: Legal
    seal: Seal
    seal_number: str | None
    pieces: int | None
    marks: list[Mark]


class CountedAnswer(_Answer):
    """Where somebody scanned the volume last in a count, since the ledger moved it."""

    place: PlaceAnswer
    at: datetime


class VolumeAnswer(_Answer):
    """One volume (册) with both its places."""

    volume: str = Field(description="The dossier's number; `number/2` for the second volume.")
    ordinal: int
    epc: str | None = Field(description="The tag's EPC in hexadecimal digits.")
    holding: HoldingAnswer | None
    belief: BeliefAnswer | None
    judged: JudgedAnswer | None = Field(description="None before the first, and once the ledger moved it.")
    counted: CountedAnswer | None
    agreement: Agreement
    condition: ConditionAnswer | None
    identification: Identification


class SubjectAnswer(_Answer):
    """The person, as far as the asker's role may know."""

    name: str
    birth_year: int | None
    employer: str | None
    id_number_masked: str | None


class AgencyAnswer(_Answer):
    """The holding agency (档案管理服务机构)."""

    code: str
    name: str


class DossierAnswer(_Answer):
    """A dossier (档案)."""

    number: str
    aliases: list[str]
    subject: SubjectAnswer
    holding_agency: AgencyAnswer
    deposit_type: str | None
    volumes: list[VolumeAnswer]


class FoundAnswer(_Answer):
    """What a search found, best first."""

    dossiers: list[DossierAnswer]
    more: bool = Field(description="There are more than are shown; ask for something narrower.")


class ActAnswer(_Answer):
    """An act (经办): one entry of the custody ledger."""

    warehouse: str
    sequence: int
    volume: str
    version: int
    kind: str
    from_place: str | None
    to_place: str | None
    actor: str
    command_id: UUID
    authority: str | None
    reason: str | None
    happened_at: datetime
    recorded_at: datetime
    witness: str | None = Field(description="Login of the second person.")
    details: dict[str, Any] | None = Field(description="What was told with the act.")

    @field_validator("details", mode="before")
    @classmethod
    def _read(cls, told: object) -> object:
        """The ledger keeps them as canonical JSON."""
        return json.loads(told) if isinstance(told, str) else told


class HistoryAnswer(_Answer):
    """The newest acts on a dossier, newest first."""

    acts: list[ActAnswer]


class ReaderAnswer(_Answer):
    """A reader (读写器) and its health."""

    code: str
    dialect: str
    topic: str
    online: bool | None
    last_message_at: datetime | None
    clock_offset_ms: int | None = Field(description="Median of received minus sent.")
    messages: int
    reads: int
    quarantined: int
    gaps: int = Field(description="Coverage gaps of the last 24 hours.")
    gap_since: datetime | None
    drift_ms_a_day: float | None = Field(description="How the offset moves, where a week is enough to tell.")
    waiting: int = Field(description="Messages in quarantine.")
    numbers_missing: int = Field(description="Of those it counts by, missing in the last 24 hours.")
    dropped: int | None = Field(description="What it says it threw away since it started.")
    firmware: str | None
    ntp_offset_ms: float | None = Field(description="As the reader says.")
    silent_since: datetime | None = Field(
        description="Its last message, while it is silent although it usually speaks."
    )


class ReadersAnswer(_Answer):
    """All readers, those in trouble first."""

    readers: list[ReaderAnswer]


class RefusalAnswer(_Answer):
    """How every refusal looks: a stable code, one sentence in each language, and its facts."""

    code: str
    message: str
    message_zh: str
    facts: dict[str, str | int | float | bool]
    rule: str | None = Field(default=None, description="Id of the rule it stands on, where it stands on one.")
    source: str | None = Field(default=None, description="Where that rule stands.")
    source_zh: str | None = None


# What may be answered whatever is asked: it is in the document of every operation.
EVERYWHERE: dict[int | str, dict[str, Any]] = {
    408: {"model": RefusalAnswer, "description": "The body didn't arrive in time."},
    413: {"model": RefusalAnswer, "description": "The body is too large."},
    422: {"model": RefusalAnswer, "description": "What was sent can't be understood."},
    429: {"model": RefusalAnswer, "description": "Asked too often, or PINs were wrong too often; see Retry-After."},
    503: {"model": RefusalAnswer, "description": "The database is away, or the server is full."},
}


def found_answer(found: Found) -> FoundAnswer:
    """A search's findings."""
    return FoundAnswer(dossiers=[dossier_answer(dossier) for dossier in found.dossiers], more=found.more)


def dossier_answer(dossier: DossierView) -> DossierAnswer:
    """A dossier."""
    return DossierAnswer(
        number=dossier.number,
        aliases=list(dossier.aliases),
        subject=SubjectAnswer.model_validate(dossier.subject),
        holding_agency=AgencyAnswer(code=dossier.agency_code, name=dossier.agency_name),
        deposit_type=dossier.deposit_type,
        volumes=[_volume_answer(volume) for volume in dossier.volumes],
    )


def history_answer(acts: list[Act]) -> HistoryAnswer:
    """A dossier's acts."""
    return HistoryAnswer(acts=[ActAnswer.model_validate(act) for act in acts])


def readers_answer(readers: list[ReaderView]) -> ReadersAnswer:
    """The readers."""
    return ReadersAnswer(readers=[ReaderAnswer.model_validate(reader) for reader in readers])


def _volume_answer(volume: Whereabouts) -> VolumeAnswer:
    return VolumeAnswer(
        volume=volume.volume,
        ordinal=volume.ordinal,
        epc=None if volume.epc is None else volume.epc.hex().upper(),
        holding=None if volume.ledger is None else _holding_answer(volume.ledger),
        belief=None if volume.radio is None else _belief_answer(volume.radio),
        judged=None if volume.judged is None else _judged_answer(volume.judged),
        counted=None if volume.counted is None else _counted_answer(volume.counted),
        agreement=volume.agreement,
        condition=None if volume.condition is None else ConditionAnswer.model_validate(volume.condition),
        identification=volume.identification,
    )


def _holding_answer(ledger: LedgerPlace) -> HoldingAnswer:
    return HoldingAnswer(place=_place_answer(ledger.place), since=ledger.since, version=ledger.version)


def _belief_answer(radio: RadioPlace) -> BeliefAnswer:
    return BeliefAnswer(
        place=_place_answer(radio.place),
        probability=radio.probability,
        runner_up=None if radio.runner_up is None else _place_answer(radio.runner_up),
        runner_up_probability=radio.runner_up_probability,
        reads=radio.reads,
        last_seen_at=radio.last_seen_at,
    )


def _judged_answer(judged: Judged) -> JudgedAnswer:
    return JudgedAnswer(**asdict(judged), reason_zh=judged.zh, reason=judged.en)


def _counted_answer(counted: CountedAt) -> CountedAnswer:
    return CountedAnswer(place=_place_answer(counted.place), at=counted.at)


def _place_answer(place: NamedPlace) -> PlaceAnswer:
    return PlaceAnswer(code=place.code, name=place.name, kind=place.kind, path=list(place.path))
