"""The belief step on a real database: evidence in, beliefs out, and whoever listens is told."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from devices.simulator.days import listen
from devices.simulator.halls import Profile, make_hall
from guiwei.job_work import JobWork
from inventory.domain.acts import ActKind
from inventory.domain.refusals import LeaseLost
from inventory.locating.model import Model
from inventory.locating.nightly import close_night
from inventory.locating.profiling import no_profiles
from inventory.operations.believing import step_beliefs
from inventory.operations.closing import close_day, last_close
from inventory.operations.gathering import newest_model
from inventory.store import beliefs, evidence, leases
from inventory.store.batch import ScannedCode, SliceReads
from tests.conftest import Archive

EPC = {number: f"3500E86F8000A9E0{number:08X}" for number in range(20)}
SLICE = timedelta(seconds=2)


@pytest.fixture
def room(archive: Archive) -> Archive:
    """Shelves A-0 to A-9, a metre apart, each with an antenna of one cabinet; a handheld; a gate. D-1 on A-1, two hours ago."""
    for number in range(10):
        archive.shelf(f"A-{number}", x=float(number))
    archive.place("W1-G", "gate", parent="W1-R1")
    for reader in ("CABINET", "HANDHELD", "GATE"):
        archive.root.execute(
            "INSERT INTO reader (code, dialect, topic, timezone) VALUES (%s, 'native', %s, 'UTC')", (reader, reader)
        )
    antennas = [("CABINET", n, f"A-{n}", "shelf") for n in range(10)]
    for row in [*antennas, ("HANDHELD", 0, "W1-R1", "handheld"), ("GATE", 1, "W1-G", "gate_inner")]:
        archive.root.execute(
            "INSERT INTO antenna (reader_id, number, place_id, role) "
            "SELECT reader.id, %s, place.id, %s FROM reader, place WHERE reader.code = %s AND place.code = %s",
            (row[1], row[3], row[0], row[2]),
        )
    archive.dossier("D-1", epc=EPC[1])
    archive.desk("W1-D0")
    for kind, place, hours, details in (
        (ActKind.RECEIVED, "W1-D0", 3.0, {"channel": "staff"}),
        (ActKind.ACCEPTED, None, 2.5, {"pieces": 9}),
        (ActKind.SHELVED, "A-1", 2.0, {}),
    ):
        then = datetime.now(UTC) - timedelta(hours=hours)
        archive.act(kind, "D-1", place, happened_at=then, reason="as told", witness=archive.second, details=details)
    return archive


def moment(ago: timedelta) -> datetime:
    return datetime.now(UTC) - ago


def microseconds(at: datetime) -> int:
    return round(at.timestamp()) * 1_000_000


def hear(room: Archive, reader: str, antenna: int, epc: str, at: datetime, dbm: float = -45.0) -> None:
    start = microseconds(at)
    with room.jobs.unpooled() as connection:
        evidence.prepare(connection)
        evidence.ensure_days(connection, [at.date()])
        row = connection.execute(
            "SELECT antenna.id FROM antenna JOIN reader ON reader.id = reader_id WHERE code = %s AND number = %s",
            (reader, antenna),
        ).fetchone()
        assert row is not None
        strength = round(dbm * 100)
        read = SliceReads(row[0], bytes.fromhex(epc), start, 4, 4, 4 * strength, strength, start, start + 1_000_000)
        evidence.add_slices(connection, [read])


def scan(room: Archive, code: str, at: datetime) -> None:
    with room.jobs.unpooled() as connection:
        row = connection.execute("SELECT id FROM reader WHERE code = 'HANDHELD'").fetchone()
        assert row is not None
        evidence.add_codes(connection, [ScannedCode(row[0], code, microseconds(at))])


def step(room: Archive, until: datetime | None = None) -> int:
    with room.jobs.unpooled() as connection:
        return step_beliefs(connection, until or datetime.now(UTC))


def believed(room: Archive, dossier: str = "D-1") -> tuple[str, float, int] | None:
    return room.root.execute(
        "SELECT place.code, probability, reads FROM belief JOIN place ON place.id = place_id "
        "JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id WHERE number = %s",
        (dossier,),
    ).fetchone()


def test_what_a_shelf_hears_becomes_belief_with_the_next_step(room: Archive) -> None:
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(minutes=5)))
    assert step(room) == 1
    assert believed(room) == ("A-1", 1.0, 4)


def test_a_step_without_news_does_nothing(room: Archive) -> None:
    assert step(room) == 0
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(minutes=5)))
    step(room)
    assert step(room) == 0


def test_a_volume_heard_loudly_at_the_other_end_is_believed_there(room: Archive) -> None:
    hear(room, "CABINET", 9, EPC[1], moment(timedelta(minutes=5)))
    step(room)
    found = believed(room)
    assert found is not None
    assert found[0] == "A-9"


def test_evidence_from_before_the_last_movement_is_history(room: Archive) -> None:
    hear(room, "CABINET", 9, EPC[1], moment(timedelta(hours=2, minutes=30)))
    step(room)
    assert believed(room) is None
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(hours=1)))
    step(room)
    assert believed(room) == ("A-1", 1.0, 4)


def test_belief_is_held_against_the_ledger_as_it_was_at_that_instant(room: Archive) -> None:
    """Two hours and a half ago the volume lay on the desk, so what was heard then counts against the desk."""
    hear(room, "CABINET", 9, EPC[1], moment(timedelta(hours=2, minutes=30)))
    step(room, moment(timedelta(hours=2, minutes=10)))
    found = believed(room)
    assert found is not None
    assert found[0] == "A-9"


def test_open_pages_are_told_which_volumes_changed(room: Archive) -> None:
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(minutes=5)))
    with psycopg.connect(room.app_url, autocommit=True) as page:
        page.execute("LISTEN belief")
        step(room)
        told = [notice.payload for notice in page.notifies(timeout=30, stop_after=1)]
    volume = room.root.execute("SELECT id FROM volume").fetchone()
    assert volume is not None
    assert told == [f"[{volume[0]}]"]


def test_a_belief_that_stays_the_same_is_not_written_and_nobody_is_told(room: Archive) -> None:
    at = moment(timedelta(minutes=5))
    hear(room, "CABINET", 1, EPC[1], at)
    step(room)
    written = room.root.execute("SELECT xmin::text FROM belief").fetchone()
    room.root.execute("INSERT INTO belief_due (antenna_id, from_slice) SELECT antenna_id, slice_start FROM evidence")
    with psycopg.connect(room.app_url, autocommit=True) as page:
        page.execute("LISTEN belief")
        assert step(room) == 0
        assert list(page.notifies(timeout=0.3)) == []
    assert room.root.execute("SELECT xmin::text FROM belief").fetchone() == written


def test_a_slice_that_comes_late_is_counted_as_if_it_had_come_in_time(room: Archive) -> None:
    early, late = moment(timedelta(minutes=30)), moment(timedelta(minutes=5))
    hear(room, "CABINET", 1, EPC[1], late)
    step(room)
    hear(room, "CABINET", 1, EPC[1], early)
    assert step(room) == 1
    assert believed(room) == ("A-1", 1.0, 8)


def test_what_a_reader_whose_clock_is_ahead_saw_is_not_forgotten(room: Archive) -> None:
    """Its slice begins after the step's instant; the step that comes then must not take the news away unread."""
    hear(room, "CABINET", 1, EPC[1], datetime.now(UTC) + timedelta(minutes=2))
    jobs = JobWork(room.jobs, ZoneInfo("Asia/Shanghai"))
    with room.jobs.unpooled() as connection:
        lease = leases.take(connection, "jobs", "us", datetime.now(UTC), timedelta(seconds=30))
        connection.commit()
        assert lease is not None
        jobs.draw_beliefs(connection, lease)
    assert believed(room) == ("A-1", 1.0, 4)
    held = room.root.execute("SELECT expires_at < now() + interval '2 minutes' FROM lease").fetchone()
    assert held == (True,), "the lease runs by our clock, not by the reader's"


def test_a_gate_hears_what_passes_and_places_nothing(room: Archive) -> None:
    hear(room, "GATE", 1, EPC[1], moment(timedelta(minutes=5)), -35.0)
    assert step(room) == 0
    assert believed(room) is None


def test_a_sweep_is_where_its_scanned_code_says(room: Archive) -> None:
    at = moment(timedelta(minutes=5))
    hear(room, "HANDHELD", 0, EPC[1], at)
    assert step(room) == 0, "nobody knows where the handheld is"
    scan(room, "A-1", at - timedelta(seconds=10))
    hear(room, "HANDHELD", 0, EPC[1], at + timedelta(seconds=10))
    assert step(room) == 1
    assert believed(room) == ("A-1", 1.0, 8)


def test_a_sweep_is_where_the_label_tag_says_that_it_hears(room: Archive) -> None:
    room.root.execute(
        "INSERT INTO tag (epc, place_id) SELECT decode(%s, 'hex'), id FROM place WHERE code = 'A-8'", (EPC[8],)
    )
    at = moment(timedelta(minutes=5))
    scan(room, "A-1", at - timedelta(seconds=10))
    hear(room, "HANDHELD", 0, EPC[8], at, -40.0)
    hear(room, "HANDHELD", 0, EPC[1], at + SLICE, -40.0)
    step(room)
    found = believed(room)
    assert found is not None
    assert found[0] == "A-8"


def test_unknown_tags_and_labels_have_no_belief(room: Archive) -> None:
    hear(room, "CABINET", 1, EPC[7], moment(timedelta(minutes=5)))
    assert step(room) == 0


def test_who_has_lost_the_lease_changes_nothing(room: Archive) -> None:
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(minutes=5)))
    now = datetime.now(UTC)
    with room.jobs.unpooled() as connection:
        mine = leases.take(connection, "jobs", "me", now - timedelta(minutes=2), timedelta(seconds=30))
        assert mine is not None
        assert leases.take(connection, "jobs", f"other {uuid4()}", now, timedelta(seconds=30)) is not None
        connection.commit()
        with pytest.raises(LeaseLost):
            step_beliefs(connection, now, mine)
    assert believed(room) is None
    assert step(room) == 1, "the news is still there for who has the lease"


def test_every_close_makes_a_new_version_and_beliefs_tell_theirs(room: Archive) -> None:
    with room.jobs.unpooled() as connection:
        assert last_close(connection) is None
        first = close_day(connection, moment(timedelta(hours=1))).version
        second = close_day(connection, moment(timedelta(minutes=30))).version
        assert second > first
        assert last_close(connection) is not None
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(minutes=5)))
    step(room)
    assert room.root.execute("SELECT model_version FROM belief").fetchone() == (second,)


def test_a_taught_model_weighs_places_by_what_it_learned(room: Archive) -> None:
    """The sensor is that of a simulated hall; the belief comes with its runner-up as before."""
    hall = make_hall(3_000, Profile.CABINET, 1)
    night = listen(hall, 0)
    ledger = hall.ledger.astype("int64")
    model, _, _ = close_night(night.sightings, night.trail, hall.places, ledger, Model(), no_profiles(len(ledger)))
    assert model.sensor is not None
    with room.jobs.unpooled() as connection:
        version = beliefs.add_model(connection, model.parameters(), moment(timedelta(minutes=20)), None)
        assert newest_model(connection, datetime.now(UTC)) == (version, model)
        connection.commit()
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(minutes=5)), -45.0)
    hear(room, "CABINET", 2, EPC[1], moment(timedelta(minutes=5)), -55.0)
    step(room)
    found = room.root.execute(
        "SELECT here.code, probability > 0.99, next.code, reads, model_version FROM belief "
        "JOIN place AS here ON here.id = place_id JOIN place AS next ON next.id = runner_up_place_id"
    ).fetchone()
    assert found == ("A-1", True, "A-2", 8, version)


def test_one_volume_teaches_a_close_nothing_of_the_shelves(room: Archive) -> None:
    hear(room, "CABINET", 1, EPC[1], moment(timedelta(minutes=50)))
    with room.jobs.unpooled() as connection:
        close_day(connection, moment(timedelta(minutes=30)))
        _, model = newest_model(connection, datetime.now(UTC))
    assert model == Model()
