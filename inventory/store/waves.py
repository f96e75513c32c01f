"""Waves, stops and picks in SQL. Whole sets at once; a stop is claimed by one conditional update."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.identifiers import VolumeName
from inventory.domain.picking import PickDue


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave as lists show it."""

    wave_id: int
    warehouse: str
    room: str | None
    made_by: str
    made_at: datetime
    state: str
    at_hand: int
    aisles: int
    metres: float
    stops: int
    picks: int
    picked: int
    not_found: int


@dataclass(frozen=True, slots=True)
class Stop:
    """A shelf of a wave; block and aisle None where its shelving doesn't move."""

    stop_id: int
    wave_id: int
    ordinal: int
    stops: int
    shelf: str
    shelf_name: str
    place_id: int
    room_id: int | None
    room: str | None
    block: str | None
    aisle: str | None
    keeper_id: int | None
    keeper: str | None
    taken_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pick:
    """A volume of a stop, for a keeper's eyes."""

    pick_id: int
    stop_id: int
    number: str
    ordinal: int
    dossier_id: int
    subject: str = field(repr=False)
    request_id: int
    kind: str
    state: str
    place: str

    @property
    def volume(self) -> VolumeName:
        """Its name."""
        return VolumeName(self.number, self.ordinal)

    def due(self) -> PickDue:
        """What deciding needs of it."""
        return PickDue(self.pick_id, self.volume, self.request_id, self.place)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_WAVE = """
    SELECT wave.id AS wave_id, warehouse.code AS warehouse, room.code AS room, account.name AS made_by, made_at, wave.state,
           at_hand, aisles, metres, (SELECT count(*) FROM wave_stop WHERE wave_id = wave.id) AS stops,
           coalesce(total, 0) AS picks, coalesce(picked, 0) AS picked, coalesce(not_found, 0) AS not_found
    FROM wave JOIN place AS warehouse ON warehouse.id = wave.warehouse_id LEFT JOIN place AS room ON room.id = wave.room_id
    JOIN account ON account.id = made_by
    LEFT JOIN LATERAL (
        SELECT count(*) AS total, count(*) FILTER (WHERE pick.state = 'picked') AS picked,
               count(*) FILTER (WHERE pick.state = 'not_found') AS not_found
        FROM wave_stop JOIN pick ON stop_id = wave_stop.id WHERE wave_id = wave.id) AS counted ON true
"""


def waves(connection: psycopg.Connection[Any], waves_max: int) -> list[Wave]:
    """Open waves first, then the newest finished ones."""
    query = _WAVE + " ORDER BY wave.state = 'finished', wave.id DESC LIMIT %s"
    with connection.cursor(row_factory=class_row(Wave)) as cursor:
        return cursor.execute(query, (waves_max,)).fetchall()


def wave_by_id(connection: psycopg.Connection[Any], wave_id: int) -> Wave | None:
    """One wave."""
    with connection.cursor(row_factory=class_row(Wave)) as cursor:
        return cursor.execute(_WAVE + " WHERE wave.id = %s", (wave_id,)).fetchone()


def wave_of_command(connection: psycopg.Connection[Any], command_id: UUID) -> int | None:
    """The wave a command made."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute("SELECT id FROM wave WHERE command_id = %s", (command_id,)).fetchone()


_STOP = """
    SELECT wave_stop.id AS stop_id, wave_id, ordinal,
           (SELECT count(*) FROM wave_stop AS other WHERE other.wave_id = wave_stop.wave_id) AS stops,
           place.code AS shelf, place.name AS shelf_name, place.id AS place_id, place.room_id, room.code AS room,
           place.block, place.aisle, keeper_id, account.name AS keeper, taken_at, done_at
    FROM wave_stop JOIN place ON place.id = wave_stop.place_id LEFT JOIN place AS room ON room.id = place.room_id
    LEFT JOIN account ON account.id = keeper_id
"""


def stops(connection: psycopg.Connection[Any], wave_id: int) -> list[Stop]:
    """A wave's stops in walking order."""
    with connection.cursor(row_factory=class_row(Stop)) as cursor:
        return cursor.execute(_STOP + " WHERE wave_id = %s ORDER BY ordinal", (wave_id,)).fetchall()


def stop_in_hand(connection: psycopg.Connection[Any], keeper_id: int, *, lock: bool = False) -> Stop | None:
    """The stop a keeper has taken and not done; `lock` keeps it theirs until the transaction ends."""
    query = _STOP + " WHERE keeper_id = %s AND done_at IS NULL" + (" FOR UPDATE OF wave_stop" if lock else "")
    with connection.cursor(row_factory=class_row(Stop)) as cursor:
        return cursor.execute(query, (keeper_id,)).fetchone()


def picks(connection: psycopg.Connection[Any], stop_ids: Sequence[int]) -> list[Pick]:
    """The picks of stops, each with the ledger's place of its volume just now."""
    query = """
        SELECT pick.id AS pick_id, stop_id, number, volume.ordinal, dossier.id AS dossier_id, subject.name AS subject,
               request_id, request.kind, pick.state, place.code AS place
        FROM pick JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = volume.dossier_id
        JOIN subject ON subject.id = subject_id JOIN request ON request.id = request_id
        JOIN holding ON holding.volume_id = volume.id JOIN place ON place.id = holding.place_id
        WHERE stop_id = ANY(%s) ORDER BY stop_id, number, volume.ordinal
    """
    with connection.cursor(row_factory=class_row(Pick)) as cursor:
        return cursor.execute(query, (list(stop_ids),)).fetchall()


# ── Walking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def claim_stop(connection: psycopg.Connection[Any], wave_id: int, keeper_id: int, now: datetime) -> Stop | None:
    """Give a keeper the next free stop of a wave; None where none is free.

    Two who ask at once lock different rows. Stops in blocks where somebody else has an aisle open come last: there is no
    getting at them now.
    """
    query = """
        UPDATE wave_stop SET keeper_id = %(keeper)s, taken_at = %(now)s
        WHERE id = (
            SELECT wave_stop.id FROM wave_stop JOIN place ON place.id = wave_stop.place_id
            LEFT JOIN aisle_state ON aisle_state.room_id = place.room_id AND aisle_state.block = place.block
                                  AND place.aisle IS NOT NULL AND released_at IS NULL AND held_by <> %(keeper)s
            WHERE wave_id = %(wave)s AND keeper_id IS NULL AND done_at IS NULL
            ORDER BY held_by IS NOT NULL, ordinal LIMIT 1 FOR UPDATE OF wave_stop SKIP LOCKED)
        AND keeper_id IS NULL AND done_at IS NULL
    """
    claimed = connection.execute(query, {"wave": wave_id, "keeper": keeper_id, "now": now})
    return stop_in_hand(connection, keeper_id) if claimed.rowcount else None


def give_back(connection: psycopg.Connection[Any], stop_id: int) -> None:
    """Free a stop for whoever comes next."""
    connection.execute(
        "UPDATE wave_stop SET keeper_id = NULL, taken_at = NULL WHERE id = %s AND done_at IS NULL", (stop_id,)
    )


def settle_picks(
    connection: psycopg.Connection[Any], pick_ids: Sequence[int], state: str, keeper_id: int, now: datetime
) -> int:
    """Close open picks; returns how many were open. A stop without an open pick is done, a wave without a stop finished."""
    closed = connection.execute(
        "UPDATE pick SET state = %s, done_by = %s, done_at = %s WHERE id = ANY(%s) AND state = 'open'",
        (state, keeper_id, now, list(pick_ids)),
    ).rowcount
    connection.execute(
        """
        UPDATE wave_stop SET done_at = %s
        WHERE done_at IS NULL AND id IN (SELECT stop_id FROM pick WHERE id = ANY(%s))
          AND NOT EXISTS (SELECT FROM pick WHERE stop_id = wave_stop.id AND state = 'open')
        """,
        (now, list(pick_ids)),
    )
    connection.execute(
        """
        UPDATE wave SET state = 'finished', finished_by = %s, finished_at = %s
        WHERE state = 'open' AND id IN (SELECT wave_id FROM wave_stop JOIN pick ON stop_id = wave_stop.id WHERE pick.id = ANY(%s))
          AND NOT EXISTS (SELECT FROM wave_stop WHERE wave_id = wave.id AND done_at IS NULL)
        """,
        (keeper_id, now, list(pick_ids)),
    )
    return closed


def requests_fetched(connection: psycopg.Connection[Any], request_ids: Sequence[int]) -> list[int]:
    """Those of these requests for which everything is fetched: nothing left to pick, every volume on a desk or a cart."""
    query = """
        SELECT request_id FROM request_volume JOIN holding USING (volume_id) JOIN place ON place.id = holding.place_id
        WHERE request_id = ANY(%s) AND NOT EXISTS (
            SELECT FROM pick WHERE pick.request_id = request_volume.request_id AND pick.state = 'open')
        GROUP BY request_id HAVING bool_and(place.kind IN ('desk', 'cart'))
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (list(request_ids),)).fetchall()


def open_picks(connection: psycopg.Connection[Any], wave_id: int) -> list[tuple[int, int, int | None]]:
    """(pick, request, keeper of its stop) of everything in a wave that is still to be picked, locked stop before pick."""
    query = """
        SELECT pick.id, request_id, keeper_id FROM wave_stop JOIN pick ON stop_id = wave_stop.id
        WHERE wave_id = %s AND pick.state = 'open' ORDER BY wave_stop.id, pick.id FOR UPDATE OF wave_stop, pick
    """
    return connection.execute(query, (wave_id,)).fetchall()


def acts_of(connection: psycopg.Connection[Any], command_id: UUID) -> int:
    """How many acts a command wrote."""
    row = connection.execute("SELECT count(*) FROM act WHERE command_id = %s", (command_id,)).fetchone()
    return int(row[0]) if row else 0


def last_target(connection: psycopg.Connection[Any], keeper_id: int, wave_id: int) -> str | None:
    """The cart or desk on which a keeper's newest pick of a wave stands, so that nobody scans the same cart at every shelf."""
    query = """
        SELECT place.code FROM wave_stop JOIN pick ON stop_id = wave_stop.id
        JOIN holding ON holding.volume_id = pick.volume_id JOIN place ON place.id = holding.place_id
        WHERE wave_id = %s AND done_by = %s AND state = 'picked' AND place.kind IN ('desk', 'cart')
        ORDER BY pick.done_at DESC, pick.id DESC LIMIT 1
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(query, (wave_id, keeper_id)).fetchone()
