"""From rows to arrays and back: what `locating` works on, numbered 0..n-1 in ascending order of the database's ids."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Anchors, Beliefs, Integers, Packed, Places, Sightings, Trail, narrow
from inventory.locating.model import Model
from inventory.locating.zones import Zones
from inventory.store import beliefs as store
from inventory.store.batch import moment
from inventory.store.beliefs import BeliefColumns, Roots


@dataclass(frozen=True)
class Gathered:
    """The arrays of `locating`, and the ids their positions stand for.

    moved_at: when the ledger moved each volume to its place, in microseconds since 1970; 0 where it has none. zones: what
    antennas heard that look into aisles, None where there are none; zone_ids: the ids their aisles are known by.
    """

    sightings: Sightings | Packed
    trail: Trail
    places: Places
    ledger_place: Integers
    moved_at: Integers
    volume_ids: Integers
    place_ids: Integers
    zones: Zones | None = None
    zone_ids: Integers = field(default_factory=lambda: np.zeros(0, np.int64))


def gather(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> Gathered:
    """What the belief step needs: all that decides where these volumes (ascending ids) are, as of `until`."""
    ids = np.array(volume_ids, np.int64)
    ledger = store.ledger_places(connection, volume_ids, until)
    return gathered_of(connection, ids, store.newest_sightings(connection, volume_ids, until), ledger, until)


def gather_between(
    connection: psycopg.Connection[Any], since: datetime, until: datetime, roots: Roots | None = None
) -> Gathered:
    """What a judgement needs: everything heard in an interval, and where the ledger had every tagged volume at its end.

    roots: the ledger's ends as far as it is known; None: all of it.
    """
    ledger = store.ledger_of_all(connection, until, roots)
    looking = store.zone_antennas(connection)
    columns, *by_zones = _rows_between(connection, since, until, ledger, looking)
    heard = [np.unique(rows[0]).astype(np.int64) for rows in (columns, *by_zones) if len(rows[0])]
    ids = np.union1d(ledger[0], np.concatenate([np.zeros(0, np.int64), *heard]))
    gathered = _gathered(connection, ids, columns, ledger, until, packed=True)
    if not by_zones:
        return gathered
    zone_ids = np.unique(looking[2]).astype(np.int64)
    return replace(gathered, zones=_zones(connection, gathered, zone_ids, by_zones[0]), zone_ids=zone_ids)


def _zones(
    connection: psycopg.Connection[Any], gathered: Gathered, zone_ids: Integers, rows: list[NDArray[Any]]
) -> Zones:
    """What zone antennas heard; rows: of `Sightings` with the database's ids, let go of on the way."""
    place, aisle = store.places_of_aisles(connection)
    aisle_of = np.full(len(gathered.place_ids), NONE)
    aisle_of[positions(gathered.place_ids, place)] = positions(zone_ids, aisle)
    reached = aisle_of != NONE
    size = np.maximum(np.bincount(aisle_of[reached], minlength=len(zone_ids)), 1)
    places = gathered.places
    x, y, z = (
        np.bincount(aisle_of[reached], axis[reached], len(zone_ids)) / size for axis in (places.x, places.y, places.z)
    )
    place_of = positions(gathered.place_ids, zone_ids)
    columns = [np.searchsorted(gathered.volume_ids, rows[0]), rows[1], positions(zone_ids, rows[2]), *rows[3:]]
    rows.clear()
    home = np.append(aisle_of, NONE)[gathered.ledger_place]
    return Zones(Packed.of(columns, home), aisle_of, place_of, Places(x, y, z, places.room[place_of]))


def _rows_between(
    connection: psycopg.Connection[Any],
    since: datetime,
    until: datetime,
    ledger: list[NDArray[Any]],
    looking: list[NDArray[Any]],
) -> list[list[NDArray[Any]]]:
    """The columns of `Sightings` with the database's ids: from each volume's last movement on, by whatever tells a shelf.

    Second, where any antennas are `looking` into aisles, what those heard; their places are the aisles' ids.
    """
    tag, volume, replaced = store.tags_of_volumes(connection, since, until)
    volume_of = [_Table.of(tag, np.where(replaced == which, volume, NONE)) for which in (0, 1)]
    moved_at = _Table.of(ledger[0], ledger[2], empty=np.iinfo(np.int64).min)
    antenna, reader, place, tells = store.antennas(connection)
    asked = [[_Table.of(antenna[tells == 1], column[tells == 1]) for column in (reader, place)]]
    if len(looking[0]):
        asked.append([_Table.of(looking[0], column) for column in looking[1:]])

    def counted(is_replaced: bool, part: list[NDArray[Any]], by: list[_Table]) -> list[NDArray[Any]]:
        reader_of, place_of = by
        volumes = volume_of[is_replaced][part[0]]
        rows = np.flatnonzero((volumes != NONE) & (reader_of[part[1]] != NONE) & (part[3] >= moved_at[volumes]))
        antennas, first, last, *sums = (column[rows] for column in part[1:])
        # The middle as PostgreSQL halves an interval, to the even microsecond.
        middle = first + np.rint((last - first) / 2).astype(np.int64)
        return [narrow(one) for one in (volumes[rows], reader_of[antennas], place_of[antennas], middle, *sums, last)]

    found: list[list[list[NDArray[Any]]]] = [[] for _ in asked]
    for is_replaced, part in store.rows_between(connection, since, until):
        for parts, by in zip(found, asked, strict=True):
            parts.append(counted(is_replaced, part, by))
    return [_one_after_another(parts) for parts in found]


def _one_after_another(parts: list[list[NDArray[Any]]]) -> list[NDArray[Any]]:
    """The parts' columns as one; each column's parts are let go of in turn."""
    return [np.concatenate([part.pop(0) for part in parts]) for _ in range(len(parts[0]))]


@dataclass(frozen=True)
class _Table:
    """Values by id, in an array as long as the ids are high."""

    values: NDArray[Any]

    @staticmethod
    def of(ids: NDArray[Any], values: NDArray[Any], empty: int = NONE) -> "_Table":
        """Whatever has no value is `empty`."""
        table = np.full((int(ids.max()) if len(ids) else 0) + 2, empty, values.dtype)
        table[ids] = values
        return _Table(table)

    def __getitem__(self, ids: Any) -> Any:
        # Beyond the last id stands an entry that is nobody's; NONE comes to it from the other end.
        return self.values[np.minimum(ids, len(self.values) - 1)]


def gathered_of(
    connection: psycopg.Connection[Any],
    ids: Integers,
    rows: list[NDArray[Any]],
    ledger: list[NDArray[Any]],
    until: datetime,
) -> Gathered:
    """Rows of the store as arrays: ids of all volumes meant, ascending; sightings; (volume, place, moved at) of the ledger."""
    return _gathered(connection, ids, rows, ledger, until, packed=False)


def _gathered(
    connection: psycopg.Connection[Any],
    ids: Integers,
    rows: list[NDArray[Any]],
    ledger: list[NDArray[Any]],
    until: datetime,
    *,
    packed: bool,
) -> Gathered:
    """packed: what `rows` holds is let go of on the way."""
    moving = rows[3][rows[2] == NONE]
    codes, labels = NO_ANCHORS, NO_ANCHORS
    if len(moving):
        since = moment(int(moving.min()))
        codes, labels = store.scanned_codes(connection, since, until), store.heard_labels(connection, since, until)
    place_ids, x, y, z, room = store.place_centres(connection)
    ledger_place, moved_at = np.full(len(ids), NONE), np.zeros(len(ids), np.int64)
    held = np.searchsorted(ids, ledger[0])
    ledger_place[held], moved_at[held] = positions(place_ids, ledger[1]), ledger[2]
    columns = [np.searchsorted(ids, rows[0]), rows[1], positions(place_ids, rows[2]), *rows[3:]]
    if packed:
        rows.clear()
    return Gathered(
        sightings=Packed.of(columns, ledger_place) if packed else Sightings(*columns),
        trail=Trail(_anchors(place_ids, codes), _anchors(place_ids, labels)),
        places=Places(x, y, z, room, np.isin(place_ids, store.listening_places(connection))),
        ledger_place=ledger_place,
        moved_at=moved_at,
        volume_ids=ids,
        place_ids=place_ids,
    )


NO_ANCHORS: list[NDArray[Any]] = [np.zeros(0, np.int64)] * 4


def _anchors(place_ids: Integers, columns: list[NDArray[Any]]) -> Anchors:
    reader, at, place, strength = columns
    return Anchors(reader, at, positions(place_ids, place), strength)


def positions(ids: Integers, wanted: Integers) -> Integers:
    """Where each wanted id stands among the ascending ids; NONE stays NONE."""
    return np.where(wanted == NONE, NONE, np.searchsorted(ids, wanted))


def columns_of(gathered: Gathered, drawn: Beliefs) -> BeliefColumns:
    """Beliefs with the database's ids again."""
    return BeliefColumns(
        gathered.volume_ids[drawn.volume].tolist(),
        gathered.place_ids[drawn.place].tolist(),
        drawn.probability.tolist(),
        np.where(drawn.runner_up == NONE, NONE, gathered.place_ids[drawn.runner_up]).tolist(),
        drawn.runner_up_probability.tolist(),
        drawn.reads.tolist(),
        drawn.last_seen.tolist(),
    )


def model_now(connection: psycopg.Connection[Any]) -> tuple[int, Model]:
    """The newest model and its version; keeps nothing: 0 and what a site begins with before the first."""
    found = store.newest_model(connection)
    return (0, Model()) if found is None else (found[0], Model.of(found[1]))


def newest_model(connection: psycopg.Connection[Any], now: datetime) -> tuple[int, Model]:
    """The model beliefs are drawn with, and its version; the first one is made here."""
    version, model = model_now(connection)
    return (version or store.add_model(connection, model.parameters(), now, None)), model
