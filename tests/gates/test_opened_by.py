"""An alarm says whose badge opened the gate."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from inventory.operations import gates
from inventory.store import taps
from inventory.store.batch import Tapped, micros
from inventory.store.passages import Telling
from tests.conftest import Archive
from tests.gates.telling import Gate
from tests.site import ONE_ENGINE

pytestmark = ONE_ENGINE
BADGE = bytes.fromhex("04A1B2C3")


def lay_down(archive: Archive, at: datetime, uid: bytes = BADGE, reader: str = "GB-1") -> None:
    with archive.jobs.unpooled() as connection, connection.transaction():
        row = connection.execute("SELECT id FROM reader WHERE code = %s", (reader,)).fetchone()
        assert row is not None
        taps.add(connection, [Tapped(row[0], uid, None, None, None, micros(at))])


def crossed(telling: Telling) -> datetime:
    return datetime.fromisoformat(telling.crossed_at)


@pytest.fixture
def door(gate: Gate, archive: Archive) -> Gate:
    """A card reader at gate G-1, another at a desk, and the keeper's badge."""
    archive.desk("W1-D8")
    for code, place in (("GB-1", "G-1"), ("DB-1", "W1-D8")):
        archive.root.execute(
            "INSERT INTO reader (code, dialect, topic, timezone) VALUES (%s, 'native', %s, 'UTC')", (code, code)
        )
        archive.root.execute(
            "INSERT INTO antenna (reader_id, number, role, place_id) SELECT reader.id, 0, 'desk', place.id FROM reader, place "
            "WHERE reader.code = %s AND place.code = %s",
            (code, place),
        )
    archive.root.execute(
        "INSERT INTO badge (account_id, uid, issued_by) SELECT id, %s, id FROM account WHERE login = 'keeper'", (BADGE,)
    )
    return gate


def test_an_alarm_says_whose_badge_opened_the_gate(door: Gate, archive: Archive) -> None:
    telling = door.telling(door.line("D-1"))
    lay_down(archive, crossed(telling) - timedelta(seconds=20))
    door.take(telling)
    (alarm,) = gates.look(archive.app, archive.keeper, datetime.now(UTC)).alarms
    assert alarm.row.opened_by == "keeper"


@pytest.mark.parametrize("what", ["long before", "another place", "nobody's card", "an ended badge", "afterwards"])
def test_what_opened_nothing_is_not_told(door: Gate, archive: Archive, what: str) -> None:
    telling = door.telling(door.line("D-1"))
    at = crossed(telling) - timedelta(seconds=20)
    if what == "an ended badge":
        archive.root.execute("UPDATE badge SET ended_by = account_id, ended_at = now(), end_reason = 'lost'")
    match what:
        case "long before":
            lay_down(archive, crossed(telling) - timedelta(seconds=90))
        case "afterwards":
            lay_down(archive, crossed(telling) + timedelta(minutes=5))
        case "another place":
            lay_down(archive, at, reader="DB-1")
        case _:
            lay_down(archive, at, bytes.fromhex("01020304") if what == "nobody's card" else BADGE)
    door.take(telling)
    (alarm,) = gates.look(archive.app, archive.keeper, datetime.now(UTC)).alarms
    assert alarm.row.opened_by is None


@pytest.mark.usefixtures("door")
def test_who_opened_a_gate_is_for_ever_and_no_agencys_to_see(archive: Archive) -> None:
    lay_down(archive, datetime.now(UTC))
    with pytest.raises(psycopg.errors.CheckViolation):
        archive.root.execute("DELETE FROM gate_opening")
    with archive.sql_of(archive.clerk) as clerk:
        assert clerk.execute("SELECT count(*) FROM gate_opening").fetchone() == (0,)
    with archive.sql_of(archive.keeper) as keeper, pytest.raises(psycopg.errors.InsufficientPrivilege):
        keeper.execute("INSERT INTO gate_opening (gate_place_id, account_id, at) SELECT 1, 1, now()")
