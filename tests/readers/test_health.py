"""A reader's health from its messages: connections, clocks, antennas, hours; and what its own history says of today."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from devices.pipeline import Pipeline, known_readers
from inventory.domain.equipment import AntennaState, Rate, antenna_state, gap_told
from inventory.domain.registers import AntennaRole
from inventory.operations.discrepancies import follow_facts, follow_readers
from inventory.operations.equipment import equipment
from inventory.operations.taking_evidence import take_evidence
from inventory.store import evidence, reader_health
from inventory.store.batch import micros
from inventory.store.reader_health import reader_states
from inventory.store.readers import registered_antennas
from tests.conftest import Archive
from tests.readers.stock import DEAD, FAINT, SWAPPED, fleet

ONE_ENGINE = pytest.mark.parametrize("postgres", ["PostgreSQL 18, embedded"], indirect=True)
EPC = "2C76451FD46072000000162E"
SECOND = 1_000_000
MINUTE = timedelta(minutes=1)
START = datetime(2026, 6, 9, 2, 0, tzinfo=UTC)

Said = Callable[..., None]


@pytest.fixture
def said(archive: Archive) -> Said:
    """Messages through the pipeline into the database, each so many seconds after START: `said("R", (0, {...}), ...)`."""
    archive.shelf("A-01")
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('R', 'native', 'R', 'UTC'), ('L', 'llrpkit', 'L', 'UTC'), "
        "('Z', 'zebra', 'Z', 'UTC'), ('I', 'impinj', 'I', 'UTC')"
    )
    archive.root.execute(
        "INSERT INTO antenna (reader_id, number, place_id, role) SELECT reader.id, number, place.id, 'shelf' "
        "FROM reader, generate_series(1, 2) AS number, place WHERE place.code = 'A-01'"
    )

    def say(topic: str, *messages: tuple[int, object]) -> None:
        with archive.jobs.unpooled() as connection:
            evidence.prepare(connection)
            # Each run of messages is another process: it goes on from what is stored.
            pipeline = Pipeline(known_readers(registered_antennas(connection, None)), reader_states(connection, START))
            for second, message in messages:
                payload = message if isinstance(message, bytes) else json.dumps(message).encode()
                pipeline.add(topic, payload, micros(START) + second * SECOND)
            batch, days = pipeline.take_batch()
            take_evidence(connection, batch, days, now=START)

    return say


def tag(second: int, **more: object) -> dict[str, object]:
    return {"epc": EPC, "antenna": 1, "at": (START + timedelta(seconds=second)).isoformat()} | more


def gaps(archive: Archive) -> list[tuple[int, int | None, str]]:
    """(from, to, reason), in seconds after START."""
    rows = archive.root.execute("SELECT from_at, to_at, reason FROM coverage_gap ORDER BY from_at, id").fetchall()
    return [
        (*(None if at is None else round((at - START).total_seconds()) for at in times), reason)
        for *times, reason in rows
    ]


@ONE_ENGINE
def test_a_last_will_without_a_time_counts_from_the_last_message_and_reads_end_it(archive: Archive, said: Said) -> None:
    said("R", (0, tag(0)), (100, {"status": "offline"}))
    assert gaps(archive) == [(0, None, "offline")]
    said("R", (400, tag(400)))
    assert gaps(archive) == [(0, 400, "offline")]
    assert archive.root.execute("SELECT online FROM reader_health").fetchall() == [(True,)]


@ONE_ENGINE
def test_a_new_connection_nobody_saw_the_end_of_the_last_one_of_is_a_gap(archive: Archive, said: Said) -> None:
    """The broker itself was away: no will was sent. A word that all is well is no connection."""
    status = {"reader": "r", "status": "online"}
    at = START.timestamp()
    said("L", (0, status | {"at": at}), (1, {"reader": "r", "epc": EPC, "antenna": 1, "at": at + 1}))
    assert gaps(archive) == []
    said("L", (301, status | {"at": at + 300}))
    assert gaps(archive) == [(1, 300, "the connection was lost")]
    said("L", (302, status | {"at": at}))
    said("R", (0, tag(0)), (600, {"status": "online", "at": at + 600}))
    assert len(gaps(archive)) == 1


@ONE_ENGINE
def test_what_a_reader_tells_of_itself_is_kept_with_its_hours(archive: Archive, said: Said) -> None:
    heartbeat = {
        "timestamp": START.isoformat(),
        "type": "heartbeat",
        "data": {"system": {"ntp": {"offset": -2.5}}, "radio_control": {"antennas": {"1": "connected", "9": "x"}}},
    }
    said("Z", (0, heartbeat))
    said("I", (5, {"timestamp": START.isoformat(), "antennaDisconnectedEvent": {"antennaPort": 2}}))
    said("R", (9, {"status": "online", "firmware": "desk 2.4", "at": START.isoformat()}))
    said("R", (3_700, tag(3_699, count=5)), (3_701, tag(3_599)), (3_702, b"?"))
    told = archive.root.execute(
        "SELECT code, firmware, ntp_offset_ms FROM reader_health JOIN reader ON reader.id = reader_id WHERE code <> 'I' ORDER BY code"
    )
    assert told.fetchall() == [("R", "desk 2.4", None), ("Z", None, -2.5)]
    antennas = archive.root.execute(
        "SELECT code, number, connected FROM antenna_health JOIN antenna ON antenna.id = antenna_id JOIN reader ON reader.id = reader_id "
        "ORDER BY code"
    )
    assert antennas.fetchall() == [("I", 2, False), ("Z", 1, True)]
    hours = archive.root.execute(
        "SELECT hour, messages, reads, quarantined FROM reader_hour JOIN reader ON reader.id = reader_id WHERE code = 'R' ORDER BY hour"
    )
    assert hours.fetchall() == [(START, 1, 0, 0), (START + timedelta(hours=1), 3, 6, 1)]
    read = archive.root.execute("SELECT hour, reads FROM antenna_hour ORDER BY hour").fetchall()
    assert read == [(START, 1), (START + timedelta(hours=1), 5)], "by when it was read, not by when it came"


# ── Held against its own history ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("today", "before", "more", "state"),
    [
        (900, [1_000] * 14, {}, AntennaState.WELL),
        (0, [1_000] * 14, {}, AntennaState.DEAD),
        (0, [1_000] * 14, {"reader_spoke": False}, AntennaState.WELL),
        (0, [1_000] * 14, {"role": AntennaRole.HANDHELD}, AntennaState.WELL),
        (0, [1_000] * 6 + [0] + [1_000] * 7, {}, AntennaState.WELL),
        (0, [1_000] * 3, {}, AntennaState.DEAD),
        (0, [1_000] * 2, {}, AntennaState.NEW),
        (0, [20] * 14, {}, AntennaState.WELL),
        (60, [1_000] * 14, {}, AntennaState.FAINT),
        (60, [1_000] * 14, {"swapped": True}, AntennaState.SWAPPED),
        (900, [1_000] * 14, {"swapped": True}, AntennaState.SWAPPED),
        (900, [1_000] * 14, {"connected": False}, AntennaState.DETACHED),
        (900, [1_000] * 14, {"connected": True}, AntennaState.WELL),
    ],
    ids=["usual", "dead", "reader without power", "in its dock", "nobody works on this day", "three days are a history",
         "two are none", "a quiet antenna", "came off", "swapped and faint", "swapped", "unplugged", "plugged in"],
)  # fmt: skip
def test_an_antenna_is_judged_by_its_own_history(
    today: int, before: list[int], more: dict[str, object], state: AntennaState
) -> None:
    told = {"connected": None, "swapped": False, "reader_spoke": True} | more
    role = told.pop("role", AntennaRole.SHELF)
    assert antenna_state(role, Rate(today, before), **told) is state  # type: ignore[arg-type]


def test_why_a_reader_was_blind_is_said_in_both_languages_where_it_is_known() -> None:
    assert gap_told("3 numbers missing: 101 to 103").zh == "缺 3 号：101 至 103"
    assert gap_told("firmware update").zh == "firmware update"


@ONE_ENGINE
def test_the_fleet_stands_by_what_is_worst(archive: Archive) -> None:
    now = datetime.now(UTC)
    fleet(archive, now)
    places: dict[str, int] = dict(archive.root.execute("SELECT code, id FROM place").fetchall())
    with archive.jobs.unpooled() as connection, connection.transaction():
        reader_health.keep_swapped(connection, [(places["C-1"], places["C-6"])], now)
    found = equipment(archive.app, archive.keeper, now).readers
    assert [(one.view.code, one.state.value) for one in found] == [
        ("C-R1", "antenna"), ("C-R2", "antenna"), ("G-R1", "online"), ("D-9", "never"), ("H-7", "never"),
    ]  # fmt: skip
    states = {antenna.view.number: antenna.state.value for antenna in found[1].antennas}
    assert states == {1: "well", DEAD: "dead", FAINT: "faint", SWAPPED: "swapped"}
    assert found[0].antennas[0].view.swapped_with == f"C-R2/{SWAPPED}"
    assert found[0].view.drift_ms_a_day == pytest.approx(72)
    with archive.jobs.unpooled() as connection, connection.transaction():
        reader_health.keep_swapped(connection, [], now)
    assert all(one.view.swapped_with is None for reader in equipment(archive.app, archive.keeper, now).readers for one in reader.antennas)  # fmt: skip


# ── Silence ──────────────────────────────────────────────────────────────────────────────────────────────────────────

FRIDAY = datetime(2026, 6, 12, 3, 10, tzinfo=UTC)  # 11:10 in the warehouse


@pytest.fixture
def working_week(archive: Archive, said: Said) -> Archive:  # noqa: ARG001
    """The reader R spoke from Friday to Thursday in the hours from 9 to 18, but not at the weekend; last of all just now."""
    archive.root.execute(
        "INSERT INTO reader_hour SELECT reader.id, hour, 60, 600, 0, 0 FROM reader, "
        "generate_series(%s::timestamptz - interval '8 days', %s, '1 hour') AS hour "
        "WHERE code = 'R' AND extract(hour FROM hour AT TIME ZONE 'Asia/Shanghai') BETWEEN 9 AND 18 "
        "AND extract(isodow FROM hour AT TIME ZONE 'Asia/Shanghai') <= 5",
        (FRIDAY.replace(minute=0), FRIDAY.replace(minute=0)),
    )
    archive.root.execute(
        "INSERT INTO reader_health (reader_id, last_message_at, online) SELECT id, %s, true FROM reader WHERE code = 'R'",
        (FRIDAY,),
    )
    return archive


def silent(archive: Archive, at: datetime) -> list[str]:
    """Whom the minute's look tells of at that instant; whatever it opened is forgotten again."""
    with archive.jobs.unpooled() as connection:
        follow_readers(connection, at)
    told = "SELECT code FROM discrepancy JOIN reader ON reader.id = reader_id WHERE kind = 'reader_silent' AND state = 'open'"
    return [code for (code,) in archive.root.execute(told)]


@ONE_ENGINE
@pytest.mark.parametrize(
    ("after", "told"),
    [
        (14 * MINUTE, []),
        (16 * MINUTE, ["R"]),
        (timedelta(hours=12), []),
        (timedelta(hours=22, minutes=15), []),
        (timedelta(hours=23, minutes=55), []),
    ],
    ids=["a pause", "too long for this hour", "at night, without power", "on Saturday at 9:25", "on Saturday at 11:05"],
)
def test_a_reader_that_usually_speaks_now_is_missed_within_minutes(
    working_week: Archive, after: timedelta, told: list[str]
) -> None:
    assert silent(working_week, FRIDAY + after) == told


@ONE_ENGINE
def test_a_silence_is_an_alarm_on_the_page_until_the_reader_speaks(working_week: Archive) -> None:
    archive, at = working_week, FRIDAY + 16 * MINUTE
    assert silent(archive, at) == ["R"]
    states = {one.view.code: one.state.value for one in equipment(archive.app, archive.keeper, at).readers}
    assert states["R"] == "silent"
    archive.root.execute("UPDATE reader_health SET last_message_at = %s", (at + MINUTE,))
    with archive.jobs.unpooled() as connection:
        assert follow_facts(connection, at + 2 * MINUTE) == 1
    assert [one.state.value for one in equipment(archive.app, archive.keeper, at).readers if one.view.code == "R"] == [
        "online"
    ]
