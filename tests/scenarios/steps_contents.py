"""What is in the envelopes: loose materials put in by order, and scans made of them."""

from hashlib import sha256
from uuid import uuid4

from pytest_bdd import parsers, then, when

from inventory.domain.identifiers import VolumeName
from inventory.domain.materials import MatchProof, material
from inventory.operations import accepting, digitising, loose_materials
from inventory.operations.digitising import Return, Scan, Sending
from inventory.operations.loose_materials import Insertion, Loose
from tests.scenarios.day import Day, Table, attempted, channel, expected_number, rows

PROOFS = {proof.zh: proof.value for proof in MatchProof}


@when(parsers.parse("{name:S} 收到 {sender:S} 的散材料，渠道 {way:S}，单号 {tracking:S}，得 {number:S}"))
@attempted
def _(day: Day, name: str, sender: str, way: str, tracking: str, number: str, datatable: Table) -> None:
    """Columns 姓名, 编号, 身份证号, 类别, 材料, 份数."""
    came = [
        Loose(
            row["姓名"],
            material(row["类别"], row["材料"], pieces=int(row["份数"])),
            row.get("编号") or None,
            row.get("身份证号") or None,
        )
        for row in rows(datatable)
    ]
    viewer = day.who(name)
    batch = loose_materials.receive(day.archive.app, viewer, uuid4(), sender, channel(way), tracking, came, day.now())
    expected_number(batch, number)


@then(parsers.parse("{number:S} 的散材料为"))
def _(day: Day, number: str, datatable: Table) -> None:
    """Columns 材料, 档案: where each one belongs, as far as it is known."""
    shown = loose_materials.open_batch(day.archive.app, next(iter(day.people.values())), number).materials
    assert sorted((one.title, one.volume or "") for one in shown) == sorted(
        (row["材料"], row["档案"]) for row in rows(datatable)
    )


@when(parsers.parse("{name:S} 把 {number:S} 的“{title}”归给 {volume:S}，证明 {proof}"))
@attempted
def _(day: Day, name: str, number: str, title: str, volume: str, proof: str) -> None:
    """A proof the house doesn't know is told as it stands, and proves nothing."""
    viewer = day.who(name)
    shown = loose_materials.open_batch(day.archive.app, viewer, number).materials
    loose_id = next(one.loose_id for one in shown if one.title == title)
    kind, _, note = proof.partition(" ")
    told = PROOFS.get(kind, kind)
    loose_materials.match(day.archive.app, viewer, number, loose_id, VolumeName.parse(volume), told, note)


@when(parsers.parse("{name:S} 退回 {number:S} 的“{title}”，原因 {note}"))
@attempted
def _(day: Day, name: str, number: str, title: str, note: str) -> None:
    viewer = day.who(name)
    shown = loose_materials.open_batch(day.archive.app, viewer, number).materials
    loose_ids = [one.loose_id for one in shown if one.title == title]
    loose_materials.send_back(day.archive.app, viewer, number, loose_ids, note)


@when(parsers.parse("{names:S} 归入 {number:S}，依据 {order}"))
@attempted
def _(day: Day, names: str, number: str, order: str, datatable: Table) -> None:
    """Columns 册, 份数 (counted afterwards), 封条号 (empty: it stays open)."""
    first, second = day.hands(names)
    insertions = [
        Insertion(VolumeName.parse(row["册"]), int(row["份数"]), row["封条号"] or None) for row in rows(datatable)
    ]
    loose_materials.insert(day.archive.app, first, uuid4(), number, order, insertions, second, day.now())


@then(parsers.parse("{volume:S} 的目录有 {titles}"))
def _(day: Day, volume: str, titles: str) -> None:
    name = VolumeName.parse(volume)
    shown = accepting.materials_list(day.archive.app, next(iter(day.people.values())), name)
    assert {one.title for one in shown} >= set(titles.split("、"))


# ── Scans ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@when(parsers.parse("{name:S} 送数字化到 {place:S}，依据 {order}，外包 {contractor:S}，得 {number:S}"))
@attempted
def _(day: Day, name: str, place: str, order: str, contractor: str, number: str, datatable: Table) -> None:
    volumes = [(VolumeName.parse(row["册"]), int(row["份数"])) for row in rows(datatable)]
    sending = Sending(uuid4(), order, place, volumes, contractor)
    expected_number(digitising.send(day.archive.app, day.who(name), sending, day.now()), number)


@when(parsers.parse("{name:S} 报告 {number:S} 的扫描：{volume:S} 共 {pages:d} 页，存于 {link:S}"))
@attempted
def _(day: Day, name: str, number: str, volume: str, pages: int, link: str) -> None:
    """The file's hash is that of its address: no file is made here."""
    scan = Scan(VolumeName.parse(volume), pages, sha256(link.encode()).hexdigest(), link)
    digitising.report(day.archive.app, day.who(name), number, [scan], day.now())


@when(parsers.parse("{names:S} 在 {place:S} 收回 {number:S}"))
@attempted
def _(day: Day, names: str, place: str, number: str, datatable: Table) -> None:
    first, second = day.hands(names)
    back = [Return(VolumeName.parse(row["册"]), int(row["份数"]), row["封条号"] or None) for row in rows(datatable)]
    digitising.take_back(day.archive.app, first, uuid4(), number, place, back, second, day.now())
