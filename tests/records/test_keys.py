"""Keys of ID numbers change while everything runs; the ledger isn't touched, and nothing is lost where it is stopped."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from inventory.domain.refusals import BadSetting, CiphersLeft, CommandReused, KeyFileOfAnotherTime
from inventory.domain.requests import RequestKind
from inventory.operations import declaring, finding, lending, rekeying
from inventory.operations.request_views import AcceptedView
from inventory.store.ciphers import CIPHER_COLUMNS
from inventory.store.database import Database, connect
from inventory.store.keys import add_key, add_lookup_key, drop_older_keys, key_ring_of, load_key_ring, new_key_ring
from inventory.store.lookups import LOOKUP_TABLES
from tests.conftest import Archive
from tests.requests.counter import Counter
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


# ── The key of look-ups ──────────────────────────────────────────────────────────────────────────────────────────────


def found(archive: Archive, typed: str) -> list[str]:
    return [one.number for one in finding.find_dossiers(archive.app, archive.keeper, typed, datetime.now(UTC)).dossiers]


def tokens(archive: Archive) -> list[bytes]:
    query = "SELECT id_number_hash FROM subject UNION ALL SELECT id_last_six_hash FROM subject"
    return [bytes(token) for (token,) in archive.root.execute(query)]


def test_numbers_are_found_before_during_and_after_their_look_up_key_changes(archive: Archive, key_file: Path) -> None:
    owner, before, missed = owner_of(archive, key_file), tokens(archive), list[str]()
    finished = threading.Event()

    def search_on() -> int:
        searches = 0
        while not finished.is_set() or searches < len(NUMBERS):
            number, serial = NUMBERS[searches % len(NUMBERS)], searches % len(NUMBERS)
            if found(archive, number) != [f"D-{serial}"]:
                missed.append(number)
            searches += 1
        return searches

    def meanwhile(_done: int, _total: int) -> None:
        """In the middle of the one transaction: others still see all of before."""
        assert found(archive, NUMBERS[0]) == ["D-0"]
        assert found(archive, NUMBERS[0][-6:]) == ["D-0"]

    with ThreadPoolExecutor(1) as hands:
        searching = hands.submit(search_on)
        try:
            assert [rekeying.renew_lookups(owner, key_file, meanwhile, 0.2) for _ in range(3)] == [
                (1, 5),
                (2, 5),
                (3, 5),
            ]
        finally:
            finished.set()
        assert searching.result() > len(NUMBERS)
    assert missed == []
    assert found(archive, NUMBERS[3][-6:]) == ["D-3"]
    assert not set(before) & set(tokens(archive))
    assert {token[0] for token in tokens(archive)} == {3}
    owner.engine.dispose()


def test_a_form_sent_again_after_the_keys_of_look_ups_changed_is_the_same_form(
    archive: Archive, key_file: Path
) -> None:
    """Whatever a form tells an ID number in: a request, a declaration, a visit."""
    counter = Counter(archive)
    archive.place("W1-RR", "reading_room", parent="W1")
    counter.dossier("D-9")
    form = counter.form(RequestKind.LOAN, NUMBERS[0], by=counter.stranger, elsewhere=True)
    consulted = counter.approved(RequestKind.CONSULTATION, "D-9")
    counter.fetch("D-9")
    visit = lending.Visit(uuid4(), consulted.number, "W1-RR", [("王强", NUMBERS[1]), ("李伟", NUMBERS[2])])
    tie = uuid4()

    def send() -> tuple[AcceptedView, str]:
        declaring.declare_tie(archive.app, archive.clerk, tie, "clerk", "relative", NUMBERS[3], datetime.now(UTC))
        lending.consult(archive.app, archive.keeper, visit, datetime.now(UTC))
        return counter.ask_elsewhere(form), counter.state(consulted.number)

    first = send()
    owner = owner_of(archive, key_file)
    for generation in (1, 2):
        assert rekeying.renew_lookups(owner, key_file, lambda *_: None, 0)[0] == generation
        assert send() == first
    owner.engine.dispose()
    with pytest.raises(CommandReused):
        counter.ask_elsewhere(replace(form, sought=NUMBERS[4]))
    counted = "SELECT (SELECT count(*) FROM account_subject_tie), (SELECT count(*) FROM request_visitor)"
    assert archive.root.execute(counted).fetchone() == (1, 2)


def test_what_a_command_was_told_is_tried_out_by_nobody_without_the_keys(archive: Archive) -> None:
    one, other = uuid4(), uuid4()
    hashes = {
        keys.command_hash(command, NUMBERS[0]) for keys in (archive.keys, new_key_ring()) for command in (one, other)
    }
    assert len(hashes) == 4, "another site's key, or another command, and it is another hash"
    assert archive.keys.number_hash(NUMBERS[0]) not in hashes


def test_who_is_tied_to_a_dossier_stays_so_though_no_cipher_tells_the_number(archive: Archive, key_file: Path) -> None:
    declaring.declare_tie(archive.app, archive.second, uuid4(), "second", "relative", NUMBERS[0], datetime.now(UTC))
    owner = owner_of(archive, key_file)
    assert rekeying.renew_lookups(owner, key_file, lambda *_: None, 0) == (1, 6)
    tied = "SELECT number FROM dossier WHERE is_own_or_relative(%s, dossier.id)"
    assert archive.root.execute(tied, (archive.second.account_id,)).fetchall() == [("D-0",)]
    declaring.declare_tie(archive.app, archive.second, uuid4(), "second", "relative", NUMBERS[1], datetime.now(UTC))
    assert len(archive.root.execute(tied, (archive.second.account_id,)).fetchall()) == 2
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.engine.raw_connection().cursor().execute("UPDATE account_subject_tie SET declared_at = now()")
    owner.engine.dispose()


@pytest.mark.parametrize("stopped_in", ["the transaction", "the key file"])
def test_a_change_of_the_look_up_key_that_was_stopped_is_run_again(
    archive: Archive, key_file: Path, stopped_in: str
) -> None:
    owner = owner_of(archive, key_file)

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    if stopped_in == "the transaction":
        with pytest.raises(KeyboardInterrupt):
            rekeying.renew_lookups(owner, key_file, stop, 0)
    else:
        add_lookup_key(key_file)
        pending = key_file.read_bytes()
        assert rekeying.renew_lookups(owner, key_file, lambda *_: None, 0) == (1, 5)
        key_file.write_bytes(pending)  # as a kill between the commit and the file leaves it
    assert [found(archive, number) for number in NUMBERS] == [[f"D-{serial}"] for serial in range(5)]
    assert rekeying.renew_lookups(owner, key_file, lambda *_: None, 0)[0] == 1
    assert [found(archive, number) for number in NUMBERS] == [[f"D-{serial}"] for serial in range(5)]
    assert len(load_key_ring(key_file, make=False).keys.lookup) == 2, "it went on with the key that was on its way"
    owner.engine.dispose()


def test_a_key_file_of_another_time_changes_no_token(archive: Archive, key_file: Path) -> None:
    owner, first = owner_of(archive, key_file), key_file.read_bytes()
    for _ in range(2):
        rekeying.renew_lookups(owner, key_file, lambda *_: None, 0)
    kept = tokens(archive)
    key_file.write_bytes(first)
    with pytest.raises(KeyFileOfAnotherTime):
        rekeying.renew_lookups(owner, key_file, lambda *_: None, 0)
    assert tokens(archive) == kept
    owner.engine.dispose()


def test_a_token_of_yesterdays_key_is_refused_and_not_lost(archive: Archive, key_file: Path) -> None:
    yesterday = load_key_ring(key_file, make=False).number_hash(NUMBERS[0])
    owner = owner_of(archive, key_file)
    rekeying.renew_lookups(owner, key_file, lambda *_: None, 0)
    with pytest.raises(psycopg.errors.CheckViolation) as broken:
        archive.root.execute("INSERT INTO subject (name, id_number_hash) VALUES ('x', %s)", (yesterday,))
    assert broken.value.diag.constraint_name == "lookup_of_todays_key"
    owner.engine.dispose()


def test_every_column_of_look_up_tokens_is_walked(archive: Archive) -> None:
    rows = archive.root.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type = 'bytea' AND column_name LIKE 'id!_%hash' ESCAPE '!'"
    )
    assert {(one.table, column) for one in LOOKUP_TABLES for column in one.columns} == set(rows.fetchall())


def test_keys_may_come_from_the_environment(key_file: Path) -> None:
    told, read = key_ring_of(key_file.read_text("utf-8")), load_key_ring(key_file, make=False)
    assert told.decrypt(read.encrypt(NUMBERS[0])) == NUMBERS[0]
    assert told.number_hash(NUMBERS[0]) == read.number_hash(NUMBERS[0])
    with pytest.raises(BadSetting, match="GUIWEI_KEYS"):
        key_ring_of("{}")
