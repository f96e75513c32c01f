"""The database knows whose dossiers a role sees, and lets nobody act on their own."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from inventory.domain.acts import ActKind
from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import NotOwnOrRelative
from inventory.operations import counting, declaring, finding
from inventory.operations.unmasking import unmask
from inventory.store.database import raw, refusal_for
from inventory.store.request_facts import is_tied
from tests.conftest import Archive
from tests.web.stock import id_number, person_of

ID = "11010519491231002X"
NUMBERS = {f"D-{serial}": id_number(f"37010219800101{serial:03}") for serial in range(1, 4)}


def test_the_reach_of_every_role_stands_in_the_database(archive: Archive) -> None:
    stored: dict[str, str] = dict(archive.root.execute("SELECT role, reach FROM role_reach").fetchall())
    assert stored == {role.value: role.rights.dossiers.value for role in Role}


def test_the_applications_role_neither_reads_nor_writes_it(archive: Archive) -> None:
    for statement in ("SELECT * FROM role_reach", "UPDATE role_reach SET reach = 'all'", "DELETE FROM role_reach"):
        with psycopg.connect(archive.app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)


def _owned(archive: Archive, number: str) -> None:
    archive.root.execute(
        "UPDATE subject SET id_number_hash = %s FROM dossier WHERE subject.id = subject_id AND number = %s",
        (archive.keys.number_hash(ID), number),
    )


def test_nobody_acts_on_their_own_dossier_nor_stands_beside(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.shelf("A-02")
    for number in ("D-1", "D-2"):
        archive.dossier(number, on="A-01")
    _owned(archive, "D-1")
    declaring.declare_tie(archive.app, archive.second, uuid4(), "second", "relative", ID, datetime.now(UTC))
    archive.act(ActKind.RESHELVED, "D-1", "A-02")
    archive.act(ActKind.SEAL_BROKEN, "D-1", None, reason="torn")
    archive.act(ActKind.PICKED, "D-1", "W1-D0", authority="令 1")
    with pytest.raises(NotOwnOrRelative):
        archive.act(ActKind.OPENED, "D-1", None, authority="令 1", witness=archive.second)
    archive.keeper = archive.second
    with pytest.raises(NotOwnOrRelative):
        archive.act(ActKind.DAMAGED, "D-1", None, reason="wet")
    archive.act(ActKind.RESHELVED, "D-2", "A-02")


def test_nobody_looks_at_their_own_dossier_or_a_relatives(archive: Archive) -> None:
    archive.dossier("D-1")
    archive.dossier("D-2")
    _owned(archive, "D-1")
    declaring.declare_tie(archive.app, archive.clerk, uuid4(), "clerk", "own", ID, datetime.now(UTC))
    now = datetime.now(UTC)
    looks = (
        lambda number: finding.open_dossier(archive.app, archive.clerk, number, now),
        lambda number: finding.history(archive.app, archive.clerk, number, now),
        lambda number: finding.watch_dossier(archive.app, archive.clerk, number),
        lambda number: unmask(archive.app, archive.clerk, number, "letter", "核对身份信息"),
        lambda number: counting.as_of(archive.app, archive.clerk, number, now, now, now),
    )
    for look in looks:
        look("D-2")
        with pytest.raises(NotOwnOrRelative):
            look("D-1")
    assert finding.open_dossier(archive.app, archive.keeper, "D-1", now).number == "D-1"


def test_a_search_finds_neither_the_own_dossier_nor_a_relatives_and_counts_neither(archive: Archive) -> None:
    """However it is asked for: with them, and without them, the answers are the same."""
    epcs = {f"D-{number}": f"{number:024X}" for number in range(1, 4)}
    for number, epc in epcs.items():
        archive.dossier(number, epc=epc)
        person_of(archive, number, "单晓梅", aliases=[f"老{number}"], number=NUMBERS[number])
    declaring.declare_tie(archive.app, archive.clerk, uuid4(), "clerk", "own", NUMBERS["D-1"], datetime.now(UTC))
    declaring.declare_tie_to_dossier(archive.app, archive.clerk, uuid4(), "relative", "D-2", datetime.now(UTC))

    def found(text: str, viewer: Viewer) -> tuple[list[str], bool]:
        told = finding.find_dossiers(archive.app, viewer, text, datetime.now(UTC))
        return [one.number for one in told.dossiers], told.more

    for text in ("单晓梅", "单", "sxm", "danxiao"):
        assert found(text, archive.clerk) == (["D-3"], False)
        assert len(found(text, archive.keeper)[0]) == 3
    for kept in ("D-1", "D-2"):
        for text in (kept, f"老{kept}", NUMBERS[kept], NUMBERS[kept][-6:], epcs[kept]):
            assert found(text, archive.clerk) == ([], False), text
            assert found(text, archive.keeper) == ([kept], False), text
    assert found(NUMBERS["D-3"], archive.clerk) == (["D-3"], False)
    looked = "SELECT count(*) FROM access_log JOIN dossier ON dossier.id = dossier_id WHERE number <> 'D-3' AND account_id = %s"
    assert archive.root.execute(looked, (archive.clerk.account_id,)).fetchone() == (0,)


def test_a_page_of_others_is_full_although_the_own_dossier_would_stand_on_it(archive: Archive) -> None:
    for number in range(finding.FOUND_DOSSIERS_MAX + 1):
        archive.dossier(f"D-{number:03}")
        person_of(archive, f"D-{number:03}", "单晓梅")
    declaring.declare_tie_to_dossier(archive.app, archive.clerk, uuid4(), "own", "D-000", datetime.now(UTC))
    mine = finding.find_dossiers(archive.app, archive.clerk, "单", datetime.now(UTC))
    theirs = finding.find_dossiers(archive.app, archive.keeper, "单", datetime.now(UTC))
    assert (len(mine.dossiers), mine.more) == (finding.FOUND_DOSSIERS_MAX, False)
    assert (len(theirs.dossiers), theirs.more) == (finding.FOUND_DOSSIERS_MAX, True)


def test_nobody_learns_that_a_relative_has_a_dossier_in_another_county(archive: Archive) -> None:
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370114', '章丘区档案中心', 'county')")
    stranger = archive.person("stranger", Role.WINDOW_CLERK, agency="370114")
    archive.dossier("D-1")
    _owned(archive, "D-1")
    for viewer in (stranger, archive.keeper):
        declaring.declare_tie(archive.app, viewer, uuid4(), viewer.login, "relative", ID, datetime.now(UTC))
    with archive.sql_of(stranger) as app:
        assert app.execute("SELECT dossiers_kept_from_me()").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT tied_dossiers(%s)", (stranger.account_id,))
    with archive.sql_of(archive.keeper) as app:
        assert len(app.execute("SELECT dossiers_kept_from_me()").fetchall()) == 1


def test_acts_written_past_the_ledgers_door_are_refused_by_the_same_name(archive: Archive) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    _owned(archive, "D-1")
    declaring.declare_tie(archive.app, archive.keeper, uuid4(), "keeper", "own", ID, datetime.now(UTC))
    with pytest.raises(psycopg.Error) as broken:
        archive.root.execute(BREAKS["act_not_on_own"])
    assert broken.value.diag.constraint_name == "act_not_on_own"
    assert type(refusal_for(broken.value)) is NotOwnOrRelative


BREAKS = {
    "act_not_on_own": "INSERT INTO act SELECT warehouse_id, 99, volume_id, 9, kind, from_place_id, to_place_id, actor_id, "
    "command_id, NULL, NULL, happened_at, recorded_at, hash, hash, NULL, NULL FROM act WHERE version = 3",
}


def test_a_tie_is_to_a_person_by_number_or_by_dossier(archive: Archive) -> None:
    for number in ("D-1", "D-2", "D-3"):
        archive.dossier(number)
    _owned(archive, "D-1")
    declaring.declare_tie(archive.app, archive.clerk, uuid4(), "clerk", "own", ID, datetime.now(UTC))
    declaring.declare_tie_to_dossier(archive.app, archive.clerk, uuid4(), "relative", "D-2", datetime.now(UTC))
    ids: dict[str, int] = dict(archive.root.execute("SELECT number, id FROM dossier").fetchall())
    with archive.app.transaction(archive.clerk) as session:
        tied = {number for number, dossier in ids.items() if is_tied(raw(session), archive.clerk.account_id, dossier)}
        assert not is_tied(raw(session), archive.keeper.account_id, ids["D-1"])
    assert tied == {"D-1", "D-2"}
