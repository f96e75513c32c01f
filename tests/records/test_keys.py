"""Keys of ID numbers change while everything runs; the ledger isn't touched, and nothing is lost where it is stopped."""

import re
from pathlib import Path

import psycopg
import pytest

from inventory.domain.refusals import BadSetting, CiphersLeft
from inventory.operations import rekeying
from inventory.store.ciphers import CIPHER_COLUMNS
from inventory.store.database import Database, connect
from inventory.store.keys import add_key, drop_older_keys, load_key_ring
from tests.conftest import Archive
from tests.web.stock import id_number, person_of

NUMBERS = [id_number(f"37010219800101{serial:03}") for serial in range(5)]


@pytest.fixture
def key_file(archive: Archive, tmp_path: Path) -> Path:
    """The key file of an archive with five people, as every site before had one."""
    path = tmp_path / "guiwei.key"
    archive.keys = load_key_ring(path, make=True)
    archive.app = connect(archive.app_url, archive.keys)
    for serial, number in enumerate(NUMBERS):
        archive.dossier(f"D-{serial}")
        person_of(archive, f"D-{serial}", "单晓梅", number=number)
    return path


def owner_of(archive: Archive, key_file: Path) -> Database:
    return connect(archive.owner_url, load_key_ring(key_file, make=False))


def stored(archive: Archive) -> list[bytes]:
    return [bytes(cipher) for (cipher,) in archive.root.execute("SELECT id_number_cipher FROM subject ORDER BY id")]


def test_a_process_that_runs_reads_before_during_and_after(archive: Archive, key_file: Path) -> None:
    running = archive.keys
    before = stored(archive)
    add_key(key_file)
    written_meanwhile = running.encrypt(NUMBERS[0])
    assert running.is_current(written_meanwhile), "what runs takes the new key up by itself"
    owner = owner_of(archive, key_file)
    assert rekeying.reencrypt(owner, lambda *_: None) == len(NUMBERS)
    assert [running.decrypt(cipher) for cipher in stored(archive)] == NUMBERS
    rekeying.check_nothing_left(owner)
    assert drop_older_keys(key_file) == 1
    assert [running.decrypt(cipher) for cipher in stored(archive)] == NUMBERS
    for cipher in before:
        with pytest.raises(BadSetting):
            running.decrypt(cipher)
    owner.engine.dispose()


def test_stopped_halfway_it_is_run_again(archive: Archive, key_file: Path) -> None:
    add_key(key_file)
    owner = owner_of(archive, key_file)

    def stop(done: int, _total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rekeying.reencrypt(owner, stop, batch_rows=2)
    assert [archive.keys.decrypt(cipher) for cipher in stored(archive)] == NUMBERS
    with pytest.raises(CiphersLeft):
        rekeying.check_nothing_left(owner)
    assert rekeying.reencrypt(owner, lambda *_: None) == 3
    rekeying.check_nothing_left(owner)
    owner.engine.dispose()


def test_the_key_file_is_nobody_elses(key_file: Path) -> None:
    add_key(key_file)
    assert key_file.stat().st_mode & 0o077 == 0
    assert list(key_file.parent.iterdir()) == [key_file]


def test_every_column_of_ciphers_is_walked(archive: Archive) -> None:
    rows = archive.root.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type = 'bytea' AND (column_name LIKE '%cipher' OR column_name LIKE 'factor%')"
    )
    assert {(one.table, one.column) for one in CIPHER_COLUMNS} == set(rows.fetchall())


def test_of_a_visitor_only_the_cipher_is_ever_renewed(archive: Archive) -> None:
    with psycopg.connect(archive.owner_url) as owner:
        owner.execute("UPDATE request_visitor SET id_number_cipher = id_number_cipher")
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute("UPDATE request_visitor SET name = 'another'")


def test_nothing_shows_the_keys(key_file: Path) -> None:
    ring = load_key_ring(key_file, make=False)
    assert not re.search(r"b'|\\x", repr(ring) + repr(ring.keys))
