"""Labels in SQL: how they are numbered, the batches they are printed in, and how each of them ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from inventory.domain.identifiers import VolumeName
from inventory.domain.label_numbering import Numbering

# ── Numbering ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NumberingRow:
    """A numbering the site set, its row, and since when."""

    numbering_id: int
    numbering: Numbering
    set_at: datetime


def numbering(connection: psycopg.Connection[Any]) -> NumberingRow | None:
    """The numbering that holds now: the one set last."""
    row = connection.execute(
        "SELECT id, company_prefix, document_type, manager, object_class, set_at FROM label_numbering ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else NumberingRow(row[0], Numbering(*row[1:5]), row[5])


def set_numbering(connection: psycopg.Connection[Any], new: Numbering, account_id: int | None, now: datetime) -> None:
    """From now on labels are numbered so; those made before stay as they are."""
    connection.execute(
        "INSERT INTO label_numbering (company_prefix, document_type, manager, object_class, set_by, set_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (new.company_prefix, new.document_type, new.manager, new.object_class, account_id, now),
    )


def last_serial(connection: psycopg.Connection[Any]) -> int:
    """The last serial that was given out, 0 before the first; for the owner."""
    row = connection.execute("SELECT last_value, is_called FROM label_serial").fetchone()
    assert row is not None
    return int(row[0]) if row[1] else int(row[0]) - 1


def begin_serials_at(connection: psycopg.Connection[Any], serial: int) -> None:
    """The next serial; the caller sees that it is none of those given out. For the owner."""
    connection.execute("SELECT setval('label_serial', %s, false)", (serial,))


def take_serials(connection: psycopg.Connection[Any], count: int) -> list[int]:
    """So many serials that nobody gets again, also where this transaction is rolled back."""
    return [
        serial
        for (serial,) in connection.execute("SELECT nextval('label_serial') FROM generate_series(1, %s)", (count,))
    ]


def epcs_known(connection: psycopg.Connection[Any], epcs: Sequence[bytes]) -> set[bytes]:
    """Those of these EPCs that are on a tag or a label, or were merely read."""
    query = "SELECT epc FROM tag WHERE epc = ANY(%(epcs)s) UNION SELECT epc FROM label WHERE epc = ANY(%(epcs)s)"
    return {epc for (epc,) in connection.execute(query, {"epcs": list(epcs)})}


# ── What needs labels ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Untagged:
    """A volume without a tag: where it is, whether it has a tag or a label that waits all the same."""

    volume_id: int
    dossier_id: int
    number: str
    ordinal: int
    place: str | None
    is_tagged: bool
    waits: bool
    barcode_only: bool

    @property
    def volume(self) -> VolumeName:
        """Its name."""
        return VolumeName(self.number, self.ordinal)


_UNTAGGED = """
    SELECT volume.id AS volume_id, dossier.id AS dossier_id, dossier.number, volume.ordinal, place.code AS place,
           EXISTS (SELECT FROM tag WHERE tag.volume_id = volume.id AND retired_at IS NULL) AS is_tagged,
           EXISTS (SELECT FROM label WHERE label.volume_id = volume.id AND label.state = 'printed') AS waits,
           volume.barcode_only
    FROM volume JOIN dossier ON dossier.id = volume.dossier_id LEFT JOIN holding ON holding.volume_id = volume.id
    LEFT JOIN place ON place.id = holding.place_id
"""


_WITHIN = "SELECT id FROM place WHERE starts_with(path, (SELECT path FROM place WHERE code = %s))"


def untagged_at(connection: psycopg.Connection[Any], place: str, volumes_max: int) -> list[Untagged]:
    """The volumes at a place, or within it, without a tag or a label that waits: shelf by shelf, in their order."""
    query = f"""
        SELECT * FROM ({_UNTAGGED} WHERE holding.place_id IN ({_WITHIN})) AS found
        WHERE NOT is_tagged AND NOT waits AND NOT barcode_only ORDER BY place, number, ordinal LIMIT %s
    """
    with connection.cursor(row_factory=class_row(Untagged)) as cursor:
        return cursor.execute(query, (place, volumes_max)).fetchall()


def untagged_in_arrival(
    connection: psycopg.Connection[Any], arrival_id: int, box: str | None, volumes_max: int
) -> list[Untagged]:
    """The same of an arrival's counted volumes, or of one of its boxes: box by box, as they stand on the list."""
    query = f"""
        SELECT found.* FROM ({_UNTAGGED}) AS found
        JOIN arrival_line AS line ON line.volume_id = found.volume_id AND line.state = 'counted'
        WHERE arrival_id = %s AND (%s::text IS NULL OR coalesce(found_box, box) = %s)
          AND NOT is_tagged AND NOT waits AND NOT barcode_only
        ORDER BY length(coalesce(found_box, box)), coalesce(found_box, box), position LIMIT %s
    """
    with connection.cursor(row_factory=class_row(Untagged)) as cursor:
        return cursor.execute(query, (arrival_id, box, box, volumes_max)).fetchall()


def these(connection: psycopg.Connection[Any], volumes: Sequence[VolumeName]) -> dict[VolumeName, Untagged]:
    """These volumes, tagged or not."""
    query = f"""
        SELECT found.* FROM ({_UNTAGGED}) AS found
        JOIN unnest(%s::text[], %s::smallint[]) AS asked (number, ordinal) USING (number, ordinal)
    """
    with connection.cursor(row_factory=class_row(Untagged)) as cursor:
        cursor.execute(query, ([one.number for one in volumes], [one.volume for one in volumes]))
        return {one.volume: one for one in cursor}


# ── Batches ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LabelBatch:
    """A batch of labels and how far it has come.

    volumes: how many it is for. elsewhere: those of them that got a tag otherwise meanwhile. unsent: labels no printer was given
    yet.
    """

    batch_id: int
    scope: str
    place: str | None
    with_names: bool
    replacing: bool
    made_by: str | None
    made_at: datetime
    volumes: int
    bound: int
    elsewhere: int
    waiting: int
    unsent: int
    spoiled: int

    @property
    def left(self) -> int:
        """Volumes without a tag so far."""
        return self.volumes - self.bound - self.elsewhere


_BATCHES = """
    SELECT label_batch.id AS batch_id, scope, place.code AS place, with_names, replacing, account.name AS made_by,
           label_batch.made_at, volumes, bound, elsewhere, waiting, unsent, spoiled
    FROM label_batch LEFT JOIN place ON place.id = place_id LEFT JOIN account ON account.id = label_batch.made_by
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT volume_id) AS volumes, count(*) FILTER (WHERE state = 'bound') AS bound,
               count(DISTINCT volume_id) FILTER (WHERE NOT replacing AND EXISTS (
                   SELECT FROM tag WHERE tag.volume_id = label.volume_id AND retired_at IS NULL)
                   AND NOT EXISTS (SELECT FROM label AS own WHERE own.batch_id = label.batch_id
                                   AND own.volume_id = label.volume_id AND own.state = 'bound')) AS elsewhere,
               count(*) FILTER (WHERE state = 'printed') AS waiting,
               count(*) FILTER (WHERE state = 'printed' AND sent_at IS NULL) AS unsent,
               count(*) FILTER (WHERE state = 'spoiled') AS spoiled
        FROM label WHERE batch_id = label_batch.id) AS counted
"""


def batches(connection: psycopg.Connection[Any], batches_max: int) -> list[LabelBatch]:
    """The newest batches; those with labels to be bound first."""
    query = _BATCHES + " ORDER BY volumes = bound + elsewhere, label_batch.id DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(LabelBatch)) as cursor:
        return cursor.execute(query, (batches_max,)).fetchall()


def batch(connection: psycopg.Connection[Any], batch_id: int, *, lock: bool = False) -> LabelBatch | None:
    """One batch; `lock` it for the rest of the transaction, so that its labels keep their order."""
    if lock:
        # A shared row lock is no update, which the table refuses; two who add labels wait for each other here.
        connection.execute("SELECT pg_advisory_xact_lock('label_batch'::regclass::int, %s)", (batch_id,))
    with connection.cursor(row_factory=class_row(LabelBatch)) as cursor:
        return cursor.execute(_BATCHES + " WHERE label_batch.id = %s", (batch_id,)).fetchone()


def batch_of_volume(connection: psycopg.Connection[Any], volume: VolumeName) -> LabelBatch | None:
    """The newest batch with a label of a volume."""
    query = f"""
        {_BATCHES} WHERE label_batch.id = (
            SELECT max(batch_id) FROM label JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
            WHERE number = %s AND ordinal = %s)
    """
    with connection.cursor(row_factory=class_row(LabelBatch)) as cursor:
        return cursor.execute(query, (volume.number, volume.volume)).fetchone()


def batch_of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The batch a command made."""
    row = connection.execute("SELECT id FROM label_batch WHERE command_id = %s", (command_id,)).fetchone()
    return row[0] if row else None


def add_batch(
    connection: psycopg.Connection[Any],
    command_id: UUID,
    scope: str,
    place: str | None,
    account_id: int | None,
    now: datetime,
    *,
    with_names: bool,
    replacing: bool,
) -> int:
    """A new batch, without labels so far."""
    row = connection.execute(
        "INSERT INTO label_batch (scope, place_id, with_names, replacing, made_by, made_at, command_id) "
        "VALUES (%s, (SELECT id FROM place WHERE code = %s), %s, %s, %s, %s, %s) RETURNING id",
        (scope, place, with_names, replacing, account_id, now, command_id),
    ).fetchone()
    assert row is not None
    return int(row[0])


def add_labels(
    connection: psycopg.Connection[Any],
    batch_id: int,
    numbering_id: int,
    labels: Sequence[tuple[int, bytes]],
    account_id: int | None,
    now: datetime,
) -> None:
    """Labels (volume id, EPC) at the end of a batch, in this order."""
    connection.execute(
        """
        INSERT INTO label (batch_id, position, volume_id, numbering_id, epc, made_by, made_at)
        SELECT %(batch)s, last + place, volume_id, %(numbering)s, epc, %(by)s, %(now)s
        FROM unnest(%(volumes)s::int[], %(epcs)s::bytea[]) WITH ORDINALITY AS new (volume_id, epc, place),
             (SELECT coalesce(max(position), 0) AS last FROM label WHERE batch_id = %(batch)s) AS before
        ORDER BY place
        """,
        {
            "batch": batch_id,
            "numbering": numbering_id,
            "by": account_id,
            "now": now,
            "volumes": [volume_id for volume_id, _ in labels],
            "epcs": [epc for _, epc in labels],
        },
    )


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label as it stands; place: where its volume is."""

    label_id: int
    batch_id: int
    position: int
    volume_id: int
    dossier_id: int
    number: str
    ordinal: int
    agency: str
    subject: str = field(repr=False)
    place: str | None
    epc: bytes
    state: str
    sent_at: datetime | None
    tid: bytes | None
    ended_by: str | None
    ended_at: datetime | None
    reason: str | None

    @property
    def volume(self) -> VolumeName:
        """The volume it is for."""
        return VolumeName(self.number, self.ordinal)


_LABELS = """
    SELECT label.id AS label_id, batch_id, position, label.volume_id, dossier.id AS dossier_id, dossier.number, volume.ordinal,
           agency.name AS agency, subject.name AS subject, place.code AS place, epc, label.state, sent_at, tid,
           account.name AS ended_by, ended_at, reason
    FROM label JOIN volume ON volume.id = label.volume_id JOIN dossier ON dossier.id = volume.dossier_id
    JOIN agency ON agency.id = holding_agency_id JOIN subject ON subject.id = subject_id
    LEFT JOIN holding ON holding.volume_id = label.volume_id LEFT JOIN place ON place.id = holding.place_id
    LEFT JOIN account ON account.id = ended_by
"""


def labels(connection: psycopg.Connection[Any], batch_id: int) -> list[LabelRow]:
    """The labels of a batch in the order in which they are printed."""
    with connection.cursor(row_factory=class_row(LabelRow)) as cursor:
        return cursor.execute(_LABELS + " WHERE batch_id = %s ORDER BY position", (batch_id,)).fetchall()


def mark_sent(connection: psycopg.Connection[Any], label_ids: Sequence[int], now: datetime) -> int:
    """These labels are given to a printer; returns how many still wait."""
    return connection.execute(
        "UPDATE label SET sent_at = %s WHERE id = ANY(%s) AND state = 'printed'", (now, list(label_ids))
    ).rowcount


def spoil(
    connection: psycopg.Connection[Any], label_ids: Sequence[int], reason: str, account_id: int | None, now: datetime
) -> int:
    """These labels serve no more; returns how many there were that waited."""
    return connection.execute(
        "UPDATE label SET state = 'spoiled', reason = %s, ended_by = %s, ended_at = %s WHERE id = ANY(%s) AND state = 'printed'",
        (reason, account_id, now, list(label_ids)),
    ).rowcount


def mark_bound(
    connection: psycopg.Connection[Any], tids: Mapping[bytes, bytes], account_id: int | None, now: datetime
) -> int:
    """The labels of these EPCs are on their volumes, with these TIDs; returns how many there were that waited."""
    return connection.execute(
        """
        UPDATE label SET state = 'bound', tid = read.tid, ended_by = %s, ended_at = %s
        FROM unnest(%s::bytea[], %s::bytea[]) AS read (epc, tid) WHERE label.epc = read.epc AND state = 'printed'
        """,
        (account_id, now, list(tids), list(tids.values())),
    ).rowcount
