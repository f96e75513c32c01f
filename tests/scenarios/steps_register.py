"""The register and the evening: duplicates, whole agencies, deposit types, counts at 24:00, and the closing sheet."""

from uuid import uuid4

import pytest
from pytest_bdd import parsers, then, when

from inventory.domain.identifiers import VolumeName
from inventory.domain.merging import Proof
from inventory.domain.refusals import NotAllowed
from inventory.operations import register_work
from inventory.operations.closing_sheet import Closing, closing_sheet
from inventory.operations.finding import find_dossiers
from inventory.operations.register_work import Announced, DepositChange, Duplicate
from tests.scenarios.day import Day, attempted, expected_number, listed

PROOFS = {proof.zh: proof.value for proof in Proof}


@when(parsers.parse("{names:S} 把 {duplicate:S} 并入 {survivor:S}，证明 {proof:S} {document:S}，依据 {authority}"))
@attempted
def _(day: Day, names: str, duplicate: str, survivor: str, proof: str, document: str, authority: str) -> None:
    """A proof the house doesn't know is told as it stands, and proves nothing."""
    first, second = day.hands(names)
    assert second is not None, "duplicates are merged by two"
    asked = Duplicate(uuid4(), duplicate, survivor, PROOFS.get(proof, proof), document, authority, second)
    register_work.merge_duplicate(day.archive.app, first, asked, day.now())


@when(parsers.parse("{name:S} 登记机构变更 {document:S}：{origin:S} 并入 {target:S}，得 {number:S}"))
@attempted
def _(day: Day, name: str, document: str, origin: str, target: str, number: str) -> None:
    asked = Announced(uuid4(), document, origin, target)
    expected_number(register_work.announce_merger(day.archive.app, day.who(name), asked, day.now()), number)


@when(parsers.parse("{name:S} 核定 {number:S} 的数量为 {count:d} 份"))
@attempted
def _(day: Day, name: str, number: str, count: int) -> None:
    viewer = day.who(name)
    register_work.certify_count(day.archive.app, viewer, number, count, command_id=uuid4(), now=day.now())


@when(parsers.parse("{names:S} 办理 {number:S} 的机构变更"))
@attempted
def _(day: Day, names: str, number: str) -> None:
    first, second = day.hands(names)
    assert second is not None, "a merger is carried out by two"
    register_work.carry_out_merger(day.archive.app, first, number, command_id=uuid4(), witness=second, now=day.now())


@then(parsers.parse("{dossiers:S} 由 {agency:S} 管理"))
def _(day: Day, dossiers: str, agency: str) -> None:
    found = day.archive.root.execute(
        "SELECT number, agency.code FROM dossier JOIN agency ON agency.id = holding_agency_id WHERE number = ANY(%s)",
        (listed(dossiers),),
    ).fetchall()
    assert dict(found) == dict.fromkeys(listed(dossiers), agency)


@when(parsers.parse("{name:S} 变更 {dossier:S} 的存档类别为 {kind:S}，依据 {authority}"))
@attempted
def _(day: Day, name: str, dossier: str, kind: str, authority: str) -> None:
    told = {"单位存档": "employer", "个人存档": "individual"}[kind]
    asked = DepositChange(uuid4(), dossier, told, authority)
    register_work.change_deposit(day.archive.app, day.who(name), asked, day.now())


@then(parsers.parse("{name:S} 检索 {text:S} 找到 {numbers:S}"))
def _(day: Day, name: str, text: str, numbers: str) -> None:
    found = find_dossiers(day.archive.app, day.who(name), text, day.now())
    assert sorted(one.number for one in found.dossiers) == sorted(listed(numbers) if numbers != "无" else [])


# ── In the evening ───────────────────────────────────────────────────────────────────────────────────────────────────


def _closing(day: Day, name: str) -> Closing:
    return closing_sheet(day.archive.app, day.who(name), "W1", day.later())


@then(parsers.parse("{name:S} 的日终清单上在外 {out:d} 册，册册有名"))
def _(day: Day, name: str, out: int) -> None:
    closing = _closing(day, name)
    assert closing.in_order and closing.out == out, closing.sheet.groups


@then(parsers.parse("{name:S} 的日终清单上 {volume:S} 在“{holder}”名下"))
def _(day: Day, name: str, volume: str, holder: str) -> None:
    (held,) = [
        group.holder
        for group in _closing(day, name).sheet.groups
        for one in group.volumes
        if one.volume == VolumeName.parse(volume)
    ]
    assert held == holder


@then(parsers.parse("{name:S} 的日终清单上 {volume:S} 没有人名，排在最前"))
def _(day: Day, name: str, volume: str) -> None:
    closing = _closing(day, name)
    assert not closing.in_order
    assert closing.sheet.groups[0].holder is None
    assert [str(one.volume) for one in closing.sheet.groups[0].volumes] == [volume]


@then(parsers.parse("{name:S} 的日终清单上逾期 {overdue:d} 册"))
def _(day: Day, name: str, overdue: int) -> None:
    assert _closing(day, name).overdue == overdue


@then(parsers.parse("{name:S} 看不到日终清单"))
def _(day: Day, name: str) -> None:
    with pytest.raises(NotAllowed):
        _closing(day, name)
