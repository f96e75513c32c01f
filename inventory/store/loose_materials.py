"""Loose materials in SQL: received in batches, matched to volumes, inserted, listed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.batches import Batch


@dataclass(frozen=True, slots=True)
class LooseRow:
    """One loose material as it stands; `shelf` is where its dossier is now."""

    loose_id: int
    batch_id: int
    position: int
    name: str = field(repr=False)
    number: str | None
    category: int
    title: str
    dated: str | None
    pages: int | None
    pieces: int
    state: str
    volume_id: int | None
    volume: str | None
    shelf: str | None
    match_proof: str | None
    note: str | None


def loose(connection: psycopg.Connection[Any], batch_id: int, rows_max: int) -> list[LooseRow]:
    """A batch's materials: those without a dossier first, then shelf by shelf in walking order."""
    query = """
        SELECT loose.id AS loose_id, batch_id, position, loose.name, loose.number, category, title, dated, pages, loose.pieces,
               state, volume_id, volume_name(dossier.number, ordinal) AS volume, place.code AS shelf, match_proof, note
        FROM loose_material AS loose LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id
        LEFT JOIN holding USING (volume_id) LEFT JOIN place ON place.id = holding.place_id
        WHERE batch_id = %s
        ORDER BY volume_id IS NOT NULL, block NULLS FIRST, aisle NULLS FIRST, face NULLS FIRST, x, y, place.code, volume_id,
                 position LIMIT %s
    """
    with connection.cursor(row_factory=class_row(LooseRow)) as cursor:
        return cursor.execute(query, (batch_id, rows_max)).fetchall()


@dataclass(frozen=True, slots=True, repr=False)  # No repr: it names a person.
class Received:
    """One loose material as it came; the ID number only encrypted and as its keyed hash."""

    name: str
    number: str | None
    id_number_cipher: bytes | None
    id_number_hash: bytes | None
    category: int
    title: str
    dated: str | None
    pages: int | None
    pieces: int


def add_batch(
    connection: psycopg.Connection[Any],
    command_id: UUID,
    sender: str,
    channel: str,
    tracking: str | None,
    received: Sequence[Received],
    account_id: int,
    now: datetime,
) -> int:
    """A new batch with its materials, in the order they came."""
    row = connection.execute(
        "INSERT INTO loose_batch (command_id, sender, channel, tracking, received_by, received_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        (command_id, sender, channel, tracking, account_id, now),
    ).fetchone()
    assert row is not None
    connection.execute(
        """
        INSERT INTO loose_material (batch_id, position, name, number, id_number_cipher, id_number_hash, category, title,
                                    dated, pages, pieces)
        SELECT %s, position, name, number, cipher, hash, category, title, dated, pages, pieces
        FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::bytea[], %s::smallint[], %s::text[], %s::text[], %s::int[],
                    %s::int[])
             WITH ORDINALITY AS came (name, number, cipher, hash, category, title, dated, pages, pieces, position)
        """,
        (
            row[0],
            [one.name for one in received],
            [one.number for one in received],
            [one.id_number_cipher for one in received],
            [one.id_number_hash for one in received],
            [one.category for one in received],
            [one.title for one in received],
            [one.dated for one in received],
            [one.pages for one in received],
            [one.pieces for one in received],
        ),
    )
    return int(row[0])


def of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The batch a command received."""
    row = connection.execute("SELECT id FROM loose_batch WHERE command_id = %s", (command_id,)).fetchone()
    return row[0] if row else None


# By the dossier's number (or an old one) or the ID number, where that is one dossier's alone; a name proves nothing. A
# number that belongs to somebody of another name proves nothing either: a person looks at it.
MATCH = """
    WITH said AS (
        SELECT loose.id, dossier.id AS dossier_id, '档案编号 number' AS proof FROM loose_material AS loose
        JOIN dossier ON dossier.number = loose.number
        WHERE loose.batch_id = %(batch)s AND state = 'received'
        UNION
        SELECT loose.id, dossier_id, '曾用编号 old number' FROM loose_material AS loose JOIN dossier_alias ON alias = loose.number
        WHERE loose.batch_id = %(batch)s AND state = 'received'
        UNION
        SELECT loose.id, dossier.id, '身份证号 ID number' FROM loose_material AS loose
        JOIN subject USING (id_number_hash) JOIN dossier ON subject_id = subject.id
        WHERE loose.batch_id = %(batch)s AND state = 'received'),
    sure AS (
        SELECT said.id, min(dossier_id) AS dossier_id, string_agg(DISTINCT proof, ', ' ORDER BY proof) AS proof
        FROM said GROUP BY said.id HAVING count(DISTINCT dossier_id) = 1)
    UPDATE loose_material AS loose SET state = 'matched', volume_id = volume.id, match_proof = sure.proof
    FROM sure JOIN dossier ON dossier.id = sure.dossier_id JOIN subject ON subject.id = subject_id
    JOIN volume ON volume.dossier_id = dossier.id AND ordinal = 1
    WHERE loose.id = sure.id AND subject.name = loose.name
"""


def match(connection: psycopg.Connection[Any], batch_id: int) -> int:
    """Match what proves by itself whose it is; returns how many were."""
    return connection.execute(MATCH, {"batch": batch_id}).rowcount


def match_by_hand(
    connection: psycopg.Connection[Any], batch_id: int, loose_id: int, volume_id: int, proof: str, account_id: int
) -> bool:
    """Somebody says whose it is and by what proof; False where it isn't waiting for that."""
    return bool(
        connection.execute(
            "UPDATE loose_material SET state = 'matched', volume_id = %s, matched_by = %s, match_proof = %s "
            "WHERE batch_id = %s AND id = %s AND state IN ('received', 'matched')",
            (volume_id, account_id, proof, batch_id, loose_id),
        ).rowcount
    )


def return_unmatched(connection: psycopg.Connection[Any], batch_id: int, loose_ids: Sequence[int], note: str) -> int:
    """What is nobody's here goes back to its sender; returns how many."""
    return connection.execute(
        "UPDATE loose_material SET state = 'returned', note = %s WHERE batch_id = %s AND id = ANY(%s) AND state = 'received'",
        (note, batch_id, list(loose_ids)),
    ).rowcount


def waiting(connection: psycopg.Connection[Any], batch_id: int, volume_ids: Sequence[int]) -> list[LooseRow]:
    """The matched materials of a batch that wait for these volumes, locked."""
    query = """
        SELECT id AS loose_id, batch_id, position, name, number, category, title, dated, pages, pieces, state, volume_id,
               NULL AS volume, NULL AS shelf, match_proof, note
        FROM loose_material WHERE batch_id = %s AND volume_id = ANY(%s) AND state = 'matched' ORDER BY id FOR UPDATE
    """
    with connection.cursor(row_factory=class_row(LooseRow)) as cursor:
        return cursor.execute(query, (batch_id, list(volume_ids))).fetchall()


def mark_inserted(connection: psycopg.Connection[Any], loose_ids: Sequence[int], material_ids: Sequence[int]) -> None:
    """They are in their envelopes, as these lines of the materials lists."""
    connection.execute(
        "UPDATE loose_material AS loose SET state = 'inserted', material_id = done.material_id "
        "FROM unnest(%s::bigint[], %s::bigint[]) AS done (loose_id, material_id) WHERE loose.id = done.loose_id",
        (list(loose_ids), list(material_ids)),
    )


@dataclass(frozen=True, slots=True)
class LooseBatch:
    """A batch and how far its materials have come."""

    batch_id: int
    sender: str
    channel: str
    tracking: str | None
    received_at: datetime
    received_by: str
    received: int
    matched: int
    inserted: int
    returned: int

    @property
    def number(self) -> str:
        """What people call it."""
        return Batch.LOOSE.number(self.batch_id)


_BATCH = """
    SELECT batch.id AS batch_id, sender, channel, tracking, received_at, account.name AS received_by,
           count(*) FILTER (WHERE state = 'received') AS received, count(*) FILTER (WHERE state = 'matched') AS matched,
           count(*) FILTER (WHERE state = 'inserted') AS inserted, count(*) FILTER (WHERE state = 'returned') AS returned
    FROM loose_batch AS batch JOIN loose_material AS loose ON loose.batch_id = batch.id
    JOIN account ON account.id = received_by
"""


def batches(connection: psycopg.Connection[Any], batches_max: int) -> list[LooseBatch]:
    """The newest batches, newest first."""
    query = _BATCH + " GROUP BY batch.id, account.name ORDER BY batch.id DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(LooseBatch)) as cursor:
        return cursor.execute(query, (batches_max,)).fetchall()


def batch(connection: psycopg.Connection[Any], batch_id: int) -> LooseBatch | None:
    """One batch."""
    with connection.cursor(row_factory=class_row(LooseBatch)) as cursor:
        return cursor.execute(_BATCH + " WHERE batch.id = %s GROUP BY batch.id, account.name", (batch_id,)).fetchone()
