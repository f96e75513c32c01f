"""Coming in: announced, delivered, counted box by box, tagged, reviewed by two, or turned back."""

from datetime import timedelta
from uuid import uuid4

from pytest_bdd import parsers, then, when

from inventory.domain.arrivals import CHANNEL_NAMES, DIFFERENCE_NAMES, REACHED_NAMES, Channel, ListRow
from inventory.domain.identifiers import VolumeName, read_id_number
from inventory.domain.refusal_grounds import GROUNDS
from inventory.operations import accepting, announcing, arriving, placing, tagging
from inventory.operations.accepting import Acceptance, Reviewed, Turning
from inventory.operations.announcing import Announcement
from inventory.operations.arriving import BoxCount, Delivery, Finding, Signing
from inventory.operations.tagging import Printed
from tests.scenarios.day import Day, Table, attempted, expected_number, listed, rows

CHANNELS = {zh: kind for kind, (zh, _) in CHANNEL_NAMES.items()} | {"EMS": Channel.EMS}


@when(
    parsers.re(
        r"(?P<name>\S+) 登记(?P<age>新来|整体迁入)的档案，来自 (?P<sender>\S+)，归 (?P<agency>\S+)，共 (?P<boxes>\d+) 箱，"
        r"得 (?P<number>\S+)$"
    )
)
@attempted
def _(day: Day, name: str, age: str, sender: str, agency: str, boxes: str, number: str, datatable: Table) -> None:
    """Columns 箱, 编号, 姓名, 身份证号, 备注; what isn't told is left out."""
    listed_rows = [
        (
            position,
            ListRow(
                row.get("箱") or "1",
                row.get("编号") or None,
                row.get("姓名") or None,
                read_id_number(row["身份证号"], historic=age != "新来") if row.get("身份证号") else None,
                note=row.get("备注") or None,
            ),
        )
        for position, row in enumerate(rows(datatable), 1)
    ]
    asked = Announcement(uuid4(), agency, sender, int(boxes), historic=age != "新来")
    day.shown = announcing.announce(day.archive.app, day.who(name), asked, listed_rows, day.now())
    expected_number(day.shown.number, number)


@then(parsers.parse("编号为 {numbers:S}"))
def _(day: Day, numbers: str) -> None:
    assert list(day.shown.dossiers) == listed(numbers)


@when(
    parsers.re(
        r"(?P<name>\S+) 在 (?P<place>\S+) 签收 (?P<number>A-\d+)，渠道 (?P<way>[^，]+)(?:，单号 (?P<tracking>[^，]+))?，"
        r"封条(?P<seal>完好|破损)，(?P<boxes>\d+) 箱$"
    )
)
@attempted
def _(day: Day, name: str, place: str, number: str, way: str, tracking: str | None, seal: str, boxes: str) -> None:
    delivery = Delivery(uuid4(), number, CHANNELS[way], seal == "完好", int(boxes), place, tracking)
    arriving.take_delivery(day.archive.app, day.who(name), delivery, day.now())


@when(parsers.re(r"(?P<name>\S+) 清点 (?P<number>A-\d+) 第 (?P<box>\d+) 箱：(?P<codes>[^\s，]+)(?:，(?P<told>.+))?$"))
@attempted
def _(day: Day, name: str, number: str, box: str, codes: str, told: str | None) -> None:
    """What follows: 封条破损 and a number, 无头 and what such an envelope looks like, 在单无头 as the list says, 清点完毕."""
    broken, nameless, on_list, done = [], [], [], False
    for one in (told or "").split("，"):
        if one.startswith("封条破损 "):
            broken.append(one.removeprefix("封条破损 "))
        elif one.startswith("无头 "):
            nameless.append(one.removeprefix("无头 "))
        elif one == "在单无头":
            lines = placing.open_arrival(day.archive.app, day.who(name), number, day.now()).lines
            on_list = [line.line_id for line in lines if line.state == "unidentified" and line.box == box]
        else:
            assert one in {"", "清点完毕"}, one
            done = done or one == "清点完毕"
    count = BoxCount(uuid4(), number, box, listed(codes), broken, nameless, on_list, done=done)
    day.shown = arriving.count_box(day.archive.app, day.who(name), count, day.now())


@then(parsers.parse("{number:S} 的差异单为"))
def _(day: Day, number: str, datatable: Table) -> None:
    """Columns 差异, 档案, 箱, 实际箱; in any order."""
    view = arriving.discrepancies(day.archive.app, next(iter(day.people.values())), number)
    shown = [
        (DIFFERENCE_NAMES[one.kind][0], one.volume or "", one.box, one.found_box or "")
        for one in view.sheet.differences
    ]
    assert sorted(shown) == sorted((row["差异"], row["档案"], row["箱"], row["实际箱"]) for row in rows(datatable))


@when(
    parsers.re(
        r"(?P<name>\S+) 在 (?P<number>A-\d+) 的差异单上签字(?:，代录 (?P<other>\S+) 签字的纸质单 (?P<paper>\S+))?$"
    )
)
@attempted
def _(day: Day, name: str, number: str, other: str | None, paper: str | None) -> None:
    viewer = day.who(name)
    shown = arriving.discrepancies(day.archive.app, viewer, number)
    arriving.sign(day.archive.app, viewer, Signing(uuid4(), number, shown.hash, other, paper), day.now())


@when(
    parsers.re(
        r"(?P<name>\S+) 查明 (?P<number>A-\d+) 的(?P<kind>无头档案|多出)：编号 (?P<dossier>\S+)，姓名 (?P<person>\S+)$"
    )
)
@attempted
def _(day: Day, name: str, number: str, kind: str, dossier: str, person: str) -> None:
    viewer = day.who(name)
    wanted = "unidentified" if kind == "无头档案" else "extra"
    lines = placing.open_arrival(day.archive.app, viewer, number, day.now()).lines
    line = next(one for one in lines if one.state == wanted)
    finding = Finding(uuid4(), number, line.line_id, ListRow(line.box, dossier, person, None))
    arriving.identify(day.archive.app, viewer, finding, day.now())


@then(parsers.parse("{number:S} 的进度为 {told}"))
def _(day: Day, number: str, told: str) -> None:
    """`已清点 2、缺少 1`; steps nobody is at are left out."""
    view = placing.open_arrival(day.archive.app, next(iter(day.people.values())), number, day.now())
    shown = {REACHED_NAMES[step][0]: count for step, count in view.progress.items() if count}
    assert shown == {part.split(" ")[0]: int(part.split(" ")[1]) for part in listed(told)}


@when(parsers.parse("{name:S} 给 {volume:S} 绑定标签 {epc:S}，读回 {read_back:S}"))
@attempted
def _(day: Day, name: str, volume: str, epc: str, read_back: str) -> None:
    printed = Printed(VolumeName.parse(volume), epc, read_back, code=volume)
    tagging.bind(day.archive.app, day.who(name), uuid4(), [printed], day.now())


@when(parsers.re(r"(?P<names>\S+) 审核 (?P<volumes>[^\s，]+)，清点 (?P<pieces>\d+) 份(?:，缺 (?P<gaps>.+))?$"))
@attempted
def _(day: Day, names: str, volumes: str, pieces: str, gaps: str | None) -> None:
    first, second = day.hands(names)
    reviewed = [Reviewed(VolumeName.parse(one), int(pieces), (), listed(gaps or "")) for one in listed(volumes)]
    accepting.accept(day.archive.app, first, Acceptance(uuid4(), reviewed, second), day.now())


@when(parsers.parse("{name:S} 不予接收 {volumes:S}，理由 {grounds:S}，退档函 {letter:S}，渠道 {way:S}"))
@attempted
def _(day: Day, name: str, volumes: str, grounds: str, letter: str, way: str) -> None:
    codes = [code for code, ground in GROUNDS.items() if ground.zh in listed(grounds)]
    assert len(codes) == len(listed(grounds)), "no such ground"
    names = [VolumeName.parse(one) for one in listed(volumes)]
    turning = Turning(uuid4(), names, codes, letter, CHANNELS[way].value)
    accepting.refuse(day.archive.app, day.who(name), turning, day.now())


@then(parsers.parse("{name:S} 统计到不予接收 {refused:d} 次，被制止 {blocked:d} 次"))
def _(day: Day, name: str, refused: int, blocked: int) -> None:
    hour = timedelta(hours=1)
    counted = accepting.count_refusals(day.archive.app, day.who(name), day.now() - hour, day.now() + hour).counts
    assert sum(one.done for one in counted) == refused
    assert sum(one.blocked for one in counted) == blocked
