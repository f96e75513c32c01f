"""What a consignment holds, what was read near an antenna, and the rows of its sheets, in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.consignments import Sent
from inventory.domain.identifiers import VolumeName


@dataclass(frozen=True, slots=True)
class SetRow:
    """A volume on a consignment, for people's eyes."""

    number: str
    ordinal: int
    dossier_id: int
    subject: str = field(repr=False)
    agency: str
    request_id: int | None
    state: str
    seal_number: str | None
    pieces_out: int | None
    pieces_in: int | None
    read_out: bool
    read_in: bool
    place: str

    @property
    def volume(self) -> VolumeName:
        """Its name."""
        return VolumeName(self.number, self.ordinal)

    def sent(self) -> Sent:
        """What arriving compares it by."""
        return Sent(self.volume, self.seal_number, self.pieces_out)


def volumes(connection: psycopg.Connection[Any], consignment_id: int) -> list[SetRow]:
    """The volumes a consignment holds or held, without those taken out again, by name."""
    query = """
        SELECT number, volume.ordinal, dossier.id AS dossier_id, subject.name AS subject, agency.name AS agency, request_id,
               consignment_volume.state, consignment_volume.seal_number, pieces_out, pieces_in, read_out, read_in,
               place.code AS place
        FROM consignment_volume JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id
        JOIN subject ON subject.id = subject_id JOIN agency ON agency.id = holding_agency_id
        JOIN holding ON holding.volume_id = volume.id JOIN place ON place.id = holding.place_id
        WHERE consignment_id = %s AND consignment_volume.state <> 'unpacked' ORDER BY number, volume.ordinal
    """
    with connection.cursor(row_factory=class_row(SetRow)) as cursor:
        return cursor.execute(query, (consignment_id,)).fetchall()


def left_behind(connection: psycopg.Connection[Any], consignment_id: int, origin: str) -> list[tuple[VolumeName, str]]:
    """Volumes of the dossiers in a bag that stand at its origin, each with its place; elsewhere they are for a reason."""
    query = """
        SELECT DISTINCT number, volume.ordinal, place.code
        FROM consignment_volume JOIN volume AS packed ON packed.id = volume_id JOIN dossier ON dossier.id = packed.dossier_id
        JOIN volume ON volume.dossier_id = dossier.id JOIN holding ON holding.volume_id = volume.id
        JOIN place ON place.id = holding.place_id JOIN place AS origin ON origin.code = %s
        WHERE consignment_id = %s AND consignment_volume.state = 'packed' AND starts_with(place.path, origin.path)
            AND place.kind IN ('shelf', 'cabinet', 'desk', 'cart', 'arrivals', 'window')
        ORDER BY number, volume.ordinal
    """
    rows = connection.execute(query, (origin, consignment_id))
    return [(VolumeName(number, ordinal), place) for number, ordinal, place in rows]


def careers(connection: psycopg.Connection[Any], consignment_id: int) -> list[list[str]]:
    """What the person of each dossier on a consignment was, as far as anybody recorded it."""
    query = """
        SELECT array_remove(array_agg(DISTINCT career), NULL) FROM consignment_volume JOIN volume ON volume.id = volume_id
        JOIN dossier ON dossier.id = dossier_id LEFT JOIN subject_career USING (subject_id)
        WHERE consignment_id = %s AND consignment_volume.state = 'packed' GROUP BY subject_id
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (consignment_id,)).fetchall()


def lies_in(connection: psycopg.Connection[Any], code: str, container: str) -> bool:
    """Whether a place is, or lies in, another."""
    query = """
        SELECT FROM place JOIN place AS container ON starts_with(place.path, container.path)
        WHERE place.code = %s AND container.code = %s
    """
    return bool(connection.execute(query, (code, container)).rowcount)


def has_antenna(connection: psycopg.Connection[Any], place: str) -> bool:
    """Whether any antenna listens at that place."""
    query = "SELECT FROM antenna JOIN place ON place.id = place_id WHERE code = %s LIMIT 1"
    return bool(connection.execute(query, (place,)).rowcount)


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A row of a discrepancy sheet; number None: it is about the bag or a stranger."""

    discrepancy_id: int
    consignment_id: int
    kind: str
    number: str | None
    ordinal: int | None
    subject: str | None = field(repr=False)
    expected: str | None
    found: str | None
    raised_by: str
    raised_at: datetime
    settled_by: str | None
    settled_with: str | None
    settled_at: datetime | None
    reason: str | None

    @property
    def volume(self) -> VolumeName | None:
        """The volume it is about."""
        return None if self.number is None or self.ordinal is None else VolumeName(self.number, self.ordinal)


_DISCREPANCY = """
    SELECT consignment_discrepancy.id AS discrepancy_id, consignment_id, kind, number, volume.ordinal, subject.name AS subject,
           expected, found, raiser.name AS raised_by, raised_at, settler.name AS settled_by, second.name AS settled_with,
           settled_at, reason
    FROM consignment_discrepancy JOIN account AS raiser ON raiser.id = raised_by
    LEFT JOIN account AS settler ON settler.id = settled_by LEFT JOIN account AS second ON second.id = settled_with
    LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id
    LEFT JOIN subject ON subject.id = subject_id
"""


def discrepancies(connection: psycopg.Connection[Any], consignment_ids: Sequence[int]) -> list[Discrepancy]:
    """The rows of these consignments' discrepancy sheets."""
    query = _DISCREPANCY + " WHERE consignment_id = ANY(%s) ORDER BY consignment_discrepancy.id"
    with connection.cursor(row_factory=class_row(Discrepancy)) as cursor:
        return cursor.execute(query, (list(consignment_ids),)).fetchall()


def discrepancy_by_id(connection: psycopg.Connection[Any], discrepancy_id: int) -> Discrepancy | None:
    """One row, locked until the transaction ends."""
    query = _DISCREPANCY + " WHERE consignment_discrepancy.id = %s FOR UPDATE OF consignment_discrepancy"
    with connection.cursor(row_factory=class_row(Discrepancy)) as cursor:
        return cursor.execute(query, (discrepancy_id,)).fetchone()


def settle(
    connection: psycopg.Connection[Any], discrepancy_id: int, by: int, beside: int, reason: str, now: datetime
) -> None:
    """Close one row, by two, with their reason."""
    connection.execute(
        "UPDATE consignment_discrepancy SET settled_by = %s, settled_with = %s, settled_at = %s, reason = %s "
        "WHERE id = %s AND settled_at IS NULL",
        (by, beside, now, reason, discrepancy_id),
    )


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a consignment's history."""

    at: datetime
    account: str
    witness: str | None
    event: str
    note: str | None


def events(connection: psycopg.Connection[Any], consignment_id: int, events_max: int) -> list[Event]:
    """What was done with a consignment, oldest first."""
    query = """
        SELECT at, account.name AS account, witness.name AS witness, event, note
        FROM consignment_event JOIN account ON account.id = account_id LEFT JOIN account AS witness ON witness.id = witness_id
        WHERE consignment_id = %s ORDER BY consignment_event.id LIMIT %s
    """
    with connection.cursor(row_factory=class_row(Event)) as cursor:
        return cursor.execute(query, (consignment_id, events_max)).fetchall()


def ends(connection: psycopg.Connection[Any]) -> list[tuple[str, str, str]]:
    """Code, name and kind of everything a consignment may go between."""
    query = "SELECT code, name, kind FROM place WHERE kind IN ('warehouse', 'window') ORDER BY kind, code"
    return connection.execute(query).fetchall()


def listening(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Code and name of the places whose antennas read a whole bag: tunnels and desk pads."""
    query = """
        SELECT DISTINCT place.code, place.name FROM antenna JOIN place ON place.id = place_id
        WHERE role IN ('tunnel', 'desk') ORDER BY place.code
    """
    return connection.execute(query).fetchall()
