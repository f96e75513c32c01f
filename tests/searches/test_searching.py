"""Not found, searched for, found again; or lost by decision, and rebuilt."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.domain.neighbours import Side
from inventory.domain.people import Role, Viewer
from inventory.domain.searching import CaseState, Step, StepResult
from inventory.operations import searching
from inventory.operations.search_cases import search_case, search_cases
from inventory.operations.searching import Finding, Looking, Loss, Rebuilding
from inventory.operations.verifying import verify_ledger
from inventory.store.database import raw
from tests.conftest import Archive
from tests.requests.conftest import ONE_ENGINE
from tests.searches.conftest import Missed, asked_for, look, look_everywhere

pytestmark = ONE_ENGINE


def now() -> datetime:
    return datetime.now(UTC)


def lose(archive: Archive, head: Viewer, case: str, **more: object) -> None:
    told = {
        "command_id": uuid4(),
        "authority": "决定 2026-1",
        "report": "鲁档报 2026-3",
        "witness": archive.clerk,
    } | more
    searching.declare_lost(archive.app, head, case, Loss(**told), now())  # type: ignore[arg-type]


def test_what_is_not_found_is_searched_for_and_found_where_it_was_misplaced(archive: Archive, missed: Missed) -> None:
    archive.shelf("A-02", x=0.9)
    case = missed("D-17")
    assert case == "S-000001"
    assert archive.where("D-17") == "NOT-FOUND"
    look(archive, case, Step.RADIO, archive.second)
    finding = Finding(uuid4(), "A-02", "夹在右邻库位", Step.NEIGHBOURS)
    searching.found(archive.app, archive.keeper, case, finding, now())
    searching.found(archive.app, archive.keeper, case, finding, now())
    assert archive.where("D-17") == "A-02"
    view = search_case(archive.app, archive.keeper, case, now())
    assert (view.line.state, view.case.found_place, view.case.outcome) == (CaseState.FOUND, "A-02", "夹在右邻库位")
    told = {line.step: [(one.searcher, one.result) for one in line.done] for line in view.steps if line.done}
    assert told == {Step.RADIO: [("second", "nothing")], Step.NEIGHBOURS: [("keeper", "found")]}
    assert search_cases(archive.app, archive.keeper) == []
    with pytest.raises(refusals.SearchClosed):
        look(archive, case, Step.BAGS, archive.keeper)


def test_one_volume_has_one_search_however_often_the_command_comes(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.dossier("D-17", on="A-01")
    command, numbers, request = uuid4(), [], asked_for(archive, "D-17")
    for _ in range(2):
        with archive.app.transaction(archive.keeper) as session:
            numbers.append(
                searching.begin(
                    raw(session),
                    archive.keeper,
                    VolumeName("D-17"),
                    command_id=command,
                    now=now(),
                    reason="无",
                    request_id=request,
                )
            )
    assert numbers[0] == numbers[1]
    again = VolumeName("D-17")
    with pytest.raises(refusals.WrongOrigin):
        searching.begin_search(archive.app, archive.keeper, again, command_id=uuid4(), now=now(), reason="无")


def test_a_loss_takes_the_whole_protocol_two_searchers_the_head_a_witness_and_a_report(
    archive: Archive, missed: Missed, head: Viewer
) -> None:
    case = missed("D-17")
    look(archive, case, Step.NEIGHBOURS, archive.keeper)
    with pytest.raises(refusals.SearchUnfinished) as unfinished:
        lose(archive, head, case)
    assert "清查整个区域" in str(unfinished.value) and "查看左" not in str(unfinished.value)
    look_everywhere(archive, case, archive.keeper)
    with pytest.raises(refusals.SearchByTwo):
        lose(archive, head, case)
    look(archive, case, Step.ZONE, archive.second, StepResult.NOT_APPLICABLE)
    with pytest.raises(refusals.SearchByTwo):
        lose(archive, head, case)
    look(archive, case, Step.ZONE, archive.second)
    with pytest.raises(refusals.ActNotForRole):
        lose(archive, archive.keeper, case)
    with pytest.raises(refusals.SecondPersonIsFirst):
        lose(archive, head, case, witness=head)
    with pytest.raises(refusals.BadDetail):
        lose(archive, head, case, report=" ")
    with pytest.raises(refusals.AuthorityMissing):
        lose(archive, head, case, authority=" ")
    assert archive.where("D-17") == "NOT-FOUND"
    archive.root.execute("UPDATE search_case SET request_id = %s", (asked_for(archive, "D-17"),))
    lose(archive, head, case)
    assert archive.where("D-17") == "LOST"
    assert archive.root.execute("SELECT state FROM request").fetchone() == ("closed",), "nobody waits for what is lost"
    act = archive.root.execute("SELECT details FROM act WHERE kind = 'lost'").fetchone()
    assert act == ('{"report":"鲁档报 2026-3","searchers":["keeper","second"]}',)
    assert [line.state for line in search_cases(archive.app, archive.keeper)] == [CaseState.LOST]


def test_what_was_lost_may_still_turn_up_or_is_rebuilt_and_marked_for_ever(
    archive: Archive, missed: Missed, head: Viewer
) -> None:
    cases = [missed("D-1"), missed("D-2")]
    for case in cases:
        look_everywhere(archive, case, archive.keeper, archive.second)
        lose(archive, head, case)
    searching.found(archive.app, archive.keeper, cases[0], Finding(uuid4(), "W1-D0", "清理办公室时发现"), now())
    rebuilding = Rebuilding(uuid4(), "W1-D0", "重建决定 2026-2", archive.second)
    for _ in range(2):
        searching.rebuild(archive.app, archive.keeper, cases[1], rebuilding, now())
    assert archive.where("D-1") == archive.where("D-2") == "W1-D0"
    marks = archive.root.execute(
        "SELECT number, marks, seal FROM holding JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id "
        "ORDER BY number"
    ).fetchall()
    assert marks == [("D-1", [], "sealed"), ("D-2", ["rebuilt"], "opened")]
    states = [search_case(archive.app, archive.keeper, case, now()).line.state for case in cases]
    assert states == [CaseState.FOUND, CaseState.REBUILT]
    assert verify_ledger(archive.jobs).sound


def test_a_suspicion_leaves_the_ledger_alone_until_somebody_takes_it_up(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.dossier("D-17", on="A-01")
    archive.dossier("D-18", on="A-01")
    request = asked_for(archive, "D-17")
    for volume in ("D-17", "D-18", "D-17"):
        with archive.jobs.transaction() as session:
            searching.suspect(
                raw(session),
                archive.keeper.account_id,
                VolumeName(volume),
                command_id=uuid4(),
                now=now(),
                reason="回执逾期两个月",
                request_id=request,
            )
    assert archive.where("D-17") == "A-01"
    first, second = search_cases(archive.app, archive.clerk)
    assert [first.state, second.state] == [CaseState.SUSPECTED] * 2
    searching.dismiss(archive.app, archive.keeper, second.number, command_id=uuid4(), now=now(), outcome="回执已到")
    number = searching.begin_search(
        archive.app, archive.keeper, VolumeName("D-17"), command_id=uuid4(), now=now(), reason="收件单位确认未收到"
    )
    assert number == first.number, "the suspicion became the search"
    assert archive.where("D-17") == "NOT-FOUND"
    with pytest.raises(refusals.SearchClosed):
        searching.dismiss(archive.app, archive.keeper, number, command_id=uuid4(), now=now(), outcome="x")


def test_a_suspicion_is_answered_by_the_volume_turning_up_in_the_ledger(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    for number in ("D-17", "D-18"):
        archive.dossier(number, on="A-01")
        with archive.jobs.transaction() as session:
            searching.suspect(
                raw(session),
                archive.keeper.account_id,
                VolumeName(number),
                command_id=uuid4(),
                now=now(),
                reason="逾期",
            )
    archive.act(ActKind.DAMAGED, "D-17", None, reason="不移动的经办不算")
    assert len(search_cases(archive.app, archive.keeper)) == 2
    archive.act(ActKind.RESHELVED, "D-17", "A-02")
    (left,) = search_cases(archive.app, archive.keeper)
    assert left.volume == "D-18"
    answered = search_case(archive.app, archive.keeper, "S-1", now())
    assert (answered.line.state, answered.case.closed_by) == (CaseState.DISMISSED, "keeper")


def test_a_step_names_its_searcher_and_says_why_it_does_not_apply(archive: Archive, missed: Missed) -> None:
    case = missed("D-17")
    looking = Looking(uuid4(), Step.BAGS, StepResult.NOTHING, "两只袋", searcher=archive.second)
    for _ in range(2):
        searching.look(archive.app, archive.keeper, case, looking, now())
    unsaid = Looking(uuid4(), Step.LOANS, StepResult.NOT_APPLICABLE, " ")
    with pytest.raises(refusals.BadInput):
        searching.look(archive.app, archive.keeper, case, unsaid, now())
    auditor = archive.person("auditor", Role.AUDITOR)
    with pytest.raises(refusals.NotAllowed):
        searching.look(archive.app, auditor, case, Looking(uuid4(), Step.LOANS, StepResult.NOTHING), now())
    (bags,) = (line for line in search_case(archive.app, archive.keeper, case, now()).steps if line.step is Step.BAGS)
    assert [(one.searcher, one.note) for one in bags.done] == [("second", "两只袋")]


def test_another_county_sees_no_search_and_starts_none(archive: Archive, missed: Missed) -> None:
    case = missed("D-17")
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区', 'county')")
    stranger = archive.person("stranger", Role.WINDOW_CLERK, agency="370113")
    assert search_cases(archive.app, stranger) == []
    for number in (case, "S-999999"):
        with pytest.raises(refusals.SearchNotFound):
            search_case(archive.app, stranger, number, now())
    with pytest.raises(refusals.DossierNotFound):
        searching.begin_search(archive.app, stranger, VolumeName("D-17"), command_id=uuid4(), now=now(), reason="x")


def test_the_case_says_where_to_look_who_had_it_last_and_what_was_taken_nearby(
    archive: Archive, missed: Missed
) -> None:
    """Two faces of one aisle, two bays, two levels; D-17 stood lowest in the middle."""
    archive.place("W1-C1", "cart", parent="W1-R1")
    for code, x, z, face in (
        ("A-01", 1.0, 0.3, "1"),
        ("A-00", 0.1, 0.3, "1"),
        ("A-02", 1.9, 0.3, "1"),
        ("A-01-2", 1.0, 0.65, "1"),
        ("B-01", 1.0, 0.3, "2"),
        ("C-01", 1.0, 0.3, None),
    ):
        archive.shelf(code, x=x)
        archive.root.execute(
            "UPDATE place SET z = %s, y = %s, face = %s, aisle = %s, block = 'A' WHERE code = %s",
            (z, 1.25 if face == "2" else 0, face, None if face is None else "A-02", code),
        )
    archive.dossier("D-18", on="A-02")
    archive.act(ActKind.PICKED, "D-18", "W1-C1", authority="R-000001")
    case = missed("D-17")
    archive.root.execute("INSERT INTO model (made_at, parameters) VALUES (now(), '{}')")
    archive.root.execute(
        "INSERT INTO belief SELECT volume.id, place.id, 0.9, NULL, NULL, 3, %s, 1 FROM place, volume "
        "JOIN dossier ON dossier.id = dossier_id WHERE number = 'D-17' AND code = 'A-02'",
        (now() + timedelta(minutes=1),),
    )
    view = search_case(archive.app, archive.keeper, case, now())
    steps = {line.step: line for line in view.steps}
    assert steps[Step.NEIGHBOURS].sides == {
        Side.LEFT: "A-00",
        Side.RIGHT: "A-02",
        Side.ABOVE: "A-01-2",
        Side.FACING: "B-01",
    }
    assert [(moved.volume, moved.now_at) for moved in steps[Step.LOANS].moved] == [("D-18", "W1-C1")]
    assert [(holder.place, holder.volumes) for holder in steps[Step.CARTS].places] == [("W1-C1", 1)]
    assert [act.kind for act in view.acts] == ["not_found", "shelved", "accepted", "received"]
    assert view.sighting is not None and view.sighting.place == "A-02" and view.seen_after_last_move
    clerks = search_case(archive.app, archive.clerk, case, now())
    assert not any(line.places or line.moved or line.sides for line in clerks.steps), (
        "a county's clerk isn't shown the hall"
    )


@pytest.mark.parametrize(("place", "state"), [("W1-D0", "ready"), ("A-01", "approved")])
def test_whom_it_was_looked_for_gets_what_was_found(archive: Archive, place: str, state: str) -> None:
    """At once where the whole dossier lies on a desk; from a shelf it is picked again. Two volumes are two searches."""
    archive.shelf("A-01")
    archive.dossier("D-17", on="A-01", volumes=2)
    archive.bring_in("D-17/2", "W1-D0")
    archive.act(ActKind.SHELVED, "D-17/2", "A-01")
    request = asked_for(archive, "D-17")
    cases = []
    for volume in ("D-17", "D-17/2"):
        with archive.app.transaction(archive.keeper) as session:
            cases.append(
                searching.begin(
                    raw(session),
                    archive.keeper,
                    VolumeName.parse(volume),
                    command_id=uuid4(),
                    now=now(),
                    reason="无",
                    request_id=request,
                )
            )
    states = []
    for case in cases:
        searching.found(archive.app, archive.keeper, f"S-{case}", Finding(uuid4(), place, "找到"), now())
        states.append(archive.root.execute("SELECT state FROM request").fetchone()[0])  # type: ignore[index]
    assert states == ["searching", state]
