"""Every column that holds something encrypted, walked in batches by its key; a test finds a column that isn't listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql


@dataclass(frozen=True, slots=True)
class CipherColumn:
    """A column, and the key of its table by which it is walked."""

    table: str
    column: str
    key: tuple[str, ...] = ("id",)


CIPHER_COLUMNS = (
    CipherColumn("subject", "id_number_cipher"),
    CipherColumn("loose_material", "id_number_cipher"),
    CipherColumn("request", "sought_cipher"),
    CipherColumn("request_visitor", "id_number_cipher", ("request_id", "ordinal")),
    CipherColumn("account_secret", "factor_cipher", ("account_id",)),
    CipherColumn("account_secret", "factor_pending", ("account_id",)),
)

Row = tuple[Any, ...]


def count(connection: psycopg.Connection[Any], column: CipherColumn) -> int:
    """How many ciphers the column holds."""
    query = sql.SQL("SELECT count({}) FROM {}").format(sql.Identifier(column.column), sql.Identifier(column.table))
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def batch_after(
    connection: psycopg.Connection[Any], column: CipherColumn, after: Row | None, rows_max: int
) -> list[Row]:
    """The next rows in the order of the key: its values, then the cipher."""
    key = sql.SQL(", ").join(map(sql.Identifier, column.key))
    begin: sql.Composable = sql.SQL("")
    if after is not None:
        begin = sql.SQL("AND ({}) > ({})").format(key, sql.SQL(", ").join(sql.Placeholder() * len(after)))
    query = sql.SQL("SELECT {}, {} FROM {} WHERE {} IS NOT NULL {} ORDER BY {} LIMIT {}").format(
        key,
        sql.Identifier(column.column),
        sql.Identifier(column.table),
        sql.Identifier(column.column),
        begin,
        key,
        rows_max,
    )
    return connection.execute(query, after or ()).fetchall()


def replace_ciphers(
    connection: psycopg.Connection[Any], column: CipherColumn, rows: Sequence[tuple[Row, bytes, bytes]]
) -> None:
    """Put newer ciphers in place of older ones: (key, older, newer). A row that somebody changed meanwhile is left to them."""
    same = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in column.key)
    name = sql.Identifier(column.column)
    query = sql.SQL("UPDATE {} SET {} = %s WHERE {} AND {} = %s").format(sql.Identifier(column.table), name, same, name)
    with connection.cursor() as cursor:
        cursor.executemany(query, [(newer, *key, older) for key, older, newer in rows])
