"""Changing the key of the ID numbers while everything runs. The ledger holds none, so it is never touched."""

import time
from collections.abc import Callable
from pathlib import Path

from inventory.domain.refusals import CiphersLeft, KeyFileOfAnotherTime
from inventory.store import ciphers, lookups
from inventory.store.ciphers import CIPHER_COLUMNS, CipherColumn
from inventory.store.database import Database, raw
from inventory.store.keys import add_lookup_key, next_token, use_lookup_key
from inventory.store.lookups import LOOKUP_TABLES

BATCH_ROWS = 1_000
SETTLE_SECONDS = 2.0  # until every process has read the key file again
Progress = Callable[[int, int], None]


def reencrypt(owner: Database, on_progress: Progress, batch_rows: int = BATCH_ROWS) -> int:
    """Encrypt with the key in use whatever an older one encrypted; returns how many. Stopped anywhere, it is run again."""
    with owner.transaction() as session:
        total = sum(ciphers.count(raw(session), column) for column in CIPHER_COLUMNS)
    seen = renewed = 0
    for column in CIPHER_COLUMNS:
        after: ciphers.Row | None = None
        while True:
            rows, changed = _step(owner, column, after, batch_rows)
            if not rows:
                break
            after, seen, renewed = rows[-1][:-1], seen + len(rows), renewed + changed
            on_progress(seen, max(seen, total))
    return renewed


def left_under_older_keys(owner: Database) -> int:
    """How many ciphers an older key still has to open."""
    left = 0
    for column in CIPHER_COLUMNS:
        after: ciphers.Row | None = None
        while True:
            with owner.transaction() as session:
                rows = ciphers.batch_after(raw(session), column, after, BATCH_ROWS)
            if not rows:
                break
            after = rows[-1][:-1]
            left += sum(not owner.keys.is_current(bytes(row[-1])) for row in rows)
    return left


def check_nothing_left(owner: Database) -> None:
    """Raises `CiphersLeft` while an older key is still needed."""
    if left := left_under_older_keys(owner):
        raise CiphersLeft(count=left)


def _step(
    owner: Database, column: CipherColumn, after: ciphers.Row | None, batch_rows: int
) -> tuple[list[ciphers.Row], int]:
    """One batch, one transaction: rows seen, ciphers renewed."""
    keys = owner.keys
    with owner.transaction() as session:
        connection = raw(session)
        rows = ciphers.batch_after(connection, column, after, batch_rows)
        older = [(row[:-1], bytes(row[-1])) for row in rows if not keys.is_current(bytes(row[-1]))]
        ciphers.replace_ciphers(
            connection, column, [(key, cipher, keys.encrypt(keys.decrypt(cipher))) for key, cipher in older]
        )
    return rows, len(older)


def renew_lookups(
    owner: Database, key_file: Path, on_progress: Progress, settle_seconds: float = SETTLE_SECONDS
) -> tuple[int, int]:
    """Put a new key of look-ups into use; returns its generation, and how many rows have new tokens.

    First the key file tells the key, so that whoever searches asks by both; then one transaction renews every token, readers
    going on and writers of tokens waiting; then the file says which is written. Stopped anywhere, it is run again. Raises
    `KeyFileOfAnotherTime` where file and database are of different days.
    """
    keys = add_lookup_key(key_file)
    wanted = keys.generation + 1
    time.sleep(settle_seconds)
    renewed = 0
    with owner.transaction() as session:
        connection = raw(session)
        if (found := lookups.generation(connection)) not in {keys.generation, wanted}:
            raise KeyFileOfAnotherTime(file=key_file.name, keys=keys.generation, database=found)
        if found != wanted:
            lookups.begin_generation(connection, wanted)
            for done, table in enumerate(LOOKUP_TABLES):
                on_progress(done, len(LOOKUP_TABLES))
                renewed += lookups.renew(connection, table, lambda token: next_token(keys, token, wanted))
    use_lookup_key(key_file, wanted)
    return wanted, renewed
