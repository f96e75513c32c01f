"""The custody ledger in SQL: appending through its one door, reading it back, rebuilding the projection."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.acts import Act, ActKind, first_break, genesis_hash
from inventory.domain.faults import Fault
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


_APPEND = "SELECT ledger_append(%s, %s, %s, %s, %s, %s::int[], %s::int[], %s::int[], %s::text[], %s, %s, %s)"
# A commit that waits for the disk, of next to nothing: it is there only when all that was committed before it is.
_ON_DISK = "SELECT pg_logical_emit_message(true, 'guiwei', '')"


def append(connection: psycopg.Connection[Any], command: Command, entries: Sequence[Entry]) -> int:
    """Append one act for each entry, all or none; returns how many were written, 0 where the command was done before."""
    row = connection.execute(_APPEND, _facts(command, entries)).fetchone()
    return int(row[0]) if row else 0


def append_and_commit(
    connection: psycopg.Connection[Any], command: Command, entries: Sequence[Entry], told: str
) -> int:
    """The same as the transaction's last word: pages hear `told` (`notice`), it commits, and it is on disk on return.

    All in one message, and waiting for the disk comes after the commit: an act holds its chain until it has committed, and
    twenty clerks whose acts go to the disk together needn't wait for it twenty times. Nobody has an answer before that.
    """
    cursor = psycopg.ClientCursor(connection)  # Several statements in one message can't be prepared.
    cursor.execute(
        f"{_APPEND}; SELECT pg_notify('holding', %s); SET LOCAL synchronous_commit = off; COMMIT; {_ON_DISK}",
        (*_facts(command, entries), told),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _facts(command: Command, entries: Sequence[Entry]) -> tuple[object, ...]:
    return (
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
    """Where a warehouse's chain ends: its last act's sequence and hash, as the head row says (sequence None: there is none)."""

    warehouse_id: int
    warehouse: str
    kind: str | None
    sequence: int | None
    hash: bytes


def warehouses(connection: psycopg.Connection[Any]) -> list[ChainHead]:
    """The head of every chain, also where somebody took away the head and left acts."""
    query = """
        SELECT known.id AS warehouse_id, coalesce(place.code, '?' || known.id) AS warehouse, place.kind, chain.sequence,
               coalesce(chain.hash, '') AS hash
        FROM (SELECT warehouse_id FROM act UNION SELECT warehouse_id FROM ledger_chain) AS known (id)
        LEFT JOIN ledger_chain AS chain ON chain.warehouse_id = known.id LEFT JOIN place ON place.id = known.id ORDER BY 2
    """
    with connection.cursor(row_factory=class_row(ChainHead)) as cursor:
        return cursor.execute(query).fetchall()


# Every row of the ledger comes out, whatever it refers to, and no time that Python can't hold; neither fits its hash then.
_CHAIN = """
    SELECT warehouse.code, act.sequence, dossier.number || CASE WHEN ordinal > 1 THEN '/' || ordinal ELSE '' END,
           act.version, act.kind, origin.code, target.code, account.login, act.command_id, act.authority, act.reason,
           least(greatest(act.happened_at, '0001-01-02Z'), '9999-12-30Z'),
           least(greatest(act.recorded_at, '0001-01-02Z'), '9999-12-30Z'), witness.login, act.details,
           act.previous_hash, act.hash
    FROM act LEFT JOIN place AS warehouse ON warehouse.id = act.warehouse_id
    LEFT JOIN volume ON volume.id = act.volume_id LEFT JOIN dossier ON dossier.id = volume.dossier_id
    LEFT JOIN place AS origin ON origin.id = act.from_place_id LEFT JOIN place AS target ON target.id = act.to_place_id
    LEFT JOIN account ON account.id = act.actor_id LEFT JOIN account AS witness ON witness.id = act.witness_id
    WHERE act.warehouse_id = %s ORDER BY act.sequence
"""


def chain(connection: psycopg.Connection[Any], warehouse_id: int) -> Iterator[tuple[Act, bytes, bytes]]:
    """Stream one warehouse's acts in sequence, each with its stored previous hash and hash."""
    with connection.cursor(name="chain") as cursor:
        cursor.itersize = READ_ROWS_AT_ONCE
        cursor.execute(_CHAIN, (warehouse_id,))
        for *act, previous, own in cursor:
            yield Act(*act), previous, own


def commands(connection: psycopg.Connection[Any]) -> Iterator[tuple[int, UUID, bytes, bytes]]:
    """Stream the chain of commands: sequence, id, content hash and the chain's hash."""
    query = "SELECT sequence, command_id, coalesce(content_hash, ''), hash FROM command_chain LEFT JOIN command ON "
    with connection.cursor(name="commands") as cursor:
        cursor.itersize = READ_ROWS_AT_ONCE
        cursor.execute(query + "command.id = command_id ORDER BY sequence")
        yield from cursor


def chain_break(
    connection: psycopg.Connection[Any], head: ChainHead, on_progress: Callable[[int], None]
) -> Fault | None:
    """The first place where a warehouse's chain doesn't hold, its end included; `on_progress(acts walked)`."""
    sequence, own = 0, genesis_hash(head.warehouse)

    def walked() -> Iterator[tuple[Act, bytes, bytes]]:
        nonlocal sequence, own
        for entry in chain(connection, head.warehouse_id):
            sequence, own = entry[0].sequence, entry[2]
            if sequence % READ_ROWS_AT_ONCE == 0:
                on_progress(sequence)
            yield entry

    if head.kind != "warehouse":
        return Fault.act(head.warehouse, sequence + 1, "这不是任何库房的链", "this is no warehouse's chain")
    found = first_break(head.warehouse, walked())
    if found is not None:
        return found
    if (sequence, own) != (head.sequence, head.hash):
        zh = f"链头记为 {head.sequence} 条，现有 {sequence} 条"
        return Fault.act(
            head.warehouse, sequence + 1, zh, f"the chain's head says {head.sequence} acts, {sequence} are there"
        )
    return None


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


# What `_held` takes, of those (dossier number, ordinal) pairs that exist.
_HELD = """
        asked.number, asked.ordinal, volume.id, dossier.id, holding_agency_id, coalesce(holding.version, 0), place.code,
        place.kind, legal, seal, marks
        FROM unnest(%s::text[], %s::smallint[]) AS asked (number, ordinal)
        JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = asked.ordinal
        LEFT JOIN holding ON holding.volume_id = volume.id LEFT JOIN place ON place.id = holding.place_id
"""


def held(connection: psycopg.Connection[Any], volumes: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Held]:
    """The volumes of these (dossier number, ordinal) pairs that exist, as they stand, in one query."""
    numbers, ordinals = [number for number, _ in volumes], [ordinal for _, ordinal in volumes]
    return {row[:2]: _held(*row) for row in connection.execute(f"SELECT {_HELD}", (numbers, ordinals))}


@dataclass(frozen=True, slots=True)
class Before:
    """What an act finds: whether its command was done, the place it leads to, and `held`."""

    is_known: bool
    target: Target | None
    held: dict[tuple[str, int], Held]


def before(
    connection: psycopg.Connection[Any], command_id: UUID, to_place: str | None, volumes: Sequence[tuple[str, int]]
) -> Before:
    """All that is asked before an act, in one turn: acts come by the hundreds a second."""
    query = f"""
        SELECT EXISTS (SELECT FROM command WHERE id = %s), target.id, target.kind, {_HELD}
        LEFT JOIN place AS target ON target.code = %s
    """
    numbers, ordinals = [number for number, _ in volumes], [ordinal for _, ordinal in volumes]
    rows = connection.execute(query, (command_id, numbers, ordinals, to_place)).fetchall()
    if not rows:  # None of them exists; whether the place does is told first.
        return Before(False, None if to_place is None else place_by_code(connection, to_place), {})
    is_known, target_id, target_kind, *_ = rows[0]
    target = None if target_id is None else Target(target_id, target_kind)
    return Before(is_known, target, {row[3:5]: _held(*row[3:]) for row in rows})


def _held(
    _number: str,
    _ordinal: int,
    volume_id: int,
    dossier_id: int,
    agency_id: int,
    version: int,
    place_code: str | None,
    place_kind: str | None,
    legal: str,
    seal: str,
    marks: Sequence[str],
) -> Held:
    stands = None if place_kind is None else standing(place_kind, legal, seal, marks)
    return Held(volume_id, dossier_id, agency_id, version, place_code, stands)


def standing(kind: str, legal: str, seal: str, marks: Sequence[str]) -> Standing:
    """A volume's standing from its columns."""
    return Standing(PlaceKind(kind), Legal(legal), Seal(seal), frozenset(map(Mark, marks)))


def notice(volume_ids: Sequence[int], named_max: int) -> str:
    """What open pages are told of volumes that have a new act: which ones, or "*" where there are too many to name."""
    return json.dumps(list(volume_ids)) if len(volume_ids) <= named_max else "*"


def notify(connection: psycopg.Connection[Any], notice: str) -> None:
    """Tell open pages, at commit (`notice`)."""
    connection.execute("SELECT pg_notify('holding', %s)", (notice,))
