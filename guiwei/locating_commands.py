"""`guiwei locate`: what the ledger and the radio say of one dossier."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from guiwei.console import Json, print_result, say
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.operations import locating
from inventory.operations.locating import Located


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
        "counted": None if where.counted is None else {"place": where.counted.place.code, "at": where.counted.at},
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
    if where.counted is not None:
        lines.append(f"  清点 counted {where.counted.place.code}  {where.counted.at:%F %T %Z}")
    if where.judged is not None:
        lines.append(f"  结算 judged  {where.judged.zh} {where.judged.en}")
    if one.nights:
        places = ", ".join(f"{at.place} {at.nights:.0f}" for at in one.heard_at[:5])
        lines.append(f"  特征 profile {one.seen}/{one.nights} 夜 nights: {places}")
    return lines
