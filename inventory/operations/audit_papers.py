"""An audit as paper and as a spreadsheet."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.counting import LOCAL
from inventory.domain.findings import FindingKind
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.refusals import AuditNotFound, AuditNotJudged
from inventory.operations.count_papers import printed
from inventory.papers.pictures import ShelfPicture, TrendPicture, elevation, trend
from inventory.papers.sheets import (
    AuditReport,
    BayCount,
    FindingLine,
    GapLine,
    KindCount,
    LedgerEnd,
    Picture,
    Printed,
    Term,
)
from inventory.papers.spreadsheets import Sheet
from inventory.store import audit_results, audit_rows
from inventory.store.access_log import take_copy
from inventory.store.audit_results import ShelfResult, TrendPoint
from inventory.store.audit_rows import AuditRow
from inventory.store.database import Database, raw

FINDINGS_PRINTED_MAX = 400
GAPS_PRINTED_MAX = 200
BAYS_PRINTED_MAX = 60
BAYS_DRAWN_MAX = 12
ROWS_AT_ONCE = 5_000
COLUMNS = ("种类 kind", "档案 dossier", "标签 EPC", "台账 ledger", "射频 radio", "把握 probability", "依据 reason")


def report(database: Database, viewer: Viewer, number: int, now: datetime) -> tuple[AuditReport, Printed]:
    """The report of a judged audit; that a copy is taken is entered. Raises `NotAllowed`, `AuditNotFound`, `AuditNotJudged`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        told = report_of(connection, number)
        return told, printed(connection, viewer, None, now, f"audit {number}")


def report_of(connection: psycopg.Connection[Any], number: int) -> AuditReport:
    """What the report of a judged audit says; raises `AuditNotFound`, `AuditNotJudged`."""
    row = _judged(connection, number)
    found = audit_results.findings(connection, number, 0, FINDINGS_PRINTED_MAX)
    bays = audit_results.bays(connection, number, BAYS_PRINTED_MAX)
    drawn = [bay for bay in bays[:BAYS_DRAWN_MAX] if bay.findings or bay.undecided or bay.covered < bay.expected]
    shelves = audit_results.shelves(connection, number, [bay.bay_id for bay in drawn])
    signatures = audit_rows.signatures(connection, number)
    return AuditReport(
        number=str(number),
        scope=row.scope,
        since=row.since,
        until=row.until,
        model=row.model_version or 0,
        expected=row.expected or 0,
        covered=row.covered or 0,
        coverage=1.0 if row.coverage is None else row.coverage,
        passes=row.passes or 0,
        findings=row.findings or 0,
        undecided=row.undecided or 0,
        wrong_max=row.wrong_max or 0.0,
        missing_wrong_max=row.missing_wrong_max or 0.0,
        seed=row.seed,
        sample_shelves=row.sample_shelves,
        kinds=tuple(
            KindCount(_term(FindingKind(kind)), count)
            for kind, count in audit_results.by_kind(connection, number).items()
        ),
        bays=tuple(BayCount(bay.bay, bay.expected, bay.covered, bay.findings, bay.undecided) for bay in bays),
        elevations=tuple(Picture(elevation_of(bay.bay, bay.bay_id, shelves)) for bay in drawn),
        trend=Picture(trend_of(audit_results.trend(connection, row.place_id, row.until))),
        rows=tuple(
            FindingLine(
                one.dossier or one.epc or "", _term(one.kind), one.place_ledger, one.place_belief, one.reason_zh
            )
            for _, one in found
        ),
        left_out=(row.findings or 0) - len(found),
        gaps=tuple(
            GapLine(one.place or "", one.reason_zh) for one in audit_results.gaps(connection, number, GAPS_PRINTED_MAX)
        ),
        ledger_ends=tuple(LedgerEnd(*end) for end in row.ledger_roots or ()),
        keepers=tuple(one.name for one in signatures if one.part == "keeper"),
        counters=tuple(one.name for one in signatures if one.part == "counter"),
    )


def workbook(database: Database, viewer: Viewer, number: int, now: datetime) -> Sheet:
    """Every finding and undecided volume of an audit; raises `NotAllowed`, `AuditNotFound`, `AuditNotJudged`."""
    check_permitted(viewer, Permission.SEE_AUDITS)
    with database.transaction(viewer) as session:
        connection = raw(session)
        _judged(connection, number)
        copy = str(take_copy(connection, "paper", f"audit {number} workbook"))
        rows = list(rows_of(connection, number))
    return Sheet(f"盘点 audit {number}", COLUMNS, rows, f"{viewer.name} ({viewer.login})", now.astimezone(LOCAL), copy)


def rows_of(connection: psycopg.Connection[Any], number: int) -> Iterator[tuple[str | None, ...]]:
    """The lines of `COLUMNS`: findings, then undecided volumes, then gaps."""
    after = 0
    while found := audit_results.findings(connection, number, after, ROWS_AT_ONCE):
        after = found[-1][0]
        for _, one in found:
            where = (one.dossier, one.epc, one.place_ledger, one.place_belief, f"{one.probability:.4f}")
            yield f"{one.kind.zh} {one.kind.en}", *where, f"{one.reason_zh} {one.reason_en}"
    after = 0
    while unsure := audit_results.undecided(connection, number, after, ROWS_AT_ONCE):
        after = unsure[-1][0]
        for _, volume in unsure:
            said = f"{volume.reason_zh} {volume.reason_en}"
            yield "未定 undecided", volume.dossier, None, volume.place_ledger, None, None, said
    for gap in audit_results.gaps(connection, number, ROWS_AT_ONCE):
        yield "失读 gap", None, None, gap.place, None, None, f"{gap.reason_zh} {gap.reason_en}"


def elevation_of(bay: str, bay_id: int, shelves: list[ShelfResult] | tuple[ShelfResult, ...]) -> str:
    """A bay's picture."""
    return elevation(
        bay,
        [
            ShelfPicture(one.name, one.expected, one.covered, one.findings, one.undecided)
            for one in shelves
            if one.bay_id == bay_id
        ],
    )


def trend_of(points: list[TrendPoint] | tuple[TrendPoint, ...]) -> str:
    """The picture of how a scope's audits went."""
    return trend(
        [
            TrendPicture(
                one.until.astimezone(LOCAL),
                one.covered / one.expected if one.expected else 1.0,
                one.findings,
                one.undecided,
            )
            for one in points
        ]
    )


def _judged(connection: psycopg.Connection[Any], number: int) -> AuditRow:
    row = audit_rows.one(connection, number)
    if row is None:
        raise AuditNotFound(audit=number)
    if not row.state.has_results:
        raise AuditNotJudged(audit=number)
    return row


def _term(kind: FindingKind) -> Term:
    return Term(kind.zh, kind.en)
