"""Checkpoints in SQL: the heads to sign, adding a signed one, reading them back beside what the ledger says now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from inventory.domain.checkpoints import Checkpoint, Signed


@dataclass(frozen=True, slots=True)
class Head:
    """How far a warehouse's ledger goes, and which checkpoint would be its next; made_at: of the last one."""

    warehouse_id: int
    warehouse: str
    number: int
    acts: int
    act_hash: bytes
    commands: int
    command_hash: bytes
    made_at: datetime | None
    previous_hash: bytes


def heads(connection: psycopg.Connection[Any]) -> list[Head]:
    """The head of every warehouse that has acts; until the transaction ends, nobody else signs."""
    with connection.cursor(row_factory=class_row(Head)) as cursor:
        return cursor.execute("SELECT * FROM checkpoint_heads()").fetchall()


def add(connection: psycopg.Connection[Any], warehouse_id: int, signed: Signed) -> None:
    """Add a signed checkpoint; the database compares it with the ledger and with the one before it."""
    one = signed.checkpoint
    connection.execute(
        "SELECT checkpoint_append(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            warehouse_id,
            one.number,
            one.acts,
            one.act_hash,
            one.commands,
            one.command_hash,
            one.made_at,
            one.previous_hash,
            one.key_id,
            signed.hash,
            signed.signature,
        ),
    )


# No time that Python can't hold ever comes out, whatever somebody wrote in.
_SELECT = """
    SELECT coalesce(place.code, '?'), number, acts, act_hash, commands, command_hash,
           least(greatest(made_at, '0001-01-02Z'), '9999-12-30Z'), previous_hash, key_id, checkpoint.hash, signature
    FROM checkpoint LEFT JOIN place ON place.id = checkpoint.warehouse_id
"""


def _signed(row: tuple[Any, ...]) -> Signed:
    *told, own, signature = row
    return Signed(Checkpoint(*told), own, signature)


def every(connection: psycopg.Connection[Any]) -> list[Signed]:
    """All checkpoints there are, by warehouse and number."""
    return [_signed(row) for row in connection.execute(_SELECT + " ORDER BY 1, 2")]


def newest(connection: psycopg.Connection[Any], checkpoints_max: int, warehouse: str | None = None) -> list[Signed]:
    """The newest checkpoints, newest first, of one warehouse or of all."""
    query = _SELECT + " WHERE %s::text IS NULL OR place.code = %s ORDER BY made_at DESC, 1, number DESC LIMIT %s"
    return [_signed(row) for row in connection.execute(query, (warehouse, warehouse, checkpoints_max))]


def last_made_at(connection: psycopg.Connection[Any]) -> datetime | None:
    """When the last checkpoint of any warehouse was made."""
    row = connection.execute("SELECT max(made_at) FROM checkpoint").fetchone()
    return None if row is None else row[0]


def unsigned_since(connection: psycopg.Connection[Any]) -> datetime | None:
    """When the last checkpoint was made; before the first, when the ledger began; None where there is nothing to sign."""
    query = """
        SELECT coalesce((SELECT max(made_at) FROM checkpoint), (
            SELECT min(recorded_at) FROM ledger_chain JOIN act USING (warehouse_id) WHERE act.sequence = 1))
    """
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]


def act_hashes(connection: psycopg.Connection[Any]) -> dict[tuple[str, int], tuple[bytes | None, bytes | None]]:
    """For each checkpoint (warehouse, number): the hashes the ledger has now at the act and the command it names."""
    query = """
        SELECT coalesce(place.code, '?'), number, act.hash,
               CASE WHEN commands = 0 THEN sha256('guiwei commands') ELSE command_chain.hash END
        FROM checkpoint LEFT JOIN place ON place.id = checkpoint.warehouse_id
        LEFT JOIN act ON act.warehouse_id = checkpoint.warehouse_id AND act.sequence = acts
        LEFT JOIN command_chain ON command_chain.sequence = commands
    """
    return {(code, number): (act, command) for code, number, act, command in connection.execute(query)}


def is_root(connection: psycopg.Connection[Any], digits: str) -> bool:
    """Whether a checkpoint's root, or an act's hash as older papers have it, begins with these hexadecimal digits."""
    whole = bytes.fromhex(digits[: len(digits) // 2 * 2])
    query = """
        SELECT EXISTS (SELECT FROM checkpoint WHERE starts_with(encode(hash, 'hex'), %(digits)s))
            OR EXISTS (SELECT FROM act WHERE substr(hash, 1, %(bytes)s) = %(whole)s
                       AND starts_with(encode(hash, 'hex'), %(digits)s))
    """
    row = connection.execute(query, {"digits": digits, "bytes": len(whole), "whole": whole}).fetchone()
    return row is not None and bool(row[0])
