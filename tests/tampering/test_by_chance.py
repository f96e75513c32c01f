"""A thousand rows tampered with by a superuser, by chance: every one is found."""

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest

from inventory.operations.verifying import verified, verify_ledger
from tests.conftest import Archive
from tests.tampering.hands import Hand, Row
from tests.tampering.stock import files_in, trust_in, working_day

EXTENDED = bool(os.environ.get("GUIWEI_EXTENDED"))
TAMPERINGS = 1_000 if EXTENDED else 100
TRIES = 20  # at a value that no key forbids
SEED = int(os.environ.get("GUIWEI_SEED") or random.SystemRandom().randrange(2**32))


def ignore(_done: int, _total: int) -> None:
    """Nobody watches."""


def test_every_row_a_superuser_tampers_with_is_found(archive: Archive, tmp_path: Path) -> None:
    print(f"GUIWEI_SEED={SEED}")
    files = files_in(tmp_path)
    working_day(archive, files)
    trust = trust_in(files)
    found = verify_ledger(archive.jobs, trust=trust)
    assert found.sound, found.first
    assert (found.checkpoints, found.unsigned) == (3, 2)
    deeds: Counter[str] = Counter()
    with psycopg.connect(archive.server.superuser_url, dbname=archive.name) as superuser:
        superuser.execute("SET session_replication_role = replica")  # no trigger, no foreign key
        superuser.commit()
        hand = Hand(superuser, random.Random(SEED))
        before = hand.content()
        while deeds.total() < TAMPERINGS:
            try:
                deed = hand.tamper()
            except psycopg.IntegrityError:  # a check or a key that holds whatever is switched off
                superuser.rollback()
                continue
            if hand.content() == before:  # by chance two rows were alike in what they exchanged
                assert deed.startswith("swap")
                superuser.rollback()
                continue
            superuser.execute("SET LOCAL ROLE guiwei_jobs")
            told = verified(superuser, ignore, trust)
            assert told.first is not None, f"unseen with GUIWEI_SEED={SEED}: {deed}"
            assert "{" not in str(told.first)
            superuser.rollback()
            deeds[deed.split()[0]] += 1
        assert hand.content() == before
    assert set(deeds) == {"change", "delete", "swap", "insert", "cut"}
    print(dict(deeds))


@pytest.mark.parametrize("table", ["act", "command", "command_chain", "ledger_chain", "checkpoint", "holding"])
def test_no_column_is_left_out(archive: Archive, tmp_path: Path, table: str) -> None:
    """By chance a column could be missed: here each is changed in every row there is."""
    files = files_in(tmp_path)
    working_day(archive, files)
    trust = trust_in(files)
    with psycopg.connect(archive.server.superuser_url, dbname=archive.name) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.commit()
        hand = Hand(superuser, random.Random(SEED))
        rows = hand.rows(table)
        for column in sorted(rows[0]):
            changed = 0
            for row in rows:
                value = put_another(hand, table, row, column)
                if value is None:
                    continue
                superuser.execute("SET LOCAL ROLE guiwei_jobs")
                assert not verified(superuser, ignore, trust).sound, (SEED, column, row, value)
                superuser.rollback()
                changed += 1
            assert changed or column == "kind", column


def put_another(hand: Hand, table: str, row: Row, column: str) -> Any:
    """Put another value in; one that a key forbids, as another row's number, gives way to the next. None: all were forbidden."""
    for _ in range(TRIES):
        value = hand._another(row[column], column, row)
        try:
            hand._set(table, row, {column: value})
        except psycopg.IntegrityError:
            hand.connection.rollback()
        else:
            return value
    return None
