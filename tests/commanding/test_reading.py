"""Audits that tell their readers to read first: room by room, aisle by aisle, then judged."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from devices.broker import BrokerAddress, new_client
from inventory.domain.audits import AuditState, PlanKind
from inventory.domain.commands import CommandState
from inventory.domain.people import Role, Viewer
from inventory.operations import audit_plans, audit_views, auditing
from inventory.operations.audit_plans import Planning
from inventory.operations.audit_views import Asking
from inventory.store import reader_commands
from inventory.store.reader_commands import CommandRow
from tests.commanding.equipment import at_work, device, until
from tests.conftest import Archive
from tests.ingest.equipment import import_rows, working
from tests.servers import Mosquitto
from tests.site import ONE_ENGINE, SignIn

pytestmark = ONE_ENGINE
HEADER = "reader,dialect,topic,antenna,place,role,control_url"
EPC = {number: f"3500E86F8000A9E00000{number:0>4}" for number in (1, 2, 3)}
SECOND = timedelta(seconds=1)


@pytest.fixture
def manager(archive: Archive) -> Viewer:
    return archive.person("manager", Role.CITY_MANAGER)


@pytest.fixture
def cabinets(archive: Archive, folder: Path) -> Archive:
    """Room 1 with cabinet C-1 and reader S1, room 2 with C-2 and S2, a dossier in each; a powered aisle in room 2."""
    archive.place("W1-R2", "room", parent="W1")
    archive.place("C-1", "shelf", parent="W1-R1")
    archive.place("C-2", "shelf", parent="W1-R2")
    archive.place("P-1", "shelf", parent="W1-R2")
    archive.root.execute("UPDATE place SET block = 'A', aisle = '03' WHERE code = 'P-1'")
    archive.root.execute("UPDATE place SET room_id = (SELECT id FROM place WHERE code = 'W1-R1') WHERE code = 'C-1'")
    archive.root.execute(
        "UPDATE place SET room_id = (SELECT id FROM place WHERE code = 'W1-R2') WHERE code IN ('C-2', 'P-1')"
    )
    import_rows(
        archive,
        "readers",
        folder,
        HEADER,
        "S2,native,guiwei/W1/S2/reads,1,C-2,shelf,",
        "S1,native,guiwei/W1/S1/reads,1,C-1,shelf,",
        "P1,impinj,p1/reads,1,P-1,zone,mqtt:P1/in?answers=P1/out",
        "H1,native,guiwei/W1/H1/reads,0,W1,handheld,",
    )
    for number, shelf in ((1, "C-1"), (2, "C-2"), (3, "P-1")):
        archive.dossier(f"D-{number}", on=shelf, epc=EPC[number])
    return archive


def ask(archive: Archive, viewer: Viewer) -> int:
    now = datetime.now(UTC)
    asking = Asking(uuid4(), "W1", now - timedelta(hours=1), None)
    return audit_views.ask(archive.app, viewer, asking, now, read_for=SECOND)


def commands(archive: Archive, audit: int) -> list[CommandRow]:
    with archive.jobs.unpooled() as connection:
        return reader_commands.of_audit(connection, audit)


def test_the_cabinets_read_room_by_room_and_then_it_is_judged(
    cabinets: Archive, broker: Mosquitto, manager: Viewer
) -> None:
    """S1 reads; S2 refuses; whoever stands in the powered aisle isn't moved. What nobody heard is nobody's missing dossier."""
    archive, address = cabinets, BrokerAddress.parse(broker.url)
    archive.root.execute(
        "INSERT INTO aisle_state (room_id, block, aisle, purpose, held_by, since) "
        "SELECT id, 'A', '01', 'sweep', %s, now() FROM place WHERE code = 'W1-R2'",
        (archive.keeper.account_id,),
    )
    speaker = new_client(address, "speaker")
    speaker.connect(address.host, address.port)
    speaker.loop_start()

    def read(told: dict[str, Any]) -> bytes:
        reads = [{"antenna": 1, "epc": EPC[1], "rssi_dbm": -41, "count": 9, "at": datetime.now(UTC).isoformat()}]
        speaker.publish("guiwei/W1/S1/reads", json.dumps(reads), qos=1)
        return json.dumps({"id": told["id"], "ok": True}).encode()

    def refuse(told: dict[str, Any]) -> bytes:
        return json.dumps({"id": told["id"], "ok": False, "problem": "door open"}).encode()

    with (
        device(broker.url, "guiwei/W1/S1/commands", "guiwei/W1/S1/answers", read) as first,
        device(broker.url, "guiwei/W1/S2/commands", "guiwei/W1/S2/answers", refuse) as second,
        device(broker.url, "P1/in", "P1/out", lambda _: None) as powered,
        working(archive, broker.url),
        at_work(archive, broker.url),
    ):
        number = ask(archive, manager)
        assert auditing.run_waiting(archive.jobs, lambda: datetime.now(UTC)) == [], "not before the reading is over"
        until(lambda: all(one.ended_at for one in commands(archive, number) if one.kind == "start"))
        until(lambda: archive.root.execute("SELECT FROM evidence").rowcount)
    speaker.disconnect()
    speaker.loop_stop()
    starts = [one for one in commands(archive, number) if one.kind == "start"]
    assert [(one.reader, one.state) for one in starts] == [
        ("S1", CommandState.DONE),
        ("S2", CommandState.FAILED),
        ("P1", CommandState.FAILED),
    ]
    sent = [one.sent_at for one in starts]
    assert sent[0] and sent[1] and sent[1] - sent[0] >= SECOND / 2, "the second room when the first is done"
    assert [(one["command"], one["seconds"]) for one in first + second] == [("start", 1), ("start", 1)]
    assert powered == []
    assert starts[2].problem_en == "keeper holds an aisle of that block; nothing was moved."
    (audit,) = auditing.run_waiting(archive.jobs, lambda: datetime.now(UTC) + timedelta(minutes=5))
    assert audit.findings == ()
    reasons = {gap.place: gap.reason_en for gap in audit.gaps if gap.reason_en.startswith("reader")}
    assert reasons == {
        "C-2": "reader S2 didn't read as told: The reader refuses: door open.",
        "P-1": "reader P1 didn't read as told: keeper holds an aisle of that block; nothing was moved.",
    }
    assert audit.covered == 1


def test_a_plan_asks_its_readers_and_its_interval_ends_with_them(
    cabinets: Archive, folder: Path, manager: Viewer
) -> None:
    """A Zebra is told to stop again, unless it has been reading by itself."""
    import_rows(cabinets, "readers", folder, HEADER, "Z2,zebra,tevents/Z2,1,C-2,shelf,mqtt:Z2/in")
    now = datetime.now(UTC)
    audit_plans.make(cabinets.app, manager, Planning(uuid4(), PlanKind.ROLLING, "W1-R2"), now - timedelta(days=2))
    with cabinets.jobs.unpooled() as connection:
        (number,) = audit_plans.work(connection, now)
    told = [
        (one.reader, one.kind.value, round((one.due_at - now).total_seconds()), dict(one.arguments))
        for one in commands(cabinets, number)
    ]
    assert told == [
        ("S2", "start", 0, {"seconds": 60}),
        ("Z2", "start", 0, {"seconds": 60}),
        ("Z2", "stop", 60, {}),
        ("P1", "start", 60, {"seconds": 60, "room": "W1-R2", "block": "A", "aisle": "03"}),
    ]
    row = audit_views.row_of(cabinets.app, manager, number)
    assert (row.state, row.until - now) == (AuditState.WAITING, timedelta(seconds=135))
    assert {one.asked_by for one in commands(cabinets, number)} == {None}
    cabinets.root.execute("SELECT evidence_day_ensure(current_date)")
    cabinets.root.execute(
        "INSERT INTO evidence SELECT antenna.id, tag.id, now(), 1, 1, -5000, -5000, now(), now() "
        "FROM antenna JOIN reader ON reader.id = reader_id, tag WHERE code = 'Z2' LIMIT 1"
    )
    assert [one.kind.value for one in commands(cabinets, ask(cabinets, manager))] == ["start"] * 4, "it goes on"


def test_a_scope_without_such_readers_is_judged_at_once(cabinets: Archive, manager: Viewer) -> None:
    now = datetime.now(UTC)
    asking = Asking(uuid4(), "W1-R1", now - timedelta(hours=1), now)
    number = audit_views.ask(cabinets.app, manager, asking, now)
    assert commands(cabinets, number) == [], "the past is judged by what was read"
    cabinets.place("W1-R3", "room", parent="W1")
    empty = audit_views.ask(
        cabinets.app, manager, Asking(uuid4(), "W1-R3", now - timedelta(hours=1), None), datetime.now(UTC)
    )
    assert {one.number for one in auditing.run_waiting(cabinets.jobs, lambda: datetime.now(UTC))} == {number, empty}


def test_the_audits_page_and_programs_ask_for_it_by_leaving_the_end_open(
    cabinets: Archive, manager: Viewer, signed_in: SignIn
) -> None:
    cabinets.person("auditor", Role.AUDITOR)
    auditor = signed_in("auditor")
    sent = {"command_id": str(uuid4()), "scope": "W1-R1", "from": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    told = auditor.post("/api/v1/audits", json=sent)
    assert (told.status_code, told.json()["state"]) == (202, "waiting")
    page = auditor.get(f"/audits/{told.json()['audit']}").text
    assert "Told to read: 0 of 1 commands done" in page and "room by room" in page
    form = {"command_id": str(uuid4()), "scope": "W1-R2", "since": "2026-03-05T08:00", "until": ""}
    assert auditor.post("/audits", data=form).status_code == 303
    assert manager
    assert [one["audit"] for one in auditor.get("/api/v1/commands").json()["commands"]] == [2, 2, 1]
