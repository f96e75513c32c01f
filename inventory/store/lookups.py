"""Look-up tokens of ID numbers, all of them at once: what a change of their key walks; a test finds a column not listed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from inventory.store.database import copy_in

READ_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A table, the key it is walked by with its types, and its columns of tokens."""

    table: str
    columns: tuple[str, ...] = ("id_number_hash",)
    key: tuple[tuple[str, str], ...] = (("id", "bigint"),)
    is_forever: str | None = None  # the trigger by which nobody rewrites it; a token says what it said before


LOOKUP_TABLES = (
    LookupTable("subject", ("id_number_hash", "id_last_six_hash"), (("id", "integer"),)),
    LookupTable("loose_material"),
    LookupTable(
        "request_visitor",
        key=(("request_id", "bigint"), ("ordinal", "smallint")),
        is_forever="request_visitor_is_forever",
    ),
    LookupTable("account_subject_tie", key=(("id", "integer"),), is_forever="account_subject_tie_is_forever"),
)


def generation(connection: psycopg.Connection[Any]) -> int:
    """Of which generation all tokens are."""
    row = connection.execute("SELECT generation FROM lookup_generation").fetchone()
    assert row is not None
    return int(row[0])


def begin_generation(connection: psycopg.Connection[Any], number: int) -> None:
    """Keep writers of tokens out until the transaction ends, while readers go on; then all are of this generation."""
    tables = sql.SQL(", ").join(sql.Identifier(one.table) for one in LOOKUP_TABLES)
    connection.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(tables))
    connection.execute("UPDATE lookup_generation SET generation = %s", (number,))


def renew(connection: psycopg.Connection[Any], wanted: LookupTable, successor: Callable[[bytes], bytes]) -> int:
    """Put its successor in place of every token of a table; returns how many rows that were."""
    names = (*(name for name, _ in wanted.key), *wanted.columns)
    types = (*(kind for _, kind in wanted.key), *("bytea" for _ in wanted.columns))
    table, columns = sql.Identifier(wanted.table), sql.SQL(", ").join(map(sql.Identifier, names))
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE renewed ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            columns, table
        )
    )
    for rows in _batches(connection, wanted, columns):
        width = len(wanted.key)
        renewed = ((*row[:width], *(one and successor(bytes(one)) for one in row[width:])) for row in rows)
        copy_in(connection, "renewed", names, types, renewed)
    same = sql.SQL(" AND ").join(_alike(table, name) for name, _ in wanted.key)
    sets = sql.SQL(", ").join(sql.SQL("{0} = renewed.{0}").format(sql.Identifier(name)) for name in wanted.columns)
    with _rewritable(connection, wanted):
        query = sql.SQL("UPDATE {} SET {} FROM renewed WHERE {}").format(table, sets, same)
        changed = connection.execute(query).rowcount
    connection.execute("DROP TABLE renewed")
    return changed


def _alike(table: sql.Identifier, name: str) -> sql.Composed:
    return sql.SQL("{0}.{1} = renewed.{1}").format(table, sql.Identifier(name))


def _batches(
    connection: psycopg.Connection[Any], wanted: LookupTable, columns: sql.Composed
) -> Iterator[list[tuple[Any, ...]]]:
    """Every row with a token, in the order of the key."""
    key = sql.SQL(", ").join(sql.Identifier(name) for name, _ in wanted.key)
    query = sql.SQL("SELECT {} FROM {} WHERE id_number_hash IS NOT NULL {} ORDER BY {} LIMIT {}")
    begin: sql.Composable = sql.SQL("")
    after: tuple[Any, ...] = ()
    while True:
        statement = query.format(columns, sql.Identifier(wanted.table), begin, key, READ_ROWS_AT_ONCE)
        rows = connection.execute(statement, after).fetchall()
        if not rows:
            return
        yield rows
        after = rows[-1][: len(wanted.key)]
        begin = sql.SQL("AND ({}) > ({})").format(key, sql.SQL(", ").join(sql.Placeholder() * len(after)))


@contextmanager
def _rewritable(connection: psycopg.Connection[Any], wanted: LookupTable) -> Iterator[None]:
    """The table without the trigger that keeps it as it was written; only its owner can, and only for this transaction."""
    statement = sql.SQL("ALTER TABLE {} {} TRIGGER {}")
    if wanted.is_forever is None:
        yield
        return
    table, trigger = sql.Identifier(wanted.table), sql.Identifier(wanted.is_forever)
    connection.execute(statement.format(table, sql.SQL("DISABLE"), trigger))
    yield
    connection.execute(statement.format(table, sql.SQL("ENABLE"), trigger))
