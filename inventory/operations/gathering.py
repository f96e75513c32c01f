"""From rows to arrays and back: what `locating` works on, numbered 0..n-1 in ascending order of the database's ids."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg

from inventory.locating.arrays import NONE, Anchors, Beliefs, Integers, Places, Sightings, Trail
from inventory.locating.model import Model
from inventory.store import beliefs as store
from inventory.store.beliefs import BeliefColumns
from inventory.store.evidence import moment


@dataclass(frozen=True)
class Gathered:
    """The arrays of `locating.believe`, and the ids their positions stand for."""

    sightings: Sightings
    trail: Trail
    places: Places
    ledger_place: Integers
    volume_ids: Integers
    place_ids: Integers


def gather(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> Gathered:
    """Everything that decides where these volumes (ascending ids) are, as of `until`."""
    volume, reader, place, at, reads, rssi_reads, rssi_sum, last_at = _columns(
        store.sightings(connection, volume_ids, until), 8
    )
    moving = at[place == NONE]
    codes: list[tuple[int, ...]] = []
    labels: list[tuple[int, ...]] = []
    if len(moving):
        since = moment(int(moving.min()))
        codes, labels = store.scanned_codes(connection, since, until), store.heard_labels(connection, since, until)
    centres = store.place_centres(connection)
    place_ids = np.array([row[0] for row in centres], np.int64)
    ledger = store.ledger_places(connection, volume_ids, until)
    ids = np.array(volume_ids, np.int64)
    return Gathered(
        Sightings(
            volume=np.searchsorted(ids, volume),
            reader=reader,
            place=_positions(place_ids, place),
            at=at,
            reads=reads,
            rssi_reads=rssi_reads,
            rssi_sum=rssi_sum,
            last_at=last_at,
        ),
        Trail(_anchors(place_ids, codes), _anchors(place_ids, labels)),
        Places(
            x=np.array([x for _, x, _, _, _ in centres], np.float64),
            y=np.array([y for _, _, y, _, _ in centres], np.float64),
            z=np.array([z for _, _, _, z, _ in centres], np.float64),
            room=np.array([room for _, _, _, _, room in centres], np.int64),
        ),
        _positions(place_ids, np.array([ledger.get(volume_id, NONE) for volume_id in volume_ids], np.int64)),
        ids,
        place_ids,
    )


def _columns(rows: list[tuple[int, ...]], count: int) -> list[Integers]:
    table = np.array(rows, np.int64).reshape(-1, count)
    return [np.ascontiguousarray(table[:, column]) for column in range(count)]


def _anchors(place_ids: Integers, rows: list[tuple[int, ...]]) -> Anchors:
    reader, at, place, strength = _columns(rows, 4)
    return Anchors(reader, at, _positions(place_ids, place), strength)


def _positions(ids: Integers, wanted: Integers) -> Integers:
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


def newest_model(connection: psycopg.Connection[Any], now: datetime) -> tuple[int, Model]:
    """The model beliefs are drawn with, and its version; the first one is made here."""
    found = store.newest_model(connection)
    if found is not None:
        return found[0], Model.of(found[1])
    model = Model()
    return store.add_model(connection, model.parameters(), now, None), model
