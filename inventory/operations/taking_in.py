"""The acts by which what an arrival brings comes in: received, received again, or carried in by the person himself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from inventory.domain.acts import ActKind
from inventory.domain.arrivals import GONE
from inventory.domain.batches import Batch
from inventory.domain.identifiers import VolumeName
from inventory.domain.people import Viewer
from inventory.domain.refusals import ReturnSelfCarried
from inventory.operations import custody
from inventory.operations.custody import Asked, Seen, part_of
from inventory.store import ledger
from inventory.store.arrivals import ArrivalRow


def take_in(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    arrival: ArrivalRow,
    command_id: UUID,
    volumes: Sequence[VolumeName],
    now: datetime,
) -> None:
    """Receive what comes for the first time, and again what had gone; somebody may have done so at the station already."""
    held = ledger.held(connection, [(volume.number, volume.volume) for volume in volumes])
    before = {volume: held[volume.number, volume.volume].standing for volume in volumes}
    first = [volume for volume, standing in before.items() if standing is None]
    again = [volume for volume, standing in before.items() if standing is not None and standing.legal in GONE]
    if again and arrival.self_carried:
        raise ReturnSelfCarried(volume=str(again[0]))
    kind = ActKind.SELF_CARRIED if arrival.self_carried else ActKind.RECEIVED
    if first:
        _write_received(connection, viewer, arrival, part_of(command_id, "received"), kind, first, now)
    if again:
        part = part_of(command_id, "received again")
        _write_received(connection, viewer, arrival, part, ActKind.RECEIVED_AGAIN, again, now)


def _write_received(
    connection: psycopg.Connection[Any],
    viewer: Viewer,
    arrival: ArrivalRow,
    command_id: UUID,
    kind: ActKind,
    volumes: Sequence[VolumeName],
    now: datetime,
) -> None:
    number = Batch.ARRIVAL.number(arrival.arrival_id)
    details: dict[str, object] = {"sender": arrival.sender, "arrival": number, "tracking": arrival.tracking}
    if not arrival.self_carried:
        details["channel"] = arrival.channel
    custody.write(
        connection,
        viewer,
        Asked(
            command_id,
            kind,
            [Seen(volume) for volume in volumes],
            arrival.place_code,
            now,
            reason=f"个人自带 carried in by the person, {number}" if arrival.self_carried else None,
            details={key: value for key, value in details.items() if value is not None},
        ),
    )
