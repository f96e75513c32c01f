"""The database knows whose dossiers a role sees, and lets nobody act on their own."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from inventory.domain.acts import ActKind
from inventory.domain.people import Role
from inventory.domain.refusals import NotOwnOrRelative
from inventory.operations import counting, declaring, finding
from inventory.operations.unmasking import unmask
from inventory.store.database import raw, refusal_for
from inventory.store.request_facts import is_tied
from tests.conftest import Archive

ID = "11010519491231002X"


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
