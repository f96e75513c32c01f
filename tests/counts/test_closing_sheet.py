"""At the end of the day every dossier that is out has a name against it; and whose years are up is told."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.counting import LOCAL
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.requests import RequestKind
from inventory.operations import custody, lending, searching
from inventory.operations.closing_sheet import Closing, closing_paper, closing_sheet
from inventory.operations.count_papers import certificate_paper
from inventory.operations.counting import Certifying, certify
from inventory.operations.retained import retained
from inventory.papers.printing import closing_sheet_pdf, count_certificate_pdf
from inventory.store.database import raw
from tests.conftest import Archive
from tests.counts.conftest import People, arrive, known_now, noon, yesterday
from tests.requests.conftest import ONE_ENGINE
from tests.requests.counter import ID, OTHER_ID, Counter

pytestmark = ONE_ENGINE


def work(
    archive: Archive, viewer: Viewer, kind: ActKind, volume: str, place: str | None, through: str, **more: object
) -> None:
    """An act inside the piece of work it belongs to."""
    with archive.app.transaction(viewer) as session:
        custody.write(raw(session), viewer, archive.asked(kind, volume, place, **more), through=through)


def outside(archive: Archive, code: str, kind: str, name: str) -> str:
    archive.root.execute("INSERT INTO place (code, kind, name) VALUES (%s, %s, %s)", (code, kind, name))
    archive.root.execute("UPDATE place SET path = '/' || id || '/' WHERE code = %s", (code,))
    return code


def told(closing: Closing) -> dict[str, list[tuple[str, str | None]]]:
    """Holder and place -> volumes and what each is out for."""
    return {
        f"{group.holder} @ {group.place}": [(str(one.volume), one.reference) for one in group.volumes]
        for group in closing.sheet.groups
    }


def test_every_dossier_out_has_a_name_against_it_or_stands_first(archive: Archive) -> None:
    counter = Counter(archive)
    archive.place("W1-C1", "cart", parent="W1-R1")
    archive.place("W1-READ", "reading_room", parent="W1-R1")
    outside(archive, "BAG-7", "bag", "7号袋")
    for number in ("LENT", "READ", "BAGGED", "SENT", "CART", "GONE", "ON-SHELF"):
        counter.dossier(number)
    loan = counter.approved(RequestKind.LOAN, "LENT").number
    visit = counter.approved(RequestKind.CONSULTATION, "READ").number
    for number in ("LENT", "READ", "BAGGED", "SENT", "CART"):
        counter.fetch(number)
    for number in (loan, visit):
        counter.set(number, state="ready")
    counter.lend(loan, "LENT")
    visitors = [("赵三", ID), ("钱四", OTHER_ID)]
    lending.consult(archive.app, archive.keeper, lending.Visit(uuid4(), visit, "W1-READ", visitors), known_now())
    for number in ("BAGGED", "SENT"):
        packed = {"authority": "C-000001", "details": {"consignment": "C-000001"}}
        work(archive, archive.second, ActKind.PACKED, number, "BAG-7", "consignment", **packed)
    sent = {"consignment": "C-000001", "carriers": ["孙五", "周六"], "bag_seal": "B-1", "channel": "staff"}
    work(
        archive, archive.keeper, ActKind.DISPATCHED, "SENT", "COURIER-STAFF", "consignment",
        authority="C-000001", witness=archive.second, details=sent,
    )  # fmt: skip
    archive.act(ActKind.MOVED, "CART", "W1-C1")
    searching.begin_search(
        archive.app, archive.keeper, VolumeName("GONE"), command_id=uuid4(), now=datetime.now(UTC), reason="无"
    )
    closing = closing_sheet(archive.app, archive.keeper, "W1", datetime.now(UTC))
    assert told(closing) == {
        "keeper @ 查找中": [("GONE", "S-000001")],
        "NOTARY 单位：王强、李伟 @ NOTARY 单位": [("LENT", loan)],
        "孙五、周六 @ 专人送取": [("SENT", "C-000001")],
        "second @ 7号袋": [("BAGGED", "C-000001")],
        "赵三、钱四 @ W1-READ": [("READ", visit)],
        "keeper @ W1-C1": [("CART", None)],
    }
    assert (closing.out, closing.named, closing.overdue, closing.more, closing.in_order) == (6, 6, 0, 0, True)
    month = closing_sheet(archive.app, archive.keeper, "W1", datetime.now(UTC) + timedelta(days=40))
    assert [(str(one.volume), one.overdue) for group in month.sheet.groups for one in group.volumes if one.due] == [
        ("LENT", True)
    ]

    # What a register says is somewhere was put there by nobody we know.
    archive.root.execute("UPDATE account SET role = 'service' WHERE login = 'second'")
    closing, foot = closing_paper(archive.app, archive.keeper, None, datetime.now(UTC))
    assert closing.sheet.groups[0].holder is None and (closing.out, closing.named) == (6, 5)
    assert closing_sheet_pdf(closing.sheet, foot).startswith(b"%PDF")


def test_the_sheet_is_for_the_warehouses_own_people(archive: Archive, people: People) -> None:
    for viewer in (archive.clerk, people.head):
        with pytest.raises(refusals.NotAllowed):
            closing_sheet(archive.app, viewer, None, known_now())
    with pytest.raises(refusals.PlaceNotFound):
        closing_sheet(archive.app, archive.keeper, "W1-R1", known_now())
    assert closing_sheet(archive.app, people.manager, "W1", known_now()).sheet.groups == ()


def test_a_certificate_is_printed(archive: Archive, people: People) -> None:
    arrive(archive, "D-1", noon(yesterday()))
    certify(archive.app, people.head, Certifying(uuid4(), "370112", yesterday()), known_now())
    paper, foot = certificate_paper(archive.app, people.head, "Z-000001", known_now())
    assert (paper.number, paper.held, paper.day) == ("Z-000001", 1, yesterday())
    assert count_certificate_pdf(paper, foot).startswith(b"%PDF")


def test_the_deceased_are_kept_five_years_and_the_retired_are_due_at_once(archive: Archive, people: People) -> None:
    archive.shelf("A-01")
    today = datetime.now(LOCAL).date()
    for number, died_on in (("D-1", date(today.year - 5, 1, 1)), ("D-2", date(today.year - 1, 2, 3))):
        archive.dossier(number, on="A-01")
        asked = archive.asked(
            ActKind.DECEASED, number, None, authority="死亡证明 1", details={"died_on": died_on.isoformat()}
        )
        custody.record(archive.app, people.head, asked)
    archive.dossier("D-3", on="A-01")
    custody.record(archive.app, people.head, archive.asked(ActKind.RETIRED, "D-3", None, authority="退休审批 8"))
    found = retained(archive.app, archive.keeper, known_now())
    assert [(one.number, one.until, one.due) for one in found.deceased] == [
        ("D-1", date(today.year, 1, 1), True),
        ("D-2", date(today.year + 4, 2, 3), False),
    ]
    assert [(one.number, one.since, one.due) for one in found.retired] == [("D-3", today, True)]
    assert (found.years, found.due) == (5, 2)
    assert retained(archive.app, people.other_head, known_now()).due == 0
