"""From rows to arrays and back: what `locating` works on, numbered 0..n-1 in ascending order of the database's ids."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from inventory.locating.arrays import NONE, Anchors, Beliefs, Integers, Places, Sightings, Trail
from inventory.locating.model import Model
from inventory.store import beliefs as store
from inventory.store.beliefs import BeliefColumns
from inventory.store.evidence import moment


@dataclass(frozen=True)
class Gathered:
    """The arrays of `locating`, and the ids their positions stand for.

    moved_at: when the ledger moved each volume to its place, in microseconds since 1970; 0 where it has none.
    """

    sightings: Sightings
    trail: Trail
    places: Places
    ledger_place: Integers
    moved_at: Integers
    volume_ids: Integers
    place_ids: Integers


def gather(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> Gathered:
    """What the belief step needs: all that decides where these volumes (ascending ids) are, as of `until`."""
    ids = np.array(volume_ids, np.int64)
    ledger = store.ledger_places(connection, volume_ids, until)
    return gathered_of(connection, ids, store.newest_sightings(connection, volume_ids, until), ledger, until)


def gather_between(connection: psycopg.Connection[Any], since: datetime, until: datetime) -> Gathered:
    """What a judgement needs: everything heard in an interval, and where the ledger had every tagged volume at its end."""
    ledger = store.ledger_places(connection, None, until)
    sightings = store.sightings_between(connection, since, until)
    return gathered_of(connection, np.union1d(ledger[0], sightings[0]), sightings, ledger, until)


def gathered_of(
    connection: psycopg.Connection[Any],
    ids: Integers,
    rows: list[NDArray[Any]],
    ledger: list[NDArray[Any]],
    until: datetime,
) -> Gathered:
    """Rows of the store as arrays: ids of all volumes meant, ascending; sightings; (volume, place, moved at) of the ledger."""
    volume, reader, place, at, reads, rssi_reads, rssi_sum, last_at = rows
    moving = at[place == NONE]
    codes, labels = NO_ANCHORS, NO_ANCHORS
    if len(moving):
        since = moment(int(moving.min()))
        codes, labels = store.scanned_codes(connection, since, until), store.heard_labels(connection, since, until)
    place_ids, x, y, z, room = store.place_centres(connection)
    ledger_place, moved_at = np.full(len(ids), NONE), np.zeros(len(ids), np.int64)
    held = np.searchsorted(ids, ledger[0])
    ledger_place[held], moved_at[held] = positions(place_ids, ledger[1]), ledger[2]
    return Gathered(
        sightings=Sightings(
            volume=np.searchsorted(ids, volume),
            reader=reader,
            place=positions(place_ids, place),
            at=at,
            reads=reads,
            rssi_reads=rssi_reads,
            rssi_sum=rssi_sum,
            last_at=last_at,
        ),
        trail=Trail(_anchors(place_ids, codes), _anchors(place_ids, labels)),
        places=Places(x, y, z, room),
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
