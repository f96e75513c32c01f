"""What a superuser with triggers switched off does to a row, by chance: change, delete, swap, insert, cut the tail off."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

TABLES = ("act", "command", "command_chain", "ledger_chain", "checkpoint", "holding")
KEYS = {
    "act": ("warehouse_id", "sequence"),
    "command": ("id",),
    "command_chain": ("sequence",),
    "ledger_chain": ("warehouse_id",),
    "checkpoint": ("warehouse_id", "number"),
    "holding": ("volume_id",),
}
Row = dict[str, Any]


@dataclass
class Hand:
    """A superuser at work in a transaction of his own, who knows how the tables hang together."""

    connection: psycopg.Connection[Any]
    chance: random.Random

    def tamper(self) -> str:
        """Do one thing; says what. Raises `psycopg.errors.IntegrityError` where even he may not."""
        table = self.chance.choice(TABLES)
        deed: Callable[[str], str] = self.chance.choice(
            (self.change, self.change, self.delete, self.swap, self.insert, self.cut)
        )
        return deed(table)

    def content(self) -> dict[str, list[str]]:
        """Everything that is there, to tell whether anything changed."""
        return {
            table: sorted(row for (row,) in self.connection.execute(f"SELECT {table}::text FROM {table}"))
            for table in TABLES
        }

    def rows(self, table: str) -> list[Row]:
        cursor = self.connection.execute(f"SELECT * FROM {table} ORDER BY {', '.join(KEYS[table])}")
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def change(self, table: str) -> str:
        row = self.chance.choice(self.rows(table))
        column = self.chance.choice(sorted(row))
        value = self._another(row[column], column, row)
        self._set(table, row, {column: value})
        return f"change {table}.{column} of {[row[key] for key in KEYS[table]]} from {row[column]!r} to {value!r}"

    def delete(self, table: str) -> str:
        row = self.chance.choice(self.rows(table))
        self._delete(table, row)
        return f"delete {table} {[row[key] for key in KEYS[table]]}"

    def swap(self, table: str) -> str:
        """Two rows exchange a column, or everything but their keys."""
        rows = self.rows(table)
        if len(rows) < 2:
            return self.change(table)
        one, other = self.chance.sample(rows, 2)
        free = sorted(set(one) - set(KEYS[table]))
        columns = free if self.chance.random() < 0.5 else [self.chance.choice(sorted(one))]
        for row in (one, other):
            self._delete(table, row)
        self._insert(table, one | {column: other[column] for column in columns})
        self._insert(table, other | {column: one[column] for column in columns})
        return f"swap {columns} of {table} {[[row[key] for key in KEYS[table]] for row in (one, other)]}"

    def insert(self, table: str) -> str:
        """A copy of a row under a key of its own: another number, or another thing it is about."""
        rows = self.rows(table)
        row = dict(self.chance.choice(rows))
        key = self.chance.choice(KEYS[table])
        if isinstance(row[key], int):
            last = max(other[key] for other in rows)
            row[key] = self.chance.choice((last + 1, last + self.chance.randrange(2, 99), 0, -1))
        else:
            row[key] = self._uuid()
        if table == "act" and self.chance.random() < 0.9:
            row["version"] += 50
        if table == "command_chain":
            row["command_id"] = self._uuid()
        self._insert(table, row)
        return f"insert {table} {[row[name] for name in KEYS[table]]}"

    def cut(self, _table: str) -> str:
        """Cut the tail before the last signed root, and mend whatever tells of it: head, holdings, commands, and checkpoints."""
        last = max(row["acts"] for row in self.rows("checkpoint"))
        keep = self.chance.randrange(1, last)
        with_checkpoints = self.chance.random() < 0.5
        run = self.connection.execute
        run("DELETE FROM act WHERE sequence > %s", (keep,))
        run(
            "UPDATE ledger_chain SET (sequence, hash) = (SELECT sequence, hash FROM act ORDER BY sequence DESC LIMIT 1)"
        )
        run("DELETE FROM holding")
        run(
            "INSERT INTO holding (volume_id, place_id, version, moved_at, acted_at, legal, seal, seal_number, pieces, marks, warehouse_id) "
            "SELECT volume_id, place_id, version, moved_at, acted_at, legal, seal, seal_number, pieces, marks, warehouse_id "
            "FROM holding_as_of('infinity', 'infinity') AS rebuilt, ledger_chain"
        )
        if with_checkpoints:
            run("DELETE FROM checkpoint WHERE acts > %s", (keep,))
        kept = run(
            "SELECT coalesce(max(command_chain.sequence), 0) FROM command_chain JOIN act USING (command_id)"
        ).fetchone()
        run("DELETE FROM command WHERE id IN (SELECT command_id FROM command_chain WHERE sequence > %s)", kept)
        run("DELETE FROM command_chain WHERE sequence > %s", kept)
        return f"cut after act {keep}, checkpoints {'too' if with_checkpoints else 'left'}"

    # ── How ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _another(self, value: Any, column: str, row: Row) -> Any:  # noqa: PLR0911 - a line for each kind of value
        chance = self.chance
        match value:
            case bool():
                return not value
            case int():
                return value + chance.choice((-2, -1, 1, 2, 1000))
            case bytes() if value:
                at = chance.randrange(len(value))
                return value[:at] + bytes((value[at] ^ 1 << chance.randrange(8),)) + value[at + 1 :]
            case datetime():
                if chance.random() < 0.1:
                    return chance.choice(("infinity", "-infinity", "20000-01-01"))
                return value + timedelta(microseconds=chance.choice((-1, 1, 10**6, -(10**9), 10**12)))
            case uuid.UUID():
                return self._uuid()
            case list():
                return [*value, "gap"] if not value or chance.random() < 0.5 else value[:-1]
            case str() if value:
                return chance.choice((value + "x", value[:-1] + "~", "", value + " "))
            case _ if column in {"from_place_id", "to_place_id", "witness_id"}:
                return row["actor_id"] + 1
            case _ if column == "pieces":
                return 7
            case _:
                return chance.choice(("", "x"))

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.chance.getrandbits(128))

    def _where(self, table: str, row: Row) -> tuple[sql.Composed, list[Any]]:
        keys = KEYS[table]
        condition = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(key)) for key in keys)
        return condition, [row[key] for key in keys]

    def _set(self, table: str, row: Row, values: Row) -> None:
        condition, keys = self._where(table, row)
        assignments = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
        statement = sql.SQL("UPDATE {} SET {} WHERE {}").format(sql.Identifier(table), assignments, condition)
        assert self.connection.execute(statement, [*values.values(), *keys]).rowcount == 1

    def _delete(self, table: str, row: Row) -> None:
        condition, keys = self._where(table, row)
        statement = sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table), condition)
        assert self.connection.execute(statement, keys).rowcount == 1

    def _insert(self, table: str, row: Row) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, row))
        marks = sql.SQL(", ").join(sql.SQL("%s") for _ in row)
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, marks)
        self.connection.execute(statement, list(row.values()))
