"""Picking: waves, stops, what is fetched and what isn't there."""

from uuid import uuid4

from pytest_bdd import parsers, then, when

from inventory.domain.identifiers import VolumeName
from inventory.domain.picking import work_number
from inventory.domain.searching import case_number
from inventory.operations import picking
from inventory.operations.picking import PickAsked, WaveAsked
from tests.scenarios.day import Day, attempted, expected_number, listed


@when(parsers.re(r"(?P<name>\S+) 编制出库批次(?:，得 (?P<wave>\S+))?$"))
@attempted
def _(day: Day, name: str, wave: str | None) -> None:
    made = picking.make_wave(day.archive.app, day.who(name), WaveAsked(uuid4(), "W1"), day.now())
    expected_number(work_number("W", made.wave_id), wave)


@when(parsers.parse("{name:S} 领取 {wave:S} 的下一站"))
@attempted
def _(day: Day, name: str, wave: str) -> None:
    day.shown = picking.next_stop(day.archive.app, day.who(name), wave, day.now())


@then(parsers.parse("这一站是 {shelf:S}，应取 {volumes:S}"))
def _(day: Day, shelf: str, volumes: str) -> None:
    assert day.shown.stop.shelf == shelf
    assert [str(pick.due().volume) for pick in day.shown.open] == listed(volumes)


@when(parsers.parse("{name:S} 在 {shelf:S} 出架 {volumes:S} 到 {place:S}"))
@attempted
def _(day: Day, name: str, shelf: str, volumes: str, place: str) -> None:
    asked = PickAsked(uuid4(), shelf, listed(volumes), place)
    picking.pick(day.archive.app, day.who(name), asked, day.now())


@when(parsers.parse("{name:S} 报告这一站没有 {volume:S}，得 {case:S}"))
@attempted
def _(day: Day, name: str, volume: str, case: str) -> None:
    case_id = picking.not_found(day.archive.app, day.who(name), uuid4(), VolumeName.parse(volume), day.now())
    expected_number(case_number(case_id), case)


@when(parsers.parse("{name:S} 结束出库批次 {wave:S}"))
@attempted
def _(day: Day, name: str, wave: str) -> None:
    picking.finish_wave(day.archive.app, day.who(name), uuid4(), wave, day.now())


@then("没有可领的站")
def _(day: Day) -> None:
    assert day.shown is None
