"""What is known that may help to find a volume: who had it last, where the radio saw it, what stands and moved nearby."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row, scalar_row

from inventory.domain.acts import Act
from inventory.domain.neighbours import ShelfAt
from inventory.domain.places import PlaceKind
from inventory.store.ledger import ACTS

SHELVES_READ_MAX = 2_000  # an aisle has some 150


def last_acts(connection: psycopg.Connection[Any], volume_id: int, acts_max: int) -> list[Act]:
    """The newest acts on one volume, newest first."""
    with connection.cursor(row_factory=class_row(Act)) as cursor:
        query = ACTS + " WHERE act.volume_id = %s ORDER BY act.version DESC LIMIT %s"
        return cursor.execute(query, (volume_id, acts_max)).fetchall()


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where the radio believes a volume is or was; probability 0 to 1."""

    place: str
    name: str
    probability: float
    runner_up: str | None
    last_seen_at: datetime


def sighting(connection: psycopg.Connection[Any], volume_id: int) -> Sighting | None:
    """The radio's belief about one volume, None where it was never read."""
    with connection.cursor(row_factory=class_row(Sighting)) as cursor:
        return cursor.execute(
            "SELECT place.code AS place, place.name, probability, other.code AS runner_up, last_seen_at FROM belief "
            "JOIN place ON place.id = belief.place_id LEFT JOIN place AS other ON other.id = runner_up_place_id "
            "WHERE volume_id = %s",
            (volume_id,),
        ).fetchone()


def shelves_around(connection: psycopg.Connection[Any], code: str) -> list[ShelfAt]:
    """The shelves of the same aisle as a shelf (of its room where shelving has no aisles), itself among them."""
    query = """
        SELECT other.code, other.x, other.y, other.z, other.aisle, other.face
        FROM place AS shelf JOIN place AS other ON other.room_id = shelf.room_id AND other.kind = shelf.kind
            AND (other.block, other.aisle) IS NOT DISTINCT FROM (shelf.block, shelf.aisle)
        WHERE shelf.code = %s AND shelf.kind IN ('shelf', 'cabinet')
            AND other.x IS NOT NULL AND other.y IS NOT NULL AND other.z IS NOT NULL
        ORDER BY abs(other.x - shelf.x) + abs(other.y - shelf.y) LIMIT %s
    """
    with connection.cursor(row_factory=class_row(ShelfAt)) as cursor:
        return cursor.execute(query, (code, SHELVES_READ_MAX)).fetchall()


@dataclass(frozen=True, slots=True)
class Holder:
    """A place that holds volumes just now, and how many."""

    place: str
    name: str
    kind: str
    volumes: int


def holders(connection: psycopg.Connection[Any], kinds: Sequence[PlaceKind], places_max: int) -> list[Holder]:
    """Places of these kinds with volumes at them, the fullest first."""
    query = """
        SELECT place.code AS place, place.name, place.kind, count(*) AS volumes
        FROM place JOIN holding ON holding.place_id = place.id WHERE place.kind = ANY(%s)
        GROUP BY place.id ORDER BY volumes DESC, place.code LIMIT %s
    """
    with connection.cursor(row_factory=class_row(Holder)) as cursor:
        return cursor.execute(query, ([kind.value for kind in kinds], places_max)).fetchall()


@dataclass(frozen=True, slots=True)
class Moved:
    """A volume that left a shelf: by which act, when, by whom, and where it is now."""

    volume: str
    kind: str
    at: datetime
    actor: str
    now_at: str


def moved_from(
    connection: psycopg.Connection[Any], codes: Sequence[str], since: datetime, moved_max: int
) -> list[Moved]:
    """Volumes that left these shelves since an instant: one of them may have been taken for the one that is missing."""
    query = """
        SELECT volume_name(dossier.number, volume.ordinal) AS volume, act.kind, act.happened_at AS at,
               account.name AS actor, place.code AS now_at
        FROM act JOIN place AS origin ON origin.id = act.from_place_id
        JOIN volume ON volume.id = act.volume_id JOIN dossier ON dossier.id = volume.dossier_id
        JOIN holding ON holding.volume_id = volume.id JOIN place ON place.id = holding.place_id
        JOIN account ON account.id = act.actor_id
        WHERE origin.code = ANY(%s) AND act.happened_at >= %s AND act.kind <> 'not_found'
        ORDER BY act.happened_at DESC LIMIT %s
    """
    with connection.cursor(row_factory=class_row(Moved)) as cursor:
        return cursor.execute(query, (list(codes), since, moved_max)).fetchall()


def carriers(connection: psycopg.Connection[Any], volume_id: int) -> list[str]:
    """Who carried or took a volume last, as told with the newest act that names carriers or visitors."""
    query = """
        SELECT coalesce(details::jsonb -> 'carriers', details::jsonb -> 'visitors') FROM act
        WHERE volume_id = %s AND details::jsonb ?| ARRAY['carriers', 'visitors'] ORDER BY version DESC LIMIT 1
    """
    with connection.cursor(row_factory=scalar_row) as cursor:
        told = cursor.execute(query, (volume_id,)).fetchone()
    return [str(name) for name in told] if isinstance(told, list) else []
