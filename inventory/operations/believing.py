"""The belief step: whatever was seen since the last one becomes belief, in one transaction."""

import json
from datetime import datetime, timedelta
from typing import Any

import psycopg

from inventory.locating.believing import believe
from inventory.operations.discrepancies import tell_live
from inventory.operations.gathering import columns_of, gather, newest_model
from inventory.store import beliefs, leases
from inventory.store.leases import Lease

STEP_LEASE = timedelta(seconds=60)
VOLUMES_AT_ONCE = 50_000  # bounds memory, not meaning: each volume's belief depends on its own evidence alone
NOTIFIED_VOLUMES_MAX = 500  # a notification holds 8,000 bytes; above this, listeners look for themselves ("*")


def step_beliefs(
    connection: psycopg.Connection[Any], until: datetime, lease: Lease | None = None, now: datetime | None = None
) -> int:
    """Draw the beliefs of all volumes with new evidence before `until`; returns how many beliefs changed.

    Evidence of `until` and later isn't looked at again: `until` allows for readers' clocks that are ahead of `now`, from
    which the lease is held. Discrepancies that need no night are opened in the same transaction. Open pages hear of it by NOTIFY
    on channel `belief`. Raises `LeaseLost` where another process does this by now.
    """
    with connection.transaction():
        if lease is not None:
            leases.hold(connection, lease, now or until, STEP_LEASE)
        due = beliefs.take_due(connection)
        if not due:
            return 0
        changed = _believe(connection, beliefs.volumes_with_news(connection, due, until), until)
        if changed:
            tell_live(connection, changed)
            payload = json.dumps(changed) if len(changed) <= NOTIFIED_VOLUMES_MAX else "*"
            connection.execute("SELECT pg_notify('belief', %s)", (payload,))
    return len(changed)


def _believe(connection: psycopg.Connection[Any], volume_ids: list[int], until: datetime) -> list[int]:
    version, model = newest_model(connection, until)
    changed: list[int] = []
    for start in range(0, len(volume_ids), VOLUMES_AT_ONCE):
        gathered = gather(connection, volume_ids[start : start + VOLUMES_AT_ONCE], until)
        drawn = believe(gathered.sightings.whole(), gathered.trail, gathered.places, gathered.ledger_place, model)
        changed += beliefs.keep(connection, columns_of(gathered, drawn), version)
    return changed
