"""Tags in SQL: what is bound to what, what was retired, what a reader or a keeper found faulty."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from inventory.domain.identifiers import VolumeName
from inventory.domain.tagging import Label, TagFacts


def facts(connection: psycopg.Connection[Any], labels: Sequence[Label]) -> TagFacts:
    """What the register knows of the EPCs and TIDs of these labels, and which of their volumes have a tag."""
    epcs = [*(label.epc for label in labels), *(label.read_back for label in labels)]
    names = [VolumeName.parse(label.volume) for label in labels]
    rows = connection.execute(
        "SELECT epc, volume_name(number, ordinal), place_id IS NOT NULL OR retired_at IS NOT NULL FROM tag "
        "LEFT JOIN volume ON volume.id = tag.volume_id LEFT JOIN dossier ON dossier.id = dossier_id WHERE epc = ANY(%s)",
        (epcs,),
    ).fetchall()
    tids = connection.execute(
        "SELECT tid, epc FROM tag WHERE tid = ANY(%s)", ([label.tid for label in labels if label.tid is not None],)
    ).fetchall()
    tagged = connection.execute(
        "SELECT volume_name(number, volume.ordinal) FROM unnest(%s::text[], %s::smallint[]) AS asked (number, ordinal) "
        "JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = asked.ordinal "
        "JOIN tag ON tag.volume_id = volume.id AND retired_at IS NULL",
        ([name.number for name in names], [name.volume for name in names]),
    ).fetchall()
    return TagFacts(
        {epc: volume for epc, volume, _ in rows if volume is not None},
        frozenset(epc for epc, _, taken in rows if taken),
        dict(tids),
        frozenset(volume for (volume,) in tagged),
    )


def bind(connection: psycopg.Connection[Any], labels: Sequence[tuple[int, bytes, bytes | None]]) -> int:
    """Bind (volume id, EPC, TID); a tag merely read before becomes the volume's. Returns how many were bound."""
    return connection.execute(
        """
        INSERT INTO tag (epc, tid, volume_id) SELECT epc, tid, volume_id
        FROM unnest(%s::int[], %s::bytea[], %s::bytea[]) AS label (volume_id, epc, tid)
        ORDER BY epc  -- as ingest adds tags it doesn't know: neither waits for the other in a circle
        ON CONFLICT (epc) DO UPDATE SET volume_id = excluded.volume_id, tid = coalesce(tag.tid, excluded.tid)
        WHERE tag.volume_id IS NULL AND tag.place_id IS NULL AND tag.retired_at IS NULL
            AND (tag.tid IS NULL OR excluded.tid IS NULL OR tag.tid = excluded.tid)
        """,
        (
            [volume_id for volume_id, _, _ in labels],
            [epc for _, epc, _ in labels],
            [tid for _, _, tid in labels],
        ),
    ).rowcount


def tids_of(connection: psycopg.Connection[Any], epcs: Sequence[bytes]) -> dict[bytes, bytes | None]:
    """The TID each of these EPCs was bound with to a volume that has it now."""
    query = "SELECT epc, tid FROM tag WHERE epc = ANY(%s) AND volume_id IS NOT NULL AND retired_at IS NULL"
    return dict(connection.execute(query, (list(epcs),)).fetchall())


def retire(
    connection: psycopg.Connection[Any], volume_ids: Sequence[int], fault: str | None, now: datetime
) -> dict[int, bytes]:
    """The tags these volumes have now serve no more; returns their EPCs by volume."""
    return dict(
        connection.execute(
            "UPDATE tag SET retired_at = %s, fault = coalesce(%s, fault) WHERE volume_id = ANY(%s) AND retired_at IS NULL "
            "RETURNING volume_id, epc",
            (now, fault, list(volume_ids)),
        ).fetchall()
    )


def set_fault(connection: psycopg.Connection[Any], volume_ids: Sequence[int], fault: str | None) -> int:
    """What is wrong with the tags these volumes have now; None: nothing any more. Returns how many there are."""
    return connection.execute(
        "UPDATE tag SET fault = %s WHERE volume_id = ANY(%s) AND retired_at IS NULL", (fault, list(volume_ids))
    ).rowcount


def set_barcode_only(connection: psycopg.Connection[Any], volume_ids: Sequence[int], *, barcode_only: bool) -> None:
    """Whether these volumes are known by their printed code alone."""
    connection.execute("UPDATE volume SET barcode_only = %s WHERE id = ANY(%s)", (barcode_only, list(volume_ids)))


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag a volume has or had."""

    epc: bytes
    tid: bytes | None
    retired_at: datetime | None
    fault: str | None


def of_volume(connection: psycopg.Connection[Any], volume: VolumeName) -> tuple[bool, list[TagRow]] | None:
    """Whether a volume is marked barcode-only, and its tags, the one in use first; None where there is no such volume."""
    row = connection.execute(
        "SELECT volume.id, barcode_only FROM volume JOIN dossier ON dossier.id = dossier_id "
        "WHERE number = %s AND ordinal = %s",
        (volume.number, volume.volume),
    ).fetchone()
    if row is None:
        return None
    query = (
        "SELECT epc, tid, retired_at, fault FROM tag WHERE volume_id = %s ORDER BY retired_at DESC NULLS FIRST, id DESC"
    )
    with connection.cursor(row_factory=class_row(TagRow)) as cursor:
        return row[1], cursor.execute(query, (row[0],)).fetchall()


# A tag bound now may have been read before anybody bound it: what was read since counts for the volume.
MARK_BELIEF_DUE = """
    INSERT INTO belief_due (antenna_id, from_slice)
    SELECT antenna_id, min(slice_start) FROM tag JOIN evidence ON evidence.tag_id = tag.id
    WHERE tag.epc = ANY(%s) AND slice_start >= %s GROUP BY antenna_id
"""


def mark_belief_due(connection: psycopg.Connection[Any], epcs: Sequence[bytes], since: datetime) -> None:
    """Let the belief step look at what was read of these tags since then."""
    connection.execute(MARK_BELIEF_DUE, (list(epcs), since))
