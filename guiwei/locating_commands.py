"""`guiwei locate` and `guiwei audit`: what the radio says of one dossier, and of a place and everything in it."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from guiwei.console import Json, parse_moment, print_result, say
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.findings import Finding, Gap, Undecided
from inventory.operations import auditing, locating
from inventory.operations.auditing import Audit
from inventory.operations.locating import Located

audit = typer.Typer(no_args_is_help=True, help="Audits of the shelves.")

LINES_MAX = 200


def locate(
    number: Annotated[str, typer.Argument(help="A dossier's number, or number/2 for its second volume.")],
    *,
    as_json: Json = False,
) -> None:
    """Where a dossier is: by the ledger, by radio, and how it was found last; no names."""
    with open_site(read_settings(), say, "jobs") as site, site.jobs.unpooled() as connection:
        found = locating.locate(connection, number)
    told = {"dossier": number, "volumes": [_volume(one) for one in found]}
    print_result(told, "\n".join(line for one in found for line in _lines(one)), as_json=as_json)


def _volume(one: Located) -> dict[str, Any]:
    where = one.whereabouts
    return {
        "volume": where.volume,
        "epc": None if where.epc is None else where.epc.hex().upper(),
        "ledger": None if where.ledger is None else {"place": where.ledger.place.code, "since": where.ledger.since},
        "belief": None
        if where.radio is None
        else {
            "place": where.radio.place.code,
            "probability": where.radio.probability,
            "runner_up": None if where.radio.runner_up is None else where.radio.runner_up.code,
            "runner_up_probability": where.radio.runner_up_probability,
            "reads": where.radio.reads,
            "last_seen_at": where.radio.last_seen_at,
        },
        "agreement": where.agreement,
        "judged": None
        if where.judged is None
        else {**asdict(where.judged), "reason_zh": where.judged.zh, "reason": where.judged.en},
        "profile": {"nights": one.nights, "seen": one.seen, "heard_at": [at._asdict() for at in one.heard_at]},
    }


def _lines(one: Located) -> list[str]:
    where = one.whereabouts
    lines = [f"{where.volume}  {where.agreement.value}"]
    if where.ledger is not None:
        lines.append(f"  台账 ledger  {where.ledger.place.code}  {' / '.join(where.ledger.place.path)}")
    if where.radio is not None:
        radio = where.radio
        next_best = f"，其次 next {radio.runner_up.code} {radio.runner_up_probability:.1%}" if radio.runner_up else ""
        lines.append(f"  推断 belief  {radio.place.code}  {radio.probability:.1%}{next_best}")
        lines.append(f"  读到 read    {radio.reads} × {radio.last_seen_at:%F %T %Z}")
    if where.judged is not None:
        lines.append(f"  结算 judged  {where.judged.zh} {where.judged.en}")
    if one.nights:
        places = ", ".join(f"{at.place} {at.nights:.0f}" for at in one.heard_at[:5])
        lines.append(f"  特征 profile {one.seen}/{one.nights} 夜 nights: {places}")
    return lines


@audit.command("run")
def audit_run(
    scope: Annotated[str, typer.Option(help="Code of the place; everything in it is audited.")],
    since: Annotated[str, typer.Option("--from", help="The instant the interval begins.")],
    until: Annotated[str, typer.Option("--to", help="The instant it ends; the ledger as of then counts.")],
    *,
    as_json: Json = False,
) -> None:
    """Judge the evidence of an interval as of its end. Nothing is changed or kept."""
    begins, ends = parse_moment(since), parse_moment(until)
    with open_site(read_settings(), say, "jobs") as site, site.jobs.unpooled() as connection:
        found = auditing.audit(connection, scope, begins, ends)
    print_result(told_of_audit(found), "\n".join(_audit_lines(found)), as_json=as_json)


def told_of_audit(found: Audit) -> dict[str, Any]:
    """As other programs know it (docs/commands.md)."""
    return {
        "audit": None,
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
