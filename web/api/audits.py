"""`/api/v1/audits`: audits asked for, how far they are, what they found, and what is new since the one before."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, Field

from inventory.domain.audits import SAMPLE_SHELVES_MAX, SEED_CHARACTERS_MAX, Part
from inventory.domain.findings import Finding
from inventory.domain.permissions import Permission
from inventory.operations import audit_views
from inventory.operations.audit_views import Asking
from inventory.store.audit_rows import AuditRow
from web.api.models import Moment
from web.api.work import REFUSALS, Command, CommandSent, PlaceCode, Sent
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors(prefix="/api/v1", responses=REFUSALS)

_NUMBER_MAX = 2_000_000_000


class AuditSent(Sent):
    """An audit asked for: of everything in a place, or of some shelves of it that a published seed draws."""

    command_id: Command
    scope: PlaceCode
    since: Moment = Field(alias="from")
    until: Moment | None = Field(
        default=None,
        alias="to",
        description="The as-of instant; it is over. null: now, after smart cabinets and powered shelving have read.",
    )
    sample_shelves: int | None = Field(default=None, ge=1, le=SAMPLE_SHELVES_MAX)
    seed: str | None = Field(
        default=None,
        max_length=SEED_CHARACTERS_MAX,
        description='Of the scope\'s shelves those are drawn whose SHA-256 of "seed:code" is least.',
    )


class SignatureSent(CommandSent):
    """A signature: for the shelves, or for the count of them."""

    part: Part


class LedgerEndAnswer(BaseModel):
    """Where one warehouse's ledger ended when the audit began."""

    warehouse: str
    sequence: int
    hash: str


class AuditAnswer(BaseModel):
    """How far an audit is, and what it comes to in numbers; what isn't known yet is null."""

    audit: int
    scope: str
    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    state: str
    step: str | None
    progress: int = Field(description="Per cent.")
    problem: str | None
    asked_at: datetime
    judged_at: datetime | None
    model: int | None
    ledger_ends: list[LedgerEndAnswer]
    sample_shelves: int | None
    seed: str | None
    expected: int | None
    covered: int | None
    coverage: float | None
    passes: int | None
    findings: int | None
    undecided: int | None
    wrong_max: float | None = Field(
        description="Stated: share of the findings expected to stand where the ledger has them after all, at most."
    )
    missing_wrong_max: float | None
    signed: list[str]


class AuditsAnswer(BaseModel):
    """The newest audits, newest first."""

    audits: list[AuditAnswer]


class FindingAnswer(BaseModel):
    """A finding; dossier null: a tag that is nobody's."""

    dossier: str | None
    kind: str
    place_ledger: str | None
    place_belief: str | None
    probability: float
    reason: str
    epc: str | None


class UndecidedAnswer(BaseModel):
    """A volume the audit couldn't decide on."""

    dossier: str
    place_ledger: str | None
    reason: str


class GapAnswer(BaseModel):
    """A place nobody listened at, or a blind reader's; to null: it lasts."""

    place: str | None
    since: datetime = Field(serialization_alias="from")
    until: datetime | None = Field(serialization_alias="to")
    reason: str


class FindingsAnswer(BaseModel):
    """What an audit found: the form of `guiwei audit run --json`, and where to ask on if that isn't all."""

    audit: int
    scope: str
    since: datetime = Field(serialization_alias="from")
    until: datetime = Field(serialization_alias="to")
    state: str
    coverage: float | None
    findings: list[FindingAnswer]
    undecided: list[UndecidedAnswer]
    gaps: list[GapAnswer] = Field(description="With the first part only.")
    next_after: int | None


class ComparisonAnswer(BaseModel):
    """An audit held against the one of the same scope before; at most 200 of the new and of those that went are listed."""

    audit: int
    previous: int | None
    new: list[FindingAnswer]
    gone: list[FindingAnswer]
    new_count: int
    gone_count: int
    stayed: int


@router.post("/audits", summary="Ask for an audit", status_code=202)
@permitted(Permission.RUN_AUDITS)
def ask(request: Request, viewer: SignedIn, sent: AuditSent) -> AuditAnswer:
    """The jobs judge it; ask for it by its number until its state is `judged`."""
    database = site_of(request).database
    asking = Asking(sent.command_id, sent.scope, sent.since, sent.until, sent.sample_shelves, sent.seed)
    number = audit_views.ask(database, viewer, asking, read_clock())
    return _audit(audit_views.row_of(database, viewer, number))


@router.get("/audits", summary="Audits")
@permitted(Permission.SEE_AUDITS)
def audits(request: Request, viewer: SignedIn) -> AuditsAnswer:
    """The newest 200."""
    return AuditsAnswer(audits=[_audit(row) for row in audit_views.newest(site_of(request).database, viewer)])


Number = Annotated[int, Field(ge=1, le=_NUMBER_MAX)]


@router.get("/audits/{audit}", summary="How far an audit is")
@permitted(Permission.SEE_AUDITS)
def audit_row(request: Request, viewer: SignedIn, audit: Number) -> AuditAnswer:
    """State, progress, numbers."""
    return _audit(audit_views.row_of(site_of(request).database, viewer, audit))


@router.get("/audits/{audit}/findings", summary="What an audit found")
@permitted(Permission.SEE_AUDITS)
def findings(
    request: Request, viewer: SignedIn, audit: Number, after: Annotated[int, Query(ge=0, le=_NUMBER_MAX)] = 0
) -> FindingsAnswer:
    """Ten thousand findings and as many undecided at a time."""
    found = audit_views.results(site_of(request).database, viewer, audit, after)
    return FindingsAnswer(
        audit=found.row.number,
        scope=found.row.scope,
        since=found.row.since,
        until=found.row.until,
        state=found.row.state,
        coverage=found.row.coverage,
        findings=[_finding(one) for one in found.findings],
        undecided=[
            UndecidedAnswer(dossier=one.dossier, place_ledger=one.place_ledger, reason=_reason(one))
            for one in found.undecided
        ],
        gaps=[GapAnswer(place=one.place, since=one.since, until=one.until, reason=_reason(one)) for one in found.gaps],
        next_after=found.next_after,
    )


@router.get("/audits/{audit}/comparison", summary="What is new since the audit before")
@permitted(Permission.SEE_AUDITS)
def comparison(request: Request, viewer: SignedIn, audit: Number) -> ComparisonAnswer:
    """`previous` is null where the scope was never audited before."""
    told = audit_views.comparison(site_of(request).database, viewer, audit)
    if told is None:
        return ComparisonAnswer(audit=audit, previous=None, new=[], gone=[], new_count=0, gone_count=0, stayed=0)
    return ComparisonAnswer(
        audit=audit,
        previous=told.previous,
        new=[_finding(one) for one in told.new],
        gone=[_finding(one) for one in told.gone],
        new_count=told.new_count,
        gone_count=told.gone_count,
        stayed=told.stayed,
    )


@router.post("/audits/{audit}/signatures", summary="Sign an audit")
@permitted(Permission.SIGN_AUDITS)
def sign(request: Request, viewer: SignedIn, audit: Number, sent: SignatureSent) -> AuditAnswer:
    """Two different people: one for the shelves, one for the count, who isn't their keeper."""
    database = site_of(request).database
    audit_views.sign(database, viewer, audit, sent.part, sent.command_id, read_clock())
    return _audit(audit_views.row_of(database, viewer, audit))


@router.post("/audits/{audit}/close", summary="Close an audit")
@permitted(Permission.PLAN_AUDITS)
def close(request: Request, viewer: SignedIn, audit: Number) -> AuditAnswer:
    """It never changes again; sent again, nothing happens."""
    database = site_of(request).database
    audit_views.close(database, viewer, audit, read_clock())
    return _audit(audit_views.row_of(database, viewer, audit))


def _audit(row: AuditRow) -> AuditAnswer:
    ends = row.ledger_roots or []
    return AuditAnswer(
        audit=row.number,
        scope=row.scope,
        since=row.since,
        until=row.until,
        state=row.state,
        step=row.step,
        progress=row.progress,
        problem=row.problem,
        asked_at=row.asked_at,
        judged_at=row.judged_at,
        model=row.model_version,
        ledger_ends=[LedgerEndAnswer(warehouse=end[0], sequence=end[1], hash=end[2]) for end in ends],
        sample_shelves=row.sample_shelves,
        seed=row.seed,
        expected=row.expected,
        covered=row.covered,
        coverage=row.coverage,
        passes=row.passes,
        findings=row.findings,
        undecided=row.undecided,
        wrong_max=row.wrong_max,
        missing_wrong_max=row.missing_wrong_max,
        signed=row.parts,
    )


def _finding(one: Finding) -> FindingAnswer:
    return FindingAnswer(
        dossier=one.dossier,
        kind=one.kind,
        place_ledger=one.place_ledger,
        place_belief=one.place_belief,
        probability=one.probability,
        reason=_reason(one),
        epc=one.epc,
    )


def _reason(one: Any) -> str:
    return f"{one.reason_zh} {one.reason_en}"
