"""Commands on a PostgreSQL of the site's own: what they do, print and leave."""

import fcntl
import gzip
import json
import os
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import sleep
from uuid import uuid4

import paho.mqtt.client as paho
import psycopg
import pytest
from openpyxl import load_workbook
from paho.mqtt.enums import CallbackAPIVersion

from inventory.domain.people import Role
from inventory.operations.countersigning import countersign
from inventory.operations.importing import import_register
from inventory.operations.signing_in import sign_in
from inventory.store.database import Database
from inventory.store.keys import load_key_ring
from tests import servers
from tests.commands.running import ONE_ENGINE, PROGRAM, Guiwei
from tests.conftest import Archive
from tests.imports.files import AGENCIES, DOSSIERS, EPCS, PLACES, READERS, csv_file, rows

pytestmark = ONE_ENGINE
SHELF_READER = "S-1,native,shelf/1,1,W2-A-01-1,shelf"


FILES = {"agencies": AGENCIES, "places": PLACES, "readers": (*READERS, SHELF_READER), "dossiers": DOSSIERS}


def fill(archive: Archive, guiwei: Guiwei, folder: Path) -> None:
    """The small site, with the keys of the command's key file."""
    keys = load_key_ring(guiwei.data / "guiwei.key", make=False)
    for kind, lines in FILES.items():
        path = csv_file(folder, kind, *lines)
        import_register(Database(archive.owner.engine, keys), kind, path, uuid4(), datetime.now(UTC))


def recording(path: Path, *messages: tuple[datetime, str, object]) -> Path:
    lines = [
        json.dumps({"received_at": at.isoformat(), "topic": topic, "payload": json.dumps(payload)})
        for at, topic, payload in messages
    ]
    content = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def test_four_files_come_in_and_the_rows_are_counted(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    for kind, lines in FILES.items():
        done = guiwei("import", kind, csv_file(tmp_path, kind, *lines))
        assert (done.code, done.err) == (0, "")
        assert done.out == f"导入 {len(lines)} 行。Imported {len(lines)} rows.\n"
    assert archive.where("D-17/2") == "W2-A-01-2"
    keys = load_key_ring(tmp_path / "data" / "guiwei.key", make=False)
    ciphers = rows(archive, "SELECT id_number_cipher FROM subject WHERE id_number_cipher IS NOT NULL")
    assert sorted(keys.decrypt(cipher) for (cipher,) in ciphers) == ["11010519491231002X", "370102198001010015"]  # type: ignore[arg-type]
    done = guiwei("import", "agencies", csv_file(tmp_path, "agencies", *AGENCIES), "--json")
    assert done.result == {"rows": 2, "imported": 2, "error_count": 0, "errors": []}
    assert done.err == ""


def test_a_wrong_register_is_told_row_by_row_for_people_and_for_programs(
    guiwei: Guiwei, archive: Archive, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, "dossiers", "D-1,张三,,NOBODY,,,", "D-2,,,370112,,,")
    done = guiwei("import", "dossiers", path)
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert lines[0].startswith("第2行 row 2, holding_agency: 没有这个机构 · there is no such agency")
    assert lines[-1].endswith("The file dossiers.csv has 2 errors; nothing was imported.")
    as_json = guiwei("import", "dossiers", path, "--json")
    assert as_json.code == 2
    assert [(error["row"], error["column"]) for error in as_json.result["errors"]] == [(2, "holding_agency"), (3, "name")]  # fmt: skip
    as_json.refused()
    assert rows(archive, "SELECT count(*) FROM dossier") == [(0,)]
    part = guiwei("import", "dossiers", path, "--accept-valid", "--create-agencies", "--json")
    assert (part.code, part.result["imported"], part.result["error_count"]) == (0, 1, 1)


def test_since_when_and_by_whom_a_register_is_true(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    fill(archive, guiwei, tmp_path)
    path = csv_file(tmp_path, "dossiers", "D-90,张三,,370113,,,W2-D1")
    assert guiwei("import", "dossiers", path, "--as-of", "2026-03-01T08:00:00", "--by", "keeper").code == 0
    assert rows(archive, "SELECT happened_at, login FROM act JOIN account ON account.id = actor_id "
                         "ORDER BY sequence DESC LIMIT 1") == [(datetime(2026, 3, 1, tzinfo=UTC), "keeper")]  # fmt: skip


def test_a_new_database_is_brought_up_once(
    empty_database: str, postgres: servers.PostgresForTests, tmp_path: Path
) -> None:
    guiwei = Guiwei(tmp_path / "new" / "data")
    guiwei.use_database(postgres, empty_database)
    assert "GUIWEI_KEY_FILE" in guiwei("ledger", "verify").refused()
    assert not guiwei.data.exists(), "only db upgrade makes the key file"
    first = guiwei("db", "upgrade", "--json").result
    assert first["before"] is None
    assert guiwei.data.joinpath("guiwei.key").stat().st_mode & 0o777 == 0o600
    key = guiwei.data.joinpath("guiwei.key").read_bytes()
    assert guiwei("db", "upgrade", "--json").result == {"before": first["after"], "after": first["after"]}
    assert guiwei.data.joinpath("guiwei.key").read_bytes() == key
    assert guiwei("ledger", "verify", "--json").result["sound"] is True


def test_a_lost_key_file_is_not_replaced_by_one_that_opens_nothing(
    guiwei: Guiwei, archive: Archive, tmp_path: Path
) -> None:
    fill(archive, guiwei, tmp_path)
    (guiwei.data / "guiwei.key").unlink()
    for command in (["db", "upgrade"], ["ledger", "verify"]):
        assert "GUIWEI_KEY_FILE" in guiwei(*command).refused()
    assert not (guiwei.data / "guiwei.key").exists()


def test_a_person_is_added_and_signs_in(guiwei: Guiwei, archive: Archive) -> None:
    done = guiwei("user", "add", "Zhao", "--role", Role.WINDOW_CLERK.zh, "--agency", "370112", "--name", "赵敏",
                  "--json", GUIWEI_NEW_PASSWORD="opens the window")  # fmt: skip
    assert done.result == {"login": "zhao", "role": "window_clerk"}
    viewer = sign_in(archive.app, "zhao", "opens the window", "secret").viewer
    assert (viewer.name, viewer.agency_name) == ("赵敏", "历城区档案中心")
    assert "opens the window" not in str(
        rows(
            archive, "SELECT account::text || account_secret::text FROM account JOIN account_secret ON account_id = id"
        )
    )


def test_a_token_is_shown_once_and_kept_as_a_hash(guiwei: Guiwei, archive: Archive) -> None:
    done = guiwei("token", "add", "keeper", "--name", "desk", "--days", "7", "--json")
    assert datetime.fromisoformat(done.result["expires_at"]) - datetime.now(UTC) > timedelta(days=6)
    assert rows(archive, "SELECT api_token.name, login FROM api_token JOIN account ON account.id = account_id") == [
        ("desk", "keeper")
    ]
    assert done.result["token"] not in str(rows(archive, "SELECT api_token::text FROM api_token"))
    assert len(guiwei("token", "add", "keeper", "--name", "again").out.strip()) > 40


def test_the_ledger_is_verified_and_tampering_is_named(guiwei: Guiwei, archive: Archive) -> None:
    archive.shelf("A-01")
    for number in range(3):
        archive.dossier(f"D-{number}", on="A-01")
    sound = guiwei("ledger", "verify", "--json")
    assert (sound.code, sound.result) == (
        0,
        {"acts": 9, "checkpoints": 0, "unsigned": 9, "faults": [], "sound": True, "first": None},
    )
    with psycopg.connect(archive.server.superuser_url, dbname=archive.name) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE act SET reason = 'quietly' WHERE sequence = 3")
        superuser.execute("DELETE FROM holding WHERE volume_id = (SELECT max(id) FROM volume)")
    done = guiwei("ledger", "verify", "--json")
    assert done.code == 1
    assert (done.result["first"]["kind"], done.result["first"]["about"]) == ("act", "W1 #3")
    assert "W1 #3" in guiwei("ledger", "verify").out
    with psycopg.connect(archive.server.superuser_url, dbname=archive.name) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE act SET reason = NULL WHERE sequence = 3")
    done = guiwei("ledger", "verify", "--json")
    assert (done.result["first"]["kind"], done.result["first"]["about"]) == ("holding", "D-2")


def test_the_ledger_is_signed_its_roots_expected_and_exported(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    [first] = guiwei("ledger", "checkpoint", "--json").result["checkpoints"]
    assert (first["warehouse"], first["number"], first["acts"]) == ("W1", 1, 3)
    assert guiwei("ledger", "key", "new").code == 2, "it was made on first use"
    rotated = guiwei("ledger", "key", "rotate", "--json").result
    keys = guiwei("ledger", "key", "show", "--json").result["keys"]
    assert keys[1] == rotated and rotated["signed_by"] == keys[0]["key_id"]
    archive.dossier("D-2", on="A-01")
    [second] = guiwei("ledger", "checkpoint", "--json").result["checkpoints"]
    paper = " ".join(second["hash"][at : at + 4] for at in range(0, 24, 4))
    assert second["number"] == 2

    kept = tmp_path / "kept.jsonl"
    shutil.copy(guiwei.data / "checkpoints.jsonl", kept)
    expecting = (
        "ledger",
        "verify",
        "--expect",
        paper,
        "--expect-file",
        kept,
        "--keys",
        guiwei.data / "ledger-keys.jsonl",
    )
    done = guiwei(*expecting, "--json")
    assert (done.code, done.result["sound"], done.result["unsigned"]) == (0, True, 0), done.out
    export = tmp_path / "ledger.jsonl.gz"
    assert guiwei("ledger", "export", export, "--json").result["acts"] == 6
    program = PROGRAM.with_name("guiwei-verify")
    verified = subprocess.run(
        [program, export, "--key", keys[0]["key"], "--expect", paper], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, "sound" in verified.stdout) == (0, True), verified.stderr

    with psycopg.connect(archive.server.superuser_url, dbname=archive.name) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("DELETE FROM checkpoint WHERE number > 1")
    done = guiwei("ledger", "verify")
    assert (done.code, "W1 #2" in done.out) == (1, True)
    (guiwei.data / "checkpoints.jsonl").unlink()
    assert guiwei("ledger", "verify").code == 0, "with nothing from elsewhere, nothing is missed"
    assert guiwei(*expecting, "--json").result["first"]["kind"] == "receipt"
    assert guiwei("ledger", "verify", "--expect", paper, "--json").result["first"]["kind"] == "root"
    for wrong in (("--expect", "12ab"), ("--expect-file", tmp_path / "none"), ("--keys", tmp_path / "none")):
        guiwei("ledger", "verify", *wrong).refused()


@pytest.mark.parametrize("tampering", ["DELETE FROM ledger_chain", "UPDATE ledger_chain SET sequence = 1"])
def test_a_ledger_whose_head_is_gone_is_not_sound(guiwei: Guiwei, archive: Archive, tampering: str) -> None:
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    archive.root.execute(tampering)
    assert guiwei("ledger", "verify").code == 1


def test_a_recording_is_fed_in_and_each_midnight_closes_a_day(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    fill(archive, guiwei, tmp_path)
    evening = datetime.now(UTC).replace(hour=15, minute=58, second=0, microsecond=0) + timedelta(days=1)
    read = {"antenna": 1, "epc": EPCS[1], "rssi_dbm": -45}
    path = recording(
        tmp_path / "day.jsonl.gz",
        (evening, "shelf/1", read),
        (evening + timedelta(minutes=1), "shelf/1", [read, read]),
        (evening + timedelta(minutes=3), "shelf/1", "what is this"),
    )
    done = guiwei("replay", path, "--json")
    assert done.result == {"messages": 3, "beliefs_changed": 2, "closes": 1}
    assert rows(archive, "SELECT sum(reads) FROM evidence") == [(3,)]
    assert rows(archive, "SELECT count(*) FROM quarantine") == [(1,)]
    assert rows(archive, "SELECT code, reads FROM belief JOIN place ON place.id = place_id") == [("W2-A-01-1", 3)]
    assert guiwei("replay", path, "--no-close", "--json").result["closes"] == 0


def test_a_broken_recording_is_refused_before_anything_is_fed_in(
    guiwei: Guiwei, archive: Archive, tmp_path: Path
) -> None:
    fill(archive, guiwei, tmp_path)
    now = datetime.now(UTC)
    read = {"antenna": 1, "epc": EPCS[1]}
    path = recording(tmp_path / "day.jsonl", *((now + timedelta(minutes=n), "shelf/1", read) for n in range(5)))
    path.write_text(path.read_text("utf-8") + '\n{"received_at": "yesterday"', "utf-8")
    assert "line 6 is no line of a recording" in guiwei("replay", path).refused()
    assert rows(archive, "SELECT count(*) FROM evidence") == [(0,)]


def test_a_day_is_closed_by_hand(guiwei: Guiwei) -> None:
    first = guiwei("close", "--at", "2026-03-01", "--json").result
    none = {"opened": 0, "refreshed": 0, "closed": 0}
    assert first == {
        "model": first["model"], "at": "2026-02-28 16:00:00+00:00", "outcomes": {}, "discrepancies": none,
    }  # fmt: skip
    assert guiwei("close", "--at", "2026-03-02T00:00:00+08:00", "--json").result["model"] == first["model"] + 1


def test_an_audit_of_a_day_and_all_about_one_dossier(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    fill(archive, guiwei, tmp_path)
    evening = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)
    path = recording(tmp_path / "day.jsonl", (evening, "shelf/1", {"antenna": 1, "epc": EPCS[1], "rssi_dbm": -45}))
    guiwei("replay", path, "--no-close")
    interval = (
        "--from",
        (evening - timedelta(hours=1)).isoformat(),
        "--to",
        (evening + timedelta(hours=1)).isoformat(),
    )
    found = guiwei("audit", "run", "--scope", "W2", *interval, "--json").result
    assert found["scope"] == "W2"
    assert 0 < found["coverage"] <= 1
    assert {"audit", "findings", "undecided", "gaps"} <= found.keys()
    assert guiwei("audit", "run", "--scope", "W2", *interval, "--json", "--dry").result == found | {"audit": None}
    paper, book = tmp_path / "audit.pdf", tmp_path / "audit.xlsx"
    written = guiwei("audit", "report", str(found["audit"]), "--pdf", paper, "--xlsx", book, "--json")
    assert written.code == 0, written.err
    assert written.result["findings"] == len(found["findings"])
    assert paper.read_bytes().startswith(b"%PDF-")
    told = [*found["findings"], *found["undecided"], *found["gaps"]]
    sheet = load_workbook(book).worksheets[0]
    assert [row[0] for row in sheet.iter_rows(values_only=True)][-1] == f"完 end · {len(told)} 条 rows"
    number = archive.root.execute(
        "SELECT number FROM dossier JOIN volume ON dossier.id = dossier_id JOIN tag ON volume_id = volume.id "
        "WHERE epc = decode(%s, 'hex')",
        (EPCS[1],),
    ).fetchone()
    assert number is not None
    volumes = guiwei("locate", number[0], "--json").result["volumes"]
    assert [one["belief"]["place"] for one in volumes if one["belief"]] == ["W2-A-01-1"]


def test_what_readers_say_is_written_down(guiwei: Guiwei, archive: Archive, tmp_path: Path, directory: Path) -> None:
    fill(archive, guiwei, tmp_path)
    with servers.mosquitto(directory) as broker:
        guiwei.set("GUIWEI_MQTT_URL", broker.url)
        path = tmp_path / "said.jsonl"
        running = guiwei.start("record", path, "--messages", "2", "--seconds", "30")
        speaker = paho.Client(CallbackAPIVersion.VERSION2)
        speaker.connect("127.0.0.1", broker.port)
        speaker.loop_start()
        try:
            # It listens some moment after it has started; until then nobody hears.
            while running.process.poll() is None:
                speaker.publish("shelf/1", json.dumps({"antenna": 1, "epc": EPCS[1]}), qos=1).wait_for_publish(5)
                speaker.publish("nobody/registered", "x", qos=1)
                sleep(0.2)
        finally:
            speaker.disconnect()
            speaker.loop_stop()
            running.abandon()
        assert running.process.returncode == 0, running.said
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        assert [line["topic"] for line in lines] == ["shelf/1"] * 2
        done = guiwei("doctor", "--json")
        assert {finding["what"] for finding in done.result if not finding["well"]} <= {"readers"}, done.out
        assert "broker" in {finding["what"] for finding in done.result}


def not_well(guiwei: Guiwei) -> dict[str, str]:
    done = guiwei("doctor", "--json")
    assert "Traceback" not in done.err
    assert done.code == 1
    return {finding["what"]: finding["told"] for finding in done.result if not finding["well"]}


def test_the_doctor_names_what_is_away(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    """No broker answers here, the key file opens nothing, and others may read it."""
    fill(archive, guiwei, tmp_path)
    guiwei.set("GUIWEI_MQTT_URL", "mqtt://guiwei:geheim@127.0.0.1:1")
    (guiwei.data / "guiwei.key").unlink()
    load_key_ring(guiwei.data / "guiwei.key", make=True)
    told = not_well(guiwei)
    assert "broker" in " ".join(told)
    assert any("GUIWEI_KEY_FILE" in sentence for sentence in told.values())
    assert "geheim" not in str(told)


def test_the_doctor_says_how_old_the_ledgers_last_signature_is(
    guiwei: Guiwei, archive: Archive, tmp_path: Path
) -> None:
    """Its acts are made as old as they are told to be, behind the triggers that keep them."""

    def finding() -> tuple[bool, str]:
        findings = guiwei("doctor", "--json").result
        return next((one["well"], one["told"]) for one in findings if one["what"] == "signed ledger")

    assert finding() == (True, "no acts to sign yet")
    fill(archive, guiwei, tmp_path)
    assert finding() == (True, "never signed, in 0 hours of acts")
    archive.root.execute("SET session_replication_role = replica")
    older = "happened_at = happened_at - interval '49 hours', recorded_at = recorded_at - interval '49 hours'"
    archive.root.execute(f"UPDATE act SET {older}")
    well, told = finding()
    assert not well
    assert told.startswith("never signed, in 49 hours of acts: ")
    guiwei("ledger", "checkpoint")
    assert finding() == (True, "last signed 0 hours ago")
    archive.root.execute("UPDATE checkpoint SET made_at = made_at - interval '47 hours'")
    assert finding() == (True, "last signed 47 hours ago")
    archive.root.execute("UPDATE checkpoint SET made_at = made_at - interval '2 hours'")
    well, told = finding()
    assert not well
    assert told.startswith("last signed 49 hours ago: ")


def test_the_doctor_says_what_a_new_database_lacks_and_changes_nothing(
    empty_database: str, postgres: servers.PostgresForTests, tmp_path: Path
) -> None:
    guiwei = Guiwei(tmp_path / "data")
    guiwei.use_database(postgres, empty_database)
    guiwei.set("GUIWEI_MQTT_URL", "mqtt://127.0.0.1:1")
    assert any("GUIWEI_KEY_FILE" in sentence for sentence in not_well(guiwei).values())
    assert not guiwei.data.exists()
    load_key_ring(tmp_path / "data" / "guiwei.key", make=True)
    assert "guiwei db upgrade" in not_well(guiwei)["schema"]


def test_an_import_that_is_told_to_end_ends_without_a_trace(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "dossiers", *(f"N-{n},张三,,370112,,,W1-D1" for n in range(60_000)))
    archive.desk()
    running = guiwei.start("import", "dossiers", path)
    running.wait_for(
        lambda: rows(archive, "SELECT FROM pg_stat_activity WHERE usename = 'guiwei_owner' AND query LIKE '%%staged%%' "
                              "AND datname = current_database()")
    )  # fmt: skip
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(30) == 128 + signal.SIGTERM
    assert "Traceback" not in running.said
    assert rows(archive, "SELECT count(*) FROM dossier") == [(0,)]


def test_the_commands_tell_each_other_apart_by_process(guiwei: Guiwei) -> None:
    """A second ingest for the same slot on this machine is refused; the first goes on."""
    guiwei.set("GUIWEI_MQTT_URL", "mqtt://127.0.0.1:1")
    first = guiwei.start("ingest")
    try:
        first.wait_for((guiwei.data / "ingest-0.lock").exists)
        first.wait_for(partial(_is_locked, guiwei.data / "ingest-0.lock"))
        done = guiwei("ingest")
        assert done.code == 1
        assert "Another process has taken over ingest slot 0." in done.err
        assert first.process.poll() is None
    finally:
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(30) == 0, first.said


def _is_locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_an_unreachable_database_is_one_sentence_and_exit_code_1(guiwei: Guiwei, tmp_path: Path) -> None:
    for prefix in ("", "OWNER_", "JOBS_"):
        guiwei.set(f"GUIWEI_{prefix}DATABASE_URL", "postgresql://guiwei_app:geheim@127.0.0.1:1/guiwei")
    path = csv_file(tmp_path, "agencies", *AGENCIES)
    for command in (["db", "upgrade"], ["ledger", "verify"], ["import", "agencies", path], ["close", "--at", "2026-03-01"]):  # fmt: skip
        told = guiwei(*command).refused(code=1)
        assert "PostgreSQL is unavailable" in told
        assert "geheim" not in told


def test_a_role_that_may_not_change_the_schema_is_told_so(
    empty_database: str, postgres: servers.PostgresForTests, tmp_path: Path
) -> None:
    guiwei = Guiwei(tmp_path / "data")
    guiwei.use_database(postgres, empty_database)
    guiwei.set("GUIWEI_OWNER_DATABASE_URL", postgres.url("app", empty_database))
    assert "GUIWEI_OWNER_DATABASE_URL" in guiwei("db", "upgrade").refused()


def test_a_site_sets_the_number_of_a_rule_by_its_document(guiwei: Guiwei, archive: Archive) -> None:
    told = guiwei(
        "rule",
        "set",
        "due_date_never_null",
        "10",
        "--since",
        "2026-01-01",
        "--document",
        "历人社〔2026〕3 号",
        "--json",
    )
    assert (told.code, told.result["value"]) == (0, 10)
    assert archive.root.execute("SELECT rule, value, document FROM rule_number").fetchall() == [
        ("due_date_never_null", 10, "历人社〔2026〕3 号")
    ]
    for wrong in (("no_expulsion", "3"), ("due_date_never_null", "0"), ("attic", "1")):
        refused = guiwei("rule", "set", *wrong, "--since", "2026-01-01", "--document", "x")
        assert (refused.code, refused.out) == (2, "")
    assert guiwei("rule", "set", "due_date_never_null", "9", "--since", "soon", "--document", "x").code == 2


def test_a_site_adds_a_years_working_calendar(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "2027.csv"
    path.write_text(
        "day,kind,source\n2027-01-01,off,国办发明电〔2026〕1号\n2027-01-03,worked,国办发明电〔2026〕1号\n", "utf-8"
    )
    assert guiwei("rule", "calendar", str(path), "--json").result == {"days": 2}
    path.write_text("day,kind,source\n2027-13-01,off,x\n", "utf-8")
    refused = guiwei("rule", "calendar", str(path))
    assert refused.code == 2
    assert archive.root.execute("SELECT count(*) FROM calendar_day").fetchone() == (2,)


def test_a_pin_is_set_for_the_second_signature(guiwei: Guiwei, archive: Archive) -> None:
    assert guiwei("user", "pin", "keeper", GUIWEI_NEW_PIN="204816").code == 0
    assert countersign(archive.app, archive.clerk, "keeper", "204816").login == "keeper"
    assert guiwei("user", "pin", "keeper", GUIWEI_NEW_PIN="123456").code == 2
    assert guiwei("user", "pin", "nobody", GUIWEI_NEW_PIN="204816").code == 2
