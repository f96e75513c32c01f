"""Readers are told what to do: over the broker, over HTTP; done, refused, misunderstood or not answered, and never a hang."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from guiwei.jobs import Jobs
from inventory.domain.commands import CommandKind, CommandState
from inventory.domain.jobs import JobName
from inventory.domain.people import Role
from inventory.domain.refusals import BadInput, NoSuchReader, NotAllowed, NotCommandable, Refusal
from inventory.operations import commanding
from inventory.operations.commanding import Telling
from inventory.store.constraints import CONSTRAINTS
from inventory.store.database import refusal_for
from inventory.store.reader_commands import CommandRow
from tests.commanding.breaks import BREAKS, BY_THE_APPLICATION, PREPARE
from tests.commanding.equipment import Web, at_work, device, until
from tests.conftest import Archive
from tests.ingest.equipment import import_rows
from tests.servers import Mosquitto
from tests.site import ONE_ENGINE

pytestmark = ONE_ENGINE
HEADER = "reader,dialect,topic,antenna,place,role,control_url"
ENDED = {CommandState.DONE, CommandState.FAILED, CommandState.TIMED_OUT}


def register(archive: Archive, folder: Path, *rows: str) -> None:
    archive.shelf("A-01")
    import_rows(archive, "readers", folder, HEADER, *rows)


def tell(archive: Archive, reader: str, kind: CommandKind, **arguments: Any) -> int:
    telling = Telling(uuid4(), reader, kind, arguments)
    return commanding.tell(archive.app, archive.keeper, telling, datetime.now(UTC)).id


def ended(archive: Archive, number: int) -> CommandRow:
    """A command once something has come of it."""

    def look() -> CommandRow | None:
        row = next(one for one in commanding.newest(archive.app, archive.keeper) if one.id == number)
        return row if row.state in ENDED else None

    found = until(look)
    assert isinstance(found, CommandRow)
    return found


def soon(archive: Archive, number: int) -> None:
    """Its time is over; nobody waits ten seconds for a test."""
    archive.root.execute("ALTER TABLE reader_command DISABLE TRIGGER reader_command_goes_on")
    archive.root.execute(
        "UPDATE reader_command SET due_at = now() - interval '20 s', answer_by = now() - interval '1 s' WHERE id = %s",
        (number,),
    )
    archive.root.execute("ALTER TABLE reader_command ENABLE TRIGGER reader_command_goes_on")


def test_native_and_zebra_readers_are_told_over_the_broker(archive: Archive, folder: Path, broker: Mosquitto) -> None:
    register(
        archive,
        folder,
        "S1,native,guiwei/W1/S1/reads,1,A-01,shelf,",
        "FX,zebra,tevents/FX,1,A-01,shelf,mqtt:ctrl/FX?answers=resp/FX",
    )

    def native(told: dict[str, Any]) -> bytes:
        if told["command"] == "power":
            return json.dumps({"id": told["id"], "ok": False, "problem": "no antenna\nthere"}).encode()
        return json.dumps({"id": told["id"], "ok": True}).encode()

    def zebra(told: dict[str, Any]) -> bytes:
        good = told["command"] != "set_gpo"
        payload = {} if good else {"code": 7, "message": "port 4 is an input"}
        response = {"command": told["command"], "command_id": told["command_id"], "payload": payload}
        return json.dumps(response | {"response": "success" if good else "failure"}).encode()

    with (
        device(broker.url, "guiwei/W1/S1/commands", "guiwei/W1/S1/answers", native) as heard,
        device(broker.url, "ctrl/FX", "resp/FX", zebra) as heard_by_zebra,
        at_work(archive, broker.url),
    ):
        start = tell(archive, "S1", CommandKind.START, seconds=30)
        done = ended(archive, start)
        assert (done.state, done.problem_en, done.asked_by) == (CommandState.DONE, None, "keeper")
        assert done.sent_at is not None and done.ended_at is not None
        refused = ended(archive, tell(archive, "S1", CommandKind.POWER, dbm=27.5))
        assert (refused.state, refused.problem_en) == (CommandState.FAILED, "The reader refuses: no antenna there.")
        assert refused.problem_zh == "读写器拒绝：no antenna there。"
        assert heard == [
            {"id": start, "command": "start", "seconds": 30},
            {"id": refused.id, "command": "power", "dbm": 27.5},
        ]
        numbers = [
            tell(archive, "FX", CommandKind.START),
            tell(archive, "FX", CommandKind.POWER, dbm=24),
            tell(archive, "FX", CommandKind.STOP),
            tell(archive, "FX", CommandKind.OUTPUT, port=4, on=True),
        ]
        states = [ended(archive, number) for number in numbers]
    assert [one.state.value for one in states] == ["done", "done", "done", "failed"]
    assert states[-1].problem_en == "The reader refuses: port 4 is an input."
    told = [(one["command"], one["command_id"], one["payload"]) for one in heard_by_zebra]
    metadata = ["ANTENNA", "RSSI", "SEEN_COUNT"]
    assert told == [
        ("start", str(numbers[0]), {}),
        ("set_mode", str(numbers[1]), {"type": "INVENTORY", "transmitPower": 24, "tagMetaData": metadata}),
        ("stop", str(numbers[2]), {}),
        ("set_gpo", str(numbers[3]), {"port": 4, "state": True}),
    ]


def test_a_reader_that_says_nothing_or_garbage_or_speaks_for_another(
    archive: Archive, folder: Path, broker: Mosquitto
) -> None:
    register(
        archive,
        folder,
        "S1,native,guiwei/W1/S1/reads,1,A-01,shelf,",
        "S2,native,guiwei/W1/S2/reads,1,A-01,shelf,",
    )

    def for_another(told: dict[str, Any]) -> bytes | None:
        return json.dumps({"id": told["id"] - 1, "ok": True}).encode()

    with (
        device(broker.url, "guiwei/W1/S1/commands", "guiwei/W1/S1/answers", lambda _: None) as silent,
        device(broker.url, "guiwei/W1/S2/commands", "guiwei/W1/S2/answers", for_another),
        at_work(archive, broker.url),
    ):
        waits = tell(archive, "S1", CommandKind.STOP)
        until(lambda: silent)
        other = tell(archive, "S2", CommandKind.STOP)
        until(lambda: commanding.newest(archive.app, archive.keeper)[0].state is CommandState.SENT)
        soon(archive, waits)
        late = ended(archive, waits)
        assert (late.state, late.problem_en) == (CommandState.TIMED_OUT, "The reader didn't answer in time.")
        soon(archive, other)
        assert ended(archive, other).state is CommandState.TIMED_OUT, "nobody answers for another reader"
    with (
        device(broker.url, "guiwei/W1/S1/commands", "guiwei/W1/S1/answers", lambda _: b"{\xff not JSON"),
        at_work(archive, broker.url),
    ):
        failed = ended(archive, tell(archive, "S1", CommandKind.START))
    assert failed.state is CommandState.FAILED
    assert (failed.problem_en or "").startswith("The answer can't be understood: The payload is not JSON")
    assert (failed.problem_zh or "").startswith("答复无法理解")


def test_a_broker_that_is_away_is_told_and_nothing_is_sent_later(
    archive: Archive, folder: Path, broker: Mosquitto
) -> None:
    register(archive, folder, "S1,native,guiwei/W1/S1/reads,1,A-01,shelf,")
    broker.stop()
    with at_work(archive, broker.url):
        number = tell(archive, "S1", CommandKind.START)
        soon(archive, number)
        late = ended(archive, number)
        assert (late.state, late.sent_at) == (CommandState.TIMED_OUT, None)
        assert late.problem_en == "It wasn't sent: no process or no broker was there."
        broker.start()

        def yes(told: dict[str, Any]) -> bytes:
            return json.dumps({"id": told["id"], "ok": True}).encode()

        with device(broker.url, "guiwei/W1/S1/commands", "guiwei/W1/S1/answers", yes) as heard:
            again = tell(archive, "S1", CommandKind.STOP)
            assert ended(archive, again).state is CommandState.DONE
            assert [one["id"] for one in heard] == [again]


def test_commands_end_also_where_no_process_is_there_to_send_them(archive: Archive, folder: Path) -> None:
    register(archive, folder, "S1,native,guiwei/W1/S1/reads,1,A-01,shelf,")
    number = tell(archive, "S1", CommandKind.START)
    soon(archive, number)
    Jobs(archive.jobs, ZoneInfo("Asia/Shanghai")).turn(JobName.READERS)
    (row,) = commanding.newest(archive.app, archive.keeper)
    assert (row.state, row.sent_at) == (CommandState.TIMED_OUT, None)


def test_an_impinj_is_told_over_http_whatever_it_answers(
    archive: Archive, folder: Path, broker: Mosquitto, web: Web
) -> None:
    passwords = folder / "readers.passwords"
    register(
        archive,
        folder,
        f"R7,impinj,r7/reads,1,A-01,shelf,{web.url}",
        f"R7,impinj,r7/reads,2,A-01,shelf,{web.url}",
    )
    with at_work(archive, broker.url, passwords):
        unknown = ended(archive, tell(archive, "R7", CommandKind.START))
        assert (unknown.state, unknown.problem_en) == (CommandState.FAILED, "User or password is wrong.")
        passwords.write_text("*:root:wrong\n")
        wrong = ended(archive, tell(archive, "R7", CommandKind.START))
        assert (wrong.state, wrong.problem_zh) == (CommandState.FAILED, "用户名或密码不对。")
        passwords.write_text("*:root:wrong\nR7:root:impinj\n")
        web.asked.clear()
        for kind, arguments in (
            (CommandKind.START, {}),
            (CommandKind.POWER, {"dbm": 24.5}),
            (CommandKind.OUTPUT, {"port": 2, "on": True}),
            (CommandKind.STOP, {}),
        ):
            assert ended(archive, tell(archive, "R7", kind, **arguments)).state is CommandState.DONE
        (method, path, body), powered, output, stop = web.asked
        assert (method, path) == ("POST", "/api/v1/profiles/inventory/start")
        assert [one["antennaPort"] for one in body["antennaConfigs"]] == [1, 2]
        assert body["eventConfig"]["tagInventory"]["epcHex"] == "enabled"
        assert {one["transmitPowerCdbm"] for one in powered[2]["antennaConfigs"]} == {2450}
        assert output[:2] == ("PUT", "/api/v1/device/gpos")
        assert output[2] == {"gpoConfigurations": [{"gpo": 2, "state": "high", "control": "static"}]}
        assert stop == ("POST", "/api/v1/profiles/stop", None)
        said = {}
        for how in ("refusing", "garbling", "chatting"):
            web.how = how
            said[how] = ended(archive, tell(archive, "R7", CommandKind.STOP))
        assert {one.state for one in said.values()} == {CommandState.FAILED}
        assert said["refusing"].problem_en == "The reader refuses: HTTP 400, antenna 9 isn't there."
        assert (said["garbling"].problem_en or "").startswith("The answer can't be understood")
        assert (said["chatting"].problem_en or "").startswith("The answer can't be understood")


@pytest.mark.parametrize("how", ["silent", "dripping"])
def test_an_impinj_that_never_ends_its_answer_times_out(
    archive: Archive, folder: Path, broker: Mosquitto, web: Web, how: str
) -> None:
    """As soon as its time is over, and others are told meanwhile."""
    (folder / "readers.passwords").write_text("*:root:impinj\n")
    register(
        archive,
        folder,
        f"R7,impinj,r7/reads,1,A-01,shelf,{web.url}",
        "GONE,impinj,gone/reads,1,A-01,shelf,http://127.0.0.1:9",
    )
    web.how = how
    with at_work(archive, broker.url, folder / "readers.passwords"):
        waits = tell(archive, "R7", CommandKind.STOP)
        until(lambda: web.asked)
        gone = ended(archive, tell(archive, "GONE", CommandKind.STOP))
        assert (gone.state, (gone.problem_en or "").split(":")[0]) == (
            CommandState.FAILED,
            "The reader can't be reached",
        )
        late = ended(archive, waits)
        assert (late.state, late.problem_zh) == (CommandState.TIMED_OUT, "读写器未在限期内应答。")


def test_an_output_goes_back_by_itself_and_a_command_sent_twice_is_one(
    archive: Archive, folder: Path, broker: Mosquitto
) -> None:
    register(archive, folder, "G1,native,guiwei/W1/G1/reads,1,A-01,gate_inner,")
    telling = Telling(uuid4(), "G1", CommandKind.OUTPUT, {"port": 1, "on": True}, pulse=1)
    now = datetime.now(UTC)

    def yes(told: dict[str, Any]) -> bytes:
        return json.dumps({"id": told["id"], "ok": True}).encode()

    with (
        device(broker.url, "guiwei/W1/G1/commands", "guiwei/W1/G1/answers", yes) as heard,
        at_work(archive, broker.url),
    ):
        first = commanding.tell(archive.app, archive.keeper, telling, now)
        assert commanding.tell(archive.app, archive.keeper, telling, now).id == first.id
        until(lambda: len(heard) == 2)
    assert [(one["port"], one["on"]) for one in heard] == [(1, True), (1, False)]


def test_one_process_tells_and_another_takes_over(archive: Archive, folder: Path, broker: Mosquitto) -> None:
    """The second waits for the lease; what the first had marked as sent and didn't see answered is not sent again."""
    register(archive, folder, "S1,native,guiwei/W1/S1/reads,1,A-01,shelf,")
    told: list[dict[str, Any]] = []
    with (
        device(broker.url, "guiwei/W1/S1/commands", "guiwei/W1/S1/answers", lambda _: None) as heard,
        at_work(archive, broker.url, owner="second"),
    ):
        with at_work(archive, broker.url, owner="first"):
            number = tell(archive, "S1", CommandKind.START)
            until(lambda: heard)
            owners = archive.root.execute("SELECT owner FROM lease WHERE name LIKE 'reader commands%'").fetchall()
            assert len(owners) == 1
        stop = tell(archive, "S1", CommandKind.STOP)
        until(lambda: len(heard) == 2)
        told = list(heard)
    assert [one["id"] for one in told] == [number, stop]


@pytest.mark.parametrize(
    ("by", "reader", "kind", "arguments", "refusal"),
    [
        ("clerk", "S1", CommandKind.STOP, {}, NotAllowed),
        ("keeper", "S9", CommandKind.STOP, {}, NoSuchReader),
        ("keeper", "FX", CommandKind.STOP, {}, NotCommandable),
        ("keeper", "S1", CommandKind.STOP, {"seconds": 3}, BadInput),
        ("keeper", "S1", CommandKind.START, {"seconds": 0}, BadInput),
        ("keeper", "S1", CommandKind.START, {"seconds": True}, BadInput),
        ("keeper", "S1", CommandKind.POWER, {"dbm": 36}, BadInput),
        ("keeper", "S1", CommandKind.POWER, {"dbm": float("nan")}, BadInput),
        ("keeper", "S1", CommandKind.MODE, {"mode": ""}, BadInput),
        ("keeper", "S1", CommandKind.OUTPUT, {"port": 1}, BadInput),
        ("keeper", "S1", CommandKind.OUTPUT, {"port": 1, "on": 1}, BadInput),
    ],
)
def test_what_cannot_be_told_is_refused_before_anything_is_written(
    archive: Archive,
    folder: Path,
    by: str,
    reader: str,
    kind: CommandKind,
    arguments: dict[str, Any],
    refusal: type[Refusal],
) -> None:
    register(archive, folder, "S1,native,guiwei/W1/S1/reads,1,A-01,shelf,", "FX,zebra,tevents/FX,1,A-01,shelf,")
    viewer = archive.clerk if by == "clerk" else archive.keeper
    with pytest.raises(refusal):
        commanding.tell(archive.app, viewer, Telling(uuid4(), reader, kind, arguments), datetime.now(UTC))
    assert archive.root.execute("SELECT count(*) FROM reader_command").fetchone() == (0,)


def test_whatever_is_broken_tells_by_which_rule(archive: Archive) -> None:
    PREPARE(archive)
    told: dict[str, str | None] = {}
    for constraint, statement in BREAKS.items():
        with pytest.raises(psycopg.Error) as broken:
            archive.root.execute(statement)
        told[constraint] = broken.value.diag.constraint_name
        assert type(refusal_for(broken.value)) is CONSTRAINTS[constraint]
    assert told == {constraint: constraint for constraint in BREAKS}


@pytest.mark.parametrize("who", ["clerk", "auditor", "another's name"])
def test_a_break_in_tells_no_reader(archive: Archive, who: str) -> None:
    PREPARE(archive)
    auditor = archive.person("auditor", Role.AUDITOR)
    viewer = {"clerk": archive.clerk, "auditor": auditor}.get(who, archive.keeper)
    asked_by = archive.second.account_id if who == "another's name" else viewer.account_id
    with archive.sql_of(viewer) as broken_in, pytest.raises(psycopg.Error) as refused:
        broken_in.execute(
            "INSERT INTO reader_command (reader_id, kind, asked_by, asked_at, due_at, answer_by) "
            "SELECT id, 'start', %s, now(), now(), now() + interval '1 s' FROM reader",
            (asked_by,),
        )
    assert refused.value.diag.constraint_name == BY_THE_APPLICATION
    with archive.sql_of(archive.keeper) as broken_in, pytest.raises(psycopg.errors.InsufficientPrivilege):
        broken_in.execute("UPDATE reader_command SET state = 'done', sent_at = now(), ended_at = now()")
