"""Through which hands paper goes: lent and back, read on the spot, a scan in its place, sent for good and confirmed."""

from collections.abc import Mapping
from uuid import uuid4

from pytest_bdd import parsers, when

from inventory.domain.request_rules import ComesBack
from inventory.operations import lending, transferring
from inventory.operations.lending import ComingBack, HandingOut, Visit
from inventory.operations.request_views import local_day
from inventory.operations.transferring import Receipt, Sending, Undelivered
from tests.scenarios.day import Day, Table, attempted, by_volume, listed, rows

INTACT = {"完好": True, "破损": False}


def _back(table: Table) -> Mapping[str, ComesBack]:
    return {row["册"]: ComesBack(INTACT[row["封条"]], int(row["份数"])) for row in rows(table)}


@when(parsers.parse("{names:S} 在库房借出 {number:S}，递送人 {carriers:S}"))
@attempted
def _(day: Day, names: str, number: str, carriers: str, datatable: Table) -> None:
    first, second = day.hands(names)
    handing = HandingOut(uuid4(), number, listed(carriers), by_volume(datatable, "封条号"))
    lending.lend(day.archive.app, first, handing, second, day.now())


@when(parsers.parse("{names:S} 在窗口交付 {number:S}，递送人 {carriers:S}"))
@attempted
def _(day: Day, names: str, number: str, carriers: str, datatable: Table) -> None:
    first, second = day.hands(names)
    handing = HandingOut(uuid4(), number, listed(carriers), by_volume(datatable, "封条号"))
    lending.hand_over(day.archive.app, first, handing, second, day.now())


@when(parsers.parse("{names:S} 在 {place:S} 收到归还的 {number:S}"))
@attempted
def _(day: Day, names: str, place: str, number: str, datatable: Table) -> None:
    """At the warehouse's desk a keeper takes it in, at the window a clerk."""
    first, second = day.hands(names)
    row = day.archive.root.execute("SELECT kind FROM place WHERE code = %s", (place,)).fetchone()
    take = lending.take_back if row == ("window",) else lending.loan_return
    take(day.archive.app, first, ComingBack(uuid4(), number, place, _back(datatable)), second, day.now())


@when(parsers.parse("{name:S} 把 {number:S} 的档案送到 {place:S}，查阅人如下"))
@attempted
def _(day: Day, name: str, number: str, place: str, datatable: Table) -> None:
    visitors = [(row["姓名"], row["身份证号"]) for row in rows(datatable)]
    lending.consult(day.archive.app, day.who(name), Visit(uuid4(), number, place, visitors), day.now())


@when(parsers.parse("{name:S} 结束 {number:S} 的查阅，档案放回 {place:S}"))
@attempted
def _(day: Day, name: str, number: str, place: str) -> None:
    lending.end_consultation(day.archive.app, day.who(name), uuid4(), number, place, day.now())


@when(parsers.parse("{name:S} 按 {number:S} 提供扫描件"))
@attempted
def _(day: Day, name: str, number: str) -> None:
    lending.give_scan(day.archive.app, day.who(name), uuid4(), number, day.now())


@when(parsers.parse("{name:S} 登记 {number:S} 用毕"))
@attempted
def _(day: Day, name: str, number: str) -> None:
    lending.finish(day.archive.app, day.who(name), uuid4(), number, day.now())


@when(parsers.re(r"(?P<names>\S+) 发出转递 (?P<number>[^\s，]+)(?:，单号 (?P<tracking>\S+))?$"))
@attempted
def _(day: Day, names: str, number: str, tracking: str | None, datatable: Table) -> None:
    first, second = day.hands(names)
    pieces = {volume: int(count) for volume, count in by_volume(datatable, "份数").items()}
    sending = Sending(uuid4(), number, by_volume(datatable, "封条号"), pieces, tracking or "")
    transferring.send(day.archive.app, first, sending, second, day.now())


@when(parsers.parse("{name:S} 收到 {number:S} 的回执 {receipt:S}"))
@attempted
def _(day: Day, name: str, number: str, receipt: str) -> None:
    signed = Receipt(uuid4(), number, receipt, local_day(day.now()))
    transferring.confirm_receipt(day.archive.app, day.who(name), signed, day.now())


@when(parsers.parse("{names:S} 在 {place:S} 收到退回的转递 {number:S}，原因 {reason}"))
@attempted
def _(day: Day, names: str, place: str, number: str, reason: str, datatable: Table) -> None:
    first, second = day.hands(names)
    back = Undelivered(uuid4(), number, place, reason, _back(datatable))
    transferring.undelivered(day.archive.app, first, back, second, day.now())
