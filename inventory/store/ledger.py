"""The custody ledger in SQL: appending through its one door, reading it back, rebuilding the projection."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.acts import Act, ActKind, ChainBreak, first_break, genesis_hash
from inventory.domain.places import PlaceKind
from inventory.domain.standing import Legal, Mark, Seal, Standing

READ_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One volume's part in a command: the version the caller saw (0: no holding yet) and where it goes (None: nowhere)."""

    volume_id: int
    version: int
    to_place_id: int | None
    details: str | None = None  # canonical JSON


@dataclass(frozen=True, slots=True)
class Command:
    """What one person did to a set of volumes at once; `id` is the caller's own, sent twice it is done once."""

    id: UUID
    kind: ActKind
    actor_id: int
    authority: str | None
    reason: str | None
    happened_at: datetime
    witness_id: int | None = None

    def content_hash(self, entries: Sequence[Entry]) -> bytes:
        """Tells a command sent again from a different one under the same id.

        The versions seen are left out: a form sent again after its own act sees newer ones and still means the same.
        """
        content = (
            self.kind,
            self.actor_id,
            self.authority,
            self.reason,
            self.witness_id,
            [(e.volume_id, e.to_place_id, e.details) for e in entries],
        )
        return sha256(repr(content).encode()).digest()


def append(connection: psycopg.Connection[Any], command: Command, entries: Sequence[Entry]) -> int:
    """Append one act for each entry, all or none; returns how many were written, 0 where the command was done before."""
    row = _send(connection, command, entries).fetchone()
    return int(row[0]) if row else 0


def append_and_commit(connection: psycopg.Connection[Any], command: Command, entries: Sequence[Entry]) -> int:
    """The same as the transaction's last word: the commit goes along, so that the chain isn't held until our next turn."""
    with connection.pipeline():
        cursor = _send(connection, command, entries)
        connection.commit()
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _send(connection: psycopg.Connection[Any], command: Command, entries: Sequence[Entry]) -> psycopg.Cursor[Any]:
    return connection.execute(
        "SELECT ledger_append(%s, %s, %s, %s, %s, %s::int[], %s::int[], %s::int[], %s::text[], %s, %s, %s)",
        (
            command.id,
            command.content_hash(entries),
            command.kind.value,
            command.actor_id,
            command.witness_id,
            [entry.volume_id for entry in entries],
            [entry.version for entry in entries],
            [entry.to_place_id for entry in entries],
            [entry.details for entry in entries],
            command.authority,
            command.reason,
            command.happened_at,
        ),
    )


def is_known(connection: psycopg.Connection[Any], command_id: UUID) -> bool:
    """Whether a command of this id was done before."""
    return bool(connection.execute("SELECT FROM command WHERE id = %s", (command_id,)).rowcount)


def once(connection: psycopg.Connection[Any], command_id: UUID, content: object) -> bool:
    """True the first time this command comes, False when it was done before; raises `CommandReused`.

    For work that writes more than acts; `content` is whatever makes two commands the same, told by its `repr`.
    """
    told = sha256(repr(content).encode()).digest()
    row = connection.execute("SELECT command_once(%s, %s)", (command_id, told)).fetchone()
    assert row is not None
    return bool(row[0])


ACTS = """
    SELECT warehouse.code AS warehouse, act.sequence,
           volume_name(dossier.number, volume.ordinal) AS volume,
           act.version, act.kind, origin.code AS from_place, target.code AS to_place, account.login AS actor,
           act.command_id, act.authority, act.reason, act.happened_at, act.recorded_at, witness.login AS witness, act.details
    FROM act JOIN place AS warehouse ON warehouse.id = act.warehouse_id
    JOIN volume ON volume.id = act.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    LEFT JOIN place AS origin ON origin.id = act.from_place_id
    LEFT JOIN place AS target ON target.id = act.to_place_id
    JOIN account ON account.id = act.actor_id LEFT JOIN account AS witness ON witness.id = act.witness_id
"""


def history(connection: psycopg.Connection[Any], dossier_id: int, acts_max: int) -> list[Act]:
    """The newest `acts_max` acts on all volumes of a dossier, newest first."""
    query = ACTS + " WHERE volume.dossier_id = %s ORDER BY act.recorded_at DESC, act.sequence DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(Act)) as cursor:
        return cursor.execute(query, (dossier_id, acts_max)).fetchall()


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a warehouse's chain ends: its last act's sequence and hash, as the head row says."""

    warehouse: str
    sequence: int
    hash: bytes


def warehouses(connection: psycopg.Connection[Any]) -> list[ChainHead]:
    """The head of every chain; where somebody took away the head and left acts, a head that can't hold."""
    with connection.cursor(row_factory=class_row(ChainHead)) as cursor:
        return cursor.execute(
            "SELECT place.code AS warehouse, coalesce(chain.sequence, 0) AS sequence, coalesce(chain.hash, '') AS hash "
            "FROM place LEFT JOIN ledger_chain AS chain ON chain.warehouse_id = place.id "
            "WHERE chain.warehouse_id IS NOT NULL "
            "OR (place.kind = 'warehouse' AND EXISTS (SELECT FROM act WHERE act.warehouse_id = place.id)) ORDER BY 1"
        ).fetchall()


def chain(connection: psycopg.Connection[Any], warehouse: str) -> Iterator[tuple[Act, bytes, bytes]]:
    """Stream one warehouse's acts in sequence, each with its stored previous hash and hash."""
    query = ACTS.replace("act.details\n", "act.details, act.previous_hash, act.hash\n", 1)
    with connection.cursor(name="chain") as cursor:
        cursor.itersize = READ_ROWS_AT_ONCE
        cursor.execute(query + " WHERE warehouse.code = %s ORDER BY act.sequence", (warehouse,))
        for *act, previous, own in cursor:
            yield Act(*act), previous, own


def chain_break(
    connection: psycopg.Connection[Any], head: ChainHead, on_progress: Callable[[int], None]
) -> ChainBreak | None:
    """The first place where a warehouse's chain doesn't hold, its end included; `on_progress(acts walked)`."""
    sequence, own = 0, genesis_hash(head.warehouse)

    def walked() -> Iterator[tuple[Act, bytes, bytes]]:
        nonlocal sequence, own
        for entry in chain(connection, head.warehouse):
            sequence, own = entry[0].sequence, entry[2]
            if sequence % READ_ROWS_AT_ONCE == 0:
                on_progress(sequence)
            yield entry

    for found in first_break(head.warehouse, walked()):
        return found
    if (sequence, own) != (head.sequence, head.hash):
        return ChainBreak(
            head.warehouse, sequence + 1, f"the chain's head says {head.sequence} acts, {sequence} are there"
        )
    return None


def misprojected(connection: psycopg.Connection[Any], volumes_max: int) -> list[str]:
    """Volumes (by name) whose holding isn't what the ledger says; compared as sets, at most `volumes_max` are named."""
    query = """
        SELECT volume_name(number, ordinal)
        FROM holding_as_of('infinity', 'infinity') AS rebuilt FULL JOIN holding USING (volume_id)
        JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
        WHERE (rebuilt.place_id, rebuilt.version, rebuilt.moved_at, rebuilt.acted_at, rebuilt.legal, rebuilt.seal,
               rebuilt.seal_number, rebuilt.pieces, rebuilt.marks)
            IS DISTINCT FROM (holding.place_id, holding.version, holding.moved_at, holding.acted_at, holding.legal,
               holding.seal, holding.seal_number, holding.pieces, holding.marks) ORDER BY 1 LIMIT %s
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (volumes_max,)).fetchall()


@dataclass(frozen=True, slots=True)
class Target:
    """A place an act may lead to."""

    place_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Held:
    """A volume as acts find it: version 0 and no standing where it has no holding yet."""

    volume_id: int
    dossier_id: int
    agency_id: int
    version: int
    place_code: str | None
    standing: Standing | None


def place_by_code(connection: psycopg.Connection[Any], code: str) -> Target | None:
    """The place of that code."""
    with connection.cursor(row_factory=class_row(Target)) as cursor:
        return cursor.execute("SELECT id AS place_id, kind FROM place WHERE code = %s", (code,)).fetchone()


def held(connection: psycopg.Connection[Any], volumes: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Held]:
    """The volumes of these (dossier number, ordinal) pairs that exist, as they stand, in one query."""
    query = """
        SELECT asked.number, asked.ordinal, volume.id, dossier.id, holding_agency_id, coalesce(holding.version, 0),
               place.code, place.kind, legal, seal, marks
        FROM unnest(%s::text[], %s::smallint[]) AS asked (number, ordinal)
        JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = asked.ordinal
        LEFT JOIN holding ON holding.volume_id = volume.id LEFT JOIN place ON place.id = holding.place_id
    """
    rows = connection.execute(query, ([number for number, _ in volumes], [ordinal for _, ordinal in volumes]))
    return {
        (number, ordinal): Held(
            volume_id,
            dossier_id,
            agency_id,
            version,
            code,
            None if kind is None else standing(kind, legal, seal, marks),
        )
        for number, ordinal, volume_id, dossier_id, agency_id, version, code, kind, legal, seal, marks in rows
    }


def standing(kind: str, legal: str, seal: str, marks: Sequence[str]) -> Standing:
    """A volume's standing from its columns."""
    return Standing(PlaceKind(kind), Legal(legal), Seal(seal), frozenset(map(Mark, marks)))


def notify(connection: psycopg.Connection[Any], volume_ids: Sequence[int], named_max: int) -> None:
    """Tell open pages, at commit, that these volumes have a new act ("*" where there are too many to name)."""
    payload = json.dumps(list(volume_ids)) if len(volume_ids) <= named_max else "*"
    connection.execute("SELECT pg_notify('holding', %s)", (payload,))
