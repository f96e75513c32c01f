"""`guiwei audit`: a place and everything in it audited, and what came of it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from guiwei.console import Json, parse_moment, print_result, progress, say
from guiwei.memory import give_back_large_arrays
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.findings import Finding, Gap, Undecided
from inventory.domain.refusals import FileUnreadable
from inventory.operations import audit_papers, auditing
from inventory.operations.audit_judging import Audit
from inventory.papers.printing import audit_report_pdf
from inventory.papers.sheets import Printed
from inventory.papers.spreadsheets import Sheet, xlsx_pieces
from inventory.store.database import raw

audit = typer.Typer(no_args_is_help=True, help="Audits of the shelves.")

LINES_MAX = 200
BY, COPY = "guiwei audit report", "-"  # typed at the server by nobody whom the access log could name


@audit.command("run")
def audit_run(
    scope: Annotated[str, typer.Option(help="Code of the place; everything in it is audited.")],
    since: Annotated[str, typer.Option("--from", help="The instant the interval begins.")],
    until: Annotated[str, typer.Option("--to", help="The instant it ends; the ledger as of then counts.")],
    *,
    dry: Annotated[bool, typer.Option("--dry", help="Only judge: nothing is stored.")] = False,
    as_json: Json = False,
) -> None:
    """Judge the evidence of an interval as of its end, and store what is found. One that is cut short goes on in the jobs."""
    begins, ends = parse_moment(since), parse_moment(until)
    give_back_large_arrays()
    with open_site(read_settings(), say, "jobs") as site:
        if dry:
            with site.jobs.unpooled() as connection:
                found = auditing.audit(connection, scope, begins, ends)
        else:
            with site.jobs.unpooled() as connection:
                number = auditing.ask_for(connection, scope, begins, ends, datetime.now(UTC))
            with progress() as on_progress:
                found = auditing.run(
                    site.jobs, number, datetime.now(UTC), lambda step, done: on_progress(step, done, 100)
                )
    print_result(told_of_audit(found), "\n".join(_audit_lines(found)), as_json=as_json)


@audit.command("report")
def audit_report(
    number: Annotated[int, typer.Argument(help="The audit's number.")],
    *,
    pdf: Annotated[Path | None, typer.Option(help="Write the report there, as PDF.")] = None,
    xlsx: Annotated[
        Path | None, typer.Option(help="Write findings, undecided volumes and gaps there, as .xlsx.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What a judged audit found, on paper or as a spreadsheet."""
    now = datetime.now(UTC)
    with open_site(read_settings(), say, "jobs") as site, site.jobs.transaction() as session:
        connection = raw(session)
        report = audit_papers.report_of(connection, number)
        at = now.astimezone(read_settings().zone).replace(microsecond=0)
        if pdf is not None:
            write(pdf, [audit_report_pdf(report, Printed(at, BY, COPY))])
        if xlsx is not None:
            rows = audit_papers.rows_of(connection, number)
            write(xlsx, xlsx_pieces(Sheet(f"盘点 audit {number}", audit_papers.COLUMNS, rows, BY, at, COPY)))
    told = {"audit": number, "pdf": pdf and str(pdf), "xlsx": xlsx and str(xlsx), "findings": report.findings}
    print_result(
        told,
        f"盘点 audit {number}: {report.findings} 项发现 findings, {report.coverage:.1%} 覆盖 covered",
        as_json=as_json,
    )


def write(path: Path, pieces: Iterable[bytes]) -> None:
    """A file, whole or not at all; raises `FileUnreadable` where it can't be written."""
    try:
        path.write_bytes(b"".join(pieces))
    except OSError as error:
        problem = error.strerror or str(error)
        raise FileUnreadable(
            file=str(path), problem_zh=f"无法写入：{problem}", problem_en=f"it can't be written: {problem}"
        ) from error


def told_of_audit(found: Audit) -> dict[str, Any]:
    """As other programs know it (docs/commands.md)."""
    return {
        "audit": found.number,
        "scope": found.scope,
        "from": found.since,
        "to": found.until,
        "model": found.model_version,
        "expected": found.expected,
        "coverage": found.coverage,
        "findings": [_finding(one) for one in found.findings],
        "undecided": [_undecided(one) for one in found.undecided],
        "gaps": [_gap(one) for one in found.gaps],
    }


def _finding(one: Finding) -> dict[str, Any]:
    told = {
        "dossier": one.dossier,
        "kind": one.kind,
        "place_ledger": one.place_ledger,
        "place_belief": one.place_belief,
        "probability": one.probability,
        "reason": f"{one.reason_zh} {one.reason_en}",
    }
    return told if one.epc is None else {**told, "epc": one.epc}


def _undecided(one: Undecided) -> dict[str, Any]:
    return {"dossier": one.dossier, "place_ledger": one.place_ledger, "reason": f"{one.reason_zh} {one.reason_en}"}


def _gap(one: Gap) -> dict[str, Any]:
    return {"place": one.place, "from": one.since, "to": one.until, "reason": f"{one.reason_zh} {one.reason_en}"}


def _audit_lines(found: Audit) -> list[str]:
    counts = f"发现 findings {len(found.findings)}, 未定 undecided {len(found.undecided)}, 失读 gaps {len(found.gaps)}"
    covered = f"{found.expected} 册应在架 expected, 覆盖 covered {found.coverage:.1%}, 模型 model {found.model_version}"
    lines = [f"{found.scope}: {covered}; {counts}"]
    lines += [f"  {one.kind:<18} {_what(one)}  {one.reason_zh} {one.reason_en}" for one in found.findings[:LINES_MAX]]
    lines += [f"  {'gap':<18} {gap.place}  {gap.reason_zh} {gap.reason_en}" for gap in found.gaps[:LINES_MAX]]
    if len(found.findings) > LINES_MAX or len(found.gaps) > LINES_MAX:
        lines.append("  …… --json 有全部内容 has all")
    return lines


def _what(one: Finding) -> str:
    return f"{one.dossier or one.epc}  {one.place_ledger or '-'} → {one.place_belief or '-'}"
