"""Two reviewers take a dossier in, gaps are promised, and what is no ground refuses nobody."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.identifiers import VolumeName
from inventory.domain.law import ABOLISHED_PAPERS
from inventory.domain.materials import material, parse_dated
from inventory.domain.people import Role
from inventory.domain.refusal_grounds import GROUNDS, check_grounds, is_blocked
from inventory.operations import accepting
from inventory.operations.accepting import Acceptance, Reviewed, Turning
from tests.arrivals.conftest import ONE_ENGINE, announced, count, delivered, now
from tests.conftest import Archive

LIST = "box,number,name\n1,N-1,王芳\n1,N-2,李强\n"
ABOLISHED = [paper.id for paper in ABOLISHED_PAPERS]


@pytest.fixture
def arrived(yard: Archive, tmp_path: Path) -> Archive:
    """Two dossiers stand among the arrivals, counted."""
    number = delivered(yard, announced(yard, tmp_path, LIST))
    count(yard, number, "1", ["N-1", "N-2"], done=True)
    return yard


def turn_away(archive: Archive, *grounds: str, **more: object) -> int:
    fields = {
        "command_id": uuid4(), "volumes": [VolumeName("N-1")], "grounds": grounds, "letter": "历档函〔2026〕8号",
        "channel": "confidential",
    } | more  # fmt: skip
    return accepting.refuse(archive.app, archive.keeper, Turning(**fields), now())  # type: ignore[arg-type]


def test_two_reviewers_list_the_materials_and_the_gaps_are_promised(arrived: Archive) -> None:
    listed = [
        material("一类", "干部履历表", dated="1998年7月"),
        material("4", "毕业生登记表", pieces=2, pages=6),
    ]
    reviewed = [Reviewed(VolumeName("N-1"), 3, listed, ["学位证书复印件"]), Reviewed(VolumeName("N-2"), 7)]
    command = uuid4()
    taken = Acceptance(command, reviewed, arrived.second)
    assert accepting.accept(arrived.app, arrived.keeper, taken, now()) == 2
    assert accepting.accept(arrived.app, arrived.keeper, taken, now()) == 0
    rows = accepting.materials_list(arrived.app, arrived.clerk, VolumeName("N-1"))
    assert [(row.category, row.title, row.dated, row.pieces, row.added_by) for row in rows] == [
        (1, "干部履历表", "1998-07", 1, "keeper"), (4, "毕业生登记表", None, 2, "keeper"),
    ]  # fmt: skip
    standing = arrived.root.execute("SELECT legal, pieces, marks FROM holding ORDER BY volume_id").fetchall()
    assert standing == [("held", 3, ["gap"]), ("held", 7, [])]


@ONE_ENGINE
def test_one_reviewer_or_a_wrong_count_takes_nothing_in(arrived: Archive) -> None:
    alone = Acceptance(uuid4(), [Reviewed(VolumeName("N-1"), 3)], None)
    with pytest.raises(refusals.SecondPersonMissing):
        accepting.accept(arrived.app, arrived.keeper, alone, now())
    miscounted = [Reviewed(VolumeName("N-1"), 4, [material("1", "履历表", pieces=3)])]
    with pytest.raises(refusals.PiecesDiffer):
        accepting.accept(arrived.app, arrived.keeper, Acceptance(uuid4(), miscounted, arrived.second), now())
    said = Acceptance(uuid4(), miscounted, arrived.second, reason="附件一份未列入目录")
    assert accepting.accept(arrived.app, arrived.keeper, said, now()) == 1


@ONE_ENGINE
@pytest.mark.parametrize("paper", ["就业报到证", "行政（工资）介绍信", "转正定级表", "调整改派手续"])
def test_nobody_is_asked_to_promise_a_paper_that_was_abolished(arrived: Archive, paper: str) -> None:
    asked = Acceptance(uuid4(), [Reviewed(VolumeName("N-1"), 3, gaps=[paper])], arrived.second)
    with pytest.raises(refusals.GroundAbolished):
        accepting.accept(arrived.app, arrived.keeper, asked, now())


def test_an_abolished_paper_is_no_ground_and_that_somebody_tried_is_counted(arrived: Archive) -> None:
    for _ in range(2):
        with pytest.raises(refusals.GroundAbolished) as told:
            turn_away(arrived, "registration_card", "material_gap")
    assert told.value.rule == "no_registration_card" and "就业报到证" in told.value.sentence("zh")
    with pytest.raises(refusals.GapIsNoGround):
        turn_away(arrived, "material_gap")
    assert arrived.where("N-1") == "W1-IN"
    assert turn_away(arrived, "wrong_person", "registration_card", tracking="机要 8812") == 1
    assert arrived.where("N-1") == "COURIER-CONFIDENTIAL"
    supervisor = arrived.person("province", Role.SUPERVISOR)
    counted = accepting.count_refusals(arrived.app, supervisor, now() - timedelta(days=1), now() + timedelta(days=1))
    assert [(one.ground, one.done, one.blocked) for one in counted.counts] == [
        ("material_gap", 0, 3), ("registration_card", 1, 2), ("wrong_person", 1, 0),
    ]  # fmt: skip
    assert set(counted.names) == set(GROUNDS)


@ONE_ENGINE
def test_a_refusal_needs_a_letter_a_ground_and_a_carrier_who_is_not_the_person(arrived: Archive) -> None:
    with pytest.raises(refusals.BadInput):
        turn_away(arrived)
    with pytest.raises(refusals.BadInput):
        turn_away(arrived, "no_such_ground")
    with pytest.raises(refusals.BadInput):
        turn_away(arrived, "wrong_person", channel="self")
    with pytest.raises(refusals.BadInput):
        turn_away(arrived, "wrong_person", letter=" ")
    accepting.accept(
        arrived.app, arrived.keeper, Acceptance(uuid4(), [Reviewed(VolumeName("N-1"), 3)], arrived.second), now()
    )
    with pytest.raises(refusals.LegalStateForbids):
        turn_away(arrived, "wrong_person")


def test_the_database_knows_the_same_papers(archive: Archive) -> None:
    """The constraint names what is no ground; the law's list may grow, the two stay one."""
    (rule,) = archive.root.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'refusal_of_abolished_papers'"
    ).fetchone()  # type: ignore[misc]
    assert set(re.findall(r"'(\w+)'", rule)) == {*ABOLISHED, "material_gap"}


def test_no_set_of_abolished_papers_is_ever_a_ground() -> None:
    for number in range(1, 2 ** len(ABOLISHED)):
        told = [paper for bit, paper in enumerate(ABOLISHED) if number >> bit & 1]
        with pytest.raises(refusals.GroundAbolished):
            check_grounds(told)
        assert is_blocked([*told, "material_gap"])
        assert check_grounds([*told, "forged"])[0] == "forged"


@pytest.mark.parametrize(
    ("written", "dated"),
    [("1998", "1998"), ("1998-7", "1998-07"), ("1998.07.01", "1998-07-01"), ("1998年7月1日", "1998-07-01"), ("", None)],
)
def test_a_material_is_dated_as_far_as_its_paper_says(written: str, dated: str | None) -> None:
    assert parse_dated(written) == dated


@pytest.mark.parametrize("written", ["98", "1998-13", "1998-02-30", "七月"])
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(refusals.BadInput):
        parse_dated(written)
