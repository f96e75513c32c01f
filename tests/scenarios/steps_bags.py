"""Bags between warehouse and window: packed, read as a set, sealed, carried by two, received, and what differs settled."""

from uuid import uuid4

from pytest_bdd import given, parsers, then, when

from inventory.domain.consignments import Colour, DiscrepancyKind
from inventory.operations import consigning, consignment_views, receiving
from inventory.operations.consigning import Dispatching, Opening, Sealing
from inventory.operations.receiving import Arriving, Outcome, Settling
from tests.scenarios.day import Day, Table, attempted, expected_number, listed, rows

LIGHTS = {"绿灯": Colour.GREEN, "黄灯": Colour.AMBER, "红灯": Colour.RED}
OUTCOMES = {"说明": Outcome.EXPLAINED, "补到": Outcome.ARRIVED, "启动查找": Outcome.SEARCHED}


@given(parsers.parse("{name:S} 已登记转运袋 {bags:S}"))
def _(day: Day, name: str, bags: str) -> None:
    for bag in listed(bags):
        consigning.register_bag(day.archive.app, day.who(name), bag, day.now())


@when(parsers.parse("{name:S} 用 {bag:S} 开交接清单，从 {origin:S} 到 {target:S}，得 {number:S}"))
@attempted
def _(day: Day, name: str, bag: str, origin: str, target: str, number: str) -> None:
    opening = Opening(uuid4(), bag, origin, target)
    opened = consigning.open_consignment(day.archive.app, day.who(name), opening, day.now())
    expected_number(opened.number, number)


@when(parsers.parse("{name:S} 把 {volumes:S} 装入 {number:S}"))
@attempted
def _(day: Day, name: str, volumes: str, number: str) -> None:
    consigning.pack(day.archive.app, day.who(name), uuid4(), number, listed(volumes), day.now())


@when(parsers.parse("{name:S} 整袋读取 {number:S}：{codes:S}"))
@attempted
def _(day: Day, name: str, number: str, codes: str) -> None:
    day.shown = consigning.check_set(day.archive.app, day.who(name), number, listed(codes), day.now())


@then(parsers.parse("{light:S}，应有 {expected:d} 册，读到 {read:d} 册"))
def _(day: Day, light: str, expected: int, read: int) -> None:
    assert (day.shown.colour, day.shown.expected, len(day.shown.read)) == (LIGHTS[light], expected, read)


@when(parsers.re(r"(?P<names>\S+) 封袋 (?P<number>[^\s，]+)，封签号 (?P<seal>[^\s，]+)(?:，原因 (?P<reason>.+))?$"))
@attempted
def _(day: Day, names: str, number: str, seal: str, reason: str | None) -> None:
    first, second = day.hands(names)
    consigning.seal(day.archive.app, first, Sealing(uuid4(), number, seal, second, reason), day.now())


@when(
    parsers.re(
        r"(?P<names>\S+) 交出 (?P<number>[^\s，]+)，渠道 (?P<way>[^\s，]+)，递送人 (?P<carriers>[^\s，]+)"
        r"(?:，单号 (?P<tracking>\S+))?$"
    )
)
@attempted
def _(day: Day, names: str, number: str, way: str, carriers: str, tracking: str | None) -> None:
    first, second = day.hands(names)
    dispatching = Dispatching(uuid4(), number, way, listed(carriers), second, tracking)
    consigning.dispatch(day.archive.app, first, dispatching, day.now())


@when(
    parsers.re(
        r"(?P<name>\S+) 签收 (?P<number>C-\d+)，封签 (?P<seal>[^\s，]+) (?P<whole>完好|破损)(?:，放到 (?P<place>[^\s，]+))?$"
    )
)
@attempted
def _(day: Day, name: str, number: str, seal: str, whole: str, place: str | None, datatable: Table) -> None:
    """A row for each dossier read in the bag: 册, 封条, 份数 (empty: not counted)."""
    table = rows(datatable)
    arriving = Arriving(
        uuid4(),
        number,
        seal,
        whole == "完好",
        [row["册"] for row in table],
        place,
        [row["册"] for row in table if row["封条"] == "破损"],
        {row["册"]: int(row["份数"]) for row in table if row["份数"]},
    )
    receiving.arrive(day.archive.app, day.who(name), arriving, day.now())


@then(parsers.parse("交接清单 {number:S} 为“{state}”"))
def _(day: Day, number: str, state: str) -> None:
    assert _view(day, number).state.zh == state


@then(parsers.parse("{number:S} 的交接差异为"))
def _(day: Day, number: str, datatable: Table) -> None:
    """Columns 差异, 档案, 应为, 实为; in any order."""
    shown = [
        (DiscrepancyKind(one.kind).zh, str(one.volume or ""), one.expected or "", one.found or "")
        for one in _view(day, number).discrepancies
    ]
    assert sorted(shown) == sorted((row["差异"], row["档案"], row["应为"], row["实为"]) for row in rows(datatable))


@when(
    parsers.re(
        r"(?P<names>\S+) 处理 (?P<number>C-\d+) 的“(?P<kind>[^”]+)”(?: (?P<volume>[^\s，]+))?：(?P<outcome>\S+?)，"
        r"(?P<reason>[^，]+)(?:，放到 (?P<place>\S+))?$"
    )
)
@attempted
def _(
    day: Day,
    names: str,
    number: str,
    kind: str,
    volume: str | None,
    outcome: str,
    reason: str,
    place: str | None,
) -> None:
    first, second = day.hands(names)
    row = next(
        one
        for one in _view(day, number).discrepancies
        if DiscrepancyKind(one.kind).zh == kind and (volume is None or str(one.volume) == volume)
    )
    settling = Settling(uuid4(), row.discrepancy_id, OUTCOMES[outcome], reason, second, place)
    receiving.settle(day.archive.app, first, settling, day.now())


def _view(day: Day, number: str) -> consignment_views.ConsignmentView:
    return consignment_views.view(day.archive.app, next(iter(day.people.values())), number, day.now())
