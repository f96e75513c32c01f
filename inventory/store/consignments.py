"""Bags and consignments in SQL: a bag's volumes are packed, read, sent and received as one set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.consignments import BagFound, Difference
from inventory.domain.identifiers import VolumeName


@dataclass(frozen=True, slots=True)
class Consignment:
    """One journey of a bag, with the names it speaks of."""

    consignment_id: int
    bag: str
    bag_id: int
    origin: str
    origin_name: str
    origin_kind: str
    target: str
    target_name: str
    target_kind: str
    direction: str
    agency_id: int | None
    agency: str | None
    state: str
    opened_by: str
    opened_at: datetime
    checked_at: datetime | None
    strangers: int | None
    sealed_by: str | None
    sealed_with: str | None
    sealed_at: datetime | None
    bag_seal_out: str | None
    channel: str | None
    carriers: list[str] | None
    tracking: str | None
    handed_at: datetime | None
    received_by: str | None
    received_at: datetime | None
    bag_seal_in: str | None
    bag_seal_whole: bool | None
    volumes: int
    open_discrepancies: int


_CONSIGNMENT = """
    SELECT consignment.id AS consignment_id, bag.code AS bag, bag_id, origin.code AS origin, origin.name AS origin_name,
           origin.kind AS origin_kind, target.code AS target, target.name AS target_name, target.kind AS target_kind, direction,
           consignment.agency_id, agency.name AS agency, consignment.state, opener.name AS opened_by, opened_at, checked_at,
           strangers, sealer.name AS sealed_by, second.name AS sealed_with, sealed_at, bag_seal_out, channel, carriers, tracking,
           handed_at, receiver.name AS received_by, received_at, bag_seal_in, bag_seal_whole,
           (SELECT count(*) FROM consignment_volume
            WHERE consignment_id = consignment.id AND consignment_volume.state <> 'unpacked') AS volumes,
           (SELECT count(*) FROM consignment_discrepancy
            WHERE consignment_id = consignment.id AND settled_at IS NULL) AS open_discrepancies
    FROM consignment JOIN place AS bag ON bag.id = bag_id JOIN place AS origin ON origin.id = from_place_id
    JOIN place AS target ON target.id = to_place_id JOIN account AS opener ON opener.id = opened_by
    LEFT JOIN agency ON agency.id = consignment.agency_id LEFT JOIN account AS sealer ON sealer.id = sealed_by
    LEFT JOIN account AS second ON second.id = sealed_with LEFT JOIN account AS receiver ON receiver.id = received_by
"""


def consignments(
    connection: psycopg.Connection[Any], agency_id: int | None, state: str | None, most: int
) -> list[Consignment]:
    """An agency's consignments (None: all), those on their way first, then the newest; `state` None: all states."""
    query = (
        _CONSIGNMENT
        + """
        WHERE (%(agency)s::int IS NULL OR consignment.agency_id = %(agency)s)
          AND (%(state)s::text IS NULL OR consignment.state = %(state)s)
        ORDER BY consignment.state IN ('settled', 'cancelled'), consignment.id DESC LIMIT %(most)s
        """
    )
    with connection.cursor(row_factory=class_row(Consignment)) as cursor:
        return cursor.execute(query, {"agency": agency_id, "state": state, "most": most}).fetchall()


def consignment_by_id(
    connection: psycopg.Connection[Any], consignment_id: int, *, lock: bool = False
) -> Consignment | None:
    """One consignment; with `lock` nobody else changes it until the transaction ends."""
    query = _CONSIGNMENT + " WHERE consignment.id = %s" + (" FOR UPDATE OF consignment" if lock else "")
    with connection.cursor(row_factory=class_row(Consignment)) as cursor:
        return cursor.execute(query, (consignment_id,)).fetchone()


def consignment_in_bag(connection: psycopg.Connection[Any], bag: str) -> int | None:
    """The consignment a bag is on just now."""
    query = """
        SELECT consignment.id FROM consignment JOIN place ON place.id = bag_id
        WHERE place.code = %s AND consignment.state IN ('open', 'sealed', 'underway')
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (bag,)).fetchone()


def consignment_of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The consignment a command opened."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT id FROM consignment WHERE command_id = %s", (command_id,)).fetchone()


# ── Bags ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def add_bag(connection: psycopg.Connection[Any], code: str, epc: bytes | None, account_id: int, now: datetime) -> None:
    """Register a bag as a place of its own, with its tag where it has one (a tag merely seen so far becomes the bag's)."""
    connection.execute(
        """
        WITH made AS (INSERT INTO place (code, kind, name) VALUES (%(code)s, 'bag', %(code)s) RETURNING id),
        tagged AS (
            INSERT INTO tag (epc, place_id) SELECT %(epc)s, id FROM made WHERE %(epc)s::bytea IS NOT NULL
            ON CONFLICT (epc) DO UPDATE SET place_id = excluded.place_id WHERE tag.place_id IS NULL)
        INSERT INTO bag (place_id, registered_by, registered_at) SELECT id, %(account)s, %(now)s FROM made
        """,
        {"code": code, "epc": epc, "account": account_id, "now": now},
    )
    connection.execute("UPDATE place SET path = '/' || id || '/' WHERE code = %s AND kind = 'bag'", (code,))


def epc_is_of(connection: psycopg.Connection[Any], epc: bytes, code: str) -> bool:
    """Whether a tag is on the place of that code."""
    query = "SELECT FROM tag JOIN place ON place.id = place_id WHERE epc = %s AND code = %s"
    return bool(connection.execute(query, (epc, code)).rowcount)


def bag_id(connection: psycopg.Connection[Any], code: str) -> int | None:
    """The row id of a registered bag."""
    query = "SELECT place_id FROM bag JOIN place ON place.id = place_id WHERE code = %s"
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (code,)).fetchone()


# ── Opening and packing ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NewConsignment:
    """What is written of a consignment when it is opened."""

    bag_id: int
    from_place_id: int
    to_place_id: int
    direction: str
    agency_id: int | None
    opened_by: int
    opened_at: datetime
    command_id: UUID


def add_consignment(connection: psycopg.Connection[Any], new: NewConsignment) -> int:
    """Open a consignment; returns its row id."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        row_id = cursor.execute(
            "INSERT INTO consignment (bag_id, from_place_id, to_place_id, direction, agency_id, state, opened_by, opened_at, "
            "command_id) VALUES (%s, %s, %s, %s, %s, 'open', %s, %s, %s) RETURNING id",
            (
                new.bag_id,
                new.from_place_id,
                new.to_place_id,
                new.direction,
                new.agency_id,
                new.opened_by,
                new.opened_at,
                new.command_id,
            ),
        ).fetchone()
    assert row_id is not None
    return int(row_id)


@dataclass(frozen=True, slots=True)
class Packable:
    """A volume before it is packed: whether it stands at the origin, and the request served for its dossier just now."""

    number: str
    ordinal: int
    agency_id: int
    is_here: bool
    request_id: int | None
    window: str | None


def packable(
    connection: psycopg.Connection[Any], volumes: Sequence[VolumeName], origin: str, state: str
) -> list[Packable]:
    """These volumes as packing asks for them; `state`: in which a request is ready to travel from this end."""
    query = """
        SELECT asked.number, asked.ordinal, dossier.holding_agency_id AS agency_id,
               coalesce(starts_with(place.path, origin.path), false) AS is_here, request.id AS request_id, target.code AS window
        FROM unnest(%s::text[], %s::smallint[]) AS asked (number, ordinal)
        JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = asked.ordinal
        JOIN place AS origin ON origin.code = %s
        LEFT JOIN holding ON holding.volume_id = volume.id LEFT JOIN place ON place.id = holding.place_id
        LEFT JOIN (request_volume JOIN request ON request.id = request_id)
            ON request_volume.volume_id = volume.id AND request.state = %s
        LEFT JOIN place AS target ON target.id = request.window_place_id
        ORDER BY asked.number, asked.ordinal
    """
    names = ([one.number for one in volumes], [one.volume for one in volumes])
    with connection.cursor(row_factory=class_row(Packable)) as cursor:
        return cursor.execute(query, (*names, origin, state)).fetchall()


_NAMED = """
    FROM unnest(%(numbers)s::text[], %(ordinals)s::smallint[]) AS named (number, ordinal)
    JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = named.ordinal
"""


def _named(volumes: Sequence[VolumeName]) -> dict[str, object]:
    return {"numbers": [one.number for one in volumes], "ordinals": [one.volume for one in volumes]}


def add_volumes(
    connection: psycopg.Connection[Any], consignment_id: int, packed: Mapping[VolumeName, int | None], now: datetime
) -> None:
    """Put volumes on a consignment (each with its request), with the seal number and pieces the ledger knows of them."""
    connection.execute(
        """
        INSERT INTO consignment_volume (consignment_id, volume_id, request_id, state, packed_at, seal_number, pieces_out)
        SELECT %(consignment)s, volume.id, request_id, 'packed', %(now)s, seal_number, pieces
        FROM unnest(%(numbers)s::text[], %(ordinals)s::smallint[], %(requests)s::bigint[]) AS named (number, ordinal, request_id)
        JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = named.ordinal
        JOIN holding ON holding.volume_id = volume.id
        ON CONFLICT (consignment_id, volume_id) DO UPDATE
        SET state = 'packed', request_id = excluded.request_id, packed_at = excluded.packed_at,
            seal_number = excluded.seal_number, pieces_out = excluded.pieces_out, read_out = false
        """,
        {
            **_named(list(packed)),
            "requests": list(packed.values()),
            "consignment": consignment_id,
            "now": now,
        },
    )


def set_volumes(
    connection: psycopg.Connection[Any], consignment_id: int, volumes: Sequence[VolumeName], state: str
) -> None:
    """Move volumes of a consignment to another state."""
    connection.execute(
        f"UPDATE consignment_volume SET state = %(state)s FROM (SELECT volume.id {_NAMED}) AS told "
        "WHERE consignment_id = %(consignment)s AND volume_id = told.id",
        {**_named(volumes), "state": state, "consignment": consignment_id},
    )


def change(connection: psycopg.Connection[Any], consignment_id: int, facts: Mapping[str, object]) -> None:
    """Change columns of a consignment whose row the caller has locked."""
    columns = ", ".join(f"{column} = %({column})s" for column in facts)
    connection.execute(f"UPDATE consignment SET {columns} WHERE id = %(the_id)s", {**facts, "the_id": consignment_id})


def note_read(
    connection: psycopg.Connection[Any], consignment_id: int, read: Sequence[VolumeName], column: str
) -> None:
    """Write down which volumes of the set were read; `column` is `read_out` or `read_in`. The others were not."""
    assert column in {"read_out", "read_in"}, "there are two ends"
    connection.execute(
        f"UPDATE consignment_volume SET {column} = volume_id IN (SELECT volume.id {_NAMED}) "
        "WHERE consignment_id = %(consignment)s AND state = 'packed'",
        {**_named(read), "consignment": consignment_id},
    )


def add_event(
    connection: psycopg.Connection[Any],
    consignment_id: int,
    event: str,
    account_id: int,
    now: datetime,
    *,
    witness_id: int | None = None,
    note: str | None = None,
) -> None:
    """Write down what was done with a consignment."""
    connection.execute(
        "INSERT INTO consignment_event (consignment_id, at, account_id, witness_id, event, note) VALUES (%s, %s, %s, %s, %s, %s)",
        (consignment_id, now, account_id, witness_id, event, note),
    )


# ── Arriving ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def note_arrival(
    connection: psycopg.Connection[Any],
    consignment_id: int,
    arrived: Sequence[VolumeName],
    pieces: Mapping[VolumeName, int],
) -> None:
    """What was there has arrived, with the pieces counted where somebody counted; the rest of the set is missing."""
    connection.execute(
        f"""
        UPDATE consignment_volume SET state = CASE WHEN told.id IS NULL THEN 'missing' ELSE 'arrived' END,
            pieces_in = told.pieces, read_in = told.id IS NOT NULL
        FROM consignment_volume AS own LEFT JOIN (
            SELECT volume.id, counted.pieces {_NAMED}
            LEFT JOIN unnest(%(counted)s::text[], %(counts)s::int[]) AS counted (name, pieces)
                   ON counted.name = volume_name(named.number, named.ordinal)) AS told ON told.id = own.volume_id
        WHERE consignment_volume.consignment_id = %(consignment)s AND own.consignment_id = %(consignment)s
          AND own.volume_id = consignment_volume.volume_id AND consignment_volume.state = 'packed'
        """,
        {
            **_named(arrived),
            "counted": [str(volume) for volume in pieces],
            "counts": list(pieces.values()),
            "consignment": consignment_id,
        },
    )


def note_bag(
    connection: psycopg.Connection[Any], consignment_id: int, bag: BagFound, account_id: int, now: datetime, state: str
) -> None:
    """The bag as it came, and who received it."""
    change(
        connection,
        consignment_id,
        {
            "bag_seal_in": bag.seal,
            "bag_seal_whole": bag.whole,
            "received_by": account_id,
            "received_at": now,
            "state": state,
        },
    )


def requests_arrived(connection: psycopg.Connection[Any], consignment_id: int) -> tuple[list[int], list[int]]:
    """Requests of a consignment all of whose volumes have arrived: those whose work is done, and the others."""
    query = """
        SELECT request.id, done_at IS NOT NULL FROM consignment_volume JOIN request ON request.id = request_id
        WHERE consignment_id = %s AND consignment_volume.state = 'arrived' AND NOT EXISTS (
            SELECT FROM consignment_volume AS other
            WHERE other.request_id = request.id AND other.state IN ('packed', 'missing'))
        GROUP BY request.id ORDER BY request.id
    """
    rows = connection.execute(query, (consignment_id,)).fetchall()
    return [row[0] for row in rows if row[1]], [row[0] for row in rows if not row[1]]


def add_discrepancies(
    connection: psycopg.Connection[Any],
    consignment_id: int,
    differences: Sequence[Difference],
    account_id: int,
    now: datetime,
) -> None:
    """Write the discrepancy sheet of a consignment."""
    connection.execute(
        """
        INSERT INTO consignment_discrepancy (consignment_id, volume_id, kind, expected, found, raised_by, raised_at)
        SELECT %s, volume.id, kind, expected, found, %s, %s
        FROM unnest(%s::text[], %s::text[], %s::smallint[], %s::text[], %s::text[])
             WITH ORDINALITY AS told (kind, number, ordinal, expected, found, position)
        LEFT JOIN dossier USING (number) LEFT JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = told.ordinal
        ORDER BY position
        """,
        (
            consignment_id,
            account_id,
            now,
            [one.kind.value for one in differences],
            [None if one.volume is None else one.volume.number for one in differences],
            [None if one.volume is None else one.volume.volume for one in differences],
            [one.expected for one in differences],
            [one.found for one in differences],
        ),
    )
