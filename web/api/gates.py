"""`/api/v1/gates`: gates, passages and alarms for programs, through the same operations as the page."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, Field

from inventory.domain.consignments import Colour
from inventory.domain.gate_passages import Passing, PassingDoubt
from inventory.domain.permissions import Permission
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.operations import gates
from inventory.operations.gates import FALSE_SIRENS_MAX, REASON_CHARACTERS_MAX, GatesView, PassageSeen
from web.api.models import Moment
from web.api.work import REFUSALS, Command, Sent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)


class GateAnswer(BaseModel):
    """A gate."""

    gate: str
    name: str
    watched: bool = Field(description="Its process has said within a minute that it decides there.")
    heard_at: datetime | None
    silent_antennas: list[str] = Field(description="inner, outer: people pass, and it hears none of them.")
    deaf_antennas: list[str] = Field(
        description="reader:number of single antennas that hear nothing of passages another on their side hears."
    )
    alarms_waiting: int
    rearmed_at: datetime | None
    rearmed_by: str | None


class CarriedAnswer(BaseModel):
    """A volume of a passage."""

    volume: str
    reads: int = Field(description="0: on the manifest, and not read.")
    shelf: str | None = Field(description="Where the ledger had it then.")
    since: datetime | None
    manifest: str | None
    unexpected: bool
    discrepancy: str | None


class PassageAnswer(BaseModel):
    """A passage."""

    passage: UUID
    gate: str
    direction: Passing
    probability: float
    doubts: list[PassingDoubt]
    colour: Colour
    settled: bool = Field(description="Nothing takes it back any more.")
    crossed_at: datetime
    alarmed_at: datetime | None
    siren_at: datetime | None
    strange_tags: int
    volumes: list[CarriedAnswer]
    opened_by: str | None = Field(description="Whose badge lay at the gate's card reader within a minute before.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    false_alarm: bool | None
    reason: str | None


class GatesAnswer(BaseModel):
    """The gates, what waits, the newest passages, and the last seven days' sirens."""

    gates: list[GateAnswer]
    alarms: list[PassageAnswer] = Field(description="Those nobody has answered.")
    passages: list[PassageAnswer]
    more: bool
    alarms_in_seven_days: int
    false_in_seven_days: int
    too_many_false: bool = Field(description=f"More than {FALSE_SIRENS_MAX}.")


class AcknowledgementSent(Sent):
    """What an alarm was."""

    command_id: Command
    false_alarm: bool
    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARACTERS_MAX)]


class RearmingSent(Sent):
    """A siren to silence."""

    command_id: Command


@router.get("/gates", summary="Gates, passages, alarms")
@permitted(Permission.SEE_GATES)
def list_gates(
    request: Request,
    viewer: SignedIn,
    gate: Annotated[str | None, Query(max_length=PLACE_CODE_CHARACTERS_MAX)] = None,
    before: Moment | None = None,
) -> GatesAnswer:
    """The newest passages first, of one gate or all; `before`: those that crossed earlier."""
    return _answer(gates.look(site_of(request).database, viewer, read_clock(), gate, before))


@router.post("/passages/{passage}/acknowledgement", summary="Answer an alarm")
@permitted(Permission.ANSWER_ALARMS)
def acknowledge(request: Request, viewer: SignedIn, passage: UUID, sent: AcknowledgementSent) -> PassageAnswer:
    """Once; the siren is silent when a gate's last alarm is answered."""
    database = site_of(request).database
    gates.acknowledge(
        database, viewer, passage, sent.command_id, read_clock(), is_false=sent.false_alarm, reason=sent.reason
    )
    return _passage(gates.passage(database, viewer, passage))


@router.post("/gates/{gate}/rearming", summary="Silence a siren and arm the gate again")
@permitted(Permission.ANSWER_ALARMS)
def rearm(request: Request, viewer: SignedIn, gate: str, sent: RearmingSent) -> GatesAnswer:
    """At once; its alarms still wait to be answered, and the next one rings."""
    database, now = site_of(request).database, read_clock()
    gates.rearm(database, viewer, gate, sent.command_id, now)
    return _answer(gates.look(database, viewer, now))


def _answer(view: GatesView) -> GatesAnswer:
    return GatesAnswer(
        gates=[
            GateAnswer(
                gate=one.code,
                name=one.name,
                watched=view.is_watched(one),
                heard_at=one.heard_at,
                silent_antennas=one.silent,
                deaf_antennas=one.deaf,
                alarms_waiting=one.ringing,
                rearmed_at=one.rearmed_at,
                rearmed_by=one.rearmed_by,
            )
            for one in view.gates
        ],
        alarms=[_passage(one) for one in view.alarms],
        passages=[_passage(one) for one in view.passages],
        more=view.more,
        alarms_in_seven_days=view.week[0],
        false_in_seven_days=view.week[1],
        too_many_false=view.too_many_false,
    )


def _passage(one: PassageSeen) -> PassageAnswer:
    row = one.row
    return PassageAnswer(
        passage=row.passage,
        gate=row.gate,
        direction=one.passing,
        probability=row.probability,
        doubts=list(one.doubts),
        colour=Colour(row.colour),
        settled=row.settled,
        crossed_at=row.crossed_at,
        alarmed_at=row.alarmed_at,
        siren_at=row.siren_at,
        strange_tags=row.strange,
        volumes=[
            CarriedAnswer(
                volume=str(line.name),
                reads=line.row.reads,
                shelf=line.shelf,
                since=line.row.since,
                manifest=line.row.paper,
                unexpected=line.row.unexpected,
                discrepancy=line.case,
            )
            for line in one.lines
        ],
        opened_by=row.opened_by,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        false_alarm=row.is_false,
        reason=row.reason,
    )
