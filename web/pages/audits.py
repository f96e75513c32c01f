"""Audits (盘点): plans, those that run and those that are over; one audit with its bays, findings, signatures and papers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import Path, Request
from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from inventory.domain.audits import SAMPLE_SHELVES_MAX, AuditState, Part, PlanKind
from inventory.domain.commands import CommandState
from inventory.domain.counting import LOCAL
from inventory.domain.findings import Finding, FindingKind, Gap, Undecided
from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, permits
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX
from inventory.domain.refusals import BadInput, Refusal
from inventory.operations import audit_papers, audit_plans, audit_views, shelf_counting
from inventory.operations.audit_papers import elevation_of, trend_of
from inventory.operations.audit_plans import Planning
from inventory.operations.audit_views import Asking, AuditView
from inventory.papers.printing import audit_report_pdf
from inventory.papers.spreadsheets import xlsx_pieces
from inventory.store.audit_plans import PlanRow
from inventory.store.audit_rows import AuditRow
from web.api.work import pdf_answer
from web.doors import Doors, permitted
from web.forms import Form, SentForm
from web.outcomes import redirect
from web.pages.commands import TONES as COMMAND_TONES
from web.refusing import status_of
from web.rendering import render
from web.signed_in import SignedIn
from web.site import read_clock, site_of

router = Doors()

TONES = {
    AuditState.WAITING: "quiet",
    AuditState.RUNNING: "doubt",
    AuditState.JUDGED: "doubt",
    AuditState.SIGNED: "good",
    AuditState.CLOSED: "good",
    AuditState.FAILED: "bad",
}
SHOWN_MAX = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Number = Annotated[int, Path(ge=1, le=2_000_000_000)]


@dataclass(frozen=True, slots=True)
class AuditsContext:
    """Plans and audits; problem: why the last form was refused. since, until: what the form begins with, local."""

    plans: tuple[PlanRow, ...]
    running: tuple[AuditRow, ...]
    over: tuple[AuditRow, ...]
    trend: Markup | None
    since: str
    until: str
    may_ask: bool
    may_plan: bool
    sent: Form = field(default_factory=lambda: Form(()))
    problem: Refusal | None = None
    kinds: type[PlanKind] = PlanKind
    tones: dict[AuditState, str] = field(default_factory=lambda: TONES)
    code_characters_max: int = PLACE_CODE_CHARACTERS_MAX
    shelves_max: int = SAMPLE_SHELVES_MAX


@dataclass(frozen=True, slots=True)
class AuditContext:
    """One audit; findings, undecided and gaps: the first of them. elevations: pictures of the bays that need looking at.

    counting: of a blind count that goes on, shelves counted and drawn.
    """

    view: AuditView
    kinds: tuple[tuple[FindingKind, int], ...]
    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    gaps: tuple[Gap, ...]
    elevations: tuple[Markup, ...]
    trend: Markup | None
    may_close: bool
    counting: tuple[int, int] | None
    may_count: bool
    problem: Refusal | None = None
    tones: dict[AuditState, str] = field(default_factory=lambda: TONES)
    command_tones: Mapping[CommandState, str] = field(default_factory=lambda: COMMAND_TONES)

    @property
    def read(self) -> int:
        """How many of the commands for it are done."""
        return sum(one.state is CommandState.DONE for one in self.view.readings)


@router.get("/audits", include_in_schema=False)
@permitted(Permission.SEE_AUDITS)
def audits_page(request: Request, viewer: SignedIn) -> Response:
    """The list; its moving part is asked for again whenever an audit has come further."""
    return render(request, "audits.html", _list(request, viewer), viewer, block="audits")


@router.post("/audits", include_in_schema=False)
@permitted(Permission.RUN_AUDITS)
def ask(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Ask for an audit; the jobs judge it."""
    try:
        shelves = form.told("sample_shelves")
        asking = Asking(
            form.command_id(),
            form.text("scope").strip(),
            _moment(form.text("since")),
            _moment(form.text("until")) if form.told("until") else None,
            None if shelves is None else _count(shelves),
            form.told("seed"),
        )
        number = audit_views.ask(site_of(request).database, viewer, asking, read_clock())
    except Refusal as refusal:
        return _list_again(request, viewer, form, refusal)
    return redirect(request, f"/audits/{number}", "audits.asked", audit=str(number))


@router.post("/audits/plans", include_in_schema=False)
@permitted(Permission.PLAN_AUDITS)
def plan(request: Request, viewer: SignedIn, form: SentForm) -> Response:
    """Make a plan."""
    try:
        shelves = form.told("sample_shelves")
        planning = Planning(
            form.command_id(),
            _kind(form.text("kind")),
            form.text("scope").strip(),
            _count(form.text("days")),
            _count(form.told("busy_days") or str(audit_plans.BUSY_DAYS)),
            None if shelves is None else _count(shelves),
        )
        audit_plans.make(site_of(request).database, viewer, planning, read_clock())
    except Refusal as refusal:
        return _list_again(request, viewer, form, refusal)
    return redirect(request, "/audits", "audits.planned", scope=planning.scope)


@router.post("/audits/plans/{plan}/end", include_in_schema=False)
@permitted(Permission.PLAN_AUDITS)
def end_plan(request: Request, viewer: SignedIn, plan: Number) -> Response:
    """End a plan."""
    audit_plans.end(site_of(request).database, viewer, plan, read_clock())
    return redirect(request, "/audits", "audits.plan.ended")


@router.get("/audits/{audit}", include_in_schema=False)
@permitted(Permission.SEE_AUDITS)
def audit_page(request: Request, viewer: SignedIn, audit: Number) -> Response:
    """One audit; while it runs, its progress follows by itself."""
    return render(request, "audit.html", _one(request, viewer, audit), viewer, block="audit")


@router.post("/audits/{audit}/signatures", include_in_schema=False)
@permitted(Permission.SIGN_AUDITS)
def sign(request: Request, viewer: SignedIn, audit: Number, form: SentForm) -> Response:
    """Sign it."""
    try:
        part = _part(form.text("part"))
        audit_views.sign(site_of(request).database, viewer, audit, part, form.command_id(), read_clock())
    except Refusal as refusal:
        return _one_again(request, viewer, audit, refusal)
    return redirect(request, f"/audits/{audit}", "audits.signed", audit=str(audit))


@router.post("/audits/{audit}/close", include_in_schema=False)
@permitted(Permission.PLAN_AUDITS)
def close(request: Request, viewer: SignedIn, audit: Number) -> Response:
    """Close it."""
    try:
        audit_views.close(site_of(request).database, viewer, audit, read_clock())
    except Refusal as refusal:
        return _one_again(request, viewer, audit, refusal)
    return redirect(request, f"/audits/{audit}", "audits.closed", audit=str(audit))


@router.get("/audits/{audit}/report.pdf", include_in_schema=False)
@permitted(Permission.SEE_AUDITS)
def report_pdf(request: Request, viewer: SignedIn, audit: Number) -> Response:
    """The report, for two to sign."""
    report, printed = audit_papers.report(site_of(request).database, viewer, audit, read_clock())
    return pdf_answer(audit_report_pdf(report, printed), f"audit-{audit}.pdf")


@router.get("/audits/{audit}/findings.xlsx", include_in_schema=False)
@permitted(Permission.SEE_AUDITS)
def findings_xlsx(request: Request, viewer: SignedIn, audit: Number) -> Response:
    """Everything it found, as a workbook."""
    sheet = audit_papers.workbook(site_of(request).database, viewer, audit, read_clock())
    name = f'attachment; filename="audit-{audit}.xlsx"'
    return StreamingResponse(xlsx_pieces(sheet), media_type=_XLSX, headers={"Content-Disposition": name})


def _list(request: Request, viewer: Viewer, **more: Any) -> AuditsContext:
    database = site_of(request).database
    rows = audit_views.newest(database, viewer)
    midnight = datetime.combine(read_clock().astimezone(LOCAL).date(), time(), LOCAL)
    points = audit_views.trend_of_newest(database, viewer)
    return AuditsContext(
        tuple(audit_plans.plans(database, viewer)),
        tuple(row for row in rows if row.state.is_under_way),
        tuple(row for row in rows if not row.state.is_under_way),
        Markup(trend_of(points)) if len(points) > 1 else None,  # noqa: S704 - drawn by us, its texts escaped
        (midnight - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        midnight.strftime("%Y-%m-%dT%H:%M"),
        permits(viewer, Permission.RUN_AUDITS),
        permits(viewer, Permission.PLAN_AUDITS),
        **more,
    )


def _list_again(request: Request, viewer: Viewer, form: Form, refusal: Refusal) -> Response:
    context = _list(request, viewer, sent=form, problem=refusal)
    return render(request, "audits.html", context, viewer, status=status_of(refusal))


def _one(request: Request, viewer: Viewer, number: int, problem: Refusal | None = None) -> AuditContext:
    database = site_of(request).database
    view = audit_views.look(database, viewer, number)
    found = audit_views.results(database, viewer, number)
    drawn = [bay for bay in view.bays if bay.findings or bay.undecided or bay.covered < bay.expected]
    return AuditContext(
        view,
        tuple((FindingKind(kind), count) for kind, count in view.by_kind.items()),
        found.findings[:SHOWN_MAX],
        found.undecided[:SHOWN_MAX],
        found.gaps[:SHOWN_MAX],
        tuple(Markup(elevation_of(bay.bay, bay.bay_id, view.shelves)) for bay in drawn),  # noqa: S704 - as above
        Markup(trend_of(view.trend)) if len(view.trend) > 1 else None,  # noqa: S704 - as above
        view.row.state is AuditState.SIGNED and permits(viewer, Permission.PLAN_AUDITS),
        shelf_counting.blind_progress(database, viewer, number),
        permits(viewer, Permission.COUNT_SHELVES) and viewer.role is not Role.KEEPER,
        problem,
    )


def _one_again(request: Request, viewer: Viewer, number: int, refusal: Refusal) -> Response:
    return render(request, "audit.html", _one(request, viewer, number, refusal), viewer, status=status_of(refusal))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadInput(problem_zh="时刻的形式不对", problem_en="the moment has the wrong form") from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):  # noqa: PLR2004 - digits
        raise BadInput(problem_zh="数量应为正整数", problem_en="the number should be a whole one")
    return int(text)


def _kind(text: str) -> PlanKind:
    try:
        return PlanKind(text)
    except ValueError:
        raise BadInput(problem_zh="没有这个选项", problem_en="there is no such choice") from None


def _part(text: str) -> Part:
    try:
        return Part(text)
    except ValueError:
        raise BadInput(problem_zh="没有这个选项", problem_en="there is no such choice") from None
