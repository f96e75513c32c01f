"""`guiwei rule`: the numbers of the rules and the working calendar, as a site's own documents say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from guiwei.console import Json, parse_day, print_result, say
from guiwei.settings import read_settings
from guiwei.site import open_site
from inventory.domain.refusals import BadInput, FileUnreadable
from inventory.domain.requests import Purpose
from inventory.operations import rule_numbers
from inventory.operations.rule_numbers import NewNumber

app = typer.Typer(no_args_is_help=True, help="Numbers of the rules, and working days.")


@app.command("set")
def rule_set(
    rule: str,
    value: Annotated[int, typer.Argument(help="The new number, in the rule's unit.", min=1)],
    since: Annotated[str, typer.Option(help="From which day on, such as 2027-01-01.")],
    document: Annotated[str, typer.Option(help="The document that says so.")],
    purpose: Annotated[str | None, typer.Option(help="For loans of one purpose only.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Set the number of a rule from a day on; docs/rules.md lists the rules whose number a site may set."""
    wanted = None if purpose is None else _purpose(purpose)
    new = NewNumber(uuid4(), rule, value, parse_day(since), document, wanted)
    with open_site(read_settings(), say, "owner") as site:
        rule_numbers.set_rule_number(site.owner, None, new, datetime.now(UTC))
    told = {"rule": rule, "value": value, "since": since, "purpose": purpose, "document": document}
    print_result(told, f"{rule} = {value}（{since} 起 since）", as_json=as_json)


def _purpose(text: str) -> Purpose:
    for purpose in Purpose:
        if text in (purpose.value, purpose.zh):
            return purpose
    known = ", ".join(Purpose)
    raise BadInput(problem_zh=f"用途应为：{known}", problem_en=f"the purpose is one of {known}")


@app.command("calendar")
def rule_calendar(
    file: Annotated[Path, typer.Argument(help="CSV day,kind,source; kind off or worked.")], *, as_json: Json = False
) -> None:
    """Add days off and worked days to the working calendar, as the State Council's notice of a year gives them."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(
            file=file.name, problem_zh="不是可读的 UTF-8 文本", problem_en="it isn't readable UTF-8 text"
        ) from error
    with open_site(read_settings(), say, "owner") as site:
        days = rule_numbers.add_calendar(site.owner, None, uuid4(), text, datetime.now(UTC))
    print_result({"days": days}, f"已加入 {days} 天。Added {days} days.", as_json=as_json)
