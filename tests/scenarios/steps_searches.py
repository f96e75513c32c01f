"""Searches: a case opened, looked through by the protocol, found, lost, rebuilt or cleared up."""

from uuid import uuid4

from pytest_bdd import parsers, then, when

from inventory.domain.identifiers import VolumeName
from inventory.domain.searching import Step, StepResult
from inventory.operations import searching
from inventory.operations.search_cases import search_case
from inventory.operations.searching import Finding, Looking, Loss, Rebuilding
from tests.scenarios.day import Day, Table, attempted, expected_number, rows


@when(parsers.re(r"(?P<name>\S+) 报告 (?P<volume>\S+) 找不到，原因 (?P<reason>.+?)(?:，得 (?P<case>\S+))?$"))
@attempted
def _(day: Day, name: str, volume: str, reason: str, case: str | None) -> None:
    known = VolumeName.parse(volume)
    number = searching.begin_search(
        day.archive.app, day.who(name), known, command_id=uuid4(), now=day.now(), reason=reason
    )
    expected_number(number, case)


@when(parsers.parse("{name:S} 登记 {case:S} 的查找经过"))
@attempted
def _(day: Day, name: str, case: str, datatable: Table) -> None:
    """One row for each step somebody did: 步骤 by its beginning, 查找人, 结果, and a remark where it doesn't apply."""
    steps = {step.zh: step for step in Step}
    results = {result.zh: result for result in StepResult}
    for row in rows(datatable):
        looking = Looking(
            uuid4(), steps[row["步骤"]], results[row["结果"]], row.get("备注") or None, day.who(row["查找人"])
        )
        searching.look(day.archive.app, day.who(name), case, looking, day.now())


@when(parsers.parse("{name:S} 在 {place:S} 找到 {case:S} 的档案，原因 {reason}"))
@attempted
def _(day: Day, name: str, place: str, case: str, reason: str) -> None:
    searching.found(day.archive.app, day.who(name), case, Finding(uuid4(), place, reason), day.now())


@when(parsers.parse("{names:S} 认定 {case:S} 遗失，依据 {authority}，报告文号 {report}"))
@attempted
def _(day: Day, names: str, case: str, authority: str, report: str) -> None:
    first, second = day.hands(names)
    assert second is not None, "a loss is declared by two"
    searching.declare_lost(day.archive.app, first, case, Loss(uuid4(), authority, report, second), day.now())


@when(parsers.parse("{names:S} 在 {desk:S} 重建 {case:S} 的档案，依据 {authority}"))
@attempted
def _(day: Day, names: str, desk: str, case: str, authority: str) -> None:
    first, second = day.hands(names)
    assert second is not None, "a dossier is rebuilt by two"
    searching.rebuild(day.archive.app, first, case, Rebuilding(uuid4(), desk, authority, second), day.now())


@when(parsers.parse("{name:S} 排除 {case:S}，结果 {outcome}"))
@attempted
def _(day: Day, name: str, case: str, outcome: str) -> None:
    searching.dismiss(day.archive.app, day.who(name), case, command_id=uuid4(), now=day.later(), outcome=outcome)


@then(parsers.parse("查找 {case:S} 为“{state}”"))
def _(day: Day, case: str, state: str) -> None:
    viewer = next(iter(day.people.values()))
    assert search_case(day.archive.app, viewer, case, day.later()).line.state.zh == state
