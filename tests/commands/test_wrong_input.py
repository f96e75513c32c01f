"""Whatever is typed wrong is told in one sentence, exit code 2, and nothing has changed."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inventory.domain.refusals import BadSetting
from inventory.store.keys import load_key_ring
from tests.attacks.bombs import bomb
from tests.commands.running import ONE_ENGINE, PROGRAM, Guiwei
from tests.conftest import Archive
from tests.imports.files import contents, csv_file

PASSWORD = {"GUIWEI_NEW_PASSWORD": "opens the window"}


REFUSED: list[tuple[list[str], str]] = [
    (["import", "places", "{folder}/none.csv"], "The file none.csv can't be read: there is no such file"),
    (["import", "dossiers", "{folder}/photo.jpg"], "The file photo.jpg can't be read: it is neither text"),
    (["import", "agencies", "{folder}/dossiers.csv"], "wrong header: number: there is no such column"),
    (["import", "dossiers", "{folder}/dossiers.csv", "--by", "nobody"], "There is no account nobody."),
    (["import", "dossiers", "{folder}/dossiers.csv", "--as-of", "1 March"], "the time 1 March should look like"),
    (["import", "dossiers", "{folder}/dossiers.csv", "--as-of", "0001-01-01"], "the time 0001-01-01 should look like"),
    (["import", "dossiers", "{folder}/dossiers.csv", "--as-of", "2999-01-01"], "can't have happened in the future"),
    (["user", "add", "zhao", "--role", "king"], "There is no such role; use one of keeper,"),
    (["user", "add", "zhao", "--role", "window_clerk"], "needs an agency"),
    (["user", "add", "zhao", "--role", "keeper", "--agency", "999999"], "There is no agency 999999."),
    (["user", "add", "keeper", "--role", "keeper"], "already exists"),
    (["user", "add", "zhao li", "--role", "keeper"], "a user name has 1 to 40 characters and no blanks"),
    (["token", "add", "nobody", "--name", "desk"], "There is no account nobody."),
    (["token", "add", "keeper", "--name", ""], "a token's name has 1 to 60 visible characters"),
    (["replay", "{folder}/none.jsonl"], "The file none.jsonl can't be read"),
    (["replay", "{folder}/dossiers.csv"], "line 1 is no line of a recording"),
    (["close", "--at", "midnight"], "the time midnight should look like"),
    (["close", "--at", "2999-01-01"], "the time 2999-01-01 hasn't come yet"),
    (["locate", "D-9"], "D-9"),
    (["audit", "run", "--scope", "W9", "--from", "2026-03-01", "--to", "2026-03-02"], "There is no place W9."),
    (["audit", "run", "--scope", "W1", "--from", "2026-03-02", "--to", "2026-03-01"], "begins before it ends"),
    (["label", "numbering", "--gs1-prefix", "9521141"], "tell the GS1 prefix and the document type"),
    (["label", "numbering", "--gs1-prefix", "9521141", "--document-type", "123"], "12 digits together"),
    (["label", "batch", "W1", "{folder}/labels.zpl"], "Nothing at W1 needs a label"),
    (["label", "batch", "W1", "{folder}/dossiers.csv"], "dossiers.csv can't be written"),
    (["record", "/proc/said.jsonl", "--seconds", "1"], "The file said.jsonl can't be read"),
]


@ONE_ENGINE
def test_it_is_told_in_one_sentence_and_nothing_has_changed(guiwei: Guiwei, archive: Archive, tmp_path: Path) -> None:
    archive.desk()
    csv_file(tmp_path, "dossiers", "D-1,张三,,370112,,,W1-D1")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\0")
    guiwei.set("GUIWEI_MQTT_URL", "mqtt://127.0.0.1:1")
    before = contents(archive)
    commands = [[argument.format(folder=tmp_path) for argument in arguments] for arguments, _ in REFUSED]
    for (_, sentence), done in zip(REFUSED, guiwei.each(commands, **PASSWORD), strict=True):
        told = done.refused()
        assert sentence in told
        assert str(tmp_path) not in told
    assert contents(archive) == before


WEAK = {"short": "a password has", "zhao-zhao-zhao": "can't hold the user name", "x" * 2_000: "a password has"}


@ONE_ENGINE
def test_a_weak_password_is_refused_and_never_repeated(guiwei: Guiwei, archive: Archive) -> None:
    for password, sentence in WEAK.items():
        done = guiwei("user", "add", "zhao-zhao-zhao", "--role", "keeper", GUIWEI_NEW_PASSWORD=password)
        told = done.refused()
        assert sentence in told
        assert password not in told
    assert archive.root.execute("SELECT FROM account WHERE login LIKE 'zhao%'").rowcount == 0


WRONG_SETTINGS: list[tuple[dict[str, str], str]] = [
    ({"DATABASE_URL": "mysql://a:geheim@db/guiwei"}, "GUIWEI_DATABASE_URL can't be used: it must begin with"),
    (
        {"DATABASE_URL": "postgresql://a:geheim@db/guiwei"},
        "GUIWEI_JOBS_DATABASE_URL can't be used: this command needs it",
    ),
    ({"MQTT_URL": "amqp://a:geheim@broker"}, "GUIWEI_MQTT_URL can't be used"),
    ({"WEB_PORT": "http"}, "GUIWEI_WEB_PORT can't be used"),
    ({"TIMEZONE": "Asia/Jinan"}, "there is no time zone"),
    ({"DATABSE_URL": "x"}, "did you mean GUIWEI_DATABASE_URL"),
    ({"DATA_DIR": "{folder}/file"}, "GUIWEI_DATA_DIR can't be used"),
]


def test_a_setting_that_can_not_be_meant_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    guiwei = Guiwei(tmp_path / "data")
    for variables, sentence in WRONG_SETTINGS:
        environment = {f"GUIWEI_{name}": value.format(folder=tmp_path) for name, value in variables.items()}
        told = guiwei("ledger", "verify", **environment).refused()
        assert sentence in told
        assert "geheim" not in told
        assert not guiwei.data.exists()


def test_the_demo_does_not_touch_a_database_of_the_sites_own(tmp_path: Path) -> None:
    guiwei = Guiwei(tmp_path / "data")
    for prefix in ("", "OWNER_", "JOBS_"):
        guiwei.set(f"GUIWEI_{prefix}DATABASE_URL", "postgresql://a:geheim@127.0.0.1:1/guiwei")
    assert "the demo runs on embedded services only" in guiwei("demo").refused()


@ONE_ENGINE
def test_a_file_that_is_no_key_file_is_told_and_stays_as_it_is(guiwei: Guiwei) -> None:
    (guiwei.data / "guiwei.key").write_bytes(b"{}")
    assert "GUIWEI_KEY_FILE can't be used" in guiwei("ledger", "verify").refused()
    assert (guiwei.data / "guiwei.key").read_bytes() == b"{}"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"\xff", b'{"encryption_key": "AAAA", "lookup_key": "AAAA"}', b'{"encryption_key": 1}'],
)
@pytest.mark.parametrize("make", [True, False])
def test_no_content_of_a_key_file_is_taken_for_keys(tmp_path: Path, content: bytes, *, make: bool) -> None:
    path = tmp_path / "guiwei.key"
    path.write_bytes(content)
    with pytest.raises(BadSetting):
        load_key_ring(path, make=make)
    assert path.read_bytes() == content


def test_of_many_that_start_at_once_all_have_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "new" / "guiwei.key"
    with ThreadPoolExecutor(16) as hands:
        rings = list(hands.map(lambda _: load_key_ring(path, make=True), range(64)))
    assert len({ring.keys.encryption for ring in rings}) == 1
    assert [file.name for file in path.parent.iterdir()] == ["guiwei.key"]


MISUSED = [
    ["frobnicate"],
    ["demo", "--dossiers", "3"],
    ["demo", "--colour", "red"],
    ["ingest", "--slot", "1000"],
    ["import", "dossiers"],
    ["user", "add", "zhao"],
    ["close"],
]


def test_a_command_that_does_not_exist_shows_how_it_is_used(tmp_path: Path) -> None:
    for done in Guiwei(tmp_path / "data").each(MISUSED):
        assert done.code == 2
        assert "Usage: guiwei" in done.err
        assert "Traceback" not in done.err
    assert not (tmp_path / "data").exists()


def test_help_lists_every_command() -> None:
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True, timeout=60)
    for name in ("demo", "up", "web", "ingest", "jobs", "doctor", "record", "replay", "close", "import", "ledger"):
        assert name in done.stdout


@ONE_ENGINE
@pytest.mark.parametrize("kind", ["agencies", "dossiers"])
def test_a_register_that_unpacks_to_the_disk_s_size_is_refused_in_one_sentence(
    guiwei: Guiwei, archive: Archive, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"{kind}.xlsx"
    path.write_bytes(bomb())
    assert "unpacks to more than we take" in guiwei("import", kind, path).refused()
    assert archive.root.execute("SELECT count(*) FROM dossier").fetchone() == (0,)
