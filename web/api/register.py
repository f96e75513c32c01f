"""`/api/v1/agency-mergers` and the register's acts on one dossier: work on the register by programs."""

from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field

from inventory.domain.merging import merger_number
from inventory.domain.permissions import Permission
from inventory.domain.registers import DepositType
from inventory.operations import register_work
from inventory.operations.countersigning import countersign
from inventory.operations.register_work import COUNT_MAX, Announced, DepositChange, Duplicate
from inventory.store.register_work import Merger
from web.api.acts import WitnessSent
from web.api.work import REFUSALS, Code, Command, PlaceCode, Sent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1")

_DOCUMENT_CHARACTERS_MAX = 200
Document = Annotated[str, Field(max_length=_DOCUMENT_CHARACTERS_MAX)]


class MergedSent(Sent):
    """A duplicate: it counts with the survivor from now on."""

    command_id: Command
    survivor: Code
    proof: Annotated[str, Field(max_length=40)] = Field(
        description="same_id_number, id_card, household_register or police_letter; a name is none."
    )
    proof_document: Document
    authority: Document
    second_reviewer: WitnessSent


class DepositSent(Sent):
    """On whose behalf a dossier is kept from now on."""

    command_id: Command
    deposit_type: DepositType
    authority: Document = Field(description="The proof, by its number.")
    reason: str | None = Field(default=None, max_length=_DOCUMENT_CHARACTERS_MAX)


class MergerSent(Sent):
    """All dossiers of one agency go to another, by a document."""

    command_id: Command
    document: Document
    from_agency: PlaceCode
    to_agency: PlaceCode


class CountSent(Sent):
    """How many dossiers one side counted."""

    command_id: Command
    count: int = Field(ge=0, le=COUNT_MAX)


class CarryOutSent(Sent):
    """The merger itself."""

    command_id: Command
    witness: WitnessSent


class WithdrawSent(Sent):
    """The merger doesn't take place."""

    command_id: Command


class WrittenAnswer(BaseModel):
    """How many acts were written; 0: this very command was done before."""

    acts: int


class MergerAnswer(BaseModel):
    """A merger of agencies."""

    merger: str
    document: str
    from_agency: str
    to_agency: str
    state: str
    from_count: int | None
    to_count: int | None
    dossiers: int | None
    volumes: int | None
    done_at: datetime | None


class MergersAnswer(BaseModel):
    """Mergers, the newest first."""

    mergers: list[MergerAnswer]


@router.post("/dossiers/{number}/merged", summary="Merge a duplicate", responses=REFUSALS)
@permitted(Permission.MERGE_DOSSIERS)
def merged(request: Request, viewer: SignedIn, number: str, sent: MergedSent) -> WrittenAnswer:
    """Two dossiers are one person's: two reviewers and proof of identity."""
    database, now = site_of(request).database, read_clock()
    second = countersign(database, viewer, sent.second_reviewer.login, sent.second_reviewer.pin)
    asked = Duplicate(sent.command_id, number, sent.survivor, sent.proof, sent.proof_document, sent.authority, second)
    return WrittenAnswer(acts=register_work.merge_duplicate(database, viewer, asked, now))


@router.post("/dossiers/{number}/deposit-type", summary="Change the deposit type", responses=REFUSALS)
@permitted(Permission.CHANGE_REGISTER)
def deposit_type(request: Request, viewer: SignedIn, number: str, sent: DepositSent) -> WrittenAnswer:
    """By an act that cites its proof."""
    asked = DepositChange(sent.command_id, number, sent.deposit_type.value, sent.authority, sent.reason)
    return WrittenAnswer(acts=register_work.change_deposit(site_of(request).database, viewer, asked, read_clock()))


@router.get("/agency-mergers", summary="Mergers of agencies", responses=REFUSALS)
@permitted(Permission.SEE_COUNTS)
def mergers(request: Request, viewer: SignedIn) -> MergersAnswer:
    """Those the viewer's agency takes part in, or all."""
    found = register_work.mergers(site_of(request).database, viewer)
    return MergersAnswer(mergers=[_merger(one) for one in found])


@router.post("/agency-mergers", summary="Announce a merger of agencies", responses=REFUSALS)
@permitted(Permission.ANNOUNCE_MERGERS)
def announce(request: Request, viewer: SignedIn, sent: MergerSent) -> MergerAnswer:
    """So that both sides can certify the count."""
    database = site_of(request).database
    asked = Announced(sent.command_id, sent.document, sent.from_agency, sent.to_agency)
    number = register_work.announce_merger(database, viewer, asked, read_clock())
    return _merger(register_work.merger(database, viewer, number))


@router.post("/agency-mergers/{merger}/count", summary="Certify the count of one side", responses=REFUSALS)
@permitted(Permission.CERTIFY_SIDES)
def count(request: Request, viewer: SignedIn, merger: str, sent: CountSent) -> MergerAnswer:
    """The head of one of the two agencies says how many dossiers go over."""
    database = site_of(request).database
    register_work.certify_count(database, viewer, merger, sent.count, command_id=sent.command_id, now=read_clock())
    return _merger(register_work.merger(database, viewer, merger))


@router.post("/agency-mergers/{merger}/carry-out", summary="Carry a merger out", responses=REFUSALS)
@permitted(Permission.ANNOUNCE_MERGERS)
def carry_out(request: Request, viewer: SignedIn, merger: str, sent: CarryOutSent) -> MergerAnswer:
    """Every dossier goes over by an act, in one transaction, if three counts are one."""
    database, now = site_of(request).database, read_clock()
    witness = countersign(database, viewer, sent.witness.login, sent.witness.pin)
    return _merger(
        register_work.carry_out_merger(database, viewer, merger, command_id=sent.command_id, witness=witness, now=now)
    )


@router.post("/agency-mergers/{merger}/withdraw", summary="Withdraw a merger", responses=REFUSALS)
@permitted(Permission.ANNOUNCE_MERGERS)
def withdraw(request: Request, viewer: SignedIn, merger: str, sent: WithdrawSent) -> MergerAnswer:
    """The merger doesn't take place."""
    database = site_of(request).database
    register_work.withdraw_merger(database, viewer, merger, command_id=sent.command_id)
    return _merger(register_work.merger(database, viewer, merger))


def _merger(one: Merger) -> MergerAnswer:
    return MergerAnswer(
        merger=merger_number(one.merger_id),
        document=one.document,
        from_agency=one.from_code,
        to_agency=one.to_code,
        state=one.state,
        from_count=one.from_count,
        to_count=one.to_count,
        dossiers=one.dossiers,
        volumes=one.volumes,
        done_at=one.done_at,
    )
