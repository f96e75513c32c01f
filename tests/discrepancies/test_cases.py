"""A case in people's hands: seen by whom it concerns, assigned, commented, resolved with a reason that fits."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from inventory.domain.acts import ActKind
from inventory.domain.discrepancies import CaseState, DiscrepancyKind, Outcome
from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import (
    AccountNotFound,
    BadInput,
    CaseNotFound,
    DiscrepancyOver,
    IdNumberInText,
    LedgerStands,
    MovedByOneself,
    NotAllowed,
    NotOwnOrRelative,
    OutcomeUnfit,
    PlaceNotFound,
    Refusal,
)
from inventory.operations import declaring, discrepancy_cases
from inventory.operations.discrepancy_cases import Case, Resolution, discrepancies, discrepancy
from tests.conftest import Archive
from tests.discrepancies.nights import Nights


@pytest.fixture
def told(nights: Nights, archive: Archive) -> dict[str, Case]:
    """D-1 is heard in the other bay, D-2 is missing, a strange tag was read; by what they are about."""
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.judged("D-2", "missing")
    nights.pass_by()
    archive.root.execute(
        "INSERT INTO discrepancy (kind, tag_id, opened_at, opened_numbers, seen_at, numbers) "
        "SELECT 'unknown_tag', min(id), now(), '{}', now(), '{}' FROM tag"
    )
    return {case.about: case for case in discrepancies(archive.app, archive.keeper).cases}


def resolve(archive: Archive, by: Viewer, case: Case, outcome: Outcome, **more: str) -> None:
    resolution = Resolution(uuid4(), outcome, more.get("note"), more.get("place"))
    discrepancy_cases.resolve(archive.app, by, case.number, resolution, datetime.now(UTC))


def look(archive: Archive, by: Viewer, number: str) -> Case:
    return discrepancy(archive.app, by, number, datetime.now(UTC)).case


@pytest.mark.usefixtures("told")
def test_a_keeper_walks_along_the_bays(archive: Archive) -> None:
    """Where it has to be fetched, or where it should be; a shelf belongs to its bay."""
    found = discrepancies(archive.app, archive.keeper)
    assert [(case.row.bay, case.row.go, case.kind.value) for case in found.cases if case.row.volume_id] == [
        ("B-1", "B-1-1", "missing"),
        ("B-2", "B-2-1", "misplaced"),
    ]
    assert found.counts == {
        DiscrepancyKind.MISSING: 1,
        DiscrepancyKind.MISPLACED: 1,
        DiscrepancyKind.UNKNOWN_TAG: 1,
    }
    in_bay = discrepancies(archive.app, archive.keeper, place="B-2")
    assert [case.about for case in in_bay.cases] == ["D-1"]
    assert discrepancies(archive.app, archive.keeper, kinds=[DiscrepancyKind.MISSING]).cases[0].about == "D-2"
    with pytest.raises(PlaceNotFound):
        discrepancies(archive.app, archive.keeper, place="B-9")


def test_the_holding_agency_sees_its_own_and_nothing_of_tags(told: dict[str, Case], archive: Archive) -> None:
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区', 'county')")
    stranger = archive.person("stranger", Role.WINDOW_CLERK, agency="370113")
    assert {case.about for case in discrepancies(archive.app, archive.clerk).cases} == {"D-1", "D-2"}
    assert discrepancies(archive.app, stranger).cases == ()
    assert discrepancies(archive.app, stranger).counts == {}
    for number in (told["D-1"].number, "X-999999"):
        with pytest.raises(CaseNotFound):
            look(archive, stranger, number)
    strange = next(case for case in told.values() if case.kind is DiscrepancyKind.UNKNOWN_TAG)
    with pytest.raises(CaseNotFound):
        look(archive, archive.clerk, strange.number)


def test_nobody_looks_at_a_case_about_the_own_dossier(told: dict[str, Case], archive: Archive) -> None:
    declaring.declare_tie_to_dossier(archive.app, archive.clerk, uuid4(), "own", "D-1", datetime.now(UTC))
    assert {case.about for case in discrepancies(archive.app, archive.clerk).cases} == {"D-2"}
    with pytest.raises(NotOwnOrRelative):
        look(archive, archive.clerk, told["D-1"].number)


def test_it_is_assigned_to_whoever_resolves_such_cases(told: dict[str, Case], archive: Archive) -> None:
    number, command = told["D-1"].number, uuid4()
    for _ in range(2):
        discrepancy_cases.assign(archive.app, archive.keeper, number, command, "second", datetime.now(UTC))
    assert [case.about for case in discrepancies(archive.app, archive.second, mine=True).cases] == ["D-1"]
    assert discrepancies(archive.app, archive.keeper, mine=True).cases == ()
    for nobody in ("clerk", "nobody"):
        with pytest.raises(AccountNotFound):
            discrepancy_cases.assign(archive.app, archive.keeper, number, uuid4(), nobody, datetime.now(UTC))
    discrepancy_cases.assign(archive.app, archive.keeper, number, uuid4(), None, datetime.now(UTC))
    view = discrepancy(archive.app, archive.keeper, number, datetime.now(UTC))
    assert view.case.row.assigned is None
    assert [(one.event, one.person) for one in view.notes] == [("assigned", None), ("assigned", "second")]
    with pytest.raises(NotAllowed):
        discrepancy_cases.assign(archive.app, archive.clerk, number, uuid4(), "keeper", datetime.now(UTC))


def test_whoever_works_here_says_what_he_saw_and_nobody_takes_it_back(told: dict[str, Case], archive: Archive) -> None:
    number = told["D-1"].number
    discrepancy_cases.comment(archive.app, archive.clerk, number, uuid4(), " 昨天在窗口见过 ", datetime.now(UTC))
    (note,) = discrepancy(archive.app, archive.keeper, number, datetime.now(UTC)).notes
    assert (note.event, note.name, note.note) == ("comment", "clerk", "昨天在窗口见过")
    wrong: list[tuple[str, type[Refusal]]] = [
        (" ", BadInput),
        ("x" * 501, BadInput),
        ("11010519491231002X", IdNumberInText),
    ]
    for text, refusal in wrong:
        with pytest.raises(refusal):
            discrepancy_cases.comment(archive.app, archive.clerk, number, uuid4(), text, datetime.now(UTC))


def test_it_is_resolved_by_a_reason_that_fits_and_then_it_is_over(told: dict[str, Case], archive: Archive) -> None:
    case = told["D-1"]
    wrong: list[tuple[Outcome, dict[str, str], type[Refusal]]] = [
        (Outcome.REPAIRED, {}, OutcomeUnfit),
        (Outcome.HEARD_AT_HOME, {}, OutcomeUnfit),
        (Outcome.FOUND_AT, {}, BadInput),
        (Outcome.FOUND_AT, {"place": "B-9"}, PlaceNotFound),
        (Outcome.MOVED_PROPERLY, {}, LedgerStands),
    ]
    for outcome, more, refusal in wrong:
        with pytest.raises(refusal):
            resolve(archive, archive.keeper, case, outcome, **more)
    assert look(archive, archive.keeper, case.number).state is CaseState.OPEN, "nothing half done"
    resolve(archive, archive.keeper, case, Outcome.FOUND_AT, place="B-2-2", note="夹在中间")
    after = look(archive, archive.keeper, case.number)
    assert (after.state, after.outcome, after.row.found, after.row.closed_by) == (
        CaseState.RESOLVED, Outcome.FOUND_AT, "B-2-2", "keeper",
    )  # fmt: skip
    assert archive.where("D-1") == "B-1-1", "custody moves by acts alone"
    with pytest.raises(DiscrepancyOver):
        resolve(archive, archive.keeper, case, Outcome.FALSE_ALARM)
    with pytest.raises(DiscrepancyOver):
        discrepancy_cases.comment(archive.app, archive.keeper, case.number, uuid4(), "x", datetime.now(UTC))
    assert [one.about for one in discrepancies(archive.app, archive.keeper, is_open=False).cases] == ["D-1"]


def test_moved_properly_is_when_the_ledger_says_so(told: dict[str, Case], archive: Archive) -> None:
    archive.act(ActKind.RESHELVED, "D-1", "B-2-1")
    resolve(archive, archive.keeper, told["D-1"], Outcome.MOVED_PROPERLY)


def test_whoever_moved_it_last_does_not_say_that_a_missing_one_is_there(
    told: dict[str, Case], archive: Archive
) -> None:
    """The keeper shelved them all; the other one went and looked."""
    with pytest.raises(MovedByOneself):
        resolve(archive, archive.keeper, told["D-2"], Outcome.FALSE_ALARM)
    resolve(archive, archive.second, told["D-2"], Outcome.FALSE_ALARM)


def test_what_left_its_sealed_bag_is_for_the_manager(told: dict[str, Case], archive: Archive) -> None:
    archive.root.execute("UPDATE discrepancy SET kind = 'moved_while_sealed' WHERE kind = 'misplaced'")
    with pytest.raises(NotAllowed):
        resolve(archive, archive.second, told["D-1"], Outcome.FALSE_ALARM)
    manager = archive.person("manager", Role.CITY_MANAGER)
    assert discrepancy(archive.app, archive.second, told["D-1"].number, datetime.now(UTC)).reasons == ()
    resolve(archive, manager, told["D-1"], Outcome.FALSE_ALARM)


def test_what_was_answered_is_not_told_again_from_older_evidence(
    told: dict[str, Case], nights: Nights, archive: Archive
) -> None:
    """Put back this afternoon; tonight's judgement still knows this morning's reads. Tomorrow's doesn't."""
    resolve(archive, archive.keeper, told["D-1"], Outcome.PUT_BACK)
    nights.until -= timedelta(hours=2)  # so that the day began before that
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.pass_by()
    assert ("misplaced", "D-1") not in nights.open()
    nights.judged("D-1", "elsewhere", "B-2-1")
    nights.pass_by()
    assert ("misplaced", "D-1") in nights.open()


def test_a_false_alarm_is_not_told_again_unless_something_changed(
    told: dict[str, Case], nights: Nights, archive: Archive
) -> None:
    resolve(archive, archive.keeper, told["D-1"], Outcome.FALSE_ALARM)
    for _ in range(3):
        nights.judged("D-1", "elsewhere", "B-2-1")
        nights.pass_by()
    assert ("misplaced", "D-1") not in nights.open()
    nights.judged("D-1", "elsewhere", "B-2-2")
    nights.pass_by()
    assert ("misplaced", "D-1") in nights.open()
