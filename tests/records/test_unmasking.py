"""Seeing an ID number whole: for a reason, by those who may, so often, and never without an entry."""

from collections.abc import Callable

import httpx
import pytest

from inventory.domain.people import Role
from inventory.domain.permissions import Permission
from inventory.domain.refusals import NotAllowed, Refusal, UnmaskLimit
from inventory.domain.unmasking import UNMASK_LOOKS_A_DAY_MAX, UnmaskReason
from inventory.operations.unmasking import unmask
from tests.conftest import Archive
from tests.records.conftest import with_session
from tests.site import SignIn
from tests.web.stock import id_number, person_of

NUMBER = id_number("37010219800101101")
WHY = "窗口核对"


@pytest.fixture
def dossier(archive: Archive) -> str:
    """A dossier of the clerk's own agency."""
    archive.dossier("D-1")
    person_of(archive, "D-1", "单晓梅", number=NUMBER)
    return "D-1"


def entries(archive: Archive) -> list[tuple[object, ...]]:
    query = (
        "SELECT login, number, object, reason FROM access_log JOIN account ON account.id = account_id "
        "JOIN dossier ON dossier.id = dossier_id WHERE act = 'unmask' ORDER BY access_log.id"
    )
    return list(archive.root.execute(query))


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_it_whole_or_not_as_the_table_says(archive: Archive, dossier: str, role: Role) -> None:
    viewer = with_session(archive, archive.person("somebody", role, "370112"), "somebody's")
    if role in Permission.UNMASK.roles:
        assert unmask(archive.app, viewer, dossier, "letter", WHY).id_number == NUMBER
        assert entries(archive) == [("somebody", "D-1", "letter", WHY)]
    else:
        with pytest.raises(NotAllowed):
            unmask(archive.app, viewer, dossier, "letter", WHY)
        assert entries(archive) == []


def test_another_countys_clerk_learns_not_even_that_it_is_there(
    archive: Archive, signed_in: SignIn, dossier: str
) -> None:
    sent = {"reason": "letter", "why": WHY}
    changqing = signed_in("changqing")
    there = changqing.post(f"/api/v1/dossiers/{dossier}/unmask", json=sent)
    nowhere = changqing.post("/api/v1/dossiers/D-9/unmask", json=sent)
    assert there.status_code == nowhere.status_code == 404
    assert there.text.replace("D-1", "D-9") == nowhere.text
    assert entries(archive) == []


@pytest.mark.parametrize("why", ["", " ", "单晓梅本人", f"号码 {NUMBER}", "尾号 011015", "x" * 101])
def test_a_reason_is_told_and_names_nobody(archive: Archive, dossier: str, why: str) -> None:
    clerk = with_session(archive, archive.clerk, "the clerk's")
    with pytest.raises(Refusal) as told:
        unmask(archive.app, clerk, dossier, "letter", why)
    assert told.value.code == "bad_input"
    assert entries(archive) == []


def test_so_many_in_a_day_and_no_more(archive: Archive, dossier: str) -> None:
    clerk = with_session(archive, archive.clerk, "the clerk's")
    for _ in range(UNMASK_LOOKS_A_DAY_MAX):
        unmask(archive.app, clerk, dossier, "letter", WHY)
    with pytest.raises(UnmaskLimit):
        unmask(archive.app, clerk, dossier, "letter", WHY)
    assert len(entries(archive)) == UNMASK_LOOKS_A_DAY_MAX


def shown(answer: httpx.Response) -> bool:
    return NUMBER in answer.text


@pytest.mark.parametrize(
    "ask",
    [
        lambda clerk: clerk.post("/dossiers/D-1/unmask", data={"reason": "letter", "why": WHY}),
        lambda clerk: clerk.post("/api/v1/dossiers/D-1/unmask", json={"reason": "letter", "why": WHY}),
    ],
    ids=["page", "program"],
)
def test_it_is_told_once_and_kept_by_no_browser(
    archive: Archive, signed_in: SignIn, dossier: str, ask: Callable[[httpx.Client], httpx.Response]
) -> None:
    clerk = signed_in("licheng")
    assert not shown(clerk.get(f"/dossiers/{dossier}"))
    answer = ask(clerk)
    assert shown(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert not shown(clerk.get(f"/dossiers/{dossier}"))
    assert clerk.get(f"/dossiers/{dossier}/unmask").status_code == 405
    assert [row[0] for row in entries(archive)] == ["licheng"]


def test_every_reason_has_both_its_names() -> None:
    assert all(reason.zh and reason.en for reason in UnmaskReason)
