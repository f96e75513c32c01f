"""Changing the key of the ID numbers while everything runs. The ledger holds none, so it is never touched."""

from collections.abc import Callable

from inventory.domain.refusals import CiphersLeft
from inventory.store import ciphers
from inventory.store.ciphers import CIPHER_COLUMNS, CipherColumn
from inventory.store.database import Database, raw

BATCH_ROWS = 1_000
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
