"""背景: the house, the people of the day, their letters, and dossiers that stand on their shelves already."""

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path
from uuid import uuid4

from pytest_bdd import given, parsers, when

from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.institutions import parse_institution_class
from inventory.domain.people import parse_role
from inventory.domain.places import PlaceKind, parse_place_kind
from inventory.domain.requests import LetterKind
from inventory.domain.travelling import Career
from inventory.operations import custody, declaring, institutions
from inventory.operations.custody import Asked, Seen
from inventory.operations.importing import import_register
from inventory.operations.institutions import NewInstitution, NewLetter
from tests.scenarios.day import Day, Table, attempted, named, rows

INSIDE = {
    PlaceKind.SHELF,
    PlaceKind.DESK,
    PlaceKind.CART,
    PlaceKind.QUARANTINE,
    PlaceKind.ARRIVALS,
    PlaceKind.READING_ROOM,
}
DEPOSITS = {"": "", "单位存档": "employer", "个人存档": "individual"}


@given("库房 W1 有下列所在")
def _(day: Day, datatable: Table) -> None:
    for row in rows(datatable):
        kind = parse_place_kind(row["种类"])
        day.archive.place(row["代码"], kind.value, parent="W1-R1" if kind in INSIDE else None)


@given(parsers.parse("另有机构 {code} {name}"))
def _(day: Day, code: str, name: str) -> None:
    day.archive.root.execute("INSERT INTO agency (code, name, level) VALUES (%s, %s, 'county')", (code, name))


@given("今天当班的人")
def _(day: Day, datatable: Table) -> None:
    for row in rows(datatable):
        day.people[row["姓名"]] = day.archive.person(row["姓名"], parse_role(row["角色"]), row["机构"] or None)


@given(parsers.parse("已在架的档案，由 {names} 接收、审核、封装、上架"))
def _(day: Day, names: str, datatable: Table, tmp_path: Path) -> None:
    """Columns 编号, 册, 姓名, 身份证号, 机构, 存档类别, 库位, 份数, 封条号; what isn't told is left out."""
    keeper, second = day.hands(names)
    table = rows(datatable)
    _register(day, table, tmp_path / "dossiers.csv")
    desk = next(
        code for (code,) in day.archive.root.execute("SELECT code FROM place WHERE kind = 'desk' ORDER BY code")
    )
    seen: dict[str, list[Seen]] = {kind: [] for kind in ("received", "accepted", "opened", "sealed")}
    shelves = defaultdict(list)
    for row in table:
        volume = VolumeName(row["编号"], int(row.get("册") or 1))
        pieces = int(row["份数"])
        seen["received"].append(Seen(volume, details={"channel": "confidential"}))
        seen["accepted"].append(Seen(volume, details={"pieces": pieces}))
        seen["opened"].append(Seen(volume))
        seen["sealed"].append(Seen(volume, details={"pieces": pieces, "seal_number": row["封条号"]}))
        shelves[row["库位"]].append(Seen(volume))

    def act(kind: ActKind, volumes: list[Seen], place: str | None, authority: str | None = None) -> None:
        asked = Asked(uuid4(), kind, volumes, place, day.now(), authority, witness=second)
        custody.record(day.archive.app, keeper, asked)

    act(ActKind.RECEIVED, seen["received"], desk)
    act(ActKind.ACCEPTED, seen["accepted"], None)
    act(ActKind.OPENED, seen["opened"], None, "启封令〔2026〕1 号")
    act(ActKind.SEALED, seen["sealed"], None)
    for shelf, volumes in shelves.items():
        act(ActKind.SHELVED, volumes, shelf)


def _register(day: Day, table: list[dict[str, str]], path: Path) -> None:
    """The dossiers' register, imported from a file; without a place nothing has come yet."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["number", "volume", "name", "id_number", "holding_agency", "deposit_type", "place", "epc", "tid"]
        )
        for row in table:
            cells = [row["编号"], row.get("册") or "1", row["姓名"], row.get("身份证号", "")]
            deposit = DEPOSITS[row.get("存档类别", "")]
            writer.writerow([*cells, row.get("机构") or "370112", deposit, row.get("所在", ""), "", ""])
    import_register(day.archive.owner, "dossiers", path, uuid4(), day.now())


@given(parsers.parse("导入的登记册写着 {number:S}（{name}）在 {place:S}"))
def _(day: Day, number: str, name: str, place: str, tmp_path: Path) -> None:
    _register(day, [{"编号": number, "姓名": name, "所在": place}], tmp_path / "register.csv")


@given(parsers.parse("{name} 已登记的单位"))
def _(day: Day, name: str, datatable: Table) -> None:
    for row in rows(datatable):
        kind = parse_institution_class(row["类别"])
        new = NewInstitution(uuid4(), row["代码"], row["名称"], kind, row["地址"])
        institutions.register_institution(day.archive.app, day.who(name), new, day.now())


@given(parsers.parse("{name} 已登记的函件"))
@when(parsers.parse("{name} 登记函件"))
@attempted
def _(day: Day, name: str, datatable: Table) -> None:
    for row in rows(datatable):
        kind = named(LetterKind, row["种类"])
        new = NewLetter(uuid4(), kind, row["编号"], row["发函单位"], date.fromisoformat(row["日期"]))
        letter = institutions.register_letter(day.archive.app, day.who(name), new, day.now())
        day.letters[row["编号"]] = letter.letter_id


@when(parsers.parse("{name} 登记 {dossier} 存档人员的身份类别为 {career}，依据 {document}"))
@given(parsers.parse("{name} 已登记 {dossier} 存档人员的身份类别为 {career}，依据 {document}"))
@attempted
def _(day: Day, name: str, dossier: str, career: str, document: str) -> None:
    declaring.declare_career(
        day.archive.app, day.who(name), uuid4(), dossier, named(Career, career), document, day.now()
    )


@when(parsers.parse("{name} 申报本人或亲属的身份证号 {id_number}"))
@attempted
def _(day: Day, name: str, id_number: str) -> None:
    viewer = day.who(name)
    declaring.declare_tie(day.archive.app, viewer, uuid4(), viewer.login, "relative", id_number, day.now())


@given(parsers.parse("过了 {days:d} 天"))
@when(parsers.parse("过了 {days:d} 天"))
def _(day: Day, days: int) -> None:
    day.days_later += days


@when(parsers.parse("{name:S} 暂停 {code:S} 借阅，原因 {reason}"))
@attempted
def _(day: Day, name: str, code: str, reason: str) -> None:
    institutions.block_institution(day.archive.app, day.who(name), uuid4(), code, reason, day.now())
