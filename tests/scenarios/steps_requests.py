"""Asking, deciding, queueing, reminding: requests before and around the paper's way."""

from uuid import uuid4

from pytest_bdd import parsers, then, when

from inventory.domain.evidence_slots import EvidenceSlot
from inventory.domain.jurisdiction import Circumstance, Depositor
from inventory.domain.people import Role
from inventory.domain.requests import Initiator, Occasion, Purpose, RequestKind
from inventory.domain.travelling import Channel, parse_channel
from inventory.operations import asking, deciding, reminding, request_lists
from inventory.operations.asking import Asking
from inventory.operations.deciding import Decision
from inventory.operations.request_views import AcceptedView, RequestView, open_request
from tests.scenarios.day import Day, Table, attempted, expected_number, form, listed, named

FIELDS = {
    "申请方", "申请人", "用途", "用途说明", "须用原件", "事由", "单位", "窗口", "渠道", "优先", "存档情形", "户籍所在地", "就近理由",
}  # fmt: skip


@when(
    parsers.re(
        r"(?P<name>\S+) 申请(?P<kind>借阅|查阅|转递|调至窗口|提供扫描件) (?P<sought>[^\s，]+)(?:，得 (?P<number>\S+))?$"
    )
)
@attempted
def _(day: Day, name: str, kind: str, sought: str, number: str | None, datatable: Table) -> None:
    _ask(day, name, kind, sought, number, form(datatable), elsewhere=False)


@when(
    parsers.re(
        r"(?P<name>\S+) 异地受理(?P<kind>借阅|查阅|转递|调至窗口|提供扫描件) (?P<sought>[^\s，]+)(?:，得 (?P<number>\S+))?$"
    )
)
@attempted
def _(day: Day, name: str, kind: str, sought: str, number: str | None, datatable: Table) -> None:
    _ask(day, name, kind, sought, number, form(datatable), elsewhere=True)


def _ask(
    day: Day, name: str, kind: str, sought: str, number: str | None, told: dict[str, str], *, elsewhere: bool
) -> None:
    """Fields of `FIELDS`; any other is a slot of evidence with a letter's number, or with what was seen in its place."""
    papers = {named(EvidenceSlot, field): text for field, text in told.items() if field not in FIELDS}
    occasion, way, footing = told.get("事由"), told.get("渠道"), told.get("存档情形")
    asked = Asking(
        uuid4(),
        named(RequestKind, kind),
        sought,
        next(one for one in Initiator if one.zh == told["申请方"]),
        named(Purpose, told["用途"]),
        elsewhere,
        told.get("申请人", ""),
        told.get("用途说明", ""),
        told.get("须用原件", ""),
        None if occasion is None else named(Occasion, occasion),
        told.get("单位"),
        told.get("窗口"),
        None if way is None else parse_channel(way),
        priority=int(told.get("优先", 0)),
        letters={slot: day.letters[text] for slot, text in papers.items() if text in day.letters},
        told={slot: text for slot, text in papers.items() if text not in day.letters},
        depositor=None if footing is None else Depositor(named(Circumstance, footing), hukou=told.get("户籍所在地")),
        nearest_reason=told.get("就近理由", ""),
    )
    day.shown = asking.ask(day.archive.app, day.who(name), asked, day.later())
    expected_number(day.shown.number, number)


@when(parsers.re(r"(?P<name>\S+) 批准 (?P<number>[^\s，]+)(?:，渠道改为 (?P<way>\S+))?$"))
@attempted
def _(day: Day, name: str, number: str, way: str | None) -> None:
    decision = Decision(uuid4(), number, approve=True, channel=None if way is None else named(Channel, way))
    deciding.decide(day.archive.app, day.who(name), decision, day.later())


@when(parsers.parse("{name:S} 不批准 {number}，理由 {reason}"))
@attempted
def _(day: Day, name: str, number: str, reason: str) -> None:
    deciding.decide(
        day.archive.app, day.who(name), Decision(uuid4(), number, approve=False, reason=reason), day.later()
    )


@when(parsers.parse("{name:S} 撤回 {number}，原因 {reason}"))
@attempted
def _(day: Day, name: str, number: str, reason: str) -> None:
    deciding.withdraw(day.archive.app, day.who(name), uuid4(), number, reason, day.later())


@when(parsers.parse("{name:S} 续借 {number}，依据 {reason}"))
@attempted
def _(day: Day, name: str, number: str, reason: str) -> None:
    deciding.renew(day.archive.app, day.who(name), uuid4(), number, reason, day.later())


@when(parsers.parse("{name:S} 把 {number:S} 分派给 {dossier:S}"))
@attempted
def _(day: Day, name: str, number: str, dossier: str) -> None:
    deciding.route(day.archive.app, day.who(name), uuid4(), number, dossier, day.later())


@when(parsers.parse("{name:S} 打开申请 {number:S}"))
@attempted
def _(day: Day, name: str, number: str) -> None:
    found = open_request(day.archive.app, day.who(name), number, day.later())
    day.shown = found if isinstance(found, AcceptedView) else found.request


@then("只看到“已受理，未答复”")
def _(day: Day) -> None:
    assert isinstance(day.shown, AcceptedView) and not day.shown.answered, day.shown


@then("只看到“已受理，已答复”")
def _(day: Day) -> None:
    assert isinstance(day.shown, AcceptedView) and day.shown.answered, day.shown


@when("夜间提醒运行")
def _(day: Day) -> None:
    day.shown = reminding.remind(day.archive.jobs, day.later())


@then(parsers.parse("提醒逾期 {overdue:d} 件，催办回执 {chased:d} 件，升级疑似遗失 {escalated:d} 件"))
def _(day: Day, overdue: int, chased: int, escalated: int) -> None:
    assert (day.shown.overdue, day.shown.chased, day.shown.escalated) == (overdue, chased, escalated)


@then(parsers.parse("{name:S} 的逾期清单为 {numbers:S}"))
def _(day: Day, name: str, numbers: str) -> None:
    _same(numbers, request_lists.overdue(day.archive.app, day.who(name), day.later()))


@then(parsers.parse("{name:S} 的待回执清单为 {numbers:S}"))
def _(day: Day, name: str, numbers: str) -> None:
    _same(numbers, request_lists.receipts_missing(day.archive.app, day.who(name), day.later()))


@then(parsers.parse("{name:S} 看到 {dossier:S} 的排队次序为 {numbers:S}"))
def _(day: Day, name: str, dossier: str, numbers: str) -> None:
    _same(numbers, request_lists.queue(day.archive.app, day.who(name), dossier, day.later()))


def _same(numbers: str, shown: request_lists.Listed) -> None:
    """The list holds these requests in this order; 空 where it is empty."""
    wanted = [] if numbers == "空" else listed(numbers)
    assert [one.number for one in shown.requests if isinstance(one, RequestView)] == wanted


@then(parsers.parse("申请 {number:S} 记有“{note}”"))
def _(day: Day, number: str, note: str) -> None:
    viewer = next(one for one in day.people.values() if one.role is Role.KEEPER)
    file = open_request(day.archive.app, viewer, number, day.later())
    assert not isinstance(file, AcceptedView) and any(note in (event.note or "") for event in file.events)
